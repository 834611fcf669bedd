/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/signals.h"
#include "cli/role.h"

int fr_cmd_leader(struct fr_config *config, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct fr_error err = {0};
    struct fr_setup setup;
    if (fr_setup_make(config, FR_FOR_LEADER, &setup, &err) != FR_OK)
        return fr_role_refuse(&err);
    fr_log_set_role("leader");
    int code = FR_EXIT_FAILED;
    if (setup.transport_ops->caps & FR_CAP_SAME_PROCESS) {
        fr_fail(&err, FR_EINVAL,
                "transport %s lives in one process: use `fractal run`, which starts leader and "
                "workers together",
                setup.transport.loaded.plugin->name);
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
