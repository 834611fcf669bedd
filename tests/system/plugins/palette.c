/* SPDX-License-Identifier: MIT
 * A palette as a stranger would write it, against include/ alone. Built with one of these, it is
 * wrong in one way. */
#include <fractal/palette.h>

#ifndef MAGIC
#define MAGIC FR_PLUGIN_MAGIC
#endif
#ifndef MAJOR
#define MAJOR FR_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR FR_ABI_MINOR
#endif

#ifndef NO_STOPS
static const struct fr_stop stops[] = {{0, 0, 0, 64}, {0.5, 200, 100, 0}, {1, 255, 255, 255}};
#endif

static const struct fr_palette_ops ops = {
    .size = sizeof(ops),
#ifndef NO_STOPS
    .stops = stops,
    .stop_count = sizeof(stops) / sizeof(stops[0]),
#endif
};

FR_EXPORT const struct fr_plugin fractal_plugin = {.magic = MAGIC,
                                                   .size = sizeof(struct fr_plugin),
                                                   .abi_major = MAJOR,
                                                   .abi_minor = MINOR,
                                                   .kind = FR_KIND_PALETTE,
                                                   .name = "mine",
                                                   .version = "1.0",
                                                   .summary = "dusk, somebody else's",
                                                   .license = "MIT",
                                                   .ops = &ops};
