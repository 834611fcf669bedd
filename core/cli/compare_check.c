/* SPDX-License-Identifier: MIT
 * compare_check.c - `fractal check` on every file at every sweep point, before anything runs. */
#include "base/signals.h"
#include "cli/compare.h"
#include "cli/role.h"
#include "experiment/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_MS = 60000 };

/* `program check -c FILE flags... point...`; the effective configuration goes to out_path. */
static fr_status check(const struct fr_compare *c, const char *program, const char *file,
                       char *const *point, size_t point_count, const char *out_path,
                       struct fr_child *child_p, struct fr_error *err)
{
    char **argv = calloc(c->arg_count + point_count + 8, sizeof(*argv));
    size_t n = 0;
    if (!argv)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    argv[n++] = (char *)program;
    argv[n++] = (char *)"-c";
    argv[n++] = (char *)file;
    argv[n++] = (char *)"check";
    for (size_t i = 0; i < c->arg_count; i++)
        argv[n++] = c->args[i];
    for (size_t i = 0; i < point_count; i++)
        argv[n++] = point[i];
    argv[n++] = (char *)"--set";
    argv[n++] = (char *)"output.plugins=null";
    const struct fr_child_limits limits = {.ms = CHECK_MS, .heeds_signals = true};
    fr_status st = fr_child_run(argv, out_path, &limits, child_p, err);
    free(argv);
    if (st == FR_OK && child_p->stopped)
        st = fr_fail(err, FR_ECLOSED, "stopped");
    return st;
}

static const char *message(const struct fr_child *child)
{
    const char *text = strstr(child->said, "error: ");
    return text ? text + strlen("error: ") : child->said;
}

/* What the effective configuration says: threads, and that every swept key means something in it.
 */
static fr_status read_effective(struct fr_compare *c, struct fr_design_file *file, const char *path,
                                struct fr_error *err)
{
    const struct fr_settings *settings;
    struct fr_config *config = fr_config_new();
    if (!config)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    fr_status st = fr_config_load(config, path, err);
    if (st == FR_OK)
        st = fr_config_settings(config, &settings, err);
    if (st == FR_OK)
        file->threads = fr_role_count(settings->worker.threads);
    for (size_t i = 0; st == FR_OK && i < c->design.axis_count; i++)
        if (!fr_config_given(config, c->axes[i].key))
            st = fr_fail(err, FR_EINVAL,
                         "--sweep %s: it would change nothing in %s, which uses transport %s%s%s",
                         c->axes[i].key, file->path, settings->transport.plugin,
                         *settings->transport.hooks ? " with hooks " : " without hooks",
                         settings->transport.hooks);
    fr_config_free(config);
    return st;
}

/* Each axis alone is not enough: two values may only together be nonsense. */
static fr_status check_points(struct fr_compare *c, const char *program,
                              const struct fr_design_file *file, struct fr_error *err)
{
    size_t points = 1;
    fr_status st = FR_OK;
    for (size_t i = 0; i < c->design.axis_count; i++)
        points *= c->axes[i].count;
    for (size_t p = 0; st == FR_OK && c->design.axis_count > 0 && p < points; p++) {
        char texts[8][1300], *args[16];
        size_t number = p;
        for (size_t i = c->design.axis_count; i-- > 0;) {
            snprintf(texts[i], sizeof(texts[i]), "%s=%s", c->axes[i].key,
                     c->axes[i].values[number % c->axes[i].count]);
            number /= c->axes[i].count;
            args[2 * i] = (char *)"--set";
            args[2 * i + 1] = texts[i];
        }
        struct fr_child child = {0};
        st = check(c, program, file->path, args, 2 * c->design.axis_count, NULL, &child, err);
        if (st == FR_OK && child.code != 0)
            st = fr_fail(err, FR_EINVAL, "%s: %s", file->path, message(&child));
    }
    return st;
}

fr_status fr_compare_check(struct fr_compare *c, const char *program, struct fr_error *err)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof(path), "%s/fractal-check.XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0)
        return fr_fail(err, FR_EIO, "cannot make a temporary file (%s)", path);
    close(fd);
    fr_status st = FR_OK;
    for (size_t f = 0; st == FR_OK && f < c->design.file_count; f++) {
        struct fr_design_file *file = &c->files[f];
        struct fr_child child = {0};
        st = check(c, program, file->path, NULL, 0, path, &child, err);
        if (st == FR_OK && child.code != 0) {
            file->refused = fr_compare_keep(c, message(&child));
            if (!file->refused)
                st = fr_fail(err, FR_ENOMEM, "out of memory");
            continue;
        }
        if (st == FR_OK) /* first: it knows what a misspelt key was meant to be */
            st = check_points(c, program, file, err);
        if (st == FR_OK)
            st = read_effective(c, file, path, err);
    }
    unlink(path);
    return st;
}
