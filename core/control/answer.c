/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "control/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct MHD_Response *fr_answer_dress(struct MHD_Response *response, const char *type)
{
    if (!response)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    return response;
}

enum MHD_Result fr_answer_with(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response)
{
    if (!response)
        return MHD_NO; /* no memory: the connection closes */
    enum MHD_Result ok = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return ok;
}

enum MHD_Result fr_answer(struct MHD_Connection *connection, unsigned status, const char *type,
                          char *body, size_t len)
{
    if (!body)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(body);
    return fr_answer_with(connection, status, fr_answer_dress(response, type));
}

enum MHD_Result fr_answer_json(struct MHD_Connection *connection, unsigned status, json_t *json,
                               const char *location)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0;
    char *line = text ? realloc(text, len + 2) : NULL;
    json_decref(json);
    if (!line) {
        free(text);
        return MHD_NO;
    }
    memcpy(line + len, "\n", 2); /* for terminals */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len + 1, line, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(line);
    fr_answer_dress(response, "application/json");
    if (response && location)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
    if (response && status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"fractal\"");
    if (response && status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
    return fr_answer_with(connection, status, response);
}

enum MHD_Result fr_answer_error(struct MHD_Connection *connection, unsigned status, const char *fmt,
                                ...)
{
    char text[1280];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return fr_answer_json(connection, status, json_pack("{s:o}", "error", fr_tell_text(text)),
                          NULL);
}

enum MHD_Result fr_answer_job(struct fr_control *c, struct MHD_Connection *connection,
                              unsigned status, uint32_t id)
{
    struct fr_job_facts facts;
    char location[64];
    if (!fr_board_find(c->args.board, id, &facts))
        return fr_answer_error(connection, MHD_HTTP_NOT_FOUND, "there is no job %u", id);
    snprintf(location, sizeof(location), "/jobs/%u", id);
    return fr_answer_json(connection, status, fr_tell_job(&facts, fr_now_ns()),
                          status == MHD_HTTP_ACCEPTED ? location : NULL);
}
