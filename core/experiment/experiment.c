/* SPDX-License-Identifier: MIT
 * experiment.c - the document, read. */
#include "experiment/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static fr_status take_axes(struct fr_experiment *x, const json_t *parameters, struct fr_error *err)
{
    const json_t *axes = json_object_get(parameters, "axes");
    x->axis_count = json_array_size(axes);
    x->axes = calloc(x->axis_count + 1, sizeof(*x->axes));
    if (!x->axes)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    for (size_t i = 0; i < x->axis_count; i++) {
        const json_t *json = json_array_get(axes, i), *values = json_object_get(json, "values");
        struct fr_axis *axis = &x->axes[i];
        axis->key = text_of(json, "key");
        axis->count = json_array_size(values);
        axis->values = calloc(axis->count + 1, sizeof(*axis->values));
        if (!axis->values)
            return fr_fail(err, FR_ENOMEM, "out of memory");
        for (size_t v = 0; v < axis->count; v++)
            axis->values[v] = json_string_value(json_array_get(values, v));
        bool whole = axis->key && axis->count > 0;
        for (size_t v = 0; v < axis->count; v++)
            whole = whole && axis->values[v];
        if (!whole)
            return fr_fail(err, FR_EINVAL, "parameters: axis %zu is malformed", i);
    }
    return FR_OK;
}

static fr_status take_cell(struct fr_experiment *x, json_t *json, struct fr_cell *cell,
                           struct fr_error *err)
{
    const char *command = text_of(json, "command");
    json_int_t workers = json_integer_value(json_object_get(json, "workers"));
    json_int_t threads = json_integer_value(json_object_get(json, "threads"));
    *cell = (struct fr_cell){.label = text_of(json, "label"),
                             .file = text_of(json, "file"),
                             .refused = text_of(json, "refused"),
                             .direct = command && strcmp(command, "direct") == 0,
                             .workers = (uint32_t)workers,
                             .threads = (uint32_t)threads,
                             .json = json,
                             .runs = json_object_get(json, "runs")};
    if (!cell->label || !cell->file || !command || !json_is_array(cell->runs) || workers < 1 ||
        workers > 65536 || threads < 1 || threads > 65536)
        return fr_fail(err, FR_EINVAL, "a cell is malformed");
    cell->values = calloc(x->axis_count + 1, sizeof(*cell->values));
    if (!cell->values)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    for (size_t i = 0; i < x->axis_count; i++)
        cell->values[i] = text_of(json_object_get(json, "point"), x->axes[i].key);
    return FR_OK;
}

static fr_status take(struct fr_experiment *x, struct fr_error *err)
{
    const char *format = text_of(x->doc, "format");
    const json_t *p = json_object_get(x->doc, "parameters");
    const json_t *cells = json_object_get(x->doc, "cells");
    if (!format || strcmp(format, FR_EXPERIMENT_FORMAT) != 0)
        return fr_fail(err, FR_EINVAL,
                       "no results of this program (format \"%s\", expected \"%s\")",
                       format ? format : "", FR_EXPERIMENT_FORMAT);
    x->seed = (uint64_t)json_integer_value(json_object_get(p, "seed"));
    x->repeat = (uint32_t)json_integer_value(json_object_get(p, "repeat"));
    x->metg = json_is_true(json_object_get(p, "metg"));
    x->confidence = json_number_value(json_object_get(p, "confidence"));
    if (!(x->confidence > 0 && x->confidence < 1) || x->repeat < 1 || x->repeat > 1000)
        return fr_fail(err, FR_EINVAL, "parameters: confidence or repeat is out of range");
    fr_status st = take_axes(x, p, err);
    size_t count = json_array_size(cells);
    if (st == FR_OK) {
        x->cells = calloc(count + 1, sizeof(*x->cells));
        if (!x->cells)
            st = fr_fail(err, FR_ENOMEM, "out of memory");
    }
    for (; st == FR_OK && x->cell_count < count; x->cell_count++)
        st = take_cell(x, json_array_get(cells, x->cell_count), &x->cells[x->cell_count], err);
    return st;
}

fr_status fr_experiment_take(json_t *doc, const char *name, struct fr_experiment *x_p,
                             struct fr_error *err)
{
    struct fr_experiment x = {.doc = doc};
    struct fr_error why = {0};
    fr_status st = doc ? take(&x, &why) : fr_fail(&why, FR_ENOMEM, "out of memory");
    if (st != FR_OK) {
        fr_experiment_clear(&x);
        return fr_fail(err, st, "%s: %s", name, why.text);
    }
    *x_p = x;
    return FR_OK;
}

fr_status fr_experiment_load(const char *path, struct fr_experiment *x_p, struct fr_error *err)
{
    json_error_t why;
    json_t *doc = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!doc)
        return fr_fail(err, FR_EINVAL, "cannot read %s: %s (line %d)", path, why.text, why.line);
    return fr_experiment_take(doc, path, x_p, err);
}

void fr_experiment_clear(struct fr_experiment *x)
{
    for (size_t i = 0; x->axes && i < x->axis_count; i++)
        free((void *)x->axes[i].values);
    for (size_t i = 0; x->cells && i <= x->cell_count; i++) /* one more: it may have failed there */
        free((void *)x->cells[i].values);
    free(x->axes);
    free(x->cells);
    json_decref(x->doc);
    *x = (struct fr_experiment){0};
}

fr_status fr_experiment_same(const struct fr_experiment *old, const struct fr_experiment *asked,
                             const char *path, struct fr_error *err)
{
    json_t *a = json_object_get(old->doc, "parameters");
    json_t *b = json_object_get(asked->doc, "parameters"), *value;
    const char *key;
    json_object_foreach(b, key, value)
    {
        if (json_equal(json_object_get(a, key), value))
            continue;
        char *was = json_dumps(json_object_get(a, key), JSON_ENCODE_ANY | JSON_COMPACT);
        char *is = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        fr_status st = fr_fail(err, FR_EINVAL,
                               "%s was measured with other parameters, so it cannot be resumed: "
                               "%s was %s, not %s",
                               path, key, was ? was : "absent", is ? is : "?");
        free(was);
        free(is);
        return st;
    }
    if (old->cell_count != asked->cell_count)
        return fr_fail(err, FR_EINVAL, "%s has other cells, so it cannot be resumed", path);
    return FR_OK;
}

/* --------------------------------------------------------------------- runs */

bool fr_run_counts(const json_t *run)
{
    return !json_is_true(json_object_get(run, "warmup")) &&
           json_is_object(json_object_get(run, "metrics"));
}

size_t fr_cell_good_runs(const struct fr_cell *cell)
{
    size_t count = 0, i;
    json_t *run;
    json_array_foreach(cell->runs, i, run) count += fr_run_counts(run);
    return count;
}

size_t fr_cell_failures(const struct fr_cell *cell, const char **last_p)
{
    size_t count = 0, i;
    json_t *run;
    *last_p = cell->refused;
    json_array_foreach(cell->runs, i, run)
    {
        if (json_is_object(json_object_get(run, "metrics")))
            continue;
        count++;
        *last_p = text_of(run, "error");
    }
    return count;
}

const json_t *fr_cell_metrics(const struct fr_cell *cell)
{
    size_t i;
    json_t *run;
    json_array_foreach(cell->runs, i, run)
    {
        const json_t *metrics = json_object_get(run, "metrics");
        if (json_is_object(metrics))
            return metrics;
    }
    return NULL;
}

/* ------------------------------------------------------------------- points */

static bool same(const char *a, const char *b)
{
    return !a || !b || strcmp(a, b) == 0;
}

bool fr_cell_same_job(const struct fr_experiment *x, const struct fr_cell *a,
                      const struct fr_cell *b)
{
    for (size_t i = 0; i < x->axis_count; i++)
        if (strncmp(x->axes[i].key, "job.", 4) == 0 && strcmp(x->axes[i].key, "job.payload") != 0 &&
            !same(a->values[i], b->values[i]))
            return false;
    return true;
}

bool fr_cell_same_point(const struct fr_experiment *x, const struct fr_cell *a,
                        const struct fr_cell *b)
{
    for (size_t i = 0; i < x->axis_count; i++)
        if (!same(a->values[i], b->values[i]))
            return false;
    return true;
}

const char *fr_cell_point(const struct fr_experiment *x, const struct fr_cell *cell, char *buf,
                          size_t cap)
{
    size_t at = 0;
    *buf = '\0';
    for (size_t i = 0; i < x->axis_count && at < cap; i++) {
        const char *dot = strrchr(x->axes[i].key, '.');
        if (cell->values[i])
            at += (size_t)snprintf(buf + at, cap - at, "%s%s=%s", at ? " " : "",
                                   dot ? dot + 1 : x->axes[i].key, cell->values[i]);
    }
    return buf;
}

const char *fr_cell_name(const struct fr_experiment *x, const struct fr_cell *cell, char *buf,
                         size_t cap)
{
    char point[512];
    fr_cell_point(x, cell, point, sizeof(point));
    snprintf(buf, cap, "%s, %u %s%s%s%s", cell->label, cell->workers,
             cell->direct ? "thread" : "worker", cell->workers == 1 ? "" : "s", *point ? ", " : "",
             point);
    return buf;
}
