/* SPDX-License-Identifier: MIT
 * experiment.h - configurations x worker counts x sweep points, as cells, and the runs of each.
 *
 * One JSON document holds all of it: what was asked for ("parameters"), the cells, and every run
 * with its metrics as the program wrote them. It is saved after each round; whatever is drawn or
 * compared is worked out from it again. */
#ifndef FR_EXPERIMENT_EXPERIMENT_H
#define FR_EXPERIMENT_EXPERIMENT_H
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FR_EXPERIMENT_FORMAT "fractal-compare 1"

struct fr_axis {
    const char *key; /* "transport.shape.delay" */
    const char **values;
    size_t count;
};

/* One line of the report. Strings belong to the document. */
struct fr_cell {
    const char *label;   /* of the configuration, or "direct"              */
    const char *file;    /* its INI; of direct: the first one              */
    const char *refused; /* why no run is tried, or NULL                   */
    const char **values; /* one for each axis; NULL: it does not matter here */
    bool direct;
    uint32_t workers; /* of direct: whose threads it has in one process */
    uint32_t threads; /* of one worker                                  */
    json_t *json;     /* its object in the document                     */
    json_t *runs;     /* of that: an array                              */
};

struct fr_experiment {
    json_t *doc;
    struct fr_axis *axes;
    size_t axis_count;
    struct fr_cell *cells;
    size_t cell_count;
    uint64_t seed;
    uint32_t repeat;
    bool metg;
    double confidence;
};

/* What a person asked for. */
struct fr_design {
    struct fr_design_file {
        const char *path, *label, *refused; /* refused: NULL: it may run          */
        uint32_t threads;                   /* of a worker of this configuration  */
        uint64_t hash;                      /* of the file's text                 */
    } * files;
    size_t file_count;
    const uint32_t *workers;
    size_t worker_count;
    const struct fr_axis *axes;
    size_t axis_count;
    json_t *settings; /* object: section.key to value, for all cells; secrets masked; borrowed */
    json_t *command;  /* array: the command line, secrets masked; borrowed                     */
    uint64_t seed;
    uint32_t repeat;
    bool metg;
};

/* A new document without runs. */
fr_status fr_experiment_new(const struct fr_design *design, struct fr_experiment *x_p,
                            struct fr_error *err);
/* Takes doc (also where it fails). FR_EINVAL: it is none of ours. */
fr_status fr_experiment_take(json_t *doc, const char *name, struct fr_experiment *x_p,
                             struct fr_error *err);
fr_status fr_experiment_load(const char *path, struct fr_experiment *x_p, struct fr_error *err);
/* FR_EINVAL, naming it, where the parameters differ: runs of both must not be mixed. */
fr_status fr_experiment_same(const struct fr_experiment *old, const struct fr_experiment *asked,
                             const char *path, struct fr_error *err);
void fr_experiment_clear(struct fr_experiment *x);

/* Measured runs, without the warm-up and what failed. */
bool fr_run_counts(const json_t *run);
size_t fr_cell_good_runs(const struct fr_cell *cell);
size_t fr_cell_failures(const struct fr_cell *cell, const char **last_p); /* its message, or NULL */
/* The first metrics of the cell, for what all its runs share; NULL: none. */
const json_t *fr_cell_metrics(const struct fr_cell *cell);

/* Do both compute the same image? That is: the axes of section [job] agree, but the payload, which
 * must not show. */
bool fr_cell_same_job(const struct fr_experiment *x, const struct fr_cell *a,
                      const struct fr_cell *b);
/* Are they at the same point of all axes that matter to both? */
bool fr_cell_same_point(const struct fr_experiment *x, const struct fr_cell *a,
                        const struct fr_cell *b);
/* "delay=1ms payload=raw", "" without axes; returns buf. */
const char *fr_cell_point(const struct fr_experiment *x, const struct fr_cell *cell, char *buf,
                          size_t cap);
/* "shm, 2 workers, delay=1ms"; returns buf. */
const char *fr_cell_name(const struct fr_experiment *x, const struct fr_cell *cell, char *buf,
                         size_t cap);
/* Does this key change a run without any transport? */
bool fr_axis_is_direct(const char *key);
#endif
