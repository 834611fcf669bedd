/* SPDX-License-Identifier: MIT */
#include "config/option.h"

#include "base/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t factor;
};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {{"", 1},          {"B", 1},         {"K", 1 << 10},
                                    {"KiB", 1 << 10}, {"M", 1 << 20},   {"MiB", 1 << 20},
                                    {"G", 1 << 30},   {"GiB", 1 << 30}, {NULL, 0}};
static const struct unit times[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {NULL, 0}};

const char *fr_option_valid(const struct fr_option *opt, char *buf, size_t cap)
{
    size_t at = 0;
    bool ranged = opt->min < opt->max;
    switch (opt->type) {
    case FR_OPT_BOOL:
        snprintf(buf, cap, "yes, no");
        break;
    case FR_OPT_ENUM:
        *buf = '\0';
        for (size_t i = 0; opt->choices[i] && at < cap; i++)
            at += (size_t)snprintf(buf + at, cap - at, "%s%s", i ? ", " : "", opt->choices[i]);
        break;
    case FR_OPT_STRING:
        snprintf(buf, cap, "text");
        break;
    case FR_OPT_DOUBLE:
        if (ranged)
            snprintf(buf, cap, "a number from %g to %g", opt->min, opt->max);
        else
            snprintf(buf, cap, "a finite number");
        break;
    default: {
        const char *kind = opt->type == FR_OPT_MSEC   ? "a time such as 250ms, 2s or 1m"
                           : opt->type == FR_OPT_SIZE ? "a size such as 4096, 64K or 1M"
                                                      : "a whole number";
        if (ranged)
            snprintf(buf, cap, "%s, from %.0f to %.0f", kind, opt->min, opt->max);
        else
            snprintf(buf, cap, "%s", kind);
    }
    }
    return buf;
}

/* A whole number with one of the units; false: it is none, or too large to hold. */
static bool parse_whole(const char *text, const struct unit *units, int64_t *value_p)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || errno != 0)
        return false;
    for (const struct unit *u = units; u->name; u++)
        if (strcasecmp(end, u->name) == 0)
            return !__builtin_mul_overflow(n, (int64_t)u->factor, value_p);
    return false;
}

static bool parse_bool(const char *text, bool *value_p)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *value_p = i % 2;
            return true;
        }
    }
    return false;
}

static bool parse_double(const char *text, double *value_p)
{
    char *end;
    *value_p = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value_p);
}

static bool in_range(const struct fr_option *opt, double value)
{
    return !(opt->min < opt->max) || (value >= opt->min && value <= opt->max);
}

static bool parse(const struct fr_option *opt, const char *text, void *to,
                  struct fr_suggest *suggest)
{
    int64_t whole;
    double real;
    switch (opt->type) {
    case FR_OPT_BOOL:
        return parse_bool(text, to);
    case FR_OPT_INT:
    case FR_OPT_SIZE:
    case FR_OPT_MSEC:
        if (!parse_whole(text,
                         opt->type == FR_OPT_INT    ? plain
                         : opt->type == FR_OPT_SIZE ? sizes
                                                    : times,
                         &whole) ||
            (opt->type != FR_OPT_INT && whole < 0) || !in_range(opt, (double)whole))
            return false;
        memcpy(to, &whole, sizeof(whole));
        return true;
    case FR_OPT_DOUBLE:
        if (!parse_double(text, &real) || !in_range(opt, real))
            return false;
        memcpy(to, &real, sizeof(real));
        return true;
    case FR_OPT_STRING:
        memcpy(to, &text, sizeof(text));
        return true;
    case FR_OPT_ENUM:
        for (int i = 0; opt->choices[i]; i++) {
            fr_suggest_try(suggest, opt->choices[i]);
            if (strcasecmp(text, opt->choices[i]) == 0) {
                memcpy(to, &i, sizeof(i));
                return true;
            }
        }
        return false;
    default:
        return false;
    }
}

fr_status fr_option_parse(const struct fr_option *opt, const char *text, void *base,
                          const char *where, struct fr_error *err)
{
    struct fr_suggest suggest = fr_suggest_new(text);
    if (parse(opt, text, (char *)base + opt->offset, &suggest))
        return FR_OK;
    char valid[256], hint[128];
    return fr_fail(err, FR_EINVAL, "%s: \"%s\" is not valid%s (valid: %s)", where, text,
                   fr_suggest_text(&suggest, hint, sizeof(hint)),
                   fr_option_valid(opt, valid, sizeof(valid)));
}
