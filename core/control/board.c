/* SPDX-License-Identifier: MIT */
#include "control/board.h"

#include "base/clock.h"
#include "control/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const fr_job_state_names[FR_JOB_STATES] = {"queued", "running", "done", "failed",
                                                       "cancelled"};

struct fr_board_job {
    struct fr_board_job *next;
    struct fr_job_facts facts;
    void *work; /* NULL once it has ended */
    atomic_bool cancel;
};

struct fr_board {
    pthread_mutex_t lock;
    void (*free_work)(void *work);
    /* all under lock */
    struct fr_leader *leader;
    void (*ring)(void *ctx);
    void *ring_ctx;
    struct fr_board_job *first, **end, *running;
    uint32_t last_id, queued, ended;
    struct fr_worker_row *workers;
    size_t worker_count, worker_cap;
    struct fr_board_totals totals;
    char address[256], mechanism[128];
    uint64_t opened_ns, updated_ns;
    bool ready;
    /* the loop's own */
    struct fr_tally tally;
    /* with a lock of its own */
    struct fr_preview preview;
};

struct fr_board *fr_board_new(void (*free_work)(void *work))
{
    struct fr_board *b = calloc(1, sizeof(*b));
    if (!b || !fr_preview_init(&b->preview)) {
        free(b);
        return NULL;
    }
    pthread_mutex_init(&b->lock, NULL);
    b->free_work = free_work;
    b->end = &b->first;
    b->opened_ns = fr_now_ns();
    return b;
}

static void free_job(struct fr_board *b, struct fr_board_job *job)
{
    if (job->work)
        b->free_work(job->work);
    free(job);
}

void fr_board_free(struct fr_board *b)
{
    if (!b)
        return;
    while (b->first) {
        struct fr_board_job *job = b->first;
        b->first = job->next;
        free_job(b, job);
    }
    fr_preview_clear(&b->preview);
    pthread_mutex_destroy(&b->lock);
    free(b->workers);
    fr_tally_clear(&b->tally);
    free(b);
}

/* ----------------------------------------------------------------- the loop */

void fr_board_set_leader(struct fr_board *b, struct fr_leader *leader)
{
    pthread_mutex_lock(&b->lock);
    b->leader = leader;
    b->ready = leader != NULL;
    pthread_mutex_unlock(&b->lock);
}

void fr_board_set_bell(struct fr_board *b, void (*ring)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&b->lock);
    b->ring = ring;
    b->ring_ctx = ctx;
    pthread_mutex_unlock(&b->lock);
}

struct fr_board_job *fr_board_take(struct fr_board *b)
{
    pthread_mutex_lock(&b->lock);
    struct fr_board_job *job = b->first;
    while (job && job->facts.state != FR_JOB_QUEUED)
        job = job->next;
    if (job) {
        job->facts.state = FR_JOB_RUNNING;
        job->facts.begun_ns = fr_now_ns();
        b->queued--;
        b->running = job;
    }
    pthread_mutex_unlock(&b->lock);
    if (job) {
        b->tally.counted = (struct fr_schedule_counts){0};
        fr_preview_begin(&b->preview, job->facts.id, &job->facts.job);
    }
    return job;
}

void *fr_board_work(const struct fr_board_job *job)
{
    return job->work;
}

uint32_t fr_board_id(const struct fr_board_job *job)
{
    return job->facts.id;
}

const atomic_bool *fr_board_cancelled(const struct fr_board_job *job)
{
    return &job->cancel;
}

bool fr_board_waiting(struct fr_board *b)
{
    pthread_mutex_lock(&b->lock);
    bool any = b->queued > 0;
    pthread_mutex_unlock(&b->lock);
    return any;
}

void fr_board_result(struct fr_board *b, const struct fr_desk_result *result)
{
    fr_tally_result(&b->tally, result, b->preview.head.width);
    fr_preview_take(&b->preview, result);
}

/* Under the lock. */
static void copy_workers(struct fr_board *b, const struct fr_member *first, uint64_t now_ns)
{
    size_t count = 0, at = 0;
    for (const struct fr_member *m = first; m; m = m->next)
        count += m->facts.number > 0;
    if (count > b->worker_cap) {
        struct fr_worker_row *rows = realloc(b->workers, 2 * count * sizeof(*rows));
        if (!rows)
            return;
        b->workers = rows;
        b->worker_cap = 2 * count;
    }
    b->worker_count = 0;
    for (const struct fr_member *m = first; m; m = m->next) {
        const struct fr_member_facts *f = &m->facts;
        if (f->number == 0)
            continue;
        struct fr_worker_row *row = &b->workers[b->worker_count++];
        *row = (struct fr_worker_row){
            .number = f->number,
            .pid = f->pid,
            .threads = f->threads,
            .held = m->place ? fr_schedule_outstanding(m->place) : 0,
            .rows = f->rows,
            .pixels = f->pixels,
            .tasks = f->tasks,
            .network_p50_ns = fr_sketch_quantile(&f->network, 0.5),
            .network_p99_ns = fr_sketch_quantile(&f->network, 0.99),
            .pixels_per_s = fr_tally_rate(&b->tally, &at, f->number, f->pixels, now_ns),
            .leaving = m->state != FR_MEMBER_WORKING};
        memcpy(row->host, f->host, sizeof(row->host));
        memcpy(row->kernel, f->kernel, sizeof(row->kernel));
        if (f->number > b->tally.live.workers_seen)
            b->tally.live.workers_seen = f->number;
    }
}

static void take_network(struct fr_job_facts *facts, const struct fr_report *report)
{
    const struct fr_histogram *network = report->spans[FR_SPAN_NETWORK];
    if (!network || network->count == 0)
        return;
    facts->network_p50_ns = fr_histogram_quantile(network, 0.5);
    facts->network_p99_ns = fr_histogram_quantile(network, 0.99);
}

void fr_board_update(struct fr_board *b, struct fr_leader *leader)
{
    struct fr_leader_look look;
    uint64_t now_ns = fr_now_ns();
    fr_leader_look(leader, &look);
    if (look.rendering)
        fr_tally_schedule(&b->tally, &look.schedule);
    b->tally.live.net = look.net;
    pthread_mutex_lock(&b->lock);
    copy_workers(b, look.first, now_ns);
    memcpy(b->tally.live.jobs, b->totals.jobs, sizeof(b->tally.live.jobs));
    b->totals = b->tally.live;
    b->updated_ns = now_ns;
    snprintf(b->address, sizeof(b->address), "%s", look.attr->address);
    snprintf(b->mechanism, sizeof(b->mechanism), "%s", look.attr->mechanism);
    if (look.rendering && b->running) {
        struct fr_job_facts *facts = &b->running->facts;
        facts->started_ns = look.started_ns;
        facts->accepted_rows = look.accepted_rows;
        facts->written_rows = look.written_rows;
        if (look.report)
            take_network(facts, look.report);
    }
    pthread_mutex_unlock(&b->lock);
}

/* Under the lock: the oldest that have ended are forgotten. */
static void forget(struct fr_board *b)
{
    struct fr_board_job **link = &b->first;
    while (*link && b->ended > FR_BOARD_ENDED) {
        struct fr_board_job *job = *link;
        if (job->facts.state == FR_JOB_QUEUED || job->facts.state == FR_JOB_RUNNING) {
            link = &job->next;
            continue;
        }
        *link = job->next;
        if (b->end == &job->next)
            b->end = link;
        b->ended--;
        free_job(b, job);
    }
}

/* Under the lock. */
static void end_job(struct fr_board *b, struct fr_board_job *job, enum fr_job_state state)
{
    job->facts.state = state;
    job->facts.ended_ns = fr_now_ns();
    b->totals.jobs[state]++;
    b->ended++;
    forget(b);
}

/* Not under the lock: the service takes it while it holds its own. */
static void ring_bell(struct fr_board *b)
{
    pthread_mutex_lock(&b->lock);
    void (*ring)(void *ctx) = b->ring;
    void *ctx = b->ring_ctx;
    pthread_mutex_unlock(&b->lock);
    if (ring)
        ring(ctx);
}

void fr_board_end(struct fr_board *b, const struct fr_report *report, const struct fr_error *err)
{
    struct stat info;
    /* Its outputs are closed: what it was made with can go. */
    struct fr_board_job *job = b->running;
    b->free_work(job->work);
    pthread_mutex_lock(&b->lock);
    job->work = NULL;
    b->running = NULL;
    struct fr_job_facts *facts = &job->facts;
    enum fr_job_state state = FR_JOB_DONE;
    if (report) {
        facts->accepted_rows = facts->written_rows = report->job.height;
        facts->pixel_hash = report->pixel_hash;
        facts->started_ns = facts->begun_ns + report->phases.wait_ns;
        take_network(facts, report);
        if (*facts->path && stat(facts->path, &info) == 0) {
            facts->file_id[0] = info.st_dev;
            facts->file_id[1] = info.st_ino;
        }
    } else {
        state = atomic_load(&job->cancel) ? FR_JOB_CANCELLED : FR_JOB_FAILED;
        snprintf(facts->error, sizeof(facts->error), "%s", err->text);
    }
    end_job(b, job, state);
    pthread_mutex_unlock(&b->lock);
    ring_bell(b);
}

/* -------------------------------------------------------------- the service */

/* Under the lock. */
static struct fr_board_job *find(struct fr_board *b, uint32_t id)
{
    struct fr_board_job *job = b->first;
    while (job && job->facts.id != id)
        job = job->next;
    return job;
}

uint32_t fr_board_submit(struct fr_board *b, const struct fr_job_facts *facts, void *work)
{
    struct fr_board_job *job = calloc(1, sizeof(*job));
    uint32_t id = 0;
    if (!job)
        return 0;
    job->facts = *facts;
    job->work = work;
    pthread_mutex_lock(&b->lock);
    if (b->queued < FR_BOARD_QUEUE) {
        id = job->facts.id = ++b->last_id;
        job->facts.state = FR_JOB_QUEUED;
        job->facts.queued_ns = fr_now_ns();
        *b->end = job;
        b->end = &job->next;
        b->queued++;
        if (b->leader)
            fr_leader_wake(b->leader);
        job = NULL;
    }
    pthread_mutex_unlock(&b->lock);
    free(job);
    return id;
}

enum fr_cancel fr_board_cancel(struct fr_board *b, uint32_t id)
{
    enum fr_cancel result = FR_CANCEL_ENDED;
    void *work = NULL;
    pthread_mutex_lock(&b->lock);
    struct fr_board_job *job = find(b, id);
    if (!job) {
        result = FR_CANCEL_UNKNOWN;
    } else if (job->facts.state == FR_JOB_QUEUED) {
        work = job->work;
        job->work = NULL;
        b->queued--;
        end_job(b, job, FR_JOB_CANCELLED);
        result = FR_CANCEL_DONE;
    } else if (job->facts.state == FR_JOB_RUNNING) {
        atomic_store(&job->cancel, true);
        if (b->leader)
            fr_leader_wake(b->leader);
        result = FR_CANCEL_ASKED;
    }
    pthread_mutex_unlock(&b->lock);
    if (work)
        b->free_work(work);
    if (result == FR_CANCEL_DONE)
        ring_bell(b);
    return result;
}

bool fr_board_find(struct fr_board *b, uint32_t id, struct fr_job_facts *facts_p)
{
    pthread_mutex_lock(&b->lock);
    const struct fr_board_job *job = find(b, id);
    if (job)
        *facts_p = job->facts;
    pthread_mutex_unlock(&b->lock);
    return job != NULL;
}

struct fr_preview *fr_board_preview(struct fr_board *b)
{
    return &b->preview;
}

bool fr_board_read(struct fr_board *b, struct fr_board_copy *copy_p)
{
    struct fr_board_copy copy = {.now_ns = fr_now_ns()};
    pthread_mutex_lock(&b->lock);
    copy.jobs = calloc(b->ended + b->queued + 2, sizeof(*copy.jobs));
    copy.workers = calloc(b->worker_count + 1, sizeof(*copy.workers));
    if (copy.jobs && copy.workers) {
        for (const struct fr_board_job *job = b->first; job; job = job->next)
            copy.jobs[copy.job_count++] = job->facts;
        copy.worker_count = b->worker_count;
        if (b->worker_count > 0)
            memcpy(copy.workers, b->workers, b->worker_count * sizeof(*copy.workers));
    }
    copy.totals = b->totals;
    copy.opened_ns = b->opened_ns;
    copy.updated_ns = b->updated_ns;
    copy.ready = b->ready;
    memcpy(copy.address, b->address, sizeof(copy.address));
    memcpy(copy.mechanism, b->mechanism, sizeof(copy.mechanism));
    pthread_mutex_unlock(&b->lock);
    if (!copy.jobs || !copy.workers) {
        fr_board_copy_clear(&copy);
        return false;
    }
    *copy_p = copy;
    return true;
}

void fr_board_copy_clear(struct fr_board_copy *copy)
{
    free(copy->jobs);
    free(copy->workers);
    *copy = (struct fr_board_copy){0};
}
