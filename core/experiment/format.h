/* SPDX-License-Identifier: MIT
 * format.h - numbers for people; "-" for those that are not known. */
#ifndef FR_EXPERIMENT_FORMAT_H
#define FR_EXPERIMENT_FORMAT_H
#include <stddef.h>

/* A place for one text; use a compound literal: fr_seconds(x, &(struct fr_text){0}). */
struct fr_text {
    char buf[64];
};
const char *fr_format_number(double value, int digits,
                             struct fr_text *text);                /* significant digits */
const char *fr_format_seconds(double s, struct fr_text *text);     /* "12.3 ms" */
const char *fr_format_bytes(double bytes, struct fr_text *text);   /* "1.50 MiB" */
const char *fr_format_percent(double share, struct fr_text *text); /* "12.3 %" */
const char *fr_format_count(double count, struct fr_text *text);   /* "1234" */

#define FR_NUMBER(value, digits) fr_format_number((value), (digits), &(struct fr_text){0})
#define FR_SECONDS(value)        fr_format_seconds((value), &(struct fr_text){0})
#define FR_BYTES(value)          fr_format_bytes((value), &(struct fr_text){0})
#define FR_PERCENT(value)        fr_format_percent((value), &(struct fr_text){0})
#define FR_COUNT(value)          fr_format_count((value), &(struct fr_text){0})
#endif
