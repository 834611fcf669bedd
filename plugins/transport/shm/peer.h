/* SPDX-License-Identifier: MIT
 * peer.h - the memory that two processes share, the socket beside it and the bells. */
#ifndef SHM_PEER_H
#define SHM_PEER_H
#include "door.h"
#include "lane.h"

/* A bell wakes its owner through an eventfd, but only when the owner has said that it sleeps. */
struct bell_shared {
    _Alignas(SHM_LINE) _Atomic uint32_t sleeping;
};

struct bell {
    struct bell_shared *shared;
    int event_fd;
};
void bell_ring(const struct bell *bell);

struct peer {
    struct peer *next;
    fr_peer id;
    pid_t pid;
    int fd;       /* the socket, -1 when down                                    */
    bool down;    /* PEER_DOWN is queued: what is left is what our core holds    */
    bool hung_up; /* the socket has ended: what is in the ring is all there is  */
    struct lane tx, rx;
    struct bell theirs;
    void *map; /* the rings, with the worker's bell before them */
    size_t map_bytes;
    void *bell_map; /* worker: the leader's bell; NULL elsewhere */
};

/* Leader: makes the memory for a worker that knocked, and hands it over. Takes fd only on FR_OK. */
fr_status peer_invite(const struct fr_host *host, int fd, const struct door_offer *offer,
                      int bell_memfd, int leader_event_fd, struct peer **peer_p);
/* Worker: takes what the leader handed over. Closes or keeps the fds in either case; the own bell's
 * is *own_p. */
fr_status peer_accept(const struct fr_host *host, int fd, const struct door_offer *offer,
                      const int fds[DOOR_FDS], struct peer **peer_p, struct bell *own_p);
/* Everything but what the core may still hold. */
void peer_hang_up(struct peer *peer);
void peer_free(struct peer *peer);

/* A bell of one's own in memory that can be handed out. -1: the host has the reason. */
int bell_make(const struct fr_host *host, struct bell *bell);
void bell_unmap(struct bell_shared *shared);
#endif
