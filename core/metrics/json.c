/* SPDX-License-Identifier: MIT */
#include "metrics/names.h"

#include <inttypes.h>
#include <string.h>

static void set_integer(json_t *to, const char *key, uint64_t value)
{
    json_object_set_new(to, key, json_integer((json_int_t)value));
}

static void set_seconds(json_t *to, const char *key, uint64_t ns)
{
    json_object_set_new(to, key, json_real((double)ns / 1e9));
}

/* Times in seconds, under their name with _s. */
static void set_counters(json_t *to, const struct fr_counters *c)
{
    for (const struct fr_counter_name *n = fr_counter_names; n->field; n++) {
        char key[64];
        if (!fr_name_is_time(n->field)) {
            set_integer(to, n->field, fr_counter_value(c, n));
            continue;
        }
        snprintf(key, sizeof(key), "%.*s_s", (int)strlen(n->field) - 3, n->field);
        set_seconds(to, key, fr_counter_value(c, n));
    }
}

static json_t *leader_json(const struct fr_report *r)
{
    json_t *json = json_object();
    set_counters(json, &r->own);
#define X(phase) set_seconds(json, #phase "_s", r->phases.phase##_ns);
    FR_PHASES(X)
#undef X
    return json;
}

static json_t *worker_json(const struct fr_report_worker *w)
{
    json_t *json = json_pack("{s:s, s:s}", "host", w->host, "kernel", w->kernel);
    if (w->has_stats)
        set_counters(json, &w->stats);
    set_integer(json, "pid", w->pid);
    set_integer(json, "threads", w->threads);
    set_integer(json, "rows", w->rows);
    set_integer(json, "tasks", w->tasks);
    return json;
}

static json_t *span_json(const struct fr_histogram *h)
{
    static const struct {
        const char *key;
        double q;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};
    json_t *json = json_object();
    set_integer(json, "count", h->count);
    set_integer(json, "min", h->count ? h->min : 0);
    json_object_set_new(json, "mean", json_real(fr_histogram_mean(h)));
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
        set_integer(json, quantiles[i].key, fr_histogram_quantile(h, quantiles[i].q));
    set_integer(json, "max", h->count ? h->max : 0);
    return json;
}

static json_t *job_json(const struct fr_report *r)
{
    static const char *const payloads[] = {[FR_PAYLOAD_AUTO] = "auto",
                                           [FR_PAYLOAD_INDEX16] = "index16",
                                           [FR_PAYLOAD_INDEX32] = "index32",
                                           [FR_PAYLOAD_SMOOTH] = "smooth",
                                           [FR_PAYLOAD_RAW] = "raw"};
    json_t *json = json_object();
    set_integer(json, "width", r->job.width);
    set_integer(json, "height", r->job.height);
    set_integer(json, "pixels", (uint64_t)r->job.width * r->job.height);
    set_integer(json, "iters", r->job.iters);
    json_object_set_new(json, "payload", json_string(payloads[r->job.payload]));
    set_integer(json, "rows_per_task", r->rows_per_task);
    set_integer(json, "window_rows", r->window_rows);
    return json;
}

static json_t *schedule_json(const struct fr_schedule_counts *c)
{
    json_t *json = json_object();
    set_integer(json, "leases", c->leases);
    set_integer(json, "accepted", c->accepted);
    set_integer(json, "late", c->late);
    set_integer(json, "expired", c->expired);
    set_integer(json, "copies", c->copies);
    set_integer(json, "returned", c->returned);
    return json;
}

json_t *fr_report_json(const struct fr_report *r)
{
    char hash[32], key[32];
    json_t *json = json_object(), *workers = json_array(), *spans = json_object();
    snprintf(hash, sizeof(hash), "%016" PRIx64, r->pixel_hash);
    json_object_set_new(json, "job", job_json(r));
    json_object_set_new(json, "pixel_hash", json_string(hash));
    json_object_set_new(json, "leader", leader_json(r));
    json_object_set_new(json, "schedule", schedule_json(&r->schedule));
    for (size_t i = 0; i < r->worker_count; i++)
        json_array_append_new(workers, worker_json(&r->workers[i]));
    json_object_set_new(json, "workers", workers);
    for (int i = 0; i < FR_SPANS; i++) {
        if (!r->spans[i])
            continue;
        snprintf(key, sizeof(key), "%s_ns", fr_span_names[i]);
        json_object_set_new(spans, key, span_json(r->spans[i]));
    }
    json_object_set_new(json, "histograms", spans);
    return json;
}
