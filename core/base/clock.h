/* SPDX-License-Identifier: MIT
 * clock.h - the monotonic clock. */
#ifndef FR_BASE_CLOCK_H
#define FR_BASE_CLOCK_H
#include <stdint.h>

#define FR_NS_PER_MS UINT64_C(1000000)
#define FR_NS_PER_S  UINT64_C(1000000000)

uint64_t fr_now_ns(void); /* CLOCK_MONOTONIC; any thread */
#endif
