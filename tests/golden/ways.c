/* SPDX-License-Identifier: MIT
 * The image is the same whatever becomes of the workers on the way. */
#include "golden/golden.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

GOLDEN_SUITE(golden_ways);

/* About a second of computing for one worker: time enough to disturb it. */
static const char slow_job[] = "default";
static const char slow_kernel[] = "--kernel scalar --nice 0";

static char bound[300]; /* where the leader listens */

static struct proc *start_leader(const char *flags)
{
    static const char before[] = "listening at ";
    struct proc *p = fractal("leader %s --host %s %s --outfile image.png -m -v %s",
                             golden_transport, golden_address(), golden_flags(slow_job), flags);
    proc_await(p, before, 1);
    const char *at = strstr(proc_err(p), before) + strlen(before);
    snprintf(bound, sizeof(bound), "%.*s", (int)strcspn(at, "\n"), at);
    return p;
}

static struct proc *start_worker(const char *flags)
{
    return fractal("worker %s --host %s %s %s", golden_transport, bound, slow_kernel, flags);
}

static uint64_t rows_of(struct proc *leader, const struct proc *worker)
{
    char end[64];
    snprintf(end, sizeof(end), "/%d rows: ", (int)worker->pid);
    const char *at = strstr(proc_out(leader), end);
    cr_assert_not_null(at, "no metrics of worker %d in %s", (int)worker->pid, leader->out);
    return strtoull(at + strlen(end), NULL, 10);
}

static void check_done(struct proc *leader)
{
    PROC_ENDS(leader, 0);
    golden_check(slow_job, "image.png");
    cr_assert_eq(test_folder_entries("."), 0);
    cr_assert_eq(test_folder_entries("../run"), 0);
}

Test(golden_ways, leader_and_two_workers)
{
    if (!golden_address())
        return;
    struct proc *leader = start_leader("--wait-workers 2");
    struct proc *a = start_worker(""), *b = start_worker("");
    check_done(leader);
    PROC_ENDS(a, 0);
    PROC_ENDS(b, 0);
    cr_assert_gt(rows_of(leader, a), 0);
    cr_assert_gt(rows_of(leader, b), 0);
    cr_assert_eq(rows_of(leader, a) + rows_of(leader, b), 768);
}

Test(golden_ways, a_worker_is_killed)
{
    if (!golden_address())
        return;
    struct proc *leader = start_leader("--wait-workers 2");
    struct proc *a = start_worker(""), *b = start_worker("");
    proc_await(leader, " joined", 2);
    test_sleep_ms(50);
    cr_assert(!proc_ended(leader));
    proc_signal(a, SIGKILL);
    check_done(leader);
    PROC_SAYS(leader, "lost worker");
    PROC_ENDS(b, 0);
    cr_assert_gt(rows_of(leader, b), rows_of(leader, a));
}

Test(golden_ways, a_worker_is_stopped_longer_than_its_lease)
{
    if (!golden_address())
        return;
    struct proc *leader = start_leader("--wait-workers 2 --lease-ms 60ms --tail-copies 0");
    struct proc *a = start_worker(""), *b = start_worker("");
    proc_await(leader, " joined", 2);
    test_sleep_ms(50);
    proc_signal(a, SIGSTOP);
    test_sleep_ms(200);
    cr_assert(!proc_ended(leader));
    proc_signal(a, SIGCONT);
    check_done(leader);
    const char *expired = strstr(proc_out(leader), "/schedule/expired:leases: ");
    cr_assert(expired && strncmp(strchr(expired, ' '), " 0\n", 3) != 0, "%s", leader->out);
    PROC_ENDS(a, 0);
    PROC_ENDS(b, 0);
}

Test(golden_ways, a_worker_stays_stopped)
{
    if (!golden_address())
        return;
    struct proc *leader = start_leader("--wait-workers 2 --lease-ms 60ms --drain-ms 200ms");
    struct proc *a = start_worker(""), *b = start_worker("");
    proc_await(leader, " joined", 2);
    test_sleep_ms(50);
    proc_signal(a, SIGSTOP);
    check_done(leader);
    PROC_ENDS(b, 0);
    proc_signal(a, SIGCONT);
    proc_wait(a);
}

Test(golden_ways, a_worker_comes_late)
{
    if (!golden_address())
        return;
    struct proc *leader = start_leader("");
    struct proc *a = start_worker("");
    proc_await(leader, " joined", 1);
    test_sleep_ms(100);
    struct proc *b = start_worker("");
    check_done(leader);
    PROC_ENDS(a, 0);
    PROC_ENDS(b, 0);
    cr_assert_gt(rows_of(leader, b), 0);
}

Test(golden_ways, all_workers_are_killed)
{
    if (!golden_address())
        return;
    struct proc *leader = start_leader("--wait-workers 2");
    struct proc *a = start_worker(""), *b = start_worker("");
    proc_await(leader, " joined", 2);
    test_sleep_ms(50);
    proc_signal(a, SIGKILL);
    proc_signal(b, SIGKILL);
    proc_await(leader, "lost worker", 2);
    struct proc *c = start_worker("--threads 2");
    check_done(leader);
    PROC_ENDS(c, 0);
    cr_assert_gt(rows_of(leader, c), 0);
}
