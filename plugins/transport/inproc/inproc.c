/* SPDX-License-Identifier: MIT
 * inproc - leader and workers are threads of one process; a message moves as a pointer. The floor
 * that every other transport is measured against. */
#include "inproc.h"

#include "hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MAX = 64 }; /* events of one poll, so that the bells to ring after it fit the stack */

struct fr_ep {
    const struct fr_host *host;
    enum side side;
    struct hub *hub;
    struct conn *conn; /* worker only */
    struct bell *bell;
    uint64_t depth;
    bool shut;
    struct msg *out; /* in the core's hands: freed with the endpoint */
    struct fr_stats stats;
};

static void out_add(fr_ep *ep, struct msg *m)
{
    m->prev = NULL;
    m->next = ep->out;
    if (m->next)
        m->next->prev = m;
    ep->out = m;
}

static void out_remove(fr_ep *ep, struct msg *m)
{
    if (m->prev)
        m->prev->next = m->next;
    else
        ep->out = m->next;
    if (m->next)
        m->next->prev = m->prev;
}

static fr_status inproc_open(const struct fr_host *host, const void *cfg,
                             const struct fr_open_args *args, fr_ep **ep_p)
{
    const struct inproc_cfg *options = cfg;
    bool leader = args->role == FR_ROLE_LEADER;
    if (!leader && args->role != FR_ROLE_WORKER)
        return FR_FAIL(host, FR_EINVAL, "no such role: %d", (int)args->role);
    fr_ep *ep = malloc(sizeof(*ep));
    if (!ep)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    *ep = (fr_ep){.host = host,
                  .side = leader ? LEADER : WORKER,
                  .depth = options ? (uint64_t)options->depth : INPROC_DEPTH,
                  .stats = {.size = sizeof(ep->stats)}};
    const char *name = *args->address ? args->address : "fractal";
    fr_status st;
    if (leader) {
        st = hub_open(name, args->flags & FR_OPEN_ANY_ADDRESS, ep->depth, args->max_recv_bytes,
                      &ep->hub);
        if (st != FR_OK)
            goto free_ep;
        ep->bell = &ep->hub->bell;
    } else {
        st = hub_connect(name, ep->depth, args->max_recv_bytes, &ep->conn);
        if (st != FR_OK)
            goto free_ep;
        ep->hub = ep->conn->hub;
        ep->bell = &ep->conn->bell;
    }
    *ep_p = ep;
    return FR_OK;

free_ep:
    free(ep);
    if (st == FR_EADDR)
        return FR_FAIL(host, st, "\"%.*s\" is %s", HUB_NAME_BYTES, name,
                       leader ? "no name, or another leader has it" : "no name");
    if (st == FR_ECONN)
        return FR_FAIL(host, st, "no leader has the name \"%s\" in this process", name);
    return FR_FAIL(host, st, "out of memory");
}

static fr_status inproc_check(const struct fr_host *host, const void *cfg,
                              const struct fr_open_args *args)
{
    (void)cfg;
    if (*args->address && !hub_name_ok(args->address))
        return FR_FAIL(host, FR_EADDR,
                       "[transport] address = %.100s: no name; valid: 1 to %d characters without "
                       "blanks",
                       args->address, HUB_NAME_BYTES);
    return FR_OK;
}

static fr_status inproc_query(fr_ep *ep, struct fr_attr *attr)
{
    struct fr_attr all = {.size = attr->size,
                          .caps = INPROC_CAPS,
                          .align_bytes = INPROC_ALIGN,
                          .tx_depth = (uint32_t)ep->depth,
                          /* What a worker will accept is its own, and unknown before it comes. */
                          .max_msg_bytes = ep->side == LEADER
                                               ? PTRDIFF_MAX / 2
                                               : ep->conn->end[LEADER].max_recv_bytes};
    snprintf(all.address, sizeof(all.address), "%s", ep->hub->name);
    snprintf(all.mechanism, sizeof(all.mechanism), "pointers, %u deep", all.tx_depth);
    memcpy(attr, &all, attr->size < sizeof(all) ? attr->size : sizeof(all));
    return FR_OK;
}

/* Under the lock: the connection to a peer that is up and takes messages, or NULL. */
static struct conn *sendable(fr_ep *ep, fr_peer peer)
{
    struct conn *c = ep->conn;
    if (ep->side == LEADER)
        c = hub_find(ep->hub, peer);
    else if (peer != 1)
        return NULL;
    return c && !c->cut && !ep->shut && c->end[ep->side].up ? c : NULL;
}

static fr_status inproc_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p)
{
    fr_status st = FR_OK;
    pthread_mutex_lock(&ep->hub->lock);
    const struct conn *c = sendable(ep, peer);
    if (!c)
        st = FR_ECLOSED;
    else if (cap > c->end[!ep->side].max_recv_bytes)
        st = FR_ETOOBIG;
    else if (lane_full(&c->end[ep->side].tx))
        st = FR_EAGAIN;
    pthread_mutex_unlock(&ep->hub->lock);
    ep->stats.tx_again += st == FR_EAGAIN;
    if (st != FR_OK)
        return st;
    struct msg *m = msg_new(cap, peer);
    if (!m)
        return FR_FAIL(ep->host, FR_ENOMEM, "no memory for a message of %zu bytes", cap);
    out_add(ep, m);
    *msg_p = &m->base;
    return FR_OK;
}

static void inproc_msg_free(fr_ep *ep, struct fr_msg *msg)
{
    struct msg *m = (struct msg *)msg;
    out_remove(ep, m);
    msg_delete(m);
}

static fr_status inproc_send(fr_ep *ep, struct fr_msg *msg)
{
    struct msg *m = (struct msg *)msg;
    size_t len = msg->len;
    if (len == 0 || len > msg->cap)
        return FR_FAIL(ep->host, FR_EINVAL, "a message of %zu bytes in a buffer of %zu", len,
                       msg->cap);
    fr_status st = FR_OK;
    pthread_mutex_lock(&ep->hub->lock);
    struct conn *c = sendable(ep, msg->peer);
    if (!c) {
        st = FR_ECLOSED;
    } else if (len > c->end[!ep->side].max_recv_bytes) {
        st = FR_EINVAL; /* its peer number was changed after msg_alloc */
    } else if (lane_full(&c->end[ep->side].tx)) {
        st = FR_EAGAIN;
    } else {
        out_remove(ep, m);
        lane_push(&c->end[ep->side].tx, m);
    }
    pthread_mutex_unlock(&ep->hub->lock);
    ep->stats.tx_again += st == FR_EAGAIN;
    if (st != FR_OK)
        return st;
    /* The connection is still there: this side lets go of it only in poll and close. */
    conn_ring(c, !ep->side);
    ep->stats.tx_msgs++;
    ep->stats.tx_bytes += len;
    return FR_OK;
}

static void receive(fr_ep *ep, struct conn *c, struct msg *m, struct fr_event *ev)
{
    m->base.peer = ep->side == LEADER ? c->peer : 1;
    m->base.user = 0;
    out_add(ep, m);
    ep->stats.rx_msgs++;
    ep->stats.rx_bytes += m->base.len;
    *ev = (struct fr_event){.type = FR_EV_RECV, .msg = &m->base};
}

/* Under the lock: what one connection has to say. *ring_p: the other side has something new. */
static unsigned collect(fr_ep *ep, struct conn *c, struct fr_event *ev, unsigned max, bool *ring_p)
{
    struct end *here = &c->end[ep->side];
    struct lane *rx = &c->end[!ep->side].tx;
    unsigned n = 0;
    struct msg *m;
    if (max > 0 && !here->up) {
        here->up = true;
        ev[n++] = (struct fr_event){.type = FR_EV_PEER_UP, .detail = "a thread of this process"};
    }
    while (n < max && lane_report(&here->tx, c->cut, &ev[n]))
        n++;
    while (n < max && (m = lane_take(rx))) {
        receive(ep, c, m, &ev[n++]);
        *ring_p = true;
    }
    conn_settle(c);
    /* The last messages may just have ended the connection, hence their SENTs. */
    while (n < max && lane_report(&here->tx, c->cut, &ev[n]))
        n++;
    if (n < max && c->cut && !here->down && here->tx.reported == here->tx.head &&
        (rx->lost || lane_all_taken(rx))) {
        here->down = true;
        ev[n++] = (struct fr_event){
            .type = FR_EV_PEER_DOWN, .status = here->status, .detail = here->detail};
    }
    for (unsigned i = 0; i < n; i++)
        ev[i].peer = ep->side == LEADER ? c->peer : 1;
    return n;
}

static unsigned collect_worker(fr_ep *ep, struct fr_event *ev, unsigned max)
{
    bool ring = false;
    pthread_mutex_lock(&ep->hub->lock);
    unsigned n = collect(ep, ep->conn, ev, max, &ring);
    pthread_mutex_unlock(&ep->hub->lock);
    if (ring)
        conn_ring(ep->conn, LEADER);
    return n;
}

/* Takes the peers in turn, beginning after the one that was served last. */
static unsigned collect_leader(fr_ep *ep, struct fr_event *ev, unsigned max)
{
    struct hub *hub = ep->hub;
    struct conn *ring[POLL_MAX], *dead[POLL_MAX];
    unsigned n = 0, rings = 0, deads = 0;
    pthread_mutex_lock(&hub->lock);
    for (unsigned left = hub->count; left > 0 && n < max; left--) {
        unsigned at = hub->turn < hub->count ? hub->turn : 0;
        struct conn *c = hub->conns[at];
        bool wants_ring = false;
        n += collect(ep, c, ev + n, max - n, &wants_ring);
        hub->turn = at + 1;
        if (c->end[LEADER].down) {
            hub->count--;
            memmove(&hub->conns[at], &hub->conns[at + 1],
                    (hub->count - at) * sizeof(struct conn *));
            hub->turn = at;
            conn_ring(c, WORKER);
            conn_leave(c, LEADER);
            if (!c->end[WORKER].held)
                dead[deads++] = c;
        } else if (wants_ring) {
            ring[rings++] = c;
        }
    }
    pthread_mutex_unlock(&hub->lock);
    for (unsigned i = 0; i < rings; i++)
        conn_ring(ring[i], WORKER);
    for (unsigned i = 0; i < deads; i++)
        conn_delete(dead[i]);
    return n;
}

static int inproc_poll(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms)
{
    uint64_t deadline_ns = UINT64_MAX;
    if (max > POLL_MAX)
        max = POLL_MAX;
    if (timeout_ms > 0)
        deadline_ns = ep->host->now_ns() + (uint64_t)timeout_ms * 1000000u;
    bool wait = timeout_ms != 0;
    for (;;) {
        if (bell_take_wakeup(ep->bell))
            wait = false;
        unsigned n = ep->side == LEADER ? collect_leader(ep, ev, max) : collect_worker(ep, ev, max);
        if (n > 0 || !wait)
            return (int)n;
        /* Once more even where the time is over, for what came in its last moment. */
        wait = bell_wait(ep->bell, deadline_ns);
    }
}

static void inproc_wakeup(fr_ep *ep)
{
    bell_wakeup(ep->bell);
}

static void inproc_stats(fr_ep *ep, struct fr_stats *out)
{
    uint32_t size = out->size;
    memcpy(out, &ep->stats, size < sizeof(ep->stats) ? size : sizeof(ep->stats));
    out->size = size;
}

static void inproc_drop(fr_ep *ep, fr_peer peer)
{
    pthread_mutex_lock(&ep->hub->lock);
    struct conn *c = ep->side == LEADER ? hub_find(ep->hub, peer) : peer == 1 ? ep->conn : NULL;
    if (c && !c->end[ep->side].down) {
        conn_cut(c, ep->side, FR_OK, FR_ECONN, "dropped");
        lane_lose(&c->end[!ep->side].tx);
    }
    pthread_mutex_unlock(&ep->hub->lock);
}

static void inproc_shutdown(fr_ep *ep)
{
    if (ep->shut)
        return;
    ep->shut = true;
    if (ep->side == LEADER)
        hub_unlist(ep->hub);
    pthread_mutex_lock(&ep->hub->lock);
    unsigned count = ep->side == LEADER ? ep->hub->count : 1;
    for (unsigned i = 0; i < count; i++) {
        struct conn *c = ep->side == LEADER ? ep->hub->conns[i] : ep->conn;
        c->end[ep->side].shut = true;
        conn_settle(c);
    }
    pthread_mutex_unlock(&ep->hub->lock);
}

static void inproc_close(fr_ep *ep)
{
    struct hub *hub = ep->hub;
    struct msg *m;
    while ((m = ep->out)) {
        out_remove(ep, m);
        msg_delete(m);
    }
    if (ep->side == LEADER) {
        hub_unlist(hub); /* so the list of connections is this thread's own after a last look */
        unsigned kept = 0;
        pthread_mutex_lock(&hub->lock);
        for (unsigned i = 0; i < hub->count; i++) {
            conn_leave(hub->conns[i], LEADER);
            if (!hub->conns[i]->end[WORKER].held)
                hub->conns[kept++] = hub->conns[i]; /* nobody's: the others free themselves */
        }
        hub->count = kept;
        pthread_mutex_unlock(&hub->lock);
        for (unsigned i = 0; i < kept; i++)
            conn_delete(hub->conns[i]);
        hub_unref(hub);
    } else {
        pthread_mutex_lock(&hub->lock);
        conn_leave(ep->conn, WORKER);
        bool nobodys = !ep->conn->end[LEADER].held;
        pthread_mutex_unlock(&hub->lock);
        if (nobodys)
            conn_delete(ep->conn);
    }
    free(ep);
}

static const struct fr_transport_ops ops = {
    .size = sizeof(ops),
    .caps = INPROC_CAPS,
    .open = inproc_open,
    .query = inproc_query,
    .msg_alloc = inproc_msg_alloc,
    .msg_free = inproc_msg_free,
    .send = inproc_send,
    .poll = inproc_poll,
    .wakeup = inproc_wakeup,
    .stats = inproc_stats,
    .drop = inproc_drop,
    .shutdown = inproc_shutdown,
    .close = inproc_close,
    .check = inproc_check,
};

static const struct fr_option options[] = {
    {.key = "depth",
     .type = FR_OPT_INT,
     .offset = offsetof(struct inproc_cfg, depth),
     .def = INPROC_DEPTH_TEXT,
     .min = 1,
     .max = 4096,
     .help = "Messages on their way to one peer before its sender has to wait."},
    {0},
};

const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_TRANSPORT,
    .name = "inproc",
    .version = "1.0",
    .summary = "Threads of one process; messages move as pointers",
    .license = "MIT",
    .options = options,
    .config_size = sizeof(struct inproc_cfg),
    .ops = &ops,
};
