/* SPDX-License-Identifier: MIT
 * settings.h - the core's own options, as values. settings.c holds the one table from which the INI
 * keys, the flags, the help and the checks all come. */
#ifndef FR_CONFIG_SETTINGS_H
#define FR_CONFIG_SETTINGS_H
#include <fractal/plugin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fr_start { FR_START_NOW, FR_START_HTTP };

struct fr_settings {
    struct {
        int64_t width, height, smoothness, iters, step;
        double xpos, ypos, escape_radius;
        int view, coloring, payload; /* enum fr_view, fr_coloring, fr_payload */
        const char *palette;
    } job;
    struct {
        const char *plugin, *hooks, *address, *token;
    } transport;
    struct {
        const char *plugins; /* names joined by commas */
        const char *outfile;
    } output;
    struct {
        const char *path; /* folders joined by ':' */
    } plugins;
    struct {
        int policy;            /* enum fr_policy */
        int64_t rows_per_task; /* 0: the core chooses */
        int64_t window_rows;   /* 0: the core chooses */
        uint64_t lease_ms;
        int64_t tail_copies;
    } schedule;
    struct {
        int64_t wait_workers;
        bool force_exit;
        uint64_t drain_ms;
    } leader;
    struct {
        const char *listen; /* "": no service */
        int start;          /* enum fr_start  */
        const char *folder, *token;
        int64_t connections;
    } control;
    struct {
        int64_t threads; /* 0: one per processor */
        int64_t credits; /* 0: the core chooses */
        int64_t retries; /* -1: for ever */
        int64_t nice;
        const char *kernel;
    } worker;
    struct {
        int64_t workers; /* 0: one per processor */
    } run;
    struct {
        bool quiet, verbose;
    } log;
    struct {
        bool print;
        const char *json; /* a file; "": none */
    } metrics;
};

/* Which sub-commands an option matters to; help shows it there. */
#define FR_FOR_LEADER (1u << 0)
#define FR_FOR_WORKER (1u << 1)
#define FR_FOR_RUN    (1u << 2)
#define FR_FOR_ALL    (FR_FOR_LEADER | FR_FOR_WORKER | FR_FOR_RUN)

struct fr_setting {
    const char *section;
    struct fr_option opt; /* offset into struct fr_settings                           */
    const char *flag;     /* "escape-radius": never NULL                               */
    char letter;          /* 'x' or 0                                                 */
    unsigned roles;       /* FR_FOR_*                                                 */
};
extern const struct fr_setting fr_setting_table[]; /* section NULL ends it */
#endif
