/* SPDX-License-Identifier: MIT */
#include "raster/colour.h"

#include "base/status.h"
#include "raster/palette_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* |log(norm)| of a double that is neither 0 nor infinite is below this. */
#define MAX_LOG 746
/* The classic table has as many colours as there are iterations: what fits a cache and a minute. */
#define MAX_TABLE    (1u << 24)
#define LINEAR_COUNT 65536u /* colours of the smooth table: no step of it shows in 8 bits */

struct fr_colour {
    enum fr_coloring coloring;
    uint32_t width, iters;
    bool opaque;
    /* classic: RGBA, as it lies in memory, of the whole parts -MAX_LOG .. count - MAX_LOG - 1.
     * smooth: RGBA of LINEAR_COUNT positions, unless the palette maps by itself. */
    uint32_t *table;
    size_t count;
    int32_t greatest; /* classic: no honest whole part is beyond */
    double scale;     /* smooth: positions per log(1 + mu) */
    const struct fr_palette_ops *palette;
    fr_palette *pal; /* NULL: the table serves */
};

static uint32_t rgba_of(uint32_t r, uint32_t g, uint32_t b, uint32_t a)
{
    const uint8_t bytes[4] = {(uint8_t)r, (uint8_t)g, (uint8_t)b, (uint8_t)a};
    uint32_t rgba;
    memcpy(&rgba, bytes, sizeof(rgba));
    return rgba;
}

/* ------------------------------------------------------------------ classic */

/* The whole part of t, not its fraction, weighs the two colours, and wraps. */
static uint32_t classic_pixel(const uint32_t *palette, int64_t whole)
{
    size_t at = (size_t)(whole < 0 ? -whole : whole);
    uint32_t mu = (uint32_t)whole;
    uint32_t o = fr_palette_pack(palette[at]) * (1 - mu) + fr_palette_pack(palette[at + 1]) * mu;
    return rgba_of(o >> 24, (o >> 16) & 255, (o >> 8) & 255, 255);
}

/* Is one of the grid's lines at 0? */
static bool row_at_zero(const struct fr_job *job)
{
    for (uint32_t iy = 0; iy < job->height; iy++)
        if (fr_job_y(job, iy) == 0)
            return true;
    return false;
}

/* Clear pixels are those beyond the palette, and those with a norm of 0. An escaped z was within 2
 * before, so its norm is below (4 + |c|)^2. A norm of 0 takes an orbit that returns to 0 to the
 * last bit, which is common on the real axis alone (c = 0, c = -1); elsewhere a coincidence in both
 * coordinates, of less than one in 10^15 images. */
static bool classic_opaque(const struct fr_job *job, size_t colours)
{
    double x = fmax(fabs(job->xmin), fabs(job->xmax));
    double far_y = job->ymin + (job->ymax - job->ymin) * job->height / job->y_div;
    double c = hypot(x, fmax(fabs(job->ymin), fabs(far_y)));
    double most = fmax(job->iters + 2 * log(4 + c), MAX_LOG);
    return most < (double)colours - 2 && !row_at_zero(job);
}

static fr_status make_classic(struct fr_colour *colour, const struct fr_job *job,
                              const struct fr_colour_args *args, struct fr_error *err)
{
    uint32_t step = args->step > job->iters ? args->step : job->iters;
    if (step > MAX_TABLE)
        return fr_fail(err, FR_EINVAL,
                       "[job] iters, step: classic colouring makes a table of %u colours "
                       "(valid: up to %u; coloring = smooth has no such limit)",
                       step, MAX_TABLE);
    size_t colours;
    uint32_t *palette =
        fr_palette_classic(args->palette->stops, args->palette->stop_count, step, &colours);
    if (!palette)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    size_t reach = (size_t)job->iters + MAX_LOG + 1; /* whole parts from 0 on */
    colour->greatest = (int32_t)(job->iters + MAX_LOG);
    colour->count = MAX_LOG + reach;
    colour->table = calloc(colour->count, sizeof(*colour->table));
    if (colour->table) {
        for (int64_t whole = -MAX_LOG; whole < (int64_t)reach; whole++)
            if ((whole < 0 ? -whole : whole) < (int64_t)colours - 1)
                colour->table[whole + MAX_LOG] = classic_pixel(palette, whole);
        colour->opaque = classic_opaque(job, colours);
    }
    free(palette);
    return colour->table ? FR_OK : fr_fail(err, FR_ENOMEM, "out of memory");
}

/* ------------------------------------------------------------------- smooth */

static fr_status make_smooth(struct fr_colour *colour, const struct fr_job *job,
                             const struct fr_colour_args *args, struct fr_error *err)
{
    const struct fr_palette_ops *palette = args->palette;
    if (FR_HAS(palette, create)) {
        fr_status st = palette->create(args->host, args->palette_cfg, job->iters, &colour->pal);
        return st == FR_OK ? st : fr_fail(err, st, "the palette refused: %s", fr_status_text(st));
    }
    uint32_t *linear = fr_palette_linear(palette->stops, palette->stop_count, LINEAR_COUNT);
    if (!linear)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < LINEAR_COUNT; i++)
        linear[i] = rgba_of(linear[i] >> 16, (linear[i] >> 8) & 255, linear[i] & 255, 255);
    colour->table = linear;
    colour->count = LINEAR_COUNT;
    /* Counts grow without bound towards the set: their logarithm spreads the palette evenly. */
    colour->scale = (LINEAR_COUNT - 1) / log1p(job->iters);
    colour->opaque = true;
    return FR_OK;
}

/* --------------------------------------------------------------------- both */

fr_status fr_colour_new(const struct fr_job *job, const struct fr_colour_args *args,
                        struct fr_colour **colour_p, struct fr_error *err)
{
    const struct fr_palette_ops *palette = args->palette;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): the pointer in the struct is what FR_HAS measures
    bool stops = FR_HAS(palette, stops) && palette->stop_count >= 2;
    if (args->coloring == FR_COLORING_CLASSIC && !stops)
        return fr_fail(err, FR_EINVAL,
                       "[job] palette: this one has no stops, which classic colouring needs (it "
                       "can serve coloring = smooth)");
    if (!stops && !FR_HAS(palette, create))
        return fr_fail(err, FR_EINVAL, "[job] palette: this one has neither stops nor a mapping");
    struct fr_colour *colour = calloc(1, sizeof(*colour));
    if (!colour)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    colour->coloring = args->coloring;
    colour->width = job->width;
    colour->iters = job->iters;
    colour->palette = palette;
    fr_status st = args->coloring == FR_COLORING_CLASSIC ? make_classic(colour, job, args, err)
                                                         : make_smooth(colour, job, args, err);
    if (st != FR_OK)
        fr_colour_free(colour);
    else
        *colour_p = colour;
    return st;
}

void fr_colour_free(struct fr_colour *colour)
{
    if (!colour)
        return;
    if (colour->pal)
        colour->palette->destroy(colour->pal);
    free(colour->table);
    free(colour);
}

bool fr_colour_opaque(const struct fr_colour *colour)
{
    return colour->opaque;
}

/* ------------------------------------------------------------------- a band */

/* Puts count pixels; false where a value is nonsense. Payloads come from a network: of any
 * alignment, and never believed. */
static bool index16_pixels(const struct fr_colour *c, const uint8_t *from, uint8_t *to, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        int16_t whole;
        memcpy(&whole, from + 2 * i, sizeof(whole));
        size_t at = (size_t)(whole + MAX_LOG); /* a huge number where it is less than that */
        uint32_t rgba = at < c->count ? c->table[at] : 0;
        good &= at < c->count || whole == FR_INDEX16_NONE;
        memcpy(to + 4 * i, &rgba, sizeof(rgba));
    }
    return good;
}

static bool index32_pixels(const struct fr_colour *c, const uint8_t *from, uint8_t *to, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        int32_t whole;
        memcpy(&whole, from + 4 * i, sizeof(whole));
        size_t at = (size_t)((int64_t)whole + MAX_LOG);
        uint32_t rgba = at < c->count ? c->table[at] : 0;
        good &= at < c->count || whole == FR_INDEX32_NONE;
        memcpy(to + 4 * i, &rgba, sizeof(rgba));
    }
    return good;
}

/* Points are finite, so a norm is never NaN, and one that escaped is above 4. */
static bool take_raw(const struct fr_colour *c, const uint8_t *norm_at, const uint8_t *it_at,
                     double *norm_p, int32_t *it_p)
{
    memcpy(norm_p, norm_at, sizeof(*norm_p));
    memcpy(it_p, it_at, sizeof(*it_p));
    return *it_p >= 0 && (uint32_t)*it_p <= c->iters && *norm_p >= 0 &&
           ((uint32_t)*it_p == c->iters || *norm_p > 4);
}

static bool raw_pixels(const struct fr_colour *c, const uint8_t *norms, const uint8_t *counts,
                       uint8_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double norm;
        int32_t it;
        if (!take_raw(c, norms + 8 * i, counts + 4 * i, &norm, &it))
            return false;
        uint32_t rgba = 0;
        if (norm > 0 && isfinite(norm)) {
            int64_t whole = (int64_t)((double)((int32_t)c->iters - it) + log(norm));
            rgba = c->table[whole + MAX_LOG];
        }
        memcpy(to + 4 * i, &rgba, sizeof(rgba));
    }
    return true;
}

static bool smooth_pixels(const struct fr_colour *c, const float *mu, uint8_t *to, size_t n)
{
    const uint32_t black = rgba_of(0, 0, 0, 255);
    for (size_t i = 0; i < n; i++)
        // cppcheck-suppress uninitvar // memcpy filled it
        if (!(mu[i] <= (float)c->iters))
            return false;
    if (c->pal) {
        c->palette->map(c->pal, mu, to, n);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t rgba = mu[i] < 0 ? black : c->table[(size_t)(log1p((double)mu[i]) * c->scale)];
        memcpy(to + 4 * i, &rgba, sizeof(rgba));
    }
    return true;
}

enum { CHUNK = 1024 }; /* pixels of a smooth row at a time: on the stack, aligned */

static bool smooth_row(const struct fr_colour *c, const uint8_t *from, uint8_t *to)
{
    for (size_t at = 0; at < c->width; at += CHUNK) {
        float mu[CHUNK];
        size_t n = c->width - at < CHUNK ? c->width - at : CHUNK;
        memcpy(mu, from + at * sizeof(float), n * sizeof(float));
        if (!smooth_pixels(c, mu, to + 4 * at, n))
            return false;
    }
    return true;
}

/* Raw rows in smooth colours: the norm's own count, without the further steps a worker that sends
 * smooth counts takes. */
static bool smooth_raw_row(const struct fr_colour *c, const uint8_t *norms, const uint8_t *counts,
                           uint8_t *to)
{
    for (size_t at = 0; at < c->width; at += CHUNK) {
        float mu[CHUNK];
        size_t n = c->width - at < CHUNK ? c->width - at : CHUNK;
        for (size_t i = 0; i < n; i++) {
            double norm;
            int32_t it;
            if (!take_raw(c, norms + 8 * (at + i), counts + 4 * (at + i), &norm, &it))
                return false;
            double m = it + 1 - log2(log2(norm) / 2);
            mu[i] = (uint32_t)it == c->iters ? -1
                    : !isfinite(m)           ? (float)it
                                             : (float)(m < 0          ? 0
                                                       : m > c->iters ? c->iters
                                                                      : m);
        }
        if (!smooth_pixels(c, mu, to + 4 * at, n))
            return false;
    }
    return true;
}

fr_status fr_colour_rows(const struct fr_colour *c, enum fr_payload kind, const void *payload,
                         uint32_t band_rows, uint32_t first, uint32_t rows, uint8_t *rgba,
                         size_t stride_bytes)
{
    const uint8_t *from = payload, *counts = from + (size_t)band_rows * c->width * sizeof(double);
    bool smooth = c->coloring == FR_COLORING_SMOOTH;
    bool good = kind == FR_PAYLOAD_RAW || smooth == (kind == FR_PAYLOAD_SMOOTH);
    for (uint32_t r = 0; r < rows && good; r++) {
        size_t at = (size_t)(first + r) * c->width;
        uint8_t *to = rgba + r * stride_bytes;
        switch (kind) {
        case FR_PAYLOAD_INDEX16:
            good = index16_pixels(c, from + 2 * at, to, c->width);
            break;
        case FR_PAYLOAD_INDEX32:
            good = index32_pixels(c, from + 4 * at, to, c->width);
            break;
        case FR_PAYLOAD_SMOOTH:
            good = smooth_row(c, from + 4 * at, to);
            break;
        default:
            good = smooth ? smooth_raw_row(c, from + 8 * at, counts + 4 * at, to)
                          : raw_pixels(c, from + 8 * at, counts + 4 * at, to, c->width);
            break;
        }
    }
    return good ? FR_OK : FR_EPROTO;
}
