/* SPDX-License-Identifier: MIT
 * What the man page, the INI files and the README say is so. */
#include "config/settings.h"
#include "support/picture.h"
#include "support/proc.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(docs, .init = scene_begin, .fini = scene_end);

static const char *source(void)
{
    const char *dir = getenv("FRACTAL_SOURCE");
    cr_assert_not_null(dir, "FRACTAL_SOURCE is not set");
    return dir;
}

static char *read_source(const char *name)
{
    char path[PATH_MAX];
    size_t len;
    snprintf(path, sizeof(path), "%s/%s", source(), name);
    return test_file_read(path, &len);
}

/* ------------------------------------------------------------------- the man page */

/* As it is read: without font changes, and with plain minus signs. */
static char *read_man(void)
{
    char *man = read_source("docs/man/fractal.1"), *to = man;
    for (const char *at = man; *at; at++) {
        if (at[0] == '\\' && at[1] == 'f' && at[2])
            at += 2;
        else if (at[0] != '\\')
            *to++ = *at;
    }
    *to = '\0';
    return man;
}

Test(docs, man_has_every_option)
{
    char *man = read_man();
    for (const struct fr_setting *s = fr_setting_table; s->section; s++) {
        char letter[8] = "", wanted[1000];
        if (s->letter)
            snprintf(letter, sizeof(letter), "-%c, ", s->letter);
        bool truth = s->opt.type == FR_OPT_BOOL, told = !truth && s->opt.def[0];
        snprintf(wanted, sizeof(wanted), ".TP\n%s--%s%s\n%s%s%s%s\n", letter, s->flag,
                 truth ? "" : " VALUE", s->opt.help, told ? " Default: " : "",
                 told ? s->opt.def : "", told ? "." : "");
        cr_expect(strstr(man, wanted), "docs/man/fractal.1 does not say: %s", wanted);
    }
    free(man);
}

/* All helps in one text. */
static char *read_helps(void)
{
    static const char *const commands[] = {"",         "run ",     "leader ", "worker ", "direct ",
                                           "compare ", "plugins ", "check ",  "version "};
    char *all = calloc(1, 1);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct proc *p;
        cr_assert_eq(fractal_run(&p, "%s--help", commands[i]), 0, "%s", commands[i]);
        const char *out = proc_out(p);
        all = realloc(all, strlen(all) + strlen(out) + 1);
        strcat(all, out);
    }
    return all;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '-';
}

/* Every --flag of the text stands in the other one too. */
static void flags_are_in(const char *text, const char *name, const char *other,
                         const char *other_name)
{
    int count = 0;
    for (const char *at = strstr(text, "--"); at; at = strstr(at, "--")) {
        char flag[64];
        size_t len = 2;
        while (in_name(at[len]))
            len++;
        if (isalpha((unsigned char)at[2]) && (at == text || !in_name(at[-1]))) {
            snprintf(flag, sizeof(flag), "%.*s", (int)len, at);
            const char *found = strstr(other, flag);
            while (found && in_name(found[len]))
                found = strstr(found + 1, flag);
            cr_expect(found, "%s has %s, %s has not", name, flag, other_name);
            count++;
        }
        at += len;
    }
    cr_assert_gt(count, 5);
}

Test(docs, flags_exist)
{
    char *man = read_man(), *helps = read_helps(), *readme = read_source("README.md");
    flags_are_in(helps, "the help", man, "the man page");
    /* The short form of version stands in no list. */
    char *known = malloc(strlen(helps) + 64);
    sprintf(known, "%s --json --version --install ", helps);
    flags_are_in(man, "the man page", known, "the help");
    flags_are_in(readme, "README.md", known, "the help");
    free(known);
    free(readme);
    free(helps);
    free(man);
}

/* ---------------------------------------------------------------------- INI files */

/* What `check` prints, less its comments. */
static char *checked(const char *file, bool *defaults_p)
{
    struct proc *p;
    fractal_run(&p, "check %s", file);
    PROC_ENDS(p, 0);
    const char *out = proc_out(p);
    *defaults_p = strstr(out, "; default\n");
    char *values = calloc(1, strlen(out) + 1), *to = values;
    while (*out) {
        size_t len = strcspn(out, "\n") + 1;
        if (*out != ';') {
            memcpy(to, out, len);
            to += len;
        }
        out += len;
    }
    return values;
}

static bool transport_is_built(const char *ini)
{
    char path[PATH_MAX], name[64] = "";
    size_t len;
    char *text = test_file_read(ini, &len), *at = strstr(text, "\nplugin = ");
    if (at)
        sscanf(at, "\nplugin = %63s", name);
    free(text);
    snprintf(path, sizeof(path), "%.3000s/plugins/transport/%s.so", scene_build, name);
    return !*name || access(path, F_OK) == 0;
}

Test(docs, ini_files_pass)
{
    char pattern[PATH_MAX];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/conf/*.ini", source());
    /* Those with TLS name files that must be there. */
    cr_assert_eq(mkdir("certs", 0700), 0);
    test_file_write("certs/ca.pem", "-----BEGIN CERTIFICATE-----\n");
    test_file_write("certs/leader.pem", "-----BEGIN CERTIFICATE-----\n");
    test_file_write("certs/leader.key", "-----BEGIN PRIVATE KEY-----\n");
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct proc *p;
        if (!transport_is_built(found.gl_pathv[i]))
            continue;
        fractal_run(&p, "check %s", found.gl_pathv[i]);
        PROC_ENDS(p, 0);
        cr_assert_str_empty(proc_err(p), "%s: %s", found.gl_pathv[i], p->err);
    }
    cr_assert_geq(found.gl_pathc, 4);
    globfree(&found);
}

/* "Every key is shown with its default." */
static void shows_all_defaults(const char *ini, const char *alike)
{
    char path[PATH_MAX];
    bool defaults;
    snprintf(path, sizeof(path), "%s/%s", source(), ini);
    if (!transport_is_built(path))
        return;
    test_file_write("alike.ini", alike);
    char *want = checked("alike.ini", &defaults);
    cr_assert(defaults);
    char *have = checked(path, &defaults);
    cr_assert_not(defaults, "%s does not show every key", ini);
    cr_assert_str_eq(have, want, "%s: a value is not the default:\n%s", ini, have);
    free(have);
    free(want);
}

Test(docs, ini_files_show_defaults)
{
    shows_all_defaults("conf/shm.ini", "");
    shows_all_defaults("conf/inproc.ini", "[transport]\nplugin = inproc\n");
}

/* ------------------------------------------------------------------------- README */

/* The lines between these two, less the indentation of a code block. */
static void write_block(const char *text, const char *from, const char *until, const char *file)
{
    const char *at = strstr(text, from);
    cr_assert_not_null(at, "README.md lacks: %s", from);
    const char *end = strstr(at, until);
    cr_assert_not_null(end, "README.md lacks: %s", until);
    FILE *f = fopen(file, "w");
    cr_assert_not_null(f);
    for (at = strchr(at, '\n') + 1; at < end; at = strchr(at, '\n') + 1) {
        cr_assert(strncmp(at, "    ", 4) == 0);
        fprintf(f, "%.*s\n", (int)strcspn(at + 4, "\n"), at + 4);
    }
    cr_assert_eq(fclose(f), 0);
}

Test(docs, readme_palette)
{
    char *readme = read_source("README.md"), include[PATH_MAX];
    write_block(readme, "cat > mine.c", "    END\n", "mine.c");
    cr_assert(strstr(readme, "cc -shared -fPIC -Iinclude -o mine.so mine.c\n"));
    free(readme);
    snprintf(include, sizeof(include), "-I%s/include", source());
    char *cc = getenv("CC");
    char *argv[] = {cc && *cc ? cc : (char[]){"cc"},
                    (char[]){"-shared"},
                    (char[]){"-fPIC"},
                    (char[]){"-Wall"},
                    (char[]){"-Wextra"},
                    (char[]){"-Werror"},
                    include,
                    (char[]){"-o"},
                    (char[]){"mine.so"},
                    (char[]){"mine.c"},
                    NULL};
    struct proc *p = proc_start(argv);
    PROC_ENDS(p, 0);
    fractal_run(&p, "run --palette ./mine.so --smoothness 1 --width 64 --height 48");
    PROC_ENDS(p, 0);
    fractal_run(&p, "direct --smoothness 1 --width 64 --height 48 --outfile hippi.png");
    PROC_ENDS(p, 0);
    struct picture mine = picture_read_png("mandelbrot.png"), hippi = picture_read_png("hippi.png");
    cr_assert(mine.width == 64 && mine.height == 48);
    cr_assert_neq(memcmp(mine.rgba, hippi.rgba, 64 * 48 * 4), 0, "not its own colours");
    picture_free(&mine);
    picture_free(&hippi);
    fractal_run(&p, "plugins ./mine.so");
    PROC_ENDS(p, 0);
    cr_assert(strstr(proc_out(p), "from night to noon"));
}
