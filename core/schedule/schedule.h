/* SPDX-License-Identifier: MIT
 * schedule.h - who computes which rows: a pure state machine. No I/O, no clock, no threads; time is
 * an argument, in ns, and never goes back.
 *
 * The image is cut, in order, into bands. A lease gives one band to one worker; it ends by its
 * result, its worker's departure or its time-out, and a band without a lease goes to the next free
 * worker. A band is accepted once. No band is cut further ahead of the oldest unwritten row than
 * the window. */
#ifndef FR_SCHEDULE_SCHEDULE_H
#define FR_SCHEDULE_SCHEDULE_H
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define FR_SCHEDULE_MAX_CREDITS 1024u

enum fr_policy {
    FR_POLICY_DYNAMIC, /* bands of one size, to whoever is free                                */
    FR_POLICY_STATIC,  /* bands of one size, dealt in turn; only a departed worker's move on   */
    FR_POLICY_GUIDED,  /* dynamic, with bands that shrink as the rest does; source: Polychronopoulos
                        * and Kuck, "Guided self-scheduling", IEEE ToC 1987                    */
};

struct fr_schedule_args {
    uint32_t rows;              /* of the image, >= 1                                          */
    uint32_t rows_per_task;     /* 1..window_rows; guided: the least                           */
    uint32_t max_rows_per_task; /* guided: the most, >= rows_per_task                          */
    uint32_t window_rows;       /* >= rows_per_task                                            */
    uint64_t lease_ns;          /* how long a worker may hold a band, >= 1                     */
    uint32_t tail_copies;       /* further workers an idle one may double a band to; 0: never  */
    enum fr_policy policy;
};

struct fr_schedule;
struct fr_schedule_worker; /* a worker's place in the schedule, from join to leave */

struct fr_task {
    uint64_t lease; /* never 0, never reused */
    uint32_t first_row, rows;
};

enum fr_verdict {
    FR_VERDICT_ACCEPTED, /* the first result of its band: use it                               */
    FR_VERDICT_LATE,     /* somebody else was first: drop it                                   */
    FR_VERDICT_NONSENSE, /* this worker never had such a lease: drop the worker                */
};

struct fr_schedule_counts {
    uint64_t leases, accepted, late, expired, copies, returned; /* returned: by departures     */
};

/* FR_EINVAL, FR_ENOMEM. */
fr_status fr_schedule_new(const struct fr_schedule_args *args, struct fr_schedule **schedule_p);
void fr_schedule_free(struct fr_schedule *schedule);

/* credits: assignments it holds at once, cut to FR_SCHEDULE_MAX_CREDITS, 0 counts as 1. threads:
 * that compute, 0 counts as 1. NULL: out of memory. */
struct fr_schedule_worker *fr_schedule_join(struct fr_schedule *schedule, uint32_t credits,
                                            uint32_t threads);
/* All its leases end. The handle is gone. */
void fr_schedule_leave(struct fr_schedule *schedule, struct fr_schedule_worker *worker);

/* The next assignment for this worker; false: none for it now. Ask again after any other event. */
bool fr_schedule_next(struct fr_schedule *schedule, struct fr_schedule_worker *worker,
                      uint64_t now_ns, struct fr_task *task_p);
/* What fr_schedule_accept would answer; changes nothing, so that a result can be checked first. */
enum fr_verdict fr_schedule_judge(const struct fr_schedule *schedule,
                                  const struct fr_schedule_worker *worker,
                                  const struct fr_task *task);
/* A result came and ends its lease. *issued_ns_p: when that began; set unless NONSENSE. */
enum fr_verdict fr_schedule_accept(struct fr_schedule *schedule, struct fr_schedule_worker *worker,
                                   const struct fr_task *task, uint64_t *issued_ns_p);
/* Rows before this one are written: the window moves on. Never back. */
void fr_schedule_written(struct fr_schedule *schedule, uint32_t base_row);
/* Ends leases that are too old; their bands may go to others, while a result that still comes is
 * good if it is the first. The holder's credit stays spent: it may be stopped. Returns their
 * number. */
uint32_t fr_schedule_expire(struct fr_schedule *schedule, uint64_t now_ns);
/* When expire may next find something; UINT64_MAX: nothing is leased. */
uint64_t fr_schedule_deadline_ns(const struct fr_schedule *schedule);

bool fr_schedule_done(const struct fr_schedule *schedule); /* every row was accepted */
uint32_t fr_schedule_accepted_rows(const struct fr_schedule *schedule);
uint32_t fr_schedule_outstanding(const struct fr_schedule_worker *worker); /* leases it holds */
struct fr_schedule_counts fr_schedule_counts(const struct fr_schedule *schedule);
#endif
