/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/signals.h"
#include "cli/role.h"

int fr_cmd_leader(struct fr_config *config, const struct fr_cmdline *line)
{
    (void)line;
    struct fr_error err = {0};
    struct fr_setup setup;
    if (fr_setup_make(config, FR_FOR_LEADER, &setup, &err) != FR_OK)
        return fr_role_refuse(&err);
    fr_log_set_role("leader");
    int code = FR_EXIT_FAILED;
    if (fr_role_needs_run(&setup, &err)) {
        code = fr_role_refuse(&err);
    } else if (fr_signals_start(&err) != FR_OK) {
        code = fr_role_fail(&err);
    } else {
        const struct fr_leader_args hooks = {.any_address = false};
        code = fr_role_lead(&setup, &hooks);
    }
    fr_setup_free(&setup);
    return code;
}
