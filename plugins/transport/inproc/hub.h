/* SPDX-License-Identifier: MIT
 * hub.h - where a leader and its workers meet: a name, and a connection for each worker.
 *
 * One lock per hub guards its connections and their lanes; it is held for a few assignments, never
 * while memory is copied. A bell may be rung without it: it lives as long as its hub or connection,
 * which whoever rings it has a hold of. */
#ifndef INPROC_HUB_H
#define INPROC_HUB_H
#include "bell.h"
#include "lane.h"

#include <pthread.h>

enum side { LEADER, WORKER, SIDES };
enum { HUB_NAME_BYTES = 200 };

struct hub;

struct conn {
    struct hub *hub;
    fr_peer peer;
    struct end {
        struct lane tx; /* from here to the other side           */
        uint64_t max_recv_bytes;
        bool held;        /* not let go of yet                        */
        bool up;          /* PEER_UP was reported                     */
        bool down;        /* PEER_DOWN was reported                   */
        bool shut;        /* sends no more, flushes                   */
        fr_status status; /* for PEER_DOWN, once cut             */
        const char *detail;
    } end[SIDES];
    bool cut;         /* nothing is sent any more in either direction */
    struct bell bell; /* the worker's                                 */
};

struct hub {
    struct hub *next;
    char name[HUB_NAME_BYTES + 1];
    unsigned refs; /* the leader, and each connection; under the registry's lock */
    pthread_mutex_t lock;
    bool open; /* takes new connections */
    uint64_t depth, max_recv_bytes;
    struct conn **conns; /* the leader's, by rising peer number */
    unsigned count, room, turn;
    fr_peer last_peer;
    struct bell bell; /* the leader's */
};

/* May a leader be called so? */
bool hub_name_ok(const char *name);
/* `any`: under a fresh name. FR_EADDR: the name is bad or taken. */
fr_status hub_open(const char *name, bool any, uint64_t depth, uint64_t max_recv_bytes,
                   struct hub **hub_p);
/* No more connections, and the name is free again. */
void hub_unlist(struct hub *hub);
void hub_unref(struct hub *hub);
/* FR_ECONN: nobody there. */
fr_status hub_connect(const char *name, uint64_t depth, uint64_t max_recv_bytes,
                      struct conn **conn_p);

/* All below: with the hub's lock held. */
struct conn *hub_find(struct hub *hub, fr_peer peer);
/* Ends the connection for both sides, unless it has ended. */
void conn_cut(struct conn *c, enum side by, fr_status mine, fr_status theirs, const char *detail);
/* Ends it in order where a side has shut down and all that it sent was taken. */
void conn_settle(struct conn *c);
/* A side forgets the connection; whatever it has not taken is lost. */
void conn_leave(struct conn *c, enum side by);
void conn_ring(struct conn *c, enum side whom);

/* Without the lock: frees a connection that nobody holds. */
void conn_delete(struct conn *c);
#endif
