/* SPDX-License-Identifier: MIT
 * At the leader: a worker of theirs. It knows single rows, the core knows bands: what the core
 * assigns is handed out row by row, and collected into one result. */
#include "fractal.pb-c.h"
#include "node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CREDITS = 2, /* so that there is a next row while a finished band is on its way to the core */
    NORM_BYTES = 8,
    IT_BYTES = 4
};

/* One Assign of the core's. */
struct band {
    struct band *next;
    uint64_t lease, compute_ns;
    uint32_t first_row, rows, sent, done;
    unsigned char *payload; /* from the first row that is done */
};

/* A row that the worker has. */
struct row {
    struct band *band;
    uint32_t iy;
    uint64_t sent_ns;
};

struct node {
    bool joined, has_job;
    Fractal__V1__Job job;
    struct band *first, **end;
    struct row rows[NODE_MAX_ROWS];
    unsigned row_count;
    uint64_t answered_ns; /* its last one */
};

static uint64_t now_ns(const struct call *c)
{
    return c->ep->host->now_ns();
}

static void free_band(struct band *b)
{
    free(b->payload);
    free(b);
}

static void free_bands(struct node *n)
{
    struct band *b;
    while ((b = n->first)) {
        n->first = b->next;
        free_band(b);
    }
    n->end = &n->first;
    n->row_count = 0;
}

static void no_memory(struct call *c)
{
    call_cut(c, FR_ECONN, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for rows");
}

/* ---------------------------------------------------------------- from the core */

static void tell_goodbye(struct call *c, char *reason)
{
    Fractal__V1__Goodbye goodbye = FRACTAL__V1__GOODBYE__INIT;
    Fractal__V1__ToLeader msg = FRACTAL__V1__TO_LEADER__INIT;
    goodbye.reason = reason;
    msg.kind_case = FRACTAL__V1__TO_LEADER__KIND_GOODBYE;
    msg.goodbye = &goodbye;
    node_tell(c, &msg.base);
}

static void take_job(struct call *c, const Fractal__V1__Job *job)
{
    struct node *n = c->node;
    n->job = *job; /* numbers only */
    n->has_job = true;
    if (job->payload == FRACTAL__V1__PAYLOAD__RAW && job->x_div == job->width - 1 &&
        job->y_div == job->width - 1)
        return;
    if (!c->ep->node_refused)
        c->ep->host->log(c->ep->host->ctx, FR_LOG_WARN,
                         "NodeService divides both axes by width - 1 and cannot express this job "
                         "(view = exact?): its workers are sent away");
    c->ep->node_refused = true;
    char reason[] = "NodeService cannot express this job";
    tell_goodbye(c, reason);
    c->end_code = GRPC_STATUS_FAILED_PRECONDITION;
    c->end_text = "NodeService cannot express this job's geometry";
    c->leaving = true;
}

static void take_assign(struct call *c, const Fractal__V1__Assign *assign)
{
    struct node *n = c->node;
    struct band *b = calloc(1, sizeof(*b));
    if (!b) {
        no_memory(c);
        return;
    }
    b->lease = assign->lease;
    b->first_row = assign->first_row;
    b->rows = assign->rows;
    *n->end = b;
    n->end = &b->next;
}

static void leader_send(struct call *c, struct msg *m)
{
    Fractal__V1__ToWorker *in = fractal__v1__to_worker__unpack(NULL, m->base.len, m->base.data);
    switch (in ? in->kind_case : FRACTAL__V1__TO_WORKER__KIND__NOT_SET) {
    case FRACTAL__V1__TO_WORKER__KIND_WELCOME:
        if (*in->welcome->refusal) {
            c->end_code = GRPC_STATUS_PERMISSION_DENIED;
            c->end_text = "the leader refuses this worker";
            c->leaving = true;
        }
        break;
    case FRACTAL__V1__TO_WORKER__KIND_JOB:
        take_job(c, in->job);
        break;
    case FRACTAL__V1__TO_WORKER__KIND_ASSIGN:
        take_assign(c, in->assign);
        break;
    case FRACTAL__V1__TO_WORKER__KIND_FINISH:
        free_bands(c->node);
        c->leaving = true;
        break;
    default: /* the core's own, so: out of memory */
        no_memory(c);
        break;
    }
    if (in)
        fractal__v1__to_worker__free_unpacked(in, NULL);
    call_sent(c, m, FR_OK);
}

/* ---------------------------------------------------------------- to the worker */

static bool send_row(struct call *c, const Fractal__V1__Job *job, uint32_t iy)
{
    node_request request = CONVERGEDCOMPUTING__ORG__GRPC__V1__WORK_REQUEST__INIT;
    request.xmin = job->xmin;
    request.ymin = job->ymin;
    request.xmax = job->xmax;
    request.ymax = job->ymax;
    request.iy = (int32_t)iy;
    request.iters = (int32_t)job->iters;
    request.width = (int32_t)job->width;
    struct msg *m = msg_new(protobuf_c_message_get_packed_size(&request.base), c->peer);
    if (!m)
        return false;
    m->base.len = protobuf_c_message_pack(&request.base, m->base.data);
    m->ours = true;
    call_queue(c, m);
    return true;
}

static void leader_advance(struct call *c)
{
    struct node *n = c->node;
    if (c->leaving || c->dead)
        return;
    for (struct band *b = n->first; b; b = b->next) {
        while (b->sent < b->rows) {
            if (n->row_count >= (unsigned)c->ep->cfg->node_rows)
                return;
            uint32_t iy = b->first_row + b->sent;
            if (!send_row(c, &n->job, iy)) {
                no_memory(c);
                return;
            }
            b->sent++;
            n->rows[n->row_count++] = (struct row){.band = b, .iy = iy, .sent_ns = now_ns(c)};
        }
    }
}

/* ---------------------------------------------------------------- from the worker */

/* Request, the one message of its stream: it joins. What the action says is of no use to us. */
static void leader_take(struct call *c, const grpc_byte_buffer *buffer)
{
    (void)buffer;
    struct node *n = c->node;
    if (n->joined)
        return;
    n->joined = true;
    Fractal__V1__Hello hello = FRACTAL__V1__HELLO__INIT;
    Fractal__V1__ToLeader msg = FRACTAL__V1__TO_LEADER__INIT;
    char set[] = "go";
    const char *at = strchr(c->who, ':');
    hello.protocol = 1;
    hello.host = at && at[1] ? (char *)at + 1 : c->who; /* only read */
    hello.pid = c->ep->node_count++;
    hello.threads = 1;
    hello.credits = CREDITS;
    hello.instruction_set = set;
    hello.capabilities = 1; /* raw payloads only */
    msg.kind_case = FRACTAL__V1__TO_LEADER__KIND_HELLO;
    msg.hello = &hello;
    node_tell(c, &msg.base);
}

static void tell_result(struct call *c, struct band *b)
{
    struct node *n = c->node;
    Fractal__V1__Result result = FRACTAL__V1__RESULT__INIT;
    Fractal__V1__ToLeader msg = FRACTAL__V1__TO_LEADER__INIT;
    result.job = n->job.id;
    result.lease = b->lease;
    result.first_row = b->first_row;
    result.rows = b->rows;
    result.compute_ns = b->compute_ns;
    result.payload.len = (size_t)n->job.width * b->rows * (NORM_BYTES + IT_BYTES);
    result.payload.data = b->payload;
    msg.kind_case = FRACTAL__V1__TO_LEADER__KIND_RESULT;
    msg.result = &result;
    node_tell(c, &msg.base);

    struct band **at = &n->first;
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    if (n->end == &b->next)
        n->end = at;
    free_band(b);
}

static struct row *row_of(struct node *n, int32_t iy)
{
    for (unsigned i = 0; i < n->row_count; i++)
        if (iy >= 0 && n->rows[i].iy == (uint32_t)iy)
            return &n->rows[i];
    return NULL;
}

static const char *take_row(struct call *c, struct row *row, const node_response *response)
{
    struct node *n = c->node;
    struct band *b = row->band;
    size_t width = n->job.width, at = row->iy - b->first_row;
    if (response->n_norm != width || response->n_it != width)
        return "a row of another width";
    if (response->iters < 0 || (uint32_t)response->iters != n->job.iters)
        return "a row of other iterations";
    if (!b->payload && !(b->payload = malloc(width * b->rows * (NORM_BYTES + IT_BYTES))))
        return "no memory for rows";
    memcpy(b->payload + at * width * NORM_BYTES, response->norm, width * NORM_BYTES);
    memcpy(b->payload + ((size_t)b->rows * NORM_BYTES + at * IT_BYTES) * width, response->it,
           width * IT_BYTES);
    /* It computes one after the other: a row that waited for another began when that was done. */
    uint64_t began_ns = row->sent_ns > n->answered_ns ? row->sent_ns : n->answered_ns;
    n->answered_ns = now_ns(c);
    b->compute_ns += n->answered_ns - began_ns;
    *row = n->rows[--n->row_count];
    if (++b->done == b->rows)
        tell_result(c, b);
    return NULL;
}

/* Up to the port: which host. */
static bool same_host(const char *a, const char *b)
{
    const char *a_end = strrchr(a, ':'), *b_end = strrchr(b, ':');
    return a_end && b_end && a_end - a == b_end - b && memcmp(a, b, (size_t)(a_end - a)) == 0;
}

static const struct bridge leader_bridge;

/* Whose row is it? A worker has one connection for everything, so its address tells; where many
 * share an address (a path, a proxy that splits connections), that it has the row does. */
static struct call *worker_at(fr_ep *ep, const char *who, int32_t iy)
{
    struct call *same = NULL, *near = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < ep->count; i++) {
        struct call *c = ep->calls[i];
        if (c->bridge != &leader_bridge || c->down)
            continue;
        bool has = row_of(c->node, iy) != NULL;
        if (strcmp(c->who, who) == 0) {
            if (has)
                return c;
            same = c;
            count++;
        } else if (has && same_host(c->who, who)) {
            near = c;
        }
    }
    return count == 1 ? same : count == 0 ? near : NULL;
}

const char *node_result(fr_ep *ep, const char *who, const node_response *response)
{
    struct call *c = worker_at(ep, who, response->iy);
    if (!c)
        return "a row from nobody who was given it";
    if (c->dropped || c->cause != FR_OK)
        return "from a worker that was dropped";
    if (c->leaving) /* the others were faster, and the job is done */
        return NULL;
    struct row *row = row_of(c->node, response->iy);
    const char *wrong = row ? take_row(c, row, response) : "a row that this worker was not given";
    if (wrong)
        call_cut(c, FR_EPROTO, GRPC_STATUS_INVALID_ARGUMENT, wrong);
    call_settle(c);
    return wrong;
}

/* ---------------------------------------------------------------- the stream */

static bool leader_holds(const struct call *c)
{
    (void)c;
    return false;
}

static void leader_abort(struct call *c)
{
    (void)c;
}

static void leader_free(struct call *c)
{
    free_bands(c->node);
    free(c->node);
}

static const struct bridge leader_bridge = {.take = leader_take,
                                            .send = leader_send,
                                            .advance = leader_advance,
                                            .holds = leader_holds,
                                            .abort = leader_abort,
                                            .free = leader_free};

bool node_serve(struct call *c)
{
    struct node *n = calloc(1, sizeof(*n));
    if (!n)
        return false;
    n->end = &n->first;
    c->node = n;
    c->bridge = &leader_bridge;
    return true;
}
