/* SPDX-License-Identifier: MIT
 * Tables of colours, and pixels by them, against the plain words of what a pixel is. */
#include "raster/colour.h"
#include "raster/palette_table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 0x2545f4914f6cdd1du;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static const struct fr_stop even[] = {
    {0, 0x00, 0x04, 0x0f}, {0, 0x03, 0x26, 0x28}, {0, 0xff, 0xff, 0xff}, {0, 0x84, 0x50, 0x19},
    {0, 0x9b, 0x30, 0x22}, {0, 0x66, 0xff, 0xb3}, {0, 0xff, 0xf0, 0xf2}};
static const struct fr_stop placed[] = {
    {0, 0, 0, 64}, {0.125, 255, 0, 1}, {0.5, 127, 128, 254}, {0.9, 1, 2, 3}, {1, 255, 255, 255}};
enum { EVEN = sizeof(even) / sizeof(even[0]), PLACED = sizeof(placed) / sizeof(placed[0]) };

/* ----------------------------------------------------- the page, transcribed */

static uint32_t plain_pack(uint32_t r, uint32_t g, uint32_t b)
{
    uint32_t a = 255 * 257 / 255;
    return (r * 257 / 255) << 24 | (g * 257 / 255) << 16 | (b * 257 / 255) << 8 | a;
}

struct plain_table {
    size_t length;
    uint8_t rgb[20000][3];
};

static void plain_classic(const struct fr_stop *stops, size_t n, uint32_t step,
                          struct plain_table *table)
{
    double st[16], f = 1.0 / step;
    uint32_t col[16];
    for (size_t k = 0; k < n; k++) {
        if (k == 0 || stops[k].position != 0)
            st[k] = stops[k].position;
        else
            st[k] = (double)(int)(((double)(k + 1) / (double)n) * 100) / 100;
        col[k] = plain_pack(stops[k].r, stops[k].g, stops[k].b);
    }
    table->length = 0;
    for (double t = 0.0; t <= 1; t += f)
        for (size_t j = 0; j <= n - 2; j++)
            if (t >= st[j] && t < st[j + 1]) {
                double mu = (t - st[j]) / (st[j + 1] - st[j]), m2 = (1 - cos(mu * M_PI)) / 2.0;
                double u = (double)col[j + 1] * (1 - m2) + (double)col[j] * m2;
                uint32_t v = (uint32_t)u;
                uint8_t *rgb = table->rgb[table->length++];
                rgb[0] = (uint8_t)(v >> 24), rgb[1] = (uint8_t)(v >> 16),
                rgb[2] = (uint8_t)(v >> 8);
            }
}

static void plain_pixel(const struct plain_table *p, double t, uint8_t rgba[4])
{
    int64_t idx = (int64_t)fabs(t);
    memset(rgba, 0, 4);
    if (idx >= (int64_t)p->length - 1)
        return;
    uint32_t mu = (uint32_t)(int64_t)t;
    const uint8_t *a = p->rgb[idx], *b = p->rgb[idx + 1];
    uint32_t o = plain_pack(a[0], a[1], a[2]) * (1 - mu) + plain_pack(b[0], b[1], b[2]) * mu;
    rgba[0] = (uint8_t)(o >> 24), rgba[1] = (uint8_t)(o >> 16), rgba[2] = (uint8_t)(o >> 8);
    rgba[3] = 255;
}

/* ------------------------------------------------------------------- tables */

Test(palette, pack)
{
    for (uint32_t v = 0; v < 256; v++) {
        uint32_t spill = v < 128 ? v : v < 255 ? v + 1 : 257;
        cr_assert_eq(fr_palette_pack(v << 16), spill << 24 | 257u);
        cr_assert_eq(fr_palette_pack(v << 8), spill << 16 | 257u);
        cr_assert_eq(fr_palette_pack(v), spill << 8 | 257u);
    }
    cr_assert_eq(fr_palette_pack(0xffffff), 0x01010101u | 0x01010100u);
    for (int i = 0; i < 10000; i++) {
        uint32_t rgb = (uint32_t)draw() & 0xffffff;
        cr_assert_eq(fr_palette_pack(rgb), plain_pack(rgb >> 16, (rgb >> 8) & 255, rgb & 255));
    }
}

static size_t classic_length(const struct fr_stop *stops, size_t n, uint32_t step)
{
    size_t count;
    uint32_t *table = fr_palette_classic(stops, n, step, &count);
    cr_assert_not_null(table);
    free(table);
    return count;
}

Test(palette, classic_lengths)
{
    cr_assert_eq(classic_length(even, EVEN, 6000), 6001);
    cr_assert_eq(classic_length(even, EVEN, 1000), 1000);
    /* Positions that fall give every t twice, and then the table must grow. */
    const struct fr_stop twice[] = {{0, 1, 1, 1}, {1.5, 2, 2, 2}, {-1, 3, 3, 3}, {2, 4, 4, 4}};
    struct fr_stop down[4];
    memcpy(down, twice, sizeof(down));
    down[2].position = 0.0001;
    cr_assert_gt(classic_length(down, 4, 1000), 1900);
    cr_assert_eq(classic_length(even, 2, 1), 1);
}

Test(palette, classic_colours)
{
    static struct plain_table want;
    const uint32_t steps[] = {1, 2, 3, 10, 99, 799, 800, 1000, 4096, 6000, 9999};
    for (size_t i = 0; i < 2 * sizeof(steps) / sizeof(steps[0]); i++) {
        const struct fr_stop *stops = i % 2 ? placed : even;
        size_t n = i % 2 ? PLACED : EVEN, count;
        plain_classic(stops, n, steps[i / 2], &want);
        uint32_t *table = fr_palette_classic(stops, n, steps[i / 2], &count);
        cr_assert_eq(count, want.length);
        for (size_t k = 0; k < count; k++) {
            const uint8_t *rgb = want.rgb[k];
            cr_assert_eq(table[k], (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2]);
        }
        free(table);
    }
}

Test(palette, linear_positions)
{
    enum { N = 1001 };
    const struct fr_stop stops[] = {
        {0, 10, 20, 30}, {0.25, 255, 0, 0}, {0, 0, 255, 0}, {1, 7, 8, 9}};
    uint32_t *table = fr_palette_linear(stops, 4, N);
    cr_assert_eq(table[0], 0x0a141e);
    cr_assert_eq(table[250], 0xff0000);
    cr_assert_eq(table[N - 1], 0x070809);
    /* The third is spread evenly: 2/3. Just beside it there is little else but green. */
    cr_assert(((table[666] >> 8) & 255) >= 254 && (table[666] >> 16) < 16, "%06x", table[666]);
    free(table);
    const struct fr_stop ends[] = {{0, 0, 0, 0}, {0, 255, 255, 255}};
    table = fr_palette_linear(ends, 2, N);
    cr_assert(table[0] == 0 && table[N - 1] == 0xffffff);
    cr_assert_eq(table[500] & 255, 188, "half the light is 188 in sRGB, not %u", table[500] & 255);
    for (size_t i = 1; i < N; i++)
        cr_assert(table[i] >= table[i - 1] && (table[i] & 255) == table[i] >> 16);
    free(table);
    const struct fr_stop inner[] = {{0.25, 1, 2, 3}, {0.75, 4, 5, 6}};
    table = fr_palette_linear(inner, 2, N);
    cr_assert(table[0] == 0x010203 && table[249] == 0x010203);
    cr_assert(table[751] == 0x040506 && table[N - 1] == 0x040506);
    free(table);
}

/* ------------------------------------------------------------------- pixels */

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

static double draw_norm(bool interior)
{
    double unit = (double)(draw() >> 11) / 9007199254740992.0;
    switch (draw() % 4) {
    case 0:
        return interior ? exp(-744 * unit) : exp(2 + 700 * unit);
    case 1:
        return interior ? 0 : INFINITY;
    default:
        return interior ? 4 * unit : 4.0001 + 50 * unit;
    }
}

/* Raw, index16 and index32 of the same pixels are the same, and what the page says: also where t
 * is negative or beyond the table. */
static void classic_rows(uint32_t iters, uint32_t step)
{
    enum { WIDTH = 1999, ROWS = 3, PIXELS = WIDTH * ROWS };
    static struct plain_table table;
    static uint8_t raw[PIXELS * 12 + 3], narrow[PIXELS * 2 + 3], wide[PIXELS * 4 + 3];
    static uint8_t want[PIXELS][4], have[PIXELS][4];
    struct fr_job job = job_of(WIDTH, iters);
    struct fr_colour *colour = colour_of(&job, FR_COLORING_CLASSIC, step);
    plain_classic(even, EVEN, step > iters ? step : iters, &table);
    for (size_t i = 0; i < PIXELS; i++) {
        bool interior = draw() % 3 == 0;
        int32_t it = interior ? (int32_t)iters : (int32_t)(draw() % iters);
        double norm = draw_norm(interior), t = (double)((int32_t)iters - it) + log(norm);
        bool none = norm == 0 || isinf(norm);
        int32_t index32 = none ? INT32_MIN : (int32_t)t;
        int16_t index16 = none ? INT16_MIN : (int16_t)index32;
        memcpy(raw + 1 + 8 * i, &norm, 8);
        memcpy(raw + 1 + 8 * PIXELS + 4 * i, &it, 4);
        memcpy(narrow + 1 + 2 * i, &index16, 2);
        memcpy(wide + 1 + 4 * i, &index32, 4);
        if (none)
            memset(want[i], 0, 4);
        else
            plain_pixel(&table, t, want[i]);
    }
    const struct {
        enum fr_payload kind;
        const void *payload;
    } ways[] = {{FR_PAYLOAD_RAW, raw + 1},
                {FR_PAYLOAD_INDEX16, narrow + 1},
                {FR_PAYLOAD_INDEX32, wide + 1}};
    for (size_t w = 0; w < 3; w++) {
        memset(have, 0x77, sizeof(have));
        cr_assert_eq(fr_colour_rows(colour, ways[w].kind, ways[w].payload, ROWS, 0, ROWS, have[0],
                                    WIDTH * 4),
                     FR_OK);
        for (size_t i = 0; i < PIXELS; i++)
            cr_assert_eq(memcmp(have[i], want[i], 4), 0, "way %zu, pixel %zu: %d %d %d %d", w, i,
                         have[i][0], have[i][1], have[i][2], have[i][3]);
        /* The last row alone, to a place of its own. */
        memset(have, 0x77, sizeof(have));
        cr_assert_eq(
            fr_colour_rows(colour, ways[w].kind, ways[w].payload, ROWS, 2, 1, have[0], WIDTH * 4),
            FR_OK);
        cr_assert_eq(memcmp(have, want[2 * WIDTH], sizeof(have) / ROWS), 0);
        cr_assert_eq(have[WIDTH][0], 0x77, "wrote past the row");
    }
    fr_colour_free(colour);
}

Test(colour, classic_pixels)
{
    classic_rows(800, 6000);
    classic_rows(800, 1);   /* the table ends before t does */
    classic_rows(100, 300); /* and log alone goes beyond it */
    classic_rows(1, 1);
    classic_rows(9000, 10);
}

Test(colour, opaque)
{
    const struct {
        uint32_t iters, step;
        double ymin, ymax;
        bool opaque;
    } cases[] = {{800, 6000, 0.5, 1, true},   {800, 800, 0.5, 1, false},
                 {100, 740, 0.5, 1, false},   {100, 760, 0.5, 1, true},
                 {800, 6000, 0, 1, false},    {800, 6000, -1.5, 1.5, false},
                 {800, 6000, -1.6, 1.7, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_job job = job_of(4, cases[i].iters);
        job.ymin = cases[i].ymin, job.ymax = cases[i].ymax; /* rows at 0, 1/3, 2/3, 1 of these */
        if (i == 5)
            job.height = 5, job.y_div = 4;
        struct fr_colour *colour = colour_of(&job, FR_COLORING_CLASSIC, cases[i].step);
        cr_assert_eq(fr_colour_opaque(colour), cases[i].opaque, "case %zu", i);
        fr_colour_free(colour);
    }
    struct fr_job job = job_of(4, 800);
    struct fr_colour *colour = colour_of(&job, FR_COLORING_SMOOTH, 1);
    cr_assert(fr_colour_opaque(colour));
    fr_colour_free(colour);
}
