/* SPDX-License-Identifier: MIT
 * One value from its text: what each type takes, its units, its range. */
#include "config/option.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

union value {
    bool truth;
    int64_t whole;
    uint64_t size;
    double real;
    const char *text;
    int choice;
};

static const char *const choices[] = {"dynamic", "static", "guided", NULL};

static bool parses(enum fr_opt_type type, const char *text, double min, double max,
                   union value *value_p)
{
    const struct fr_option opt = {
        .key = "k", .type = type, .min = min, .max = max, .choices = choices, .help = "h"};
    struct fr_error err = {0};
    memset(value_p, 0, sizeof(*value_p));
    fr_status st = fr_option_parse(&opt, text, value_p, "a.ini:3: [s] k", &err);
    if (st == FR_OK)
        return true;
    cr_assert_eq(st, FR_EINVAL);
    cr_assert(strstr(err.text, "a.ini:3: [s] k") && strstr(err.text, "valid"), "%s", err.text);
    return false;
}

#define GIVES(type, text, field, want)                                                             \
    do {                                                                                           \
        union value v;                                                                             \
        cr_assert(parses(FR_OPT_##type, text, 0, 0, &v), "%s", text);                              \
        cr_assert_eq(v.field, want, "%s", text);                                                   \
    } while (0)
#define NOT(type, text)                                                                            \
    do {                                                                                           \
        union value v;                                                                             \
        cr_assert_not(parses(FR_OPT_##type, text, 0, 0, &v), "\"%s\" is no " #type, text);         \
    } while (0)

Test(option, whole_numbers)
{
    GIVES(INT, "0", whole, 0);
    GIVES(INT, "-42", whole, -42);
    GIVES(INT, "9223372036854775807", whole, INT64_MAX);
    GIVES(INT, "-9223372036854775808", whole, INT64_MIN);
    NOT(INT, "9223372036854775808");
    NOT(INT, "-9223372036854775809");
    NOT(INT, "");
    NOT(INT, " ");
    NOT(INT, "1.5");
    NOT(INT, "1e3");
    NOT(INT, "4K");
    NOT(INT, "4 ");
    NOT(INT, "0x10");
    NOT(INT, "ten");
}

Test(option, sizes)
{
    GIVES(SIZE, "4096", size, 4096);
    GIVES(SIZE, "64K", size, 65536);
    GIVES(SIZE, "64k", size, 65536);
    GIVES(SIZE, "3MiB", size, 3u << 20);
    GIVES(SIZE, "2G", size, UINT64_C(2) << 30);
    GIVES(SIZE, "8589934591G", size, UINT64_C(8589934591) << 30);
    NOT(SIZE, "8589934592G");
    NOT(SIZE, "17179869185G"); /* would wrap to 1G */
    NOT(SIZE, "99999999999999999999");
    NOT(SIZE, "-1");
    NOT(SIZE, "-1K");
    NOT(SIZE, "K");
    NOT(SIZE, "1T");
    NOT(SIZE, "1KB");
    NOT(SIZE, "1s");
}

Test(option, times)
{
    GIVES(MSEC, "250", size, 250);
    GIVES(MSEC, "250ms", size, 250);
    GIVES(MSEC, "2s", size, 2000);
    GIVES(MSEC, "1m", size, 60000);
    GIVES(MSEC, "0", size, 0);
    NOT(MSEC, "1h");
    NOT(MSEC, "1.5s");
    NOT(MSEC, "-2s");
    NOT(MSEC, "ms");
    NOT(MSEC, "9223372036854775807s");
}

Test(option, truths)
{
    static const char *const yes[] = {"yes", "true", "on", "1", "Yes", "TRUE"};
    static const char *const no[] = {"no", "false", "off", "0", "OFF"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        GIVES(BOOL, yes[i], truth, true);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        GIVES(BOOL, no[i], truth, false);
    NOT(BOOL, "");
    NOT(BOOL, "maybe");
    NOT(BOOL, "2");
    NOT(BOOL, "yess");
}

Test(option, reals)
{
    GIVES(DOUBLE, "-0.00275", real, -0.00275);
    GIVES(DOUBLE, "1e-300", real, 1e-300);
    GIVES(DOUBLE, ".5", real, 0.5);
    NOT(DOUBLE, "nan");
    NOT(DOUBLE, "inf");
    NOT(DOUBLE, "-infinity");
    NOT(DOUBLE, "1e999");
    NOT(DOUBLE, "1,5");
    NOT(DOUBLE, "");
    NOT(DOUBLE, "1 ");
}

Test(option, choices)
{
    GIVES(ENUM, "dynamic", choice, 0);
    GIVES(ENUM, "guided", choice, 2);
    GIVES(ENUM, "Static", choice, 1);
    NOT(ENUM, "");
    NOT(ENUM, "stat");
    const struct fr_option opt = {.key = "policy", .type = FR_OPT_ENUM, .choices = choices};
    struct fr_error err = {0};
    union value v;
    cr_assert_eq(fr_option_parse(&opt, "gided", &v, "here", &err), FR_EINVAL);
    cr_assert(strstr(err.text, "did you mean \"guided\"") &&
                  strstr(err.text, "dynamic, static, guided"),
              "%s", err.text);
}

Test(option, ranges)
{
    union value v;
    cr_assert(parses(FR_OPT_INT, "2", 2, 4096, &v) && parses(FR_OPT_INT, "4096", 2, 4096, &v));
    cr_assert(!parses(FR_OPT_INT, "1", 2, 4096, &v) && !parses(FR_OPT_INT, "4097", 2, 4096, &v));
    cr_assert(parses(FR_OPT_INT, "-1", -1, 5, &v) && !parses(FR_OPT_INT, "-2", -1, 5, &v));
    cr_assert(parses(FR_OPT_SIZE, "1M", 4096, 1 << 20, &v));
    cr_assert(!parses(FR_OPT_SIZE, "1025K", 4096, 1 << 20, &v));
    cr_assert(parses(FR_OPT_MSEC, "1m", 1, 60000, &v) && !parses(FR_OPT_MSEC, "61s", 1, 60000, &v));
    cr_assert(!parses(FR_OPT_MSEC, "0", 1, 60000, &v));
    cr_assert(parses(FR_OPT_DOUBLE, "0.5", 0.5, 1, &v));
    cr_assert(!parses(FR_OPT_DOUBLE, "0.49", 0.5, 1, &v));
}
