/* SPDX-License-Identifier: MIT */
#include "common/duel.h"

#include "common/bench.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SIZES = 3, MOST_CONTENDERS = 4 };
static const size_t sizes[MOST_SIZES] = {16 << 10, 96 << 10, 1 << 20};

/* Who leads just now, for duel_spawn. */
static struct {
    const char *contender;
    const struct duel_load *load;
    unsigned cpu;
    pid_t child;
} now;
static unsigned char *image;
static size_t image_at;

static void pin(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

void duel_spawn(const char *address)
{
    char bytes[32], credits[32], results[32], cpu[16];
    snprintf(bytes, sizeof(bytes), "%zu", now.load->result_bytes);
    snprintf(credits, sizeof(credits), "%u", now.load->credits);
    snprintf(results, sizeof(results), "%u", now.load->results);
    snprintf(cpu, sizeof(cpu), "%u", now.cpu);
    char *argv[] = {"duel",  "--work", (char *)now.contender, bytes,           credits,
                    results, cpu,      (char *)now.load->arg, (char *)address, NULL};
    if (posix_spawn(&now.child, "/proc/self/exe", NULL, NULL, argv, environ) != 0) {
        perror("duel: spawn");
        exit(1);
    }
}

void duel_fill(void *result, const struct duel_load *load, uint64_t order)
{
    memset(result, (int)(order & 255), load->result_bytes);
}

void duel_place(const void *result, const struct duel_load *load)
{
    if (image_at + load->result_bytes > DUEL_IMAGE_BYTES)
        image_at = 0;
    memcpy(image + image_at, result, load->result_bytes);
    image_at += load->result_bytes;
}

/* -------------------------------------------------------------------- rounds */

static bool round_of(const struct duel_contender *c, const struct duel_load *load,
                     unsigned leader_cpu, unsigned worker_cpu, struct duel_times *times)
{
    now.contender = c->name;
    now.load = load;
    now.cpu = worker_cpu;
    now.child = 0;
    pin(leader_cpu);
    bool led = c->lead(load, times);
    if (now.child > 0) {
        int status, waited = 0;
        while (waitpid(now.child, &status, WNOHANG) == 0 && waited++ < 2000)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (waited >= 2000) {
            kill(now.child, SIGKILL);
            waitpid(now.child, &status, 0);
        }
    }
    if (!led)
        fprintf(stderr, "duel: %s failed\n", c->name);
    return led;
}

static void print_rows(const char *what, const struct duel_contender *c, size_t count,
                       const struct bench_series *series)
{
    char text[64], ratio_text[64];
    for (size_t i = 0; i < count; i++) {
        struct bench_series ratio = bench_ratio(&series[0], &series[i]);
        printf("%-18s %-14s %-28s %s\n", what, c[i].name,
               bench_text(&series[i], text, sizeof(text)),
               i == 0 ? "" : bench_text(&ratio, ratio_text, sizeof(ratio_text)));
    }
}

static int goodput(const struct duel_contender *c, size_t count, int rounds, size_t bytes,
                   unsigned credits, const char *arg, uint64_t *latency)
{
    struct bench_series series[MOST_CONTENDERS] = {0};
    unsigned results = (unsigned)((size_t)384 * 1024 * 1024 / bytes);
    const struct duel_load load = {
        .result_bytes = bytes, .credits = credits, .results = results, .arg = arg};
    for (int round = -1; round < rounds; round++) {
        for (size_t k = 0; k < count; k++) {
            /* Neither is always first: what the first leaves behind hits both. */
            size_t i = (k + (size_t)(round + 1)) % count;
            struct duel_times times = {.latency_ns = latency};
            if (!round_of(&c[i], &load, 0, 1, &times))
                return 1;
            if (round >= 0)
                bench_add(&series[i],
                          (double)results * (double)bytes * 1e3 / (double)times.wall_ns);
        }
    }
    char what[64];
    snprintf(what, sizeof(what), "%zu KiB, MB/s", bytes >> 10);
    print_rows(what, c, count, series);
    return 0;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int round_trip(const struct duel_contender *c, size_t count, int rounds, const char *arg,
                      uint64_t *latency)
{
    struct bench_series p50[MOST_CONTENDERS] = {0}, p99[MOST_CONTENDERS] = {0};
    const struct duel_load load = {.result_bytes = 64, .credits = 1, .results = 20000, .arg = arg};
    for (int round = -1; round < rounds; round++) {
        for (size_t k = 0; k < count; k++) {
            size_t i = (k + (size_t)(round + 1)) % count;
            struct duel_times times = {.latency_ns = latency};
            if (!round_of(&c[i], &load, 0, 0, &times))
                return 1;
            qsort(latency, load.results, sizeof(*latency), ascending);
            if (round >= 0) {
                bench_add(&p50[i], (double)latency[load.results / 2] / 1e3);
                bench_add(&p99[i], (double)latency[load.results * 99 / 100] / 1e3);
            }
        }
    }
    print_rows("64 B, us p50", c, count, p50);
    print_rows("64 B, us p99", c, count, p99);
    return 0;
}

static const char *arg_text(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

int duel_main(int argc, char **argv, const struct duel_contender *c, size_t count)
{
    signal(SIGPIPE, SIG_IGN);
    /* As the program does: results are large, and soon needed again. */
    mallopt(M_MMAP_THRESHOLD, 512 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
    image = malloc(DUEL_IMAGE_BYTES);
    if (!image)
        return 1;
    memset(image, 1, DUEL_IMAGE_BYTES);
    if (argc == 9 && strcmp(argv[1], "--work") == 0) {
        const struct duel_load load = {.result_bytes = strtoull(argv[3], NULL, 10),
                                       .credits = (unsigned)atoi(argv[4]),
                                       .results = (unsigned)atoi(argv[5]),
                                       .arg = argv[7]};
        pin((unsigned)atoi(argv[6]));
        for (size_t i = 0; i < count; i++)
            if (strcmp(c[i].name, argv[2]) == 0)
                return c[i].work(&load, argv[8]);
        return 1;
    }
    int rounds = (int)bench_arg(argc, argv, "--rounds", 7);
    unsigned credits = (unsigned)bench_arg(argc, argv, "--credits", 16);
    const char *arg = arg_text(argc, argv, "--arg", "");
    uint64_t *latency = calloc(1 << 20, sizeof(*latency));
    if (!latency)
        return 1;
    bench_print_host();
    printf("# two processes, %d interleaved rounds after one to warm up, arg \"%s\"; median "
           "(least..most)\n# goodput: %u credits, leader on CPU 0, worker on CPU 1, 384 MiB a "
           "round; round trip: 1 credit, both on CPU 0, 20000 a round\n",
           rounds, arg, credits);
    printf("%-18s %-14s %-28s %s %s to it, per round\n", "what", "who", "", "ratio of", c[0].name);
    int failed = 0;
    size_t only = (size_t)bench_arg(argc, argv, "--bytes", 0); /* 0: all, 64: the round trip */
    for (int i = 0; i < MOST_SIZES && !failed; i++)
        if (!only || only == sizes[i])
            failed = goodput(c, count, rounds, sizes[i], credits, arg, latency);
    if (!failed && (!only || only == DUEL_ORDER_BYTES))
        failed = round_trip(c, count, rounds, arg, latency);
    free(latency);
    free(image);
    return failed;
}
