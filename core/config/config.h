/* SPDX-License-Identifier: MIT
 * config.h - what was asked for: flags over the INI over defaults, every key with its origin.
 *
 * Order of use: new; load and set in any order (a flag beats the INI whenever it comes); settings;
 * bind for each plugin in use; check. One thread. */
#ifndef FR_CONFIG_CONFIG_H
#define FR_CONFIG_CONFIG_H
#include "base/error.h"
#include "config/settings.h"

#include <stdio.h>

struct fr_config;

struct fr_config *fr_config_new(void); /* NULL: out of memory */
void fr_config_free(struct fr_config *config);
/* What was loaded and set, with nothing bound. NULL: out of memory. */
struct fr_config *fr_config_copy(const struct fr_config *config);

/* Reads an INI. Errors name file and line: unreadable, malformed, a line too long, a key given
 * twice. FR_EINVAL. */
fr_status fr_config_load(struct fr_config *config, const char *file, struct fr_error *err);
/* One key from the command line. `origin` is how it was said ("--width", "--set"), for messages.
 * The section may hold dots ("transport.shm"). FR_EINVAL where section.key has no dot. */
fr_status fr_config_set(struct fr_config *config, const char *dotted_key, const char *value,
                        const char *origin, struct fr_error *err);

/* Parses and checks all of the core's own keys; unknown keys of the core's sections and unknown
 * sections (other than <kind>.<name>) are errors here. The result belongs to config. */
fr_status fr_config_settings(struct fr_config *config, const struct fr_settings **settings_p,
                             struct fr_error *err);
/* Who gave this key ("a.ini:3", "--width"); NULL: nobody, it is the default. */
const char *fr_config_origin(const struct fr_config *config, const char *section, const char *key);

/* Was this key given by anyone, or is it the default? */
bool fr_config_given(const struct fr_config *config, const char *dotted_key);
/* What the i-th flag set: its section and key joined by a dot, in buf, and the value. False past
 * the last. */
bool fr_config_flag(const struct fr_config *config, size_t i, char *buf, size_t cap,
                    const char **value_p);

/* Parses section "<kind_name>.<name>" by the plugin's table into a new blob of its config_size,
 * which lives as long as config. *blob_p is NULL where the plugin has no options. */
fr_status fr_config_bind(struct fr_config *config, const struct fr_plugin *plugin,
                         const char *kind_name, const void **blob_p, struct fr_error *err);
/* The section of the i-th entry that belongs to no bound plugin and not to the core, with its
 * origin; NULL past the last. */
const char *fr_config_unbound(const struct fr_config *config, size_t i, const char **origin_p);

/* Calls take for every key of the core and of bound plugins, with its effective value. */
void fr_config_each(const struct fr_config *config,
                    void (*take)(void *ctx, const char *section, const char *key,
                                 const char *value),
                    void *ctx);

/* Prints the effective configuration as an INI: the core's keys and those of bound plugins, each
 * with a comment that says where the value came from. It can be loaded again, and then means the
 * same.
 */
void fr_config_print(const struct fr_config *config, FILE *to);
#endif
