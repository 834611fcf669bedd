/* SPDX-License-Identifier: MIT
 * door.h - the Unix socket where workers of the same user are let in and handed the memory. It says
 * nothing after that, but its end is how the death of a process is noticed at once. */
#ifndef SHM_DOOR_H
#define SHM_DOOR_H
#include <fractal/transport.h>
#include <stdbool.h>
#include <sys/types.h>

struct door {
    int fd; /* listening */
    char path[108];
    dev_t dev; /* of the socket's file: only our own is removed */
    ino_t ino;
};

enum { DOOR_RINGS, DOOR_LEADER_BELL, DOOR_LEADER_EVENT, DOOR_WORKER_EVENT, DOOR_FDS };

/* What the leader hands over, with DOOR_FDS descriptors. */
struct door_offer {
    uint32_t magic, version;
    uint32_t slots_up, slot_bytes_up;     /* worker to leader */
    uint32_t slots_down, slot_bytes_down; /* leader to worker */
};
#define DOOR_MAGIC   0x6d687366u /* "fshm" */
#define DOOR_VERSION 1u

/* Can it be an address at all? FR_EADDR. */
fr_status door_check(const struct fr_host *host, const char *address);
/* address "": the default; any: a fresh path. Errors: FR_EADDR, FR_EINVAL. */
fr_status door_open(const struct fr_host *host, const char *address, bool any, struct door *door);
void door_close(struct door *door);
/* The next who knocks, with its process id; -1: nobody, or not one of ours. */
int door_accept(const struct door *door, pid_t *pid_p, bool *more_p);
fr_status door_send(int fd, const struct door_offer *offer, const int fds[DOOR_FDS]);

/* The worker's side. FR_ECONN: nobody there (yet). */
fr_status door_knock(const struct fr_host *host, const char *address, int *fd_p, char *path_p,
                     size_t path_cap);
/* FR_EAGAIN: not yet; FR_ECONN: it hung up; FR_EPROTO. The descriptors are the caller's on FR_OK.
 */
fr_status door_receive(int fd, struct door_offer *offer_p, int fds_p[DOOR_FDS]);
#endif
