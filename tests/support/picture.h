/* SPDX-License-Identifier: MIT
 * picture.h - images as decoded pixels. What cannot be read fails the test. */
#ifndef FRACTAL_TESTS_SUPPORT_PICTURE_H
#define FRACTAL_TESTS_SUPPORT_PICTURE_H
#include <stdbool.h>
#include <stdint.h>

struct picture {
    uint32_t width, height;
    uint8_t *rgba; /* width * height * 4 bytes */
};

struct picture picture_read_png(const char *path);
struct picture picture_read_pam(const char *path);
void picture_free(struct picture *picture);
/* False: prints on stderr where the first difference is. */
bool picture_equal(const struct picture *a, const struct picture *b);
/* Of the RGBA bytes, by sha256sum, since the system has it. */
void picture_sha256(const struct picture *picture, char hex[65]);
#endif
