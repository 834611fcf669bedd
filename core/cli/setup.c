/* SPDX-License-Identifier: MIT */
#include "cli/setup.h"

#include "base/log.h"
#include "base/status.h"
#include "base/suggest.h"
#include "plugin/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OUTPUTS 16

/* key: the one that named it, "[job] palette", for the message. */
static fr_status use_plugin(struct fr_config *config, const struct fr_setup *setup,
                            enum fr_kind kind, const char *key, const char *name,
                            struct fr_setup_plugin *plugin_p, struct fr_error *err)
{
    struct fr_setup_plugin p = {0};
    struct fr_error why = {0};
    fr_status st = fr_plugin_load(&setup->path, kind, name, &p.loaded, &why);
    if (st != FR_OK)
        return fr_fail(err, st, "%s: %s", key, why.text);
    p.box = fr_host_box_new(p.loaded.plugin->name);
    if (!p.box)
        st = fr_fail(err, FR_ENOMEM, "out of memory");
    else
        st = fr_config_bind(config, p.loaded.plugin, fr_kind_name(kind), &p.cfg, err);
    if (st == FR_OK) {
        *plugin_p = p;
    } else {
        fr_host_box_free(p.box);
        fr_plugin_unload(&p.loaded);
    }
    return st;
}

static void drop_plugin(struct fr_setup_plugin *p)
{
    fr_host_box_free(p->box);
    fr_plugin_unload(&p->loaded);
}

/* ---------------------------------------------------------------- transport */

static fr_status use_layer(struct fr_config *config, struct fr_setup *setup, const char *name,
                           bool hook, struct fr_error *err)
{
    if (setup->transport_count == (hook ? FR_MAX_HOOKS : FR_MAX_HOOKS + 1))
        return fr_fail(err, FR_EINVAL, "[transport] hooks: more than %d", FR_MAX_HOOKS);
    struct fr_setup_plugin *p = &setup->transports[setup->transport_count];
    fr_status st = use_plugin(config, setup, FR_KIND_TRANSPORT,
                              hook ? "[transport] hooks" : "[transport] plugin", name, p, err);
    if (st != FR_OK)
        return st;
    setup->transport_count++;
    const struct fr_transport_ops *ops = p->loaded.plugin->ops;
    bool is_hook = FR_HAS(ops, open_over);
    if (is_hook != hook)
        return fr_fail(err, FR_EINVAL,
                       is_hook
                           ? "[transport] plugin: %s is a hook, which goes around a transport: "
                             "say hooks = %s"
                           : "[transport] hooks: %s is a transport and no hook: say plugin = %s",
                       name, name);
    setup->transport.layers[setup->transport.count++] =
        (struct fr_layer){.plugin = p->loaded.plugin, .cfg = p->cfg};
    return FR_OK;
}

/* The next of names that commas join, without blanks around it; NULL past the last. */
static char *next_name(char **rest)
{
    char *name = strsep(rest, ",");
    if (name) {
        name += strspn(name, " \t");
        name[strcspn(name, " \t")] = '\0';
    }
    return name;
}

static fr_status use_transport(struct fr_config *config, struct fr_setup *setup,
                               struct fr_error *err)
{
    const struct fr_settings *s = setup->settings;
    char *hooks = strdup(s->transport.hooks), *rest = hooks, *name;
    fr_status st = hooks ? FR_OK : fr_fail(err, FR_ENOMEM, "out of memory");
    while (st == FR_OK && *s->transport.hooks && (name = next_name(&rest)))
        st = use_layer(config, setup, name, true, err);
    free(hooks);
    return st == FR_OK ? use_layer(config, setup, s->transport.plugin, false, err) : st;
}

/* ------------------------------------------------------------------ outputs */

/* The file that this output makes. Alone it takes the name as it is; one of several takes its own
 * ending. NULL: out of memory. */
static char *path_for(const char *outfile, const char *extension, bool alone)
{
    if (!extension)
        return strdup("");
    const char *slash = strrchr(outfile, '/');
    const char *dot = strrchr(slash ? slash : outfile, '.');
    if (alone || (dot && strcmp(dot + 1, extension) == 0))
        return strdup(outfile);
    char *path;
    int stem = dot ? (int)(dot - outfile) : (int)strlen(outfile);
    return asprintf(&path, "%.*s.%s", stem, outfile, extension) < 0 ? NULL : path;
}

static fr_status use_output(struct fr_config *config, struct fr_setup *setup, const char *name,
                            bool alone, struct fr_error *err)
{
    struct fr_setup_output *o = &setup->outputs[setup->output_count];
    fr_status st =
        use_plugin(config, setup, FR_KIND_OUTPUT, "[output] plugins", name, &o->plugin, err);
    if (st != FR_OK)
        return st;
    setup->output_count++;
    o->ops = o->plugin.loaded.plugin->ops;
    const char *extension = FR_HAS(o->ops, extension) ? o->ops->extension : NULL;
    o->path = path_for(setup->settings->output.outfile, extension, alone);
    if (!o->path)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    if (extension && !*o->path)
        return fr_fail(err, FR_EINVAL, "[output] outfile: output %s needs a file name", name);
    for (size_t i = 0; i + 1 < setup->output_count; i++)
        if (*o->path && strcmp(setup->outputs[i].path, o->path) == 0)
            return fr_fail(err, FR_EINVAL, "[output] plugins: %s and %s would both write %s",
                           setup->outputs[i].plugin.loaded.plugin->name, name, o->path);
    return FR_OK;
}

static fr_status use_outputs(struct fr_config *config, struct fr_setup *setup, struct fr_error *err)
{
    setup->outputs = calloc(MAX_OUTPUTS, sizeof(*setup->outputs));
    char *names = strdup(setup->settings->output.plugins);
    fr_status st = setup->outputs && names ? FR_OK : fr_fail(err, FR_ENOMEM, "out of memory");
    bool alone = names && !strchr(names, ',');
    char *rest = names, *name;
    while (st == FR_OK && (name = next_name(&rest))) {
        if (setup->output_count == MAX_OUTPUTS)
            st = fr_fail(err, FR_EINVAL, "[output] plugins: more than %d outputs", MAX_OUTPUTS);
        else
            st = use_output(config, setup, name, alone, err);
    }
    free(names);
    return st;
}

/* ---------------------------------------------------------------------- job */

static fr_status make_job(struct fr_setup *setup, struct fr_error *err)
{
    const struct fr_settings *s = setup->settings;
    setup->spec = (struct fr_job_spec){.width = (uint32_t)s->job.width,
                                       .height = (uint32_t)s->job.height,
                                       .smoothness = (uint32_t)s->job.smoothness,
                                       .xpos = s->job.xpos,
                                       .ypos = s->job.ypos,
                                       .escape_radius = s->job.escape_radius,
                                       .iters = (uint32_t)s->job.iters,
                                       .view = (enum fr_view)s->job.view,
                                       .coloring = (enum fr_coloring)s->job.coloring,
                                       .payload = (enum fr_payload)s->job.payload};
    return fr_job_make(&setup->spec, &setup->job, err);
}

/* --------------------------------------------------------------------- both */

/* A section of a plugin that is not in use is fine, one of a plugin that does not exist is a typo.
 */
static fr_status check_sections(const struct fr_config *config, const struct fr_setup *setup,
                                unsigned roles, struct fr_error *err)
{
    static const enum fr_kind kinds[] = {FR_KIND_TRANSPORT, FR_KIND_PALETTE, FR_KIND_OUTPUT};
    if ((roles & FR_FOR_ALL) == FR_FOR_WORKER) /* it may well not have the leader's plugins */
        return FR_OK;
    const char *section, *origin;
    for (size_t i = 0; (section = fr_config_unbound(config, i, &origin)); i++) {
        size_t len = strcspn(section, ".");
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            if (strlen(fr_kind_name(kinds[k])) != len ||
                strncmp(section, fr_kind_name(kinds[k]), len) != 0)
                continue;
            const char *name = section + len + 1;
            struct fr_suggest suggest = fr_suggest_new(name);
            struct fr_names names = {0};
            bool there = false;
            fr_plugin_names(&setup->path, kinds[k], &names);
            for (size_t n = 0; n < names.count && !there; n++) {
                there = strcmp(names.names[n], name) == 0;
                fr_suggest_try(&suggest, names.names[n]);
            }
            char hint[128];
            if (!there)
                fr_fail(err, FR_EINVAL, "%s: section [%s]: there is no %s \"%s\"%s", origin,
                        section, fr_kind_name(kinds[k]), name,
                        fr_suggest_text(&suggest, hint, sizeof(hint)));
            fr_names_clear(&names);
            if (!there)
                return FR_EINVAL;
        }
    }
    return FR_OK;
}

/* The core has parsed the options, the plugins judge what only they understand. */
static fr_status check_transport(const struct fr_setup *setup, unsigned roles, struct fr_error *err)
{
    const struct fr_settings *s = setup->settings;
    const bool run = roles & FR_FOR_RUN, any_address = run && !*s->transport.address;
    struct fr_open_args args = {.size = sizeof(args),
                                .role = FR_ROLE_LEADER,
                                .flags = (any_address ? FR_OPEN_ANY_ADDRESS : 0) |
                                         (*s->transport.token ? FR_OPEN_TOKEN : 0),
                                .address = s->transport.address};
    fr_status st = FR_OK;
    if (roles & (FR_FOR_LEADER | FR_FOR_RUN))
        st = fr_transport_check(&setup->transport, &args, err);
    args.role = FR_ROLE_WORKER;
    args.flags = run ? FR_OPEN_UNBOUND : 0;
    if (st == FR_OK && (roles & (FR_FOR_WORKER | FR_FOR_RUN)))
        st = fr_transport_check(&setup->transport, &args, err);
    return st;
}

static fr_status check_outputs(const struct fr_setup *setup, struct fr_error *err)
{
    fr_status st = FR_OK;
    for (size_t i = 0; st == FR_OK && i < setup->output_count; i++) {
        const struct fr_setup_output *o = &setup->outputs[i];
        const struct fr_image image = {.size = sizeof(image),
                                       .width = setup->job.width,
                                       .height = setup->job.height,
                                       .path = o->path,
                                       .title = ""};
        if (!FR_HAS(o->ops, check))
            continue;
        st = o->ops->check(fr_host_box_host(o->plugin.box), o->plugin.cfg, &image);
        st = fr_host_box_take(o->plugin.box, st, err);
        if (st != FR_OK)
            fr_fail(err, st, "output %s refuses its configuration: %s",
                    o->plugin.loaded.plugin->name, fr_status_text(st));
    }
    return st;
}

/* Whatever a plugin calls it, somebody has to change something. */
static fr_status check_plugins(const struct fr_setup *setup, unsigned roles, struct fr_error *err)
{
    fr_status st = roles & FR_SETUP_UNCONNECTED ? FR_OK : check_transport(setup, roles, err);
    if (st == FR_OK)
        st = check_outputs(setup, err);
    if (st != FR_OK && st != FR_ENOMEM)
        st = err->status = FR_EINVAL;
    return st;
}

static fr_status fill(struct fr_config *config, unsigned roles, struct fr_setup *setup,
                      struct fr_error *err)
{
    const struct fr_settings *s = setup->settings;
    fr_status st = fr_plugin_path_make(s->plugins.path, &setup->path, err);
    if (st == FR_OK)
        st = use_transport(config, setup, err);
    if (st != FR_OK)
        return st;
    if (roles & (FR_FOR_WORKER | FR_FOR_RUN))
        st = fr_kernel_find(s->worker.kernel, &setup->kernel, err);
    if (st == FR_OK && (roles & (FR_FOR_LEADER | FR_FOR_RUN))) {
        st = make_job(setup, err);
        if (st == FR_OK)
            st = use_plugin(config, setup, FR_KIND_PALETTE, "[job] palette", s->job.palette,
                            &setup->palette, err);
        if (st == FR_OK) {
            setup->palette_ops = setup->palette.loaded.plugin->ops;
            st = use_outputs(config, setup, err);
        }
    }
    if (st == FR_OK)
        st = check_sections(config, setup, roles, err);
    return st == FR_OK ? check_plugins(setup, roles, err) : st;
}

void fr_setup_add_origin(const struct fr_config *config, struct fr_error *err)
{
    char section[128], key[64];
    const char *origin;
    struct fr_error plain = *err;
    if (sscanf(plain.text, "[%127[^]\n]] %63[a-z0-9_]", section, key) == 2 &&
        (origin = fr_config_origin(config, section, key)))
        snprintf(err->text, sizeof(err->text), "%s: %.900s", origin, plain.text);
}

fr_status fr_setup_make(struct fr_config *config, unsigned roles, struct fr_setup *setup_p,
                        struct fr_error *err)
{
    struct fr_setup setup = {.config = config};
    fr_status st = fr_config_settings(config, &setup.settings, err);
    if (st != FR_OK)
        return st;
    if (setup.settings->log.quiet)
        fr_log_set_level(FR_LOG_ERROR);
    else if (setup.settings->log.verbose)
        fr_log_set_level(FR_LOG_DEBUG);
    struct fr_error why = {0};
    st = fill(config, roles, &setup, &why);
    if (st == FR_OK) {
        *setup_p = setup;
    } else {
        fr_setup_add_origin(config, &why);
        fr_fail(err, why.status, "%s", why.text);
        fr_setup_free(&setup);
    }
    return st;
}

void fr_setup_free(struct fr_setup *setup)
{
    for (size_t i = 0; i < setup->output_count; i++) {
        free(setup->outputs[i].path);
        drop_plugin(&setup->outputs[i].plugin);
    }
    free(setup->outputs);
    drop_plugin(&setup->palette);
    for (size_t i = 0; i < setup->transport_count; i++)
        drop_plugin(&setup->transports[i]);
    fr_plugin_path_clear(&setup->path);
    *setup = (struct fr_setup){0};
}
