/* SPDX-License-Identifier: MIT */
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

void server_answer(struct server *server, grpc_call *call, grpc_slice method)
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
                      {.op = GRPC_OP_RECV_CLOSE_ON_SERVER},
                      {.op = GRPC_OP_RECV_MESSAGE},
                      {.op = GRPC_OP_SEND_MESSAGE}};
    size_t count = 3;
    ops[2].data.recv_close_on_server.cancelled = &a->cancelled;
    if (!server->ep->shut && grpc_slice_str_cmp(method, HEALTH_CHECK) == 0) {
        /* HealthCheckResponse{status: SERVING}: two bytes need no schema. */
        grpc_slice serving = grpc_slice_from_static_buffer("\x08\x01", 2);
        a->reply = grpc_raw_byte_buffer_create(&serving, 1);
        ops[1].data.send_status_from_server.status = GRPC_STATUS_OK;
        ops[3].data.recv_message.recv_message = &a->request;
        ops[4].data.send_message.send_message = a->reply;
        count = 5;
    } else {
        bool shut = server->ep->shut;
        a->text =
            grpc_slice_from_static_string(shut ? "the leader is leaving" : "no such method here");
        ops[1].data.send_status_from_server.status =
            shut ? GRPC_STATUS_UNAVAILABLE : GRPC_STATUS_UNIMPLEMENTED;
        ops[1].data.send_status_from_server.status_details = &a->text;
    }
    server->answers++;
    if (grpc_call_start_batch(call, ops, count, a, NULL) != GRPC_CALL_OK)
        on_answered(&a->tag, false);
}
