/* SPDX-License-Identifier: MIT
 * signals.h - SIGINT and SIGTERM become a flag and a wake-up. They are taken by a thread of their
 * own, so that no code of ours runs inside a handler. */
#ifndef FR_BASE_SIGNALS_H
#define FR_BASE_SIGNALS_H
#include "base/error.h"

/* Once, before any other thread starts: blocks both in this thread (others inherit it), ignores
 * SIGPIPE and SIGXFSZ, so that they become errors of the calls that met them. */
fr_status fr_signals_start(struct fr_error *err);
/* The signal that asked to stop, 0: none. A second one ends the process at once. Any thread. */
int fr_signals_stop(void);
/* What to call (on the signal thread) when one arrives; several may be set at once, each is removed
 * with the same arguments. After remove returns, it is not running. At most 2048: FR_ENOMEM. */
fr_status fr_signals_watch(void (*wake)(void *ctx), void *ctx);
void fr_signals_unwatch(void (*wake)(void *ctx), void *ctx);
#endif
