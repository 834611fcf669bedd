/* SPDX-License-Identifier: MIT
 * library.c - nng as a whole: its threads, its errors. */
#include "endpoint.h"

/* The one mutable global, since nng itself is one: its threads go with nng_fini, which must come
 * after the last endpoint of the process and before the plugin is unloaded. */
static struct {
    pthread_mutex_t lock;
    unsigned users;
    bool keep; /* never torn down */
} library = {.lock = PTHREAD_MUTEX_INITIALIZER};

fr_status library_hold(void)
{
    nng_aio *probe;
    pthread_mutex_lock(&library.lock);
    /* nng_fini panics where nothing was set up since the last one, so that is done here. */
    int rv = nng_aio_alloc(&probe, NULL, NULL);
    if (rv == 0) {
        nng_aio_free(probe);
        library.users++;
    }
    pthread_mutex_unlock(&library.lock);
    return rv ? FR_ENOMEM : FR_OK;
}

void library_release(void)
{
    pthread_mutex_lock(&library.lock);
    if (--library.users == 0 && !library.keep)
        nng_fini();
    pthread_mutex_unlock(&library.lock);
}

void library_keep(void)
{
    pthread_mutex_lock(&library.lock);
    library.keep = true;
    pthread_mutex_unlock(&library.lock);
}

fr_status status_of_nng(int rv)
{
    switch (rv) {
    case 0:
        return FR_OK;
    case NNG_ENOMEM:
    case NNG_ENOFILES:
        return FR_ENOMEM;
    case NNG_ECRYPTO:
    case NNG_EPEERAUTH:
        return FR_EAUTH;
    case NNG_EPROTO:
        return FR_EPROTO;
    case NNG_EADDRINUSE:
    case NNG_EADDRINVAL:
    case NNG_EPERM:
    case NNG_ENOTSUP:
    case NNG_EINVAL:
        return FR_EADDR;
    default:
        return FR_ECONN;
    }
}
