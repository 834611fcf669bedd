/* SPDX-License-Identifier: MIT */
#include "experiment/measure.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

const struct fr_measure_info fr_measure_table[FR_MEASURE_COUNT] = {
#define X(name, unit, what) {#name, unit, what},
    FR_MEASURES(X)
#undef X
};

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static double leader(const json_t *m, const char *key)
{
    return number(json_object_get(m, "leader"), key);
}

/* NaN without workers, or where one of them left without a word: a sum of some would mislead. */
static double workers(const json_t *m, const char *key)
{
    const json_t *list = json_object_get(m, "workers");
    double sum = json_array_size(list) > 0 ? 0 : NAN;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += number(json_array_get(list, i), key);
    return sum;
}

static double largest_worker(const json_t *m, const char *key)
{
    const json_t *list = json_object_get(m, "workers");
    double most = NAN;
    for (size_t i = 0; i < json_array_size(list); i++)
        most = fmax(most, number(json_array_get(list, i), key));
    return most;
}

static double span_s(const json_t *m, const char *span, const char *key)
{
    return number(json_object_get(json_object_get(m, "histograms"), span), key) / 1e9;
}

static double gigapixels(const json_t *m)
{
    return number(json_object_get(m, "job"), "pixels") / 1e9;
}

/* direct has no network; its zeros there are no measurements. */
static bool of_network(enum fr_measure measure)
{
    switch (measure) {
    case FR_MEASURE_render:
    case FR_MEASURE_wall:
    case FR_MEASURE_write:
    case FR_MEASURE_colour:
    case FR_MEASURE_encode:
    case FR_MEASURE_leader_cpu:
    case FR_MEASURE_leader_rss:
    case FR_MEASURE_leader_faults:
    case FR_MEASURE_leader_switches:
        return false;
    default:
        return true;
    }
}

double fr_measure(const json_t *m, enum fr_measure measure)
{
    const char *command = json_string_value(json_object_get(m, "command"));
    if (command && strcmp(command, "direct") == 0 && of_network(measure))
        return NAN;
    switch (measure) {
    case FR_MEASURE_render:
        return leader(m, "render_s");
    case FR_MEASURE_wall:
        return leader(m, "wall_s");
    case FR_MEASURE_wait:
        return leader(m, "wait_s");
    case FR_MEASURE_first_row:
        return leader(m, "first_row_s");
    case FR_MEASURE_write:
        return leader(m, "write_s");
    case FR_MEASURE_drain:
        return leader(m, "drain_s");
    case FR_MEASURE_colour:
        return leader(m, "colour_s");
    case FR_MEASURE_encode:
        return leader(m, "encode_s");
    case FR_MEASURE_compute:
        return workers(m, "compute_s");
    case FR_MEASURE_leader_cpu:
        return (leader(m, "cpu_user_s") + leader(m, "cpu_system_s")) / gigapixels(m);
    case FR_MEASURE_worker_cpu:
        return (workers(m, "cpu_user_s") + workers(m, "cpu_system_s")) / gigapixels(m);
    case FR_MEASURE_leader_idle:
        return leader(m, "idle_s") / leader(m, "wall_s");
    case FR_MEASURE_worker_starved: {
        double starved = workers(m, "starved_s");
        return starved / (starved + workers(m, "compute_s"));
    }
    case FR_MEASURE_messages_out:
        return leader(m, "tx_msgs");
    case FR_MEASURE_bytes_out:
        return leader(m, "tx_bytes");
    case FR_MEASURE_messages_in:
        return leader(m, "rx_msgs");
    case FR_MEASURE_bytes_in:
        return leader(m, "rx_bytes");
    case FR_MEASURE_copied:
        return leader(m, "copied_bytes") + workers(m, "copied_bytes");
    case FR_MEASURE_back_pressure:
        return leader(m, "tx_again") + workers(m, "tx_again");
    case FR_MEASURE_tasks:
        return number(json_object_get(m, "schedule"), "accepted");
    case FR_MEASURE_network_p50:
        return span_s(m, "network_ns", "p50");
    case FR_MEASURE_network_p90:
        return span_s(m, "network_ns", "p90");
    case FR_MEASURE_network_p99:
        return span_s(m, "network_ns", "p99");
    case FR_MEASURE_network_p999:
        return span_s(m, "network_ns", "p999");
    case FR_MEASURE_round_trip_p50:
        return span_s(m, "round_trip_ns", "p50");
    case FR_MEASURE_leader_rss:
        return leader(m, "max_rss_bytes");
    case FR_MEASURE_worker_rss:
        return largest_worker(m, "max_rss_bytes");
    case FR_MEASURE_leader_faults:
        return leader(m, "minor_faults") + leader(m, "major_faults");
    case FR_MEASURE_leader_switches:
        return leader(m, "voluntary_switches") + leader(m, "involuntary_switches");
    case FR_MEASURE_worker_switches:
        return workers(m, "voluntary_switches") + workers(m, "involuntary_switches");
    case FR_MEASURE_COUNT:
        break;
    }
    return NAN;
}
