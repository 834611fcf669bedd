/* SPDX-License-Identifier: MIT
 * log.h - lines for people on stderr. Any thread; a line is never torn. */
#ifndef FR_BASE_LOG_H
#define FR_BASE_LOG_H
#include <fractal/plugin.h>
#include <stdarg.h>
#include <stdbool.h>

/* Only levels up to this one are written; FR_LOG_INFO at the start. */
void fr_log_set_level(enum fr_log_level level);
bool fr_log_enabled(enum fr_log_level level);
/* What stands before each line after "fractal": "worker 1234"; "" for nothing. Copied. */
void fr_log_set_role(const char *role);
/* Without a newline at the end of fmt. */
void fr_log(enum fr_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fr_vlog(enum fr_log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* A status line that the next log line replaces on a terminal (the progress bar). "" clears it.
 * Writes nothing where stderr is no terminal. */
void fr_log_status(const char *line);
#endif
