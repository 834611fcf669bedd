/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include <stdlib.h>

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static size_t head_bytes(uint32_t slots)
{
    return round_up(sizeof(struct lane_shared) + slots * (sizeof(uint64_t) + sizeof(uint32_t)),
                    4096);
}

size_t lane_bytes(uint32_t slots, uint32_t slot_bytes)
{
    return head_bytes(slots) + round_up((size_t)slots * slot_bytes, 4096);
}

bool lane_make(struct lane *lane, void *memory, uint32_t slots, uint32_t slot_bytes, void *owner,
               bool producer)
{
    unsigned char *at = memory;
    *lane = (struct lane){.shared = memory, .slots = slots, .slot_bytes = slot_bytes};
    at += sizeof(struct lane_shared);
    lane->full = (_Atomic uint64_t *)(void *)at;
    at += slots * sizeof(uint64_t);
    lane->free_ = (_Atomic uint32_t *)(void *)at;
    lane->data = (unsigned char *)memory + head_bytes(slots);
    lane->stack = calloc(slots, sizeof(*lane->stack));
    lane->msgs = calloc(slots, sizeof(*lane->msgs));
    if (!lane->stack || !lane->msgs) {
        lane_clear(lane);
        return false;
    }
    for (uint32_t i = 0; i < slots; i++) {
        lane->msgs[i].msg.data = lane->data + (size_t)i * slot_bytes;
        lane->msgs[i].owner = owner;
        lane->msgs[i].slot = i;
        if (producer)
            lane->stack[lane->stacked++] = slots - 1 - i;
    }
    return true;
}

void lane_clear(struct lane *lane)
{
    free(lane->stack);
    free(lane->msgs);
    lane->stack = NULL;
    lane->msgs = NULL;
}

/* Slots that came back. FR_EPROTO: one that was not away. */
static fr_status collect(struct lane *lane)
{
    uint32_t tail = atomic_load_explicit(&lane->shared->free_tail, memory_order_acquire);
    if (tail - lane->head > lane->slots)
        return FR_EPROTO;
    while (lane->head != tail) {
        uint32_t slot = atomic_load_explicit(&lane->free_[lane->head++ & (lane->slots - 1)],
                                             memory_order_relaxed);
        if (slot >= lane->slots || lane->msgs[slot].state != LANE_AWAY)
            return FR_EPROTO;
        lane->msgs[slot].state = LANE_FREE;
        lane->stack[lane->stacked++] = slot;
    }
    return FR_OK;
}

/* Takes between two looks for slots that came back: a look fetches a line that the other side
 * writes, but slots that are warm should be used again soon. */
enum { COLLECT_EVERY = 8 };

fr_status lane_take(struct lane *lane, struct lane_msg **msg_p)
{
    fr_status st = FR_OK;
    if (lane->stacked == 0 || ++lane->takes % COLLECT_EVERY == 0)
        st = collect(lane);
    if (st == FR_OK && lane->stacked == 0) {
        /* Ask for a bell, then look again: one of the two sees a slot that returns just now. */
        atomic_store(&lane->shared->starved, 1);
        st = collect(lane);
        if (st == FR_OK && lane->stacked == 0)
            return FR_EAGAIN;
        atomic_store_explicit(&lane->shared->starved, 0, memory_order_relaxed);
    }
    if (st != FR_OK)
        return st;
    struct lane_msg *m = &lane->msgs[lane->stack[--lane->stacked]];
    m->state = LANE_HELD;
    m->msg.len = 0;
    m->msg.cap = lane->slot_bytes;
    lane->held++;
    *msg_p = m;
    return FR_OK;
}

void lane_put_back(struct lane *lane, struct lane_msg *m)
{
    m->state = LANE_FREE;
    lane->stack[lane->stacked++] = m->slot;
    lane->held--;
}

void lane_put(struct lane *lane, struct lane_msg *m)
{
    uint32_t tail = atomic_load_explicit(&lane->shared->full_tail, memory_order_relaxed);
    m->state = LANE_AWAY;
    lane->held--;
    atomic_store_explicit(&lane->full[tail & (lane->slots - 1)],
                          (uint64_t)m->slot << 32 | (uint32_t)m->msg.len, memory_order_relaxed);
    /* In one order with the other side's "I sleep": see bell_ring. */
    atomic_store(&lane->shared->full_tail, tail + 1);
}

void lane_close(struct lane *lane)
{
    atomic_store(&lane->shared->closed, 1);
}

fr_status lane_get(struct lane *lane, uint64_t most_bytes, struct lane_msg **msg_p)
{
    uint32_t tail = atomic_load_explicit(&lane->shared->full_tail, memory_order_acquire);
    if (tail == lane->head)
        return FR_EAGAIN;
    if (tail - lane->head > lane->slots)
        return FR_EPROTO;
    uint64_t entry =
        atomic_load_explicit(&lane->full[lane->head & (lane->slots - 1)], memory_order_relaxed);
    uint32_t slot = (uint32_t)(entry >> 32), len = (uint32_t)entry;
    if (slot >= lane->slots || len == 0 || len > lane->slot_bytes ||
        lane->msgs[slot].state != LANE_FREE)
        return FR_EPROTO;
    if (len > most_bytes)
        return FR_ETOOBIG;
    lane->head++;
    struct lane_msg *m = &lane->msgs[slot];
    m->state = LANE_HELD;
    m->msg.len = m->msg.cap = len;
    lane->held++;
    *msg_p = m;
    return FR_OK;
}

bool lane_release(struct lane *lane, struct lane_msg *m)
{
    uint32_t tail = atomic_load_explicit(&lane->shared->free_tail, memory_order_relaxed);
    m->state = LANE_FREE;
    lane->held--;
    atomic_store_explicit(&lane->free_[tail & (lane->slots - 1)], m->slot, memory_order_relaxed);
    atomic_store(&lane->shared->free_tail, tail + 1);
    return atomic_load(&lane->shared->starved) && atomic_exchange(&lane->shared->starved, 0);
}

bool lane_closed(const struct lane *lane)
{
    return atomic_load_explicit(&lane->shared->closed, memory_order_acquire);
}

bool lane_waiting(const struct lane *lane)
{
    return atomic_load_explicit(&lane->shared->full_tail, memory_order_acquire) != lane->head;
}
