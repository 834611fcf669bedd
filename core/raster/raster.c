/* SPDX-License-Identifier: MIT */
#include "raster/raster.h"

#include "base/clock.h"
#include "base/status.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct fr_raster {
    struct fr_job job;
    const struct fr_colour *colour;
    struct fr_sink *sinks;
    size_t sink_count;
    uint32_t window_rows;
    size_t stride_bytes;
    void (*notify)(void *ctx);
    void *notify_ctx;

    uint8_t *window; /* row y at y % window_rows. The owner fills rows that are not there, the
                      * writer reads those that are: nobody touches the other's */
    _Atomic uint32_t base;
    _Atomic uint64_t colour_ns;
    uint64_t encode_ns;  /* the writer's */
    XXH64_state_t *hash; /* the writer's */
    pthread_t thread;
    bool joined; /* the owner's */

    pthread_mutex_t lock;
    pthread_cond_t more;
    bool *there;           /* under lock: by y % window_rows */
    bool quit;             /* under lock */
    struct fr_error error; /* under lock: how an output failed */
};

/* How many rows from base on are there, without a break and without wrapping round. Under lock. */
static uint32_t ready_rows(const struct fr_raster *r, uint32_t base)
{
    uint32_t at = base % r->window_rows, n = 0;
    while (at + n < r->window_rows && base + n < r->job.height && r->there[at + n])
        n++;
    return n;
}

static fr_status write_rows(struct fr_raster *r, uint32_t y, uint32_t n, struct fr_error *err)
{
    const uint8_t *rgba = r->window + (size_t)(y % r->window_rows) * r->stride_bytes;
    XXH64_update(r->hash, rgba, n * r->stride_bytes);
    for (size_t i = 0; i < r->sink_count; i++) {
        const struct fr_sink *sink = &r->sinks[i];
        fr_status st = sink->ops->rows(sink->out, y, n, rgba, r->stride_bytes);
        if (st != FR_OK) {
            st = fr_host_box_take(sink->box, st, err);
            return fr_fail(err, st, "output %s: %s", sink->name, fr_status_text(st));
        }
    }
    return FR_OK;
}

static void *write_all(void *arg)
{
    struct fr_raster *r = arg;
    uint32_t base = 0;
    fr_status st = FR_OK;
    pthread_mutex_lock(&r->lock);
    while (st == FR_OK && base < r->job.height) {
        uint32_t n = ready_rows(r, base);
        if (r->quit)
            break;
        if (n == 0) {
            pthread_cond_wait(&r->more, &r->lock);
            continue;
        }
        pthread_mutex_unlock(&r->lock);
        struct fr_error err = {0};
        uint64_t start_ns = fr_now_ns();
        st = write_rows(r, base, n, &err);
        r->encode_ns += fr_now_ns() - start_ns;
        pthread_mutex_lock(&r->lock);
        memset(&r->there[base % r->window_rows], 0, n * sizeof(*r->there));
        base += n;
        r->error = err;
        if (st == FR_OK)
            atomic_store(&r->base, base);
        pthread_mutex_unlock(&r->lock);
        if (r->notify)
            r->notify(r->notify_ctx);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

fr_status fr_raster_new(const struct fr_raster_args *args, struct fr_raster **raster_p,
                        struct fr_error *err)
{
    struct fr_raster *r = calloc(1, sizeof(*r));
    if (!r)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    r->job = *args->job;
    r->colour = args->colour;
    r->sink_count = args->sink_count;
    r->window_rows = args->window_rows;
    r->stride_bytes = (size_t)args->job->width * 4;
    r->notify = args->notify;
    r->notify_ctx = args->notify_ctx;
    r->hash = XXH64_createState();
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->more, NULL);
    r->window = malloc(r->stride_bytes * r->window_rows);
    r->there = calloc(r->window_rows, sizeof(*r->there));
    r->sinks = calloc(args->sink_count + 1, sizeof(*r->sinks));
    r->joined = true; /* until there is a thread */
    if (!r->hash || !r->window || !r->there || !r->sinks) {
        fr_raster_free(r);
        return fr_fail(err, FR_ENOMEM, "out of memory for a window of %u rows", args->window_rows);
    }
    XXH64_reset(r->hash, 0);
    if (args->sink_count > 0)
        memcpy(r->sinks, args->sinks, args->sink_count * sizeof(*r->sinks));
    int rc = pthread_create(&r->thread, NULL, write_all, r);
    if (rc != 0) {
        fr_raster_free(r);
        return fr_fail(err, FR_ENOMEM, "cannot start the writer's thread: %s", strerror(rc));
    }
    r->joined = false;
    *raster_p = r;
    return FR_OK;
}

uint32_t fr_raster_base(const struct fr_raster *r)
{
    return atomic_load(&r->base);
}

fr_status fr_raster_put(struct fr_raster *r, uint32_t first, uint32_t rows, enum fr_payload kind,
                        const void *payload, struct fr_error *err)
{
    fr_status st = fr_raster_status(r, err);
    if (st != FR_OK)
        return st;
    uint64_t start_ns = fr_now_ns();
    uint32_t at = first % r->window_rows;
    uint32_t before_end = r->window_rows - at < rows ? r->window_rows - at : rows;
    st = fr_colour_rows(r->colour, kind, payload, rows, 0, before_end,
                        r->window + at * r->stride_bytes, r->stride_bytes);
    if (st == FR_OK && before_end < rows)
        st = fr_colour_rows(r->colour, kind, payload, rows, before_end, rows - before_end,
                            r->window, r->stride_bytes);
    if (st != FR_OK)
        return fr_fail(err, st, "values that no worker computes");
    atomic_fetch_add(&r->colour_ns, fr_now_ns() - start_ns);
    pthread_mutex_lock(&r->lock);
    for (uint32_t i = 0; i < rows; i++)
        r->there[(first + i) % r->window_rows] = true;
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->lock);
    return FR_OK;
}

const uint8_t *fr_raster_row(const struct fr_raster *r, uint32_t y)
{
    return r->window + (y % r->window_rows) * r->stride_bytes;
}

fr_status fr_raster_status(struct fr_raster *r, struct fr_error *err)
{
    pthread_mutex_lock(&r->lock);
    fr_status st = r->error.status;
    if (st != FR_OK && err && err->status == FR_OK)
        *err = r->error;
    pthread_mutex_unlock(&r->lock);
    return st;
}

static void join(struct fr_raster *r)
{
    if (!r->joined)
        pthread_join(r->thread, NULL);
    r->joined = true;
}

fr_status fr_raster_finish(struct fr_raster *r, struct fr_error *err)
{
    join(r);
    fr_status st = fr_raster_status(r, err);
    for (size_t i = 0; st == FR_OK && i < r->sink_count; i++) {
        const struct fr_sink *sink = &r->sinks[i];
        st = sink->ops->finish(sink->out);
        if (st != FR_OK) {
            st = fr_host_box_take(sink->box, st, err);
            fr_fail(err, st, "output %s: %s", sink->name, fr_status_text(st));
        }
    }
    return st;
}

uint64_t fr_raster_pixel_hash(const struct fr_raster *r)
{
    return XXH64_digest(r->hash);
}

uint64_t fr_raster_encode_ns(const struct fr_raster *r)
{
    return r->encode_ns;
}

uint64_t fr_raster_colour_ns(const struct fr_raster *r)
{
    return atomic_load(&r->colour_ns);
}

void fr_raster_free(struct fr_raster *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->quit = true;
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->lock);
    join(r);
    pthread_cond_destroy(&r->more);
    pthread_mutex_destroy(&r->lock);
    XXH64_freeState(r->hash);
    free(r->window);
    free(r->there);
    free(r->sinks);
    free(r);
}
