/* SPDX-License-Identifier: MIT
 * send.c - messages on their way out. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

struct fr_msg *end_alloc(struct end *end, struct peer *peer, size_t len)
{
    struct fr_msg *m = NULL;
    fr_status st = end->rig->ops->msg_alloc(end->ep, peer->id, len, &m);
    if (st != FR_OK)
        FAIL("msg_alloc of %zu bytes: %d", len, (int)st);
    return m;
}

fr_status end_send_msg(struct end *end, struct peer *p, struct fr_msg *m)
{
    uint64_t number = p->sends;
    size_t len = m->len;
    m->user = ((uint64_t)p->stream + 1) << 40 | number;
    content_fill(m->data, m->len, p->stream, number);
    if (number >= p->room) {
        uint64_t room = p->room ? p->room * 2 : 256;
        p->unreported = realloc(p->unreported, room);
        if (!p->unreported)
            abort();
        memset(p->unreported + p->room, 0, room - p->room);
        p->room = room;
    }
    fr_status st = end->rig->ops->send(end->ep, m);
    if (st == FR_OK) {
        p->unreported[number] = 1;
        p->sends++;
        p->tx_bytes += len;
    }
    return st;
}

fr_status end_send(struct end *end, struct peer *p, size_t len)
{
    const struct fr_transport_ops *ops = end->rig->ops;
    struct fr_msg *m = NULL;
    fr_status st = ops->msg_alloc(end->ep, p->id, len, &m);
    if (st == FR_OK) {
        uintptr_t align = end->attr.align_bytes;
        if (!m || !m->data || m->cap < len || m->peer != p->id ||
            (align && (uintptr_t)m->data % align != 0)) {
            FAIL("msg_alloc of %zu bytes gave a bad message", len);
            return FR_EINVAL;
        }
        m->len = len;
        st = end_send_msg(end, p, m);
        if (st != FR_OK)
            ops->msg_free(end->ep, m);
    }
    if (st != FR_OK && st != FR_EAGAIN && st != FR_ECLOSED)
        FAIL("sending %zu bytes: %d", len, (int)st);
    return st;
}

bool send_pumped(struct end *end, struct peer *p, size_t len, struct end *other)
{
    uint64_t deadline = now_ms() + DEAD_MAN_S * 1000;
    fr_status st;
    while ((st = end_send(end, p, len)) == FR_EAGAIN) {
        if (end_poll(end, 0) < 0 || end_poll(other, 1) < 0)
            return false;
        if (now_ms() > deadline) {
            FAIL("no room for a message in %d s", DEAD_MAN_S);
            return false;
        }
    }
    if (st != FR_OK)
        FAIL("sending %zu bytes: %d", len, (int)st);
    return st == FR_OK;
}

void end_release(struct end *end)
{
    for (uint64_t i = 0; i < end->held_count; i++)
        end->rig->ops->msg_free(end->ep, end->held[i]);
    end->held_count = 0;
}

bool fill_up(struct end *from, struct peer *peer, size_t len)
{
    uint64_t bound = (uint64_t)from->attr.tx_depth * len * 4;
    if (bound < UINT64_C(64) << 20)
        bound = UINT64_C(64) << 20;
    uint64_t start = peer->tx_bytes;
    for (int full = 0; full < 50;) {
        fr_status st = end_send(from, peer, len);
        full = st == FR_OK ? 0 : full + 1;
        if (st == FR_ECLOSED || end_poll(from, st == FR_OK ? 0 : 2) < 0) {
            FAIL("the connection ended");
            return false;
        }
        if (peer->tx_bytes - start > bound) {
            FAIL("%llu bytes towards a receiver that does not poll",
                 (unsigned long long)(peer->tx_bytes - start));
            return false;
        }
    }
    return true;
}
