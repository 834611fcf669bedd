/* SPDX-License-Identifier: MIT */
#include "leader/leader.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "leader/desk.h"
#include "leader/progress.h"

#include <stdio.h>
#include <string.h>

enum {
    EVENTS = 64,
    TICK_MS = 100,     /* at least so often the loop looks around                      */
    BLOCKED_MS = 1,    /* while a message waits for room                               */
    WAITING_MS = 3000, /* without workers, before a person is told what is waited for */
};

struct leader {
    const struct fr_leader_args *args;
    struct fr_plan plan;
    struct fr_desk desk;
    struct fr_progress progress;
    uint64_t opened_ns, started_ns, rendered_ns, drained_ns, ticked_ns;
    uint64_t idle_ns; /* in poll */
    bool told_waiting;
};

/* One turn: wait for events, at most until the next thing that time brings, and take them. */
static fr_status turn(struct leader *l, struct fr_error *err)
{
    struct fr_event events[EVENTS];
    int timeout_ms = fr_desk_blocked(&l->desk) ? BLOCKED_MS : TICK_MS;
    uint64_t idle_from_ns = fr_now_ns();
    int n = fr_endpoint_poll(&l->desk.endpoint, events, EVENTS, timeout_ms, err);
    l->idle_ns += fr_now_ns() - idle_from_ns;
    if (n < 0)
        return (fr_status)n;
    for (int i = 0; i < n; i++)
        fr_desk_take_event(&l->desk, &events[i]);
    if (fr_signals_stop())
        return fr_fail(err, FR_ECLOSED, "stopped by %s", strsignal(fr_signals_stop()));
    if (l->desk.status != FR_OK)
        return l->desk.status;
    return fr_raster_status(l->desk.raster, err);
}

static void show_progress(struct leader *l, uint64_t now_ns)
{
    struct fr_progress_now now = {.now_ns = now_ns,
                                  .accepted_rows = fr_schedule_accepted_rows(l->desk.schedule),
                                  .written_rows = fr_raster_base(l->desk.raster),
                                  .workers = l->desk.members.working};
    fr_progress_show(&l->progress, &now);
}

static void start_when_ready(struct leader *l, uint64_t now_ns)
{
    uint32_t wanted = l->args->wait_workers, there = l->desk.members.working;
    if (there >= wanted) {
        l->desk.started = true;
        l->started_ns = l->progress.start_ns = l->progress.shown_ns = now_ns;
    } else if (!l->told_waiting && now_ns - l->opened_ns > WAITING_MS * FR_NS_PER_MS) {
        l->told_waiting = true;
        fr_log(FR_LOG_INFO, "waiting for %u worker%s at %s, %u there so far", wanted,
               wanted == 1 ? "" : "s", l->desk.endpoint.attr.address, there);
    }
}

/* Until every row was accepted. */
static fr_status render(struct leader *l, struct fr_error *err)
{
    fr_status st = FR_OK;
    while (st == FR_OK && !fr_schedule_done(l->desk.schedule)) {
        st = turn(l, err);
        if (st != FR_OK)
            break;
        uint64_t now_ns = fr_now_ns();
        if (!l->desk.started)
            start_when_ready(l, now_ns);
        fr_schedule_written(l->desk.schedule, fr_raster_base(l->desk.raster));
        fr_schedule_expire(l->desk.schedule, now_ns);
        fr_desk_expire(&l->desk, now_ns);
        fr_desk_assign(&l->desk, now_ns);
        if (l->desk.started)
            show_progress(l, now_ns);
        if (l->args->on_tick && now_ns - l->ticked_ns > TICK_MS * FR_NS_PER_MS) {
            l->ticked_ns = now_ns;
            st = l->args->on_tick(l->args->ctx, l->desk.members.working, err);
        }
    }
    l->rendered_ns = fr_now_ns();
    return st;
}

/* Workers say their statistics and go, while the last rows are written. */
static fr_status drain(struct leader *l, struct fr_error *err)
{
    fr_status st = FR_OK;
    uint64_t deadline_ns = l->rendered_ns + l->args->drain_ms * FR_NS_PER_MS;
    fr_desk_finish(&l->desk);
    for (;;) {
        uint64_t now_ns = fr_now_ns();
        bool written = fr_raster_base(l->desk.raster) == l->args->job->height;
        bool alone = !fr_desk_awaits(&l->desk, now_ns) || now_ns > deadline_ns;
        if (alone && l->drained_ns == 0)
            l->drained_ns = now_ns;
        if (st != FR_OK || (written && alone))
            return st;
        st = turn(l, err);
        fr_desk_assign(&l->desk, now_ns);
        show_progress(l, now_ns);
    }
}

/* After a failure: nobody is left waiting for an answer, as far as that takes no time. */
static void dismiss(struct leader *l)
{
    struct fr_event events[EVENTS];
    fr_desk_finish(&l->desk);
    uint64_t end_ns = fr_now_ns() + 500 * FR_NS_PER_MS;
    l->desk.endpoint.ops->shutdown(l->desk.endpoint.ep);
    while (l->desk.members.count > 0 && fr_now_ns() < end_ns) {
        int n = fr_endpoint_poll(&l->desk.endpoint, events, EVENTS, 50, NULL);
        for (int i = 0; i < n; i++)
            fr_desk_take_event(&l->desk, &events[i]);
        if (n < 0)
            return;
    }
}

static void fill_report(struct leader *l, struct fr_report *report)
{
    uint64_t end_ns = fr_now_ns();
    struct fr_usage usage = fr_usage_process();
    struct fr_stats net = fr_endpoint_stats(&l->desk.endpoint);
    fr_counters_take(&report->own, &usage, &net);
    report->own.wall_ns = end_ns - l->opened_ns;
    report->own.idle_ns = l->idle_ns;
    report->own.rows = l->args->job->height;
    report->own.tasks = fr_schedule_counts(l->desk.schedule).accepted;
    report->phases.wait_ns = l->started_ns - l->opened_ns;
    report->phases.first_row_ns = l->desk.first_row_ns - l->started_ns;
    report->phases.render_ns = l->rendered_ns - l->started_ns;
    report->phases.drain_ns = l->drained_ns - l->rendered_ns;
    report->phases.write_ns = end_ns - l->rendered_ns;
    report->phases.colour_ns = fr_raster_colour_ns(l->desk.raster);
    report->phases.encode_ns = fr_raster_encode_ns(l->desk.raster);
    report->job = *l->args->job;
    report->rows_per_task = l->plan.schedule.rows_per_task;
    report->window_rows = l->plan.schedule.window_rows;
    report->pixel_hash = fr_raster_pixel_hash(l->desk.raster);
    snprintf(report->mechanism, sizeof(report->mechanism), "%s", l->desk.endpoint.attr.mechanism);
    report->schedule = fr_schedule_counts(l->desk.schedule);
}

static fr_status open_endpoint(struct leader *l, struct fr_error *err)
{
    const struct fr_leader_args *args = l->args;
    const struct fr_open_args open_args = {.size = sizeof(open_args),
                                           .role = FR_ROLE_LEADER,
                                           .flags = (args->any_address ? FR_OPEN_ANY_ADDRESS : 0) |
                                                    (*args->token ? FR_OPEN_TOKEN : 0),
                                           .expect_peers = args->wait_workers,
                                           .address = args->address,
                                           .max_recv_bytes = l->plan.max_result_bytes,
                                           .max_send_bytes = FR_WIRE_CONTROL_BYTES};
    return fr_endpoint_open(&args->transport, &open_args, &l->desk.endpoint, err);
}

static fr_status open_raster(struct leader *l, struct fr_error *err)
{
    const struct fr_raster_args raster_args = {.job = l->args->job,
                                               .colour = l->args->colour,
                                               .sinks = l->args->sinks,
                                               .sink_count = l->args->sink_count,
                                               .window_rows = l->plan.schedule.window_rows,
                                               .notify = fr_endpoint_wake,
                                               .notify_ctx = &l->desk.endpoint};
    return fr_raster_new(&raster_args, &l->desk.raster, err);
}

fr_status fr_leader_run(const struct fr_leader_args *args, struct fr_report *report_p,
                        struct fr_error *err)
{
    struct fr_report report = {0};
    struct leader l = {
        .args = args,
        .desk = {.job = args->job, .token = args->token, .report = &report, .err = err},
        .progress = {.width = args->job->width, .height = args->job->height}};
    fr_status st = fr_plan_make(args->job, &args->plan, &l.plan, err);
    if (st != FR_OK)
        return st;
    st = fr_schedule_new(&l.plan.schedule, &l.desk.schedule);
    if (st != FR_OK)
        return fr_fail(err, st, "cannot make the schedule: %s", fr_status_text(st));
    if (!fr_report_take_spans(&report)) {
        st = fr_fail(err, FR_ENOMEM, "out of memory");
        goto free_schedule;
    }
    l.opened_ns = fr_now_ns();
    st = open_endpoint(&l, err);
    if (st != FR_OK)
        goto free_schedule;
    st = open_raster(&l, err);
    if (st != FR_OK)
        goto close_endpoint;
    st = fr_signals_watch(fr_endpoint_wake, &l.desk.endpoint);
    if (st != FR_OK)
        goto free_raster;
    const struct fr_attr *attr = &l.desk.endpoint.attr;
    fr_log(FR_LOG_INFO, "%s; %s, listening at %s", args->title, attr->mechanism, attr->address);

    if (args->on_open)
        st = args->on_open(args->ctx, attr, err);
    if (st == FR_OK)
        st = render(&l, err);
    if (st == FR_OK)
        st = drain(&l, err);
    fr_progress_end();
    if (st == FR_OK)
        st = fr_raster_finish(l.desk.raster, err);
    if (st == FR_OK)
        fill_report(&l, &report);
    dismiss(&l);
    fr_signals_unwatch(fr_endpoint_wake, &l.desk.endpoint);

free_raster:
    fr_raster_free(l.desk.raster);
close_endpoint:
    for (struct fr_member *m = l.desk.members.first; m; m = m->next)
        if (m->place)
            fr_schedule_leave(l.desk.schedule, m->place);
    fr_members_clear(&l.desk.members);
    fr_endpoint_close(&l.desk.endpoint);
free_schedule:
    fr_schedule_free(l.desk.schedule);
    if (st == FR_OK)
        *report_p = report;
    else
        fr_report_clear(&report);
    return st;
}
