/* SPDX-License-Identifier: MIT
 * plugin.h - find, open, verify and describe plugins. */
#ifndef FR_PLUGIN_PLUGIN_H
#define FR_PLUGIN_PLUGIN_H
#include "base/error.h"

#include <fractal/plugin.h>
#include <stdbool.h>
#include <stddef.h>

/* Where plugins are looked for, first hit wins: the configured path ([plugins] path, folders joined
 * by ':'), $FRACTAL_PLUGIN_PATH, beside the executable (plugins/), the installed prefix. In each
 * folder D: D/<kind>/<name>.so, then D/<name>.so. */
struct fr_plugin_path {
    char **dirs;
    size_t count;
};
fr_status fr_plugin_path_make(const char *configured, struct fr_plugin_path *path_p,
                              struct fr_error *err);
void fr_plugin_path_clear(struct fr_plugin_path *path);

struct fr_loaded {
    const struct fr_plugin *plugin;
    char *file; /* as opened */
    void *handle;
};

const char *fr_kind_name(enum fr_kind kind); /* "transport", "palette", "output" */

/* Opens a plugin by name, or by path where `name` has a '/'. Each refusal has a message of its own
 * with the path tried: no such file (with what was searched, what there is and "did you mean"), not
 * a shared object, no plugin, another ABI, another kind, incomplete. FR_EINVAL for all of them. */
fr_status fr_plugin_load(const struct fr_plugin_path *path, enum fr_kind kind, const char *name,
                         struct fr_loaded *loaded_p, struct fr_error *err);
/* Closes it, unless it must stay mapped. */
void fr_plugin_unload(struct fr_loaded *loaded);

/* Everything that looks like a plugin on the path, opened and verified one after the other. */
struct fr_found {
    enum fr_kind kind; /* by the folder or the contents; FR_KIND_INVALID: unknown */
    char *name;        /* by the file's name                                      */
    char *file;
    char *alias_of;   /* the name of the file it is a link to, or NULL           */
    fr_status status; /* FR_OK: loads                                            */
    char *reason;     /* why not, NULL when it loads                             */
    struct fr_loaded loaded;
};
fr_status fr_plugin_scan(const struct fr_plugin_path *path, struct fr_found **found_p,
                         size_t *count_p, struct fr_error *err);
void fr_plugin_scan_free(struct fr_found *found, size_t count);

/* What the core offers one open plugin instance. Its fail() records the first error, under a lock,
 * for the core to take. */
struct fr_host_box;
struct fr_host_box *fr_host_box_new(const char *name); /* NULL: out of memory */
const struct fr_host *fr_host_box_host(struct fr_host_box *box);
/* Moves what was recorded into *err (if nothing is there yet), and forgets it; returns st, or what
 * was recorded where st is FR_OK. */
fr_status fr_host_box_take(struct fr_host_box *box, fr_status st, struct fr_error *err);
void fr_host_box_free(struct fr_host_box *box);
#endif
