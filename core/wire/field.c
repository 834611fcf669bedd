/* SPDX-License-Identifier: MIT */
#include "wire/field.h"

#include <string.h>

static bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *value_p)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at == end)
            return false;
        uint8_t byte = *(*at)++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value_p = value;
            return true;
        }
    }
    return false;
}

static bool take_fixed(const uint8_t **at, const uint8_t *end, size_t len, uint64_t *value_p)
{
    if ((size_t)(end - *at) < len)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)(*at)[i] << (8 * i);
    *at += len;
    *value_p = value;
    return true;
}

bool fr_field_next(const uint8_t **at, const uint8_t *end, struct fr_field *field_p)
{
    const uint8_t *p = *at;
    uint64_t tag;
    if (p == end || !take_varint(&p, end, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
        return false;
    struct fr_field field = {.number = (uint32_t)(tag >> 3), .type = (enum fr_wiretype)(tag & 7)};
    switch (field.type) {
    case FR_WT_VARINT:
        if (!take_varint(&p, end, &field.value))
            return false;
        break;
    case FR_WT_FIXED64:
        if (!take_fixed(&p, end, 8, &field.value))
            return false;
        break;
    case FR_WT_FIXED32:
        if (!take_fixed(&p, end, 4, &field.value))
            return false;
        break;
    case FR_WT_BYTES:
        if (!take_varint(&p, end, &field.value) || field.value > (uint64_t)(end - p))
            return false;
        field.bytes = p;
        p += field.value;
        break;
    default: /* groups are not of proto3 */
        return false;
    }
    *at = p;
    *field_p = field;
    return true;
}

uint8_t *fr_field_put_varint(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

uint8_t *fr_field_put_tag(uint8_t *to, uint32_t number, enum fr_wiretype type)
{
    return fr_field_put_varint(to, (uint64_t)number << 3 | (uint64_t)type);
}

static uint8_t *put_fixed(uint8_t *to, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *to++ = (uint8_t)(value >> (8 * i));
    return to;
}

uint8_t *fr_field_put_fixed32(uint8_t *to, uint32_t number, uint32_t value)
{
    return put_fixed(fr_field_put_tag(to, number, FR_WT_FIXED32), value, 4);
}

uint8_t *fr_field_put_fixed64(uint8_t *to, uint32_t number, uint64_t value)
{
    return put_fixed(fr_field_put_tag(to, number, FR_WT_FIXED64), value, 8);
}

size_t fr_field_varint_bytes(uint64_t value)
{
    size_t bytes = 1;
    for (; value >= 0x80; value >>= 7)
        bytes++;
    return bytes;
}
