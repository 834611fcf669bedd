/* SPDX-License-Identifier: MIT
 * ways.c - the contexts that carry requests and answers.
 *
 * A leader can speak only where it holds a request, a worker where a context is idle. So a worker
 * sends requests that say nothing when it has few on their way, and a leader answers with nothing
 * when it holds many. Where an order goes out for each result that comes in neither is needed. */
#include <stdlib.h>
#include <unistd.h>

#include "endpoint.h"

static struct way *way_new(fr_ep *ep)
{
    struct way *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->ep = ep;
    if (nng_ctx_open(&w->ctx, ep->sock) != 0)
        goto free_way;
    if (nng_aio_alloc(&w->in, on_message, w) != 0)
        goto close_ctx;
    /* No callback: it would cost a change of threads for each message. */
    if (nng_aio_alloc(&w->out, NULL, NULL) != 0)
        goto free_in;
    nng_aio_set_timeout(w->in, NNG_DURATION_INFINITE);
    nng_aio_set_timeout(w->out, NNG_DURATION_INFINITE);
    return w;

free_in:
    nng_aio_free(w->in);
close_ctx:
    nng_ctx_close(w->ctx);
free_way:
    free(w);
    return NULL;
}

/* One more that is idle, unless there is no memory or the endpoint is closing. */
static bool add(fr_ep *ep)
{
    pthread_mutex_lock(&ep->lock);
    bool wanted = !ep->closing;
    ep->making += wanted;
    pthread_mutex_unlock(&ep->lock);
    struct way *w = wanted ? way_new(ep) : NULL;
    pthread_mutex_lock(&ep->lock);
    ep->making -= wanted;
    if (w) {
        w->next_made = ep->made;
        ep->made = w;
        ep->way_count++;
        way_idle(ep, w);
    }
    pthread_mutex_unlock(&ep->lock);
    return w;
}

bool ways_make(fr_ep *ep)
{
    for (int i = 0; i < (ep->leader ? NNG_RECEIVING : NNG_WAYS); i++)
        if (!add(ep))
            return false;
    if (ep->leader)
        ways_receive(ep);
    return true;
}

bool ways_lack(const fr_ep *ep)
{
    return ep->leader && ep->receiving < NNG_RECEIVING && !ep->closing;
}

struct way *way_next(fr_ep *ep)
{
    struct way *w = ways_lack(ep) ? ep->idle : NULL;
    if (w) {
        ep->idle = w->next;
        ep->idle_count--;
        ep->receiving++;
    }
    return w;
}

void ways_receive(fr_ep *ep)
{
    bool lack = true, more = true;
    while (lack && more) {
        pthread_mutex_lock(&ep->lock);
        struct way *w = way_next(ep);
        lack = ways_lack(ep);
        pthread_mutex_unlock(&ep->lock);
        if (w)
            nng_ctx_recv(w->ctx, w->in);
        else if (lack)
            more = add(ep);
    }
}

/* What was not sent is ours again. */
static void settle(struct way *w)
{
    if (nng_aio_get_msg(w->out))
        nng_msg_free(nng_aio_get_msg(w->out));
    nng_aio_set_msg(w->out, NULL);
}

/* Contexts first: nng 1.5 does not survive it where a request that is not sent yet, and its answer,
 * are stopped one after the other. */
void ways_close(fr_ep *ep)
{
    pthread_mutex_lock(&ep->lock);
    while (ep->making > 0) { /* by a callback, that is, for a moment */
        pthread_mutex_unlock(&ep->lock);
        usleep(100);
        pthread_mutex_lock(&ep->lock);
    }
    pthread_mutex_unlock(&ep->lock);
    for (struct way *w = ep->made; w; w = w->next_made)
        nng_ctx_close(w->ctx);
    for (struct way *w = ep->made; w; w = w->next_made) {
        nng_aio_stop(w->in);
        nng_aio_stop(w->out);
    }
}

void ways_free(fr_ep *ep)
{
    struct way *w;
    while ((w = ep->made)) {
        ep->made = w->next_made;
        settle(w);
        nng_aio_free(w->in);
        nng_aio_free(w->out);
        free(w);
    }
}

void way_idle(fr_ep *ep, struct way *w)
{
    w->next = ep->idle;
    ep->idle = w;
    ep->idle_count++;
}

void way_hold(struct peer *p, struct way *w)
{
    w->next = p->ways;
    p->ways = w;
    p->way_count++;
}

void ways_drop(fr_ep *ep, struct peer *p)
{
    struct way *w;
    while ((w = p->ways)) {
        p->ways = w->next;
        way_idle(ep, w);
    }
    p->way_count = 0;
}

unsigned ways_left(const fr_ep *ep, const struct peer *p)
{
    return ep->leader ? p->way_count : ep->idle_count;
}

unsigned ways_surplus(const fr_ep *ep, const struct peer *p)
{
    if (ep->leader)
        return p->way_count > NNG_HELD + NNG_SPARE ? p->way_count - NNG_HELD : 0;
    unsigned asked = ep->way_count - ep->idle_count;
    return asked < NNG_HELD / 2 ? NNG_HELD - asked : 0;
}

/* Was its last answer handed to the pipe? A leader's context receives again before that, and may be
 * needed for another worker while the one it answered does not read. nng 1.5 has no question for
 * it, but takes the message out of an operation that is over, unless it failed. */
static bool is_free(const struct way *w)
{
    return !nng_aio_get_msg(w->out) || nng_aio_result(w->out) != 0;
}

struct way *way_take(fr_ep *ep, struct peer *p)
{
    struct way **at = ep->leader ? &p->ways : &ep->idle;
    while (*at && ep->leader && !is_free(*at))
        at = &(*at)->next;
    struct way *w = *at;
    if (!w)
        return NULL;
    *at = w->next;
    if (ep->leader)
        p->way_count--;
    else
        ep->idle_count--;
    return w;
}

void way_send(fr_ep *ep, struct way *w, nng_msg *msg)
{
    nng_aio_wait(w->out);
    settle(w);
    nng_aio_set_msg(w->out, msg);
    nng_ctx_send(w->ctx, w->out);
    if (!ep->leader) {
        nng_ctx_recv(w->ctx, w->in);
        return;
    }
    pthread_mutex_lock(&ep->lock);
    way_idle(ep, w);
    w = way_next(ep);
    pthread_mutex_unlock(&ep->lock);
    if (w)
        nng_ctx_recv(w->ctx, w->in);
}
