/* SPDX-License-Identifier: MIT */
#include "leader/plan.h"

#include "base/clock.h"
#include "wire/wire.h"

/* Small enough for many tasks an image and for latency, large enough that a message's fixed cost
 * does not show: goodput of every transport is near its best from here on. */
#define TASK_BYTES   (UINT64_C(64) << 10)
#define MANY_TASKS   256u                 /* at least so many an image, if rows allow       */
#define WINDOW_BYTES (UINT64_C(64) << 20) /* of RGBA                                        */
#define GUIDED_BYTES (UINT64_C(1) << 20)  /* the largest task of the guided policy          */

static uint32_t clamp(uint64_t value, uint32_t least, uint32_t most)
{
    if (value < least)
        return least;
    return value < most ? (uint32_t)value : most;
}

fr_status fr_plan_make(const struct fr_job *job, const struct fr_plan_options *options,
                       struct fr_plan *plan_p, struct fr_error *err)
{
    uint64_t row_bytes = fr_job_band_bytes(job, 1);
    uint32_t rows = options->rows_per_task;
    if (rows == 0) {
        rows = clamp(TASK_BYTES / row_bytes, 1, clamp(job->height / MANY_TASKS, 1, job->height));
    } else if (rows > job->height) {
        return fr_fail(err, FR_EINVAL,
                       "[schedule] rows_per_task: %u is more than the image's %u rows", rows,
                       job->height);
    }
    uint32_t window = options->window_rows;
    if (window == 0)
        window = clamp(WINDOW_BYTES / (4 * (uint64_t)job->width), rows, job->height);
    else if (window > job->height)
        window = job->height;
    if (window < rows)
        return fr_fail(err, FR_EINVAL,
                       "[schedule] window_rows: %u cannot hold one task of %u rows "
                       "(valid: %u or more, or 0 to let fractal choose)",
                       window, rows, rows);
    uint32_t most = clamp(GUIDED_BYTES / row_bytes, rows, window / 4 > rows ? window / 4 : rows);
    if (options->policy != FR_POLICY_GUIDED)
        most = rows;
    struct fr_job raw = *job; /* a worker may say that it answers with nothing else */
    raw.payload = FR_PAYLOAD_RAW;
    *plan_p =
        (struct fr_plan){.schedule = {.rows = job->height,
                                      .rows_per_task = rows,
                                      .max_rows_per_task = most,
                                      .window_rows = window,
                                      .lease_ns = options->lease_ms * FR_NS_PER_MS,
                                      .tail_copies = options->tail_copies,
                                      .policy = options->policy},
                         .max_result_bytes = fr_job_band_bytes(&raw, most) + FR_WIRE_RESULT_BYTES};
    return FR_OK;
}
