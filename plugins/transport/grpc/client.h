/* SPDX-License-Identifier: MIT
 * client.h - the worker's side: a channel to the leader with its one call. */
#ifndef GRPC_CLIENT_H
#define GRPC_CLIENT_H
#include "ep.h"

struct client {
    grpc_channel *channel;
};

fr_status client_open(fr_ep *ep, struct client **client_p);
void client_delete(struct client *client);
#endif
