/* SPDX-License-Identifier: MIT
 * case_message.c - one message: its sizes, its bytes, whose it is. */
#include "cases.h"

#include <string.h>

/* 1, powers of two and their neighbours, and the longest. */
static bool send_sizes(struct end *from, struct end *to)
{
    for (size_t power = 1; power <= MAX_RECV; power *= 2)
        for (size_t len = power - 1; len <= power + 1; len++)
            if (len > 0 && len <= MAX_RECV && !send_pumped(from, end_peer(from), len, to))
                return false;
    return true;
}

static void sizes(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    CHECK(w.attr.max_msg_bytes >= MAX_RECV || rig->ops->query(w.ep, &w.attr) == FR_OK, "query");
    CHECK(w.attr.max_msg_bytes >= MAX_RECV, "a worker can send %llu bytes at most",
          (unsigned long long)w.attr.max_msg_bytes);
    TRY(send_sizes(&w, &l));
    TRY(send_sizes(&l, &w));
    TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    CHECK(end_peer(&l)->rx_bytes == end_peer(&w)->tx_bytes, "bytes are missing");
    end_close(&w);
    end_close(&l);
}

static bool one_is_down(void *ctx)
{
    const struct exchange *x = ctx;
    return x->a->down && x->b->down;
}

/* One byte more than the receiver takes. */
static void too_long(const struct rig *rig)
{
    for (int by_leader = 0; by_leader < 2; by_leader++) {
        struct end l, w;
        TRY(pair_open(rig, &l, &w));
        struct end *from = by_leader ? &l : &w, *to = by_leader ? &w : &l;
        struct fr_msg *m = NULL;
        fr_status st = rig->ops->msg_alloc(from->ep, end_peer(from)->id, MAX_RECV + 1, &m);
        CHECK(st == FR_ETOOBIG || st == FR_OK, "msg_alloc of one byte too many: %d", (int)st);
        if (st == FR_OK) {
            m->len = MAX_RECV + 1;
            st = end_send_msg(from, end_peer(from), m);
            CHECK(st == FR_OK, "send of one byte too many: %d", (int)st);
            TRY(pump2(&l, &w, one_is_down, &(struct exchange){end_peer(&l), end_peer(&w)}));
            CHECK(end_peer(to)->status == FR_ETOOBIG, "the receiver's PEER_DOWN has %d",
                  (int)end_peer(to)->status);
        } else {
            m = NULL;
            st = rig->ops->msg_alloc(from->ep, end_peer(from)->id, SIZE_MAX - 8, &m);
            CHECK(st == FR_ETOOBIG, "msg_alloc of SIZE_MAX - 8: %d", (int)st);
            TRY(send_pumped(from, end_peer(from), MAX_RECV, to)); /* nothing is broken */
            TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
        }
        end_close(&w);
        end_close(&l);
    }
}

static void bad_length(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    struct fr_msg *m = end_alloc(&w, end_peer(&w), 100);
    TRY(m);
    m->len = 0;
    fr_status st = rig->ops->send(w.ep, m);
    CHECK(st == FR_EINVAL, "send of nothing: %d", (int)st);
    m->len = m->cap + 1;
    st = rig->ops->send(w.ep, m);
    CHECK(st == FR_EINVAL, "send of more than the buffer: %d", (int)st);
    m->len = 40; /* still the caller's; shorter than asked for */
    CHECK(end_send_msg(&w, end_peer(&w), m) == FR_OK, "send after a refusal");
    TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    CHECK(end_peer(&l)->rx_bytes == 40, "%llu bytes arrived",
          (unsigned long long)end_peer(&l)->rx_bytes);
    end_close(&w);
    end_close(&l);
}

/* Buffers are written later and sent in another order than they were allocated in. */
static void unsent(const struct rig *rig)
{
    enum { N = 4 };
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    if (w.attr.tx_depth > 0 && w.attr.tx_depth < N)
        skip("fewer than four messages fit");
    for (int round = 0; round < 200 && !skipped(); round++) {
        struct fr_msg *m[N];
        for (int i = 0; i < N; i++) {
            fr_status st;
            uint64_t deadline = now_ms() + DEAD_MAN_S * 1000;
            while ((st = rig->ops->msg_alloc(w.ep, end_peer(&w)->id, 1000, &m[i])) == FR_EAGAIN) {
                CHECK(i == 0, "no room for %d messages at once", i + 1);
                TRY(end_poll(&w, 1) >= 0 && end_poll(&l, 1) >= 0);
                CHECK(now_ms() < deadline, "unsent messages were not given back");
            }
            CHECK(st == FR_OK, "msg_alloc: %d", (int)st);
            m[i]->len = 1000;
        }
        rig->ops->msg_free(w.ep, m[2]);
        fr_status st;
        while ((st = end_send_msg(&w, end_peer(&w), m[3])) == FR_EAGAIN)
            TRY(end_poll(&w, 1) >= 0 && end_poll(&l, 1) >= 0);
        CHECK(st == FR_OK, "send: %d", (int)st);
        rig->ops->msg_free(w.ep, m[0]);
        rig->ops->msg_free(w.ep, m[1]);
        TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    }
    end_alloc(&w, end_peer(&w), 10); /* close frees what is left */
    end_alloc(&l, end_peer(&l), 10);
    end_close(&w);
    end_close(&l);
}

/* Held messages keep their content while others arrive, and may be freed in any order. */
static void held(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    for (int by_leader = 0; by_leader < 2; by_leader++) {
        struct end *from = by_leader ? &l : &w, *to = by_leader ? &w : &l;
        struct peer *out = end_peer(from), *in = end_peer(to);
        uint64_t before = in->recvs;
        to->keep = true;
        /* As many as there is room for, if a transport lends its buffers. */
        uint64_t stuck_since = now_ms();
        while ((out->sends - before < 200 || to->held_count == 0) && now_ms() - stuck_since < 300) {
            fr_status st = out->sends - before < 200 ? end_send(from, out, 3000) : FR_EAGAIN;
            CHECK(st == FR_OK || st == FR_EAGAIN, "send: %d", (int)st);
            if (st == FR_OK)
                stuck_since = now_ms();
            TRY(end_poll(from, 0) >= 0 && end_poll(to, st == FR_OK ? 0 : 1) >= 0);
        }
        CHECK(to->held_count > 0, "nothing arrives while messages are held");
        for (uint64_t i = 0; i < to->held_count; i++) {
            const struct fr_msg *m = to->held[i];
            CHECK(content_ok(m->data, m->len, in->stream, before + i),
                  "message %llu changed while it was held", (unsigned long long)i);
        }
        to->keep = false;
        for (uint64_t i = 0; i < to->held_count; i += 2) /* the even ones, then backwards */
            rig->ops->msg_free(to->ep, to->held[i]);
        for (uint64_t i = to->held_count; i-- > 0;)
            if (i % 2)
                rig->ops->msg_free(to->ep, to->held[i]);
        to->held_count = 0;
        TRY(pump2(&l, &w, is_settled, &(struct exchange){out, in}));
        for (int i = 0; i < 300; i++) /* all the room came back */
            TRY(send_pumped(from, out, 3000, to));
        TRY(pump2(&l, &w, is_settled, &(struct exchange){out, in}));
    }
    end_close(&w);
    end_close(&l);
}

static void held_after_down(const struct rig *rig)
{
    for (int by_leader = 0; by_leader < 2; by_leader++) {
        struct end l, w;
        TRY(pair_open(rig, &l, &w));
        struct end *from = by_leader ? &l : &w, *to = by_leader ? &w : &l;
        to->keep = true;
        for (int i = 0; i < 5; i++)
            TRY(send_pumped(from, end_peer(from), 5000, to));
        TRY(pump2(&l, &w, is_counted, &(struct wait_count){&end_peer(to)->recvs, 5}));
        struct fr_msg *m = end_alloc(to, end_peer(to), 100);
        TRY(m);
        end_close(from);
        TRY(pump2(to, to, is_down, end_peer(to)));
        for (uint64_t i = 0; i < 5; i++)
            CHECK(content_ok(to->held[i]->data, 5000, end_peer(to)->stream, i),
                  "a held message changed when its sender left");
        m->len = 100;
        fr_status st = end_send_msg(to, end_peer(to), m);
        CHECK(st == FR_ECLOSED, "send to a peer that is down: %d", (int)st);
        rig->ops->msg_free(to->ep, m);
        st = rig->ops->msg_alloc(to->ep, end_peer(to)->id, 1, &m);
        CHECK(st == FR_ECLOSED, "msg_alloc for a peer that is down: %d", (int)st);
        end_release(to);
        end_close(to);
    }
}

static void unknown_peer(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    const fr_peer ids[] = {0, end_peer(&l)->id + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct fr_msg *m;
        fr_status st = rig->ops->msg_alloc(l.ep, ids[i], 10, &m);
        CHECK(st == FR_ECLOSED, "msg_alloc for the unknown peer %u: %d", ids[i], (int)st);
        rig->ops->drop(l.ep, ids[i]);
    }
    TRY(send_pumped(&l, end_peer(&l), 10, &w));
    TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    end_close(&w);
    end_close(&l);
}

static void stats(const struct rig *rig)
{
    struct end l, w;
    TRY(pair_open(rig, &l, &w));
    for (size_t i = 1; i <= 50; i++) {
        TRY(send_pumped(&w, end_peer(&w), i * 31, &l));
        if (i % 2)
            TRY(send_pumped(&l, end_peer(&l), i * 7, &w));
    }
    TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    struct fr_msg *m = end_alloc(&w, end_peer(&w), 500); /* the length counts, not the room */
    TRY(m);
    m->len = 123;
    TRY(end_send_msg(&w, end_peer(&w), m) == FR_OK);
    TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    const struct end *const ends[] = {&l, &w};
    for (int i = 0; i < 2; i++) {
        const struct peer *p = ends[i]->peers[0];
        struct fr_stats s = {.size = sizeof(s)};
        rig->ops->stats(ends[i]->ep, &s);
        CHECK(s.tx_msgs == p->sends && s.rx_msgs == p->recvs, "messages: %llu out, %llu in",
              (unsigned long long)s.tx_msgs, (unsigned long long)s.rx_msgs);
        CHECK(s.tx_bytes == p->tx_bytes && s.rx_bytes == p->rx_bytes, "bytes: %llu out, %llu in",
              (unsigned long long)s.tx_bytes, (unsigned long long)s.rx_bytes);
        struct fr_stats few = {.size = offsetof(struct fr_stats, rx_msgs), .rx_msgs = 7};
        rig->ops->stats(ends[i]->ep, &few);
        CHECK(few.tx_bytes == s.tx_bytes && few.rx_msgs == 7, "stats wrote beyond its size");
    }
    end_close(&w);
    end_close(&l);
}

const struct test_case cases_message[] = {
    {"sizes", sizes},
    {"too-long", too_long},
    {"bad-length", bad_length},
    {"unsent", unsent},
    {"held", held},
    {"held-after-down", held_after_down},
    {"unknown-peer", unknown_peer},
    {"stats", stats},
    {0},
};
