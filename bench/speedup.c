/* SPDX-License-Identifier: MIT
 * speedup - `fractal run` with workers over a transport against `fractal direct`, one thread of the
 * same kernel without any transport: whole commands, output null, interleaved.
 *
 *   speedup [--rounds N] [--workers N] [--smoothness N] [--kernel NAME] [--transport NAME] */
#include "common/bench.h"

#include "base/clock.h"

#include <libgen.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static double run(const char *program, char **argv)
{
    pid_t pid;
    int status;
    uint64_t start_ns = fr_now_ns();
    if (posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "speedup: %s %s failed\n", program, argv[1]);
        exit(1);
    }
    return (double)(fr_now_ns() - start_ns) / 1e9;
}

static char *text_arg(int argc, char **argv, const char *name, char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

int main(int argc, char **argv)
{
    int rounds = (int)bench_arg(argc, argv, "--rounds", 7);
    char *workers = text_arg(argc, argv, "--workers", "2");
    char *smoothness = text_arg(argc, argv, "--smoothness", "8");
    char *kernel = text_arg(argc, argv, "--kernel", "auto");
    char *transport = text_arg(argc, argv, "--transport", "shm");
    char exe[512] = "", program[600];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[len > 0 ? len : 0] = '\0';
    snprintf(program, sizeof(program), "%s/../fractal", dirname(exe));
    char *direct[] = {"fractal",  "direct",   "-q",   "--output",  "null", "--smoothness",
                      smoothness, "--kernel", kernel, "--threads", "1",    NULL};
    char *over[] = {"fractal",      "run",         "-q",       "--output", "null",
                    "--smoothness", smoothness,    "--kernel", kernel,     "--workers",
                    workers,        "--transport", transport,  NULL};
    struct bench_series direct_s = {0}, over_s = {0};
    for (int round = -1; round < rounds; round++) { /* the first warms up */
        double a = run(program, direct), b = run(program, over);
        if (round >= 0) {
            bench_add(&direct_s, a);
            bench_add(&over_s, b);
        }
    }
    char text[64];
    struct bench_series ratio = bench_ratio(&direct_s, &over_s);
    bench_print_host();
    printf("# default view, smoothness %s, kernel %s, output null; whole commands, %d interleaved "
           "rounds after one to warm up; median (least..most)\n",
           smoothness, kernel, rounds);
    printf("direct, 1 thread          %s s\n", bench_text(&direct_s, text, sizeof(text)));
    printf("run over %s, %s workers  %s s\n", transport, workers,
           bench_text(&over_s, text, sizeof(text)));
    printf("times faster              %s\n", bench_text(&ratio, text, sizeof(text)));
    return 0;
}
