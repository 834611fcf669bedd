/* SPDX-License-Identifier: MIT
 * wake.h - ends a wait on a completion queue, from any thread.
 *
 * gRPC's C core offers one way to post to a queue: an empty batch on a call. */
#ifndef GRPC_WAKE_H
#define GRPC_WAKE_H
#include <grpc/grpc.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What a completion queue hands back: embedded in the object whose operation ended. */
struct tag {
    void (*done)(struct tag *tag, bool ok);
};

struct wake {
    struct tag tag;
    atomic_bool rung;  /* an empty batch is under way, or about to be */
    atomic_bool woken; /* and nobody took notice of it yet            */
    grpc_channel *channel;
    grpc_call *call; /* leads nowhere, only carries the empty batches */
};

void wake_start(struct wake *wake, grpc_completion_queue *cq);
void wake_stop(struct wake *wake); /* its last batch may still be in the queue */
void wake_ring(struct wake *wake);
bool wake_take(struct wake *wake); /* was there one since the last time? */
#endif
