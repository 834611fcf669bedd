/* SPDX-License-Identifier: MIT
 * endpoint.h - an open transport: the plugin's operations, its endpoint and its errors together.
 * One thread, but for fr_endpoint_wake. */
#ifndef FR_PLUGIN_ENDPOINT_H
#define FR_PLUGIN_ENDPOINT_H
#include "plugin/plugin.h"

#include <fractal/transport.h>

enum { FR_MAX_HOOKS = 8 };

/* Which transport, with its filled config, and the hooks around it, outermost first; all of it
 * outlives the endpoint. */
struct fr_transport_use {
    struct fr_layer {
        const struct fr_plugin *plugin;
        const void *cfg;        /* may be NULL */
    } layers[FR_MAX_HOOKS + 1]; /* hooks, then the transport */
    size_t count;
};
/* Of the transport itself. */
const struct fr_transport_ops *fr_transport_use_ops(const struct fr_transport_use *use);

/* What the plugins themselves have to say about it, outermost first, before anything is opened. */
fr_status fr_transport_check(const struct fr_transport_use *use, const struct fr_open_args *args,
                             struct fr_error *err);

struct fr_endpoint {
    const struct fr_transport_ops *ops;
    fr_ep *ep;
    struct fr_layers *layers; /* what its plugins were given */
    struct fr_attr attr;      /* as of opening */
};

fr_status fr_endpoint_open(const struct fr_transport_use *use, const struct fr_open_args *args,
                           struct fr_endpoint *endpoint_p, struct fr_error *err);
/* As the operation, but < 0 is recorded in *err. */
int fr_endpoint_poll(struct fr_endpoint *endpoint, struct fr_event *events, unsigned max,
                     int timeout_ms, struct fr_error *err);
/* For fr_signals_watch and other threads: ctx is the struct fr_endpoint. */
void fr_endpoint_wake(void *ctx);
struct fr_stats fr_endpoint_stats(struct fr_endpoint *endpoint);
void fr_endpoint_close(struct fr_endpoint *endpoint);
#endif
