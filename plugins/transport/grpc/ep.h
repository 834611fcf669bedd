/* SPDX-License-Identifier: MIT
 * ep.h - one endpoint, and what its parts share: tags of operations, events that wait for poll. */
#ifndef GRPC_EP_H
#define GRPC_EP_H
#include "addr.h"
#include "wake.h"

#include <fractal/transport.h>
#include <grpc/grpc.h>
#include <stdbool.h>

#define GRPC_METHOD "/fractal.v1.Fractal/Work"
/* The leader's initial metadata carries it: a peer that lacks it is no leader of ours. */
#define GRPC_LEADER_KEY      "fractal-leader"
#define GRPC_MAX_MSG_BYTES   ((uint64_t)INT32_MAX)
#define GRPC_DEFAULT_ADDRESS "127.0.0.1:50051"
enum { GRPC_ALIGN = 64 };

enum { PROTOCOL_FRACTAL, PROTOCOL_NODESERVICE }; /* the choices of `protocol` */

struct grpc_cfg {
    int64_t depth;
    uint64_t keepalive_ms, keepalive_timeout_ms, connect_timeout_ms;
    const char *tls_cert, *tls_key, *tls_ca, *tls_server_name;
    bool tls_client_auth;
    bool nodeservice;
    int64_t node_rows;
    int protocol;
};

struct call;
struct server;
struct client;
struct msg;

/* An event on its way to poll, inside the object it tells about: no allocation can fail. */
struct item {
    struct fr_event event;
    struct item *next;
    struct call *call;
};

struct fr_ep {
    const struct fr_host *host;
    const struct grpc_cfg *cfg;
    bool leader, tls;
    bool connected;      /* a worker was; a leader has nothing to connect */
    bool shut;           /* shutdown() was called: nothing new                  */
    bool closing;        /* close() was called: operations end, none is started */
    bool node_service;   /* leader: NodeService is served; worker: the leader is one of theirs */
    bool node_refused;   /* leader: it was said why their workers cannot be used               */
    uint32_t node_count; /* leader: workers of theirs so far                                */
    grpc_completion_queue *cq;
    struct wake wake;
    struct server *server; /* leader */
    struct client *client; /* worker */
    struct addr addr;
    struct call **calls; /* by peer, ascending */
    unsigned count, room;
    struct call *due;  /* to be read from, before gRPC is waited for */
    struct call *gone; /* reported down; their detail is valid until the next poll */
    unsigned held;     /* messages lately received; while there are any, nothing is sent */
    struct item *first, **end;
    struct msg *spare; /* a block that was just read from and so is warm; NULL: none */
    struct msg *out;   /* messages in the core's hands */
    fr_peer last_peer;
    uint64_t max_recv_bytes;
    struct fr_stats stats;
};

fr_status ep_open(const struct fr_host *host, const struct grpc_cfg *cfg,
                  const struct fr_open_args *args, fr_ep **ep_p);
void ep_shutdown(fr_ep *ep);
void ep_close(fr_ep *ep);
int ep_poll(fr_ep *ep, struct fr_event *events, unsigned max, int timeout_ms);
void ep_push(fr_ep *ep, struct item *item);
void ep_hold(fr_ep *ep); /* a large message was received: its answer need not go alone */
fr_status ep_add(fr_ep *ep, struct call *call); /* gives it its peer number */
struct call *ep_find(fr_ep *ep, fr_peer peer);  /* NULL: unknown or gone    */
#endif
