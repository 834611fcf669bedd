/* SPDX-License-Identifier: MIT
 * duel_shm - the shm plugin against a bare ring: one memory file, a slot for each credit, two
 * counters, a futex on each, and the same short spin before it.
 *
 *   duel_shm [--rounds N] [--credits N] [--arg key=value,...] */
#include "common/duel.h"

#include "base/clock.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPIN_NS = 20000, PAGE = 4096 };

/* One direction: slot i of entry i, modulo the credits. */
struct ring {
    _Alignas(64) _Atomic uint32_t tail; /* entries put */
    _Alignas(64) _Atomic uint32_t sleeping;
};
struct shared {
    struct ring orders, results;
    _Alignas(64) _Atomic uint32_t there, over;
};

static size_t shared_bytes(const struct duel_load *load)
{
    return PAGE + load->credits * (load->result_bytes + DUEL_ORDER_BYTES);
}

static unsigned char *order_at(struct shared *s, const struct duel_load *load, uint32_t i)
{
    return (unsigned char *)s + PAGE + (i % load->credits) * DUEL_ORDER_BYTES;
}

static unsigned char *result_at(struct shared *s, const struct duel_load *load, uint32_t i)
{
    return (unsigned char *)s + PAGE + load->credits * DUEL_ORDER_BYTES +
           (i % load->credits) * load->result_bytes;
}

static void publish(struct ring *r)
{
    atomic_fetch_add(&r->tail, 1);
    if (atomic_load(&r->sleeping) && atomic_exchange(&r->sleeping, 0))
        syscall(SYS_futex, &r->sleeping, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Until the tail is no longer `head`. */
static void await(struct ring *r, uint32_t head, const struct duel_load *load)
{
    uint64_t end_ns = fr_now_ns() + (load->credits > 1 ? SPIN_NS : 0);
    while (atomic_load_explicit(&r->tail, memory_order_acquire) == head && fr_now_ns() < end_ns)
        ;
    while (atomic_load_explicit(&r->tail, memory_order_acquire) == head) {
        /* On the flag, which a wake-up that comes early has cleared already. */
        atomic_store(&r->sleeping, 1);
        if (atomic_load(&r->tail) == head)
            syscall(SYS_futex, &r->sleeping, FUTEX_WAIT, 1, NULL, NULL, 0);
        atomic_store(&r->sleeping, 0);
    }
}

static bool bare_lead(const struct duel_load *load, struct duel_times *times)
{
    char path[64];
    int fd = memfd_create("duel", 0);
    if (fd < 0 || ftruncate(fd, (off_t)shared_bytes(load)) != 0)
        return false;
    struct shared *s = mmap(NULL, shared_bytes(load), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (s == MAP_FAILED)
        return false;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    uint64_t *began = calloc(load->credits, sizeof(*began));
    if (!began)
        return false;
    duel_spawn(path);
    while (!atomic_load(&s->there))
        usleep(100);
    uint32_t sent = 0, done = 0;
    uint64_t start_ns = fr_now_ns();
    while (done < load->results) {
        while (sent < load->results && sent - done < load->credits) {
            uint64_t order = sent;
            began[sent % load->credits] = fr_now_ns();
            memset(order_at(s, load, sent), 0, DUEL_ORDER_BYTES);
            memcpy(order_at(s, load, sent), &order, sizeof(order));
            publish(&s->orders);
            sent++;
        }
        await(&s->results, done, load);
        uint32_t tail = atomic_load_explicit(&s->results.tail, memory_order_acquire);
        for (; done != tail; done++) {
            duel_place(result_at(s, load, done), load);
            times->latency_ns[done] = fr_now_ns() - began[done % load->credits];
        }
    }
    times->wall_ns = fr_now_ns() - start_ns;
    atomic_store(&s->over, 1);
    publish(&s->orders);
    munmap(s, shared_bytes(load));
    close(fd);
    free(began);
    return true;
}

static int bare_work(const struct duel_load *load, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct shared *s = mmap(NULL, shared_bytes(load), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (s == MAP_FAILED)
        return 1;
    atomic_store(&s->there, 1);
    for (uint32_t i = 0;; i++) {
        await(&s->orders, i, load);
        if (atomic_load(&s->over))
            return 0;
        uint64_t order;
        memcpy(&order, order_at(s, load, i), sizeof(order));
        duel_fill(result_at(s, load, i), load, order);
        memcpy(result_at(s, load, i), &order, sizeof(order));
        publish(&s->results);
    }
}

static bool plugin_lead(const struct duel_load *load, struct duel_times *times)
{
    return duel_plugin_lead("shm", load, times);
}

static int plugin_work(const struct duel_load *load, const char *address)
{
    return duel_plugin_work("shm", load, address);
}

int main(int argc, char **argv)
{
    const struct duel_contender contenders[] = {
        {.name = "shm", .lead = plugin_lead, .work = plugin_work},
        {.name = "bare ring", .lead = bare_lead, .work = bare_work}};
    return duel_main(argc, argv, contenders, 2);
}
