/* SPDX-License-Identifier: MIT */
#include "metrics/report.h"

#include <inttypes.h>
#include <stdlib.h>

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static void print_worker(const struct fr_report_worker *w, FILE *to)
{
    char who[96];
    snprintf(who, sizeof(who), "METRICS WORKER %s/%u", w->host, w->pid);
    fprintf(to, "%s threads: %u\n", who, w->threads);
    fprintf(to, "%s rows: %" PRIu64 "\n", who, w->rows);
    fprintf(to, "%s tasks: %" PRIu64 "\n", who, w->tasks);
    if (w->tasks > 0) {
        uint64_t busy_ns = w->queue_ns + w->compute_ns;
        uint64_t network_ns = w->round_trip_ns > busy_ns ? w->round_trip_ns - busy_ns : 0;
        fprintf(to, "%s compute: %.6fs\n", who, seconds(w->compute_ns));
        fprintf(to, "%s queue-mean: %.6fs\n", who, seconds(w->queue_ns) / (double)w->tasks);
        fprintf(to, "%s network-mean: %.6fs\n", who, seconds(network_ns) / (double)w->tasks);
    }
    if (!w->has_stats) /* it left without a word */
        return;
    const struct fr_worker_stats *s = &w->stats;
    fprintf(to, "%s time: %.3fs\n", who, seconds(s->wall_ns));
    fprintf(to, "%s cpu-user: %.3fs\n", who, seconds(s->cpu_user_ns));
    fprintf(to, "%s cpu-system: %.3fs\n", who, seconds(s->cpu_system_ns));
    fprintf(to, "%s max-rss: %" PRIu64 "B\n", who, s->max_rss_bytes);
    fprintf(to, "%s sent: %" PRIu64 "B\n", who, s->tx_bytes);
    fprintf(to, "%s received: %" PRIu64 "B\n", who, s->rx_bytes);
    fprintf(to, "%s copied: %" PRIu64 "B\n", who, s->copied_bytes);
    fprintf(to, "%s back-pressure: %" PRIu64 "\n", who, s->tx_again);
}

void fr_report_print(const struct fr_report *r, FILE *to)
{
    static const char leader[] = "METRICS LEADER";
    fprintf(to, "%s time: %.3fs\n", leader, seconds(r->wall_ns));
    fprintf(to, "%s wait: %.3fs\n", leader, seconds(r->wait_ns));
    fprintf(to, "%s render: %.3fs\n", leader, seconds(r->render_ns));
    fprintf(to, "%s write: %.3fs\n", leader, seconds(r->write_ns));
    fprintf(to, "%s image: %ux%u\n", leader, r->width, r->height);
    fprintf(to, "%s iters: %u\n", leader, r->iters);
    fprintf(to, "%s transport: %s\n", leader, r->mechanism);
    fprintf(to, "%s rows-per-task: %u\n", leader, r->rows_per_task);
    fprintf(to, "%s window-rows: %u\n", leader, r->window_rows);
    fprintf(to, "%s pixel-hash: %016" PRIx64 "\n", leader, r->pixel_hash);
    fprintf(to, "%s workers: %zu\n", leader, r->worker_count);
    fprintf(to, "%s cpu-user: %.3fs\n", leader, seconds(r->usage.user_ns));
    fprintf(to, "%s cpu-system: %.3fs\n", leader, seconds(r->usage.system_ns));
    fprintf(to, "%s max-rss: %" PRIu64 "B\n", leader, r->usage.max_rss_bytes);
    fprintf(to, "%s sent: %" PRIu64 "B\n", leader, r->net.tx_bytes);
    fprintf(to, "%s received: %" PRIu64 "B\n", leader, r->net.rx_bytes);
    fprintf(to, "%s copied: %" PRIu64 "B\n", leader, r->net.copied_bytes);
    fprintf(to, "%s back-pressure: %" PRIu64 "\n", leader, r->net.tx_again);
    fprintf(to, "%s leases: %" PRIu64 "\n", leader, r->schedule.leases);
    fprintf(to, "%s late-results: %" PRIu64 "\n", leader, r->schedule.late);
    fprintf(to, "%s expired-leases: %" PRIu64 "\n", leader, r->schedule.expired);
    fprintf(to, "%s tail-copies: %" PRIu64 "\n", leader, r->schedule.copies);
    fprintf(to, "%s returned-leases: %" PRIu64 "\n", leader, r->schedule.returned);
    for (size_t i = 0; i < r->worker_count; i++)
        print_worker(&r->workers[i], to);
}

void fr_report_clear(struct fr_report *report)
{
    free(report->workers);
    *report = (struct fr_report){0};
}
