/* SPDX-License-Identifier: MIT
 * escape.h - text of others inside HTML, CSV and gnuplot scripts. */
#ifndef FR_EXPERIMENT_ESCAPE_H
#define FR_EXPERIMENT_ESCAPE_H
#include <stdio.h>

/* As text or inside a quoted attribute. Control characters become U+FFFD. */
void fr_escape_html(const char *text, FILE *to);
/* One field (RFC 4180), quoted where it must be. */
void fr_escape_csv(const char *text, FILE *to);
/* A gnuplot string in single quotes, on one line; of a tic, where % begins a format. */
void fr_escape_gnuplot(const char *text, FILE *to);
void fr_escape_gnuplot_tic(const char *text, FILE *to);
#endif
