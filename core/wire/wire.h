/* SPDX-License-Identifier: MIT
 * wire.h - messages to bytes and back, by proto/fractal.proto. Pure; any thread.
 *
 * Messages are plain data: strings are cut to their arrays and cleaned of control characters on the
 * way in, so that what a peer says can be printed. */
#ifndef FR_WIRE_WIRE_H
#define FR_WIRE_WIRE_H
#include "base/error.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FR_WIRE_PROTOCOL      1u
#define FR_WIRE_CONTROL_BYTES 4096u /* no message but a Result is longer                    */
#define FR_WIRE_RESULT_BYTES  256u  /* a Result is at most this much longer than its payload */
#define FR_WIRE_ALIGN         64u   /* of a Result's payload within the message             */

enum fr_wire_kind {
    FR_WIRE_NONE,
    FR_WIRE_HELLO, /* worker to leader */
    FR_WIRE_RESULT,
    FR_WIRE_STATS,
    FR_WIRE_GOODBYE,
    FR_WIRE_WELCOME, /* leader to worker */
    FR_WIRE_JOB,
    FR_WIRE_ASSIGN,
    FR_WIRE_FINISH,
};

#define FR_HELLO_RAW_ONLY (1u << 0) /* capability: answers with raw payloads, whatever the job */

struct fr_hello {
    uint32_t protocol, pid, threads, credits;
    uint64_t capabilities;
    char host[64], instruction_set[32], token[256], version[32];
};
struct fr_result {
    uint32_t job, first_row, rows;
    uint64_t lease, queue_ns, compute_ns;
    const uint8_t *payload; /* into the message that was decoded */
    size_t payload_len;
};
/* What a process counted, on either side. X(field): a uint64_t, its unit at its end; monotonic. The
 * same names stand in the schema. */
#define FR_COUNTERS(X)                                                                             \
    X(rows)                                                                                        \
    X(tasks)                                                                                       \
    X(wall_ns)                                                                                     \
    X(connect_ns)                                                                                  \
    X(compute_ns)                                                                                  \
    X(starved_ns)                                                                                  \
    X(idle_ns)                                                                                     \
    X(cpu_user_ns)                                                                                 \
    X(cpu_system_ns)                                                                               \
    X(max_rss_bytes)                                                                               \
    X(allocated_bytes)                                                                             \
    X(minor_faults)                                                                                \
    X(major_faults)                                                                                \
    X(voluntary_switches)                                                                          \
    X(involuntary_switches)                                                                        \
    X(tx_msgs)                                                                                     \
    X(tx_bytes)                                                                                    \
    X(rx_msgs)                                                                                     \
    X(rx_bytes)                                                                                    \
    X(tx_again)                                                                                    \
    X(copied_bytes)
struct fr_counters {
#define X(field) uint64_t field;
    FR_COUNTERS(X)
#undef X
};
struct fr_goodbye {
    char reason[128];
};
struct fr_welcome {
    uint32_t protocol, worker;
    char refusal[256]; /* not empty: refused */
    bool retry;
};
struct fr_assign {
    uint32_t job, first_row, rows;
    uint64_t lease;
};
struct fr_finish {
    uint32_t job;
};

struct fr_to_leader {
    enum fr_wire_kind kind;
    union {
        struct fr_hello hello;
        struct fr_result result;
        struct fr_counters stats;
        struct fr_goodbye goodbye;
    };
};
struct fr_to_worker {
    enum fr_wire_kind kind;
    uint32_t job_id; /* of FR_WIRE_JOB */
    union {
        struct fr_welcome welcome;
        struct fr_job job;
        struct fr_assign assign;
        struct fr_finish finish;
    };
};

/* Bytes written to buf, at most FR_WIRE_CONTROL_BYTES; 0 where they do not fit cap. Not for a
 * Result. */
size_t fr_wire_pack_to_leader(const struct fr_to_leader *msg, uint8_t *buf, size_t cap);
size_t fr_wire_pack_to_worker(const struct fr_to_worker *msg, uint8_t *buf, size_t cap);

/* A Result in place: payload_len bytes at buf + head_bytes follow what put_head writes. The length
 * of the head depends on job and payload_len only, so the payload can be made first. */
size_t fr_wire_result_head_bytes(uint32_t job, size_t payload_len);
void fr_wire_result_put_head(const struct fr_result *result, uint8_t *buf);

/* FR_EPROTO: not a message of that direction, and nothing of *msg_p is set. FR_ENOMEM. What the
 * numbers mean is not checked here: a Job goes through fr_job_check before it is computed. */
fr_status fr_wire_unpack_to_leader(const uint8_t *buf, size_t len, struct fr_to_leader *msg_p);
fr_status fr_wire_unpack_to_worker(const uint8_t *buf, size_t len, struct fr_to_worker *msg_p);
#endif
