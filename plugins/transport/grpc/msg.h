/* SPDX-License-Identifier: MIT
 * msg.h - a message: one slice of gRPC's where it is sent, a block of our own where it came in
 * pieces. */
#ifndef GRPC_MSG_H
#define GRPC_MSG_H
#include "ep.h"

struct msg {
    struct fr_msg base; /* first: the core's pointer is ours */
    struct item item;
    bool ours;        /* the bridge's own: its end is no event */
    grpc_slice slice; /* holds the data, unless it follows this struct */
    struct msg *prev, *next;
};

struct msg *msg_new(size_t cap, fr_peer peer);   /* to be sent; NULL: out of memory */
struct msg *msg_blank(size_t len, fr_peer peer); /* to be received; NULL: out of memory */
/* What arrived. The buffer stays the caller's. *copied_p: its bytes had to be copied. */
struct msg *msg_from(fr_ep *ep, const grpc_byte_buffer *buffer, fr_peer peer, bool *copied_p);
/* To the wire; the message keeps no data. */
grpc_byte_buffer *msg_pack(struct msg *m);
void msg_delete(struct msg *m);
void msg_done(fr_ep *ep, struct msg *m); /* the same, once the core has read it */
/* The list of messages in the core's hands, for close. */
void msg_lend(fr_ep *ep, struct msg *m);
void msg_take_back(fr_ep *ep, struct msg *m);
#endif
