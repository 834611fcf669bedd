/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ failing */

static struct {
    const char *name;
    atomic_bool failed;
    const char *skipped;
} current;

void fail_begin(const char *name)
{
    current.name = name;
    atomic_store(&current.failed, false);
    current.skipped = NULL;
}

void skip(const char *why)
{
    current.skipped = why;
}

const char *skipped(void)
{
    return current.skipped;
}

bool failed(void)
{
    return atomic_load(&current.failed);
}

void fail_at(const char *file, int line, const char *fmt, ...)
{
    if (atomic_exchange(&current.failed, true))
        return; /* the first is the cause, the others follow from it */
    const char *slash = strrchr(file, '/');
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    printf("FAIL %s %s:%d %s\n", current.name, slash ? slash + 1 : file, line, text);
    fflush(stdout);
}

/* ------------------------------------------------------------------ opening */

static fr_status open_end(const struct rig *rig, const struct fr_open_args *args, struct end *end_p)
{
    struct end e = {.rig = rig,
                    .leader = args->role == FR_ROLE_LEADER,
                    .max_recv_bytes = args->max_recv_bytes,
                    .attr = {.size = sizeof(e.attr)}};
    fr_status st = fr_inner_open(&rig->inners[0], args, &e.ep);
    if (st != FR_OK) {
        if (e.ep)
            FAIL("open failed with %d but set *ep_p", (int)st);
        return st;
    }
    if (rig->ops->query(e.ep, &e.attr) != FR_OK)
        FAIL("query failed");
    *end_p = e;
    return FR_OK;
}

fr_status leader_open(const struct rig *rig, uint64_t max_recv_bytes, struct end *end_p)
{
    static unsigned number;
    char fresh[256];
    const char *address = rig->address, *star = address ? strchr(address, '*') : NULL;
    if (star) {
        snprintf(fresh, sizeof(fresh), "%.*sconformance-%d-%u%s", (int)(star - address), address,
                 (int)getpid(), ++number, star + 1);
        address = fresh;
    }
    return open_end(rig,
                    &(struct fr_open_args){.size = sizeof(struct fr_open_args),
                                           .role = FR_ROLE_LEADER,
                                           .flags = address ? 0 : FR_OPEN_ANY_ADDRESS,
                                           .address = address ? address : "",
                                           .max_recv_bytes = max_recv_bytes,
                                           .max_send_bytes = MAX_RECV},
                    end_p);
}

fr_status leader_open_at(const struct rig *rig, const char *address, struct end *end_p)
{
    return open_end(rig,
                    &(struct fr_open_args){.size = sizeof(struct fr_open_args),
                                           .role = FR_ROLE_LEADER,
                                           .address = address,
                                           .max_recv_bytes = MAX_RECV,
                                           .max_send_bytes = MAX_RECV},
                    end_p);
}

fr_status worker_open(const struct rig *rig, const char *address, uint64_t max_recv_bytes,
                      struct end *end_p)
{
    return open_end(rig,
                    &(struct fr_open_args){.size = sizeof(struct fr_open_args),
                                           .role = FR_ROLE_WORKER,
                                           .address = address,
                                           .max_recv_bytes = max_recv_bytes},
                    end_p);
}

void end_close(struct end *end)
{
    if (end->ep)
        end->rig->ops->close(end->ep);
    for (unsigned i = 0; i < end->count; i++) {
        free(end->peers[i]->unreported);
        free(end->peers[i]);
    }
    free(end->peers);
    free(end->held);
    *end = (struct end){0};
}

struct peer *end_peer(struct end *end)
{
    return end->count ? end->peers[end->count - 1] : NULL;
}

unsigned end_alive(const struct end *end)
{
    unsigned n = 0;
    for (unsigned i = 0; i < end->count; i++)
        n += end->peers[i]->up && !end->peers[i]->down;
    return n;
}

bool is_up(void *end)
{
    return end_alive(end) > 0;
}

struct joining {
    const struct end *leader, *worker;
    unsigned before;
};

static bool has_joined(void *ctx)
{
    const struct joining *j = ctx;
    return j->leader->count > j->before && end_alive(j->worker) == 1;
}

bool worker_join(struct end *leader, struct end *worker_p)
{
    fr_status st = worker_open(leader->rig, leader->attr.address, MAX_RECV, worker_p);
    if (st != FR_OK) {
        FAIL("a worker cannot open \"%s\": %d", leader->attr.address, (int)st);
        return false;
    }
    worker_p->next_stream = leader->next_stream;
    struct joining j = {leader, worker_p, leader->count};
    return pump2(leader, worker_p, has_joined, &j);
}

bool pair_open(const struct rig *rig, struct end *leader_p, struct end *worker_p)
{
    fr_status st = leader_open(rig, MAX_RECV, leader_p);
    if (st != FR_OK)
        FAIL("a leader cannot open: %d", (int)st);
    return st == FR_OK && worker_join(leader_p, worker_p);
}

/* ------------------------------------------------------------------ polling */

static struct peer *find_peer(const struct end *end, fr_peer id)
{
    for (unsigned i = 0; i < end->count; i++)
        if (end->peers[i]->id == id)
            return end->peers[i];
    return NULL;
}

static struct peer *add_peer(struct end *end, fr_peer id)
{
    struct peer *p = calloc(1, sizeof(*p));
    struct peer **peers = realloc(end->peers, (end->count + 1) * sizeof(struct peer *));
    if (!p || !peers)
        abort();
    p->id = id;
    p->stream = end->one_stream ? 0 : end->next_stream++;
    end->peers = peers;
    end->peers[end->count++] = p;
    return p;
}

static void on_recv(struct end *end, struct peer *p, struct fr_msg *m)
{
    if (!m) {
        FAIL("RECV without a message");
        return;
    }
    uintptr_t align = end->attr.align_bytes;
    if (m->peer != p->id)
        FAIL("a message from peer %u says %u", p->id, m->peer);
    else if (m->len == 0 || m->len > end->max_recv_bytes)
        FAIL("received %zu bytes where at most %llu are accepted", m->len,
             (unsigned long long)end->max_recv_bytes);
    else if (align && (uintptr_t)m->data % align != 0)
        FAIL("a received message is not aligned to %u", end->attr.align_bytes);
    else if (!content_ok(m->data, m->len, p->stream, p->recvs))
        FAIL("message %llu (%zu bytes) of peer %u has another content or order",
             (unsigned long long)p->recvs, m->len, p->id);
    p->recvs++;
    p->rx_bytes += m->len;
    if (!end->keep) {
        end->rig->ops->msg_free(end->ep, m);
        return;
    }
    if (end->held_count == end->held_room) {
        end->held_room = end->held_room ? end->held_room * 2 : 64;
        end->held = realloc(end->held, end->held_room * sizeof(struct fr_msg *));
        if (!end->held)
            abort();
    }
    end->held[end->held_count++] = m;
}

static void on_sent(struct peer *p, const struct fr_event *ev)
{
    if (ev->user >> 40 != p->stream + 1u)
        FAIL("SENT with user %llx", (unsigned long long)ev->user);
    uint64_t number = ev->user & ((UINT64_C(1) << 40) - 1);
    if (number >= p->sends || !p->unreported[number])
        FAIL("SENT for message %llu, which was not sent or already reported",
             (unsigned long long)number);
    else
        p->unreported[number] = 0;
    if (ev->status != FR_OK && ev->status != FR_ECLOSED)
        FAIL("SENT with status %d", (int)ev->status);
    p->sents++;
    p->lost += ev->status != FR_OK;
}

static void on_event(struct end *end, const struct fr_event *ev)
{
    struct peer *p = find_peer(end, ev->peer);
    if (ev->type == FR_EV_PEER_UP) {
        if (ev->peer == 0 || p)
            FAIL("PEER_UP with number %u, which is %s", ev->peer, p ? "used" : "no number");
        else if (!end->leader && end->count > 0)
            FAIL("a worker has a second peer");
        else
            add_peer(end, ev->peer)->up = true;
        return;
    }
    if (ev->type == FR_EV_PEER_DOWN && !p && !end->leader && end->count == 0)
        p = add_peer(end, ev->peer); /* could not connect */
    else if (!p || p->down) {
        FAIL("event %d of peer %u, which is %s", (int)ev->type, ev->peer, p ? "gone" : "unknown");
        return;
    }
    switch (ev->type) {
    case FR_EV_RECV:
        on_recv(end, p, ev->msg);
        break;
    case FR_EV_SENT:
        on_sent(p, ev);
        break;
    case FR_EV_PEER_DOWN:
        if (p->sents != p->sends)
            FAIL("PEER_DOWN before %llu of %llu SENTs", (unsigned long long)(p->sends - p->sents),
                 (unsigned long long)p->sends);
        p->down = true;
        p->status = ev->status;
        snprintf(p->detail, sizeof(p->detail), "%s", ev->detail ? ev->detail : "");
        break;
    default:
        FAIL("event of type %d", (int)ev->type);
    }
}

int end_poll(struct end *end, int timeout_ms)
{
    struct fr_event ev[16];
    enum { MAX = sizeof(ev) / sizeof(ev[0]) };
    int n = end->rig->ops->poll(end->ep, ev, MAX, timeout_ms);
    if (n < 0 || n > MAX)
        FAIL("poll returned %d", n);
    for (int i = 0; i < n && i < MAX; i++)
        on_event(end, &ev[i]);
    return failed() ? -1 : n;
}

bool pump(struct end *const *ends, unsigned count, bool (*done)(void *ctx), void *ctx)
{
    uint64_t deadline = now_ms() + DEAD_MAN_S * 1000;
    unsigned turn = 0;
    while (!failed()) {
        if (done(ctx))
            return true;
        int events = 0;
        for (unsigned i = 0; i < count && events >= 0; i++)
            if (ends[i]->ep) {
                int n = end_poll(ends[i], 0);
                events = n < 0 ? -1 : events + n;
            }
        if (events == 0) { /* all is quiet: give threads and kernels a moment */
            struct end *e = ends[turn++ % count];
            if (e->ep)
                end_poll(e, 1);
            else
                usleep(1000);
        }
        if (now_ms() > deadline)
            FAIL("nothing came of it in %d s", DEAD_MAN_S);
    }
    return false;
}

bool pump2(struct end *a, struct end *b, bool (*done)(void *ctx), void *ctx)
{
    struct end *const ends[] = {a, b};
    return pump(ends, 2, done, ctx);
}

static bool is_past(void *deadline_ms)
{
    return now_ms() >= *(const uint64_t *)deadline_ms;
}

void pump_for(struct end *const *ends, unsigned count, int ms)
{
    uint64_t deadline = now_ms() + (uint64_t)ms;
    pump(ends, count, is_past, &deadline);
}

bool is_counted(void *ctx)
{
    const struct wait_count *w = ctx;
    return *w->what >= w->at_least;
}

bool is_down(void *peer)
{
    return ((const struct peer *)peer)->down;
}

bool is_settled(void *ctx)
{
    const struct exchange *x = ctx;
    return x->a->sents == x->a->sends && x->b->sents == x->b->sends && x->a->recvs == x->b->sends &&
           x->b->recvs == x->a->sends;
}
