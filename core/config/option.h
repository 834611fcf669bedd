/* SPDX-License-Identifier: MIT
 * option.h - one value: from its text, by its fr_option. */
#ifndef FR_CONFIG_OPTION_H
#define FR_CONFIG_OPTION_H
#include "base/error.h"

#include <stddef.h>

/* Parses text into base + opt->offset. A string is stored as it is: text must outlive the struct.
 * `where` begins the message: "a.ini:3: [job] width". FR_EINVAL, with what would be valid. */
fr_status fr_option_parse(const struct fr_option *opt, const char *text, void *base,
                          const char *where, struct fr_error *err);
/* What would be valid, for people: "1 to 16", "one of a, b", "text". Returns buf. */
const char *fr_option_valid(const struct fr_option *opt, char *buf, size_t cap);
#endif
