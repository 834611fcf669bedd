/* SPDX-License-Identifier: MIT
 * METRICS lines that a script can rely on, and all keys of the JSON, whatever a worker calls
 * itself.
 */
#include "metrics/report.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* Every counter is different, so that none can stand for another. */
static struct fr_counters counters_from(uint64_t base)
{
    struct fr_counters c;
#define X(field) c.field = base += 1000000;
    FR_COUNTERS(X)
#undef X
    return c;
}

static struct fr_report report_new(size_t workers)
{
    struct fr_report r = {
        .own = counters_from(1000),
        .phases = {.wait_ns = 1500000000, .render_ns = 2500000000},
        .job = {.width = 8192, .height = 6144, .iters = 800, .payload = FR_PAYLOAD_INDEX16},
        .rows_per_task = 4,
        .window_rows = 2048,
        .pixel_hash = 0xabc,
        .mechanism = "memfd ring 64 x 1 MiB",
        .schedule =
            {.leases = 7, .accepted = 6, .late = 5, .expired = 4, .copies = 3, .returned = 2},
        .worker_count = workers};
    cr_assert(fr_report_take_spans(&r));
    for (int i = 0; i < FR_SPANS; i++)
        for (uint64_t v = 1; v <= 1000; v++)
            fr_histogram_add(r.spans[i], v * (uint64_t)(i + 1));
    r.workers = calloc(workers + 1, sizeof(*r.workers));
    for (size_t i = 0; i < workers; i++)
        r.workers[i] = (struct fr_report_worker){.host = "host",
                                                 .kernel = "avx2",
                                                 .pid = 100 + (uint32_t)i,
                                                 .threads = 2,
                                                 .rows = 3000,
                                                 .tasks = 750,
                                                 .has_stats = true,
                                                 .stats = counters_from(5000)};
    return r;
}

static char *printed(const struct fr_report *r)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    fr_report_print(r, to);
    fclose(to);
    return text;
}

/* Each line has the form, and none comes twice. Returns how many there are. */
static size_t check_lines(const char *text)
{
    regex_t form;
    size_t count = 0;
    cr_assert_eq(regcomp(&form, "^METRICS (LEADER|WORKER [^[:space:]]+) [^[:space:]]+: .+$",
                         REG_EXTENDED | REG_NOSUB),
                 0);
    char *copy = strdup(text), *save, *line = strtok_r(copy, "\n", &save);
    for (; line; line = strtok_r(NULL, "\n", &save), count++) {
        cr_assert_eq(regexec(&form, line, 0, NULL, 0), 0, "\"%s\"", line);
        char name[300];
        snprintf(name, sizeof(name), "%.*s", (int)(strstr(line, ": ") + 2 - line), line);
        const char *first = strstr(text, name);
        cr_assert(first && !strstr(first + 1, name), "twice: %s", name);
    }
    free(copy);
    regfree(&form);
    return count;
}

Test(report, lines)
{
    struct fr_report r = report_new(2);
    char *text = printed(&r);
    check_lines(text);
    static const char *const wanted[] = {
        "METRICS LEADER image: 8192x6144\n",
        "METRICS LEADER iters: 800\n",
        "METRICS LEADER transport: memfd ring 64 x 1 MiB\n",
        "METRICS LEADER pixel-hash: 0000000000000abc\n",
        "METRICS LEADER workers: 2\n",
        "METRICS LEADER /phase/wait:seconds: 1.500000\n",
        "METRICS LEADER /phase/render:seconds: 2.500000\n",
        "METRICS LEADER /schedule/late:results: 5\n",
        "METRICS LEADER /schedule/returned:leases: 2\n",
        "METRICS LEADER /task/round_trip/p50:seconds: 0.000000500\n",
        "METRICS LEADER /task/compute/p99.9:seconds: 0.000003997\n",
        "METRICS WORKER host/100 rows: 3000\n",
        "METRICS WORKER host/101 kernel: avx2\n",
        "METRICS WORKER host/101 /time/wall:seconds: 0.003005\n", /* 5000 + 3 * 1000000 ns */
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        cr_assert(strstr(text, wanted[i]), "no %s in:\n%s", wanted[i], text);
    free(text);
    fr_report_clear(&r);
}

Test(report, nothing_known)
{
    struct fr_report r = {.job = {.width = 2, .height = 1, .payload = FR_PAYLOAD_RAW}};
    snprintf(r.mechanism, sizeof(r.mechanism), "none");
    cr_assert(fr_report_take_spans(&r)); /* empty ones */
    char *text = printed(&r);
    check_lines(text);
    cr_assert_null(strstr(text, "/task/"));
    free(text);
    fr_report_clear(&r);
    json_t *json = fr_report_json(&r);
    cr_assert_eq(json_object_size(json_object_get(json, "histograms")), 0);
    cr_assert_eq(json_array_size(json_object_get(json, "workers")), 0);
    json_decref(json);
    r = report_new(1);
    r.workers[0].has_stats = false; /* it left without a word */
    text = printed(&r);
    check_lines(text);
    cr_assert(strstr(text, "METRICS WORKER host/100 rows: 3000\n"));
    cr_assert_null(strstr(text, "WORKER host/100 time"));
    free(text);
    fr_report_clear(&r);
}

/* A worker's names are its own: what it says may neither break the lines nor the JSON. */
Test(report, names_of_strangers)
{
    static const char *const names[] = {"", " ", "two words", "a rows: 5", "\"\\{"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fr_report r = report_new(1);
        snprintf(r.workers[0].host, sizeof(r.workers[0].host), "%s", names[i]);
        snprintf(r.workers[0].kernel, sizeof(r.workers[0].kernel), "%s", names[i]);
        char *text = printed(&r);
        check_lines(text);
        free(text);
        json_t *json = fr_report_json(&r), *workers = json_object_get(json, "workers");
        cr_assert_eq(json_array_size(workers), 1, "\"%s\" is lost", names[i]);
        json_t *worker = json_array_get(workers, 0);
        cr_assert_eq(json_integer_value(json_object_get(worker, "rows")), 3000);
        cr_assert(json_is_string(json_object_get(worker, "host")));
        cr_assert(json_is_string(json_object_get(worker, "kernel")));
        char *dump = json_dumps(json, 0);
        cr_assert_not_null(dump);
        free(dump);
        json_decref(json);
        fr_report_clear(&r);
    }
}

/* --------------------------------------------------------------------------- JSON */

#define COUNTERS                                                                                   \
    "wall_s cpu_user_s cpu_system_s max_rss_bytes minor_faults major_faults voluntary_switches "   \
    "involuntary_switches allocated_bytes tx_msgs tx_bytes rx_msgs rx_bytes tx_again "             \
    "copied_bytes idle_s"

static void has(const json_t *json, const char *keys)
{
    char *copy = strdup(keys), *save;
    for (char *key = strtok_r(copy, " ", &save); key; key = strtok_r(NULL, " ", &save)) {
        const json_t *value = json_object_get(json, key);
        size_t len = strlen(key);
        cr_assert_not_null(value, "no %s", key);
        if (len > 2 && strcmp(key + len - 2, "_s") == 0)
            cr_assert(json_is_real(value), "%s is no real", key);
    }
    free(copy);
}

static json_int_t whole(const json_t *json, const char *object, const char *key)
{
    const json_t *value = json_object_get(json_object_get(json, object), key);
    cr_assert(json_is_integer(value), "%s.%s", object, key);
    return json_integer_value(value);
}

Test(report, json)
{
    struct fr_report r = report_new(3);
    json_t *json = fr_report_json(&r);
    has(json, "job pixel_hash leader schedule workers histograms");
    cr_assert_str_eq(json_string_value(json_object_get(json, "pixel_hash")), "0000000000000abc");
    has(json_object_get(json, "job"),
        "width height iters payload rows_per_task window_rows pixels");
    cr_assert_eq(whole(json, "job", "pixels"), 8192 * 6144);
    cr_assert_eq(whole(json, "job", "window_rows"), 2048);
    cr_assert_str_eq(json_string_value(json_object_get(json_object_get(json, "job"), "payload")),
                     "index16");
    has(json_object_get(json, "leader"),
        "wait_s first_row_s render_s write_s drain_s colour_s encode_s " COUNTERS);
    cr_assert_eq(whole(json, "leader", "tx_bytes"), (json_int_t)r.own.tx_bytes);
    cr_assert_eq(whole(json, "leader", "rx_bytes"), (json_int_t)r.own.rx_bytes);
    cr_assert_float_eq(json_real_value(json_object_get(json_object_get(json, "leader"), "wait_s")),
                       1.5, 1e-12);
    cr_assert_eq(whole(json, "schedule", "leases"), 7);
    cr_assert_eq(whole(json, "schedule", "accepted"), 6);
    cr_assert_eq(whole(json, "schedule", "late"), 5);
    cr_assert_eq(whole(json, "schedule", "expired"), 4);
    cr_assert_eq(whole(json, "schedule", "copies"), 3);
    cr_assert_eq(whole(json, "schedule", "returned"), 2);
    const json_t *workers = json_object_get(json, "workers");
    cr_assert_eq(json_array_size(workers), 3);
    for (size_t i = 0; i < 3; i++)
        has(json_array_get(workers, i),
            "host pid threads kernel rows tasks connect_s compute_s starved_s " COUNTERS);
    static const char *const spans[] = {"round_trip_ns", "network_ns", "queue_ns", "compute_ns"};
    for (size_t i = 0; i < 4; i++) {
        const json_t *span = json_object_get(json_object_get(json, "histograms"), spans[i]);
        cr_assert_not_null(span, "%s", spans[i]);
        has(span, "count min mean p50 p90 p99 p999 max");
        json_int_t k = (json_int_t)i + 1;
        cr_assert_eq(json_integer_value(json_object_get(span, "count")), 1000);
        cr_assert_eq(json_integer_value(json_object_get(span, "p90")) / k, 900);
        cr_assert_eq(json_integer_value(json_object_get(span, "max")), 1000 * k);
    }
    json_decref(json);
    fr_report_clear(&r);
    cr_assert(!r.workers && !r.spans[0]);
}

Test(report, counters_take)
{
    const struct fr_usage usage = {.user_ns = 1,
                                   .system_ns = 2,
                                   .minor_faults = 3,
                                   .major_faults = 4,
                                   .voluntary_switches = 5,
                                   .involuntary_switches = 6,
                                   .max_rss_bytes = 7,
                                   .allocated_bytes = 8};
    const struct fr_stats net = {.tx_msgs = 9,
                                 .tx_bytes = 10,
                                 .rx_msgs = 11,
                                 .rx_bytes = 12,
                                 .tx_again = 13,
                                 .copied_bytes = 14};
    struct fr_counters c = {.rows = 99, .wall_ns = 98};
    fr_counters_take(&c, &usage, &net);
    cr_assert(c.rows == 99 && c.wall_ns == 98);
    cr_assert(c.cpu_user_ns == 1 && c.cpu_system_ns == 2 && c.minor_faults == 3 &&
              c.major_faults == 4 && c.voluntary_switches == 5 && c.involuntary_switches == 6 &&
              c.max_rss_bytes == 7 && c.allocated_bytes == 8 && c.tx_msgs == 9 &&
              c.tx_bytes == 10 && c.rx_msgs == 11 && c.rx_bytes == 12 && c.tx_again == 13 &&
              c.copied_bytes == 14);
}
