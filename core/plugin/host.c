/* SPDX-License-Identifier: MIT
 * host.c - what the core offers a plugin: log, fail, clock. */
#include "base/clock.h"
#include "base/log.h"
#include "plugin/plugin.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct fr_host_box {
    struct fr_host host;
    pthread_mutex_t lock;
    struct fr_error error; /* under lock */
    char name[64];
};

static void host_log(void *ctx, enum fr_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void host_log(void *ctx, enum fr_log_level level, const char *fmt, ...)
{
    const struct fr_host_box *box = ctx;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fr_log(level, "%s: %s", box->name, text);
}

static fr_status host_fail(void *ctx, fr_status st, const char *file, int line, const char *fmt,
                           ...) __attribute__((format(printf, 5, 6)));
static fr_status host_fail(void *ctx, fr_status st, const char *file, int line, const char *fmt,
                           ...)
{
    struct fr_host_box *box = ctx;
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&box->lock);
    fr_error_vrecord(&box->error, st, file, line, fmt, ap);
    pthread_mutex_unlock(&box->lock);
    va_end(ap);
    return st;
}

struct fr_host_box *fr_host_box_new(const char *name)
{
    struct fr_host_box *box = calloc(1, sizeof(*box));
    if (!box)
        return NULL;
    box->host = (struct fr_host){.size = sizeof(box->host),
                                 .ctx = box,
                                 .log = host_log,
                                 .fail = host_fail,
                                 .now_ns = fr_now_ns};
    pthread_mutex_init(&box->lock, NULL);
    snprintf(box->name, sizeof(box->name), "%s", name);
    return box;
}

const struct fr_host *fr_host_box_host(struct fr_host_box *box)
{
    return &box->host;
}

fr_status fr_host_box_take(struct fr_host_box *box, fr_status st, struct fr_error *err)
{
    pthread_mutex_lock(&box->lock);
    struct fr_error taken = box->error;
    box->error = (struct fr_error){0};
    pthread_mutex_unlock(&box->lock);
    if (taken.status != FR_OK && err && err->status == FR_OK)
        *err = taken;
    return st == FR_OK ? taken.status : st;
}

void fr_host_box_free(struct fr_host_box *box)
{
    if (!box)
        return;
    pthread_mutex_destroy(&box->lock);
    free(box);
}
