/* SPDX-License-Identifier: MIT */
#include "cli/request.h"

#include "base/suggest.h"
#include "cli/role.h"
#include "plugin/scan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char origin[] = "POST /start";

/* A plain name: what it names lies in one folder, whatever it is joined to. */
static fr_status check_name(const char *key, const char *name, struct fr_error *err)
{
    bool plain = *name && *name != '.' && strlen(name) <= 200;
    for (const char *c = name; *c && plain; c++)
        plain = *c != '/' && *c != '\\' && !iscntrl((unsigned char)*c);
    if (plain)
        return FR_OK;
    return fr_fail(err, FR_EINVAL,
                   "%s: %s: \"%s\" is not valid (valid: a plain name, without a '/' and without "
                   "a leading dot)",
                   origin, key, name);
}

static fr_status set_file(struct fr_config *config, const char *folder, const char *key,
                          const char *name, struct fr_error *err)
{
    char *path;
    fr_status st = check_name(key, name, err);
    if (st != FR_OK)
        return st;
    bool here = strcmp(folder, ".") == 0;
    if (asprintf(&path, "%s%s%s", here ? "" : folder, here ? "" : "/", name) < 0)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    st = fr_config_set(config, "output.outfile", path, origin, err);
    free(path);
    return st;
}

static fr_status set_param(struct fr_config *config, const char *folder,
                           const struct fr_param *param, struct fr_error *err)
{
    const char *key = param->key;
    char dotted[128];
    if (strcmp(key, "output") == 0 || strcmp(key, "outfile") == 0 ||
        strcmp(key, "output.outfile") == 0)
        return set_file(config, folder, key, param->value, err);
    if (strncmp(key, "job.", 4) == 0)
        key += 4;
    if (!*key || strchr(key, '.') || strlen(key) > 64)
        return fr_fail(err, FR_EINVAL,
                       "%s: \"%s\" is nothing that a request can set (valid: the keys of [job], "
                       "output, wait)",
                       origin, param->key);
    if (strcmp(key, "palette") == 0) {
        fr_status st = check_name(key, param->value, err);
        if (st != FR_OK)
            return st;
    }
    snprintf(dotted, sizeof(dotted), "job.%s", key);
    return fr_config_set(config, dotted, param->value, origin, err);
}

/* Files of an output's own kind only: nothing else in the folder can be overwritten. */
static fr_status check_files(const struct fr_setup *setup, struct fr_error *err)
{
    for (size_t i = 0; i < setup->output_count; i++) {
        const struct fr_setup_output *o = &setup->outputs[i];
        const char *ending = FR_HAS(o->ops, extension) ? o->ops->extension : NULL;
        const char *dot = strrchr(o->path, '.');
        if (ending && (!dot || strcasecmp(dot + 1, ending) != 0))
            return fr_fail(err, FR_EINVAL, "%s: output: \"%s\" does not end in .%s", origin,
                           strrchr(o->path, '/') ? strrchr(o->path, '/') + 1 : o->path, ending);
    }
    return FR_OK;
}

static bool names_file(const struct fr_params *params)
{
    for (size_t i = 0; i < params->count; i++)
        if (strncmp(params->items[i].key, "out", 3) == 0)
            return true;
    return false;
}

/* A name given here, or configured without a folder, is one in our folder. */
static fr_status set_params(const struct fr_request_maker *maker, struct fr_config *config,
                            const struct fr_params *params, struct fr_error *err)
{
    fr_status st = FR_OK;
    for (size_t i = 0; st == FR_OK && i < params->count; i++)
        st = set_param(config, maker->folder, &params->items[i], err);
    if (st == FR_OK && !names_file(params) && !strchr(maker->outfile, '/'))
        st = set_file(config, maker->folder, "output", maker->outfile, err);
    return st;
}

static void tell(const struct fr_setup *setup, struct fr_job_facts *facts)
{
    *facts = (struct fr_job_facts){
        .spec = setup->spec, .job = setup->job, .step = setup->settings->job.step};
    snprintf(facts->palette, sizeof(facts->palette), "%s", setup->palette.loaded.plugin->name);
    for (size_t i = 0; i < setup->output_count; i++) {
        const struct fr_setup_output *o = &setup->outputs[i];
        bool png = FR_HAS(o->ops, extension) && strcmp(o->ops->extension, "png") == 0;
        if (!*o->path || strlen(o->path) >= sizeof(facts->path) || (*facts->path && !png))
            continue;
        const char *slash = strrchr(o->path, '/');
        snprintf(facts->path, sizeof(facts->path), "%s", o->path);
        snprintf(facts->file, sizeof(facts->file), "%s", slash ? slash + 1 : o->path);
        facts->png = png;
    }
}

fr_status fr_request_prepare(void *ctx, const struct fr_params *params,
                             struct fr_job_facts *facts_p, void **work_p, struct fr_error *err)
{
    const struct fr_request_maker *maker = ctx;
    struct fr_setup_kept *kept = calloc(1, sizeof(*kept));
    uint64_t most_bytes;
    if (kept)
        kept->config = fr_config_copy(maker->config);
    if (!kept || !kept->config) {
        free(kept);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    fr_status st = params ? set_params(maker, kept->config, params, err) : FR_OK;
    if (st == FR_OK)
        st = fr_setup_make(kept->config, FR_FOR_LEADER | FR_SETUP_UNCONNECTED, &kept->setup, err);
    if (st != FR_OK)
        goto free_kept;
    if (params && names_file(params))
        st = check_files(&kept->setup, err);
    if (st == FR_OK)
        st = fr_role_rehearse(&kept->setup, &most_bytes, err);
    if (st == FR_OK && most_bytes > maker->most_bytes)
        st = fr_fail(err, FR_EINVAL,
                     "%s: one task of this job comes to %llu bytes, this leader was opened for "
                     "%llu: fewer [schedule] rows_per_task",
                     origin, (unsigned long long)most_bytes, (unsigned long long)maker->most_bytes);
    if (st == FR_OK) {
        tell(&kept->setup, facts_p);
        *work_p = kept;
        return FR_OK;
    }
    fr_setup_free(&kept->setup);
free_kept:
    fr_config_free(kept->config);
    free(kept);
    return st;
}

void fr_request_discard(void *work)
{
    struct fr_setup_kept *kept = work;
    fr_setup_free(&kept->setup);
    fr_config_free(kept->config);
    free(kept);
}

/* ------------------------------------------------------------------ options */

struct defaults {
    json_t *values; /* of [job] */
    const char *outfile;
};

static void take_default(void *ctx, const char *section, const char *key, const char *value)
{
    struct defaults *d = ctx;
    if (strcmp(section, "job") == 0)
        json_object_set_new(d->values, key, json_string(value));
    else if (strcmp(section, "output") == 0 && strcmp(key, "outfile") == 0)
        d->outfile = value;
}

static json_t *option_json(const struct fr_option *o, const json_t *values)
{
    static const char *const types[] = {[FR_OPT_INT] = "integer",
                                        [FR_OPT_DOUBLE] = "number",
                                        [FR_OPT_STRING] = "text",
                                        [FR_OPT_ENUM] = "choice"};
    json_t *json = json_pack("{s:s, s:s, s:s, s:O?}", "key", o->key, "type", types[o->type], "help",
                             o->help, "value", json_object_get(values, o->key));
    if (o->min < o->max) {
        json_object_set_new(json, "min", json_real(o->min));
        json_object_set_new(json, "max", json_real(o->max));
    }
    if (o->type == FR_OPT_ENUM) {
        json_t *choices = json_array();
        for (size_t i = 0; o->choices[i]; i++)
            json_array_append_new(choices, json_string(o->choices[i]));
        json_object_set_new(json, "choices", choices);
    }
    return json;
}

static json_t *palettes_json(const struct fr_config *config)
{
    struct fr_error err = {0};
    struct fr_config *copy = fr_config_copy(config);
    const struct fr_settings *settings;
    struct fr_plugin_path path;
    json_t *json = json_array();
    if (copy && fr_config_settings(copy, &settings, &err) == FR_OK &&
        fr_plugin_path_make(settings->plugins.path, &path, &err) == FR_OK) {
        struct fr_names names = {0};
        fr_plugin_names(&path, FR_KIND_PALETTE, &names);
        for (size_t i = 0; i < names.count; i++)
            json_array_append_new(json, json_string(names.names[i]));
        fr_names_clear(&names);
        fr_plugin_path_clear(&path);
    }
    fr_config_free(copy);
    return json;
}

json_t *fr_request_options(void *ctx)
{
    const struct fr_request_maker *maker = ctx;
    struct defaults d = {.values = json_object(), .outfile = ""};
    json_t *options = json_array();
    fr_config_each(maker->config, take_default, &d);
    for (const struct fr_setting *s = fr_setting_table; s->section; s++)
        if (strcmp(s->section, "job") == 0)
            json_array_append_new(options, option_json(&s->opt, d.values));
    json_decref(d.values);
    const char *slash = strrchr(d.outfile, '/');
    return json_pack("{s:o, s:o, s:s}", "options", options, "palettes",
                     palettes_json(maker->config), "output", slash ? slash + 1 : d.outfile);
}
