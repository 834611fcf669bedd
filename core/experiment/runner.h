/* SPDX-License-Identifier: MIT
 * runner.h - this program as a child process: run to its end, with what it said last. */
#ifndef FR_EXPERIMENT_RUNNER_H
#define FR_EXPERIMENT_RUNNER_H
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fr_child {
    int code;      /* its exit code, or 128 + signal           */
    bool stopped;  /* a signal asked us to stop: it was ended  */
    bool too_long; /* limit_ms was over: it was ended          */
    double took_s;
    char said[512]; /* the last line on its stderr, "" for none */
};

struct fr_child_limits {
    uint64_t ms;        /* 0: none                                                   */
    bool heeds_signals; /* ends when we are asked to stop                            */
};

/* Runs argv[0], found by path, to its end; at a limit it is asked to end and then made to. stdout
 * goes to out_path (NULL: nowhere). Not ok only where it could not be started; FR_ENOTSUP: there is
 * no such program. */
fr_status fr_child_run(char *const argv[], const char *out_path,
                       const struct fr_child_limits *limits, struct fr_child *child_p,
                       struct fr_error *err);
#endif
