/* SPDX-License-Identifier: MIT
 * Whatever is wrong with what was asked for: exit code 2, a message that names it and says what
 * would be right, and nothing is made. `check` says the same. */
#include "system/system.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SYSTEM_SUITE(system_input);

static void check_says(struct proc *p, const char *const *words)
{
    PROC_ENDS(p, 2);
    cr_assert_str_empty(proc_out(p));
    for (; *words; words++)
        PROC_SAYS(p, *words);
    cr_assert_eq(test_count(proc_err(p), "\n"), 1, "more than one line: %s", p->err);
}

static void refused(const char *flags, const char *const *words)
{
    struct proc *run, *check;
    int before = test_folder_entries(".");
    fractal_run(&run, "run %s", flags);
    check_says(run, words);
    fractal_run(&check, "check %s", flags);
    check_says(check, words);
    cr_assert_str_eq(proc_err(run), proc_err(check));
    cr_assert_eq(test_folder_entries("."), before);
    cr_assert_eq(test_folder_entries("../run"), 0);
}
#define REFUSED(flags, ...) refused((flags), (const char *const[]){__VA_ARGS__, NULL})

Test(system_input, numbers)
{
    REFUSED("--width 1 --smoothness 1", "width");
    REFUSED("--width 0", "width", "from 1 to 1048576");
    REFUSED("--width -5", "width", "-5", "from 1 to 1048576");
    REFUSED("--width 1000000000", "width", "from 1 to 1048576");
    REFUSED("--width ten", "width", "ten", "whole number");
    REFUSED("--width 10.5", "width", "10.5", "whole number");
    REFUSED("--width=", "width", "whole number");
    REFUSED("--width 99999999999999999999999", "width", "from 1 to 1048576");
    REFUSED("--height 0", "height", "from 1");
    REFUSED("--iters 0", "iters", "from 1");
    REFUSED("--xpos nan", "xpos", "nan", "finite");
    REFUSED("--ypos inf", "ypos", "inf", "finite");
    REFUSED("--escape-radius 0", "escape_radius", "1e-300");
    REFUSED("--smoothness 1025", "smoothness", "1024");
    REFUSED("--width 1048576 --height 1048576 --smoothness 1024", "pixels");
    REFUSED("--lease-ms 5x", "lease_ms", "5x", "250ms");
    REFUSED("--policy fair", "policy", "fair", "dynamic, static, guided");
    REFUSED("--quiet=maybe", "quiet", "maybe", "yes");
}

Test(system_input, names)
{
    REFUSED("--palette Hipi", "Hipi", "did you mean \"Hippi\"", "Vivid");
    REFUSED("--transport carrier-pigeon", "carrier-pigeon", "shm", "looked in");
    REFUSED("--output jpg", "jpg", "png");
    REFUSED("--kernel avx1024", "avx1024", "scalar");
    REFUSED("--palette ./none.so", "./none.so");
    REFUSED("--output png,", "output");
    REFUSED("--output png,png", "png", "both", "mandelbrot.png");
}

Test(system_input, flags)
{
    struct proc *p;
    REFUSED("--widht 5", "--widht", "did you mean --width");
    REFUSED("-z", "-z");
    REFUSED("--width", "--width", "needs a value");
    REFUSED("--set width=5", "--set", "section");
    REFUSED("--set job.widht=5", "widht", "did you mean", "width");
    REFUSED("--set transport.shm.slots=1", "slots", "from 2 to 4096");
    fractal_run(&p, "rum");
    check_says(p, (const char *const[]){"rum", "did you mean", "run", NULL});
    fractal_run(&p, "worker --width 5");
    check_says(p, (const char *const[]){"worker", "--width", NULL});
    fractal_run(&p, "leader --threads 5");
    check_says(p, (const char *const[]){"leader", "--threads", NULL});
    fractal_run(&p, "run now");
    check_says(p, (const char *const[]){"now", NULL});
    fractal_run(&p, "leader --transport inproc");
    check_says(p, (const char *const[]){"inproc", "fractal run", NULL});
    fractal_run(&p, "worker --transport inproc");
    check_says(p, (const char *const[]){"inproc", "fractal run", NULL});
}

/* ------------------------------------------------------------------ INI */

static void ini_refused(const char *text, const char *const *words)
{
    struct proc *p, *run;
    test_file_write("a.ini", text);
    refused("-c a.ini", words);
    fractal_run(&run, "run -c a.ini");
    fractal_run(&p, "check a.ini");
    check_says(p, words);
    cr_assert_str_eq(proc_err(p), proc_err(run));
}
#define INI_REFUSED(text, ...) ini_refused((text), (const char *const[]){__VA_ARGS__, NULL})

Test(system_input, ini)
{
    INI_REFUSED("[job]\nwidht = 5\n", "a.ini:2", "widht", "did you mean", "width");
    INI_REFUSED("[jop]\nwidth = 5\n", "a.ini:2", "jop", "did you mean", "job");
    INI_REFUSED("[job]\nwidth = 0\n", "a.ini:2", "width", "from 1 to 1048576");
    INI_REFUSED("[job]\nwidth = 5\n\nwidth = 6\n", "a.ini:4", "width", "before", "a.ini:2");
    INI_REFUSED("[job]\nwidth 5\n", "a.ini:2", "key = value");
    INI_REFUSED("width = 5\n", "a.ini:1", "width", "section");
    INI_REFUSED("[transport.shm]\nslots = 1\n", "a.ini:2", "slots", "from 2 to 4096");
    INI_REFUSED("[transport.shm]\nslot = 4\n", "a.ini:2", "slot", "did you mean", "slots");
    INI_REFUSED("[transport.smh]\nslots = 4\n", "a.ini:2", "smh", "did you mean", "shm");
    INI_REFUSED("[output]\nplugins = png,png\n", "both", "mandelbrot.png");
    char longer[4000];
    int n = snprintf(longer, sizeof(longer), "[job]\npalette = ");
    memset(longer + n, 'x', sizeof(longer) - (size_t)n);
    longer[sizeof(longer) - 1] = '\0';
    INI_REFUSED(longer, "a.ini:2", "longer than");
}

Test(system_input, files)
{
    static const char binary[] = "\x7f"
                                 "ELF\x02\x01\x01\0\0\0[job]\nwidth = \x01\x02\n";
    test_file_write_bytes("binary.ini", binary, sizeof(binary));
    REFUSED("-c binary.ini", "binary.ini:1", "not a text file");
    REFUSED("-c none.ini", "none.ini", "No such file");
    REFUSED("-c .", "cannot read .", "Is a directory");
    REFUSED("-c /dev/zero", "/dev/zero:1");
    test_file_write("text.so", "a text, not a library\n");
    REFUSED("--palette ./text.so", "text.so", "cannot be loaded");
    REFUSED("--palette text.so", "./text.so");
}

/* ------------------------------------------------------------------ plugins */

static void stranger_refused(const char *name, const char *const *words)
{
    char flags[PATH_MAX + 100];
    snprintf(flags, sizeof(flags), "--palette %s/tests/strangers/%s.so", scene_build, name);
    refused(flags, words);
}
#define STRANGER_REFUSED(name, ...)                                                                \
    stranger_refused((name), (const char *const[]){name ".so", __VA_ARGS__, NULL})

Test(system_input, plugins_that_do_not_fit)
{
    STRANGER_REFUSED("other_major", "ABI 2.1", "has 1.1", "build it again");
    STRANGER_REFUSED("newer_minor", "ABI 1.2", "has 1.1", "build it again");
    STRANGER_REFUSED("wrong_magic", "no fractal plugin");
    STRANGER_REFUSED("no_stops", "incomplete", "stops");
    STRANGER_REFUSED("no_symbol", "no fractal plugin", "fractal_plugin");
    char flags[PATH_MAX + 100];
    snprintf(flags, sizeof(flags), "--palette %s/plugins/output/png.so", scene_build);
    REFUSED(flags, "png.so", "kind output", "palette was asked for");
}
