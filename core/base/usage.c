/* SPDX-License-Identifier: MIT */
#include "base/usage.h"

#include <malloc.h>
#include <sys/resource.h>

static uint64_t to_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000;
}

static struct fr_usage usage_of(int who)
{
    struct rusage r;
    getrusage(who, &r);
    return (struct fr_usage){.user_ns = to_ns(r.ru_utime),
                             .system_ns = to_ns(r.ru_stime),
                             .minor_faults = (uint64_t)r.ru_minflt,
                             .major_faults = (uint64_t)r.ru_majflt,
                             .voluntary_switches = (uint64_t)r.ru_nvcsw,
                             .involuntary_switches = (uint64_t)r.ru_nivcsw,
                             .max_rss_bytes = (uint64_t)r.ru_maxrss * 1024};
}

struct fr_usage fr_usage_process(void)
{
    struct fr_usage usage = usage_of(RUSAGE_SELF);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* A sanitizer brings an allocator of its own, and glibc's is not even set up. */
    struct mallinfo2 heap = mallinfo2();
    usage.allocated_bytes = heap.uordblks + heap.hblkhd;
#endif
    return usage;
}

struct fr_usage fr_usage_thread(void)
{
    return usage_of(RUSAGE_THREAD);
}

void fr_usage_add(struct fr_usage *sum, const struct fr_usage *more)
{
    sum->user_ns += more->user_ns;
    sum->system_ns += more->system_ns;
    sum->minor_faults += more->minor_faults;
    sum->major_faults += more->major_faults;
    sum->voluntary_switches += more->voluntary_switches;
    sum->involuntary_switches += more->involuntary_switches;
}
