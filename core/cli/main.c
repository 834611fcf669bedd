/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/version.h"
#include "cli/flags.h"
#include "cli/help.h"

#include <malloc.h>
#include <sys/resource.h>

const struct fr_command fr_commands[] = {
    {.name = "run",
     .operands = "",
     .summary = "Render with a leader and workers on this machine.",
     .roles = FR_FOR_RUN,
     .run = fr_cmd_run},
    {.name = "leader",
     .operands = "",
     .summary = "Bind, wait for workers, render, write the image.",
     .roles = FR_FOR_LEADER,
     .run = fr_cmd_leader},
    {.name = "worker",
     .operands = "",
     .summary = "Find the leader and compute what it assigns.",
     .roles = FR_FOR_WORKER,
     .run = fr_cmd_worker},
    {.name = "direct",
     .operands = "",
     .summary = "Render with threads alone, without any transport: the baseline.",
     .roles = FR_FOR_RUN,
     .run = fr_cmd_direct},
    {.name = "compare",
     .operands = "FILE...",
     .summary = "Measure configurations against each other and against direct: table, plots, data.",
     .details = "Every other flag goes to each run. docs/compare.md says how to read the results.",
     .roles = FR_FOR_RUN,
     .own = fr_cmd_compare_flags,
     .max_operands = 64,
     .run = fr_cmd_compare},
    {.name = "plugins",
     .operands = "[NAME|PATH]",
     .summary = "List the plugins that are found, or describe one.",
     .details = "Lists also the files that were refused, and why.",
     .roles = FR_FOR_ALL,
     .own = fr_cmd_plugins_flags,
     .max_operands = 1,
     .run = fr_cmd_plugins},
    {.name = "check",
     .operands = "[FILE]",
     .summary = "Check a configuration as a run would, and print what it comes to.",
     .roles = FR_FOR_ALL,
     .max_operands = 1,
     .run = fr_cmd_check},
    {.name = "version",
     .operands = "",
     .summary = "Print versions: program, protocol, plugin ABI, kernels.",
     .roles = FR_FOR_ALL,
     .run = fr_cmd_version},
    {.name = NULL},
};

/* glibc gives large blocks back to the system at once and faults them in again: rows of this size
 * come and go all the time. Process-wide, so it is the core's to set, not a plugin's. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 512 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

/* A worker costs descriptors, and the usual soft limit is a thousand. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(struct fr_config *config, int argc, char **argv)
{
    struct fr_error err = {0};
    struct fr_cmdline line;
    if (fr_flags_parse(argc, argv, config, &line, &err) != FR_OK) {
        fr_error_log(&err);
        return FR_EXIT_USAGE;
    }
    if (line.help || (!line.command && !line.version)) {
        fr_help_print(line.command, line.help ? stdout : stderr);
        return line.help ? FR_EXIT_DONE : FR_EXIT_USAGE;
    }
    if (line.version)
        return fr_cmd_version(config, &line);
    return line.command->run(config, &line);
}

int fr_cli_main(int argc, char **argv)
{
    keep_memory();
    allow_descriptors();
    struct fr_config *config = fr_config_new();
    if (!config) {
        fr_log(FR_LOG_ERROR, "out of memory");
        return FR_EXIT_FAILED;
    }
    int code = run(config, argc, argv);
    fr_config_free(config);
    if (fflush(stdout) != 0 && code == FR_EXIT_DONE) {
        fr_log(FR_LOG_ERROR, "cannot write to standard output");
        code = FR_EXIT_FAILED;
    }
    return code;
}
