/* SPDX-License-Identifier: MIT */
#include "wake.h"

#include <grpc/slice.h>

static void on_rung(struct tag *tag, bool ok)
{
    (void)ok;
    atomic_store(&((struct wake *)tag)->rung, false);
}

void wake_start(struct wake *wake, grpc_completion_queue *cq)
{
    wake->tag.done = on_rung;
    atomic_init(&wake->rung, false);
    atomic_init(&wake->woken, false);
    wake->channel = grpc_lame_client_channel_create("wake", GRPC_STATUS_UNAVAILABLE, "");
    wake->call =
        grpc_channel_create_call(wake->channel, NULL, 0, cq, grpc_slice_from_static_string("/"),
                                 NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

void wake_stop(struct wake *wake)
{
    grpc_call_unref(wake->call);
    grpc_channel_destroy(wake->channel);
}

void wake_ring(struct wake *wake)
{
    /* First, so that a poll that takes the batch of an earlier ring still sees this one. */
    atomic_store(&wake->woken, true);
    if (!atomic_exchange(&wake->rung, true))
        grpc_call_start_batch(wake->call, NULL, 0, &wake->tag, NULL);
}

bool wake_take(struct wake *wake)
{
    return atomic_exchange(&wake->woken, false);
}
