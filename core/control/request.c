/* SPDX-License-Identifier: MIT
 * request.c - which request is for whom. */
#include "base/clock.h"
#include "control/server.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -------------------------------------------------------------------- jobs */

static enum MHD_Result cancel(struct fr_control *c, struct MHD_Connection *connection, uint32_t id)
{
    switch (fr_board_cancel(c->args.board, id)) {
    case FR_CANCEL_DONE:
        return fr_answer_job(c, connection, MHD_HTTP_OK, id);
    case FR_CANCEL_ASKED:
        return fr_answer_job(c, connection, MHD_HTTP_ACCEPTED, id);
    case FR_CANCEL_ENDED:
        return fr_answer_error(connection, MHD_HTTP_CONFLICT, "job %u has ended", id);
    default:
        return fr_answer_error(connection, MHD_HTTP_NOT_FOUND, "there is no job %u", id);
    }
}

/* The file, as long as it is still the one that this job made. */
static struct MHD_Response *finished_file(const struct fr_job_facts *facts)
{
    struct stat info;
    int fd = facts->png && facts->state == FR_JOB_DONE
                 ? open(facts->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                 : -1;
    if (fd < 0)
        return NULL;
    struct MHD_Response *response = NULL;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_dev == facts->file_id[0] &&
        info.st_ino == facts->file_id[1])
        response = MHD_create_response_from_fd64((uint64_t)info.st_size, fd);
    if (!response)
        close(fd);
    return response;
}

static enum MHD_Result image(struct fr_control *c, struct MHD_Connection *connection, uint32_t id)
{
    struct fr_job_facts facts;
    struct fr_preview *preview = fr_board_preview(c->args.board);
    if (!fr_board_find(c->args.board, id, &facts))
        return fr_answer_error(connection, MHD_HTTP_NOT_FOUND, "there is no job %u", id);
    struct MHD_Response *response = finished_file(&facts);
    if (response)
        return fr_answer_with(connection, MHD_HTTP_OK, fr_answer_dress(response, "image/png"));
    if (facts.state == FR_JOB_QUEUED)
        return fr_answer_error(connection, MHD_HTTP_CONFLICT, "job %u has not begun", id);
    size_t len = 0;
    uint8_t *png = fr_preview_look(preview).job == id ? fr_preview_png(preview, &len) : NULL;
    if (!png)
        return fr_answer_error(connection, MHD_HTTP_GONE,
                               "the image of job %u is not here any more: a later job took its "
                               "place",
                               id);
    response = MHD_create_response_from_buffer(len, png, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(png);
    else
        MHD_add_response_header(response, "X-Fractal-Preview", "1");
    return fr_answer_with(connection, MHD_HTTP_OK, fr_answer_dress(response, "image/png"));
}

static enum MHD_Result list(struct fr_control *c, struct MHD_Connection *connection)
{
    struct fr_board_copy copy;
    if (!fr_board_read(c->args.board, &copy))
        return MHD_NO;
    json_t *jobs = json_array();
    for (size_t i = 0; i < copy.job_count; i++)
        json_array_append_new(jobs, fr_tell_job(&copy.jobs[i], copy.now_ns));
    fr_board_copy_clear(&copy);
    return fr_answer_json(connection, MHD_HTTP_OK, json_pack("{s:o}", "jobs", jobs), NULL);
}

/* "/jobs/12" and what follows: its id, or 0. */
static uint32_t job_of(const char *path, const char **rest_p)
{
    uint64_t id = 0;
    if (strncmp(path, "/jobs/", 6) != 0 || !isdigit((unsigned char)path[6]))
        return 0;
    const char *at = path + 6;
    for (; isdigit((unsigned char)*at); at++)
        if ((id = id * 10 + (uint64_t)(*at - '0')) > UINT32_MAX)
            return 0;
    *rest_p = at;
    return (uint32_t)id;
}

/* ------------------------------------------------------------------- simple */

static const struct {
    const char *path, *type, *begin, *end;
} page_files[] = {{"/", "text/html; charset=utf-8", fr_page_html, fr_page_html_end},
                  {"/page.css", "text/css; charset=utf-8", fr_page_css, fr_page_css_end},
                  {"/page.js", "text/javascript; charset=utf-8", fr_page_js, fr_page_js_end}};

/* MHD_NO: there is no such file. */
static enum MHD_Result page(struct MHD_Connection *connection, const char *path)
{
    size_t i = 0, count = sizeof(page_files) / sizeof(page_files[0]);
    while (i < count && strcmp(page_files[i].path, path) != 0)
        i++;
    if (i == count)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)(page_files[i].end - page_files[i].begin),
                                        (void *)page_files[i].begin, MHD_RESPMEM_PERSISTENT);
    fr_answer_dress(response, page_files[i].type);
    if (response) {
        MHD_add_response_header(response, "Content-Security-Policy",
                                "default-src 'none'; script-src 'self'; style-src 'self'; "
                                "connect-src 'self'; img-src 'self' blob: data:; form-action "
                                "'none'; base-uri 'none'; frame-ancestors 'none'");
        MHD_add_response_header(response, "X-Frame-Options", "DENY");
    }
    return fr_answer_with(connection, MHD_HTTP_OK, response);
}

static enum MHD_Result probe(struct fr_control *c, struct MHD_Connection *connection,
                             bool readiness)
{
    struct fr_board_copy copy;
    if (!fr_board_read(c->args.board, &copy))
        return MHD_NO;
    bool loops = copy.ready && copy.now_ns - copy.updated_ns < 10 * FR_NS_PER_S;
    bool ready = loops && copy.worker_count > 0;
    fr_board_copy_clear(&copy);
    const char *why = !loops                ? "the leader's loop does not turn"
                      : readiness && !ready ? "no worker is there"
                                            : "";
    if (*why)
        return fr_answer_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", why);
    return fr_answer(connection, MHD_HTTP_OK, "text/plain", strdup("ok\n"), 3);
}

static enum MHD_Result metrics(struct fr_control *c, struct MHD_Connection *connection)
{
    size_t len = 0;
    char *text = fr_exposition(c, &len);
    return fr_answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text,
                     len);
}

static enum MHD_Result wrong_method(struct MHD_Connection *connection, const char *path,
                                    const char *valid)
{
    struct MHD_Response *response;
    char *text;
    int len = asprintf(&text, "{\"error\":\"%s takes %s\"}\n", path, valid);
    if (len < 0)
        return MHD_NO;
    response = MHD_create_response_from_buffer((size_t)len, text, MHD_RESPMEM_MUST_FREE);
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, valid);
    else
        free(text);
    return fr_answer_with(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                          fr_answer_dress(response, "application/json"));
}

static enum MHD_Result get(struct fr_control *c, struct MHD_Connection *connection,
                           const char *path)
{
    const char *rest;
    uint32_t id = job_of(path, &rest);
    if (page(connection, path) == MHD_YES)
        return MHD_YES;
    if (strcmp(path, "/status") == 0)
        return fr_answer_json(connection, MHD_HTTP_OK,
                              fr_tell_status(c->args.board, SIZE_MAX, SIZE_MAX), NULL);
    if (strcmp(path, "/metrics") == 0)
        return metrics(c, connection);
    if (strcmp(path, "/events") == 0)
        return fr_events_open(c, connection);
    if (strcmp(path, "/options") == 0)
        return fr_answer_json(connection, MHD_HTTP_OK, c->args.options(c->args.ctx), NULL);
    if (strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0)
        return probe(c, connection, path[1] == 'r');
    if (strcmp(path, "/jobs") == 0)
        return list(c, connection);
    if (id && !*rest)
        return fr_answer_job(c, connection, MHD_HTTP_OK, id);
    if (id && strcmp(rest, "/image.png") == 0)
        return image(c, connection, id);
    if (strcmp(path, "/start") == 0)
        return wrong_method(connection, "/start", "POST");
    return fr_answer_error(connection, MHD_HTTP_NOT_FOUND,
                           "nothing is here (there are /, /start, /status, /jobs, /jobs/ID, "
                           "/jobs/ID/image.png, /events, /options, /metrics, /healthz, /readyz)");
}

static enum MHD_Result route(struct fr_control *c, struct fr_request *r, const char *method,
                             const char *path)
{
    const char *rest = NULL;
    uint32_t id = job_of(path, &rest);
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return get(c, r->connection, path);
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 && strcmp(path, "/start") == 0)
        return fr_start_take(c, r);
    if (strcmp(method, MHD_HTTP_METHOD_DELETE) == 0 && id && !*rest)
        return cancel(c, r->connection, id);
    if (strcmp(path, "/start") == 0)
        return wrong_method(r->connection, "/start", "POST");
    if (id && !*rest)
        return wrong_method(r->connection, "/jobs/ID", "GET, DELETE");
    return wrong_method(r->connection, "this", "GET");
}

/* ------------------------------------------------------------- life of one */

/* The head is there, the body is not: what can be refused now is. */
static enum MHD_Result begin(struct fr_control *c, struct MHD_Connection *connection,
                             const char *url, const char *method, void **request_p)
{
    struct fr_request *r = calloc(1, sizeof(*r));
    if (!r)
        return MHD_NO;
    r->connection = connection;
    *request_p = r;
    atomic_fetch_add(&c->open_requests, 1);
    atomic_fetch_add(&c->requests, 1);
    const char *why, *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                           MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned status = fr_guard_check(c, connection, method, url, &why);
    if (status == 0 && length && (strlen(length) > 9 || atol(length) > FR_BODY_BYTES)) {
        status = MHD_HTTP_CONTENT_TOO_LARGE;
        why = "the body is longer than 64 KiB";
    }
    if (status == 0)
        return MHD_YES;
    atomic_fetch_add(&c->refusals, 1);
    r->refused = true;
    return fr_answer_error(connection, status, "%s", why);
}

enum MHD_Result fr_request_take(void *ctx, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_len, void **request_p)
{
    (void)version;
    struct fr_control *c = ctx;
    struct fr_request *r = *request_p;
    if (!r)
        return begin(c, connection, url, method, request_p);
    if (r->refused)
        return MHD_YES;
    if (*data_len > 0) {
        if (r->len <= FR_BODY_BYTES) {
            char *body = realloc(r->body, r->len + *data_len);
            if (!body)
                return MHD_NO;
            memcpy(body + r->len, data, *data_len);
            r->body = body;
        }
        r->len += *data_len;
        *data_len = 0;
        return r->len <= FR_BODY_REFUSED ? MHD_YES : MHD_NO;
    }
    if (r->len > FR_BODY_BYTES)
        return fr_answer_error(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                               "the body is longer than 64 KiB");
    if (r->waits_for)
        return fr_start_tell(c, r);
    return route(c, r, method, url);
}

void fr_request_end(void *ctx, struct MHD_Connection *connection, void **request_p,
                    enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    struct fr_control *c = ctx;
    struct fr_request *r = *request_p;
    if (!r)
        return;
    pthread_mutex_lock(&c->lock);
    if (r->waiting) { /* the service ends under it */
        if (r->prev)
            r->prev->next = r->next;
        else
            c->waiting = r->next;
        if (r->next)
            r->next->prev = r->prev;
    }
    pthread_mutex_unlock(&c->lock);
    free(r->body);
    free(r);
    *request_p = NULL;
    atomic_fetch_sub(&c->open_requests, 1);
}
