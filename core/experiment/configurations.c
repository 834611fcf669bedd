/* SPDX-License-Identifier: MIT
 * configurations.c - the part of report.html that says what was compared. */
#include "experiment/grid.h"
#include "experiment/report.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void transports(const struct fr_analysis *a, FILE *to)
{
    const struct fr_experiment *x = a->x;
    struct fr_grid *g = fr_grid_new("<configuration|<file|<transport|<hooks|<version|<library|"
                                    "<mechanism");
    fputs("<h2>Configurations</h2>\n<p>What each of them is, and every key in which they differ; "
          "results.json has the whole effective configuration of every run.</p>\n",
          to);
    for (size_t i = 0; i < x->cell_count; i++) {
        const struct fr_cell *c = &x->cells[i];
        bool seen = c->direct;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(x->cells[k].label, c->label) == 0;
        const json_t *m = fr_cell_metrics(c), *t = json_object_get(m, "transport");
        if (seen)
            continue;
        fr_grid_add(g, "%s", c->label);
        fr_grid_add(g, "%s", c->file);
        fr_grid_add(g, "%s", m ? text_of(t, "name") : "(no run)");
        fr_grid_add(g, "%s",
                    text_of(json_object_get(json_object_get(m, "config"), "transport"), "hooks"));
        fr_grid_add(g, "%s", text_of(t, "version"));
        fr_grid_add(g, "%s", text_of(t, "backend"));
        fr_grid_add(g, "%s", text_of(t, "mechanism"));
    }
    fr_grid_html(g, to);
    fr_grid_free(g);
}

/* The first metrics of each configuration, once. */
static size_t first_cells(const struct fr_experiment *x, const struct fr_cell **cells, size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < x->cell_count && count < cap; i++) {
        bool seen = !fr_cell_metrics(&x->cells[i]);
        for (size_t k = 0; k < count && !seen; k++)
            seen = strcmp(cells[k]->label, x->cells[i].label) == 0;
        if (!seen)
            cells[count++] = &x->cells[i];
    }
    return count;
}

static json_t *setting(const struct fr_cell *cell, const char *section, const char *key)
{
    const json_t *config = json_object_get(fr_cell_metrics(cell), "config");
    return json_object_get(json_object_get(config, section), key);
}

static void settings(const struct fr_analysis *a, FILE *to)
{
    const struct fr_cell *cells[24];
    size_t count = first_cells(a->x, cells, sizeof(cells) / sizeof(cells[0]));
    char headings[4096] = "<key";
    const char *section, *key;
    json_t *keys, *value;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(headings);
        snprintf(headings + n, sizeof(headings) - n, "|<%s", cells[i]->label);
    }
    struct fr_grid *same = fr_grid_new("<key|<value"), *differ = fr_grid_new(headings);
    if (count == 0)
        goto free_grids;
    json_object_foreach(json_object_get(fr_cell_metrics(cells[0]), "config"), section, keys)
    {
        /* Where each run's own file and count stand: of no use to a reader. */
        if (strcmp(section, "metrics") == 0 || strcmp(section, "log") == 0 ||
            strcmp(section, "run") == 0)
            continue;
        json_object_foreach(keys, key, value)
        {
            bool equal = true;
            for (size_t i = 1; i < count; i++)
                equal &= json_equal(setting(cells[i], section, key), value);
            struct fr_grid *g = equal ? same : differ;
            fr_grid_add(g, "%s.%s", section, key);
            for (size_t i = 0; i < (equal ? 1 : count); i++) {
                const char *text = json_string_value(setting(cells[i], section, key));
                fr_grid_add(g, "%s", text ? text : "");
            }
            fr_grid_end_row(g);
        }
    }
    if (fr_grid_rows(differ) > 0) {
        fputs("<h3>Keys that differ (of the first cell of each)</h3>\n", to);
        fr_grid_html(differ, to);
    }
    fputs("<h3>Keys that all have in common</h3>\n", to);
    fr_grid_html(same, to);
free_grids:
    fr_grid_free(same);
    fr_grid_free(differ);
}

void fr_report_configurations(const struct fr_analysis *a, FILE *to)
{
    transports(a, to);
    settings(a, to);
}
