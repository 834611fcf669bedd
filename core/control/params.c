/* SPDX-License-Identifier: MIT */
#include "control/params.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are text: whatever is refused later can be quoted in an answer. */
static bool is_text(const char *s, size_t len)
{
    if (memchr(s, '\0', len))
        return false;
    json_t *json = json_stringn(s, len); /* checks UTF-8 */
    json_decref(json);
    return json != NULL;
}

const char *fr_params_find(const struct fr_params *params, const char *key)
{
    for (size_t i = 0; i < params->count; i++)
        if (strcmp(params->items[i].key, key) == 0)
            return params->items[i].value;
    return NULL;
}

fr_status fr_params_add(struct fr_params *params, const char *key, size_t key_len,
                        const char *value, size_t value_len, struct fr_error *err)
{
    if (!is_text(key, key_len) || !is_text(value, value_len))
        return fr_fail(err, FR_EINVAL, "a parameter is not text (UTF-8 without NUL)");
    if (key_len == 0)
        return fr_fail(err, FR_EINVAL, "a parameter has no name (valid: name=value)");
    if (params->count == FR_PARAMS_MOST)
        return fr_fail(err, FR_EINVAL, "more than %d parameters", FR_PARAMS_MOST);
    struct fr_param *p = &params->items[params->count];
    p->key = strndup(key, key_len);
    p->value = strndup(value, value_len);
    if (!p->key || !p->value) {
        free(p->key);
        free(p->value);
        return fr_fail(err, FR_ENOMEM, "out of memory");
    }
    bool twice = fr_params_find(params, p->key) != NULL;
    params->count++;
    return twice ? fr_fail(err, FR_EINVAL, "\"%s\" is given twice", p->key) : FR_OK;
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* In place; the length, or SIZE_MAX where a % is followed by no two digits. */
static size_t decode(char *s, size_t len)
{
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '%') {
            s[to++] = s[i] == '+' ? ' ' : s[i];
            continue;
        }
        if (i + 2 >= len || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
            return SIZE_MAX;
        s[to++] = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
        i += 2;
    }
    return to;
}

static fr_status take_pair(struct fr_params *params, char *pair, size_t len, struct fr_error *err)
{
    char *equals = memchr(pair, '=', len);
    size_t key_len = equals ? (size_t)(equals - pair) : len;
    char *value = equals ? equals + 1 : pair + len;
    size_t value_len = (size_t)(pair + len - value);
    key_len = decode(pair, key_len);
    value_len = decode(value, value_len);
    if (key_len == SIZE_MAX || value_len == SIZE_MAX)
        return fr_fail(err, FR_EINVAL, "a %% without two hexadecimal digits after it");
    return fr_params_add(params, pair, key_len, value, value_len, err);
}

fr_status fr_params_form(struct fr_params *params, const char *body, size_t len,
                         struct fr_error *err)
{
    char *copy = malloc(len + 1);
    if (!copy)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    memcpy(copy, body, len);
    while (len > 0 && strchr("\r\n", copy[len - 1]) && copy[len - 1])
        len--;
    fr_status st = FR_OK;
    for (size_t at = 0; st == FR_OK && at < len;) {
        char *end = memchr(copy + at, '&', len - at);
        size_t n = end ? (size_t)(end - copy) - at : len - at;
        if (n > 0)
            st = take_pair(params, copy + at, n, err);
        at += n + 1;
    }
    free(copy);
    return st;
}

static fr_status take_json(struct fr_params *params, const char *section, json_t *object,
                           struct fr_error *err)
{
    const char *key;
    json_t *value;
    fr_status st = FR_OK;
    json_object_foreach(object, key, value)
    {
        char name[128], number[64];
        const char *text = number;
        snprintf(name, sizeof(name), "%s%s%s", section, *section ? "." : "", key);
        if (json_is_object(value) && !*section)
            st = take_json(params, key, value, err);
        else if (json_is_string(value))
            text = json_string_value(value);
        else if (json_is_boolean(value))
            text = json_is_true(value) ? "yes" : "no";
        else if (json_is_integer(value))
            snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_real(value))
            snprintf(number, sizeof(number), "%.17g", json_real_value(value));
        else
            st = fr_fail(err, FR_EINVAL, "\"%s\" is no text, number or truth value", name);
        if (st == FR_OK && !json_is_object(value))
            st = fr_params_add(params, name, strlen(name), text, strlen(text), err);
        if (st != FR_OK)
            return st;
    }
    return FR_OK;
}

fr_status fr_params_json(struct fr_params *params, const char *body, size_t len,
                         struct fr_error *err)
{
    json_error_t why;
    json_t *json = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
    fr_status st = FR_OK;
    if (!json)
        st = fr_fail(err, FR_EINVAL, "line %d: %s", why.line, why.text);
    else if (!json_is_object(json))
        st = fr_fail(err, FR_EINVAL, "the body is no JSON object");
    else
        st = take_json(params, "", json, err);
    json_decref(json);
    return st;
}

void fr_params_clear(struct fr_params *params)
{
    for (size_t i = 0; i < params->count; i++) {
        free(params->items[i].key);
        free(params->items[i].value);
    }
    params->count = 0;
}
