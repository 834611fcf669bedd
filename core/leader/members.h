/* SPDX-License-Identifier: MIT
 * members.h - the peers of a leader, by number and in order of arrival. */
#ifndef FR_LEADER_MEMBERS_H
#define FR_LEADER_MEMBERS_H
#include "base/sketch.h"
#include "job/job.h"
#include "plugin/outbox.h"
#include "schedule/schedule.h"

#include <stdbool.h>

enum fr_member_state {
    FR_MEMBER_GREETING, /* connected, no Hello yet                              */
    FR_MEMBER_WORKING,  /* welcomed                                             */
    FR_MEMBER_LEAVING,  /* said Goodbye or Stats after Finish: owes nothing     */
    FR_MEMBER_DROPPED,  /* refused or misbehaved: its PEER_DOWN is to come      */
};

/* What stays true of a worker from one job to the next. */
struct fr_member_facts {
    uint32_t number; /* 1, 2, ...: as its Welcome says; 0: not welcomed */
    uint32_t pid, threads, credits;
    bool raw_only;
    char host[64], kernel[32];
    uint64_t rows, pixels, tasks; /* accepted from it, over all jobs */
    struct fr_sketch network;     /* of its tasks' network times     */
};

struct fr_member {
    fr_peer peer; /* first: the key */
    enum fr_member_state state;
    struct fr_member *prev, *next;
    struct fr_schedule_worker *place; /* NULL unless WORKING, and between jobs  */
    struct fr_outbox outbox;
    uint64_t greet_by_ns; /* GREETING: its Hello is due             */
    struct fr_job job;    /* as it was told: payloads may differ */
    size_t record;        /* index of its fr_report_worker; SIZE_MAX: none in this job */
    struct fr_member_facts facts;
};

struct fr_members {
    void *tree; /* by peer */
    struct fr_member *first, *last;
    uint32_t count, working;
};

struct fr_member *fr_members_add(struct fr_members *members, fr_peer peer); /* NULL: no memory */
struct fr_member *fr_members_find(const struct fr_members *members, fr_peer peer);
/* Its place in the schedule must have been given back. */
void fr_members_remove(struct fr_members *members, struct fr_member *member);
void fr_members_clear(struct fr_members *members);
#endif
