/* SPDX-License-Identifier: MIT
 * bench.h - what the benchmarks share: medians and spreads of interleaved rounds. */
#ifndef BENCH_H
#define BENCH_H
#include <stddef.h>

enum { BENCH_MOST = 101 };

struct bench_series {
    double values[BENCH_MOST];
    size_t count;
};
void bench_add(struct bench_series *series, double value);
double bench_quantile(const struct bench_series *series, double q); /* 0.5: the median */
/* "12.3 (11.9..12.8)": median, least, most. Returns buf. */
const char *bench_text(const struct bench_series *series, char *buf, size_t cap);
/* Of round i of a by round i of b: what noise hit both leaves it alone. */
struct bench_series bench_ratio(const struct bench_series *a, const struct bench_series *b);
/* The argument after `name` as a number, or `otherwise`. */
double bench_arg(int argc, char **argv, const char *name, double otherwise);
/* The processor's name and how many of it there are, and which compiler: stands above each table.
 */
void bench_print_host(void);
#endif
