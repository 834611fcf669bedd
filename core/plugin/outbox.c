/* SPDX-License-Identifier: MIT */
#include "plugin/outbox.h"

#include <stdlib.h>
#include <string.h>

struct fr_outbox_item {
    struct fr_outbox_item *next;
    size_t len;
    unsigned char bytes[];
};

static fr_status send_now(struct fr_endpoint *e, fr_peer peer, const void *bytes, size_t len)
{
    struct fr_msg *msg;
    fr_status st = e->ops->msg_alloc(e->ep, peer, len, &msg);
    if (st != FR_OK)
        return st;
    memcpy(msg->data, bytes, len);
    msg->len = len;
    st = e->ops->send(e->ep, msg);
    if (st != FR_OK)
        e->ops->msg_free(e->ep, msg);
    return st;
}

fr_status fr_outbox_post(struct fr_outbox *outbox, struct fr_endpoint *e, fr_peer peer,
                         const void *bytes, size_t len)
{
    fr_status st = outbox->head ? FR_EAGAIN : send_now(e, peer, bytes, len);
    if (st != FR_EAGAIN)
        return st;
    struct fr_outbox_item *item = malloc(sizeof(*item) + len);
    if (!item)
        return FR_ENOMEM;
    item->next = NULL;
    item->len = len;
    memcpy(item->bytes, bytes, len);
    if (outbox->tail)
        outbox->tail->next = item;
    else
        outbox->head = item;
    outbox->tail = item;
    return FR_OK;
}

fr_status fr_outbox_flush(struct fr_outbox *outbox, struct fr_endpoint *e, fr_peer peer)
{
    while (outbox->head) {
        struct fr_outbox_item *item = outbox->head;
        fr_status st = send_now(e, peer, item->bytes, item->len);
        if (st != FR_OK)
            return st;
        outbox->head = item->next;
        if (!outbox->head)
            outbox->tail = NULL;
        free(item);
    }
    return FR_OK;
}

bool fr_outbox_empty(const struct fr_outbox *outbox)
{
    return !outbox->head;
}

void fr_outbox_clear(struct fr_outbox *outbox)
{
    while (outbox->head) {
        struct fr_outbox_item *item = outbox->head;
        outbox->head = item->next;
        free(item);
    }
    outbox->tail = NULL;
}
