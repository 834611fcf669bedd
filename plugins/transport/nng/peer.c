/* SPDX-License-Identifier: MIT
 * peer.c - the peers of an endpoint: found by number and by pipe, stirred, ended. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint.h"

struct peer *peer_new(fr_ep *ep, uint32_t pipe)
{
    struct peer *p = ep->last_peer < UINT32_MAX ? calloc(1, sizeof(*p)) : NULL;
    if (!p)
        return NULL;
    p->id = ++ep->last_peer;
    p->born_ns = ep->host->now_ns();
    p->max_send_bytes = 1; /* at the least, until it says */
    p->next = ep->peers;
    ep->peers = p;
    p->next_by_id = ep->by_id[p->id % NNG_BUCKETS];
    ep->by_id[p->id % NNG_BUCKETS] = p;
    if (pipe)
        peer_set_pipe(ep, p, pipe);
    ep->strangers++;
    return p;
}

static void unlink_pipe(fr_ep *ep, struct peer *p)
{
    for (struct peer **at = &ep->by_pipe[p->pipe % NNG_BUCKETS]; *at; at = &(*at)->next_by_pipe)
        if (*at == p) {
            *at = p->next_by_pipe;
            break;
        }
    p->pipe = 0;
}

void peer_set_pipe(fr_ep *ep, struct peer *p, uint32_t pipe)
{
    if (p->pipe)
        unlink_pipe(ep, p);
    if (!pipe)
        return;
    p->pipe = pipe;
    p->next_by_pipe = ep->by_pipe[pipe % NNG_BUCKETS];
    ep->by_pipe[pipe % NNG_BUCKETS] = p;
}

struct peer *peer_by_id(const fr_ep *ep, fr_peer id)
{
    struct peer *p = ep->by_id[id % NNG_BUCKETS];
    while (p && p->id != id)
        p = p->next_by_id;
    return p;
}

struct peer *peer_by_pipe(const fr_ep *ep, uint32_t pipe)
{
    struct peer *p = ep->by_pipe[pipe % NNG_BUCKETS];
    while (p && p->pipe != pipe)
        p = p->next_by_pipe;
    return p;
}

void peer_stir(fr_ep *ep, struct peer *p)
{
    if (p->ready)
        return;
    p->ready = true;
    p->next_ready = NULL;
    *ep->ready_last = p;
    ep->ready_last = &p->next_ready;
}

void peer_owe(fr_ep *ep, struct peer *p)
{
    if (p->owed)
        return;
    p->owed = true;
    p->next_owed = ep->owed_first;
    ep->owed_first = p;
}

void peer_end(fr_ep *ep, struct peer *p, fr_status st, const char *fmt, ...)
{
    if (p->over)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(p->detail, sizeof(p->detail), fmt, args);
    va_end(args);
    p->over = true;
    p->status = st;
    peer_stir(ep, p);
}

void peer_settle(fr_ep *ep, struct peer *p)
{
    if (p->bye_seen && !(p->shut && p->tx_sent != p->tx_acked))
        peer_end(ep, p, FR_OK, "shut down");
}

void peer_forget(fr_ep *ep, struct peer *p)
{
    ways_drop(ep, p);
    peer_set_pipe(ep, p, 0);
    for (struct peer **at = &ep->peers; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    for (struct peer **at = &ep->by_id[p->id % NNG_BUCKETS]; *at; at = &(*at)->next_by_id)
        if (*at == p) {
            *at = p->next_by_id;
            break;
        }
    for (struct peer **at = &ep->owed_first; *at; at = &(*at)->next_owed)
        if (*at == p) {
            *at = p->next_owed;
            break;
        }
    if (!p->up)
        ep->strangers--;
}

void peer_discard_received(struct peer *p)
{
    for (int i = 0; i < NNG_WINDOW; i++) {
        if (p->rx[i])
            msg_delete(p->rx[i]);
        p->rx[i] = NULL;
    }
}

void peer_delete(struct peer *p)
{
    peer_discard_received(p);
    free(p);
}
