/* SPDX-License-Identifier: MIT
 * conformance.c - conformance NAME [key=value ...] [CASE ...]: whether the transport plugin NAME
 * keeps the contract of <fractal/transport.h>. `address=` is the leader's, where '*'
 * stands for a fresh name; `hooks=A,B` puts hooks around it, A outermost; A.key=value
 * is an option of A; the other pairs are the plugin's own. */
#include "cases.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CASE_S = FEWER(60, 180) }; /* a case that takes longer hangs in a call */

static const struct test_case *const tables[] = {cases_open, cases_message, cases_flow,
                                                 cases_poll, cases_end,     cases_kill};

static void on_alarm(int sig)
{
    (void)sig;
    static const char text[] = "FAIL: the last case does not come back\n";
    ssize_t written = write(STDOUT_FILENO, text, sizeof(text) - 1);
    _exit(written > 0 ? 1 : 2);
}

static bool wanted(const char *name, char *const *filter, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(filter[i], name) == 0)
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--victim") == 0)
        return victim_main(argc - 2, argv + 2);
    int pairs = 0;
    while (argc > 2 + pairs && strchr(argv[2 + pairs], '='))
        pairs++;
    struct rig rig;
    if (argc < 2 || !rig_load(&rig, argv[1], argv + 2, pairs)) {
        fprintf(stderr, "usage: %s NAME [key=value ...] [CASE ...]\n", argv[0]);
        return 2;
    }
    signal(SIGALRM, on_alarm);
    unsigned run = 0, bad = 0;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct test_case *c = tables[t]; c->name; c++) {
            if (!wanted(c->name, argv + 2 + pairs, argc - 2 - pairs))
                continue;
            fail_begin(c->name);
            uint64_t start_ms = now_ms();
            alarm(CASE_S);
            c->run(&rig);
            alarm(0);
            run++;
            if (failed())
                bad++;
            else if (skipped())
                printf("skip %s: %s\n", c->name, skipped());
            else
                printf("ok %s %llu ms\n", c->name, (unsigned long long)(now_ms() - start_ms));
            fflush(stdout);
        }
    rig_unload(&rig);
    printf("%u cases, %u failed\n", run, bad);
    return run == 0 || bad > 0;
}
