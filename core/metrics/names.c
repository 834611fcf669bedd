/* SPDX-License-Identifier: MIT */
#include "metrics/names.h"

#include <string.h>

#define NAME(f, m)                                                                                 \
    {                                                                                              \
#f, m, offsetof(struct fr_counters, f)                                                     \
    }
const struct fr_counter_name fr_counter_names[] = {
    NAME(rows, "/rows/accepted:rows"),
    NAME(tasks, "/tasks/accepted:tasks"),
    NAME(wall_ns, "/time/wall:seconds"),
    NAME(connect_ns, "/time/connect:seconds"),
    NAME(compute_ns, "/time/compute:seconds"),
    NAME(starved_ns, "/time/starved:seconds"),
    NAME(idle_ns, "/time/idle:seconds"),
    NAME(cpu_user_ns, "/cpu/user:cpu-seconds"),
    NAME(cpu_system_ns, "/cpu/system:cpu-seconds"),
    NAME(max_rss_bytes, "/memory/max-rss:bytes"),
    NAME(allocated_bytes, "/memory/allocated:bytes"),
    NAME(minor_faults, "/memory/minor-faults:faults"),
    NAME(major_faults, "/memory/major-faults:faults"),
    NAME(voluntary_switches, "/sched/voluntary-switches:switches"),
    NAME(involuntary_switches, "/sched/involuntary-switches:switches"),
    NAME(tx_msgs, "/net/sent:messages"),
    NAME(tx_bytes, "/net/sent:bytes"),
    NAME(rx_msgs, "/net/received:messages"),
    NAME(rx_bytes, "/net/received:bytes"),
    NAME(tx_again, "/net/back-pressure:events"),
    NAME(copied_bytes, "/net/copied:bytes"),
    {NULL, NULL, 0},
};
#define X(field) COUNTER_##field,
enum { FR_COUNTERS(X) COUNTERS };
#undef X
_Static_assert(sizeof(fr_counter_names) / sizeof(fr_counter_names[0]) == COUNTERS + 1,
               "every counter has a name");

const char *const fr_span_names[FR_SPANS] = {
    [FR_SPAN_ROUND_TRIP] = "round_trip",
    [FR_SPAN_NETWORK] = "network",
    [FR_SPAN_QUEUE] = "queue",
    [FR_SPAN_COMPUTE] = "compute",
};

bool fr_name_is_time(const char *field)
{
    size_t len = strlen(field);
    return len > 3 && strcmp(field + len - 3, "_ns") == 0;
}

uint64_t fr_counter_value(const struct fr_counters *counters, const struct fr_counter_name *name)
{
    uint64_t value;
    memcpy(&value, (const char *)counters + name->offset, sizeof(value));
    return value;
}
