/* SPDX-License-Identifier: MIT */
#include "control/server.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 256, END_MS = 2000 };

/* ------------------------------------------------------------------ address */

static fr_status resolve(const char *listen, struct addrinfo **found_p, struct fr_error *err)
{
    char host[256];
    const char *colon = strrchr(listen, ':');
    const char *begin = listen;
    size_t len = colon ? (size_t)(colon - listen) : 0;
    if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']') {
        begin++;
        len -= 2;
    } else if (colon && memchr(listen, ':', len)) {
        colon = NULL; /* ::1:9092 says nothing */
    }
    if (!colon || len >= sizeof(host) || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
        atoi(colon + 1) > 65535)
        return fr_fail(err, FR_EINVAL,
                       "[control] listen: \"%s\" is no HOST:PORT (valid: 127.0.0.1:9092, "
                       "[::1]:9092, 0.0.0.0:9092)",
                       listen);
    snprintf(host, sizeof(host), "%.*s", (int)len, begin);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int rc = getaddrinfo(*host ? host : NULL, colon + 1, &hints, found_p);
    if (rc != 0)
        return fr_fail(err, FR_EINVAL, "[control] listen: \"%s\": %s", listen, gai_strerror(rc));
    return FR_OK;
}

static fr_status check(const struct addrinfo *found, const char *listen, const char *token,
                       struct fr_error *err)
{
    if (*token || fr_guard_loopback(found->ai_addr))
        return FR_OK;
    return fr_fail(err, FR_EINVAL,
                   "[control] listen: %s is not loopback, so that whoever reaches it could start "
                   "jobs: it needs a token (--control-token or [control] token)",
                   listen);
}

fr_status fr_control_check(const char *listen, const char *token, struct fr_error *err)
{
    struct addrinfo *found;
    fr_status st = resolve(listen, &found, err);
    if (st != FR_OK)
        return st;
    st = check(found, listen, token, err);
    freeaddrinfo(found);
    return st;
}

static void name_address(struct fr_control *c)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof(ss);
    char host[64] = "", port[8] = "";
    if (getsockname(c->socket, (struct sockaddr *)&ss, &len) == 0)
        getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(c->address, sizeof(c->address), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static fr_status bind_socket(struct fr_control *c, struct fr_error *err)
{
    struct addrinfo *found;
    fr_status st = resolve(c->args.listen, &found, err);
    if (st != FR_OK)
        return st;
    st = check(found, c->args.listen, c->args.token, err);
    int one = 1;
    c->loopback = fr_guard_loopback(found->ai_addr);
    if (st == FR_OK) {
        c->socket = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (c->socket >= 0)
            setsockopt(c->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (c->socket < 0 || bind(c->socket, found->ai_addr, found->ai_addrlen) != 0 ||
            listen(c->socket, BACKLOG) != 0)
            st = fr_fail(err, FR_EADDR, "[control] listen: cannot listen at %s: %s", c->args.listen,
                         strerror(errno));
    }
    freeaddrinfo(found);
    if (st == FR_OK)
        name_address(c);
    return st;
}

/* ------------------------------------------------------------------- ticker */

/* Lets those go on who were suspended: on the bell, and now and then while somebody watches. */
static void *tick(void *arg)
{
    struct fr_control *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->quit) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += FR_TICK_MS * (long)FR_NS_PER_MS;
        until.tv_sec += until.tv_nsec / (long)FR_NS_PER_S;
        until.tv_nsec %= (long)FR_NS_PER_S;
        int rc = 0;
        while (!c->quit && !c->bell && rc != ETIMEDOUT) {
            if (c->watching)
                rc = pthread_cond_timedwait(&c->rung, &c->lock, &until);
            else
                pthread_cond_wait(&c->rung, &c->lock);
        }
        c->bell = false;
        fr_start_tick(c);
        fr_events_tick(c);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void ring(void *ctx)
{
    struct fr_control *c = ctx;
    pthread_mutex_lock(&c->lock);
    c->bell = true;
    pthread_cond_signal(&c->rung);
    pthread_mutex_unlock(&c->lock);
}

/* --------------------------------------------------------------------- life */

/* As many descriptors as connections may need, as far as we may. */
static void allow_descriptors(uint32_t connections)
{
    struct rlimit limit;
    rlim_t wanted = connections + 512;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static fr_status start(struct fr_control *c, struct fr_error *err)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->rung, &attr);
    pthread_condattr_destroy(&attr);
    allow_descriptors(c->args.connections);
    c->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, fr_request_take, c,
        MHD_OPTION_LISTEN_SOCKET, c->socket, MHD_OPTION_CONNECTION_LIMIT, c->args.connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)FR_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)FR_HEADER_BYTES, MHD_OPTION_NOTIFY_COMPLETED, fr_request_end, c, MHD_OPTION_END);
    if (!c->daemon)
        return fr_fail(err, FR_EIO, "cannot start the HTTP service: %s", strerror(errno));
    int rc = pthread_create(&c->ticker, NULL, tick, c);
    if (rc != 0) {
        MHD_stop_daemon(c->daemon);
        return fr_fail(err, FR_ENOMEM, "cannot start a thread: %s", strerror(rc));
    }
    return FR_OK;
}

fr_status fr_control_open(const struct fr_control_args *args, struct fr_control **control_p,
                          struct fr_error *err)
{
    struct fr_control *c = calloc(1, sizeof(*c));
    if (!c)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    c->args = *args;
    c->socket = -1;
    fr_status st = bind_socket(c, err);
    if (st == FR_OK)
        st = start(c, err);
    if (st != FR_OK) {
        if (c->socket >= 0)
            close(c->socket);
        free(c);
        return st;
    }
    fr_board_set_bell(args->board, ring, c);
    fr_log(FR_LOG_INFO, "control: http://%s/", c->address);
    *control_p = c;
    return FR_OK;
}

const char *fr_control_address(const struct fr_control *c)
{
    return c->address;
}

void fr_control_close(struct fr_control *c)
{
    if (!c)
        return;
    fr_board_set_bell(c->args.board, NULL, NULL);
    int socket = MHD_quiesce_daemon(c->daemon);
    atomic_store(&c->stopping, true);
    uint64_t end_ns = fr_now_ns() + END_MS * FR_NS_PER_MS;
    ring(c); /* who waits is told, who watches is let go */
    while (atomic_load(&c->open_requests) > 0 && fr_now_ns() < end_ns) {
        struct timespec nap = {.tv_nsec = 2 * (long)FR_NS_PER_MS};
        nanosleep(&nap, NULL);
        ring(c);
    }
    pthread_mutex_lock(&c->lock);
    c->quit = true;
    pthread_cond_signal(&c->rung);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->ticker, NULL);
    pthread_mutex_lock(&c->lock);
    fr_start_tick(c); /* libmicrohttpd wants nobody suspended */
    fr_events_tick(c);
    pthread_mutex_unlock(&c->lock);
    MHD_stop_daemon(c->daemon);
    if (socket != MHD_INVALID_SOCKET)
        close(socket);
    free(c->status);
    pthread_cond_destroy(&c->rung);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
