/* SPDX-License-Identifier: MIT
 * session.h - one connection of a worker, from Hello to the end; for worker.c. */
#ifndef FR_WORKER_SESSION_H
#define FR_WORKER_SESSION_H
#include "worker/worker.h"

enum fr_session_end {
    FR_SESSION_FINISHED,    /* all is done, or we were asked to leave          */
    FR_SESSION_UNREACHABLE, /* never welcomed: another attempt may do better   */
    FR_SESSION_FAILED,      /* *err says why, and trying again does not help   */
};

/* Opens, serves and closes. Unless FINISHED, *err has the reason. */
enum fr_session_end fr_session_run(const struct fr_worker_args *args, struct fr_error *err);
#endif
