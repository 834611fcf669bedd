/* SPDX-License-Identifier: MIT
 * The one message whose size matters is written and read by hand, so that its payload never moves.
 */
#include "wire/result.h"
#include "wire/field.h"

#include <string.h>

enum { TO_LEADER_RESULT = 2 };
enum {
    JOB = 1,
    LEASE = 2,
    FIRST_ROW = 3,
    ROWS = 4,
    QUEUE_NS = 5,
    COMPUTE_NS = 6,
    PADDING = 14,
    PAYLOAD = 15
};

/* Everything in the Result before its payload's bytes. */
static size_t inner_head(uint32_t job, size_t payload_len, size_t padding)
{
    return 1 + fr_field_varint_bytes(job) + 3 * (1 + sizeof(uint64_t)) +
           2 * (1 + sizeof(uint32_t)) + 2 + padding + 1 + fr_field_varint_bytes(payload_len);
}

static size_t whole_head(uint32_t job, size_t payload_len, size_t padding)
{
    size_t inner = inner_head(job, payload_len, padding);
    return 1 + fr_field_varint_bytes(inner + payload_len) + inner;
}

/* Padding stays under 128 bytes, so that its length is one byte: the head grows by one with each
 * byte of it, and by one more at most once, where the outer length gains a byte. */
static size_t pick_padding(uint32_t job, size_t payload_len)
{
    size_t padding = 0;
    while (whole_head(job, payload_len, padding) % FR_WIRE_ALIGN != 0)
        padding++;
    return padding;
}

size_t fr_wire_result_head_bytes(uint32_t job, size_t payload_len)
{
    return whole_head(job, payload_len, pick_padding(job, payload_len));
}

void fr_wire_result_put_head(const struct fr_result *result, uint8_t *buf)
{
    size_t padding = pick_padding(result->job, result->payload_len);
    size_t inner = inner_head(result->job, result->payload_len, padding);
    uint8_t *p = fr_field_put_tag(buf, TO_LEADER_RESULT, FR_WT_BYTES);
    p = fr_field_put_varint(p, inner + result->payload_len);
    p = fr_field_put_tag(p, JOB, FR_WT_VARINT);
    p = fr_field_put_varint(p, result->job);
    p = fr_field_put_fixed64(p, LEASE, result->lease);
    p = fr_field_put_fixed32(p, FIRST_ROW, result->first_row);
    p = fr_field_put_fixed32(p, ROWS, result->rows);
    p = fr_field_put_fixed64(p, QUEUE_NS, result->queue_ns);
    p = fr_field_put_fixed64(p, COMPUTE_NS, result->compute_ns);
    p = fr_field_put_tag(p, PADDING, FR_WT_BYTES);
    p = fr_field_put_varint(p, padding);
    memset(p, 0, padding);
    p = fr_field_put_tag(p + padding, PAYLOAD, FR_WT_BYTES);
    fr_field_put_varint(p, result->payload_len);
}

/* A field that should be a number of this type, and fit its C type. */
static bool number(const struct fr_field *field, enum fr_wiretype type, uint64_t max)
{
    return field->type == type && field->value <= max;
}

fr_status fr_wire_unpack_result(const uint8_t *buf, size_t len, struct fr_result *result_p)
{
    struct fr_result result = {0};
    const uint8_t *at = buf, *end = buf + len;
    struct fr_field field;
    while (fr_field_next(&at, end, &field)) {
        bool good = true;
        switch (field.number) {
        case JOB:
            good = number(&field, FR_WT_VARINT, UINT32_MAX);
            result.job = (uint32_t)field.value;
            break;
        case LEASE:
            good = number(&field, FR_WT_FIXED64, UINT64_MAX);
            result.lease = field.value;
            break;
        case FIRST_ROW:
            good = number(&field, FR_WT_FIXED32, UINT32_MAX);
            result.first_row = (uint32_t)field.value;
            break;
        case ROWS:
            good = number(&field, FR_WT_FIXED32, UINT32_MAX);
            result.rows = (uint32_t)field.value;
            break;
        case QUEUE_NS:
            good = number(&field, FR_WT_FIXED64, UINT64_MAX);
            result.queue_ns = field.value;
            break;
        case COMPUTE_NS:
            good = number(&field, FR_WT_FIXED64, UINT64_MAX);
            result.compute_ns = field.value;
            break;
        case PAYLOAD:
            good = field.type == FR_WT_BYTES;
            result.payload = field.bytes;
            result.payload_len = (size_t)field.value;
            break;
        default: /* padding, and what a later version may add */
            break;
        }
        if (!good)
            return FR_EPROTO;
    }
    if (at != end)
        return FR_EPROTO;
    *result_p = result;
    return FR_OK;
}
