/* SPDX-License-Identifier: MIT
 * store.h - keys and values as texts, each with its origin; for config.c and ini.c. */
#ifndef FR_CONFIG_STORE_H
#define FR_CONFIG_STORE_H
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct fr_entry {
    struct fr_entry *next;
    char *section, *key, *value;
    char *origin;   /* "a.ini:3" or "--width" */
    bool from_flag; /* beats what a file says */
};

struct fr_store {
    struct fr_entry *first, **end; /* in the order they came; end NULL: empty */
};

/* All copied. NULL: out of memory. */
struct fr_entry *fr_store_add(struct fr_store *store, const char *section, const char *key,
                              const char *value, const char *origin, bool from_flag);
bool fr_store_append(struct fr_entry *entry, const char *more); /* to its value; false: ENOMEM */
/* What counts for a key: the last flag, else the file's; NULL: nobody said. */
const struct fr_entry *fr_store_find(const struct fr_store *store, const char *section,
                                     const char *key);
void fr_store_clear(struct fr_store *store);

/* ini.c: all of a file, by inih. FR_EINVAL. */
fr_status fr_ini_load(struct fr_store *store, const char *file, struct fr_error *err);
/* How much of a value stands on the next line: all of it, or up to where the line after it may
 * begin; 0: there is no such place. */
size_t fr_ini_piece(const char *value);
/* Why such a value could not stand in an INI, or NULL. */
const char *fr_ini_unwritable(const char *value);
#endif
