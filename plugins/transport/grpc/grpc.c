/* SPDX-License-Identifier: MIT */
#include "call.h"
#include "creds.h"
#include "ep.h"
#include "msg.h"
#include "node.h"

#include <stdio.h>
#include <string.h>

#define GRPC_CAPS (FR_CAP_TX_INPLACE | FR_CAP_REMOTE)

static fr_status grpc_open(const struct fr_host *host, const void *cfg,
                           const struct fr_open_args *args, fr_ep **ep_p)
{
    return ep_open(host, cfg, args, ep_p);
}

static fr_status grpc_check(const struct fr_host *host, const void *cfg,
                            const struct fr_open_args *args)
{
    const bool leader = args->role == FR_ROLE_LEADER;
    struct addr addr;
    fr_status st = *args->address ? addr_parse(host, args->address, &addr) : FR_OK;
    if (st == FR_OK && *args->address && !leader && !(args->flags & FR_OPEN_UNBOUND) &&
        !addr.local && addr.port == 0)
        st = FR_FAIL(host, FR_EADDR,
                     "[transport] address = %s: nobody listens at port 0; valid for a worker: its "
                     "leader's port, 1 to 65535",
                     args->address);
    return st == FR_OK && cfg ? creds_check(host, cfg, leader) : st;
}

static fr_status grpc_query(fr_ep *ep, struct fr_attr *attr)
{
    struct fr_attr all = {.size = attr->size,
                          /* TLS and the other protocol read the data once more. */
                          .caps = ep->tls || (!ep->leader && ep->node_service)
                                      ? GRPC_CAPS & ~FR_CAP_TX_INPLACE
                                      : GRPC_CAPS,
                          .max_msg_bytes = GRPC_MAX_MSG_BYTES,
                          .align_bytes = GRPC_ALIGN,
                          .tx_depth = 0}; /* by bytes, too */
    addr_text(&ep->addr, all.address, sizeof(all.address));
    snprintf(all.mechanism, sizeof(all.mechanism), "%s over %s", ep->tls ? "h2 with TLS" : "h2c",
             ep->addr.local ? "unix" : "tcp");
    memcpy(attr, &all, attr->size < sizeof(all) ? attr->size : sizeof(all));
    return FR_OK;
}

static fr_status grpc_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p)
{
    struct call *c = ep_find(ep, peer);
    if (!c || !call_sendable(c))
        return FR_ECLOSED;
    if (cap > GRPC_MAX_MSG_BYTES)
        return FR_ETOOBIG;
    if (call_full(c)) {
        ep->stats.tx_again++;
        return FR_EAGAIN;
    }
    struct msg *m = msg_new(cap, peer);
    if (!m)
        return FR_FAIL(ep->host, FR_ENOMEM, "no memory for a message of %zu bytes", cap);
    msg_lend(ep, m);
    *msg_p = &m->base;
    return FR_OK;
}

static void grpc_msg_free(fr_ep *ep, struct fr_msg *msg)
{
    struct msg *m = (struct msg *)msg;
    msg_take_back(ep, m);
    msg_done(ep, m);
}

static fr_status grpc_send(fr_ep *ep, struct fr_msg *msg)
{
    struct msg *m = (struct msg *)msg;
    if (msg->len == 0 || msg->len > msg->cap)
        return FR_FAIL(ep->host, FR_EINVAL, "a message of %zu bytes in a buffer of %zu", msg->len,
                       msg->cap);
    struct call *c = ep_find(ep, msg->peer);
    if (!c || !call_sendable(c))
        return FR_ECLOSED;
    if (call_full(c)) {
        ep->stats.tx_again++;
        return FR_EAGAIN;
    }
    ep->stats.tx_msgs++;
    ep->stats.tx_bytes += msg->len;
    msg_take_back(ep, m);
    call_send(c, m);
    return FR_OK;
}

static void grpc_wakeup(fr_ep *ep)
{
    wake_ring(&ep->wake);
}

static void grpc_stats(fr_ep *ep, struct fr_stats *out)
{
    uint32_t size = out->size;
    memcpy(out, &ep->stats, size < sizeof(ep->stats) ? size : sizeof(ep->stats));
    out->size = size;
}

static void grpc_drop(fr_ep *ep, fr_peer peer)
{
    struct call *c = ep_find(ep, peer);
    if (c)
        call_drop(c);
}

static const struct fr_transport_ops ops = {
    .size = sizeof(ops),
    .caps = GRPC_CAPS,
    .open = grpc_open,
    .query = grpc_query,
    .msg_alloc = grpc_msg_alloc,
    .msg_free = grpc_msg_free,
    .send = grpc_send,
    .poll = ep_poll,
    .wakeup = grpc_wakeup,
    .stats = grpc_stats,
    .drop = grpc_drop,
    .shutdown = ep_shutdown,
    .close = ep_close,
    .check = grpc_check,
};

#define OPT(name, kind, ...)                                                                       \
    {                                                                                              \
        .key = #name, .type = FR_OPT_##kind, __VA_ARGS__                                           \
    }
#define AT(field) .offset = offsetof(struct grpc_cfg, field)

static const char *const protocols[] = {"fractal", "nodeservice", NULL};

static const struct fr_option options[] = {
    OPT(depth, INT, AT(depth), .def = "16", .min = 1, .max = 4096,
        .help = "Messages on their way to one peer before its sender has to wait."),
    OPT(connect_timeout, MSEC, AT(connect_timeout_ms), .def = "2s", .min = 50, .max = 600000,
        .help = "How long a worker waits for the leader's answer, names and TLS included."),
    OPT(keepalive, MSEC, AT(keepalive_ms), .def = "5s", .min = 100, .max = 2147483647,
        .help = "Silence after which a peer is asked whether it is there."),
    OPT(keepalive_timeout, MSEC, AT(keepalive_timeout_ms), .def = "5s", .min = 100,
        .max = 2147483647, .help = "How long it may take to answer before it counts as dead."),
    OPT(tls_cert, STRING, AT(tls_cert), .def = "",
        .help = "PEM file with this side's certificate chain; any tls_ option switches TLS on."),
    OPT(tls_key, STRING, AT(tls_key), .def = "", .help = "PEM file with this side's private key."),
    OPT(tls_ca, STRING, AT(tls_ca), .def = "",
        .help = "PEM file with the authorities whose certificates are accepted."),
    OPT(tls_client_auth, BOOL, AT(tls_client_auth), .def = "no",
        .help = "Leader: admit only workers with a certificate of tls_ca."),
    OPT(tls_server_name, STRING, AT(tls_server_name), .def = "",
        .help = "Worker: the name that the leader's certificate must carry, if not its host."),
    OPT(nodeservice, BOOL, AT(nodeservice), .def = "yes",
        .help = "Leader: admit the Go program's workers too, unless it asks for a token or for "
                "certificates."),
    OPT(node_rows, INT, AT(node_rows), .def = "2", .min = 1, .max = NODE_MAX_ROWS,
        .help = "Leader: rows that such a worker is given ahead of its answers."),
    OPT(protocol, ENUM, AT(protocol), .def = "fractal", .choices = protocols,
        .help = "Worker: what the leader speaks; nodeservice is the Go program's."),
    {0},
};

const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .flags = FR_PLUGIN_NO_UNLOAD,
    .kind = FR_KIND_TRANSPORT,
    .name = "grpc",
    .version = "1.0",
    .summary = "One gRPC stream per worker, over HTTP/2, with TLS; open to workers in any language",
    .license = "MIT",
    .backend = "gRPC core 1.51.1",
    .options = options,
    .config_size = sizeof(struct grpc_cfg),
    .ops = &ops,
};
