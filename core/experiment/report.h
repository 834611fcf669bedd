/* SPDX-License-Identifier: MIT
 * report.h - the files of a report. */
#ifndef FR_EXPERIMENT_REPORT_H
#define FR_EXPERIMENT_REPORT_H
#include "experiment/analysis.h"

/* results.json, results.csv and report.html into the folder; each is whole or not there. */
fr_status fr_report_write(const struct fr_analysis *a, const char *folder, struct fr_error *err);

/* csv.c: one line a cell, every measure with its interval, its extremes and its unit. */
void fr_report_csv(const struct fr_analysis *a, FILE *to);
/* summary.c: the same for results.json. New reference. */
json_t *fr_report_summary(const struct fr_analysis *a);
/* html.c: one file with everything in it; plots from gnuplot, or why there are none. */
fr_status fr_report_html(const struct fr_analysis *a, FILE *to, struct fr_error *err);
/* configurations.c: its part that says what was compared. */
void fr_report_configurations(const struct fr_analysis *a, FILE *to);
#endif
