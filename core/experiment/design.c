/* SPDX-License-Identifier: MIT
 * design.c - from what was asked for to a document with its cells. */
#include "base/version.h"
#include "experiment/experiment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool fr_axis_is_direct(const char *key)
{
    static const char *const never[] = {
        "transport", "leader",         "run",           "log", "metrics",
        "output",    "worker.credits", "worker.retries"};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        size_t len = strlen(never[i]);
        if (strncmp(key, never[i], len) == 0 && (key[len] == '.' || key[len] == '\0'))
            return false;
    }
    return true;
}

/* One value for each axis: the digits of a number that counts them through. */
static json_t *point_json(const struct fr_design *d, size_t number, bool direct, bool *first_p)
{
    json_t *point = json_object();
    *first_p = true;
    for (size_t i = d->axis_count; i-- > 0;) {
        size_t digit = number % d->axes[i].count;
        number /= d->axes[i].count;
        if (!direct || fr_axis_is_direct(d->axes[i].key))
            json_object_set_new(point, d->axes[i].key, json_string(d->axes[i].values[digit]));
        else if (digit > 0)
            *first_p = false; /* the same as at this axis' first value */
    }
    return point;
}

/* Of one worker: its file's, where they are not swept themselves. Peak is that of one thread. */
static uint32_t threads_of(const struct fr_design *d, const struct fr_design_file *file,
                           bool direct, const json_t *point)
{
    const char *swept = json_string_value(json_object_get(point, "worker.threads"));
    long threads = swept ? strtol(swept, NULL, 10) : file->threads;
    if (direct && d->metg)
        return 1;
    return threads > 0 ? (uint32_t)threads : (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}

static void add_cell(json_t *cells, const struct fr_design *d, const struct fr_design_file *file,
                     bool direct, uint32_t workers, size_t number)
{
    bool first;
    json_t *point = point_json(d, number, direct, &first);
    if (direct && !first) {
        json_decref(point);
        return;
    }
    json_t *cell = json_object();
    json_object_set_new(cell, "label", json_string(direct ? "direct" : file->label));
    json_object_set_new(cell, "file", json_string(file->path));
    json_object_set_new(cell, "command", json_string(direct ? "direct" : "run"));
    json_object_set_new(cell, "workers", json_integer(workers));
    json_object_set_new(cell, "threads", json_integer(threads_of(d, file, direct, point)));
    json_object_set_new(cell, "point", point);
    if (file->refused)
        json_object_set_new(cell, "refused", json_string(file->refused));
    json_object_set_new(cell, "runs", json_array());
    json_array_append_new(cells, cell);
}

/* Whose job and kernel direct takes: the first file that can run at all with so many threads a
 * worker, so that every file has a direct to be held against. */
static bool has_direct(const struct fr_design *d, size_t f)
{
    if (d->files[f].refused)
        return false;
    for (size_t k = 0; k < f; k++)
        if (!d->files[k].refused && (d->metg || d->files[k].threads == d->files[f].threads))
            return false;
    return true;
}

static json_t *cells_json(const struct fr_design *d)
{
    json_t *cells = json_array();
    size_t points = 1;
    for (size_t i = 0; i < d->axis_count; i++)
        points *= d->axes[i].count;
    for (size_t p = 0; p < points; p++) {
        for (size_t f = 0; f < d->file_count; f++)
            for (size_t w = 0; has_direct(d, f) && w < (d->metg ? 1 : d->worker_count); w++)
                add_cell(cells, d, &d->files[f], true, d->metg ? 1 : d->workers[w], p);
        for (size_t f = 0; f < d->file_count; f++)
            for (size_t w = 0; w < d->worker_count; w++)
                add_cell(cells, d, &d->files[f], false, d->workers[w], p);
    }
    return cells;
}

static json_t *parameters_json(const struct fr_design *d)
{
    json_t *p = json_object(), *files = json_array(), *workers = json_array(), *axes = json_array();
    for (size_t i = 0; i < d->file_count; i++) {
        char hash[32];
        snprintf(hash, sizeof(hash), "%016" PRIx64, d->files[i].hash);
        json_array_append_new(
            files, json_pack("{s:s, s:s}", "path", d->files[i].path, "content_hash", hash));
    }
    for (size_t i = 0; i < d->worker_count; i++)
        json_array_append_new(workers, json_integer(d->workers[i]));
    for (size_t i = 0; i < d->axis_count; i++) {
        json_t *values = json_array();
        for (size_t v = 0; v < d->axes[i].count; v++)
            json_array_append_new(values, json_string(d->axes[i].values[v]));
        json_array_append_new(axes,
                              json_pack("{s:s, s:o}", "key", d->axes[i].key, "values", values));
    }
    json_object_set_new(p, "files", files);
    json_object_set_new(p, "workers", workers);
    json_object_set_new(p, "repeat", json_integer(d->repeat));
    json_object_set_new(p, "seed", json_integer((json_int_t)d->seed));
    json_object_set_new(p, "metg", json_boolean(d->metg));
    json_object_set_new(p, "confidence", json_real(0.95));
    json_object_set_new(p, "axes", axes);
    json_object_set(p, "settings", d->settings);
    return p;
}

fr_status fr_experiment_new(const struct fr_design *design, struct fr_experiment *x_p,
                            struct fr_error *err)
{
    char started[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm))
        strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_t *doc = json_object();
    json_object_set_new(doc, "format", json_string(FR_EXPERIMENT_FORMAT));
    json_object_set_new(doc, "fractal", json_string(fr_version));
    json_object_set_new(doc, "started", json_string(started));
    json_object_set(doc, "command", design->command);
    json_object_set_new(doc, "parameters", parameters_json(design));
    json_object_set_new(doc, "complete", json_false());
    json_object_set_new(doc, "cells", cells_json(design));
    return fr_experiment_take(doc, "the experiment", x_p, err);
}
