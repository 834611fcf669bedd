/* SPDX-License-Identifier: MIT
 * Who wins, what is refused, and a printed configuration means the same. */
#include "config/config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const choices[] = {"dynamic", "static", "guided", NULL};

static char folder[] = "/tmp/fractal-config-XXXXXX";

static void begin(void)
{
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

static void end(void)
{
    static const char *const files[] = {"a.ini", "b.ini"};
    for (size_t i = 0; i < 2; i++)
        unlink(files[i]);
    rmdir(folder);
}
TestSuite(config, .init = begin, .fini = end);

static void write_ini(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static fr_status load(struct fr_config *config, const char *text, struct fr_error *err)
{
    write_ini("a.ini", text);
    return fr_config_load(config, "a.ini", err);
}

static struct fr_config *loaded(const char *text)
{
    struct fr_config *config = fr_config_new();
    struct fr_error err = {0};
    cr_assert_eq(load(config, text, &err), FR_OK, "%s", err.text);
    return config;
}

static void set(struct fr_config *config, const char *key, const char *value, const char *origin)
{
    struct fr_error err = {0};
    cr_assert_eq(fr_config_set(config, key, value, origin, &err), FR_OK, "%s", err.text);
}

static const struct fr_settings *settings(struct fr_config *config)
{
    const struct fr_settings *s;
    struct fr_error err = {0};
    cr_assert_eq(fr_config_settings(config, &s, &err), FR_OK, "%s", err.text);
    return s;
}

/* Refused while it is read or looked at, with these words in the message. */
static void refused(const char *text, const char *const *words)
{
    struct fr_config *config = fr_config_new();
    const struct fr_settings *s;
    struct fr_error err = {0};
    fr_status st = load(config, text, &err);
    if (st == FR_OK)
        st = fr_config_settings(config, &s, &err);
    cr_assert_eq(st, FR_EINVAL, "taken: %s", text);
    for (; *words; words++)
        cr_assert(strstr(err.text, *words), "no \"%s\" in: %s", *words, err.text);
    fr_config_free(config);
}
#define REFUSED(text, ...) refused((text), (const char *const[]){__VA_ARGS__, NULL})

Test(config, who_wins)
{
    for (int order = 0; order < 2; order++) {
        struct fr_config *config = fr_config_new();
        if (order == 0)
            set(config, "job.width", "7", "--width");
        cr_assert_eq(load(config, "[job]\nwidth = 5\nheight = 6\n", NULL), FR_OK);
        if (order == 1)
            set(config, "job.width", "7", "--width");
        const struct fr_settings *s = settings(config);
        cr_assert(s->job.width == 7 && s->job.height == 6 && s->job.smoothness == 8);
        cr_assert_str_eq(fr_config_origin(config, "job", "width"), "--width");
        cr_assert_str_eq(fr_config_origin(config, "job", "height"), "a.ini:3");
        cr_assert_null(fr_config_origin(config, "job", "smoothness"));
        set(config, "job.width", "9", "--set");
        cr_assert_eq(settings(config)->job.width, 9, "the last flag");
        fr_config_free(config);
    }
}

Test(config, lines)
{
    struct fr_config *config = loaded("; a comment\n# another\n\n[job]\n"
                                      "width=5 ; why\n"
                                      "  \n"
                                      "palette = Hip\n"
                                      "  pi\n"
                                      "\t; between\n"
                                      "\t2#x\n"
                                      "[output]\r\n"
                                      "outfile = a;b=c.png\r\n"
                                      "plugins: null");
    const struct fr_settings *s = settings(config);
    cr_assert_eq(s->job.width, 5);
    cr_assert_str_eq(s->job.palette, "Hippi2#x");
    cr_assert_str_eq(s->output.outfile, "a;b=c.png");
    cr_assert_str_eq(s->output.plugins, "null");
    fr_config_free(config);
}

/* An indented line continues the value before it in its own section only. */
Test(config, indented_keys)
{
    struct fr_config *config = loaded("[job]\nwidth = 5\n[job]\n  height = 6\n"
                                      "[worker]\n threads = 2\n[leader]\n\tdrain_ms = 7\n");
    const struct fr_settings *s = settings(config);
    cr_assert(s->job.width == 5 && s->job.height == 6 && s->worker.threads == 2 &&
              s->leader.drain_ms == 7);
    fr_config_free(config);
    config = loaded("[transport.shm]\nslots = 5\n[transport.inproc]\n  slots = 6\n");
    cr_assert_str_eq(fr_config_origin(config, "transport.shm", "slots"), "a.ini:2");
    cr_assert_not_null(fr_config_origin(config, "transport.inproc", "slots"), "went to shm");
    fr_config_free(config);
    REFUSED("[job]\nwidth = 5\n[job]\n  width = 6\n", "a.ini:4", "given before", "a.ini:2");
    REFUSED("[job]\nwidth = 5\n  height = 6\n", "a.ini:3", "begin");
}

Test(config, refusals)
{
    REFUSED("[job]\nwidth = 5\nwidth = 6\n", "a.ini:3", "width", "given before", "a.ini:2");
    REFUSED("width = 5\n", "a.ini:1", "section");
    REFUSED("[job]\nwidth\n", "a.ini:2");
    REFUSED("[job\nwidth = 5\n", "a.ini:1");
    REFUSED("[job]\nwidht = 5\n", "a.ini:2", "widht", "did you mean \"width\"");
    REFUSED("[jbo]\nwidth = 5\n", "a.ini:2", "jbo", "did you mean \"job\"");
    REFUSED("[job]\nthreads = 5\n", "a.ini:2", "belongs to section [worker]");
    REFUSED("[job]\nqqqqqqqqq = 5\n", "a.ini:2", "qqqqqqqqq");
    REFUSED("[transport.]\nx = 5\n", "a.ini:2", "transport.");
    REFUSED("[job]\nwidth = 0\n", "a.ini:2", "width", "1 to 1048576");
    REFUSED("[job]\nview = exactly\n", "a.ini:2", "exact");
    REFUSED("[job]\npalette = a\x01z\n", "a.ini:2", "text");
    char line[2000] = "[job]\npalette = ";
    memset(line + strlen(line), 'x', 1500);
    REFUSED(line, "a.ini:2", "longer");
    struct fr_config *config = fr_config_new();
    struct fr_error err = {0};
    cr_assert_eq(fr_config_load(config, "none.ini", &err), FR_EINVAL);
    cr_assert(strstr(err.text, "none.ini"), "%s", err.text);
    err = (struct fr_error){0};
    cr_assert_eq(fr_config_load(config, "/", &err), FR_EINVAL, "a folder");
    fr_config_free(config);
}

Test(config, flags_without_a_key)
{
    static const char *const keys[] = {"", "width", ".width", "job.", "."};
    static const char *const values[] = {" x", "x ", "a\nb", "a\tb", "; x", "x ;y", "a\x7f"};
    struct fr_config *config = fr_config_new();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct fr_error err = {0};
        cr_assert_eq(fr_config_set(config, keys[i], "5", "--set", &err), FR_EINVAL, "%s", keys[i]);
        cr_assert(strstr(err.text, "--set"), "%s", err.text);
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        cr_assert_eq(fr_config_set(config, "job.palette", values[i], "--palette", NULL), FR_EINVAL,
                     "\"%s\"", values[i]);
    fr_config_free(config);
}

/* ---------------------------------------------------------------- plugin tables */

struct blob {
    bool truth;
    int64_t depth;
    uint64_t bytes, pause_ms;
    double rate;
    const char *name;
    int mode;
};
static const struct fr_option table[] = {
    {.key = "truth", .type = FR_OPT_BOOL, .offset = offsetof(struct blob, truth), .def = "yes"},
    {.key = "depth",
     .type = FR_OPT_INT,
     .offset = offsetof(struct blob, depth),
     .def = "64",
     .min = 1,
     .max = 100},
    {.key = "bytes", .type = FR_OPT_SIZE, .offset = offsetof(struct blob, bytes), .def = "1M"},
    {.key = "pause", .type = FR_OPT_MSEC, .offset = offsetof(struct blob, pause_ms), .def = "2s"},
    {.key = "rate", .type = FR_OPT_DOUBLE, .offset = offsetof(struct blob, rate), .def = "0.5"},
    {.key = "name",
     .type = FR_OPT_STRING,
     .offset = offsetof(struct blob, name),
     .help = "The network's name."},
    {.key = "mode",
     .type = FR_OPT_ENUM,
     .offset = offsetof(struct blob, mode),
     .def = "static",
     .choices = choices},
    {.key = NULL}};
static const struct fr_plugin fake = {
    .name = "fake", .options = table, .config_size = sizeof(struct blob)};
static const struct fr_plugin plain = {.name = "plain"};

Test(config, plugin_table)
{
    struct fr_config *config = loaded("[transport.fake]\ndepth = 3\nname = x\n"
                                      "[output.fake]\nanything = 1\n[transport.plain]\n");
    set(config, "transport.fake.mode", "guided", "--set");
    const void *blob_p;
    cr_assert_eq(fr_config_bind(config, &fake, "transport", &blob_p, NULL), FR_OK);
    const struct blob *b = blob_p;
    cr_assert(b->truth && b->depth == 3 && b->bytes == 1 << 20 && b->pause_ms == 2000 &&
              b->rate == 0.5 && strcmp(b->name, "x") == 0 && b->mode == 2);
    cr_assert_eq(fr_config_bind(config, &plain, "transport", &blob_p, NULL), FR_OK);
    cr_assert_null(blob_p);
    const char *origin;
    cr_assert_str_eq(fr_config_unbound(config, 0, &origin), "output.fake");
    cr_assert_str_eq(origin, "a.ini:5");
    cr_assert_null(fr_config_unbound(config, 1, &origin));
    fr_config_free(config);
}

Test(config, plugin_table_refusals)
{
    static const struct {
        const char *text, *words[3];
    } cases[] = {
        {"", {"[transport.fake]", "name must be given", "The network's name."}},
        {"[transport.fake]\nname = x\ndephts = 3\n", {"a.ini:3", "dephts", "did you mean \"depth"}},
        {"[transport.fake]\nname = x\ndepth = 101\n", {"a.ini:3", "depth", "1 to 100"}},
        {"[transport.fake]\nname = x\nmode = dyn\n", {"a.ini:3", "mode", "dynamic, static"}},
        {"[transport.plain]\nname = x\n", {"a.ini:2", "[transport.plain]", "name"}}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_config *config = loaded(cases[i].text);
        struct fr_error err = {0};
        const void *blob_p;
        cr_assert_eq(fr_config_bind(config, i == 4 ? &plain : &fake, "transport", &blob_p, &err),
                     FR_EINVAL, "%s", cases[i].text);
        for (size_t k = 0; k < 3; k++)
            cr_assert(strstr(err.text, cases[i].words[k]), "no \"%s\" in: %s", cases[i].words[k],
                      err.text);
        fr_config_free(config);
    }
}

/* ------------------------------------------------------------ there and back again */

static void list(void *ctx, const char *section, const char *key, const char *value)
{
    fprintf(ctx, "%s.%s=%s\n", section, key, value);
}

static char *listed(const struct fr_config *config)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    fr_config_each(config, list, to);
    fclose(to);
    return text;
}

static struct fr_config *bound(struct fr_config *config)
{
    const void *blob_p;
    struct fr_error err = {0};
    settings(config);
    cr_assert_eq(fr_config_bind(config, &fake, "transport", &blob_p, &err), FR_OK, "%s", err.text);
    return config;
}

/* Printed and loaded again it means the same. */
static void there_and_back(struct fr_config *config)
{
    FILE *to = fopen("b.ini", "w");
    fr_config_print(config, to);
    fclose(to);
    struct fr_config *again = fr_config_new();
    struct fr_error err = {0};
    cr_assert_eq(fr_config_load(again, "b.ini", &err), FR_OK, "%s", err.text);
    bound(again);
    char *want = listed(config), *have = listed(again);
    cr_assert_str_eq(have, want);
    free(want);
    free(have);
    fr_config_free(again);
}

Test(config, print_and_load)
{
    struct fr_config *config = loaded("[job]\nwidth = 5\n[transport.fake]\nname = n\n");
    set(config, "job.palette", "./mine.so", "--palette");
    there_and_back(bound(config));
    fr_config_free(config);
}

Test(config, print_and_load_of_long_values)
{
    static const char letters[] = "abcxyz_ABC019=:;#[]\"'\\/.,-+ %\xc3\xa4";
    uint64_t state = 1;
    for (int round = 0; round < 400; round++) {
        char value[3001];
        size_t len = round % 2 ? 3000 : 1 + (size_t)round;
        /* Some are made of all letters, some of few: long words, long runs of blanks. */
        size_t few = 1 + (size_t)(round % 7) * 4;
        for (size_t i = 0; i < len; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            size_t k = (size_t)(state >> 33) % (round % 7 ? few : 3);
            value[i] = letters[(k * 5 + (size_t)round) % (sizeof(letters) - 1)];
        }
        value[len] = '\0';
        struct fr_config *config = fr_config_new();
        set(config, "transport.fake.name", "n", "--set");
        struct fr_error err = {0};
        if (fr_config_set(config, "output.outfile", value, "--outfile", &err) == FR_OK)
            there_and_back(bound(config));
        fr_config_free(config);
    }
}

/* What is hard to break into lines. */
Test(config, print_and_load_of_awkward_values)
{
    static const char *const units[] = {"a=",
                                        "key = v ",
                                        "x  ",
                                        "a;",
                                        "#",
                                        "[job]",
                                        "=",
                                        "ab=cd/",
                                        "a#b ",
                                        "\xc3\xa4",
                                        "x                    "};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        for (size_t skip = 0; skip < 4; skip++) {
            char value[3001];
            size_t len = skip, unit = strlen(units[i]);
            memcpy(value, "xyz", skip);
            while (len + unit < 2900) {
                memcpy(value + len, units[i], unit);
                len += unit;
            }
            strcpy(value + len, "e");
            struct fr_config *config = fr_config_new();
            set(config, "transport.fake.name", "n", "--set");
            if (fr_config_set(config, "output.outfile", value, "--outfile", NULL) == FR_OK)
                there_and_back(bound(config));
            fr_config_free(config);
        }
}
