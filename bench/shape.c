/* SPDX-License-Identifier: MIT
 * shape - whether the hook `shape` does to a transport what was asked of it.
 *
 *   shape [--rounds N] [--messages N] [--transport NAME]
 *
 * Delay: the way of single messages from a worker to its leader, each on a thread of its own that
 * blocks in poll. Rate: a burst as fast as the worker may send, timed by the leader from its first
 * message to its last. In every round each case, the unshaped one among them, has its turn. */
#include "base/clock.h"
#include "cli/setup.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DELAY_BYTES UINT64_C(64)
#define RATE_BYTES  UINT64_C(32768)
#define MAX_VALUES  20000
#define RATE_S      0.15 /* of a burst; RATE_BURST messages where nothing was asked */
#define RATE_BURST  2000

static const struct bench_case {
    const char *setting; /* of transport.shape; NULL: no hook */
    double asked;        /* us, or MB/s                       */
    bool rate;
} cases[] = {
    {NULL, 0, false},
    {"delay=0", 0, false},
    {"delay=100us", 100, false},
    {"delay=0.5ms", 500, false},
    {"delay=1ms", 1000, false},
    {"delay=5ms", 5000, false},
    {"delay=20ms", 20000, false},
    {NULL, 0, true},
    {"rate=100Mbit", 12.5, true},
    {"rate=500Mbit", 62.5, true},
    {"rate=1Gbit", 125, true},
    {"rate=2Gbit", 250, true},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

struct results {
    double values[MAX_VALUES];
    unsigned count;
};

static void require(bool ok, const char *what, const struct fr_error *err)
{
    if (ok)
        return;
    fprintf(stderr, "shape: %s%s%s\n", what, err ? ": " : "", err ? err->text : "");
    exit(1);
}

/* ------------------------------------------------------------------- worker */

struct worker {
    struct fr_endpoint endpoint;
    const struct bench_case *c;
    unsigned messages;
};

static bool post(struct worker *w, size_t len)
{
    const struct fr_transport_ops *ops = w->endpoint.ops;
    struct fr_msg *msg;
    if (ops->msg_alloc(w->endpoint.ep, 1, len, &msg) != FR_OK)
        return false;
    memset(msg->data, 0, len);
    uint64_t now_ns = fr_now_ns();
    memcpy(msg->data, &now_ns, sizeof(now_ns));
    msg->len = len;
    bool ok = ops->send(w->endpoint.ep, msg) == FR_OK;
    if (!ok)
        ops->msg_free(w->endpoint.ep, msg);
    return ok;
}

static void *run_worker(void *ctx)
{
    struct worker *w = ctx;
    const struct fr_transport_ops *ops = w->endpoint.ops;
    unsigned sent = 0, reported = 0;
    bool up = false, down = false;
    while (!down) {
        struct fr_event ev[16];
        bool may = up && sent < w->messages && (w->c->rate || reported == sent);
        if (may && !w->c->rate) /* let the leader fall asleep, and never in step with it */
            nanosleep(&(struct timespec){.tv_nsec = 200000 + rand() % 500000}, NULL);
        bool full = may && !post(w, w->c->rate ? RATE_BYTES : DELAY_BYTES);
        sent += may && !full;
        int n = ops->poll(w->endpoint.ep, ev, 16, may && !full && w->c->rate ? 0 : full ? 1 : 100);
        for (int i = 0; i < n; i++) {
            up = up || ev[i].type == FR_EV_PEER_UP;
            down = down || ev[i].type == FR_EV_PEER_DOWN;
            reported += ev[i].type == FR_EV_SENT;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------- leader */

static void receive(struct fr_endpoint *e, const struct bench_case *c, unsigned messages,
                    struct results *r)
{
    unsigned got = 0;
    uint64_t first_ns = 0;
    while (got < messages) {
        struct fr_event ev[16];
        int n = e->ops->poll(e->ep, ev, 16, 1000);
        require(n >= 0, "poll failed", NULL);
        for (int i = 0; i < n; i++) {
            if (ev[i].type != FR_EV_RECV)
                continue;
            uint64_t sent_ns, now_ns = fr_now_ns();
            memcpy(&sent_ns, ev[i].msg->data, sizeof(sent_ns));
            e->ops->msg_free(e->ep, ev[i].msg);
            if (got++ == 0)
                first_ns = now_ns;
            if (!c->rate && r->count < MAX_VALUES)
                r->values[r->count++] = (double)(now_ns - sent_ns) / 1e3;
            if (c->rate && got == messages && r->count < MAX_VALUES)
                r->values[r->count++] =
                    (double)((messages - 1) * RATE_BYTES) * 1e3 / (double)(now_ns - first_ns);
        }
    }
}

static struct fr_open_args open_args(enum fr_role role, const char *address)
{
    return (struct fr_open_args){.size = sizeof(struct fr_open_args),
                                 .role = role,
                                 .flags = *address ? 0 : FR_OPEN_ANY_ADDRESS,
                                 .address = address,
                                 .max_recv_bytes = RATE_BYTES,
                                 .max_send_bytes = RATE_BYTES};
}

static void run(const char *transport, const struct bench_case *c, unsigned messages,
                struct results *r)
{
    struct fr_error err = {0};
    struct fr_config *config = fr_config_new();
    struct fr_setup setup;
    struct fr_endpoint leader;
    struct worker w = {.c = c, .messages = messages};
    bool ok = fr_config_set(config, "transport.plugin", transport, "bench", &err) == FR_OK;
    if (ok && c->setting) {
        char key[64];
        const char *equals = strchr(c->setting, '=');
        snprintf(key, sizeof(key), "transport.shape.%.*s", (int)(equals - c->setting), c->setting);
        ok = fr_config_set(config, "transport.hooks", "shape", "bench", &err) == FR_OK &&
             fr_config_set(config, key, equals + 1, "bench", &err) == FR_OK;
    }
    require(ok && fr_setup_make(config, FR_FOR_WORKER, &setup, &err) == FR_OK, "setup", &err);
    struct fr_open_args args = open_args(FR_ROLE_LEADER, "");
    require(fr_endpoint_open(&setup.transport, &args, &leader, &err) == FR_OK, "leader", &err);
    args = open_args(FR_ROLE_WORKER, leader.attr.address);
    require(fr_endpoint_open(&setup.transport, &args, &w.endpoint, &err) == FR_OK, "worker", &err);
    pthread_t thread;
    require(pthread_create(&thread, NULL, run_worker, &w) == 0, "no thread", NULL);
    receive(&leader, c, messages, r);
    fr_endpoint_close(&leader); /* the worker sees it */
    pthread_join(thread, NULL);
    fr_endpoint_close(&w.endpoint);
    fr_setup_free(&setup);
    fr_config_free(config);
}

/* ------------------------------------------------------------------- report */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const struct results *r, double q)
{
    return r->values[(size_t)(q * (double)(r->count - 1) + 0.5)];
}

static void report(const char *transport, struct results *all)
{
    for (unsigned i = 0; i < CASES; i++)
        qsort(all[i].values, all[i].count, sizeof(double), by_value);
    printf("%-10s %-13s %5s %9s %9s %7s %9s %9s  %s\n", "transport", "shape", "unit", "asked",
           "median", "ratio", "p5", "p95", "within 5 % or 100 us");
    for (unsigned i = 0; i < CASES; i++) {
        const struct bench_case *c = &cases[i];
        double m = quantile(&all[i], 0.5), off = m > c->asked ? m - c->asked : c->asked - m;
        char ratio[16] = "-";
        if (c->asked > 0)
            snprintf(ratio, sizeof(ratio), "%.3f", m / c->asked);
        bool good = off <= 0.05 * c->asked || (!c->rate && off <= 100);
        printf("%-10s %-13s %5s %9.1f %9.1f %7s %9.1f %9.1f  %s\n", transport,
               c->setting ? c->setting : "no hook", c->rate ? "MB/s" : "us", c->asked, m, ratio,
               quantile(&all[i], 0.05), quantile(&all[i], 0.95),
               c->asked > 0 ? (good ? "yes" : "NO") : "-");
    }
}

static unsigned burst(const struct bench_case *c)
{
    return c->asked > 0 ? (unsigned)(c->asked * 1e6 * RATE_S / (double)RATE_BYTES) : RATE_BURST;
}

int main(int argc, char **argv)
{
    unsigned rounds = 7, messages = 40;
    const char *only = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rounds") == 0)
            rounds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--messages") == 0)
            messages = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--transport") == 0)
            only = argv[i + 1];
    }
    require(rounds > 0 && messages > 1, "rounds and messages are numbers above 0 and 1", NULL);
    printf(
        "%u rounds of %u messages of %u bytes for a delay, of %.2f s of %u bytes each for a rate\n",
        rounds, messages, (unsigned)DELAY_BYTES, RATE_S, (unsigned)RATE_BYTES);
    static const char *const transports[] = {"inproc", "shm"};
    for (size_t t = 0; t < sizeof(transports) / sizeof(transports[0]); t++) {
        if (only && strcmp(only, transports[t]) != 0)
            continue;
        struct results *all = calloc(CASES, sizeof(*all));
        require(all, "out of memory", NULL);
        for (unsigned round = 0; round < rounds; round++)
            for (unsigned i = 0; i < CASES; i++)
                run(transports[t], &cases[i], cases[i].rate ? burst(&cases[i]) : messages, &all[i]);
        report(transports[t], all);
        free(all);
    }
    return 0;
}
