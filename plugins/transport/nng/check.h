/* SPDX-License-Identifier: MIT
 * check.h - what can be said about a configuration without nng. */
#ifndef NNG_CHECK_H
#define NNG_CHECK_H
#include "endpoint.h"

/* tls.c: where the address needs TLS: do the options fit together, and are the files there?
 * FR_EINVAL. */
fr_status tls_check(const struct fr_host *host, const struct nng_cfg *cfg, const struct address *at,
                    bool leader);
#endif
