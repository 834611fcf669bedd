/* SPDX-License-Identifier: MIT */
#include "leader/leader.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "leader/desk.h"
#include "leader/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENTS = 64,
    TICK_MS = 100,     /* at least so often the loop looks around                      */
    BLOCKED_MS = 1,    /* while a message waits for room                               */
    WAITING_MS = 3000, /* without workers, before a person is told what is waited for */
};

/* What the process and its transport had used before the job. */
struct before {
    struct fr_usage usage;
    struct fr_stats net;
    uint64_t idle_ns;
};

struct fr_leader {
    struct fr_leader_args args;
    struct fr_desk desk;
    uint64_t opened_ns, ticked_ns;
    uint64_t idle_ns; /* in poll */
    bool over;
    /* the job's */
    const struct fr_leader_job *job;
    struct fr_plan plan;
    struct fr_progress progress;
    struct before before;
    uint64_t begun_ns, started_ns, rendered_ns, drained_ns;
    bool told_waiting;
};

/* One turn: wait for events, at most until the next thing that time brings, and take them. */
static fr_status turn(struct fr_leader *l, struct fr_error *err)
{
    struct fr_event events[EVENTS];
    int timeout_ms = fr_desk_blocked(&l->desk) ? BLOCKED_MS : TICK_MS;
    uint64_t idle_from_ns = fr_now_ns();
    int n = fr_endpoint_poll(&l->desk.endpoint, events, EVENTS, timeout_ms, err);
    l->idle_ns += fr_now_ns() - idle_from_ns;
    if (n < 0) {
        l->over = true;
        return (fr_status)n;
    }
    for (int i = 0; i < n; i++)
        fr_desk_take_event(&l->desk, &events[i]);
    if (fr_signals_stop()) {
        l->over = true;
        return fr_fail(err, FR_ECLOSED, "stopped by %s", strsignal(fr_signals_stop()));
    }
    if (!l->job)
        return FR_OK;
    if (l->job->cancel && atomic_load(l->job->cancel))
        return fr_fail(err, FR_ECLOSED, "cancelled");
    if (l->desk.status != FR_OK)
        return l->desk.status;
    return fr_raster_status(l->desk.raster, err);
}

static fr_status tick(struct fr_leader *l, uint64_t now_ns, struct fr_error *err)
{
    if (!l->args.on_tick || now_ns - l->ticked_ns <= TICK_MS * FR_NS_PER_MS)
        return FR_OK;
    l->ticked_ns = now_ns;
    fr_status st = l->args.on_tick(l->args.ctx, l->desk.members.working, err);
    l->over = l->over || st != FR_OK;
    return st;
}

static void show_progress(struct fr_leader *l, uint64_t now_ns)
{
    struct fr_progress_now now = {.now_ns = now_ns,
                                  .accepted_rows = fr_schedule_accepted_rows(l->desk.schedule),
                                  .written_rows = fr_raster_base(l->desk.raster),
                                  .workers = l->desk.members.working};
    fr_progress_show(&l->progress, &now);
}

static void start_when_ready(struct fr_leader *l, uint64_t now_ns)
{
    uint32_t wanted = l->args.wait_workers, there = l->desk.members.working;
    if (there >= wanted) {
        l->desk.started = true;
        l->started_ns = l->progress.start_ns = l->progress.shown_ns = now_ns;
    } else if (!l->told_waiting && now_ns - l->begun_ns > WAITING_MS * FR_NS_PER_MS) {
        l->told_waiting = true;
        fr_log(FR_LOG_INFO, "waiting for %u worker%s at %s, %u there so far", wanted,
               wanted == 1 ? "" : "s", l->desk.endpoint.attr.address, there);
    }
}

/* Until every row was accepted. */
static fr_status render(struct fr_leader *l, struct fr_error *err)
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
        st = tick(l, now_ns, err);
    }
    l->rendered_ns = fr_now_ns();
    return st;
}

/* The last rows are written; after the only job workers say their statistics and go meanwhile. */
static fr_status drain(struct fr_leader *l, struct fr_error *err)
{
    fr_status st = FR_OK;
    uint64_t deadline_ns = l->rendered_ns + l->args.drain_ms * FR_NS_PER_MS;
    if (l->job->only)
        fr_desk_finish(&l->desk);
    for (;;) {
        uint64_t now_ns = fr_now_ns();
        bool written = fr_raster_base(l->desk.raster) == l->job->job->height;
        bool alone = !l->job->only || !fr_desk_awaits(&l->desk, now_ns) || now_ns > deadline_ns;
        if (alone && l->drained_ns == 0)
            l->drained_ns = now_ns;
        if (st != FR_OK || (written && alone))
            return st;
        st = turn(l, err);
        fr_desk_assign(&l->desk, now_ns);
        show_progress(l, now_ns);
        if (st == FR_OK && !l->job->only)
            st = tick(l, now_ns, err);
    }
}

/* At the end: nobody is left waiting for an answer, as far as that takes no time. */
static void dismiss(struct fr_leader *l)
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

static uint64_t less(uint64_t value, uint64_t before)
{
    return value > before ? value - before : 0;
}

/* What only grows, since the job began. */
static void take_counters(struct fr_leader *l, struct fr_counters *own)
{
    struct fr_usage usage = fr_usage_process(), *u = &l->before.usage;
    struct fr_stats net = fr_endpoint_stats(&l->desk.endpoint), *n = &l->before.net;
    usage.user_ns = less(usage.user_ns, u->user_ns);
    usage.system_ns = less(usage.system_ns, u->system_ns);
    usage.minor_faults = less(usage.minor_faults, u->minor_faults);
    usage.major_faults = less(usage.major_faults, u->major_faults);
    usage.voluntary_switches = less(usage.voluntary_switches, u->voluntary_switches);
    usage.involuntary_switches = less(usage.involuntary_switches, u->involuntary_switches);
    net.tx_msgs = less(net.tx_msgs, n->tx_msgs);
    net.tx_bytes = less(net.tx_bytes, n->tx_bytes);
    net.rx_msgs = less(net.rx_msgs, n->rx_msgs);
    net.rx_bytes = less(net.rx_bytes, n->rx_bytes);
    net.tx_again = less(net.tx_again, n->tx_again);
    net.copied_bytes = less(net.copied_bytes, n->copied_bytes);
    fr_counters_take(own, &usage, &net);
}

static void fill_report(struct fr_leader *l, struct fr_report *report)
{
    uint64_t end_ns = fr_now_ns();
    take_counters(l, &report->own);
    report->own.wall_ns = end_ns - l->begun_ns;
    report->own.idle_ns = l->idle_ns - l->before.idle_ns;
    report->own.rows = l->job->job->height;
    report->own.tasks = fr_schedule_counts(l->desk.schedule).accepted;
    report->phases.wait_ns = l->started_ns - l->begun_ns;
    report->phases.first_row_ns = l->desk.first_row_ns - l->started_ns;
    report->phases.render_ns = l->rendered_ns - l->started_ns;
    report->phases.drain_ns = l->drained_ns - l->rendered_ns;
    report->phases.write_ns = end_ns - l->rendered_ns;
    report->phases.colour_ns = fr_raster_colour_ns(l->desk.raster);
    report->phases.encode_ns = fr_raster_encode_ns(l->desk.raster);
    report->job = *l->job->job;
    report->rows_per_task = l->plan.schedule.rows_per_task;
    report->window_rows = l->plan.schedule.window_rows;
    report->pixel_hash = fr_raster_pixel_hash(l->desk.raster);
    snprintf(report->mechanism, sizeof(report->mechanism), "%s", l->desk.endpoint.attr.mechanism);
    report->schedule = fr_schedule_counts(l->desk.schedule);
}

/* ------------------------------------------------------------------ process */

static fr_status open_endpoint(struct fr_leader *l, struct fr_error *err)
{
    const struct fr_leader_args *args = &l->args;
    const struct fr_open_args open_args = {.size = sizeof(open_args),
                                           .role = FR_ROLE_LEADER,
                                           .flags = (args->any_address ? FR_OPEN_ANY_ADDRESS : 0) |
                                                    (*args->token ? FR_OPEN_TOKEN : 0),
                                           .expect_peers = args->wait_workers,
                                           .address = args->address,
                                           .max_recv_bytes = args->max_recv_bytes,
                                           .max_send_bytes = FR_WIRE_CONTROL_BYTES};
    return fr_endpoint_open(&args->transport, &open_args, &l->desk.endpoint, err);
}

fr_status fr_leader_open(const struct fr_leader_args *args, struct fr_leader **leader_p,
                         struct fr_error *err)
{
    struct fr_leader *l = calloc(1, sizeof(*l));
    if (!l)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    l->args = *args;
    l->desk.token = args->token;
    l->desk.on_result = args->on_result;
    l->desk.ctx = args->ctx;
    l->opened_ns = fr_now_ns();
    fr_status st = open_endpoint(l, err);
    if (st != FR_OK)
        goto free_leader;
    st = fr_signals_watch(fr_endpoint_wake, &l->desk.endpoint);
    if (st != FR_OK) {
        fr_fail(err, st, "too many leaders in one process");
        goto close_endpoint;
    }
    const struct fr_attr *attr = &l->desk.endpoint.attr;
    fr_log(FR_LOG_INFO, "%s; %s, listening at %s", args->title, attr->mechanism, attr->address);
    if (args->on_open)
        st = args->on_open(args->ctx, attr, err);
    if (st != FR_OK)
        goto unwatch;
    *leader_p = l;
    return FR_OK;

unwatch:
    dismiss(l);
    fr_signals_unwatch(fr_endpoint_wake, &l->desk.endpoint);
close_endpoint:
    fr_members_clear(&l->desk.members);
    fr_endpoint_close(&l->desk.endpoint);
free_leader:
    free(l);
    return st;
}

void fr_leader_close(struct fr_leader *l)
{
    if (!l)
        return;
    dismiss(l);
    fr_signals_unwatch(fr_endpoint_wake, &l->desk.endpoint);
    fr_members_clear(&l->desk.members);
    fr_endpoint_close(&l->desk.endpoint);
    free(l);
}

bool fr_leader_over(const struct fr_leader *l)
{
    return l->over;
}

void fr_leader_wake(struct fr_leader *l)
{
    fr_endpoint_wake(&l->desk.endpoint);
}

fr_status fr_leader_wait(struct fr_leader *l, bool (*enough)(void *ctx), void *ctx,
                         struct fr_error *err)
{
    fr_status st = FR_OK;
    while (st == FR_OK && !enough(ctx)) {
        st = turn(l, err);
        if (st != FR_OK)
            break;
        uint64_t now_ns = fr_now_ns();
        fr_desk_expire(&l->desk, now_ns);
        fr_desk_assign(&l->desk, now_ns); /* what had no room */
        st = tick(l, now_ns, err);
    }
    return st;
}

/* --------------------------------------------------------------------- jobs */

static fr_status open_raster(struct fr_leader *l, struct fr_raster **raster_p, struct fr_error *err)
{
    const struct fr_raster_args raster_args = {.job = l->job->job,
                                               .colour = l->job->colour,
                                               .sinks = l->job->sinks,
                                               .sink_count = l->job->sink_count,
                                               .window_rows = l->plan.schedule.window_rows,
                                               .notify = fr_endpoint_wake,
                                               .notify_ctx = &l->desk.endpoint};
    return fr_raster_new(&raster_args, raster_p, err);
}

/* Where the job's own counting begins. */
static void mark(struct fr_leader *l)
{
    l->started_ns = l->rendered_ns = l->drained_ns = 0;
    l->told_waiting = false;
    l->before = (struct before){0};
    l->begun_ns = l->opened_ns;
    if (l->job->only)
        return;
    l->begun_ns = fr_now_ns();
    l->before = (struct before){.usage = fr_usage_process(),
                                .net = fr_endpoint_stats(&l->desk.endpoint),
                                .idle_ns = l->idle_ns};
}

fr_status fr_leader_render(struct fr_leader *l, const struct fr_leader_job *job,
                           struct fr_report *report_p, struct fr_error *err)
{
    struct fr_report report = {0};
    struct fr_desk_job desk_job = {.id = job->id, .job = job->job, .report = &report};
    fr_status st = fr_plan_make(job->job, &job->plan, &l->plan, err);
    if (st != FR_OK)
        return st;
    st = fr_schedule_new(&l->plan.schedule, &desk_job.schedule);
    if (st != FR_OK)
        return fr_fail(err, st, "cannot make the schedule: %s", fr_status_text(st));
    l->job = job;
    l->progress = (struct fr_progress){.width = job->job->width, .height = job->job->height};
    if (!fr_report_take_spans(&report)) {
        st = fr_fail(err, FR_ENOMEM, "out of memory");
        goto free_schedule;
    }
    st = open_raster(l, &desk_job.raster, err);
    if (st != FR_OK)
        goto free_schedule;
    mark(l);
    l->desk.err = err;
    fr_desk_begin(&l->desk, &desk_job);
    st = render(l, err);
    if (st == FR_OK)
        st = drain(l, err);
    fr_progress_end();
    if (st == FR_OK)
        st = fr_raster_finish(l->desk.raster, err);
    if (st == FR_OK)
        fill_report(l, &report);
    fr_desk_end(&l->desk);
    l->desk.err = NULL;
    fr_raster_free(desk_job.raster);
free_schedule:
    l->job = NULL;
    fr_schedule_free(desk_job.schedule);
    if (st == FR_OK)
        *report_p = report;
    else
        fr_report_clear(&report);
    return st;
}

fr_status fr_leader_run(const struct fr_leader_args *args, const struct fr_leader_job *job,
                        struct fr_report *report_p, struct fr_error *err)
{
    struct fr_leader_args open_args = *args;
    struct fr_leader_job only = *job;
    struct fr_plan plan;
    struct fr_leader *l;
    fr_status st = fr_plan_make(job->job, &job->plan, &plan, err);
    if (st != FR_OK)
        return st;
    only.only = true;
    open_args.max_recv_bytes = plan.max_result_bytes;
    st = fr_leader_open(&open_args, &l, err);
    if (st != FR_OK)
        return st;
    st = fr_leader_render(l, &only, report_p, err);
    fr_leader_close(l);
    return st;
}

void fr_leader_look(struct fr_leader *l, struct fr_leader_look *look_p)
{
    *look_p = (struct fr_leader_look){.rendering = l->job != NULL,
                                      .workers = l->desk.members.working,
                                      .first = l->desk.members.first,
                                      .net = fr_endpoint_stats(&l->desk.endpoint),
                                      .attr = &l->desk.endpoint.attr};
    if (!l->desk.schedule)
        return;
    look_p->started = l->desk.started;
    look_p->accepted_rows = fr_schedule_accepted_rows(l->desk.schedule);
    look_p->written_rows = fr_raster_base(l->desk.raster);
    look_p->begun_ns = l->begun_ns;
    look_p->started_ns = l->started_ns;
    look_p->report = l->desk.report;
    look_p->schedule = fr_schedule_counts(l->desk.schedule);
}
