/* SPDX-License-Identifier: MIT
 * endpoint.c - opening and closing: the socket, the dialer, and what goes with them. */
#include "endpoint.h"

#include <errno.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STRANGER_MS = 10000, /* how long a leader waits for a greeting                  */
    SLACK_BYTES = 4096,  /* a little too long is still read, to say so and not less  */
    ANSWER_MS = 500,
    CLOSE_MS = 3000,
};

static fr_status set_up_socket(fr_ep *ep)
{
    int rv = ep->leader ? nng_rep0_open(&ep->sock) : nng_req0_open(&ep->sock);
    if (rv)
        return FR_FAIL(ep->host, FR_ENOMEM, "nng: %s", nng_strerror(rv));
    uint64_t max = ep->max_recv_bytes + NNG_ID_BYTES + NNG_HEAD_BYTES + SLACK_BYTES;
    static const nng_pipe_ev events[] = {NNG_PIPE_EV_ADD_PRE, NNG_PIPE_EV_ADD_POST,
                                         NNG_PIPE_EV_REM_POST};
    rv = nng_socket_set_size(ep->sock, NNG_OPT_RECVMAXSZ, max);
    /* Nothing is sent again behind the core's back. */
    if (rv == 0 && !ep->leader)
        rv = nng_socket_set_ms(ep->sock, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    for (size_t i = 0; rv == 0 && i < sizeof(events) / sizeof(events[0]); i++)
        rv = nng_pipe_notify(ep->sock, events[i], on_pipe, ep);
    if (rv == 0 && !ways_make(ep)) {
        ways_close(ep);
        ways_free(ep);
        rv = NNG_ENOMEM;
    }
    if (rv) {
        nng_close(ep->sock);
        return FR_FAIL(ep->host, FR_ENOMEM, "nng: %s", nng_strerror(rv));
    }
    return FR_OK;
}

/* Signals are for the core's threads. */
static bool start_thread(pthread_t *thread_p, void *(*run)(void *), fr_ep *ep)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(thread_p, NULL, run, ep) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* A thread, since nng says why it cannot connect only to those who wait for it. Closing the dialer
 * ends the wait. */
static void *dial(void *arg)
{
    fr_ep *ep = arg;
    int rv = nng_dialer_start(ep->dialer, 0);
    pthread_mutex_lock(&ep->lock);
    if (rv && !ep->closing && ep->peers)
        peer_end(ep, ep->peers, status_of_nng(rv) == FR_EADDR ? FR_ECONN : status_of_nng(rv),
                 "%s: %s", ep->at.url,
                 rv == NNG_EADDRINVAL ? "the name does not resolve" : nng_strerror(rv));
    pthread_mutex_unlock(&ep->lock);
    if (rv)
        atomic_store(&ep->settled, true);
    atomic_store(&ep->dialled, true);
    bell_ring(&ep->bell);
    return NULL;
}

static fr_status dial_to(fr_ep *ep, nng_tls_config *tls)
{
    int rv = nng_dialer_create(&ep->dialer, ep->sock, ep->at.url);
    if (rv == 0 && tls)
        rv = nng_dialer_set_ptr(ep->dialer, NNG_OPT_TLS_CONFIG, tls);
    if (rv)
        return FR_FAIL(ep->host, rv == NNG_ENOMEM ? FR_ENOMEM : FR_EADDR, "%s: %s", ep->at.url,
                       nng_strerror(rv));
    if (!peer_new(ep, 0))
        return FR_FAIL(ep->host, FR_ENOMEM, "out of memory");
    ep->dialling = start_thread(&ep->dial_thread, dial, ep);
    return ep->dialling ? FR_OK : FR_FAIL(ep->host, FR_ENOMEM, "cannot start a thread");
}

/* Everything that is not nng's, and the last messages. */
static void release(fr_ep *ep)
{
    struct peer *p;
    struct msg *m;
    while ((p = ep->peers)) {
        ep->peers = p->next;
        peer_delete(p);
    }
    while ((p = ep->buried)) {
        ep->buried = p->next;
        peer_delete(p);
    }
    while ((m = ep->out)) {
        out_remove(ep, m);
        msg_delete(m);
    }
    partings_free(ep);
    pthread_mutex_destroy(&ep->lock);
    bell_destroy(&ep->bell);
    sem_destroy(&ep->closed);
    free(ep);
}

/* Who leaves in the middle of a handshake makes nng 1.5 at the other end stop listening (ipc), or
 * itself wait for ever (see part.c). So a little time is given to it. */
static void await_answer(fr_ep *ep)
{
    uint64_t end_ns = ep->host->now_ns() + ANSWER_MS * UINT64_C(1000000);
    while (!atomic_load(&ep->settled) && ep->host->now_ns() < end_ns)
        bell_wait(&ep->bell, end_ns);
}

static void *close_socket(void *arg)
{
    fr_ep *ep = arg;
    ways_close(ep);      /* what is begun ends; nng_close would wait for it */
    nng_close(ep->sock); /* ends the dialling; no pipe is left after it, hence no callback */
    if (ep->dialling)
        pthread_join(ep->dial_thread, NULL);
    sem_post(&ep->closed);
    return NULL;
}

/* On a thread, for those pipes that had to be closed from here and at a bad moment, see part.c. */
static bool close_in_time(fr_ep *ep)
{
    pthread_t thread;
    if (!start_thread(&thread, close_socket, ep)) {
        close_socket(ep);
        return true;
    }
    uint64_t end_ns = ep->host->now_ns() + CLOSE_MS * UINT64_C(1000000);
    struct timespec at = {.tv_sec = (time_t)(end_ns / 1000000000u),
                          .tv_nsec = (long)(end_ns % 1000000000u)};
    int rc;
    while ((rc = sem_clockwait(&ep->closed, CLOCK_MONOTONIC, &at)) != 0 && errno == EINTR)
        continue;
    if (rc == 0)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread);
    return rc == 0;
}

void nng_ep_close(fr_ep *ep)
{
    if (ep->dialling)
        await_answer(ep);
    part_all(ep);
    if (atomic_load(&ep->dialled)) {
        pthread_join(ep->dial_thread, NULL);
        ep->dialling = false;
    }
    listen_unlink(ep);
    if (!close_in_time(ep)) {
        ep->host->log(ep->host->ctx, FR_LOG_WARN, "nng does not let go of %s; left to it",
                      ep->at.url);
        return; /* with all its memory, which nng's threads still use, and the library */
    }
    ways_free(ep);
    release(ep);
    library_release();
}

fr_status nng_ep_open(const struct fr_host *host, const void *cfg, const struct fr_open_args *args,
                      fr_ep **ep_p)
{
    static const struct nng_cfg standard = {.connect_timeout_ms = 2000,
                                            .tls_cert = "",
                                            .tls_key = "",
                                            .tls_ca = "",
                                            .tls_server_name = "",
                                            .tls_client_auth = false};
    const struct nng_cfg *options = cfg ? cfg : &standard;
    bool leader = args->role == FR_ROLE_LEADER;
    if (!leader && args->role != FR_ROLE_WORKER)
        return FR_FAIL(host, FR_EINVAL, "no such role: %d", (int)args->role);
    fr_ep *ep = calloc(1, sizeof(*ep));
    if (!ep)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    ep->host = host;
    ep->leader = leader;
    ep->max_recv_bytes =
        args->max_recv_bytes < PTRDIFF_MAX / 4 ? args->max_recv_bytes : PTRDIFF_MAX / 4;
    ep->patience_ns = (leader ? STRANGER_MS : options->connect_timeout_ms) * 1000000u;
    ep->stats.size = sizeof(ep->stats);
    ep->ack_ns = UINT64_MAX;
    ep->ready_last = &ep->ready_first;
    atomic_init(&ep->broken, false);
    pthread_mutex_init(&ep->lock, NULL);
    bell_init(&ep->bell);
    atomic_init(&ep->settled, false);
    atomic_init(&ep->dialled, false);
    sem_init(&ep->closed, 0, 0);
    nng_tls_config *tls = NULL;
    fr_status st =
        address_parse(host, args->address, args->flags & FR_OPEN_ANY_ADDRESS, leader, &ep->at);
    if (st == FR_OK && (st = library_hold()) != FR_OK)
        FR_FAIL(host, st, "nng cannot start");
    if (st != FR_OK)
        goto free_ep;
    st = tls_prepare(host, options, &ep->at, leader, &tls);
    if (st == FR_OK)
        st = set_up_socket(ep);
    if (st != FR_OK)
        goto release_library;
    bool beats = ep->at.ws || ep->at.tls || (leader && *ep->at.ipc_path);
    ep->beat_ns = beats ? host->now_ns() : UINT64_MAX;
    st = leader ? listen_at(ep, tls) : dial_to(ep, tls);
    if (tls)
        nng_tls_config_free(tls); /* the listener or dialer has a hold of it */
    if (st != FR_OK) {
        nng_ep_close(ep);
        return st;
    }
    *ep_p = ep;
    return FR_OK;

release_library:
    if (tls)
        nng_tls_config_free(tls);
    library_release();
free_ep:
    release(ep);
    return st;
}
