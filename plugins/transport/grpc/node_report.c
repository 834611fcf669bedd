/* SPDX-License-Identifier: MIT
 * ReportResult at the leader: read the row, give it to its worker's bridge, answer. */
#include "node.h"
#include "server.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>

struct report {
    struct tag read_tag;
    struct server *server;
    grpc_call *call;
    grpc_byte_buffer *request;
};

static const char *take(struct report *r)
{
    size_t len = grpc_byte_buffer_length(r->request);
    if (r->request->data.raw.compression != GRPC_COMPRESS_NONE)
        return "a compressed message";
    grpc_slice bytes = node_flatten(r->request);
    node_response *response = convergedcomputing__org__grpc__v1__work_response__unpack(
        NULL, len, GRPC_SLICE_START_PTR(bytes));
    grpc_slice_unref(bytes);
    if (!response)
        return "no WorkResponse";
    char *who = grpc_call_get_peer(r->call);
    fr_ep *ep = r->server->ep;
    ep->stats.rx_msgs++;
    ep->stats.rx_bytes += len;
    ep->stats.copied_bytes += len;
    const char *wrong = node_result(ep, who ? who : "", response);
    if (wrong)
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "refused row %d from %s: %s", (int)response->iy,
                      who ? who : "somebody", wrong);
    gpr_free(who);
    convergedcomputing__org__grpc__v1__work_response__free_unpacked(response, NULL);
    return wrong;
}

static void on_read(struct tag *tag, bool ok)
{
    struct report *r = (struct report *)tag;
    struct server *server = r->server;
    server->answers--;
    if (!ok || !r->request || server->ep->closing) {
        grpc_call_cancel(r->call, NULL);
        grpc_call_unref(r->call);
    } else {
        const char *wrong = take(r);
        answer_with(
            server, r->call,
            &(struct answer_text){.code = wrong ? GRPC_STATUS_INVALID_ARGUMENT : GRPC_STATUS_OK,
                                  .text = wrong,
                                  .reply = wrong ? NULL : ANSWER_NODE_OK,
                                  .reply_len = sizeof(ANSWER_NODE_OK) - 1,
                                  .was_read = true});
    }
    if (r->request)
        grpc_byte_buffer_destroy(r->request);
    free(r);
}

void node_report(struct server *server, grpc_call *call)
{
    struct report *r = calloc(1, sizeof(*r));
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    if (r) {
        *r = (struct report){.read_tag.done = on_read, .server = server, .call = call};
        op.data.recv_message.recv_message = &r->request;
        if (grpc_call_start_batch(call, &op, 1, r, NULL) == GRPC_CALL_OK) {
            server->answers++;
            return;
        }
    }
    free(r);
    grpc_call_cancel(call, NULL);
    grpc_call_unref(call);
}
