/* SPDX-License-Identifier: MIT
 * board.h - what the leader's loop and the HTTP service share: the jobs, how they go, who works.
 * The loop writes a few times a second, requests read copies and leave wishes. Any thread. */
#ifndef FR_CONTROL_BOARD_H
#define FR_CONTROL_BOARD_H
#include "control/preview.h"
#include "leader/leader.h"

enum {
    FR_BOARD_QUEUE = 64,  /* jobs that wait                   */
    FR_BOARD_ENDED = 128, /* that are remembered             */
    FR_BOARD_BOUNDS = 20,
};

enum fr_job_state {
    FR_JOB_QUEUED,
    FR_JOB_RUNNING,
    FR_JOB_DONE,
    FR_JOB_FAILED,
    FR_JOB_CANCELLED,
    FR_JOB_STATES
};
extern const char *const fr_job_state_names[FR_JOB_STATES];

struct fr_job_facts {
    uint32_t id;
    enum fr_job_state state;
    struct fr_job_spec spec;
    struct fr_job job;
    int64_t step;
    char palette[64];
    char file[256];      /* the image's name, for people                        */
    char path[1024];     /* and where it is; "" where there is none             */
    bool png;            /* it is one                                           */
    uint64_t file_id[2]; /* device and inode once it is done: a later job may take its name */
    uint64_t queued_ns, begun_ns, started_ns, ended_ns; /* 0: not yet        */
    uint32_t accepted_rows, written_rows;
    uint64_t network_p50_ns, network_p99_ns, pixel_hash;
    char error[1024];
};

struct fr_worker_row {
    uint32_t number, pid, threads, held;
    char host[64], kernel[32];
    uint64_t rows, pixels, tasks, network_p50_ns, network_p99_ns;
    double pixels_per_s; /* of late */
    bool leaving;
};

/* Sums over all jobs, as Prometheus wants them. */
struct fr_board_span {
    uint64_t counts[FR_BOARD_BOUNDS + 1], count, sum_ns;
};
extern const uint64_t fr_board_bounds_ns[FR_BOARD_BOUNDS];
struct fr_board_totals {
    uint64_t jobs[FR_JOB_STATES]; /* that ended so */
    uint64_t rows, pixels, tasks, late, expired, copies, returned;
    struct fr_board_span round_trip, network, compute;
    struct fr_stats net;
    uint32_t workers_seen;
};

struct fr_board;
/* free_work takes what fr_board_submit was given, once the job has ended or was never begun. */
struct fr_board *fr_board_new(void (*free_work)(void *work)); /* NULL: no memory */
void fr_board_free(struct fr_board *board);

/* ----- the loop's side */
/* What wakes the loop up, for wishes; NULL: nobody any more. */
void fr_board_set_leader(struct fr_board *board, struct fr_leader *leader);
/* What tells the service that a job has ended; called on the loop's thread and on the service's. */
void fr_board_set_bell(struct fr_board *board, void (*ring)(void *ctx), void *ctx);
/* The next job to render becomes running; NULL: none is queued. */
struct fr_board_job *fr_board_take(struct fr_board *board);
void *fr_board_work(const struct fr_board_job *job);
uint32_t fr_board_id(const struct fr_board_job *job);
const atomic_bool *fr_board_cancelled(const struct fr_board_job *job);
bool fr_board_waiting(struct fr_board *board); /* something is queued */
void fr_board_result(struct fr_board *board, const struct fr_desk_result *result);
void fr_board_update(struct fr_board *board, struct fr_leader *leader);
/* The running job has ended; report is set where it is done, err where not. */
void fr_board_end(struct fr_board *board, const struct fr_report *report,
                  const struct fr_error *err);

/* ----- the service's side */
/* Queues; returns its id, 0: too many wait (work stays the caller's). */
uint32_t fr_board_submit(struct fr_board *board, const struct fr_job_facts *facts, void *work);
enum fr_cancel { FR_CANCEL_UNKNOWN, FR_CANCEL_ENDED, FR_CANCEL_DONE, FR_CANCEL_ASKED };
enum fr_cancel fr_board_cancel(struct fr_board *board, uint32_t id);
bool fr_board_find(struct fr_board *board, uint32_t id, struct fr_job_facts *facts_p);
struct fr_preview *fr_board_preview(struct fr_board *board);

struct fr_board_copy {
    uint64_t now_ns, opened_ns;
    struct fr_job_facts *jobs; /* oldest first */
    size_t job_count;
    struct fr_worker_row *workers;
    size_t worker_count;
    struct fr_board_totals totals;
    char address[256], mechanism[128];
    uint64_t updated_ns;
    bool ready; /* the loop runs */
};
bool fr_board_read(struct fr_board *board, struct fr_board_copy *copy_p); /* false: no memory */
void fr_board_copy_clear(struct fr_board_copy *copy);
#endif
