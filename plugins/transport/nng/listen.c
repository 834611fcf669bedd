/* SPDX-License-Identifier: MIT
 * listen.c - a leader's listener, and its successors. */
#include "endpoint.h"

#include <errno.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PORT_TRIES = 8,
    IPC_MODE = 0600,
};

static int start_listener(fr_ep *ep, nng_tls_config *tls)
{
    int rv = nng_listener_create(&ep->listener, ep->sock, ep->at.url);
    if (rv == 0 && tls)
        rv = nng_listener_set_ptr(ep->listener, NNG_OPT_TLS_CONFIG, tls);
    if (rv == 0 && *ep->at.ipc_path)
        rv = nng_listener_set_int(ep->listener, NNG_OPT_IPC_PERMISSIONS, IPC_MODE);
    if (rv == 0)
        rv = nng_listener_start(ep->listener, 0);
    return rv;
}

static void remember_path(fr_ep *ep)
{
    struct stat st;
    if (*ep->at.ipc_path && lstat(ep->at.ipc_path, &st) == 0) {
        ep->ipc_dev = st.st_dev;
        ep->ipc_ino = st.st_ino;
    }
}

void listen_unlink(fr_ep *ep)
{
    struct stat st;
    if (ep->ipc_ino && lstat(ep->at.ipc_path, &st) == 0 && st.st_dev == ep->ipc_dev &&
        st.st_ino == ep->ipc_ino)
        unlink(ep->at.ipc_path);
}

fr_status listen_at(fr_ep *ep, nng_tls_config *tls)
{
    int rv = 0;
    for (int tries = 0;
         tries == 0 || (rv == NNG_EADDRINUSE && ep->at.port_any && tries < PORT_TRIES); tries++) {
        fr_status st = address_prepare(ep->host, &ep->at);
        if (st != FR_OK)
            return st;
        rv = start_listener(ep, tls);
    }
    if (rv)
        return FR_FAIL(ep->host, rv == NNG_ENOMEM ? FR_ENOMEM : FR_EADDR, "%s: %s", ep->at.url,
                       nng_strerror(rv));
    int port;
    if (ep->at.port_any && nng_listener_get_int(ep->listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
        address_set_port(&ep->at, (unsigned)port);
    remember_path(ep);
    return FR_OK;
}

/* Of what nng counts; UINT64_MAX: it does not. */
static uint64_t count_of(nng_stat *all, nng_listener listener, const char *what)
{
    nng_stat *stats = nng_stat_find_listener(all, listener);
    nng_stat *one = stats ? nng_stat_find(stats, what) : NULL;
    return one ? nng_stat_value(one) : UINT64_MAX;
}

/* nng would remove the path with it, which is its successor's now. */
static void close_former(fr_ep *ep, nng_listener former)
{
    char aside[sizeof(ep->at.ipc_path) + 8];
    snprintf(aside, sizeof(aside), "%s.old", ep->at.ipc_path);
    bool moved = rename(ep->at.ipc_path, aside) == 0;
    nng_listener_close(former);
    if (moved && rename(aside, ep->at.ipc_path) != 0)
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "%s: %s", ep->at.ipc_path, strerror(errno));
}

static void close_idle(fr_ep *ep, nng_stat *all)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < ep->former_count; i++)
        if (count_of(all, ep->former[i], "pipes") == 0)
            close_former(ep, ep->former[i]);
        else
            ep->former[kept++] = ep->former[i];
    ep->former_count = kept;
}

/* The former one has to stay as long as there are pipes of it, which would end too. */
static void listen_anew(fr_ep *ep)
{
    nng_listener former = ep->listener;
    listen_unlink(ep);
    int rv = start_listener(ep, NULL);
    if (rv) {
        nng_listener_close(ep->listener);
        ep->listener = former;
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "%s: cannot listen again: %s", ep->at.url,
                      nng_strerror(rv));
        return;
    }
    ep->former[ep->former_count++] = former;
    remember_path(ep);
}

void listen_watch(fr_ep *ep)
{
    nng_stat *all;
    if (ep->shut || nng_stats_get(&all) != 0)
        return;
    close_idle(ep, all);
    uint64_t errors = count_of(all, ep->listener, "other");
    nng_stats_free(all);
    if (errors > 0 && errors != UINT64_MAX && ep->former_count < NNG_FORMER)
        listen_anew(ep);
}
