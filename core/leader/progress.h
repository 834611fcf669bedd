/* SPDX-License-Identifier: MIT
 * progress.h - how far the job is: a bar on a terminal, a line now and then elsewhere. */
#ifndef FR_LEADER_PROGRESS_H
#define FR_LEADER_PROGRESS_H
#include <stdint.h>

struct fr_progress {
    uint32_t width, height;
    uint64_t start_ns; /* of rendering                       */
    uint64_t shown_ns; /* when it was last shown             */
    uint32_t shown_percent;
};

struct fr_progress_now {
    uint64_t now_ns;
    uint32_t accepted_rows, written_rows, workers;
};

void fr_progress_show(struct fr_progress *progress, const struct fr_progress_now *now);
void fr_progress_end(void); /* clears the bar */
#endif
