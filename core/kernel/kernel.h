/* SPDX-License-Identifier: MIT
 * kernel.h - escape-time kernels. All give the same bits; they differ in speed only. */
#ifndef FR_KERNEL_KERNEL_H
#define FR_KERNEL_KERNEL_H
#include "base/error.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For each of n points c = (cx[i], cy): the orbit's z where xx + yy > 4 was first seen, and the
 * number it of steps before that; or it = iters and the z after the last step. zx*zx + zy*zy
 * (halved for it == iters) is the norm. Pure; any thread. */
typedef void fr_kernel_row_fn(const double *cx, double cy, size_t n, uint32_t iters, double *zx,
                              double *zy, int32_t *it);

struct fr_kernel {
    const char *name;        /* "scalar", "avx2", "avx512", "neon" */
    bool (*available)(void); /* may this processor run it?         */
    fr_kernel_row_fn *row;
};

/* All kernels compiled in, fastest first, NULL-terminated. */
const struct fr_kernel *const *fr_kernels(void);
/* "auto": the fastest available. FR_EINVAL (unknown) or FR_ENOTSUP (not on this processor). */
fr_status fr_kernel_find(const char *name, const struct fr_kernel **kernel_p, struct fr_error *err);

/* Room that one computing thread needs for one job; reused from band to band. */
struct fr_compute;
fr_status fr_compute_new(const struct fr_job *job, const struct fr_kernel *kernel,
                         struct fr_compute **compute_p, struct fr_error *err);
void fr_compute_free(struct fr_compute *compute);
/* Computes rows first..first+rows-1 (inside the job) into out, fr_job_band_bytes(job, rows) bytes,
 * of any alignment, written once and never read. Allocates nothing. */
void fr_compute_band(struct fr_compute *compute, uint32_t first, uint32_t rows, void *out);
#endif
