/* SPDX-License-Identifier: MIT
 * trial.h - the runs: a warm-up of every cell, then rounds in which each cell runs once, in an
 * order that is drawn anew, so that whatever drifts on this machine hits all cells alike. */
#ifndef FR_EXPERIMENT_TRIAL_H
#define FR_EXPERIMENT_TRIAL_H
#include "experiment/experiment.h"

struct fr_trial {
    struct fr_experiment *x;
    const char *program;      /* what to run: this one                         */
    const char *const *flags; /* of every run: "--set", "job.width=1024", ...  */
    size_t flag_count;
    const char *folder; /* results.json is kept there after each round; NULL: nowhere */
    uint64_t limit_ms;  /* of one run; 0: none                           */
};

/* Runs what has not run yet. FR_ECLOSED: a signal asked to stop; FR_EPROTO: two cells computed
 * different pixels. What was measured is in the document, and saved, whatever comes. */
fr_status fr_trial_run(const struct fr_trial *trial, struct fr_error *err);

/* The order of the cells in this round, into order[count]. */
void fr_trial_order(uint64_t seed, uint32_t round, uint32_t *order, size_t count);
/* FR_EPROTO, naming both, where two cells of the same job have different pixels. */
fr_status fr_trial_check_pixels(const struct fr_experiment *x, struct fr_error *err);
#endif
