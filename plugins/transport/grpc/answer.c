/* SPDX-License-Identifier: MIT */
#include "node.h"
#include "server.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <stdlib.h>

#define HEALTH_CHECK "/grpc.health.v1.Health/Check"

struct answer {
    struct tag tag;
    struct server *server;
    grpc_call *call;
    grpc_byte_buffer *request, *reply;
    grpc_slice text;
    int cancelled;
};

static void on_answered(struct tag *tag, bool ok)
{
    (void)ok;
    struct answer *a = (struct answer *)tag;
    a->server->answers--;
    if (a->request)
        grpc_byte_buffer_destroy(a->request);
    if (a->reply)
        grpc_byte_buffer_destroy(a->reply);
    grpc_call_unref(a->call);
    free(a);
}

void answer_with(struct server *server, grpc_call *call, const struct answer_text *with)
{
    struct answer *a = calloc(1, sizeof(*a));
    if (!a) {
        grpc_call_cancel(call, NULL);
        grpc_call_unref(call);
        return;
    }
    *a = (struct answer){.tag.done = on_answered, .server = server, .call = call};
    grpc_op ops[5] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_RECV_CLOSE_ON_SERVER}};
    size_t count = 3;
    ops[1].data.send_status_from_server.status = with->code;
    ops[2].data.recv_close_on_server.cancelled = &a->cancelled;
    if (with->text) {
        a->text = grpc_slice_from_static_string(with->text);
        ops[1].data.send_status_from_server.status_details = &a->text;
    }
    if (with->reply) {
        grpc_slice bytes = grpc_slice_from_static_buffer(with->reply, with->reply_len);
        a->reply = grpc_raw_byte_buffer_create(&bytes, 1);
        ops[count].op = GRPC_OP_SEND_MESSAGE;
        ops[count++].data.send_message.send_message = a->reply;
        if (!with->was_read) {
            ops[count].op = GRPC_OP_RECV_MESSAGE;
            ops[count++].data.recv_message.recv_message = &a->request;
        }
    }
    server->answers++;
    if (grpc_call_start_batch(call, ops, count, a, NULL) != GRPC_CALL_OK)
        on_answered(&a->tag, false);
}

void server_answer(struct server *server, grpc_call *call, grpc_slice method)
{
    struct answer_text with = {.code = GRPC_STATUS_UNIMPLEMENTED, .text = "no such method here"};
    if (server->ep->shut)
        with =
            (struct answer_text){.code = GRPC_STATUS_UNAVAILABLE, .text = "the leader is leaving"};
    else if (grpc_slice_str_cmp(method, HEALTH_CHECK) == 0) /* status: SERVING */
        with = (struct answer_text){.reply = "\x08\x01", .reply_len = 2};
    else if (server->ep->node_service && grpc_slice_str_cmp(method, NODE_REPORT_STATUS) == 0)
        with =
            (struct answer_text){.reply = ANSWER_NODE_OK, .reply_len = sizeof(ANSWER_NODE_OK) - 1};
    answer_with(server, call, &with);
}
