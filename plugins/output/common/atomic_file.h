/* SPDX-License-Identifier: MIT
 * atomic_file.h - a file that has its name only once it is complete. */
#ifndef FRACTAL_OUTPUT_ATOMIC_FILE_H
#define FRACTAL_OUTPUT_ATOMIC_FILE_H
#include <fractal/plugin.h>

struct fr_file;

/* Can it be the name of a file at all? Looks at the text only. FR_EINVAL. */
fr_status fr_file_check(const struct fr_host *host, const char *path);

/* Refuses here what would fail at the end: no such folder, no right to write or to replace, a
 * folder of that name. A link is followed and kept. What is no regular file (a pipe, a device) is
 * written to directly. Sets *file_p only on FR_OK. Errors: FR_EINVAL, FR_EIO, FR_ENOMEM. */
fr_status fr_file_open(const struct fr_host *host, const char *path, struct fr_file **file_p);

/* The name the file was opened by, for messages. */
const char *fr_file_path(const struct fr_file *file);

/* Buffered; an error may show at a later call. */
fr_status fr_file_write(struct fr_file *file, const void *bytes, size_t len);

/* Everything on the disk, then under its name, in one step. */
fr_status fr_file_finish(struct fr_file *file);

/* Without a successful finish: leaves nothing. NULL is fine. */
void fr_file_close(struct fr_file *file);
#endif
