/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include <stdlib.h>

/* full: lap in the upper 20 bits, slot in 12, length in 32. free: lap in 20, slot in 12. Laps count
 * from 1, so that zeroed memory holds none; what a place held before is one lap old. */
enum { SLOT_BITS = 12, LAP_MASK = (1 << 20) - 1 };

static uint32_t lap_of(const struct lane *lane, uint32_t entry)
{
    return ((entry >> lane->slots_log2) + 1) & LAP_MASK;
}

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
    *lane = (struct lane){.shared = memory,
                          .slots = slots,
                          .slots_log2 = (uint32_t)__builtin_ctz(slots),
                          .slot_bytes = slot_bytes};
    at += sizeof(struct lane_shared);
    lane->full = (_Atomic uint64_t *)(void *)at;
    at += slots * sizeof(uint64_t);
    lane->free_ = (_Atomic uint32_t *)(void *)at;
    lane->data = (unsigned char *)memory + head_bytes(slots);
    lane->warm = calloc(slots, sizeof(*lane->warm));
    lane->cold = producer ? slots : 0;
    lane->msgs = calloc(slots, sizeof(*lane->msgs));
    if (!lane->warm || !lane->msgs) {
        lane_clear(lane);
        return false;
    }
    for (uint32_t i = 0; i < slots; i++) {
        lane->msgs[i].msg.data = lane->data + (size_t)i * slot_bytes;
        lane->msgs[i].owner = owner;
        lane->msgs[i].slot = i;
    }
    return true;
}

void lane_clear(struct lane *lane)
{
    free(lane->warm);
    free(lane->msgs);
    lane->warm = NULL;
    lane->msgs = NULL;
}

static void give_back(struct lane *lane, uint32_t slot)
{
    lane->warm[(lane->warm_first + lane->warm_count++) & (lane->slots - 1)] = slot;
}

/* Slots that came back. FR_EPROTO: one that was not away. */
static fr_status collect(struct lane *lane)
{
    for (;;) {
        uint32_t entry = atomic_load_explicit(&lane->free_[lane->head & (lane->slots - 1)],
                                              memory_order_acquire);
        if (entry >> SLOT_BITS != lap_of(lane, lane->head))
            return FR_OK;
        uint32_t slot = entry & ((1u << SLOT_BITS) - 1);
        if (slot >= lane->slots || lane->msgs[slot].state != LANE_AWAY)
            return FR_EPROTO;
        lane->head++;
        lane->msgs[slot].state = LANE_FREE;
        give_back(lane, slot);
    }
}

/* Slots that were used before, the longest ago first: no more memory is touched than is in flight,
 * and what the other side read last is left alone as long as can be. */
static bool has_free(const struct lane *lane)
{
    return lane->warm_count > 0 || lane->cold > 0;
}

static uint32_t take_free(struct lane *lane)
{
    if (lane->warm_count == 0)
        return lane->slots - lane->cold--;
    lane->warm_count--;
    return lane->warm[lane->warm_first++ & (lane->slots - 1)];
}

fr_status lane_take(struct lane *lane, struct lane_msg **msg_p)
{
    fr_status st = lane->warm_count == 0 ? collect(lane) : FR_OK;
    if (st == FR_OK && !has_free(lane)) {
        /* Ask for a bell, then look again: one of the two sees a slot that returns just now. */
        atomic_store(&lane->shared->starved, 1);
        st = collect(lane);
        if (st == FR_OK && !has_free(lane))
            return FR_EAGAIN;
        atomic_store_explicit(&lane->shared->starved, 0, memory_order_relaxed);
    }
    if (st != FR_OK)
        return st;
    struct lane_msg *m = &lane->msgs[take_free(lane)];
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
    give_back(lane, m->slot);
    lane->held--;
}

void lane_put(struct lane *lane, struct lane_msg *m)
{
    uint64_t entry = (uint64_t)lap_of(lane, lane->tail) << (SLOT_BITS + 32) |
                     (uint64_t)m->slot << 32 | (uint32_t)m->msg.len;
    m->state = LANE_AWAY;
    lane->held--;
    /* In one order with the other side's "I sleep": see bell_ring. */
    atomic_store(&lane->full[lane->tail++ & (lane->slots - 1)], entry);
}

void lane_close(struct lane *lane)
{
    atomic_store(&lane->shared->closed, 1);
}

fr_status lane_get(struct lane *lane, uint64_t most_bytes, struct lane_msg **msg_p)
{
    uint64_t entry =
        atomic_load_explicit(&lane->full[lane->head & (lane->slots - 1)], memory_order_acquire);
    uint32_t slot = entry >> 32 & ((1u << SLOT_BITS) - 1), len = (uint32_t)entry;
    if (entry >> (SLOT_BITS + 32) != lap_of(lane, lane->head))
        return FR_EAGAIN;
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
    m->state = LANE_FREE;
    lane->held--;
    uint32_t entry = lap_of(lane, lane->tail) << SLOT_BITS | m->slot;
    /* A store that is not in one order with the look at `starved` may miss a producer that asks
     * just now; lane_starved looks again before we sleep. */
    atomic_store_explicit(&lane->free_[lane->tail++ & (lane->slots - 1)], entry,
                          memory_order_release);
    return lane_starved(lane);
}

bool lane_starved(struct lane *lane)
{
    return atomic_load(&lane->shared->starved) && atomic_exchange(&lane->shared->starved, 0);
}

bool lane_closed(const struct lane *lane)
{
    return atomic_load_explicit(&lane->shared->closed, memory_order_acquire);
}

bool lane_waiting(const struct lane *lane)
{
    uint64_t entry = atomic_load(&lane->full[lane->head & (lane->slots - 1)]);
    return entry >> (SLOT_BITS + 32) == lap_of(lane, lane->head);
}
