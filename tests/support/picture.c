/* SPDX-License-Identifier: MIT */
#include "support/picture.h"

#include "support/proc.h"

#include <criterion/criterion.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct picture picture_new(uint32_t width, uint32_t height)
{
    struct picture p = {
        .width = width, .height = height, .rgba = calloc(height, (size_t)width * 4)};
    cr_assert_not_null(p.rgba);
    return p;
}

struct picture picture_read_png(const char *path)
{
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "there is no %s", path);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)))
        cr_assert_fail("libpng cannot read %s", path);
    png_init_io(png, file);
    png_read_info(png, info);
    cr_assert_eq(png_get_bit_depth(png, info), 8);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_RGB)
        png_set_filler(png, 255, PNG_FILLER_AFTER);
    else
        cr_assert_eq(png_get_color_type(png, info), PNG_COLOR_TYPE_RGBA);
    png_set_interlace_handling(png);
    struct picture p = picture_new(png_get_image_width(png, info), png_get_image_height(png, info));
    for (uint32_t y = 0; y < p.height; y++)
        png_read_row(png, p.rgba + (size_t)y * p.width * 4, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return p;
}

struct picture picture_read_pam(const char *path)
{
    static const char end[] = "\nENDHDR\n";
    size_t len;
    unsigned width, height;
    char *file = test_file_read(path, &len);
    cr_assert_eq(sscanf(file, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH 4\n", &width, &height), 2);
    const char *pixels = strstr(file, end);
    cr_assert_not_null(pixels);
    pixels += strlen(end);
    struct picture p = picture_new(width, height);
    cr_assert_eq(len - (size_t)(pixels - file), (size_t)width * height * 4);
    memcpy(p.rgba, pixels, (size_t)width * height * 4);
    free(file);
    return p;
}

void picture_free(struct picture *picture)
{
    free(picture->rgba);
    *picture = (struct picture){0};
}

bool picture_equal(const struct picture *a, const struct picture *b)
{
    if (a->width != b->width || a->height != b->height) {
        fprintf(stderr, "%ux%u and %ux%u\n", a->width, a->height, b->width, b->height);
        return false;
    }
    size_t count = (size_t)a->width * a->height;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *x = a->rgba + 4 * i, *y = b->rgba + 4 * i;
        if (memcmp(x, y, 4) != 0) {
            fprintf(stderr, "column %zu of row %zu: %02x%02x%02x%02x and %02x%02x%02x%02x\n",
                    i % a->width, i / a->width, x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]);
            return false;
        }
    }
    return true;
}

void picture_sha256(const struct picture *picture, char hex[65])
{
    size_t count = (size_t)picture->width * picture->height;
    test_file_write_bytes("pixels.raw", picture->rgba, count * 4);
    struct proc *p = proc_start((char *[]){"sha256sum", "pixels.raw", NULL});
    cr_assert_eq(proc_wait(p), 0);
    snprintf(hex, 65, "%.64s", proc_out(p));
    remove("pixels.raw");
}
