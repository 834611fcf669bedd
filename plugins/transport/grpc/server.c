/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "call.h"
#include "creds.h"
#include "node.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdlib.h>

#define INT_ARG(name, number)                                                                      \
    {                                                                                              \
        .type = GRPC_ARG_INTEGER, .key = (char *)(name), .value.integer = (int)(number)            \
    }

static void request(struct slot *slot);

static void dispatch(struct server *server, grpc_call *what, grpc_slice method)
{
    fr_ep *ep = server->ep;
    bool node = ep->node_service && grpc_slice_str_cmp(method, NODE_ASSIGN_TASK) == 0;
    if (!ep->shut && (node || grpc_slice_str_cmp(method, GRPC_METHOD) == 0)) {
        struct call *call = call_new(ep, what, node ? node_serve : NULL);
        if (call)
            call_serve(call);
    } else if (ep->node_service && grpc_slice_str_cmp(method, NODE_REPORT_RESULT) == 0) {
        node_report(server, what); /* also while it leaves: for what is on its way */
    } else {
        server_answer(server, what, method);
    }
}

static void on_call(struct tag *tag, bool ok)
{
    struct slot *slot = (struct slot *)tag;
    struct server *server = slot->server;
    fr_ep *ep = server->ep;
    server->waiting--;
    if (!ok)
        return; /* the server stops */
    if (ep->closing) {
        grpc_call_cancel(slot->call, NULL);
        grpc_call_unref(slot->call);
    } else {
        dispatch(server, slot->call, slot->details.method);
    }
    grpc_call_details_destroy(&slot->details);
    grpc_metadata_array_destroy(&slot->metadata);
    grpc_call_details_init(&slot->details);
    grpc_metadata_array_init(&slot->metadata);
    slot->call = NULL;
    if (!ep->closing && !server->stopping)
        request(slot);
}

static void request(struct slot *slot)
{
    grpc_completion_queue *cq = slot->server->ep->cq;
    if (grpc_server_request_call(slot->server->server, &slot->call, &slot->details, &slot->metadata,
                                 cq, cq, slot) == GRPC_CALL_OK)
        slot->server->waiting++;
}

static void on_stop(struct tag *tag, bool ok)
{
    (void)ok;
    struct server *server = (struct server *)((char *)tag - offsetof(struct server, stop_tag));
    server->stopped = true;
}

static grpc_server *create(fr_ep *ep)
{
    /* gRPC knows one limit for all methods. A row of NodeService takes up to 14 bytes a pixel on
     * its way, where a result that the core accepts may take only 2. */
    uint64_t most = ep->node_service ? 8 * ep->max_recv_bytes + 4096 : ep->max_recv_bytes;
    if (most > GRPC_MAX_MSG_BYTES)
        most = GRPC_MAX_MSG_BYTES;
    /* A second leader on one port must fail; pings of a quiet worker must not end it. */
    grpc_arg list[] = {
        INT_ARG(GRPC_ARG_ALLOW_REUSEPORT, 0),
        INT_ARG(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, most),
        INT_ARG(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
        INT_ARG(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
        INT_ARG(GRPC_ARG_KEEPALIVE_TIME_MS, ep->cfg->keepalive_ms),
        INT_ARG(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ep->cfg->keepalive_timeout_ms),
        INT_ARG(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        INT_ARG(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
        INT_ARG(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0),
        INT_ARG(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 100),
        INT_ARG(GRPC_ARG_HTTP2_BDP_PROBE, 1),
    };
    grpc_channel_args args = {.num_args = sizeof(list) / sizeof(*list), .args = list};
    return grpc_server_create(&args, NULL);
}

static fr_status bind_to(struct server *server)
{
    fr_ep *ep = server->ep;
    grpc_server_credentials *creds;
    fr_status st = creds_server(ep->host, ep->cfg, &creds);
    if (st != FR_OK)
        return st;
    if (ep->addr.local && (st = addr_claim(ep->host, &ep->addr)) != FR_OK) {
        grpc_server_credentials_release(creds);
        return st;
    }
    char text[256];
    addr_text(&ep->addr, text, sizeof(text));
    int port = grpc_server_add_http2_port(server->server, text, creds);
    grpc_server_credentials_release(creds);
    if (port <= 0)
        return addr_explain(ep->host, &ep->addr);
    if (!ep->addr.local)
        ep->addr.port = (unsigned)port;
    return FR_OK;
}

fr_status server_open(fr_ep *ep, struct server **server_p)
{
    struct server *server = calloc(1, sizeof(*server));
    if (!server)
        return FR_FAIL(ep->host, FR_ENOMEM, "out of memory");
    server->ep = ep;
    server->stop_tag.done = on_stop;
    server->server = create(ep);
    grpc_server_register_completion_queue(server->server, ep->cq, NULL);
    fr_status st = bind_to(server);
    if (st != FR_OK) {
        server->stopped = true; /* it was never started */
        server_delete(server);
        return st;
    }
    grpc_server_start(server->server);
    for (unsigned i = 0; i < SERVER_SLOTS; i++) {
        struct slot *slot = &server->slots[i];
        slot->tag.done = on_call;
        slot->server = server;
        grpc_call_details_init(&slot->details);
        grpc_metadata_array_init(&slot->metadata);
        request(slot);
    }
    *server_p = server;
    return FR_OK;
}

void server_stop(struct server *server)
{
    if (server->stopping)
        return;
    server->stopping = true;
    grpc_server_shutdown_and_notify(server->server, server->ep->cq, &server->stop_tag);
}

void server_cancel(struct server *server)
{
    grpc_server_cancel_all_calls(server->server);
}

bool server_idle(const struct server *server)
{
    return server->stopped && server->waiting == 0 && server->answers == 0;
}

void server_delete(struct server *server)
{
    for (unsigned i = 0; i < SERVER_SLOTS; i++) {
        if (!server->slots[i].server)
            continue;
        grpc_call_details_destroy(&server->slots[i].details);
        grpc_metadata_array_destroy(&server->slots[i].metadata);
    }
    grpc_server_destroy(server->server);
    free(server);
}
