/* SPDX-License-Identifier: MIT */
#include "plugin/verify.h"

#include <dlfcn.h>
#include <fractal/output.h>
#include <fractal/palette.h>
#include <fractal/transport.h>
#include <stdlib.h>
#include <string.h>

const char *fr_kind_name(enum fr_kind kind)
{
    static const char *const names[] = {
        [FR_KIND_INVALID] = "unknown",
        [FR_KIND_TRANSPORT] = "transport",
        [FR_KIND_PALETTE] = "palette",
        [FR_KIND_OUTPUT] = "output",
    };
    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

/* Each returns the first mandatory thing that is missing, NULL when all is there. */
#define NEED(ops, field)                                                                           \
    if (!FR_HAS(ops, field))                                                                       \
    return #field

static const char *missing_in_transport(const struct fr_transport_ops *ops)
{
    if (!FR_HAS(ops, open_over)) /* a hook has that instead */
        NEED(ops, open);
    NEED(ops, query);
    NEED(ops, msg_alloc);
    NEED(ops, msg_free);
    NEED(ops, send);
    NEED(ops, poll);
    NEED(ops, wakeup);
    NEED(ops, stats);
    NEED(ops, drop);
    NEED(ops, shutdown);
    NEED(ops, close);
    return NULL;
}

static const char *missing_in_palette(const struct fr_palette_ops *ops)
{
    if (!FR_HAS(ops, create)) {
        // NOLINTNEXTLINE(bugprone-sizeof-expression): the pointer in the struct is measured
        NEED(ops, stops);
        return ops->stop_count < 2 ? "two stops" : NULL;
    }
    NEED(ops, map);
    NEED(ops, destroy);
    return NULL;
}

static const char *missing_in_output(const struct fr_output_ops *ops)
{
    NEED(ops, open);
    NEED(ops, rows);
    NEED(ops, finish);
    NEED(ops, close);
    return NULL;
}

static const char *missing_in_ops(const struct fr_plugin *p)
{
    switch (p->kind) {
    case FR_KIND_TRANSPORT:
        return missing_in_transport(p->ops);
    case FR_KIND_PALETTE:
        return missing_in_palette(p->ops);
    case FR_KIND_OUTPUT:
        return missing_in_output(p->ops);
    default:
        return "a kind that this fractal knows";
    }
}

static size_t value_bytes(enum fr_opt_type type)
{
    switch (type) {
    case FR_OPT_BOOL:
        return sizeof(bool);
    case FR_OPT_INT:
    case FR_OPT_SIZE:
    case FR_OPT_MSEC:
    case FR_OPT_DOUBLE:
        return sizeof(int64_t);
    case FR_OPT_STRING:
        return sizeof(char *);
    case FR_OPT_ENUM:
        return sizeof(int);
    default:
        return 0;
    }
}

static const char *wrong_in_options(const struct fr_plugin *p)
{
    for (const struct fr_option *o = p->options; o && o->key; o++) {
        size_t bytes = value_bytes(o->type);
        if (bytes == 0)
            return "a valid type for each option";
        if (!o->help)
            return "a help text for each option";
        if (o->offset > p->config_size || p->config_size - o->offset < bytes)
            return "a config_size that holds every option";
        if (o->type == FR_OPT_ENUM && (!o->choices || !o->choices[0]))
            return "choices for each enum option";
    }
    return NULL;
}

static fr_status verify(const struct fr_plugin *p, const char *file, enum fr_kind kind,
                        struct fr_error *err)
{
    if (p->magic != FR_PLUGIN_MAGIC)
        return fr_fail(err, FR_EINVAL,
                       "%s is no fractal plugin: its symbol fractal_plugin is something else",
                       file);
    if (p->abi_major != FR_ABI_MAJOR || p->abi_minor > FR_ABI_MINOR)
        return fr_fail(err, FR_EINVAL,
                       "%s was built for plugin ABI %u.%u, this fractal has %u.%u: build it again "
                       "against this version's headers",
                       file, p->abi_major, p->abi_minor, FR_ABI_MAJOR, FR_ABI_MINOR);
    const char *missing = NULL;
    if (p->size < offsetof(struct fr_plugin, ops) + sizeof(p->ops) || !p->ops)
        missing = "ops";
    else if (!p->name || !p->version || !p->summary || !p->license)
        missing = "one of name, version, summary, license";
    else
        missing = wrong_in_options(p);
    if (!missing && kind != FR_KIND_INVALID && p->kind != kind)
        return fr_fail(err, FR_EINVAL, "%s is a plugin of kind %s, and %s was asked for", file,
                       fr_kind_name(p->kind), fr_kind_name(kind));
    if (!missing)
        missing = missing_in_ops(p);
    if (missing)
        return fr_fail(err, FR_EINVAL, "%s is an incomplete %s plugin: it lacks %s", file,
                       fr_kind_name(p->kind), missing);
    return FR_OK;
}

fr_status fr_plugin_open(const char *file, enum fr_kind kind, struct fr_loaded *loaded_p,
                         struct fr_error *err)
{
    struct fr_loaded l = {.handle = dlopen(file, RTLD_NOW | RTLD_LOCAL)};
    if (!l.handle)
        return fr_fail(err, FR_EINVAL, "%s cannot be loaded: %s", file, dlerror());
    l.plugin = dlsym(l.handle, "fractal_plugin");
    fr_status st;
    if (!l.plugin)
        st = fr_fail(err, FR_EINVAL,
                     "%s is a library but no fractal plugin: it exports no fractal_plugin", file);
    else
        st = verify(l.plugin, file, kind, err);
    if (st == FR_OK && !(l.file = strdup(file)))
        st = fr_fail(err, FR_ENOMEM, "out of memory");
    if (st == FR_OK)
        *loaded_p = l;
    else
        dlclose(l.handle);
    return st;
}

void fr_plugin_unload(struct fr_loaded *loaded)
{
    if (loaded->handle && !(loaded->plugin->flags & FR_PLUGIN_NO_UNLOAD))
        dlclose(loaded->handle);
    free(loaded->file);
    *loaded = (struct fr_loaded){0};
}
