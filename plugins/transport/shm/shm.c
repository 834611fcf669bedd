/* SPDX-License-Identifier: MIT
 * shm.c - the endpoint: one door, many peers, one place to sleep. */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    TURN = 8,         /* messages from one peer before the next gets its turn         */
    LOOK_EVERY = 256, /* polls with something to deliver, between looks at the sockets */
    SPIN_MISSES = 3,  /* spins in vain before it is given up for a while              */
    SPIN_HOLIDAY = 4, /* waits without spinning then, at first; doubled each time      */
    SPIN_LONGEST = 8192,
};
#define MAX_LANE_BYTES (UINT64_C(256) << 20)

struct shm_config {
    int64_t slots, spin_us;
};

static const struct fr_option options[] = {
    {.key = "slots",
     .type = FR_OPT_INT,
     .offset = offsetof(struct shm_config, slots),
     .def = "64",
     .min = 2,
     .max = 4096,
     .help = "Messages in flight each way, rounded up to a power of two; fewer where they would "
             "take more than 256 MiB. Memory is used only as far as it is filled."},
    {.key = "spin_us",
     .type = FR_OPT_INT,
     .offset = offsetof(struct shm_config, spin_us),
     .def = "20",
     .max = 1000,
     .help = "Microseconds to look for messages before sleeping; given up for a while when it "
             "does not help. 0: never."},
    {.key = NULL},
};

/* Events that wait for poll: ups, downs and sents, in order. */
struct queue {
    struct fr_event *events;
    size_t capacity, first, count;
};

struct fr_ep {
    const struct fr_host *host;
    enum fr_role role;
    struct door door;        /* leader */
    struct door_offer offer; /* leader: what every worker is offered */
    int bell_memfd;          /* leader */
    int knock_fd;            /* worker: until the offer comes, else -1 */
    struct bell own;         /* its memory: leader's bell_memfd, worker's the peer's map */
    int epoll_fd, wake_fd;
    _Atomic bool woken;
    bool shut;
    uint64_t max_recv_bytes, spin_ns;
    unsigned misses, holiday, next_holiday, busy;
    struct peer *peers, *turn; /* turn: whom scan begins with; may be NULL */
    struct peer **by_id;       /* 1..last_id; NULL: gone */
    fr_peer last_id;
    struct queue queue;
    struct fr_stats stats;
    char path[108];
};

/* -------------------------------------------------------------------- queue */

static bool queue_reserve(struct queue *q)
{
    if (q->count < q->capacity)
        return true;
    size_t capacity = q->capacity ? 2 * q->capacity : 64;
    struct fr_event *events = malloc(capacity * sizeof(*events));
    if (!events)
        return false;
    for (size_t i = 0; i < q->capacity; i++) /* it is full */
        events[i] = q->events[(q->first + i) % q->capacity];
    free(q->events);
    *q = (struct queue){.events = events, .capacity = capacity, .count = q->count};
    return true;
}

/* Room was reserved, or this is lost with the memory that there is not. */
static void queue_push(struct queue *q, struct fr_event event)
{
    if (queue_reserve(q))
        q->events[(q->first + q->count++) % q->capacity] = event;
}

static unsigned queue_take(struct queue *q, struct fr_event *ev, unsigned max)
{
    unsigned n = 0;
    while (n < max && q->count > 0) {
        ev[n++] = q->events[q->first];
        q->first = (q->first + 1) % q->capacity;
        q->count--;
    }
    return n;
}

/* -------------------------------------------------------------------- peers */

static bool watch(struct fr_ep *ep, int fd, void *what)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = what};
    return epoll_ctl(ep->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool add_peer(struct fr_ep *ep, struct peer *p)
{
    fr_peer id = ep->last_id + 1;
    struct peer **by_id = realloc(ep->by_id, (id + 1) * sizeof(struct peer *));
    if (!by_id)
        return false;
    ep->by_id = by_id;
    if (!watch(ep, p->fd, p))
        return false;
    by_id[id] = p;
    p->id = ep->last_id = id;
    p->next = ep->peers;
    ep->peers = p;
    queue_push(&ep->queue, (struct fr_event){.type = FR_EV_PEER_UP, .peer = id});
    return true;
}

static void end_peer(struct fr_ep *ep, struct peer *p, fr_status st, const char *detail)
{
    if (p->down)
        return;
    peer_hang_up(p); /* also leaves epoll */
    ep->by_id[p->id] = NULL;
    queue_push(
        &ep->queue,
        (struct fr_event){.type = FR_EV_PEER_DOWN, .status = st, .peer = p->id, .detail = detail});
}

/* Frees peers that are down and of whom the core holds nothing. */
static void bury(struct fr_ep *ep)
{
    for (struct peer **at = &ep->peers; *at;) {
        struct peer *p = *at;
        if (!p->down || p->tx.held > 0 || p->rx.held > 0) {
            at = &p->next;
            continue;
        }
        if (ep->turn == p)
            ep->turn = p->next;
        *at = p->next;
        if (ep->own.shared == p->map) /* worker: its bell lies there */
            ep->own.shared = NULL;
        peer_free(p);
    }
}

static struct peer *find_peer(struct fr_ep *ep, fr_peer id)
{
    return id >= 1 && id <= ep->last_id ? ep->by_id[id] : NULL;
}

static void accept_all(struct fr_ep *ep)
{
    bool more = true;
    while (more) {
        pid_t pid = 0;
        struct peer *p;
        int fd = door_accept(&ep->door, &pid, &more);
        if (fd < 0)
            continue;
        if (ep->shut ||
            peer_invite(ep->host, fd, &ep->offer, ep->bell_memfd, ep->own.event_fd, &p) != FR_OK) {
            close(fd);
            continue;
        }
        p->pid = pid;
        if (!add_peer(ep, p)) {
            peer_hang_up(p);
            peer_free(p);
        }
    }
}

/* Worker: the leader's offer, or its end. */
static void take_offer(struct fr_ep *ep)
{
    int fds[DOOR_FDS];
    struct door_offer offer;
    struct peer *p = NULL;
    fr_status st = door_receive(ep->knock_fd, &offer, fds);
    if (st == FR_EAGAIN)
        return;
    epoll_ctl(ep->epoll_fd, EPOLL_CTL_DEL, ep->knock_fd, NULL);
    if (st == FR_OK)
        st = peer_accept(ep->host, ep->knock_fd, &offer, fds, &p, &ep->own);
    if (st == FR_OK && !(watch(ep, ep->own.event_fd, &ep->own) && add_peer(ep, p))) {
        p->fd = -1;
        peer_hang_up(p);
        peer_free(p);
        ep->own.shared = NULL;
        st = FR_ENOMEM;
    }
    if (st != FR_OK) {
        close(ep->knock_fd);
        queue_push(&ep->queue,
                   (struct fr_event){.type = FR_EV_PEER_DOWN,
                                     .status = st,
                                     .peer = 1,
                                     .detail = st == FR_ECONN ? "the leader hung up"
                                                              : "the leader is no fractal leader "
                                                                "of this version"});
    }
    ep->knock_fd = -1;
}

/* --------------------------------------------------------------------- poll */

/* Up to max messages; peers that have nothing more to say go down. */
static unsigned receive(struct fr_ep *ep, struct peer *p, struct fr_event *ev, unsigned max)
{
    unsigned n = 0;
    while (n < max && !p->down) {
        /* Read before the ring: what was put before either is in it. */
        bool closed = lane_closed(&p->rx), hung_up = p->hung_up;
        struct lane_msg *m;
        fr_status st = lane_get(&p->rx, ep->max_recv_bytes, &m);
        if (st == FR_OK) {
            m->msg.peer = p->id;
            ev[n++] = (struct fr_event){.type = FR_EV_RECV, .peer = p->id, .msg = &m->msg};
            ep->stats.rx_msgs++;
            ep->stats.rx_bytes += m->msg.len;
        } else if (st != FR_EAGAIN) {
            end_peer(ep, p, st,
                     st == FR_ETOOBIG ? "it sent more than was agreed" : "its ring is in disorder");
        } else if (closed || (hung_up && ep->shut)) {
            end_peer(ep, p, FR_OK, NULL);
        } else if (hung_up) {
            end_peer(ep, p, FR_ECONN, "its process ended");
        } else {
            break;
        }
    }
    return n;
}

/* Everybody in turn, beginning where it ended last time. */
static unsigned scan(struct fr_ep *ep, struct fr_event *ev, unsigned max)
{
    unsigned n = 0;
    struct peer *first = ep->turn ? ep->turn : ep->peers, *p = first;
    while (p && n < max) {
        n += receive(ep, p, ev + n, max - n < TURN ? max - n : TURN);
        p = p->next ? p->next : ep->peers;
        if (p == first)
            break;
    }
    ep->turn = p;
    return n;
}

static bool anything(const struct fr_ep *ep)
{
    if (ep->queue.count > 0 || atomic_load(&ep->woken))
        return true;
    for (const struct peer *p = ep->peers; p; p = p->next)
        if (!p->down && (lane_waiting(&p->rx) || p->hung_up || lane_closed(&p->rx)))
            return true;
    return false;
}

/* Who knocks, who died, who rang. */
static void look(struct fr_ep *ep, int timeout_ms)
{
    struct epoll_event e[32];
    int n = epoll_wait(ep->epoll_fd, e, 32, timeout_ms);
    for (int i = 0; i < n; i++) {
        uint64_t count;
        if (e[i].data.ptr == &ep->door)
            accept_all(ep);
        else if (e[i].data.ptr == &ep->knock_fd)
            take_offer(ep);
        else if (e[i].data.ptr == &ep->own || e[i].data.ptr == &ep->wake_fd)
            (void)!read(e[i].data.ptr == &ep->own ? ep->own.event_fd : ep->wake_fd, &count,
                        sizeof(count));
        else
            ((struct peer *)e[i].data.ptr)->hung_up = true; /* it never says anything there */
    }
    /* Level-triggered: a hung-up socket would keep us awake until its ring is drained. */
    for (struct peer *p = ep->peers; p; p = p->next)
        if (p->hung_up && p->fd >= 0)
            epoll_ctl(ep->epoll_fd, EPOLL_CTL_DEL, p->fd, NULL);
}

static bool spin(struct fr_ep *ep)
{
    if (ep->spin_ns == 0 || (ep->holiday > 0 && ep->holiday-- > 0))
        return false;
    uint64_t end_ns = ep->host->now_ns() + ep->spin_ns;
    do {
        for (int i = 0; i < 16; i++) {
            if (anything(ep)) {
                ep->misses = 0;
                ep->next_holiday = SPIN_HOLIDAY;
                return true;
            }
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    } while (ep->host->now_ns() < end_ns);
    if (++ep->misses >= SPIN_MISSES) {
        ep->misses = SPIN_MISSES - 1; /* one more miss after the holiday is enough */
        ep->holiday = ep->next_holiday;
        ep->next_holiday = ep->holiday < SPIN_LONGEST ? 2 * ep->holiday : SPIN_LONGEST;
    }
    return false;
}

static void sleep_for(struct fr_ep *ep, int timeout_ms)
{
    if (timeout_ms == 0 || anything(ep)) {
        look(ep, 0);
        return;
    }
    if (spin(ep))
        return;
    if (ep->own.shared)
        atomic_store(&ep->own.shared->sleeping, 1);
    for (struct peer *p = ep->peers; p; p = p->next)
        if (!p->down && lane_starved(&p->rx))
            bell_ring(&p->theirs);
    look(ep, anything(ep) ? 0 : timeout_ms);
    if (ep->own.shared)
        atomic_store_explicit(&ep->own.shared->sleeping, 0, memory_order_relaxed);
}

static unsigned collect(struct fr_ep *ep, struct fr_event *ev, unsigned max)
{
    unsigned n = queue_take(&ep->queue, ev, max);
    if (ep->queue.count == 0)
        n += scan(ep, ev + n, max - n);
    n += queue_take(&ep->queue, ev + n, max - n); /* whom scan found gone */
    return n;
}

static int shm_poll(fr_ep *ep, struct fr_event *ev, unsigned max, int timeout_ms)
{
    bury(ep);
    if (++ep->busy % LOOK_EVERY == 0)
        look(ep, 0);
    unsigned n = collect(ep, ev, max);
    if (n == 0) {
        sleep_for(ep, timeout_ms);
        n = collect(ep, ev, max);
    }
    if (atomic_load(&ep->woken)) /* a store would wait for all that were written before it */
        atomic_store(&ep->woken, false);
    return (int)n;
}

static void shm_wakeup(fr_ep *ep)
{
    const uint64_t one = 1;
    if (!atomic_exchange(&ep->woken, true) && write(ep->wake_fd, &one, sizeof(one)) < 0) {
        /* The counter is full, so it will wake up anyway. */
    }
}

/* ----------------------------------------------------------------- messages */

static fr_status shm_msg_alloc(fr_ep *ep, fr_peer id, size_t cap, struct fr_msg **msg_p)
{
    struct peer *p = find_peer(ep, id);
    struct lane_msg *m;
    if (!p || p->down || p->hung_up || ep->shut)
        return FR_ECLOSED;
    if (cap > p->tx.slot_bytes)
        return FR_ETOOBIG;
    fr_status st = lane_take(&p->tx, &m);
    if (st == FR_EAGAIN)
        ep->stats.tx_again++;
    if (st == FR_EPROTO) {
        end_peer(ep, p, FR_EPROTO, "its ring is in disorder");
        return FR_ECLOSED;
    }
    if (st == FR_OK) {
        m->msg.peer = id;
        *msg_p = &m->msg;
    }
    return st;
}

static void shm_msg_free(fr_ep *ep, struct fr_msg *msg)
{
    struct lane_msg *m = (struct lane_msg *)msg;
    struct peer *p = m->owner;
    (void)ep;
    if (m >= p->tx.msgs && m < p->tx.msgs + p->tx.slots)
        lane_put_back(&p->tx, m);
    else if (lane_release(&p->rx, m) && !p->down)
        bell_ring(&p->theirs);
}

static fr_status shm_send(fr_ep *ep, struct fr_msg *msg)
{
    struct lane_msg *m = (struct lane_msg *)msg;
    struct peer *p = m->owner;
    if (p->down || p->hung_up || ep->shut)
        return FR_ECLOSED;
    if (msg->len == 0 || msg->len > msg->cap)
        return FR_FAIL(ep->host, FR_EINVAL, "a message of %zu bytes in a slot of %zu", msg->len,
                       msg->cap);
    if (!queue_reserve(&ep->queue))
        return FR_EAGAIN;
    ep->stats.tx_msgs++;
    ep->stats.tx_bytes += msg->len;
    /* In memory that outlives us: the other side finds it whatever becomes of this process. */
    queue_push(&ep->queue, (struct fr_event){.type = FR_EV_SENT, .peer = p->id, .user = msg->user});
    lane_put(&p->tx, m);
    bell_ring(&p->theirs);
    return FR_OK;
}

/* ----------------------------------------------------------- open and close */

static uint32_t slot_bytes(uint64_t most)
{
    return (uint32_t)((most + SHM_LINE - 1) / SHM_LINE * SHM_LINE);
}

static uint32_t slot_count(int64_t wanted, uint32_t bytes)
{
    uint32_t slots = 2;
    while (slots < wanted && 2 * (uint64_t)slots * bytes <= MAX_LANE_BYTES)
        slots *= 2;
    return slots;
}

static fr_status open_leader(struct fr_ep *ep, const struct shm_config *cfg,
                             const struct fr_open_args *args)
{
    uint64_t most_down = args->max_send_bytes ? args->max_send_bytes : args->max_recv_bytes;
    if (args->max_recv_bytes > UINT64_C(1) << 30 || most_down > UINT64_C(1) << 30)
        return FR_FAIL(ep->host, FR_ETOOBIG, "messages of more than 1 GiB do not fit a slot");
    uint32_t up = slot_bytes(args->max_recv_bytes), down = slot_bytes(most_down);
    ep->offer = (struct door_offer){.magic = DOOR_MAGIC,
                                    .version = DOOR_VERSION,
                                    .slots_up = slot_count(cfg->slots, up),
                                    .slot_bytes_up = up,
                                    .slots_down = slot_count(cfg->slots, down),
                                    .slot_bytes_down = down};
    ep->own.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ep->bell_memfd = bell_make(ep->host, &ep->own);
    if (ep->own.event_fd < 0 || ep->bell_memfd < 0)
        return FR_FAIL(ep->host, FR_ENOMEM, "no more descriptors: %s", strerror(errno));
    fr_status st = door_open(ep->host, args->address, args->flags & FR_OPEN_ANY_ADDRESS, &ep->door);
    if (st != FR_OK)
        return st;
    snprintf(ep->path, sizeof(ep->path), "%s", ep->door.path);
    if (!watch(ep, ep->door.fd, &ep->door) || !watch(ep, ep->own.event_fd, &ep->own))
        return FR_FAIL(ep->host, FR_ENOMEM, "cannot watch the socket: %s", strerror(errno));
    return FR_OK;
}

static fr_status open_worker(struct fr_ep *ep, const struct fr_open_args *args)
{
    fr_status st = door_knock(ep->host, args->address, &ep->knock_fd, ep->path, sizeof(ep->path));
    if (st == FR_OK && !watch(ep, ep->knock_fd, &ep->knock_fd))
        st = FR_FAIL(ep->host, FR_ENOMEM, "cannot watch the socket: %s", strerror(errno));
    return st;
}

static void shm_close(fr_ep *ep)
{
    while (ep->peers) {
        struct peer *p = ep->peers;
        ep->peers = p->next;
        if (ep->own.shared == p->map)
            ep->own.shared = NULL;
        peer_hang_up(p);
        peer_free(p);
    }
    door_close(&ep->door);
    if (ep->role == FR_ROLE_LEADER)
        bell_unmap(ep->own.shared);
    const int fds[] = {ep->bell_memfd, ep->knock_fd, ep->own.event_fd, ep->epoll_fd, ep->wake_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(ep->by_id);
    free(ep->queue.events);
    free(ep);
}

static fr_status shm_open(const struct fr_host *host, const void *cfg,
                          const struct fr_open_args *args, fr_ep **ep_p)
{
    const struct shm_config *config = cfg;
    struct fr_ep *ep = calloc(1, sizeof(*ep));
    if (!ep)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    ep->host = host;
    ep->role = args->role;
    ep->max_recv_bytes = args->max_recv_bytes;
    ep->spin_ns = (uint64_t)config->spin_us * 1000;
    ep->next_holiday = SPIN_HOLIDAY;
    ep->door.fd = ep->bell_memfd = ep->knock_fd = ep->own.event_fd = -1;
    ep->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    ep->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fr_status st;
    if (ep->epoll_fd < 0 || ep->wake_fd < 0 || !watch(ep, ep->wake_fd, &ep->wake_fd))
        st = FR_FAIL(host, FR_ENOMEM, "no more descriptors: %s", strerror(errno));
    else if (args->role == FR_ROLE_LEADER)
        st = open_leader(ep, config, args);
    else
        st = open_worker(ep, args);
    if (st == FR_OK)
        *ep_p = ep;
    else
        shm_close(ep);
    return st;
}

static fr_status shm_check(const struct fr_host *host, const void *cfg,
                           const struct fr_open_args *args)
{
    (void)cfg;
    return door_check(host, args->address);
}

#define CAPS (FR_CAP_TX_INPLACE | FR_CAP_RX_INPLACE | FR_CAP_BUSY_POLL)

static fr_status shm_query(fr_ep *ep, struct fr_attr *attr)
{
    struct fr_attr full = {.size = attr->size,
                           .caps = ep->spin_ns ? CAPS : CAPS & ~FR_CAP_BUSY_POLL,
                           .align_bytes = SHM_LINE};
    const struct door_offer *o = &ep->offer;
    snprintf(full.address, sizeof(full.address), "%s", ep->path);
    if (ep->role == FR_ROLE_LEADER) {
        full.max_msg_bytes = o->slot_bytes_down;
        full.tx_depth = o->slots_down;
        snprintf(full.mechanism, sizeof(full.mechanism),
                 "memfd rings, %u x %u KiB to the leader, %u x %u KiB back", o->slots_up,
                 (o->slot_bytes_up + 1023) / 1024, o->slots_down,
                 (o->slot_bytes_down + 1023) / 1024);
    } else {
        snprintf(full.mechanism, sizeof(full.mechanism), "memfd rings");
        full.max_msg_bytes = SHM_LINE; /* until the leader's offer has come */
        if (ep->peers) {
            full.max_msg_bytes = ep->peers->tx.slot_bytes;
            full.tx_depth = ep->peers->tx.slots;
        }
    }
    memcpy(attr, &full, attr->size < sizeof(full) ? attr->size : sizeof(full));
    return FR_OK;
}

static void shm_stats(fr_ep *ep, struct fr_stats *out)
{
    struct fr_stats full = ep->stats;
    full.size = out->size;
    memcpy(out, &full, out->size < sizeof(full) ? out->size : sizeof(full));
}

static void shm_drop(fr_ep *ep, fr_peer id)
{
    struct peer *p = find_peer(ep, id);
    if (p)
        end_peer(ep, p, FR_OK, NULL);
}

static void shm_shutdown(fr_ep *ep)
{
    ep->shut = true;
    for (struct peer *p = ep->peers; p; p = p->next) {
        if (p->down)
            continue;
        lane_close(&p->tx);
        bell_ring(&p->theirs);
    }
}

static const struct fr_transport_ops ops = {.size = sizeof(ops),
                                            .caps = CAPS,
                                            .open = shm_open,
                                            .query = shm_query,
                                            .msg_alloc = shm_msg_alloc,
                                            .msg_free = shm_msg_free,
                                            .send = shm_send,
                                            .poll = shm_poll,
                                            .wakeup = shm_wakeup,
                                            .stats = shm_stats,
                                            .drop = shm_drop,
                                            .shutdown = shm_shutdown,
                                            .close = shm_close,
                                            .check = shm_check};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_TRANSPORT,
    .name = "shm",
    .version = "1.0",
    .summary = "Shared memory between processes of one user on one machine",
    .license = "MIT",
    .options = options,
    .config_size = sizeof(struct shm_config),
    .ops = &ops};
