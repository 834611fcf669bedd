/* SPDX-License-Identifier: MIT */
#include "plugin/endpoint.h"

#include "base/status.h"

fr_status fr_endpoint_open(const struct fr_transport_use *use, const struct fr_open_args *args,
                           struct fr_endpoint *endpoint_p, struct fr_error *err)
{
    struct fr_endpoint e = {.ops = use->plugin->ops};
    e.box = fr_host_box_new(use->plugin->name);
    if (!e.box)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    fr_status st = e.ops->open(fr_host_box_host(e.box), use->cfg, args, &e.ep);
    if (st != FR_OK) {
        st = fr_host_box_take(e.box, st, err);
        fr_fail(err, st, "transport %s: cannot open \"%s\": %s", use->plugin->name, args->address,
                fr_status_text(st));
        fr_host_box_free(e.box);
        return st;
    }
    e.attr.size = sizeof(e.attr);
    st = e.ops->query(e.ep, &e.attr);
    if (st != FR_OK) {
        st = fr_host_box_take(e.box, st, err);
        fr_fail(err, st, "transport %s: query failed: %s", use->plugin->name, fr_status_text(st));
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
        fr_status st = fr_host_box_take(e->box, (fr_status)n, err);
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
    fr_host_box_free(e->box);
    *e = (struct fr_endpoint){0};
}
