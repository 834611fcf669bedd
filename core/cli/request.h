/* SPDX-License-Identifier: MIT
 * request.h - a job from an HTTP request: the configuration with what was asked for on top, through
 * the same checks as any other. */
#ifndef FR_CLI_REQUEST_H
#define FR_CLI_REQUEST_H
#include "cli/setup.h"
#include "control/board.h"
#include "control/params.h"

struct fr_request_maker {
    const struct fr_config *config;
    const char *folder;  /* where files may be made               */
    const char *outfile; /* as configured                         */
    uint64_t most_bytes; /* the longest message the leader takes  */
};

/* What a job works with. */
struct fr_setup_kept {
    struct fr_config *config;
    struct fr_setup setup;
};

/* For struct fr_control_args: ctx is a struct fr_request_maker, work a struct fr_setup_kept.
 * params NULL: the job as it is configured. */
fr_status fr_request_prepare(void *ctx, const struct fr_params *params,
                             struct fr_job_facts *facts_p, void **work_p, struct fr_error *err);
void fr_request_discard(void *work);
json_t *fr_request_options(void *ctx);
#endif
