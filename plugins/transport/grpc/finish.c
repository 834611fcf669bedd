/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdio.h>
#include <string.h>

static bool says(const char *text, const char *words)
{
    return strstr(text, words) != NULL;
}

/* gRPC has one status for everything that keeps a connection from coming about; what it was stands
 * only in the text. An address is part of it, hence whole phrases. */
static fr_status why_unavailable(const char *text)
{
    if (strncmp(text, "DNS resolution failed", 21) == 0)
        return FR_EADDR;
    if (says(text, "Ssl handshake failed") || says(text, "Peer name "))
        return FR_EAUTH;
    return FR_ECONN;
}

static fr_status of_code(const struct call *c, const char *text)
{
    switch (c->code) {
    case GRPC_STATUS_OK:
        return FR_OK;
    case GRPC_STATUS_UNIMPLEMENTED:
        return FR_EPROTO;
    case GRPC_STATUS_RESOURCE_EXHAUSTED:
        return FR_ETOOBIG;
    case GRPC_STATUS_UNAUTHENTICATED:
    case GRPC_STATUS_PERMISSION_DENIED:
        return FR_EAUTH;
    case GRPC_STATUS_UNAVAILABLE:
        return c->up ? FR_ECONN : why_unavailable(text);
    default:
        return FR_ECONN;
    }
}

fr_status call_verdict(struct call *c)
{
    size_t size = sizeof(c->detail);
    if (c->dropped) {
        snprintf(c->detail, size, "dropped");
        return FR_OK;
    }
    if (c->cause != FR_OK)
        return c->cause;
    if (c->ep->leader) {
        bool orderly = !c->cancelled && c->end_ok;
        snprintf(c->detail, size, "%s",
                 orderly ? "left" : "the connection broke, or the worker cancelled");
        return orderly ? FR_OK : FR_ECONN;
    }
    if (c->bridge && c->ended) { /* after its last row; how their leader left is not our business */
        snprintf(c->detail, size, "left");
        return FR_OK;
    }
    char *text = grpc_slice_to_c_string(c->code_text);
    fr_status st = of_code(c, text);
    /* A leader of theirs that has no work, or does not serve it yet, may still come. */
    if (c->bridge && (st == FR_OK || st == FR_EPROTO)) {
        snprintf(c->detail, size, "the leader has no work: status %d: %s", (int)c->code, text);
        gpr_free(text);
        return FR_ECONN;
    }
    if (st == FR_OK)
        snprintf(c->detail, size, "the leader ended the stream");
    else
        snprintf(c->detail, size, "status %d: %s%s", (int)c->code, text,
                 !c->up && says(text, "Socket closed")
                     ? " (TLS on one side only, or no certificate that the leader accepts?)"
                     : "");
    gpr_free(text);
    return st;
}
