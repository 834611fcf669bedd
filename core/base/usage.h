/* SPDX-License-Identifier: MIT
 * usage.h - what a process or a thread has used so far. */
#ifndef FR_BASE_USAGE_H
#define FR_BASE_USAGE_H
#include <stdint.h>

struct fr_usage {
    uint64_t user_ns, system_ns;
    uint64_t max_rss_bytes; /* of the process, in both */
};
struct fr_usage fr_usage_process(void);
struct fr_usage fr_usage_thread(void); /* the calling one */
#endif
