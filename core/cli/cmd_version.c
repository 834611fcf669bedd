/* SPDX-License-Identifier: MIT */
#include "base/version.h"
#include "cli/cli.h"
#include "kernel/kernel.h"
#include "wire/wire.h"

int fr_cmd_version(struct fr_config *config, const struct fr_cmdline *line)
{
    (void)config;
    (void)line;
    printf("fractal %s\nprotocol %u\nplugin ABI %u.%u\nkernels:", fr_version, FR_WIRE_PROTOCOL,
           FR_ABI_MAJOR, FR_ABI_MINOR);
    for (const struct fr_kernel *const *k = fr_kernels(); *k; k++)
        printf(" %s%s", (*k)->name, (*k)->available() ? "" : " (not on this processor)");
    putchar('\n');
    return FR_EXIT_DONE;
}
