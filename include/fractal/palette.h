/* SPDX-License-Identifier: MIT
 * palette.h - colours. Most palettes are data: a table of stops and ten lines of C. */
#ifndef FRACTAL_PALETTE_H
#define FRACTAL_PALETTE_H
#include "plugin.h"

/* A colour at a position of the scale, 0..1, ascending. Position 0 at any stop but the first, or a
 * negative one, means: spread evenly. Components are sRGB. */
struct fr_stop {
    double position;
    uint8_t r, g, b;
};

typedef struct fr_palette fr_palette; /* defined by the plugin */

struct fr_palette_ops {
    uint32_t size;
    /* Either two stops or more, which the core interpolates (classic and smooth colouring) ... */
    const struct fr_stop *stops;
    size_t stop_count;
    /* ... or a mapping of its own (smooth colouring only): all three of these. A palette may have
     * both; then stops serve classic colouring and map the smooth one.
     *
     * create: builds what map needs; blocking allowed, called once before the first row. `cfg` is
     * the filled config struct or NULL, and outlives the palette. `fractal check` calls it too: it
     * is where a palette judges its config, and for the core to add file and line the text begins
     * "[palette.<name>] <key> = <value>: ...". Sets *pal_p only on FR_OK.
     * Errors: FR_ENOMEM, FR_EINVAL.                                                            */
    fr_status (*create)(const struct fr_host *host, const void *cfg, uint32_t max_iter,
                        fr_palette **pal_p);
    /* n smooth iteration counts in (0 <= mu <= max_iter; mu < 0: inside the set), n RGBA8 sRGB
     * pixels out, alpha not premultiplied. Pure and re-entrant: many threads, one palette. The
     * same input gives the same bytes on every host. Cannot fail.                              */
    void (*map)(const fr_palette *pal, const float *mu, uint8_t *rgba, size_t n);
    /* Frees what create made. Called once, when no map is running.                             */
    void (*destroy)(fr_palette *pal);
};
#endif
