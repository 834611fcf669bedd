/* SPDX-License-Identifier: MIT
 * palette_table.c - the classic table follows the arithmetic of the Go program, quirks included:
 * colours are interpolated as packed numbers, and positions advance by accumulated steps. */
#include "raster/palette_table.h"

#include <math.h>
#include <stdlib.h>

uint32_t fr_palette_pack(uint32_t rgb)
{
    uint32_t r = ((rgb >> 16) & 255) * 257 / 255, g = ((rgb >> 8) & 255) * 257 / 255,
             b = (rgb & 255) * 257 / 255;
    return r << 24 | g << 16 | b << 8 | 257u;
}

static uint32_t rgb_of(const struct fr_stop *stop)
{
    return (uint32_t)stop->r << 16 | (uint32_t)stop->g << 8 | stop->b;
}

static double classic_position(const struct fr_stop *stops, size_t n, size_t k)
{
    if (k == 0 || stops[k].position > 0)
        return stops[k].position > 0 ? stops[k].position : 0;
    return (double)(int)(((double)(k + 1) / (double)n) * 100) / 100;
}

/* The colour at t between two stops. Their ends are swapped: so did the original. */
static uint32_t classic_mix(uint32_t from, uint32_t to, double mu)
{
    double m2 = (1 - cos(mu * M_PI)) / 2.0;
    double u = (double)to * (1 - m2) + (double)from * m2;
    return (uint32_t)u >> 8;
}

uint32_t *fr_palette_classic(const struct fr_stop *stops, size_t n, uint32_t step, size_t *count_p)
{
    double *at = malloc(n * sizeof(*at));
    size_t cap = (size_t)step + 2, count = 0;
    uint32_t *table = malloc(cap * sizeof(*table));
    double f = 1.0 / step;
    if (!at || !table)
        goto free_table;
    for (size_t k = 0; k < n; k++)
        at[k] = classic_position(stops, n, k);
    /* As in the Go program: how the sum rounds decides how many colours there are, hence
     * NOLINTNEXTLINE(cert-flp30-c,clang-analyzer-security.FloatLoopCounter) */
    for (double t = 0; t <= 1; t += f) {
        for (size_t j = 0; j + 1 < n; j++) {
            if (!(t >= at[j] && t < at[j + 1]))
                continue;
            if (count == cap) { /* positions that overlap give a colour each */
                uint32_t *more = realloc(table, 2 * cap * sizeof(*table));
                if (!more)
                    goto free_table;
                table = more;
                cap *= 2;
            }
            table[count++] = classic_mix(fr_palette_pack(rgb_of(&stops[j])),
                                         fr_palette_pack(rgb_of(&stops[j + 1])),
                                         (t - at[j]) / (at[j + 1] - at[j]));
        }
    }
    free(at);
    *count_p = count;
    return table;
free_table:
    free(at);
    free(table);
    return NULL;
}

/* IEC 61966-2-1 (sRGB). */
static double to_linear(uint8_t c)
{
    double v = c / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static uint32_t from_linear(double v)
{
    double c = v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
    return (uint32_t)lround(255 * (c < 0 ? 0 : c > 1 ? 1 : c));
}

static double mix(uint8_t from, uint8_t to, double mu)
{
    return to_linear(from) * (1 - mu) + to_linear(to) * mu;
}

static double even_position(const struct fr_stop *stops, size_t n, size_t k)
{
    return k == 0 || stops[k].position > 0 ? stops[k].position : (double)k / (double)(n - 1);
}

uint32_t *fr_palette_linear(const struct fr_stop *stops, size_t n, size_t count)
{
    uint32_t *table = malloc(count * sizeof(*table));
    if (!table)
        return NULL;
    size_t j = 0;
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / (double)(count - 1);
        while (j + 2 < n && t >= even_position(stops, n, j + 1))
            j++;
        double from = even_position(stops, n, j), to = even_position(stops, n, j + 1);
        double mu = to > from ? (t - from) / (to - from) : 0;
        mu = mu < 0 ? 0 : mu > 1 ? 1 : mu;
        const struct fr_stop *a = &stops[j], *b = &stops[j + 1];
        table[i] = from_linear(mix(a->r, b->r, mu)) << 16 | from_linear(mix(a->g, b->g, mu)) << 8 |
                   from_linear(mix(a->b, b->b, mu));
    }
    return table;
}
