/* SPDX-License-Identifier: MIT
 * bell.h - what a blocked poll waits on. Ringing twice before anyone listens counts once. */
#ifndef INPROC_BELL_H
#define INPROC_BELL_H
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A semaphore and not a condition variable: wakeup() may come from a signal handler, where only
 * sem_post is allowed. */
struct bell {
    sem_t sem;
    atomic_bool rung;  /* the semaphore is up, or about to be */
    atomic_bool woken; /* by wakeup(), not by a peer          */
};

void bell_init(struct bell *bell);
void bell_destroy(struct bell *bell);
void bell_ring(struct bell *bell);
void bell_wakeup(struct bell *bell);      /* safe in a signal handler            */
bool bell_take_wakeup(struct bell *bell); /* was there one since the last time?  */
/* Waits for a ring until deadline_ns (CLOCK_MONOTONIC; UINT64_MAX: for ever). False: the time is
 * over, or a signal came. */
bool bell_wait(struct bell *bell, uint64_t deadline_ns);
#endif
