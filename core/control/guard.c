/* SPDX-License-Identifier: MIT
 * guard.c - who may ask. On loopback the danger is a web page in the user's own browser: it can
 * send requests anywhere, also under a name of its own that it lets point to 127.0.0.1. */
#include "control/server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool fr_guard_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)address;
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        return in6->sin6_addr.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* "localhost:9092", "127.0.0.1", "[::1]:9092": names that no one else can let point here. */
static bool is_loopback_name(const char *host)
{
    char name[64];
    struct in_addr in;
    size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (len >= sizeof(name) || len > strlen(host))
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    const char *rest = host + len;
    if (*rest && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1)))
        return false;
    if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, name, &in) == 1 && ntohl(in.s_addr) >> 24 == 127;
}

/* In a time that does not tell how much of it was right. */
static bool same(const char *want, const char *have)
{
    size_t want_len = strlen(want), have_len = strlen(have);
    unsigned char differs = want_len != have_len;
    for (size_t i = 0; i < have_len && want_len > 0; i++)
        differs |= (unsigned char)(have[i] ^ want[i % want_len]);
    return !differs;
}

static bool has_token(const struct fr_control *c, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *given = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    return given && strncasecmp(given, scheme, sizeof(scheme) - 1) == 0 &&
           same(c->args.token, given + sizeof(scheme) - 1);
}

/* The page is no secret, and asks for the token itself; probes only say that there is somebody. */
static bool is_open(const char *path)
{
    static const char *const open_paths[] = {"/", "/page.css", "/page.js", "/healthz", "/readyz"};
    for (size_t i = 0; i < sizeof(open_paths) / sizeof(open_paths[0]); i++)
        if (strcmp(path, open_paths[i]) == 0)
            return true;
    return false;
}

static bool is_cross_site(struct MHD_Connection *connection)
{
    const char *site = header(connection, "Sec-Fetch-Site");
    const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return true;
    if (!origin)
        return false;
    static const char http[] = "http://", https[] = "https://"; /* a proxy may speak TLS for us */
    size_t skip = strncmp(origin, http, sizeof(http) - 1) == 0     ? sizeof(http) - 1
                  : strncmp(origin, https, sizeof(https) - 1) == 0 ? sizeof(https) - 1
                                                                   : 0;
    return skip == 0 || !host || strcasecmp(origin + skip, host) != 0;
}

unsigned fr_guard_check(const struct fr_control *c, struct MHD_Connection *connection,
                        const char *method, const char *path, const char **why_p)
{
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, "HEAD") == 0;
    if (c->loopback && host && !is_loopback_name(host)) {
        *why_p = "this service listens on loopback and answers to localhost only: "
                 "the Host header names another";
        return MHD_HTTP_MISDIRECTED_REQUEST;
    }
    if (!reads && is_cross_site(connection)) {
        *why_p = "cross-site requests are refused";
        return MHD_HTTP_FORBIDDEN;
    }
    if (*c->args.token && !is_open(path) && !has_token(c, connection)) {
        *why_p = "the token is missing or wrong (Authorization: Bearer TOKEN)";
        return MHD_HTTP_UNAUTHORIZED;
    }
    return 0;
}
