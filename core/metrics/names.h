/* SPDX-License-Identifier: MIT
 * names.h - the counters and spans by name; for report.c and json.c. */
#ifndef FR_METRICS_NAMES_H
#define FR_METRICS_NAMES_H
#include "metrics/report.h"

struct fr_counter_name {
    const char *field;  /* as in the schema: "cpu_user_ns"                            */
    const char *metric; /* as in a METRICS line, in the style of Go's runtime/metrics */
    size_t offset;      /* into struct fr_counters                                    */
};
extern const struct fr_counter_name fr_counter_names[]; /* field NULL ends it */
extern const char *const fr_span_names[FR_SPANS];       /* "round-trip"       */

bool fr_name_is_time(const char *field); /* ends in _ns */
uint64_t fr_counter_value(const struct fr_counters *counters, const struct fr_counter_name *name);
#endif
