/* SPDX-License-Identifier: MIT
 * case_end.c - the ways in which a connection ends, but for violence. */
#include "cases.h"

enum { N = 200, WORKERS = 3 };

static bool both_down(void *ctx)
{
    const struct exchange *x = ctx;
    return x->a->down && x->b->down;
}

/* Half of the messages towards a worker that does not poll, so that they are queued. */
static bool send_some(struct end *from, struct peer *peer, struct end *to)
{
    for (uint64_t i = 0; i < N; i++)
        if (!send_pumped(from, peer, (size_t)(mix(i) % 5000 + 1), to))
            return false;
    return true;
}

static void shutdown_worker(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    struct peer *p = end_peer(&w);
    TRY(send_some(&w, p, &l));
    struct fr_msg *m = NULL;
    fr_status st = rig->ops->msg_alloc(w.ep, p->id, 10, &m);
    CHECK(st == FR_OK || st == FR_EAGAIN, "msg_alloc: %d", (int)st);
    rig->ops->shutdown(w.ep);
    if (st == FR_OK) {
        m->len = 10;
        st = end_send_msg(&w, p, m);
        CHECK(st == FR_ECLOSED, "send after shutdown: %d", (int)st);
        rig->ops->msg_free(w.ep, m);
    }
    st = rig->ops->msg_alloc(w.ep, p->id, 10, &m);
    CHECK(st == FR_ECLOSED, "msg_alloc after shutdown: %d", (int)st);
    rig->ops->shutdown(w.ep);    /* once more is no harm */
    for (int i = 0; i < 10; i++) /* nor may it give up on a leader that is slow */
        TRY(end_poll(&w, 0) >= 0);
    TRY(pump2(&l, &w, both_down, &(struct exchange){p, end_peer(&l)}));
    CHECK(end_peer(&l)->recvs == N, "%llu of %d messages", (unsigned long long)end_peer(&l)->recvs,
          N);
    CHECK(end_peer(&l)->status == FR_OK && p->status == FR_OK, "PEER_DOWN: leader %d, worker %d",
          (int)end_peer(&l)->status, (int)p->status);
    CHECK(p->lost == 0, "%llu SENTs without FR_OK, though flushed", (unsigned long long)p->lost);
    CHECK(end_poll(&l, 0) == 0 && end_poll(&w, 0) == 0, "an event after PEER_DOWN");
    end_close(&w);
    TRY(worker_join(&l, &w)); /* the leader goes on */
    end_close(&w);
    end_close(&l);
}

/* The worker closes as soon as it may: at its PEER_DOWN, whether or not the leader polled. */
static void shutdown_and_leave(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    TRY(send_some(&w, end_peer(&w), &l));
    TRY(send_pumped(&l, end_peer(&l), 100, &w));
    rig->ops->shutdown(w.ep);
    uint64_t deadline = now_ms() + DEAD_MAN_S * 1000;
    while (!end_peer(&w)->down && now_ms() < deadline)
        TRY(end_poll(&w, 1) >= 0 && end_poll(&l, 0) >= 0);
    CHECK(end_peer(&w)->down, "shutdown did not end the connection");
    end_close(&w);
    TRY(pump2(&l, &l, is_down, end_peer(&l)));
    CHECK(end_peer(&l)->recvs == N && end_peer(&l)->status == FR_OK, "%llu of %d, status %d",
          (unsigned long long)end_peer(&l)->recvs, N, (int)end_peer(&l)->status);
    end_close(&l);
}

static bool all_down(void *ends)
{
    struct end *e = ends;
    for (int i = 1; i <= WORKERS; i++)
        if (!end_peer(&e[i])->down)
            return false;
    return end_alive(&e[0]) == 0;
}

static void shutdown_leader(const struct rig *rig)
{
    struct end e[WORKERS + 1];
    struct end *ends[WORKERS + 1] = {&e[0]};
    TRY(leader_open(rig, MAX_RECV, &e[0]) == FR_OK);
    for (int i = 1; i <= WORKERS; i++) {
        ends[i] = &e[i];
        TRY(worker_join(&e[0], &e[i]));
        TRY(send_some(&e[0], end_peer(&e[0]), &e[i]));
    }
    rig->ops->shutdown(e[0].ep);
    TRY(pump(ends, WORKERS + 1, all_down, e));
    for (int i = 1; i <= WORKERS; i++) {
        const struct peer *p = end_peer(&e[i]);
        CHECK(p->recvs == N && p->status == FR_OK, "worker %d: %llu of %d, status %d", i,
              (unsigned long long)p->recvs, N, (int)p->status);
        CHECK(e[0].peers[i - 1]->status == FR_OK, "leader: status %d",
              (int)e[0].peers[i - 1]->status);
        end_close(&e[i]);
    }
    end_close(&e[0]);
}

static void shutdown_both(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    TRY(send_some(&w, end_peer(&w), &l));
    TRY(send_some(&l, end_peer(&l), &w));
    rig->ops->shutdown(w.ep);
    rig->ops->shutdown(l.ep);
    TRY(pump2(&l, &w, both_down, &(struct exchange){end_peer(&l), end_peer(&w)}));
    CHECK(end_peer(&l)->recvs == N && end_peer(&w)->recvs == N, "%llu and %llu of %d",
          (unsigned long long)end_peer(&l)->recvs, (unsigned long long)end_peer(&w)->recvs, N);
    CHECK(end_peer(&l)->status == FR_OK && end_peer(&w)->status == FR_OK, "not orderly");
    end_close(&l);
    end_close(&w);
}

static void shutdown_alone(const struct rig *rig)
{
    struct end l;
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    rig->ops->shutdown(l.ep);
    TRY(end_poll(&l, 10) == 0);
    end_close(&l);
}

static void drop(const struct rig *rig)
{
    for (int by_leader = 0; by_leader < 2; by_leader++) {
        struct end l, w;
        TRY(pair_open(rig, &l, &w));
        struct end *dropper = by_leader ? &l : &w, *other = by_leader ? &w : &l;
        for (int i = 0; i < 3; i++) { /* queued in both directions */
            TRY(end_send(dropper, end_peer(dropper), 2000) != FR_ECLOSED);
            TRY(end_send(other, end_peer(other), 2000) != FR_ECLOSED);
        }
        rig->ops->drop(dropper->ep, end_peer(dropper)->id);
        rig->ops->drop(dropper->ep, end_peer(dropper)->id);
        struct fr_msg *m;
        fr_status st = rig->ops->msg_alloc(dropper->ep, end_peer(dropper)->id, 1, &m);
        CHECK(st == FR_ECLOSED, "msg_alloc after drop: %d", (int)st);
        TRY(pump2(&l, &w, both_down, &(struct exchange){end_peer(&l), end_peer(&w)}));
        CHECK(end_peer(dropper)->status == FR_OK, "PEER_DOWN of a dropped peer: %d",
              (int)end_peer(dropper)->status);
        rig->ops->drop(dropper->ep, end_peer(dropper)->id); /* gone: ignored */
        TRY(end_poll(dropper, 0) == 0);
        end_close(&w);
        if (by_leader) {
            TRY(worker_join(&l, &w));
            end_close(&w);
        }
        end_close(&l);
    }
}

/* Neither hangs nor leaks, whoever closes with messages in every possible place. */
static void close_abruptly(const struct rig *rig)
{
    for (int by_leader = 0; by_leader < 2; by_leader++) {
        struct end l, w;
        TRY(pair_open(rig, &l, &w));
        struct end *closer = by_leader ? &l : &w, *other = by_leader ? &w : &l;
        l.keep = w.keep = true;
        for (int i = 0; i < 20; i++) {
            TRY(end_send(closer, end_peer(closer), 4000) != FR_ECLOSED);
            TRY(end_send(other, end_peer(other), 4000) != FR_ECLOSED);
            if (i == 10)
                TRY(end_poll(&l, 1) >= 0 && end_poll(&w, 1) >= 0);
        }
        uint64_t start = now_ms();
        end_close(closer);
        CHECK(now_ms() - start < 10000, "close took %llu ms",
              (unsigned long long)(now_ms() - start));
        TRY(pump2(other, other, is_down, end_peer(other)));
        end_close(other); /* with what it holds */
    }
}

/* A leader that goes, not in order, tells every worker. */
static void leader_leaves(const struct rig *rig)
{
    struct end l, w[WORKERS];
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    for (int i = 0; i < WORKERS; i++)
        TRY(worker_join(&l, &w[i]));
    end_close(&l);
    for (int i = 0; i < WORKERS; i++) {
        TRY(pump2(&w[i], &w[i], is_down, end_peer(&w[i])));
        end_close(&w[i]);
    }
}

const struct test_case cases_end[] = {
    {"shutdown-worker", shutdown_worker},
    {"shutdown-and-leave", shutdown_and_leave},
    {"shutdown-leader", shutdown_leader},
    {"shutdown-both", shutdown_both},
    {"shutdown-alone", shutdown_alone},
    {"drop", drop},
    {"close-abruptly", close_abruptly},
    {"leader-leaves", leader_leaves},
    {0},
};
