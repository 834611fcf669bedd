/* SPDX-License-Identifier: MIT
 * tables.h - what the analysis found, as tables and as sentences. */
#ifndef FR_EXPERIMENT_TABLES_H
#define FR_EXPERIMENT_TABLES_H
#include "experiment/analysis.h"
#include "experiment/grid.h"

/* All of them belong to the caller; NULL: out of memory. */
struct fr_grid *fr_table_results(const struct fr_analysis *a); /* what counts, one line a cell */
struct fr_grid *fr_table_scaling(const struct fr_analysis *a);
struct fr_grid *fr_table_cost(const struct fr_analysis *a);    /* CPU, memory, messages, bytes */
struct fr_grid *fr_table_network(const struct fr_analysis *a); /* network time                 */
struct fr_grid *fr_table_waiting(const struct fr_analysis *a); /* who waited, and for what     */
struct fr_grid *fr_table_differences(const struct fr_analysis *a);
struct fr_grid *fr_table_metg(const struct fr_analysis *a);
struct fr_grid *fr_table_metg_points(const struct fr_analysis *a);
struct fr_grid *fr_table_failures(const struct fr_analysis *a);

/* Its two sides: configurations, or values of an axis ("delay=1ms"); in buf, returns buf. */
const char *fr_difference_side(const struct fr_analysis *a, const struct fr_difference *d,
                               bool first, char *buf, size_t cap);
/* "1.23 times as long": what may be said of it, in buf; returns buf. */
const char *fr_difference_text(const struct fr_analysis *a, const struct fr_difference *d,
                               char *buf, size_t cap);
/* The table on the terminal, with what it means. */
void fr_table_print(const struct fr_analysis *a, FILE *to);
#endif
