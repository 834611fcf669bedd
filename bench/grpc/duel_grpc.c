/* SPDX-License-Identifier: MIT
 * duel_grpc - the grpc plugin against gRPC's bare C core: one bidirectional stream, one send and
 * one receive in flight, results written where they travel, and copied from gRPC's pieces right
 * into the image.
 *
 *   duel_grpc [--rounds N] [--credits N] [--arg key=value,...] */
#include "common/duel.h"

#include "base/clock.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCEPTED = 1, OPENED, SENT, RECEIVED, OVER, STOPPED };
#define TAG(n) ((void *)(intptr_t)(n))

struct side {
    grpc_completion_queue *cq;
    grpc_call *call;
    grpc_byte_buffer *out, *in;
    grpc_metadata_array initial, trailing;
    bool sending;
};

static void start(struct side *s, const grpc_op *ops, size_t count, int tag)
{
    if (grpc_call_start_batch(s->call, ops, count, TAG(tag), NULL) != GRPC_CALL_OK) {
        fprintf(stderr, "duel: gRPC refused a batch\n");
        exit(1);
    }
}

/* 0: the queue is at its end. */
static int next(struct side *s, bool *ok_p)
{
    grpc_event e = grpc_completion_queue_next(s->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    *ok_p = e.success != 0;
    if (e.type == GRPC_OP_COMPLETE && e.tag == TAG(SENT)) {
        grpc_byte_buffer_destroy(s->out);
        s->sending = false;
    }
    return e.type == GRPC_OP_COMPLETE ? (int)(intptr_t)e.tag : 0;
}

static void receive(struct side *s)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &s->in;
    start(s, &op, 1, RECEIVED);
}

/* What a message begins with, in however many pieces it came. */
static uint64_t order_in(const grpc_byte_buffer *in)
{
    const grpc_slice_buffer *from = &in->data.raw.slice_buffer;
    unsigned char bytes[sizeof(uint64_t)] = {0};
    uint64_t order;
    size_t have = 0;
    for (size_t i = 0; i < from->count; i++)
        for (size_t k = 0; k < GRPC_SLICE_LENGTH(from->slices[i]) && have < sizeof(bytes); k++)
            bytes[have++] = GRPC_SLICE_START_PTR(from->slices[i])[k];
    memcpy(&order, bytes, sizeof(order));
    return order;
}

/* Takes the slice over. */
static void send_slice(struct side *s, grpc_slice slice)
{
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    s->out = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    op.data.send_message.send_message = s->out;
    start(s, &op, 1, SENT);
    s->sending = true;
}

static void stop(struct side *s)
{
    bool ok;
    grpc_completion_queue_shutdown(s->cq);
    while (next(s, &ok))
        ;
    grpc_completion_queue_destroy(s->cq);
    grpc_metadata_array_destroy(&s->initial);
    grpc_metadata_array_destroy(&s->trailing);
    grpc_shutdown_blocking();
}

static grpc_arg number(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

/* ---------------------------------------------------------------- leader */

static void place(const grpc_byte_buffer *in, const struct duel_load *load)
{
    const grpc_slice_buffer *from = &in->data.raw.slice_buffer;
    for (size_t i = 0; i < from->count; i++) {
        struct duel_load piece = *load;
        piece.result_bytes = GRPC_SLICE_LENGTH(from->slices[i]);
        duel_place(GRPC_SLICE_START_PTR(from->slices[i]), &piece);
    }
}

static void serve(struct side *s, const struct duel_load *load, struct duel_times *times,
                  uint64_t *began)
{
    unsigned sent = 0, done = 0;
    bool ok, due = true; /* the next order is sent before the next result is asked for */
    uint64_t start_ns = fr_now_ns();
    while (done < load->results) {
        if (!s->sending && sent < load->results && sent - done < load->credits) {
            grpc_slice order = grpc_slice_malloc(DUEL_ORDER_BYTES);
            uint64_t number_of = sent;
            memset(GRPC_SLICE_START_PTR(order), 0, DUEL_ORDER_BYTES);
            memcpy(GRPC_SLICE_START_PTR(order), &number_of, sizeof(number_of));
            began[sent++] = fr_now_ns();
            send_slice(s, order);
        }
        if (due)
            receive(s);
        due = next(s, &ok) == RECEIVED;
        if (!due)
            continue;
        if (!s->in) {
            fprintf(stderr, "duel: the worker went\n");
            exit(1);
        }
        uint64_t order = order_in(s->in);
        place(s->in, load);
        grpc_byte_buffer_destroy(s->in);
        times->latency_ns[done++] = fr_now_ns() - began[order];
    }
    times->wall_ns = fr_now_ns() - start_ns;
}

static bool bare_lead(const struct duel_load *load, struct duel_times *times)
{
    const char *given = strstr(load->arg, "address=");
    char at[256] = "127.0.0.1:0", bound[300];
    if (given)
        snprintf(at, sizeof(at), "%.*s", (int)strcspn(given + 8, ","), given + 8);
    grpc_init();
    struct side s = {.cq = grpc_completion_queue_create_for_next(NULL)};
    grpc_arg list[] = {number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1)};
    grpc_channel_args args = {.num_args = 1, .args = list};
    grpc_server *server = grpc_server_create(&args, NULL);
    grpc_server_register_completion_queue(server, s.cq, NULL);
    grpc_server_credentials *creds = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server, at, creds);
    grpc_server_credentials_release(creds);
    uint64_t *began = calloc(load->results, sizeof(*began));
    if (port <= 0 || !began)
        return false;
    grpc_server_start(server);
    if (strncmp(at, "unix:", 5) == 0)
        snprintf(bound, sizeof(bound), "%s", at);
    else
        snprintf(bound, sizeof(bound), "127.0.0.1:%d", port);
    grpc_call_details details;
    grpc_call_details_init(&details);
    grpc_metadata_array_init(&s.initial);
    grpc_metadata_array_init(&s.trailing);
    grpc_server_request_call(server, &s.call, &details, &s.initial, s.cq, s.cq, TAG(ACCEPTED));
    duel_spawn(bound);
    bool ok;
    int cancelled, tag;
    while (next(&s, &ok) != ACCEPTED)
        ;
    grpc_op open = {.op = GRPC_OP_SEND_INITIAL_METADATA},
            over = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    over.data.recv_close_on_server.cancelled = &cancelled;
    start(&s, &open, 1, OPENED);
    start(&s, &over, 1, OVER);
    serve(&s, load, times, began);
    free(began);
    grpc_call_cancel(s.call, NULL);
    grpc_server_shutdown_and_notify(server, s.cq, TAG(STOPPED));
    grpc_server_cancel_all_calls(server);
    do
        tag = next(&s, &ok);
    while (tag != STOPPED);
    grpc_call_unref(s.call);
    grpc_call_details_destroy(&details);
    grpc_server_destroy(server);
    stop(&s);
    return true;
}

/* ---------------------------------------------------------------- worker */

static void answer(struct side *s, const struct duel_load *load)
{
    uint64_t todo[1024];
    unsigned first = 0, count = 0;
    bool ok, due = true;
    for (;;) {
        if (!s->sending && count > 0) {
            grpc_slice result = grpc_slice_malloc(load->result_bytes);
            duel_fill(GRPC_SLICE_START_PTR(result), load, todo[first]);
            memcpy(GRPC_SLICE_START_PTR(result), &todo[first], sizeof(todo[0]));
            first = (first + 1) % 1024;
            count--;
            send_slice(s, result);
        }
        if (due)
            receive(s);
        int tag = next(s, &ok);
        due = tag == RECEIVED;
        if (due) {
            if (!s->in)
                return;
            todo[(first + count++) % 1024] = order_in(s->in);
            grpc_byte_buffer_destroy(s->in);
        } else if (tag == OVER) {
            return;
        }
    }
}

static int bare_work(const struct duel_load *load, const char *address)
{
    char target[300];
    snprintf(target, sizeof(target), strncmp(address, "unix:", 5) == 0 ? "%s" : "ipv4:%s", address);
    grpc_init();
    struct side s = {.cq = grpc_completion_queue_create_for_next(NULL)};
    grpc_metadata_array_init(&s.initial);
    grpc_metadata_array_init(&s.trailing);
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, creds, NULL);
    grpc_channel_credentials_release(creds);
    s.call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, s.cq,
                                      grpc_slice_from_static_string("/duel/Work"), NULL,
                                      gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_op open[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                       {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    open[1].data.recv_initial_metadata.recv_initial_metadata = &s.initial;
    grpc_status_code code;
    grpc_slice text = grpc_empty_slice();
    grpc_op over = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    over.data.recv_status_on_client.trailing_metadata = &s.trailing;
    over.data.recv_status_on_client.status = &code;
    over.data.recv_status_on_client.status_details = &text;
    start(&s, open, 2, OPENED);
    start(&s, &over, 1, OVER);
    answer(&s, load);
    grpc_call_cancel(s.call, NULL);
    grpc_call_unref(s.call);
    grpc_channel_destroy(channel);
    stop(&s);
    grpc_slice_unref(text);
    return 0;
}

static bool plugin_lead(const struct duel_load *load, struct duel_times *times)
{
    return duel_plugin_lead("grpc", load, times);
}

static int plugin_work(const struct duel_load *load, const char *address)
{
    return duel_plugin_work("grpc", load, address);
}

int main(int argc, char **argv)
{
    const struct duel_contender contenders[] = {
        {.name = "grpc", .lead = plugin_lead, .work = plugin_work},
        {.name = "bare C core", .lead = bare_lead, .work = bare_work}};
    return duel_main(argc, argv, contenders, 2);
}
