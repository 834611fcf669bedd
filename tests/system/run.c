/* SPDX-License-Identifier: MIT
 * What `fractal run` leaves behind and says. */
#include "support/picture.h"
#include "system/system.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

SYSTEM_SUITE(system_run);

void system_check_empty(void)
{
    cr_assert_eq(test_folder_entries("."), 0);
    cr_assert_eq(test_folder_entries("../run"), 0);
}

static void check_size(const char *file, uint32_t width, uint32_t height)
{
    struct picture p = picture_read_png(file);
    cr_assert_eq(p.width, width);
    cr_assert_eq(p.height, height);
    picture_free(&p);
    cr_assert_eq(unlink(file), 0);
}

Test(system_run, leaves_the_image_and_nothing_else)
{
    struct proc *p;
    fractal_run(&p, "run " SMALL);
    PROC_ENDS(p, 0);
    cr_assert_str_empty(proc_out(p));
    PROC_SAYS(p, "mandelbrot.png");
    check_size("mandelbrot.png", 60, 40);
    system_check_empty();
}

Test(system_run, replaces_an_older_image)
{
    test_file_write("mandelbrot.png", "old");
    cr_assert_eq(fractal_run(NULL, "run " SMALL), 0);
    check_size("mandelbrot.png", 60, 40);
    system_check_empty();
}

Test(system_run, takes_an_address)
{
    cr_assert_eq(fractal_run(NULL, "run " SMALL " --host here.sock"), 0);
    check_size("mandelbrot.png", 60, 40);
    system_check_empty();
}

/* Many workers, next to no work: most of them come when it is done. */
static void run_crowded(const char *flags)
{
    for (int i = 0; i < 5; i++) {
        struct proc *p;
        uint64_t begin_ms = test_now_ms();
        fractal_run(&p, "run --width 2 --height 2 --smoothness 1 --workers 24 %s", flags);
        PROC_ENDS(p, 0);
        cr_assert_lt(test_now_ms() - begin_ms, 4500);
        cr_assert(!proc_says(p, "error") && !proc_says(p, "warning"), "%s", p->err);
        check_size("mandelbrot.png", 2, 2);
        cr_assert_eq(test_folder_entries("../run"), 0);
    }
}

Test(system_run, does_not_wait_for_workers_that_come_too_late)
{
    /* A leak checker hangs where a signal comes while it holds a process that is ending. */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    run_crowded("");
    run_crowded("--transport inproc");
}

Test(system_run, quiet_is_silent)
{
    struct proc *p;
    fractal_run(&p, "run " SMALL " --quiet");
    PROC_ENDS(p, 0);
    cr_assert_str_empty(proc_out(p));
    cr_assert_str_empty(proc_err(p));
}

Test(system_run, metrics_can_be_parsed)
{
    struct proc *p;
    regex_t re;
    char *line;
    fractal_run(&p, "run " SMALL " -m --workers 2");
    PROC_ENDS(p, 0);
    static const char pattern[] = "^METRICS (LEADER|WORKER [^ ]+/[0-9]+) "
                                  "([a-z-]+|/[a-z0-9_/.-]+:[a-z-]+): [^ ]";
    cr_assert_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int lines = 0;
    char *text = strdup(proc_out(p)), *rest = text;
    while ((line = strsep(&rest, "\n"))) {
        if (!*line && !rest)
            break;
        cr_assert_eq(regexec(&re, line, 0, NULL, 0), 0, "%s", line);
        lines++;
    }
    cr_assert_gt(lines, 20);
    free(text);
    regfree(&re);
}

Test(system_run, tells_progress_in_lines)
{
    struct proc *p = fractal("run " SLOW " " SLOW_WORKER " --workers 1 --width 1024 --iters 8000");
    proc_await(p, "% ", 1);
    cr_assert_null(strchr(proc_err(p), '\r'));
    PROC_SAYS(p, "rows");
    proc_signal(p, SIGTERM);
    proc_wait(p);
}

Test(system_run, draws_a_bar_on_a_terminal)
{
    int fd;
    char program[PATH_MAX + 16], text[65536];
    size_t len = 0;
    snprintf(program, sizeof(program), "%s/fractal", scene_build);
    pid_t pid = forkpty(&fd, NULL, NULL, &(struct winsize){.ws_row = 24, .ws_col = 100});
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        execl(program, "fractal", "run", "--smoothness", "1", "--kernel", "scalar", NULL);
        _exit(127);
    }
    for (ssize_t n; (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = '\0';
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0, "%s", text);
    cr_assert_not_null(strstr(text, "\r\033[K["), "%s", text);
    cr_assert_not_null(strstr(text, "#-"), "%s", text);
    /* The bar is gone at the end. */
    const char *last = strrchr(text, '#');
    cr_assert_not_null(strstr(last, "\r\033[K"));
    close(fd);
}

/* ------------------------------------------------------------------ flags */

Test(system_run, takes_the_flags_of_the_go_program)
{
    struct proc *p;
    fractal_run(&p,
                "run --host=s --metrics --step=300 --width=30 --height=20 --xpos=-0.5 --ypos=-1 "
                "--escape-radius=2.5 --smoothness=2 --iters=300 --palette=Vivid "
                "--outfile=a.png --force-exit --retries=3");
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "METRICS LEADER"));
    check_size("a.png", 60, 40);
    fractal_run(&p, "run --host s --quiet --step 300 --width 30 --height 20 --xpos -0.5 --ypos -1 "
                    "--escape-radius 2.5 --smoothness 2 --iters 300 --palette Biochimist "
                    "--outfile b.png --force-exit=no --retries -1");
    PROC_ENDS(p, 0);
    check_size("b.png", 60, 40);
    fractal_run(&p, "run " SMALL " -q -m -x -0.5 -y -1 -x-0.25 --retries 0");
    PROC_ENDS(p, 0);
    check_size("mandelbrot.png", 60, 40);
    system_check_empty();
}

Test(system_run, flag_beats_file_beats_default)
{
    test_file_write("a.ini", "[job]\nwidth = 20\nheight = 10\nsmoothness = 1\n"
                             "[output]\noutfile = from-file.png\n");
    cr_assert_eq(fractal_run(NULL, "-c a.ini run"), 0);
    check_size("from-file.png", 20, 10);
    cr_assert_eq(fractal_run(NULL, "run --config a.ini"), 0);
    check_size("from-file.png", 20, 10);
    cr_assert_eq(fractal_run(NULL, "run --width 7 -c a.ini --set job.height=8"), 0);
    check_size("from-file.png", 7, 8);
    cr_assert_eq(fractal_run(NULL, "-ca.ini --width 9 run --set output.outfile=c.png"), 0);
    check_size("c.png", 9, 10);
    struct proc *p;
    test_file_write("b.ini", "[job]\nwidth = 33\n");
    fractal_run(&p, "check b.ini --height 44");
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "width = 33\n"));
    cr_assert_not_null(strstr(proc_out(p), "height = 44\n"));
    cr_assert_not_null(strstr(proc_out(p), "iters = 800\n"));
}

/* Without comments. */
static char *values_of(const char *ini)
{
    char *copy = strdup(ini), *kept = calloc(1, strlen(ini) + 2), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")))
        if (*line && *line != ';')
            strcat(strcat(kept, line), "\n");
    free(copy);
    return kept;
}

Test(system_run, what_check_prints_means_the_same)
{
    struct proc *p;
    test_file_write("a.ini", "[job]\nwidth = 33\nxpos = -0.1234567890123456789\n"
                             "[transport.shm]\nslots = 8\n[output.png]\ncompression = 3\n"
                             "[schedule]\nlease_ms = 2s\n");
    fractal_run(&p, "check a.ini");
    PROC_ENDS(p, 0);
    cr_assert_str_empty(proc_err(p));
    test_file_write("b.ini", proc_out(p));
    char *first = values_of(p->out);
    fractal_run(&p, "check b.ini");
    PROC_ENDS(p, 0);
    char *second = values_of(proc_out(p));
    cr_assert_str_eq(first, second);
    cr_assert_not_null(strstr(first, "slots = 8\n"));
    cr_assert_not_null(strstr(first, "compression = 3\n"));
    free(first);
    free(second);
}

Test(system_run, help_and_version)
{
    struct proc *p;
    cr_assert_eq(fractal_run(&p, "--help"), 0);
    cr_assert_not_null(strstr(proc_out(p), "usage: fractal"));
    static const char *const commands[] = {"run",     "leader", "worker",
                                           "plugins", "check",  "version"};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        fractal_run(&p, "%s --help", commands[i]);
        PROC_ENDS(p, 0);
        cr_assert_not_null(strstr(proc_out(p), commands[i]));
        cr_assert_str_empty(proc_err(p));
    }
    cr_assert_eq(fractal_run(&p, "%s", ""), 2);
    PROC_SAYS(p, "usage");
    cr_assert_eq(fractal_run(&p, "--version"), 0);
    cr_assert_not_null(strstr(proc_out(p), "protocol 1"));
}

/* ------------------------------------------------------------------ outputs */

static void check_refused(struct proc *p, const char *about)
{
    PROC_ENDS(p, 1);
    PROC_SAYS(p, about);
    cr_assert_eq(test_count(proc_err(p), "\n"), 1, "more than one line: %s", p->err);
    cr_assert_eq(test_folder_entries("../run"), 0);
}

Test(system_run, refuses_before_work_where_it_cannot_write)
{
    struct proc *p;
    cr_assert_eq(mkdir("folder", 0700), 0);
    fractal_run(&p, "run --outfile folder");
    check_refused(p, "folder");
    fractal_run(&p, "run --outfile nowhere/a.png");
    check_refused(p, "nowhere/a.png");
    fractal_run(&p, "run --outfile /proc/a.png");
    check_refused(p, "/proc/a.png");
    if (geteuid() != 0) {
        cr_assert_eq(chmod("folder", 0500), 0);
        fractal_run(&p, "run --outfile folder/a.png");
        check_refused(p, "folder/a.png");
    }
    cr_assert_eq(rmdir("folder"), 0);
    system_check_empty();
}

Test(system_run, a_full_disk_is_a_failure)
{
    struct proc *p;
    fractal_run(&p, "run --smoothness 1 --output pam --outfile /dev/full");
    PROC_ENDS(p, 1);
    PROC_SAYS(p, "/dev/full");
    PROC_SAYS(p, "No space left");
    system_check_empty();
}

Test(system_run, several_outputs_at_once)
{
    cr_assert_eq(fractal_run(NULL, "run " SMALL " --output png,pam,null --outfile a.png"), 0);
    struct picture png = picture_read_png("a.png"), pam = picture_read_pam("a.pam");
    cr_assert(picture_equal(&png, &pam));
    picture_free(&png);
    picture_free(&pam);
    cr_assert_eq(test_folder_entries("."), 2);
}
