/* SPDX-License-Identifier: MIT */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_SUFFIX ".lock"
#define ADDRESS     "[transport] address = %.300s: " /* so that the core finds who said it */

static bool is_v6(const struct addr *addr)
{
    return !addr->local && strchr(addr->host, ':');
}

fr_status addr_parse(const struct fr_host *host, const char *text, struct addr *addr_p)
{
    struct addr addr = {.lock_fd = -1};
    if (strncmp(text, "unix:", 5) == 0) {
        const char *path = text + 5;
        size_t longest = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
        if (!*path || strlen(path) > longest)
            return FR_FAIL(host, FR_EADDR,
                           ADDRESS "no path; valid: unix: and a path of 1 to %zu bytes", text,
                           longest);
        addr.local = true;
        snprintf(addr.host, sizeof(addr.host), "%s", path);
        *addr_p = addr;
        return FR_OK;
    }
    const char *colon = strrchr(text, ':');
    const char *first = text, *end = colon;
    if (colon && *text == '[' && colon > text + 1 && colon[-1] == ']') {
        first++;
        end--;
    } else if (colon && memchr(text, ':', (size_t)(colon - text))) {
        colon = NULL; /* IPv6 without brackets: where does the port begin? */
    }
    size_t len = colon ? (size_t)(end - first) : 0;
    if (len == 0 || len >= sizeof(addr.host) || memchr(first, '/', len))
        return FR_FAIL(host, FR_EADDR,
                       ADDRESS "no address; valid: host:port, [IPv6]:port or unix:PATH", text);
    char *rest;
    errno = 0;
    unsigned long port = strtoul(colon + 1, &rest, 10);
    if (colon[1] < '0' || colon[1] > '9' || *rest || errno || port > 65535)
        return FR_FAIL(host, FR_EADDR,
                       ADDRESS "the port is no number; valid: host:port with 0 to 65535", text);
    memcpy(addr.host, first, len);
    addr.port = (unsigned)port;
    *addr_p = addr;
    return FR_OK;
}

void addr_text(const struct addr *addr, char *buf, size_t size)
{
    if (addr->local)
        snprintf(buf, size, "unix:%s", addr->host);
    else
        snprintf(buf, size, is_v6(addr) ? "[%s]:%u" : "%s:%u", addr->host, addr->port);
}

void addr_target(const struct addr *addr, char *buf, size_t size)
{
    struct in_addr v4;
    if (addr->local) {
        snprintf(buf, size, "unix:%s", addr->host);
    } else if (is_v6(addr)) {
        /* A zone (%eth0) is text of a URI here, where a bare % is refused. */
        const char *zone = strchr(addr->host, '%');
        int len = zone ? (int)(zone - addr->host) : (int)strlen(addr->host);
        snprintf(buf, size, "ipv6:[%.*s%s%s]:%u", len, addr->host, zone ? "%25" : "",
                 zone ? zone + 1 : "", addr->port);
    } else {
        bool number = inet_pton(AF_INET, addr->host, &v4) == 1;
        snprintf(buf, size, "%s%s:%u", number ? "ipv4:" : "dns:///", addr->host, addr->port);
    }
}

/* True where the locked file is still the one at the path, and not one that its last owner removed
 * between our open and our lock. */
static bool still_there(int fd, const char *path)
{
    struct stat ours, theirs;
    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
           ours.st_dev == theirs.st_dev;
}

fr_status addr_claim(const struct fr_host *host, struct addr *addr)
{
    char lock[sizeof(addr->host) + sizeof(LOCK_SUFFIX)];
    snprintf(lock, sizeof(lock), "%s" LOCK_SUFFIX, addr->host);
    int fd;
    for (;;) {
        fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return FR_FAIL(host, FR_EADDR, "cannot open %s: %s", lock, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            close(fd);
            return FR_FAIL(host, FR_EADDR, "%s: %s", lock,
                           why == EWOULDBLOCK ? "another leader has it" : strerror(why));
        }
        if (still_there(fd, lock))
            break;
        close(fd);
    }
    struct stat st;
    const char *wrong = NULL;
    if (lstat(addr->host, &st) == 0) {
        if (!S_ISSOCK(st.st_mode))
            wrong = "it exists and is not a socket";
        else if (unlink(addr->host) != 0)
            wrong = strerror(errno);
    }
    if (wrong) {
        unlink(lock);
        close(fd);
        return FR_FAIL(host, FR_EADDR, "cannot bind %s: %s", addr->host, wrong);
    }
    addr->lock_fd = fd;
    return FR_OK;
}

void addr_release(struct addr *addr)
{
    if (addr->lock_fd < 0)
        return;
    char lock[sizeof(addr->host) + sizeof(LOCK_SUFFIX)];
    snprintf(lock, sizeof(lock), "%s" LOCK_SUFFIX, addr->host);
    unlink(addr->host);
    unlink(lock); /* before the lock is let go, or it might be the next owner's */
    close(addr->lock_fd);
    addr->lock_fd = -1;
}

static int try_bind(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0)
        return errno;
    int one = 1, why = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, 1) != 0)
        why = errno;
    close(fd);
    return why;
}

fr_status addr_explain(const struct fr_host *host, const struct addr *addr)
{
    char text[256], port[8];
    addr_text(addr, text, sizeof(text));
    if (addr->local)
        return FR_FAIL(host, FR_EADDR, "cannot bind %s: no permission there, or no such folder",
                       text);
    snprintf(port, sizeof(port), "%u", addr->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    int rc = getaddrinfo(addr->host, port, &hints, &list);
    if (rc != 0)
        return FR_FAIL(host, FR_EADDR, "cannot bind %s: %s", text, gai_strerror(rc));
    int why = 0;
    for (const struct addrinfo *at = list; at && !why; at = at->ai_next)
        why = try_bind(at);
    freeaddrinfo(list);
    return FR_FAIL(host, FR_EADDR, "cannot bind %s: %s", text,
                   why ? strerror(why) : "gRPC refused, and a second try found no reason");
}
