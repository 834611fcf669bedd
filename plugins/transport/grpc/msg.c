/* SPDX-License-Identifier: MIT */
#include "msg.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_MOST_BYTES = 256 << 10 }; /* more leaves the caches anyway */

/* aligned_alloc would cut each block out of a larger one, and give the rest back. */
static void *aligned(void *block)
{
    return (char *)block + (-(uintptr_t)block & (GRPC_ALIGN - 1));
}

struct msg *msg_new(size_t cap, fr_peer peer)
{
    struct msg *m = calloc(1, sizeof(*m));
    /* Not grpc_slice_malloc, which aligns to 16 bytes and aborts where there is no memory. */
    void *block = m ? malloc(cap + GRPC_ALIGN) : NULL;
    if (!block) {
        free(m);
        return NULL;
    }
    m->slice = grpc_slice_new_with_user_data(aligned(block), cap, free, block);
    m->base = (struct fr_msg){.data = aligned(block), .cap = cap, .peer = peer};
    return m;
}

struct msg *msg_blank(size_t len, fr_peer peer)
{
    struct msg *m = malloc(sizeof(*m) + GRPC_ALIGN + len);
    if (!m)
        return NULL;
    *m = (struct msg){.base = {.data = aligned(m + 1), .len = len, .cap = len, .peer = peer},
                      .slice = grpc_empty_slice()};
    return m;
}

static struct msg *block_for(fr_ep *ep, size_t len, fr_peer peer)
{
    struct msg *m = ep->spare;
    ep->spare = NULL;
    if (m && m->base.cap >= len) {
        m->base.len = len;
        m->base.peer = peer;
        m->base.user = 0;
        return m;
    }
    free(m);
    return msg_blank(len, peer);
}

void msg_done(fr_ep *ep, struct msg *m)
{
    bool block = !m->slice.refcount; /* the data follows the struct */
    if (!block || ep->spare || m->base.cap > SPARE_MOST_BYTES)
        msg_delete(m);
    else
        ep->spare = m;
}

struct msg *msg_from(fr_ep *ep, const grpc_byte_buffer *buffer, fr_peer peer, bool *copied_p)
{
    const grpc_slice_buffer *from = &buffer->data.raw.slice_buffer;
    size_t len = from->length;
    /* One piece is lent as it is where it happens to be aligned; the frame's and the message's own
     * heads see to it that it seldom is. */
    if (from->count == 1 && from->slices[0].refcount &&
        (uintptr_t)GRPC_SLICE_START_PTR(from->slices[0]) % GRPC_ALIGN == 0) {
        struct msg *m = calloc(1, sizeof(*m));
        if (!m)
            return NULL;
        m->slice = grpc_slice_ref(from->slices[0]);
        m->base.data = GRPC_SLICE_START_PTR(m->slice);
        m->base.len = m->base.cap = len;
        m->base.peer = peer;
        *copied_p = false;
        return m;
    }
    struct msg *m = block_for(ep, len, peer);
    if (!m)
        return NULL;
    unsigned char *to = m->base.data;
    for (size_t i = 0; i < from->count; i++) {
        size_t part = GRPC_SLICE_LENGTH(from->slices[i]);
        memcpy(to, GRPC_SLICE_START_PTR(from->slices[i]), part);
        to += part;
    }
    *copied_p = true;
    return m;
}

grpc_byte_buffer *msg_pack(struct msg *m)
{
    grpc_slice slice = grpc_slice_sub_no_ref(m->slice, 0, m->base.len);
    m->slice = grpc_empty_slice();
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

void msg_delete(struct msg *m)
{
    grpc_slice_unref(m->slice);
    free(m);
}

void msg_lend(fr_ep *ep, struct msg *m)
{
    m->prev = NULL;
    m->next = ep->out;
    if (ep->out)
        ep->out->prev = m;
    ep->out = m;
}

void msg_take_back(fr_ep *ep, struct msg *m)
{
    if (m->prev)
        m->prev->next = m->next;
    else
        ep->out = m->next;
    if (m->next)
        m->next->prev = m->prev;
}
