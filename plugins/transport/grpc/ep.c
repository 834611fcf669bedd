/* SPDX-License-Identifier: MIT */
#include "ep.h"

#include "call.h"
#include "client.h"
#include "creds.h"
#include "msg.h"
#include "node.h"
#include "server.h"

#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FEW = 4 };         /* peers that seldom have more than one event ready */
enum { HOLD = 4 };        /* messages whose answers leave together */
enum { CLOSE_MS = 2000 }; /* for gRPC to hand back what it holds; milliseconds are usual */

/* ---------------------------------------------------------------- calls and events */

void ep_push(fr_ep *ep, struct item *item)
{
    item->next = NULL;
    *ep->end = item;
    ep->end = &item->next;
}

static struct item *pop(fr_ep *ep)
{
    struct item *item = ep->first;
    if (item && !(ep->first = item->next))
        ep->end = &ep->first;
    return item;
}

fr_status ep_add(fr_ep *ep, struct call *call)
{
    if (ep->count == ep->room) {
        unsigned room = ep->room ? ep->room * 2 : 16;
        struct call **calls = realloc(ep->calls, room * sizeof(struct call *));
        if (!calls)
            return FR_ENOMEM;
        ep->calls = calls;
        ep->room = room;
    }
    if (ep->last_peer == UINT32_MAX)
        return FR_ENOMEM;
    call->peer = ++ep->last_peer;
    ep->calls[ep->count++] = call;
    return FR_OK;
}

/* A write to the socket costs the leader as much as copying a message does: answers are sent once
 * there are a few, or nothing more is there to be received. */
static void release(fr_ep *ep)
{
    ep->held = 0;
    for (unsigned i = 0; i < ep->count; i++)
        call_settle(ep->calls[i]);
}

void ep_hold(fr_ep *ep)
{
    if ((ep->held || ep->count <= FEW) && ++ep->held == HOLD)
        release(ep);
}

static unsigned place(const fr_ep *ep, fr_peer peer)
{
    unsigned low = 0, high = ep->count;
    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        if (ep->calls[mid]->peer < peer)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct call *ep_find(fr_ep *ep, fr_peer peer)
{
    unsigned at = place(ep, peer);
    return at < ep->count && ep->calls[at]->peer == peer ? ep->calls[at] : NULL;
}

static void remove_call(fr_ep *ep, struct call *call)
{
    unsigned at = place(ep, call->peer);
    ep->count--;
    memmove(&ep->calls[at], &ep->calls[at + 1], (ep->count - at) * sizeof(struct call *));
    call->next = ep->gone;
    ep->gone = call;
}

static void free_gone(fr_ep *ep)
{
    struct call *call;
    while ((call = ep->gone)) {
        ep->gone = call->next;
        call_delete(call);
    }
}

/* ---------------------------------------------------------------- poll */

/* False: it is none for the core any more. */
static bool deliver(fr_ep *ep, struct item *item, struct fr_event *event)
{
    *event = item->event;
    switch (event->type) {
    case FR_EV_RECV:
        if (item->call->dropped) {
            msg_delete((struct msg *)event->msg);
            return false;
        }
        msg_lend(ep, (struct msg *)event->msg);
        return true;
    case FR_EV_SENT:
        msg_delete((struct msg *)((char *)item - offsetof(struct msg, item)));
        return true;
    case FR_EV_PEER_DOWN:
        remove_call(ep, item->call);
        return true;
    default:
        return true;
    }
}

/* Ends a connecting that takes too long; *by_ns_p: when to look again, if that is earlier. */
static void watch_alarm(fr_ep *ep, uint64_t now_ns, uint64_t *by_ns_p)
{
    struct call *c = !ep->leader && ep->count ? ep->calls[0] : NULL;
    if (!c || c->dead || (c->up && !c->bridge))
        return;
    if (now_ns >= c->alarm_ns && c->up)
        call_settle(c);
    else if (now_ns >= c->alarm_ns)
        call_cut(c, FR_ECONN, GRPC_STATUS_DEADLINE_EXCEEDED, "no answer within connect_timeout");
    else if (c->alarm_ns < *by_ns_p)
        *by_ns_p = c->alarm_ns;
}

static gpr_timespec in_ns(uint64_t ns)
{
    return gpr_time_add(
        gpr_now(GPR_CLOCK_MONOTONIC),
        gpr_time_from_nanos(ns < INT64_MAX ? (int64_t)ns : INT64_MAX, GPR_TIMESPAN));
}

int ep_poll(fr_ep *ep, struct fr_event *events, unsigned max, int timeout_ms)
{
    call_read_due(ep); /* first: one of them may be gone */
    free_gone(ep);
    unsigned n = 0;
    bool wait = timeout_ms != 0;
    uint64_t end_ns = UINT64_MAX;
    if (timeout_ms > 0)
        end_ns = ep->host->now_ns() + (uint64_t)timeout_ms * 1000000u;
    for (;;) {
        struct item *item;
        while (n < max && (item = pop(ep)))
            n += deliver(ep, item, &events[n]);
        /* Looking for more costs a turn of gRPC's own polling, which pays where many send. */
        if (n == max || (n > 0 && ep->count <= FEW))
            return (int)n;
        if (wake_take(&ep->wake))
            wait = false;
        gpr_timespec until = gpr_inf_past(GPR_CLOCK_MONOTONIC);
        uint64_t by_ns = end_ns, now_ns = 0;
        if (n == 0) {
            call_read_due(ep);
            now_ns = ep->host->now_ns();
            watch_alarm(ep, now_ns, &by_ns);
            if (ep->first)
                continue;
            if (wait && !ep->held)
                until = by_ns == UINT64_MAX ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
                        : by_ns > now_ns    ? in_ns(by_ns - now_ns)
                                            : until;
        }
        grpc_event got = grpc_completion_queue_next(ep->cq, until, NULL);
        if (got.type == GRPC_OP_COMPLETE) {
            struct tag *tag = got.tag;
            tag->done(tag, got.success != 0);
        } else if (got.type == GRPC_QUEUE_SHUTDOWN) {
            return FR_FAIL(ep->host, FR_EIO, "the completion queue is shut down");
        } else if (ep->held) {
            release(ep);
        } else if (n > 0 || !wait || ep->host->now_ns() >= end_ns) {
            return (int)n;
        }
    }
}

/* ---------------------------------------------------------------- open and close */

static void quiet(void)
{
    /* Process-wide, and so only where nobody asked for gRPC's own log. */
    enum { NOTHING = GPR_LOG_SEVERITY_ERROR + 11 };
    if (!getenv("GRPC_VERBOSITY"))
        gpr_set_log_verbosity((gpr_log_severity)NOTHING);
}

static void drain(fr_ep *ep)
{
    gpr_timespec until = in_ns((uint64_t)CLOSE_MS * 1000000u);
    grpc_event got;
    grpc_completion_queue_shutdown(ep->cq);
    while ((got = grpc_completion_queue_next(ep->cq, until, NULL)).type == GRPC_OP_COMPLETE)
        ((struct tag *)got.tag)->done(got.tag, got.success != 0);
    if (got.type == GRPC_QUEUE_SHUTDOWN)
        grpc_completion_queue_destroy(ep->cq);
}

fr_status ep_open(const struct fr_host *host, const struct grpc_cfg *cfg,
                  const struct fr_open_args *args, fr_ep **ep_p)
{
    fr_ep *ep = calloc(1, sizeof(*ep));
    if (!ep)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    ep->host = host;
    ep->cfg = cfg;
    ep->leader = args->role == FR_ROLE_LEADER;
    ep->connected = ep->leader;
    ep->tls = creds_tls(cfg);
    ep->node_service =
        ep->leader ? cfg->nodeservice && !cfg->tls_client_auth && !(args->flags & FR_OPEN_TOKEN)
                   : cfg->protocol == PROTOCOL_NODESERVICE;
    ep->end = &ep->first;
    ep->stats.size = sizeof(ep->stats);
    ep->max_recv_bytes = args->max_recv_bytes && args->max_recv_bytes < GRPC_MAX_MSG_BYTES
                             ? args->max_recv_bytes
                             : GRPC_MAX_MSG_BYTES;
    const char *address = *args->address ? args->address : GRPC_DEFAULT_ADDRESS;
    if (ep->leader && args->flags & FR_OPEN_ANY_ADDRESS)
        address = "127.0.0.1:0";
    fr_status st = addr_parse(host, address, &ep->addr);
    if (st == FR_OK && !ep->leader && !ep->addr.local && ep->addr.port == 0)
        st = FR_FAIL(host, FR_EADDR, "\"%s\": a worker needs the leader's port", address);
    if (st != FR_OK)
        goto free_ep;

    quiet();
    grpc_init();
    ep->cq = grpc_completion_queue_create_for_next(NULL);
    wake_start(&ep->wake, ep->cq);
    st = ep->leader ? server_open(ep, &ep->server) : client_open(ep, &ep->client);
    if (st != FR_OK)
        goto stop_wake;
    *ep_p = ep;
    return FR_OK;

stop_wake:
    wake_stop(&ep->wake);
    drain(ep);
    grpc_shutdown_blocking();
    addr_release(&ep->addr);
    free(ep->calls);
free_ep:
    free(ep);
    return st;
}

void ep_shutdown(fr_ep *ep)
{
    if (ep->shut)
        return;
    /* The server goes on until close, and refuses calls: one that stops closes the connections too,
     * at once, and then a worker that has not yet read everything may fail to write, and so lose
     * the rest. */
    ep->shut = true;
    ep->held = 0;
    for (unsigned i = 0; i < ep->count; i++)
        call_leave(ep->calls[i]);
}

static bool busy(const fr_ep *ep)
{
    for (unsigned i = 0; i < ep->count; i++)
        if (ep->calls[i]->flight)
            return true;
    return ep->server && !server_idle(ep->server);
}

static void free_events(fr_ep *ep)
{
    struct item *item;
    while ((item = pop(ep)))
        if (item->event.type == FR_EV_SENT)
            msg_delete((struct msg *)((char *)item - offsetof(struct msg, item)));
        else if (item->event.type == FR_EV_RECV)
            msg_delete((struct msg *)item->event.msg);
}

/* After a failed attempt gRPC keeps the connection's object until its back-off is over, 100 ms, and
 * its threads with it: the process had better not end meanwhile. */
static void await_end(void)
{
    for (int ms = 0; ms < 300 && grpc_is_initialized(); ms++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void ep_close(fr_ep *ep)
{
    bool connected = ep->connected;
    ep->closing = true;
    for (unsigned i = 0; i < ep->count; i++) {
        struct call *c = ep->calls[i];
        c->flight &= ~(unsigned)CALL_DUE;
        grpc_call_cancel(c->call, NULL);
        if (c->bridge)
            c->bridge->abort(c);
    }
    if (ep->server) {
        server_stop(ep->server);
        server_cancel(ep->server);
    }
    wake_stop(&ep->wake);
    gpr_timespec until = in_ns((uint64_t)CLOSE_MS * 1000000u);
    while (busy(ep)) {
        grpc_event got = grpc_completion_queue_next(ep->cq, until, NULL);
        if (got.type != GRPC_OP_COMPLETE)
            break;
        ((struct tag *)got.tag)->done(got.tag, got.success != 0);
    }
    if (busy(ep)) { /* freeing what gRPC still writes to would be worse than keeping it */
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "gRPC did not end within %d ms", CLOSE_MS);
        addr_release(&ep->addr);
        return;
    }
    free_events(ep);
    free_gone(ep);
    for (unsigned i = 0; i < ep->count; i++)
        call_delete(ep->calls[i]);
    struct msg *m;
    while ((m = ep->out)) {
        msg_take_back(ep, m);
        msg_delete(m);
    }
    free(ep->spare);
    if (ep->server)
        server_delete(ep->server);
    if (ep->client)
        client_delete(ep->client);
    drain(ep);
    addr_release(&ep->addr);
    free(ep->calls);
    free(ep);
    grpc_shutdown_blocking();
    if (!connected)
        await_end();
}
