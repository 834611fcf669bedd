/* SPDX-License-Identifier: MIT
 * control.h - the HTTP service of a leader: starts, shows and cancels jobs. It has threads of its
 * own and shares nothing with the leader's loop but the board. */
#ifndef FR_CONTROL_CONTROL_H
#define FR_CONTROL_CONTROL_H
#include "control/board.h"
#include "control/params.h"

struct fr_control;

struct fr_control_args {
    const char *listen; /* HOST:PORT, port 0: any free one; [HOST]:PORT for IPv6    */
    const char *token;  /* that requests must show; "": none, on loopback only      */
    uint32_t connections;
    struct fr_board *board;
    /* Makes and checks a job, without running it: FR_EINVAL with a text for who asked. Sets what
     * of *facts_p is known, and *work_p for the board. Called on the service's thread.    */
    fr_status (*prepare)(void *ctx, const struct fr_params *params, struct fr_job_facts *facts_p,
                         void **work_p, struct fr_error *err);
    void (*discard)(void *work); /* what prepare made and nobody took */
    /* What a job may be given, and what is given unless it is: for GET /options. */
    json_t *(*options)(void *ctx);
    void *ctx;
};

/* Does it listen on loopback only, or is there a token? FR_EINVAL with what is wrong. */
fr_status fr_control_check(const char *listen, const char *token, struct fr_error *err);
fr_status fr_control_open(const struct fr_control_args *args, struct fr_control **control_p,
                          struct fr_error *err);
const char *fr_control_address(const struct fr_control *control); /* "127.0.0.1:9092" */
/* Answers who waits for a job, within a bounded time, and ends. */
void fr_control_close(struct fr_control *control);
#endif
