/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdlib.h>
#include <string.h>

bool line_push(struct line *line, struct fr_msg *msg, uint64_t due_ns)
{
    if (line->count == line->room) {
        uint32_t room = line->room ? 2 * line->room : 16;
        struct held *ring = malloc(room * sizeof(*ring));
        if (!ring)
            return false;
        for (uint32_t i = 0; i < line->count; i++)
            ring[i] = line->ring[(line->first + i) % line->room];
        free(line->ring);
        line->ring = ring;
        line->room = room;
        line->first = 0;
    }
    line->ring[(line->first + line->count++) % line->room] = (struct held){msg, due_ns};
    line->last_ns = due_ns;
    return true;
}

struct held *line_head(const struct line *line)
{
    return line->count ? &line->ring[line->first] : NULL;
}

void line_pop(struct line *line)
{
    line->first = (line->first + 1) % line->room;
    line->count--;
}

/* The first whose number is not below id. */
static unsigned place(const struct lines *lines, fr_peer id)
{
    unsigned low = 0, high = lines->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (lines->lines[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct line *lines_find(const struct lines *lines, fr_peer id)
{
    unsigned at = place(lines, id);
    return at < lines->count && lines->lines[at]->id == id ? lines->lines[at] : NULL;
}

struct line *lines_add(struct lines *lines, fr_peer id)
{
    if (lines->count == lines->room) {
        unsigned room = lines->room ? 2 * lines->room : 8;
        struct line **grown = realloc(lines->lines, room * sizeof(struct line *));
        if (!grown)
            return NULL;
        lines->lines = grown;
        lines->room = room;
    }
    struct line *line = calloc(1, sizeof(*line));
    if (!line)
        return NULL;
    line->id = id;
    unsigned at = place(lines, id);
    memmove(&lines->lines[at + 1], &lines->lines[at], (lines->count - at) * sizeof(struct line *));
    lines->lines[at] = line;
    lines->count++;
    return line;
}

void lines_remove(struct lines *lines, fr_peer id)
{
    unsigned at = place(lines, id);
    if (at == lines->count || lines->lines[at]->id != id)
        return;
    free(lines->lines[at]->ring);
    free(lines->lines[at]);
    lines->count--;
    memmove(&lines->lines[at], &lines->lines[at + 1], (lines->count - at) * sizeof(struct line *));
}

void lines_clear(struct lines *lines)
{
    for (unsigned i = 0; i < lines->count; i++) {
        free(lines->lines[i]->ring);
        free(lines->lines[i]);
    }
    free(lines->lines);
    *lines = (struct lines){0};
}

bool events_reserve(struct events *events, size_t count)
{
    if (count <= events->room)
        return true;
    size_t room = count > 2 * events->room ? count : 2 * events->room;
    struct fr_event *ring = malloc(room * sizeof(*ring));
    if (!ring)
        return false;
    for (size_t i = 0; i < events->count; i++)
        ring[i] = events->ring[(events->first + i) % events->room];
    free(events->ring);
    *events = (struct events){.ring = ring, .count = events->count, .room = room};
    return true;
}

void events_push(struct events *events, const struct fr_event *ev)
{
    events->ring[(events->first + events->count++) % events->room] = *ev;
}

unsigned events_take(struct events *events, struct fr_event *ev, unsigned max)
{
    unsigned n = 0;
    while (n < max && events->count > 0) {
        ev[n++] = events->ring[events->first];
        events->first = (events->first + 1) % events->room;
        events->count--;
    }
    return n;
}
