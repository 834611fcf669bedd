/* SPDX-License-Identifier: MIT
 * SummerBeach: sand to sea. */
#include <fractal/palette.h>

static const struct fr_stop stops[] = {
    {0.0, 0xff, 0xf0, 0x94}, {0.3, 0xff, 0xb7, 0x2d}, {0.6, 0xff, 0x8d, 0x00},
    {0.8, 0x2d, 0x69, 0xae}, {1.0, 0x1e, 0x2c, 0x60},
};

static const struct fr_palette_ops ops = {
    .size = sizeof(ops), .stops = stops, .stop_count = sizeof(stops) / sizeof(stops[0])};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER, .kind = FR_KIND_PALETTE,  .name = "SummerBeach",
    .version = "1.0", .summary = "sand to sea", .license = "MIT",
    .ops = &ops};
