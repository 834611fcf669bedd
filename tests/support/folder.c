/* SPDX-License-Identifier: MIT */
#include "support/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void test_folder_make(char path[PATH_MAX])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(path, PATH_MAX, "%s/fractal-test-XXXXXX", tmp ? tmp : "/tmp");
    cr_assert_not_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void test_folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int test_folder_entries(const char *path)
{
    DIR *dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return count;
}

void test_file_write_bytes(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, len, f), len);
    cr_assert_eq(fclose(f), 0);
}

void test_file_write(const char *path, const char *text)
{
    test_file_write_bytes(path, text, strlen(text));
}

char *test_file_read(const char *path, size_t *len_p)
{
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    fseek(f, 0, SEEK_END);
    size_t len = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(len + 1);
    /* Of a file that somebody still writes to: what was there. */
    len = fread(bytes, 1, len, f);
    bytes[len] = '\0';
    fclose(f);
    if (len_p)
        *len_p = len;
    return bytes;
}
