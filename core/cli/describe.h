/* SPDX-License-Identifier: MIT
 * describe.h - a plugin in words, and in JSON; for cmd_plugins.c. */
#ifndef FR_CLI_DESCRIBE_H
#define FR_CLI_DESCRIBE_H
#include "plugin/plugin.h"

#include <jansson.h>
#include <stdio.h>

void fr_describe_text(const struct fr_loaded *loaded, FILE *to);
void fr_describe_json_one(const struct fr_loaded *loaded, FILE *to);
json_t *fr_describe_caps(const struct fr_plugin *plugin); /* a transport's: ["mt", ...] */
/* An array; a refused file has "refused" with the reason. */
void fr_describe_json_all(const struct fr_found *found, size_t count, FILE *to);
#endif
