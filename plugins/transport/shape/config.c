/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct shape_config, field)

const struct fr_option shape_options[] = {
    {.key = "delay",
     .type = FR_OPT_STRING,
     AT(delay),
     .def = "0",
     .help = "One-way delay of every message: 0, 250us, 0.5ms, 5ms, 1s. Each end delays what it "
             "sends, so give the hook to the leader and to the workers."},
    {.key = "delay_up",
     .type = FR_OPT_STRING,
     AT(delay_up),
     .def = "",
     .help = "Delay from a worker to the leader; empty: as delay."},
    {.key = "delay_down",
     .type = FR_OPT_STRING,
     AT(delay_down),
     .def = "",
     .help = "Delay from the leader to a worker; empty: as delay."},
    {.key = "jitter",
     .type = FR_OPT_STRING,
     AT(jitter),
     .def = "0",
     .help = "Each delay differs by up to this, more or less, evenly spread, never below 0; the "
             "order of messages is kept."},
    {.key = "rate",
     .type = FR_OPT_STRING,
     AT(rate),
     .def = "0",
     .help = "Rate of the link each way: 0 (no limit), 100Mbit, 1Gbit (bits per second), 10MB, "
             "10MiB (bytes per second)."},
    {.key = "rate_up",
     .type = FR_OPT_STRING,
     AT(rate_up),
     .def = "",
     .help = "Rate of each worker's link to the leader; empty: as rate."},
    {.key = "rate_down",
     .type = FR_OPT_STRING,
     AT(rate_down),
     .def = "",
     .help = "Rate of the leader's link to the workers; empty: as rate."},
    {.key = "shared",
     .type = FR_OPT_BOOL,
     AT(shared),
     .def = "yes",
     .help = "The leader has one link that all workers share; no: one for each worker."},
    {.key = "queue",
     .type = FR_OPT_INT,
     AT(queue),
     .def = "4096",
     .min = 1,
     .max = 1 << 20,
     .help = "Messages held for one peer before its sender has to wait; the transport beneath "
             "often holds fewer."},
    {.key = "seed",
     .type = FR_OPT_INT,
     AT(seed),
     .def = "1",
     .help = "Where the random numbers of the jitter begin."},
    {.key = NULL},
};

struct unit {
    const char *name;
    double factor;
};
static const struct unit times[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
static const struct unit rates[] = {/* bytes per second */
                                    {"bit", 0.125},   {"kbit", 125},    {"Mbit", 125e3},
                                    {"Gbit", 125e6},  {"B", 1},         {"kB", 1e3},
                                    {"MB", 1e6},      {"GB", 1e9},      {"KiB", 1 << 10},
                                    {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};

/* False: no number with one of the units. 0 needs none. */
static bool read_number(const char *text, const struct unit *units, double *value_p)
{
    char *end;
    size_t digits = strspn(text, "0123456789.");
    double v = strtod(text, &end);
    if (digits == 0 || end != text + digits || !isfinite(v))
        return false;
    end += strspn(end, " ");
    if (*end == '\0' && v == 0.0) {
        *value_p = 0;
        return true;
    }
    for (; units->name; units++)
        if (strcmp(end, units->name) == 0) {
            *value_p = v * units->factor;
            return true;
        }
    return false;
}

static fr_status read_time(const struct fr_host *host, const char *key, const char *text,
                           uint64_t *ns_p)
{
    double ns;
    if (!read_number(text, times, &ns) || ns > 3600e9)
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.shape] %s = %s: not a time; valid: 0, or a number with ns, us, "
                       "ms or s, as 0.5ms, "
                       "at most 3600s",
                       key, text);
    *ns_p = (uint64_t)ns;
    return FR_OK;
}

static fr_status read_rate(const struct fr_host *host, const char *key, const char *text,
                           double *ns_per_byte_p)
{
    double per_s;
    if (!read_number(text, rates, &per_s) || (per_s > 0.0 && per_s < 1.0))
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.shape] %s = %s: not a rate; valid: 0 (no limit), or a number "
                       "with bit, kbit, "
                       "Mbit, Gbit, B, kB, MB, GB, KiB, MiB or GiB (per second), as 100Mbit, at "
                       "least 1B",
                       key, text);
    *ns_per_byte_p = per_s > 0.0 ? 1e9 / per_s : 0.0;
    return FR_OK;
}

static const char *or_else(const char *own, const char *both)
{
    return *own ? own : both;
}

fr_status shape_config_read(const struct fr_host *host, const struct shape_config *cfg,
                            enum fr_role role, struct way *way_p, struct way *back_p)
{
    struct way up = {0}, down = {0};
    uint64_t jitter_ns = 0;
    fr_status st = read_time(host, *cfg->delay_up ? "delay_up" : "delay",
                             or_else(cfg->delay_up, cfg->delay), &up.delay_ns);
    if (st == FR_OK)
        st = read_time(host, *cfg->delay_down ? "delay_down" : "delay",
                       or_else(cfg->delay_down, cfg->delay), &down.delay_ns);
    if (st == FR_OK)
        st = read_time(host, "jitter", cfg->jitter, &jitter_ns);
    if (st == FR_OK)
        st = read_rate(host, *cfg->rate_up ? "rate_up" : "rate", or_else(cfg->rate_up, cfg->rate),
                       &up.ns_per_byte);
    if (st == FR_OK)
        st = read_rate(host, *cfg->rate_down ? "rate_down" : "rate",
                       or_else(cfg->rate_down, cfg->rate), &down.ns_per_byte);
    if (st != FR_OK)
        return st;
    up.jitter_ns = down.jitter_ns = jitter_ns;
    *way_p = role == FR_ROLE_LEADER ? down : up;
    *back_p = role == FR_ROLE_LEADER ? up : down;
    return FR_OK;
}

static int describe(const char *name, const char *delay, const char *jitter, const char *rate,
                    char *text, size_t cap)
{
    bool jitters = strcmp(jitter, "0") != 0, limited = strcmp(rate, "0") != 0;
    return snprintf(text, cap, "%s %s%s%s%s%s", name, delay, jitters ? " +-" : "",
                    jitters ? jitter : "", limited ? " at " : "", limited ? rate : "");
}

void shape_config_describe(const struct shape_config *cfg, char *text, size_t cap)
{
    int n = describe("up", or_else(cfg->delay_up, cfg->delay), cfg->jitter,
                     or_else(cfg->rate_up, cfg->rate), text, cap);
    if (n >= 0 && (size_t)n < cap)
        describe(", down", or_else(cfg->delay_down, cfg->delay), cfg->jitter,
                 or_else(cfg->rate_down, cfg->rate), text + n, cap - (size_t)n);
}
