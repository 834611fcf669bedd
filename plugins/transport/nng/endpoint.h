/* SPDX-License-Identifier: MIT
 * endpoint.h - what the files of this transport share: the config, an endpoint, its peers.
 *
 * Raw req/rep sockets: the leader's raw rep0 has one pipe for each worker, whose raw req0 has one
 * pipe. Raw rep0 drops what does not fit a pipe's queue of 64, hence a window of our own: at most
 * NNG_WINDOW messages towards a peer that it has not acknowledged.
 *
 * Threads: all calls of the core, hence everything that sends, on one thread at a time; nng's own
 * run the callbacks, which only change peers under the lock and ring the bell. */
#ifndef NNG_ENDPOINT_H
#define NNG_ENDPOINT_H
#include "../inproc/bell.h"

#include <fractal/transport.h>
#include <nng/nng.h>
#include <pthread.h>
#include <sys/types.h>

enum {
    NNG_WINDOW = 16,     /* with as many ACKs, HELLO and BYE well below a pipe's queue of 64 */
    NNG_ALIGN = 16,      /* what malloc gives, and nng's own heads leave                     */
    NNG_HEAD_BYTES = 12, /* ours; with nng's request number NNG_ALIGN                        */
    NNG_ID_BYTES = 4,    /* the request number, which travels before ours                    */
    NNG_STRANGERS = 256, /* connections that have not said who they are                      */
    NNG_BUCKETS = 256,
    NNG_SENDS = 64, /* in flight between us and nng                                */
};

struct nng_cfg {
    uint64_t connect_timeout_ms;
    const char *tls_cert, *tls_key, *tls_ca, *tls_server_name;
    bool tls_client_auth;
};

struct msg {
    struct fr_msg base; /* first: the core's pointer is ours                    */
    nng_msg *body;      /* holds base.data, unless that had to be aligned       */
    void *copy;         /* then here                                            */
    struct msg *prev, *next;
};

/* Counts of messages wrap; only differences of at most NNG_WINDOW are used. */
struct peer {
    struct peer *next; /* in the list of all, or of the buried              */
    struct peer *next_by_id, *next_by_pipe;
    struct peer *next_ready, *next_owed;
    fr_peer id;
    uint32_t pipe; /* nng's number; 0: none yet, or gone                                      */
    bool ready;    /* queued for poll to look at                                              */
    bool owed;     /* queued for an acknowledgement                                           */
    bool linked;   /* nng takes messages for it                                               */
    bool greeted;  /* HELLO sent                                                              */
    bool known;    /* HELLO received                                                          */
    bool up;       /* PEER_UP reported                                                        */
    bool shut;     /* we flush, then say BYE                                                  */
    bool bye_sent, bye_seen;
    bool over; /* nothing is sent or received any more: PEER_DOWN is next                 */
    fr_status status;
    char detail[160];
    char who[96];
    uint64_t born_ns;
    uint64_t max_send_bytes; /* what it accepts                                                */
    uint64_t users[NNG_WINDOW];
    uint32_t tx_sent, tx_acked, tx_reported;
    uint32_t rx_seen, rx_taken, rx_told; /* from nng, by the core, in an acknowledgement       */
    unsigned beats;                      /* heartbeats due since it was last heard of */
    struct msg *rx_first, **rx_last;
};

struct address {
    char url[256];
    char scheme[16];
    char ipc_path[128]; /* "": not ipc                                                         */
    char host[200];
    bool tls, ws, remote, in_place, port_any;
};

struct fr_ep {
    const struct fr_host *host;
    bool leader;
    struct address at;
    nng_socket sock;
    nng_listener listener;
    nng_dialer dialer;
    uint64_t max_recv_bytes, patience_ns;
    struct bell bell;
    atomic_bool broken; /* nng does not receive any more */
    nng_aio *recv_aio;
    dev_t ipc_dev; /* of the socket that this leader made                                      */
    ino_t ipc_ino;

    pthread_t dial_thread;
    sem_t closed;        /* up once nng has let go of the socket */
    atomic_bool settled; /* worker: the leader has answered, or will not */
    bool dialling; /* the thread is to be joined                                               */

    /* The core's calls only. */
    bool shut;
    uint64_t beat_ns; /* when the next heartbeats are due; UINT64_MAX: never */
    struct msg *out;  /* in the core's hands: freed with the endpoint                      */
    struct parting *partings; /* pipes that the other side is to close                         */
    struct peer *buried; /* whose PEER_DOWN was reported: their texts last until the next poll */
    nng_aio *senders[NNG_SENDS]; /* used in turn */
    unsigned next_sender;
    struct fr_stats stats;

    pthread_mutex_t lock; /* of all below, and of the peers                                    */
    bool closing, refuse;
    unsigned pipes; /* that nng has                                                            */
    struct peer *peers;
    struct peer *by_id[NNG_BUCKETS], *by_pipe[NNG_BUCKETS];
    struct peer *ready_first, **ready_last;
    struct peer *owed_first;
    unsigned strangers;
    fr_peer last_peer;
};

/* library.c: nng is set up by its first user, and torn down after the last. */
fr_status library_hold(void); /* FR_ENOMEM: it cannot start its threads */
void library_release(void);
/* From now on it stays: TLS connections of nng 1.5 are freed late, and nng_fini then panics. */
void library_keep(void);
fr_status status_of_nng(int rv);

/* address.c */
fr_status address_parse(const struct fr_host *host, const char *text, bool any, bool leader,
                        struct address *at_p);
/* Leader: refuses what nng would destroy or share, chooses a port where nng cannot. */
fr_status address_prepare(const struct fr_host *host, struct address *at);
void address_set_port(struct address *at, unsigned port);

/* tls.c: NULL config where the address needs none. */
struct nng_tls_config;
fr_status tls_prepare(const struct fr_host *host, const struct nng_cfg *cfg,
                      const struct address *at, bool leader, struct nng_tls_config **config_p);

/* peer.c; all with the lock held. */
struct peer *peer_new(fr_ep *ep, uint32_t pipe);
void peer_set_pipe(fr_ep *ep, struct peer *p, uint32_t pipe);
struct peer *peer_by_id(const fr_ep *ep, fr_peer id);
struct peer *peer_by_pipe(const fr_ep *ep, uint32_t pipe);
void peer_stir(fr_ep *ep, struct peer *p); /* poll is to look at it */
void peer_end(fr_ep *ep, struct peer *p, fr_status st, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void peer_settle(fr_ep *ep, struct peer *p); /* ends it where both sides are through */
void peer_forget(fr_ep *ep, struct peer *p); /* out of all lists                     */
void peer_delete(struct peer *p);
void peer_discard_received(struct peer *p);

/* receive.c: what nng's threads call. */
void on_receive(void *arg);
void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg);

/* send.c */
enum head_type { HEAD_HELLO = 1, HEAD_DATA, HEAD_ACK, HEAD_BYE, HEAD_LAST };
enum { HEAD_MAGIC = 0xf7, HEAD_VERSION = 1, HELLO_BYTES = NNG_HEAD_BYTES + 8 };
void put_u32(unsigned char *at, uint32_t v);
uint32_t get_u32(const unsigned char *at);
void msg_delete(struct msg *m);
void out_add(fr_ep *ep, struct msg *m);
void out_remove(fr_ep *ep, struct msg *m);
fr_status nng_ep_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p);
void nng_ep_msg_free(fr_ep *ep, struct fr_msg *msg);
fr_status nng_ep_send(fr_ep *ep, struct fr_msg *msg);
/* False: no memory, try again. With the lock held, which it gives up in between. */
bool send_control(fr_ep *ep, struct peer *p, enum head_type type);
bool senders_make(fr_ep *ep);
void senders_stop(fr_ep *ep);
void senders_free(fr_ep *ep);

/* part.c: how a pipe ends. nng 1.5 waits for ever, with the one thread that ends pipes, where a
 * pipe is closed here between the head and the body of a message that comes in. So who wants to
 * part says LAST, sends nothing more, and the other side closes, to whom nothing can be coming. */
void part(fr_ep *ep, struct peer *p); /* with the lock held, which it gives up in between */
void part_overdue(fr_ep *ep);         /* closes what the other side does not              */
void part_all(fr_ep *ep);             /* for close: says LAST to all, and waits a little  */
void partings_free(fr_ep *ep);

/* poll.c */
int nng_ep_poll(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms);
void nng_ep_drop(fr_ep *ep, fr_peer peer);
void nng_ep_shutdown(fr_ep *ep);

/* endpoint.c */
fr_status nng_ep_open(const struct fr_host *host, const void *cfg, const struct fr_open_args *args,
                      fr_ep **ep_p);
void nng_ep_close(fr_ep *ep);
#endif
