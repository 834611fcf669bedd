/* SPDX-License-Identifier: MIT */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "worker/session.h"

#include <time.h>

enum { FIRST_PAUSE_MS = 50, LONGEST_PAUSE_MS = 2000, NAP_MS = 20 };

static bool stopped(const struct fr_worker_args *args)
{
    return fr_signals_stop() || (args->no_leader && atomic_load(args->no_leader));
}

/* In naps, so that a signal is not kept waiting. */
static void pause_ms(const struct fr_worker_args *args, uint64_t ms)
{
    uint64_t end_ns = fr_now_ns() + ms * FR_NS_PER_MS;
    while (!stopped(args) && fr_now_ns() < end_ns) {
        struct timespec nap = {.tv_nsec = NAP_MS * (long)FR_NS_PER_MS};
        nanosleep(&nap, NULL);
    }
}

fr_status fr_worker_run(const struct fr_worker_args *args, struct fr_error *err)
{
    uint64_t pause = FIRST_PAUSE_MS;
    for (int64_t attempt = 0; !stopped(args); attempt++) {
        struct fr_error why = {0};
        switch (fr_session_run(args, &why)) {
        case FR_SESSION_FINISHED:
            return FR_OK;
        case FR_SESSION_FAILED:
            if (err && err->status == FR_OK)
                *err = why;
            return why.status;
        case FR_SESSION_UNREACHABLE:
            break;
        }
        if (stopped(args))
            break;
        if (args->retries >= 0 && attempt >= args->retries)
            return fr_fail(err, why.status, "gave up after %lld attempts: %s",
                           (long long)attempt + 1, why.text);
        fr_log(attempt == 0 ? FR_LOG_INFO : FR_LOG_DEBUG, "no leader yet (%s), trying again",
               why.text);
        pause_ms(args, pause);
        pause = pause * 3 / 2 < LONGEST_PAUSE_MS ? pause * 3 / 2 : LONGEST_PAUSE_MS;
    }
    return FR_OK;
}
