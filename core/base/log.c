/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_int log_level = FR_LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char role_text[64];    /* under lock */
static char status_text[256]; /* under lock; what stands on the terminal's last line */

void fr_log_set_level(enum fr_log_level level)
{
    atomic_store(&log_level, (int)level);
}

bool fr_log_enabled(enum fr_log_level level)
{
    return (int)level <= atomic_load(&log_level);
}

void fr_log_set_role(const char *role)
{
    pthread_mutex_lock(&lock);
    snprintf(role_text, sizeof(role_text), "%s%s", *role ? " " : "", role);
    pthread_mutex_unlock(&lock);
}

void fr_vlog(enum fr_log_level level, const char *fmt, va_list ap)
{
    static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
    if (!fr_log_enabled(level))
        return;
    char text[2048];
    vsnprintf(text, sizeof(text), fmt, ap);
    char line[2304];
    pthread_mutex_lock(&lock);
    /* One write a line: several processes share the terminal. */
    int n = snprintf(line, sizeof(line), "%sfractal%s: %s%s\n%s", status_text[0] ? "\r\033[K" : "",
                     role_text, prefix[level], text, status_text);
    size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
    if (write(STDERR_FILENO, line, len) < 0) {
        /* Nobody reads it: nothing better to do with a log line. */
    }
    pthread_mutex_unlock(&lock);
}

void fr_log(enum fr_log_level level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fr_vlog(level, fmt, ap);
    va_end(ap);
}

void fr_log_status(const char *line)
{
    if (!isatty(STDERR_FILENO))
        return;
    pthread_mutex_lock(&lock);
    if (*line || status_text[0])
        dprintf(STDERR_FILENO, "\r\033[K%s", line);
    snprintf(status_text, sizeof(status_text), "%s", line);
    pthread_mutex_unlock(&lock);
}
