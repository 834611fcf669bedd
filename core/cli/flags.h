/* SPDX-License-Identifier: MIT
 * flags.h - from argv to a configuration, by the table of settings. */
#ifndef FR_CLI_FLAGS_H
#define FR_CLI_FLAGS_H
#include "cli/cli.h"

/* Sorts argv: files and flags into config, operands to the front of argv (which *line_p borrows).
 * FR_EINVAL, naming the flag and what would be valid. */
fr_status fr_flags_parse(int argc, char **argv, struct fr_config *config, struct fr_cmdline *line_p,
                         struct fr_error *err);
#endif
