/* SPDX-License-Identifier: MIT */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ------------------------------------------------------------------ address */

/* $XDG_RUNTIME_DIR, which is the user's alone, else a folder in /tmp that we make so. */
static fr_status own_folder(const struct fr_host *host, char *dir, size_t cap)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0) {
        snprintf(dir, cap, "%s", runtime);
        return FR_OK;
    }
    snprintf(dir, cap, "/tmp/fractal-%u", (unsigned)geteuid());
    struct stat st;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return FR_FAIL(host, FR_EADDR, "cannot make %s: %s", dir, strerror(errno));
    /* Somebody else may have been there first, in a folder that everybody may write. */
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077) != 0)
        return FR_FAIL(host, FR_EADDR,
                       "%s is not a folder of this user's alone: remove it, or give an address",
                       dir);
    return FR_OK;
}

fr_status door_check(const struct fr_host *host, const char *address)
{
    const size_t longest = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    for (const char *c = address; *c; c++)
        if ((unsigned char)*c < ' ')
            return FR_FAIL(host, FR_EADDR,
                           "[transport] address: it has a control character; valid: a socket's "
                           "path of 1 to %zu bytes without any",
                           longest);
    if (strlen(address) > longest)
        return FR_FAIL(host, FR_EADDR,
                       "[transport] address = %.60s...: too long; valid: a socket's path of 1 to "
                       "%zu bytes",
                       address, longest);
    return FR_OK;
}

static fr_status make_path(const struct fr_host *host, const char *address, bool any, char *path,
                           size_t cap)
{
    char dir[PATH_MAX], name[64] = "fractal.sock";
    int n;
    fr_status st = door_check(host, address);
    if (st != FR_OK)
        return st;
    if (*address) {
        n = snprintf(path, cap, "%s", address);
    } else {
        uint64_t random = 0;
        st = own_folder(host, dir, sizeof(dir));
        if (st != FR_OK)
            return st;
        if (any && getrandom(&random, sizeof(random), 0) != sizeof(random))
            return FR_FAIL(host, FR_EADDR, "no random numbers: %s", strerror(errno));
        if (any)
            snprintf(name, sizeof(name), "fractal-%d-%08llx.sock", (int)getpid(),
                     (unsigned long long)(random & 0xffffffffu));
        n = snprintf(path, cap, "%s/%s", dir, name);
    }
    if (n < 0 || (size_t)n >= cap)
        return FR_FAIL(host, FR_EADDR, "a socket's path has at most %zu bytes: %.60s...", cap - 1,
                       path);
    return FR_OK;
}

static struct sockaddr_un to_sockaddr(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, path, strlen(path));
    return sa;
}

/* ---------------------------------------------------------------- listening */

/* The path is free, or holds a socket that nobody listens at any more. */
static fr_status clear_path(const struct fr_host *host, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return FR_OK;
    if (!S_ISSOCK(st.st_mode))
        return FR_FAIL(host, FR_EADDR, "%s exists and is no socket", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un sa = to_sockaddr(path);
    bool dead =
        fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    if (!dead)
        return FR_FAIL(host, FR_EADDR, "another leader listens at %s", path);
    if (unlink(path) != 0)
        return FR_FAIL(host, FR_EADDR, "cannot remove the dead socket %s: %s", path,
                       strerror(errno));
    return FR_OK;
}

static fr_status bind_at(const struct fr_host *host, struct door *door)
{
    struct sockaddr_un sa = to_sockaddr(door->path);
    struct stat st;
    fr_status status = clear_path(host, door->path);
    if (status != FR_OK)
        return status;
    mode_t mask = umask(0177);
    int rc = bind(door->fd, (struct sockaddr *)&sa, sizeof(sa));
    umask(mask);
    if (rc != 0 || listen(door->fd, 4096) != 0 || lstat(door->path, &st) != 0)
        return FR_FAIL(host, FR_EADDR, "cannot listen at %s: %s", door->path, strerror(errno));
    door->dev = st.st_dev;
    door->ino = st.st_ino;
    return FR_OK;
}

fr_status door_open(const struct fr_host *host, const char *address, bool any, struct door *door)
{
    *door = (struct door){.fd = -1};
    fr_status st = make_path(host, address, any, door->path, sizeof(door->path));
    if (st != FR_OK)
        return st;
    /* Two leaders that start at once must not both find the path free: the folder is locked
     * meanwhile, which leaves nothing behind. */
    char dir[sizeof(door->path)];
    snprintf(dir, sizeof(dir), "%s", door->path);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    int dir_fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return FR_FAIL(host, FR_EADDR, "cannot listen at %s: %s: %s", door->path, slash ? dir : ".",
                       strerror(errno));
    (void)flock(dir_fd, LOCK_EX);
    door->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (door->fd < 0)
        st = FR_FAIL(host, FR_EADDR, "cannot make a socket: %s", strerror(errno));
    else
        st = bind_at(host, door);
    close(dir_fd);
    if (st != FR_OK)
        door_close(door);
    return st;
}

void door_close(struct door *door)
{
    struct stat st;
    if (door->ino != 0 && lstat(door->path, &st) == 0 && st.st_dev == door->dev &&
        st.st_ino == door->ino)
        unlink(door->path);
    if (door->fd >= 0)
        close(door->fd);
    *door = (struct door){.fd = -1};
}

/* -------------------------------------------------------------------- peers */

static bool same_user(int fd, pid_t *pid_p)
{
    struct ucred who;
    socklen_t len = sizeof(who);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || who.uid != geteuid())
        return false;
    *pid_p = who.pid;
    return true;
}

int door_accept(const struct door *door, pid_t *pid_p, bool *more_p)
{
    int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    *more_p = fd >= 0;
    if (fd >= 0 && !same_user(fd, pid_p)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

fr_status door_send(int fd, const struct door_offer *offer, const int fds[DOOR_FDS])
{
    struct iovec iov = {.iov_base = (void *)offer, .iov_len = sizeof(*offer)};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(DOOR_FDS * sizeof(int))] = {0};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(DOOR_FDS * sizeof(int));
    memcpy(CMSG_DATA(c), fds, DOOR_FDS * sizeof(int));
    return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(*offer) ? FR_OK : FR_ECONN;
}

fr_status door_knock(const struct fr_host *host, const char *address, int *fd_p, char *path_p,
                     size_t path_cap)
{
    char path[108];
    pid_t pid;
    fr_status st = make_path(host, address, false, path, sizeof(path));
    if (st != FR_OK)
        return st;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return FR_FAIL(host, FR_ENOMEM, "cannot make a socket: %s", strerror(errno));
    struct sockaddr_un sa = to_sockaddr(path);
    if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
        int why = errno;
        close(fd);
        return FR_FAIL(host, FR_ECONN, "no leader at %s: %s", path, strerror(why));
    }
    if (!same_user(fd, &pid)) {
        close(fd);
        return FR_FAIL(host, FR_EAUTH, "the leader at %s is another user's", path);
    }
    *fd_p = fd;
    snprintf(path_p, path_cap, "%s", path);
    return FR_OK;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

fr_status door_receive(int fd, struct door_offer *offer_p, int fds_p[DOOR_FDS])
{
    struct door_offer offer;
    struct iovec iov = {.iov_base = &offer, .iov_len = sizeof(offer)};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(DOOR_FDS * sizeof(int))];
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return FR_EAGAIN;
    if (n <= 0)
        return FR_ECONN;
    int fds[DOOR_FDS];
    size_t count = 0;
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), count * sizeof(int));
    }
    if (count != DOOR_FDS || n != (ssize_t)sizeof(offer) || offer.magic != DOOR_MAGIC ||
        offer.version != DOOR_VERSION) {
        close_all(fds, count);
        return FR_EPROTO;
    }
    memcpy(fds_p, fds, sizeof(fds));
    *offer_p = offer;
    return FR_OK;
}
