/* SPDX-License-Identifier: MIT */
#include "cli/local.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/role.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CONFIG_FD = 3,
    END_MS = 200,   /* for workers to end by themselves */
    TERM_MS = 5000, /* and after they were asked to     */
};

struct fr_local_worker {
    pid_t pid;        /* 0: a thread, or ended       */
    pthread_t thread; /* valid where args is set     */
    const struct fr_worker_args *args;
    atomic_bool ended;
};

struct fr_local {
    uint32_t count, ended;
    atomic_bool over; /* the leader has ended: who has not found it by now never will */
    char *address;
    struct fr_worker_args args; /* of threads */
    struct fr_local_worker workers[];
};

/* ---------------------------------------------------------------- processes */

/* A file in memory with the effective configuration; -1: *err has it. */
static int config_file(const struct fr_config *config, struct fr_error *err)
{
    int fd = memfd_create("fractal.ini", MFD_CLOEXEC);
    int stream_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CONFIG_FD + 1);
    FILE *stream = stream_fd < 0 ? NULL : fdopen(stream_fd, "w");
    bool written = false;
    if (stream) {
        fr_config_print(config, stream);
        written = !ferror(stream);
        written = fclose(stream) == 0 && written;
    } else if (stream_fd >= 0) {
        close(stream_fd);
    }
    if (written)
        return fd;
    fr_fail(err, FR_EIO, "cannot hand the configuration to workers: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static fr_status spawn(int config_fd, const char *address, pid_t *pid_p, struct fr_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_adddup2(&actions, config_fd, CONFIG_FD);
    /* A group of their own: Ctrl-C is the leader's, which tells them to leave. */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    char config_path[32];
    snprintf(config_path, sizeof(config_path), "/proc/self/fd/%d", CONFIG_FD);
    char *const argv[] = {"fractal", "-c", config_path, "worker", "--host", (char *)address, NULL};
    int rc = posix_spawn(pid_p, "/proc/self/exe", &actions, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0)
        return fr_fail(err, FR_EIO, "cannot start a worker: %s", strerror(rc));
    return FR_OK;
}

static fr_status start_processes(struct fr_local *local, const struct fr_config *config,
                                 uint32_t count, struct fr_error *err)
{
    int config_fd = config_file(config, err);
    if (config_fd < 0)
        return FR_EIO;
    fr_status st = FR_OK;
    while (st == FR_OK && local->count < count) {
        st = spawn(config_fd, local->address, &local->workers[local->count].pid, err);
        if (st == FR_OK)
            local->count++;
    }
    close(config_fd);
    return st;
}

/* ------------------------------------------------------------------ threads */

static void *work(void *arg)
{
    struct fr_local_worker *worker = arg;
    struct fr_error err = {0};
    if (fr_worker_run(worker->args, &err) != FR_OK)
        fr_error_log(&err);
    atomic_store(&worker->ended, true);
    return NULL;
}

static fr_status start_threads(struct fr_local *local, uint32_t count, struct fr_error *err)
{
    for (; local->count < count; local->count++) {
        struct fr_local_worker *worker = &local->workers[local->count];
        worker->args = &local->args;
        int rc = pthread_create(&worker->thread, NULL, work, worker);
        if (rc != 0)
            return fr_fail(err, FR_ENOMEM, "cannot start a worker thread: %s", strerror(rc));
    }
    return FR_OK;
}

/* --------------------------------------------------------------------- both */

fr_status fr_local_start(const struct fr_config *config, const struct fr_setup *setup,
                         uint32_t count, const char *address, struct fr_local **local_p,
                         struct fr_error *err)
{
    struct fr_local *local = calloc(1, sizeof(*local) + count * sizeof(local->workers[0]));
    if (local)
        local->address = strdup(address);
    if (!local || !local->address) {
        free(local);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    *local_p = local; /* also of a failed start: who has begun must be ended */
    local->args = fr_role_worker_args(setup, local->address);
    local->args.no_leader = &local->over;
    if (fr_transport_use_ops(&setup->transport)->caps & FR_CAP_SAME_PROCESS)
        return start_threads(local, count, err);
    return start_processes(local, config, count, err);
}

static void note_end(struct fr_local *local, struct fr_local_worker *worker, int status)
{
    bool asked = atomic_load(&local->over); /* perhaps before it could listen to signals */
    if (WIFSIGNALED(status) && !(asked && WTERMSIG(status) == SIGTERM))
        fr_log(FR_LOG_WARN, "worker %d was ended by signal %d (%s)", (int)worker->pid,
               WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fr_log(FR_LOG_WARN, "worker %d failed with exit code %d", (int)worker->pid,
               WEXITSTATUS(status));
    worker->pid = 0;
    local->ended++;
}

/* Takes note of all that have ended by now. */
static void reap(struct fr_local *local)
{
    for (uint32_t i = 0; i < local->count; i++) {
        struct fr_local_worker *worker = &local->workers[i];
        int status;
        if (worker->pid > 0 && waitpid(worker->pid, &status, WNOHANG) == worker->pid)
            note_end(local, worker, status);
        else if (worker->args && atomic_load(&worker->ended)) {
            pthread_join(worker->thread, NULL);
            worker->args = NULL;
            local->ended++;
        }
    }
}

fr_status fr_local_check(struct fr_local *local, uint32_t connected, struct fr_error *err)
{
    reap(local);
    if (local->ended == local->count && connected == 0)
        return fr_fail(err, FR_ECONN, "all %u workers have ended before the job was done",
                       local->count);
    return FR_OK;
}

static void reap_for(struct fr_local *local, uint64_t ms)
{
    uint64_t end_ns = fr_now_ns() + ms * FR_NS_PER_MS;
    for (reap(local); local->ended < local->count && fr_now_ns() < end_ns; reap(local)) {
        struct timespec nap = {.tv_nsec = 2 * (long)FR_NS_PER_MS};
        nanosleep(&nap, NULL);
    }
}

static void signal_all(struct fr_local *local, int sig)
{
    for (uint32_t i = 0; i < local->count; i++)
        if (local->workers[i].pid > 0)
            kill(local->workers[i].pid, sig);
}

void fr_local_end(struct fr_local *local)
{
    if (!local)
        return;
    atomic_store(&local->over, true);
    reap_for(local, END_MS);
    if (local->ended < local->count) {
        signal_all(local, SIGTERM);
        signal_all(local, SIGCONT); /* a stopped one cannot end */
        reap_for(local, TERM_MS);
        signal_all(local, SIGKILL);
        for (uint32_t i = 0; i < local->count; i++) {
            struct fr_local_worker *worker = &local->workers[i];
            if (worker->pid > 0)
                waitpid(worker->pid, NULL, 0);
            if (worker->args)
                pthread_join(worker->thread, NULL);
        }
    }
    free(local->address);
    free(local);
}
