/* SPDX-License-Identifier: MIT
 * The geometry of an image, what has none, and what a hostile leader may not ask for. */
#include "job/job.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const struct fr_job_spec normal = {.width = 1024,
                                          .height = 768,
                                          .smoothness = 8,
                                          .xpos = -0.00275,
                                          .ypos = 0.78912,
                                          .escape_radius = 0.125689,
                                          .iters = 800};

static struct fr_job make(struct fr_job_spec spec)
{
    struct fr_job job = {0};
    struct fr_error err = {0};
    cr_assert_eq(fr_job_make(&spec, &job, &err), FR_OK, "%s", err.text);
    return job;
}

/* Refused, and the message holds the word. The job is left alone. */
static void refused(struct fr_job_spec spec, const char *word)
{
    struct fr_job job, before;
    struct fr_error err = {0};
    memset(&job, 0x5a, sizeof(job));
    memcpy(&before, &job, sizeof(job));
    cr_assert_eq(fr_job_make(&spec, &job, &err), FR_EINVAL, "no \"%s\"", word);
    cr_assert(strstr(err.text, word), "no \"%s\" in: %s", word, err.text);
    cr_assert_eq(memcmp(&job, &before, sizeof(job)), 0);
}

/* To the bit, not within a tolerance. */
static void same(double have, double want)
{
    cr_assert(memcmp(&have, &want, sizeof(have)) == 0, "%a, not %a", have, want);
}

static struct fr_job_spec at(double x, double y, double r)
{
    struct fr_job_spec spec = normal;
    spec.xpos = x, spec.ypos = y, spec.escape_radius = r;
    return spec;
}

Test(job, classic_geometry)
{
    const struct fr_job_spec specs[] = {normal, at(-0.75, 0, 3), at(-1.5, -0.5, 0.25),
                                        at(-3, -3, 2), at(0.1, 0.2, 1e-12)};
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        const struct fr_job_spec *s = &specs[i];
        struct fr_job job = make(*s);
        double ratio = (double)6144 / 8192, r = s->escape_radius;
        cr_assert(job.width == 8192 && job.height == 6144 && job.iters == 800);
        double xmin = s->xpos - r / 2, xmax = fabs(s->xpos + r / 2);
        double ymin = s->ypos - (r * ratio) / 2, ymax = fabs(s->ypos + (r * ratio) / 2);
        same(job.xmin, xmin);
        same(job.xmax, xmax);
        same(job.ymin, ymin);
        same(job.ymax, ymax);
        for (uint32_t k = 0; k < 6144; k += 61) {
            same(fr_job_x(&job, k), xmin + ((xmax - xmin) * k) / (double)8191);
            same(fr_job_y(&job, k), ymin + ((ymax - ymin) * k) / (double)8191);
        }
    }
}

/* The quirks: the far edge is mirrored, rows are divided by the width. */
Test(job, classic_quirks)
{
    struct fr_job job = make(at(-1.5, -1.5, 1));
    same(job.xmax, 1);
    same(job.ymax, 1.125);
    cr_assert(job.x_div == 8191 && job.y_div == 8191);
    same(fr_job_x(&job, 8191), 1);
    cr_assert_lt(fr_job_y(&job, 6143), 0.5, "the last row is far from ymax");
}

Test(job, exact_geometry)
{
    struct fr_job_spec spec = at(-1.5, -1.5, 1);
    spec.view = FR_VIEW_EXACT;
    struct fr_job job = make(spec);
    same(job.xmin, -2);
    same(job.xmax, -1);
    same(job.ymin, -1.875);
    same(job.ymax, -1.125);
    same(fr_job_x(&job, 8191), -1);
    same(fr_job_y(&job, 0), -1.875);
    same(fr_job_y(&job, 6143), -1.125);
    spec.height = spec.smoothness = 1; /* one row has no height to divide by */
    job = make(spec);
    cr_assert_eq(job.height, 1);
    same(fr_job_y(&job, 0), job.ymin);
}

Test(job, sides)
{
    struct fr_job_spec spec = normal;
    spec.width = spec.smoothness = 1;
    refused(spec, "width");
    spec.width = 2, spec.height = 1;
    struct fr_job job = make(spec);
    cr_assert(job.width == 2 && job.height == 1 && job.x_div == 1);
    spec.width = 0;
    refused(spec, "width");
    spec.width = 4, spec.height = 0;
    refused(spec, "height");
    spec.height = 4, spec.smoothness = 0;
    refused(spec, "width");
    spec.smoothness = FR_JOB_MAX_SIDE / 4;
    job = make(spec);
    cr_assert(job.width == FR_JOB_MAX_SIDE && job.height == FR_JOB_MAX_SIDE);
    spec.smoothness++;
    refused(spec, "width");
    spec.width = 2;
    refused(spec, "height");
    spec = normal; /* a product that would wrap to a good side in 32 bits */
    spec.width = 0x10000, spec.smoothness = 0x10001;
    refused(spec, "width");
    spec.width = 16, spec.height = 0x80000001u, spec.smoothness = 2;
    refused(spec, "height");
    spec.height = spec.smoothness = UINT32_MAX;
    refused(spec, "width");
}

Test(job, views_that_overflow)
{
    refused(at(NAN, 0, 1), "xpos");
    refused(at(0, NAN, 1), "ypos");
    refused(at(0, 0, NAN), "escape_radius");
    refused(at(INFINITY, 0, 1), "xpos");
    refused(at(0, -INFINITY, 1), "ypos");
    refused(at(0, 0, INFINITY), "escape_radius");
    refused(at(-1.7e308, 0, 1), "xpos"); /* mirrored: a difference of 3.4e308 */
    refused(at(0, 0, 1e306), "escape_radius");
    make(at(0, 0, 1e300));
    struct fr_job_spec tall = at(0, 0, 1e304); /* the same a column fits, a row does not */
    tall.width = 2, tall.height = FR_JOB_MAX_SIDE, tall.smoothness = 1;
    refused(tall, "ypos");
}

static enum fr_payload chosen(uint32_t iters, enum fr_coloring coloring)
{
    struct fr_job_spec spec = normal;
    spec.iters = iters, spec.coloring = coloring;
    return make(spec).payload;
}

Test(job, payload_auto)
{
    cr_assert_eq(chosen(1, FR_COLORING_CLASSIC), FR_PAYLOAD_INDEX16);
    cr_assert_eq(chosen(32000, FR_COLORING_CLASSIC), FR_PAYLOAD_INDEX16);
    cr_assert_eq(chosen(32001, FR_COLORING_CLASSIC), FR_PAYLOAD_INDEX32);
    cr_assert_eq(chosen(FR_JOB_MAX_ITERS, FR_COLORING_CLASSIC), FR_PAYLOAD_INDEX32);
    cr_assert_eq(chosen(1, FR_COLORING_SMOOTH), FR_PAYLOAD_SMOOTH);
    cr_assert_eq(chosen(FR_JOB_MAX_ITERS, FR_COLORING_SMOOTH), FR_PAYLOAD_SMOOTH);
    /* What index16 must hold at its border: iters + log of the greatest double, and the least. */
    cr_assert_lt(32000 + log(1.7976931348623157e308), INT16_MAX);
    cr_assert_gt(log(4.9e-324), INT16_MIN + 1);
}

Test(job, payload_and_colouring)
{
    static const bool good[2][5] = {
        [FR_COLORING_CLASSIC] = {true, true, true, false, true},
        [FR_COLORING_SMOOTH] = {true, false, false, true, true},
    };
    for (enum fr_coloring c = FR_COLORING_CLASSIC; c <= FR_COLORING_SMOOTH; c++)
        for (enum fr_payload p = FR_PAYLOAD_AUTO; p <= FR_PAYLOAD_RAW; p++) {
            struct fr_job_spec spec = normal;
            spec.coloring = c, spec.payload = p;
            if (!good[c][p])
                refused(spec, "payload");
            else if (p != FR_PAYLOAD_AUTO)
                cr_assert_eq(make(spec).payload, p);
        }
    struct fr_job_spec spec = normal;
    spec.payload = FR_PAYLOAD_INDEX16, spec.iters = 32001;
    refused(spec, "index16");
    spec.payload = (enum fr_payload)7;
    refused(spec, "payload");
}

static void hostile(struct fr_job job, const char *what)
{
    cr_assert_eq(fr_job_check(&job, NULL), FR_EINVAL, "%s", what);
}

Test(job, check_of_strangers)
{
    const struct fr_job good = make(normal);
    cr_assert_eq(fr_job_check(&good, NULL), FR_OK);
    hostile((struct fr_job){0}, "all zero");
#define WITH(field, value)                                                                         \
    do {                                                                                           \
        struct fr_job job = good;                                                                  \
        job.field = (value);                                                                       \
        hostile(job, #field " = " #value);                                                         \
    } while (0)
    WITH(width, 0);
    WITH(width, 1);
    WITH(width, FR_JOB_MAX_SIDE + 1);
    WITH(width, UINT32_MAX);
    WITH(height, 0);
    WITH(height, FR_JOB_MAX_SIDE + 1);
    WITH(iters, 0);
    WITH(iters, FR_JOB_MAX_ITERS + 1);
    WITH(iters, UINT32_MAX);
    WITH(iters, 32001); /* of index16 */
    WITH(x_div, 0);
    WITH(y_div, 0);
    WITH(payload, FR_PAYLOAD_AUTO);
    WITH(payload, (enum fr_payload)5);
    WITH(payload, (enum fr_payload)UINT32_MAX);
    WITH(xmin, NAN);
    WITH(xmax, NAN);
    WITH(ymin, NAN);
    WITH(ymax, NAN);
    WITH(xmin, -INFINITY);
    WITH(xmax, INFINITY);
    WITH(ymin, INFINITY);
    WITH(ymax, -INFINITY);
    WITH(xmin, -1.7e308);
    WITH(ymax, 1e306);
    struct fr_job job = good;
    job.xmin = job.xmax = INFINITY; /* their difference is NaN */
    hostile(job, "both infinite");
}

Test(job, band_bytes)
{
    static const uint64_t pixel[] = {0, 2, 4, 4, 12};
    struct fr_job job = make(normal);
    for (enum fr_payload p = FR_PAYLOAD_INDEX16; p <= FR_PAYLOAD_RAW; p++) {
        job.payload = p, job.width = 333;
        cr_assert_eq(fr_job_band_bytes(&job, 7), 333 * 7 * pixel[p]);
        job.width = FR_JOB_MAX_SIDE; /* past 32 bits */
        cr_assert_eq(fr_job_band_bytes(&job, FR_JOB_MAX_SIDE), (UINT64_C(1) << 40) * pixel[p]);
    }
}
