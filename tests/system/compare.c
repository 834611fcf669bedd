/* SPDX-License-Identifier: MIT
 * `fractal compare`: its files, what it refuses, what it survives. */
#include "system/system.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SYSTEM_SUITE(system_compare);

#define TINY "--smoothness 1 --width 160 --height 40 --iters 100 "

static void write_configurations(void)
{
    test_file_write("one.ini", "[transport]\nplugin = shm\n");
    test_file_write("two.ini", "[transport]\nplugin = inproc\n");
}

static json_t *read_results(const char *path)
{
    json_error_t why;
    json_t *doc = json_load_file(path, 0, &why);
    cr_assert_not_null(doc, "%s: %s", path, why.text);
    return doc;
}

static size_t runs_of(const json_t *doc, size_t cell)
{
    return json_array_size(
        json_object_get(json_array_get(json_object_get(doc, "cells"), cell), "runs"));
}

static void check_file(const char *path, const char *begins, const char *holds)
{
    size_t len;
    char *text = test_file_read(path, &len);
    cr_assert_eq(strncmp(text, begins, strlen(begins)), 0, "%s begins with %.40s", path, text);
    cr_assert_not_null(strstr(text, holds), "%s lacks \"%s\"", path, holds);
    free(text);
}

Test(system_compare, makes_a_table_and_three_files)
{
    struct proc *p;
    write_configurations();
    fractal_run(&p, "compare one.ini two.ini --workers 1,2 --repeat 2 --seed 5 --report a/b " TINY);
    PROC_ENDS(p, 0);
    cr_assert(strstr(proc_out(p), "inproc") || strstr(proc_out(p), "two"), "%s", p->out);
    cr_assert_not_null(strstr(p->out, "direct"));
    cr_assert_eq(test_folder_entries("a/b"), 3);
    json_t *doc = read_results("a/b/results.json");
    cr_assert_eq(json_array_size(json_object_get(doc, "cells")), 6); /* direct, one, two: 1, 2 */
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(runs_of(doc, i), 3); /* a warm-up and two */
    cr_assert(json_is_true(json_object_get(doc, "complete")));
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(doc, "parameters"), "seed")),
                 5);
    json_decref(doc);
    check_file("a/b/results.csv", "configuration,file,workers,threads,runs",
               "\r\ntwo,two.ini,2,1,");
    check_file("a/b/report.html", "<!DOCTYPE html>", "</html>");

    /* Drawn again: the same numbers. */
    fractal_run(&p, "compare --from a/b/results.json --report c");
    PROC_ENDS(p, 0);
    size_t len;
    char *first = test_file_read("a/b/results.csv", &len),
         *again = test_file_read("c/results.csv", &len);
    cr_assert_str_eq(first, again);
    free(first);
    free(again);

    /* Nobody's results are overwritten, and others are not mixed in. */
    fractal_run(&p, "compare one.ini two.ini --report a/b " TINY);
    PROC_ENDS(p, 2);
    PROC_SAYS(p, "is there already");
    fractal_run(&p, "compare one.ini two.ini --workers 1,2 --repeat 3 --report a/b --resume " TINY);
    PROC_ENDS(p, 2);
    PROC_SAYS(p, "repeat was 2, not 3");
    fractal_run(&p, "compare one.ini two.ini --workers 1,2 --repeat 2 --report a/b --resume " TINY);
    PROC_ENDS(p, 0);
}

Test(system_compare, a_failing_configuration_is_a_line)
{
    struct proc *p;
    write_configurations();
    test_file_write("bad.ini", "[transport]\nplugin = ./nothing.so\n");
    fractal_run(&p, "compare one.ini bad.ini --workers 1 --repeat 1 --report r " TINY);
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "FAILED"), "%s", p->out);
    cr_assert_not_null(strstr(p->out, "nothing.so"));
    check_file("r/report.html", "<!DOCTYPE html>", "nothing.so");
    /* One that only fails as it runs, too. */
    test_file_write("late.ini", "[transport]\nplugin = shm\naddress = no/such/folder/l.sock\n");
    fractal_run(&p, "compare one.ini late.ini --workers 1 --repeat 2 " TINY);
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "FAILED: exit code"), "%s", p->out);
}

Test(system_compare, refuses_to_compare_different_pixels)
{
    struct proc *p;
    write_configurations();
    test_file_write("other.ini", "[job]\niters = 50\n");
    fractal_run(&p, "compare one.ini other.ini --workers 1 --repeat 1 --smoothness 1 --width 160");
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "refusing to compare");
    PROC_SAYS(p, "one.ini (");
    PROC_SAYS(p, "other.ini (");
    cr_assert_str_empty(proc_out(p));
}

Test(system_compare, sweeps_any_key)
{
    struct proc *p;
    write_configurations();
    fractal_run(&p, "compare one.ini --workers 1 --repeat 1 --report r --sweep worker.credits=1,4 "
                    "--sweep job.payload=index16,raw " TINY);
    PROC_ENDS(p, 0);
    json_t *doc = read_results("r/results.json");
    /* Four points; direct knows no credits, so two of it. */
    cr_assert_eq(json_array_size(json_object_get(doc, "cells")), 6);
    json_decref(doc);
    cr_assert_not_null(strstr(proc_out(p), "credits=4 payload=raw"), "%s", p->out);
}

/* Small tasks only: whether there is a crossing is this machine's business. */
Test(system_compare, sweeps_task_lengths)
{
    struct proc *p;
    write_configurations();
    fractal_run(&p,
                "compare one.ini --workers 1 --repeat 2 --report r --metg --width 64 --height 8");
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "METG(50 %)"), "%s", p->out);
    json_t *doc = read_results("r/results.json");
    json_t *summary = json_object_get(doc, "summary");
    cr_assert_eq(json_array_size(json_object_get(summary, "metg")), 2);
    cr_assert_gt(json_number_value(json_object_get(summary, "peak_updates_per_s")), 1e6);
    cr_assert_eq(json_array_size(json_object_get(doc, "cells")), 30);
    json_decref(doc);
    check_file("r/report.html", "<!DOCTYPE html>", "Minimum effective task granularity");
}

static void check_refused(const char *flags, const char *says)
{
    struct proc *p;
    fractal_run(&p, "compare one.ini %s --report r " TINY, flags);
    PROC_ENDS(p, 2);
    PROC_SAYS(p, says);
    cr_assert_neq(access("r", F_OK), 0); /* nothing ran, nothing was made */
}

Test(system_compare, refuses_before_anything_runs)
{
    struct proc *p;
    write_configurations();
    check_refused("--sweep worker.credits=1,many", "many");
    check_refused("--sweep worker.creditz=1", "credits");
    check_refused("--sweep transport.shape.delay=0,1ms", "would change nothing");
    check_refused("--sweep worker.credits=1,1", "given twice");
    check_refused("--sweep credits", "not of the form");
    check_refused("--workers 1,x", "whole numbers");
    check_refused("--workers 2,2", "given twice");
    check_refused("--repeat 0", "1 to 60");
    check_refused("--output png", "sets output.plugins");
    check_refused("missing.ini", "cannot read missing.ini");
    fractal_run(&p, "compare");
    PROC_ENDS(p, 2);
    fractal_run(&p, "-c one.ini compare two.ini");
    PROC_ENDS(p, 2);
    PROC_SAYS(p, "operands");
    fractal_run(&p, "compare one.ini --resume");
    PROC_ENDS(p, 2);
    test_file_write("x.json", "{\"format\": \"something\"}");
    fractal_run(&p, "compare --from x.json");
    PROC_ENDS(p, 2);
    fractal_run(&p, "compare --from nowhere.json");
    PROC_ENDS(p, 2);
}

Test(system_compare, hides_the_token)
{
    struct proc *p;
    write_configurations();
    fractal_run(&p, "compare one.ini --workers 1 --repeat 1 --report r --token hushhush " TINY);
    PROC_ENDS(p, 0);
    for (const char *const *f = (const char *const[]){"r/results.json", "r/report.html", NULL}; *f;
         f++) {
        size_t len;
        char *text = test_file_read(*f, &len);
        cr_assert_null(strstr(text, "hushhush"), "%s", *f);
        free(text);
    }
}

static size_t runs_in_all(const char *path)
{
    size_t count = 0;
    json_t *doc = read_results(path);
    for (size_t i = 0; i < json_array_size(json_object_get(doc, "cells")); i++)
        count += runs_of(doc, i);
    json_decref(doc);
    return count;
}

Test(system_compare, keeps_what_was_measured_and_resumes)
{
    write_configurations();
    const char *how = "compare one.ini two.ini --workers 1 --repeat 4 --report r --smoothness 1";
    struct proc *p = fractal("%s", how);
    proc_await(p, "round 2", 1);
    proc_signal(p, SIGINT);
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "--resume");
    size_t before = runs_in_all("r/results.json");
    cr_assert(before >= 6 && before < 15, "%zu", before);
    check_file("r/report.html", "<!DOCTYPE html>", "Not all runs");
    fractal_run(&p, "%s --resume", how);
    PROC_ENDS(p, 0);
    cr_assert_eq(runs_in_all("r/results.json"), 15);
}

Test(system_compare, does_without_gnuplot)
{
    struct proc *p;
    write_configurations();
    setenv("PATH", "/nonexistent", 1);
    fractal_run(&p, "compare one.ini --workers 1 --repeat 1 --report r " TINY);
    PROC_ENDS(p, 0);
    PROC_SAYS(p, "gnuplot is not installed");
    check_file("r/report.html", "<!DOCTYPE html>", "gnuplot is not installed");
}
