/* SPDX-License-Identifier: MIT
 * transport.h - moves opaque messages between one leader and many workers.
 *
 * An endpoint is the leader's end (many peers come and go) or a worker's (one peer, the leader).
 * Every message is delivered whole, once and in the order sent to that peer, or its peer goes down.
 *
 * Threads: the core serialises all calls on one endpoint, except wakeup(), which is always safe,
 * and msg_alloc/msg_free/send where FR_CAP_MT is set. msg->data may be written by any thread
 * between msg_alloc and send. A transport may own threads but never calls back into the core:
 * everything surfaces as an event from poll(). No call but poll (and open, for as long as binding
 * or a local connect takes) blocks. */
#ifndef FRACTAL_TRANSPORT_H
#define FRACTAL_TRANSPORT_H
#include "plugin.h"

typedef struct fr_ep fr_ep; /* defined by the plugin                      */
typedef uint32_t fr_peer;   /* 1, 2, ...: never reused within an endpoint */

enum fr_role { FR_ROLE_INVALID, FR_ROLE_LEADER, FR_ROLE_WORKER };

#define FR_CAP_TX_INPLACE   (1u << 0) /* msg->data is what the wire or ring reads            */
#define FR_CAP_RX_INPLACE   (1u << 1) /* received data is lent, not copied                   */
#define FR_CAP_MT           (1u << 2) /* msg_alloc, msg_free and send from any thread        */
#define FR_CAP_REMOTE       (1u << 3) /* can leave the host                                  */
#define FR_CAP_BUSY_POLL    (1u << 4) /* poll() may spin: its CPU time is not idle time      */
#define FR_CAP_SAME_PROCESS (1u << 5) /* leader and workers share one process                */

#define FR_OPEN_ANY_ADDRESS                                                                        \
    (1u << 0) /* leader: no address was configured, take any free one                              \
               * that nobody else has (port 0, a fresh path)         */

#define FR_OPEN_TOKEN                                                                              \
    (1u << 1) /* leader: workers must show a token in their first message, so                      \
               * bridges to protocols that know none stay closed                  */

#define FR_OPEN_UNBOUND                                                                            \
    (1u << 2) /* worker, check only: the address is the one its leader is going to                 \
               * bind, which may still leave a choice (port 0, a folder)          */

struct fr_open_args {
    uint32_t size;
    enum fr_role role;
    uint32_t flags;        /* FR_OPEN_*                                                    */
    uint32_t expect_peers; /* hint; 0: unknown                                             */
    /* Leader: what to bind (port 0 allowed where there are ports); worker: whom to connect to.
     * "": the plugin's default, the same for both roles. Borrowed for the call.             */
    const char *address;
    /* The longest message the core will accept here. A longer one that arrives is a protocol
     * violation: its peer goes down with FR_ETOOBIG, and no memory is spent on it.          */
    uint64_t max_recv_bytes;
    /* The longest message the core will send; 0: not known yet (a worker, before its job).  */
    uint64_t max_send_bytes;
};

struct fr_attr { /* facts of the open endpoint, for the report                   */
    uint32_t size;
    uint32_t caps; /* FR_CAP_* of this endpoint, at most those of the ops          */
    uint64_t
        max_msg_bytes;    /* largest that msg_alloc can ever give; worker: may grow with PEER_UP */
    uint32_t align_bytes; /* of msg->data, a power of two, at least 8                     */
    uint32_t tx_depth;    /* messages that fit towards one peer before FR_EAGAIN; 0: by bytes */
    char address[256];    /* resolved; a worker can open exactly this                     */
    char mechanism[128];  /* "memfd ring 64 x 1 MiB", "h2c over tcp"                      */
};

struct fr_stats { /* monotonic; what is unknown stays 0                           */
    uint32_t size;
    uint64_t tx_msgs, tx_bytes, rx_msgs, rx_bytes; /* bytes: of the messages, no framing     */
    uint64_t tx_again;     /* FR_EAGAIN returned: back-pressure that the core saw          */
    uint64_t copied_bytes; /* message bytes copied inside the plugin, both ways            */
};

/* Allocated by the transport, usually as the first member of a larger struct. */
struct fr_msg {
    void *data;      /* aligned to align_bytes, in transport memory                  */
    size_t len, cap; /* the sender sets len <= cap before send; 0 is not a message   */
    fr_peer peer;    /* destination, or source once received                         */
    uint64_t user;   /* the core's, local only; echoed by FR_EV_SENT                 */
};

enum fr_event_type { FR_EV_INVALID, FR_EV_PEER_UP, FR_EV_PEER_DOWN, FR_EV_RECV, FR_EV_SENT };

/* Per peer: one PEER_UP, then RECVs and SENTs, then one PEER_DOWN, then nothing. A worker's
 * endpoint that cannot connect gives PEER_DOWN without PEER_UP (or open fails); after PEER_DOWN it
 * is spent: close it, and open again to retry. */
struct fr_event {
    enum fr_event_type type;
    fr_status status; /* PEER_DOWN: FR_OK = orderly (its shutdown, ours, or drop);
                       * else why: FR_ECONN died or unreachable, FR_EAUTH, FR_EPROTO,
                       * FR_ETOOBIG. SENT: FR_OK, or FR_ECLOSED = may not have arrived */
    fr_peer peer;
    uint64_t user;      /* SENT                                                         */
    struct fr_msg *msg; /* RECV: now the core's; give back with msg_free                */
    const char *detail; /* PEER_UP: who, PEER_DOWN: why, for people; may be NULL; valid until
                         * the next poll                                                */
};

/* The transport that a hook wraps: how to open it. All of it outlives the endpoint. */
struct fr_inner {
    uint32_t size;
    const struct fr_transport_ops *ops;
    const struct fr_host *host;
    const void *cfg;
    const struct fr_inner *inner; /* set where that is a hook itself */
};

struct fr_transport_ops {
    uint32_t size;
    uint32_t caps; /* all FR_CAP_* that an endpoint may have: known without opening one */
    /* Never waits for peers: connecting goes on inside poll. `cfg` is the filled config struct or
     * NULL and outlives the endpoint. Sets *ep_p only on FR_OK. Errors: FR_EADDR (bad, busy),
     * FR_ECONN (nobody there yet: worth a retry), FR_EAUTH, FR_EINVAL, FR_ENOMEM.           */
    fr_status (*open)(const struct fr_host *host, const void *cfg, const struct fr_open_args *args,
                      fr_ep **ep_p);
    /* Fills what fits in attr->size. Never blocks. */
    fr_status (*query)(fr_ep *ep, struct fr_attr *attr);
    /* A writable buffer bound for `peer` with at least `cap` bytes. FR_EAGAIN: no room now, poll
     * and retry; FR_ETOOBIG: never; FR_ECLOSED: peer down or endpoint shut down. Sets *msg_p only
     * on FR_OK. The message is the caller's until sent or freed.                               */
    fr_status (*msg_alloc)(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p);
    /* Release an unsent or a received message, in any order, also after PEER_DOWN.          */
    void (*msg_free)(fr_ep *ep, struct fr_msg *msg);
    /* Never blocks. FR_OK: the message is the transport's, and exactly one SENT will follow (before
     * the peer's PEER_DOWN). Else it is still the caller's, to retry (FR_EAGAIN) or to msg_free
     * (FR_ECLOSED, FR_EINVAL). Ordered per peer in the order of the send calls.             */
    fr_status (*send)(fr_ep *ep, struct fr_msg *msg);
    /* Make progress and fetch up to max events. Returns their count; 0 on time-out, wakeup or a
     * signal; < 0 (a fr_status): the endpoint is broken. timeout_ms: 0 never blocks, -1 for ever.
     */
    int (*poll)(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms);
    /* Ends a blocked poll, or the next one. From any thread.                                */
    void (*wakeup)(fr_ep *ep);
    /* Fills what fits in out->size.                                                         */
    void (*stats)(fr_ep *ep, struct fr_stats *out);
    /* Disconnect one peer at once (bad message, refused), dropping what is queued. PEER_DOWN
     * follows with FR_OK. Unknown or gone peers are ignored. */
    void (*drop)(fr_ep *ep, fr_peer peer);
    /* Refuse new sends and new peers, flush what is queued; each peer then reports PEER_DOWN, as
     * poll is called. The other side gets everything sent before, then PEER_DOWN with FR_OK. */
    void (*shutdown)(fr_ep *ep);
    /* Free everything and join every thread, without flushing; outstanding messages become invalid.
     * Bounded in time whatever the peers do.                                                */
    void (*close)(fr_ep *ep);
    /* Hooks only, in place of open: opens `inner` (fr_inner_open) and an endpoint around it, whose
     * other operations do what these comments say by calling the inner ones. Its caps are the inner
     * one's, less what it cannot keep. Errors: as open, the inner one's unchanged.          */
    fr_status (*open_over)(const struct fr_host *host, const void *cfg,
                           const struct fr_inner *inner, const struct fr_open_args *args,
                           fr_ep **ep_p);
    /* Optional, since minor 1. Would open refuse this config, for this role, at this address? So
     * that a typing error is found before any work begins. Judges what can be judged by looking:
     * opens no socket, resolves no name, starts no thread, makes and changes no file; it may read
     * regular files that the config names (a pipe is open's to read). A hook judges what is its
     * own; the core asks the inner ones.
     *
     * `host`, `cfg` (or NULL) and `args` are borrowed for the call; the lengths in `args` may be 0:
     * not known yet. Any thread, several at once, also while endpoints of this plugin are open.
     * What check refuses open refuses too; what it accepts may still fail to open. Errors, all
     * recorded with FR_FAIL: FR_EINVAL, FR_EADDR, FR_ENOMEM. The text begins with the key and its
     * value, "[transport.<name>] <key> = <value>: ..." or "[transport] address = ...", to which the
     * core adds the file and line of that key, and tells what would be valid.               */
    fr_status (*check)(const struct fr_host *host, const void *cfg,
                       const struct fr_open_args *args);
};

static inline fr_status fr_inner_open(const struct fr_inner *t, const struct fr_open_args *args,
                                      fr_ep **ep_p)
{
    if (t->inner)
        return t->ops->open_over(t->host, t->cfg, t->inner, args, ep_p);
    return t->ops->open(t->host, t->cfg, args, ep_p);
}
#endif
