/* SPDX-License-Identifier: MIT
 * outbox.h - control messages to one peer, in order, whether or not it has room just now. */
#ifndef FR_PLUGIN_OUTBOX_H
#define FR_PLUGIN_OUTBOX_H
#include "plugin/endpoint.h"

#include <stdbool.h>

struct fr_outbox_item;
struct fr_outbox {
    struct fr_outbox_item *head, *tail; /* what had no room; {0} is an empty outbox */
};

/* Sends, or keeps a copy for fr_outbox_flush. FR_ECLOSED: the peer is going, nothing was kept. */
fr_status fr_outbox_post(struct fr_outbox *outbox, struct fr_endpoint *endpoint, fr_peer peer,
                         const void *bytes, size_t len);
/* Sends what there is room for. FR_EAGAIN: something is left. */
fr_status fr_outbox_flush(struct fr_outbox *outbox, struct fr_endpoint *endpoint, fr_peer peer);
bool fr_outbox_empty(const struct fr_outbox *outbox);
void fr_outbox_clear(struct fr_outbox *outbox);
#endif
