/* SPDX-License-Identifier: MIT
 * Every payload of a band, against the plain definition of a pixel. */
#include "kernel/kernel.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double unit(void)
{
    return (double)(draw() >> 11) / 9007199254740992.0;
}

/* ------------------------------------------------------ the plain definition */

static double plain_norm(double cx, double cy, uint32_t iters, uint32_t *it_p)
{
    double x = 0, y = 0;
    for (uint32_t i = 0; i < iters; i++) {
        double xy = x * y, xx = x * x, yy = y * y;
        if (xx + yy > 4) {
            *it_p = i;
            return xx + yy;
        }
        x = (xx - yy) + cx;
        y = 2 * xy + cy;
    }
    *it_p = iters;
    return (x * x + y * y) / 2;
}

static int32_t plain_index(double norm, uint32_t it, uint32_t iters, int32_t none)
{
    if (norm == 0 || isinf(norm) || isnan(norm))
        return none;
    return (int32_t)trunc((double)(iters - it) + log(norm));
}

/* ------------------------------------------------------------------ a band */

static void *compute(const struct fr_job *job, const struct fr_kernel *kernel, uint32_t first,
                     uint32_t rows, size_t offset, void **base_p)
{
    struct fr_compute *compute;
    cr_assert_eq(fr_compute_new(job, kernel, &compute, NULL), FR_OK);
    size_t len = (size_t)fr_job_band_bytes(job, rows);
    uint8_t *base = malloc(len + offset + 64);
    memset(base, 0xa5, len + offset + 64);
    fr_compute_band(compute, first, rows, base + offset);
    fr_compute_free(compute);
    for (size_t i = 0; i < 64; i++) {
        cr_assert_eq(base[offset + len + i], 0xa5, "wrote %zu past the band", i);
        cr_assert(i >= offset || base[i] == 0xa5, "wrote before the band");
    }
    *base_p = base;
    return base + offset;
}

static void check_pixel(const struct fr_job *job, const uint8_t *band, size_t pixels, size_t at,
                        double norm, uint32_t it)
{
    int16_t index16;
    int32_t index32, count;
    double raw;
    switch (job->payload) {
    case FR_PAYLOAD_INDEX16:
        memcpy(&index16, band + 2 * at, sizeof(index16));
        cr_assert_eq(index16, plain_index(norm, it, job->iters, INT16_MIN), "%d of %a %u", index16,
                     norm, it);
        break;
    case FR_PAYLOAD_INDEX32:
        memcpy(&index32, band + 4 * at, sizeof(index32));
        cr_assert_eq(index32, plain_index(norm, it, job->iters, INT32_MIN), "%d of %a %u", index32,
                     norm, it);
        break;
    default: /* raw: all norms, then all counts */
        memcpy(&raw, band + 8 * at, sizeof(raw));
        memcpy(&count, band + 8 * pixels + 4 * at, sizeof(count));
        cr_assert(memcmp(&raw, &norm, sizeof(raw)) == 0, "%a, not %a", raw, norm);
        cr_assert_eq((uint32_t)count, it);
        break;
    }
}

static void check_band(const struct fr_job *job, const struct fr_kernel *kernel, uint32_t first,
                       uint32_t rows, size_t offset)
{
    void *base;
    const uint8_t *band = compute(job, kernel, first, rows, offset, &base);
    size_t pixels = (size_t)rows * job->width;
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t i = 0; i < job->width; i++) {
            uint32_t it;
            double cy = job->ymin + ((job->ymax - job->ymin) * (first + r)) / (double)job->y_div;
            double cx = job->xmin + ((job->xmax - job->xmin) * i) / (double)job->x_div;
            double norm = plain_norm(cx, cy, job->iters, &it);
            check_pixel(job, band, pixels, (size_t)r * job->width + i, norm, it);
        }
    free(base);
}

static struct fr_job view(double x, double y, double r, uint32_t width, uint32_t height,
                          uint32_t iters, enum fr_payload payload)
{
    return (struct fr_job){.width = width,
                           .height = height,
                           .iters = iters,
                           .xmin = x - r / 2,
                           .xmax = x + r / 2,
                           .ymin = y - r / 2,
                           .ymax = y + r / 2,
                           .x_div = width - 1,
                           .y_div = height > 1 ? height - 1 : 1,
                           .payload = payload};
}

static const enum fr_payload kinds[] = {FR_PAYLOAD_INDEX16, FR_PAYLOAD_INDEX32, FR_PAYLOAD_RAW};

Test(band, against_the_definition)
{
    for (const struct fr_kernel *const *k = fr_kernels(); *k; k++) {
        if (!(*k)->available())
            continue;
        for (int round = 0; round < 60; round++) {
            uint32_t width = 2 + (uint32_t)(draw() % 75), height = 1 + (uint32_t)(draw() % 30);
            struct fr_job job = view(3 * unit() - 2, 2 * unit() - 1, pow(10, -6 * unit()) * 3,
                                     width, height, 1 + (uint32_t)(draw() % 200), kinds[round % 3]);
            uint32_t first = (uint32_t)(draw() % height);
            check_band(&job, *k, first, 1 + (uint32_t)(draw() % (height - first)),
                       (size_t)(draw() % 16));
        }
    }
}

/* The first row, the last, and all at once; widths around those of a vector. */
Test(band, borders)
{
    const struct fr_kernel *kernel;
    cr_assert_eq(fr_kernel_find("auto", &kernel, NULL), FR_OK);
    for (uint32_t width = 2; width < 20; width++)
        for (size_t k = 0; k < 3; k++) {
            struct fr_job job = view(-0.5, 0, 3, width, 7, 50, kinds[k]);
            check_band(&job, kernel, 0, 1, 1);
            check_band(&job, kernel, 6, 1, 3);
            check_band(&job, kernel, 0, 7, 5);
        }
}

/* c = 0 has norm 0 after every step; c = -1 returns to 0; a far c makes an infinite norm. */
Test(band, pixels_without_a_colour)
{
    const struct fr_kernel *kernel;
    cr_assert_eq(fr_kernel_find("auto", &kernel, NULL), FR_OK);
    for (size_t k = 0; k < 3; k++)
        for (uint32_t iters = 1; iters < 9; iters++) {
            struct fr_job job = view(-1, 0, 2, 3, 3, iters, kinds[k]);
            check_band(&job, kernel, 0, 3, 0);
            job = view(0, 0, 4e200, 5, 5, iters, kinds[k]);
            check_band(&job, kernel, 0, 5, 0);
        }
    int16_t *none;
    void *base;
    struct fr_job job = view(-1, 0, 2, 3, 3, 8, FR_PAYLOAD_INDEX16);
    none = compute(&job, kernel, 1, 1, 0, &base);
    cr_assert(none[1] == -32768 && none[2] == -32768, "%d %d", none[1], none[2]);
    free(base);
}

/* --------------------------------------------------------------- the index */

/* A kernel that returns what the test planted, so that any norm can be tried. */
enum { PLANTED = 2048 };
static double planted[PLANTED];
static int32_t planted_it[PLANTED];

static void plant(const double *cx, double cy, size_t n, uint32_t iters, double *zx, double *zy,
                  int32_t *it)
{
    (void)cx, (void)cy, (void)iters;
    for (size_t i = 0; i < n; i++) {
        zx[i] = planted[i];
        zy[i] = 0;
        it[i] = planted_it[i];
    }
}
static const struct fr_kernel planter = {.name = "planter", .row = plant};

/* z for a norm some ulps around a power of e, or anywhere. */
static double draw_z(bool interior)
{
    double norm;
    if (draw() % 2) {
        norm = exp((double)(draw() % (interior ? 12 : 4)) - (interior ? 8 : -2));
        norm *= 1 + (unit() - 0.5) * pow(10, -3 - 13 * unit());
    } else {
        norm = interior ? exp(60 * unit() - 55) : 4 + pow(10, 4 * unit() - 2);
    }
    if (!interior && norm <= 4)
        norm = 4.0000001;
    double z = sqrt(interior ? 2 * norm : norm);
    for (uint64_t ulps = draw() % 4; ulps > 0; ulps--)
        z = nextafter(z, draw() % 2 ? 1e300 : interior ? 0 : 2.5);
    return !interior && z * z <= 4 ? 2.0000001 : z;
}

Test(band, index_near_powers_of_e)
{
    const uint32_t iters = 1000;
    for (int round = 0; round < 400; round++) {
        struct fr_job job = view(0, 0, 1, PLANTED, 1, iters, kinds[round % 2]);
        for (size_t i = 0; i < PLANTED; i++) {
            bool interior = draw() % 2;
            planted_it[i] = interior ? (int32_t)iters : (int32_t)(draw() % iters);
            planted[i] = draw_z(interior);
        }
        void *base;
        const uint8_t *band = compute(&job, &planter, 0, 1, 0, &base);
        for (size_t i = 0; i < PLANTED; i++) {
            double norm = planted[i] * planted[i] + 0.0 * 0.0;
            bool interior = planted_it[i] == (int32_t)iters;
            check_pixel(&job, band, PLANTED, i, interior ? norm / 2 : norm,
                        (uint32_t)planted_it[i]);
        }
        free(base);
    }
}

/* -------------------------------------------------------------- smooth counts */

static float *smooth_row(const struct fr_job *job, void **base_p)
{
    const struct fr_kernel *kernel;
    cr_assert_eq(fr_kernel_find("auto", &kernel, NULL), FR_OK);
    return compute(job, kernel, 0, 1, 0, base_p);
}

Test(band, smooth_counts_are_in_range)
{
    for (int round = 0; round < 300; round++) {
        uint32_t iters = 1 + (uint32_t)(draw() % 300), it;
        struct fr_job job = view(3 * unit() - 2, 2 * unit() - 1, pow(10, -6 * unit()) * 8, 99, 1,
                                 iters, FR_PAYLOAD_SMOOTH);
        void *base;
        const float *mu = smooth_row(&job, &base);
        for (uint32_t i = 0; i < job.width; i++) {
            plain_norm(fr_job_x(&job, i), fr_job_y(&job, 0), iters, &it);
            if (it == iters)
                cr_assert_lt(mu[i], 0, "inside, and %g", (double)mu[i]);
            else
                cr_assert(mu[i] >= 0 && mu[i] <= (float)iters && (double)mu[i] > (double)it - 2,
                          "%g, escaped at %u of %u", (double)mu[i], it, iters);
        }
        free(base);
    }
}

/* The same count from an orbit followed much further, where c no longer matters at all. */
static double far_count(double cx, double cy, uint32_t iters)
{
    double x = 0, y = 0, steps = 0;
    for (; x * x + y * y < 1e60; steps++) {
        double xy = x * y;
        x = (x * x - y * y) + cx;
        y = 2 * xy + cy;
    }
    double mu = steps + 1 - log2(log2(x * x + y * y) / 2);
    return mu > iters ? iters : mu;
}

/* On the real axis right of 1/4 a greater c escapes sooner: no step up, no jump where the whole
 * count changes; and more iterations do not move what has escaped. */
Test(band, smooth_counts_are_monotone)
{
    struct fr_job job = view(0.8, 0, 1, 5001, 1, 1000, FR_PAYLOAD_SMOOTH);
    job.ymin = job.ymax = 0;
    void *base, *more_base;
    const float *mu = smooth_row(&job, &base);
    for (uint32_t i = 1; i < job.width; i++)
        cr_assert(mu[i] <= mu[i - 1] && mu[i - 1] - mu[i] < 0.01f * mu[i - 1], "%g after %g at %u",
                  (double)mu[i], (double)mu[i - 1], i);
    for (uint32_t i = 0; i < job.width; i++)
        cr_assert_lt(fabs((double)mu[i] - far_count(fr_job_x(&job, i), 0, 1000)), 1e-4);
    job.iters = 5000;
    const float *more = smooth_row(&job, &more_base);
    for (uint32_t i = 0; i < job.width; i++)
        cr_assert(mu[i] == more[i], "%g, with more iterations %g", (double)mu[i], (double)more[i]);
    free(more_base);
    free(base);
}
