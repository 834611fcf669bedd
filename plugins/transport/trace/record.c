/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 10000 }; /* of one name: endpoints in one process */

/* --------------------------------------------------------------------- file */

static void give_up(struct record *r, const char *what)
{
    r->host->log(r->host->ctx, FR_LOG_WARN, "%s: recording stops", what);
    close(r->fd);
    r->fd = -1;
}

static void flush(struct record *r)
{
    size_t done = 0;
    while (done < r->used && r->fd >= 0) {
        ssize_t n = write(r->fd, r->buffer + done, r->used - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            give_up(r, strerror(errno));
    }
    r->used = 0;
}

static bool expand(const char *file, int pid, enum fr_role role, char *path, size_t cap)
{
    size_t at = 0;
    for (; *file && at + 1 < cap; file++) {
        int n = 1;
        if (file[0] == '%' && (file[1] == 'p' || file[1] == 'r')) {
            file++;
            n = *file == 'p' ? snprintf(path + at, cap - at, "%d", pid)
                             : snprintf(path + at, cap - at, "%s",
                                        role == FR_ROLE_LEADER ? "leader" : "worker");
        } else {
            path[at] = *file;
        }
        at += (size_t)n;
    }
    if (at >= cap)
        return false;
    path[at] = '\0';
    return *file == '\0' && at > 0;
}

/* Takes the file where no other endpoint is writing to it; < 0: errno says why not. */
static int take(const char *path)
{
    struct stat info;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0 || (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)))
        return fd; /* pipes and devices are for anyone */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int take_any(const char *path)
{
    char other[PATH_MAX + 16];
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (!dot || (slash && dot < slash))
        dot = path + strlen(path);
    int fd = take(path);
    for (int i = 2; fd < 0 && errno == EWOULDBLOCK && i < MAX_FILES; i++) {
        snprintf(other, sizeof(other), "%.*s-%d%s", (int)(dot - path), path, i, dot);
        fd = take(other);
    }
    return fd;
}

static fr_status make_path(const struct fr_host *host, const char *file, enum fr_role role,
                           char path[PATH_MAX])
{
    if (!expand(file, (int)getpid(), role, path, PATH_MAX))
        return FR_FAIL(
            host, FR_EINVAL,
            "[transport.trace] file = %.200s: empty or too long; valid: a file's path of "
            "1 to %d bytes",
            file, PATH_MAX - 1);
    return FR_OK;
}

static bool may(const char *path, int rights)
{
    return faccessat(AT_FDCWD, path, rights, AT_EACCESS) == 0;
}

fr_status record_check(const struct fr_host *host, const char *file, enum fr_role role)
{
    char path[PATH_MAX];
    struct stat info;
    fr_status st = make_path(host, file, role, path);
    if (st != FR_OK)
        return st;
    int why = 0;
    if (stat(path, &info) == 0) {
        why = S_ISDIR(info.st_mode) ? EISDIR : !may(path, W_OK) ? errno : 0;
    } else if (errno != ENOENT) {
        why = errno;
    } else {
        char *slash = strrchr(path, '/');
        const char *folder = !slash ? "." : slash == path ? "/" : path;
        if (slash)
            *slash = '\0';
        why = !may(folder, W_OK | X_OK) ? errno : 0;
    }
    if (why)
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.trace] file = %s: %s; valid: a file that can be written, in a "
                       "folder that is there",
                       file, strerror(why));
    return FR_OK;
}

fr_status record_open(struct record *r, const struct fr_host *host, const char *file,
                      enum fr_role role, uint64_t limit)
{
    char path[PATH_MAX];
    r->host = host;
    r->pid = (int)getpid();
    r->left = limit;
    r->first = true;
    r->used = 0;
    r->fd = -1;
    fr_status st = make_path(host, file, role, path);
    if (st != FR_OK)
        return st;
    r->fd = take_any(path);
    if (r->fd < 0)
        return FR_FAIL(host, FR_EIO, "cannot write the trace %s: %s", path, strerror(errno));
    r->buffer[r->used++] = '[';
    return FR_OK;
}

void record_close(struct record *r)
{
    if (r->fd < 0)
        return;
    flush(r);
    memcpy(r->buffer, "\n]\n", 3);
    r->used = 3;
    flush(r);
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

/* ------------------------------------------------------------------- events */

const char *record_text(const char *text, char *out, size_t cap)
{
    size_t at = 0;
    for (; *text && at + 3 < cap; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            out[at++] = '\\';
        out[at++] = c < ' ' || c > '~' ? '?' : (char)c; /* whatever the bytes were meant to be */
    }
    out[at] = '\0';
    return out;
}

/* Starts an event; false: nothing is recorded. */
static bool begin(struct record *r)
{
    if (r->fd < 0)
        return false;
    if (r->used + RECORD_MAX > sizeof(r->buffer))
        flush(r);
    if (r->fd < 0)
        return false;
    if (!r->first)
        r->buffer[r->used++] = ',';
    r->first = false;
    r->buffer[r->used++] = '\n';
    return true;
}

static bool count(struct record *r)
{
    if (r->left == 0)
        return false;
    if (--r->left > 0)
        return true;
    if (begin(r))
        r->used += (size_t)snprintf(r->buffer + r->used, RECORD_MAX / 2,
                                    "{\"name\":\"the limit is reached\",\"ph\":\"i\",\"s\":\"p\","
                                    "\"ts\":%.3f,\"pid\":%d,\"tid\":0}",
                                    (double)r->host->now_ns() / 1e3, r->pid);
    r->host->log(r->host->ctx, FR_LOG_WARN, "the limit of events is reached: recording stops");
    return false;
}

/* Microseconds with their thousandths, without floating point: this is the busiest place. */
#define US(ns) (unsigned long long)((ns) / 1000), (unsigned)((ns) % 1000)

static void finish(struct record *r, size_t head, const char *args, va_list ap)
{
    char *at = r->buffer + r->used;
    size_t room = RECORD_MAX - 16; /* kept for the end */
    int n = vsnprintf(at + head, room - head, args, ap);
    if (n < 0 || (size_t)n >= room - head)
        n = 0; /* better without its arguments than broken */
    head += (size_t)n;
    at[head++] = '}';
    at[head++] = '}';
    r->used += head;
}

void record_instant(struct record *r, const char *name, fr_peer peer, const char *args, ...)
{
    if (r->fd < 0 || !count(r) || !begin(r))
        return;
    uint64_t now_ns = r->host->now_ns();
    int n = snprintf(r->buffer + r->used, RECORD_MAX / 2,
                     "{\"name\":\"%s\",\"ph\":\"i\",\"s\":\"t\",\"ts\":%llu.%03u,\"pid\":%d,"
                     "\"tid\":%u,\"args\":{",
                     name, US(now_ns), r->pid, peer);
    va_list ap;
    va_start(ap, args);
    finish(r, (size_t)n, args, ap);
    va_end(ap);
}

void record_slice(struct record *r, const char *name, fr_peer peer, uint64_t start_ns,
                  const char *args, ...)
{
    if (r->fd < 0 || !count(r) || !begin(r))
        return;
    uint64_t took_ns = r->host->now_ns() - start_ns;
    int n = snprintf(r->buffer + r->used, RECORD_MAX / 2,
                     "{\"name\":\"%s\",\"ph\":\"X\",\"ts\":%llu.%03u,\"dur\":%llu.%03u,\"pid\":%d,"
                     "\"tid\":%u,\"args\":{",
                     name, US(start_ns), US(took_ns), r->pid, peer);
    va_list ap;
    va_start(ap, args);
    finish(r, (size_t)n, args, ap);
    va_end(ap);
}

/* Metadata: without a time, and outside the limit. */
static void name_it(struct record *r, const char *what, fr_peer peer, const char *name)
{
    char text[300];
    if (r->left == 0 || !begin(r))
        return;
    r->used += (size_t)snprintf(r->buffer + r->used, RECORD_MAX / 2,
                                "{\"name\":\"%s\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,"
                                "\"tid\":%u,\"args\":{\"name\":\"%s\"}}",
                                what, r->pid, peer, record_text(name, text, sizeof(text)));
}

void record_process_name(struct record *r, const char *name)
{
    name_it(r, "process_name", 0, name);
}

void record_thread_name(struct record *r, fr_peer peer, const char *name)
{
    name_it(r, "thread_name", peer, name);
}
