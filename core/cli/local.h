/* SPDX-License-Identifier: MIT
 * local.h - the workers that `run` starts beside its leader: processes of their own, or threads
 * where the transport lives in one process. */
#ifndef FR_CLI_LOCAL_H
#define FR_CLI_LOCAL_H
#include "cli/setup.h"

struct fr_local;

/* Starts count workers, which connect to address. Processes get the effective configuration, not
 * the command line: no secret shows in the process list. */
fr_status fr_local_start(const struct fr_config *config, const struct fr_setup *setup,
                         uint32_t count, const char *address, struct fr_local **local_p,
                         struct fr_error *err);
/* Notices, and logs, who ended too early. FR_ECONN: nobody is left who could do the work;
 * `connected` counts the leader's workers, wherever they come from. */
fr_status fr_local_check(struct fr_local *local, uint32_t connected, struct fr_error *err);
/* Waits for them to end by themselves, then makes them. NULL is fine. */
void fr_local_end(struct fr_local *local);
#endif
