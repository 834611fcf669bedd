/* SPDX-License-Identifier: MIT
 * save.h - files that are whole or not there. */
#ifndef FR_EXPERIMENT_SAVE_H
#define FR_EXPERIMENT_SAVE_H
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* A file under a temporary name beside its own. */
struct fr_save {
    FILE *to; /* write here */
    char *path, *temporary;
};
fr_status fr_save_begin(const char *folder, const char *name, struct fr_save *save_p,
                        struct fr_error *err);
/* Gives it its name, or removes it where anything could not be written. */
fr_status fr_save_end(struct fr_save *save, struct fr_error *err);

void fr_save_drop(struct fr_save *save); /* removes it */

fr_status fr_save_json(const char *folder, const char *name, const json_t *json,
                       struct fr_error *err);
/* A folder that is there already is fine. */
fr_status fr_save_folder(const char *folder, struct fr_error *err);
#endif
