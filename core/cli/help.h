/* SPDX-License-Identifier: MIT
 * help.h - what --help prints, from the tables of commands and settings. */
#ifndef FR_CLI_HELP_H
#define FR_CLI_HELP_H
#include "cli/cli.h"

/* command NULL: of the whole program. */
void fr_help_print(const struct fr_command *command, FILE *to);
/* One option of a table: key or flag, what is valid, the default, its help; wrapped. */
void fr_help_option(const char *left, const struct fr_option *opt, FILE *to);
#endif
