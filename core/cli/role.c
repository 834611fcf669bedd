/* SPDX-License-Identifier: MIT */
#include "cli/role.h"

#include "base/log.h"
#include "base/status.h"
#include "cli/result.h"
#include "cli/service.h"
#include "control/control.h"
#include "leader/direct.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

int fr_role_refuse(const struct fr_error *err)
{
    fr_error_log(err);
    return err->status == FR_EINVAL || err->status == FR_ENOTSUP ? FR_EXIT_USAGE : FR_EXIT_FAILED;
}

int fr_role_fail(const struct fr_error *err)
{
    fr_error_log(err);
    return FR_EXIT_FAILED;
}

bool fr_role_needs_run(const struct fr_setup *setup, struct fr_error *err)
{
    if (!(fr_transport_use_ops(&setup->transport)->caps & FR_CAP_SAME_PROCESS))
        return false;
    fr_fail(err, FR_EINVAL,
            "transport %s lives in one process: use `fractal run`, which starts leader and workers "
            "together",
            setup->settings->transport.plugin);
    return true;
}

uint32_t fr_role_count(int64_t configured)
{
    cpu_set_t set;
    if (configured > 0)
        return (uint32_t)configured;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return (uint32_t)CPU_COUNT(&set);
}

struct fr_worker_args fr_role_worker_args(const struct fr_setup *setup, const char *address)
{
    const struct fr_settings *s = setup->settings;
    return (struct fr_worker_args){.transport = setup->transport,
                                   .address = address,
                                   .token = s->transport.token,
                                   .kernel = setup->kernel,
                                   .threads = fr_role_count(s->worker.threads),
                                   .credits = (uint32_t)s->worker.credits,
                                   .nice = (int)s->worker.nice,
                                   .retries = s->worker.retries};
}

/* ------------------------------------------------------------------ outputs */

static void describe(const struct fr_setup *setup, const struct fr_output_ops *ops, fr_output *out)
{
    if (!FR_HAS(ops, meta))
        return;
    const struct fr_job_spec *spec = &setup->spec;
    const struct fr_settings *s = setup->settings;
    char text[128];
    ops->meta(out, "Software", "fractal");
    snprintf(text, sizeof(text), "%u x %u", setup->job.width, setup->job.height);
    ops->meta(out, "fractal:size", text);
    snprintf(text, sizeof(text), "%.17g %.17g", spec->xpos, spec->ypos);
    ops->meta(out, "fractal:centre", text);
    snprintf(text, sizeof(text), "%.17g", spec->escape_radius);
    ops->meta(out, "fractal:escape_radius", text);
    snprintf(text, sizeof(text), "%u", setup->job.iters);
    ops->meta(out, "fractal:iters", text);
    snprintf(text, sizeof(text), "%lld", (long long)s->job.step);
    ops->meta(out, "fractal:step", text);
    ops->meta(out, "fractal:palette", setup->palette.loaded.plugin->name);
    ops->meta(out, "fractal:view", spec->view == FR_VIEW_CLASSIC ? "classic" : "exact");
    ops->meta(out, "fractal:coloring",
              spec->coloring == FR_COLORING_CLASSIC ? "classic" : "smooth");
}

/* Opens all outputs or none. */
static fr_status open_outputs(const struct fr_setup *setup, const struct fr_colour *colour,
                              const char *title, struct fr_sink *sinks, struct fr_error *err)
{
    for (size_t i = 0; i < setup->output_count; i++) {
        const struct fr_setup_output *output = &setup->outputs[i];
        const struct fr_image image = {.size = sizeof(image),
                                       .width = setup->job.width,
                                       .height = setup->job.height,
                                       .flags = fr_colour_opaque(colour) ? FR_IMAGE_OPAQUE : 0,
                                       .path = output->path,
                                       .title = title};
        sinks[i] = (struct fr_sink){.ops = output->ops,
                                    .box = output->plugin.box,
                                    .name = output->plugin.loaded.plugin->name};
        fr_status st = output->ops->open(fr_host_box_host(sinks[i].box), output->plugin.cfg, &image,
                                         &sinks[i].out);
        if (st != FR_OK) {
            st = fr_host_box_take(sinks[i].box, st, err);
            fr_fail(err, st, "output %s cannot write %s: %s", sinks[i].name, output->path,
                    fr_status_text(st));
            while (i-- > 0)
                sinks[i].ops->close(sinks[i].out);
            return st;
        }
        describe(setup, sinks[i].ops, sinks[i].out);
    }
    return FR_OK;
}

static void close_outputs(struct fr_sink *sinks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sinks[i].ops->close(sinks[i].out);
}

/* ------------------------------------------------------------------ leading */

/* For people, for scripts, and as JSON. FR_EIO where that cannot be written. */
static fr_status tell_result(const struct fr_setup *setup, const char *command,
                             const struct fr_report *report, struct fr_error *err)
{
    size_t worked = 0;
    for (size_t i = 0; i < report->worker_count; i++)
        worked += report->workers[i].rows > 0;
    for (size_t i = 0; i < setup->output_count; i++) {
        const char *path = setup->outputs[i].path;
        char by[48] = "";
        if (report->worker_count > 0)
            snprintf(by, sizeof(by), " by %zu worker%s", worked, worked == 1 ? "" : "s");
        fr_log(FR_LOG_INFO, "%s%s%ux%u pixels%s in %.2f s", path, *path ? ": " : "",
               report->job.width, report->job.height, by, (double)report->own.wall_ns / 1e9);
    }
    if (setup->settings->metrics.print) {
        fr_report_print(report, stdout);
        fflush(stdout);
    }
    const char *json = setup->settings->metrics.json;
    return *json ? fr_result_write(setup, command, report, json, err) : FR_OK;
}

static fr_status make_colour(const struct fr_setup *setup, struct fr_colour **colour_p,
                             struct fr_error *err)
{
    const struct fr_colour_args args = {.host = fr_host_box_host(setup->palette.box),
                                        .palette = setup->palette_ops,
                                        .palette_cfg = setup->palette.cfg,
                                        .coloring = setup->spec.coloring,
                                        .step = (uint32_t)setup->settings->job.step};
    struct fr_error why = {0}, ours = {0};
    fr_status st = fr_colour_new(&setup->job, &args, colour_p, &ours);
    if (st == FR_OK)
        return st;
    fr_host_box_take(setup->palette.box, st, &why); /* the palette knows best */
    if (why.status == FR_OK)
        why = ours;
    fr_setup_add_origin(setup->config, &why);
    return fr_fail(err, st, "%s", why.text);
}

static struct fr_plan_options plan_options(const struct fr_settings *s)
{
    return (struct fr_plan_options){.policy = (enum fr_policy)s->schedule.policy,
                                    .rows_per_task = (uint32_t)s->schedule.rows_per_task,
                                    .window_rows = (uint32_t)s->schedule.window_rows,
                                    .lease_ms = s->schedule.lease_ms,
                                    .tail_copies = (uint32_t)s->schedule.tail_copies};
}

fr_status fr_role_rehearse(const struct fr_setup *setup, uint64_t *most_bytes_p,
                           struct fr_error *err)
{
    struct fr_plan_options options = plan_options(setup->settings);
    struct fr_plan plan;
    struct fr_colour *colour;
    const struct fr_settings *s = setup->settings;
    fr_status st =
        *s->control.listen ? fr_control_check(s->control.listen, s->control.token, err) : FR_OK;
    if (st == FR_OK)
        st = fr_plan_make(&setup->job, &options, &plan, err);
    if (st == FR_OK)
        st = make_colour(setup, &colour, err);
    if (st == FR_OK) {
        fr_colour_free(colour);
        *most_bytes_p = plan.max_result_bytes;
    }
    return st;
}

/* What rendering needs, opened: the part that leader and direct have in common. */
struct stage {
    struct fr_colour *colour;
    struct fr_sink *sinks;
    char title[128];
};

static void close_stage(const struct fr_setup *setup, struct stage *stage)
{
    close_outputs(stage->sinks, stage->sinks ? setup->output_count : 0);
    free(stage->sinks);
    fr_colour_free(stage->colour);
}

static fr_status open_stage(const struct fr_setup *setup, struct stage *stage, struct fr_error *err)
{
    *stage = (struct stage){0};
    snprintf(stage->title, sizeof(stage->title), "%ux%u, %u iterations, palette %s",
             setup->job.width, setup->job.height, setup->job.iters,
             setup->palette.loaded.plugin->name);
    fr_status st = make_colour(setup, &stage->colour, err);
    struct fr_sink *sinks = calloc(setup->output_count, sizeof(*sinks));
    if (st == FR_OK && !sinks)
        st = fr_fail(err, FR_ENOMEM, "out of memory");
    if (st == FR_OK)
        st = open_outputs(setup, stage->colour, stage->title, sinks, err);
    if (st == FR_OK) {
        stage->sinks = sinks;
    } else {
        free(sinks);
        close_stage(setup, stage);
    }
    return st;
}

struct fr_leader_args fr_role_leader_args(const struct fr_setup *setup,
                                          const struct fr_leader_args *hooks)
{
    const struct fr_settings *s = setup->settings;
    struct fr_leader_args args = *hooks;
    args.transport = setup->transport;
    args.address = s->transport.address;
    args.token = s->transport.token;
    args.wait_workers = (uint32_t)s->leader.wait_workers;
    args.drain_ms = s->leader.drain_ms;
    return args;
}

static struct fr_leader_job leader_job(const struct fr_setup *setup, const struct stage *stage)
{
    return (struct fr_leader_job){.id = 1,
                                  .job = &setup->job,
                                  .colour = stage->colour,
                                  .sinks = stage->sinks,
                                  .sink_count = setup->output_count,
                                  .plan = plan_options(setup->settings)};
}

fr_status fr_role_render(struct fr_leader *leader, const struct fr_setup *setup, uint32_t id,
                         const atomic_bool *cancel, struct fr_report *report_p,
                         struct fr_error *err)
{
    struct stage stage;
    struct fr_report report;
    fr_status st = open_stage(setup, &stage, err);
    if (st != FR_OK)
        return st;
    fr_log(FR_LOG_INFO, "job %u: %s", id, stage.title);
    struct fr_leader_job job = leader_job(setup, &stage);
    job.id = id;
    job.cancel = cancel;
    st = fr_leader_render(leader, &job, &report, err);
    close_stage(setup, &stage);
    if (st == FR_OK)
        st = tell_result(setup, "leader", &report, err);
    else
        return st;
    if (st == FR_OK)
        *report_p = report;
    else
        fr_report_clear(&report);
    return st;
}

int fr_role_lead(const struct fr_setup *setup, const struct fr_leader_args *hooks)
{
    struct fr_error err = {0};
    struct stage stage;
    if (*setup->settings->control.listen)
        return fr_service_run(setup, hooks);
    if (setup->settings->control.start == FR_START_HTTP) {
        fr_fail(&err, FR_EINVAL,
                "[control] start: http needs an address to listen at: --control "
                "127.0.0.1:9092");
        return fr_role_refuse(&err);
    }
    if (open_stage(setup, &stage, &err) != FR_OK)
        return fr_role_refuse(&err);
    struct fr_leader_args args = fr_role_leader_args(setup, hooks);
    struct fr_leader_job job = leader_job(setup, &stage);
    args.title = stage.title;
    struct fr_report report;
    fr_status st = fr_leader_run(&args, &job, &report, &err);
    close_stage(setup, &stage);
    if (st != FR_OK)
        return fr_role_refuse(&err);
    st = tell_result(setup, hooks->on_open ? "run" : "leader", &report, &err);
    fr_report_clear(&report);
    return st == FR_OK ? FR_EXIT_DONE : fr_role_fail(&err);
}

int fr_role_direct(const struct fr_setup *setup)
{
    struct fr_error err = {0};
    struct stage stage;
    if (open_stage(setup, &stage, &err) != FR_OK)
        return fr_role_refuse(&err);
    const struct fr_direct_args args = {.job = &setup->job,
                                        .colour = stage.colour,
                                        .sinks = stage.sinks,
                                        .sink_count = setup->output_count,
                                        .plan = plan_options(setup->settings),
                                        .kernel = setup->kernel,
                                        .threads = fr_role_count(setup->settings->worker.threads)};
    struct fr_report report;
    fr_status st = fr_direct_run(&args, &report, &err);
    close_stage(setup, &stage);
    if (st != FR_OK)
        return fr_role_refuse(&err);
    st = tell_result(setup, "direct", &report, &err);
    fr_report_clear(&report);
    return st == FR_OK ? FR_EXIT_DONE : fr_role_fail(&err);
}
