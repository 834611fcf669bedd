/* SPDX-License-Identifier: MIT
 * measure.h - the numbers that one run's metrics come to. Pure. */
#ifndef FR_EXPERIMENT_MEASURE_H
#define FR_EXPERIMENT_MEASURE_H
#include <jansson.h>

/* name, unit, what it is */
#define FR_MEASURES(X)                                                                             \
    X(render, "s", "from the first assignment to the last row")                                    \
    X(wall, "s", "from opening the transport to the finished image")                               \
    X(wait, "s", "until the workers were there")                                                   \
    X(first_row, "s", "from the first assignment to the first result")                             \
    X(write, "s", "from the last row to the finished image")                                       \
    X(drain, "s", "from the last row until the workers had gone")                                  \
    X(colour, "s", "colouring, in all")                                                            \
    X(encode, "s", "in the outputs, in all")                                                       \
    X(compute, "s", "computing, summed over all threads of all workers")                           \
    X(leader_cpu, "s/Gpx", "the leader's CPU time, user and system, a gigapixel")                  \
    X(worker_cpu, "s/Gpx", "the workers' CPU time, user and system, a gigapixel")                  \
    X(leader_idle, "share", "of its wall time the leader waited for a message")                    \
    X(worker_starved, "share", "of their time the workers' threads waited for work")               \
    X(messages_out, "messages", "from the leader")                                                 \
    X(bytes_out, "B", "from the leader")                                                           \
    X(messages_in, "messages", "to the leader")                                                    \
    X(bytes_in, "B", "to the leader")                                                              \
    X(copied, "B", "copied by the transport, on both sides")                                       \
    X(back_pressure, "events", "a send had to wait for room, on both sides")                       \
    X(tasks, "tasks", "results that were accepted")                                                \
    X(network_p50, "s", "network time of a task: half of them took less")                          \
    X(network_p90, "s", "network time of a task")                                                  \
    X(network_p99, "s", "network time of a task")                                                  \
    X(network_p999, "s", "network time of a task")                                                 \
    X(round_trip_p50, "s", "from assigning a task to its result")                                  \
    X(leader_rss, "B", "the leader's peak memory")                                                 \
    X(worker_rss, "B", "the peak memory of the largest worker")                                    \
    X(leader_faults, "faults", "the leader's page faults, minor and major")                        \
    X(leader_switches, "switches", "the leader's context switches")                                \
    X(worker_switches, "switches", "the workers' context switches")

enum fr_measure {
#define X(name, unit, what) FR_MEASURE_##name,
    FR_MEASURES(X)
#undef X
        FR_MEASURE_COUNT,
};

struct fr_measure_info {
    const char *name, *unit, *what;
};
extern const struct fr_measure_info fr_measure_table[FR_MEASURE_COUNT];

/* NaN where the metrics do not tell. */
double fr_measure(const json_t *metrics, enum fr_measure measure);
#endif
