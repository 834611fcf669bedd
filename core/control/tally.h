/* SPDX-License-Identifier: MIT
 * tally.h - sums over all jobs, and how fast workers are of late. The leader's loop only. */
#ifndef FR_CONTROL_TALLY_H
#define FR_CONTROL_TALLY_H
#include "control/board.h"

struct fr_mark; /* what a worker had done a while ago, to tell its rate from */

struct fr_tally { /* {0} is an empty one */
    struct fr_board_totals live;
    struct fr_schedule_counts counted; /* of the running job, in live already */
    struct fr_mark *marks;
    size_t mark_count, mark_cap;
};

void fr_tally_result(struct fr_tally *tally, const struct fr_desk_result *result, uint32_t width);
void fr_tally_schedule(struct fr_tally *tally, const struct fr_schedule_counts *now);
/* Pixels a second over the last while. Asked for all workers in their order; *at begins at 0. */
double fr_tally_rate(struct fr_tally *tally, size_t *at, uint32_t number, uint64_t pixels,
                     uint64_t now_ns);
void fr_tally_clear(struct fr_tally *tally);
#endif
