/* SPDX-License-Identifier: MIT */
#include "base/usage.h"

#include <sys/resource.h>

static struct fr_usage usage_of(int who)
{
    struct rusage r;
    getrusage(who, &r);
    return (struct fr_usage){
        .user_ns = (uint64_t)r.ru_utime.tv_sec * 1000000000u + (uint64_t)r.ru_utime.tv_usec * 1000,
        .system_ns =
            (uint64_t)r.ru_stime.tv_sec * 1000000000u + (uint64_t)r.ru_stime.tv_usec * 1000,
        .max_rss_bytes = (uint64_t)r.ru_maxrss * 1024};
}

struct fr_usage fr_usage_process(void)
{
    return usage_of(RUSAGE_SELF);
}

struct fr_usage fr_usage_thread(void)
{
    return usage_of(RUSAGE_THREAD);
}
