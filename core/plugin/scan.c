/* SPDX-License-Identifier: MIT */
#include "plugin/scan.h"

#include "plugin/verify.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_so(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0;
}

/* Calls take for each .so of each folder that may hold plugins of this kind; INVALID: those that
 * lie in a folder of the path itself, whatever their kind. */
static void each_file(const struct fr_plugin_path *path, enum fr_kind kind,
                      void (*take)(void *ctx, const char *file, const char *name), void *ctx)
{
    for (size_t i = 0; i < path->count; i++) {
        char dir[PATH_MAX - 300], file[PATH_MAX], name[256];
        const char *sub = kind == FR_KIND_INVALID ? "" : fr_kind_name(kind);
        if (snprintf(dir, sizeof(dir), "%s%s%s", path->dirs[i], *sub ? "/" : "", sub) >=
            (int)sizeof(dir))
            continue;
        struct dirent **entries;
        int n = scandir(dir, &entries, is_so, alphasort);
        for (int k = 0; k < n; k++) {
            snprintf(file, sizeof(file), "%s/%s", dir, entries[k]->d_name);
            snprintf(name, sizeof(name), "%.*s", (int)strlen(entries[k]->d_name) - 3,
                     entries[k]->d_name);
            take(ctx, file, name);
            free(entries[k]);
        }
        if (n >= 0)
            free(entries);
    }
}

/* -------------------------------------------------------------------- names */

static void take_name(void *ctx, const char *file, const char *name)
{
    struct fr_names *names = ctx;
    (void)file;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0)
            return;
    char **more = realloc(names->names, (names->count + 1) * sizeof(*more));
    if (!more)
        return;
    names->names = more;
    more[names->count] = strdup(name);
    if (more[names->count])
        names->count++;
}

void fr_plugin_names(const struct fr_plugin_path *path, enum fr_kind kind, struct fr_names *names)
{
    each_file(path, kind, take_name, names);
    each_file(path, FR_KIND_INVALID, take_name, names);
}

void fr_names_clear(struct fr_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct fr_names){0};
}

/* --------------------------------------------------------------------- scan */

struct scan {
    enum fr_kind kind;
    struct fr_found *found;
    size_t count;
    bool failed; /* out of memory */
};

/* The name of the file in the same folder that a link leads to, or NULL. */
static char *alias_of(const char *file)
{
    char target[PATH_MAX];
    ssize_t len = readlink(file, target, sizeof(target) - 1);
    if (len <= 3 || memchr(target, '/', (size_t)len) || strncmp(target + len - 3, ".so", 3) != 0)
        return NULL;
    return strndup(target, (size_t)len - 3);
}

static void take_file(void *ctx, const char *file, const char *name)
{
    struct scan *scan = ctx;
    for (size_t i = 0; i < scan->count; i++) /* an earlier folder hides a later one */
        if (scan->found[i].kind == scan->kind && strcmp(scan->found[i].name, name) == 0)
            return;
    struct fr_found *more = realloc(scan->found, (scan->count + 1) * sizeof(*more));
    if (!more) {
        scan->failed = true;
        return;
    }
    scan->found = more;
    struct fr_found *f = &more[scan->count++];
    struct fr_error err = {0};
    *f = (struct fr_found){
        .kind = scan->kind, .name = strdup(name), .file = strdup(file), .alias_of = alias_of(file)};
    f->status = fr_plugin_open(file, scan->kind, &f->loaded, &err);
    if (f->status != FR_OK)
        f->reason = strdup(err.text);
    else
        f->kind = f->loaded.plugin->kind;
    scan->failed |= !f->name || !f->file || (f->status != FR_OK && !f->reason);
}

fr_status fr_plugin_scan(const struct fr_plugin_path *path, struct fr_found **found_p,
                         size_t *count_p, struct fr_error *err)
{
    static const enum fr_kind kinds[] = {FR_KIND_TRANSPORT, FR_KIND_OUTPUT, FR_KIND_PALETTE,
                                         FR_KIND_INVALID};
    struct scan scan = {0};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        scan.kind = kinds[i];
        each_file(path, kinds[i], take_file, &scan);
    }
    if (scan.failed) {
        fr_plugin_scan_free(scan.found, scan.count);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    *found_p = scan.found;
    *count_p = scan.count;
    return FR_OK;
}

void fr_plugin_scan_free(struct fr_found *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fr_plugin_unload(&found[i].loaded);
        free(found[i].name);
        free(found[i].file);
        free(found[i].alias_of);
        free(found[i].reason);
    }
    free(found);
}
