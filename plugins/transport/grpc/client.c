/* SPDX-License-Identifier: MIT */
#include "client.h"

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

static grpc_channel *create(fr_ep *ep, grpc_channel_credentials *creds)
{
    char target[300];
    addr_target(&ep->addr, target, sizeof(target));
    /* One call over one connection of its own, made once: whoever opened us decides on retries.
     * The least back-off is also the time an attempt is given. */
    /* A Go server ends the connection of who asks it more often than every five minutes. */
    enum { THEIR_KEEPALIVE_MS = 6 * 60 * 1000 };
    uint64_t keepalive_ms = ep->cfg->keepalive_ms;
    if (ep->node_service && keepalive_ms < THEIR_KEEPALIVE_MS)
        keepalive_ms = THEIR_KEEPALIVE_MS;
    grpc_arg list[] = {
        INT_ARG(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
        INT_ARG(GRPC_ARG_ENABLE_RETRIES, 0),
        INT_ARG(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        INT_ARG(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        INT_ARG(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50),
        INT_ARG(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ep->cfg->connect_timeout_ms),
        INT_ARG(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200),
        INT_ARG(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, ep->max_recv_bytes),
        INT_ARG(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
        INT_ARG(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
        INT_ARG(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms),
        INT_ARG(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ep->cfg->keepalive_timeout_ms),
        INT_ARG(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        INT_ARG(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
        INT_ARG(GRPC_ARG_HTTP2_BDP_PROBE, 1),
        {.type = GRPC_ARG_STRING,
         .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
         .value.string = (char *)ep->cfg->tls_server_name},
    };
    grpc_channel_args args = {.num_args = sizeof(list) / sizeof(*list), .args = list};
    if (!*ep->cfg->tls_server_name)
        args.num_args--;
    return grpc_channel_create(target, creds, &args);
}

fr_status client_open(fr_ep *ep, struct client **client_p)
{
    grpc_channel_credentials *creds;
    fr_status st = creds_channel(ep->host, ep->cfg, &creds);
    if (st != FR_OK)
        return st;
    struct client *client = calloc(1, sizeof(*client));
    if (!client) {
        grpc_channel_credentials_release(creds);
        return FR_FAIL(ep->host, FR_ENOMEM, "out of memory");
    }
    client->channel = create(ep, creds);
    grpc_channel_credentials_release(creds);
    const char *method = ep->node_service ? NODE_ASSIGN_TASK : GRPC_METHOD;
    struct call *call =
        call_new(ep,
                 grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, ep->cq,
                                          grpc_slice_from_static_string(method), NULL,
                                          gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL),
                 ep->node_service ? node_connect : NULL);
    if (!call) {
        client_delete(client);
        return FR_FAIL(ep->host, FR_ENOMEM, "out of memory");
    }
    call->alarm_ns = ep->host->now_ns() + ep->cfg->connect_timeout_ms * 1000000u;
    ep->client = client;
    call_connect(call);
    *client_p = client;
    return FR_OK;
}

void client_delete(struct client *client)
{
    grpc_channel_destroy(client->channel);
    free(client);
}
