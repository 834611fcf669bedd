/* SPDX-License-Identifier: MIT
 * config.h - what was asked for, as text and as numbers. */
#ifndef SHAPE_CONFIG_H
#define SHAPE_CONFIG_H
#include <fractal/transport.h>
#include <stdbool.h>

struct shape_config {
    const char *delay, *delay_up, *delay_down;
    const char *jitter;
    const char *rate, *rate_up, *rate_down;
    bool shared;
    int64_t queue, seed;
};
extern const struct fr_option shape_options[];

/* One direction; all 0: as if the hook were not there. */
struct way {
    uint64_t delay_ns, jitter_ns;
    double ns_per_byte;
};

/* What an endpoint of `role` does to what it sends, and what the other end does. FR_EINVAL: key,
 * value and what is valid are recorded, also where the key is about the other direction. */
fr_status shape_config_read(const struct fr_host *host, const struct shape_config *cfg,
                            enum fr_role role, struct way *way_p, struct way *back_p);
/* "up 1ms, down 1ms at 100Mbit" */
void shape_config_describe(const struct shape_config *cfg, char *text, size_t cap);
#endif
