/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include "base/clock.h"

#include <string.h>

struct stamp {
    uint64_t sent_ns;
    uint32_t number;
};

static uint8_t byte_at(uint32_t number, size_t i)
{
    return (uint8_t)(number * 31u + i * 7u);
}

bool side_send(struct side *s, size_t len)
{
    struct fr_msg *msg;
    const struct fr_transport_ops *ops = s->endpoint.ops;
    if (ops->msg_alloc(s->endpoint.ep, s->peer, len, &msg) != FR_OK)
        return false;
    uint8_t *at = msg->data;
    for (size_t i = sizeof(struct stamp); i < len; i++)
        at[i] = byte_at(s->sends, i);
    struct stamp stamp = {fr_now_ns(), s->sends};
    memcpy(at, &stamp, sizeof(stamp));
    msg->len = len;
    msg->user = s->sends;
    if (ops->send(s->endpoint.ep, msg) != FR_OK) {
        ops->msg_free(s->endpoint.ep, msg);
        return false;
    }
    s->sends++;
    return true;
}

static void on_recv(struct side *s, struct fr_msg *msg)
{
    struct stamp stamp;
    const uint8_t *at = msg->data;
    s->last_ns = fr_now_ns();
    CHECK(msg->len >= sizeof(stamp));
    memcpy(&stamp, at, sizeof(stamp));
    CHECK(stamp.number == s->recvs);
    for (size_t i = sizeof(stamp); i < msg->len; i++)
        CHECK(at[i] == byte_at(stamp.number, i));
    uint64_t took_ns = s->last_ns - stamp.sent_ns;
    if (s->recvs == 0 || took_ns < s->min_ns)
        s->min_ns = took_ns;
    s->recvs++;
    s->endpoint.ops->msg_free(s->endpoint.ep, msg);
}

void side_poll(struct side *s, int timeout_ms)
{
    struct fr_event ev[16];
    int n = s->endpoint.ops->poll(s->endpoint.ep, ev, 16, timeout_ms);
    CHECK(n >= 0);
    for (int i = 0; i < n; i++) {
        if (ev[i].type == FR_EV_PEER_UP)
            s->peer = ev[i].peer;
        else if (ev[i].type == FR_EV_RECV)
            on_recv(s, ev[i].msg);
        else if (ev[i].type == FR_EV_PEER_DOWN)
            s->downs++;
        else
            s->sents++, s->lost += ev[i].status != FR_OK;
    }
}

void pair_settle(struct pair *p)
{
    struct side *l = &p->leader, *w = &p->worker;
    uint64_t end_ns = fr_now_ns() + 30 * FR_NS_PER_S;
    while (l->recvs < w->sends || w->recvs < l->sends || l->sents < l->sends ||
           w->sents < w->sends) {
        side_poll(w, 0);
        side_poll(l, 0);
        CHECK(fr_now_ns() < end_ns);
    }
}

static fr_status open_side(struct pair *p, enum fr_role role, const char *address,
                           struct side *side, struct fr_error *err)
{
    return fr_endpoint_open(&p->setup.transport,
                            &(struct fr_open_args){.size = sizeof(struct fr_open_args),
                                                   .role = role,
                                                   .flags = *address ? 0 : FR_OPEN_ANY_ADDRESS,
                                                   .address = address,
                                                   .max_recv_bytes = 64 << 10,
                                                   .max_send_bytes = 64 << 10},
                            &side->endpoint, err);
}

fr_status pair_try(struct pair *p, const char *const *settings, struct fr_error *err)
{
    char path[4096];
    *p = (struct pair){.config = fr_config_new()};
    CHECK(p->config && getenv("FRACTAL_BUILD"));
    snprintf(path, sizeof(path), "%s/plugins", getenv("FRACTAL_BUILD"));
    CHECK(fr_config_set(p->config, "plugins.path", path, "test", err) == FR_OK);
    for (; *settings; settings++) {
        char key[128];
        const char *equals = strchr(*settings, '=');
        snprintf(key, sizeof(key), "%.*s", (int)(equals - *settings), *settings);
        CHECK(fr_config_set(p->config, key, equals + 1, "test", err) == FR_OK);
    }
    /* Unconnected: open has to refuse by itself what the setup would have found before. */
    fr_status st = fr_setup_make(p->config, FR_FOR_WORKER | FR_SETUP_UNCONNECTED, &p->setup, err);
    if (st == FR_OK)
        st = open_side(p, FR_ROLE_LEADER, "", &p->leader, err);
    if (st == FR_OK)
        st = open_side(p, FR_ROLE_WORKER, p->leader.endpoint.attr.address, &p->worker, err);
    if (st != FR_OK)
        pair_close(p);
    return st;
}

void pair_open(struct pair *p, const char *const *settings)
{
    struct fr_error err = {0};
    if (pair_try(p, settings, &err) != FR_OK) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    while (!p->leader.peer || !p->worker.peer) {
        side_poll(&p->worker, 1);
        side_poll(&p->leader, 1);
    }
}

void pair_close(struct pair *p)
{
    fr_endpoint_close(&p->worker.endpoint);
    fr_endpoint_close(&p->leader.endpoint);
    fr_setup_free(&p->setup);
    fr_config_free(p->config);
}
