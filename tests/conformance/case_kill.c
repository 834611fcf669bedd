/* SPDX-License-Identifier: MIT
 * case_kill.c - a process killed at any moment: its peer is told, and serves on. */
#include "cases.h"
#include "victim.h"

#include <string.h>
#include <unistd.h>

static bool killable(const struct rig *rig)
{
    bool others = (rig->caps & FR_CAP_SAME_PROCESS) == 0;
    if (!others)
        skip("leader and workers are one process");
    return others;
}

/* The leader serves while the victim makes its way. */
static bool reach(struct end *l, struct victim *v, enum stage stage)
{
    bool feed = stage == STAGE_RECEIVING;
    uint64_t up_ms = 0;
    uint64_t deadline = now_ms() + DEAD_MAN_S * 1000;
    while (!victim_has_reached(v)) {
        if (feed && end_alive(l) == 1 && end_send(l, end_peer(l), VICTIM_LEN) == FR_ECLOSED)
            FAIL("the connection ended");
        if (!up_ms && end_alive(l) == 1)
            up_ms = now_ms();
        if (stage == STAGE_STUFFED && up_ms && now_ms() - up_ms > 50)
            usleep(1000); /* the leader takes nothing, so that the way fills up */
        else if (end_poll(l, 1) < 0)
            return false;
        if (now_ms() > deadline)
            FAIL("the victim does not reach its stage");
    }
    return !failed();
}

static void kill_worker(struct end *l, enum stage stage)
{
    struct victim v;
    unsigned before = l->count;
    TRY(victim_start(l->rig, stage, l->attr.address, &v));
    bool reached = reach(l, &v, stage);
    if (reached && stage == STAGE_RECEIVING) /* it takes no more, so these queue up */
        for (int i = 0; i < 10 && end_send(l, end_peer(l), VICTIM_LEN) == FR_OK; i++)
            end_poll(l, 0);
    struct fr_msg *m = NULL;
    fr_status st = FR_EAGAIN;
    if (reached && stage == STAGE_ALLOC)
        st = l->rig->ops->msg_alloc(l->ep, end_peer(l)->id, 100, &m);
    victim_kill(&v);
    TRY(reached);
    if (l->count == before) /* whether it was seen at all is a matter of luck */
        pump_for((struct end *const[]){l}, 1, 300);
    CHECK(stage == STAGE_OPEN || l->count == before + 1, "the victim was not seen");
    if (l->count == before)
        return;
    struct peer *p = end_peer(l);
    TRY(pump2(l, l, is_down, p));
    bool orderly = stage == STAGE_SHUTDOWN;
    CHECK(p->status == FR_ECONN || (orderly && p->status == FR_OK), "stage %d: PEER_DOWN with %d",
          (int)stage, (int)p->status);
    if (p->status == FR_OK)
        CHECK(p->recvs == VICTIM_SENDS, "%llu of %d messages before an orderly end",
              (unsigned long long)p->recvs, VICTIM_SENDS);
    if (st == FR_OK)
        l->rig->ops->msg_free(l->ep, m);
}

static void serve_one(struct end *l)
{
    struct end w;
    TRY(worker_join(l, &w));
    TRY(send_pumped(&w, end_peer(&w), 4000, l));
    TRY(send_pumped(l, end_peer(l), 4000, &w));
    TRY(pump2(l, &w, is_settled, &(struct exchange){end_peer(l), end_peer(&w)}));
    end_close(&w);
    TRY(pump2(l, l, is_down, end_peer(l)));
}

/* Everything that a stage costs is given back, once the leader knows of the end. */
static void worker_killed(const struct rig *rig)
{
    struct end l;
    unsigned fds = 0;
    if (!killable(rig))
        return;
    TRY(leader_open(rig, MAX_RECV, &l) == FR_OK);
    for (int round = 0; round < 3; round++)
        for (int stage = STAGE_OPEN; stage <= STAGE_SHUTDOWN && !failed(); stage++) {
            /* The victim does not know how many came before; its stream is always the first. */
            l.next_stream = 0;
            kill_worker(&l, (enum stage)stage);
            serve_one(&l);
            uint64_t deadline = now_ms() + 5000;
            while (round > 0 && count_entries("/proc/self/fd") > fds && now_ms() < deadline)
                TRY(end_poll(&l, 10) >= 0);
            unsigned now = count_entries("/proc/self/fd");
            CHECK(round == 0 || now <= fds, "stage %d leaves %u descriptors, %u before", stage, now,
                  fds);
            if (round == 0 && now > fds)
                fds = now;
        }
    end_close(&l);
}

static bool knows_address(void *victim)
{
    const struct victim *v = victim;
    return victim_has_reached(victim) || strchr(v->address, '\n');
}

static void leader_killed(const struct rig *rig)
{
    if (!killable(rig))
        return;
    for (int stage = STAGE_LEADER; stage <= STAGE_LEADER_TX; stage++) {
        struct victim v;
        struct end w, none = {0};
        TRY(victim_start(rig, (enum stage)stage, "", &v));
        bool ready = pump2(&none, &none, knows_address, &v) && strchr(v.address, '\n');
        if (ready) {
            *strchr(v.address, '\n') = 0;
            ready = worker_open(rig, v.address, MAX_RECV, &w) == FR_OK &&
                    reach(&w, &v, (enum stage)stage);
        }
        victim_kill(&v);
        TRY(ready);
        /* Sending goes on until the end is noticed. */
        uint64_t deadline = now_ms() + DEAD_MAN_S * 1000;
        while (w.count == 0 || !end_peer(&w)->down) {
            if (w.count > 0)
                end_send(&w, end_peer(&w), 1000);
            TRY(end_poll(&w, 10) >= 0);
            CHECK(now_ms() < deadline, "the worker does not notice that its leader died");
        }
        CHECK(end_peer(&w)->status != FR_OK, "PEER_DOWN with FR_OK, and the leader was killed");
        end_close(&w);
    }
}

const struct test_case cases_kill[] = {
    {"worker-killed", worker_killed},
    {"leader-killed", leader_killed},
    {0},
};
