/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/version.h"
#include "control/server.h"

#include <string.h>

json_t *fr_tell_text(const char *text)
{
    char plain[2048];
    json_t *json = json_string(text);
    size_t n = 0;
    if (json)
        return json;
    for (; n < sizeof(plain) - 1 && text[n]; n++) /* cut in the middle of a character */
        plain[n] = text[n] < ' ' || text[n] > '~' ? '?' : text[n];
    plain[n] = '\0';
    return json_string(plain);
}

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static void set_since(json_t *to, const char *key, uint64_t then_ns, uint64_t now_ns)
{
    json_object_set_new(
        to, key, then_ns && now_ns > then_ns ? json_real(seconds(now_ns - then_ns)) : json_null());
}

/* Rate and remaining time, as far as they can be told. */
static void set_progress(json_t *to, const struct fr_job_facts *f, uint64_t now_ns)
{
    double done =
        ((double)f->accepted_rows + f->written_rows) / (2.0 * (f->job.height ? f->job.height : 1));
    uint64_t until_ns = f->ended_ns ? f->ended_ns : now_ns;
    double took = f->started_ns && until_ns > f->started_ns ? seconds(until_ns - f->started_ns) : 0;
    json_t *rate = json_null(), *remaining = json_null();
    if (took > 0)
        rate = json_real((double)f->accepted_rows * f->job.width / took);
    if (f->state == FR_JOB_RUNNING && took > 0 && done > 0)
        remaining = json_real(took * (1 - done) / done);
    json_object_set_new(to, "progress", json_real(f->state == FR_JOB_DONE ? 1.0 : done));
    json_object_set_new(to, "pixels_per_second", rate);
    json_object_set_new(to, "remaining_seconds", remaining);
}

json_t *fr_tell_job(const struct fr_job_facts *f, uint64_t now_ns)
{
    char hash[32];
    const struct fr_job_spec *spec = &f->spec;
    bool waits = f->state == FR_JOB_RUNNING && !f->started_ns;
    json_t *given = json_pack(
        "{s:i, s:i, s:i, s:f, s:f, s:f, s:i, s:I, s:o, s:s, s:s}", "width", (int)spec->width,
        "height", (int)spec->height, "smoothness", (int)spec->smoothness, "xpos", spec->xpos,
        "ypos", spec->ypos, "escape_radius", spec->escape_radius, "iters", (int)spec->iters, "step",
        (json_int_t)f->step, "palette", fr_tell_text(f->palette), "view",
        spec->view == FR_VIEW_CLASSIC ? "classic" : "exact", "coloring",
        spec->coloring == FR_COLORING_CLASSIC ? "classic" : "smooth");
    json_t *json = json_pack(
        "{s:I, s:s, s:o?, s:[f, f, f, f], s:I, s:I, s:I, s:I, s:o}", "id", (json_int_t)f->id,
        "state", waits ? "waiting" : fr_job_state_names[f->state], "job", given, "corners",
        f->job.xmin, f->job.xmax, f->job.ymin, f->job.ymax, "columns", (json_int_t)f->job.width,
        "rows", (json_int_t)f->job.height, "accepted_rows", (json_int_t)f->accepted_rows,
        "written_rows", (json_int_t)f->written_rows, "file", fr_tell_text(f->file));
    if (!json)
        return NULL;
    set_progress(json, f, now_ns);
    set_since(json, "queued_seconds", f->queued_ns, f->begun_ns ? f->begun_ns : now_ns);
    set_since(json, "elapsed_seconds", f->begun_ns, f->ended_ns ? f->ended_ns : now_ns);
    json_object_set_new(json, "network_p50_seconds", json_real(seconds(f->network_p50_ns)));
    json_object_set_new(json, "network_p99_seconds", json_real(seconds(f->network_p99_ns)));
    if (f->state == FR_JOB_DONE) {
        snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)f->pixel_hash);
        json_object_set_new(json, "pixel_hash", json_string(hash));
    }
    if (*f->error)
        json_object_set_new(json, "error", fr_tell_text(f->error));
    return json;
}

static json_t *tell_worker(const struct fr_worker_row *w)
{
    const char *state = w->leaving ? "leaving" : w->held ? "working" : "idle";
    return json_pack("{s:I, s:o, s:I, s:I, s:o, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "worker",
                     (json_int_t)w->number, "host", fr_tell_text(w->host), "pid",
                     (json_int_t)w->pid, "threads", (json_int_t)w->threads, "kernel",
                     fr_tell_text(w->kernel), "state", state, "rows", (json_int_t)w->rows, "pixels",
                     (json_int_t)w->pixels, "tasks", (json_int_t)w->tasks, "outstanding_tasks",
                     (json_int_t)w->held, "pixels_per_second", w->pixels_per_s,
                     "network_p50_seconds", seconds(w->network_p50_ns), "network_p99_seconds",
                     seconds(w->network_p99_ns));
}

json_t *fr_tell_status(struct fr_board *board, size_t most_jobs, size_t most_workers)
{
    struct fr_board_copy copy;
    if (!fr_board_read(board, &copy))
        return NULL;
    json_t *jobs = json_array(), *workers = json_array(), *current = json_null();
    json_int_t queued = 0;
    for (size_t i = 0; i < copy.job_count; i++) {
        const struct fr_job_facts *f = &copy.jobs[i];
        queued += f->state == FR_JOB_QUEUED;
        if (f->state == FR_JOB_RUNNING)
            current = fr_tell_job(f, copy.now_ns);
        if (copy.job_count - i <= most_jobs)
            json_array_append_new(jobs, fr_tell_job(f, copy.now_ns));
    }
    for (size_t i = 0; i < copy.worker_count && i < most_workers; i++)
        json_array_append_new(workers, tell_worker(&copy.workers[i]));
    const char *state = !copy.ready ? "starting" : json_is_null(current) ? "idle" : "rendering";
    json_t *json = json_pack(
        "{s:s, s:s, s:f, s:s, s:s, s:I, s:o, s:o, s:I, s:o}", "version", fr_version, "state", state,
        "uptime_seconds", seconds(copy.now_ns - copy.opened_ns), "address", copy.address,
        "mechanism", copy.mechanism, "queued", queued, "current", current, "jobs", jobs,
        "worker_count", (json_int_t)copy.worker_count, "workers", workers);
    fr_board_copy_clear(&copy);
    return json;
}
