/* SPDX-License-Identifier: MIT
 * support.h - what an output's tests need: a host, a plugin with its options, a picture, a folder.
 */
#ifndef FRACTAL_TESTS_OUTPUT_SUPPORT_H
#define FRACTAL_TESTS_OUTPUT_SUPPORT_H
#include "support/folder.h"

#include <fractal/output.h>
#include <stdbool.h>

struct test_host {
    struct fr_host host;
    char error[1024]; /* the first that was recorded */
};

struct test_plugin {
    const struct fr_output_ops *ops;
    const struct fr_plugin *plugin;
    void *cfg; /* freed by test_plugin_free */
};

void test_host_init(struct test_host *h);

/* From FRACTAL_BUILD/plugins/output. Every option has its default. */
struct test_plugin test_plugin_load(const char *name);
void test_plugin_set(struct test_plugin *p, const char *key, int64_t value);
void test_plugin_free(struct test_plugin *p);

/* width * height noise pixels with stride_bytes between rows; opaque: alpha is 255. */
uint8_t *test_pixels(uint32_t width, uint32_t height, size_t stride_bytes, bool opaque);

/* What each test of the suite has: a host without errors and a path in an empty folder. */
extern struct test_host host;
extern char folder[PATH_MAX];
extern char target[PATH_MAX + 16];
void set_up(void);
void tear_down(void);

fr_status open_size(const struct test_plugin *p, const char *path, uint32_t width, uint32_t height,
                    uint32_t flags, fr_output **out_p);
/* 4 x 4 opaque pixels */
fr_status open_small(const struct test_plugin *p, const char *path, fr_output **out_p);
/* All rows, `chunk` a call. */
void feed(const struct test_plugin *p, fr_output *out, uint32_t height, uint32_t chunk,
          const uint8_t *pixels, size_t stride);
/* A whole small file; returns how it ended. */
fr_status write_small(const struct test_plugin *p, const char *path);
#endif
