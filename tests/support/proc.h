/* SPDX-License-Identifier: MIT
 * proc.h - the program `fractal` as processes, in a folder of the test's own.
 *
 * A test begins with scene_begin and ends with scene_end (as .init and .fini of its suite). Between
 * them the current folder is empty at first, sockets without an address are made in ../run, and
 * every process that a test starts dies with it. What fails here fails the test. */
#ifndef FRACTAL_TESTS_SUPPORT_PROC_H
#define FRACTAL_TESTS_SUPPORT_PROC_H
#include "support/folder.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

void scene_begin(void);
void scene_end(void);
extern char scene_build[PATH_MAX]; /* FRACTAL_BUILD */

struct proc {
    pid_t pid;
    bool ended;
    int code; /* its exit code, or 128 + signal */
    char name[128], out_path[PATH_MAX], err_path[PATH_MAX];
    char *out, *err; /* what proc_out and proc_err read last */
};

/* `fractal` with these arguments, separated by single blanks. It lives until scene_end. */
struct proc *fractal(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, run to its end; returns its exit code. *proc_p may be NULL. */
int fractal_run(struct proc **proc_p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Any program, by path or from PATH. */
struct proc *proc_start(char *const argv[]);

bool proc_ended(struct proc *p); /* by now */
int proc_wait(struct proc *p);   /* until it ends; returns its code */
/* Sends the signal to a process that must not have ended yet. */
void proc_signal(struct proc *p, int sig);
/* What it has written by now, with a '\0' at the end. */
const char *proc_out(struct proc *p);
const char *proc_err(struct proc *p);
bool proc_says(struct proc *p, const char *text); /* on stderr, by now */
/* Waits until it has said this on stderr, `times` times; fails if it ends without. */
void proc_await(struct proc *p, const char *text, int times);

uint64_t test_now_ms(void);
void test_sleep_ms(unsigned ms);
int test_count(const char *text, const char *what); /* non-overlapping */

/* The process ends now or later with this code; else the test fails and shows its stderr. */
#define PROC_ENDS(p, expected)                                                                     \
    cr_assert_eq(proc_wait(p), (expected), "%s: exit code %d, stderr: %s", (p)->name, (p)->code,   \
                 proc_err(p))
#define PROC_SAYS(p, text)                                                                         \
    cr_assert(proc_says((p), (text)), "%s: no \"%s\" in: %s", (p)->name, (text), proc_err(p))
#endif
