/* SPDX-License-Identifier: MIT
 * exposition.c - GET /metrics: the Prometheus text format, 0.0.4. Counters go over all jobs. */
#include "base/clock.h"
#include "base/usage.h"
#include "base/version.h"
#include "control/server.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static void head(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void counter(FILE *to, const char *name, const char *help, uint64_t value)
{
    head(to, name, "counter", help);
    fprintf(to, "%s %" PRIu64 "\n", name, value);
}

static void gauge(FILE *to, const char *name, const char *help, double value)
{
    head(to, name, "gauge", help);
    fprintf(to, "%s %.9g\n", name, value);
}

static void histogram(FILE *to, const char *name, const char *help,
                      const struct fr_board_span *span)
{
    uint64_t sum = 0;
    head(to, name, "histogram", help);
    for (unsigned i = 0; i < FR_BOARD_BOUNDS; i++) {
        sum += span->counts[i];
        fprintf(to, "%s_bucket{le=\"%.9g\"} %" PRIu64 "\n", name, seconds(fr_board_bounds_ns[i]),
                sum);
    }
    fprintf(to, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64 "\n", name,
            span->count, name, seconds(span->sum_ns), name, span->count);
}

/* What a peer calls itself, as a label's value. */
static void label(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            fputc('\\', to);
        fputc(*text == '\n' ? ' ' : *text, to);
    }
}

static void worker_metric(FILE *to, const struct fr_board_copy *copy, const char *name,
                          const char *type, const char *help,
                          double (*value)(const struct fr_worker_row *row))
{
    head(to, name, type, help);
    for (size_t i = 0; i < copy->worker_count; i++) {
        const struct fr_worker_row *w = &copy->workers[i];
        fprintf(to, "%s{worker=\"%u\",host=\"", name, w->number);
        label(to, w->host);
        fprintf(to, "\"} %.17g\n", value(w));
    }
}

static double rows_of(const struct fr_worker_row *w)
{
    return (double)w->rows;
}

static double pixels_of(const struct fr_worker_row *w)
{
    return (double)w->pixels;
}

static double held_by(const struct fr_worker_row *w)
{
    return w->held;
}

static void put_jobs(FILE *to, const struct fr_board_copy *copy)
{
    const struct fr_board_totals *t = &copy->totals;
    const struct fr_job_facts *current = NULL;
    unsigned queued = 0;
    for (size_t i = 0; i < copy->job_count; i++) {
        queued += copy->jobs[i].state == FR_JOB_QUEUED;
        if (copy->jobs[i].state == FR_JOB_RUNNING)
            current = &copy->jobs[i];
    }
    head(to, "fractal_jobs_total", "counter", "Jobs that ended, by how they did.");
    for (int i = FR_JOB_DONE; i < FR_JOB_STATES; i++)
        fprintf(to, "fractal_jobs_total{state=\"%s\"} %" PRIu64 "\n", fr_job_state_names[i],
                t->jobs[i]);
    gauge(to, "fractal_jobs_queued", "Jobs that wait.", queued);
    gauge(to, "fractal_jobs_running", "Jobs that are rendered just now: 0 or 1.", current != NULL);
    gauge(to, "fractal_job_progress_ratio", "Rows of the running job that are there, 0 to 1.",
          current && current->job.height ? (double)current->accepted_rows / current->job.height
                                         : 0);
}

static void put_process(FILE *to, const struct fr_board_copy *copy)
{
    struct fr_usage usage = fr_usage_process();
    long pages = 0;
    unsigned fds = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm && fscanf(statm, "%*d %ld", &pages) != 1)
        pages = 0;
    if (statm)
        fclose(statm);
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        fds++;
    if (dir)
        closedir(dir);
    head(to, "process_cpu_seconds_total", "counter", "CPU time of the leader, user and system.");
    fprintf(to, "process_cpu_seconds_total %.6f\n", seconds(usage.user_ns + usage.system_ns));
    gauge(to, "process_resident_memory_bytes", "Resident memory of the leader.",
          (double)pages * (double)sysconf(_SC_PAGESIZE));
    gauge(to, "process_open_fds", "Open file descriptors of the leader.", fds > 3 ? fds - 3 : 0);
    gauge(to, "fractal_uptime_seconds", "Since the service began.",
          seconds(copy->now_ns - copy->opened_ns));
}

char *fr_exposition(struct fr_control *c, size_t *len_p)
{
    struct fr_board_copy copy;
    char *text = NULL;
    if (!fr_board_read(c->args.board, &copy))
        return NULL;
    FILE *to = open_memstream(&text, len_p);
    if (!to) {
        fr_board_copy_clear(&copy);
        return NULL;
    }
    const struct fr_board_totals *t = &copy.totals;
    head(to, "fractal_build_info", "gauge", "1; the version is its label.");
    fprintf(to, "fractal_build_info{version=\"%s\"} 1\n", fr_version);
    put_jobs(to, &copy);
    counter(to, "fractal_rows_accepted_total", "Rows of images that were accepted.", t->rows);
    counter(to, "fractal_pixels_accepted_total", "Pixels that were accepted.", t->pixels);
    counter(to, "fractal_tasks_accepted_total", "Tasks that were accepted.", t->tasks);
    counter(to, "fractal_results_late_total", "Results that came after another of their band.",
            t->late);
    counter(to, "fractal_leases_expired_total", "Leases that timed out.", t->expired);
    counter(to, "fractal_leases_copied_total", "Leases that double another near the end.",
            t->copies);
    counter(to, "fractal_leases_returned_total", "Leases whose worker went.", t->returned);
    histogram(to, "fractal_task_network_seconds",
              "Of a task's round trip: neither waiting at the worker nor computed.", &t->network);
    histogram(to, "fractal_task_compute_seconds", "Computing a task, as its worker says.",
              &t->compute);
    histogram(to, "fractal_task_round_trip_seconds", "From a task's assignment to its result.",
              &t->round_trip);
    gauge(to, "fractal_workers", "Workers that are there.", (double)copy.worker_count);
    counter(to, "fractal_workers_joined_total", "Workers that were welcomed.", t->workers_seen);
    worker_metric(to, &copy, "fractal_worker_rows_total", "counter",
                  "Rows accepted from a worker that is there.", rows_of);
    worker_metric(to, &copy, "fractal_worker_pixels_total", "counter",
                  "Pixels accepted from a worker that is there.", pixels_of);
    worker_metric(to, &copy, "fractal_worker_outstanding_tasks", "gauge",
                  "Tasks that a worker holds.", held_by);
    counter(to, "fractal_network_sent_bytes_total", "Bytes of messages to workers.",
            t->net.tx_bytes);
    counter(to, "fractal_network_received_bytes_total", "Bytes of messages from workers.",
            t->net.rx_bytes);
    counter(to, "fractal_network_sent_messages_total", "Messages to workers.", t->net.tx_msgs);
    counter(to, "fractal_network_received_messages_total", "Messages from workers.",
            t->net.rx_msgs);
    counter(to, "fractal_http_requests_total", "Requests to this service.",
            atomic_load(&c->requests));
    counter(to, "fractal_http_refusals_total", "Requests that were not let in.",
            atomic_load(&c->refusals));
    gauge(to, "fractal_http_watchers", "Clients of GET /events.", fr_events_count(c));
    counter(to, "fractal_http_events_bytes_total", "Sent to those who watch.",
            atomic_load(&c->events_bytes));
    put_process(to, &copy);
    fr_board_copy_clear(&copy);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
