/* SPDX-License-Identifier: MIT */
#include "experiment/runner.h"

#include "base/clock.h"
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_MS = 10000 }; /* for a child that was asked to end */

static fr_status spawn(char *const argv[], const char *out_path, int err_fd, pid_t *pid_p,
                       struct fr_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path ? out_path : "/dev/null",
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
    /* A group of its own: Ctrl-C is ours, and it is told by us. */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    int rc = posix_spawnp(pid_p, argv[0], &actions, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0)
        return fr_fail(err, rc == ENOENT ? FR_ENOTSUP : FR_EIO, "cannot start %s: %s", argv[0],
                       strerror(rc));
    return FR_OK;
}

static void wake(void *ctx)
{
    const int *fd = ctx;
    eventfd_write(*fd, 1);
}

/* Until the child ends (0), a signal asks to stop (1), or the time is over (2). */
static int await(int pid_fd, int stop_fd, uint64_t limit_ms)
{
    uint64_t begin_ns = fr_now_ns();
    for (;;) {
        uint64_t past_ms = (fr_now_ns() - begin_ns) / FR_NS_PER_MS;
        int left = limit_ms == 0 ? -1 : past_ms < limit_ms ? (int)(limit_ms - past_ms) : 0;
        struct pollfd fds[2] = {{.fd = pid_fd, .events = POLLIN},
                                {.fd = stop_fd, .events = POLLIN}};
        int n = poll(fds, 2, left);
        if (fds[0].revents)
            return 0;
        if (fds[1].revents)
            return 1;
        if (n == 0 && limit_ms > 0 && left == 0)
            return 2;
    }
}

/* The last line that has anything on it. Its memory file is read from the end. */
static void last_line(int fd, char *buf, size_t cap)
{
    char tail[2048];
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof(tail) - 1 ? size - (off_t)sizeof(tail) + 1 : 0;
    ssize_t n = pread(fd, tail, sizeof(tail) - 1, from);
    *buf = '\0';
    if (n <= 0)
        return;
    while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == ' '))
        n--;
    tail[n] = '\0';
    const char *line = strrchr(tail, '\n');
    snprintf(buf, cap, "%.*s", (int)cap - 1, line ? line + 1 : tail);
    for (char *c = buf; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

static void wait_child(pid_t pid, int pid_fd, int stop_fd, uint64_t limit_ms,
                       struct fr_child *child)
{
    int why = await(pid_fd, stop_fd, limit_ms), status = 0;
    child->stopped = why == 1;
    child->too_long = why == 2;
    if (why != 0) {
        kill(pid, SIGTERM);
        if (await(pid_fd, -1, END_MS) != 0)
            kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    child->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

fr_status fr_child_run(char *const argv[], const char *out_path,
                       const struct fr_child_limits *limits, struct fr_child *child_p,
                       struct fr_error *err)
{
    struct fr_child child = {0};
    pid_t pid;
    int pid_fd = -1;
    int err_fd = memfd_create("stderr", MFD_CLOEXEC), stop_fd = eventfd(0, EFD_CLOEXEC);
    fr_status st = FR_OK;
    if (err_fd < 0 || stop_fd < 0) {
        st = fr_fail(err, FR_EIO, "cannot watch a run: %s", strerror(errno));
        goto close_fds;
    }
    uint64_t begin_ns = fr_now_ns();
    st = spawn(argv, out_path, err_fd, &pid, err);
    if (st != FR_OK)
        goto close_fds;
    pid_fd = pidfd_open(pid, 0);
    if (pid_fd < 0) {
        st = fr_fail(err, FR_EIO, "cannot watch a run: pidfd_open: %s", strerror(errno));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        goto close_fds;
    }
    fcntl(pid_fd, F_SETFD, FD_CLOEXEC);
    if (limits->heeds_signals)
        fr_signals_watch(wake, &stop_fd);
    wait_child(pid, pid_fd, stop_fd, limits->ms, &child);
    fr_signals_unwatch(wake, &stop_fd);
    child.took_s = (double)(fr_now_ns() - begin_ns) / 1e9;
    last_line(err_fd, child.said, sizeof(child.said));
    *child_p = child;
close_fds:
    if (pid_fd >= 0)
        close(pid_fd);
    if (stop_fd >= 0)
        close(stop_fd);
    if (err_fd >= 0)
        close(err_fd);
    return st;
}
