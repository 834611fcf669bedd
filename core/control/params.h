/* SPDX-License-Identifier: MIT
 * params.h - what a request gives a job: names and values from its query and its body. Not trusted,
 * and not understood here. */
#ifndef FR_CONTROL_PARAMS_H
#define FR_CONTROL_PARAMS_H
#include "base/error.h"

#include <stddef.h>

enum { FR_PARAMS_MOST = 64 };

struct fr_params {
    struct fr_param {
        char *key, *value;
    } items[FR_PARAMS_MOST];
    size_t count;
};

/* All FR_EINVAL, for who asked: not UTF-8, with a NUL, given twice, too many, malformed. */
fr_status fr_params_add(struct fr_params *params, const char *key, size_t key_len,
                        const char *value, size_t value_len, struct fr_error *err);
/* a=1&b=two%20words */
fr_status fr_params_form(struct fr_params *params, const char *body, size_t len,
                         struct fr_error *err);
/* {"a": 1, "b": "two words", "job": {"c": true}}; the last is job.c = yes. */
fr_status fr_params_json(struct fr_params *params, const char *body, size_t len,
                         struct fr_error *err);
const char *fr_params_find(const struct fr_params *params, const char *key); /* NULL: not given */
void fr_params_clear(struct fr_params *params);
#endif
