/* SPDX-License-Identifier: MIT
 * figures.h - the plots of a report, as gnuplot scripts. */
#ifndef FR_EXPERIMENT_FIGURES_H
#define FR_EXPERIMENT_FIGURES_H
#include "experiment/analysis.h"

#include <stdio.h>

/* Which cells a figure shows: those at this one's point (NULL: all are at one). */
struct fr_figure {
    const struct fr_analysis *a;
    const struct fr_cell *at;
    size_t axis;      /* of a sweep   */
    uint32_t workers; /* of a sweep   */
};

/* Each writes a script and returns true where there is anything to show. */
bool fr_figure_scaling(const struct fr_figure *f, FILE *script);
bool fr_figure_efficiency(const struct fr_figure *f, FILE *script);
bool fr_figure_overhead(const struct fr_figure *f, FILE *script);
bool fr_figure_network(const struct fr_figure *f, FILE *script);
bool fr_figure_sweep(const struct fr_figure *f, FILE *script);
bool fr_figure_metg(const struct fr_figure *f, FILE *script);
#endif
