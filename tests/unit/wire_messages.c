/* SPDX-License-Identifier: MIT
 * Every message there and back, and what hostile bytes become. */
#include "wire/wire.h"

#include "fractal.pb-c.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct fr_to_leader through_leader(const struct fr_to_leader *msg)
{
    uint8_t buf[FR_WIRE_CONTROL_BYTES];
    size_t len = fr_wire_pack_to_leader(msg, buf, sizeof(buf));
    cr_assert_gt(len, 0);
    struct fr_to_leader back = {0};
    cr_assert_eq(fr_wire_unpack_to_leader(buf, len, &back), FR_OK);
    cr_assert_eq(back.kind, msg->kind);
    cr_assert_eq(fr_wire_pack_to_leader(msg, buf, len - 1), 0, "does not fit");
    return back;
}

static struct fr_to_worker through_worker(const struct fr_to_worker *msg)
{
    uint8_t buf[FR_WIRE_CONTROL_BYTES];
    size_t len = fr_wire_pack_to_worker(msg, buf, sizeof(buf));
    cr_assert_gt(len, 0);
    struct fr_to_worker back = {0};
    cr_assert_eq(fr_wire_unpack_to_worker(buf, len, &back), FR_OK);
    cr_assert_eq(back.kind, msg->kind);
    return back;
}

Test(wire, hello)
{
    struct fr_to_leader msg = {.kind = FR_WIRE_HELLO,
                               .hello = {.protocol = 1,
                                         .pid = 4711,
                                         .threads = 3,
                                         .credits = 8,
                                         .capabilities = UINT64_MAX,
                                         .host = "node17",
                                         .instruction_set = "avx512",
                                         .token = "s\x01\xc3\xa4",
                                         .version = "0.1.0"}};
    struct fr_to_leader back = through_leader(&msg);
    cr_assert_eq(back.hello.pid, 4711);
    cr_assert_eq(back.hello.capabilities, UINT64_MAX);
    cr_assert_str_eq(back.hello.host, "node17");
    cr_assert_str_eq(back.hello.token, msg.hello.token, "a token is compared, so kept as it is");
}

Test(wire, a_peers_words_cannot_steer_a_terminal)
{
    struct fr_to_leader msg = {.kind = FR_WIRE_GOODBYE,
                               .goodbye = {.reason = "\033]0;x\007 \x9b bye"}};
    cr_assert_str_eq(through_leader(&msg).goodbye.reason, "?]0;x? ? bye");
}

Test(wire, stats)
{
    struct fr_to_leader msg = {.kind = FR_WIRE_STATS, .stats = {.rows = 7, .copied_bytes = 1}};
    msg.stats.cpu_user_ns = UINT64_MAX;
    struct fr_to_leader back = through_leader(&msg);
    cr_assert_eq(memcmp(&back.stats, &msg.stats, sizeof(msg.stats)), 0);
}

Test(wire, to_worker)
{
    struct fr_to_worker msg = {.kind = FR_WIRE_WELCOME,
                               .welcome = {.protocol = 1, .refusal = "no", .retry = true}};
    struct fr_to_worker back = through_worker(&msg);
    cr_assert_str_eq(back.welcome.refusal, "no");
    cr_assert(back.welcome.retry);

    msg = (struct fr_to_worker){.kind = FR_WIRE_ASSIGN,
                                .assign = {.job = 1, .lease = 1u << 31, .first_row = 5, .rows = 2}};
    back = through_worker(&msg);
    cr_assert_eq(memcmp(&back.assign, &msg.assign, sizeof(msg.assign)), 0);

    msg = (struct fr_to_worker){.kind = FR_WIRE_JOB,
                                .job_id = 9,
                                .job = {.width = 8192,
                                        .height = 6144,
                                        .iters = 800,
                                        .xmin = -0.1,
                                        .xmax = 1.0 / 3,
                                        .ymin = 5e-324,
                                        .ymax = -1e308,
                                        .x_div = 8191,
                                        .y_div = 8191,
                                        .payload = FR_PAYLOAD_INDEX16}};
    back = through_worker(&msg);
    cr_assert_eq(back.job_id, 9);
    cr_assert_eq(back.job.xmax, 1.0 / 3);
    cr_assert_eq(back.job.ymin, 5e-324);
    cr_assert_eq(back.job.payload, FR_PAYLOAD_INDEX16);

    msg = (struct fr_to_worker){.kind = FR_WIRE_FINISH, .finish = {.job = 3}};
    cr_assert_eq(through_worker(&msg).finish.job, 3);
}

/* A Result as the core writes it is what protobuf-c reads, and the other way about, for payloads
 * around every length where a varint grows. */
Test(wire, result_in_place_is_the_schema)
{
    static const size_t around[] = {1, 100, 127, 200, 16383, 16384, 2097151, 2100000};
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        for (size_t delta = 0; delta < 140; delta += i < 6 ? 1 : 35) {
            size_t len = around[i] > delta ? around[i] - delta : 1;
            uint32_t job = delta % 2 ? 1 : UINT32_MAX;
            size_t head = fr_wire_result_head_bytes(job, len);
            cr_assert_eq(head % FR_WIRE_ALIGN, 0);
            cr_assert_leq(head, FR_WIRE_RESULT_BYTES);
            uint8_t *buf = malloc(head + len);
            memset(buf, 0xaa, head);
            memset(buf + head, 0x5c, len);
            struct fr_result result = {.job = job,
                                       .first_row = 12,
                                       .rows = 3,
                                       .lease = UINT64_MAX - 5,
                                       .queue_ns = 17,
                                       .compute_ns = 1u << 30,
                                       .payload_len = len};
            fr_wire_result_put_head(&result, buf);
            struct fr_to_leader back = {0};
            cr_assert_eq(fr_wire_unpack_to_leader(buf, head + len, &back), FR_OK);
            cr_assert_eq(back.kind, FR_WIRE_RESULT);
            cr_assert_eq(back.result.payload, buf + head, "not in place");
            cr_assert_eq(back.result.payload_len, len);
            cr_assert_eq(back.result.lease, result.lease);
            cr_assert_eq(back.result.compute_ns, result.compute_ns);

            Fractal__V1__ToLeader *pb = fractal__v1__to_leader__unpack(NULL, head + len, buf);
            cr_assert_not_null(pb);
            cr_assert_eq(pb->kind_case, FRACTAL__V1__TO_LEADER__KIND_RESULT);
            cr_assert_eq(pb->result->job, job);
            cr_assert_eq(pb->result->lease, result.lease);
            cr_assert_eq(pb->result->first_row, 12);
            cr_assert_eq(pb->result->rows, 3);
            cr_assert_eq(pb->result->queue_ns, 17);
            cr_assert_eq(pb->result->payload.len, len);
            cr_assert_eq(pb->result->payload.data[len - 1], 0x5c);

            size_t packed = fractal__v1__to_leader__get_packed_size(pb);
            uint8_t *again = malloc(packed);
            fractal__v1__to_leader__pack(pb, again);
            cr_assert_eq(fr_wire_unpack_to_leader(again, packed, &back), FR_OK);
            cr_assert_eq(back.result.first_row, 12);
            cr_assert_eq(back.result.payload_len, len);
            fractal__v1__to_leader__free_unpacked(pb, NULL);
            free(again);
            free(buf);
        }
    }
}

Test(wire, cut_short_is_refused)
{
    uint8_t buf[1024];
    struct fr_result result = {.job = 1, .lease = 1, .rows = 1, .payload_len = 100};
    size_t head = fr_wire_result_head_bytes(1, 100);
    fr_wire_result_put_head(&result, buf);
    struct fr_to_leader back;
    for (size_t len = 0; len < head + 100; len++) {
        uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees a read past the end */
        memcpy(exact, buf, len);
        cr_assert_eq(fr_wire_unpack_to_leader(exact, len, &back), FR_EPROTO, "%zu", len);
        free(exact);
    }
}

Test(wire, other_directions_and_doubles_are_refused)
{
    struct fr_to_worker finish = {.kind = FR_WIRE_FINISH, .finish = {.job = 1}};
    uint8_t buf[256];
    size_t len = fr_wire_pack_to_worker(&finish, buf, sizeof(buf));
    memcpy(buf + len, buf, len);
    struct fr_to_worker back;
    cr_assert_eq(fr_wire_unpack_to_worker(buf, 2 * len, &back), FR_EPROTO, "two kinds in one");
    cr_assert_eq(fr_wire_unpack_to_worker(buf, 0, &back), FR_EPROTO);
    static const uint8_t group[] = {0x0b, 0x0c}, zero_field[] = {0x02, 0x00};
    cr_assert_eq(fr_wire_unpack_to_worker(group, 2, &back), FR_EPROTO);
    cr_assert_eq(fr_wire_unpack_to_worker(zero_field, 2, &back), FR_EPROTO);
}
