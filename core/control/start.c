/* SPDX-License-Identifier: MIT
 * start.c - POST /start, and those that wait for their job's end. */
#include "control/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    struct fr_params *params;
    struct fr_error *err;
};

static enum MHD_Result take_argument(void *ctx, enum MHD_ValueKind kind, const char *key,
                                     size_t key_len, const char *value, size_t value_len)
{
    (void)kind;
    struct arguments *a = ctx;
    fr_status st =
        fr_params_add(a->params, key, key_len, value ? value : "", value ? value_len : 0, a->err);
    return st == FR_OK ? MHD_YES : MHD_NO;
}

static fr_status read_params(const struct fr_request *r, struct fr_params *params,
                             struct fr_error *err)
{
    struct arguments a = {params, err};
    MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, take_argument, &a);
    if (err->status != FR_OK || r->len == 0)
        return err->status;
    const char *type =
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t len = type ? strcspn(type, "; ") : 0;
    static const char json[] = "application/json", form[] = "application/x-www-form-urlencoded";
    if (len == sizeof(json) - 1 && strncasecmp(type, json, len) == 0)
        return fr_params_json(params, r->body, r->len, err);
    if (!type || (len == sizeof(form) - 1 && strncasecmp(type, form, len) == 0))
        return fr_params_form(params, r->body, r->len, err);
    return fr_fail(err, FR_ENOTSUP, "Content-Type is neither %s nor %s", form, json);
}

/* Takes `wait` out of the parameters. */
static fr_status take_wait(struct fr_params *params, bool *wait_p, struct fr_error *err)
{
    for (size_t i = 0; i < params->count; i++) {
        struct fr_param *p = &params->items[i];
        if (strcmp(p->key, "wait") != 0)
            continue;
        bool yes = strcmp(p->value, "1") == 0 || strcmp(p->value, "yes") == 0;
        if (!yes && strcmp(p->value, "0") != 0 && strcmp(p->value, "no") != 0)
            return fr_fail(err, FR_EINVAL, "wait: \"%s\" is not valid (valid: 1, 0, yes, no)",
                           p->value);
        *wait_p = yes;
        free(p->key);
        free(p->value);
        *p = params->items[--params->count];
        break;
    }
    return FR_OK;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, const struct fr_error *err)
{
    static const char origin[] = "POST /start: ";
    unsigned status = err->status == FR_EINVAL    ? MHD_HTTP_BAD_REQUEST
                      : err->status == FR_ENOTSUP ? MHD_HTTP_UNSUPPORTED_MEDIA_TYPE
                                                  : MHD_HTTP_INTERNAL_SERVER_ERROR;
    bool said = strncmp(err->text, origin, sizeof(origin) - 1) == 0;
    return fr_answer_error(connection, status, "%s%s", said ? "" : origin, err->text);
}

static void await(struct fr_control *c, struct fr_request *r, uint32_t id)
{
    pthread_mutex_lock(&c->lock);
    r->waits_for = id;
    r->waiting = true;
    r->prev = NULL;
    r->next = c->waiting;
    if (r->next)
        r->next->prev = r;
    c->waiting = r;
    MHD_suspend_connection(r->connection);
    c->bell = true; /* it may have ended already */
    pthread_cond_signal(&c->rung);
    pthread_mutex_unlock(&c->lock);
}

enum MHD_Result fr_start_take(struct fr_control *c, struct fr_request *r)
{
    struct fr_params params = {0};
    struct fr_error err = {0};
    struct fr_job_facts facts = {0};
    void *work = NULL;
    bool wait = false;
    fr_status st = read_params(r, &params, &err);
    if (st == FR_OK)
        st = take_wait(&params, &wait, &err);
    if (st == FR_OK)
        st = c->args.prepare(c->args.ctx, &params, &facts, &work, &err);
    fr_params_clear(&params);
    if (st != FR_OK)
        return refuse(r->connection, &err);
    uint32_t id = fr_board_submit(c->args.board, &facts, work);
    if (id == 0) {
        c->args.discard(work);
        return fr_answer_error(r->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                               "%d jobs wait already: try again later", FR_BOARD_QUEUE);
    }
    if (!wait)
        return fr_answer_job(c, r->connection, MHD_HTTP_ACCEPTED, id);
    await(c, r, id);
    return MHD_YES;
}

enum MHD_Result fr_start_tell(struct fr_control *c, struct fr_request *r)
{
    struct fr_job_facts facts;
    if (!fr_board_find(c->args.board, r->waits_for, &facts))
        return fr_answer_error(r->connection, MHD_HTTP_GONE, "job %u is forgotten", r->waits_for);
    unsigned status = facts.state == FR_JOB_DONE        ? MHD_HTTP_OK
                      : facts.state == FR_JOB_FAILED    ? MHD_HTTP_INTERNAL_SERVER_ERROR
                      : facts.state == FR_JOB_CANCELLED ? MHD_HTTP_CONFLICT
                                                        : MHD_HTTP_SERVICE_UNAVAILABLE;
    return fr_answer_job(c, r->connection, status, r->waits_for);
}

void fr_start_tick(struct fr_control *c)
{
    struct fr_request *next;
    for (struct fr_request *r = c->waiting; r; r = next) {
        struct fr_job_facts facts;
        next = r->next;
        if (!atomic_load(&c->stopping) && fr_board_find(c->args.board, r->waits_for, &facts) &&
            (facts.state == FR_JOB_QUEUED || facts.state == FR_JOB_RUNNING))
            continue;
        if (r->prev)
            r->prev->next = next;
        else
            c->waiting = next;
        if (next)
            next->prev = r->prev;
        r->waiting = false;
        MHD_resume_connection(r->connection);
    }
}
