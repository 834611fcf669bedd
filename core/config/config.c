/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "base/suggest.h"
#include "config/option.h"
#include "config/store.h"

#include <stdlib.h>
#include <string.h>

/* The part of a plugin in this configuration. */
struct bound {
    struct bound *next;
    const struct fr_option *options; /* may be NULL */
    void *blob;
    char section[128];
};

struct fr_config {
    struct fr_store store;
    struct fr_settings settings;
    struct bound *bound, **bound_end;
};

struct fr_config *fr_config_new(void)
{
    struct fr_config *config = calloc(1, sizeof(*config));
    if (config)
        config->bound_end = &config->bound;
    return config;
}

void fr_config_free(struct fr_config *config)
{
    if (!config)
        return;
    while (config->bound) {
        struct bound *b = config->bound;
        config->bound = b->next;
        free(b->blob);
        free(b);
    }
    fr_store_clear(&config->store);
    free(config);
}

struct fr_config *fr_config_copy(const struct fr_config *config)
{
    struct fr_config *copy = fr_config_new();
    for (const struct fr_entry *e = config->store.first; copy && e; e = e->next) {
        if (!fr_store_add(&copy->store, e->section, e->key, e->value, e->origin, e->from_flag)) {
            fr_config_free(copy);
            copy = NULL;
        }
    }
    return copy;
}

fr_status fr_config_load(struct fr_config *config, const char *file, struct fr_error *err)
{
    return fr_ini_load(&config->store, file, err);
}

fr_status fr_config_set(struct fr_config *config, const char *dotted_key, const char *value,
                        const char *origin, struct fr_error *err)
{
    const char *dot = strrchr(dotted_key, '.');
    if (!dot || dot == dotted_key || !dot[1])
        return fr_fail(err, FR_EINVAL, "%s: \"%s\" is no section.key, such as job.width", origin,
                       dotted_key);
    const char *why = fr_ini_unwritable(value);
    if (why)
        return fr_fail(err, FR_EINVAL, "%s: the value %s", origin, why);
    char *section = strndup(dotted_key, (size_t)(dot - dotted_key));
    bool kept = section && fr_store_add(&config->store, section, dot + 1, value, origin, true);
    free(section);
    return kept ? FR_OK : fr_fail(err, FR_ENOMEM, "out of memory");
}

/* -------------------------------------------------------------------- names */

static bool core_has(const char *section, const char *key)
{
    for (const struct fr_setting *s = fr_setting_table; s->section; s++)
        if (strcmp(s->section, section) == 0 && (!key || strcmp(s->opt.key, key) == 0))
            return true;
    return false;
}

static bool is_plugin_section(const char *section)
{
    static const char *const kinds[] = {"transport.", "palette.", "output."};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(section, kinds[i], strlen(kinds[i])) == 0 && section[strlen(kinds[i])])
            return true;
    return false;
}

static fr_status check_name(const struct fr_entry *e, struct fr_error *err)
{
    char hint[128];
    if (is_plugin_section(e->section) || core_has(e->section, e->key))
        return FR_OK;
    bool section_known = core_has(e->section, NULL);
    struct fr_suggest suggest = fr_suggest_new(section_known ? e->key : e->section);
    const struct fr_setting *elsewhere = NULL;
    for (const struct fr_setting *s = fr_setting_table; s->section; s++) {
        if (!section_known)
            fr_suggest_try(&suggest, s->section);
        else if (strcmp(s->section, e->section) == 0)
            fr_suggest_try(&suggest, s->opt.key);
        if (strcmp(s->opt.key, e->key) == 0)
            elsewhere = s;
    }
    fr_suggest_text(&suggest, hint, sizeof(hint));
    if (section_known && !suggest.best && elsewhere)
        snprintf(hint, sizeof(hint), " (it belongs to section [%s])", elsewhere->section);
    if (!section_known)
        return fr_fail(err, FR_EINVAL, "%s: there is no section [%s]%s", e->origin, e->section,
                       hint);
    return fr_fail(err, FR_EINVAL, "%s: section [%s] has no key \"%s\"%s", e->origin, e->section,
                   e->key, hint);
}

/* ------------------------------------------------------------------- values */

static fr_status parse_into(const struct fr_config *config, const char *section,
                            const struct fr_option *opt, void *base, struct fr_error *err)
{
    const struct fr_entry *e = fr_store_find(&config->store, section, opt->key);
    const char *text = e ? e->value : opt->def;
    char where[640];
    if (!text)
        return fr_fail(err, FR_EINVAL, "[%s] %s must be given: %s", section, opt->key, opt->help);
    snprintf(where, sizeof(where), "%s: [%s] %s", e ? e->origin : "default", section, opt->key);
    return fr_option_parse(opt, text, base, where, err);
}

fr_status fr_config_settings(struct fr_config *config, const struct fr_settings **settings_p,
                             struct fr_error *err)
{
    for (const struct fr_entry *e = config->store.first; e; e = e->next) {
        fr_status st = check_name(e, err);
        if (st != FR_OK)
            return st;
    }
    for (const struct fr_setting *s = fr_setting_table; s->section; s++) {
        fr_status st = parse_into(config, s->section, &s->opt, &config->settings, err);
        if (st != FR_OK)
            return st;
    }
    *settings_p = &config->settings;
    return FR_OK;
}

const char *fr_config_origin(const struct fr_config *config, const char *section, const char *key)
{
    const struct fr_entry *e = fr_store_find(&config->store, section, key);
    return e ? e->origin : NULL;
}

bool fr_config_given(const struct fr_config *config, const char *dotted_key)
{
    for (const struct fr_entry *e = config->store.first; e; e = e->next) {
        size_t len = strlen(e->section);
        if (strncmp(dotted_key, e->section, len) == 0 && dotted_key[len] == '.' &&
            strcmp(dotted_key + len + 1, e->key) == 0)
            return true;
    }
    return false;
}

bool fr_config_flag(const struct fr_config *config, size_t i, char *buf, size_t cap,
                    const char **value_p)
{
    for (const struct fr_entry *e = config->store.first; e; e = e->next) {
        if (!e->from_flag || i-- > 0)
            continue;
        snprintf(buf, cap, "%s.%s", e->section, e->key);
        *value_p = e->value;
        return true;
    }
    return false;
}

static const struct bound *find_bound(const struct fr_config *config, const char *section)
{
    for (const struct bound *b = config->bound; b; b = b->next)
        if (strcmp(b->section, section) == 0)
            return b;
    return NULL;
}

static fr_status check_plugin_key(const struct bound *b, const struct fr_entry *e,
                                  struct fr_error *err)
{
    struct fr_suggest suggest = fr_suggest_new(e->key);
    for (const struct fr_option *o = b->options; o && o->key; o++) {
        if (strcmp(o->key, e->key) == 0)
            return FR_OK;
        fr_suggest_try(&suggest, o->key);
    }
    char hint[128];
    return fr_fail(err, FR_EINVAL, "%s: section [%s] has no key \"%s\"%s", e->origin, b->section,
                   e->key, fr_suggest_text(&suggest, hint, sizeof(hint)));
}

fr_status fr_config_bind(struct fr_config *config, const struct fr_plugin *plugin,
                         const char *kind_name, const void **blob_p, struct fr_error *err)
{
    struct bound *b = calloc(1, sizeof(*b));
    if (b) {
        b->options = plugin->options;
        b->blob = calloc(1, plugin->config_size + 1);
    }
    if (!b || !b->blob) {
        free(b);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    snprintf(b->section, sizeof(b->section), "%s.%s", kind_name, plugin->name);
    *config->bound_end = b;
    config->bound_end = &b->next;
    for (const struct fr_entry *e = config->store.first; e; e = e->next) {
        fr_status st = strcmp(e->section, b->section) == 0 ? check_plugin_key(b, e, err) : FR_OK;
        if (st != FR_OK)
            return st;
    }
    for (const struct fr_option *o = b->options; o && o->key; o++) {
        fr_status st = parse_into(config, b->section, o, b->blob, err);
        if (st != FR_OK)
            return st;
    }
    *blob_p = b->options ? b->blob : NULL;
    return FR_OK;
}

const char *fr_config_unbound(const struct fr_config *config, size_t i, const char **origin_p)
{
    for (const struct fr_entry *e = config->store.first; e; e = e->next) {
        if (core_has(e->section, NULL) || find_bound(config, e->section))
            continue;
        if (i-- == 0) {
            *origin_p = e->origin;
            return e->section;
        }
    }
    return NULL;
}

static const char *effective(const struct fr_config *config, const char *section,
                             const struct fr_option *opt)
{
    const struct fr_entry *e = fr_store_find(&config->store, section, opt->key);
    return e ? e->value : opt->def ? opt->def : "";
}

void fr_config_each(const struct fr_config *config,
                    void (*take)(void *ctx, const char *section, const char *key,
                                 const char *value),
                    void *ctx)
{
    for (const struct fr_setting *s = fr_setting_table; s->section; s++)
        take(ctx, s->section, s->opt.key, effective(config, s->section, &s->opt));
    for (const struct bound *b = config->bound; b; b = b->next)
        for (const struct fr_option *o = b->options; o && o->key; o++)
            take(ctx, b->section, o->key, effective(config, b->section, o));
}

/* -------------------------------------------------------------------- print */

static void print_value(const char *value, FILE *to)
{
    size_t n = fr_ini_piece(value);
    for (; n > 0 && value[n]; n = fr_ini_piece(value)) {
        fprintf(to, "%.*s\n    ", (int)n, value);
        value += n;
    }
    fprintf(to, "%s\n", value);
}

static void print_option(const struct fr_config *config, const char *section,
                         const struct fr_option *opt, FILE *to)
{
    const struct fr_entry *e = fr_store_find(&config->store, section, opt->key);
    fprintf(to, "; %s\n%s = ", e ? e->origin : "default", opt->key);
    print_value(effective(config, section, opt), to);
}

void fr_config_print(const struct fr_config *config, FILE *to)
{
    const char *section = "";
    for (const struct fr_setting *s = fr_setting_table; s->section; s++) {
        if (strcmp(section, s->section) != 0)
            fprintf(to, "%s[%s]\n", *section ? "\n" : "", s->section);
        section = s->section;
        print_option(config, section, &s->opt, to);
    }
    for (const struct bound *b = config->bound; b; b = b->next) {
        if (!b->options)
            continue;
        fprintf(to, "\n[%s]\n", b->section);
        for (const struct fr_option *o = b->options; o->key; o++)
            print_option(config, b->section, o, to);
    }
}
