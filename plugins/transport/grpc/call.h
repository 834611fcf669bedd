/* SPDX-License-Identifier: MIT
 * call.h - the stream to one peer: at most one batch of each kind is in flight, the rest waits. */
#ifndef GRPC_CALL_H
#define GRPC_CALL_H
#include "ep.h"

enum {
    CALL_OPEN = 1,
    CALL_SEND = 2,
    CALL_RECV = 4,
    CALL_END = 8,
    CALL_OVER = 16,
    CALL_HEAD = 32,
    CALL_REPORT = 64,
    CALL_DUE = 128
};

struct node;
struct bridge;

struct call {
    fr_ep *ep;
    grpc_call *call;
    fr_peer peer;
    unsigned flight; /* CALL_*: batches that gRPC has, or is about to have */
    bool up;         /* PEER_UP was told                                               */
    bool leaving;    /* what is queued is still sent, then our side of the stream ends */
    bool ended;      /* ... it did                                                     */
    bool deaf;       /* nothing more is received                                       */
    bool dead;       /* nothing more is sent                                           */
    bool paused;     /* a bridge has enough to do: nothing is received meanwhile       */
    bool over;       /* how the call ended is known                                    */
    bool dropped, down;
    fr_status cause; /* why we cut it; FR_OK: we did not */
    /* Worker: when to look again; while connecting, when that takes too long. */
    uint64_t alarm_ns;
    const struct bridge *bridge; /* its peer speaks NodeService (node.h); NULL: our protocol */
    struct node *node;
    grpc_status_code end_code; /* leader: how its stream ends in good order */
    const char *end_text;      /* static; NULL: none                        */

    struct tag open_tag, send_tag, recv_tag, end_tag, over_tag, head_tag;
    struct msg *tx_first, **tx_end, *tx_wire; /* waiting; in flight */
    unsigned tx_count;                        /* both, of the core's */
    uint64_t tx_bytes;                        /* in those           */
    grpc_byte_buffer *tx_buffer, *rx_buffer;
    bool end_ok;
    int cancelled; /* leader */
    grpc_metadata_array initial, trailing;
    grpc_status_code code; /* worker */
    grpc_slice code_text;
    const char *error_text;

    struct item up_item, down_item;
    char who[256], detail[512];
    struct call *next;     /* in the list of the gone           */
    struct call *next_due; /* in the list of those to read from */
};

/* Takes the gRPC call over, whatever it returns. `bridge` gives it a bridge; NULL: it needs none.
 * NULL: out of memory. */
struct call *call_new(fr_ep *ep, grpc_call *call, bool (*bridge)(struct call *c));
void call_serve(struct call *c);   /* leader: an accepted call */
void call_connect(struct call *c); /* worker: a fresh one      */
bool call_sendable(const struct call *c);
bool call_full(const struct call *c);
void call_send(struct call *c, struct msg *m);
/* For a bridge: to the wire; a message of the core's is done with; read on; do what can be done. */
void call_queue(struct call *c, struct msg *m);
void call_sent(struct call *c, struct msg *m, fr_status st);
void call_read_on(struct call *c);
void call_read_due(fr_ep *ep); /* all that a message was just fetched from */
void call_settle(struct call *c);
void call_leave(struct call *c); /* flush, then end in order */
void call_drop(struct call *c);
/* Ends it at once; `why` goes to our own PEER_DOWN. */
void call_cut(struct call *c, fr_status cause, grpc_status_code code, const char *why);
void call_delete(struct call *c);
/* finish.c: the words of its end. */
fr_status call_verdict(struct call *c);
#endif
