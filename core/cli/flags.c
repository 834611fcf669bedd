/* SPDX-License-Identifier: MIT */
#include "cli/flags.h"

#include "base/suggest.h"
#include "config/option.h"

#include <stdio.h>
#include <string.h>

struct parsing {
    int argc, at; /* at: of the next argument */
    char **argv;
    struct fr_config *config;
    struct fr_cmdline *line;
    struct fr_error *err;
    const struct fr_setting *used[128]; /* flags seen, to be checked against the command */
    size_t used_count;
};

static const struct fr_setting *find_long(const char *name, size_t len)
{
    for (const struct fr_setting *s = fr_setting_table; s->section; s++)
        if (strncmp(s->flag, name, len) == 0 && s->flag[len] == '\0')
            return s;
    return NULL;
}

static const struct fr_setting *find_letter(char letter)
{
    for (const struct fr_setting *s = fr_setting_table; s->section; s++)
        if (s->letter == letter)
            return s;
    return NULL;
}

/* "--name=value", or the next argument whatever it begins with: numbers may be negative. */
static fr_status value_of(struct parsing *p, const char *flag, const char *joined,
                          const char **value_p)
{
    if (joined) {
        *value_p = joined;
        return FR_OK;
    }
    if (p->at == p->argc)
        return fr_fail(p->err, FR_EINVAL, "%s needs a value", flag);
    *value_p = p->argv[p->at++];
    return FR_OK;
}

static fr_status unknown(struct parsing *p, const char *flag)
{
    struct fr_suggest suggest = fr_suggest_new(flag + strspn(flag, "-"));
    for (const struct fr_setting *s = fr_setting_table; s->section; s++)
        fr_suggest_try(&suggest, s->flag);
    const struct fr_command *c = p->line->command;
    for (const struct fr_option *o = c ? c->own : NULL; o && o->key; o++)
        fr_suggest_try(&suggest, o->key);
    static const char *const more[] = {"help", "version", "config", "set"};
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        fr_suggest_try(&suggest, more[i]);
    if (suggest.best)
        return fr_fail(p->err, FR_EINVAL, "there is no flag %s (did you mean --%s?)", flag,
                       suggest.best);
    return fr_fail(p->err, FR_EINVAL, "there is no flag %s (fractal --help lists them)", flag);
}

static fr_status take_setting(struct parsing *p, const struct fr_setting *s, const char *flag,
                              const char *joined)
{
    const char *value = joined ? joined : "yes";
    char dotted[128];
    if (s->opt.type != FR_OPT_BOOL) {
        fr_status st = value_of(p, flag, joined, &value);
        if (st != FR_OK)
            return st;
    }
    if (p->used_count < sizeof(p->used) / sizeof(p->used[0]))
        p->used[p->used_count++] = s;
    snprintf(dotted, sizeof(dotted), "%s.%s", s->section, s->opt.key);
    return fr_config_set(p->config, dotted, value, flag, p->err);
}

static fr_status take_set(struct parsing *p, const char *joined)
{
    const char *value = NULL;
    char key[256];
    fr_status st = value_of(p, "--set", joined, &value);
    if (st != FR_OK)
        return st;
    const char *equals = strchr(value, '=');
    if (!equals || equals - value >= (ptrdiff_t)sizeof(key))
        return fr_fail(p->err, FR_EINVAL, "--set %s: not of the form section.key=value", value);
    snprintf(key, sizeof(key), "%.*s", (int)(equals - value), value);
    return fr_config_set(p->config, key, equals + 1, "--set", p->err);
}

/* A command's own flag of that name: "cell-timeout" for the key cell_timeout. */
static const struct fr_option *find_own(const struct parsing *p, const char *name, size_t len)
{
    const struct fr_command *c = p->line->command;
    for (const struct fr_option *o = c ? c->own : NULL; o && o->key; o++) {
        size_t i = 0;
        while (i < len && o->key[i] && (o->key[i] == '_' ? '-' : o->key[i]) == name[i])
            i++;
        if (i == len && !o->key[i])
            return o;
    }
    return NULL;
}

static fr_status take_own(struct parsing *p, const struct fr_option *o, const char *flag,
                          const char *joined)
{
    const char *value = joined ? joined : "yes";
    union {
        bool yes;
        int64_t whole;
        double real;
        const char *text;
        int choice;
    } scratch;
    struct fr_option check = *o;
    check.offset = 0;
    fr_status st = o->type == FR_OPT_BOOL ? FR_OK : value_of(p, flag, joined, &value);
    if (st == FR_OK)
        st = fr_option_parse(&check, value, &scratch, flag, p->err);
    if (st != FR_OK)
        return st;
    if (p->line->own_count == sizeof(p->line->own) / sizeof(p->line->own[0]))
        return fr_fail(p->err, FR_EINVAL, "%s: too many flags", flag);
    p->line->own[p->line->own_count++] = (struct fr_own_flag){.option = o, .value = value};
    return FR_OK;
}

void fr_cmdline_own(const struct fr_cmdline *line, void *own)
{
    for (const struct fr_option *o = line->command->own; o && o->key; o++) {
        const char *value = o->def;
        for (size_t i = 0; i < line->own_count; i++)
            if (line->own[i].option == o)
                value = line->own[i].value;
        (void)fr_option_parse(o, value, own, o->key, NULL); /* checked as it was said */
    }
}

static bool is(const char *flag, size_t len, const char *name)
{
    return strlen(name) == len && strncmp(flag, name, len) == 0;
}

static fr_status take_config(struct parsing *p, const char *flag, const char *joined)
{
    const char *file = NULL;
    fr_status st = value_of(p, flag, joined, &file);
    if (st == FR_OK)
        p->line->config_file = file;
    return st == FR_OK ? fr_config_load(p->config, file, p->err) : st;
}

static fr_status take_flag(struct parsing *p, char *arg)
{
    bool is_long = arg[1] == '-';
    const char *equals = is_long ? strchr(arg, '=') : NULL;
    const char *joined = equals ? equals + 1 : is_long || !arg[2] ? NULL : arg + 2;
    size_t len = equals ? (size_t)(equals - arg) : is_long ? strlen(arg) : 2;
    char flag[64];
    snprintf(flag, sizeof(flag), "%.*s", (int)len, arg);
    if (is(arg, len, "-h") || is(arg, len, "--help")) {
        p->line->help = true;
        return FR_OK;
    }
    if (is(arg, len, "-V") || is(arg, len, "--version")) {
        p->line->version = true;
        return FR_OK;
    }
    if (is(arg, len, "-c") || is(arg, len, "--config"))
        return take_config(p, flag, joined);
    if (is(arg, len, "--set"))
        return take_set(p, joined);
    const struct fr_option *own = is_long ? find_own(p, arg + 2, len - 2) : NULL;
    if (own)
        return take_own(p, own, flag, joined);
    const struct fr_setting *s = is_long ? find_long(arg + 2, len - 2) : find_letter(arg[1]);
    if (!s)
        return unknown(p, flag);
    if (!is_long && s->opt.type == FR_OPT_BOOL && joined) /* -qm */
        return fr_fail(p->err, FR_EINVAL, "say %s and -%s apart", flag, joined);
    return take_setting(p, s, flag, joined);
}

static fr_status take_command(struct parsing *p, const char *name)
{
    struct fr_suggest suggest = fr_suggest_new(name);
    for (const struct fr_command *c = fr_commands; c->name; c++) {
        fr_suggest_try(&suggest, c->name);
        if (strcmp(c->name, name) == 0) {
            p->line->command = c;
            return FR_OK;
        }
    }
    char hint[128];
    return fr_fail(p->err, FR_EINVAL, "there is no command \"%s\"%s", name,
                   fr_suggest_text(&suggest, hint, sizeof(hint)));
}

/* A flag that has no effect is a misunderstanding. */
static fr_status check_flags(const struct parsing *p)
{
    const struct fr_command *c = p->line->command;
    for (size_t i = 0; c && i < p->used_count; i++)
        if (!(p->used[i]->roles & c->roles))
            return fr_fail(p->err, FR_EINVAL,
                           "`%s` does not use --%s (`fractal %s --help` lists "
                           "what it does)",
                           c->name, p->used[i]->flag, c->name);
    if (c && p->line->argc > c->max_operands)
        return fr_fail(p->err, FR_EINVAL, "`%s` takes no \"%s\"", c->name,
                       p->line->argv[c->max_operands]);
    return FR_OK;
}

fr_status fr_flags_parse(int argc, char **argv, struct fr_config *config, struct fr_cmdline *line_p,
                         struct fr_error *err)
{
    *line_p = (struct fr_cmdline){.argv = argv};
    struct parsing p = {
        .argc = argc, .at = 1, .argv = argv, .config = config, .line = line_p, .err = err};
    bool flags = true;
    while (p.at < argc) {
        char *arg = argv[p.at++];
        fr_status st = FR_OK;
        if (flags && strcmp(arg, "--") == 0)
            flags = false;
        else if (flags && arg[0] == '-' && arg[1])
            st = take_flag(&p, arg);
        else if (!line_p->command)
            st = take_command(&p, arg);
        else
            argv[line_p->argc++] = arg;
        if (st != FR_OK)
            return st;
    }
    return check_flags(&p);
}
