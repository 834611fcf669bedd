/* SPDX-License-Identifier: MIT */
#include "base/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WATCHERS = 2048 };

static atomic_int stop_signal;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watcher {
    void (*wake)(void *ctx);
    void *ctx;
} watchers[MAX_WATCHERS]; /* under lock; wake NULL: free */

static void *take_signals(void *arg)
{
    const sigset_t *set = arg;
    for (;;) {
        int sig;
        if (sigwait(set, &sig) != 0)
            continue;
        if (atomic_exchange(&stop_signal, sig) != 0)
            _exit(1); /* asked twice: the clean way takes too long for somebody */
        pthread_mutex_lock(&lock);
        for (int i = 0; i < MAX_WATCHERS; i++)
            if (watchers[i].wake)
                watchers[i].wake(watchers[i].ctx);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

fr_status fr_signals_start(struct fr_error *err)
{
    static sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, take_signals, &set);
    if (rc != 0)
        return fr_fail(err, FR_ENOMEM, "cannot start a thread for signals: %s", strerror(rc));
    pthread_detach(thread);
    return FR_OK;
}

int fr_signals_stop(void)
{
    return atomic_load(&stop_signal);
}

fr_status fr_signals_watch(void (*wake)(void *ctx), void *ctx)
{
    fr_status st = FR_ENOMEM;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_WATCHERS && st != FR_OK; i++) {
        if (!watchers[i].wake) {
            watchers[i] = (struct watcher){wake, ctx};
            st = FR_OK;
        }
    }
    pthread_mutex_unlock(&lock);
    if (st == FR_OK && fr_signals_stop())
        wake(ctx); /* it came first */
    return st;
}

void fr_signals_unwatch(void (*wake)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_WATCHERS; i++)
        if (watchers[i].wake == wake && watchers[i].ctx == ctx)
            watchers[i] = (struct watcher){0};
    pthread_mutex_unlock(&lock);
}
