/* SPDX-License-Identifier: MIT
 * field.h - the protobuf wire format, one field at a time, without copying.
 * Source: protobuf.dev/programming-guides/encoding. */
#ifndef FR_WIRE_FIELD_H
#define FR_WIRE_FIELD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fr_wiretype { FR_WT_VARINT = 0, FR_WT_FIXED64 = 1, FR_WT_BYTES = 2, FR_WT_FIXED32 = 5 };

struct fr_field {
    uint32_t number;
    enum fr_wiretype type;
    uint64_t value;       /* VARINT, FIXED64, FIXED32      */
    const uint8_t *bytes; /* BYTES: value is their length  */
};

/* Takes the next field from *at, which moves on. False at the end, and where the bytes are no field
 * (then *at is not the end). */
bool fr_field_next(const uint8_t **at, const uint8_t *end, struct fr_field *field_p);

/* Writers return the place after what they wrote. */
uint8_t *fr_field_put_varint(uint8_t *to, uint64_t value);
uint8_t *fr_field_put_tag(uint8_t *to, uint32_t number, enum fr_wiretype type);
uint8_t *fr_field_put_fixed32(uint8_t *to, uint32_t number, uint32_t value);
uint8_t *fr_field_put_fixed64(uint8_t *to, uint32_t number, uint64_t value);
size_t fr_field_varint_bytes(uint64_t value);
#endif
