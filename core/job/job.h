/* SPDX-License-Identifier: MIT
 * job.h - what is computed: the geometry of one image, as it travels to the workers. */
#ifndef FR_JOB_JOB_H
#define FR_JOB_JOB_H
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FR_JOB_MAX_SIDE  (1u << 20)  /* pixels; a raw row is then 12 MiB                    */
#define FR_JOB_MAX_ITERS 2000000000u /* iters + log(norm) must fit an int32                */

enum fr_view { FR_VIEW_CLASSIC, FR_VIEW_EXACT };
enum fr_coloring { FR_COLORING_CLASSIC, FR_COLORING_SMOOTH };

/* What a worker returns a pixel. Numbers are those of the wire (proto/fractal.proto). */
enum fr_payload {
    FR_PAYLOAD_AUTO,    /* the smallest that the colouring needs; never on the wire        */
    FR_PAYLOAD_INDEX16, /* int16_t                                                         */
    FR_PAYLOAD_INDEX32, /* int32_t                                                         */
    FR_PAYLOAD_SMOOTH,  /* float                                                           */
    FR_PAYLOAD_RAW,     /* a band's norms as double, then its counts as int32_t            */
};
/* A pixel that has no colour (norm 0, infinite, NaN): the least value of the index type. */
#define FR_INDEX16_NONE INT16_MIN
#define FR_INDEX32_NONE INT32_MIN

/* As a person states it: the keys of [job]. */
struct fr_job_spec {
    uint32_t width, height, smoothness; /* the image is width*smoothness x height*smoothness */
    double xpos, ypos;                  /* centre                                          */
    double escape_radius;               /* the width of the view                           */
    uint32_t iters;
    enum fr_view view;
    enum fr_coloring coloring;
    enum fr_payload payload;
};

struct fr_job {
    uint32_t width, height; /* pixels, 2..FR_JOB_MAX_SIDE and 1..FR_JOB_MAX_SIDE           */
    uint32_t iters;         /* 1..FR_JOB_MAX_ITERS                                         */
    double xmin, xmax, ymin, ymax;
    uint32_t x_div, y_div;   /* x of column i = xmin + ((xmax - xmin) * i) / (double)x_div  */
    enum fr_payload payload; /* never AUTO                                                 */
};

/* Fills *job_p; FR_EINVAL, naming the key and what would be valid, where the spec has no image. */
fr_status fr_job_make(const struct fr_job_spec *spec, struct fr_job *job_p, struct fr_error *err);
/* Is this a job one may compute? For one that came over the network. FR_EINVAL, FR_OK. */
fr_status fr_job_check(const struct fr_job *job, struct fr_error *err);

double fr_job_x(const struct fr_job *job, uint32_t ix);
double fr_job_y(const struct fr_job *job, uint32_t iy);
/* Bytes of a band's payload: at most FR_JOB_MAX_SIDE^2 * 12. */
uint64_t fr_job_band_bytes(const struct fr_job *job, uint32_t rows);
#endif
