/* SPDX-License-Identifier: MIT */
#include "hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one mutable global: endpoints that share nothing but a process have to meet somewhere. It is
 * empty whenever no endpoint is open, so unloading the plugin then loses nothing. */
static struct {
    pthread_mutex_t lock;
    struct hub *first;
    uint64_t fresh; /* number of the last fresh name */
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct hub *find_name(const char *name)
{
    struct hub *h = registry.first;
    while (h && strcmp(h->name, name) != 0)
        h = h->next;
    return h;
}

bool hub_name_ok(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
            return false;
    return len > 0 && len <= HUB_NAME_BYTES;
}

fr_status hub_open(const char *name, bool any, uint64_t depth, uint64_t max_recv_bytes,
                   struct hub **hub_p)
{
    if (!any && !hub_name_ok(name))
        return FR_EADDR;
    struct hub *hub = calloc(1, sizeof(*hub));
    if (!hub)
        return FR_ENOMEM;
    hub->refs = 1;
    hub->open = true;
    hub->depth = depth;
    hub->max_recv_bytes = max_recv_bytes;
    pthread_mutex_init(&hub->lock, NULL);
    bell_init(&hub->bell);

    pthread_mutex_lock(&registry.lock);
    if (any)
        do
            snprintf(hub->name, sizeof(hub->name), "any-%llu",
                     (unsigned long long)++registry.fresh);
        while (find_name(hub->name));
    else
        memcpy(hub->name, name, strlen(name) + 1);
    bool taken = find_name(hub->name) != NULL;
    if (!taken) {
        hub->next = registry.first;
        registry.first = hub;
    }
    pthread_mutex_unlock(&registry.lock);
    if (taken) {
        hub_unref(hub);
        return FR_EADDR;
    }
    *hub_p = hub;
    return FR_OK;
}

void hub_unlist(struct hub *hub)
{
    pthread_mutex_lock(&registry.lock);
    for (struct hub **at = &registry.first; *at; at = &(*at)->next)
        if (*at == hub) {
            *at = hub->next;
            break;
        }
    pthread_mutex_unlock(&registry.lock);
    pthread_mutex_lock(&hub->lock);
    hub->open = false;
    pthread_mutex_unlock(&hub->lock);
}

void hub_unref(struct hub *hub)
{
    pthread_mutex_lock(&registry.lock);
    bool last = --hub->refs == 0;
    pthread_mutex_unlock(&registry.lock);
    if (!last)
        return;
    bell_destroy(&hub->bell);
    pthread_mutex_destroy(&hub->lock);
    free(hub->conns);
    free(hub);
}

/* Gives the connection its number and a place in the leader's list. */
static fr_status enlist(struct hub *hub, struct conn *c)
{
    if (!hub->open)
        return FR_ECONN;
    if (hub->count == hub->room) {
        unsigned room = hub->room ? hub->room * 2 : 16;
        struct conn **conns = realloc(hub->conns, room * sizeof(struct conn *));
        if (!conns)
            return FR_ENOMEM;
        hub->conns = conns;
        hub->room = room;
    }
    if (hub->last_peer == UINT32_MAX)
        return FR_ECONN;
    c->peer = ++hub->last_peer;
    hub->conns[hub->count++] = c;
    return FR_OK;
}

fr_status hub_connect(const char *name, uint64_t depth, uint64_t max_recv_bytes,
                      struct conn **conn_p)
{
    if (!hub_name_ok(name))
        return FR_EADDR;
    pthread_mutex_lock(&registry.lock);
    struct hub *hub = find_name(name);
    if (hub)
        hub->refs++;
    pthread_mutex_unlock(&registry.lock);
    if (!hub)
        return FR_ECONN;

    fr_status st = FR_ENOMEM;
    struct conn *c = calloc(1, sizeof(*c));
    if (!c)
        goto drop_hub;
    c->hub = hub;
    bell_init(&c->bell);
    c->end[LEADER].max_recv_bytes = hub->max_recv_bytes;
    c->end[WORKER].max_recv_bytes = max_recv_bytes;
    c->end[LEADER].held = c->end[WORKER].held = true;
    if ((st = lane_init(&c->end[LEADER].tx, hub->depth)) != FR_OK ||
        (st = lane_init(&c->end[WORKER].tx, depth)) != FR_OK)
        goto delete_conn;
    pthread_mutex_lock(&hub->lock);
    st = enlist(hub, c);
    pthread_mutex_unlock(&hub->lock);
    if (st != FR_OK)
        goto delete_conn;
    bell_ring(&hub->bell);
    *conn_p = c;
    return FR_OK;

delete_conn:
    conn_delete(c); /* and its hold of the hub */
    return st;
drop_hub:
    hub_unref(hub);
    return st;
}

struct conn *hub_find(struct hub *hub, fr_peer peer)
{
    unsigned low = 0, high = hub->count;
    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        if (hub->conns[mid]->peer < peer)
            low = mid + 1;
        else
            high = mid;
    }
    return low < hub->count && hub->conns[low]->peer == peer ? hub->conns[low] : NULL;
}

void conn_ring(struct conn *c, enum side whom)
{
    bell_ring(whom == LEADER ? &c->hub->bell : &c->bell);
}

void conn_cut(struct conn *c, enum side by, fr_status mine, fr_status theirs, const char *detail)
{
    if (c->cut)
        return;
    c->cut = true;
    c->end[by].status = mine;
    c->end[!by].status = theirs;
    c->end[by].detail = c->end[!by].detail = detail;
    if (theirs != FR_OK)
        for (int s = 0; s < SIDES; s++)
            lane_lose(&c->end[s].tx);
    conn_ring(c, LEADER);
    conn_ring(c, WORKER);
}

void conn_settle(struct conn *c)
{
    bool shut = false;
    for (int s = 0; s < SIDES; s++) {
        if (c->end[s].shut && !lane_all_taken(&c->end[s].tx))
            return;
        shut = shut || c->end[s].shut;
    }
    if (shut)
        conn_cut(c, LEADER, FR_OK, FR_OK, "shut down");
}

void conn_leave(struct conn *c, enum side by)
{
    conn_cut(c, by, FR_OK, FR_ECONN, "the other side closed its endpoint");
    lane_lose(&c->end[!by].tx);
    c->end[by].held = false;
}

void conn_delete(struct conn *c)
{
    for (int s = 0; s < SIDES; s++)
        lane_destroy(&c->end[s].tx);
    bell_destroy(&c->bell);
    hub_unref(c->hub);
    free(c);
}
