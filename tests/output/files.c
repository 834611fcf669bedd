/* SPDX-License-Identifier: MIT
 * A file is there only when all of it is, and what cannot be written is refused at once. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(output_files, .init = set_up, .fini = tear_down);

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

Test(output_files, rows_come_in_order_and_all)
{
    check_order("png");
    check_order("pam");
    check_order("null");
}

Test(output_files, null_makes_no_file)
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

Test(output_files, appears_only_when_complete)
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

Test(output_files, close_without_finish_leaves_what_was_there)
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

Test(output_files, follows_links_and_keeps_them)
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

Test(output_files, works_in_the_current_folder_and_with_the_longest_names)
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

Test(output_files, refuses_at_open_what_cannot_be_written)
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
Test(output_files, refuses_what_belongs_to_others)
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

Test(output_files, a_full_disk_is_an_error)
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
Test(output_files, an_error_between_rows_leaves_nothing)
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

Test(output_files, a_pipe_is_written_to_directly)
{
    int ends[2];
    char path[64], head[8];
    EACH_FILE_OUTPUT(p)
    {
        cr_assert_eq(pipe(ends), 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
        cr_assert_eq(write_small(&p, path), FR_OK, "%s", host.error);
        cr_assert_eq(read(ends[0], head, sizeof(head)), (ssize_t)sizeof(head));
        cr_assert_eq(memcmp(head, p.ops->extension[1] == 'n' ? "\x89PNG" : "P7\nW", 4), 0);
        close(ends[0]);
        close(ends[1]);
    }
}
