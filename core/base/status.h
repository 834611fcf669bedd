/* SPDX-License-Identifier: MIT
 * status.h - what a status is called and what it means. */
#ifndef FR_BASE_STATUS_H
#define FR_BASE_STATUS_H
#include <fractal/plugin.h>

/* Static strings, never NULL, also for numbers that are no status. */
const char *fr_status_name(fr_status st); /* "FR_EIO"    */
const char *fr_status_text(fr_status st); /* "I/O error" */
#endif
