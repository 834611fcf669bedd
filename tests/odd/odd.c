/* SPDX-License-Identifier: MIT
 * A palette; or, by what is defined, something that must be refused. */
#include <fractal/output.h>
#include <fractal/palette.h>
#include <fractal/transport.h>

#ifndef MAGIC
#define MAGIC FR_PLUGIN_MAGIC
#endif
#ifndef SIZE
#define SIZE sizeof(struct fr_plugin)
#endif
#ifndef MAJOR
#define MAJOR FR_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR FR_ABI_MINOR
#endif
#ifndef KIND
#define KIND FR_KIND_PALETTE
#endif
#ifndef NAME
#define NAME "good"
#endif
#ifndef SYMBOL
#define SYMBOL fractal_plugin
#endif
#ifndef OPTION
#define OPTION                                                                                     \
    {                                                                                              \
        .key = "a", .type = FR_OPT_INT, .help = "h"                                                \
    }
#endif
#ifndef STOP_COUNT
#define STOP_COUNT 2
#endif
#ifndef OPS_SIZE
#define OPS_SIZE sizeof(ops)
#endif

#ifdef OPS
static const struct OPS ops = {.size = OPS_SIZE}; /* and nothing else */
#else
static const struct fr_stop stops[] = {{0, 0, 0, 64}, {1, 255, 255, 255}};
static const struct fr_palette_ops ops = {
    .size = OPS_SIZE, .stops = stops, .stop_count = STOP_COUNT};
#endif

static const struct fr_option options[] = {OPTION, {.key = NULL}};

FR_EXPORT extern const struct fr_plugin SYMBOL;
FR_EXPORT const struct fr_plugin SYMBOL = {.magic = MAGIC,
                                           .size = SIZE,
                                           .abi_major = MAJOR,
                                           .abi_minor = MINOR,
                                           .kind = (enum fr_kind)KIND,
                                           .name = NAME,
                                           .version = "1",
                                           .summary = "one of many",
                                           .license = "MIT",
                                           .options = options,
                                           .config_size = sizeof(int64_t),
                                           .ops = &ops};
