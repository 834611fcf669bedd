/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

int fr_cli_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return FR_EXIT_USAGE;
}
