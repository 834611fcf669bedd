/* SPDX-License-Identifier: MIT
 * part.c - ends pipes so that nng survives it. */
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

enum { PART_MS = 300 };

struct parting {
    struct parting *next;
    uint32_t pipe;
    uint64_t end_ns;
    struct way *way; /* leader: on which to say it                                            */
    bool said, seen; /* LAST: here, there                                                     */
    bool answered;   /* worker: the leader's was, with one that says so                       */
    unsigned char head[NNG_HEAD_BYTES];
};

/* With the lock held, which it gives up in between. */
static void say(fr_ep *ep)
{
    for (struct parting *parting = ep->partings; parting; parting = parting->next) {
        nng_msg *msg;
        bool answer = !ep->leader && parting->seen && !parting->answered;
        if (parting->said && !answer)
            continue;
        struct way *w = ep->leader ? parting->way : way_take(ep, NULL);
        parting->way = NULL;
        if (!w)
            continue;
        if (nng_msg_alloc(&msg, NNG_HEAD_BYTES) != 0) {
            way_idle(ep, w);
            continue;
        }
        parting->said = true;
        parting->answered |= answer;
        parting->head[HEAD_ANSWER] = answer;
        memcpy(nng_msg_body(msg), parting->head, NNG_HEAD_BYTES);
        ep->sending = true;
        pthread_mutex_unlock(&ep->lock);
        way_send(ep, w, msg);
        pthread_mutex_lock(&ep->lock);
        ep->sending = false;
    }
}

static struct parting *find(const fr_ep *ep, uint32_t pipe)
{
    struct parting *parting = ep->partings;
    while (parting && parting->pipe != pipe)
        parting = parting->next;
    return parting;
}

bool part_way(fr_ep *ep, uint32_t pipe, struct way *w)
{
    struct parting *parting = find(ep, pipe);
    if (!parting || parting->said || parting->way)
        return false;
    parting->way = w;
    return true;
}

nng_msg *part_at_once(fr_ep *ep, struct peer *p, struct way **way_p)
{
    nng_msg *msg = NULL;
    if (ep->sending || ep->closing || p->last_said || !p->known)
        return NULL;
    struct way *w = nng_msg_alloc(&msg, NNG_HEAD_BYTES) == 0 ? way_take(ep, p) : NULL;
    if (!w) {
        nng_msg_free(msg);
        return NULL;
    }
    p->last_said = true;
    unsigned char *body = nng_msg_body(msg);
    write_head(p, HEAD_LAST, body);
    body[HEAD_ANSWER] = !ep->leader;
    *way_p = w;
    return msg;
}

bool part_seen(fr_ep *ep, uint32_t pipe, bool answer)
{
    struct parting *parting = find(ep, pipe);
    if (!parting)
        return false;
    parting->seen = true;
    return ep->leader && answer;
}

void part(fr_ep *ep, struct peer *p)
{
    uint32_t pipe = p->pipe;
    if (!pipe)
        return;
    /* A leader may hold no request of one that has just greeted it; it is about to. */
    bool speaks = p->linked && (p->known || !ep->leader);
    struct parting *parting = speaks ? malloc(sizeof(*parting)) : NULL;
    if (parting) {
        *parting = (struct parting){.next = ep->partings,
                                    .pipe = pipe,
                                    .end_ns = ep->host->now_ns() + PART_MS * UINT64_C(1000000),
                                    .way = ep->leader && !p->last_said ? way_take(ep, p) : NULL,
                                    .said = p->last_said,
                                    .seen = p->last_seen,
                                    .answered = p->last_said};
        write_head(p, HEAD_LAST, parting->head);
        ep->partings = parting;
    }
    peer_set_pipe(ep, p, 0);
    ways_drop(ep, p);
    if (parting) {
        say(ep);
        return;
    }
    pthread_mutex_unlock(&ep->lock);
    nng_pipe_close((nng_pipe){.id = pipe});
    pthread_mutex_lock(&ep->lock);
}

/* With the lock held: what is over, or NULL. */
static struct parting *take_overdue(fr_ep *ep)
{
    uint64_t now_ns = ep->partings ? ep->host->now_ns() : 0;
    for (struct parting **at = &ep->partings, *parting; (parting = *at); at = &parting->next)
        if (now_ns >= parting->end_ns) {
            *at = parting->next;
            if (parting->way)
                way_idle(ep, parting->way);
            return parting;
        }
    return NULL;
}

void part_overdue(fr_ep *ep)
{
    struct parting *parting;
    if (!ep->partings) /* the core's thread alone adds to them */
        return;
    pthread_mutex_lock(&ep->lock);
    say(ep);
    while ((parting = take_overdue(ep))) {
        pthread_mutex_unlock(&ep->lock);
        nng_pipe_close((nng_pipe){.id = parting->pipe}); /* which may long be gone */
        free(parting);
        pthread_mutex_lock(&ep->lock);
    }
    pthread_mutex_unlock(&ep->lock);
}

void part_all(fr_ep *ep)
{
    pthread_mutex_lock(&ep->lock);
    ep->refuse = true;
    for (struct peer *p = ep->peers; p; p = p->next) {
        p->over = true;
        part(ep, p);
    }
    uint64_t end_ns = ep->host->now_ns() + PART_MS * UINT64_C(1000000);
    while (ep->pipes > 0 && ep->host->now_ns() < end_ns) {
        pthread_mutex_unlock(&ep->lock);
        bell_wait(&ep->bell, end_ns);
        pthread_mutex_lock(&ep->lock);
        say(ep);
    }
    ep->closing = true;
    pthread_mutex_unlock(&ep->lock);
}

void partings_free(fr_ep *ep)
{
    struct parting *parting;
    while ((parting = ep->partings)) {
        ep->partings = parting->next;
        free(parting);
    }
}
