/* SPDX-License-Identifier: MIT
 * path.c - where plugins are looked for. */
#include "plugin/plugin.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool add(struct fr_plugin_path *path, const char *dir, size_t len)
{
    if (len == 0)
        return true;
    char **dirs = realloc(path->dirs, (path->count + 1) * sizeof(*dirs));
    if (!dirs)
        return false;
    path->dirs = dirs;
    dirs[path->count] = strndup(dir, len);
    return dirs[path->count] && ++path->count;
}

static bool add_joined(struct fr_plugin_path *path, const char *dirs)
{
    while (dirs && *dirs) {
        size_t len = strcspn(dirs, ":");
        if (!add(path, dirs, len))
            return false;
        dirs += len + (dirs[len] == ':');
    }
    return true;
}

static bool add_beside_executable(struct fr_plugin_path *path)
{
    char exe[PATH_MAX], dir[PATH_MAX + 32];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (len <= 0)
        return true;
    exe[len] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return true;
    *slash = '\0';
    int n = snprintf(dir, sizeof(dir), "%s/plugins", exe);
    return add(path, dir, (size_t)n);
}

fr_status fr_plugin_path_make(const char *configured, struct fr_plugin_path *path_p,
                              struct fr_error *err)
{
    struct fr_plugin_path path = {0};
    if (!add_joined(&path, configured) || !add_joined(&path, getenv("FRACTAL_PLUGIN_PATH")) ||
        !add_beside_executable(&path) || !add_joined(&path, FRACTAL_INSTALLED_PLUGINS)) {
        fr_plugin_path_clear(&path);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    *path_p = path;
    return FR_OK;
}

void fr_plugin_path_clear(struct fr_plugin_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        free(path->dirs[i]);
    free(path->dirs);
    *path = (struct fr_plugin_path){0};
}
