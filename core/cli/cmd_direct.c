/* SPDX-License-Identifier: MIT */
#include "base/signals.h"
#include "cli/role.h"

int fr_cmd_direct(struct fr_config *config, const struct fr_cmdline *line)
{
    (void)line;
    struct fr_error err = {0};
    struct fr_setup setup;
    if (fr_setup_make(config, FR_FOR_RUN | FR_SETUP_UNCONNECTED, &setup, &err) != FR_OK)
        return fr_role_refuse(&err);
    int code = FR_EXIT_FAILED;
    if (fr_signals_start(&err) != FR_OK)
        code = fr_role_fail(&err);
    else
        code = fr_role_direct(&setup);
    fr_setup_free(&setup);
    return code;
}
