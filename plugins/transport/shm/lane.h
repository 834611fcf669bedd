/* SPDX-License-Identifier: MIT
 * lane.h - one direction between two processes: slots of one size in shared memory, and two rings
 * of their numbers. The producer takes a free slot, fills it in its own time, and puts its number
 * into the ring `full`; the consumer reads the slot where it lies and puts its number into the ring
 * `free` when it is done. Each ring has one writer and one reader, and room for every slot, so none
 * can overflow. An entry carries the lap in which it was put: its reader sees by the entry alone
 * that it is new, and no counter has to travel between the processors beside it.
 *
 * The other side may be broken or hostile: what it writes is checked by this side's own record of
 * who holds which slot. */
#ifndef SHM_LANE_H
#define SHM_LANE_H
#include <fractal/transport.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SHM_LINE 64 /* bytes; writers of different processes keep apart */

/* In shared memory; then the entries of `full`, then those of `free`. */
struct lane_shared {
    _Alignas(SHM_LINE) _Atomic uint32_t closed; /* producer: nothing follows         */
    _Atomic uint32_t starved;                   /* producer: ring my bell for a slot */
};

/* This side's message of a slot. */
struct lane_msg {
    struct fr_msg msg; /* first: the core's pointer is ours */
    void *owner;       /* the peer                          */
    uint32_t slot;
    uint8_t state; /* enum lane_state                   */
};
enum lane_state {
    LANE_FREE, /* producer: may be taken. consumer: not here    */
    LANE_HELD, /* with our core                                 */
    LANE_AWAY, /* producer: the other side has it               */
};

struct lane {
    struct lane_shared *shared;
    _Atomic uint64_t *full;  /* lap, slot, length: see lane.c                 */
    _Atomic uint32_t *free_; /* lap, slot                                     */
    unsigned char *data;
    uint32_t slots; /* a power of two */
    uint32_t slots_log2;
    uint32_t slot_bytes; /* a multiple of SHM_LINE */
    uint32_t head;       /* of the ring that this side reads, and             */
    uint32_t tail;       /* of the one that it writes: entries ever           */
    uint32_t held;       /* messages with our core                            */
    uint32_t *warm;      /* producer: free slots that were used, a queue      */
    uint32_t warm_first, warm_count;
    uint32_t cold; /* producer: slots that were never used, the last ones */
    struct lane_msg *msgs;
};

size_t lane_bytes(uint32_t slots, uint32_t slot_bytes);
/* Lays the lane over lane_bytes of zeroed shared memory. Both sides call it; the producer owns all
 * slots. False: out of memory. */
bool lane_make(struct lane *lane, void *memory, uint32_t slots, uint32_t slot_bytes, void *owner,
               bool producer);
void lane_clear(struct lane *lane);

/* Producer. take: FR_EAGAIN when every slot is away; FR_EPROTO when the other side returned what it
 * did not have. */
fr_status lane_take(struct lane *lane, struct lane_msg **msg_p);
void lane_put_back(struct lane *lane, struct lane_msg *msg); /* unsent */
void lane_put(struct lane *lane, struct lane_msg *msg);
void lane_close(struct lane *lane);

/* Consumer. get: FR_EAGAIN when nothing is there; FR_EPROTO; FR_ETOOBIG beyond most_bytes.  */
fr_status lane_get(struct lane *lane, uint64_t most_bytes, struct lane_msg **msg_p);
/* Gives a slot back; true: the producer waits for one, ring its bell. */
bool lane_release(struct lane *lane, struct lane_msg *msg);
bool lane_starved(struct lane *lane); /* the same question, asked later */
bool lane_closed(const struct lane *lane);
bool lane_waiting(const struct lane *lane); /* something is there */
#endif
