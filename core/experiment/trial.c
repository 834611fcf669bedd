/* SPDX-License-Identifier: MIT */
#include "experiment/trial.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "experiment/rng.h"
#include "experiment/runner.h"
#include "experiment/save.h"

#include <argz.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GIVE_UP = 2 }; /* failures of a cell after which no more runs are tried */

struct state {
    const struct fr_trial *trial;
    struct fr_experiment *x;
    char temp[4096];
    char *args; /* one after the other, each with its '\0' */
    size_t args_len;
    bool no_memory;
    size_t done, total; /* runs */
    uint32_t *order;
};

/* ---------------------------------------------------------------- arguments */

static void arg(struct state *s, const char *text)
{
    if (argz_add(&s->args, &s->args_len, text) != 0)
        s->no_memory = true;
}

static void set(struct state *s, const char *key, const char *value)
{
    char text[4096];
    snprintf(text, sizeof(text), "%s=%s", key, value);
    arg(s, "--set");
    arg(s, text);
}

static void set_number(struct state *s, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    set(s, key, text);
}

static void clear_args(struct state *s)
{
    free(s->args);
    s->args = NULL;
    s->args_len = 0;
}

/* What a later flag says counts: the cell's own come last. */
static void make_args(struct state *s, const struct fr_cell *cell, const char *metrics)
{
    clear_args(s);
    arg(s, s->trial->program);
    arg(s, "-c");
    arg(s, cell->file);
    arg(s, cell->direct ? "direct" : "run");
    /* All of them before the first task: their starting up is not the network's. */
    set_number(s, "leader.wait_workers", cell->workers);
    for (size_t i = 0; i < s->trial->flag_count; i++)
        arg(s, s->trial->flags[i]);
    for (size_t i = 0; i < s->x->axis_count; i++)
        if (cell->values[i])
            set(s, s->x->axes[i].key, cell->values[i]);
    if (cell->direct)
        set_number(s, "worker.threads", (uint64_t)cell->workers * cell->threads);
    else
        set_number(s, "run.workers", cell->workers);
    set(s, "output.plugins", "null");
    set(s, "log.quiet", "yes");
    set(s, "log.verbose", "no");
    set(s, "metrics.print", "no");
    set(s, "metrics.json", metrics);
}

static fr_status run_args(struct state *s, struct fr_child *child_p, struct fr_error *err)
{
    char **argv = calloc(argz_count(s->args, s->args_len) + 1, sizeof(argv[0]));
    if (!argv || s->no_memory) {
        free(argv);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    argz_extract(s->args, s->args_len, argv);
    const struct fr_child_limits limits = {.ms = s->trial->limit_ms, .heeds_signals = true};
    fr_status st = fr_child_run(argv, NULL, &limits, child_p, err);
    free(argv);
    return st;
}

/* ----------------------------------------------------------------- progress */

/* Of the runs to come, by what this cell's, or all, took so far. */
static double seconds_left(const struct state *s)
{
    double sum = 0, left = 0;
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t c = 0; c < s->x->cell_count; c++) {
            const struct fr_cell *cell = &s->x->cells[c];
            const char *why;
            size_t n = json_array_size(cell->runs), i;
            double own = 0;
            json_t *run;
            json_array_foreach(cell->runs, i, run) own +=
                json_number_value(json_object_get(run, "took_s"));
            if (pass == 0) {
                sum += own;
                count += n;
            } else if (!cell->refused && fr_cell_failures(cell, &why) < GIVE_UP &&
                       n < s->x->repeat + 1) {
                double each = n ? own / (double)n : count ? sum / (double)count : 0;
                left += each * (double)(s->x->repeat + 1 - n);
            }
        }
    }
    return left;
}

static void show(const struct state *s, uint32_t round, const struct fr_cell *cell)
{
    char name[256], line[512], left[64] = "";
    double seconds = seconds_left(s);
    if (s->done > 0)
        snprintf(left, sizeof(left), ", %d:%02d left", (int)seconds / 60, (int)seconds % 60);
    if (fr_log_enabled(FR_LOG_INFO)) {
        snprintf(line, sizeof(line), "[%3zu%%] %s %u of %u%s: %.120s",
                 s->total ? 100 * s->done / s->total : 100, round ? "round" : "warm-up, then round",
                 round ? round : 1, s->x->repeat, left,
                 fr_cell_name(s->x, cell, name, sizeof(name)));
        fr_log_status(line);
    }
}

static void show_round(const struct state *s, uint32_t round)
{
    if (isatty(STDERR_FILENO))
        return;
    if (round == 0)
        fr_log(FR_LOG_INFO, "%zu cells, %zu runs to go: warm-up", s->x->cell_count,
               s->total - s->done);
    else
        fr_log(FR_LOG_INFO, "round %u of %u, about %.0f s left", round, s->x->repeat,
               seconds_left(s));
}

/* ------------------------------------------------------------------ one run */

static void set_error(json_t *run, const char *format, const char *text, long number)
{
    char error[768];
    snprintf(error, sizeof(error), format, number, text);
    json_object_set_new(run, "error", json_string(error));
}

/* Metrics count only where the run was what the cell says. */
static void take_metrics(json_t *run, const struct fr_cell *cell, const char *path)
{
    json_error_t why;
    json_t *metrics = json_load_file(path, 0, &why);
    size_t worked = json_array_size(json_object_get(metrics, "workers"));
    if (!json_is_string(json_object_get(metrics, "pixel_hash")))
        set_error(run, "exit code %ld, but no metrics: %s", why.text, 0);
    else if (!cell->direct && worked != cell->workers)
        set_error(run, "%ld workers took part%s", "", (long)worked);
    else
        json_object_set(run, "metrics", metrics);
    json_decref(metrics);
}

static fr_status run_cell(struct state *s, struct fr_cell *cell, uint32_t round,
                          struct fr_error *err)
{
    char metrics[4200];
    snprintf(metrics, sizeof(metrics), "%s/metrics.json", s->temp);
    unlink(metrics);
    make_args(s, cell, metrics);
    struct fr_child child = {0};
    fr_status st = run_args(s, &child, err);
    if (st != FR_OK)
        return st;
    if (child.stopped)
        return fr_fail(err, FR_ECLOSED, "stopped");
    json_t *run = json_object();
    json_object_set_new(run, "round", json_integer(round));
    json_object_set_new(run, "warmup", json_boolean(round == 0));
    json_object_set_new(run, "order", json_integer((json_int_t)s->done));
    json_object_set_new(run, "took_s", json_real(child.took_s));
    json_object_set_new(run, "exit", json_integer(child.code));
    const char *said = strstr(child.said, "error: ");
    said = said ? said + strlen("error: ") : child.said;
    if (child.too_long)
        set_error(run, "took longer than %ld s%s", "", (long)(s->trial->limit_ms / 1000));
    else if (child.code != 0)
        set_error(run, "exit code %ld: %s", said, child.code);
    else
        take_metrics(run, cell, metrics);
    unlink(metrics);
    json_array_append_new(cell->runs, run);
    return FR_OK;
}

/* ------------------------------------------------------------------- rounds */

void fr_trial_order(uint64_t seed, uint32_t round, uint32_t *order, size_t count)
{
    struct fr_rng rng = fr_rng_new(seed + round * UINT64_C(0x9e3779b97f4a7c15));
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    fr_rng_shuffle(&rng, order, count);
}

static bool has_run(const struct fr_cell *cell, uint32_t round)
{
    size_t i;
    json_t *run;
    json_array_foreach(cell->runs, i, run)
    {
        if (json_integer_value(json_object_get(run, "round")) == round)
            return true;
    }
    return false;
}

static fr_status save(const struct fr_trial *trial, struct fr_error *err)
{
    return trial->folder ? fr_save_json(trial->folder, "results.json", trial->x->doc, err) : FR_OK;
}

static fr_status run_round(struct state *s, uint32_t round, struct fr_error *err)
{
    fr_status st = FR_OK;
    bool any = false;
    fr_trial_order(s->x->seed, round, s->order, s->x->cell_count);
    for (size_t i = 0; st == FR_OK && i < s->x->cell_count; i++) {
        struct fr_cell *cell = &s->x->cells[s->order[i]];
        const char *why;
        if (has_run(cell, round))
            continue;
        if (cell->refused || fr_cell_failures(cell, &why) >= GIVE_UP) {
            s->done += !cell->refused;
            continue;
        }
        if (!any)
            show_round(s, round);
        any = true;
        if (fr_signals_stop())
            return fr_fail(err, FR_ECLOSED, "stopped");
        show(s, round, cell);
        st = run_cell(s, cell, round, err);
        s->done++;
        if (st == FR_OK)
            st = fr_trial_check_pixels(s->x, err);
    }
    return st;
}

static const char *pixels_of(const struct fr_cell *cell)
{
    const json_t *metrics = fr_cell_metrics(cell);
    return json_string_value(json_object_get(metrics, "pixel_hash"));
}

/* A cell that contradicts itself has two hashes among its own runs. */
static fr_status check_cell(const struct fr_experiment *x, const struct fr_cell *cell,
                            struct fr_error *err)
{
    const char *first = pixels_of(cell);
    char name[256];
    size_t i;
    json_t *run;
    json_array_foreach(cell->runs, i, run)
    {
        const char *hash =
            json_string_value(json_object_get(json_object_get(run, "metrics"), "pixel_hash"));
        if (first && hash && strcmp(first, hash) != 0)
            return fr_fail(err, FR_EPROTO, "%s computed different pixels in two runs: %s and %s",
                           fr_cell_name(x, cell, name, sizeof(name)), first, hash);
    }
    return FR_OK;
}

fr_status fr_trial_check_pixels(const struct fr_experiment *x, struct fr_error *err)
{
    char name_a[256], name_b[256];
    for (size_t i = 0; i < x->cell_count; i++) {
        const struct fr_cell *a = &x->cells[i];
        const char *hash = pixels_of(a);
        if (!hash)
            continue;
        fr_status st = check_cell(x, a, err);
        for (size_t j = 0; st == FR_OK && j < i; j++) {
            const struct fr_cell *b = &x->cells[j];
            const char *other = pixels_of(b);
            if (other && fr_cell_same_job(x, a, b) && strcmp(hash, other) != 0)
                st = fr_fail(err, FR_EPROTO,
                             "refusing to compare: %s (%s) and %s (%s) computed different pixels, "
                             "hash %s and %s, so they did not do the same job",
                             b->file, fr_cell_name(x, b, name_b, sizeof(name_b)), a->file,
                             fr_cell_name(x, a, name_a, sizeof(name_a)), other, hash);
        }
        if (st != FR_OK)
            return st;
    }
    return FR_OK;
}

/* Of the last minute: before the first run it is other people's work. */
static void note_load(const struct fr_experiment *x, const char *key, bool warn)
{
    double load;
    if (getloadavg(&load, 1) != 1)
        return;
    if (!json_object_get(x->doc, key) || !warn)
        json_object_set_new(x->doc, key, json_real(load));
    if (warn && load > (double)sysconf(_SC_NPROCESSORS_ONLN) / 2)
        fr_log(FR_LOG_WARN,
               "this machine is busy already (load average %.1f): expect wide intervals", load);
}

fr_status fr_trial_run(const struct fr_trial *trial, struct fr_error *err)
{
    struct fr_experiment *x = trial->x;
    struct state s = {.trial = trial, .x = x};
    const char *temp = getenv("TMPDIR");
    snprintf(s.temp, sizeof(s.temp), "%s/fractal-compare.XXXXXX", temp && *temp ? temp : "/tmp");
    s.order = calloc(x->cell_count + 1, sizeof(*s.order));
    if (!s.order || !mkdtemp(s.temp)) {
        free(s.order);
        return fr_fail(err, FR_EIO, "cannot make a temporary folder (%s)", s.temp);
    }
    for (size_t i = 0; i < x->cell_count; i++) {
        s.total += x->cells[i].refused ? 0 : x->repeat + 1;
        s.done += json_array_size(x->cells[i].runs);
    }
    note_load(x, "load_before", true);
    fr_status st = save(trial, err); /* cannot write: known before hours have passed */
    for (uint32_t round = 0; st == FR_OK && round <= x->repeat; round++) {
        st = run_round(&s, round, err);
        if (st == FR_OK && round == x->repeat)
            json_object_set_new(x->doc, "complete", json_true());
        note_load(x, "load_after", false);
        fr_status saved = save(trial, err);
        st = st == FR_OK ? saved : st;
    }
    fr_log_status("");
    clear_args(&s);
    rmdir(s.temp);
    free(s.order);
    return st;
}
