/* SPDX-License-Identifier: MIT */
#include "bell.h"

#include <errno.h>
#include <time.h>

void bell_init(struct bell *bell)
{
    sem_init(&bell->sem, 0, 0);
    atomic_init(&bell->rung, false);
    atomic_init(&bell->woken, false);
}

void bell_destroy(struct bell *bell)
{
    sem_destroy(&bell->sem);
}

void bell_ring(struct bell *bell)
{
    if (!atomic_exchange(&bell->rung, true))
        sem_post(&bell->sem);
}

void bell_wakeup(struct bell *bell)
{
    atomic_store(&bell->woken, true);
    bell_ring(bell);
}

bool bell_take_wakeup(struct bell *bell)
{
    return atomic_exchange(&bell->woken, false);
}

bool bell_wait(struct bell *bell, uint64_t deadline_ns)
{
    int rc;
    if (deadline_ns == UINT64_MAX) {
        rc = sem_wait(&bell->sem);
    } else {
        struct timespec at = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                              .tv_nsec = (long)(deadline_ns % 1000000000u)};
        rc = sem_clockwait(&bell->sem, CLOCK_MONOTONIC, &at);
    }
    if (rc != 0)
        return false;
    /* Before the caller looks again at what there is, so that a later ring is not swallowed. */
    atomic_store(&bell->rung, false);
    return true;
}
