/* SPDX-License-Identifier: MIT
 * Fiesta: blue, green, yellow, orange. */
#include <fractal/palette.h>

static const struct fr_stop stops[] = {
    {0, 0x03, 0x67, 0xa6}, {0, 0x04, 0xad, 0xbf}, {0, 0x93, 0xa6, 0x03},
    {0, 0xe5, 0xce, 0x1b}, {0, 0xc8, 0x3f, 0x2a},
};

static const struct fr_palette_ops ops = {
    .size = sizeof(ops), .stops = stops, .stop_count = sizeof(stops) / sizeof(stops[0])};

FR_EXPORT const struct fr_plugin fractal_plugin = {FR_PLUGIN_HEADER,
                                                   .kind = FR_KIND_PALETTE,
                                                   .name = "Fiesta",
                                                   .version = "1.0",
                                                   .summary = "blue, green, yellow, orange",
                                                   .license = "MIT",
                                                   .ops = &ops};
