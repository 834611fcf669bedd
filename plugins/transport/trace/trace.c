/* SPDX-License-Identifier: MIT
 * trace - writes down what crosses a transport's interface, and when. */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trace_config {
    const char *file;
    int64_t limit;
};

static const struct fr_option options[] = {
    {.key = "file",
     .type = FR_OPT_STRING,
     .offset = offsetof(struct trace_config, file),
     .def = "fractal-trace-%p.json",
     .help = "Where the trace of an endpoint goes: %p is the process number, %r the role; of "
             "several endpoints with one name the second writes to name-2.json."},
    {.key = "limit",
     .type = FR_OPT_INT,
     .offset = offsetof(struct trace_config, limit),
     .def = "1000000",
     .min = 1,
     .max = 1e12,
     .help = "Events after which recording stops; one takes about 100 bytes."},
    {.key = NULL},
};

struct fr_ep {
    const struct fr_transport_ops *ops; /* beneath */
    fr_ep *inner;
    struct record record;
};

/* ----------------------------------------------------------------- messages */

static fr_status trace_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p)
{
    fr_status st = ep->ops->msg_alloc(ep->inner, peer, cap, msg_p);
    if (st != FR_OK)
        record_instant(&ep->record, st == FR_EAGAIN ? "alloc: no room" : "alloc: refused", peer,
                       "\"bytes\":%zu,\"status\":%d", cap, (int)st);
    return st;
}

static void trace_msg_free(fr_ep *ep, struct fr_msg *msg)
{
    ep->ops->msg_free(ep->inner, msg);
}

static fr_status trace_send(fr_ep *ep, struct fr_msg *msg)
{
    fr_peer peer = msg->peer; /* from send on the message is another's */
    size_t len = msg->len;
    uint64_t user = msg->user, start_ns = ep->record.host->now_ns();
    fr_status st = ep->ops->send(ep->inner, msg);
    if (st == FR_OK)
        record_slice(&ep->record, "send", peer, start_ns, "\"bytes\":%zu,\"user\":\"%llx\"", len,
                     (unsigned long long)user);
    else
        record_instant(&ep->record, st == FR_EAGAIN ? "send: no room" : "send: refused", peer,
                       "\"bytes\":%zu,\"status\":%d", len, (int)st);
    return st;
}

/* --------------------------------------------------------------------- poll */

static void on_event(struct fr_ep *ep, const struct fr_event *ev)
{
    char text[300], name[64];
    const char *detail = record_text(ev->detail ? ev->detail : "", text, sizeof(text));
    switch (ev->type) {
    case FR_EV_RECV:
        record_instant(&ep->record, "recv", ev->peer, "\"bytes\":%zu", ev->msg->len);
        break;
    case FR_EV_SENT:
        record_instant(&ep->record, "sent", ev->peer, "\"user\":\"%llx\",\"status\":%d",
                       (unsigned long long)ev->user, (int)ev->status);
        break;
    case FR_EV_PEER_UP:
        snprintf(name, sizeof(name), "peer %u", ev->peer);
        record_thread_name(&ep->record, ev->peer, name);
        record_instant(&ep->record, "up", ev->peer, "\"detail\":\"%s\"", detail);
        break;
    case FR_EV_PEER_DOWN:
        record_instant(&ep->record, "down", ev->peer, "\"detail\":\"%s\",\"status\":%d", detail,
                       (int)ev->status);
        break;
    default:
        break;
    }
}

static int trace_poll(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms)
{
    uint64_t start_ns = ep->record.host->now_ns();
    int n = ep->ops->poll(ep->inner, ev, max, timeout_ms);
    if (n != 0 || timeout_ms != 0) /* a look that finds nothing is no news */
        record_slice(&ep->record, "poll", 0, start_ns, "\"timeout_ms\":%d,\"events\":%d",
                     timeout_ms, n);
    for (int i = 0; i < n; i++)
        on_event(ep, &ev[i]);
    return n;
}

static void trace_wakeup(fr_ep *ep)
{
    ep->ops->wakeup(ep->inner); /* from any thread: not recorded */
}

/* ----------------------------------------------------------- open and close */

static fr_status trace_query(fr_ep *ep, struct fr_attr *attr)
{
    struct fr_attr all = {.size = sizeof(all)};
    char beneath[sizeof(all.mechanism)];
    fr_status st = ep->ops->query(ep->inner, &all);
    if (st != FR_OK)
        return st;
    snprintf(beneath, sizeof(beneath), "%s", all.mechanism);
    snprintf(all.mechanism, sizeof(all.mechanism), "trace over %.*s",
             (int)(sizeof(all.mechanism) - 12), beneath);
    all.size = attr->size;
    all.caps &= ~FR_CAP_MT; /* the record has no lock */
    memcpy(attr, &all, attr->size < sizeof(all) ? attr->size : sizeof(all));
    return FR_OK;
}

static void trace_stats(fr_ep *ep, struct fr_stats *out)
{
    ep->ops->stats(ep->inner, out);
}

static void trace_drop(fr_ep *ep, fr_peer peer)
{
    record_instant(&ep->record, "drop", peer, " ");
    ep->ops->drop(ep->inner, peer);
}

static void trace_shutdown(fr_ep *ep)
{
    record_instant(&ep->record, "shutdown", 0, " ");
    ep->ops->shutdown(ep->inner);
}

static void trace_close(fr_ep *ep)
{
    uint64_t start_ns = ep->record.host->now_ns();
    ep->ops->close(ep->inner);
    record_slice(&ep->record, "close", 0, start_ns, " ");
    record_close(&ep->record);
    free(ep);
}

static fr_status trace_open_over(const struct fr_host *host, const void *cfg,
                                 const struct fr_inner *inner, const struct fr_open_args *args,
                                 fr_ep **ep_p)
{
    static const struct trace_config defaults = {"fractal-trace-%p.json", 1000000};
    const struct trace_config *config = cfg ? cfg : &defaults;
    struct fr_ep *ep = calloc(1, sizeof(*ep));
    if (!ep)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    uint64_t start_ns = host->now_ns();
    ep->ops = inner->ops;
    fr_status st = fr_inner_open(inner, args, &ep->inner);
    if (st != FR_OK) /* before there is a file: a worker may try for long */
        goto free_ep;
    st = record_open(&ep->record, host, config->file, args->role, (uint64_t)config->limit);
    if (st != FR_OK)
        goto close_inner;
    bool leader = args->role == FR_ROLE_LEADER;
    char text[600];
    record_process_name(&ep->record, leader ? "fractal leader" : "fractal worker");
    record_thread_name(&ep->record, 0, "endpoint");
    record_slice(&ep->record, "open", 0, start_ns, "\"address\":\"%s\"",
                 record_text(args->address, text, sizeof(text)));
    *ep_p = ep;
    return FR_OK;

close_inner:
    inner->ops->close(ep->inner);
free_ep:
    free(ep);
    return st;
}

static fr_status trace_check(const struct fr_host *host, const void *cfg,
                             const struct fr_open_args *args)
{
    const struct trace_config *config = cfg;
    return config ? record_check(host, config->file, args->role) : FR_OK;
}

static const struct fr_transport_ops ops = {
    .size = sizeof(ops),
    .caps = FR_CAP_TX_INPLACE | FR_CAP_RX_INPLACE | FR_CAP_REMOTE | FR_CAP_BUSY_POLL |
            FR_CAP_SAME_PROCESS,
    .query = trace_query,
    .msg_alloc = trace_msg_alloc,
    .msg_free = trace_msg_free,
    .send = trace_send,
    .poll = trace_poll,
    .wakeup = trace_wakeup,
    .stats = trace_stats,
    .drop = trace_drop,
    .shutdown = trace_shutdown,
    .close = trace_close,
    .open_over = trace_open_over,
    .check = trace_check,
};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_TRANSPORT,
    .name = "trace",
    .version = "1.0",
    .summary = "Hook: what a transport does and when, for Perfetto or chrome://tracing",
    .license = "MIT",
    .options = options,
    .config_size = sizeof(struct trace_config),
    .ops = &ops,
};
