/* SPDX-License-Identifier: MIT
 * error.h - why an operation failed. The first record wins; it is logged once, where it is decided
 * what becomes of it. One error belongs to one thread; fr_host's keep a lock of their own. */
#ifndef FR_BASE_ERROR_H
#define FR_BASE_ERROR_H
#include <fractal/plugin.h>
#include <stdarg.h>

struct fr_error {
    fr_status status; /* FR_OK: nothing recorded   */
    const char *file; /* where in the source, static */
    int line;
    char text[1024]; /* for people, one line or more, no newline at its end */
};

/* Records unless something is recorded already; returns st. err may be NULL. */
fr_status fr_error_record(struct fr_error *err, fr_status st, const char *file, int line,
                          const char *fmt, ...) __attribute__((format(printf, 5, 6)));
fr_status fr_error_vrecord(struct fr_error *err, fr_status st, const char *file, int line,
                           const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));
/* A statement expression, so that compilers and analysers see that its value is st. */
#define fr_fail(err, st, ...)                                                                      \
    __extension__({                                                                                \
        const fr_status fr_failed_ = (st);                                                         \
        fr_error_record((err), fr_failed_, __FILE__, __LINE__, __VA_ARGS__);                       \
        fr_failed_;                                                                                \
    })

/* Log it once, at level error, with the source line at level debug. */
void fr_error_log(const struct fr_error *err);
#endif
