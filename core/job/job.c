/* SPDX-License-Identifier: MIT */
#include "job/job.h"

#include <inttypes.h>
#include <math.h>

/* Past these the whole part of (iters - it) + log(norm) might not fit: |log| of a double < 746. */
#define INDEX16_MAX_ITERS 32000u

static fr_status side(const char *key, uint32_t base, uint32_t smoothness, uint32_t least,
                      uint32_t *side_p, struct fr_error *err)
{
    uint64_t pixels = (uint64_t)base * smoothness;
    if (pixels < least || pixels > FR_JOB_MAX_SIDE)
        return fr_fail(err, FR_EINVAL,
                       "[job] %s: %u x smoothness %u is %" PRIu64
                       " pixels (valid: %u to %u; one column has no width to divide by)",
                       key, base, smoothness, pixels, least, FR_JOB_MAX_SIDE);
    *side_p = (uint32_t)pixels;
    return FR_OK;
}

static enum fr_payload payload_of(const struct fr_job_spec *spec)
{
    if (spec->payload != FR_PAYLOAD_AUTO)
        return spec->payload;
    if (spec->coloring == FR_COLORING_SMOOTH)
        return FR_PAYLOAD_SMOOTH;
    return spec->iters <= INDEX16_MAX_ITERS ? FR_PAYLOAD_INDEX16 : FR_PAYLOAD_INDEX32;
}

fr_status fr_job_make(const struct fr_job_spec *spec, struct fr_job *job_p, struct fr_error *err)
{
    struct fr_job job = {.iters = spec->iters, .payload = payload_of(spec)};
    fr_status st = side("width", spec->width, spec->smoothness, 2, &job.width, err);
    if (st == FR_OK)
        st = side("height", spec->height, spec->smoothness, 1, &job.height, err);
    if (st != FR_OK)
        return st;
    bool smooth = spec->coloring == FR_COLORING_SMOOTH;
    if (smooth && (job.payload == FR_PAYLOAD_INDEX16 || job.payload == FR_PAYLOAD_INDEX32))
        return fr_fail(err, FR_EINVAL,
                       "[job] payload: an index cannot be coloured smoothly "
                       "(valid with coloring = smooth: auto, smooth, raw)");
    if (!smooth && job.payload == FR_PAYLOAD_SMOOTH)
        return fr_fail(err, FR_EINVAL,
                       "[job] payload: smooth has no classic colours "
                       "(valid with coloring = classic: auto, index16, index32, raw)");
    double r = spec->escape_radius;
    double half = (r * ((double)job.height / (double)job.width)) / 2;
    job.xmin = spec->xpos - r / 2;
    job.xmax = spec->xpos + r / 2;
    job.ymin = spec->ypos - half;
    job.ymax = spec->ypos + half;
    job.x_div = job.y_div = job.width - 1;
    if (spec->view == FR_VIEW_CLASSIC) {
        job.xmax = fabs(job.xmax);
        job.ymax = fabs(job.ymax);
    } else {
        job.y_div = job.height > 1 ? job.height - 1 : 1;
    }
    st = fr_job_check(&job, err);
    if (st == FR_OK)
        *job_p = job;
    return st;
}

fr_status fr_job_check(const struct fr_job *job, struct fr_error *err)
{
    if (job->width < 2 || job->width > FR_JOB_MAX_SIDE || job->height < 1 ||
        job->height > FR_JOB_MAX_SIDE)
        return fr_fail(err, FR_EINVAL, "an image of %u x %u pixels (valid: 2 x 1 to %u x %u)",
                       job->width, job->height, FR_JOB_MAX_SIDE, FR_JOB_MAX_SIDE);
    if (job->iters < 1 || job->iters > FR_JOB_MAX_ITERS)
        return fr_fail(err, FR_EINVAL, "[job] iters: %u (valid: 1 to %u)", job->iters,
                       FR_JOB_MAX_ITERS);
    /* Then every point is finite, and so no honest norm is NaN. */
    if (!isfinite((job->xmax - job->xmin) * job->width) ||
        !isfinite((job->ymax - job->ymin) * job->height))
        return fr_fail(err, FR_EINVAL,
                       "[job] xpos, ypos, escape_radius: the view leaves the range of numbers");
    if (job->x_div < 1 || job->y_div < 1)
        return fr_fail(err, FR_EINVAL, "a grid without steps");
    switch (job->payload) {
    case FR_PAYLOAD_INDEX16:
        if (job->iters > INDEX16_MAX_ITERS)
            return fr_fail(err, FR_EINVAL,
                           "[job] payload: index16 holds up to %u iterations, not %u "
                           "(valid: auto, index32, raw)",
                           INDEX16_MAX_ITERS, job->iters);
        return FR_OK;
    case FR_PAYLOAD_INDEX32:
    case FR_PAYLOAD_SMOOTH:
    case FR_PAYLOAD_RAW:
        return FR_OK;
    default:
        return fr_fail(err, FR_EINVAL, "payload kind %d does not exist", (int)job->payload);
    }
}

double fr_job_x(const struct fr_job *job, uint32_t ix)
{
    return job->xmin + ((job->xmax - job->xmin) * ix) / (double)job->x_div;
}

double fr_job_y(const struct fr_job *job, uint32_t iy)
{
    return job->ymin + ((job->ymax - job->ymin) * iy) / (double)job->y_div;
}

uint64_t fr_job_band_bytes(const struct fr_job *job, uint32_t rows)
{
    static const uint8_t pixel_bytes[] = {[FR_PAYLOAD_INDEX16] = 2,
                                          [FR_PAYLOAD_INDEX32] = 4,
                                          [FR_PAYLOAD_SMOOTH] = 4,
                                          [FR_PAYLOAD_RAW] = 12};
    return (uint64_t)job->width * rows * pixel_bytes[job->payload];
}
