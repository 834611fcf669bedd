/* SPDX-License-Identifier: MIT */
#include "experiment/grid.h"

#include "experiment/escape.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 32 };

struct fr_grid {
    size_t columns, count, room;
    char *headings[MAX_COLUMNS]; /* into text */
    bool left[MAX_COLUMNS];
    char *text;
    char **cells;
};

struct fr_grid *fr_grid_new(const char *headings)
{
    struct fr_grid *grid = calloc(1, sizeof(*grid));
    if (!grid)
        return NULL;
    grid->text = strdup(headings);
    char *rest = grid->text, *heading;
    while (grid->text && grid->columns < MAX_COLUMNS && (heading = strsep(&rest, "|"))) {
        grid->left[grid->columns] = *heading == '<';
        grid->headings[grid->columns++] = heading + (*heading == '<');
    }
    if (!grid->text) {
        free(grid);
        return NULL;
    }
    return grid;
}

void fr_grid_free(struct fr_grid *grid)
{
    if (!grid)
        return;
    for (size_t i = 0; i < grid->count; i++)
        free(grid->cells[i]);
    free(grid->cells);
    free(grid->text);
    free(grid);
}

void fr_grid_add(struct fr_grid *grid, const char *fmt, ...)
{
    char *text;
    va_list ap;
    if (!grid)
        return;
    if (grid->count == grid->room) {
        size_t room = grid->room ? 2 * grid->room : 64;
        char **cells = realloc(grid->cells, room * sizeof(*cells));
        if (!cells)
            return;
        grid->cells = cells;
        grid->room = room;
    }
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) >= 0)
        grid->cells[grid->count++] = text;
    va_end(ap);
}

void fr_grid_end_row(struct fr_grid *grid)
{
    while (grid && grid->columns && grid->count % grid->columns != 0) {
        size_t before = grid->count;
        fr_grid_add(grid, "%s", "");
        if (grid->count == before)
            return;
    }
}

size_t fr_grid_rows(const struct fr_grid *grid)
{
    return grid && grid->columns ? grid->count / grid->columns : 0;
}

/* Characters, not bytes: "±" is one. */
static size_t length(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void pad(size_t n, char c, FILE *to)
{
    while (n-- > 0)
        fputc(c, to);
}

static void print_text(const struct fr_grid *g, size_t column, size_t width, const char *text,
                       FILE *to)
{
    bool last = column + 1 == g->columns;
    size_t n = length(text);
    if (!g->left[column])
        pad(width - n, ' ', to);
    /* Control characters of a failing run's message must not reach the terminal. */
    for (const char *c = text; *c; c++)
        fputc((unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c, to);
    if (g->left[column] && !last)
        pad(width - n, ' ', to);
    fputs(last ? "\n" : "  ", to);
}

void fr_grid_print(const struct fr_grid *g, FILE *to)
{
    if (!g || g->columns == 0)
        return;
    size_t width[MAX_COLUMNS];
    for (size_t c = 0; c < g->columns; c++) {
        width[c] = length(g->headings[c]);
        for (size_t i = c; i < g->count; i += g->columns)
            if (length(g->cells[i]) > width[c])
                width[c] = length(g->cells[i]);
    }
    for (size_t c = 0; c < g->columns; c++)
        print_text(g, c, width[c], g->headings[c], to);
    for (size_t c = 0; c < g->columns; c++) {
        pad(width[c], '-', to);
        fputs(c + 1 == g->columns ? "\n" : "  ", to);
    }
    for (size_t i = 0; i < g->count; i++)
        print_text(g, i % g->columns, width[i % g->columns], g->cells[i], to);
}

void fr_grid_html(const struct fr_grid *g, FILE *to)
{
    if (!g || g->columns == 0)
        return;
    fputs("<div class=\"scroll\"><table>\n<thead><tr>", to);
    for (size_t c = 0; c < g->columns; c++) {
        fprintf(to, "<th scope=\"col\"%s>", g->left[c] ? " class=\"l\"" : "");
        fr_escape_html(g->headings[c], to);
        fputs("</th>", to);
    }
    fputs("</tr></thead>\n<tbody>\n", to);
    for (size_t i = 0; i < g->count; i++) {
        size_t c = i % g->columns;
        fprintf(to, "%s<td%s>", c == 0 ? "<tr>" : "", g->left[c] ? " class=\"l\"" : "");
        fr_escape_html(g->cells[i], to);
        fprintf(to, "</td>%s", c + 1 == g->columns ? "</tr>\n" : "");
    }
    fputs("</tbody></table></div>\n", to);
}
