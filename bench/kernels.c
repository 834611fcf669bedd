/* SPDX-License-Identifier: MIT
 * kernels - z-updates per second of each kernel on the default view, one thread, interleaved.
 *
 *   kernels [--rounds N] [--width N] [--height N]
 *
 * A z-update is one step of one orbit as the definition counts them, so the same number for every
 * kernel, whatever it does to get there. */
#include "common/bench.h"

#include "base/clock.h"
#include "kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 8 };

struct entry {
    const struct fr_kernel *kernel;
    struct bench_series rate; /* z-updates per second */
};

/* Renders the job once with the kernel alone; returns the z-updates. */
static double render(const struct fr_job *job, const struct fr_kernel *kernel, double *cx,
                     double *zx, double *zy, int32_t *it)
{
    double updates = 0;
    for (uint32_t y = 0; y < job->height; y++) {
        kernel->row(cx, fr_job_y(job, y), job->width, job->iters, zx, zy, it);
        for (uint32_t x = 0; x < job->width; x++)
            updates += it[x];
    }
    return updates;
}

int main(int argc, char **argv)
{
    int rounds = (int)bench_arg(argc, argv, "--rounds", 7);
    struct fr_job_spec spec = {.width = (uint32_t)bench_arg(argc, argv, "--width", 1024),
                               .height = (uint32_t)bench_arg(argc, argv, "--height", 768),
                               .smoothness = 1,
                               .xpos = -0.00275,
                               .ypos = 0.78912,
                               .escape_radius = 0.125689,
                               .iters = 800};
    struct fr_job job;
    struct fr_error err = {0};
    if (fr_job_make(&spec, &job, &err) != FR_OK) {
        fprintf(stderr, "kernels: %s\n", err.text);
        return 2;
    }
    double *cx = malloc(job.width * sizeof(*cx)), *zx = malloc(job.width * sizeof(*zx)),
           *zy = malloc(job.width * sizeof(*zy));
    int32_t *it = malloc(job.width * sizeof(*it));
    if (!cx || !zx || !zy || !it)
        return 1;
    for (uint32_t x = 0; x < job.width; x++)
        cx[x] = fr_job_x(&job, x);
    struct entry entries[MOST] = {0};
    size_t count = 0, scalar = 0;
    for (const struct fr_kernel *const *k = fr_kernels(); *k; k++)
        if ((*k)->available())
            entries[count++].kernel = *k;
    scalar = count - 1;                             /* the slowest comes last */
    for (int round = -1; round < rounds; round++) { /* the first warms up */
        for (size_t i = 0; i < count; i++) {
            uint64_t start_ns = fr_now_ns();
            double updates = render(&job, entries[i].kernel, cx, zx, zy, it);
            if (round >= 0)
                bench_add(&entries[i].rate, updates * 1e9 / (double)(fr_now_ns() - start_ns));
        }
    }
    bench_print_host();
    printf("# default view, %ux%u, %u iterations, one thread, %d interleaved rounds after one to "
           "warm up; median (least..most)\n",
           job.width, job.height, job.iters, rounds);
    printf("%-8s  %-32s  %s\n", "kernel", "z-updates/s", "times scalar");
    for (size_t i = 0; i < count; i++) {
        char rate[64], times[64];
        struct bench_series ratio = bench_ratio(&entries[i].rate, &entries[scalar].rate);
        printf("%-8s  %-32s  %s\n", entries[i].kernel->name,
               bench_text(&entries[i].rate, rate, sizeof(rate)),
               bench_text(&ratio, times, sizeof(times)));
    }
    free(cx);
    free(zx);
    free(zy);
    free(it);
    return 0;
}
