/* SPDX-License-Identifier: MIT
 * server.h - the leader's side: binds, and accepts calls. */
#ifndef GRPC_SERVER_H
#define GRPC_SERVER_H
#include "ep.h"

enum { SERVER_SLOTS = 8 }; /* calls that can come in between two polls without waiting */

struct slot {
    struct tag tag;
    struct server *server;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
};

struct server {
    fr_ep *ep;
    grpc_server *server;
    struct tag stop_tag;
    bool stopping, stopped;
    unsigned waiting, answers; /* slots and answers that gRPC has */
    struct slot slots[SERVER_SLOTS];
};

fr_status server_open(fr_ep *ep, struct server **server_p); /* sets the port in ep->addr */
void server_stop(struct server *server); /* no new calls; the others go on         */
void server_cancel(struct server *server);
bool server_idle(const struct server *server); /* stopped, and nothing in flight */
void server_delete(struct server *server);

/* answer.c: to calls that are not ours, at once. Take the gRPC call over. */
struct answer_text {
    grpc_status_code code;
    const char *text;  /* static; NULL: none        */
    const char *reply; /* static, the message's bytes; NULL: none */
    size_t reply_len;
    bool was_read; /* the request has been received */
};
/* Response{data: "ok"} of NodeService: four bytes need no schema. */
#define ANSWER_NODE_OK "\x0a\x02ok"
void answer_with(struct server *server, grpc_call *call, const struct answer_text *with);
void server_answer(struct server *server, grpc_call *call, grpc_slice method);
#endif
