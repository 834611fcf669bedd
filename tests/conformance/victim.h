/* SPDX-License-Identifier: MIT
 * victim.h - this program again, as a process that goes to a stage, says so, and waits for the end.
 */
#ifndef CONFORMANCE_VICTIM_H
#define CONFORMANCE_VICTIM_H
#include "rig.h"

#include <sys/types.h>

enum stage {
    STAGE_OPEN,      /* a worker that opened and never polls              */
    STAGE_UP,        /* after PEER_UP                                     */
    STAGE_ALLOC,     /* with a message allocated                          */
    STAGE_SENDING,   /* after half of VICTIM_SENDS                        */
    STAGE_STUFFED,   /* with all that the way takes, maybe a part of a message */
    STAGE_RECEIVING, /* after the first message that came                 */
    STAGE_SHUTDOWN,  /* after all sends, shutdown and its own PEER_DOWN   */
    STAGE_LEADER,    /* a leader with a peer, after PEER_UP               */
    STAGE_LEADER_TX, /* a leader that has sent all there was room for     */
    STAGES
};
enum { VICTIM_SENDS = 40, VICTIM_LEN = 3000 };

struct victim {
    pid_t pid;
    int fd;            /* what it says: a leader its address and a newline, then '!' at its stage */
    bool reached;      /* the '!' came */
    bool ended;        /* it closed its side: died by itself */
    char address[300]; /* of a leader */
};

bool victim_start(const struct rig *rig, enum stage stage, const char *address,
                  struct victim *victim_p);
bool victim_has_reached(void *victim); /* never blocks */
void victim_kill(struct victim *victim);
#endif
