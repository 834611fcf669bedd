/* SPDX-License-Identifier: MIT
 * addr.h - "host:port", "[v6]:port" and "unix:PATH", and the lock that guards a path. */
#ifndef GRPC_ADDR_H
#define GRPC_ADDR_H
#include <fractal/plugin.h>
#include <stdbool.h>

struct addr {
    bool local;     /* unix:PATH                                   */
    char host[208]; /* or the path; without brackets               */
    unsigned port;  /* 0: any free one                             */
    int lock_fd;    /* of PATH.lock; -1: none                      */
};

fr_status addr_parse(const struct fr_host *host, const char *text, struct addr *addr_p);
/* As it is configured: what a worker opens. */
void addr_text(const struct addr *addr, char *buf, size_t size);
/* As gRPC's client takes it, with the scheme that suits the host. */
void addr_target(const struct addr *addr, char *buf, size_t size);
/* Leader, unix: only. Takes the path: another live leader's is refused, a dead one's removed. */
fr_status addr_claim(const struct fr_host *host, struct addr *addr);
void addr_release(struct addr *addr);
/* Why the leader could not bind, since gRPC only logs it. Always fails, with FR_EADDR. */
fr_status addr_explain(const struct fr_host *host, const struct addr *addr);
#endif
