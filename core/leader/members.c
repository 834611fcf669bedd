/* SPDX-License-Identifier: MIT */
#include "leader/members.h"

#include <search.h>
#include <stdlib.h>

static int by_peer(const void *a, const void *b)
{
    fr_peer x = *(const fr_peer *)a, y = *(const fr_peer *)b;
    return x < y ? -1 : x > y;
}

struct fr_member *fr_members_add(struct fr_members *members, fr_peer peer)
{
    struct fr_member *m = calloc(1, sizeof(*m));
    if (!m)
        return NULL;
    m->peer = peer;
    void *node = tsearch(m, &members->tree, by_peer);
    if (!node || *(struct fr_member **)node != m) { /* no memory, or the number is taken */
        free(m);
        return NULL;
    }
    m->prev = members->last;
    if (m->prev)
        m->prev->next = m;
    else
        members->first = m;
    members->last = m;
    members->count++;
    return m;
}

struct fr_member *fr_members_find(const struct fr_members *members, fr_peer peer)
{
    void *const *node = tfind(&peer, &members->tree, by_peer);
    return node ? *node : NULL;
}

void fr_members_remove(struct fr_members *members, struct fr_member *m)
{
    tdelete(m, &members->tree, by_peer);
    if (m->prev)
        m->prev->next = m->next;
    else
        members->first = m->next;
    if (m->next)
        m->next->prev = m->prev;
    else
        members->last = m->prev;
    members->count--;
    fr_outbox_clear(&m->outbox);
    free(m);
}

void fr_members_clear(struct fr_members *members)
{
    while (members->first)
        fr_members_remove(members, members->first);
}
