/* SPDX-License-Identifier: MIT
 * At the worker: a leader of theirs. Each row it sends becomes an Assign for the core, each Result
 * of the core's a call of ReportResult. */
#include "client.h"
#include "fractal.pb-c.h"
#include "node.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ROW = 1 << 20, /* of any image that the core computes: the real height is never told */
    WELCOME_MS = 1000, /* of a stream without work, after which it will not be refused       */
    PIXEL_BYTES = 12
};

/* A row that was computed, on its way. */
struct report {
    struct tag tag;
    struct report *next, **link;
    struct call *c;
    grpc_call *call;
    struct msg *m; /* the core's Result: its SENT tells that the row arrived */
    grpc_byte_buffer *request, *reply;
    grpc_metadata_array initial, trailing;
    grpc_status_code code;
    grpc_slice code_text;
};

struct node {
    bool greeted, welcomed, has_job;
    bool worked;   /* at least one row came */
    bool finished; /* the core was told     */
    bool lost;     /* a row did not arrive  */
    uint32_t credits, assigned;
    uint32_t job; /* its number, counted up with each change of the geometry */
    uint64_t lease;
    node_request geometry; /* of that job */
    node_request wait[NODE_MAX_ROWS];
    unsigned first, count;
    struct report *reports;
};

/* ---------------------------------------------------------------- to the core */

static void tell(struct call *c, Fractal__V1__ToWorker__KindCase kind, void *what)
{
    Fractal__V1__ToWorker msg = FRACTAL__V1__TO_WORKER__INIT;
    msg.kind_case = kind;
    msg.welcome = what; /* whichever of the union */
    node_tell(c, &msg.base);
}

static void tell_welcome(struct call *c)
{
    Fractal__V1__Welcome welcome = FRACTAL__V1__WELCOME__INIT;
    welcome.protocol = 1;
    tell(c, FRACTAL__V1__TO_WORKER__KIND_WELCOME, &welcome);
    c->node->welcomed = true;
    c->alarm_ns = UINT64_MAX;
}

static void tell_job(struct call *c, const node_request *of)
{
    struct node *n = c->node;
    n->geometry = *of;
    n->has_job = true;
    Fractal__V1__Job job = FRACTAL__V1__JOB__INIT;
    job.id = ++n->job;
    job.width = (uint32_t)of->width;
    job.height = MAX_ROW;
    job.iters = (uint32_t)of->iters;
    job.xmin = of->xmin;
    job.xmax = of->xmax;
    job.ymin = of->ymin;
    job.ymax = of->ymax;
    job.x_div = job.y_div = job.width - 1;
    job.payload = FRACTAL__V1__PAYLOAD__RAW;
    tell(c, FRACTAL__V1__TO_WORKER__KIND_JOB, &job);
}

static void tell_assign(struct call *c, const node_request *row)
{
    Fractal__V1__Assign assign = FRACTAL__V1__ASSIGN__INIT;
    assign.job = c->node->job;
    assign.lease = ++c->node->lease;
    assign.first_row = (uint32_t)row->iy;
    assign.rows = 1;
    tell(c, FRACTAL__V1__TO_WORKER__KIND_ASSIGN, &assign);
    c->node->assigned++;
}

static void tell_finish(struct call *c)
{
    Fractal__V1__Finish finish = FRACTAL__V1__FINISH__INIT;
    finish.job = c->node->job;
    tell(c, FRACTAL__V1__TO_WORKER__KIND_FINISH, &finish);
    c->node->finished = true;
}

/* The same picture? Bit for bit: a NaN is refused later. */
static bool same_job(const node_request *a, const node_request *b)
{
    const double of_a[] = {a->xmin, a->xmax, a->ymin, a->ymax};
    const double of_b[] = {b->xmin, b->xmax, b->ymin, b->ymax};
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c): bits
    return a->width == b->width && a->iters == b->iters && memcmp(of_a, of_b, sizeof(of_a)) == 0;
}

static void abort_reports(struct call *c)
{
    for (struct report *r = c->node->reports; r; r = r->next)
        grpc_call_cancel(r->call, NULL);
}

static void worker_advance(struct call *c)
{
    struct node *n = c->node;
    bool end = c->over && c->deaf;
    if (end && !n->worked)
        c->dead = true;
    if (end && n->lost && !n->finished && c->code != GRPC_STATUS_OK)
        call_cut(c, FR_ECONN, GRPC_STATUS_CANCELLED, "rows did not arrive");
    if (c->dead)
        abort_reports(c);
    if (c->dead || c->leaving || !c->up || !n->greeted)
        return;
    if (!n->welcomed) {
        if (n->count == 0 && c->ep->host->now_ns() < c->alarm_ns)
            return;
        tell_welcome(c);
    }
    while (n->count > 0 && n->assigned < n->credits) {
        const node_request *row = &n->wait[n->first];
        if (!n->has_job || !same_job(&n->geometry, row)) {
            if (n->assigned > 0)
                break; /* the core takes another job between rows only */
            tell_job(c, row);
        }
        tell_assign(c, row);
        n->first = (n->first + 1) % NODE_MAX_ROWS;
        n->count--;
    }
    if (c->paused && n->count < NODE_MAX_ROWS) {
        c->paused = false;
        call_read_on(c);
    }
    if (end && n->count == 0 && n->assigned == 0 && !n->reports && !n->finished)
        tell_finish(c);
}

/* ---------------------------------------------------------------- from the leader */

static void worker_take(struct call *c, const grpc_byte_buffer *buffer)
{
    struct node *n = c->node;
    grpc_slice bytes = node_flatten(buffer);
    node_request *in = convergedcomputing__org__grpc__v1__work_request__unpack(
        NULL, GRPC_SLICE_LENGTH(bytes), GRPC_SLICE_START_PTR(bytes));
    grpc_slice_unref(bytes);
    if (!in || in->iy < 0 || in->iy >= MAX_ROW || in->width < 2 || in->iters < 1) {
        call_cut(c, FR_EPROTO, GRPC_STATUS_INVALID_ARGUMENT, "a row that nobody can compute");
    } else {
        n->wait[(n->first + n->count++) % NODE_MAX_ROWS] = *in;
        n->worked = true;
        c->paused = n->count == NODE_MAX_ROWS;
    }
    if (in)
        convergedcomputing__org__grpc__v1__work_request__free_unpacked(in, NULL);
}

/* ---------------------------------------------------------------- results */

static void free_report(struct report *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    if (!r->c->node->reports)
        r->c->flight &= ~(unsigned)CALL_REPORT;
    grpc_byte_buffer_destroy(r->request);
    if (r->reply)
        grpc_byte_buffer_destroy(r->reply);
    grpc_metadata_array_destroy(&r->initial);
    grpc_metadata_array_destroy(&r->trailing);
    grpc_slice_unref(r->code_text);
    grpc_call_unref(r->call);
    free(r);
}

static void on_reported(struct tag *tag, bool ok)
{
    struct report *r = (struct report *)tag;
    struct call *c = r->c;
    bool good = ok && r->code == GRPC_STATUS_OK;
    call_sent(c, r->m, good ? FR_OK : FR_ECLOSED);
    if (!good && !c->ep->closing && !c->dead) {
        char why[256], *text = grpc_slice_to_c_string(r->code_text);
        snprintf(why, sizeof(why), "a row did not arrive: status %d: %s", (int)r->code, text);
        gpr_free(text);
        /* A leader that ended the stream in good order did not want it any more: others were
         * faster. Where the connection is going, how the stream ends will tell. */
        c->node->lost = c->over ? c->code == GRPC_STATUS_OK : r->code == GRPC_STATUS_UNAVAILABLE;
        if (!c->node->lost)
            call_cut(c, FR_ECONN, GRPC_STATUS_CANCELLED, why);
    }
    free_report(r);
    call_settle(c);
}

static bool start_report(struct call *c, struct msg *m, grpc_byte_buffer *request)
{
    struct node *n = c->node;
    struct report *r = calloc(1, sizeof(*r));
    if (!r) {
        grpc_byte_buffer_destroy(request);
        return false;
    }
    *r = (struct report){.tag.done = on_reported,
                         .c = c,
                         .m = m,
                         .request = request,
                         .code_text = grpc_empty_slice()};
    grpc_metadata_array_init(&r->initial);
    grpc_metadata_array_init(&r->trailing);
    r->call = grpc_channel_create_call(c->ep->client->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                       c->ep->cq, grpc_slice_from_static_string(NODE_REPORT_RESULT),
                                       NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    r->link = &n->reports;
    r->next = n->reports;
    if (r->next)
        r->next->link = &r->next;
    n->reports = r;
    c->flight |= CALL_REPORT;
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}};
    ops[1].data.send_message.send_message = request;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &r->initial;
    ops[4].data.recv_message.recv_message = &r->reply;
    ops[5].data.recv_status_on_client.trailing_metadata = &r->trailing;
    ops[5].data.recv_status_on_client.status = &r->code;
    ops[5].data.recv_status_on_client.status_details = &r->code_text;
    if (grpc_call_start_batch(r->call, ops, 6, r, NULL) == GRPC_CALL_OK)
        return true;
    free_report(r);
    return false;
}

static bool send_result(struct call *c, struct msg *m, const Fractal__V1__Result *result)
{
    struct node *n = c->node;
    size_t width = (size_t)n->geometry.width;
    if (result->job != n->job || result->rows != 1 || result->payload.len != width * PIXEL_BYTES)
        return false;
    node_response response = CONVERGEDCOMPUTING__ORG__GRPC__V1__WORK_RESPONSE__INIT;
    response.n_norm = response.n_it = width;
    response.norm = (void *)result->payload.data; /* from malloc, hence aligned */
    response.it = (void *)(result->payload.data + width * sizeof(double));
    response.iy = (int32_t)result->first_row;
    response.iters = n->geometry.iters;
    n->assigned--;
    return start_report(c, m, node_pack(&response.base));
}

static void worker_send(struct call *c, struct msg *m)
{
    struct node *n = c->node;
    Fractal__V1__ToLeader *out = fractal__v1__to_leader__unpack(NULL, m->base.len, m->base.data);
    fr_status st = FR_OK;
    bool kept = false;
    if (!out) {
        st = FR_ECLOSED;
    } else if (out->kind_case == FRACTAL__V1__TO_LEADER__KIND_HELLO) {
        n->greeted = true;
        n->credits = out->hello->credits;
        c->alarm_ns = c->ep->host->now_ns() + (uint64_t)WELCOME_MS * 1000000u;
    } else if (out->kind_case == FRACTAL__V1__TO_LEADER__KIND_RESULT) {
        kept = send_result(c, m, out->result);
        st = FR_ECLOSED;
    } /* Stats and Goodbye have nowhere to go */
    if (out)
        fractal__v1__to_leader__free_unpacked(out, NULL);
    if (kept)
        return;
    call_sent(c, m, st);
    if (st != FR_OK)
        call_cut(c, FR_ECONN, GRPC_STATUS_CANCELLED, "a row could not be sent");
}

/* ---------------------------------------------------------------- the stream */

/* Nothing but cancelling ends their stream from here. */
static void worker_end(struct call *c)
{
    if (c->node->reports)
        return; /* first what is on its way */
    c->ended = c->deaf = true;
    grpc_call_cancel(c->call, NULL);
}

static bool worker_holds(const struct call *c)
{
    return (c->node->worked || !c->deaf) && !c->ended && !c->dropped;
}

static void worker_free(struct call *c)
{
    free(c->node);
}

static const struct bridge worker_bridge = {.take = worker_take,
                                            .send = worker_send,
                                            .advance = worker_advance,
                                            .end = worker_end,
                                            .holds = worker_holds,
                                            .abort = abort_reports,
                                            .free = worker_free};

bool node_connect(struct call *c)
{
    struct node *n = calloc(1, sizeof(*n));
    if (!n)
        return false;
    c->node = n;
    c->bridge = &worker_bridge;
    return true;
}
