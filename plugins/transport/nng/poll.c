/* SPDX-License-Identifier: MIT
 * poll.c - what peers have to say as events, and the messages of our own that are due. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

enum {
    ACK_US = 1000, /* an acknowledgement waits that long for a message to travel with */
};

/* The next one in order is there. */
static bool has_next(const struct peer *p)
{
    return p->rx[p->rx_taken % NNG_WINDOW];
}

/* Hands the next received message to the core; a copy only where nng placed it oddly. */
static bool take(fr_ep *ep, struct peer *p, struct fr_event *ev)
{
    struct msg *m = p->rx[p->rx_taken % NNG_WINDOW];
    m->base.data = (char *)nng_msg_body(m->body) + NNG_HEAD_BYTES;
    if ((uintptr_t)m->base.data % NNG_ALIGN != 0) {
        m->copy = aligned_alloc(NNG_ALIGN, (m->base.len + NNG_ALIGN - 1) / NNG_ALIGN * NNG_ALIGN);
        if (!m->copy) {
            peer_end(ep, p, FR_ECONN, "no memory for its message");
            peer_discard_received(p);
            return false;
        }
        m->base.data = memcpy(m->copy, m->base.data, m->base.len);
        nng_msg_free(m->body);
        m->body = NULL;
        ep->stats.copied_bytes += m->base.len;
    }
    p->rx[p->rx_taken++ % NNG_WINDOW] = NULL;
    peer_owe(ep, p);
    if (ep->ack_ns == UINT64_MAX)
        ep->ack_ns = ep->host->now_ns() + ACK_US * UINT64_C(1000);
    out_add(ep, m);
    ep->stats.rx_msgs++;
    ep->stats.rx_bytes += m->base.len;
    *ev = (struct fr_event){.type = FR_EV_RECV, .msg = &m->base};
    return true;
}

/* PEER_DOWN, where there is one: a leader never hears of those that were never up. */
static unsigned bury(fr_ep *ep, struct peer *p, struct fr_event *ev)
{
    bool tell = p->up || !ep->leader;
    if (!tell && p->status != FR_OK)
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "%s was refused: %s", p->who, p->detail);
    peer_forget(ep, p);
    p->next = ep->buried;
    ep->buried = p;
    *ev = (struct fr_event){
        .type = FR_EV_PEER_DOWN, .status = p->status, .peer = p->id, .detail = p->detail};
    return tell;
}

/* With the lock held: up to max events of one peer, at least one. */
static unsigned collect(fr_ep *ep, struct peer *p, struct fr_event *ev, unsigned max)
{
    unsigned n = 0;
    /* Only now may the core send: our greeting comes first. */
    if (p->known && p->greeted && !p->up) {
        p->up = true;
        ep->strangers--;
        ev[n++] = (struct fr_event){.type = FR_EV_PEER_UP, .detail = p->who};
    }
    if (!p->up && !p->over)
        return 0;
    if (!p->up)
        peer_discard_received(p); /* over before it was up */
    /* Not just unequal: once it is over, reports go beyond what was acknowledged. */
    while (n < max && (int32_t)(p->tx_acked - p->tx_reported) > 0)
        ev[n++] =
            (struct fr_event){.type = FR_EV_SENT, .user = p->users[p->tx_reported++ % NNG_WINDOW]};
    while (n < max && has_next(p) && take(ep, p, &ev[n]))
        n++;
    while (n < max && p->over && !has_next(p) && p->tx_reported != p->tx_sent)
        ev[n++] = (struct fr_event){.type = FR_EV_SENT,
                                    .status = FR_ECLOSED,
                                    .user = p->users[p->tx_reported++ % NNG_WINDOW]};
    for (unsigned i = 0; i < n; i++)
        ev[i].peer = p->id;
    if (n == max) {
        peer_stir(ep, p); /* behind the others */
        return n;
    }
    /* Stirred while the lock was given up: the list of those still has it. */
    if (p->over && !has_next(p) && !p->ready)
        return n + bury(ep, p, &ev[n]);
    return n;
}

/* With the lock held, which it gives up in between: greetings, goodbyes. */
static void converse(fr_ep *ep, struct peer *p)
{
    if (p->over || !p->linked)
        return;
    /* Said before it is sent: the answer may come while the lock is given up. Where there is no way
     * now, the message that brings one stirs the peer again. A leader answers: a worker that is up
     * is known to it. */
    if (!p->greeted && (p->known || !ep->leader)) {
        p->greeted = true;
        p->greeted = send_control(ep, p, HEAD_HELLO);
    }
    if (p->shut && p->up && !p->bye_sent && p->tx_sent == p->tx_acked) {
        p->bye_sent = true;
        p->bye_sent = send_control(ep, p, HEAD_BYE);
    }
}

/* With the lock held, which it gives up in between. False: it is still owed an acknowledgement. */
static bool oblige(fr_ep *ep, struct peer *p, bool due)
{
    /* The core is to see first what has come: it may have an answer. */
    if (p->over || !p->known || !p->greeted || has_next(p))
        return true;
    for (unsigned n = ways_surplus(ep, p); n > 0 && !p->over; n--)
        (void)send_control(ep, p, HEAD_ACK);
    if (!p->over && (due || p->rx_taken - p->rx_told >= NNG_WINDOW / 2) &&
        p->rx_told != p->rx_taken)
        (void)send_control(ep, p, HEAD_ACK);
    return p->over || p->rx_told == p->rx_taken;
}

/* With the lock held, which it gives up in between: what peers need to whom nothing else was sent
 * since they were heard of. Acknowledgements wait a little for a message to travel with. When to
 * look again. */
static uint64_t oblige_all(fr_ep *ep)
{
    uint64_t now_ns = ep->ack_ns == UINT64_MAX ? 0 : ep->host->now_ns();
    bool due = now_ns >= ep->ack_ns, waiting = false;
    /* A new list: while the lock is given up, there may be more to add. */
    struct peer *todo = ep->owed_first, *p;
    ep->owed_first = NULL;
    while ((p = todo)) {
        todo = p->next_owed;
        p->owed = false;
        if (oblige(ep, p, due))
            continue;
        peer_owe(ep, p);
        waiting = true;
    }
    if (!waiting)
        ep->ack_ns = UINT64_MAX;
    else if (due)
        ep->ack_ns = now_ns + ACK_US * UINT64_C(1000);
    return ep->ack_ns;
}

/* nng 1.5 can miss that a WebSocket or TLS connection was closed until something is sent on it, and
 * over TLS even then. Both sides beat, so who is not heard of for that long is gone. At a Unix
 * socket it is the leader's listener that needs care. */
static void beat(fr_ep *ep, uint64_t now_ns)
{
    enum { BEAT_MS = 1000, BEATS = 8 };
    ep->beat_ns = now_ns + BEAT_MS * UINT64_C(1000000);
    if (*ep->at.ipc_path) {
        listen_watch(ep);
        return;
    }
    pthread_mutex_lock(&ep->lock);
    for (struct peer *p = ep->peers; p; p = p->next) {
        if (!p->greeted || p->over)
            continue;
        if (p->beats++ < BEATS)
            (void)send_control(ep, p, HEAD_ACK);
        else
            peer_end(ep, p, FR_ECONN, "nothing was heard of it for %d s", BEATS * BEAT_MS / 1000);
    }
    pthread_mutex_unlock(&ep->lock);
}

static void free_buried(fr_ep *ep)
{
    struct peer *p;
    while ((p = ep->buried)) {
        ep->buried = p->next;
        peer_delete(p);
    }
}

/* With the lock held: ends those that never came up. When to look again. */
static uint64_t expire(fr_ep *ep, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (struct peer *p = ep->strangers ? ep->peers : NULL; p; p = p->next) {
        if (p->up || p->over)
            continue;
        uint64_t end_ns = p->born_ns + ep->patience_ns;
        if (now_ns >= end_ns)
            peer_end(ep, p, FR_ECONN, "%s: no answer within %llu ms", ep->at.url,
                     (unsigned long long)(ep->patience_ns / 1000000u));
        else if (end_ns < next_ns)
            next_ns = end_ns;
    }
    return next_ns;
}

static unsigned collect_all(fr_ep *ep, struct fr_event *ev, unsigned max, uint64_t *look_ns_p)
{
    unsigned n = 0;
    uint64_t end_ns = ep->strangers ? expire(ep, ep->host->now_ns()) : UINT64_MAX;
    if (end_ns < *look_ns_p)
        *look_ns_p = end_ns;
    /* Those that are stirred again in here wait for the next poll. */
    struct peer **end = ep->ready_last;
    while (n < max && ep->ready_first) {
        struct peer *p = ep->ready_first;
        bool last = end == &p->next_ready;
        ep->ready_first = p->next_ready;
        if (!ep->ready_first)
            ep->ready_last = &ep->ready_first;
        p->ready = false;
        if (p->over)
            part(ep, p);
        converse(ep, p);
        n += collect(ep, p, ev + n, max - n);
        if (last)
            break;
    }
    if (ep->ready_first)
        bell_ring(&ep->bell);
    return n;
}

int nng_ep_poll(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms)
{
    uint64_t deadline_ns = UINT64_MAX;
    bool wait = timeout_ms != 0;
    if (timeout_ms > 0)
        deadline_ns = ep->host->now_ns() + (uint64_t)timeout_ms * 1000000u;
    free_buried(ep);
    part_overdue(ep);
    for (;;) {
        if (ep->beat_ns != UINT64_MAX && ep->host->now_ns() >= ep->beat_ns)
            beat(ep, ep->host->now_ns());
        if (bell_take_wakeup(&ep->bell))
            wait = false;
        pthread_mutex_lock(&ep->lock);
        uint64_t look_ns = oblige_all(ep);
        unsigned n = max ? collect_all(ep, ev, max, &look_ns) : 0;
        bool lack = ways_lack(ep);
        /* A way is no event, but the core wants to know. */
        bool way_came = ep->way_came;
        ep->way_came = false;
        pthread_mutex_unlock(&ep->lock);
        if (lack) /* for want of memory */
            ways_receive(ep);
        if (n == 0 && atomic_load(&ep->broken))
            return FR_FAIL(ep->host, FR_EIO, "nng does not receive any more");
        if (n > 0 || !wait || way_came)
            return (int)n;
        /* Once more even where the time is over, for what came in its last moment. */
        if (ep->beat_ns < look_ns)
            look_ns = ep->beat_ns;
        bool look = look_ns < deadline_ns;
        if (!bell_wait(&ep->bell, look ? look_ns : deadline_ns))
            wait = look && ep->host->now_ns() >= look_ns;
    }
}

void nng_ep_drop(fr_ep *ep, fr_peer peer)
{
    pthread_mutex_lock(&ep->lock);
    struct peer *p = peer_by_id(ep, peer);
    if (p) {
        peer_end(ep, p, FR_OK, "dropped");
        peer_discard_received(p);
        peer_stir(ep, p);
        part(ep, p);
    }
    pthread_mutex_unlock(&ep->lock);
    bell_ring(&ep->bell);
}

void nng_ep_shutdown(fr_ep *ep)
{
    ep->shut = true;
    pthread_mutex_lock(&ep->lock);
    ep->refuse = true;
    for (struct peer *p = ep->peers; p; p = p->next) {
        p->shut = true;
        if (!p->known)
            peer_end(ep, p, FR_OK, "shut down");
        peer_stir(ep, p);
    }
    pthread_mutex_unlock(&ep->lock);
    bell_ring(&ep->bell);
}
