/* SPDX-License-Identifier: MIT
 * usage.h - what a process or a thread has used so far. */
#ifndef FR_BASE_USAGE_H
#define FR_BASE_USAGE_H
#include <stdint.h>

struct fr_usage {
    uint64_t user_ns, system_ns;
    uint64_t minor_faults, major_faults, voluntary_switches, involuntary_switches;
    uint64_t max_rss_bytes;   /* of the process, in both                              */
    uint64_t allocated_bytes; /* of the process, just now, as the C library counts; 0 of threads */
};
struct fr_usage fr_usage_process(void);
struct fr_usage fr_usage_thread(void);                                /* the calling one */
void fr_usage_add(struct fr_usage *sum, const struct fr_usage *more); /* what threads add up to */
#endif
