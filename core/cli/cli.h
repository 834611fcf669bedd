/* SPDX-License-Identifier: MIT
 * cli.h - the command line: sub-commands, flags, help. Argument parsing ends here. */
#ifndef FR_CLI_CLI_H
#define FR_CLI_CLI_H
#include "base/error.h"
#include "config/config.h"

/* What the process answers. */
enum fr_exit { FR_EXIT_DONE = 0, FR_EXIT_FAILED = 1, FR_EXIT_USAGE = 2 };

int fr_cli_main(int argc, char **argv);

struct fr_command;

/* A flag of a command's own, as it was said; checked by its option. */
struct fr_own_flag {
    const struct fr_option *option;
    const char *value; /* "yes" for a switch */
};

/* What the command line comes to, beside the configuration. Borrows argv's strings. */
struct fr_cmdline {
    const struct fr_command *command; /* NULL: none was named */
    bool help, version;
    const char *config_file; /* -c, the last one; or NULL */
    int argc;                /* operands of the command */
    char **argv;
    struct fr_own_flag own[64]; /* in the order they were said: one may come again */
    size_t own_count;
};

/* A sub-command gets the loaded configuration (FILE and flags applied, settings not yet parsed),
 * the operands after its name, and its own flags. Returns an fr_exit. */
struct fr_command {
    const char *name, *operands, *summary;
    const struct fr_option *own; /* flags that are no settings, key NULL ends it; or NULL:
                                    --key with - for _, and a setting's name gives way */
    const char *details;         /* for its help, or NULL */
    int (*run)(struct fr_config *config, const struct fr_cmdline *line);
    unsigned roles; /* FR_FOR_*: which settings its flags and help list */
    int max_operands;
};
extern const struct fr_command fr_commands[]; /* name NULL ends it */

/* The flags of the command's own into the struct that its table fills: what was said last, else the
 * default. Strings are argv's or the table's. */
void fr_cmdline_own(const struct fr_cmdline *line, void *own);

int fr_cmd_run(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_leader(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_worker(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_direct(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_compare(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_plugins(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_check(struct fr_config *config, const struct fr_cmdline *line);
int fr_cmd_version(struct fr_config *config, const struct fr_cmdline *line);
extern const struct fr_option fr_cmd_compare_flags[], fr_cmd_plugins_flags[];
#endif
