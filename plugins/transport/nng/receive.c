/* SPDX-License-Identifier: MIT
 * receive.c - what nng's threads report: messages, pipes that come and go. Nothing here
 * sends, but LAST in answer to one. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

/* Keeps a DATA message for the core. */
static void accept_data(fr_ep *ep, struct peer *p, nng_msg *body, uint32_t number, bool *kept_p)
{
    size_t len = nng_msg_len(body) - NNG_HEAD_BYTES;
    if (len > ep->max_recv_bytes) {
        peer_end(ep, p, FR_ETOOBIG, "a message of %zu bytes, %llu are allowed", len,
                 (unsigned long long)ep->max_recv_bytes);
        return;
    }
    struct msg **place = &p->rx[number % NNG_WINDOW];
    bool wanted = number - p->rx_taken < NNG_WINDOW - (p->rx_taken - p->rx_told) && !*place;
    if (len == 0 || p->bye_seen || !wanted) {
        peer_end(ep, p, FR_EPROTO, "%s",
                 len == 0      ? "an empty message"
                 : p->bye_seen ? "a message after its goodbye"
                               : "a message twice, or more than were acknowledged room for");
        return;
    }
    struct msg *m = malloc(sizeof(*m));
    if (!m) {
        peer_end(ep, p, FR_ECONN, "no memory for its message");
        return;
    }
    *m = (struct msg){.base = {.len = len, .cap = len, .peer = p->id}, .body = body};
    *place = m;
    *kept_p = true;
}

static void accept_hello(fr_ep *ep, struct peer *p, const unsigned char *body, size_t len)
{
    if (p->known || len != HELLO_BYTES) {
        peer_end(ep, p, FR_EPROTO, "a second or malformed greeting");
        return;
    }
    uint64_t max =
        (uint64_t)get_u32(body + NNG_HEAD_BYTES) << 32 | get_u32(body + NNG_HEAD_BYTES + 4);
    p->max_send_bytes = max < PTRDIFF_MAX / 2 ? max : PTRDIFF_MAX / 2;
    p->known = true;
}

/* Nothing of a peer is believed: not its length, its numbers, nor what it says that we sent. */
static void accept_message(fr_ep *ep, struct peer *p, nng_msg *msg, bool *kept_p)
{
    size_t len = nng_msg_len(msg);
    const unsigned char *body = nng_msg_body(msg);
    if (len < NNG_HEAD_BYTES || body[0] != HEAD_MAGIC || body[1] != HEAD_VERSION) {
        peer_end(ep, p, FR_EPROTO, "no message of this program or of this version of it");
        return;
    }
    uint32_t number = get_u32(body + 4), ack = get_u32(body + 8);
    unsigned type = body[2];
    if (type != HEAD_HELLO && type != HEAD_LAST && !p->known) {
        peer_end(ep, p, FR_EPROTO, "a message before its greeting");
        return;
    }
    if ((int32_t)(ack - p->tx_sent) > 0) {
        peer_end(ep, p, FR_EPROTO, "%u messages acknowledged of %u", ack, p->tx_sent);
        return;
    }
    if ((int32_t)(ack - p->tx_acked) > 0) /* else this one was overtaken */
        p->tx_acked = ack;
    p->beats = 0;
    p->last_seen |= type == HEAD_LAST;
    p->linked = true; /* may be known here before nng says so */
    if (type == HEAD_DATA)
        accept_data(ep, p, msg, number, kept_p);
    else if (type == HEAD_HELLO)
        accept_hello(ep, p, body, len);
    else if ((type != HEAD_ACK && type != HEAD_BYE && type != HEAD_LAST) || len != NNG_HEAD_BYTES)
        peer_end(ep, p, FR_EPROTO, "a message of unknown type %u, or of a wrong length", type);
    else if (type == HEAD_BYE && number != p->rx_told)
        peer_end(ep, p, FR_EPROTO, "a goodbye before all was acknowledged");
    else if (type == HEAD_BYE)
        p->bye_seen = true;
    else if (type == HEAD_LAST)
        peer_end(ep, p, p->bye_sent ? FR_OK : FR_ECONN, "%s",
                 p->bye_sent ? "shut down" : "the other side closed the connection");
    peer_settle(ep, p);
    peer_stir(ep, p);
}

/* With the lock held. */
static void pipe_lost(fr_ep *ep, struct peer *p)
{
    if (p->bye_sent)
        peer_end(ep, p, FR_OK, "shut down");
    else
        peer_end(ep, p, FR_ECONN, "%s",
                 p->known ? "the connection was lost" : "closed before it said what it is");
}

/* With the lock held: false where the request is nobody's. */
static bool hold(fr_ep *ep, struct peer *p, struct way *w)
{
    if (!p || p->over)
        return false;
    if (p->way_count >= (p->known ? NNG_WAYS_MOST : 1)) {
        peer_end(ep, p, FR_EPROTO, "more requests than were asked for");
        return false;
    }
    way_hold(p, w);
    return true;
}

/* What is left to do once the lock is given up. */
struct rest {
    bool kept;            /* the message                                                 */
    bool over;            /* the pipe: nothing is on its way                             */
    bool lack;            /* of contexts that receive, and next is NULL                  */
    struct way *next;     /* to receive with                                             */
    struct way *last_way; /* to send `last` on                                           */
    nng_msg *last;
};

static bool is_last(nng_msg *msg)
{
    const unsigned char *body = nng_msg_body(msg);
    return nng_msg_len(msg) >= NNG_HEAD_BYTES && body[0] == HEAD_MAGIC && body[2] == HEAD_LAST;
}

/* With the lock held. */
static struct rest digest(fr_ep *ep, struct way *w, nng_msg *msg)
{
    struct rest rest = {.kept = false};
    uint32_t pipe = nng_msg_get_pipe(msg).id;
    struct peer *p = peer_by_pipe(ep, pipe);
    bool last = is_last(msg), answer = last && ((unsigned char *)nng_msg_body(msg))[HEAD_ANSWER];
    if (!ep->leader || !(hold(ep, p, w) || part_way(ep, pipe, w)))
        way_idle(ep, w);
    if (p && !p->over)
        accept_message(ep, p, msg, &rest.kept);
    else if (last)
        rest.over = p ? ep->leader && p->last_said && answer : part_seen(ep, pipe, answer);
    if (last && p && p->over)
        rest.last = part_at_once(ep, p, &rest.last_way);
    if (p) {
        peer_owe(ep, p);
        ep->way_came |= p->starved;
        p->starved = false;
    }
    rest.next = way_next(ep);
    rest.lack = !rest.next && ways_lack(ep);
    return rest;
}

/* With the lock held: nothing came, and w is idle. */
static void give_up(fr_ep *ep, struct way *w)
{
    way_idle(ep, w);
    if (ep->closing)
        return;
    if (ep->leader)
        atomic_store(&ep->broken, true);
    else if (ep->peers) /* known here before nng says so, which it may never */
        pipe_lost(ep, ep->peers);
}

void on_message(void *arg)
{
    struct way *w = arg;
    fr_ep *ep = w->ep;
    nng_msg *msg = nng_aio_result(w->in) == 0 ? nng_aio_get_msg(w->in) : NULL;
    nng_pipe pipe = msg ? nng_msg_get_pipe(msg) : (nng_pipe){0};
    struct rest rest = {.kept = !msg};
    pthread_mutex_lock(&ep->lock);
    ep->receiving -= ep->leader;
    if (msg)
        rest = digest(ep, w, msg);
    else
        give_up(ep, w);
    pthread_mutex_unlock(&ep->lock);
    if (msg)
        atomic_store(&ep->settled, true);
    bell_ring(&ep->bell);
    if (!rest.kept)
        nng_msg_free(msg);
    if (rest.last)
        way_send(ep, rest.last_way, rest.last);
    if (rest.over)
        nng_pipe_close(pipe);
    /* Also while the core does not ask: what waits in a pipe hides its end. */
    if (rest.next)
        nng_ctx_recv(rest.next->ctx, rest.next->in);
    else if (rest.lack)
        ways_receive(ep);
}

static void describe(nng_pipe pipe, const char *scheme, char *text, size_t bytes)
{
    nng_sockaddr sa;
    char host[INET6_ADDRSTRLEN] = "?";
    uint64_t pid;
    if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &sa) != 0)
        sa.s_family = NNG_AF_UNSPEC;
    if (sa.s_family == NNG_AF_INET) {
        inet_ntop(AF_INET, &sa.s_in.sa_addr, host, sizeof(host));
        snprintf(text, bytes, "%s %s:%u", scheme, host, ntohs(sa.s_in.sa_port));
    } else if (sa.s_family == NNG_AF_INET6) {
        inet_ntop(AF_INET6, sa.s_in6.sa_addr, host, sizeof(host));
        snprintf(text, bytes, "%s [%s]:%u", scheme, host, ntohs(sa.s_in6.sa_port));
    } else if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0) {
        snprintf(text, bytes, "%s, process %llu", scheme, (unsigned long long)pid);
    } else {
        snprintf(text, bytes, "%s", scheme);
    }
}

/* False: it is not wanted. */
static bool pipe_comes(fr_ep *ep, nng_pipe pipe)
{
    struct peer *p = NULL;
    char who[sizeof(p->who)];
    describe(pipe, ep->at.scheme, who, sizeof(who));
    pthread_mutex_lock(&ep->lock);
    if (ep->closing || ep->refuse) {
        /* none */
    } else if (ep->leader) {
        if (ep->strangers < NNG_STRANGERS)
            p = peer_new(ep, (uint32_t)nng_pipe_id(pipe));
    } else if (ep->peers && !ep->peers->over && !*ep->peers->who) {
        /* The first and only one: nng dials again by itself, which is not its decision. */
        p = ep->peers;
        peer_set_pipe(ep, p, (uint32_t)nng_pipe_id(pipe));
    }
    if (p)
        memcpy(p->who, who, sizeof(who));
    ep->pipes++; /* also of those that are turned away: their end is reported like any */
    pthread_mutex_unlock(&ep->lock);
    return p != NULL;
}

void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    fr_ep *ep = arg;
    if (event == NNG_PIPE_EV_ADD_PRE) {
        if (!pipe_comes(ep, pipe))
            nng_pipe_close(pipe);
        return;
    }
    pthread_mutex_lock(&ep->lock);
    struct peer *p = peer_by_pipe(ep, (uint32_t)nng_pipe_id(pipe));
    ep->pipes -= event == NNG_PIPE_EV_REM_POST;
    if (p && event == NNG_PIPE_EV_ADD_POST) {
        p->linked = true;
        peer_stir(ep, p);
    } else if (p) {
        peer_set_pipe(ep, p, 0);
        pipe_lost(ep, p);
    }
    pthread_mutex_unlock(&ep->lock);
    if (event == NNG_PIPE_EV_REM_POST)
        atomic_store(&ep->settled, true);
    /* Before nng, which is about to, starts to dial again. */
    if (event == NNG_PIPE_EV_REM_POST && !ep->leader)
        nng_dialer_close(ep->dialer);
    bell_ring(&ep->bell);
}
