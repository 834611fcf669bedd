/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include "inproc.h"

#include <stdlib.h>

struct msg *msg_new(size_t cap, fr_peer peer)
{
    enum { HEAD = (sizeof(struct msg) + INPROC_ALIGN - 1) / INPROC_ALIGN * INPROC_ALIGN };
    if (cap > PTRDIFF_MAX - HEAD - INPROC_ALIGN)
        return NULL;
    size_t body = (cap + INPROC_ALIGN - 1) / INPROC_ALIGN * INPROC_ALIGN;
    struct msg *m = aligned_alloc(INPROC_ALIGN, HEAD + body);
    if (m)
        *m = (struct msg){.base = {.data = (char *)m + HEAD, .cap = cap, .peer = peer}};
    return m;
}

void msg_delete(struct msg *m)
{
    free(m);
}

fr_status lane_init(struct lane *lane, uint64_t depth)
{
    *lane = (struct lane){.slots = calloc(depth, sizeof(*lane->slots)), .depth = depth};
    return lane->slots ? FR_OK : FR_ENOMEM;
}

void lane_destroy(struct lane *lane)
{
    if (lane->slots)
        lane_lose(lane);
    free(lane->slots);
}

bool lane_full(const struct lane *lane)
{
    return lane->head - lane->reported >= lane->depth;
}

void lane_push(struct lane *lane, struct msg *m)
{
    lane->slots[lane->head % lane->depth] = (struct slot){.msg = m, .user = m->base.user};
    lane->head++;
}

struct msg *lane_take(struct lane *lane)
{
    if (lane->lost || lane->taken == lane->head)
        return NULL;
    struct slot *slot = &lane->slots[lane->taken++ % lane->depth];
    struct msg *m = slot->msg;
    slot->msg = NULL;
    return m;
}

bool lane_all_taken(const struct lane *lane)
{
    return lane->taken == lane->head;
}

bool lane_report(struct lane *lane, bool cut, struct fr_event *ev)
{
    bool arrived = lane->reported < lane->taken;
    if (lane->reported == lane->head || (!arrived && !cut))
        return false;
    *ev = (struct fr_event){.type = FR_EV_SENT,
                            .status = arrived ? FR_OK : FR_ECLOSED,
                            .user = lane->slots[lane->reported % lane->depth].user};
    lane->reported++;
    return true;
}

void lane_lose(struct lane *lane)
{
    if (lane->lost)
        return;
    for (uint64_t i = lane->taken; i < lane->head; i++)
        msg_delete(lane->slots[i % lane->depth].msg);
    lane->lost = true;
}
