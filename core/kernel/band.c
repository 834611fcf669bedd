/* SPDX-License-Identifier: MIT
 * band.c - bands of rows, from the job's geometry through a kernel to a payload. */
#include "kernel/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fr_compute {
    struct fr_job job;
    fr_kernel_row_fn *row;
    double *cx;      /* x of every column            */
    double *zx, *zy; /* one row's results            */
    int32_t *it;
    void *encoded; /* one row of the payload, aligned */
};

fr_status fr_compute_new(const struct fr_job *job, const struct fr_kernel *kernel,
                         struct fr_compute **compute_p, struct fr_error *err)
{
    struct fr_compute *c = calloc(1, sizeof(*c));
    if (!c)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    c->job = *job;
    c->row = kernel->row;
    size_t width = job->width;
    c->cx = malloc(width * sizeof(*c->cx));
    c->zx = malloc(width * sizeof(*c->zx));
    c->zy = malloc(width * sizeof(*c->zy));
    c->it = malloc(width * sizeof(*c->it));
    c->encoded = malloc(width * sizeof(double));
    if (!c->cx || !c->zx || !c->zy || !c->it || !c->encoded) {
        fr_compute_free(c);
        return fr_fail(err, FR_ENOMEM, "out of memory for rows of %zu pixels", width);
    }
    for (uint32_t i = 0; i < job->width; i++)
        c->cx[i] = fr_job_x(job, i);
    *compute_p = c;
    return FR_OK;
}

void fr_compute_free(struct fr_compute *c)
{
    if (!c)
        return;
    free(c->cx);
    free(c->zx);
    free(c->zy);
    free(c->it);
    free(c->encoded);
    free(c);
}

static double norm_of(const struct fr_compute *c, size_t i)
{
    double norm = c->zx[i] * c->zx[i] + c->zy[i] * c->zy[i];
    return c->it[i] == (int32_t)c->job.iters ? norm / 2 : norm;
}

/* The whole part of steps + log(norm), `none` where the pixel has no colour. Most norms lie in a
 * narrow range, where comparing with powers of e tells the same as a logarithm, at a tenth of its
 * cost. Nearer to such a power than the rounding of log and sum could reach, the sum decides. */
static int32_t index_of(double steps, double norm, int32_t none)
{
    static const double e[] = {1, 2.718281828459045, 7.38905609893065, 20.085536923187668,
                               54.598150033144236};
    const double margin = 1e-6;
    if (steps >= 1 && norm > 4 && norm < e[4] * (1 - margin)) {
        int32_t k = 1 + (norm > e[2]) + (norm > e[3]);
        double below = e[k] * (1 + margin), above = e[k + 1] * (1 - margin);
        if (norm > below && norm < above)
            return (int32_t)steps + k;
    } else if (steps < 1 && norm > (1 + margin) / e[1] && norm < e[1] * (1 - margin)) {
        return 0;
    }
    if (!(norm > 0) || isinf(norm))
        return none;
    return (int32_t)(steps + log(norm));
}

static void encode_index16(struct fr_compute *c)
{
    int16_t *to = c->encoded;
    for (size_t i = 0; i < c->job.width; i++)
        to[i] = (int16_t)index_of((double)((int32_t)c->job.iters - c->it[i]), norm_of(c, i),
                                  FR_INDEX16_NONE);
}

static void encode_index32(struct fr_compute *c)
{
    int32_t *to = c->encoded;
    for (size_t i = 0; i < c->job.width; i++)
        to[i] =
            index_of((double)((int32_t)c->job.iters - c->it[i]), norm_of(c, i), FR_INDEX32_NONE);
}

/* Continuous iteration count: mu = it + 1 - log2(log|z| / log 2), for |z| so large that c no longer
 * matters: some steps more make the error of a small escape radius vanish.
 * Source: Peitgen and Richter, The Beauty of Fractals, 1986 (the potential); and F. Garcia et al.,
 * "Coloring Dynamical Systems in the Complex Plane", 2000 (renormalised count). */
static float smooth_of(double x, double y, double cx, double cy, uint32_t it, uint32_t iters)
{
    if (it == iters)
        return -1;
    double norm = x * x + y * y, steps = it;
    for (int more = 0; more < 100 && norm < 1e10; more++) {
        double xy = x * y;
        x = (x * x - y * y) + cx;
        y = 2 * xy + cy;
        norm = x * x + y * y;
        steps++;
    }
    if (!isfinite(norm))
        return (float)it;
    double mu = steps + 1 - log2(log2(norm) / 2);
    return (float)(mu < 0 ? 0 : mu > iters ? iters : mu);
}

static void encode_smooth(struct fr_compute *c, double cy)
{
    float *to = c->encoded;
    for (size_t i = 0; i < c->job.width; i++)
        to[i] = smooth_of(c->zx[i], c->zy[i], c->cx[i], cy, (uint32_t)c->it[i], c->job.iters);
}

static void encode_norms(struct fr_compute *c)
{
    double *to = c->encoded;
    for (size_t i = 0; i < c->job.width; i++)
        to[i] = norm_of(c, i);
}

void fr_compute_band(struct fr_compute *c, uint32_t first, uint32_t rows, void *out)
{
    size_t width = c->job.width;
    uint8_t *to = out;
    uint8_t *counts = to + (size_t)rows * width * sizeof(double); /* raw only */
    for (uint32_t r = 0; r < rows; r++) {
        double cy = fr_job_y(&c->job, first + r);
        c->row(c->cx, cy, width, c->job.iters, c->zx, c->zy, c->it);
        size_t row_bytes = (size_t)fr_job_band_bytes(&c->job, 1);
        switch (c->job.payload) {
        case FR_PAYLOAD_INDEX16:
            encode_index16(c);
            break;
        case FR_PAYLOAD_INDEX32:
            encode_index32(c);
            break;
        case FR_PAYLOAD_SMOOTH:
            encode_smooth(c, cy);
            break;
        default:
            encode_norms(c);
            row_bytes = width * sizeof(double);
            memcpy(counts + r * width * sizeof(int32_t), c->it, width * sizeof(int32_t));
            break;
        }
        memcpy(to + r * row_bytes, c->encoded, row_bytes);
    }
}
