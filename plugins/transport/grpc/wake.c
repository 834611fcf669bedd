/* SPDX-License-Identifier: MIT */
#include "wake.h"

#include <signal.h>

static void on_rung(struct tag *tag, bool ok)
{
    (void)ok;
    atomic_store(&((struct wake *)tag)->rung, false);
}

static void *run(void *arg)
{
    struct wake *wake = arg;
    for (;;) {
        while (sem_wait(&wake->sem) != 0)
            ;
        if (atomic_load(&wake->stop))
            return NULL;
        grpc_call_start_batch(wake->call, NULL, 0, &wake->tag, NULL);
    }
}

fr_status wake_start(struct wake *wake, grpc_completion_queue *cq)
{
    wake->tag.done = on_rung;
    sem_init(&wake->sem, 0, 0);
    atomic_init(&wake->rung, false);
    atomic_init(&wake->woken, false);
    atomic_init(&wake->stop, false);
    wake->channel = grpc_lame_client_channel_create("wake", GRPC_STATUS_UNAVAILABLE, "");
    wake->call =
        grpc_channel_create_call(wake->channel, NULL, 0, cq, grpc_slice_from_static_string("/"),
                                 NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&wake->thread, NULL, run, wake);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        return FR_OK;
    grpc_call_unref(wake->call);
    grpc_channel_destroy(wake->channel);
    sem_destroy(&wake->sem);
    return FR_ENOMEM;
}

void wake_stop(struct wake *wake)
{
    atomic_store(&wake->stop, true);
    sem_post(&wake->sem);
    pthread_join(wake->thread, NULL);
    grpc_call_unref(wake->call);
    grpc_channel_destroy(wake->channel);
    sem_destroy(&wake->sem);
}

void wake_ring(struct wake *wake)
{
    atomic_store(&wake->woken, true);
    if (!atomic_exchange(&wake->rung, true))
        sem_post(&wake->sem);
}

bool wake_take(struct wake *wake)
{
    return atomic_exchange(&wake->woken, false);
}
