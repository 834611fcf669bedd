/* SPDX-License-Identifier: MIT
 * lanes.h - the body of every vector kernel; included by one file for each instruction set, which
 * defines before:
 *
 *   VEC, LANES        a vector of doubles and how many it holds
 *   GROUP             vectors in flight at once: enough to hide the latency of one step
 *   TARGET            function attribute that allows the instructions
 *   v_set1 v_load v_store v_add v_sub v_mul
 *   MASK, m_bits(m)   a mask of lanes, and as bits, lane 0 lowest
 *   v_gt(a, b)        lanes where a > b
 *   v_not_le(a, b)    lanes where a > b or either is NaN
 *   m_from_bits(bits), m_and_not(a, b): a without b, m_or(a, b), v_select(m, a, b): m ? a : b
 *
 * How it works. Every lane has a point of its own, and a new one as soon as that is done, so no
 * lane waits for the slowest of its vector. Steps go in blocks of BLOCK without a test: once |z|
 * is past 2 it grows for ever (|z^2 + c| >= |z| (|z| - 1), and |c| <= |z| by then), so an orbit
 * that escaped inside the block shows at its end: above a limit that is lower than 4 by more than
 * rounding can lose in a block, or NaN after overflow. Such a lane is computed again from the
 * block's beginning, with the exact test at each step. The arithmetic of a step is the definition's
 * (no fused operation, same order), so all kernels give the same bits. */
#include "kernel/kernels.h"

enum { BLOCK = 8, PENDING = GROUP * LANES + LANES };

/* Points that need the exact test: where their block began. */
struct pending {
    double x[PENDING], y[PENDING], c[PENDING], it[PENDING];
    size_t index[PENDING];
    unsigned count;
};

struct lanes {
    const double *cx;
    size_t n, next; /* points of the row, and the first that no lane has had */
    double cy;
    uint32_t iters;
    double c[GROUP][LANES];
    size_t index[GROUP][LANES];
    uint64_t start[GROUP][LANES]; /* `now` when the lane's point began */
    unsigned alive[GROUP];        /* bits */
    uint64_t now;                 /* steps of every lane so far        */
    uint64_t deadline;            /* no lane reaches iters before      */
    struct pending pending;
    double *zx, *zy;
    int32_t *it;
};

/* One vector of pending points, each to its end. */
TARGET static void settle(struct lanes *l, unsigned first, unsigned count)
{
    struct pending *p = &l->pending;
    VEC x = v_load(p->x + first), y = v_load(p->y + first), c = v_load(p->c + first);
    VEC it = v_load(p->it + first), cy = v_set1(l->cy);
    const VEC iters = v_set1(l->iters), one = v_set1(1), two = v_set1(2), four = v_set1(4);
    MASK active = m_from_bits((1u << count) - 1);
    for (;;) {
        VEC xx = v_mul(x, x), yy = v_mul(y, y), xy = v_mul(x, y);
        MASK more = v_gt(iters, it);
        active = m_and_not(active, v_gt(v_add(xx, yy), four));
        active = m_and_not(active, m_and_not(m_from_bits((1u << LANES) - 1), more));
        if (!m_bits(active))
            break;
        x = v_select(active, v_add(v_sub(xx, yy), c), x);
        y = v_select(active, v_add(v_mul(two, xy), cy), y);
        it = v_select(active, v_add(it, one), it);
    }
    double xs[LANES], ys[LANES], its[LANES];
    v_store(xs, x);
    v_store(ys, y);
    v_store(its, it);
    for (unsigned i = 0; i < count; i++) {
        size_t at = p->index[first + i];
        l->zx[at] = xs[i];
        l->zy[at] = ys[i];
        l->it[at] = (int32_t)its[i];
    }
}

/* Gives the marked lanes of vector v new points, after their old ones went to the pending. x and y
 * are the lanes' z at the beginning of the block that ends at now + behind. */
TARGET static void exchange(struct lanes *l, unsigned v, unsigned bits, const double *x,
                            const double *y, unsigned behind)
{
    struct pending *p = &l->pending;
    while (bits) {
        unsigned i = (unsigned)__builtin_ctz(bits), at = p->count++;
        bits &= bits - 1;
        p->x[at] = x[i];
        p->y[at] = y[i];
        p->c[at] = l->c[v][i];
        p->it[at] = (double)(l->now - l->start[v][i]);
        p->index[at] = l->index[v][i];
        if (l->next < l->n) {
            l->c[v][i] = l->cx[l->next];
            l->index[v][i] = l->next++;
            l->start[v][i] = l->now + behind;
        } else {
            l->alive[v] &= ~(1u << i);
        }
    }
}

TARGET static void settle_full(struct lanes *l)
{
    struct pending *p = &l->pending;
    while (p->count >= LANES) {
        p->count -= LANES;
        settle(l, p->count, LANES);
    }
}

/* Lanes that would pass iters within the next block, as bits; and when to look again. */
static unsigned expired(struct lanes *l, unsigned v)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < LANES; i++) {
        if (!(l->alive[v] >> i & 1))
            continue;
        uint64_t end = l->start[v][i] + l->iters;
        if (l->now + BLOCK > end)
            bits |= 1u << i;
        else if (end < l->deadline)
            l->deadline = end;
    }
    return bits;
}

TARGET static void row(const double *cx, double cy, size_t n, uint32_t iters, double *zx,
                       double *zy, int32_t *it)
{
    struct lanes l = {.cx = cx, .n = n, .cy = cy, .iters = iters, .zx = zx, .zy = zy, .it = it};
    VEC x[GROUP], y[GROUP], c[GROUP];
    const VEC zero = v_set1(0), cyv = v_set1(cy);
    const VEC limit = v_set1(4 - 1e-9);
    unsigned living = 0;
    for (unsigned v = 0; v < GROUP; v++) {
        for (unsigned i = 0; i < LANES && l.next < n; i++) {
            l.c[v][i] = cx[l.next];
            l.index[v][i] = l.next++;
            l.alive[v] |= 1u << i;
        }
        living |= l.alive[v];
        x[v] = y[v] = zero;
        c[v] = v_load(l.c[v]);
    }
    l.deadline = iters;
    while (living) {
        while (l.now + BLOCK > l.deadline && living) {
            l.deadline = UINT64_MAX;
            living = 0;
#pragma GCC unroll 8
            for (unsigned v = 0; v < GROUP; v++) {
                unsigned bits = expired(&l, v);
                if (bits) {
                    double xs[LANES], ys[LANES];
                    v_store(xs, x[v]);
                    v_store(ys, y[v]);
                    exchange(&l, v, bits, xs, ys, 0);
                    MASK fresh = m_from_bits(bits);
                    x[v] = v_select(fresh, zero, x[v]);
                    y[v] = v_select(fresh, zero, y[v]);
                    c[v] = v_load(l.c[v]);
                    if (l.now + iters < l.deadline)
                        l.deadline = l.now + iters; /* of the new points */
                }
                living |= l.alive[v];
            }
            settle_full(&l);
        }
        if (!living)
            break;
        VEC x0[GROUP], y0[GROUP];
#pragma GCC unroll 8
        for (unsigned v = 0; v < GROUP; v++) {
            x0[v] = x[v];
            y0[v] = y[v];
        }
#pragma GCC unroll 8
        for (unsigned k = 0; k < BLOCK; k++) {
#pragma GCC unroll 8
            for (unsigned v = 0; v < GROUP; v++) {
                VEC xy = v_mul(x[v], y[v]);
                VEC xx = v_mul(x[v], x[v]), yy = v_mul(y[v], y[v]);
                x[v] = v_add(v_sub(xx, yy), c[v]);
                y[v] = v_add(v_add(xy, xy), cyv); /* 2*xy: the same bits */
            }
        }
        bool any = false;
#pragma GCC unroll 8
        for (unsigned v = 0; v < GROUP; v++) {
            VEC norm = v_add(v_mul(x[v], x[v]), v_mul(y[v], y[v]));
            unsigned bits = m_bits(v_not_le(norm, limit)) & l.alive[v];
            if (!bits)
                continue;
            double xs[LANES], ys[LANES];
            v_store(xs, x0[v]);
            v_store(ys, y0[v]);
            exchange(&l, v, bits, xs, ys, BLOCK);
            MASK fresh = m_from_bits(bits);
            x[v] = v_select(fresh, zero, x[v]);
            y[v] = v_select(fresh, zero, y[v]);
            c[v] = v_load(l.c[v]);
            any = true;
        }
        l.now += BLOCK;
        if (any) {
            settle_full(&l);
            living = 0;
            for (unsigned v = 0; v < GROUP; v++)
                living |= l.alive[v];
        }
    }
    settle_full(&l);
    if (l.pending.count)
        settle(&l, 0, l.pending.count);
}
