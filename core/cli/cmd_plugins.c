/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "cli/describe.h"
#include "cli/role.h"

#include <string.h>

static void list(const struct fr_found *found, size_t count)
{
    enum fr_kind kind = FR_KIND_INVALID;
    for (size_t i = 0; i < count; i++) {
        const struct fr_found *f = &found[i];
        if (f->status != FR_OK)
            continue;
        const struct fr_plugin *p = f->loaded.plugin;
        if (f->kind != kind)
            printf("%s%s\n", kind == FR_KIND_INVALID ? "" : "\n", fr_kind_name(f->kind));
        kind = f->kind;
        if (f->alias_of)
            printf("  %-16s = %s\n", f->name, f->alias_of);
        else
            printf("  %-16s %-6s %s%s%s%s\n", f->name, p->version, p->summary,
                   p->backend ? " (" : "", p->backend ? p->backend : "", p->backend ? ")" : "");
    }
    for (size_t i = 0; i < count; i++)
        if (found[i].status != FR_OK)
            printf("\nrefused: %s\n", found[i].reason);
}

/* By name, of whatever kind, or by path. */
static int describe_one(const struct fr_plugin_path *path, const char *name, bool json)
{
    static const enum fr_kind kinds[] = {FR_KIND_TRANSPORT, FR_KIND_OUTPUT, FR_KIND_PALETTE};
    struct fr_error first = {0};
    size_t shown = 0;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct fr_loaded loaded;
        struct fr_error err = {0};
        if (fr_plugin_load(path, kinds[i], name, &loaded, &err) == FR_OK) {
            if (json)
                fr_describe_json_one(&loaded, stdout);
            else
                fr_describe_text(&loaded, stdout);
            fr_plugin_unload(&loaded);
            shown++;
        } else if (first.status == FR_OK || !strstr(err.text, "there is no")) {
            first = err; /* the one that has more to say than "not here" */
        }
    }
    return shown > 0 ? FR_EXIT_DONE : fr_role_refuse(&first);
}

struct own {
    bool json;
};

const struct fr_option fr_cmd_plugins_flags[] = {
    {.key = "json",
     .type = FR_OPT_BOOL,
     .offset = offsetof(struct own, json),
     .def = "no",
     .help = "Print JSON."},
    {.key = NULL},
};

int fr_cmd_plugins(struct fr_config *config, const struct fr_cmdline *line)
{
    struct fr_error err = {0};
    const struct fr_settings *settings;
    struct fr_plugin_path path;
    const char *name = line->argc > 0 ? line->argv[0] : NULL;
    struct own own;
    fr_cmdline_own(line, &own);
    if (fr_config_settings(config, &settings, &err) != FR_OK ||
        fr_plugin_path_make(settings->plugins.path, &path, &err) != FR_OK)
        return fr_role_refuse(&err);
    int code = FR_EXIT_DONE;
    if (name) {
        code = describe_one(&path, name, own.json);
    } else {
        struct fr_found *found;
        size_t count;
        if (fr_plugin_scan(&path, &found, &count, &err) != FR_OK) {
            code = fr_role_refuse(&err);
        } else {
            if (own.json)
                fr_describe_json_all(found, count, stdout);
            else
                list(found, count);
            fr_plugin_scan_free(found, count);
        }
    }
    fr_plugin_path_clear(&path);
    return code;
}
