/* SPDX-License-Identifier: MIT */
#include "common/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bench_add(struct bench_series *s, double value)
{
    if (s->count < BENCH_MOST)
        s->values[s->count++] = value;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(const struct bench_series *s, double q)
{
    struct bench_series sorted = *s;
    if (s->count == 0)
        return 0;
    qsort(sorted.values, sorted.count, sizeof(sorted.values[0]), ascending);
    double at = q * (double)(sorted.count - 1);
    size_t low = (size_t)at, high = low + 1 < sorted.count ? low + 1 : low;
    return sorted.values[low] + (at - (double)low) * (sorted.values[high] - sorted.values[low]);
}

const char *bench_text(const struct bench_series *s, char *buf, size_t cap)
{
    snprintf(buf, cap, "%.4g (%.4g..%.4g)", bench_quantile(s, 0.5), bench_quantile(s, 0),
             bench_quantile(s, 1));
    return buf;
}

struct bench_series bench_ratio(const struct bench_series *a, const struct bench_series *b)
{
    struct bench_series ratio = {0};
    for (size_t i = 0; i < a->count && i < b->count; i++)
        bench_add(&ratio, a->values[i] / b->values[i]);
    return ratio;
}

double bench_arg(int argc, char **argv, const char *name, double otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atof(argv[i + 1]);
    return otherwise;
}

void bench_print_host(void)
{
    char line[256], model[128] = "unknown processor";
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "model name", 10) == 0) {
            const char *colon = strchr(line, ':');
            snprintf(model, sizeof(model), "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (f)
        fclose(f);
    printf("# %ld x %s; compiler %s\n", sysconf(_SC_NPROCESSORS_ONLN), model, __VERSION__);
}
