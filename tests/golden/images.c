/* SPDX-License-Identifier: MIT
 * Every known image, byte for byte, in every way there is to make it. */
#include "golden/golden.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

GOLDEN_SUITE(golden_images);

static void run_all(const char *flags)
{
    for (int i = 0; golden_name(i); i++)
        golden_run(golden_name(i), flags);
    cr_assert_eq(test_folder_entries("."), 0);
    cr_assert_eq(test_folder_entries("../run"), 0);
}

Test(golden_images, one_worker)
{
    run_all("--workers 1");
}

Test(golden_images, two_workers)
{
    run_all("--workers 2");
}

Test(golden_images, five_workers)
{
    run_all("--workers 5");
}

static const char *const some[] = {"full", "readme1_hippi", "hippi_step_eq_iters_transparent"};

static void run_some(const char *flags)
{
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        golden_run(some[i], flags);
}

Test(golden_images, every_kernel)
{
    struct proc *p;
    cr_assert_eq(fractal_run(&p, "version"), 0);
    char line[256] = "", flags[64];
    const char *kernels = strstr(proc_out(p), "kernels:");
    cr_assert_not_null(kernels);
    snprintf(line, sizeof(line), "%s", kernels + strlen("kernels:"));
    int tried = 0;
    char *rest = line, *name;
    line[strcspn(line, "\n")] = '\0';
    while ((name = strsep(&rest, " "))) {
        if (!*name || *name == '(') /* "(not on this processor)" stands behind such a one */
            continue;
        if (rest && *rest == '(') {
            rest = strchr(rest, ')') + 1;
            continue;
        }
        snprintf(flags, sizeof(flags), "--workers 2 --kernel %s", name);
        run_some(flags);
        tried++;
    }
    cr_assert_gt(tried, 0);
}

Test(golden_images, many_threads)
{
    run_some("--workers 2 --threads 3");
    run_some("--workers 1 --threads 3 --credits 1");
}

Test(golden_images, payloads)
{
    run_some("--payload index16");
    run_some("--payload index32");
    run_some("--payload raw");
}

Test(golden_images, policies)
{
    run_some("--workers 3 --policy static");
    run_some("--workers 3 --policy guided");
    run_some("--workers 3 --tail-copies 0");
}

Test(golden_images, bands_and_windows)
{
    run_some("--workers 2 --rows-per-task 1");
    run_some("--workers 2 --rows-per-task 7");
    run_some("--workers 3 --rows-per-task 129");
    run_some("--workers 3 --window-rows 16");
    run_some("--workers 3 --window-rows 16 --rows-per-task 7 --policy static");
}

Test(golden_images, pam)
{
    run_some("--workers 2 --output pam");
}
