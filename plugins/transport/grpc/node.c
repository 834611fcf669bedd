/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

grpc_slice node_flatten(const grpc_byte_buffer *buffer)
{
    grpc_byte_buffer_reader reader;
    /* It only reads, though its argument is not const. */
    if (!grpc_byte_buffer_reader_init(&reader, (grpc_byte_buffer *)buffer))
        return grpc_empty_slice();
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return all;
}

grpc_byte_buffer *node_pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

void node_tell(struct call *c, const ProtobufCMessage *message)
{
    struct msg *m = msg_blank(protobuf_c_message_get_packed_size(message), c->peer);
    if (!m) {
        call_cut(c, FR_ECONN, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for a message");
        return;
    }
    protobuf_c_message_pack(message, m->base.data);
    m->item =
        (struct item){.event = {.type = FR_EV_RECV, .peer = c->peer, .msg = &m->base}, .call = c};
    ep_push(c->ep, &m->item);
}
