/* SPDX-License-Identifier: MIT
 * worker.h - the worker's role: find the leader, compute what it assigns, leave when told. */
#ifndef FR_WORKER_WORKER_H
#define FR_WORKER_WORKER_H
#include "kernel/kernel.h"
#include "plugin/endpoint.h"

#include <stdatomic.h>

#define FR_WORKER_MAX_THREADS 1024u

struct fr_worker_args {
    struct fr_transport_use transport;
    const char *address; /* "": the transport's default                            */
    const char *token;   /* to show the leader, "": none                            */
    const struct fr_kernel *kernel;
    uint32_t threads;             /* that compute, 1..FR_WORKER_MAX_THREADS                  */
    uint32_t credits;             /* assignments held at once; 0: chosen from threads        */
    int nice;                     /* of the computing threads, 0..19                         */
    int64_t retries;              /* attempts to find a leader after the first; -1: for ever */
    const atomic_bool *no_leader; /* set: there will be none any more; NULL: who knows */
};

/* FR_OK: told that all is done, asked to leave by a signal, or without a leader to find. Else why
 * not: FR_ECONN (no leader after all retries, or it vanished), FR_EAUTH (refused), ... Any thread;
 * blocks until the end. */
fr_status fr_worker_run(const struct fr_worker_args *args, struct fr_error *err);
#endif
