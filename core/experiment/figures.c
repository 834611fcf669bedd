/* SPDX-License-Identifier: MIT */
#include "experiment/figures.h"

#include "experiment/escape.h"
#include "experiment/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 760, HEIGHT = 400, MAX_LINES = 24 };

/* A configuration keeps its colour through all figures; direct is the quiet one. */
static int series_of(const struct fr_experiment *x, const struct fr_cell *cell)
{
    const char *seen[256];
    int count = 0;
    if (cell->direct)
        return 0;
    for (size_t i = 0; i < x->cell_count && count < 256; i++) {
        if (x->cells[i].direct)
            continue;
        bool known = false;
        for (int k = 0; k < count; k++)
            known |= strcmp(seen[k], x->cells[i].label) == 0;
        if (!known)
            seen[count++] = x->cells[i].label;
        if (strcmp(x->cells[i].label, cell->label) == 0)
            return known ? 1 : count;
    }
    return 1;
}

static void style(const struct fr_experiment *x, const struct fr_cell *cell, int dash, FILE *to)
{
    static const int points[] = {6, 7, 5, 9, 13, 11, 4, 8, 12};
    int series = series_of(x, cell);
    int colour = series == 0 ? 14 : (series - 1) % FR_PLOT_SERIES + 1;
    fprintf(to, "lc rgb '#0102%02x' lw 1.8 pt %d ps 0.8 dt %d", colour,
            points[series % (int)(sizeof(points) / sizeof(points[0]))], dash + 1);
}

static bool shown(const struct fr_figure *f, const struct fr_cell *cell)
{
    return !f->at || fr_cell_same_point(f->a->x, f->at, cell);
}

static void number(double value, FILE *to)
{
    if (isfinite(value))
        fprintf(to, " %.9g", value);
    else
        fputs(" NaN", to);
}

static void estimate(const struct fr_estimate *e, double factor, FILE *to)
{
    number(e->value * factor, to);
    number(e->interval.low * factor, to);
    number(e->interval.high * factor, to);
}

/* Lines beside each other, not over each other: their marks stand a little apart. */
enum dodge { DODGE_FACTOR, DODGE_STEP };

/* The cells that begin a line: the first of each label at this point. */
static size_t find_lines(const struct fr_figure *f, bool with_direct, const struct fr_cell **lines)
{
    const struct fr_experiment *x = f->a->x;
    size_t count = 0;
    for (size_t i = 0; i < x->cell_count && count < MAX_LINES; i++) {
        const struct fr_cell *c = &x->cells[i];
        bool known = !shown(f, c) || (c->direct && !with_direct) || fr_cell_good_runs(c) == 0;
        for (size_t k = 0; k < count && !known; k++)
            known = strcmp(lines[k]->label, c->label) == 0;
        if (!known)
            lines[count++] = c;
    }
    return count;
}

static void plot_lines(const struct fr_figure *f, const struct fr_cell **lines, size_t count,
                       enum dodge dodge, const char *first, FILE *to)
{
    fprintf(to, "plot %s", first);
    for (size_t i = 0; i < count; i++) {
        double place = (double)i - (double)(count - 1) / 2;
        fprintf(to, "%s$d%zu using ($1%s%.6g):2:3:4 with yerrorlines ", i || *first ? ", " : "", i,
                dodge == DODGE_FACTOR ? "*" : "+",
                dodge == DODGE_FACTOR ? pow(1.012, place) : 0.02 * place);
        style(f->a->x, lines[i], 0, to);
        fputs(" title ", to);
        fr_escape_gnuplot(lines[i]->label, to);
    }
    fputc('\n', to);
}

/* A block of data for each line: workers and what `of` takes from each of its cells. */
static void scaling_data(const struct fr_figure *f, const struct fr_cell **lines, size_t count,
                         void (*of)(const struct fr_cell_result *r, FILE *to), FILE *to)
{
    const struct fr_experiment *x = f->a->x;
    for (size_t k = 0; k < count; k++) {
        fprintf(to, "$d%zu << EOD\n", k);
        for (size_t i = 0; i < x->cell_count; i++) {
            const struct fr_cell *c = &x->cells[i];
            if (!shown(f, c) || strcmp(c->label, lines[k]->label) != 0)
                continue;
            fprintf(to, "%u", c->workers);
            of(&f->a->cells[i], to);
            fputc('\n', to);
        }
        fputs("EOD\n", to);
    }
}

static uint32_t extreme_workers(const struct fr_figure *f, bool most)
{
    uint32_t found = 0;
    for (size_t i = 0; i < f->a->x->cell_count; i++) {
        uint32_t n = f->a->x->cells[i].workers;
        if (shown(f, &f->a->x->cells[i]) && (!found || (most ? n > found : n < found)))
            found = n;
    }
    return found;
}

/* Tics only where somebody measured. */
static void workers_axis(const struct fr_figure *f, FILE *to)
{
    uint32_t least = extreme_workers(f, false), most = extreme_workers(f, true), last = 0;
    fprintf(to, "set xlabel 'workers'\nset logscale x 2\nset xrange [%g:%g]\nset xtics (",
            least / 1.15, most * 1.15);
    for (;;) {
        uint32_t next = 0;
        for (size_t i = 0; i < f->a->x->cell_count; i++) {
            uint32_t n = f->a->x->cells[i].workers;
            if (shown(f, &f->a->x->cells[i]) && n > last && (!next || n < next))
                next = n;
        }
        if (!next)
            break;
        fprintf(to, "%s'%u' %u", last ? ", " : "", next, next);
        last = next;
    }
    fputs(")\n", to);
}

/* Against its own fewest workers, put on the line of the ideal there. */
static void of_speedup(const struct fr_cell_result *r, FILE *to)
{
    estimate(&r->speedup, r->scale_base ? r->scale_base->workers : 1, to);
}

bool fr_figure_scaling(const struct fr_figure *f, FILE *to)
{
    const struct fr_cell *lines[MAX_LINES];
    size_t count = find_lines(f, true, lines);
    if (count == 0 || extreme_workers(f, false) == extreme_workers(f, true))
        return false;
    fr_plot_begin(to, WIDTH, HEIGHT);
    workers_axis(f, to);
    fputs("set ylabel 'speed-up'\nset logscale y 2\n", to);
    scaling_data(f, lines, count, of_speedup, to);
    plot_lines(f, lines, count, DODGE_FACTOR,
               "x with lines lc rgb " FR_PLOT_INK " lw 1 dt 3 title 'ideal'", to);
    return true;
}

static void of_efficiency(const struct fr_cell_result *r, FILE *to)
{
    estimate(r->cell->direct ? &r->efficiency : &r->direct_efficiency, 100, to);
}

bool fr_figure_efficiency(const struct fr_figure *f, FILE *to)
{
    const struct fr_cell *lines[MAX_LINES];
    size_t count = find_lines(f, true, lines);
    if (count == 0 || extreme_workers(f, false) == extreme_workers(f, true))
        return false;
    fr_plot_begin(to, WIDTH, HEIGHT);
    workers_axis(f, to);
    fputs("set ylabel 'parallel efficiency, %'\nset yrange [0:*]\n", to);
    scaling_data(f, lines, count, of_efficiency, to);
    plot_lines(f, lines, count, DODGE_FACTOR,
               "100 with lines lc rgb " FR_PLOT_INK " lw 1 dt 3 title 'ideal'", to);
    return true;
}

bool fr_figure_overhead(const struct fr_figure *f, FILE *to)
{
    const struct fr_experiment *x = f->a->x;
    const struct fr_cell *lines[MAX_LINES];
    size_t count = find_lines(f, false, lines), bar = 0;
    char *tics = NULL;
    size_t tics_len;
    FILE *tics_to = open_memstream(&tics, &tics_len);
    if (!tics_to)
        return false;
    fr_plot_begin(to, WIDTH, HEIGHT);
    for (size_t k = 0; k < count; k++) {
        fprintf(to, "$d%zu << EOD\n", k);
        for (size_t i = 0; i < x->cell_count; i++) {
            const struct fr_cell *c = &x->cells[i];
            if (!shown(f, c) || strcmp(c->label, lines[k]->label) != 0 ||
                !isfinite(f->a->cells[i].overhead.value))
                continue;
            fprintf(to, "%zu", bar);
            estimate(&f->a->cells[i].overhead, 100, to);
            fprintf(tics_to, "%s'%u' %zu", bar ? ", " : "", c->workers, bar);
            fputc('\n', to);
            bar++;
        }
        fputs("EOD\n", to);
        bar += 1; /* a gap between configurations */
    }
    fclose(tics_to);
    bool any = *tics != '\0';
    if (any) {
        fprintf(to,
                "set xtics scale 0 (%s)\nset xlabel 'workers'\nset xrange [-0.8:%zu-1.2]\n"
                "set ylabel 'more render time than direct, %%'\nset boxwidth 0.75\n"
                "set style fill solid 0.75 noborder\nset grid noxtics\n"
                "set xzeroaxis lt 1 lc rgb " FR_PLOT_QUIET "\nplot ",
                tics, bar);
        for (size_t k = 0; k < count; k++) {
            fprintf(to, "%s$d%zu using 1:2 with boxes ", k ? ", " : "", k);
            int series = series_of(x, lines[k]);
            fprintf(to, "lc rgb '#0102%02x' title ", (series - 1) % FR_PLOT_SERIES + 1);
            fr_escape_gnuplot(lines[k]->label, to);
            fprintf(to,
                    ", $d%zu using 1:2:3:4 with yerrorbars lc rgb " FR_PLOT_INK
                    " lw 1.2 ps 0 notitle",
                    k);
        }
        fputc('\n', to);
    }
    free(tics);
    return any;
}

/* As HDR histograms are drawn: each further nine is as wide as the one before. */
bool fr_figure_network(const struct fr_figure *f, FILE *to)
{
    static const enum fr_measure measures[] = {FR_MEASURE_network_p50, FR_MEASURE_network_p90,
                                               FR_MEASURE_network_p99, FR_MEASURE_network_p999};
    static const double nines[] = {0.30103, 1, 2, 3};
    const struct fr_experiment *x = f->a->x;
    uint32_t most = extreme_workers(f, true);
    const struct fr_cell *lines[MAX_LINES];
    size_t count = 0;
    fr_plot_begin(to, WIDTH, HEIGHT);
    for (size_t i = 0; i < x->cell_count && count < MAX_LINES; i++) {
        const struct fr_cell_result *r = &f->a->cells[i];
        if (!shown(f, r->cell) || r->cell->workers != most ||
            !isfinite(r->measures[FR_MEASURE_network_p50].value))
            continue;
        fprintf(to, "$d%zu << EOD\n", count);
        for (size_t m = 0; m < sizeof(measures) / sizeof(measures[0]); m++) {
            fprintf(to, "%g", nines[m]);
            estimate(&r->measures[measures[m]], 1e6, to);
            fputc('\n', to);
        }
        fputs("EOD\n", to);
        lines[count++] = r->cell;
    }
    if (count == 0)
        return false;
    fputs("set xlabel 'percentile of tasks'\nset xrange [0.2:3.1]\n"
          "set xtics ('50 %%' 0.30103, '90 %%' 1, '99 %%' 2, '99.9 %%' 3)\n"
          "set ylabel 'network time, us'\nset logscale y\n",
          to);
    plot_lines(f, lines, count, DODGE_STEP, "", to);
    return true;
}

/* One axis as categories; the other axes as at f->at. */
bool fr_figure_sweep(const struct fr_figure *f, FILE *to)
{
    const struct fr_experiment *x = f->a->x;
    const struct fr_axis *axis = &x->axes[f->axis];
    const struct fr_cell *lines[MAX_LINES];
    size_t count = 0;
    fr_plot_begin(to, WIDTH, HEIGHT);
    for (size_t i = 0; i < x->cell_count && count < MAX_LINES; i++) {
        const struct fr_cell *first = &x->cells[i];
        bool known = first->workers != f->workers;
        for (size_t k = 0; k < count && !known; k++)
            known = strcmp(lines[k]->label, first->label) == 0;
        if (known)
            continue;
        size_t points = 0;
        fprintf(to, "$d%zu << EOD\n", count);
        for (size_t v = 0; v < axis->count; v++)
            for (size_t j = 0; j < x->cell_count; j++) {
                const struct fr_cell *c = &x->cells[j];
                bool here =
                    c->workers == f->workers && strcmp(c->label, first->label) == 0 &&
                    (!c->values[f->axis] || strcmp(c->values[f->axis], axis->values[v]) == 0);
                for (size_t o = 0; o < x->axis_count && here; o++)
                    here = o == f->axis || !c->values[o] ||
                           strcmp(c->values[o], x->axes[o].values[0]) == 0;
                if (!here || !isfinite(f->a->cells[j].measures[FR_MEASURE_render].value))
                    continue;
                fprintf(to, "%zu", v);
                estimate(&f->a->cells[j].measures[FR_MEASURE_render], 1e3, to);
                fputc('\n', to);
                points++;
                break;
            }
        fputs("EOD\n", to);
        if (points > 0)
            lines[count++] = first;
        else
            fprintf(to, "undefine $d%zu\n", count);
    }
    if (count == 0)
        return false;
    fputs("set xlabel ", to);
    fr_escape_gnuplot(axis->key, to);
    fprintf(to, "\nset xrange [-0.3:%zu-0.7]\nset xtics (", axis->count);
    for (size_t v = 0; v < axis->count; v++) {
        fputs(v ? ", " : "", to);
        fr_escape_gnuplot_tic(axis->values[v], to);
        fprintf(to, " %zu", v);
    }
    fputs(")\nset ylabel 'render time, ms'\nset logscale y\n", to);
    plot_lines(f, lines, count, DODGE_STEP, "", to);
    return true;
}

bool fr_figure_metg(const struct fr_figure *f, FILE *to)
{
    const struct fr_analysis *a = f->a;
    size_t count = 0;
    fr_plot_begin(to, WIDTH, HEIGHT + 60);
    for (size_t i = 0; i < a->curve_count; i++) {
        fprintf(to, "$d%zu << EOD\n", i);
        for (size_t p = 0; p < a->curves[i].count; p++) {
            const struct fr_metg_point *point = &a->curves[i].points[p];
            fprintf(to, "%.9g %.9g\n", point->granularity * 1e6, point->efficiency * 100);
        }
        fputs("EOD\n", to);
        count += a->curves[i].count;
        if (a->curves[i].result.status != FR_METG_FOUND)
            continue;
        int series = series_of(a->x, a->curves[i].cell);
        fprintf(to,
                "set arrow from %.9g, graph 0 to %.9g, first 50 nohead lw 1.2 dt 2 lc rgb "
                "'#0102%02x'\n",
                a->curves[i].result.seconds * 1e6, a->curves[i].result.seconds * 1e6,
                series ? (series - 1) % FR_PLOT_SERIES + 1 : 14);
    }
    if (count == 0)
        return false;
    fputs("set xlabel 'time a task, us'\nset logscale x\nset format x '%g'\n"
          "set ylabel 'efficiency, % of the peak rate'\nset yrange [0:*]\n"
          "plot 50 with lines lc rgb " FR_PLOT_INK " lw 1 dt 3 title '50 %'",
          to);
    for (size_t i = 0; i < a->curve_count; i++) {
        const struct fr_cell *c = a->curves[i].cell;
        char name[512], *iters;
        if (a->curves[i].count == 0)
            continue;
        fr_cell_name(a->x, c, name, sizeof(name));
        if ((iters = strstr(name, " iters=")))
            memmove(iters, iters + strcspn(iters + 1, " ") + 1,
                    strlen(iters + strcspn(iters + 1, " ") + 1) + 1);
        size_t len = strlen(name);
        if (len > 0 && name[len - 1] == ',')
            name[len - 1] = '\0';
        fprintf(to, ", $d%zu using 1:2 with linespoints ", i);
        style(a->x, c, c->workers > 1, to);
        fputs(" title ", to);
        fr_escape_gnuplot(name, to);
    }
    fputc('\n', to);
    return true;
}
