/* SPDX-License-Identifier: MIT
 * pair.h - a leader and a worker of one transport, configured as the program would, in one thread.
 */
#ifndef TEST_TRANSPORT_PAIR_H
#define TEST_TRANSPORT_PAIR_H
#include "cli/setup.h"

#include <stdio.h>
#include <stdlib.h>

/* Unlike assert, also where NDEBUG is defined. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "FAIL %s:%d %s\n", __FILE__, __LINE__, #cond);                         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct side {
    struct fr_endpoint endpoint;
    fr_peer peer;
    unsigned sends, sents, lost, recvs, downs;
    uint64_t last_ns; /* when the last message came                      */
    uint64_t min_ns;  /* what the fastest message took                   */
};

struct pair {
    struct fr_config *config;
    struct fr_setup setup;
    struct side leader, worker;
};

/* settings: "key=value", NULL at the end: "transport.plugin=shm", "transport.shape.delay=1ms". */
fr_status pair_try(struct pair *pair, const char *const *settings, struct fr_error *err);
void pair_open(struct pair *pair, const char *const *settings);
void pair_close(struct pair *pair);

/* A message that says its number and when it was sent. False: no room. */
bool side_send(struct side *side, size_t len);
/* One poll; checks the order and the bytes of what comes. */
void side_poll(struct side *side, int timeout_ms);
/* Polls both until each got what the other sent, and all SENTs. */
void pair_settle(struct pair *pair);
#endif
