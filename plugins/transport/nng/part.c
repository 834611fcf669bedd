/* SPDX-License-Identifier: MIT
 * part.c - ends pipes so that nng survives it. */
#include <stdlib.h>

#include "endpoint.h"

enum { PART_MS = 300 };

struct parting {
    struct parting *next;
    uint32_t pipe;
    uint64_t end_ns;
};

void part(fr_ep *ep, struct peer *p)
{
    uint32_t pipe = p->pipe;
    if (!pipe)
        return;
    struct parting *parting = p->linked ? malloc(sizeof(*parting)) : NULL;
    if (parting && send_control(ep, p, HEAD_LAST)) {
        *parting = (struct parting){
            .next = ep->partings, .pipe = pipe, .end_ns = ep->host->now_ns() + PART_MS * 1000000u};
        ep->partings = parting;
        peer_set_pipe(ep, p, 0);
        return;
    }
    free(parting);
    peer_set_pipe(ep, p, 0);
    pthread_mutex_unlock(&ep->lock);
    nng_pipe_close((nng_pipe){.id = pipe});
    pthread_mutex_lock(&ep->lock);
}

void part_overdue(fr_ep *ep)
{
    struct parting **at = &ep->partings, *parting;
    uint64_t now_ns = ep->partings ? ep->host->now_ns() : 0;
    while ((parting = *at)) {
        if (now_ns < parting->end_ns) {
            at = &parting->next;
            continue;
        }
        *at = parting->next;
        nng_pipe_close((nng_pipe){.id = parting->pipe}); /* which may long be gone */
        free(parting);
    }
}

void part_all(fr_ep *ep)
{
    pthread_mutex_lock(&ep->lock);
    ep->closing = true;
    for (struct peer *p = ep->peers; p; p = p->next) {
        p->over = true;
        part(ep, p);
    }
    uint64_t end_ns = ep->host->now_ns() + PART_MS * 1000000u;
    while (ep->pipes > 0 && ep->host->now_ns() < end_ns) {
        pthread_mutex_unlock(&ep->lock);
        bell_wait(&ep->bell, end_ns);
        pthread_mutex_lock(&ep->lock);
    }
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
