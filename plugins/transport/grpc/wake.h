/* SPDX-License-Identifier: MIT
 * wake.h - ends a wait on a completion queue, from any thread and from signal handlers.
 *
 * gRPC's C core offers only one way to post to a queue: an empty batch on a call. It allocates and
 * locks, which a signal handler must not, so that a thread of its own does it when a semaphore
 * says so. */
#ifndef GRPC_WAKE_H
#define GRPC_WAKE_H
#include <fractal/plugin.h>
#include <grpc/grpc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What a completion queue hands back: embedded in the object whose operation ended. */
struct tag {
    void (*done)(struct tag *tag, bool ok);
};

struct wake {
    struct tag tag;
    sem_t sem;
    atomic_bool rung;  /* an empty batch is under way, or about to be */
    atomic_bool woken; /* and nobody took notice of it yet            */
    atomic_bool stop;
    pthread_t thread;
    grpc_channel *channel;
    grpc_call *call; /* leads nowhere, only carries the empty batches */
};

fr_status wake_start(struct wake *wake, grpc_completion_queue *cq);
void wake_stop(struct wake *wake); /* before the queue is shut down */
void wake_ring(struct wake *wake);
bool wake_take(struct wake *wake); /* was there one since the last time? */
#endif
