/* SPDX-License-Identifier: MIT
 * raster.h - bands in any order become rows in order, in a bounded window, and go to the outputs
 * on a thread of its own, so that encoding never holds up the network. */
#ifndef FR_RASTER_RASTER_H
#define FR_RASTER_RASTER_H
#include "base/error.h"
#include "job/job.h"
#include "plugin/plugin.h"
#include "raster/colour.h"

#include <fractal/output.h>

struct fr_raster;

/* An open output; the raster finishes it, its owner closes it. */
struct fr_sink {
    const struct fr_output_ops *ops;
    fr_output *out;
    struct fr_host_box *box; /* where it records why it failed */
    const char *name;        /* the plugin's, for messages     */
};

struct fr_raster_args {
    const struct fr_job *job;       /* copied                                               */
    const struct fr_colour *colour; /* outlives the raster                                  */
    const struct fr_sink *sinks;    /* copied; 0 or more                                    */
    size_t sink_count;
    uint32_t window_rows; /* 1..height: how far a band may be ahead               */
    /* Called from the raster's thread whenever rows were written or an output failed: wakes the
     * owner up, no more. May be NULL.                                                       */
    void (*notify)(void *ctx);
    void *notify_ctx;
};

fr_status fr_raster_new(const struct fr_raster_args *args, struct fr_raster **raster_p,
                        struct fr_error *err);
/* Rows before this one are written and their place in the window is free. Any thread. */
uint32_t fr_raster_base(const struct fr_raster *raster);
/* Colours the band into the window. Any thread; each row at most once, and all of it below
 * fr_raster_base() + window_rows. FR_EPROTO: the payload is nonsense, nothing was taken.
 * FR_EIO: an output failed before. */
fr_status fr_raster_put(struct fr_raster *raster, uint32_t first, uint32_t rows,
                        enum fr_payload kind, const void *payload, struct fr_error *err);
/* The RGBA of a row of the last put, until the next one. The thread that puts. */
const uint8_t *fr_raster_row(const struct fr_raster *raster, uint32_t y);
/* FR_OK, or how an output failed. Any thread. */
fr_status fr_raster_status(struct fr_raster *raster, struct fr_error *err);
/* After the last band: waits for the last row, then finishes every output. */
fr_status fr_raster_finish(struct fr_raster *raster, struct fr_error *err);
/* Of all pixels as RGBA, rows in order: equal images, equal hashes. After finish. */
uint64_t fr_raster_pixel_hash(const struct fr_raster *raster);
/* Time in the outputs, in all; and in colouring. After finish. */
uint64_t fr_raster_encode_ns(const struct fr_raster *raster);
uint64_t fr_raster_colour_ns(const struct fr_raster *raster);
/* Stops the thread, also in the middle. The sinks stay their owner's to close. */
void fr_raster_free(struct fr_raster *raster);
#endif
