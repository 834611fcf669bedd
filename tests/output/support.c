/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ host */

static void host_log(void *ctx, enum fr_log_level level, const char *fmt, ...)
{
    (void)ctx, (void)level, (void)fmt;
}

static fr_status host_fail(void *ctx, fr_status st, const char *file, int line, const char *fmt,
                           ...)
{
    (void)file, (void)line;
    struct test_host *h = ctx;
    if (!h->error[0]) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(h->error, sizeof(h->error), fmt, ap);
        va_end(ap);
    }
    return st;
}

static uint64_t host_now_ns(void)
{
    return 0;
}

void test_host_init(struct test_host *h)
{
    *h = (struct test_host){.host = {.size = sizeof(h->host),
                                     .ctx = h,
                                     .log = host_log,
                                     .fail = host_fail,
                                     .now_ns = host_now_ns}};
}

/* ------------------------------------------------------------------ plugin */

static void set_option(void *cfg, const struct fr_option *o, int64_t value)
{
    if (o->type == FR_OPT_INT)
        memcpy((char *)cfg + o->offset, &value, sizeof(value));
    else
        memcpy((char *)cfg + o->offset, &(int){(int)value}, sizeof(int));
}

static int64_t default_of(const struct fr_option *o)
{
    if (o->type == FR_OPT_INT)
        return strtoll(o->def, NULL, 10);
    cr_assert_eq(o->type, FR_OPT_ENUM);
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], o->def) == 0)
            return i;
    }
    cr_assert_fail("%s has a default that is none of its choices", o->key);
    return 0;
}

struct test_plugin test_plugin_load(const char *name)
{
    const char *build = getenv("FRACTAL_BUILD");
    cr_assert_not_null(build, "FRACTAL_BUILD is not set");
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/plugins/output/%s.so", build, name);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(lib, "%s", dlerror());
    const struct fr_plugin *plugin = dlsym(lib, "fractal_plugin");
    cr_assert_not_null(plugin);
    cr_assert_eq(plugin->magic, FR_PLUGIN_MAGIC);
    cr_assert_eq(plugin->kind, FR_KIND_OUTPUT);
    cr_assert_str_eq(plugin->name, name);
    struct test_plugin p = {.ops = plugin->ops, .plugin = plugin};
    if (plugin->config_size)
        p.cfg = calloc(1, plugin->config_size);
    for (const struct fr_option *o = plugin->options; o && o->key; o++)
        set_option(p.cfg, o, default_of(o));
    return p;
}

void test_plugin_set(struct test_plugin *p, const char *key, int64_t value)
{
    for (const struct fr_option *o = p->plugin->options; o && o->key; o++) {
        if (strcmp(o->key, key) == 0) {
            set_option(p->cfg, o, value);
            return;
        }
    }
    cr_assert_fail("no option %s", key);
}

void test_plugin_free(struct test_plugin *p)
{
    free(p->cfg);
}

/* ------------------------------------------------------------------ pixels and files */

uint8_t *test_pixels(uint32_t width, uint32_t height, size_t stride_bytes, bool opaque)
{
    /* The last row ends with its pixels, so that a sanitizer sees who reads on. */
    size_t len = (height - 1) * stride_bytes + (size_t)width * 4;
    uint8_t *pixels = malloc(len);
    uint32_t x = 12345;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        pixels[i] = (uint8_t)(x >> 24);
    }
    for (uint32_t y = 0; opaque && y < height; y++) {
        for (uint32_t i = 0; i < width; i++)
            pixels[y * stride_bytes + i * 4 + 3] = 255;
    }
    return pixels;
}

/* ------------------------------------------------------------------ what each test has */

struct test_host host;
char folder[PATH_MAX];
char target[PATH_MAX + 16];

void set_up(void)
{
    test_host_init(&host);
    test_folder_make(folder);
    snprintf(target, sizeof(target), "%s/picture", folder);
}

void tear_down(void)
{
    test_folder_remove(folder);
}

fr_status open_size(const struct test_plugin *p, const char *path, uint32_t width, uint32_t height,
                    uint32_t flags, fr_output **out_p)
{
    const struct fr_image img = {.size = sizeof(img),
                                 .width = width,
                                 .height = height,
                                 .flags = flags,
                                 .path = path,
                                 .title = "a title"};
    return p->ops->open(&host.host, p->cfg, &img, out_p);
}

fr_status open_small(const struct test_plugin *p, const char *path, fr_output **out_p)
{
    return open_size(p, path, 4, 4, FR_IMAGE_OPAQUE, out_p);
}

void feed(const struct test_plugin *p, fr_output *out, uint32_t height, uint32_t chunk,
          const uint8_t *pixels, size_t stride)
{
    for (uint32_t y = 0; y < height; y += chunk) {
        uint32_t n = height - y < chunk ? height - y : chunk;
        cr_assert_eq(p->ops->rows(out, y, n, pixels + y * stride, stride), FR_OK, "%s", host.error);
    }
}

fr_status write_small(const struct test_plugin *p, const char *path)
{
    fr_output *out = NULL;
    uint8_t *pixels = test_pixels(4, 4, 16, true);
    fr_status st = open_small(p, path, &out);
    if (st == FR_OK) {
        st = p->ops->rows(out, 0, 4, pixels, 16);
        if (st == FR_OK)
            st = p->ops->finish(out);
        p->ops->close(out);
    }
    free(pixels);
    return st;
}
