/* SPDX-License-Identifier: MIT
 * Bands from two threads, in any order within the window, to a slow output: every row comes once
 * and in order, the hash is the image's, and a failing output or an early end stops it. */
#include "raster/raster.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Unlike assert, also where NDEBUG is defined. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "FAIL %s:%d %s\n", __FILE__, __LINE__, #cond);                         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { WIDTH = 37, HEIGHT = 211, PUTTERS = 2, NEVER = 1 << 30 };

static const struct fr_stop stops[] = {{0, 0, 0, 64}, {0, 255, 128, 0}, {0, 255, 255, 255}};
static const struct fr_palette_ops palette = {
    .size = sizeof(palette), .stops = stops, .stop_count = 3};

static void sleep_us(unsigned us)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* A pixel's index, so that each row is unlike every other. */
static int16_t index_at(uint32_t x, uint32_t y)
{
    return (int16_t)((x * 7 + y * 31) % 801);
}

/* ------------------------------------------------------------------ a slow output */

struct fr_output {
    const struct fr_host *host;
    const struct fr_colour *colour;
    uint32_t next, fail_at; /* rows */
    unsigned pause_us;
    int finished;
    fr_status finish_status;
};

static fr_status sink_rows(fr_output *out, uint32_t y, uint32_t n, const uint8_t *rgba,
                           size_t stride_bytes)
{
    CHECK(y == out->next && n > 0 && y + n <= HEIGHT);
    for (uint32_t r = 0; r < n; r++) {
        int16_t row[WIDTH];
        uint8_t want[WIDTH * 4];
        for (uint32_t x = 0; x < WIDTH; x++)
            row[x] = index_at(x, y + r);
        fr_colour_rows(out->colour, FR_PAYLOAD_INDEX16, row, 1, 0, 1, want, sizeof(want));
        CHECK(memcmp(want, rgba + r * stride_bytes, sizeof(want)) == 0);
        if (y + r == out->fail_at)
            return FR_FAIL(out->host, FR_EIO, "no room for row %u", y + r);
    }
    if (out->pause_us)
        sleep_us(out->pause_us);
    out->next = y + n;
    return FR_OK;
}

static fr_status sink_finish(fr_output *out)
{
    CHECK(out->next == HEIGHT);
    out->finished++;
    return out->finish_status;
}

static const struct fr_output_ops sink_ops = {
    .size = sizeof(sink_ops), .rows = sink_rows, .finish = sink_finish};

/* ---------------------------------------------------------------------- a scene */

struct scene {
    struct fr_job job;
    struct fr_colour *colour;
    struct fr_host_box *box;
    struct fr_output outs[2];
    struct fr_raster *raster;
    uint32_t window;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint32_t handed; /* under lock: rows given to a putter   */
    uint64_t draws;  /* under lock                            */
    bool stop;       /* under lock: putters are to end        */
    atomic_int notified;
};

static void notify(void *ctx)
{
    struct scene *s = ctx;
    atomic_fetch_add(&s->notified, 1);
    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->moved);
    pthread_mutex_unlock(&s->lock);
}

static void scene_begin(struct scene *s, uint32_t window, size_t sinks, uint64_t seed)
{
    *s = (struct scene){.job = {.width = WIDTH,
                                .height = HEIGHT,
                                .iters = 800,
                                .xmax = 1,
                                .ymin = 1,
                                .ymax = 2,
                                .x_div = WIDTH - 1,
                                .y_div = WIDTH - 1,
                                .payload = FR_PAYLOAD_INDEX16},
                        .window = window,
                        .draws = seed};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->moved, NULL);
    const struct fr_colour_args colour = {
        .palette = &palette, .coloring = FR_COLORING_CLASSIC, .step = 6000};
    CHECK(fr_colour_new(&s->job, &colour, &s->colour, NULL) == FR_OK);
    s->box = fr_host_box_new("sink");
    struct fr_sink list[2];
    for (size_t i = 0; i < 2; i++) {
        s->outs[i] = (struct fr_output){
            .host = fr_host_box_host(s->box), .colour = s->colour, .fail_at = NEVER};
        list[i] = (struct fr_sink){
            .ops = &sink_ops, .out = &s->outs[i], .box = s->box, .name = i ? "second" : "first"};
    }
    const struct fr_raster_args args = {.job = &s->job,
                                        .colour = s->colour,
                                        .sinks = list,
                                        .sink_count = sinks,
                                        .window_rows = window,
                                        .notify = notify,
                                        .notify_ctx = s};
    CHECK(fr_raster_new(&args, &s->raster, NULL) == FR_OK);
}

static void scene_end(struct scene *s)
{
    fr_raster_free(s->raster);
    fr_colour_free(s->colour);
    fr_host_box_free(s->box);
    pthread_cond_destroy(&s->moved);
    pthread_mutex_destroy(&s->lock);
}

/* At an address that is odd on purpose. */
static fr_status put(struct scene *s, uint32_t first, uint32_t rows, struct fr_error *err)
{
    size_t bytes = (size_t)rows * WIDTH * 2;
    uint8_t *payload = malloc(bytes + 1);
    for (uint32_t i = 0; i < rows * WIDTH; i++) {
        int16_t index = index_at(i % WIDTH, first + i / WIDTH);
        memcpy(payload + 1 + 2 * (size_t)i, &index, 2);
    }
    fr_status st = fr_raster_put(s->raster, first, rows, FR_PAYLOAD_INDEX16, payload + 1, err);
    free(payload);
    return st;
}

/* Takes the next few bands that fit into the window and puts them in some other order. */
static void *putter(void *ctx)
{
    struct scene *s = ctx;
    for (;;) {
        struct {
            uint32_t first, rows;
        } bands[4];
        size_t count = 0;
        pthread_mutex_lock(&s->lock);
        while (!s->stop && s->handed < HEIGHT) {
            uint32_t end = fr_raster_base(s->raster) + s->window;
            end = end < HEIGHT ? end : HEIGHT;
            if (s->handed < end || fr_raster_status(s->raster, NULL) != FR_OK)
                break;
            pthread_cond_wait(&s->moved, &s->lock);
        }
        uint32_t end = fr_raster_base(s->raster) + s->window;
        end = end < HEIGHT ? end : HEIGHT;
        bool dead = s->stop || fr_raster_status(s->raster, NULL) != FR_OK;
        while (!dead && count < 4 && s->handed < end) {
            uint32_t rows = 1 + draw(&s->draws) % 9;
            rows = rows < end - s->handed ? rows : end - s->handed;
            bands[count].first = s->handed;
            bands[count++].rows = rows;
            s->handed += rows;
        }
        uint32_t turn = draw(&s->draws), pause_us = draw(&s->draws) % 300;
        pthread_mutex_unlock(&s->lock);
        if (count == 0)
            return NULL;
        for (size_t i = 0; i < count; i++) {
            size_t k = turn % 2 ? count - 1 - i : (i + turn) % count;
            fr_status st = put(s, bands[k].first, bands[k].rows, NULL);
            CHECK(st == FR_OK || (st == FR_EIO && s->outs[0].fail_at != NEVER));
            sleep_us(pause_us);
        }
    }
}

static void putters_run(struct scene *s)
{
    pthread_t threads[PUTTERS];
    for (int i = 0; i < PUTTERS; i++)
        CHECK(pthread_create(&threads[i], NULL, putter, s) == 0);
    for (int i = 0; i < PUTTERS; i++)
        pthread_join(threads[i], NULL);
}

/* ------------------------------------------------------------------------ cases */

static void any_order(void)
{
    static const uint32_t windows[] = {1, 2, 7, 50, 128, HEIGHT};
    uint64_t hash = 0;
    for (size_t i = 0; i < 4 * sizeof(windows) / sizeof(windows[0]); i++) {
        struct scene s;
        scene_begin(&s, windows[i / 4], i % 3, i + 1);
        s.outs[0].pause_us = i % 2 ? 200 : 0;
        putters_run(&s);
        struct fr_error err = {0};
        CHECK(fr_raster_finish(s.raster, &err) == FR_OK);
        for (size_t k = 0; k < 2; k++)
            CHECK(s.outs[k].finished == (k < i % 3) && s.outs[k].next == (k < i % 3 ? HEIGHT : 0));
        CHECK(fr_raster_base(s.raster) == HEIGHT && atomic_load(&s.notified) > 0);
        uint64_t now = fr_raster_pixel_hash(s.raster);
        CHECK(i == 0 || now == hash);
        hash = now;
        scene_end(&s);
    }
}

static void other_image_other_hash(void)
{
    uint64_t hashes[2];
    for (int i = 0; i < 2; i++) {
        struct scene s;
        scene_begin(&s, HEIGHT, 0, 1);
        int16_t row[WIDTH] = {0};
        for (uint32_t y = 0; y < HEIGHT; y++) {
            row[0] = i && y == HEIGHT - 1 ? 700 : 0;
            CHECK(fr_raster_put(s.raster, y, 1, FR_PAYLOAD_INDEX16, row, NULL) == FR_OK);
        }
        CHECK(fr_raster_finish(s.raster, NULL) == FR_OK);
        hashes[i] = fr_raster_pixel_hash(s.raster);
        scene_end(&s);
    }
    CHECK(hashes[0] != hashes[1]);
}

static void failing_output(void)
{
    static const uint32_t at[] = {0, 1, 100, HEIGHT - 1};
    for (size_t i = 0; i < 8; i++) {
        struct scene s;
        scene_begin(&s, 20, 2, i + 1);
        s.outs[0].fail_at = at[i / 2];
        s.outs[1].pause_us = i % 2 ? 100 : 0;
        putters_run(&s);
        struct fr_error err = {0}, put_err = {0};
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "no room for row %u", at[i / 2]);
        CHECK(fr_raster_finish(s.raster, &err) == FR_EIO);
        CHECK(strstr(err.text, wanted));
        CHECK(fr_raster_status(s.raster, NULL) == FR_EIO);
        CHECK(put(&s, at[i / 2], 1, &put_err) == FR_EIO && strcmp(put_err.text, err.text) == 0);
        CHECK(atomic_load(&s.notified) > 0);
        CHECK(s.outs[0].finished == 0 && s.outs[1].finished == 0);
        CHECK(fr_raster_base(s.raster) <= at[i / 2]);
        scene_end(&s);
    }
}

/* The owner sleeps until notify: it must come also where it is a failure that it tells. */
static void failure_wakes(void)
{
    struct scene s;
    scene_begin(&s, 20, 1, 1);
    s.outs[0].fail_at = 0;
    CHECK(put(&s, 0, 3, NULL) == FR_OK);
    for (int i = 0; i < 5000 && atomic_load(&s.notified) == 0; i++)
        sleep_us(1000);
    CHECK(atomic_load(&s.notified) == 1 && fr_raster_status(s.raster, NULL) == FR_EIO);
    scene_end(&s);
}

static void failing_finish(void)
{
    struct scene s;
    scene_begin(&s, HEIGHT, 2, 1);
    s.outs[0].finish_status = FR_EIO;
    putters_run(&s);
    struct fr_error err = {0};
    CHECK(fr_raster_finish(s.raster, &err) == FR_EIO);
    CHECK(strstr(err.text, "first"));
    CHECK(s.outs[0].finished == 1 && s.outs[1].finished == 0);
    scene_end(&s);
}

/* A band of nonsense is refused as a whole, and its rows may come again. */
static void nonsense(void)
{
    struct scene s;
    scene_begin(&s, 20, 1, 1);
    int16_t band[3 * WIDTH] = {0};
    struct fr_error err = {0};
    band[3 * WIDTH - 1] = 30000;
    CHECK(fr_raster_put(s.raster, 0, 3, FR_PAYLOAD_INDEX16, band, &err) == FR_EPROTO);
    CHECK(fr_raster_put(s.raster, 0, 3, FR_PAYLOAD_SMOOTH, band, NULL) == FR_EPROTO);
    CHECK(err.status == FR_EPROTO && fr_raster_status(s.raster, NULL) == FR_OK);
    sleep_us(20000);
    CHECK(fr_raster_base(s.raster) == 0 && atomic_load(&s.notified) == 0);
    putters_run(&s);
    CHECK(fr_raster_finish(s.raster, NULL) == FR_OK);
    scene_end(&s);
}

static void early_end(void)
{
    struct scene s;
    scene_begin(&s, 20, 1, 1); /* nothing ever came */
    scene_end(&s);
    for (unsigned i = 0; i < 30; i++) {
        scene_begin(&s, 20, 1, i + 1);
        s.outs[0].pause_us = 3000;
        CHECK(put(&s, 0, 5, NULL) == FR_OK);
        CHECK(put(&s, 7, 5, NULL) == FR_OK); /* after a gap */
        sleep_us(i * 200);                   /* before, while and after it writes */
        scene_end(&s);
        CHECK(s.outs[0].finished == 0);
    }
}

int main(void)
{
    any_order();
    other_image_other_hash();
    failing_output();
    failure_wakes();
    failing_finish();
    nonsense();
    early_end();
    return 0;
}
