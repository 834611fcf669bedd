/* SPDX-License-Identifier: MIT
 * crew.h - the threads that compute, so that the one that talks to the network never waits. */
#ifndef FR_WORKER_CREW_H
#define FR_WORKER_CREW_H
#include "base/error.h"
#include "base/usage.h"
#include "kernel/kernel.h"
#include "wire/wire.h"

#include <fractal/transport.h>
#include <stdbool.h>

struct fr_crew;

struct fr_crew_args {
    const struct fr_kernel *kernel;
    uint32_t threads;
    uint32_t capacity; /* tasks it may be given before one is taken back           */
    int nice;          /* of the computing threads, so that the network thread and a leader on the
                        * same processor come first */
    bool measure;      /* fr_crew_usage is wanted: a system call a task */
    void (*wake)(void *ctx); /* a task was finished; called from computing threads */
    void *wake_ctx;
};

struct fr_crew_task {
    struct fr_assign assign;
    struct fr_msg *msg;  /* room for head_bytes + payload_len; lent to the crew    */
    uint64_t arrived_ns; /* when the Assign came                                   */
    size_t payload_len;
    uint64_t compute_ns; /* set by the crew                                        */
    bool done;           /* set by the crew: msg holds a whole Result              */
};

fr_status fr_crew_new(const struct fr_crew_args *args, struct fr_crew **crew_p,
                      struct fr_error *err);
/* What tasks given from now on belong to. Only while it holds none but those that are begun. */
void fr_crew_set_job(struct fr_crew *crew, const struct fr_job *job);
/* Never blocks; within capacity. */
void fr_crew_give(struct fr_crew *crew, const struct fr_crew_task *task);
/* A task that is finished, or was dropped; false: none now. */
bool fr_crew_take(struct fr_crew *crew, struct fr_crew_task *task_p);
/* Drops the tasks that nobody has begun: they come back from take with done unset. */
void fr_crew_drop(struct fr_crew *crew);
/* How long threads have waited for work since they had a job, in all. */
uint64_t fr_crew_starved_ns(struct fr_crew *crew, uint64_t now_ns);
/* What the computing threads used, up to their last finished task. */
struct fr_usage fr_crew_usage(struct fr_crew *crew);
/* Waits for the tasks that are begun. */
void fr_crew_free(struct fr_crew *crew);
#endif
