/* SPDX-License-Identifier: MIT
 * Leader and workers as processes of their own: who waits for whom, and how each ends. */
#include "support/picture.h"
#include "system/system.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SYSTEM_SUITE(system_roles);

static struct proc *start_slow_leader(const char *flags)
{
    return fractal("leader " SOCKET " " SLOW " -v -m --outfile image.png %s", flags);
}

static struct proc *start_slow_worker(void)
{
    return fractal("worker " SOCKET " " SLOW_WORKER);
}

/* The image of the slow job is there, equal to one made without trouble. */
static void check_slow_image(void)
{
    cr_assert_eq(fractal_run(NULL, "run -q " SLOW " --outfile want.png"), 0);
    struct picture want = picture_read_png("want.png"), got = picture_read_png("image.png");
    cr_assert(picture_equal(&want, &got));
    picture_free(&want);
    picture_free(&got);
    cr_assert_eq(unlink("want.png"), 0);
    cr_assert_eq(unlink("image.png"), 0);
    system_check_empty();
}

Test(system_roles, a_worker_may_come_first)
{
    struct proc *worker = fractal("worker " SOCKET " --retries 1000");
    proc_await(worker, "no leader yet", 1);
    struct proc *leader = fractal("leader " SOCKET " " SMALL);
    PROC_ENDS(leader, 0);
    PROC_ENDS(worker, 0);
    cr_assert_eq(unlink("mandelbrot.png"), 0);
    system_check_empty();
}

Test(system_roles, without_a_leader_a_worker_gives_up)
{
    uint64_t begin_ms = test_now_ms();
    struct proc *p;
    fractal_run(&p, "worker " SOCKET " --retries 0");
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "l.sock");
    PROC_SAYS(p, "gave up");
    cr_assert_lt(test_now_ms() - begin_ms, 5000);
    fractal_run(&p, "worker " SOCKET " --retries 2");
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "3 attempts");
}

Test(system_roles, the_leader_waits_for_workers)
{
    struct proc *leader = fractal("leader " SOCKET " " SMALL " --wait-workers 2 -m -v");
    struct proc *a = fractal("worker " SOCKET);
    proc_await(leader, " joined", 1);
    test_sleep_ms(300);
    cr_assert(!proc_ended(leader));
    cr_assert(!proc_ended(a));
    struct proc *b = fractal("worker " SOCKET);
    PROC_ENDS(leader, 0);
    PROC_ENDS(a, 0);
    PROC_ENDS(b, 0);
    cr_assert_not_null(strstr(proc_out(leader), "METRICS LEADER workers: 2\n"), "%s", leader->out);
}

Test(system_roles, a_worker_fails_when_its_leader_vanishes)
{
    struct proc *leader = start_slow_leader("");
    struct proc *worker = start_slow_worker();
    proc_await(leader, " joined", 1);
    test_sleep_ms(100);
    proc_signal(leader, SIGKILL);
    PROC_ENDS(worker, 1);
    PROC_SAYS(worker, "vanished");
    /* The next leader takes the dead one's place. */
    struct proc *p;
    fractal_run(&p, "run " SMALL " " SOCKET);
    PROC_ENDS(p, 0);
}

Test(system_roles, a_second_leader_is_refused)
{
    struct proc *first = fractal("leader " SOCKET " " SMALL " --outfile first.png");
    proc_await(first, "listening", 1);
    struct proc *p;
    fractal_run(&p, "leader " SOCKET " " SMALL " --outfile second.png");
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "another leader");
    PROC_SAYS(p, "l.sock");
    cr_assert_eq(fractal_run(NULL, "worker " SOCKET), 0);
    PROC_ENDS(first, 0);
    cr_assert_eq(access("first.png", F_OK), 0);
    cr_assert_eq(test_folder_entries("."), 1);
    cr_assert_eq(test_folder_entries("../run"), 0);
}

Test(system_roles, two_runs_side_by_side)
{
    struct proc *a = fractal("run " SMALL " --outfile a.png");
    struct proc *b = fractal("run " SMALL " --outfile b.png --palette Vivid");
    PROC_ENDS(a, 0);
    PROC_ENDS(b, 0);
    cr_assert_eq(test_folder_entries("."), 2);
}

/* ------------------------------------------------------------------ workers of run */

/* Process ids of the workers that joined, in order; returns how many. */
static int joined(struct proc *p, pid_t *pids, int cap)
{
    int count = 0;
    const char *at = proc_err(p);
    while (count < cap && (at = strstr(at, " joined"))) {
        const char *slash = at;
        while (*slash != '/')
            slash--;
        pids[count++] = (pid_t)strtol(slash + 1, NULL, 10);
        at++;
    }
    return count;
}

Test(system_roles, run_survives_a_worker)
{
    pid_t pids[2];
    struct proc *p =
        fractal("run " SLOW " " SLOW_WORKER " --workers 2 --wait-workers 2 -v --outfile image.png");
    proc_await(p, " joined", 2);
    cr_assert_eq(joined(p, pids, 2), 2);
    test_sleep_ms(100);
    cr_assert(!proc_ended(p));
    cr_assert_eq(kill(pids[0], SIGKILL), 0);
    PROC_ENDS(p, 0);
    PROC_SAYS(p, "lost worker");
    PROC_SAYS(p, "signal 9");
    check_slow_image();
}

Test(system_roles, run_fails_without_workers)
{
    pid_t pids[2];
    struct proc *p = fractal("run " SLOW " " SLOW_WORKER " --workers 2 --wait-workers 2 -v");
    proc_await(p, " joined", 2);
    cr_assert_eq(joined(p, pids, 2), 2);
    test_sleep_ms(100);
    cr_assert_eq(kill(pids[0], SIGKILL), 0);
    cr_assert_eq(kill(pids[1], SIGKILL), 0);
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "all 2 workers have ended");
    system_check_empty();
}

Test(system_roles, workers_do_not_hang_on_a_full_disk)
{
    struct proc *leader =
        fractal("leader " SOCKET " --smoothness 1 --output pam --outfile /dev/full");
    struct proc *a = fractal("worker " SOCKET), *b = fractal("worker " SOCKET " --retries 0");
    PROC_ENDS(leader, 1);
    PROC_SAYS(leader, "No space left");
    proc_wait(a);
    proc_wait(b);
}

/* ------------------------------------------------------------------ signals */

static void stop_run(int sig, const char *flags)
{
    struct proc *p = fractal("run " SLOW " " SLOW_WORKER " --iters 30000 -v %s", flags);
    proc_await(p, " joined", 1);
    test_sleep_ms(100);
    proc_signal(p, sig);
    uint64_t begin_ms = test_now_ms();
    PROC_ENDS(p, 1);
    cr_assert_lt(test_now_ms() - begin_ms, 10000);
    PROC_SAYS(p, strsignal(sig));
    system_check_empty();
}

Test(system_roles, run_is_interrupted)
{
    stop_run(SIGINT, "");
    stop_run(SIGTERM, "--output png,pam --outfile a.png");
}

Test(system_roles, run_is_interrupted_in_one_process)
{
    stop_run(SIGINT, "--transport inproc");
    stop_run(SIGTERM, "--transport inproc");
}

static void stop_leader(int sig)
{
    struct proc *leader = start_slow_leader("");
    struct proc *worker = start_slow_worker();
    proc_await(leader, " joined", 1);
    test_sleep_ms(100);
    proc_signal(leader, sig);
    PROC_ENDS(leader, 1);
    PROC_SAYS(leader, strsignal(sig));
    proc_wait(worker);
    system_check_empty();
}

Test(system_roles, leader_is_interrupted)
{
    stop_leader(SIGINT);
    stop_leader(SIGTERM);
    /* while it waits for workers, too */
    struct proc *leader = start_slow_leader("");
    proc_await(leader, "listening", 1);
    proc_signal(leader, SIGTERM);
    PROC_ENDS(leader, 1);
    system_check_empty();
}

static void stop_worker(int sig)
{
    struct proc *leader = start_slow_leader("--wait-workers 2");
    struct proc *a = start_slow_worker(), *b = start_slow_worker();
    proc_await(leader, " joined", 2);
    test_sleep_ms(100);
    proc_signal(a, sig);
    PROC_ENDS(a, 0);
    cr_assert(!proc_ended(leader));
    PROC_ENDS(leader, 0);
    PROC_ENDS(b, 0);
    PROC_SAYS(leader, "leaves");
    cr_assert(!proc_says(leader, "lost worker"));
    check_slow_image();
}

Test(system_roles, a_worker_is_interrupted)
{
    stop_worker(SIGINT);
}

Test(system_roles, a_worker_is_terminated)
{
    stop_worker(SIGTERM);
}

Test(system_roles, a_waiting_worker_is_interrupted)
{
    struct proc *p = fractal("worker " SOCKET " --retries -1");
    proc_await(p, "no leader yet", 1);
    proc_signal(p, SIGINT);
    PROC_ENDS(p, 0);
}
