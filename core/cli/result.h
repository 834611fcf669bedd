/* SPDX-License-Identifier: MIT
 * result.h - what a run did and all that it was run with, as one JSON file. */
#ifndef FR_CLI_RESULT_H
#define FR_CLI_RESULT_H
#include "cli/setup.h"
#include "metrics/report.h"

/* command: "run", "leader", "direct". The file appears when it is whole. FR_EIO. */
fr_status fr_result_write(const struct fr_setup *setup, const char *command,
                          const struct fr_report *report, const char *file, struct fr_error *err);
#endif
