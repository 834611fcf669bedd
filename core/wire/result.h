/* SPDX-License-Identifier: MIT
 * result.h - reading the inside of a Result; for wire.c. */
#ifndef FR_WIRE_RESULT_H
#define FR_WIRE_RESULT_H
#include "wire/wire.h"

/* buf is the Result without the tag and length around it. FR_EPROTO, FR_OK. */
fr_status fr_wire_unpack_result(const uint8_t *buf, size_t len, struct fr_result *result_p);
#endif
