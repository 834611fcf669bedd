/* SPDX-License-Identifier: MIT
 * folder.h - folders and files of a test. Every failure fails the test. */
#ifndef FRACTAL_TESTS_SUPPORT_FOLDER_H
#define FRACTAL_TESTS_SUPPORT_FOLDER_H
#include <limits.h>
#include <stddef.h>

void test_folder_make(char path[PATH_MAX]);
void test_folder_remove(const char *path); /* and all that is in it */
/* Names in the folder but . and .. */
int test_folder_entries(const char *path);
void test_file_write(const char *path, const char *text);
void test_file_write_bytes(const char *path, const void *bytes, size_t len);
/* Malloc'ed, with a '\0' after its end. */
char *test_file_read(const char *path, size_t *len_p);
#endif
