/* SPDX-License-Identifier: MIT
 * html.c - report.html: what was asked, what was found, each figure with its table, the methods. */
#include "base/log.h"
#include "experiment/escape.h"
#include "experiment/figures.h"
#include "experiment/format.h"
#include "experiment/page.h"
#include "experiment/plot.h"
#include "experiment/report.h"
#include "experiment/tables.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FIGURES = 4 }; /* of one kind: the tables have all of it */

struct page {
    const struct fr_analysis *a;
    FILE *to;
    unsigned figures;
    bool no_gnuplot; /* said once */
    fr_status status;
    struct fr_error *err;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ------------------------------------------------------------------ figures */

static void say_no_gnuplot(struct page *p)
{
    static const char why[] = "gnuplot is not installed (Debian: apt-get install gnuplot-nox), so "
                              "the report has its tables but no plots; `fractal compare --from "
                              "results.json --report DIR` draws them later";
    if (!p->no_gnuplot) {
        fr_log(FR_LOG_WARN, "%s", why);
        fprintf(p->to, "<p class=\"warn\">%s.</p>\n", why);
    }
    p->no_gnuplot = true;
}

static bool swept(const struct fr_experiment *x, const char *key)
{
    for (size_t i = 0; i < x->axis_count; i++)
        if (strcmp(x->axes[i].key, key) == 0)
            return true;
    return false;
}

/* What a number means without its context: nothing. It stands under each figure and table. */
static void parameters(const struct page *p, FILE *to)
{
    const struct fr_experiment *x = p->a->x;
    const json_t *metrics = NULL;
    for (size_t i = 0; i < x->cell_count && !metrics; i++)
        metrics = fr_cell_metrics(&x->cells[i]);
    const json_t *job = json_object_get(metrics, "job"), *host = json_object_get(metrics, "host");
    if (metrics) {
        if (!swept(x, "job.width") && !swept(x, "job.height") && !swept(x, "job.smoothness"))
            fprintf(to, "%lld x %lld pixels, ", json_integer_value(json_object_get(job, "width")),
                    json_integer_value(json_object_get(job, "height")));
        if (!swept(x, "job.iters"))
            fprintf(to, "%lld iterations, ", json_integer_value(json_object_get(job, "iters")));
        if (!swept(x, "schedule.rows_per_task"))
            fprintf(to, "%lld row(s) a task, ",
                    json_integer_value(json_object_get(job, "rows_per_task")));
        if (!swept(x, "job.payload")) {
            fputs("payload ", to);
            fr_escape_html(text_of(job, "payload"), to);
            fputs(", ", to);
        }
    }
    fprintf(to, "medians of %u repeats with %.0f %% bootstrap intervals, seed %llu", x->repeat,
            100 * x->confidence, (unsigned long long)x->seed);
    if (metrics) {
        fputs("; ", to);
        fr_escape_html(text_of(host, "cpu"), to);
        fprintf(to, ", %lld processors", json_integer_value(json_object_get(host, "cpus")));
    }
    fputs(".", to);
}

static void figure(struct page *p, bool (*make)(const struct fr_figure *f, FILE *script),
                   const struct fr_figure *f, const char *caption)
{
    char *script = NULL, *svg = NULL;
    size_t len;
    FILE *to = open_memstream(&script, &len);
    if (!to)
        return;
    bool any = make(f, to);
    if (fclose(to) == 0 && any && !p->no_gnuplot) {
        struct fr_error err = {0};
        fr_status st = fr_plot_run(script, &svg, &err);
        if (st == FR_ENOTSUP) {
            say_no_gnuplot(p);
        } else if (st != FR_OK) {
            fr_error_log(&err);
            fputs("<p class=\"warn\">", p->to);
            fr_escape_html(err.text, p->to);
            fputs("</p>\n", p->to);
        } else {
            fputs("<figure>", p->to);
            fr_plot_inline(svg, ++p->figures, p->to);
            fputs("<figcaption>", p->to);
            fr_escape_html(caption, p->to);
            fputc(' ', p->to);
            parameters(p, p->to);
            fputs("</figcaption></figure>\n", p->to);
        }
    }
    free(svg);
    free(script);
}

/* One figure for each sweep point, as long as that can be looked at. */
static void figures_by_point(struct page *p, bool (*make)(const struct fr_figure *f, FILE *script),
                             const char *caption)
{
    const struct fr_experiment *x = p->a->x;
    unsigned shown = 0, points = 0;
    fputs("<div class=\"figures\">\n", p->to);
    for (size_t i = 0; i < x->cell_count; i++) {
        const struct fr_cell *at = &x->cells[i];
        bool seen = at->direct;
        for (size_t k = 0; k < i && !seen; k++)
            seen = !x->cells[k].direct && fr_cell_same_point(x, at, &x->cells[k]);
        if (seen || ++points > MAX_FIGURES)
            continue;
        char point[512], text[1024];
        fr_cell_point(x, at, point, sizeof(point));
        snprintf(text, sizeof(text), "%s%s%s%s", *point ? "At " : "", point, *point ? ". " : "",
                 caption);
        figure(p, make, &(struct fr_figure){.a = p->a, .at = at}, text);
        shown++;
    }
    fputs("</div>\n", p->to);
    if (points > shown)
        fprintf(p->to,
                "<p class=\"sub\">The first %u of %u sweep points are drawn; the table has "
                "all of them.</p>\n",
                shown, points);
}

static void table(struct page *p, struct fr_grid *grid)
{
    if (fr_grid_rows(grid) > 0) {
        fr_grid_html(grid, p->to);
        fputs("<p class=\"params\">", p->to);
        parameters(p, p->to);
        fputs("</p>\n", p->to);
    }
    fr_grid_free(grid);
}

static void heading(struct page *p, const char *title, const char *text)
{
    fprintf(p->to, "<h2>%s</h2>\n<p>%s</p>\n", title, text);
}

/* ----------------------------------------------------------------- sections */

static void row(FILE *to, const char *name, const char *value)
{
    if (!*value)
        return;
    fprintf(to, "<dt>%s</dt><dd>", name);
    fr_escape_html(value, to);
    fputs("</dd>\n", to);
}

static void facts(struct page *p)
{
    const json_t *doc = p->a->x->doc, *host = NULL;
    for (size_t i = 0; i < p->a->x->cell_count && !host; i++)
        host = json_object_get(fr_cell_metrics(&p->a->x->cells[i]), "host");
    char text[256];
    fputs("<dl>\n", p->to);
    row(p->to, "started", text_of(doc, "started"));
    snprintf(text, sizeof(text), "fractal %s", text_of(doc, "fractal"));
    row(p->to, "program", text);
    row(p->to, "host", text_of(host, "name"));
    snprintf(text, sizeof(text), "%s, %lld processors", text_of(host, "cpu"),
             json_integer_value(json_object_get(host, "cpus")));
    row(p->to, "processor", host ? text : "");
    snprintf(text, sizeof(text), "%s, %s", text_of(host, "kernel"), text_of(host, "libc"));
    row(p->to, "system", host ? text : "");
    snprintf(text, sizeof(text),
             "one warm-up and %u measured runs a cell, interleaved, in an order "
             "drawn from seed %llu",
             p->a->x->repeat, (unsigned long long)p->a->x->seed);
    row(p->to, "runs", text);
    const json_t *before = json_object_get(doc, "load_before");
    snprintf(text, sizeof(text), "average %.2f before the first run, %.2f after the last",
             json_number_value(before), json_number_value(json_object_get(doc, "load_after")));
    row(p->to, "load", before ? text : "");
    fputs("</dl>\n<pre>", p->to);
    size_t i;
    json_t *word;
    json_array_foreach(json_object_get(doc, "command"), i, word)
    {
        fputs(i ? " " : "", p->to);
        fr_escape_html(json_string_value(word) ? json_string_value(word) : "?", p->to);
    }
    fputs("</pre>\n", p->to);
}

static void found_differences(struct page *p)
{
    const struct fr_analysis *a = p->a;
    fprintf(p->to,
            "<p>%zu of %zu differences are larger than the noise.</p>\n"
            "<ul class=\"found\">\n",
            a->different, a->difference_count);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < a->difference_count; i++) {
            const struct fr_difference *d = &a->differences[i];
            char text[512], point[512];
            if ((d->result.verdict == FR_FINDING_DIFFERENT) != (pass == 0))
                continue;
            fr_cell_point(a->x, d->a->direct ? d->b : d->a, point, sizeof(point));
            if (strcmp(d->a->label, d->b->label) == 0) {
                fputs("<li>", p->to);
                fr_escape_html(d->a->label, p->to);
                fputs(", ", p->to);
            } else
                fputs("<li>", p->to);
            fprintf(p->to, "%u worker%s%s", d->a->workers, d->a->workers == 1 ? "" : "s",
                    *point ? ", " : "");
            fr_escape_html(point, p->to);
            fprintf(p->to, ": <span%s>", pass == 0 ? " class=\"real\"" : "");
            fr_escape_html(fr_difference_side(a, d, true, text, sizeof(text)), p->to);
            fputs(pass == 0 ? " takes " : " and ", p->to);
            if (pass == 0) {
                fr_escape_html(fr_difference_text(a, d, text, sizeof(text)), p->to);
                fputs(" as ", p->to);
            }
            fr_escape_html(fr_difference_side(a, d, false, text, sizeof(text)), p->to);
            if (pass == 1) {
                fputs(": ", p->to);
                fr_escape_html(fr_difference_text(a, d, text, sizeof(text)), p->to);
            }
            fprintf(p->to, "</span> (%s .. %s)</li>\n", FR_NUMBER(d->result.interval.low, 3),
                    FR_NUMBER(d->result.interval.high, 3));
        }
    fputs("</ul>\n", p->to);
}

static void failures(struct page *p)
{
    struct fr_grid *g = fr_table_failures(p->a);
    if (fr_grid_rows(g) > 0) {
        fputs("<p class=\"warn\">Some cells failed; their lines below lack numbers.</p>\n", p->to);
        fr_grid_html(g, p->to);
    }
    fr_grid_free(g);
    if (!json_is_true(json_object_get(p->a->x->doc, "complete")))
        fputs(
            "<p class=\"warn\">Not all runs have been done: intervals are wider than they were to "
            "be. The same command with --resume goes on.</p>\n",
            p->to);
}

static void sweeps(struct page *p)
{
    const struct fr_experiment *x = p->a->x;
    uint32_t most = 0;
    for (size_t i = 0; i < x->cell_count; i++)
        most = x->cells[i].workers > most ? x->cells[i].workers : most;
    for (size_t i = 0; i < x->axis_count; i++) {
        char caption[1024] = "";
        int n = snprintf(caption, sizeof(caption), "%s, %u worker%s", x->axes[i].key, most,
                         most == 1 ? "" : "s");
        for (size_t k = 0; k < x->axis_count && n < 900; k++)
            if (k != i)
                n += snprintf(caption + n, sizeof(caption) - (size_t)n, ", %s = %.100s",
                              x->axes[k].key, x->axes[k].values[0]);
        snprintf(caption + n, sizeof(caption) - (size_t)n, ".");
        if (i == 0) {
            heading(p, "Sweep", "Render time over what was varied.");
            fputs("<div class=\"figures\">\n", p->to);
        }
        figure(p, fr_figure_sweep, &(struct fr_figure){.a = p->a, .axis = i, .workers = most},
               caption);
    }
    if (x->axis_count > 0) {
        fputs("</div>\n", p->to);
        table(p, fr_table_results(p->a));
    }
}

static const char methods[] =
    "<h2>How to read it</h2>\n"
    "<p><b>Render</b> is the time from the first assignment to the last row: starting processes "
    "and "
    "connecting are not part of it, <b>wall</b> has them. <b>Speed-up</b> is the render time with "
    "the "
    "fewest workers over this one, <b>efficiency</b> that for each worker; <b>overhead</b> is how "
    "much "
    "longer it takes than <code>fractal direct</code>, the same kernel with as many threads and no "
    "transport.</p>\n"
    "<p><b>Intervals</b> are percentile bootstraps of the median over the repeats (Efron, 1979). A "
    "<b>difference</b> is called one where the bootstrap interval of the ratio of medians leaves "
    "out 1 "
    "and Welch's test (1947) on the logarithms agrees, both at an error that is shared "
    "out "
    "among all comparisons of this report (Bonferroni): all of them together are wrong at most "
    "once in "
    "twenty reports where nothing differs.</p>\n"
    "<p><b>Network time</b> of a task is its round trip by the leader's clock, less the time it "
    "waited "
    "for a thread and the time it was computed, as its worker says; no common clock is needed. It "
    "has "
    "the time a message waited for the busy other side in it.</p>\n"
    "<p>Leader and workers share this machine's processors: with as many workers as processors the "
    "leader's work is part of what slows them.</p>\n";

static const char metg_methods[] =
    "<h2>How to read it</h2>\n"
    "<p><b>METG(50 %)</b> is the shortest task with which a transport still reaches half of the "
    "peak "
    "rate (Slaughter et al., Task Bench, SC20). Rows and bytes are fixed, one row of 1024 pixels a "
    "task; the work is varied by <code>job.iters</code> on a view where every pixel costs exactly "
    "that "
    "many steps. Peak is the best rate of any run of <code>direct</code> with one thread. A "
    "point's time a "
    "task is "
    "render time x threads / tasks. METG lies on the straight line between the two points around "
    "the first crossing of 50 %, over the logarithm of time; its interval is a bootstrap over the "
    "repeats of every "
    "point.</p>\n";

static void metg(struct page *p)
{
    heading(
        p, "Minimum effective task granularity",
        "The shorter the task with which a transport still keeps its workers busy, the better.");
    figure(p, fr_figure_metg, &(struct fr_figure){.a = p->a},
           "Efficiency over the time of a task; where a curve crosses 50 % is its METG.");
    table(p, fr_table_metg(p->a));
    fprintf(p->to, "<p>Peak: %s million z-updates a second of one thread.</p>\n",
            FR_NUMBER(p->a->peak / 1e6, 4));
    fputs("<h3>Points</h3>\n", p->to);
    table(p, fr_table_metg_points(p->a));
}

static void comparison(struct page *p)
{
    heading(
        p, "What was found",
        "Render times with the same workers, of two configurations or of two values of what was "
        "swept; the ratio's interval in brackets.");
    found_differences(p);
    table(p, fr_table_differences(p->a));
    sweeps(p);
    heading(p, "Strong scaling", "The same job on more workers.");
    figures_by_point(p, fr_figure_scaling, "Speed-up over workers; the dotted line is the ideal.");
    if (p->a->x->axis_count == 0) /* else it stands with the sweep */
        table(p, fr_table_results(p->a));
    heading(p, "Efficiency",
            "Against direct with its fewest threads: what is lost of each worker.");
    figures_by_point(p, fr_figure_efficiency, "Parallel efficiency over workers.");
    table(p, fr_table_scaling(p->a));
    heading(p, "Overhead and cost",
            "What the transport adds to the render time of the same threads without one, and what "
            "it takes in CPU, memory and bytes.");
    figures_by_point(p, fr_figure_overhead, "More render time than direct, with intervals.");
    table(p, fr_table_cost(p->a));
    heading(p, "Network time", "Of a task: its round trip without waiting and computing.");
    figures_by_point(p, fr_figure_network, "Network time by percentile, with the most workers.");
    table(p, fr_table_network(p->a));
    heading(p, "Who waited for whom",
            "An idle leader with busy workers is as it should be; starved workers wait for the "
            "network or the leader.");
    table(p, fr_table_waiting(p->a));
}

fr_status fr_report_html(const struct fr_analysis *a, FILE *to, struct fr_error *err)
{
    struct page p = {.a = a, .to = to, .err = err};
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n"
          "<title>fractal compare</title>\n<style>\n",
          to);
    fputs(fr_page_style, to);
    fputs("</style>\n</head>\n<body>\n<main>\n<h1>fractal compare</h1>\n"
          "<p class=\"sub\">One job over different network layers, measured side by side.</p>\n",
          to);
    facts(&p);
    failures(&p);
    if (a->x->metg)
        metg(&p);
    else
        comparison(&p);
    fr_report_configurations(a, to);
    fputs(a->x->metg ? metg_methods : methods, to);
    fputs("</main>\n</body>\n</html>\n", to);
    return ferror(to) ? fr_fail(err, FR_EIO, "cannot write the report") : FR_OK;
}
