/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/signals.h"
#include "cli/role.h"

#include <stdio.h>
#include <unistd.h>

int fr_cmd_worker(struct fr_config *config, const struct fr_cmdline *line)
{
    (void)line;
    struct fr_error err = {0};
    struct fr_setup setup;
    if (fr_setup_make(config, FR_FOR_WORKER, &setup, &err) != FR_OK)
        return fr_role_refuse(&err);
    char role[32];
    snprintf(role, sizeof(role), "worker %d", (int)getpid());
    fr_log_set_role(role);
    int code = FR_EXIT_DONE;
    if (fr_role_needs_run(&setup, &err)) {
        code = fr_role_refuse(&err);
    } else if (fr_signals_start(&err) != FR_OK) {
        code = fr_role_fail(&err);
    } else {
        const struct fr_worker_args args =
            fr_role_worker_args(&setup, setup.settings->transport.address);
        if (fr_worker_run(&args, &err) != FR_OK)
            code = fr_role_fail(&err);
    }
    fr_setup_free(&setup);
    return code;
}
