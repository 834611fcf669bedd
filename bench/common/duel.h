/* SPDX-License-Identifier: MIT
 * duel.h - a transport plugin against the same library used bare, in one interleaved run.
 *
 * The load is the project's own: the leader keeps `credits` orders of 64 bytes outstanding, the
 * worker writes each result once, where it travels, and the leader copies it once, into an image.
 * Leader and worker are two processes; the worker is this program, executed again, so that no
 * library is ever forked. */
#ifndef BENCH_DUEL_H
#define BENCH_DUEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DUEL_ORDER_BYTES = 64, DUEL_IMAGE_BYTES = 16 << 20 };

struct duel_load {
    size_t result_bytes;
    unsigned credits;
    unsigned results; /* in all */
    const char *arg;  /* of the program, for the contender: an address, a plugin's options */
};

/* What leading yields. latency_ns has room for load->results. */
struct duel_times {
    uint64_t wall_ns;     /* from the first order to the last result */
    uint64_t *latency_ns; /* of each order, as they came back        */
};

struct duel_contender {
    const char *name;
    /* Opens, calls duel_spawn(address), waits for the worker, sends it all the orders, then ends
     * it. False: it said on stderr why not. */
    bool (*lead)(const struct duel_load *load, struct duel_times *times);
    /* In the other process: answers orders until the leader is gone. An exit code. */
    int (*work)(const struct duel_load *load, const char *address);
};

/* Starts the worker of the contender that leads just now. */
void duel_spawn(const char *address);
/* For both sides: what an order and a result hold. */
void duel_fill(void *result, const struct duel_load *load, uint64_t order);
void duel_place(const void *result, const struct duel_load *load); /* into the image */

/* The whole program: sizes x rounds x contenders, tables, ratios of contenders[0] to [1]. */
int duel_main(int argc, char **argv, const struct duel_contender *contenders, size_t count);

/* The plugin: `plugin` by name from beside the executable, arg "address=A,key=value,...". */
bool duel_plugin_lead(const char *plugin, const struct duel_load *load, struct duel_times *times);
int duel_plugin_work(const char *plugin, const struct duel_load *load, const char *address);
#endif
