/* SPDX-License-Identifier: MIT */
#include "call.h"

#include "msg.h"
#include "node.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the socket takes at once does not make it faster, but leaves the caches. */
enum { FULL_BYTES = 512 << 10 };
/* Messages whose answers can wait for one another's: smaller ones may be all there is, larger ones
 * cost so much more than a write to the socket that it does not matter. */
enum { HOLD_LEAST_BYTES = 4 << 10, HOLD_MOST_BYTES = 256 << 10 };

#define CALL_OF(tag, member) ((struct call *)((char *)(tag)-offsetof(struct call, member)))

static bool start(struct call *c, unsigned bit, struct tag *tag, const grpc_op *batch, size_t count)
{
    grpc_call_error rc = grpc_call_start_batch(c->call, batch, count, tag, NULL);
    if (rc == GRPC_CALL_OK)
        c->flight |= bit;
    else
        c->ep->host->log(c->ep->host->ctx, FR_LOG_ERROR, "gRPC refused a batch: error %d", rc);
    return rc == GRPC_CALL_OK;
}

/* ---------------------------------------------------------------- sending */

void call_sent(struct call *c, struct msg *m, fr_status st)
{
    if (m->ours) {
        msg_delete(m);
        return;
    }
    m->item = (struct item){
        .event = {.type = FR_EV_SENT, .status = st, .peer = c->peer, .user = m->base.user}};
    c->tx_count--;
    c->tx_bytes -= m->base.len;
    ep_push(c->ep, &m->item);
}

static void on_sent(struct tag *tag, bool ok)
{
    struct call *c = CALL_OF(tag, send_tag);
    c->flight &= ~(unsigned)CALL_SEND;
    grpc_byte_buffer_destroy(c->tx_buffer);
    c->tx_buffer = NULL;
    call_sent(c, c->tx_wire, ok ? FR_OK : FR_ECLOSED);
    c->tx_wire = NULL;
    if (!ok)
        c->dead = true;
    call_settle(c);
}

static void send_next(struct call *c)
{
    struct msg *m = c->tx_first;
    c->tx_first = m->next;
    if (!c->tx_first)
        c->tx_end = &c->tx_first;
    c->tx_wire = m;
    c->tx_buffer = msg_pack(m);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    op.data.send_message.send_message = c->tx_buffer;
    if (c->tx_first) /* which follows at once: small ones share a write to the socket */
        op.flags = GRPC_WRITE_BUFFER_HINT;
    if (start(c, CALL_SEND, &c->send_tag, &op, 1))
        return;
    grpc_byte_buffer_destroy(c->tx_buffer);
    c->tx_buffer = NULL;
    c->tx_wire = NULL;
    c->dead = true;
    call_sent(c, m, FR_ECLOSED);
}

static void on_end(struct tag *tag, bool ok)
{
    struct call *c = CALL_OF(tag, end_tag);
    c->flight &= ~(unsigned)CALL_END;
    c->end_ok = ok;
    call_settle(c);
}

static void send_end(struct call *c)
{
    if (c->bridge && c->bridge->end) {
        c->bridge->end(c);
        return;
    }
    c->ended = true;
    grpc_slice text = grpc_slice_from_static_string(c->end_text ? c->end_text : "");
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    if (c->ep->leader) {
        op.op = GRPC_OP_SEND_STATUS_FROM_SERVER;
        op.data.send_status_from_server.status = c->end_code;
        op.data.send_status_from_server.status_details = c->end_text ? &text : NULL;
    }
    start(c, CALL_END, &c->end_tag, &op, 1);
}

/* ---------------------------------------------------------------- receiving */

void call_read_on(struct call *c)
{
    if (c->deaf || c->flight & CALL_RECV)
        return;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &c->rx_buffer;
    if (!start(c, CALL_RECV, &c->recv_tag, &op, 1))
        c->deaf = true;
}

void call_read_due(fr_ep *ep)
{
    struct call *c;
    while ((c = ep->due)) {
        ep->due = c->next_due;
        c->flight &= ~(unsigned)CALL_DUE;
        if (!c->paused)
            call_read_on(c);
        call_settle(c);
    }
}

static void receive(struct call *c)
{
    fr_ep *ep = c->ep;
    size_t len = grpc_byte_buffer_length(c->rx_buffer);
    if ((len == 0 && !c->bridge) || c->rx_buffer->data.raw.compression != GRPC_COMPRESS_NONE) {
        call_cut(c, FR_EPROTO, GRPC_STATUS_INVALID_ARGUMENT,
                 len ? "a compressed message" : "an empty message");
        return;
    }
    if (len > ep->max_recv_bytes) {
        call_cut(c, FR_ETOOBIG, GRPC_STATUS_RESOURCE_EXHAUSTED, "a message over the limit");
        return;
    }
    if (c->bridge) {
        ep->stats.rx_msgs++;
        ep->stats.rx_bytes += len;
        c->bridge->take(c, c->rx_buffer);
        return;
    }
    bool copied;
    struct msg *m = msg_from(ep, c->rx_buffer, c->peer, &copied);
    if (!m) {
        call_cut(c, FR_ECONN, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for a message");
        return;
    }
    ep->stats.rx_msgs++;
    ep->stats.rx_bytes += len;
    if (copied)
        ep->stats.copied_bytes += len;
    m->item =
        (struct item){.event = {.type = FR_EV_RECV, .peer = c->peer, .msg = &m->base}, .call = c};
    ep_push(ep, &m->item);
    if (ep->leader && len >= HOLD_LEAST_BYTES && len <= HOLD_MOST_BYTES)
        ep_hold(ep);
}

static void on_recv(struct tag *tag, bool ok)
{
    struct call *c = CALL_OF(tag, recv_tag);
    c->flight &= ~(unsigned)CALL_RECV;
    bool end = !ok || !c->rx_buffer;
    /* An end is no failure to gRPC: all that fails a leader's receiving is the limit. */
    if (!ok && c->ep->leader)
        call_cut(c, FR_ETOOBIG, GRPC_STATUS_RESOURCE_EXHAUSTED, "a message over the limit");
    if (!end && !c->deaf && !c->ep->closing)
        receive(c);
    if (c->rx_buffer)
        grpc_byte_buffer_destroy(c->rx_buffer);
    c->rx_buffer = NULL;
    if (end) {
        c->deaf = true;
        /* The worker said its last, and waits for the status; one of theirs never says more. */
        c->leaving |= c->ep->leader && !c->bridge;
    }
    /* The message first, then the next batch: it costs as much as an answer takes to be sent. */
    if (!c->ep->closing && !c->deaf && !c->paused) {
        c->flight |= CALL_DUE;
        c->next_due = c->ep->due;
        c->ep->due = c;
    }
    call_settle(c);
}

/* ---------------------------------------------------------------- beginning and end */

static void tell_up(struct call *c)
{
    c->up = c->ep->connected = true;
    c->up_item = (struct item){.event = {.type = FR_EV_PEER_UP, .peer = c->peer, .detail = c->who}};
    ep_push(c->ep, &c->up_item);
}

static bool from_leader(const grpc_metadata_array *metadata)
{
    for (size_t i = 0; i < metadata->count; i++)
        if (grpc_slice_str_cmp(metadata->metadata[i].key, GRPC_LEADER_KEY) == 0)
            return true;
    return false;
}

/* Leader: its initial metadata is on the way. Worker: the leader's is here. */
static void on_open(struct tag *tag, bool ok)
{
    struct call *c = CALL_OF(tag, open_tag);
    c->flight &= ~(unsigned)CALL_OPEN;
    if (c->ep->closing)
        return;
    if (!c->ep->leader) {
        if (ok && !c->over && (c->bridge || from_leader(&c->initial))) {
            tell_up(c);
            call_read_on(c);
        } else {
            c->deaf = c->dead = true;
            /* The status says why; this one stands only where none is on its way. */
            grpc_call_cancel_with_status(c->call, GRPC_STATUS_UNIMPLEMENTED,
                                         "it answers, but is no leader", NULL);
        }
    }
    call_settle(c);
}

static void on_over(struct tag *tag, bool ok)
{
    (void)ok;
    struct call *c = CALL_OF(tag, over_tag);
    c->flight &= ~(unsigned)CALL_OVER;
    c->over = true;
    c->dead |= !c->bridge || !c->bridge->holds(c);
    call_settle(c);
}

/* A bridge's only: the initial metadata, which says nothing. */
static void on_head(struct tag *tag, bool ok)
{
    (void)ok;
    struct call *c = CALL_OF(tag, head_tag);
    c->flight &= ~(unsigned)CALL_HEAD;
    call_settle(c);
}

static void tell_down(struct call *c)
{
    c->down = true;
    struct msg *m;
    while ((m = c->tx_first)) {
        c->tx_first = m->next;
        call_sent(c, m, FR_ECLOSED);
    }
    c->tx_end = &c->tx_first;
    c->down_item = (struct item){.event = {.type = FR_EV_PEER_DOWN,
                                           .status = call_verdict(c),
                                           .peer = c->peer,
                                           .detail = c->detail},
                                 .call = c};
    ep_push(c->ep, &c->down_item);
}

/* Starts what can be started, and ends what has ended. */
void call_settle(struct call *c)
{
    if (c->ep->closing || c->down)
        return;
    if (c->bridge)
        c->bridge->advance(c);
    if (!c->dead && c->up && !(c->flight & CALL_SEND) && !c->ep->held) {
        if (c->tx_first)
            send_next(c);
        else if (c->leaving && !c->ended)
            send_end(c);
    }
    /* A worker takes everything that came before the status, and its end. */
    if (c->over && !c->flight && (c->deaf || c->ep->leader) &&
        !(c->bridge && !c->dead && c->bridge->holds(c)))
        tell_down(c);
}

struct call *call_new(fr_ep *ep, grpc_call *call, bool (*bridge)(struct call *c))
{
    struct call *c = calloc(1, sizeof(*c));
    if (!c) {
        grpc_call_unref(call);
        return NULL;
    }
    c->ep = ep;
    c->call = call;
    c->tx_end = &c->tx_first;
    c->open_tag.done = on_open;
    c->send_tag.done = on_sent;
    c->recv_tag.done = on_recv;
    c->end_tag.done = on_end;
    c->over_tag.done = on_over;
    c->head_tag.done = on_head;
    c->alarm_ns = UINT64_MAX;
    c->code_text = grpc_empty_slice();
    grpc_metadata_array_init(&c->initial);
    grpc_metadata_array_init(&c->trailing);
    if ((!bridge || bridge(c)) && ep_add(ep, c) == FR_OK)
        return c;
    call_delete(c);
    return NULL;
}

void call_serve(struct call *c)
{
    char *who = grpc_call_get_peer(c->call);
    snprintf(c->who, sizeof(c->who), "%s", who ? who : "somebody");
    gpr_free(who);

    grpc_op over = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    over.data.recv_close_on_server.cancelled = &c->cancelled;
    if (!start(c, CALL_OVER, &c->over_tag, &over, 1))
        c->over = true;
    grpc_metadata key = {.key = grpc_slice_from_static_string(GRPC_LEADER_KEY),
                         .value = grpc_slice_from_static_string("1")};
    grpc_op open = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    open.data.send_initial_metadata.count = 1;
    open.data.send_initial_metadata.metadata = &key;
    start(c, CALL_OPEN, &c->open_tag, &open, 1);
    tell_up(c);
    call_read_on(c);
}

void call_connect(struct call *c)
{
    addr_text(&c->ep->addr, c->who, sizeof(c->who));
    grpc_op over = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    over.data.recv_status_on_client.trailing_metadata = &c->trailing;
    over.data.recv_status_on_client.status = &c->code;
    over.data.recv_status_on_client.status_details = &c->code_text;
    over.data.recv_status_on_client.error_string = &c->error_text;
    if (!start(c, CALL_OVER, &c->over_tag, &over, 1))
        c->over = true;
    grpc_op send = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    grpc_op head = {.op = GRPC_OP_RECV_INITIAL_METADATA};
    head.data.recv_initial_metadata.recv_initial_metadata = &c->initial;
    if (!c->bridge) {
        const grpc_op open[2] = {send, head};
        start(c, CALL_OPEN, &c->open_tag, open, 2);
        return;
    }
    /* A leader of theirs may send nothing at all until it has work. That our request, an empty one,
     * left is how we know that it is there. */
    grpc_slice none = grpc_empty_slice();
    grpc_byte_buffer *request = grpc_raw_byte_buffer_create(&none, 1);
    grpc_op open[3] = {send, {.op = GRPC_OP_SEND_MESSAGE}, {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}};
    open[1].data.send_message.send_message = request;
    start(c, CALL_OPEN, &c->open_tag, open, 3);
    start(c, CALL_HEAD, &c->head_tag, &head, 1);
    grpc_byte_buffer_destroy(request);
}

bool call_sendable(const struct call *c)
{
    return c->up && !c->dead && !c->ended && !c->dropped && !c->ep->shut;
}

bool call_full(const struct call *c)
{
    return c->tx_count >= (uint64_t)c->ep->cfg->depth || c->tx_bytes >= FULL_BYTES;
}

void call_queue(struct call *c, struct msg *m)
{
    m->next = NULL;
    *c->tx_end = m;
    c->tx_end = &m->next;
}

void call_send(struct call *c, struct msg *m)
{
    c->tx_count++;
    c->tx_bytes += m->base.len;
    if (c->bridge)
        c->bridge->send(c, m);
    else
        call_queue(c, m);
    call_settle(c);
}

void call_leave(struct call *c)
{
    if (!c->up) { /* connecting: nobody would be told anything */
        call_drop(c);
        return;
    }
    c->leaving = true;
    call_settle(c);
}

void call_cut(struct call *c, fr_status cause, grpc_status_code code, const char *why)
{
    if (c->dead && c->deaf)
        return;
    c->cause = cause;
    c->deaf = c->dead = true;
    snprintf(c->detail, sizeof(c->detail), "%s", why);
    grpc_call_cancel_with_status(c->call, code, why, NULL);
}

void call_drop(struct call *c)
{
    if (c->down)
        return;
    c->dropped = c->deaf = c->dead = true;
    grpc_call_cancel_with_status(c->call, GRPC_STATUS_CANCELLED, "dropped", NULL);
    call_settle(c);
}

void call_delete(struct call *c)
{
    struct msg *m;
    while ((m = c->tx_first)) {
        c->tx_first = m->next;
        msg_delete(m);
    }
    if (c->node)
        c->bridge->free(c);
    grpc_metadata_array_destroy(&c->initial);
    grpc_metadata_array_destroy(&c->trailing);
    grpc_slice_unref(c->code_text);
    gpr_free((void *)c->error_text);
    grpc_call_unref(c->call);
    free(c);
}
