/* SPDX-License-Identifier: MIT
 * events.c - GET /events: server-sent events. A client has a place in the order in which preview
 * lines came, and is given what is new since then whenever its socket has room: who is slow gets
 * larger pieces less often, and a new job in place of what it missed of the old one. */
#include "base/clock.h"
#include "control/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 64 << 10, /* of a message; a line more may follow */
    LINE_BYTES = FR_PREVIEW_COLUMNS * 4 + 64,
    STATUS_MS = 300,
    SHOWN_JOBS = 20, /* in a status here; GET /status has all of them */
    SHOWN_WORKERS = 80,
};

struct fr_events {
    struct fr_events *next, *prev;
    struct fr_control *control;
    struct MHD_Connection *connection;
    bool suspended; /* under the control's lock */
    uint32_t job, cursor;
    uint64_t status_seq;
    size_t at, len; /* of what is being sent */
    char buf[PIECE_BYTES + LINE_BYTES + 512];
};

static size_t base64(const uint8_t *from, size_t n, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = 0;
    for (size_t i = 0; i + 2 < n; i += 3) { /* n is a multiple of 3: whole pixels */
        uint32_t v = (uint32_t)from[i] << 16 | (uint32_t)from[i + 1] << 8 | from[i + 2];
        to[len++] = digits[v >> 18];
        to[len++] = digits[v >> 12 & 63];
        to[len++] = digits[v >> 6 & 63];
        to[len++] = digits[v & 63];
    }
    return len;
}

static size_t put(struct fr_events *e, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static size_t put(struct fr_events *e, size_t at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->buf + at, sizeof(e->buf) - at, fmt, ap);
    va_end(ap);
    return at + (size_t)n;
}

/* Everything that is short is put here: it always fits. */
static bool fill_job(struct fr_events *e, const struct fr_preview_head *head)
{
    struct fr_job_facts facts = {0};
    if (head->job == 0 || head->job == e->job)
        return false;
    fr_board_find(e->control->args.board, head->job, &facts);
    json_t *json = fr_tell_job(&facts, fr_now_ns());
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return false;
    e->job = head->job;
    e->cursor = 0;
    e->len = put(e, 0,
                 "event: job\ndata: {\"job\":%u,\"columns\":%u,\"lines\":%u,\"step\":%u,"
                 "\"facts\":%s}\n\n",
                 head->job, head->columns, head->lines, head->step, text);
    free(text);
    return true;
}

static bool fill_rows(struct fr_events *e, const struct fr_preview_head *head)
{
    struct fr_preview_line line;
    if (head->job == 0 || e->cursor >= head->count)
        return false;
    size_t at = put(e, 0, "event: rows\ndata: {\"job\":%u,\"rows\":[", e->job);
    const char *comma = "";
    while (at < PIECE_BYTES &&
           fr_preview_line(fr_board_preview(e->control->args.board), e->job, e->cursor, &line)) {
        at = put(e, at, "%s[%u,%u,\"", comma, line.line, line.worker);
        at += base64(line.rgb, (size_t)head->columns * 3, e->buf + at);
        at = put(e, at, "\"]");
        comma = ",";
        e->cursor++;
    }
    e->len = put(e, at, "]}\n\n");
    return true;
}

/* The status is made once for all that watch. */
static bool fill_status(struct fr_events *e)
{
    struct fr_control *c = e->control;
    uint64_t now_ns = fr_now_ns();
    pthread_mutex_lock(&c->lock);
    bool old = now_ns - c->status_ns >= STATUS_MS * FR_NS_PER_MS;
    pthread_mutex_unlock(&c->lock);
    if (old) {
        json_t *json = fr_tell_status(c->args.board, SHOWN_JOBS, SHOWN_WORKERS);
        char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
        json_decref(json);
        pthread_mutex_lock(&c->lock);
        free(c->status);
        c->status = text;
        c->status_ns = now_ns;
        c->status_seq++;
        pthread_mutex_unlock(&c->lock);
    }
    bool any = false;
    pthread_mutex_lock(&c->lock);
    if (c->status && c->status_seq != e->status_seq) {
        e->status_seq = c->status_seq;
        any = strlen(c->status) < PIECE_BYTES; /* as it always is */
        if (any)
            e->len = put(e, 0, "event: status\ndata: %s\n\n", c->status);
    }
    pthread_mutex_unlock(&c->lock);
    return any;
}

static bool fill(struct fr_events *e)
{
    struct fr_preview_head head = fr_preview_look(fr_board_preview(e->control->args.board));
    e->at = e->len = 0;
    return fill_job(e, &head) || fill_status(e) || fill_rows(e, &head);
}

static ssize_t give(void *ctx, uint64_t pos, char *buf, size_t max)
{
    (void)pos;
    struct fr_events *e = ctx;
    struct fr_control *c = e->control;
    if (atomic_load(&c->stopping))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (e->at == e->len && !fill(e)) {
        pthread_mutex_lock(&c->lock);
        if (!c->quit) {
            MHD_suspend_connection(e->connection);
            e->suspended = true; /* until the next tick */
        }
        pthread_mutex_unlock(&c->lock);
        return 0;
    }
    size_t n = e->len - e->at < max ? e->len - e->at : max;
    memcpy(buf, e->buf + e->at, n);
    e->at += n;
    atomic_fetch_add(&c->events_bytes, n);
    return (ssize_t)n;
}

static void leave(void *ctx)
{
    struct fr_events *e = ctx;
    struct fr_control *c = e->control;
    pthread_mutex_lock(&c->lock);
    if (e->prev)
        e->prev->next = e->next;
    else
        c->watching = e->next;
    if (e->next)
        e->next->prev = e->prev;
    pthread_mutex_unlock(&c->lock);
    free(e);
}

unsigned fr_events_count(struct fr_control *c)
{
    unsigned count = 0;
    pthread_mutex_lock(&c->lock);
    for (const struct fr_events *e = c->watching; e; e = e->next)
        count++;
    pthread_mutex_unlock(&c->lock);
    return count;
}

void fr_events_tick(struct fr_control *c)
{
    for (struct fr_events *e = c->watching; e; e = e->next) {
        if (!e->suspended)
            continue;
        e->suspended = false;
        MHD_resume_connection(e->connection);
    }
}

enum MHD_Result fr_events_open(struct fr_control *c, struct MHD_Connection *connection)
{
    struct fr_events *e = calloc(1, sizeof(*e));
    if (!e)
        return MHD_NO;
    e->control = c;
    e->connection = connection;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 << 10, give, e, leave);
    if (!response) {
        free(e);
        return MHD_NO;
    }
    pthread_mutex_lock(&c->lock);
    e->next = c->watching;
    if (e->next)
        e->next->prev = e;
    c->watching = e;
    pthread_cond_signal(&c->rung); /* there is somebody to tick for */
    pthread_mutex_unlock(&c->lock);
    return fr_answer_with(connection, MHD_HTTP_OK, fr_answer_dress(response, "text/event-stream"));
}
