/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/log.h"
#include "base/status.h"

#include <stdio.h>

fr_status fr_error_vrecord(struct fr_error *err, fr_status st, const char *file, int line,
                           const char *fmt, va_list ap)
{
    if (err && err->status == FR_OK) {
        err->status = st;
        err->file = file;
        err->line = line;
        vsnprintf(err->text, sizeof(err->text), fmt, ap);
    }
    return st;
}

fr_status fr_error_record(struct fr_error *err, fr_status st, const char *file, int line,
                          const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fr_error_vrecord(err, st, file, line, fmt, ap);
    va_end(ap);
    return st;
}

void fr_error_log(const struct fr_error *err)
{
    if (err->status == FR_OK)
        return;
    fr_log(FR_LOG_ERROR, "%s", err->text[0] ? err->text : fr_status_text(err->status));
    fr_log(FR_LOG_DEBUG, "%s at %s:%d", fr_status_name(err->status), err->file, err->line);
}
