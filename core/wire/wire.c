/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

#include "wire/field.h"
#include "wire/result.h"

#include "fractal.pb-c.h"

#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "payloads are little endian and are written in place"
#endif

typedef Fractal__V1__ToLeader pb_to_leader;
typedef Fractal__V1__ToWorker pb_to_worker;

/* ------------------------------------------------------------------ to bytes */

static size_t pack(const ProtobufCMessage *message, uint8_t *buf, size_t cap)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    return len <= cap ? protobuf_c_message_pack(message, buf) : 0;
}

/* protobuf-c's structs have no const strings; it does not write to what it packs. */
static char *text(const char *s)
{
    return (char *)s;
}

static size_t pack_hello(const struct fr_hello *hello, uint8_t *buf, size_t cap)
{
    Fractal__V1__Hello inner = FRACTAL__V1__HELLO__INIT;
    inner.protocol = hello->protocol;
    inner.host = text(hello->host);
    inner.pid = hello->pid;
    inner.threads = hello->threads;
    inner.credits = hello->credits;
    inner.instruction_set = text(hello->instruction_set);
    inner.token = text(hello->token);
    inner.capabilities = hello->capabilities;
    inner.version = text(hello->version);
    pb_to_leader outer = FRACTAL__V1__TO_LEADER__INIT;
    outer.kind_case = FRACTAL__V1__TO_LEADER__KIND_HELLO;
    outer.hello = &inner;
    return pack(&outer.base, buf, cap);
}

static size_t pack_stats(const struct fr_counters *stats, uint8_t *buf, size_t cap)
{
    Fractal__V1__Stats inner = FRACTAL__V1__STATS__INIT;
#define X(field) inner.field = stats->field;
    FR_COUNTERS(X)
#undef X
    pb_to_leader outer = FRACTAL__V1__TO_LEADER__INIT;
    outer.kind_case = FRACTAL__V1__TO_LEADER__KIND_STATS;
    outer.stats = &inner;
    return pack(&outer.base, buf, cap);
}

static size_t pack_goodbye(const struct fr_goodbye *goodbye, uint8_t *buf, size_t cap)
{
    Fractal__V1__Goodbye inner = FRACTAL__V1__GOODBYE__INIT;
    inner.reason = text(goodbye->reason);
    pb_to_leader outer = FRACTAL__V1__TO_LEADER__INIT;
    outer.kind_case = FRACTAL__V1__TO_LEADER__KIND_GOODBYE;
    outer.goodbye = &inner;
    return pack(&outer.base, buf, cap);
}

size_t fr_wire_pack_to_leader(const struct fr_to_leader *msg, uint8_t *buf, size_t cap)
{
    switch (msg->kind) {
    case FR_WIRE_HELLO:
        return pack_hello(&msg->hello, buf, cap);
    case FR_WIRE_STATS:
        return pack_stats(&msg->stats, buf, cap);
    case FR_WIRE_GOODBYE:
        return pack_goodbye(&msg->goodbye, buf, cap);
    default:
        return 0;
    }
}

static size_t pack_job(uint32_t id, const struct fr_job *job, uint8_t *buf, size_t cap)
{
    Fractal__V1__Job inner = FRACTAL__V1__JOB__INIT;
    inner.id = id;
    inner.width = job->width;
    inner.height = job->height;
    inner.iters = job->iters;
    inner.xmin = job->xmin;
    inner.xmax = job->xmax;
    inner.ymin = job->ymin;
    inner.ymax = job->ymax;
    inner.x_div = job->x_div;
    inner.y_div = job->y_div;
    inner.payload = (Fractal__V1__Payload)job->payload;
    pb_to_worker outer = FRACTAL__V1__TO_WORKER__INIT;
    outer.kind_case = FRACTAL__V1__TO_WORKER__KIND_JOB;
    outer.job = &inner;
    return pack(&outer.base, buf, cap);
}

static size_t pack_welcome(const struct fr_welcome *welcome, uint8_t *buf, size_t cap)
{
    Fractal__V1__Welcome inner = FRACTAL__V1__WELCOME__INIT;
    inner.protocol = welcome->protocol;
    inner.worker = welcome->worker;
    inner.refusal = text(welcome->refusal);
    inner.retry = welcome->retry;
    pb_to_worker outer = FRACTAL__V1__TO_WORKER__INIT;
    outer.kind_case = FRACTAL__V1__TO_WORKER__KIND_WELCOME;
    outer.welcome = &inner;
    return pack(&outer.base, buf, cap);
}

static size_t pack_assign(const struct fr_assign *assign, uint8_t *buf, size_t cap)
{
    Fractal__V1__Assign inner = FRACTAL__V1__ASSIGN__INIT;
    inner.job = assign->job;
    inner.lease = assign->lease;
    inner.first_row = assign->first_row;
    inner.rows = assign->rows;
    pb_to_worker outer = FRACTAL__V1__TO_WORKER__INIT;
    outer.kind_case = FRACTAL__V1__TO_WORKER__KIND_ASSIGN;
    outer.assign = &inner;
    return pack(&outer.base, buf, cap);
}

static size_t pack_finish(const struct fr_finish *finish, uint8_t *buf, size_t cap)
{
    Fractal__V1__Finish inner = FRACTAL__V1__FINISH__INIT;
    inner.job = finish->job;
    pb_to_worker outer = FRACTAL__V1__TO_WORKER__INIT;
    outer.kind_case = FRACTAL__V1__TO_WORKER__KIND_FINISH;
    outer.finish = &inner;
    return pack(&outer.base, buf, cap);
}

size_t fr_wire_pack_to_worker(const struct fr_to_worker *msg, uint8_t *buf, size_t cap)
{
    switch (msg->kind) {
    case FR_WIRE_WELCOME:
        return pack_welcome(&msg->welcome, buf, cap);
    case FR_WIRE_JOB:
        return pack_job(msg->job_id, &msg->job, buf, cap);
    case FR_WIRE_ASSIGN:
        return pack_assign(&msg->assign, buf, cap);
    case FR_WIRE_FINISH:
        return pack_finish(&msg->finish, buf, cap);
    default:
        return 0;
    }
}

/* ---------------------------------------------------------------- from bytes */

/* A peer's words may reach a terminal: nothing in them may steer it. */
static void take_text(char *to, size_t cap, const char *from)
{
    size_t n = 0;
    for (; n + 1 < cap && from[n]; n++) {
        unsigned char c = (unsigned char)from[n];
        to[n] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    to[n] = '\0';
}

static fr_status take_to_leader(const pb_to_leader *outer, struct fr_to_leader *msg_p)
{
    struct fr_to_leader msg = {0};
    switch (outer->kind_case) {
    case FRACTAL__V1__TO_LEADER__KIND_HELLO: {
        const Fractal__V1__Hello *in = outer->hello;
        msg.kind = FR_WIRE_HELLO;
        msg.hello = (struct fr_hello){.protocol = in->protocol,
                                      .pid = in->pid,
                                      .threads = in->threads,
                                      .credits = in->credits,
                                      .capabilities = in->capabilities};
        take_text(msg.hello.host, sizeof(msg.hello.host), in->host);
        take_text(msg.hello.instruction_set, sizeof(msg.hello.instruction_set),
                  in->instruction_set);
        /* Compared, never printed: kept as it came, and refused if it was cut. */
        if (strlen(in->token) >= sizeof(msg.hello.token))
            return FR_EPROTO;
        snprintf(msg.hello.token, sizeof(msg.hello.token), "%s", in->token);
        take_text(msg.hello.version, sizeof(msg.hello.version), in->version);
        break;
    }
    case FRACTAL__V1__TO_LEADER__KIND_STATS:
        msg.kind = FR_WIRE_STATS;
#define X(field) msg.stats.field = outer->stats->field;
        FR_COUNTERS(X)
#undef X
        break;
    case FRACTAL__V1__TO_LEADER__KIND_GOODBYE:
        msg.kind = FR_WIRE_GOODBYE;
        take_text(msg.goodbye.reason, sizeof(msg.goodbye.reason), outer->goodbye->reason);
        break;
    default:
        return FR_EPROTO;
    }
    *msg_p = msg;
    return FR_OK;
}

/* The number of the one field that a message of either direction has; 0: none or several. */
static uint32_t only_kind(const uint8_t *buf, size_t len, struct fr_field *kind_p)
{
    const uint8_t *at = buf, *end = buf + len;
    struct fr_field field;
    uint32_t kinds = 0;
    while (fr_field_next(&at, end, &field)) {
        if (field.number > 4) /* of a later version */
            continue;
        if (field.type != FR_WT_BYTES)
            return 0;
        kinds++;
        *kind_p = field;
    }
    return at == end && kinds == 1 ? kind_p->number : 0;
}

fr_status fr_wire_unpack_to_leader(const uint8_t *buf, size_t len, struct fr_to_leader *msg_p)
{
    struct fr_field field;
    uint32_t kind = only_kind(buf, len, &field);
    if (kind == FRACTAL__V1__TO_LEADER__KIND_RESULT) {
        struct fr_result result;
        fr_status st = fr_wire_unpack_result(field.bytes, (size_t)field.value, &result);
        if (st == FR_OK)
            *msg_p = (struct fr_to_leader){.kind = FR_WIRE_RESULT, .result = result};
        return st;
    }
    if (kind == 0 || len > FR_WIRE_CONTROL_BYTES)
        return FR_EPROTO;
    pb_to_leader *outer = fractal__v1__to_leader__unpack(NULL, len, buf);
    if (!outer)
        return FR_EPROTO;
    fr_status st = take_to_leader(outer, msg_p);
    fractal__v1__to_leader__free_unpacked(outer, NULL);
    return st;
}

static fr_status take_to_worker(const pb_to_worker *outer, struct fr_to_worker *msg_p)
{
    struct fr_to_worker msg = {0};
    switch (outer->kind_case) {
    case FRACTAL__V1__TO_WORKER__KIND_WELCOME: {
        const Fractal__V1__Welcome *in = outer->welcome;
        msg.kind = FR_WIRE_WELCOME;
        msg.welcome = (struct fr_welcome){
            .protocol = in->protocol, .worker = in->worker, .retry = in->retry != 0};
        take_text(msg.welcome.refusal, sizeof(msg.welcome.refusal), in->refusal);
        break;
    }
    case FRACTAL__V1__TO_WORKER__KIND_JOB: {
        const Fractal__V1__Job *in = outer->job;
        msg.kind = FR_WIRE_JOB;
        msg.job_id = in->id;
        msg.job = (struct fr_job){.width = in->width,
                                  .height = in->height,
                                  .iters = in->iters,
                                  .xmin = in->xmin,
                                  .xmax = in->xmax,
                                  .ymin = in->ymin,
                                  .ymax = in->ymax,
                                  .x_div = in->x_div,
                                  .y_div = in->y_div,
                                  .payload = (enum fr_payload)in->payload};
        break;
    }
    case FRACTAL__V1__TO_WORKER__KIND_ASSIGN: {
        const Fractal__V1__Assign *in = outer->assign;
        msg.kind = FR_WIRE_ASSIGN;
        msg.assign = (struct fr_assign){
            .job = in->job, .lease = in->lease, .first_row = in->first_row, .rows = in->rows};
        break;
    }
    case FRACTAL__V1__TO_WORKER__KIND_FINISH:
        msg.kind = FR_WIRE_FINISH;
        msg.finish.job = outer->finish->job;
        break;
    default:
        return FR_EPROTO;
    }
    *msg_p = msg;
    return FR_OK;
}

fr_status fr_wire_unpack_to_worker(const uint8_t *buf, size_t len, struct fr_to_worker *msg_p)
{
    struct fr_field field;
    if (len > FR_WIRE_CONTROL_BYTES || only_kind(buf, len, &field) == 0)
        return FR_EPROTO;
    pb_to_worker *outer = fractal__v1__to_worker__unpack(NULL, len, buf);
    if (!outer)
        return FR_EPROTO;
    fr_status st = take_to_worker(outer, msg_p);
    fractal__v1__to_worker__free_unpacked(outer, NULL);
    return st;
}
