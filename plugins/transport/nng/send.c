/* SPDX-License-Identifier: MIT
 * send.c - messages of the core, and the few of our own, on their way to nng.
 *
 * A message: magic, version, type, 0 (LAST: 1 in answer to one); its number (or, where it has none,
 * the next one's); how many of the other side's the core here has taken. Numbers are big endian. */
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

void put_u32(unsigned char *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(v >> (24 - 8 * i));
}

uint32_t get_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void msg_delete(struct msg *m)
{
    if (m->body)
        nng_msg_free(m->body);
    free(m->copy);
    free(m);
}

void out_add(fr_ep *ep, struct msg *m)
{
    m->prev = NULL;
    m->next = ep->out;
    if (m->next)
        m->next->prev = m;
    ep->out = m;
}

void out_remove(fr_ep *ep, struct msg *m)
{
    if (m->prev)
        m->prev->next = m->next;
    else
        ep->out = m->next;
    if (m->next)
        m->next->prev = m->prev;
}

void write_head(struct peer *p, enum head_type type, unsigned char *head)
{
    memcpy(head, (unsigned char[]){HEAD_MAGIC, HEAD_VERSION, (unsigned char)type, 0}, 4);
    put_u32(head + 4, p->tx_sent);
    put_u32(head + 8, p->rx_taken);
    p->rx_told = p->rx_taken;
}

bool send_control(fr_ep *ep, struct peer *p, enum head_type type)
{
    nng_msg *msg;
    bool hello = type == HEAD_HELLO;
    if (nng_msg_alloc(&msg, hello ? HELLO_BYTES : NNG_HEAD_BYTES) != 0)
        return false;
    struct way *w = way_take(ep, p);
    if (!w) {
        nng_msg_free(msg);
        return false;
    }
    unsigned char *body = nng_msg_body(msg);
    write_head(p, type, body);
    if (hello) {
        put_u32(body + NNG_HEAD_BYTES, (uint32_t)(ep->max_recv_bytes >> 32));
        put_u32(body + NNG_HEAD_BYTES + 4, (uint32_t)ep->max_recv_bytes);
    }
    ep->sending = true;
    pthread_mutex_unlock(&ep->lock);
    way_send(ep, w, msg);
    pthread_mutex_lock(&ep->lock);
    ep->sending = false;
    return true;
}

/* With the lock held. */
static struct peer *sendable(const fr_ep *ep, fr_peer id)
{
    struct peer *p = peer_by_id(ep, id);
    return p && p->up && !p->over && !ep->shut ? p : NULL;
}

/* May a message of this length go now? */
static fr_status room(fr_ep *ep, struct peer *p, size_t len)
{
    if (!p)
        return FR_ECLOSED;
    if (len > p->max_send_bytes)
        return FR_ETOOBIG;
    bool open = p->tx_sent - p->tx_reported < NNG_WINDOW;
    /* One more is for what we have to say ourselves. */
    if (open && ways_left(ep, p) > 1)
        return FR_OK;
    /* A window opens with a SENT, which wakes the core; a way comes without an event. */
    p->starved = open;
    ep->stats.tx_again++;
    return FR_EAGAIN;
}

fr_status nng_ep_msg_alloc(fr_ep *ep, fr_peer peer, size_t cap, struct fr_msg **msg_p)
{
    pthread_mutex_lock(&ep->lock);
    fr_status st = room(ep, sendable(ep, peer), cap);
    pthread_mutex_unlock(&ep->lock);
    if (st != FR_OK)
        return st;
    struct msg *m = calloc(1, sizeof(*m));
    if (!m || nng_msg_alloc(&m->body, NNG_ID_BYTES + NNG_HEAD_BYTES + cap) != 0) {
        free(m);
        return FR_FAIL(ep->host, FR_ENOMEM, "no memory for a message of %zu bytes", cap);
    }
    /* A gap where the request number stands in a received message: the same alignment. */
    nng_msg_trim(m->body, NNG_ID_BYTES);
    m->base = (struct fr_msg){
        .data = (char *)nng_msg_body(m->body) + NNG_HEAD_BYTES, .cap = cap, .peer = peer};
    out_add(ep, m);
    *msg_p = &m->base;
    return FR_OK;
}

void nng_ep_msg_free(fr_ep *ep, struct fr_msg *msg)
{
    struct msg *m = (struct msg *)msg;
    out_remove(ep, m);
    msg_delete(m);
}

fr_status nng_ep_send(fr_ep *ep, struct fr_msg *msg)
{
    struct msg *m = (struct msg *)msg;
    size_t len = msg->len;
    if (len == 0 || len > msg->cap)
        return FR_FAIL(ep->host, FR_EINVAL, "a message of %zu bytes in a buffer of %zu", len,
                       msg->cap);
    pthread_mutex_lock(&ep->lock);
    struct peer *p = sendable(ep, msg->peer);
    fr_status st = room(ep, p, len);
    if (st == FR_ETOOBIG)
        st = FR_EINVAL; /* its peer number was changed after msg_alloc */
    struct way *w = st == FR_OK ? way_take(ep, p) : NULL;
    if (st == FR_OK && !w) {
        p->starved = true;
        st = FR_EAGAIN;
    }
    if (st == FR_OK) {
        write_head(p, HEAD_DATA, nng_msg_body(m->body));
        p->users[p->tx_sent++ % NNG_WINDOW] = msg->user;
        ep->sending = true;
    }
    pthread_mutex_unlock(&ep->lock);
    if (st != FR_OK)
        return st;
    out_remove(ep, m);
    nng_msg_chop(m->body, msg->cap - len);
    way_send(ep, w, m->body);
    pthread_mutex_lock(&ep->lock);
    ep->sending = false;
    pthread_mutex_unlock(&ep->lock);
    m->body = NULL;
    msg_delete(m);
    ep->stats.tx_msgs++;
    ep->stats.tx_bytes += len;
    return FR_OK;
}
