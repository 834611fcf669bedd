/* SPDX-License-Identifier: MIT
 * line.h - messages that were sent and have not left yet: a queue for each peer, with the time at
 * which each leaves. */
#ifndef SHAPE_LINE_H
#define SHAPE_LINE_H
#include "config.h"

struct line {
    fr_peer id;
    bool refused;     /* came up after shutdown: the core never hears of it       */
    bool dropped;     /* takes nothing more                                       */
    bool full;        /* the transport had no room for the head, which was due    */
    uint64_t free_ns; /* when this peer's link has sent what it was given         */
    uint64_t last_ns; /* when the last one held leaves: none overtakes it         */
    struct held {
        struct fr_msg *msg;
        uint64_t due_ns;
    } * ring;
    uint32_t first, count, room;
};

bool line_push(struct line *line, struct fr_msg *msg, uint64_t due_ns); /* false: no memory */
struct held *line_head(const struct line *line);                        /* NULL: empty      */
void line_pop(struct line *line);

/* Sorted by peer, since those are looked up with every message. */
struct lines {
    struct line **lines;
    unsigned count, room;
};
struct line *lines_find(const struct lines *lines, fr_peer id);
struct line *lines_add(struct lines *lines, fr_peer id); /* NULL: no memory */
void lines_remove(struct lines *lines, fr_peer id);
void lines_clear(struct lines *lines);

/* Events that wait for poll, in order. */
struct events {
    struct fr_event *ring;
    size_t first, count, room;
};
bool events_reserve(struct events *events, size_t count);           /* false: no memory */
void events_push(struct events *events, const struct fr_event *ev); /* there is room */
unsigned events_take(struct events *events, struct fr_event *ev, unsigned max);
#endif
