/* SPDX-License-Identifier: MIT */
#include "experiment/plot.h"

#include "experiment/runner.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLOT_MS = 60000 };

void fr_plot_begin(FILE *script, int width, int height)
{
    fprintf(script,
            "set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,13' linewidth 1.2\n"
            "set encoding utf8\n"
            "set border 3 lc rgb " FR_PLOT_QUIET "\n"
            "set tics nomirror out scale 0.6 textcolor rgb " FR_PLOT_INK "\n"
            "set grid lc rgb " FR_PLOT_GRID " lt 1 lw 0.7\n"
            "set key outside right top vertical Left reverse samplen 2.5 spacing 1.25 "
            "textcolor rgb " FR_PLOT_INK "\n"
            "set xlabel textcolor rgb " FR_PLOT_INK "\n"
            "set ylabel textcolor rgb " FR_PLOT_INK "\n"
            "set bars 0.6\nset datafile missing 'NaN'\n",
            width, height);
}

static char *read_all(const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *from = fopen(path, "re"), *to = open_memstream(&text, &len);
    char buf[65536];
    bool ok = from && to;
    for (size_t n; ok && (n = fread(buf, 1, sizeof(buf), from)) > 0;)
        fwrite(buf, 1, n, to);
    if (from)
        fclose(from);
    if (to && fclose(to) != 0)
        ok = false;
    if (ok)
        return text;
    free(text);
    return NULL;
}

static fr_status draw(const char *script_path, const char *svg_path, char **svg_p,
                      struct fr_error *err)
{
    /* Without the person's own start-up file, which could set anything. */
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", (char *)script_path, NULL};
    const struct fr_child_limits limits = {.ms = PLOT_MS};
    struct fr_child child;
    fr_status st = fr_child_run(argv, svg_path, &limits, &child, err);
    if (st != FR_OK)
        return st;
    char *svg = child.code == 0 ? read_all(svg_path) : NULL;
    if (!svg || !strstr(svg, "<svg")) {
        free(svg);
        return fr_fail(err, FR_EIO, "gnuplot drew nothing (exit code %d): %s", child.code,
                       child.said);
    }
    *svg_p = svg;
    return FR_OK;
}

fr_status fr_plot_run(const char *script, char **svg_p, struct fr_error *err)
{
    const char *temp = getenv("TMPDIR");
    char folder[4000], script_path[4096], svg_path[4096];
    snprintf(folder, sizeof(folder), "%s/fractal-plot.XXXXXX", temp && *temp ? temp : "/tmp");
    if (!mkdtemp(folder))
        return fr_fail(err, FR_EIO, "cannot make a temporary folder (%s)", folder);
    snprintf(script_path, sizeof(script_path), "%s/plot.gp", folder);
    snprintf(svg_path, sizeof(svg_path), "%s/plot.svg", folder);
    FILE *f = fopen(script_path, "we");
    bool written = f && fputs(script, f) >= 0;
    if (f && fclose(f) != 0)
        written = false;
    fr_status st = written ? draw(script_path, svg_path, svg_p, err)
                           : fr_fail(err, FR_EIO, "cannot write %s", script_path);
    unlink(script_path);
    unlink(svg_path);
    rmdir(folder);
    return st;
}

/* ------------------------------------------------------------------- inline */

/* "rgb(  1,   2,   3)": the variable of its role. Returns what follows, NULL: another colour. */
static const char *colour(const char *at, FILE *to)
{
    int r, g, b, n = 0;
    if (sscanf(at, "rgb(%d ,%d ,%d )%n", &r, &g, &b, &n) != 3 || n == 0 || r != 1 || g != 2)
        return NULL;
    if (b == 0)
        fputs("var(--ink)", to);
    else if (b == 15)
        fputs("var(--grid)", to);
    else if (b == 14)
        fputs("var(--quiet)", to);
    else
        fprintf(to, "var(--s%d)", b);
    return at + n;
}

void fr_plot_inline(const char *svg, unsigned number, FILE *to)
{
    static const char *const marks[] = {"id='", "id=\"", "href='#", "href=\"#", "url(#"};
    const char *at = strstr(svg, "<svg");
    if (!at)
        return;
    fputs("<svg class=\"plot\" aria-hidden=\"true\"", to);
    at += strlen("<svg");
    while (*at) {
        const char *next = strncmp(at, "rgb(", 4) == 0 ? colour(at, to) : NULL;
        if (next) {
            at = next;
            continue;
        }
        if (strncmp(at, "\"black\"", 7) == 0) {
            fputs("\"var(--ink)\"", to);
            at += 7;
            continue;
        }
        /* Its titles would show as tips over the whole plot. */
        if (strncmp(at, "<title>", 7) == 0 && (next = strstr(at, "</title>"))) {
            at = next + strlen("</title>");
            continue;
        }
        bool marked = false;
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !marked; i++) {
            size_t len = strlen(marks[i]);
            if (strncmp(at, marks[i], len) != 0)
                continue;
            fprintf(to, "%sp%u-", marks[i], number);
            at += len;
            marked = true;
        }
        if (!marked)
            fputc(*at++, to);
    }
}
