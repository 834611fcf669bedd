/* SPDX-License-Identifier: MIT
 * AfternoonBlue: five blues, pale to deep. */
#include <fractal/palette.h>

static const struct fr_stop stops[] = {
    {0.0, 0x93, 0xd2, 0xca}, {0.2, 0x6c, 0x98, 0xb8}, {0.5, 0x38, 0x68, 0x85},
    {0.8, 0x17, 0x4f, 0x72}, {1.0, 0x08, 0x2a, 0x4f},
};

static const struct fr_palette_ops ops = {
    .size = sizeof(ops), .stops = stops, .stop_count = sizeof(stops) / sizeof(stops[0])};

FR_EXPORT const struct fr_plugin fractal_plugin = {FR_PLUGIN_HEADER,
                                                   .kind = FR_KIND_PALETTE,
                                                   .name = "AfternoonBlue",
                                                   .version = "1.0",
                                                   .summary = "five blues, pale to deep",
                                                   .license = "MIT",
                                                   .ops = &ops};
