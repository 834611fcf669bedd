/* SPDX-License-Identifier: MIT
 * rig.h - a transport loaded by name, and endpoints whose every event is held against the contract.
 *
 * A rule that is broken is recorded by fail_at, and everything that waits then gives up, so that a
 * case only has to say what it expects to happen. */
#ifndef CONFORMANCE_RIG_H
#define CONFORMANCE_RIG_H
#include <fractal/transport.h>
#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RIG_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RIG_SANITIZED 1
#endif
#endif
#ifdef RIG_SANITIZED
#define FEWER(many, few) (few)
#else
#define FEWER(many, few) (many)
#endif

enum { MAX_RECV = 64 << 10, DEAD_MAN_S = 20, MAX_LAYERS = 8 };

struct rig {
    const char *name;    /* of the transport                                        */
    const char *address; /* of a leader, a fresh name for a '*'; NULL: any free one */
    char *const *pairs;  /* key=value options, as given     */
    int pair_count;
    struct layer {
        char name[32];
        const struct fr_plugin *plugin;
        void *cfg;
    } layers[MAX_LAYERS]; /* hooks, outermost first, then the transport */
    struct fr_inner inners[MAX_LAYERS];
    int layer_count;
    const struct fr_transport_ops *ops; /* of the outermost */
    uint32_t caps;                      /* that the transport itself may have */
    struct fr_host host;
};

/* False: says why on stderr. */
bool rig_load(struct rig *rig, const char *name, char *const *pairs, int pair_count);
void rig_unload(struct rig *rig); /* not the shared object: leak checkers want its symbols */

/* ------------------------------------------------------------------ failing */

void fail_begin(const char *name);
bool failed(void);
void skip(const char *why); /* the case does not apply */
const char *skipped(void);
void fail_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define FAIL(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(cond, ...)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            FAIL(__VA_ARGS__);                                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)
/* For what has said itself what is wrong, and for what only waits. */
#define TRY(cond) CHECK(cond, "%s", #cond)

/* ---------------------------------------------------------------- endpoints */

/* What one peer sent us and got from us. Message number n of a stream has the content that
 * (stream, n) gives; both ends of a connection use the same stream number. */
struct peer {
    fr_peer id;
    bool up, down;
    fr_status status; /* of its PEER_DOWN */
    char detail[160]; /* of its PEER_DOWN */
    uint32_t stream;
    uint64_t sends, sents, lost; /* lost: SENT, but not with FR_OK */
    uint64_t tx_bytes, recvs, rx_bytes;
    uint8_t *unreported; /* by message number: 1 where a SENT is still to come */
    uint64_t room;
};

struct end {
    const struct rig *rig;
    fr_ep *ep; /* NULL: closed */
    struct fr_attr attr;
    bool leader;
    uint64_t max_recv_bytes;
    struct peer **peers; /* in the order they came, the departed too */
    unsigned count;
    uint32_t next_stream; /* of the next peer that comes up */
    bool one_stream;      /* every peer has stream 0 */
    bool keep;            /* received messages are held, not freed */
    struct fr_msg **held;
    uint64_t held_count, held_room;
};

fr_status leader_open(const struct rig *rig, uint64_t max_recv_bytes, struct end *end_p);
fr_status leader_open_at(const struct rig *rig, const char *address, struct end *end_p);
fr_status worker_open(const struct rig *rig, const char *address, uint64_t max_recv_bytes,
                      struct end *end_p);
void end_close(struct end *end);
/* Opens one that is connected, pumping both; its stream is that of the leader's new peer. */
bool worker_join(struct end *leader, struct end *worker_p);
/* A leader and a connected worker. */
bool pair_open(const struct rig *rig, struct end *leader_p, struct end *worker_p);
struct peer *end_peer(struct end *end); /* the one that came last */
unsigned end_alive(const struct end *end);

/* One poll; every event is checked and counted. Returns how many, < 0: failed. */
int end_poll(struct end *end, int timeout_ms);
/* Polls all in turn until done(ctx) or a failure; false also after DEAD_MAN_S, which fails. */
bool pump(struct end *const *ends, unsigned count, bool (*done)(void *ctx), void *ctx);
bool pump2(struct end *a, struct end *b, bool (*done)(void *ctx), void *ctx);
void pump_for(struct end *const *ends, unsigned count, int ms);

/* The next message of the stream: FR_EAGAIN: nothing was sent. Any other failure but FR_ECLOSED
 * fails the case. */
fr_status end_send(struct end *end, struct peer *peer, size_t len);
/* The same, and pumps where there is no room. */
bool send_pumped(struct end *end, struct peer *peer, size_t len, struct end *other);
/* Sends until there has been no room for a while, or fails the case where there is no end of room.
 */
bool fill_up(struct end *from, struct peer *peer, size_t len);
/* Allocates without sending; fails the case where that does not work. */
struct fr_msg *end_alloc(struct end *end, struct peer *peer, size_t len);
fr_status end_send_msg(struct end *end, struct peer *peer, struct fr_msg *msg);
void end_release(struct end *end); /* frees what is held */

/* Ready-made ends of waiting; ctx is what the comment says. */
struct wait_count {
    const uint64_t *what;
    uint64_t at_least;
};
bool is_counted(void *wait_count);
bool is_down(void *peer);
bool is_up(void *end); /* the endpoint has a peer that is up */
struct exchange {
    const struct peer *a, *b;
};
bool is_settled(void *exchange); /* all that either sent was reported and received */

/* ------------------------------------------------------------------ content */

void content_fill(void *data, size_t len, uint32_t stream, uint64_t number);
bool content_ok(const void *data, size_t len, uint32_t stream, uint64_t number);
uint64_t mix(uint64_t x); /* a well-spread function of x */
uint64_t now_ms(void);
unsigned count_entries(const char *folder); /* /proc/self/fd, /proc/self/task */
#endif
