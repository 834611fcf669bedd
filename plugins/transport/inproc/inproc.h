/* SPDX-License-Identifier: MIT
 * inproc.h - constants and the config of this transport. */
#ifndef INPROC_H
#define INPROC_H
#include <fractal/transport.h>

#define INPROC_CAPS       (FR_CAP_TX_INPLACE | FR_CAP_RX_INPLACE | FR_CAP_SAME_PROCESS)
#define INPROC_DEPTH      64
#define INPROC_DEPTH_TEXT "64"
enum { INPROC_ALIGN = 64 };

struct inproc_cfg {
    int64_t depth;
};
#endif
