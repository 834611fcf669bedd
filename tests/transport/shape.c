/* SPDX-License-Identifier: MIT
 * shape.c - shaped messages come whole, in order and never too early. How late they come is a
 * matter for bench/shape.c: a test machine is a busy one. */
#include "pair.h"

#include "base/clock.h"

#include <string.h>

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { N = 60 };

/* N both ways; returns how long all of it took. */
static uint64_t exchange(struct pair *p, size_t len)
{
    uint64_t start_ns = fr_now_ns();
    while (p->leader.sends < N || p->worker.sends < N) {
        if (p->worker.sends < N)
            side_send(&p->worker, len);
        if (p->leader.sends < N)
            side_send(&p->leader, len);
        side_poll(&p->worker, 0);
        side_poll(&p->leader, 0);
    }
    pair_settle(p);
    CHECK(p->leader.lost == 0 && p->worker.lost == 0);
    return fr_now_ns() - start_ns;
}

static void delay(const char *plugin)
{
    struct pair p;
    pair_open(&p, SETTINGS(plugin, "transport.hooks=shape", "transport.shape.delay=2ms",
                           "transport.shape.delay_down=0.5ms"));
    exchange(&p, 1000);
    CHECK(p.leader.min_ns >= 2000000 && p.worker.min_ns >= 500000);
    CHECK(strstr(p.leader.endpoint.attr.mechanism, "shape(up 2ms, down 0.5ms) over "));
    pair_close(&p);
}

static void jitter(const char *plugin)
{
    struct pair p;
    pair_open(&p, SETTINGS(plugin, "transport.hooks=shape", "transport.shape.delay=2ms",
                           "transport.shape.jitter=1ms", "transport.shape.seed=7"));
    exchange(&p, 1000); /* which checks the order */
    CHECK(p.leader.min_ns >= 1000000 && p.worker.min_ns >= 1000000);
    pair_close(&p);
}

static void rate(const char *plugin)
{
    struct pair p;
    pair_open(&p, SETTINGS(plugin, "transport.hooks=shape", "transport.shape.rate_up=10MB",
                           "transport.shape.rate_down=160Mbit"));
    uint64_t took_ns = exchange(&p, 10000);
    CHECK(took_ns >= N * UINT64_C(1000000)); /* 10 kB at 10 MB/s */
    CHECK(p.leader.min_ns >= 1000000 && p.worker.min_ns >= 500000);
    pair_close(&p);
}

/* Only the way that was asked for: what was sent last comes first. */
static void one_way(const char *plugin)
{
    struct pair p;
    pair_open(&p, SETTINGS(plugin, "transport.hooks=shape", "transport.shape.delay_up=300ms"));
    CHECK(side_send(&p.worker, 100) && side_send(&p.leader, 100));
    pair_settle(&p);
    CHECK(p.worker.last_ns < p.leader.last_ns);
    pair_close(&p);
}

static void queue(const char *plugin)
{
    struct pair p;
    pair_open(&p, SETTINGS(plugin, "transport.hooks=shape", "transport.shape.delay=20ms",
                           "transport.shape.queue=3"));
    for (int i = 0; i < 10; i++)
        side_send(&p.worker, 100);
    CHECK(p.worker.sends == 3 && fr_endpoint_stats(&p.worker.endpoint).tx_again == 7);
    pair_settle(&p);
    CHECK(side_send(&p.worker, 100));
    pair_settle(&p);
    pair_close(&p);
}

/* What is held: lost by drop, and said so; delivered before shutdown; freed by close. */
static void held(const char *plugin)
{
    for (int way = 0; way < 3; way++) {
        struct pair p;
        pair_open(&p, SETTINGS(plugin, "transport.hooks=shape", "transport.shape.delay=50ms"));
        for (int i = 0; i < 3; i++)
            CHECK(side_send(&p.worker, 100) && side_send(&p.leader, 100));
        if (way == 0)
            p.worker.endpoint.ops->drop(p.worker.endpoint.ep, p.worker.peer);
        else if (way == 1)
            p.worker.endpoint.ops->shutdown(p.worker.endpoint.ep);
        while (way < 2 && (!p.worker.downs || !p.leader.downs)) {
            side_poll(&p.worker, 1);
            side_poll(&p.leader, 1);
        }
        if (way == 0)
            CHECK(p.worker.sents == 3 && p.worker.lost == 3 && p.leader.recvs == 0);
        if (way == 1) /* and what the other end had sent before came too */
            CHECK(p.worker.lost == 0 && p.leader.recvs == 3 && p.worker.recvs == 3);
        if (way < 2)
            CHECK(p.leader.sents == 3);
        pair_close(&p);
    }
}

static void texts(void)
{
    static const char *const bad[] = {
        "delay=5",       "delay=x",       "delay=-1ms",    "delay=1 msec", "delay=nan",
        "delay=0x1ms",   "delay=1e3us",   "delay=2h",      "delay=4000s",  "delay=ms",
        "delay_up=5",    "delay_down=1m", "jitter=1",      "jitter=",      "rate=100",
        "rate=100mbit",  "rate=1bps",     "rate=-1B",      "rate_up=Mbit", "rate_down=inf",
        "rate=0.001bit", "delay=1.2.3ms", "rate=1Gbit/s/s"};
    static const char *const good[] = {
        "delay=0",       "delay=0ms",   "delay=250us", "delay=0.5ms",   "delay=5 ms",
        "delay=1s",      "delay=100ns", "rate=0",      "rate=100Mbit",  "rate=1Gbit",
        "rate=10MB",     "rate=1.5GiB", "rate=64kbit", "rate_up=10MiB", "delay_up=",
        "rate_down=2GB", "jitter=10us"};
    struct pair p;
    char setting[64];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fr_error err = {0};
        snprintf(setting, sizeof(setting), "transport.shape.%s", bad[i]);
        fr_status st = pair_try(
            &p, SETTINGS("transport.plugin=inproc", "transport.hooks=shape", setting), &err);
        char key[32];
        const char *value = strchr(bad[i], '=') + 1;
        snprintf(key, sizeof(key), "%.*s =", (int)(value - 1 - bad[i]), bad[i]);
        if (st != FR_EINVAL || !strstr(err.text, key) || !strstr(err.text, value) ||
            !strstr(err.text, "valid:"))
            fprintf(stderr, "%s: %d %s\n", bad[i], (int)st, err.text);
        CHECK(st == FR_EINVAL && strstr(err.text, key) && strstr(err.text, value) &&
              strstr(err.text, "valid:"));
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(setting, sizeof(setting), "transport.shape.%s", good[i]);
        pair_open(&p, SETTINGS("transport.plugin=inproc", "transport.hooks=shape", setting));
        pair_close(&p);
    }
}

int main(void)
{
    static const char *const plugins[] = {"transport.plugin=inproc", "transport.plugin=shm"};
    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++) {
        delay(plugins[i]);
        jitter(plugins[i]);
        rate(plugins[i]);
        one_way(plugins[i]);
        queue(plugins[i]);
        held(plugins[i]);
    }
    texts();
    return 0;
}
