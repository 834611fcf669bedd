/* SPDX-License-Identifier: MIT */
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES    ((size_t)1 << 20)
#define MAX_LINKS      40 /* as many as the kernel follows */
#define MAX_NAME_TRIES 100

struct fr_file {
    const struct fr_host *host;
    char *path;              /* as asked for                                              */
    char target[PATH_MAX];   /* `path` with the links at its end resolved                 */
    const char *base;        /* its last part, inside target                              */
    int folder;              /* where `base` lies; -1: written to directly                */
    int fd;                  /* -1: none                                                  */
    char temp[NAME_MAX + 1]; /* the temporary's name in `folder`; "": it has none        */
    size_t fill;
    char *block;
};

static fr_status fail_errno(const struct fr_file *file, int err, const char *what)
{
    return FR_FAIL(file->host, FR_EIO, "%s \"%s\": %s", what, file->path, strerror(err));
}

/* ------------------------------------------------------------------ the name */

/* Splits target into folder and base, and opens the folder. */
static fr_status open_folder(struct fr_file *file)
{
    char *slash = strrchr(file->target, '/');
    if (slash) {
        char folder[PATH_MAX];
        size_t len = slash == file->target ? 1 : (size_t)(slash - file->target);
        memcpy(folder, file->target, len);
        folder[len] = '\0';
        file->base = slash + 1;
        file->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    } else {
        file->base = file->target;
        file->folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (file->folder < 0)
        return fail_errno(file, errno, "cannot open the folder of");
    return FR_OK;
}

/* Follows the links at the end of the path by hand, since realpath() refuses a link to a file that
 * is not there yet. */
static fr_status resolve(struct fr_file *file)
{
    for (int i = 0; i <= MAX_LINKS; i++) {
        fr_status st = open_folder(file);
        if (st != FR_OK)
            return st;
        if (!*file->base) /* a link to "folder/" */
            return fail_errno(file, EISDIR, "cannot write");
        char link[PATH_MAX];
        ssize_t len = readlinkat(file->folder, file->base, link, sizeof(link));
        if (len < 0)
            return FR_OK; /* no link; whatever else is wrong shows next */
        size_t keep = link[0] == '/' ? 0 : (size_t)(file->base - file->target);
        if (keep + (size_t)len >= sizeof(file->target))
            return fail_errno(file, ENAMETOOLONG, "cannot write");
        memcpy(file->target + keep, link, (size_t)len);
        file->target[keep + (size_t)len] = '\0';
        close(file->folder);
        file->folder = -1;
    }
    return fail_errno(file, ELOOP, "cannot write");
}

/* In a sticky folder (/tmp) a file that we may write is not always one that we may replace. */
static bool may_replace(int folder, const struct stat *target)
{
    struct stat st;
    uid_t me = geteuid();
    return fstat(folder, &st) == 0 &&
           (!(st.st_mode & S_ISVTX) || me == 0 || me == target->st_uid || me == st.st_uid);
}

static fr_status check_target(struct fr_file *file)
{
    struct stat st;
    if (fstatat(file->folder, file->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? FR_OK : fail_errno(file, errno, "cannot write");
    if (faccessat(file->folder, file->base, W_OK, AT_EACCESS) < 0)
        return fail_errno(file, errno, "cannot write");
    if (!may_replace(file->folder, &st))
        return fail_errno(file, EPERM, "cannot replace");
    return FR_OK;
}

/* ------------------------------------------------------------------ the temporary */

/* The kernel applies the umask to what it creates; mkstemp() would make 0600 of it. */
static int create_unnamed(struct fr_file *file)
{
    if (access("/proc/self/fd", X_OK) < 0)
        return -1; /* it could not be given its name later */
    return openat(file->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

static int link_unnamed(const struct fr_file *file, const char *name)
{
    char self[64];
    snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
    return linkat(AT_FDCWD, self, file->folder, name, AT_SYMLINK_FOLLOW);
}

/* Gives a hidden name beside the target to the unnamed file, or to a new one where there is none
 * yet. Returns 0 or an errno. */
static int take_temp_name(struct fr_file *file)
{
    for (int i = 0; i < MAX_NAME_TRIES; i++) {
        char name[sizeof(file->temp)];
        uint32_t salt;
        if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
            return errno;
        snprintf(name, sizeof(name), ".%.200s.%08x", file->base, salt);
        int got;
        if (file->fd >= 0)
            got = link_unnamed(file, name);
        else
            got = file->fd =
                openat(file->folder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (got >= 0) {
            memcpy(file->temp, name, sizeof(name));
            return 0;
        }
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

static fr_status create_temp(struct fr_file *file)
{
    file->fd = create_unnamed(file);
    if (file->fd >= 0)
        return FR_OK;
    int err = take_temp_name(file);
    return err ? fail_errno(file, err, "cannot create a file beside") : FR_OK;
}

/* ------------------------------------------------------------------ opening */

static fr_status open_parts(struct fr_file *file)
{
    /* A path like /dev/stdout is a link whose text names nothing, hence before resolving. */
    struct stat st;
    if (stat(file->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        if (S_ISDIR(st.st_mode))
            return fail_errno(file, EISDIR, "cannot write");
        file->fd = open(file->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        return file->fd < 0 ? fail_errno(file, errno, "cannot write") : FR_OK;
    }
    fr_status status = resolve(file);
    if (status == FR_OK)
        status = check_target(file);
    return status == FR_OK ? create_temp(file) : status;
}

fr_status fr_file_check(const struct fr_host *host, const char *path)
{
    size_t len = strlen(path);
    if (len == 0 || len >= PATH_MAX || path[len - 1] == '/')
        return FR_FAIL(
            host, FR_EINVAL,
            "[output] outfile = %.300s: no file name; valid: a path of 1 to %d bytes that "
            "does not end in /",
            path, PATH_MAX - 1);
    return FR_OK;
}

fr_status fr_file_open(const struct fr_host *host, const char *path, struct fr_file **file_p)
{
    fr_status st = fr_file_check(host, path);
    if (st != FR_OK)
        return st;
    struct fr_file *file = calloc(1, sizeof(*file));
    if (!file)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    file->host = host;
    file->fd = file->folder = -1;
    memcpy(file->target, path, strlen(path) + 1);
    file->path = strdup(path);
    file->block = malloc(BLOCK_BYTES);
    st = file->path && file->block ? open_parts(file) : FR_FAIL(host, FR_ENOMEM, "out of memory");
    if (st != FR_OK) {
        fr_file_close(file);
        return st;
    }
    *file_p = file;
    return FR_OK;
}

const char *fr_file_path(const struct fr_file *file)
{
    return file->path;
}

/* ------------------------------------------------------------------ writing */

static fr_status write_all(struct fr_file *file, const char *bytes, size_t len)
{
    while (len) {
        ssize_t done = write(file->fd, bytes, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return fail_errno(file, done < 0 ? errno : ENOSPC, "cannot write");
        bytes += done;
        len -= (size_t)done;
    }
    return FR_OK;
}

fr_status fr_file_write(struct fr_file *file, const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len) {
        size_t part = BLOCK_BYTES - file->fill;
        if (part > len)
            part = len;
        if (part == BLOCK_BYTES) { /* a whole block: no need to copy it first */
            fr_status st = write_all(file, from, part);
            if (st != FR_OK)
                return st;
        } else {
            memcpy(file->block + file->fill, from, part);
            file->fill += part;
        }
        from += part;
        len -= part;
        if (file->fill == BLOCK_BYTES) {
            file->fill = 0;
            fr_status st = write_all(file, file->block, BLOCK_BYTES);
            if (st != FR_OK)
                return st;
        }
    }
    return FR_OK;
}

/* ------------------------------------------------------------------ the end */

/* So that the name, too, survives a power cut. A file system that cannot do it is no error. */
static void sync_folder(const struct fr_file *file)
{
    int fd = openat(file->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

fr_status fr_file_finish(struct fr_file *file)
{
    fr_status st = write_all(file, file->block, file->fill);
    if (st != FR_OK)
        return st;
    file->fill = 0;
    if (fsync(file->fd) < 0 && (file->folder >= 0 || (errno != EINVAL && errno != EROFS)))
        return fail_errno(file, errno, "cannot write"); /* pipes and devices know no fsync */
    if (file->folder < 0)
        return FR_OK;
    int err = file->temp[0] ? 0 : take_temp_name(file);
    if (err)
        return fail_errno(file, err, "cannot create a file beside");
    if (renameat(file->folder, file->temp, file->folder, file->base) < 0)
        return fail_errno(file, errno, "cannot move into place");
    file->temp[0] = '\0';
    sync_folder(file);
    return FR_OK;
}

void fr_file_close(struct fr_file *file)
{
    if (!file)
        return;
    if (file->temp[0])
        unlinkat(file->folder, file->temp, 0);
    if (file->fd >= 0)
        close(file->fd);
    if (file->folder >= 0)
        close(file->folder);
    free(file->block);
    free(file->path);
    free(file);
}
