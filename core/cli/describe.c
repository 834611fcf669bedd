/* SPDX-License-Identifier: MIT */
#include "cli/describe.h"

#include "cli/help.h"
#include "config/option.h"

#include <fractal/transport.h>
#include <jansson.h>

static const struct {
    uint32_t bit;
    const char *name, *meaning;
} caps[] = {
    {FR_CAP_TX_INPLACE, "tx-inplace", "what is sent is not copied"},
    {FR_CAP_RX_INPLACE, "rx-inplace", "what is received is not copied"},
    {FR_CAP_MT, "mt", "sends from any thread"},
    {FR_CAP_REMOTE, "remote", "leaves the host"},
    {FR_CAP_BUSY_POLL, "busy-poll", "may spin while it waits"},
    {FR_CAP_SAME_PROCESS, "same-process", "leader and workers share one process"},
};

static uint32_t caps_of(const struct fr_plugin *p)
{
    return p->kind == FR_KIND_TRANSPORT ? ((const struct fr_transport_ops *)p->ops)->caps : 0;
}

void fr_describe_text(const struct fr_loaded *loaded, FILE *to)
{
    const struct fr_plugin *p = loaded->plugin;
    fprintf(to, "%s %s %s: %s\n", fr_kind_name(p->kind), p->name, p->version, p->summary);
    fprintf(to, "  file     %s\n  ABI      %u.%u\n  license  %s\n", loaded->file, p->abi_major,
            p->abi_minor, p->license);
    if (p->backend)
        fprintf(to, "  backend  %s\n", p->backend);
    if (p->kind == FR_KIND_TRANSPORT) {
        fprintf(to, "  capabilities\n");
        for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
            if (caps_of(p) & caps[i].bit)
                fprintf(to, "    %-14s %s\n", caps[i].name, caps[i].meaning);
    }
    if (!p->options || !p->options->key) {
        fprintf(to, "  no options\n");
        return;
    }
    fprintf(to, "\n[%s.%s]\n", fr_kind_name(p->kind), p->name);
    for (const struct fr_option *o = p->options; o->key; o++)
        fr_help_option(o->key, o, to);
}

static json_t *option_json(const struct fr_option *o)
{
    char valid[256];
    json_t *json = json_pack("{s:s, s:s, s:s}", "key", o->key, "valid",
                             fr_option_valid(o, valid, sizeof(valid)), "help", o->help);
    json_object_set_new(json, "default", o->def ? json_string(o->def) : json_null());
    return json;
}

json_t *fr_describe_caps(const struct fr_plugin *p)
{
    json_t *names = json_array();
    for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
        if (caps_of(p) & caps[i].bit)
            json_array_append_new(names, json_string(caps[i].name));
    return names;
}

static json_t *plugin_json(const struct fr_loaded *loaded)
{
    const struct fr_plugin *p = loaded->plugin;
    json_t *options = json_array();
    for (const struct fr_option *o = p->options; o && o->key; o++)
        json_array_append_new(options, option_json(o));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[i,i], s:s?, s:o, s:o}", "kind",
                     fr_kind_name(p->kind), "name", p->name, "version", p->version, "summary",
                     p->summary, "license", p->license, "file", loaded->file, "abi",
                     (int)p->abi_major, (int)p->abi_minor, "backend", p->backend, "capabilities",
                     fr_describe_caps(p), "options", options);
}

static void dump(json_t *json, FILE *to)
{
    json_dumpf(json, to, JSON_INDENT(2));
    fputc('\n', to);
    json_decref(json);
}

void fr_describe_json_one(const struct fr_loaded *loaded, FILE *to)
{
    dump(plugin_json(loaded), to);
}

void fr_describe_json_all(const struct fr_found *found, size_t count, FILE *to)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct fr_found *f = &found[i];
        json_t *json;
        if (f->status != FR_OK) {
            json = json_pack("{s:s, s:s, s:s, s:s}", "kind", fr_kind_name(f->kind), "name", f->name,
                             "file", f->file, "refused", f->reason);
        } else {
            json = plugin_json(&f->loaded);
            if (f->alias_of)
                json_object_set_new(json, "alias", json_string(f->name));
        }
        json_array_append_new(all, json);
    }
    dump(all, to);
}
