/* SPDX-License-Identifier: MIT
 * scan.h - the names of what is on the path, without opening it; for load.c. */
#ifndef FR_PLUGIN_SCAN_H
#define FR_PLUGIN_SCAN_H
#include "plugin/plugin.h"

struct fr_names {
    char **names;
    size_t count;
};
/* As many as memory allows: they are for a hint. */
void fr_plugin_names(const struct fr_plugin_path *path, enum fr_kind kind, struct fr_names *names);
void fr_names_clear(struct fr_names *names);
#endif
