/* SPDX-License-Identifier: MIT */
#include "worker/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/usage.h"
#include "base/version.h"
#include "metrics/report.h"
#include "plugin/outbox.h"
#include "wire/wire.h"
#include "worker/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    WELCOME_MS = 10000, /* from opening to Welcome                                     */
    IDLE_MS = 1000,
    BLOCKED_MS = 1,  /* while something waits for room                              */
    FLUSH_MS = 2000, /* for the last messages to leave                              */
};

enum state { CONNECTING, GREETED, WELCOMED, LEAVING, GONE };

/* Assigns that came before there was room for their results, in order. */
struct backlog {
    struct {
        struct fr_assign assign;
        uint64_t arrived_ns;
    } * items; /* credits of them */
    uint32_t first, count;
};

struct session {
    const struct fr_worker_args *args;
    struct fr_error *err;
    struct fr_endpoint endpoint;
    struct fr_crew *crew;
    struct fr_outbox outbox;
    struct backlog backlog;
    enum state state;
    enum fr_session_end end; /* valid when GONE */
    bool hopeless;           /* it leaves in good order, but has failed */
    bool shut;               /* shutdown was called */
    fr_peer leader;
    uint32_t credits;
    uint32_t held;         /* assignments of this job not answered: in the backlog, with the crew,
                            * unsent */
    struct fr_msg *unsent; /* a finished Result that had no room */
    bool has_job;
    uint32_t job_id;
    struct fr_job job;
    uint64_t opened_ns, welcomed_ns, leaving_ns;
    uint64_t rows, tasks, compute_ns, idle_ns;
};

static void gone(struct session *s, enum fr_session_end end)
{
    if (s->state != GONE) {
        s->state = GONE;
        s->end = s->hopeless ? FR_SESSION_FAILED : end;
    }
}

static void fail(struct session *s, enum fr_session_end end, fr_status st, const char *why)
{
    fr_fail(s->err, st, "%s", why);
    gone(s, end);
}

static void post(struct session *s, const struct fr_to_leader *msg)
{
    uint8_t bytes[FR_WIRE_CONTROL_BYTES];
    size_t len = fr_wire_pack_to_leader(msg, bytes, sizeof(bytes));
    /* A leader that is going is noticed by its PEER_DOWN. */
    fr_outbox_post(&s->outbox, &s->endpoint, s->leader, bytes, len);
}

static void greet(struct session *s)
{
    struct fr_to_leader msg = {.kind = FR_WIRE_HELLO};
    struct fr_hello *hello = &msg.hello;
    hello->protocol = FR_WIRE_PROTOCOL;
    hello->pid = (uint32_t)getpid();
    hello->threads = s->args->threads;
    hello->credits = s->credits;
    if (gethostname(hello->host, sizeof(hello->host) - 1) != 0)
        snprintf(hello->host, sizeof(hello->host), "unknown");
    snprintf(hello->instruction_set, sizeof(hello->instruction_set), "%s", s->args->kernel->name);
    snprintf(hello->token, sizeof(hello->token), "%s", s->args->token);
    snprintf(hello->version, sizeof(hello->version), "%s", fr_version);
    post(s, &msg);
    s->state = GREETED;
}

/* Statistics, then nothing more from us: flushed by the transport as it shuts down. */
static void leave(struct session *s)
{
    /* A worker with a process of its own counts the transport's threads too. */
    struct fr_usage usage = fr_usage_process();
    if (s->endpoint.attr.caps & FR_CAP_SAME_PROCESS) {
        struct fr_usage crew = fr_crew_usage(s->crew);
        usage = fr_usage_thread();
        fr_usage_add(&usage, &crew);
    }
    struct fr_stats net = fr_endpoint_stats(&s->endpoint);
    uint64_t now_ns = fr_now_ns();
    struct fr_to_leader msg = {.kind = FR_WIRE_STATS,
                               .stats = {.rows = s->rows,
                                         .tasks = s->tasks,
                                         .wall_ns = now_ns - s->welcomed_ns,
                                         .connect_ns = s->welcomed_ns - s->opened_ns,
                                         .compute_ns = s->compute_ns,
                                         .starved_ns = fr_crew_starved_ns(s->crew, now_ns),
                                         .idle_ns = s->idle_ns}};
    fr_counters_take(&msg.stats, &usage, &net);
    post(s, &msg);
    s->state = LEAVING;
    s->leaving_ns = fr_now_ns();
    fr_crew_drop(s->crew);
    s->backlog.count = 0;
}

static void leave_early(struct session *s, const char *reason)
{
    if (s->state == WELCOMED) {
        struct fr_to_leader msg = {.kind = FR_WIRE_GOODBYE};
        snprintf(msg.goodbye.reason, sizeof(msg.goodbye.reason), "%s", reason);
        post(s, &msg);
        leave(s);
    } else if (s->state < WELCOMED) {
        gone(s, FR_SESSION_FINISHED);
    }
}

static void take_welcome(struct session *s, const struct fr_welcome *welcome)
{
    if (s->state != GREETED) {
        fail(s, FR_SESSION_FAILED, FR_EPROTO, "the leader welcomed us twice");
    } else if (welcome->refusal[0]) {
        fr_fail(s->err, FR_EAUTH, "the leader refused us: %s", welcome->refusal);
        gone(s, welcome->retry ? FR_SESSION_UNREACHABLE : FR_SESSION_FAILED);
    } else if (welcome->protocol != FR_WIRE_PROTOCOL) {
        fr_fail(s->err, FR_EPROTO, "the leader speaks protocol %u, this worker %u",
                welcome->protocol, FR_WIRE_PROTOCOL);
        gone(s, FR_SESSION_FAILED);
    } else {
        s->state = WELCOMED;
        s->welcomed_ns = fr_now_ns();
        fr_log(FR_LOG_DEBUG, "welcomed at %s as worker %u", s->endpoint.attr.address,
               welcome->worker);
    }
}

/* What is not sent of the job before is of no use to anybody. What a thread has begun comes back
 * later, and goes then. */
static void forget_job(struct session *s)
{
    struct fr_crew_task task;
    if (s->unsent)
        s->endpoint.ops->msg_free(s->endpoint.ep, s->unsent);
    s->unsent = NULL;
    fr_crew_drop(s->crew);
    while (fr_crew_take(s->crew, &task))
        s->endpoint.ops->msg_free(s->endpoint.ep, task.msg);
    s->backlog.count = 0;
    s->held = 0;
}

static void take_job(struct session *s, uint32_t id, const struct fr_job *job)
{
    struct fr_error why = {0};
    if (fr_job_check(job, &why) != FR_OK) {
        fr_fail(s->err, FR_EPROTO, "the leader sent an impossible job: %s", why.text);
        gone(s, FR_SESSION_FAILED);
    } else if (s->has_job && id == s->job_id) {
        fail(s, FR_SESSION_FAILED, FR_EPROTO, "the leader changed the job under our hands");
    } else {
        forget_job(s);
        s->job = *job;
        s->job_id = id;
        s->has_job = true;
        fr_crew_set_job(s->crew, job);
    }
}

static void take_assign(struct session *s, const struct fr_assign *assign)
{
    if (!s->has_job || assign->job != s->job_id || assign->rows == 0 ||
        assign->rows > s->job.height || assign->first_row > s->job.height - assign->rows ||
        s->held == s->credits) {
        fail(s, FR_SESSION_FAILED, FR_EPROTO, "the leader assigned rows that it may not assign");
        return;
    }
    uint32_t at = (s->backlog.first + s->backlog.count++) % s->credits;
    s->backlog.items[at].assign = *assign;
    s->backlog.items[at].arrived_ns = fr_now_ns();
    s->held++;
}

static void take_message(struct session *s, const struct fr_msg *msg)
{
    struct fr_to_worker in;
    if (fr_wire_unpack_to_worker(msg->data, msg->len, &in) != FR_OK ||
        (s->state < WELCOMED && in.kind != FR_WIRE_WELCOME)) {
        fail(s, s->state < WELCOMED ? FR_SESSION_UNREACHABLE : FR_SESSION_FAILED, FR_EPROTO,
             "the leader sent what is no message of this protocol");
        return;
    }
    if (s->state > WELCOMED)
        return;
    switch (in.kind) {
    case FR_WIRE_WELCOME:
        take_welcome(s, &in.welcome);
        break;
    case FR_WIRE_JOB:
        take_job(s, in.job_id, &in.job);
        break;
    case FR_WIRE_ASSIGN:
        take_assign(s, &in.assign);
        break;
    case FR_WIRE_FINISH:
        leave(s);
        break;
    default:
        break;
    }
}

static void take_peer_down(struct session *s, const struct fr_event *event)
{
    const char *why = event->detail ? event->detail : fr_status_text(event->status);
    switch (s->state) {
    case CONNECTING:
    case GREETED:
        /* Wrong credentials do not get better by themselves. */
        if (event->status == FR_EAUTH) {
            fr_fail(s->err, FR_EAUTH, "the leader refused us: %s", why);
            gone(s, FR_SESSION_FAILED);
        } else {
            fr_fail(s->err, event->status == FR_OK ? FR_ECONN : event->status, "%s", why);
            gone(s, FR_SESSION_UNREACHABLE);
        }
        break;
    case WELCOMED:
        fr_fail(s->err, FR_ECONN, "the leader vanished: %s", why);
        gone(s, FR_SESSION_FAILED);
        break;
    case LEAVING:
    case GONE:
        gone(s, FR_SESSION_FINISHED);
        break;
    }
}

static void take_event(struct session *s, struct fr_event *event)
{
    switch (event->type) {
    case FR_EV_PEER_UP:
        s->leader = event->peer;
        greet(s);
        break;
    case FR_EV_PEER_DOWN:
        take_peer_down(s, event);
        break;
    case FR_EV_RECV:
        take_message(s, event->msg);
        s->endpoint.ops->msg_free(s->endpoint.ep, event->msg);
        break;
    default:
        break;
    }
}

/* Assigns whose results have room go to the crew. */
static void give_work(struct session *s)
{
    while (s->state == WELCOMED && s->backlog.count > 0) {
        const struct fr_assign *assign = &s->backlog.items[s->backlog.first].assign;
        uint64_t payload = fr_job_band_bytes(&s->job, assign->rows);
        size_t head = fr_wire_result_head_bytes(assign->job, (size_t)payload);
        struct fr_crew_task task = {.assign = *assign,
                                    .arrived_ns = s->backlog.items[s->backlog.first].arrived_ns,
                                    .payload_len = (size_t)payload};
        fr_status st = s->endpoint.ops->msg_alloc(s->endpoint.ep, s->leader, head + (size_t)payload,
                                                  &task.msg);
        if (st == FR_EAGAIN || st == FR_ECLOSED)
            return; /* room will come; so will PEER_DOWN */
        if (st != FR_OK) {
            fr_fail(s->err, st, "no room for a result of %llu bytes: %s",
                    (unsigned long long)payload, fr_status_text(st));
            s->hopeless = true;
            leave_early(s, "cannot hold results of this size");
            return;
        }
        s->backlog.first = (s->backlog.first + 1) % s->credits;
        s->backlog.count--;
        fr_crew_give(s->crew, &task);
    }
}

static void send_results(struct session *s)
{
    for (;;) {
        struct fr_crew_task task;
        struct fr_msg *msg = s->unsent;
        if (!msg) {
            if (!fr_crew_take(s->crew, &task))
                return;
            msg = task.msg;
            if (task.assign.job != s->job_id) { /* begun before this job came */
                s->endpoint.ops->msg_free(s->endpoint.ep, msg);
                continue;
            }
            if (!task.done) {
                s->endpoint.ops->msg_free(s->endpoint.ep, msg);
                s->held--;
                if (s->state == WELCOMED)
                    fail(s, FR_SESSION_FAILED, FR_ENOMEM, "a computing thread gave up");
                continue;
            }
            s->rows += task.assign.rows;
            s->tasks++;
            s->compute_ns += task.compute_ns;
        }
        fr_status st = s->endpoint.ops->send(s->endpoint.ep, msg);
        if (st == FR_EAGAIN) {
            s->unsent = msg;
            return;
        }
        if (st != FR_OK) /* the leader is going */
            s->endpoint.ops->msg_free(s->endpoint.ep, msg);
        s->unsent = NULL;
        s->held--;
    }
}

static int timeout_ms(const struct session *s)
{
    return s->unsent || s->backlog.count > 0 || !fr_outbox_empty(&s->outbox) ? BLOCKED_MS : IDLE_MS;
}

/* Called after every poll: moves on what can move. */
static void advance(struct session *s)
{
    if (s->state == WELCOMED) {
        send_results(s);
        give_work(s);
    }
    if (s->leader)
        fr_outbox_flush(&s->outbox, &s->endpoint, s->leader);
    if (fr_signals_stop())
        leave_early(s, "asked to leave by a signal");
    if (s->state < WELCOMED && fr_now_ns() - s->opened_ns > WELCOME_MS * FR_NS_PER_MS)
        fail(s, FR_SESSION_UNREACHABLE, FR_ECONN, "no welcome from the leader");
    if (s->state == LEAVING && fr_outbox_empty(&s->outbox) && !s->shut) {
        s->endpoint.ops->shutdown(s->endpoint.ep);
        s->shut = true;
    }
    if (s->state == LEAVING && fr_now_ns() - s->leaving_ns > FLUSH_MS * FR_NS_PER_MS)
        gone(s, FR_SESSION_FINISHED);
}

static void serve(struct session *s)
{
    while (s->state != GONE) {
        struct fr_event events[EVENTS];
        uint64_t idle_from_ns = fr_now_ns();
        int n = fr_endpoint_poll(&s->endpoint, events, EVENTS, timeout_ms(s), s->err);
        s->idle_ns += fr_now_ns() - idle_from_ns;
        if (n < 0)
            gone(s, FR_SESSION_FAILED);
        for (int i = 0; i < n; i++)
            take_event(s, &events[i]);
        advance(s);
    }
}

enum fr_session_end fr_session_run(const struct fr_worker_args *args, struct fr_error *err)
{
    struct session s = {.args = args, .err = err, .end = FR_SESSION_FAILED};
    s.credits = args->credits ? args->credits : 2 * args->threads > 8 ? 2 * args->threads : 8;
    s.backlog.items = calloc(s.credits, sizeof(*s.backlog.items));
    if (!s.backlog.items) {
        fr_fail(err, FR_ENOMEM, "out of memory");
        return FR_SESSION_FAILED;
    }
    s.opened_ns = fr_now_ns();
    const struct fr_open_args open_args = {.size = sizeof(open_args),
                                           .role = FR_ROLE_WORKER,
                                           .address = args->address,
                                           .expect_peers = 1,
                                           .max_recv_bytes = FR_WIRE_CONTROL_BYTES};
    fr_status st = fr_endpoint_open(&args->transport, &open_args, &s.endpoint, err);
    if (st != FR_OK) {
        s.end = st == FR_ECONN ? FR_SESSION_UNREACHABLE : FR_SESSION_FAILED;
        goto free_backlog;
    }
    const struct fr_crew_args crew_args = {
        .kernel = args->kernel,
        .threads = args->threads,
        .capacity = s.credits + args->threads, /* these of an old job */
        .nice = args->nice,
        .measure = (s.endpoint.attr.caps & FR_CAP_SAME_PROCESS) != 0,
        .wake = fr_endpoint_wake,
        .wake_ctx = &s.endpoint};
    if (fr_crew_new(&crew_args, &s.crew, err) != FR_OK)
        goto close_endpoint;
    if (fr_signals_watch(fr_endpoint_wake, &s.endpoint) != FR_OK) {
        fr_fail(err, FR_ENOMEM, "too many workers in one process");
        goto free_crew;
    }
    serve(&s);
    fr_signals_unwatch(fr_endpoint_wake, &s.endpoint);
free_crew:
    fr_crew_free(s.crew); /* before its messages go */
close_endpoint:
    fr_endpoint_close(&s.endpoint);
    fr_outbox_clear(&s.outbox);
free_backlog:
    free(s.backlog.items);
    return s.end;
}
