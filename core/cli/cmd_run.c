/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/signals.h"
#include "cli/local.h"
#include "cli/role.h"

struct run {
    const struct fr_config *config;
    const struct fr_setup *setup;
    uint32_t workers;
    struct fr_local *local; /* once the leader is bound */
};

static fr_status start_workers(void *ctx, const struct fr_attr *attr, struct fr_error *err)
{
    struct run *run = ctx;
    return fr_local_start(run->config, run->setup, run->workers, attr->address, &run->local, err);
}

static fr_status check_workers(void *ctx, uint32_t connected, struct fr_error *err)
{
    struct run *run = ctx;
    return fr_local_check(run->local, connected, err);
}

int fr_cmd_run(struct fr_config *config, const struct fr_cmdline *line)
{
    (void)line;
    struct fr_error err = {0};
    struct fr_setup setup;
    if (fr_setup_make(config, FR_FOR_RUN, &setup, &err) != FR_OK)
        return fr_role_refuse(&err);
    int code = FR_EXIT_FAILED;
    if (fr_signals_start(&err) != FR_OK) {
        code = fr_role_fail(&err);
    } else {
        struct run run = {.config = config,
                          .setup = &setup,
                          .workers = fr_role_count(setup.settings->run.workers)};
        /* Two runs side by side must not meet: an address only where somebody asked for it. */
        const struct fr_leader_args hooks = {.any_address =
                                                 setup.settings->transport.address[0] == '\0',
                                             .on_open = start_workers,
                                             .on_tick = check_workers,
                                             .ctx = &run};
        code = fr_role_lead(&setup, &hooks);
        fr_local_end(run.local);
    }
    fr_setup_free(&setup);
    return code;
}
