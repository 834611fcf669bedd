/* SPDX-License-Identifier: MIT
 * case_flow.c - many messages: order, back-pressure, many peers. */
#include "cases.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MANY = FEWER(10000, 2000), PEERS = 64, EACH = FEWER(50, 20) };

/* Mostly short ones, now and then a long one. */
static size_t some_len(uint64_t number)
{
    uint64_t r = mix(number);
    return (size_t)(r >> 8) % (r % 16 == 0 ? MAX_RECV : 1500) + 1;
}

struct flow {
    struct end *end;
    atomic_int *busy; /* sides that are not done */
};

/* Sends MANY, receives MANY, and serves the other side until it is done too. */
static void *run_flow(void *ctx)
{
    struct flow *f = ctx;
    struct peer *p = end_peer(f->end);
    uint64_t deadline = now_ms() + 2 * DEAD_MAN_S * 1000;
    bool done = false;
    while (atomic_load(f->busy) > 0 && !failed()) {
        fr_status st = FR_OK;
        for (int i = 0; i < 8 && st == FR_OK && p->sends < MANY; i++)
            st = end_send(f->end, p, some_len(p->sends));
        bool idle = st != FR_OK || p->sends == MANY;
        if (end_poll(f->end, idle ? 20 : 0) < 0)
            break;
        if (!done && p->sends == MANY && p->sents == MANY && p->recvs == MANY) {
            done = true;
            atomic_fetch_sub(f->busy, 1);
        }
        if (p->down || now_ms() > deadline)
            FAIL("stuck with %llu sent, %llu reported, %llu received, %s %s",
                 (unsigned long long)p->sends, (unsigned long long)p->sents,
                 (unsigned long long)p->recvs, p->down ? "down:" : "up", p->detail);
    }
    return NULL;
}

static void ordering(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    atomic_int busy = 2;
    struct flow flows[] = {{&l, &busy}, {&w, &busy}};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run_flow, &flows[1]) == 0, "no thread");
    run_flow(&flows[0]);
    pthread_join(thread, NULL);
    TRY(!failed());
    CHECK(end_peer(&l)->lost == 0 && end_peer(&w)->lost == 0, "SENT without FR_OK");
    end_close(&w);
    end_close(&l);
}

static void back_pressure(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    for (int by_leader = 0; by_leader < 2; by_leader++)
        for (int big = 0; big < 2; big++) {
            struct end *from = by_leader ? &l : &w, *to = by_leader ? &w : &l;
            struct exchange x = {end_peer(from), end_peer(to)};
            TRY(fill_up(from, end_peer(from), big ? MAX_RECV : 500));
            struct fr_stats s = {.size = sizeof(s)};
            rig->ops->stats(from->ep, &s);
            CHECK(s.tx_again > 0, "tx_again counts nothing");
            TRY(pump2(from, to, is_settled, &x));
            for (int i = 0; i < 100; i++)
                TRY(send_pumped(from, end_peer(from), 1000, to));
            TRY(pump2(from, to, is_settled, &x));
        }
    end_close(&w);
    end_close(&l);
}

static bool crowd_done(void *leader)
{
    const struct end *l = leader;
    for (unsigned i = 0; i < l->count; i++) {
        const struct peer *p = l->peers[i];
        if (!p->down && (p->recvs < EACH || p->sents < p->sends))
            return false;
    }
    return true;
}

static bool eight_left(void *leader)
{
    return end_alive(leader) == PEERS - 8;
}

static void crowd(const struct rig *rig)
{
    struct end l, *w = calloc(PEERS, sizeof(*w));
    struct end *ends[PEERS + 1] = {&l};
    TRY(w && leader_open(rig, MAX_RECV, &l) == FR_OK);
    for (int i = 0; i < PEERS; i++) {
        ends[i + 1] = &w[i];
        TRY(worker_join(&l, &w[i]));
    }
    CHECK(end_alive(&l) == PEERS, "%u of %d peers", end_alive(&l), PEERS);
    for (int n = 0; n < EACH; n++)
        for (int i = 0; i < PEERS; i++) {
            TRY(send_pumped(&w[i], end_peer(&w[i]), some_len((uint64_t)(n * PEERS + i)), &l));
            if (n % 8 == 0)
                TRY(send_pumped(&l, l.peers[i], 300, &w[i]));
        }
    TRY(pump(ends, PEERS + 1, crowd_done, &l));
    for (int i = 0; i < 8; i++)
        end_close(&w[i * 5]);
    TRY(pump(ends, PEERS + 1, eight_left, &l));
    for (int i = 0; i < 8; i++) /* new ones have new numbers, which the rig checks */
        TRY(worker_join(&l, &w[i * 5]));
    CHECK(end_alive(&l) == PEERS && l.count == PEERS + 8, "%u peers alive", end_alive(&l));
    for (int i = 0; i < PEERS; i++)
        end_close(&w[i]);
    end_close(&l);
    free(w);
}

/* A worker that neither polls nor takes anything costs the others nothing. */
static void silent_peer(const struct rig *rig)
{
    enum { OTHERS = 3 };
    struct end l, silent, w[OTHERS];
    struct end *ends[OTHERS + 1] = {&l};
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    TRY(worker_join(&l, &silent));
    TRY(fill_up(&silent, end_peer(&silent), 1000)); /* the leader hears of it and cannot answer */
    TRY(fill_up(&l, l.peers[0], 1000));
    for (int i = 0; i < OTHERS; i++) {
        ends[i + 1] = &w[i];
        TRY(worker_join(&l, &w[i]));
    }
    for (int n = 0; n < 200; n++)
        for (int i = 0; i < OTHERS; i++) {
            TRY(send_pumped(&w[i], end_peer(&w[i]), 1000, &l));
            TRY(send_pumped(&l, l.peers[i + 1], 1000, &w[i]));
        }
    for (int i = 0; i < OTHERS; i++)
        TRY(pump(ends, OTHERS + 1, is_settled,
                 &(struct exchange){end_peer(&w[i]), l.peers[i + 1]}));
    CHECK(!l.peers[0]->down, "the silent peer went down");
    TRY(pump2(&l, &silent, is_settled, &(struct exchange){end_peer(&silent), l.peers[0]}));
    for (int i = 0; i < OTHERS; i++)
        end_close(&w[i]);
    end_close(&silent);
    end_close(&l);
}

enum { CHURNERS = 4, ROUNDS = FEWER(40, 20) };

struct churn {
    const struct end *leader;
    int number;
    atomic_int *busy;
};

/* Comes, sends and goes in each of the ways there are, again and again. */
static void *run_churn(void *ctx)
{
    const struct churn *c = ctx;
    const struct rig *rig = c->leader->rig;
    for (int round = 0; round < ROUNDS && !failed(); round++) {
        struct end w;
        int way = (round + c->number) % 4;
        fr_status st = worker_open(rig, c->leader->attr.address, MAX_RECV, &w);
        if (st != FR_OK) {
            FAIL("open: %d", (int)st);
            break;
        }
        if (way > 0 && pump2(&w, &w, is_up, &w)) {
            for (int i = 0; i < 3 && way > 1; i++)
                end_send(&w, end_peer(&w), 1000);
            if (way == 3) {
                rig->ops->shutdown(w.ep);
                pump2(&w, &w, is_down, end_peer(&w));
            }
        }
        end_close(&w);
    }
    atomic_fetch_sub(c->busy, 1);
    return NULL;
}

static bool churn_done(void *ctx)
{
    const struct churn *c = ctx;
    return atomic_load(c->busy) == 0 && end_alive(c->leader) == 0;
}

/* Workers on threads of their own come and go while the leader answers them. */
static void churn(const struct rig *rig)
{
    struct end l;
    struct churn churners[CHURNERS];
    pthread_t threads[CHURNERS];
    atomic_int busy = CHURNERS;
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    l.one_stream = true;
    for (int i = 0; i < CHURNERS; i++) {
        churners[i] = (struct churn){&l, i, &busy};
        CHECK(pthread_create(&threads[i], NULL, run_churn, &churners[i]) == 0, "no thread");
    }
    pump2(&l, &l, churn_done, &churners[0]);
    for (int i = 0; i < CHURNERS; i++)
        pthread_join(threads[i], NULL);
    TRY(!failed());
    end_close(&l);
}

const struct test_case cases_flow[] = {
    {"ordering", ordering}, {"back-pressure", back_pressure}, {"crowd", crowd},
    {"churn", churn},       {"silent-peer", silent_peer},     {0},
};
