/* SPDX-License-Identifier: MIT
 * colour.h - from what a worker returns to RGBA, by table. */
#ifndef FR_RASTER_COLOUR_H
#define FR_RASTER_COLOUR_H
#include "base/error.h"
#include "job/job.h"

#include <fractal/palette.h>
#include <stdbool.h>
#include <stdint.h>

struct fr_colour;

struct fr_colour_args {
    const struct fr_host *host;
    const struct fr_palette_ops *palette;
    const void *palette_cfg; /* may be NULL; outlives the colour   */
    enum fr_coloring coloring;
    uint32_t step; /* palette colours; raised to iters   */
};

/* FR_EINVAL where the palette cannot serve the colouring (no stops for classic, ...). */
fr_status fr_colour_new(const struct fr_job *job, const struct fr_colour_args *args,
                        struct fr_colour **colour_p, struct fr_error *err);
void fr_colour_free(struct fr_colour *colour);
/* True where no pixel of the job can be transparent. */
bool fr_colour_opaque(const struct fr_colour *colour);
/* Rows first..first+rows-1 of a band of band_rows rows, whose payload of this kind (any
 * alignment, contents not trusted) is given, to rows x width RGBA8, stride_bytes from row to row.
 * Pure: any thread. FR_EPROTO: values that no worker computes, or a kind without such colours. */
fr_status fr_colour_rows(const struct fr_colour *colour, enum fr_payload kind, const void *payload,
                         uint32_t band_rows, uint32_t first, uint32_t rows, uint8_t *rgba,
                         size_t stride_bytes);
#endif
