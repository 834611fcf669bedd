/* SPDX-License-Identifier: MIT
 * node.h - the Go program's protocol (proto/nodeservice.proto), translated into the core's own
 * messages and back: to the core its workers and its leaders look like any other peer. */
#ifndef GRPC_NODE_H
#define GRPC_NODE_H
#include "call.h"
#include "msg.h"
#include "nodeservice.pb-c.h"

#define NODE_SERVICE       "/convergedcomputing.org.grpc.v1.NodeService/"
#define NODE_ASSIGN_TASK   NODE_SERVICE "AssignTask"
#define NODE_REPORT_RESULT NODE_SERVICE "ReportResult"
#define NODE_REPORT_STATUS NODE_SERVICE "ReportStatus"

typedef Convergedcomputing__Org__Grpc__V1__WorkRequest node_request;
typedef Convergedcomputing__Org__Grpc__V1__WorkResponse node_response;

struct server;

enum { NODE_MAX_ROWS = 64 }; /* rows that one worker may hold; requests that ours lets wait */

/* What the stream of such a peer does otherwise. All but free: while the endpoint is not closing.
 */
struct bridge {
    void (*take)(struct call *c, const grpc_byte_buffer *buffer); /* a message from the peer */
    void (*send)(struct call *c, struct msg *m); /* from the core; takes it over             */
    void (*advance)(struct call *c);             /* after each change: does what can be done */
    /* Worker: ends the stream, once nothing is in its way.                                  */
    void (*end)(struct call *c);
    bool (*holds)(const struct call *c); /* the peer is not gone, though its stream is over  */
    void (*abort)(struct call *c);       /* the endpoint closes: hurry                       */
    void (*free)(struct call *c);
};

/* False: out of memory. */
bool node_serve(struct call *c);   /* node_leader.c: a worker of theirs calls AssignTask */
bool node_connect(struct call *c); /* node_worker.c: we are to call it                   */
/* A row from the worker at this address. NULL: taken; else what is wrong with it. */
const char *node_result(fr_ep *ep, const char *who, const node_response *response);
/* node_report.c: a call of ReportResult. Takes the gRPC call over. */
void node_report(struct server *server, grpc_call *call);

/* node.c: messages from and to bytes. */
grpc_slice node_flatten(const grpc_byte_buffer *buffer);
grpc_byte_buffer *node_pack(const ProtobufCMessage *message);
/* The core receives this message from the peer. */
void node_tell(struct call *c, const ProtobufCMessage *message);
#endif
