/* SPDX-License-Identifier: MIT
 * listen.c - a leader's listener, and its stand-in. */
#include "endpoint.h"

#include <nng/supplemental/tls/tls.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PORT_TRIES = 8,
    IPC_MODE = 0600,
    STAND_INS = 64, /* each keeps a descriptor until the end */
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

/* Of what nng counts. UINT64_MAX: it does not. */
static uint64_t errors_of(nng_listener listener)
{
    nng_stat *all, *errors = NULL;
    uint64_t count = UINT64_MAX;
    if (nng_stats_get(&all) != 0)
        return count;
    nng_stat *stats = nng_stat_find_listener(all, listener);
    if (stats && (errors = nng_stat_find(stats, "other")))
        count = nng_stat_value(errors);
    nng_stats_free(all);
    return count;
}

/* The old one has to stay, since its pipes would end with it. */
void listen_watch(fr_ep *ep)
{
    uint64_t errors = ep->stand_ins < STAND_INS && !ep->shut ? errors_of(ep->listener) : 0;
    if (errors == 0 || errors == UINT64_MAX)
        return;
    listen_unlink(ep);
    nng_listener old = ep->listener;
    int rv = start_listener(ep, NULL);
    if (rv) {
        nng_listener_close(ep->listener);
        ep->listener = old;
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "%s: cannot listen again: %s", ep->at.url,
                      nng_strerror(rv));
    }
    remember_path(ep);
    if (++ep->stand_ins == STAND_INS)
        ep->host->log(
            ep->host->ctx, FR_LOG_WARN,
            "%s: too many connections were given up before they were greeted; the next one "
            "may end the listening",
            ep->at.url);
}
