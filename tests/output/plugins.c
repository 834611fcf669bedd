/* SPDX-License-Identifier: MIT
 * The outputs write what they were given, and the file is there only when all of it is. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <png.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_host host;
static char folder[PATH_MAX];
static char target[PATH_MAX + 16];

static void set_up(void)
{
    test_host_init(&host);
    test_folder_make(folder);
    snprintf(target, sizeof(target), "%s/picture", folder);
}

static void tear_down(void)
{
    test_folder_remove(folder);
}

TestSuite(output, .init = set_up, .fini = tear_down);

static fr_status open_size(const struct test_plugin *p, const char *path, uint32_t width,
                           uint32_t height, uint32_t flags, fr_output **out_p)
{
    const struct fr_image img = {.size = sizeof(img),
                                 .width = width,
                                 .height = height,
                                 .flags = flags,
                                 .path = path,
                                 .title = "a title"};
    return p->ops->open(&host.host, p->cfg, &img, out_p);
}

static fr_status open_small(const struct test_plugin *p, const char *path, fr_output **out_p)
{
    return open_size(p, path, 4, 4, FR_IMAGE_OPAQUE, out_p);
}

static void feed(const struct test_plugin *p, fr_output *out, uint32_t height, uint32_t chunk,
                 const uint8_t *pixels, size_t stride)
{
    for (uint32_t y = 0; y < height; y += chunk) {
        uint32_t n = height - y < chunk ? height - y : chunk;
        cr_assert_eq(p->ops->rows(out, y, n, pixels + y * stride, stride), FR_OK, "%s", host.error);
    }
}

/* A whole small file; returns how it ended. */
static fr_status write_small(const struct test_plugin *p, const char *path)
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

Test(output, png_reads_back)
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

Test(output, png_takes_the_longest_sides)
{
    struct test_plugin p = test_plugin_load("png");
    fr_output *out = NULL;
    cr_assert_eq(open_size(&p, target, 1048576, 1048576, 0, &out), FR_OK, "%s", host.error);
    p.ops->close(out);
    round_trip(&p, 1048576, 2, 0, 1, false);
    cr_assert_eq(open_size(&p, target, 0x80000000u, 1, 0, &out), FR_ETOOBIG);
    test_plugin_free(&p);
}

Test(output, pam_reads_back)
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

Test(output, png_keeps_texts_and_colour_space)
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

Test(output, pam_keeps_texts_in_short_comment_lines)
{
    struct test_plugin p = test_plugin_load("pam");
    write_texts(&p);
    char *file = test_file_read(target, NULL);
    cr_assert_not_null(strstr(file, "\n# Title: a title\n"));
    cr_assert_not_null(strstr(file, "\n# Plain: one two\n"));
    cr_assert_not_null(strstr(file, "\n# Greek: \xce\xb1\n"));
    const char *line = file;
    while (strncmp(line, "ENDHDR\n", 7) != 0) {
        const char *end = strchr(line, '\n');
        cr_assert_lt(end - line, 250);
        line = end + 1;
    }
    free(file);
}

/* ------------------------------------------------------------------ the promise about rows */

static void check_order(const char *name)
{
    struct test_plugin p = test_plugin_load(name);
    uint8_t *pixels = test_pixels(4, 4, 16, true);
    fr_output *out = NULL;
    cr_assert_eq(open_small(&p, target, &out), FR_OK);
    cr_assert_eq(p.ops->rows(out, 1, 1, pixels, 16), FR_EINVAL);
    p.ops->close(out);
    cr_assert_eq(open_small(&p, target, &out), FR_OK);
    cr_assert_eq(p.ops->rows(out, 0, 2, pixels, 16), FR_OK);
    cr_assert_eq(p.ops->rows(out, 2, 3, pixels, 16), FR_EINVAL);
    p.ops->close(out);
    cr_assert_eq(open_small(&p, target, &out), FR_OK);
    cr_assert_eq(p.ops->rows(out, 0, 2, pixels, 15), FR_EINVAL);
    p.ops->close(out);
    cr_assert_eq(open_small(&p, target, &out), FR_OK);
    cr_assert_eq(p.ops->rows(out, 0, 3, pixels, 16), FR_OK);
    cr_assert_eq(p.ops->finish(out), FR_EINVAL);
    p.ops->close(out);
    cr_assert_eq(test_folder_entries(folder), 0);
    free(pixels);
    test_plugin_free(&p);
}

Test(output, rows_come_in_order_and_all)
{
    check_order("png");
    check_order("pam");
    check_order("null");
}

Test(output, null_makes_no_file)
{
    struct test_plugin p = test_plugin_load("null");
    cr_assert_null(p.ops->extension);
    cr_assert_eq(write_small(&p, ""), FR_OK);
    cr_assert_eq(test_folder_entries(folder), 0);
}

/* ------------------------------------------------------------------ files */

static const char *const file_outputs[] = {"png", "pam"};
#define EACH_FILE_OUTPUT(p)                                                                        \
    for (size_t i_ = 0; i_ < 2; i_++)                                                              \
        for (struct test_plugin p = test_plugin_load(file_outputs[i_]); p.ops;                     \
             test_plugin_free(&p), p.ops = NULL)

Test(output, appears_only_when_complete)
{
    EACH_FILE_OUTPUT(p)
    {
        uint8_t *pixels = test_pixels(4, 4, 16, true);
        fr_output *out = NULL;
        cr_assert_eq(open_small(&p, target, &out), FR_OK);
        feed(&p, out, 4, 1, pixels, 16);
        cr_assert_neq(access(target, F_OK), 0);
        cr_assert_eq(p.ops->finish(out), FR_OK, "%s", host.error);
        cr_assert_eq(access(target, F_OK), 0);
        p.ops->close(out);
        struct stat st;
        mode_t mask = umask(0);
        umask(mask);
        cr_assert_eq(stat(target, &st), 0);
        cr_assert_eq(st.st_mode & 0777, 0666 & ~mask);
        cr_assert_eq(test_folder_entries(folder), 1);
        unlink(target);
        free(pixels);
    }
}

Test(output, close_without_finish_leaves_what_was_there)
{
    EACH_FILE_OUTPUT(p)
    {
        uint8_t *pixels = test_pixels(4, 4, 16, true);
        for (int existed = 0; existed < 2; existed++) {
            fr_output *out = NULL;
            if (existed)
                test_file_write(target, "before");
            cr_assert_eq(open_small(&p, target, &out), FR_OK);
            feed(&p, out, 4, 1, pixels, 16);
            p.ops->close(out);
            cr_assert_eq(test_folder_entries(folder), existed);
        }
        char *text = test_file_read(target, NULL);
        cr_assert_str_eq(text, "before");
        free(text);
        cr_assert_eq(write_small(&p, target), FR_OK, "%s", host.error);
        text = test_file_read(target, NULL);
        cr_assert_str_neq(text, "before");
        free(text);
        cr_assert_eq(test_folder_entries(folder), 1);
        unlink(target);
        free(pixels);
    }
}

Test(output, follows_links_and_keeps_them)
{
    char link[PATH_MAX + 32];
    snprintf(link, sizeof(link), "%s/link", folder);
    cr_assert_eq(symlink("picture", link), 0);
    EACH_FILE_OUTPUT(p)
    {
        for (int existed = 0; existed < 2; existed++) {
            cr_assert_eq(write_small(&p, link), FR_OK, "%s", host.error);
            struct stat st;
            cr_assert_eq(lstat(link, &st), 0);
            cr_assert(S_ISLNK(st.st_mode));
            cr_assert_eq(lstat(target, &st), 0);
            cr_assert(S_ISREG(st.st_mode));
            cr_assert_gt(st.st_size, 0);
            cr_assert_eq(test_folder_entries(folder), 2);
        }
        unlink(target);
    }
    unlink(link);
    cr_assert_eq(symlink("link", link), 0);
    EACH_FILE_OUTPUT(p)
    cr_assert_eq(write_small(&p, link), FR_EIO);
}

Test(output, works_in_the_current_folder_and_with_the_longest_names)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    cr_assert_eq(chdir(folder), 0);
    EACH_FILE_OUTPUT(p)
    {
        cr_assert_eq(write_small(&p, "picture"), FR_OK, "%s", host.error);
        cr_assert_eq(write_small(&p, name), FR_OK, "%s", host.error);
        cr_assert_eq(test_folder_entries(folder), 2);
    }
    cr_assert_eq(chdir("/"), 0);
}

Test(output, refuses_at_open_what_cannot_be_written)
{
    char path[PATH_MAX + 64];
    EACH_FILE_OUTPUT(p)
    {
        fr_output *out = NULL;
        test_host_init(&host);
        snprintf(path, sizeof(path), "%s/none/picture", folder);
        cr_assert_eq(open_small(&p, path, &out), FR_EIO);
        cr_assert_not_null(strstr(host.error, path));
        cr_assert_not_null(strstr(host.error, strerror(ENOENT)));
        test_host_init(&host);
        cr_assert_eq(open_small(&p, folder, &out), FR_EIO);
        cr_assert_not_null(strstr(host.error, strerror(EISDIR)));
        snprintf(path, sizeof(path), "%s/picture/", folder);
        cr_assert_eq(open_small(&p, path, &out), FR_EINVAL);
        cr_assert_eq(open_small(&p, "", &out), FR_EINVAL);
        cr_assert_null(out);
    }
    cr_assert_eq(test_folder_entries(folder), 0);
}

/* Root may write everything, so the test becomes somebody else in its own process. */
Test(output, refuses_what_belongs_to_others)
{
    test_file_write(target, "before");
    cr_assert_eq(chmod(target, 0444), 0);
    if (geteuid() == 0) {
        cr_assert_eq(chmod(folder, 0777), 0);
        cr_assert_eq(seteuid(65534), 0);
    }
    fr_output *out = NULL;
    EACH_FILE_OUTPUT(p)
    {
        test_host_init(&host);
        cr_assert_eq(open_small(&p, target, &out), FR_EIO);
        cr_assert_not_null(strstr(host.error, strerror(EACCES)));
    }
    bool is_root = getuid() == 0;
    cr_assert_eq(seteuid(getuid()), 0);
    cr_assert_eq(chmod(target, 0666), 0);
    cr_assert_eq(chmod(folder, is_root ? 01777 : 0555), 0);
    if (is_root)
        cr_assert_eq(seteuid(65534), 0);
    EACH_FILE_OUTPUT(p)
    cr_assert_eq(open_small(&p, target, &out), FR_EIO);
    cr_assert_eq(seteuid(getuid()), 0);
    cr_assert_eq(chmod(folder, 0755), 0);
    cr_assert_eq(test_folder_entries(folder), 1);
}

Test(output, a_full_disk_is_an_error)
{
    char link[PATH_MAX + 32];
    snprintf(link, sizeof(link), "%s/link", folder);
    cr_assert_eq(symlink("/dev/full", link), 0);
    EACH_FILE_OUTPUT(p)
    {
        test_host_init(&host);
        cr_assert_eq(write_small(&p, "/dev/full"), FR_EIO);
        cr_assert_not_null(strstr(host.error, "/dev/full"));
        cr_assert_not_null(strstr(host.error, strerror(ENOSPC)));
        cr_assert_eq(write_small(&p, link), FR_EIO);
        cr_assert_eq(write_small(&p, "/dev/null"), FR_OK, "%s", host.error);
        struct stat st;
        cr_assert_eq(stat("/dev/full", &st), 0);
        cr_assert(S_ISCHR(st.st_mode));
    }
}

/* Fails among the rows, not only in finish: the picture is larger than a block. */
Test(output, an_error_between_rows_leaves_nothing)
{
    signal(SIGXFSZ, SIG_IGN); /* as the core does */
    struct rlimit old, low;
    getrlimit(RLIMIT_FSIZE, &old);
    low = (struct rlimit){.rlim_cur = 1 << 20, .rlim_max = old.rlim_max};
    EACH_FILE_OUTPUT(p)
    {
        const uint32_t side = 1024;
        uint8_t *pixels = test_pixels(side, side, side * 4, false);
        fr_output *out = NULL;
        fr_status st = FR_OK;
        test_host_init(&host);
        cr_assert_eq(open_size(&p, target, side, side, 0, &out), FR_OK, "%s", host.error);
        setrlimit(RLIMIT_FSIZE, &low);
        for (uint32_t y = 0; y < side && st == FR_OK; y++)
            st = p.ops->rows(out, y, 1, pixels + (size_t)y * side * 4, side * 4);
        setrlimit(RLIMIT_FSIZE, &old);
        cr_assert_eq(st, FR_EIO);
        cr_assert_not_null(strstr(host.error, strerror(EFBIG)), "%s", host.error);
        p.ops->close(out);
        cr_assert_eq(test_folder_entries(folder), 0);
        free(pixels);
    }
}

Test(output, a_pipe_is_written_to_directly)
{
    int ends[2];
    char path[64], head[8];
    EACH_FILE_OUTPUT(p)
    {
        cr_assert_eq(pipe(ends), 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
        cr_assert_eq(write_small(&p, path), FR_OK, "%s", host.error);
        cr_assert_eq(read(ends[0], head, sizeof(head)), (ssize_t)sizeof(head));
        cr_assert_eq(memcmp(head, p.ops->extension[1] == 'n' ? "\x89PNG" : "P7\n#", 4), 0);
        close(ends[0]);
        close(ends[1]);
    }
}
