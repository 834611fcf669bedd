/* SPDX-License-Identifier: MIT */
#include "cli/compare.h"

#include "cli/role.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

enum { MAX_FILES = 64, MAX_AXES = 8, MAX_VALUES = 64, MAX_WORKER_COUNTS = 32, MAX_CELLS = 4096 };

/* The view of --metg: every pixel lies inside the main cardioid and costs exactly iters, a task is
 * one row of 1024 pixels in 2 bytes each. */
static const char *const metg_plan[] = {"job.width=1024",           "job.height=512",
                                        "job.smoothness=1",         "job.payload=index16",
                                        "schedule.rows_per_task=1", NULL};
static const char *const metg_view[] = {"job.xpos=-0.2",          "job.ypos=0",
                                        "job.escape_radius=0.01", "job.view=exact",
                                        "job.coloring=classic",   NULL};
#define METG_ITERS "1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192,16384"

const char *fr_compare_keep(struct fr_compare *c, const char *text)
{
    char **texts = realloc(c->texts, (c->text_count + 1) * sizeof(*texts));
    if (!texts)
        return NULL;
    c->texts = texts;
    char *copy = strdup(text);
    if (copy)
        c->texts[c->text_count++] = copy;
    return copy;
}

/* The next of texts that commas join, without blanks around it, kept; NULL past the last. */
static const char *next(struct fr_compare *c, const char **rest)
{
    char text[1024];
    if (!*rest)
        return NULL;
    const char *comma = strchr(*rest, ',');
    size_t len = comma ? (size_t)(comma - *rest) : strlen(*rest);
    while (len > 0 && **rest == ' ') {
        (*rest)++;
        len--;
    }
    snprintf(text, sizeof(text), "%.*s", (int)len, *rest);
    *rest = comma ? comma + 1 : NULL;
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' ';)
        text[--n] = '\0';
    return fr_compare_keep(c, text);
}

/* ---------------------------------------------------------------- settings */

static bool secret(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot && (strcmp(dot, ".token") == 0);
}

static fr_status add_setting(struct fr_compare *c, const char *key, const char *value,
                             struct fr_error *err)
{
    char text[8192];
    char **args = realloc(c->args, (c->arg_count + 2) * sizeof(*args));
    snprintf(text, sizeof(text), "%s=%s", key, value);
    if (args) {
        c->args = args;
        c->args[c->arg_count++] = (char *)fr_compare_keep(c, "--set");
        c->args[c->arg_count++] = (char *)fr_compare_keep(c, text);
    }
    if (!args || !c->args[c->arg_count - 1])
        return fr_fail(err, FR_ENOMEM, "out of memory");
    json_object_set_new(c->design.settings, key, json_string(secret(key) ? "(secret)" : value));
    return FR_OK;
}

static fr_status add_settings(struct fr_compare *c, const char *const *list, struct fr_error *err)
{
    fr_status st = FR_OK;
    for (; st == FR_OK && *list; list++) {
        char key[128];
        const char *equals = strchr(*list, '=');
        snprintf(key, sizeof(key), "%.*s", (int)(equals - *list), *list);
        st = add_setting(c, key, equals + 1, err);
    }
    return st;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Flags of settings go to every run, but for those that compare sets itself. */
static fr_status take_settings(struct fr_compare *c, const struct fr_config *config,
                               struct fr_error *err)
{
    char key[256];
    const char *value;
    c->design.settings = json_object();
    fr_status st = c->flags.metg ? add_settings(c, metg_plan, err) : FR_OK;
    for (size_t i = 0; st == FR_OK && fr_config_flag(config, i, key, sizeof(key), &value); i++) {
        if (starts(key, "log."))
            continue; /* ours */
        if (starts(key, "output.") || starts(key, "metrics.") || starts(key, "run."))
            return fr_fail(err, FR_EINVAL, "`compare` sets %s of its runs itself", key);
        st = add_setting(c, key, value, err);
    }
    return st == FR_OK && c->flags.metg ? add_settings(c, metg_view, err) : st;
}

/* The command line as it can be shown: without secrets. */
static void take_command(struct fr_compare *c, const struct fr_config *config,
                         const struct fr_cmdline *line)
{
    json_t *command = json_array();
    json_array_append_new(command, json_string("fractal"));
    json_array_append_new(command, json_string("compare"));
    for (int i = 0; i < line->argc; i++)
        json_array_append_new(command, json_string(line->argv[i]));
    for (size_t i = 0; i < line->own_count; i++) {
        char flag[4096];
        const struct fr_own_flag *own = &line->own[i];
        int n = snprintf(flag, sizeof(flag), "--%s", own->option->key);
        for (char *at = flag; *at; at++)
            *at = *at == '_' ? '-' : *at;
        if (own->option->type != FR_OPT_BOOL)
            snprintf(flag + n, sizeof(flag) - (size_t)n, "=%s", own->value);
        json_array_append_new(command, json_string(flag));
    }
    char key[256], set[8192];
    const char *value;
    for (size_t i = 0; fr_config_flag(config, i, key, sizeof(key), &value); i++) {
        snprintf(set, sizeof(set), "%s=%s", key, secret(key) ? "(secret)" : value);
        json_array_append_new(command, json_string("--set"));
        json_array_append_new(command, json_string(set));
    }
    c->design.command = command;
}

/* -------------------------------------------------------------------- axes */

static fr_status add_axis(struct fr_compare *c, const char *key, const char *values,
                          struct fr_error *err)
{
    struct fr_axis *axis = &c->axes[c->design.axis_count];
    if (c->design.axis_count == MAX_AXES)
        return fr_fail(err, FR_EINVAL, "--sweep: more than %d keys", MAX_AXES);
    for (size_t i = 0; i < c->design.axis_count; i++)
        if (c->axes[i].key && strcmp(c->axes[i].key, key) == 0)
            return fr_fail(err, FR_EINVAL, "--sweep %s: given twice", key);
    if (!strchr(key, '.') || starts(key, "run.") || starts(key, "metrics.") ||
        starts(key, "log.") || starts(key, "output."))
        return fr_fail(err, FR_EINVAL, "--sweep %s: not a section.key that a run could vary in",
                       key);
    *axis = (struct fr_axis){.key = fr_compare_keep(c, key)};
    if (axis->key)
        axis->values = calloc(MAX_VALUES, sizeof(axis->values[0]));
    if (!axis->values)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    c->design.axis_count++;
    const char *value;
    while ((value = next(c, &values))) {
        for (size_t i = 0; i < axis->count; i++)
            if (axis->values[i] && strcmp(axis->values[i], value) == 0)
                return fr_fail(err, FR_EINVAL, "--sweep %s: %s is given twice", key, value);
        if (axis->count == MAX_VALUES)
            return fr_fail(err, FR_EINVAL, "--sweep %s: more than %d values", key, MAX_VALUES);
        axis->values[axis->count++] = value;
    }
    return FR_OK;
}

static fr_status take_axes(struct fr_compare *c, const struct fr_cmdline *line,
                           struct fr_error *err)
{
    fr_status st = FR_OK;
    c->axes = calloc(MAX_AXES, sizeof(*c->axes));
    if (!c->axes)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    c->design.axes = c->axes;
    for (size_t i = 0; st == FR_OK && i < line->own_count; i++) {
        const struct fr_own_flag *own = &line->own[i];
        char key[256];
        if (strcmp(own->option->key, "sweep") != 0)
            continue;
        const char *equals = strchr(own->value, '=');
        if (!equals || equals == own->value || equals - own->value >= (ptrdiff_t)sizeof(key))
            return fr_fail(err, FR_EINVAL, "--sweep %s: not of the form section.key=value,value",
                           own->value);
        snprintf(key, sizeof(key), "%.*s", (int)(equals - own->value), own->value);
        st = add_axis(c, key, equals + 1, err);
    }
    if (st == FR_OK && c->flags.metg)
        st = add_axis(c, "job.iters", METG_ITERS, err);
    return st;
}

/* ------------------------------------------------------------------ the rest */

static fr_status take_workers(struct fr_compare *c, struct fr_error *err)
{
    const char *rest = c->flags.workers, *text;
    uint32_t *counts = calloc(MAX_WORKER_COUNTS, sizeof(*counts));
    if (!counts)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    c->design.workers = counts;
    while ((text = next(c, &rest))) {
        char *end;
        long n = strtol(text, &end, 10);
        if (end == text || *end || n < 1 || n > 1024 || c->design.worker_count == MAX_WORKER_COUNTS)
            return fr_fail(
                err, FR_EINVAL,
                "--workers: \"%s\" is not valid (valid: up to %d whole numbers from 1 to "
                "1024, joined by commas: 1,2,4)",
                text, MAX_WORKER_COUNTS);
        for (size_t i = 0; i < c->design.worker_count; i++)
            if (counts[i] == (uint32_t)n)
                return fr_fail(err, FR_EINVAL, "--workers: %ld is given twice", n);
        counts[c->design.worker_count++] = (uint32_t)n;
    }
    return FR_OK;
}

static const char *label_of(struct fr_compare *c, const char *path)
{
    char label[256];
    const char *slash = strrchr(path, '/');
    snprintf(label, sizeof(label), "%s", slash ? slash + 1 : path);
    size_t len = strlen(label);
    if (len > 4 && strcmp(label + len - 4, ".ini") == 0)
        label[len - 4] = '\0';
    len = strlen(label);
    if (strcmp(label, "direct") == 0) /* that is the baseline's name */
        snprintf(label, sizeof(label), "%.200s", path);
    /* The same name twice, perhaps the very same file: to compare it with itself. */
    for (int n = 2;; n++) {
        bool taken = false;
        for (size_t i = 0; i < c->design.file_count; i++)
            taken |= strcmp(c->files[i].label, label) == 0;
        if (!taken)
            return fr_compare_keep(c, label);
        snprintf(label + len, sizeof(label) - len, "#%d", n);
    }
}

static fr_status hash_file(const char *path, uint64_t *hash_p, struct fr_error *err)
{
    char buf[65536];
    FILE *f = fopen(path, "re");
    XXH3_state_t *state = XXH3_createState();
    if (!f || !state) {
        if (f)
            fclose(f);
        XXH3_freeState(state);
        return fr_fail(err, FR_EINVAL, "cannot read %s: %s", path, strerror(errno));
    }
    XXH3_64bits_reset(state);
    for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
        XXH3_64bits_update(state, buf, n);
    *hash_p = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    fclose(f);
    return FR_OK;
}

static fr_status take_files(struct fr_compare *c, const struct fr_cmdline *line,
                            struct fr_error *err)
{
    if (line->argc == 0)
        return fr_fail(err, FR_EINVAL,
                       "which configurations? fractal compare FILE... "
                       "(`fractal compare --help` says more)");
    if (line->config_file)
        return fr_fail(err, FR_EINVAL,
                       "-c %s: the files to compare are `compare`'s operands; what all of them are "
                       "to have in common can be said by flags",
                       line->config_file);
    c->files = calloc((size_t)line->argc, sizeof(*c->files));
    if (!c->files)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    c->design.files = c->files;
    for (int i = 0; i < line->argc; i++) {
        struct fr_design_file *file = &c->files[c->design.file_count];
        file->path = line->argv[i];
        file->threads = 1;
        fr_status st = hash_file(file->path, &file->hash, err);
        if (st != FR_OK)
            return st;
        file->label = label_of(c, file->path);
        if (!file->label)
            return fr_fail(err, FR_ENOMEM, "out of memory");
        c->design.file_count++;
    }
    return FR_OK;
}

fr_status fr_compare_prepare(struct fr_config *config, const struct fr_cmdline *line,
                             const char *program, struct fr_compare *c_p, struct fr_error *err)
{
    struct fr_compare c = {0};
    fr_cmdline_own(line, &c.flags);
    c.design.repeat = (uint32_t)c.flags.repeat;
    c.design.metg = c.flags.metg;
    c.design.seed = c.flags.seed ? (uint64_t)c.flags.seed : (uint64_t)time(NULL) % 1000000;
    fr_status st = FR_OK;
    if (c.flags.resume && !*c.flags.report)
        st = fr_fail(err, FR_EINVAL, "--resume needs --report: where the results are");
    if (st == FR_OK)
        st = take_files(&c, line, err);
    if (st == FR_OK)
        st = take_workers(&c, err);
    if (st == FR_OK)
        st = take_settings(&c, config, err);
    if (st == FR_OK)
        st = take_axes(&c, line, err);
    size_t cells = c.design.worker_count * (c.design.file_count + 1);
    for (size_t i = 0; i < c.design.axis_count; i++)
        cells = cells < MAX_CELLS ? cells * c.axes[i].count : cells;
    if (st == FR_OK && cells > MAX_CELLS)
        st = fr_fail(err, FR_EINVAL, "that would be more than %d cells", MAX_CELLS);
    if (st == FR_OK)
        st = fr_compare_check(&c, program, err);
    if (st == FR_OK) {
        take_command(&c, config, line);
        *c_p = c;
    } else {
        fr_compare_clear(&c);
    }
    return st;
}

void fr_compare_clear(struct fr_compare *c)
{
    for (size_t i = 0; c->axes && i < c->design.axis_count; i++)
        free((void *)c->axes[i].values);
    for (size_t i = 0; i < c->text_count; i++)
        free(c->texts[i]);
    free(c->texts);
    free(c->axes);
    free(c->files);
    free((void *)c->design.workers);
    free(c->args);
    json_decref(c->design.settings);
    json_decref(c->design.command);
    *c = (struct fr_compare){0};
}
