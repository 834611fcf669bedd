/* SPDX-License-Identifier: MIT
 * shape - delays what an endpoint sends, as a network would that has this delay and this rate.
 *
 * A message given to send() is held, in the memory of the transport beneath, until it would have
 * arrived, and only then sent on. Its SENT comes from beneath, or, where it never leaves, from
 * here. */
#include "line.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH = 64,             /* events from beneath at once                                  */
    NEAR_NS = 2000000,      /* a poll beneath counts in milliseconds: too coarse below this */
    NAP_NS = 50000,         /* between looks at what arrives                                */
    SPIN_NS = 100000,       /* a sleeper may be that late, so the rest is spent awake       */
    SLACK_NS = 2000000,     /* for the other end to notice that a message is due            */
    LINGER_NS = 1000000000, /* after shutdown, for what still comes, at most                */
    FULL_MS = 1,            /* between attempts where there is no room beneath              */
};

struct fr_ep {
    const struct fr_host *host;
    const struct shape_config *cfg;
    const struct fr_transport_ops *ops; /* beneath */
    fr_ep *inner;
    struct way way;
    bool shared, shaping;
    bool shut, inner_shut;
    /* What the other end sent before it knew of our shutdown is held there for as long as its way
     * takes: leaving earlier would lose it. */
    struct way back;
    bool heard;                       /* after shutdown: something happened, or that was just now */
    size_t heard_bytes;               /* of what came                                         */
    uint64_t leave_ns, leave_last_ns; /* shut: not before; not after for what still comes */
    _Atomic bool woken;
    struct lines lines;
    uint64_t held;    /* messages, in all lines          */
    uint64_t free_ns; /* of the link that the lines share */
    uint64_t random;
    struct events events; /* room for a batch and a SENT for everything held */
    struct fr_event batch[BATCH];
    uint64_t tx_again;
};

/* ------------------------------------------------------------------- timing */

static bool way_shapes(const struct way *way)
{
    return way->delay_ns > 0 || way->jitter_ns > 0 || way->ns_per_byte > 0.0;
}

/* After shutdown, as a poll begins: the time that the core took for what came does not count. */
static void linger(struct fr_ep *ep, uint64_t now_ns)
{
    if (!ep->heard)
        return;
    ep->heard = false;
    ep->leave_ns = now_ns + ep->back.delay_ns + ep->back.jitter_ns + SLACK_NS +
                   (uint64_t)((double)ep->heard_bytes * ep->back.ns_per_byte);
    if (ep->leave_last_ns == 0)
        ep->leave_last_ns = ep->leave_ns + LINGER_NS;
    if (ep->leave_ns > ep->leave_last_ns)
        ep->leave_ns = ep->leave_last_ns;
}

static bool may_leave(const struct fr_ep *ep, uint64_t now_ns)
{
    return ep->held == 0 && (ep->lines.count == 0 || !way_shapes(&ep->back) ||
                             (!ep->heard && now_ns >= ep->leave_ns));
}

/* splitmix64, to [0, 1) */
static double next_random(struct fr_ep *ep)
{
    uint64_t z = ep->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* When a message sent now leaves; *free_p: when the link has sent it. */
static uint64_t due_of(struct fr_ep *ep, const struct line *line, size_t len, uint64_t now_ns,
                       uint64_t *free_p)
{
    uint64_t free_ns = ep->shared ? ep->free_ns : line->free_ns;
    free_ns = free_ns > now_ns ? free_ns : now_ns;
    free_ns += (uint64_t)((double)len * ep->way.ns_per_byte);
    uint64_t delay_ns = ep->way.delay_ns;
    if (ep->way.jitter_ns > 0) {
        double d = (double)delay_ns + (2.0 * next_random(ep) - 1.0) * (double)ep->way.jitter_ns;
        delay_ns = d > 0.0 ? (uint64_t)d : 0;
    }
    *free_p = free_ns;
    uint64_t due_ns = free_ns + delay_ns;
    return line->count > 0 && due_ns < line->last_ns ? line->last_ns : due_ns;
}

/* When the next one leaves, but for those that only lack room, or this end itself does;
 * UINT64_MAX: nothing. */
static uint64_t next_due(const struct fr_ep *ep, bool *full_p)
{
    uint64_t next_ns = UINT64_MAX;
    *full_p = false;
    if (ep->held == 0)
        return ep->shut && !ep->inner_shut ? ep->leave_ns : next_ns;
    for (unsigned i = 0; i < ep->lines.count; i++) {
        const struct line *line = ep->lines.lines[i];
        const struct held *head = line_head(line);
        if (line->full)
            *full_p = true;
        else if (head && head->due_ns < next_ns)
            next_ns = head->due_ns;
    }
    return next_ns;
}

/* --------------------------------------------------------------- what leaves */

static void lose(struct fr_ep *ep, struct line *line)
{
    struct fr_msg *msg = line_head(line)->msg;
    events_push(&ep->events,
                &(struct fr_event){
                    .type = FR_EV_SENT, .status = FR_ECLOSED, .peer = line->id, .user = msg->user});
    ep->ops->msg_free(ep->inner, msg);
    line_pop(line);
    ep->held--;
}

static void lose_all(struct fr_ep *ep, struct line *line)
{
    while (line->count > 0)
        lose(ep, line);
    line->full = false;
}

static void release_line(struct fr_ep *ep, struct line *line, uint64_t now_ns)
{
    const struct held *head;
    while ((head = line_head(line)) && head->due_ns <= now_ns) {
        fr_status st = ep->ops->send(ep->inner, head->msg);
        line->full = st == FR_EAGAIN;
        if (st == FR_EAGAIN)
            return;
        if (st == FR_OK) {
            line_pop(line);
            ep->held--;
        } else {
            lose(ep, line);
        }
    }
}

static void release(struct fr_ep *ep, uint64_t now_ns)
{
    for (unsigned i = 0; i < ep->lines.count && ep->held > 0; i++)
        release_line(ep, ep->lines.lines[i], now_ns);
    if (ep->shut && !ep->inner_shut && may_leave(ep, now_ns)) {
        ep->inner_shut = true;
        ep->ops->shutdown(ep->inner);
    }
}

/* ----------------------------------------------------------------- messages */

static fr_status again(struct fr_ep *ep, fr_status st)
{
    ep->tx_again += st == FR_EAGAIN;
    return st;
}

static fr_status shape_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p)
{
    const struct line *line = lines_find(&ep->lines, peer);
    if (!line || line->dropped || ep->shut)
        return FR_ECLOSED;
    if (line->full || line->count >= ep->cfg->queue)
        return again(ep, FR_EAGAIN);
    return again(ep, ep->ops->msg_alloc(ep->inner, peer, cap, msg_p));
}

static void shape_msg_free(fr_ep *ep, struct fr_msg *msg)
{
    ep->ops->msg_free(ep->inner, msg);
}

static fr_status shape_send(fr_ep *ep, struct fr_msg *msg)
{
    struct line *line = lines_find(&ep->lines, msg->peer);
    if (!line || line->dropped || ep->shut)
        return FR_ECLOSED;
    if (msg->len == 0 || msg->len > msg->cap)
        return FR_FAIL(ep->host, FR_EINVAL, "a message of %zu bytes in a buffer of %zu", msg->len,
                       msg->cap);
    if (!ep->shaping)
        return again(ep, ep->ops->send(ep->inner, msg));
    if (line->full || line->count >= ep->cfg->queue ||
        !events_reserve(&ep->events, ep->events.count + ep->held + 1 + BATCH))
        return again(ep, FR_EAGAIN);
    uint64_t free_ns, due_ns = due_of(ep, line, msg->len, ep->host->now_ns(), &free_ns);
    if (!line_push(line, msg, due_ns))
        return again(ep, FR_EAGAIN);
    ep->held++;
    line->free_ns = ep->free_ns = free_ns;
    return FR_OK;
}

/* --------------------------------------------------------------------- poll */

/* One event from beneath: what the core is told of it. */
static fr_status admit(struct fr_ep *ep, const struct fr_event *ev)
{
    struct line *line = lines_find(&ep->lines, ev->peer);
    if (ev->type == FR_EV_PEER_UP) {
        line = lines_add(&ep->lines, ev->peer);
        if (!line)
            return FR_FAIL(ep->host, FR_ENOMEM, "no memory for another peer");
        if (ep->shut) {
            line->refused = line->dropped = true;
            ep->ops->drop(ep->inner, ev->peer);
        }
    }
    bool refused = line && line->refused;
    if (ev->type == FR_EV_PEER_DOWN && line) {
        lose_all(ep, line);
        lines_remove(&ep->lines, ev->peer);
    }
    if (refused) {
        if (ev->type == FR_EV_RECV)
            ep->ops->msg_free(ep->inner, ev->msg);
        return FR_OK;
    }
    if (ep->shut) { /* a SENT too: those may fill a poll where there would be a RECV */
        ep->heard = true;
        ep->heard_bytes = ev->type == FR_EV_RECV ? ev->msg->len : ep->heard_bytes;
    }
    events_push(&ep->events, ev);
    return FR_OK;
}

static void nap(uint64_t left_ns)
{
    if (left_ns <= SPIN_NS)
        return;
    uint64_t ns = left_ns - SPIN_NS < NAP_NS ? left_ns - SPIN_NS : NAP_NS;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = (long)ns}, NULL);
}

/* How long to wait beneath. */
static int wait_ms(uint64_t now_ns, uint64_t end_ns, uint64_t due_ns, bool full)
{
    if (now_ns >= end_ns || (due_ns != UINT64_MAX && due_ns < now_ns + NEAR_NS))
        return 0;
    uint64_t ms = end_ns == UINT64_MAX ? UINT64_MAX : (end_ns - now_ns + 999999) / 1000000;
    if (due_ns != UINT64_MAX && (due_ns - now_ns) / 1000000 - 1 < ms)
        ms = (due_ns - now_ns) / 1000000 - 1;
    if (full && ms > FULL_MS)
        ms = FULL_MS;
    return ms == UINT64_MAX ? -1 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static int shape_poll(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms)
{
    uint64_t now_ns = ep->host->now_ns();
    uint64_t end_ns = timeout_ms < 0 ? UINT64_MAX : now_ns + (uint64_t)timeout_ms * 1000000u;
    linger(ep, now_ns);
    for (;;) {
        release(ep, now_ns);
        if (ep->events.count > 0)
            return (int)events_take(&ep->events, ev, max);
        bool full, woken = atomic_exchange(&ep->woken, false);
        uint64_t due_ns = next_due(ep, &full);
        int ms = woken ? 0 : wait_ms(now_ns, end_ns, due_ns, full);
        int n = ep->ops->poll(ep->inner, ep->batch, max < BATCH ? max : BATCH, ms);
        for (int i = 0; i < n; i++) {
            fr_status st = admit(ep, &ep->batch[i]);
            if (st != FR_OK)
                return st;
        }
        if (n < 0)
            return n;
        if (ep->events.count > 0) {
            atomic_store(&ep->woken, false); /* one that comes now also waits beneath */
            return (int)events_take(&ep->events, ev, max);
        }
        uint64_t before_ns = now_ns;
        now_ns = ep->host->now_ns();
        bool early = n == 0 && (ms < 0 || now_ns + 1000000 < before_ns + (uint64_t)ms * 1000000u);
        if (woken || early || atomic_exchange(&ep->woken, false))
            return 0;
        if (now_ns >= end_ns)
            return 0;
        if (ms == 0 && due_ns > now_ns) {
            nap((due_ns < end_ns ? due_ns : end_ns) - now_ns);
            now_ns = ep->host->now_ns();
        }
    }
}

static void shape_wakeup(fr_ep *ep)
{
    atomic_store(&ep->woken, true);
    ep->ops->wakeup(ep->inner);
}

/* ----------------------------------------------------------- open and close */

static fr_status shape_query(fr_ep *ep, struct fr_attr *attr)
{
    struct fr_attr all = {.size = sizeof(all)};
    fr_status st = ep->ops->query(ep->inner, &all);
    if (st != FR_OK)
        return st;
    char how[64], beneath[sizeof(all.mechanism)];
    shape_config_describe(ep->cfg, how, sizeof(how));
    snprintf(beneath, sizeof(beneath), "%s", all.mechanism);
    snprintf(all.mechanism, sizeof(all.mechanism), "shape(%s) over %.*s", how,
             (int)(sizeof(all.mechanism) - 14 - strlen(how)), beneath);
    all.size = attr->size;
    all.caps &= ~FR_CAP_MT; /* the lines have no lock */
    all.caps |= ep->shaping ? FR_CAP_BUSY_POLL : 0;
    memcpy(attr, &all, attr->size < sizeof(all) ? attr->size : sizeof(all));
    return FR_OK;
}

static void shape_stats(fr_ep *ep, struct fr_stats *out)
{
    ep->ops->stats(ep->inner, out);
    if (out->size >= offsetof(struct fr_stats, tx_again) + sizeof(out->tx_again))
        out->tx_again = ep->tx_again; /* not what release met */
}

static void shape_drop(fr_ep *ep, fr_peer peer)
{
    struct line *line = lines_find(&ep->lines, peer);
    if (line) {
        lose_all(ep, line);
        line->dropped = true;
    }
    ep->ops->drop(ep->inner, peer);
}

static void shape_shutdown(fr_ep *ep)
{
    ep->heard = ep->heard || !ep->shut;
    ep->shut = true;
    release(ep, ep->host->now_ns());
}

static void shape_close(fr_ep *ep)
{
    ep->ops->close(ep->inner);
    lines_clear(&ep->lines);
    free(ep->events.ring);
    free(ep);
}

static fr_status shape_open_over(const struct fr_host *host, const void *cfg,
                                 const struct fr_inner *inner, const struct fr_open_args *args,
                                 fr_ep **ep_p)
{
    static const struct shape_config defaults = {.delay = "0",
                                                 .delay_up = "",
                                                 .delay_down = "",
                                                 .jitter = "0",
                                                 .rate = "0",
                                                 .rate_up = "",
                                                 .rate_down = "",
                                                 .shared = true,
                                                 .queue = 4096,
                                                 .seed = 1};
    struct fr_ep *ep = calloc(1, sizeof(*ep));
    if (!ep)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    ep->host = host;
    ep->cfg = cfg ? cfg : &defaults;
    ep->ops = inner->ops;
    ep->shared = ep->cfg->shared;
    ep->random = (uint64_t)ep->cfg->seed;
    fr_status st = shape_config_read(host, ep->cfg, args->role, &ep->way, &ep->back);
    ep->shaping = way_shapes(&ep->way);
    if (st == FR_OK && !events_reserve(&ep->events, BATCH))
        st = FR_FAIL(host, FR_ENOMEM, "out of memory");
    if (st == FR_OK)
        st = fr_inner_open(inner, args, &ep->inner);
    if (st == FR_OK) {
        *ep_p = ep;
        return FR_OK;
    }
    free(ep->events.ring);
    free(ep);
    return st;
}

static fr_status shape_check(const struct fr_host *host, const void *cfg,
                             const struct fr_open_args *args)
{
    struct way way, back;
    return cfg ? shape_config_read(host, cfg, args->role, &way, &back) : FR_OK;
}

static const struct fr_transport_ops ops = {
    .size = sizeof(ops),
    .caps = FR_CAP_TX_INPLACE | FR_CAP_RX_INPLACE | FR_CAP_REMOTE | FR_CAP_BUSY_POLL |
            FR_CAP_SAME_PROCESS,
    .query = shape_query,
    .msg_alloc = shape_msg_alloc,
    .msg_free = shape_msg_free,
    .send = shape_send,
    .poll = shape_poll,
    .wakeup = shape_wakeup,
    .stats = shape_stats,
    .drop = shape_drop,
    .shutdown = shape_shutdown,
    .close = shape_close,
    .open_over = shape_open_over,
    .check = shape_check,
};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_TRANSPORT,
    .name = "shape",
    .version = "1.0",
    .summary = "Hook: delay and rate of a network, around any transport",
    .license = "MIT",
    .options = shape_options,
    .config_size = sizeof(struct shape_config),
    .ops = &ops,
};
