/* SPDX-License-Identifier: MIT
 * scalar.c - one point after the other, as the definition says: what the others are held against.
 */
#include "kernel/kernels.h"

static bool available(void)
{
    return true;
}

static void row(const double *cx, double cy, size_t n, uint32_t iters, double *zx, double *zy,
                int32_t *it)
{
    for (size_t i = 0; i < n; i++) {
        double x = 0, y = 0, c = cx[i];
        uint32_t k = 0;
        for (; k < iters; k++) {
            double xy = x * y, xx = x * x, yy = y * y;
            if (xx + yy > 4)
                break;
            x = (xx - yy) + c;
            y = 2 * xy + cy;
        }
        zx[i] = x;
        zy[i] = y;
        it[i] = (int32_t)k;
    }
}

const struct fr_kernel fr_kernel_scalar = {.name = "scalar", .available = available, .row = row};
