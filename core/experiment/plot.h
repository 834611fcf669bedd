/* SPDX-License-Identifier: MIT
 * plot.h - a gnuplot script becomes an SVG that can stand inside a page.
 *
 * Scripts name colours by role, FR_PLOT_INK and so on; in the page they become variables of its
 * style, so that one picture is right on light, dark and paper. */
#ifndef FR_EXPERIMENT_PLOT_H
#define FR_EXPERIMENT_PLOT_H
#include "base/error.h"

#include <stdio.h>

/* Colours that nobody would choose: rgb(1,2,n) stands for role n. */
#define FR_PLOT_INK   "'#010200'"
#define FR_PLOT_GRID  "'#01020f'"
#define FR_PLOT_QUIET "'#01020e'"
enum { FR_PLOT_SERIES = 8 }; /* --s1 to --s8 are rgb(1,2,1) to rgb(1,2,8) */

/* What every script begins with: size, font, colours of frame and text. */
void fr_plot_begin(FILE *script, int width, int height);
/* Malloc'ed. FR_ENOTSUP: there is no gnuplot; FR_EIO: it refused the script, and says why. */
fr_status fr_plot_run(const char *script, char **svg_p, struct fr_error *err);
/* The svg element alone, its colours as variables, its ids made unique by number. */
void fr_plot_inline(const char *svg, unsigned number, FILE *to);
#endif
