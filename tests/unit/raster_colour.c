/* SPDX-License-Identifier: MIT
 * Values that no worker computes are refused; a palette with its own map is given the rest. */
#include "raster/colour.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const struct fr_stop even[] = {
    {0, 0x00, 0x04, 0x0f}, {0, 0x03, 0x26, 0x28}, {0, 0xff, 0xff, 0xff}, {0, 0x84, 0x50, 0x19},
    {0, 0x9b, 0x30, 0x22}, {0, 0x66, 0xff, 0xb3}, {0, 0xff, 0xf0, 0xf2}};
enum { EVEN = sizeof(even) / sizeof(even[0]) };

static const struct fr_palette_ops even_ops = {
    .size = sizeof(even_ops), .stops = even, .stop_count = EVEN};

static struct fr_job job_of(uint32_t width, uint32_t iters)
{
    return (struct fr_job){.width = width,
                           .height = 4,
                           .iters = iters,
                           .xmin = -0.5,
                           .xmax = 0.5,
                           .ymin = 0.5,
                           .ymax = 1,
                           .x_div = width - 1,
                           .y_div = width - 1,
                           .payload = FR_PAYLOAD_RAW};
}

static struct fr_colour *colour_of(const struct fr_job *job, enum fr_coloring coloring,
                                   uint32_t step)
{
    struct fr_colour *colour;
    struct fr_error err = {0};
    const struct fr_colour_args args = {.palette = &even_ops, .coloring = coloring, .step = step};
    cr_assert_eq(fr_colour_new(job, &args, &colour, &err), FR_OK, "%s", err.text);
    return colour;
}

/* ------------------------------------------------------------------ nonsense */

static fr_status one(enum fr_coloring coloring, enum fr_payload kind, const void *payload,
                     uint8_t rgba[8])
{
    struct fr_job job = job_of(2, 800);
    struct fr_colour *colour = colour_of(&job, coloring, 6000);
    fr_status st = fr_colour_rows(colour, kind, payload, 1, 0, 1, rgba, 8);
    fr_colour_free(colour);
    return st;
}

static fr_status raw(enum fr_coloring coloring, double norm, int32_t it)
{
    uint8_t rgba[8], payload[24];
    const double norms[] = {5, norm};
    const int32_t its[] = {3, it};
    memcpy(payload, norms, 16);
    memcpy(payload + 16, its, 8);
    return one(coloring, FR_PAYLOAD_RAW, payload, rgba);
}

Test(colour, nonsense_raw)
{
    for (enum fr_coloring c = FR_COLORING_CLASSIC; c <= FR_COLORING_SMOOTH; c++) {
        cr_assert_eq(raw(c, 4.5, 0), FR_OK);
        cr_assert_eq(raw(c, 0, 800), FR_OK);
        cr_assert_eq(raw(c, 4.9e-324, 800), FR_OK);
        cr_assert_eq(raw(c, 1.7976931348623157e308, 0), FR_OK);
        cr_assert_eq(raw(c, INFINITY, 800), FR_OK);
        cr_assert_eq(raw(c, INFINITY, 1), FR_OK);
        cr_assert_eq(raw(c, NAN, 3), FR_EPROTO);
        cr_assert_eq(raw(c, NAN, 800), FR_EPROTO);
        cr_assert_eq(raw(c, -1, 800), FR_EPROTO);
        cr_assert_eq(raw(c, -INFINITY, 3), FR_EPROTO);
        cr_assert_eq(raw(c, 4, 3), FR_EPROTO, "did not escape");
        cr_assert_eq(raw(c, 5, 801), FR_EPROTO);
        cr_assert_eq(raw(c, 5, -1), FR_EPROTO);
        cr_assert_eq(raw(c, 5, INT32_MAX), FR_EPROTO);
        cr_assert_eq(raw(c, 5, INT32_MIN), FR_EPROTO);
    }
}

static fr_status index_of(int32_t value, bool wide)
{
    uint8_t rgba[8];
    const int32_t i32[] = {1, value};
    const int16_t i16[] = {1, (int16_t)value};
    return one(FR_COLORING_CLASSIC, wide ? FR_PAYLOAD_INDEX32 : FR_PAYLOAD_INDEX16,
               wide ? (const void *)i32 : i16, rgba);
}

Test(colour, nonsense_index)
{
    const int32_t good[] = {0, 1, -1, -744, 800, 800 + 709};
    const int32_t bad[] = {800 + 760, -760, INT16_MAX, INT16_MIN + 1};
    const int32_t bad_wide[] = {INT32_MAX, INT32_MIN + 1, INT32_MIN + 746, -65536, 65536};
    for (int wide = 0; wide < 2; wide++) {
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
            cr_assert_eq(index_of(good[i], wide), FR_OK, "%d", good[i]);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
            cr_assert_eq(index_of(bad[i], wide), FR_EPROTO, "%d", bad[i]);
    }
    for (size_t i = 0; i < sizeof(bad_wide) / sizeof(bad_wide[0]); i++)
        cr_assert_eq(index_of(bad_wide[i], true), FR_EPROTO, "%d", bad_wide[i]);
    cr_assert_eq(index_of(INT32_MIN, true), FR_OK, "no colour");
    cr_assert_eq(index_of(INT16_MIN, false), FR_OK, "no colour");
    cr_assert_eq(index_of(INT16_MIN, true), FR_EPROTO, "of the other width");
}

static fr_status smooth(float value, uint8_t rgba[8])
{
    const float mu[] = {1, value};
    return one(FR_COLORING_SMOOTH, FR_PAYLOAD_SMOOTH, mu, rgba);
}

Test(colour, smooth_pixels)
{
    uint8_t rgba[8];
    cr_assert_eq(smooth(NAN, rgba), FR_EPROTO);
    cr_assert_eq(smooth(INFINITY, rgba), FR_EPROTO);
    cr_assert_eq(smooth(800.5f, rgba), FR_EPROTO);
    cr_assert_eq(smooth(800, rgba), FR_OK);
    cr_assert_eq(memcmp(rgba + 4, (uint8_t[]){0xff, 0xf0, 0xf2, 255}, 4), 0, "the last colour");
    cr_assert_eq(smooth(0, rgba), FR_OK);
    cr_assert_eq(memcmp(rgba + 4, (uint8_t[]){0x00, 0x04, 0x0f, 255}, 4), 0, "the first");
    cr_assert_eq(smooth(-1, rgba), FR_OK);
    cr_assert_eq(memcmp(rgba + 4, (uint8_t[]){0, 0, 0, 255}, 4), 0, "inside");
    cr_assert_eq(smooth(-INFINITY, rgba), FR_OK);
    cr_assert_eq(smooth(-0.0f, rgba), FR_OK);
}

Test(colour, kinds_without_such_colours)
{
    uint8_t rgba[8], payload[64] = {0};
    cr_assert_eq(one(FR_COLORING_CLASSIC, FR_PAYLOAD_SMOOTH, payload, rgba), FR_EPROTO);
    cr_assert_eq(one(FR_COLORING_SMOOTH, FR_PAYLOAD_INDEX16, payload, rgba), FR_EPROTO);
    cr_assert_eq(one(FR_COLORING_SMOOTH, FR_PAYLOAD_INDEX32, payload, rgba), FR_EPROTO);
}

/* ------------------------------------------------- a palette with its own map */

struct fr_palette {
    uint32_t max_iter;
};
static int made, destroyed;
static size_t mapped;

static fr_status map_create(const struct fr_host *host, const void *cfg, uint32_t max_iter,
                            fr_palette **pal_p)
{
    (void)host;
    static struct fr_palette pal;
    if (cfg)
        return FR_EINVAL;
    pal.max_iter = max_iter;
    *pal_p = &pal;
    made++;
    return FR_OK;
}

static void map_map(const fr_palette *pal, const float *mu, uint8_t *rgba, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t pixel[] = {mu[i] < 0, (uint8_t)mu[i], (uint8_t)pal->max_iter, 200};
        memcpy(rgba + 4 * i, pixel, 4);
    }
    mapped += n;
}

static void map_destroy(fr_palette *pal)
{
    (void)pal;
    destroyed++;
}

static const struct fr_palette_ops map_ops = {
    .size = sizeof(map_ops), .create = map_create, .map = map_map, .destroy = map_destroy};

Test(colour, own_map)
{
    enum { WIDTH = 2500 };
    static float mu[WIDTH];
    static uint8_t rgba[WIDTH][4];
    struct fr_job job = job_of(WIDTH, 90);
    struct fr_colour *colour;
    struct fr_colour_args args = {.palette = &map_ops, .coloring = FR_COLORING_SMOOTH};
    cr_assert_eq(fr_colour_new(&job, &args, &colour, NULL), FR_OK);
    cr_assert_not(fr_colour_opaque(colour), "its alpha is its own");
    for (size_t i = 0; i < WIDTH; i++)
        mu[i] = (float)(i % 92) - 1;
    cr_assert_eq(fr_colour_rows(colour, FR_PAYLOAD_SMOOTH, mu, 1, 0, 1, rgba[0], WIDTH * 4), FR_OK);
    cr_assert_eq(mapped, WIDTH, "each pixel once");
    for (size_t i = 0; i < WIDTH; i++)
        cr_assert(rgba[i][0] == (mu[i] < 0) && rgba[i][2] == 90 && rgba[i][3] == 200 &&
                  (mu[i] < 0 || rgba[i][1] == (uint8_t)mu[i]));
    mapped = 0;
    mu[7] = NAN;
    cr_assert_eq(fr_colour_rows(colour, FR_PAYLOAD_SMOOTH, mu, 1, 0, 1, rgba[0], WIDTH * 4),
                 FR_EPROTO);
    cr_assert_eq(mapped, 0, "a map sees no nonsense");
    fr_colour_free(colour);
    cr_assert(made == 1 && destroyed == 1);

    struct fr_error err = {0};
    args.palette_cfg = &args; /* this palette refuses any */
    cr_assert_eq(fr_colour_new(&job, &args, &colour, &err), FR_EINVAL);
    cr_assert(strstr(err.text, "palette") && destroyed == 1, "%s", err.text);
    err = (struct fr_error){0};
    args = (struct fr_colour_args){.palette = &map_ops, .coloring = FR_COLORING_CLASSIC, .step = 9};
    cr_assert_eq(fr_colour_new(&job, &args, &colour, &err), FR_EINVAL);
    cr_assert(strstr(err.text, "stops"), "%s", err.text);
}

Test(colour, tables_too_large)
{
    struct fr_job job = job_of(4, (1u << 24) + 1);
    struct fr_colour *colour;
    struct fr_error err = {0};
    const struct fr_colour_args args = {
        .palette = &even_ops, .coloring = FR_COLORING_CLASSIC, .step = 6000};
    cr_assert_eq(fr_colour_new(&job, &args, &colour, &err), FR_EINVAL);
    cr_assert(strstr(err.text, "iters"), "%s", err.text);
}
