/* SPDX-License-Identifier: MIT
 * address.c - an address as people write it becomes a URL of nng that is safe to bind. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "endpoint.h"

#define DEFAULT_URL "tcp://127.0.0.1:5555"
#define ANY_URL     "tcp://127.0.0.1:0"
#define ADDRESS     "[transport] address = " /* so that the core finds who said it */
#define SCHEMES     "tcp, tls+tcp, ws, wss, ipc, abstract, inproc, as in tcp://host:port"

static const struct scheme {
    const char *name;
    bool ipc, tls, remote, in_place, port;
} schemes[] = {
    {"tcp", .remote = true, .in_place = true, .port = true},
    {"tcp4", .remote = true, .in_place = true, .port = true},
    {"tcp6", .remote = true, .in_place = true, .port = true},
    {"tls+tcp", .tls = true, .remote = true, .port = true},
    {"tls+tcp4", .tls = true, .remote = true, .port = true},
    {"tls+tcp6", .tls = true, .remote = true, .port = true},
    {"ws", .remote = true, .port = true},
    {"ws4", .remote = true, .port = true},
    {"ws6", .remote = true, .port = true},
    {"wss", .tls = true, .remote = true, .port = true},
    {"wss4", .tls = true, .remote = true, .port = true},
    {"wss6", .tls = true, .remote = true, .port = true},
    {"ipc", .ipc = true, .in_place = true},
    {"unix", .ipc = true, .in_place = true},
    {"abstract", .in_place = true},
    {"inproc", .in_place = true},
};

static const struct scheme *find_scheme(const char *name)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strcmp(schemes[i].name, name) == 0)
            return &schemes[i];
    return NULL;
}

/* "host", "port" and the rest of "scheme://host:port/rest"; no NULs where they are missing. */
static char *port_of(char *authority, char **end_p)
{
    *end_p = authority + strcspn(authority, "/");
    char *colon = NULL;
    for (char *at = authority; at < *end_p; at++)
        if (*at == ':')
            colon = at + 1;
        else if (*at == ']')
            colon = NULL;
    return colon;
}

void address_set_port(struct address *at, unsigned port)
{
    char *end, *digits = port_of(strstr(at->url, "://") + 3, &end);
    char rest[sizeof(at->url)];
    snprintf(rest, sizeof(rest), "%s", end);
    snprintf(digits, sizeof(at->url) - (size_t)(digits - at->url), "%u%s", port, rest);
}

static fr_status parse_port(const struct fr_host *host, bool leader, struct address *at)
{
    char *authority = strstr(at->url, "://") + 3, *end;
    char *digits = port_of(authority, &end);
    size_t len = digits ? (size_t)(end - digits) : 0;
    unsigned port = 0;
    for (size_t i = 0; i < len && port <= 65535; i++)
        port =
            digits[i] >= '0' && digits[i] <= '9' ? port * 10 + (unsigned)(digits[i] - '0') : 65536;
    if (len == 0 || port > 65535 || digits - 1 == authority)
        return FR_FAIL(host, FR_EADDR,
                       ADDRESS "%s: it lacks a host or a port of 0 to 65535; valid: %s://host:port",
                       at->url, at->scheme);
    size_t host_len = (size_t)(digits - 1 - authority);
    if (host_len >= sizeof(at->host))
        return FR_FAIL(host, FR_EADDR,
                       ADDRESS "%s: the host's name is too long; valid: up to %zu bytes", at->url,
                       sizeof(at->host) - 1);
    memcpy(at->host, authority, host_len);
    if (at->host[0] == '[' && at->host[host_len - 1] == ']') {
        memmove(at->host, at->host + 1, host_len - 2);
        at->host[host_len - 2] = '\0';
    }
    at->port_any = port == 0;
    if (at->port_any && !leader)
        return FR_FAIL(host, FR_EADDR,
                       ADDRESS "%s: nobody listens at port 0; valid for a worker: its leader's "
                               "port, 1 to 65535",
                       at->url);
    return FR_OK;
}

/* A folder: a path in it that nobody has, as port 0 is for others. */
static fr_status fresh_path(const struct fr_host *host, struct address *at, struct address *at_p)
{
    char name[40], folder[sizeof(at->ipc_path)];
    struct stat st;
    memcpy(folder, at->ipc_path, sizeof(folder));
    do {
        snprintf(name, sizeof(name), "nng-%ld-%llx", (long)getpid(),
                 (unsigned long long)host->now_ns());
        if (strlen(folder) + strlen(name) >= sizeof(((struct sockaddr_un *)0)->sun_path))
            return FR_FAIL(host, FR_EADDR,
                           ADDRESS "%s: too long for a socket in it; valid: a shorter folder",
                           at->url);
        memcpy(at->ipc_path + strlen(folder), name, strlen(name) + 1);
    } while (lstat(at->ipc_path, &st) == 0);
    snprintf(at->url, sizeof(at->url), "%s://%s", at->scheme, at->ipc_path);
    *at_p = *at;
    return FR_OK;
}

fr_status address_parse(const struct fr_host *host, const char *text, bool any, bool leader,
                        struct address *at_p)
{
    struct address at = {0};
    if (!*text)
        text = any ? ANY_URL : DEFAULT_URL;
    const char *sep = strstr(text, "://");
    const char *rest = sep ? sep + 3 : text;
    size_t scheme_len = sep ? (size_t)(sep - text) : 0;
    if (scheme_len >= sizeof(at.scheme))
        return FR_FAIL(host, FR_EADDR, ADDRESS "%.100s: no such scheme; valid: " SCHEMES, text);
    snprintf(at.scheme, sizeof(at.scheme), "%.*s", sep ? (int)scheme_len : 3, sep ? text : "tcp");
    const struct scheme *scheme = find_scheme(at.scheme);
    if (!scheme)
        return FR_FAIL(host, FR_EADDR, ADDRESS "%.100s: no such scheme; valid: " SCHEMES, text);
    /* Bound to all interfaces; in this form a worker of this host can open it too. */
    bool star = scheme->port && strncmp(rest, "*:", 2) == 0;
    int n = snprintf(at.url, sizeof(at.url), "%s://%s%s", at.scheme, star ? "0.0.0.0" : "",
                     rest + star);
    at.ws = strncmp(at.scheme, "ws", 2) == 0;
    if (at.ws && !strchr(rest, '/'))
        n += snprintf(at.url + strlen(at.url), sizeof(at.url) - strlen(at.url), "/fractal");
    /* A port 0 may yet become five digits. */
    if (n < 0 || (size_t)n + 5 >= sizeof(at.url))
        return FR_FAIL(host, FR_EADDR, ADDRESS "%.100s...: too long; valid: up to %zu bytes", text,
                       sizeof(at.url) - 6);
    at.tls = scheme->tls;
    at.remote = scheme->remote;
    at.in_place = scheme->in_place;
    if (scheme->port) {
        fr_status st = parse_port(host, leader, &at);
        if (st != FR_OK)
            return st;
    }
    if (scheme->ipc) {
        struct sockaddr_un sa;
        if (!*rest || strlen(rest) >= sizeof(sa.sun_path))
            return FR_FAIL(host, FR_EADDR,
                           ADDRESS "%s: no path; valid: %s:// and a path of 1 to %zu bytes", at.url,
                           at.scheme, sizeof(sa.sun_path) - 1);
        memcpy(at.ipc_path, rest, strlen(rest) + 1);
        if (leader && rest[strlen(rest) - 1] == '/')
            return fresh_path(host, &at, at_p);
    }
    *at_p = at;
    return FR_OK;
}

/* nng removes whatever is at the path, were it a file of somebody's. Only a socket without a
 * listener may go. */
static fr_status prepare_ipc(const struct fr_host *host, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? FR_OK : FR_FAIL(host, FR_EADDR, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return FR_FAIL(host, FR_EADDR, "%s is there and is no socket; it stays", path);
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, path, strlen(path) + 1);
    /* A datagram socket, which a live listener refuses otherwise than a dead one, and never sees:
     * nng 1.5 stops listening where somebody connects and goes. */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return FR_FAIL(host, FR_EADDR, "%s: socket: %s", path, strerror(errno));
    int rc = connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), err = rc ? errno : 0;
    close(fd);
    if (rc == 0 || err != ECONNREFUSED)
        return FR_FAIL(host, FR_EADDR, "%s is in use%s%s", path, err == EPROTOTYPE ? "" : ": ",
                       err == EPROTOTYPE ? "" : strerror(err));
    if (unlink(path) != 0 && errno != ENOENT)
        return FR_FAIL(host, FR_EADDR, "%s: cannot remove the dead socket: %s", path,
                       strerror(errno));
    return FR_OK;
}

/* nng 1.5 cannot say which port a WebSocket listener got, so it is chosen here. Somebody may take
 * it in between: the caller tries again. */
static fr_status choose_port(const struct fr_host *host, struct address *at)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    int rc = getaddrinfo(at->host, "0", &hints, &list);
    if (rc != 0)
        return FR_FAIL(host, FR_EADDR, "%s: %s", at->url, gai_strerror(rc));
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } sa = {.v6 = {.sin6_family = AF_UNSPEC}};
    socklen_t len = sizeof(sa);
    fr_status st = FR_EADDR;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0 &&
        getsockname(fd, &sa.any, &len) == 0) {
        address_set_port(at,
                         ntohs(sa.any.sa_family == AF_INET6 ? sa.v6.sin6_port : sa.v4.sin_port));
        st = FR_OK;
    } else {
        st = FR_FAIL(host, FR_EADDR, "%s: %s", at->url, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    freeaddrinfo(list);
    return st;
}

fr_status address_prepare(const struct fr_host *host, struct address *at)
{
    if (*at->ipc_path)
        return prepare_ipc(host, at->ipc_path);
    if (at->port_any && at->ws)
        return choose_port(host, at);
    return FR_OK;
}
