/* SPDX-License-Identifier: MIT
 * duel_plugin.c - the contender that is one of our plugins, through the core's own loader. */
#include "common/duel.h"

#include "base/clock.h"
#include "config/config.h"
#include "plugin/endpoint.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct side {
    struct fr_config *config;
    struct fr_plugin_path path;
    struct fr_loaded loaded;
    struct fr_endpoint e;
    struct fr_error err;
};

static bool open_side(struct side *s, const char *plugin, const struct duel_load *load,
                      enum fr_role role, const char *address)
{
    char args[512], given[256] = "";
    struct fr_transport_use use = {.count = 1};
    *s = (struct side){.config = fr_config_new()};
    snprintf(args, sizeof(args), "%s", load->arg);
    if (!s->config)
        return false;
    for (char *rest = args, *pair; (pair = strsep(&rest, ","));) {
        char key[300];
        char *equals = strchr(pair, '=');
        if (!equals)
            continue;
        *equals = '\0';
        snprintf(key, sizeof(key), "transport.%s.%s", plugin, pair);
        if (strcmp(pair, "address") == 0)
            snprintf(given, sizeof(given), "%s", equals + 1);
        else if (fr_config_set(s->config, key, equals + 1, "--arg", &s->err) != FR_OK)
            return false;
    }
    /* Benchmarks stand in bench/, plugins beside that. */
    char exe[512] = "", plugins[600];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[len > 0 ? len : 0] = '\0';
    snprintf(plugins, sizeof(plugins), "%s/../plugins", dirname(exe));
    if (fr_plugin_path_make(plugins, &s->path, &s->err) != FR_OK ||
        fr_plugin_load(&s->path, FR_KIND_TRANSPORT, plugin, &s->loaded, &s->err) != FR_OK ||
        fr_config_bind(s->config, s->loaded.plugin, "transport", &use.layers[0].cfg, &s->err) !=
            FR_OK)
        return false;
    use.layers[0].plugin = s->loaded.plugin;
    size_t most = load->result_bytes > DUEL_ORDER_BYTES ? load->result_bytes : DUEL_ORDER_BYTES;
    bool leader = role == FR_ROLE_LEADER;
    const struct fr_open_args open_args = {.size = sizeof(open_args),
                                           .role = role,
                                           .flags = leader && !*given ? FR_OPEN_ANY_ADDRESS : 0,
                                           .expect_peers = 1,
                                           .address = leader ? given : address,
                                           .max_recv_bytes = leader ? most : DUEL_ORDER_BYTES,
                                           .max_send_bytes = leader ? DUEL_ORDER_BYTES : most};
    return fr_endpoint_open(&use, &open_args, &s->e, &s->err) == FR_OK;
}

static void close_side(struct side *s)
{
    if (s->err.status != FR_OK)
        fprintf(stderr, "duel: %s\n", s->err.text);
    fr_endpoint_close(&s->e);
    if (s->loaded.plugin)
        fr_plugin_unload(&s->loaded);
    fr_plugin_path_clear(&s->path);
    fr_config_free(s->config);
}

/* One message; FR_EAGAIN: no room. */
static fr_status put(struct side *s, fr_peer peer, uint64_t order, size_t len,
                     const struct duel_load *fill)
{
    struct fr_msg *msg;
    fr_status st = s->e.ops->msg_alloc(s->e.ep, peer, len, &msg);
    if (st != FR_OK)
        return st;
    if (fill)
        duel_fill(msg->data, fill, order);
    else
        memset(msg->data, 0, len);
    memcpy(msg->data, &order, sizeof(order));
    msg->len = len;
    st = s->e.ops->send(s->e.ep, msg);
    if (st != FR_OK)
        s->e.ops->msg_free(s->e.ep, msg);
    return st;
}

bool duel_plugin_lead(const char *plugin, const struct duel_load *load, struct duel_times *times)
{
    struct side s;
    struct fr_event events[64];
    fr_peer peer = 0;
    unsigned sent = 0, done = 0;
    uint64_t start_ns = 0, *began = calloc(load->results, sizeof(*began));
    bool good = began && open_side(&s, plugin, load, FR_ROLE_LEADER, "");
    if (good)
        duel_spawn(s.e.attr.address);
    while (good && done < load->results) {
        while (peer && sent < load->results && sent - done < load->credits) {
            began[sent] = fr_now_ns();
            if (put(&s, peer, sent, DUEL_ORDER_BYTES, NULL) != FR_OK)
                break;
            sent++;
        }
        int n = fr_endpoint_poll(&s.e, events, 64, 10000, &s.err);
        good = n >= 0;
        for (int i = 0; i < n; i++) {
            if (events[i].type == FR_EV_PEER_UP) {
                peer = events[i].peer;
                start_ns = fr_now_ns();
            } else if (events[i].type == FR_EV_RECV) {
                uint64_t order;
                memcpy(&order, events[i].msg->data, sizeof(order));
                duel_place(events[i].msg->data, load);
                s.e.ops->msg_free(s.e.ep, events[i].msg);
                times->latency_ns[done++] = fr_now_ns() - began[order];
            } else if (events[i].type == FR_EV_PEER_DOWN) {
                good = false;
            }
        }
    }
    times->wall_ns = fr_now_ns() - start_ns;
    free(began);
    close_side(&s);
    return good;
}

int duel_plugin_work(const char *plugin, const struct duel_load *load, const char *address)
{
    struct side s;
    struct fr_event events[64];
    uint64_t todo[1024];
    unsigned first = 0, count = 0;
    bool good = open_side(&s, plugin, load, FR_ROLE_WORKER, address);
    while (good) {
        int n = fr_endpoint_poll(&s.e, events, 64, count ? 0 : -1, &s.err);
        good = n >= 0;
        for (int i = 0; i < n; i++) {
            if (events[i].type == FR_EV_RECV) {
                memcpy(&todo[(first + count++) % 1024], events[i].msg->data, sizeof(todo[0]));
                s.e.ops->msg_free(s.e.ep, events[i].msg);
            } else if (events[i].type == FR_EV_PEER_DOWN) {
                good = false;
            }
        }
        while (good && count > 0 && put(&s, 1, todo[first], load->result_bytes, load) == FR_OK) {
            first = (first + 1) % 1024;
            count--;
        }
    }
    close_side(&s);
    return 0;
}
