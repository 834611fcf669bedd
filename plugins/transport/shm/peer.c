/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, MAX_SLOTS = 4096 };
#define MAX_SLOT_BYTES (UINT32_C(1) << 30)

/* ------------------------------------------------------------------- memory */

/* Sealed: nobody can shrink it under the other's feet. */
static int make_memory(const struct fr_host *host, size_t bytes, void **map_p)
{
    int fd = memfd_create("fractal-shm", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *map = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) {
        *map_p = map;
        return fd;
    }
    (void)FR_FAIL(host, FR_ENOMEM, "cannot share %zu bytes of memory: %s", bytes, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Maps what somebody else made, once it is known to be whole. */
static void *take_memory(int fd, size_t bytes)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (fstat(fd, &st) != 0 || (size_t)st.st_size != bytes || seals < 0 || !(seals & F_SEAL_SHRINK))
        return NULL;
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

/* -------------------------------------------------------------------- bells */

int bell_make(const struct fr_host *host, struct bell *bell)
{
    void *map;
    int fd = make_memory(host, PAGE, &map);
    if (fd >= 0)
        bell->shared = map;
    return fd;
}

void bell_unmap(struct bell_shared *shared)
{
    if (shared)
        munmap(shared, PAGE);
}

void bell_ring(const struct bell *bell)
{
    const uint64_t one = 1;
    /* Sequentially consistent, like the store before it in the ring, and like the owner's store of
     * `sleeping` and look at the ring: one of the two sees the other. */
    if (atomic_load(&bell->shared->sleeping) && atomic_exchange(&bell->shared->sleeping, 0) &&
        write(bell->event_fd, &one, sizeof(one)) < 0) {
        /* The counter is full, so it will wake up anyway. */
    }
}

/* -------------------------------------------------------------------- peers */

static bool sane(const struct door_offer *o)
{
    const uint32_t slots[] = {o->slots_up, o->slots_down};
    const uint32_t bytes[] = {o->slot_bytes_up, o->slot_bytes_down};
    for (int i = 0; i < 2; i++)
        if (slots[i] < 1 || slots[i] > MAX_SLOTS || (slots[i] & (slots[i] - 1)) ||
            bytes[i] < SHM_LINE || bytes[i] > MAX_SLOT_BYTES || bytes[i] % SHM_LINE)
            return false;
    return true;
}

static size_t rings_bytes(const struct door_offer *o)
{
    return PAGE + lane_bytes(o->slots_up, o->slot_bytes_up) +
           lane_bytes(o->slots_down, o->slot_bytes_down);
}

static bool lay_out(struct peer *p, const struct door_offer *o, bool leader)
{
    unsigned char *up = (unsigned char *)p->map + PAGE;
    unsigned char *down = up + lane_bytes(o->slots_up, o->slot_bytes_up);
    return lane_make(leader ? &p->rx : &p->tx, up, o->slots_up, o->slot_bytes_up, p, !leader) &&
           lane_make(leader ? &p->tx : &p->rx, down, o->slots_down, o->slot_bytes_down, p, leader);
}

static struct peer *new_peer(int fd, size_t map_bytes)
{
    struct peer *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->fd = fd;
    p->map_bytes = map_bytes;
    p->theirs.event_fd = -1;
    return p;
}

fr_status peer_invite(const struct fr_host *host, int fd, const struct door_offer *offer,
                      int bell_memfd, int leader_event_fd, struct peer **peer_p)
{
    struct peer *p = new_peer(fd, rings_bytes(offer));
    if (!p)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    fr_status st = FR_ENOMEM;
    int rings = make_memory(host, p->map_bytes, &p->map);
    if (rings < 0)
        goto free_peer;
    p->theirs.shared = p->map;
    p->theirs.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->theirs.event_fd < 0 || !lay_out(p, offer, true)) {
        st = FR_FAIL(host, FR_ENOMEM, "cannot serve another worker: %s", strerror(errno));
        goto close_rings;
    }
    const int fds[DOOR_FDS] = {[DOOR_RINGS] = rings,
                               [DOOR_LEADER_BELL] = bell_memfd,
                               [DOOR_LEADER_EVENT] = leader_event_fd,
                               [DOOR_WORKER_EVENT] = p->theirs.event_fd};
    st = door_send(fd, offer, fds);
    if (st != FR_OK)
        goto close_rings;
    close(rings);
    *peer_p = p;
    return FR_OK;
close_rings:
    close(rings);
free_peer:
    p->fd = -1; /* stays the caller's */
    peer_hang_up(p);
    peer_free(p);
    return st;
}

fr_status peer_accept(const struct fr_host *host, int fd, const struct door_offer *offer,
                      const int fds[DOOR_FDS], struct peer **peer_p, struct bell *own_p)
{
    fr_status st = FR_EPROTO;
    struct peer *p = sane(offer) ? new_peer(fd, rings_bytes(offer)) : NULL;
    if (p) {
        p->map = take_memory(fds[DOOR_RINGS], p->map_bytes);
        p->bell_map = take_memory(fds[DOOR_LEADER_BELL], PAGE);
        st = p->map && p->bell_map && lay_out(p, offer, false) ? FR_OK : FR_ENOMEM;
    }
    close(fds[DOOR_RINGS]);
    close(fds[DOOR_LEADER_BELL]);
    if (st == FR_OK) {
        p->theirs = (struct bell){.shared = p->bell_map, .event_fd = fds[DOOR_LEADER_EVENT]};
        *own_p = (struct bell){.shared = p->map, .event_fd = fds[DOOR_WORKER_EVENT]};
        *peer_p = p;
        return FR_OK;
    }
    close(fds[DOOR_LEADER_EVENT]);
    close(fds[DOOR_WORKER_EVENT]);
    if (p) {
        p->fd = -1;
        peer_free(p);
    }
    return FR_FAIL(host, st, "what the leader handed over cannot be used: %s", strerror(errno));
}

void peer_hang_up(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    if (p->theirs.event_fd >= 0)
        close(p->theirs.event_fd);
    p->fd = p->theirs.event_fd = -1;
    p->down = true;
}

void peer_free(struct peer *p)
{
    lane_clear(&p->tx);
    lane_clear(&p->rx);
    if (p->map)
        munmap(p->map, p->map_bytes);
    bell_unmap(p->bell_map);
    free(p);
}
