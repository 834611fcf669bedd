/* SPDX-License-Identifier: MIT */
#include "experiment/tables.h"

#include "experiment/format.h"

#include <math.h>
#include <string.h>

/* Whose line it is: configuration, workers, and the point where there are axes. */
static struct fr_grid *new_grid(const struct fr_analysis *a, const char *headings)
{
    char all[1024];
    snprintf(all, sizeof(all), "<configuration|workers|%s%s", a->x->axis_count ? "<point|" : "",
             headings);
    return fr_grid_new(all);
}

static void add_who(struct fr_grid *g, const struct fr_analysis *a, const struct fr_cell *cell)
{
    char point[512];
    fr_grid_add(g, "%s", cell->label);
    if (cell->threads > 1)
        fr_grid_add(g, "%u x %u", cell->workers, cell->threads);
    else
        fr_grid_add(g, "%u", cell->workers);
    if (a->x->axis_count > 0)
        fr_grid_add(g, "%s", fr_cell_point(a->x, cell, point, sizeof(point)));
}

static void add_range(struct fr_grid *g, const char *low, const char *high)
{
    if (*low == '-' && !low[1] && *high == '-' && !high[1])
        fr_grid_add(g, "-");
    else
        fr_grid_add(g, "%s .. %s", low, high);
}

static const struct fr_estimate *measure(const struct fr_cell_result *r, enum fr_measure m)
{
    return &r->measures[m];
}

#define VALUE(name) measure(r, FR_MEASURE_##name)->value

static struct fr_grid *for_cells(const struct fr_analysis *a, const char *headings,
                                 void (*add)(struct fr_grid *g, const struct fr_cell_result *r))
{
    struct fr_grid *g = new_grid(a, headings);
    for (size_t i = 0; i < a->x->cell_count; i++) {
        add_who(g, a, a->cells[i].cell);
        add(g, &a->cells[i]);
        fr_grid_end_row(g);
    }
    return g;
}

/* A cell that never ran says why instead of numbers. */
static void add_result(struct fr_grid *g, const struct fr_cell_result *r)
{
    const struct fr_estimate *render = measure(r, FR_MEASURE_render);
    fr_grid_add(g, "%zu", r->good);
    fr_grid_add(g, "%s", FR_SECONDS(render->value));
    add_range(g, FR_SECONDS(render->interval.low), FR_SECONDS(render->interval.high));
    fr_grid_add(g, "%s", FR_NUMBER(r->speedup.value, 3));
    fr_grid_add(g, "%s", FR_PERCENT(r->efficiency.value));
    fr_grid_add(g, "%s", FR_PERCENT(r->overhead.value));
    add_range(g, FR_PERCENT(r->overhead.interval.low), FR_PERCENT(r->overhead.interval.high));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(network_p50)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(network_p99)));
    if (r->error)
        fr_grid_add(g, "FAILED%s: %s", r->good ? " at times" : "", r->error);
}

struct fr_grid *fr_table_results(const struct fr_analysis *a)
{
    bool notes = false;
    for (size_t i = 0; i < a->x->cell_count; i++)
        notes |= a->cells[i].error != NULL;
    if (!notes)
        return for_cells(a,
                         "runs|render|95 % interval|speed-up|efficiency|overhead|95 % interval|"
                         "network p50|p99",
                         add_result);
    return for_cells(a,
                     "runs|render|95 % interval|speed-up|efficiency|overhead|95 % interval|"
                     "network p50|p99|<note",
                     add_result);
}

static void add_scaling(struct fr_grid *g, const struct fr_cell_result *r)
{
    const struct fr_estimate *render = measure(r, FR_MEASURE_render);
    const struct fr_estimate *wall = measure(r, FR_MEASURE_wall);
    add_range(g, FR_SECONDS(render->min), FR_SECONDS(render->max));
    fr_grid_add(g, "%s", FR_SECONDS(wall->value));
    add_range(g, FR_SECONDS(wall->interval.low), FR_SECONDS(wall->interval.high));
    fr_grid_add(g, "%s", FR_NUMBER(r->speedup.value, 3));
    add_range(g, FR_NUMBER(r->speedup.interval.low, 3), FR_NUMBER(r->speedup.interval.high, 3));
    fr_grid_add(g, "%s", FR_PERCENT(r->efficiency.value));
    fr_grid_add(g, "%s", FR_NUMBER(r->direct_speedup.value, 3));
    add_range(g, FR_NUMBER(r->direct_speedup.interval.low, 3),
              FR_NUMBER(r->direct_speedup.interval.high, 3));
    fr_grid_add(g, "%s", FR_PERCENT(r->direct_efficiency.value));
}

struct fr_grid *fr_table_scaling(const struct fr_analysis *a)
{
    return for_cells(a,
                     "render min .. max|wall|95 % interval|speed-up|95 % interval|efficiency|"
                     "against direct|95 % interval|efficiency",
                     add_scaling);
}

static void add_cost(struct fr_grid *g, const struct fr_cell_result *r)
{
    fr_grid_add(g, "%s", FR_NUMBER(VALUE(leader_cpu), 3));
    fr_grid_add(g, "%s", FR_NUMBER(VALUE(worker_cpu), 3));
    fr_grid_add(g, "%s", FR_COUNT(VALUE(messages_out)));
    fr_grid_add(g, "%s", FR_BYTES(VALUE(bytes_out)));
    fr_grid_add(g, "%s", FR_COUNT(VALUE(messages_in)));
    fr_grid_add(g, "%s", FR_BYTES(VALUE(bytes_in)));
    fr_grid_add(g, "%s", FR_BYTES(VALUE(copied)));
    fr_grid_add(g, "%s", FR_COUNT(VALUE(back_pressure)));
    fr_grid_add(g, "%s", FR_BYTES(VALUE(leader_rss)));
    fr_grid_add(g, "%s", FR_BYTES(VALUE(worker_rss)));
    fr_grid_add(g, "%s", FR_COUNT(VALUE(leader_switches)));
    fr_grid_add(g, "%s", FR_COUNT(VALUE(worker_switches)));
}

struct fr_grid *fr_table_cost(const struct fr_analysis *a)
{
    return for_cells(a,
                     "leader CPU s/Gpx|workers CPU s/Gpx|messages out|bytes out|messages in|"
                     "bytes in|copied|back-pressure|leader memory|worker memory|"
                     "leader switches|workers switches",
                     add_cost);
}

static void add_network(struct fr_grid *g, const struct fr_cell_result *r)
{
    fr_grid_add(g, "%s", FR_COUNT(VALUE(tasks)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(network_p50)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(network_p90)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(network_p99)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(network_p999)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(round_trip_p50)));
}

struct fr_grid *fr_table_network(const struct fr_analysis *a)
{
    return for_cells(a, "tasks|p50|p90|p99|p99.9|round trip p50", add_network);
}

static void add_waiting(struct fr_grid *g, const struct fr_cell_result *r)
{
    double idle = VALUE(leader_idle), starved = VALUE(worker_starved);
    fr_grid_add(g, "%s", FR_PERCENT(idle));
    fr_grid_add(g, "%s", FR_PERCENT(starved));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(compute)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(wait)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(first_row)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(colour)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(encode)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(write)));
    fr_grid_add(g, "%s", FR_SECONDS(VALUE(drain)));
    if (isfinite(starved) && isfinite(idle))
        fr_grid_add(g, "%s",
                    starved < 0.05  ? "the leader for the workers"
                    : idle < 0.05   ? "the workers for the leader"
                    : starved > 0.2 ? "both, for the network or the last task"
                                    : "both, a little");
}

struct fr_grid *fr_table_waiting(const struct fr_analysis *a)
{
    return for_cells(a,
                     "leader idle|workers starved|compute|connect|first row|colour|encode|"
                     "write|drain|<who waited",
                     add_waiting);
}

struct fr_grid *fr_table_failures(const struct fr_analysis *a)
{
    struct fr_grid *g = new_grid(a, "failed|measured|<last message");
    for (size_t i = 0; i < a->x->cell_count; i++) {
        const struct fr_cell_result *r = &a->cells[i];
        if (!r->error)
            continue;
        add_who(g, a, r->cell);
        fr_grid_add(g, "%zu", r->failed);
        fr_grid_add(g, "%zu", r->good);
        fr_grid_add(g, "%s", r->error);
    }
    return g;
}

/* -------------------------------------------------------------- differences */

const char *fr_difference_side(const struct fr_analysis *a, const struct fr_difference *d,
                               bool first, char *buf, size_t cap)
{
    const struct fr_cell *cell = first ? d->a : d->b;
    snprintf(buf, cap, "%s", cell->label);
    if (strcmp(d->a->label, d->b->label) != 0)
        return buf;
    for (size_t i = 0; i < a->x->axis_count; i++)
        if (d->a->values[i] && d->b->values[i] && strcmp(d->a->values[i], d->b->values[i]) != 0) {
            const char *dot = strrchr(a->x->axes[i].key, '.');
            snprintf(buf, cap, "%s=%s", dot ? dot + 1 : a->x->axes[i].key, cell->values[i]);
        }
    return buf;
}

const char *fr_difference_text(const struct fr_analysis *a, const struct fr_difference *d,
                               char *buf, size_t cap)
{
    const struct fr_comparison *c = &d->result;
    (void)a;
    switch (c->verdict) {
    case FR_FINDING_DIFFERENT:
        snprintf(buf, cap, "%s times as long", FR_NUMBER(c->ratio, 3));
        break;
    case FR_FINDING_NOISE:
        snprintf(buf, cap, "within the noise");
        break;
    case FR_FINDING_TOO_FEW:
        snprintf(buf, cap, "too few repeats to tell (at least %d)", FR_STATS_LEAST);
        break;
    case FR_FINDING_NONE:
        snprintf(buf, cap, "nothing to compare");
    }
    return buf;
}

struct fr_grid *fr_table_differences(const struct fr_analysis *a)
{
    struct fr_grid *g = new_grid(a, "<this|<over|ratio of render|shared-out interval|p|<verdict");
    for (size_t i = 0; i < a->difference_count; i++) {
        const struct fr_difference *d = &a->differences[i];
        char text[512];
        add_who(g, a, d->a->direct ? d->b : d->a); /* direct has no value on some axes */
        fr_grid_add(g, "%s", fr_difference_side(a, d, true, text, sizeof(text)));
        fr_grid_add(g, "%s", fr_difference_side(a, d, false, text, sizeof(text)));
        fr_grid_add(g, "%s", FR_NUMBER(d->result.ratio, 4));
        add_range(g, FR_NUMBER(d->result.interval.low, 4), FR_NUMBER(d->result.interval.high, 4));
        fr_grid_add(g, "%.2g", d->result.p);
        fr_grid_add(g, "%s", fr_difference_text(a, d, text, sizeof(text)));
    }
    return g;
}

/* --------------------------------------------------------------------- METG */

/* The point without job.iters, which the curve sweeps. */
static const char *curve_point(const struct fr_analysis *a, const struct fr_cell *cell, char *buf,
                               size_t cap)
{
    fr_cell_point(a->x, cell, buf, cap);
    char *iters = strstr(buf, "iters=");
    if (iters) {
        if (iters > buf && iters[-1] == ' ')
            iters--;
        char *rest = strchr(iters + 1, ' ');
        memmove(iters, rest ? rest : "", rest ? strlen(rest) + 1 : 1);
    }
    return buf;
}

struct fr_grid *fr_table_metg(const struct fr_analysis *a)
{
    bool swept = a->x->axis_count > 1; /* beside job.iters */
    struct fr_grid *g = fr_grid_new(swept ? "<configuration|workers|<point|METG(50 %)|"
                                            "95 % interval|points|<note"
                                          : "<configuration|workers|METG(50 %)|95 % interval|"
                                            "points|<note");
    for (size_t i = 0; i < a->curve_count; i++) {
        const struct fr_metg_curve *c = &a->curves[i];
        const struct fr_metg_result *r = &c->result;
        bool found = r->status == FR_METG_FOUND;
        char point[512];
        fr_grid_add(g, "%s", c->cell->label);
        fr_grid_add(g, "%u", c->cell->workers);
        if (swept)
            fr_grid_add(g, "%s", curve_point(a, c->cell, point, sizeof(point)));
        fr_grid_add(g, "%s", FR_SECONDS(found ? r->seconds : NAN));
        add_range(g, FR_SECONDS(found ? r->interval.low : NAN),
                  FR_SECONDS(found ? r->interval.high : NAN));
        fr_grid_add(g, "%zu", c->count);
        fr_grid_add(g, "%s", fr_metg_status_text(r->status));
    }
    return g;
}

struct fr_grid *fr_table_metg_points(const struct fr_analysis *a)
{
    struct fr_grid *g = new_grid(a, "runs|time a task|efficiency");
    for (size_t i = 0; i < a->curve_count; i++)
        for (size_t p = 0; p < a->curves[i].count; p++) {
            const struct fr_metg_point *point = &a->curves[i].points[p];
            add_who(g, a, &a->x->cells[a->curves[i].cells[p]]);
            fr_grid_add(g, "%zu", point->count);
            fr_grid_add(g, "%s", FR_SECONDS(point->granularity));
            fr_grid_add(g, "%s", FR_PERCENT(point->efficiency));
        }
    return g;
}

/* ----------------------------------------------------------------- terminal */

static void print_grid(const char *title, struct fr_grid *g, FILE *to)
{
    if (fr_grid_rows(g) > 0) {
        fprintf(to, "%s\n", title);
        fr_grid_print(g, to);
        fputc('\n', to);
    }
    fr_grid_free(g);
}

void fr_table_print(const struct fr_analysis *a, FILE *to)
{
    if (a->x->metg) {
        print_grid(
            "Minimum effective task granularity (METG): the shortest task at 50 % efficiency",
            fr_table_metg(a), to);
        print_grid("Failures", fr_table_failures(a), to);
        return;
    }
    print_grid("Render time: medians; speed-up against the fewest workers, overhead against direct",
               fr_table_results(a), to);
    print_grid("Who waited for whom, and the phases", fr_table_waiting(a), to);
    print_grid("Differences", fr_table_differences(a), to);
    if (a->difference_count > 0)
        fprintf(to,
                "%zu of %zu differences are larger than the noise (95 %% for all of them "
                "together, seed %llu).\n",
                a->different, a->difference_count, (unsigned long long)a->x->seed);
}
