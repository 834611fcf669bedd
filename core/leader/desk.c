/* SPDX-License-Identifier: MIT */
#include "leader/desk.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREET_MS  10000 /* from connecting to Hello            */
#define SILENT_MS 500   /* the same, when the job is done else */

static struct fr_report_worker *record_of(struct fr_desk *desk, const struct fr_member *m)
{
    return &desk->report->workers[m->record];
}

/* "node7/1234" where it has said so. */
static const char *name_of(const struct fr_member *m, char *buf, size_t cap)
{
    if (m->facts.number == 0)
        snprintf(buf, cap, "peer %u", m->peer);
    else
        snprintf(buf, cap, "%s/%u", m->facts.host, m->facts.pid);
    return buf;
}

static void post(struct fr_desk *desk, struct fr_member *m, const struct fr_to_worker *msg)
{
    uint8_t bytes[FR_WIRE_CONTROL_BYTES];
    size_t len = fr_wire_pack_to_worker(msg, bytes, sizeof(bytes));
    if (fr_outbox_post(&m->outbox, &desk->endpoint, m->peer, bytes, len) == FR_ENOMEM)
        desk->endpoint.ops->drop(desk->endpoint.ep, m->peer); /* its PEER_DOWN sets all right */
}

/* It computes no more: what it held goes to others. */
static void retire(struct fr_desk *desk, struct fr_member *m, enum fr_member_state state)
{
    if (m->place)
        fr_schedule_leave(desk->schedule, m->place);
    m->place = NULL;
    desk->members.working -= m->state == FR_MEMBER_WORKING;
    m->state = state;
}

/* A peer that breaks the rules is dropped, never believed. Logged once: nothing follows. */
static void drop(struct fr_desk *desk, struct fr_member *m, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void drop(struct fr_desk *desk, struct fr_member *m, const char *fmt, ...)
{
    char why[256], name[96];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    fr_log(FR_LOG_WARN, "dropped %s: %s", name_of(m, name, sizeof(name)), why);
    retire(desk, m, FR_MEMBER_DROPPED);
    desk->endpoint.ops->drop(desk->endpoint.ep, m->peer);
}

/* ------------------------------------------------------------------ joining */

static void refuse(struct fr_desk *desk, struct fr_member *m, const char *why)
{
    struct fr_to_worker msg = {.kind = FR_WIRE_WELCOME, .welcome = {.protocol = FR_WIRE_PROTOCOL}};
    snprintf(msg.welcome.refusal, sizeof(msg.welcome.refusal), "%s", why);
    fr_log(FR_LOG_WARN, "refused peer %u: %s", m->peer, why);
    post(desk, m, &msg);
    m->state = FR_MEMBER_LEAVING; /* it goes by itself, or is dropped when greet_by_ns comes */
}

static void send_job(struct fr_desk *desk, struct fr_member *m)
{
    struct fr_to_worker msg = {.kind = FR_WIRE_JOB, .job_id = desk->job_id, .job = m->job};
    post(desk, m, &msg);
}

static void send_finish(struct fr_desk *desk, struct fr_member *m)
{
    struct fr_to_worker msg = {.kind = FR_WIRE_FINISH, .finish = {.job = desk->job_id}};
    post(desk, m, &msg);
}

static bool add_record(struct fr_desk *desk, struct fr_member *m)
{
    struct fr_report *report = desk->report;
    struct fr_report_worker *workers =
        realloc(report->workers, (report->worker_count + 1) * sizeof(*workers));
    if (!workers)
        return false;
    report->workers = workers;
    m->record = report->worker_count++;
    struct fr_report_worker *record = &workers[m->record];
    *record = (struct fr_report_worker){.pid = m->facts.pid, .threads = m->facts.threads};
    memcpy(record->host, m->facts.host, sizeof(record->host));
    memcpy(record->kernel, m->facts.kernel, sizeof(record->kernel));
    return true;
}

/* Its part in the job; false: out of memory. */
static bool place(struct fr_desk *desk, struct fr_member *m)
{
    m->place = fr_schedule_join(desk->schedule, m->facts.credits, m->facts.threads);
    if (m->place && add_record(desk, m)) {
        m->job = *desk->job;
        if (m->facts.raw_only)
            m->job.payload = FR_PAYLOAD_RAW;
        return true;
    }
    if (m->place)
        fr_schedule_leave(desk->schedule, m->place);
    m->place = NULL;
    return false;
}

/* In a time that does not tell how much of it was right. */
static bool same_token(const char *want, const char *have)
{
    size_t want_len = strlen(want), have_len = strlen(have);
    unsigned char differs = want_len != have_len;
    for (size_t i = 0; i < have_len; i++)
        differs |= (unsigned char)(have[i] ^ (want_len ? want[i % want_len] : 1));
    return want_len == 0 || !differs;
}

static void take_hello(struct fr_desk *desk, struct fr_member *m, const struct fr_hello *hello)
{
    if (m->state != FR_MEMBER_GREETING) {
        drop(desk, m, "said Hello twice");
        return;
    }
    if (hello->protocol != FR_WIRE_PROTOCOL) {
        char why[128];
        snprintf(why, sizeof(why), "it speaks protocol %u (version \"%s\"), this leader %u",
                 hello->protocol, hello->version, FR_WIRE_PROTOCOL);
        refuse(desk, m, why);
        return;
    }
    if (!same_token(desk->token, hello->token)) {
        refuse(desk, m, *hello->token ? "its token is wrong" : "it gave no token");
        return;
    }
    if (hello->credits == 0 || hello->threads == 0) {
        refuse(desk, m, "it offers no thread or no credit");
        return;
    }
    m->facts = (struct fr_member_facts){.pid = hello->pid,
                                        .threads = hello->threads,
                                        .credits = hello->credits,
                                        .raw_only = hello->capabilities & FR_HELLO_RAW_ONLY};
    snprintf(m->facts.host, sizeof(m->facts.host), "%s", hello->host);
    snprintf(m->facts.kernel, sizeof(m->facts.kernel), "%s", hello->instruction_set);
    if (desk->schedule && !place(desk, m)) {
        refuse(desk, m, "out of memory");
        return;
    }
    m->facts.number = ++desk->welcomed;
    m->state = FR_MEMBER_WORKING;
    desk->members.working++;
    fr_log(FR_LOG_DEBUG, "worker %s/%u joined: %u thread%s, %s, %u credits", hello->host,
           hello->pid, hello->threads, hello->threads == 1 ? "" : "s", hello->instruction_set,
           hello->credits);
    struct fr_to_worker msg = {
        .kind = FR_WIRE_WELCOME,
        .welcome = {.protocol = FR_WIRE_PROTOCOL, .worker = m->facts.number}};
    post(desk, m, &msg);
    if (m->place)
        send_job(desk, m);
    if (desk->finished)
        send_finish(desk, m);
}

/* --------------------------------------------------------------------- jobs */

void fr_desk_begin(struct fr_desk *desk, const struct fr_desk_job *job)
{
    desk->job = job->job;
    desk->job_id = job->id;
    desk->schedule = job->schedule;
    desk->raster = job->raster;
    desk->report = job->report;
    desk->started = false;
    desk->first_row_ns = 0;
    for (struct fr_member *m = desk->members.first; m; m = m->next) {
        m->record = SIZE_MAX;
        if (m->state != FR_MEMBER_WORKING)
            continue;
        if (place(desk, m))
            send_job(desk, m);
        else
            drop(desk, m, "out of memory");
    }
}

void fr_desk_end(struct fr_desk *desk)
{
    for (struct fr_member *m = desk->members.first; m; m = m->next) {
        if (m->place)
            fr_schedule_leave(desk->schedule, m->place);
        m->place = NULL;
        m->record = SIZE_MAX;
    }
    desk->schedule = NULL;
    desk->raster = NULL;
    desk->report = NULL;
    desk->job = NULL;
    desk->started = false;
    desk->status = FR_OK;
}

/* ------------------------------------------------------------------ working */

static void take_result(struct fr_desk *desk, struct fr_member *m, const struct fr_result *result)
{
    const struct fr_job *job = desk->job;
    /* Of a job that is over: what was begun before it was cancelled, or a late twin. */
    if (result->job > 0 && (result->job < desk->job_id || (result->job == desk->job_id && !job)))
        return;
    uint64_t now_ns = fr_now_ns(); /* before it is coloured: that is no part of its round trip */
    const struct fr_task task = {
        .lease = result->lease, .first_row = result->first_row, .rows = result->rows};
    if (!job || result->job != desk->job_id || task.rows == 0 || task.rows > job->height ||
        task.first_row > job->height - task.rows) {
        drop(desk, m, "sent rows %u+%u of job %u", task.first_row, task.rows, result->job);
        return;
    }
    uint64_t expected = fr_job_band_bytes(&m->job, task.rows);
    if (result->payload_len != expected) {
        drop(desk, m, "sent %zu bytes for %u rows instead of %" PRIu64, result->payload_len,
             task.rows, expected);
        return;
    }
    switch (fr_schedule_judge(desk->schedule, m->place, &task)) {
    case FR_VERDICT_NONSENSE:
        drop(desk, m, "sent rows %u+%u under lease %" PRIu64 ", which it does not have",
             task.first_row, task.rows, task.lease);
        return;
    case FR_VERDICT_ACCEPTED: {
        struct fr_error why = {0};
        fr_status st = fr_raster_put(desk->raster, task.first_row, task.rows, m->job.payload,
                                     result->payload, &why);
        if (st == FR_EPROTO) {
            drop(desk, m, "sent nonsense for rows %u+%u: %s", task.first_row, task.rows, why.text);
            return;
        }
        if (st != FR_OK) {
            desk->status = fr_fail(desk->err, st, "%s", why.text);
            return;
        }
        break;
    }
    case FR_VERDICT_LATE:
        break;
    }
    uint64_t issued_ns;
    if (fr_schedule_accept(desk->schedule, m->place, &task, &issued_ns) != FR_VERDICT_ACCEPTED)
        return;
    struct fr_report_worker *record = record_of(desk, m);
    record->rows += task.rows;
    record->tasks++;
    if (desk->first_row_ns == 0)
        desk->first_row_ns = now_ns;
    /* What it says of itself is cut to what can be. */
    uint64_t round_trip_ns = now_ns - issued_ns;
    uint64_t queue_ns = result->queue_ns < round_trip_ns ? result->queue_ns : round_trip_ns;
    uint64_t most_ns = round_trip_ns - queue_ns;
    uint64_t compute_ns = result->compute_ns < most_ns ? result->compute_ns : most_ns;
    const uint64_t spans[FR_SPANS] = {[FR_SPAN_ROUND_TRIP] = round_trip_ns,
                                      [FR_SPAN_NETWORK] = most_ns - compute_ns,
                                      [FR_SPAN_QUEUE] = queue_ns,
                                      [FR_SPAN_COMPUTE] = compute_ns};
    for (int i = 0; i < FR_SPANS; i++)
        fr_histogram_add(desk->report->spans[i], spans[i]);
    m->facts.rows += task.rows;
    m->facts.pixels += (uint64_t)task.rows * job->width;
    m->facts.tasks++;
    fr_sketch_add(&m->facts.network, spans[FR_SPAN_NETWORK]);
    if (desk->on_result) {
        const struct fr_desk_result told = {.raster = desk->raster,
                                            .worker = m->facts.number,
                                            .first_row = task.first_row,
                                            .rows = task.rows,
                                            .round_trip_ns = round_trip_ns,
                                            .network_ns = spans[FR_SPAN_NETWORK],
                                            .compute_ns = compute_ns};
        desk->on_result(desk->ctx, &told);
    }
}

static void take_message(struct fr_desk *desk, struct fr_member *m, const struct fr_msg *msg)
{
    if (m->state == FR_MEMBER_DROPPED)
        return;
    struct fr_to_leader in;
    if (fr_wire_unpack_to_leader(msg->data, msg->len, &in) != FR_OK) {
        drop(desk, m, "sent %zu bytes that are no message of this protocol", msg->len);
        return;
    }
    if (m->state == FR_MEMBER_GREETING && in.kind != FR_WIRE_HELLO) {
        drop(desk, m, "did not begin with Hello");
        return;
    }
    switch (in.kind) {
    case FR_WIRE_HELLO:
        take_hello(desk, m, &in.hello);
        break;
    case FR_WIRE_RESULT:
        if (m->state == FR_MEMBER_WORKING) /* else on its way when it said Goodbye */
            take_result(desk, m, &in.result);
        break;
    case FR_WIRE_GOODBYE:
        if (m->state == FR_MEMBER_WORKING) {
            char name[96];
            fr_log(FR_LOG_INFO, "worker %s leaves: %s", name_of(m, name, sizeof(name)),
                   in.goodbye.reason);
            retire(desk, m, FR_MEMBER_LEAVING);
        }
        break;
    case FR_WIRE_STATS:
        if (desk->report && m->record < desk->report->worker_count) {
            record_of(desk, m)->has_stats = true;
            record_of(desk, m)->stats = in.stats;
        }
        break;
    default:
        break;
    }
}

static void take_peer_down(struct fr_desk *desk, struct fr_member *m, const struct fr_event *event)
{
    /* Between Hello and the end, a worker that just goes is news. */
    if (m->state == FR_MEMBER_WORKING && !desk->finished) {
        char name[96];
        uint32_t held = m->place ? fr_schedule_outstanding(m->place) : 0;
        fr_log(FR_LOG_WARN, "lost worker %s (%s); its %u task%s to others",
               name_of(m, name, sizeof(name)),
               event->detail ? event->detail : fr_status_text(event->status), held,
               held == 1 ? " goes" : "s go");
    } else if (m->state == FR_MEMBER_GREETING && event->status != FR_OK) {
        fr_log(FR_LOG_WARN, "peer %u went before its Hello: %s", m->peer,
               event->detail ? event->detail : fr_status_text(event->status));
    }
    retire(desk, m, FR_MEMBER_DROPPED);
    fr_members_remove(&desk->members, m);
}

void fr_desk_take_event(struct fr_desk *desk, const struct fr_event *event)
{
    if (event->type == FR_EV_PEER_UP) {
        struct fr_member *m = fr_members_add(&desk->members, event->peer);
        if (m) {
            m->record = SIZE_MAX;
            m->greet_by_ns = fr_now_ns() + GREET_MS * FR_NS_PER_MS;
        } else {
            desk->endpoint.ops->drop(desk->endpoint.ep, event->peer);
        }
        return;
    }
    struct fr_member *m = fr_members_find(&desk->members, event->peer);
    if (event->type == FR_EV_RECV) {
        if (m && desk->status == FR_OK)
            take_message(desk, m, event->msg);
        desk->endpoint.ops->msg_free(desk->endpoint.ep, event->msg);
    } else if (event->type == FR_EV_PEER_DOWN && m) {
        take_peer_down(desk, m, event);
    }
}

void fr_desk_assign(struct fr_desk *desk, uint64_t now_ns)
{
    for (struct fr_member *m = desk->members.first; m; m = m->next)
        if (!fr_outbox_empty(&m->outbox))
            fr_outbox_flush(&m->outbox, &desk->endpoint, m->peer);
    if (!desk->schedule || !desk->started || desk->finished)
        return;
    /* One each, again and again: nobody's queue fills before another has anything. */
    bool any = true;
    while (any) {
        any = false;
        for (struct fr_member *m = desk->members.first; m; m = m->next) {
            struct fr_task task;
            /* Who does not take what it has got is given no more. */
            if (!m->place || !fr_outbox_empty(&m->outbox) ||
                !fr_schedule_next(desk->schedule, m->place, now_ns, &task))
                continue;
            struct fr_to_worker msg = {.kind = FR_WIRE_ASSIGN,
                                       .assign = {.job = desk->job_id,
                                                  .lease = task.lease,
                                                  .first_row = task.first_row,
                                                  .rows = task.rows}};
            post(desk, m, &msg);
            any = true;
        }
    }
}

void fr_desk_expire(struct fr_desk *desk, uint64_t now_ns)
{
    for (struct fr_member *m = desk->members.first; m; m = m->next) {
        if (now_ns < m->greet_by_ns)
            continue;
        if (m->state == FR_MEMBER_GREETING)
            drop(desk, m, "no Hello within %d s", GREET_MS / 1000);
        else if (m->state == FR_MEMBER_LEAVING && m->facts.number == 0)
            drop(desk, m, "refused, and does not go");
    }
}

void fr_desk_finish(struct fr_desk *desk)
{
    desk->finished = true;
    for (struct fr_member *m = desk->members.first; m; m = m->next)
        if (m->state == FR_MEMBER_WORKING)
            send_finish(desk, m);
}

bool fr_desk_awaits(const struct fr_desk *desk, uint64_t now_ns)
{
    for (const struct fr_member *m = desk->members.first; m; m = m->next) {
        uint64_t came_ns = m->greet_by_ns - GREET_MS * FR_NS_PER_MS;
        if (m->state == FR_MEMBER_GREETING ? now_ns < came_ns + SILENT_MS * FR_NS_PER_MS
                                           : m->facts.number > 0 && m->state != FR_MEMBER_DROPPED)
            return true;
    }
    return false;
}

bool fr_desk_blocked(const struct fr_desk *desk)
{
    for (const struct fr_member *m = desk->members.first; m; m = m->next)
        if (!fr_outbox_empty(&m->outbox))
            return true;
    return false;
}
