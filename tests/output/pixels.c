/* SPDX-License-Identifier: MIT
 * The outputs write the pixels and the texts that they were given. */
#include "support.h"

#include <criterion/criterion.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(output_pixels, .init = set_up, .fini = tear_down);

/* ------------------------------------------------------------------ pixels */

/* Opens the target up to its header. Not by png_image, which has a limit of a million columns. */
static png_structp open_png(FILE **file_p, png_infop *info_p)
{
    *file_p = fopen(target, "r");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    *info_p = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)))
        cr_assert_fail("libpng cannot read the file's head");
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_init_io(png, *file_p);
    png_read_info(png, *info_p);
    return png;
}

static void check_png(const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride,
                      bool opaque)
{
    FILE *file;
    png_infop info;
    png_structp png = open_png(&file, &info);
    if (setjmp(png_jmpbuf(png)))
        cr_assert_fail("libpng cannot read the file");
    cr_assert_eq(png_get_image_width(png, info), width);
    cr_assert_eq(png_get_image_height(png, info), height);
    cr_assert_eq(png_get_color_type(png, info), opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA);
    if (opaque)
        png_set_filler(png, 255, PNG_FILLER_AFTER);
    uint8_t *const row = malloc((size_t)width * 4);
    for (uint32_t y = 0; y < height; y++) {
        png_read_row(png, row, NULL);
        cr_assert_arr_eq(row, pixels + y * stride, (size_t)width * 4);
    }
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    free(row);
}

static void check_pam(const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride)
{
    size_t len;
    char *file = test_file_read(target, &len);
    char size[64];
    snprintf(size, sizeof(size), "\nWIDTH %u\nHEIGHT %u\nDEPTH 4\n", width, height);
    cr_assert_eq(strncmp(file, "P7\n", 3), 0);
    cr_assert_not_null(strstr(file, size));
    const char *got = strstr(file, "\nTUPLTYPE RGB_ALPHA\nENDHDR\n");
    cr_assert_not_null(got);
    got += strlen("\nTUPLTYPE RGB_ALPHA\nENDHDR\n");
    cr_assert_eq(len - (size_t)(got - file), (size_t)width * height * 4);
    for (uint32_t y = 0; y < height; y++)
        cr_assert_arr_eq(got + (size_t)y * width * 4, pixels + y * stride, (size_t)width * 4);
    free(file);
}

static void round_trip(struct test_plugin *p, uint32_t width, uint32_t height, size_t gap_bytes,
                       uint32_t chunk, bool opaque)
{
    size_t stride = (size_t)width * 4 + gap_bytes;
    uint8_t *pixels = test_pixels(width, height, stride, opaque);
    fr_output *out = NULL;
    cr_assert_eq(open_size(p, target, width, height, opaque ? FR_IMAGE_OPAQUE : 0, &out), FR_OK,
                 "%s", host.error);
    feed(p, out, height, chunk, pixels, stride);
    cr_assert_eq(p->ops->finish(out), FR_OK, "%s", host.error);
    p->ops->close(out);
    if (strcmp(p->plugin->name, "png") == 0)
        check_png(pixels, width, height, stride, opaque);
    else
        check_pam(pixels, width, height, stride);
    cr_assert_eq(test_folder_entries(folder), 1);
    free(pixels);
}

static void round_trips(struct test_plugin *p)
{
    for (int opaque = 0; opaque < 2; opaque++) {
        for (uint32_t chunk = 1; chunk <= 7; chunk++)
            round_trip(p, 13, 7, 0, chunk, opaque);
        round_trip(p, 1, 1, 0, 1, opaque);
        round_trip(p, 300, 1, 0, 1, opaque);
        round_trip(p, 1, 300, 0, 7, opaque);
        round_trip(p, 5, 9, 3, 2, opaque);
        round_trip(p, 700, 800, 1, 100, opaque); /* more than one block of the file */
    }
}

Test(output_pixels, png_reads_back)
{
    struct test_plugin p = test_plugin_load("png");
    round_trips(&p);
    for (int level = 0; level <= 9; level++) {
        for (int filter = 0; filter < 6; filter++) {
            test_plugin_set(&p, "compression", level);
            test_plugin_set(&p, "filter", filter);
            round_trip(&p, 31, 17, 5, 4, filter % 2);
        }
    }
    test_plugin_free(&p);
}

Test(output_pixels, png_takes_the_longest_sides)
{
    struct test_plugin p = test_plugin_load("png");
    fr_output *out = NULL;
    cr_assert_eq(open_size(&p, target, 1048576, 1048576, 0, &out), FR_OK, "%s", host.error);
    p.ops->close(out);
    round_trip(&p, 1048576, 2, 0, 1, false);
    cr_assert_eq(open_size(&p, target, 0x80000000u, 1, 0, &out), FR_ETOOBIG);
    test_plugin_free(&p);
}

Test(output_pixels, pam_reads_back)
{
    struct test_plugin p = test_plugin_load("pam");
    round_trips(&p);
    test_plugin_free(&p);
}

/* ------------------------------------------------------------------ texts */

static void write_texts(struct test_plugin *p)
{
    fr_output *out = NULL;
    uint8_t *pixels = test_pixels(4, 4, 16, true);
    char longer[601];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    cr_assert_eq(open_small(p, target, &out), FR_OK, "%s", host.error);
    cr_assert_eq(p->ops->meta(out, "Plain", "one\ntwo"), FR_OK);
    cr_assert_eq(p->ops->meta(out, "Latin", "\xc3\xa4"), FR_OK);
    cr_assert_eq(p->ops->meta(out, "Greek", "\xce\xb1"), FR_OK);
    cr_assert_eq(p->ops->meta(out, "Long", longer), FR_OK);
    feed(p, out, 4, 4, pixels, 16);
    cr_assert_eq(p->ops->meta(out, "Late", "x"), FR_EINVAL);
    cr_assert_eq(p->ops->finish(out), FR_OK, "%s", host.error);
    p->ops->close(out);
    free(pixels);
}

static const png_text *find_text(const png_text *texts, int count, const char *key)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(texts[i].key, key) == 0)
            return &texts[i];
    }
    cr_assert_fail("no text %s", key);
    return NULL;
}

Test(output_pixels, png_keeps_texts_and_colour_space)
{
    struct test_plugin p = test_plugin_load("png");
    write_texts(&p);
    FILE *f;
    png_infop info;
    png_structp png = open_png(&f, &info);
    cr_assert(png_get_valid(png, info, PNG_INFO_sRGB));
    png_textp texts;
    int count = 0;
    png_get_text(png, info, &texts, &count);
    cr_assert_eq(count, 5);
    cr_assert_str_eq(find_text(texts, count, "Title")->text, "a title");
    cr_assert_str_eq(find_text(texts, count, "Plain")->text, "one\ntwo");
    const png_text *latin = find_text(texts, count, "Latin");
    cr_assert_eq(latin->compression, PNG_TEXT_COMPRESSION_NONE);
    cr_assert_str_eq(latin->text, "\xe4");
    const png_text *greek = find_text(texts, count, "Greek");
    cr_assert_eq(greek->compression, PNG_ITXT_COMPRESSION_NONE);
    cr_assert_str_eq(greek->text, "\xce\xb1");
    cr_assert_eq(strlen(find_text(texts, count, "Long")->text), 600);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(f);
    test_plugin_free(&p);
}
