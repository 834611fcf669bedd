/* SPDX-License-Identifier: MIT
 * Biochemist: five bright greens. */
#include <fractal/palette.h>

static const struct fr_stop stops[] = {
    {0, 0x51, 0x99, 0x25}, {0, 0x50, 0xa6, 0x1c}, {0, 0x4b, 0xb8, 0x0b},
    {0, 0x4d, 0xcd, 0x00}, {0, 0x53, 0xdf, 0x00},
};

static const struct fr_palette_ops ops = {
    .size = sizeof(ops), .stops = stops, .stop_count = sizeof(stops) / sizeof(stops[0])};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER, .kind = FR_KIND_PALETTE,         .name = "Biochemist",
    .version = "1.0", .summary = "five bright greens", .license = "MIT",
    .ops = &ops};
