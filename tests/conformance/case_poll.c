/* SPDX-License-Identifier: MIT
 * case_poll.c - how long poll takes, and who ends it. Bounds are wide: machines are busy. */
#include "cases.h"

#include <pthread.h>
#include <unistd.h>

enum { LONG_MS = 10000 }; /* nothing may take that long here */

/* A leader with an idle worker, both quiet. */
static bool quiet_pair(const struct rig *rig, struct end *l, struct end *w)
{
    if (!pair_open(rig, l, w))
        return false;
    struct end *const ends[] = {l, w};
    pump_for(ends, 2, 50);
    return !failed();
}

static uint64_t poll_ms(struct end *e, int timeout_ms)
{
    uint64_t start = now_ms();
    int n = end_poll(e, timeout_ms);
    if (n > 0)
        FAIL("an event out of nothing");
    return now_ms() - start;
}

static void poll_times(const struct rig *rig)
{
    struct end ends[2];
    TRY(quiet_pair(rig, &ends[0], &ends[1]));
    for (int i = 0; i < 2; i++) {
        uint64_t start = now_ms();
        for (int k = 0; k < 1000; k++)
            TRY(end_poll(&ends[i], 0) == 0);
        CHECK(now_ms() - start < 5000, "1000 polls of 0 ms took %llu ms",
              (unsigned long long)(now_ms() - start));
        uint64_t took = poll_ms(&ends[i], 200);
        CHECK(took >= 150 && took < LONG_MS, "a poll of 200 ms took %llu",
              (unsigned long long)took);
    }
    end_close(&ends[1]);
    end_close(&ends[0]);
}

static void wakeup_before(const struct rig *rig)
{
    struct end ends[2];
    TRY(quiet_pair(rig, &ends[0], &ends[1]));
    for (int i = 0; i < 2; i++) {
        rig->ops->wakeup(ends[i].ep);
        uint64_t took = poll_ms(&ends[i], 2 * LONG_MS);
        CHECK(took < LONG_MS, "the poll after a wakeup took %llu ms", (unsigned long long)took);
        rig->ops->wakeup(ends[i].ep);
        took = poll_ms(&ends[i], -1); /* the watchdog ends it otherwise */

        for (int k = 0; k < 1000; k++)
            rig->ops->wakeup(ends[i].ep);
        int early = 0;
        while (early < 5 && poll_ms(&ends[i], 200) < 100)
            early++;
        CHECK(early >= 1 && early <= 3, "a thousand wakeups end %d polls", early);
    }
    end_close(&ends[1]);
    end_close(&ends[0]);
}

static void *wake_later(void *end)
{
    const struct end *e = end;
    usleep(100000);
    e->rig->ops->wakeup(e->ep);
    return NULL;
}

static void wakeup_thread(const struct rig *rig)
{
    struct end ends[2];
    TRY(quiet_pair(rig, &ends[0], &ends[1]));
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, wake_later, &ends[i]) == 0, "no thread");
        uint64_t took = poll_ms(&ends[i], 2 * LONG_MS);
        pthread_join(thread, NULL);
        CHECK(took < LONG_MS, "a wakeup ended poll after %llu ms", (unsigned long long)took);
        pump_for((struct end *const[]){&ends[i]}, 1, 20); /* that of a poll that ended before */
    }
    end_close(&ends[1]);
    end_close(&ends[0]);
}

struct sender {
    struct end *end;
    int after_ms;
};

static void *send_later(void *ctx)
{
    const struct sender *s = ctx;
    usleep((useconds_t)s->after_ms * 1000);
    end_send(s->end, end_peer(s->end), 100);
    for (int i = 0; i < 20; i++)
        end_poll(s->end, 10);
    return NULL;
}

/* A message ends a blocked poll. */
static void message_wakes(const struct rig *rig)
{
    struct end ends[2];
    TRY(quiet_pair(rig, &ends[0], &ends[1]));
    for (int i = 0; i < 2; i++) {
        struct sender s = {&ends[!i], 100};
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, send_later, &s) == 0, "no thread");
        uint64_t start = now_ms();
        while (end_peer(&ends[i])->recvs == 0 && now_ms() - start < LONG_MS && !failed())
            end_poll(&ends[i], 2 * LONG_MS);
        uint64_t took = now_ms() - start;
        pthread_join(thread, NULL);
        CHECK(end_peer(&ends[i])->recvs == 1 && took < LONG_MS, "a message took %llu ms",
              (unsigned long long)took);
    }
    end_close(&ends[1]);
    end_close(&ends[0]);
}

const struct test_case cases_poll[] = {
    {"poll-times", poll_times},
    {"wakeup-before", wakeup_before},
    {"wakeup-thread", wakeup_thread},
    {"message-wakes", message_wakes},
    {0},
};
