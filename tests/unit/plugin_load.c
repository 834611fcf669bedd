/* SPDX-License-Identifier: MIT
 * Which file a plugin's name means, and why a file is refused. */
#include "plugin/plugin.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX], odd[PATH_MAX - 64];

static void begin(void)
{
    snprintf(odd, sizeof(odd), "%s/tests/odd", getenv("FRACTAL_BUILD"));
    strcpy(folder, "/tmp/fractal-plugins-XXXXXX");
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
    unsetenv("FRACTAL_PLUGIN_PATH");
}

static void end(void)
{
    char command[PATH_MAX + 16];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}
TestSuite(load, .init = begin, .fini = end);

static void write_text(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* A link to one of the odd ones, in the test's folder. */
static void place(const char *name, const char *at)
{
    char file[PATH_MAX];
    snprintf(file, sizeof(file), "%s/%s.so", odd, name);
    cr_assert(access(file, F_OK) == 0 && symlink(file, at) == 0, "%s", at);
}

static fr_status load(const char *configured, const char *name, char *file, struct fr_error *err)
{
    struct fr_plugin_path path;
    struct fr_loaded loaded = {0};
    cr_assert_eq(fr_plugin_path_make(configured, &path, NULL), FR_OK);
    fr_status st = fr_plugin_load(&path, FR_KIND_PALETTE, name, &loaded, err);
    if (st == FR_OK) {
        snprintf(file, PATH_MAX, "%s", loaded.file);
        cr_assert_str_eq(loaded.plugin->name, "good");
        fr_plugin_unload(&loaded);
    }
    fr_plugin_path_clear(&path);
    return st;
}

static void found(const char *configured, const char *name, const char *at)
{
    char file[PATH_MAX];
    struct fr_error err = {0};
    cr_assert_eq(load(configured, name, file, &err), FR_OK, "%s", err.text);
    cr_assert_str_eq(file, at);
}

static void refused(const char *configured, const char *name, const char *const *words)
{
    char file[PATH_MAX];
    struct fr_error err = {0};
    cr_assert_eq(load(configured, name, file, &err), FR_EINVAL, "%s was taken", name);
    for (; *words; words++)
        cr_assert(strstr(err.text, *words), "no \"%s\" in: %s", *words, err.text);
}
#define REFUSED(configured, name, ...)                                                             \
    refused((configured), (name), (const char *const[]){__VA_ARGS__, NULL})

Test(load, refusals)
{
    REFUSED(odd, "other_major", "/other_major.so", "ABI 2.1", "has 1.1");
    REFUSED(odd, "newer_minor", "/newer_minor.so", "ABI 1.2", "has 1.1");
    REFUSED(odd, "wrong_magic", "/wrong_magic.so", "no fractal plugin", "something else");
    REFUSED(odd, "no_symbol", "/no_symbol.so", "no fractal plugin", "exports no fractal_plugin");
    REFUSED(odd, "other_kind", "/other_kind.so", "output", "palette was asked for");
    REFUSED(odd, "unknown_kind", "/unknown_kind.so", "unknown");
    REFUSED(odd, "no_stops", "/no_stops.so", "incomplete palette", "lacks stops");
    REFUSED(odd, "one_stop", "/one_stop.so", "incomplete palette", "two stops");
    REFUSED(odd, "short_header", "/short_header.so", "incomplete", "lacks ops");
    REFUSED(odd, "no_name", "/no_name.so", "incomplete", "name");
    REFUSED(odd, "option_type", "option_type.so", "incomplete", "type for each option");
    REFUSED(odd, "option_help", "option_help.so", "incomplete", "help");
    REFUSED(odd, "option_place", "option_place.so", "incomplete", "config_size");
    REFUSED(odd, "option_choices", "option_choices.so", "incomplete", "choices");
}

Test(load, refusals_of_any_kind)
{
    struct fr_plugin_path path;
    static const struct {
        enum fr_kind kind;
        const char *name, *word;
    } cases[] = {{FR_KIND_OUTPUT, "other_kind", "incomplete output plugin: it lacks open"},
                 {FR_KIND_TRANSPORT, "transport", "incomplete transport plugin: it lacks open"},
                 {FR_KIND_OUTPUT, "good", "kind palette, and output was asked for"}};
    cr_assert_eq(fr_plugin_path_make(odd, &path, NULL), FR_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_loaded loaded;
        struct fr_error err = {0};
        cr_assert_eq(fr_plugin_load(&path, cases[i].kind, cases[i].name, &loaded, &err), FR_EINVAL);
        cr_assert(strstr(err.text, cases[i].word), "%s", err.text);
    }
    fr_plugin_path_clear(&path);
}

Test(load, files_that_are_no_plugins)
{
    write_text("text.so", "no library\n");
    write_text("empty.so", "");
    cr_assert_eq(mkdir("folder.so", 0700), 0);
    cr_assert_eq(symlink("nowhere", "dangling.so"), 0);
    REFUSED("", "./text.so", "./text.so", "cannot be loaded");
    REFUSED("", "./empty.so", "./empty.so", "cannot be loaded");
    REFUSED("", "./folder.so", "./folder.so", "cannot be loaded");
    REFUSED("", "./dangling.so", "there is no file ./dangling.so");
    REFUSED("", "./none.so", "there is no file ./none.so");
    REFUSED(folder, "text", folder, "text.so", "cannot be loaded");
}

Test(load, no_such_name)
{
    REFUSED(odd, "godo", "no palette \"godo\"", "did you mean \"good\"", "there are: ", "no_stops",
            "looked in", odd);
    REFUSED(odd, "", "no palette \"\"");
    REFUSED("/nowhere/at/all", "good", "/nowhere/at/all");
    place("good", "good.so");
    REFUSED("", "good.so", "./good.so"); /* this folder is on no path */
    char huge[5000];
    memset(huge, 'x', sizeof(huge));
    huge[sizeof(huge) - 1] = '\0';
    REFUSED(odd, huge, "no palette");
    memcpy(huge, "./", 2);
    REFUSED(odd, huge, "no file");
}

Test(load, by_path)
{
    cr_assert_eq(mkdir("deep", 0700), 0);
    place("good", "deep/any-name");
    place("good", "mine.so");
    found("", "./mine.so", "./mine.so");
    found("", "deep/any-name", "deep/any-name");
    place("no_stops", "deep/good.so");
    REFUSED(odd, "deep/good.so", "deep/good.so", "stops"); /* not the one on the path */
}

Test(load, a_plugin_of_an_older_minor)
{
    char at[PATH_MAX];
    snprintf(at, sizeof(at), "%s/older_minor.so", odd);
    found(odd, "older_minor", at);
}

/* In each folder <kind>/ comes first; folders in the order they stand in. */
Test(load, search_order)
{
    static const char *const dirs[] = {"a", "a/palette", "a/output", "b", "b/palette"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        cr_assert_eq(mkdir(dirs[i], 0700), 0);
    place("good", "b/good.so");
    place("no_stops", "a/output/good.so");
    found("a:b", "good", "b/good.so");
    place("good", "b/palette/good.so");
    found("a:b", "good", "b/palette/good.so");
    found("a::b:", "good.so", "b/palette/good.so");
    place("good", "a/good.so");
    found("a:b", "good", "a/good.so");
    found("b:a", "good", "b/palette/good.so");
    place("good", "a/palette/good.so");
    found("a:b", "good", "a/palette/good.so");
    setenv("FRACTAL_PLUGIN_PATH", "b", 1);
    found("a", "good", "a/palette/good.so");
    found("", "good", "b/palette/good.so");
    /* The first hit counts, also where it is refused: no silent other one. */
    cr_assert_eq(unlink("a/palette/good.so"), 0);
    place("no_stops", "a/palette/good.so");
    REFUSED("a:b", "good", "a/palette/good.so", "stops");
}

Test(load, path)
{
    struct fr_plugin_path path;
    setenv("FRACTAL_PLUGIN_PATH", "c:/d", 1);
    cr_assert_eq(fr_plugin_path_make("/a::b:", &path, NULL), FR_OK);
    static const char *const want[] = {"/a", "b", "c", "/d"};
    cr_assert_eq(path.count, 6);
    for (size_t i = 0; i < 4; i++)
        cr_assert_str_eq(path.dirs[i], want[i]);
    char beside[PATH_MAX];
    snprintf(beside, sizeof(beside), "%s/tests/plugins", getenv("FRACTAL_BUILD"));
    cr_assert_str_eq(path.dirs[4], beside, "%s", path.dirs[4]);
    cr_assert(strstr(path.dirs[5], "fractal"), "%s", path.dirs[5]);
    fr_plugin_path_clear(&path);
    cr_assert(path.count == 0 && !path.dirs);
}
