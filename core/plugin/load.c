/* SPDX-License-Identifier: MIT
 * load.c - one plugin, by name or by path. */
#include "base/suggest.h"
#include "plugin/scan.h"
#include "plugin/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* D/<kind>/<name>.so, then D/<name>.so; a name that ends in .so is a file's. */
static bool find(const struct fr_plugin_path *path, enum fr_kind kind, const char *name, char *file,
                 size_t cap)
{
    size_t len = strlen(name);
    const char *ending = len > 3 && strcmp(name + len - 3, ".so") == 0 ? "" : ".so";
    for (size_t i = 0; i < path->count; i++) {
        const char *dir = path->dirs[i];
        snprintf(file, cap, "%s/%s/%s%s", dir, fr_kind_name(kind), name, ending);
        if (access(file, F_OK) == 0)
            return true;
        snprintf(file, cap, "%s/%s%s", dir, name, ending);
        if (access(file, F_OK) == 0)
            return true;
    }
    return false;
}

static fr_status not_found(const struct fr_plugin_path *path, enum fr_kind kind, const char *name,
                           struct fr_error *err)
{
    char looked[600] = "", there[300] = "", hint[128];
    for (size_t i = 0, at = 0; i < path->count && at < sizeof(looked); i++)
        at +=
            (size_t)snprintf(looked + at, sizeof(looked) - at, "%s%s", i ? ":" : "", path->dirs[i]);
    struct fr_suggest suggest = fr_suggest_new(name);
    struct fr_names names = {0};
    fr_plugin_names(path, kind, &names);
    for (size_t i = 0, at = 0; i < names.count; i++) {
        fr_suggest_try(&suggest, names.names[i]);
        if (at < sizeof(there))
            at += (size_t)snprintf(there + at, sizeof(there) - at, "%s%s", i ? ", " : "",
                                   names.names[i]);
    }
    fr_suggest_text(&suggest, hint, sizeof(hint));
    fr_fail(err, FR_EINVAL, "there is no %s \"%s\"%s; there are: %s; looked in %s",
            fr_kind_name(kind), name, hint, names.count ? there : "none", looked);
    fr_names_clear(&names);
    return FR_EINVAL;
}

fr_status fr_plugin_load(const struct fr_plugin_path *path, enum fr_kind kind, const char *name,
                         struct fr_loaded *loaded_p, struct fr_error *err)
{
    if (strchr(name, '/')) {
        if (access(name, F_OK) != 0)
            return fr_fail(err, FR_EINVAL, "there is no file %s", name);
        return fr_plugin_open(name, kind, loaded_p, err);
    }
    char file[PATH_MAX];
    if (*name && find(path, kind, name, file, sizeof(file)))
        return fr_plugin_open(file, kind, loaded_p, err);
    if (*name && access(name, F_OK) == 0)
        return fr_fail(err, FR_EINVAL,
                       "there is no %s \"%s\" on the search path; for the file in "
                       "this folder say ./%s",
                       fr_kind_name(kind), name, name);
    return not_found(path, kind, name, err);
}
