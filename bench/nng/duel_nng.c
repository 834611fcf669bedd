/* SPDX-License-Identifier: MIT
 * duel_nng - the nng plugin against nng itself, as pair0 and nothing else, in three programs:
 *
 *   bare polled     aios both ways; callbacks hand what comes to the main thread, which does the
 *                   work, as in any program with a loop of its own: what the plugin can be at most
 *   bare calls      nng_recvmsg and nng_sendmsg on the main thread
 *   bare callbacks  the work is done inside nng's callbacks; no thread of the program ever wakes
 * up, which no endpoint with a poll can do
 *
 *   duel_nng [--rounds N] [--credits N] [--arg address=URL] */
#include "common/duel.h"

#include "base/clock.h"

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/supplemental/util/platform.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CREDITS = 1024, SENDERS = 64 };

/* One side. Callbacks: sends are a chain on one aio, with what waits for it. */
struct bare {
    const struct duel_load *load;
    struct duel_times *times; /* NULL: the worker */
    nng_socket sock;
    void (*send)(struct bare *b, nng_msg *msg);
    nng_msg *(*receive)(struct bare *b); /* NULL: callbacks do it */
    nng_aio *in, *out;
    nng_mtx *lock;
    nng_msg *waiting[MOST_CREDITS];
    unsigned first, count;
    bool sending;
    nng_aio *senders[SENDERS]; /* polled: used in turn */
    unsigned next_sender;
    sem_t come; /* polled: as often as there is a message in waiting */
    unsigned sent, done;
    uint64_t began[MOST_CREDITS];
    sem_t over;
};

static void die(const char *what, int rv)
{
    if (rv == 0)
        return;
    fprintf(stderr, "duel: %s: %s\n", what, nng_strerror(rv));
    exit(1);
}

static nng_msg *new_order(uint64_t order)
{
    nng_msg *msg;
    die("message", nng_msg_alloc(&msg, DUEL_ORDER_BYTES));
    memcpy(nng_msg_body(msg), &order, sizeof(order));
    return msg;
}

static nng_msg *new_result(const struct duel_load *load, const nng_msg *order)
{
    nng_msg *msg;
    uint64_t number;
    memcpy(&number, nng_msg_body((nng_msg *)order), sizeof(number));
    die("message", nng_msg_alloc(&msg, load->result_bytes));
    duel_fill(nng_msg_body(msg), load, number);
    memcpy(nng_msg_body(msg), &number, sizeof(number));
    return msg;
}

/* ---------------------------------------------------------------- both sides */

static const char *url_of(const struct duel_load *load)
{
    static const char key[] = "address=";
    const char *at = strstr(load->arg, key);
    return at ? at + strlen(key) : "tcp://127.0.0.1:0";
}

static void open_bare(struct bare *b, const struct duel_load *load)
{
    *b = (struct bare){.load = load};
    die("socket", nng_pair0_open(&b->sock));
    die("limit", nng_socket_set_size(b->sock, NNG_OPT_RECVMAXSZ, 0));
    die("queue", nng_socket_set_int(b->sock, NNG_OPT_RECVBUF, (int)load->credits));
    die("queue", nng_socket_set_int(b->sock, NNG_OPT_SENDBUF, (int)load->credits));
}

/* Listens, starts the worker, and waits for the empty message it says it is there with. */
static void await_worker(struct bare *b)
{
    nng_listener listener;
    char url[256];
    int port;
    snprintf(url, sizeof(url), "%s", url_of(b->load));
    if (strncmp(url, "ipc://", 6) == 0)
        unlink(url + 6);
    die(url, nng_listen(b->sock, url, &listener, 0));
    char *colon = strrchr(url, ':');
    if (strcmp(colon, ":0") == 0 &&
        nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
        snprintf(colon, 16, ":%d", port);
    duel_spawn(url);
    nng_msg *msg;
    die("hello", nng_recvmsg(b->sock, &msg, 0));
    nng_msg_free(msg);
}

static void dial_leader(struct bare *b, const char *url)
{
    nng_msg *msg;
    die(url, nng_dial(b->sock, url, NULL, 0));
    die("hello", nng_msg_alloc(&msg, 0));
    die("hello", nng_sendmsg(b->sock, msg, 0));
}

static bool is_over(const nng_msg *order)
{
    return nng_msg_len(order) == 0;
}

/* Until the worker has read that it is over. */
static void end_worker(struct bare *b)
{
    nng_msg *msg;
    die("end", nng_msg_alloc(&msg, 0));
    die("end", nng_sendmsg(b->sock, msg, 0));
    usleep(20000);
    nng_close(b->sock);
}

static void send_order(struct bare *b)
{
    b->began[b->sent % b->load->credits] = fr_now_ns();
    b->send(b, new_order(b->sent++));
}

static void on_result(struct bare *b, nng_msg *msg)
{
    duel_place(nng_msg_body(msg), b->load);
    nng_msg_free(msg);
    b->times->latency_ns[b->done] = fr_now_ns() - b->began[b->done % b->load->credits];
    b->done++;
    if (b->sent < b->load->results)
        send_order(b);
}

static void send_first(struct bare *b)
{
    while (b->sent < b->load->credits && b->sent < b->load->results)
        send_order(b);
}

/* The main thread's, where there is one that works. */
static void lead(struct bare *b)
{
    uint64_t start_ns = fr_now_ns();
    send_first(b);
    while (b->done < b->load->results)
        on_result(b, b->receive(b));
    b->times->wall_ns = fr_now_ns() - start_ns;
}

static int work(struct bare *b)
{
    for (;;) {
        nng_msg *order = b->receive(b);
        if (is_over(order))
            return 0;
        nng_msg *result = new_result(b->load, order);
        nng_msg_free(order);
        b->send(b, result);
    }
}

/* -------------------------------------------------------------------- polled */

static void on_come(void *arg)
{
    struct bare *b = arg;
    if (nng_aio_result(b->in) != 0)
        return;
    nng_mtx_lock(b->lock);
    b->waiting[(b->first + b->count++) % MOST_CREDITS] = nng_aio_get_msg(b->in);
    nng_mtx_unlock(b->lock);
    sem_post(&b->come);
    nng_recv_aio(b->sock, b->in);
}

static nng_msg *take(struct bare *b)
{
    while (sem_wait(&b->come) != 0)
        ;
    nng_mtx_lock(b->lock);
    nng_msg *msg = b->waiting[b->first];
    b->first = (b->first + 1) % MOST_CREDITS;
    b->count--;
    nng_mtx_unlock(b->lock);
    return msg;
}

/* Without a callback, which would be a change of threads. */
static void post(struct bare *b, nng_msg *msg)
{
    nng_aio *aio = b->senders[b->next_sender++ % SENDERS];
    nng_aio_wait(aio);
    nng_aio_set_msg(aio, msg);
    nng_send_aio(b->sock, aio);
}

static void start_polling(struct bare *b)
{
    b->send = post;
    b->receive = take;
    sem_init(&b->come, 0, 0);
    die("lock", nng_mtx_alloc(&b->lock));
    die("aio", nng_aio_alloc(&b->in, on_come, b));
    for (int i = 0; i < SENDERS; i++)
        die("aio", nng_aio_alloc(&b->senders[i], NULL, NULL));
}

static void stop_polling(struct bare *b)
{
    nng_aio_free(b->in);
    for (int i = 0; i < SENDERS; i++)
        nng_aio_free(b->senders[i]);
    nng_mtx_free(b->lock);
    sem_destroy(&b->come);
}

static bool polled_lead(const struct duel_load *load, struct duel_times *times)
{
    static struct bare b;
    open_bare(&b, load);
    b.times = times;
    start_polling(&b);
    await_worker(&b);
    nng_recv_aio(b.sock, b.in);
    lead(&b);
    end_worker(&b);
    stop_polling(&b);
    nng_fini(); /* each contender starts the library's threads itself */
    return true;
}

static int polled_work(const struct duel_load *load, const char *url)
{
    static struct bare b;
    open_bare(&b, load);
    start_polling(&b);
    dial_leader(&b, url);
    nng_recv_aio(b.sock, b.in);
    return work(&b);
}

/* ----------------------------------------------------------------- callbacks */

static void put(struct bare *b, nng_msg *msg)
{
    nng_mtx_lock(b->lock);
    if (b->sending) {
        b->waiting[(b->first + b->count++) % MOST_CREDITS] = msg;
        msg = NULL;
    }
    b->sending = true;
    nng_mtx_unlock(b->lock);
    if (msg) {
        nng_aio_set_msg(b->out, msg);
        nng_send_aio(b->sock, b->out);
    }
}

static void on_sent(void *arg)
{
    struct bare *b = arg;
    nng_msg *msg = NULL;
    if (nng_aio_result(b->out) != 0)
        return;
    nng_mtx_lock(b->lock);
    b->sending = b->count > 0;
    if (b->sending) {
        msg = b->waiting[b->first];
        b->first = (b->first + 1) % MOST_CREDITS;
        b->count--;
    }
    nng_mtx_unlock(b->lock);
    if (msg) {
        nng_aio_set_msg(b->out, msg);
        nng_send_aio(b->sock, b->out);
    }
}

static void on_received(void *arg)
{
    struct bare *b = arg;
    if (nng_aio_result(b->in) != 0)
        return;
    nng_msg *msg = nng_aio_get_msg(b->in);
    bool over = false;
    if (b->times) {
        on_result(b, msg);
        over = b->done == b->load->results;
    } else {
        over = is_over(msg);
        if (!over)
            put(b, new_result(b->load, msg));
        nng_msg_free(msg);
    }
    if (over)
        sem_post(&b->over);
    else
        nng_recv_aio(b->sock, b->in);
}

static void start_aios(struct bare *b)
{
    b->send = put;
    sem_init(&b->over, 0, 0);
    die("lock", nng_mtx_alloc(&b->lock));
    die("aio", nng_aio_alloc(&b->in, on_received, b));
    die("aio", nng_aio_alloc(&b->out, on_sent, b));
}

static void stop_aios(struct bare *b)
{
    nng_aio_stop(b->in);
    nng_aio_stop(b->out);
    nng_aio_free(b->in);
    nng_aio_free(b->out);
    nng_mtx_free(b->lock);
    sem_destroy(&b->over);
}

static bool callbacks_lead(const struct duel_load *load, struct duel_times *times)
{
    static struct bare b;
    open_bare(&b, load);
    b.times = times;
    start_aios(&b);
    await_worker(&b);
    uint64_t start_ns = fr_now_ns();
    send_first(&b);
    nng_recv_aio(b.sock, b.in); /* only now, so that one thread alone counts */
    while (sem_wait(&b.over) != 0)
        ;
    times->wall_ns = fr_now_ns() - start_ns;
    end_worker(&b);
    stop_aios(&b);
    nng_fini();
    return true;
}

static int callbacks_work(const struct duel_load *load, const char *url)
{
    static struct bare b;
    open_bare(&b, load);
    start_aios(&b);
    dial_leader(&b, url);
    nng_recv_aio(b.sock, b.in);
    while (sem_wait(&b.over) != 0)
        ;
    return 0;
}

/* --------------------------------------------------------------------- calls */

static void call_send(struct bare *b, nng_msg *msg)
{
    die("send", nng_sendmsg(b->sock, msg, 0));
}

static nng_msg *call_receive(struct bare *b)
{
    nng_msg *msg;
    die("receive", nng_recvmsg(b->sock, &msg, 0));
    return msg;
}

static bool calls_lead(const struct duel_load *load, struct duel_times *times)
{
    static struct bare b;
    open_bare(&b, load);
    b.times = times;
    b.send = call_send;
    b.receive = call_receive;
    await_worker(&b);
    lead(&b);
    end_worker(&b);
    nng_fini();
    return true;
}

static int calls_work(const struct duel_load *load, const char *url)
{
    static struct bare b;
    open_bare(&b, load);
    b.send = call_send;
    b.receive = call_receive;
    dial_leader(&b, url);
    return work(&b);
}

/* -------------------------------------------------------------------- plugin */

static bool plugin_lead(const struct duel_load *load, struct duel_times *times)
{
    return duel_plugin_lead("nng", load, times);
}

static int plugin_work(const struct duel_load *load, const char *address)
{
    return duel_plugin_work("nng", load, address);
}

int main(int argc, char **argv)
{
    const struct duel_contender contenders[] = {
        {.name = "nng", .lead = plugin_lead, .work = plugin_work},
        {.name = "bare polled", .lead = polled_lead, .work = polled_work},
        {.name = "bare calls", .lead = calls_lead, .work = calls_work},
        {.name = "bare callbacks", .lead = callbacks_lead, .work = callbacks_work}};
    return duel_main(argc, argv, contenders, 4);
}
