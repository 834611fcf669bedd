/* SPDX-License-Identifier: MIT
 * desk.h - where the leader's peers are talked to: who is let in, what they say, what they get. */
#ifndef FR_LEADER_DESK_H
#define FR_LEADER_DESK_H
#include "leader/members.h"
#include "metrics/report.h"
#include "raster/raster.h"
#include "wire/wire.h"

/* An accepted result, for who watches. The rows may be read from the raster until the next one. */
struct fr_desk_result {
    const struct fr_raster *raster;
    uint32_t worker; /* its number */
    uint32_t first_row, rows;
    uint64_t round_trip_ns, network_ns, compute_ns;
};

struct fr_desk {
    struct fr_endpoint endpoint;
    struct fr_members members;
    uint32_t welcomed; /* workers so far */
    /* Of the job; NULL between jobs. */
    struct fr_schedule *schedule;
    struct fr_raster *raster;
    const struct fr_job *job;
    uint32_t job_id;          /* of the last one; 0: none yet             */
    const char *token;        /* that a worker must know; "": none        */
    bool started;             /* assignments go out                        */
    bool finished;            /* all rows are there: newcomers are told so */
    struct fr_report *report; /* gets a record for each worker             */
    uint64_t first_row_ns;    /* when the first result came, 0: not yet      */
    fr_status status;         /* not FR_OK: the job cannot go on           */
    struct fr_error *err;
    void (*on_result)(void *ctx, const struct fr_desk_result *result); /* may be NULL */
    void *ctx;
};

/* What a job brings; all of it outlives fr_desk_end. */
struct fr_desk_job {
    uint32_t id; /* greater than those before */
    const struct fr_job *job;
    struct fr_schedule *schedule;
    struct fr_raster *raster;
    struct fr_report *report;
};
/* Every worker gets a place in the schedule and is told the job. */
void fr_desk_begin(struct fr_desk *desk, const struct fr_desk_job *job);
/* The places are given back; workers stay. What they still say of this job is ignored. */
void fr_desk_end(struct fr_desk *desk);

/* One event of the endpoint; its message is given back. */
void fr_desk_take_event(struct fr_desk *desk, const struct fr_event *event);
/* Gives out what there is to give, in turn, and sends what had no room before. */
void fr_desk_assign(struct fr_desk *desk, uint64_t now_ns);
/* Drops who connected and never said Hello. */
void fr_desk_expire(struct fr_desk *desk, uint64_t now_ns);
/* Tells all workers that the job is done. */
void fr_desk_finish(struct fr_desk *desk);
/* True while somebody may still say statistics; who says nothing is not waited for long. */
bool fr_desk_awaits(const struct fr_desk *desk, uint64_t now_ns);
/* True while something waits for room at a peer. */
bool fr_desk_blocked(const struct fr_desk *desk);
#endif
