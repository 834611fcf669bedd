/* SPDX-License-Identifier: MIT
 * Decoders on hostile bytes: mutations of good messages, and noise. Built alone it runs a fixed
 * number of its own cases; with -DFUZZ_LIBFUZZER it is a libFuzzer target. */
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fr_to_leader up;
    if (fr_wire_unpack_to_leader(data, size, &up) == FR_OK && up.kind == FR_WIRE_RESULT &&
        up.result.payload_len > 0) {
        /* The payload must lie inside the message, to its last byte. */
        if (up.result.payload < data || up.result.payload + up.result.payload_len > data + size)
            abort();
    }
    struct fr_to_worker down;
    fr_wire_unpack_to_worker(data, size, &down);
    return 0;
}

#ifndef FUZZ_LIBFUZZER
static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) % below);
}

static size_t good_message(uint8_t *buf, size_t cap)
{
    struct fr_to_leader up = {0};
    struct fr_to_worker down = {0};
    switch (draw(6)) {
    case 0:
        up.kind = FR_WIRE_HELLO;
        up.hello = (struct fr_hello){.protocol = 1, .pid = 2, .threads = 3, .credits = 4};
        snprintf(up.hello.host, sizeof(up.hello.host), "host%u", draw(1000));
        return fr_wire_pack_to_leader(&up, buf, cap);
    case 1:
        up.kind = FR_WIRE_STATS;
        up.stats.rows = draw(1000000);
        return fr_wire_pack_to_leader(&up, buf, cap);
    case 2: {
        size_t len = 1 + draw(64);
        struct fr_result result = {.job = draw(300), .lease = draw(99), .rows = 1};
        result.payload_len = len;
        size_t head = fr_wire_result_head_bytes(result.job, len);
        fr_wire_result_put_head(&result, buf);
        memset(buf + head, 7, len);
        return head + len;
    }
    case 3:
        down.kind = FR_WIRE_JOB;
        down.job = (struct fr_job){.width = 10, .height = 10, .iters = 10, .x_div = 9, .y_div = 9};
        return fr_wire_pack_to_worker(&down, buf, cap);
    case 4:
        down.kind = FR_WIRE_WELCOME;
        snprintf(down.welcome.refusal, sizeof(down.welcome.refusal), "go away");
        return fr_wire_pack_to_worker(&down, buf, cap);
    default:
        down.kind = FR_WIRE_ASSIGN;
        down.assign = (struct fr_assign){.job = 1, .lease = draw(1000), .rows = 8};
        return fr_wire_pack_to_worker(&down, buf, cap);
    }
}

int main(int argc, char **argv)
{
    long cases = argc > 1 ? atol(argv[1]) : 300000;
    for (long i = 0; i < cases; i++) {
        uint8_t buf[512] = {0};
        size_t len = good_message(buf, sizeof(buf));
        for (uint32_t n = draw(6); n > 0; n--)
            buf[draw((uint32_t)len)] = (uint8_t)draw(256);
        if (draw(3) == 0)
            len = draw((uint32_t)len + 1);
        uint8_t *exact = malloc(len + 1); /* its end is where a sanitizer stands */
        if (!exact)
            return 1;
        memcpy(exact, buf, len);
        LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    printf("%ld cases\n", cases);
    return 0;
}
#endif
