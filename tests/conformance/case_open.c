/* SPDX-License-Identifier: MIT
 * case_open.c - what a plugin says of itself, addresses, and coming and going. */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

/* What one plugin says of itself. */
static void plugin_fields(const struct layer *layer, bool hook)
{
    const struct fr_plugin *p = layer->plugin;
    const struct fr_transport_ops *o = p->ops;
    CHECK(p->magic == FR_PLUGIN_MAGIC && p->size >= sizeof(*p), "no plugin of this ABI");
    CHECK(p->abi_major == FR_ABI_MAJOR && p->abi_minor <= FR_ABI_MINOR, "another ABI");
    CHECK(p->kind == FR_KIND_TRANSPORT && o && o->size >= sizeof(*o), "no transport");
    CHECK(p->name && strcmp(p->name, layer->name) == 0, "another name than its file");
    CHECK(p->version && *p->version && p->summary && *p->summary && p->license && *p->license,
          "an empty text");
    CHECK(hook ? !o->open && o->open_over : o->open && !o->open_over,
          "open is missing, or too much");
    CHECK(o->query && o->msg_alloc && o->msg_free && o->send && o->poll && o->wakeup && o->stats &&
              o->drop && o->shutdown && o->close,
          "an operation is missing");
    for (const struct fr_option *opt = p->options; opt && opt->key; opt++)
        CHECK(opt->help && *opt->help && opt->offset < p->config_size, "option %s", opt->key);
}

static void fields(const struct rig *rig)
{
    const struct fr_transport_ops *o = rig->ops;
    for (int i = 0; i < rig->layer_count && !failed(); i++)
        plugin_fields(&rig->layers[i], i + 1 < rig->layer_count);
    TRY(!failed());
    struct end ends[2];
    TRY(pair_open(rig, &ends[0], &ends[1]));
    for (int i = 0; i < 2; i++) {
        const struct fr_attr *a = &ends[i].attr;
        CHECK((a->caps & ~o->caps) == 0, "caps %x of %x", a->caps, o->caps);
        CHECK(a->align_bytes >= 8 && (a->align_bytes & (a->align_bytes - 1)) == 0, "alignment %u",
              a->align_bytes);
        CHECK(a->max_msg_bytes > 0, "no longest message");
        CHECK(memchr(a->address, 0, sizeof(a->address)) && *a->address, "no address");
        CHECK(memchr(a->mechanism, 0, sizeof(a->mechanism)) && *a->mechanism, "no mechanism");
    }
    struct {
        struct fr_attr attr;
    } few;
    memset(&few, 0x5a, sizeof(few));
    few.attr.size = offsetof(struct fr_attr, max_msg_bytes);
    CHECK(o->query(ends[0].ep, &few.attr) == FR_OK, "query of a short struct");
    CHECK(few.attr.caps == ends[0].attr.caps && few.attr.address[0] == 0x5a,
          "query wrote beyond the size that it was given");
    end_close(&ends[1]);
    end_close(&ends[0]);
}

static void connect_after(const struct rig *rig)
{
    struct end l, w;
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    struct end *const alone[] = {&l};
    pump_for(alone, 1, 20);
    TRY(worker_join(&l, &w));
    CHECK(l.count == 1 && w.count == 1, "%u and %u peers", l.count, w.count);
    TRY(send_pumped(&w, end_peer(&w), 5, &l));
    TRY(send_pumped(&l, end_peer(&l), 7, &w));
    TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
    end_close(&w);
    TRY(pump2(&l, &l, is_down, end_peer(&l)));
    end_close(&l);
}

static bool has_ended(void *worker)
{
    struct end *w = worker;
    return w->count > 0 && w->peers[0]->down;
}

static void worker_first(const struct rig *rig)
{
    char address[sizeof(((struct fr_attr *)0)->address)];
    struct end l, w;
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    memcpy(address, l.attr.address, sizeof(address));
    end_close(&l);

    fr_status st = worker_open(rig, address, MAX_RECV, &w);
    CHECK(st == FR_OK || st == FR_ECONN, "open with nobody there: %d", (int)st);
    if (st == FR_OK) {
        TRY(pump2(&w, &w, has_ended, &w));
        const struct peer *p = w.peers[0];
        CHECK(!p->up, "PEER_UP with nobody there");
        CHECK(p->status != FR_OK, "PEER_DOWN with FR_OK and nobody there");
        struct fr_msg *m;
        CHECK(rig->ops->msg_alloc(w.ep, p->id, 1, &m) == FR_ECLOSED, "a spent worker allocates");
        CHECK(end_poll(&w, 0) == 0, "an event after PEER_DOWN");
        end_close(&w);
    }
    st = leader_open_at(rig, address, &l);
    CHECK(st == FR_OK, "a leader cannot open \"%s\" again: %d", address, (int)st);
    TRY(worker_join(&l, &w));
    end_close(&w);
    end_close(&l);
}

static void address_busy(const struct rig *rig)
{
    struct end l, second, w;
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    fr_status st = leader_open_at(rig, l.attr.address, &second);
    CHECK(st == FR_EADDR, "a second leader at \"%s\": %d", l.attr.address, (int)st);
    TRY(worker_join(&l, &w)); /* the first is unharmed */
    end_close(&l);
    end_close(&w);
}

static void address_any(const struct rig *rig)
{
    struct end a, b, w;
    TRY(leader_open(rig, MAX_RECV, &a) == FR_OK);
    TRY(leader_open(rig, MAX_RECV, &b) == FR_OK);
    CHECK(strcmp(a.attr.address, b.attr.address) != 0, "twice \"%s\"", a.attr.address);
    TRY(worker_join(&b, &w));
    CHECK(end_poll(&a, 0) == 0, "the worker of another leader came here");
    end_close(&w);
    end_close(&a);
    end_close(&b);
}

static void address_rubbish(const struct rig *rig)
{
    static char longest[5001];
    memset(longest, 'a', sizeof(longest) - 1);
    const char *const rubbish[] = {"\n", longest, "\x01\xff://::::/\\", "%s%n"};
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++)
        for (int leader = 0; leader < 2; leader++) {
            struct end e;
            fr_status st = leader ? leader_open_at(rig, rubbish[i], &e)
                                  : worker_open(rig, rubbish[i], MAX_RECV, &e);
            if (st == FR_OK) { /* a name is free to be odd, as long as nobody answers to it */
                CHECK(i > 1, "rubbish %zu opens", i);
                if (!leader)
                    TRY(pump2(&e, &e, has_ended, &e));
                CHECK(leader || !e.peers[0]->up, "rubbish %zu connects", i);
                end_close(&e);
            } else {
                CHECK(st == FR_EADDR || st == FR_EINVAL || st == FR_ECONN, "rubbish %zu: %d", i,
                      (int)st);
            }
        }
}

/* Fewer are fine: a library may end a thread of its own only now. */
static bool is_as_before(void *before)
{
    const unsigned *n = before;
    return count_entries("/proc/self/fd") <= n[0] && count_entries("/proc/self/task") <= n[1];
}

static void cycles(const struct rig *rig)
{
    unsigned before[2] = {0};
    for (int i = 0; i < FEWER(103, 33); i++) {
        struct end l, w;
        if (i == 3) {
            before[0] = count_entries("/proc/self/fd");
            before[1] = count_entries("/proc/self/task");
        }
        TRY(pair_open(rig, &l, &w));
        TRY(send_pumped(&w, end_peer(&w), 100, &l));
        TRY(send_pumped(&l, end_peer(&l), 200, &w));
        TRY(pump2(&l, &w, is_settled, &(struct exchange){end_peer(&l), end_peer(&w)}));
        end_close(i % 2 ? &l : &w);
        end_close(i % 2 ? &w : &l);
    }
    /* A kernel may take a moment to forget a thread that was joined. */
    struct end none = {0};
    uint64_t deadline = now_ms() + 5000;
    while (!is_as_before(before) && now_ms() < deadline)
        pump_for((struct end *const[]){&none}, 1, 10);
    CHECK(is_as_before(before), "%u descriptors and %u threads, %u and %u before",
          count_entries("/proc/self/fd"), count_entries("/proc/self/task"), before[0], before[1]);
}

const struct test_case cases_open[] = {
    {"fields", fields},
    {"connect-after", connect_after},
    {"worker-first", worker_first},
    {"address-busy", address_busy},
    {"address-any", address_any},
    {"address-rubbish", address_rubbish},
    {"cycles", cycles},
    {0},
};
