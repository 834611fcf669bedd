/* SPDX-License-Identifier: MIT */
#include "experiment/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void clear(struct fr_save *save)
{
    free(save->path);
    free(save->temporary);
    *save = (struct fr_save){0};
}

fr_status fr_save_begin(const char *folder, const char *name, struct fr_save *save_p,
                        struct fr_error *err)
{
    struct fr_save save = {0};
    if (asprintf(&save.path, "%s/%s", folder, name) < 0)
        save.path = NULL;
    if (save.path && asprintf(&save.temporary, "%s/.%s.XXXXXX", folder, name) < 0)
        save.temporary = NULL;
    if (!save.path || !save.temporary) {
        clear(&save);
        fr_fail(err, FR_ENOMEM, "out of memory");
        return FR_ENOMEM;
    }
    int fd = mkostemp(save.temporary, O_CLOEXEC);
    if (fd >= 0) {
        mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask); /* a result is there to be read, as by open() */
        save.to = fdopen(fd, "w");
    }
    if (!save.to) {
        fr_fail(err, FR_EIO, "cannot write %s: %s", save.path, strerror(errno));
        if (fd >= 0) {
            close(fd);
            unlink(save.temporary);
        }
        clear(&save);
        return FR_EIO;
    }
    *save_p = save;
    return FR_OK;
}

fr_status fr_save_end(struct fr_save *save, struct fr_error *err)
{
    bool written = fflush(save->to) == 0 && !ferror(save->to) && fsync(fileno(save->to)) == 0;
    int why = errno;
    if (fclose(save->to) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(save->temporary, save->path) != 0) {
        written = false;
        why = errno;
    }
    fr_status st = FR_OK;
    if (!written) {
        st = fr_fail(err, FR_EIO, "cannot write %s: %s", save->path, strerror(why));
        unlink(save->temporary);
    }
    clear(save);
    return st;
}

void fr_save_drop(struct fr_save *save)
{
    fclose(save->to);
    unlink(save->temporary);
    clear(save);
}

fr_status fr_save_json(const char *folder, const char *name, const json_t *json,
                       struct fr_error *err)
{
    struct fr_save save = {0};
    fr_status st = fr_save_begin(folder, name, &save, err);
    if (st != FR_OK)
        return st;
    if (json_dumpf(json, save.to, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0)
        fputc('\n', save.to);
    return fr_save_end(&save, err);
}

fr_status fr_save_folder(const char *folder, struct fr_error *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s", folder);
    for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return fr_fail(err, FR_EINVAL, "cannot make the folder %s: %s", folder, strerror(errno));
    return FR_OK;
}
