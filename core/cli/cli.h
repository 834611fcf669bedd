/* SPDX-License-Identifier: MIT
 * cli.h - the command line: sub-commands, flags, help. Argument parsing ends here. */
#ifndef FR_CLI_CLI_H
#define FR_CLI_CLI_H
#include "base/error.h"
#include "config/config.h"

/* What the process answers. */
enum fr_exit { FR_EXIT_DONE = 0, FR_EXIT_FAILED = 1, FR_EXIT_USAGE = 2 };

int fr_cli_main(int argc, char **argv);

/* A sub-command gets the loaded configuration (FILE and flags applied, settings not yet parsed) and
 * the operands after its name; a switch of its own ("--json") stands among them. Returns an
 * fr_exit.
 */
struct fr_command {
    const char *name, *operands, *summary;
    unsigned roles;      /* FR_FOR_*: which settings its flags and help list */
    const char *own;     /* "--json": a switch of its own, or NULL           */
    const char *details; /* for its help, or NULL                            */
    int max_operands;
    int (*run)(struct fr_config *config, int argc, char **argv);
};
extern const struct fr_command fr_commands[]; /* name NULL ends it */

int fr_cmd_run(struct fr_config *config, int argc, char **argv);
int fr_cmd_leader(struct fr_config *config, int argc, char **argv);
int fr_cmd_worker(struct fr_config *config, int argc, char **argv);
int fr_cmd_direct(struct fr_config *config, int argc, char **argv);
int fr_cmd_plugins(struct fr_config *config, int argc, char **argv);
int fr_cmd_check(struct fr_config *config, int argc, char **argv);
int fr_cmd_version(struct fr_config *config, int argc, char **argv);
#endif
