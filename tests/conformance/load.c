/* SPDX-License-Identifier: MIT
 * load.c - the plugin, its options from their own table, and a host for it. */
#include "rig.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool verbose(void)
{
    return getenv("CONFORMANCE_VERBOSE") != NULL;
}

static void host_log(void *ctx, enum fr_log_level level, const char *fmt, ...)
{
    (void)ctx;
    if (!verbose())
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fprintf(stderr, "log %d: %s\n", (int)level, text);
}

static fr_status host_fail(void *ctx, fr_status st, const char *file, int line, const char *fmt,
                           ...)
{
    (void)ctx;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap); /* also where nobody looks: it must be printable */
    va_end(ap);
    if (verbose())
        fprintf(stderr, "fail %d at %s:%d: %s\n", (int)st, file, line, text);
    return st;
}

static uint64_t host_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t scaled(const char *text, const char *const *units, const uint64_t *factors)
{
    char *end;
    double v = strtod(text, &end);
    for (int i = 0; units[i]; i++)
        if (strcasecmp(end, units[i]) == 0)
            return (uint64_t)(v * (double)factors[i]);
    return (uint64_t)v;
}

static bool fill(const struct fr_option *o, const char *text, void *at)
{
    static const char *const sizes[] = {"", "K", "M", "G", NULL};
    static const uint64_t size_factors[] = {1, 1 << 10, 1 << 20, 1 << 30};
    static const char *const times[] = {"", "ms", "s", "m", NULL};
    static const uint64_t time_factors[] = {1, 1, 1000, 60000};
    switch (o->type) {
    case FR_OPT_BOOL:
        *(bool *)at = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 ||
                      strcmp(text, "on") == 0 || strcmp(text, "1") == 0;
        return true;
    case FR_OPT_INT:
        *(int64_t *)at = strtoll(text, NULL, 10);
        return true;
    case FR_OPT_SIZE:
        *(uint64_t *)at = scaled(text, sizes, size_factors);
        return true;
    case FR_OPT_MSEC:
        *(uint64_t *)at = scaled(text, times, time_factors);
        return true;
    case FR_OPT_DOUBLE:
        *(double *)at = strtod(text, NULL);
        return true;
    case FR_OPT_STRING:
        *(const char **)at = text;
        return true;
    case FR_OPT_ENUM:
        for (int i = 0; o->choices && o->choices[i]; i++)
            if (strcmp(o->choices[i], text) == 0) {
                *(int *)at = i;
                return true;
            }
        return false;
    default:
        return false;
    }
}

/* The value of `key` of a layer among the pairs, or NULL; `prefix` is "" or a hook's name. */
static const char *given(const struct rig *rig, const char *prefix, const char *key)
{
    char name[64];
    int len = snprintf(name, sizeof(name), "%s%s%s=", prefix, *prefix ? "." : "", key);
    for (int i = 0; i < rig->pair_count; i++)
        if (strncmp(rig->pairs[i], name, (size_t)len) == 0)
            return rig->pairs[i] + len;
    return NULL;
}

/* Returns how many pairs it used, < 0: failed. */
static int configure(const struct rig *rig, struct layer *layer, const char *prefix)
{
    const struct fr_plugin *p = layer->plugin;
    int used = 0;
    if (p->config_size > 0)
        layer->cfg = calloc(1, p->config_size);
    for (const struct fr_option *o = p->options; o && o->key; o++) {
        const char *text = given(rig, prefix, o->key);
        used += text != NULL;
        if (!text)
            text = o->def;
        if (!text || !fill(o, text, (char *)layer->cfg + o->offset)) {
            fprintf(stderr, "%s: option %s: %s\n", layer->name, o->key, text ? text : "not given");
            return -1;
        }
    }
    return used;
}

static bool add_layer(struct rig *rig, const char *name, size_t len)
{
    const char *build = getenv("FRACTAL_BUILD");
    char path[4096];
    if (rig->layer_count == MAX_LAYERS || len >= sizeof(rig->layers[0].name)) {
        fprintf(stderr, "too many hooks, or a name too long\n");
        return false;
    }
    struct layer *l = &rig->layers[rig->layer_count++];
    snprintf(l->name, sizeof(l->name), "%.*s", (int)len, name);
    snprintf(path, sizeof(path), "%s/plugins/transport/%s.so", build ? build : ".", l->name);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle || !(l->plugin = dlsym(handle, "fractal_plugin"))) {
        fprintf(stderr, "%s\n", dlerror());
        return false;
    }
    return true;
}

bool rig_load(struct rig *rig, const char *name, char *const *pairs, int pair_count)
{
    *rig = (struct rig){.name = name, .pairs = pairs, .pair_count = pair_count};
    rig->host = (struct fr_host){
        .size = sizeof(rig->host), .log = host_log, .fail = host_fail, .now_ns = host_now_ns};
    rig->address = given(rig, "", "address");
    const char *hooks = given(rig, "", "hooks");
    int used = (rig->address != NULL) + (hooks != NULL);
    for (size_t len; hooks && *hooks; hooks += len + (hooks[len] == ',')) {
        len = strcspn(hooks, ",");
        if (!add_layer(rig, hooks, len))
            return false;
    }
    if (!add_layer(rig, name, strlen(name)))
        return false;
    for (int i = 0; i < rig->layer_count; i++) {
        struct layer *l = &rig->layers[i];
        bool hook = i + 1 < rig->layer_count;
        int n = configure(rig, l, hook ? l->name : "");
        if (n < 0)
            return false;
        used += n;
        rig->inners[i] = (struct fr_inner){.size = sizeof(struct fr_inner),
                                           .ops = l->plugin->ops,
                                           .host = &rig->host,
                                           .cfg = l->cfg,
                                           .inner = hook ? &rig->inners[i + 1] : NULL};
    }
    if (used != pair_count) {
        fprintf(stderr, "%s: unknown or repeated option\n", name);
        return false;
    }
    rig->ops = rig->inners[0].ops;
    rig->caps = rig->inners[rig->layer_count - 1].ops->caps;
    return true;
}

void rig_unload(struct rig *rig)
{
    for (int i = 0; i < rig->layer_count; i++)
        free(rig->layers[i].cfg);
    *rig = (struct rig){0};
}
