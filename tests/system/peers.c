/* SPDX-License-Identifier: MIT
 * Peers that break the rules: each is dropped or refused with a reason, once, and the image of the
 * others is as it should be. */
#include "cli/setup.h"
#include "config/config.h"
#include "support/picture.h"
#include "system/system.h"
#include "wire/wire.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SYSTEM_SUITE(system_peers);

#define SOCKET_PATH "../run/l.sock"

/* A worker's end of a connection, with the program's own transport and nothing else of it. */
struct peer {
    struct fr_config *config;
    struct fr_setup setup;
    struct fr_endpoint endpoint;
    fr_peer leader;
    bool up, down;
    struct fr_welcome welcome;
    struct fr_job job;
    uint32_t job_id;
    struct fr_assign assign; /* the first */
};

static void peer_poll(struct peer *p)
{
    struct fr_event events[16];
    struct fr_error err = {0};
    int n = fr_endpoint_poll(&p->endpoint, events, 16, 20, &err);
    cr_assert_geq(n, 0, "%s", err.text);
    for (int i = 0; i < n; i++) {
        struct fr_to_worker msg;
        if (events[i].type == FR_EV_PEER_UP) {
            p->up = true;
            p->leader = events[i].peer;
        } else if (events[i].type == FR_EV_PEER_DOWN) {
            p->down = true;
        } else if (events[i].type == FR_EV_RECV) {
            cr_assert_eq(fr_wire_unpack_to_worker(events[i].msg->data, events[i].msg->len, &msg),
                         FR_OK);
            p->endpoint.ops->msg_free(p->endpoint.ep, events[i].msg);
            if (msg.kind == FR_WIRE_WELCOME)
                p->welcome = msg.welcome;
            if (msg.kind == FR_WIRE_JOB) {
                p->job = msg.job;
                p->job_id = msg.job_id;
            }
            if (msg.kind == FR_WIRE_ASSIGN && p->assign.rows == 0)
                p->assign = msg.assign;
        }
    }
}

#define PEER_UNTIL(p, condition)                                                                   \
    do {                                                                                           \
        uint64_t end_ms = test_now_ms() + 60000;                                                   \
        while (!(condition)) {                                                                     \
            cr_assert_lt(test_now_ms(), end_ms, "waited for %s", #condition);                      \
            peer_poll(p);                                                                          \
        }                                                                                          \
    } while (0)

static void peer_open(struct peer *p)
{
    struct fr_error err = {0};
    char plugins[PATH_MAX + 16];
    *p = (struct peer){.config = fr_config_new()};
    snprintf(plugins, sizeof(plugins), "%s/plugins", scene_build);
    cr_assert_eq(fr_config_set(p->config, "plugins.path", plugins, "test", &err), FR_OK);
    cr_assert_eq(fr_setup_make(p->config, FR_FOR_WORKER, &p->setup, &err), FR_OK, "%s", err.text);
    const struct fr_open_args args = {.size = sizeof(args),
                                      .role = FR_ROLE_WORKER,
                                      .address = SOCKET_PATH,
                                      .max_recv_bytes = FR_WIRE_CONTROL_BYTES};
    cr_assert_eq(fr_endpoint_open(&p->setup.transport, &args, &p->endpoint, &err), FR_OK, "%s",
                 err.text);
    PEER_UNTIL(p, p->up);
}

static void peer_close(struct peer *p)
{
    fr_endpoint_close(&p->endpoint);
    fr_setup_free(&p->setup);
    fr_config_free(p->config);
}

static void peer_send(struct peer *p, const void *bytes, size_t len)
{
    struct fr_msg *msg;
    cr_assert_eq(p->endpoint.ops->msg_alloc(p->endpoint.ep, p->leader, len, &msg), FR_OK);
    memcpy(msg->data, bytes, len);
    msg->len = len;
    cr_assert_eq(p->endpoint.ops->send(p->endpoint.ep, msg), FR_OK);
}

static void peer_greet(struct peer *p, uint32_t protocol)
{
    uint8_t bytes[FR_WIRE_CONTROL_BYTES];
    struct fr_to_leader msg = {
        .kind = FR_WIRE_HELLO,
        .hello = {.protocol = protocol, .pid = 1, .threads = 1, .credits = 4, .host = "stranger"}};
    peer_send(p, bytes, fr_wire_pack_to_leader(&msg, bytes, sizeof(bytes)));
}

static void peer_send_result(struct peer *p, const struct fr_result *result, int fill)
{
    size_t head = fr_wire_result_head_bytes(result->job, result->payload_len);
    uint8_t *bytes = malloc(head + result->payload_len);
    memset(bytes, fill, head + result->payload_len);
    fr_wire_result_put_head(result, bytes);
    peer_send(p, bytes, head + result->payload_len);
    free(bytes);
}

/* ------------------------------------------------------------------ with a leader */

static struct proc *start_leader(void)
{
    struct proc *leader = fractal("leader " SOCKET " " SMALL " -v --outfile image.png");
    proc_await(leader, "listening", 1);
    return leader;
}

/* The leader said why, once, and goes on with an honest worker. */
static void check_rest(struct proc *leader, const char *verb, const char *why)
{
    struct proc *p;
    proc_await(leader, why, 1);
    fractal_run(&p, "worker " SOCKET);
    PROC_ENDS(p, 0);
    PROC_ENDS(leader, 0);
    cr_assert_eq(test_count(proc_err(leader), verb), 1, "%s", leader->err);
    cr_assert_eq(fractal_run(NULL, "run -q " SMALL " --outfile want.png"), 0);
    struct picture want = picture_read_png("want.png"), got = picture_read_png("image.png");
    cr_assert(picture_equal(&want, &got));
    picture_free(&want);
    picture_free(&got);
    cr_assert_eq(unlink("want.png"), 0);
    cr_assert_eq(unlink("image.png"), 0);
    system_check_empty();
}

Test(system_peers, another_protocol_is_refused)
{
    struct proc *leader = start_leader();
    struct peer p;
    peer_open(&p);
    peer_greet(&p, 99);
    PEER_UNTIL(&p, p.welcome.refusal[0]);
    cr_assert_not_null(strstr(p.welcome.refusal, "99"), "%s", p.welcome.refusal);
    check_rest(leader, "refused", "protocol 99");
    peer_close(&p);
}

Test(system_peers, rubbish_instead_of_hello)
{
    struct proc *leader = start_leader();
    struct peer p;
    peer_open(&p);
    peer_send(&p, "\xff\xff\xff\xff rubbish", 12);
    PEER_UNTIL(&p, p.down);
    check_rest(leader, "dropped", "no message of this protocol");
    peer_close(&p);
}

Test(system_peers, a_result_instead_of_hello)
{
    struct proc *leader = start_leader();
    struct peer p;
    peer_open(&p);
    peer_send_result(&p, &(struct fr_result){.job = 1, .rows = 1, .payload_len = 8}, 0);
    PEER_UNTIL(&p, p.down);
    check_rest(leader, "dropped", "did not begin with Hello");
    peer_close(&p);
}

/* A worker with its first assignment. */
static struct proc *start_with_worker(struct peer *p)
{
    struct proc *leader = start_leader();
    peer_open(p);
    peer_greet(p, FR_WIRE_PROTOCOL);
    PEER_UNTIL(p, p->assign.rows > 0);
    cr_assert_str_empty(p->welcome.refusal);
    return leader;
}

static struct fr_result right_result(const struct peer *p)
{
    return (struct fr_result){.job = p->assign.job,
                              .lease = p->assign.lease,
                              .first_row = p->assign.first_row,
                              .rows = p->assign.rows,
                              .payload_len = (size_t)fr_job_band_bytes(&p->job, p->assign.rows)};
}

static void check_bad_result(struct peer *p, struct proc *leader, const struct fr_result *result,
                             int fill, const char *why)
{
    peer_send_result(p, result, fill);
    PEER_UNTIL(p, p->down);
    check_rest(leader, "dropped", why);
    PROC_SAYS(leader, "stranger/1");
    peer_close(p);
}

Test(system_peers, hello_twice)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    peer_greet(&p, FR_WIRE_PROTOCOL);
    PEER_UNTIL(&p, p.down);
    check_rest(leader, "dropped", "Hello twice");
    peer_close(&p);
}

Test(system_peers, rubbish_later)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    peer_send(&p, "\0\0\0", 3);
    PEER_UNTIL(&p, p.down);
    check_rest(leader, "dropped", "no message of this protocol");
    peer_close(&p);
}

Test(system_peers, a_result_that_nobody_asked_for)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    struct fr_result result = right_result(&p);
    result.lease = 123456;
    check_bad_result(&p, leader, &result, 0, "which it does not have");
}

Test(system_peers, a_result_for_other_rows)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    struct fr_result result = right_result(&p);
    result.first_row = p.job.height - result.rows;
    check_bad_result(&p, leader, &result, 0, "which it does not have");
}

Test(system_peers, a_result_outside_the_image)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    struct fr_result result = right_result(&p);
    result.first_row = UINT32_MAX;
    check_bad_result(&p, leader, &result, 0, "sent rows");
}

Test(system_peers, a_result_of_another_length)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    struct fr_result result = right_result(&p);
    result.payload_len--;
    check_bad_result(&p, leader, &result, 0, "bytes for");
}

Test(system_peers, a_result_with_impossible_values)
{
    struct peer p;
    struct proc *leader = start_with_worker(&p);
    struct fr_result result = right_result(&p);
    check_bad_result(&p, leader, &result, 0x7f, "nonsense");
}

Test(system_peers, many_that_say_nothing)
{
    struct proc *leader = start_leader();
    struct peer peers[20];
    for (int i = 0; i < 20; i++)
        peer_open(&peers[i]);
    struct proc *worker;
    fractal_run(&worker, "worker " SOCKET);
    PROC_ENDS(worker, 0);
    uint64_t begin_ms = test_now_ms();
    PROC_ENDS(leader, 0);
    cr_assert_lt(test_now_ms() - begin_ms, 4000, "the leader waited for them");
    for (int i = 0; i < 20; i++)
        peer_close(&peers[i]);
    cr_assert_eq(unlink("image.png"), 0);
    system_check_empty();
}
