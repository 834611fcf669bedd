/* SPDX-License-Identifier: MIT */
#include "support/proc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PROCS = 64, MAX_ARGS = 64, DEAD_MAN_MS = 60000, NAP_MS = 2 };

char scene_build[PATH_MAX];
static char root[PATH_MAX];
static struct proc *procs[MAX_PROCS];
static int proc_count;

/* ------------------------------------------------------------------ scene */

static void make_folder(const char *name, char path[PATH_MAX])
{
    cr_assert_lt(snprintf(path, PATH_MAX, "%.1000s/%s", root, name), PATH_MAX);
    cr_assert_eq(mkdir(path, 0700), 0);
}

void scene_begin(void)
{
    char path[PATH_MAX];
    const char *build = getenv("FRACTAL_BUILD");
    cr_assert_not_null(build, "FRACTAL_BUILD is not set");
    snprintf(scene_build, sizeof(scene_build), "%s", build);
    test_folder_make(root);
    make_folder("log", path);
    make_folder("run", path);
    setenv("XDG_RUNTIME_DIR", path, 1);
    unsetenv("FRACTAL_PLUGIN_PATH");
    make_folder("work", path);
    cr_assert_eq(chdir(path), 0);
}

void scene_end(void)
{
    for (int i = 0; i < proc_count; i++) {
        struct proc *p = procs[i];
        if (!p->ended) {
            kill(p->pid, SIGKILL);
            waitpid(p->pid, NULL, 0);
        }
        free(p->out);
        free(p->err);
        free(p);
    }
    proc_count = 0;
    if (chdir("/") == 0)
        test_folder_remove(root);
}

/* ------------------------------------------------------------------ starting */

static void become(const struct proc *p, char *const argv[])
{
    int in = open("/dev/null", O_RDONLY);
    int out = open(p->out_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int err = open(p->err_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (in >= 0 && out >= 0 && err >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
        dup2(err, 2) == 2) {
        for (int fd = 3; fd < 1024; fd++) /* the test runner's own */
            close(fd);
        execvp(argv[0], argv);
        dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
    }
    _exit(127);
}

struct proc *proc_start(char *const argv[])
{
    cr_assert_lt(proc_count, MAX_PROCS);
    struct proc *p = calloc(1, sizeof(*p));
    cr_assert_not_null(p);
    snprintf(p->name, sizeof(p->name), "%s", argv[1] ? argv[1] : argv[0]);
    snprintf(p->out_path, PATH_MAX, "%.1000s/log/%d.out", root, proc_count);
    snprintf(p->err_path, PATH_MAX, "%.1000s/log/%d.err", root, proc_count);
    p->pid = fork(); /* not posix_spawn: whatever becomes of the test, its processes end */
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        become(p, argv);
    }
    cr_assert_gt(p->pid, 0);
    procs[proc_count++] = p;
    return p;
}

static struct proc *start(const char *format, va_list ap)
{
    char text[8192], program[PATH_MAX + 16];
    char *argv[MAX_ARGS + 2] = {program};
    int argc = 1;
    cr_assert_lt(vsnprintf(text, sizeof(text), format, ap), (int)sizeof(text));
    snprintf(program, sizeof(program), "%s/fractal", scene_build);
    char *rest = text;
    for (char *arg; (arg = strsep(&rest, " "));) {
        cr_assert_lt(argc, MAX_ARGS);
        if (*arg)
            argv[argc++] = arg;
    }
    return proc_start(argv);
}

struct proc *fractal(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    struct proc *p = start(format, ap);
    va_end(ap);
    return p;
}

int fractal_run(struct proc **proc_p, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    struct proc *p = start(format, ap);
    va_end(ap);
    if (proc_p)
        *proc_p = p;
    return proc_wait(p);
}

/* ------------------------------------------------------------------ watching */

uint64_t test_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void test_sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

bool proc_ended(struct proc *p)
{
    int status;
    if (!p->ended && waitpid(p->pid, &status, WNOHANG) == p->pid) {
        p->ended = true;
        p->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return p->ended;
}

int proc_wait(struct proc *p)
{
    uint64_t end_ms = test_now_ms() + DEAD_MAN_MS;
    while (!proc_ended(p)) {
        cr_assert_lt(test_now_ms(), end_ms, "%s does not end; stderr: %s", p->name, proc_err(p));
        test_sleep_ms(NAP_MS);
    }
    return p->code;
}

void proc_signal(struct proc *p, int sig)
{
    cr_assert(!proc_ended(p), "%s ended too early with code %d; stderr: %s", p->name, p->code,
              proc_err(p));
    cr_assert_eq(kill(p->pid, sig), 0);
}

static const char *read_again(const char *path, char **text)
{
    free(*text);
    *text = access(path, F_OK) == 0 ? test_file_read(path, NULL) : strdup("");
    return *text;
}

const char *proc_out(struct proc *p)
{
    return read_again(p->out_path, &p->out);
}

const char *proc_err(struct proc *p)
{
    return read_again(p->err_path, &p->err);
}

int test_count(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

bool proc_says(struct proc *p, const char *text)
{
    return strstr(proc_err(p), text) != NULL;
}

void proc_await(struct proc *p, const char *text, int times)
{
    uint64_t end_ms = test_now_ms() + DEAD_MAN_MS;
    for (;;) {
        bool ended = proc_ended(p); /* before reading: its last words count */
        if (test_count(proc_err(p), text) >= times)
            return;
        cr_assert(!ended && test_now_ms() < end_ms, "%s never said \"%s\"; stderr: %s", p->name,
                  text, proc_err(p));
        test_sleep_ms(NAP_MS);
    }
}
