/* SPDX-License-Identifier: MIT
 * endpoint.h - what the files of this transport share: the config, an endpoint, its peers.
 *
 * The leader's rep0 socket has one pipe for each worker, whose req0 has one pipe. Everything a
 * worker says is a request in one of its contexts, everything the leader says is the answer to one,
 * any that it holds. So requests are also room for answers: see ways.c. No more than NNG_WINDOW
 * messages of the core are on their way to a peer that has not acknowledged them.
 *
 * Threads: all calls of the core, hence everything that sends but an answered LAST, on one thread
 * at a time; nng's own run the callbacks, which change peers under the lock and ring the bell. They
 * may overtake each other, so messages are numbered. */
#ifndef NNG_ENDPOINT_H
#define NNG_ENDPOINT_H
#include "../inproc/bell.h"

#include <fractal/transport.h>
#include <nng/nng.h>
#include <pthread.h>
#include <sys/types.h>

enum {
    NNG_WINDOW = 16,
    NNG_ALIGN = 16,      /* what malloc gives, and nng's own heads leave                     */
    NNG_HEAD_BYTES = 12, /* ours; with nng's request number NNG_ALIGN                        */
    NNG_ID_BYTES = 4,    /* the request number, which travels before ours                    */
    NNG_STRANGERS = 256, /* connections that are not up yet                                  */
    NNG_BUCKETS = 256,
    NNG_FORMER = 64,
    NNG_HELD = NNG_WINDOW, /* requests a leader keeps of a worker, to answer later         */
    NNG_RECEIVING = 1, /* contexts of a leader: more make its threads wait for each other         */
    NNG_SPARE = 20,    /* more than that beside them go back, together                  */
    NNG_WAYS = 56,     /* of a worker: held, a window of messages, and a few of ours   */
    NNG_WAYS_MOST = 2 * NNG_WAYS, /* of one worker; more is an attack                             */
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

/* A context of nng: at a worker idle, or with a request of which the answer is awaited; at the
 * leader idle, receiving, or with a request that is to be answered. */
struct way {
    struct fr_ep *ep;
    nng_ctx ctx;
    nng_aio *in, *out;
    struct way *next; /* idle, or held for a peer */
    struct way *next_made;
};

/* Counts of messages wrap: only differences are used. */
struct peer {
    struct peer *next; /* in the list of all, or of the buried              */
    struct peer *next_by_id, *next_by_pipe;
    struct peer *next_ready, *next_owed;
    fr_peer id;
    uint32_t pipe;    /* nng's number; 0: none yet, or gone                                      */
    bool ready;       /* queued for poll to look at                                              */
    bool owed;        /* queued for what it may need: an acknowledgement, ways                   */
    bool linked;      /* nng takes messages for it                                               */
    bool starved;     /* the core had to wait for a way to it                                    */
    struct way *ways; /* leader: requests to answer                                           */
    unsigned way_count;
    bool greeted; /* HELLO sent                                                              */
    bool known;   /* HELLO received                                                          */
    bool up;      /* PEER_UP reported                                                        */
    bool shut;    /* we flush, then say BYE                                                  */
    bool bye_sent, bye_seen, last_said, last_seen;
    bool over; /* nothing is sent or received any more: PEER_DOWN is next                 */
    fr_status status;
    char detail[160];
    char who[96];
    uint64_t born_ns;
    uint64_t max_send_bytes; /* what it accepts                                                */
    uint64_t users[NNG_WINDOW];
    uint32_t tx_sent, tx_acked, tx_reported;
    uint32_t rx_taken, rx_told; /* by the core, in an acknowledgement                          */
    unsigned beats;             /* heartbeats due since it was last heard of                   */
    struct msg *rx[NNG_WINDOW]; /* by their number, which is at least rx_taken                 */
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
    dev_t ipc_dev; /* of the socket that this leader made                                      */
    ino_t ipc_ino;
    nng_listener former[NNG_FORMER]; /* before the listener, still with pipes                  */
    unsigned former_count;

    pthread_t dial_thread;
    sem_t closed;        /* up once nng has let go of the socket */
    atomic_bool settled; /* worker: the leader has answered, or will not */
    atomic_bool dialled; /* the thread is through                        */
    bool dialling; /* the thread is to be joined                                               */

    /* The core's calls only. */
    bool shut;
    uint64_t beat_ns;    /* when the next heartbeats are due; UINT64_MAX: never */
    uint64_t ack_ns;     /* when acknowledgements are due; UINT64_MAX: none is  */
    struct msg *out;     /* in the core's hands: freed with the endpoint                      */
    struct peer *buried; /* whose PEER_DOWN was reported: their texts last until the next poll */
    struct fr_stats stats;

    pthread_mutex_t lock; /* of all below, and of the peers                                    */
    bool closing, refuse;
    bool sending;   /* the core's thread, without the lock                                     */
    bool way_came;  /* to a peer that was starved                                              */
    unsigned pipes; /* that nng has                                                            */
    struct way *idle;
    unsigned idle_count, way_count, receiving, making;
    struct way *made;         /* all of them, until the end */
    struct parting *partings; /* pipes that the other side is to close                         */
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

/* listen.c: a leader's. nng 1.5 accepts no more at a Unix socket where one that connected was gone
 * before it was greeted; listen_watch, called now and then, sees that and listens anew. */
struct nng_tls_config;
fr_status listen_at(fr_ep *ep, struct nng_tls_config *tls);
void listen_watch(fr_ep *ep);
void listen_unlink(fr_ep *ep); /* the path, if it is still ours */

/* tls.c: NULL config where the address needs none. */
fr_status tls_prepare(const struct fr_host *host, const struct nng_cfg *cfg,
                      const struct address *at, bool leader, struct nng_tls_config **config_p);

/* peer.c; all with the lock held. */
struct peer *peer_new(fr_ep *ep, uint32_t pipe);
void peer_set_pipe(fr_ep *ep, struct peer *p, uint32_t pipe);
struct peer *peer_by_id(const fr_ep *ep, fr_peer id);
struct peer *peer_by_pipe(const fr_ep *ep, uint32_t pipe);
void peer_stir(fr_ep *ep, struct peer *p); /* poll is to look at it */
void peer_owe(fr_ep *ep, struct peer *p);  /* poll is to see what it needs */
void peer_end(fr_ep *ep, struct peer *p, fr_status st, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void peer_settle(fr_ep *ep, struct peer *p); /* ends it where both sides are through */
void peer_forget(fr_ep *ep, struct peer *p); /* out of all lists                     */
void peer_delete(struct peer *p);
void peer_discard_received(struct peer *p);

/* ways.c */
bool ways_make(fr_ep *ep); /* enough for the start; false: no memory                */
/* Leader: so many receive as should, new ones where none is idle. Any thread, without the lock. */
void ways_receive(fr_ep *ep);
void ways_close(fr_ep *ep);
void ways_free(fr_ep *ep); /* after it */
/* The rest with the lock held. */
struct way *way_take(fr_ep *ep, struct peer *p); /* NULL: none now */
unsigned ways_left(const fr_ep *ep, const struct peer *p);
/* Messages without a message, so that the other side has ways, or gets back what it lent. */
unsigned ways_surplus(const fr_ep *ep, const struct peer *p);
bool ways_lack(const fr_ep *ep); /* leader: more should receive */
struct way *way_next(fr_ep *ep); /* then: to receive with; NULL: enough do, or none is idle */
void way_hold(struct peer *p, struct way *w);
void way_idle(fr_ep *ep, struct way *w);
void ways_drop(fr_ep *ep, struct peer *p); /* those held for it are idle again */
/* Without the lock: msg goes this way. */
void way_send(fr_ep *ep, struct way *w, nng_msg *msg);

/* receive.c: what nng's threads call. */
void on_message(void *arg);
void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg);

/* send.c */
enum head_type { HEAD_HELLO = 1, HEAD_DATA, HEAD_ACK, HEAD_BYE, HEAD_LAST };
enum { HEAD_ANSWER = 3 }; /* the byte that says: LAST, in answer to yours */
enum { HEAD_MAGIC = 0xf7, HEAD_VERSION = 2, HELLO_BYTES = NNG_HEAD_BYTES + 8 };
void put_u32(unsigned char *at, uint32_t v);
uint32_t get_u32(const unsigned char *at);
/* With the lock held: as things stand. */
void write_head(struct peer *p, enum head_type type, unsigned char *head);
void msg_delete(struct msg *m);
void out_add(fr_ep *ep, struct msg *m);
void out_remove(fr_ep *ep, struct msg *m);
fr_status nng_ep_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p);
void nng_ep_msg_free(fr_ep *ep, struct fr_msg *msg);
fr_status nng_ep_send(fr_ep *ep, struct fr_msg *msg);
/* False: no way to it now, or no memory. With the lock held, which it gives up in between. */
bool send_control(fr_ep *ep, struct peer *p, enum head_type type);

/* part.c: how a pipe ends. nng 1.5 waits for ever, with the one thread that ends pipes, where a
 * pipe is closed here while a part of a message has come in or gone out. So both say LAST and send
 * nothing more, the worker once more in answer to the leader's; then nothing is on its way, and the
 * leader closes. */
bool part_seen(fr_ep *ep, uint32_t pipe, bool answer); /* LAST came; true: close; locked       */
/* A callback's: LAST came from p, whose core may not be asking just now. What to send on *way_p
 * without the lock; NULL: part will say it. Locked. */
nng_msg *part_at_once(fr_ep *ep, struct peer *p, struct way **way_p);
bool part_way(fr_ep *ep, uint32_t pipe, struct way *w); /* its, if it was waited for; locked */
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
