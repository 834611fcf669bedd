/* SPDX-License-Identifier: MIT */
#include "cli/role.h"

int fr_cmd_check(struct fr_config *config, const struct fr_cmdline *line)
{
    struct fr_error err = {0};
    struct fr_setup setup;
    if (line->argc > 0 && fr_config_load(config, line->argv[0], &err) != FR_OK)
        return fr_role_refuse(&err);
    if (fr_setup_make(config, FR_FOR_RUN, &setup, &err) != FR_OK)
        return fr_role_refuse(&err);
    uint64_t most_bytes;
    if (fr_role_rehearse(&setup, &most_bytes, &err) != FR_OK) {
        fr_role_fail(&err);
        fr_setup_free(&setup);
        return FR_EXIT_USAGE;
    }
    fr_config_print(config, stdout);
    fr_setup_free(&setup);
    return FR_EXIT_DONE;
}
