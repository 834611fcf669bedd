/* SPDX-License-Identifier: MIT */
#include "plugin/endpoint.h"

#include "base/status.h"

#include <stdlib.h>

/* Lives as long as the endpoint: plugins keep pointers into it. */
struct fr_layers {
    size_t count;
    struct fr_host_box *boxes[FR_MAX_HOOKS + 1];
    struct fr_inner inners[FR_MAX_HOOKS + 1];
};

const struct fr_transport_ops *fr_transport_use_ops(const struct fr_transport_use *use)
{
    return use->layers[use->count - 1].plugin->ops;
}

static void free_layers(struct fr_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++)
        fr_host_box_free(layers->boxes[i]);
    free(layers);
}

/* Whose failure it was: the innermost that recorded one. */
static fr_status take_failure(struct fr_layers *layers, fr_status st, struct fr_error *err)
{
    for (size_t i = layers->count; i-- > 0;)
        st = fr_host_box_take(layers->boxes[i], st, err);
    return st;
}

static struct fr_layers *new_layers(const struct fr_transport_use *use)
{
    struct fr_layers *layers = calloc(1, sizeof(*layers));
    if (!layers)
        return NULL;
    do { /* there is always the transport itself */
        size_t i = layers->count;
        layers->boxes[i] = fr_host_box_new(use->layers[i].plugin->name);
        if (!layers->boxes[i]) {
            free_layers(layers);
            return NULL;
        }
        layers->inners[i] =
            (struct fr_inner){.size = sizeof(struct fr_inner),
                              .ops = use->layers[i].plugin->ops,
                              .host = fr_host_box_host(layers->boxes[i]),
                              .cfg = use->layers[i].cfg,
                              .inner = i + 1 < use->count ? &layers->inners[i + 1] : NULL};
    } while (++layers->count < use->count);
    return layers;
}

fr_status fr_transport_check(const struct fr_transport_use *use, const struct fr_open_args *args,
                             struct fr_error *err)
{
    struct fr_layers *layers = new_layers(use);
    if (!layers)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    fr_status st = FR_OK;
    for (size_t i = 0; st == FR_OK && i < use->count; i++) {
        const struct fr_inner *layer = &layers->inners[i];
        if (!FR_HAS(layer->ops, check))
            continue;
        st = fr_host_box_take(layers->boxes[i], layer->ops->check(layer->host, layer->cfg, args),
                              err);
        if (st != FR_OK)
            fr_fail(err, st, "transport %s refuses its configuration: %s",
                    use->layers[i].plugin->name, fr_status_text(st));
    }
    free_layers(layers);
    return st;
}

fr_status fr_endpoint_open(const struct fr_transport_use *use, const struct fr_open_args *args,
                           struct fr_endpoint *endpoint_p, struct fr_error *err)
{
    struct fr_endpoint e = {.ops = use->layers[0].plugin->ops, .layers = new_layers(use)};
    const char *name = use->layers[use->count - 1].plugin->name;
    if (!e.layers)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    fr_status st = fr_inner_open(&e.layers->inners[0], args, &e.ep);
    if (st != FR_OK) {
        st = take_failure(e.layers, st, err);
        fr_fail(err, st, "transport %s: cannot open \"%s\": %s", name, args->address,
                fr_status_text(st));
        free_layers(e.layers);
        return st;
    }
    e.attr.size = sizeof(e.attr);
    st = e.ops->query(e.ep, &e.attr);
    if (st != FR_OK) {
        st = take_failure(e.layers, st, err);
        fr_fail(err, st, "transport %s: query failed: %s", name, fr_status_text(st));
        fr_endpoint_close(&e);
        return st;
    }
    *endpoint_p = e;
    return FR_OK;
}

int fr_endpoint_poll(struct fr_endpoint *e, struct fr_event *events, unsigned max, int timeout_ms,
                     struct fr_error *err)
{
    int n = e->ops->poll(e->ep, events, max, timeout_ms);
    if (n < 0) {
        fr_status st = take_failure(e->layers, (fr_status)n, err);
        fr_fail(err, st, "the transport broke: %s", fr_status_text(st));
    }
    return n;
}

void fr_endpoint_wake(void *ctx)
{
    struct fr_endpoint *e = ctx;
    e->ops->wakeup(e->ep);
}

struct fr_stats fr_endpoint_stats(struct fr_endpoint *e)
{
    struct fr_stats stats = {.size = sizeof(stats)};
    e->ops->stats(e->ep, &stats);
    return stats;
}

void fr_endpoint_close(struct fr_endpoint *e)
{
    if (!e->ops)
        return;
    e->ops->close(e->ep);
    free_layers(e->layers);
    *e = (struct fr_endpoint){0};
}
