/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/signals.h"
#include "cli/compare.h"
#include "cli/role.h"
#include "experiment/analysis.h"
#include "experiment/report.h"
#include "experiment/save.h"
#include "experiment/tables.h"
#include "experiment/trial.h"

#include <string.h>
#include <unistd.h>

static const char self[] = "/proc/self/exe";

#define OWN(name, kind, standard, ...)                                                             \
    {                                                                                              \
        .key = #name, .type = FR_OPT_##kind, .offset = offsetof(struct fr_compare_flags, name),    \
        .def = (standard), __VA_ARGS__                                                             \
    }

const struct fr_option fr_cmd_compare_flags[] = {
    OWN(workers, STRING, "1,2", .help = "Worker counts, joined by commas."),
    OWN(repeat, INT, "7", .min = 1, .max = 60,
        .help = "Measured runs of each cell, after one that warms up."),
    OWN(report, STRING, "",
        .help = "Folder for results.json, results.csv and report.html; made where it is missing."),
    OWN(sweep, STRING, "",
        .help = "KEY=V1,V2: each configuration at each value of any key, such as "
                "transport.shape.delay=0,1ms; several of them multiply."),
    OWN(metg, BOOL, "no",
        .help = "The shortest task with which a transport still reaches half of the peak rate."),
    OWN(from, STRING, "", .help = "Draw the report of a results.json again, without any run."),
    OWN(resume, BOOL, "no", .help = "Go on where the results in --report end."),
    OWN(seed, INT, "0", .min = 0, .max = 1e15,
        .help = "Of the order of the runs and of the resampling; 0: drawn, and recorded."),
    OWN(run_limit_ms, MSEC, "10m", .max = 86400000,
        .help = "A run that takes longer has failed; 0: none does."),
    {.key = NULL},
};

/* The pixels are the claim that all did the same job: without it no table. */
static int report(const struct fr_experiment *x, const char *folder)
{
    struct fr_error err = {0};
    struct fr_analysis a;
    if (fr_trial_check_pixels(x, &err) != FR_OK || fr_analysis_make(x, &a, &err) != FR_OK)
        return fr_role_fail(&err);
    fr_table_print(&a, stdout);
    fr_status st = *folder ? fr_report_write(&a, folder, &err) : FR_OK;
    fr_analysis_clear(&a);
    if (st != FR_OK)
        return fr_role_fail(&err);
    if (*folder)
        fr_log(FR_LOG_INFO, "%s/report.html, results.json and results.csv are written", folder);
    return FR_EXIT_DONE;
}

static int draw(const struct fr_cmdline *line, const struct fr_compare_flags *flags)
{
    struct fr_error err = {0};
    struct fr_experiment x;
    if (line->argc > 0) {
        fr_fail(&err, FR_EINVAL, "--from draws what was measured: it takes no \"%s\"",
                line->argv[0]);
        return fr_role_refuse(&err);
    }
    if (fr_experiment_load(flags->from, &x, &err) != FR_OK ||
        (*flags->report && fr_save_folder(flags->report, &err) != FR_OK))
        return fr_role_refuse(&err);
    int code = report(&x, flags->report);
    fr_experiment_clear(&x);
    return code;
}

/* The document to go on with: a new one, or that of the report. */
static fr_status open_experiment(struct fr_compare *c, struct fr_experiment *x_p,
                                 struct fr_error *err)
{
    char path[4096];
    struct fr_experiment old;
    snprintf(path, sizeof(path), "%s/results.json", c->flags.report);
    bool there = *c->flags.report && access(path, F_OK) == 0;
    if (*c->flags.report && fr_save_folder(c->flags.report, err) != FR_OK)
        return FR_EINVAL;
    if (there && !c->flags.resume)
        return fr_fail(err, FR_EINVAL,
                       "%s is there already: --resume goes on with it, --from "
                       "draws it, another --report begins anew",
                       path);
    if (!there)
        return fr_experiment_new(&c->design, x_p, err);
    fr_status st = fr_experiment_load(path, &old, err);
    if (st != FR_OK)
        return st;
    if (c->flags.seed == 0)
        c->design.seed = old.seed;
    struct fr_experiment asked;
    st = fr_experiment_new(&c->design, &asked, err);
    if (st == FR_OK) {
        st = fr_experiment_same(&old, &asked, path, err);
        fr_experiment_clear(&asked);
    }
    if (st == FR_OK)
        *x_p = old;
    else
        fr_experiment_clear(&old);
    return st;
}

static int measure(struct fr_compare *c)
{
    struct fr_error err = {0};
    struct fr_experiment x;
    if (open_experiment(c, &x, &err) != FR_OK)
        return fr_role_refuse(&err);
    const struct fr_trial trial = {.x = &x,
                                   .program = self,
                                   .flags = (const char *const *)c->args,
                                   .flag_count = c->arg_count,
                                   .folder = *c->flags.report ? c->flags.report : NULL,
                                   .limit_ms = c->flags.run_limit_ms};
    fr_status st = fr_trial_run(&trial, &err);
    int code = FR_EXIT_FAILED;
    if (st == FR_OK) {
        code = report(&x, c->flags.report);
    } else if (st == FR_ECLOSED) {
        report(&x, c->flags.report);
        fr_log(FR_LOG_WARN, "stopped before all runs were done%s",
               *c->flags.report ? ": the same command with --resume goes on" : "");
    } else {
        fr_role_fail(&err);
    }
    fr_experiment_clear(&x);
    return code;
}

int fr_cmd_compare(struct fr_config *config, const struct fr_cmdline *line)
{
    struct fr_error err = {0};
    struct fr_compare_flags flags;
    const struct fr_settings *settings;
    struct fr_compare c;
    fr_cmdline_own(line, &flags);
    if (fr_config_settings(config, &settings, &err) != FR_OK)
        return fr_role_refuse(&err);
    if (settings->log.quiet)
        fr_log_set_level(FR_LOG_ERROR);
    if (fr_signals_start(&err) != FR_OK)
        return fr_role_fail(&err);
    if (*flags.from)
        return draw(line, &flags);
    if (fr_compare_prepare(config, line, self, &c, &err) != FR_OK)
        return fr_role_refuse(&err);
    int code = measure(&c);
    fr_compare_clear(&c);
    return code;
}
