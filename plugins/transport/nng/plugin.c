/* SPDX-License-Identifier: MIT
 * plugin.c - nng's scalability protocols as a transport: tcp, ipc, ws, tls+tcp, wss by URL. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "endpoint.h"

#define CAPS (FR_CAP_TX_INPLACE | FR_CAP_RX_INPLACE | FR_CAP_REMOTE)

/* For builds against another version the run time's is named in the mechanism. */
#define STR_(x) #x
#define STR(x)  STR_(x)
#define NNG_RELEASE                                                                                \
    "nng " STR(NNG_MAJOR_VERSION) "." STR(NNG_MINOR_VERSION) "." STR(NNG_PATCH_VERSION)

static fr_status nng_ep_query(fr_ep *ep, struct fr_attr *attr)
{
    struct fr_attr all = {.size = attr->size,
                          .caps = CAPS,
                          .align_bytes = NNG_ALIGN,
                          .tx_depth = NNG_WINDOW,
                          .max_msg_bytes = PTRDIFF_MAX / 2};
    /* TLS encrypts and WebSockets are framed, both in other memory than the message's. */
    if (!ep->at.in_place)
        all.caps &= ~(FR_CAP_TX_INPLACE | FR_CAP_RX_INPLACE);
    if (!ep->at.remote)
        all.caps &= ~FR_CAP_REMOTE;
    if (!ep->leader) {
        pthread_mutex_lock(&ep->lock);
        all.max_msg_bytes = ep->peers ? ep->peers->max_send_bytes : 1;
        pthread_mutex_unlock(&ep->lock);
    }
    snprintf(all.address, sizeof(all.address), "%s", ep->at.url);
    snprintf(all.mechanism, sizeof(all.mechanism), "nng %s req/rep contexts over %s", nng_version(),
             ep->at.scheme);
    memcpy(attr, &all, attr->size < sizeof(all) ? attr->size : sizeof(all));
    return FR_OK;
}

static void nng_ep_wakeup(fr_ep *ep)
{
    bell_wakeup(&ep->bell);
}

static void nng_ep_stats(fr_ep *ep, struct fr_stats *out)
{
    uint32_t size = out->size;
    memcpy(out, &ep->stats, size < sizeof(ep->stats) ? size : sizeof(ep->stats));
    out->size = size;
}

static fr_status nng_ep_check(const struct fr_host *host, const void *cfg,
                              const struct fr_open_args *args)
{
    const bool leader = args->role == FR_ROLE_LEADER;
    struct address at;
    fr_status st = address_parse(host, args->address, args->flags & FR_OPEN_ANY_ADDRESS,
                                 leader || args->flags & FR_OPEN_UNBOUND, &at);
    return st == FR_OK && cfg ? tls_check(host, cfg, &at, leader) : st;
}

static const struct fr_transport_ops ops = {
    .size = sizeof(ops),
    .caps = CAPS,
    .open = nng_ep_open,
    .query = nng_ep_query,
    .msg_alloc = nng_ep_msg_alloc,
    .msg_free = nng_ep_msg_free,
    .send = nng_ep_send,
    .poll = nng_ep_poll,
    .wakeup = nng_ep_wakeup,
    .stats = nng_ep_stats,
    .drop = nng_ep_drop,
    .shutdown = nng_ep_shutdown,
    .close = nng_ep_close,
    .check = nng_ep_check,
};

static const struct fr_option options[] = {
    {.key = "connect_timeout",
     .type = FR_OPT_MSEC,
     .offset = offsetof(struct nng_cfg, connect_timeout_ms),
     .def = "2s",
     .min = 1,
     .max = 600000,
     .help = "How long a worker waits for the leader to answer."},
    {.key = "tls_cert",
     .type = FR_OPT_STRING,
     .offset = offsetof(struct nng_cfg, tls_cert),
     .def = "",
     .help = "PEM file with the own certificate; a leader at tls+tcp or wss must have one."},
    {.key = "tls_key",
     .type = FR_OPT_STRING,
     .offset = offsetof(struct nng_cfg, tls_key),
     .def = "",
     .help = "PEM file with the private key of tls_cert, not encrypted."},
    {.key = "tls_ca",
     .type = FR_OPT_STRING,
     .offset = offsetof(struct nng_cfg, tls_ca),
     .def = "",
     .help = "PEM file with the certificates that the other side's must be signed by."},
    {.key = "tls_client_auth",
     .type = FR_OPT_BOOL,
     .offset = offsetof(struct nng_cfg, tls_client_auth),
     .def = "no",
     .help = "Leader: accept only workers with a certificate signed by tls_ca."},
    {.key = "tls_server_name",
     .type = FR_OPT_STRING,
     .offset = offsetof(struct nng_cfg, tls_server_name),
     .def = "",
     .help = "Worker: the name in the leader's certificate; empty: the address's host."},
    {0},
};

const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .flags = FR_PLUGIN_NO_UNLOAD, /* see library_keep, and close may have to leave a socket */
    .kind = FR_KIND_TRANSPORT,
    .name = "nng",
    .version = "1.0",
    .summary = "nng: tcp, tls, ipc and WebSockets by URL",
    .license = "MIT",
    .backend = NNG_RELEASE,
    .options = options,
    .config_size = sizeof(struct nng_cfg),
    .ops = &ops,
};
