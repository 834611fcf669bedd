/* SPDX-License-Identifier: MIT */
#include "config/store.h"

#include <stdlib.h>
#include <string.h>

static void free_entry(struct fr_entry *e)
{
    free(e->section);
    free(e->key);
    free(e->value);
    free(e->origin);
    free(e);
}

struct fr_entry *fr_store_add(struct fr_store *store, const char *section, const char *key,
                              const char *value, const char *origin, bool from_flag)
{
    struct fr_entry *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->section = strdup(section);
    e->key = strdup(key);
    e->value = strdup(value);
    e->origin = strdup(origin);
    e->from_flag = from_flag;
    if (!e->section || !e->key || !e->value || !e->origin) {
        free_entry(e);
        return NULL;
    }
    if (!store->end)
        store->end = &store->first;
    *store->end = e;
    store->end = &e->next;
    return e;
}

bool fr_store_append(struct fr_entry *e, const char *more)
{
    size_t len = strlen(e->value), more_len = strlen(more);
    char *value = realloc(e->value, len + more_len + 1);
    if (!value)
        return false;
    memcpy(value + len, more, more_len + 1);
    e->value = value;
    return true;
}

const struct fr_entry *fr_store_find(const struct fr_store *store, const char *section,
                                     const char *key)
{
    const struct fr_entry *found = NULL;
    for (const struct fr_entry *e = store->first; e; e = e->next)
        if (strcmp(e->section, section) == 0 && strcmp(e->key, key) == 0 &&
            (!found || e->from_flag || !found->from_flag))
            found = e;
    return found;
}

void fr_store_clear(struct fr_store *store)
{
    while (store->first) {
        struct fr_entry *e = store->first;
        store->first = e->next;
        free_entry(e);
    }
    store->end = NULL;
}
