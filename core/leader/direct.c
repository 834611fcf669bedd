/* SPDX-License-Identifier: MIT */
#include "leader/direct.h"

#include "base/clock.h"
#include "base/signals.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct direct {
    const struct fr_direct_args *args;
    struct fr_plan plan;
    struct fr_raster *raster;
    pthread_mutex_t lock;
    pthread_cond_t moved;  /* the window, or the end */
    uint32_t next_row;     /* under lock */
    struct fr_error error; /* under lock: the first of any thread */
};

static void window_moved(void *ctx)
{
    struct direct *d = ctx;
    pthread_mutex_lock(&d->lock);
    pthread_cond_broadcast(&d->moved);
    pthread_mutex_unlock(&d->lock);
}

/* The next band inside the window; false: none is left, or it is over. */
static bool next_band(struct direct *d, uint32_t *first_p, uint32_t *rows_p)
{
    uint32_t height = d->args->job->height, most = d->plan.schedule.rows_per_task;
    pthread_mutex_lock(&d->lock);
    uint32_t first, rows;
    for (;;) {
        if (fr_signals_stop())
            fr_fail(&d->error, FR_ECLOSED, "stopped by %s", strsignal(fr_signals_stop()));
        fr_raster_status(d->raster, &d->error);
        first = d->next_row;
        rows = height - first < most ? height - first : most;
        if (rows == 0 || d->error.status != FR_OK ||
            first + rows <= fr_raster_base(d->raster) + d->plan.schedule.window_rows)
            break;
        pthread_cond_wait(&d->moved, &d->lock);
    }
    bool any = rows > 0 && d->error.status == FR_OK;
    if (any)
        d->next_row += rows;
    pthread_mutex_unlock(&d->lock);
    *first_p = first;
    *rows_p = rows;
    return any;
}

static void record(struct direct *d, const struct fr_error *err)
{
    pthread_mutex_lock(&d->lock);
    fr_fail(&d->error, err->status, "%s", err->text);
    pthread_cond_broadcast(&d->moved);
    pthread_mutex_unlock(&d->lock);
}

static void *compute(void *arg)
{
    struct direct *d = arg;
    struct fr_error err = {0};
    struct fr_compute *compute = NULL;
    void *band = malloc(fr_job_band_bytes(d->args->job, d->plan.schedule.rows_per_task));
    uint32_t first, rows;
    fr_status st = band ? fr_compute_new(d->args->job, d->args->kernel, &compute, &err)
                        : fr_fail(&err, FR_ENOMEM, "out of memory");
    while (st == FR_OK && next_band(d, &first, &rows)) {
        fr_compute_band(compute, first, rows, band);
        st = fr_raster_put(d->raster, first, rows, d->args->job->payload, band, &err);
    }
    if (st != FR_OK)
        record(d, &err);
    fr_compute_free(compute);
    free(band);
    return NULL;
}

static fr_status run_threads(struct direct *d)
{
    uint32_t started = 0;
    pthread_t *threads = calloc(d->args->threads, sizeof(*threads));
    if (!threads)
        return fr_fail(&d->error, FR_ENOMEM, "out of memory");
    for (; started < d->args->threads; started++) {
        int rc = pthread_create(&threads[started], NULL, compute, d);
        if (rc != 0) {
            struct fr_error err = {0};
            fr_fail(&err, FR_ENOMEM, "cannot start a thread: %s", strerror(rc));
            record(d, &err);
            break;
        }
    }
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return d->error.status;
}

fr_status fr_direct_run(const struct fr_direct_args *args, struct fr_report *report_p,
                        struct fr_error *err)
{
    struct direct d = {
        .args = args, .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    fr_status st = fr_plan_make(args->job, &args->plan, &d.plan, err);
    if (st != FR_OK)
        return st;
    const struct fr_raster_args raster_args = {.job = args->job,
                                               .colour = args->colour,
                                               .sinks = args->sinks,
                                               .sink_count = args->sink_count,
                                               .window_rows = d.plan.schedule.window_rows,
                                               .notify = window_moved,
                                               .notify_ctx = &d};
    uint64_t start_ns = fr_now_ns();
    st = fr_raster_new(&raster_args, &d.raster, err);
    if (st != FR_OK)
        return st;
    st = fr_signals_watch(window_moved, &d);
    if (st == FR_OK) {
        st = run_threads(&d);
        fr_signals_unwatch(window_moved, &d);
    }
    uint64_t rendered_ns = fr_now_ns();
    if (d.error.status != FR_OK)
        fr_fail(err, d.error.status, "%s", d.error.text);
    else if (st == FR_OK)
        st = fr_raster_finish(d.raster, err);
    if (st == FR_OK) {
        uint64_t end_ns = fr_now_ns();
        struct fr_usage usage = fr_usage_process();
        const struct fr_stats no_net = {0};
        struct fr_report report = {.job = *args->job,
                                   .rows_per_task = d.plan.schedule.rows_per_task,
                                   .window_rows = d.plan.schedule.window_rows,
                                   .pixel_hash = fr_raster_pixel_hash(d.raster)};
        fr_counters_take(&report.own, &usage, &no_net);
        report.own.rows = args->job->height;
        report.own.wall_ns = end_ns - start_ns;
        report.phases.render_ns = rendered_ns - start_ns;
        report.phases.write_ns = end_ns - rendered_ns;
        report.phases.colour_ns = fr_raster_colour_ns(d.raster);
        report.phases.encode_ns = fr_raster_encode_ns(d.raster);
        snprintf(report.mechanism, sizeof(report.mechanism), "none, %u thread%s", args->threads,
                 args->threads == 1 ? "" : "s");
        *report_p = report;
    }
    fr_raster_free(d.raster);
    return st;
}
