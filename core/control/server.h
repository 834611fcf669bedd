/* SPDX-License-Identifier: MIT
 * server.h - inside of the service; for the files of control/. */
#ifndef FR_CONTROL_SERVER_H
#define FR_CONTROL_SERVER_H
#include "control/control.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>

enum {
    FR_BODY_BYTES = 64 << 10,   /* of a request                                         */
    FR_BODY_REFUSED = 1 << 20,  /* of a refused one that are still read, to answer it   */
    FR_HEADER_BYTES = 32 << 10, /* all that libmicrohttpd keeps of a connection         */
    FR_IDLE_S = 10,             /* after which a silent connection is closed            */
    FR_TICK_MS = 100,
};

struct fr_events; /* one who watches */

struct fr_request {
    struct fr_request *next, *prev; /* among those that wait for a job */
    struct MHD_Connection *connection;
    char *body;
    size_t len;
    uint32_t waits_for; /* job, 0: none   */
    bool waiting;       /* suspended      */
    bool refused;       /* answered before its body was there */
};

struct fr_control {
    struct fr_control_args args;
    char address[128];
    bool loopback;
    struct MHD_Daemon *daemon;
    int socket;
    pthread_t ticker;
    pthread_mutex_t lock;
    pthread_cond_t rung;
    /* under lock */
    struct fr_request *waiting;
    struct fr_events *watching;
    bool bell, quit;
    char *status; /* shared by all that watch */
    uint64_t status_ns, status_seq;
    /* */
    atomic_bool stopping;
    atomic_uint open_requests;
    atomic_ullong requests, refusals, events_bytes;
};

/* guard.c: may it? 0, or the status to answer with and why. */
unsigned fr_guard_check(const struct fr_control *control, struct MHD_Connection *connection,
                        const char *method, const char *path, const char **why_p);
bool fr_guard_loopback(const struct sockaddr *address);

/* answer.c */
enum MHD_Result fr_answer(struct MHD_Connection *connection, unsigned status, const char *type,
                          char *body, size_t len); /* takes body, malloc'ed; NULL: 500 */
enum MHD_Result fr_answer_json(struct MHD_Connection *connection, unsigned status, json_t *json,
                               const char *location); /* takes json */
enum MHD_Result fr_answer_error(struct MHD_Connection *connection, unsigned status, const char *fmt,
                                ...) __attribute__((format(printf, 3, 4)));
enum MHD_Result fr_answer_with(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response); /* takes response */
enum MHD_Result fr_answer_job(struct fr_control *control, struct MHD_Connection *connection,
                              unsigned status, uint32_t id);
struct MHD_Response *fr_answer_dress(struct MHD_Response *response, const char *type);

/* tell.c: JSON; NULL: no memory */
json_t *fr_tell_job(const struct fr_job_facts *facts, uint64_t now_ns);
/* At most so many of the latest jobs and of the workers. */
json_t *fr_tell_status(struct fr_board *board, size_t most_jobs, size_t most_workers);
json_t *fr_tell_text(const char *text); /* whatever bytes it holds */
/* exposition.c: the text of GET /metrics, malloc'ed; NULL: no memory */
char *fr_exposition(struct fr_control *control, size_t *len_p);

/* events.c */
enum MHD_Result fr_events_open(struct fr_control *control, struct MHD_Connection *connection);
unsigned fr_events_count(struct fr_control *control);
void fr_events_tick(struct fr_control *control); /* under the lock: who may go on does */

/* start.c */
enum MHD_Result fr_start_take(struct fr_control *control, struct fr_request *request);
enum MHD_Result fr_start_tell(struct fr_control *control, struct fr_request *request); /* after */
void fr_start_tick(struct fr_control *control); /* under the lock: who has waited goes on */

/* request.c */
enum MHD_Result fr_request_take(void *ctx, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_len, void **request_p);
void fr_request_end(void *ctx, struct MHD_Connection *connection, void **request_p,
                    enum MHD_RequestTerminationCode code);

#define FR_PAGE_FILE(name) extern const char fr_page_##name[], fr_page_##name##_end[]
FR_PAGE_FILE(html);
FR_PAGE_FILE(css);
FR_PAGE_FILE(js);
#endif
