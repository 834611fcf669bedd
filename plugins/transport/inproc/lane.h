/* SPDX-License-Identifier: MIT
 * lane.h - one direction of a connection: messages on their way, and sends not yet reported. */
#ifndef INPROC_LANE_H
#define INPROC_LANE_H
#include <fractal/transport.h>
#include <stdbool.h>

struct msg {
    struct fr_msg base; /* first: the core's pointer is ours */
    struct msg *prev, *next;
};

struct msg *msg_new(size_t cap, fr_peer peer); /* NULL: out of memory */
void msg_delete(struct msg *m);

/* Counts that only grow: head >= taken >= 0 and head >= reported. A slot is in use until its SENT
 * is reported, hence head - reported <= depth, and a SENT never lacks a place to wait in. */
struct lane {
    struct slot {
        struct msg *msg;
        uint64_t user;
    } * slots;
    uint64_t depth;
    uint64_t head;     /* sent                                     */
    uint64_t taken;    /* by the receiver                          */
    uint64_t reported; /* as SENT to the sender                    */
    bool lost;         /* what was not taken is gone, never comes  */
};

fr_status lane_init(struct lane *lane, uint64_t depth);
void lane_destroy(struct lane *lane);
bool lane_full(const struct lane *lane);
void lane_push(struct lane *lane, struct msg *m);
struct msg *lane_take(struct lane *lane); /* NULL: nothing there */
bool lane_all_taken(const struct lane *lane);
/* The next SENT; `cut`: nothing is taken any more, report the rest too. */
bool lane_report(struct lane *lane, bool cut, struct fr_event *ev);
void lane_lose(struct lane *lane);
#endif
