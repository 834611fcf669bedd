/* SPDX-License-Identifier: MIT
 * grid.h - a table of texts, for the terminal and for HTML. */
#ifndef FR_EXPERIMENT_GRID_H
#define FR_EXPERIMENT_GRID_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct fr_grid;

/* headings: joined by '|'; one that begins with '<' is of a column of words, aligned left. NULL:
 * out of memory, which all others below take in silence. */
struct fr_grid *fr_grid_new(const char *headings);
void fr_grid_free(struct fr_grid *grid);
/* The next text, row by row. */
void fr_grid_add(struct fr_grid *grid, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Fills up the row with nothing. */
void fr_grid_end_row(struct fr_grid *grid);
size_t fr_grid_rows(const struct fr_grid *grid);

void fr_grid_print(const struct fr_grid *grid, FILE *to);
void fr_grid_html(const struct fr_grid *grid, FILE *to);
#endif
