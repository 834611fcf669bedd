/* SPDX-License-Identifier: MIT
 * setup.h - from what was asked for to what a role needs: settings parsed, plugins opened and their
 * options bound and judged, the job made, the kernel found. The one way there: run, leader, worker
 * and check all take it, so that what `check` accepts will start. Nothing is opened or written yet.
 */
#ifndef FR_CLI_SETUP_H
#define FR_CLI_SETUP_H
#include "config/config.h"
#include "job/job.h"
#include "kernel/kernel.h"
#include "plugin/endpoint.h"

#include <fractal/output.h>
#include <fractal/palette.h>
#include <fractal/transport.h>

/* A plugin that is in use. */
struct fr_setup_plugin {
    struct fr_loaded loaded;
    struct fr_host_box *box; /* its fr_host is fr_host_box_host(box)                      */
    const void *cfg;         /* the filled config struct, NULL where it has none; config's */
};

struct fr_setup_output {
    struct fr_setup_plugin plugin;
    const struct fr_output_ops *ops;
    char *path; /* for struct fr_image: the file to make, "" where it makes none          */
};

struct fr_setup {
    const struct fr_config *config;     /* where it all comes from                        */
    const struct fr_settings *settings; /* belongs to the config                          */
    struct fr_plugin_path path;
    /* every role */
    struct fr_setup_plugin transports[FR_MAX_HOOKS + 1]; /* hooks, then the transport */
    size_t transport_count;
    struct fr_transport_use transport; /* the same, to open */
    /* worker and run */
    const struct fr_kernel *kernel;
    /* leader and run */
    struct fr_setup_plugin palette;
    const struct fr_palette_ops *palette_ops;
    struct fr_setup_output *outputs; /* at least one                                      */
    size_t output_count;
    struct fr_job_spec spec;
    struct fr_job job;
};

/* With the roles, where no transport will be opened with this setup: its plugins are not asked. */
#define FR_SETUP_UNCONNECTED (1u << 16)

/* roles: FR_FOR_* of what this process does; FR_FOR_RUN stands for leader and worker. The config
 * must outlive the setup. FR_EINVAL where a person has to change something (exit FR_EXIT_USAGE);
 * FR_ENOTSUP: this machine cannot (the kernel); FR_ENOMEM. */
fr_status fr_setup_make(struct fr_config *config, unsigned roles, struct fr_setup *setup_p,
                        struct fr_error *err);
/* A message that begins with "[section] key" gets to know who said it: "a.ini:3: [section] key". */
void fr_setup_add_origin(const struct fr_config *config, struct fr_error *err);
/* Close what was opened with the plugins first: this unloads them. */
void fr_setup_free(struct fr_setup *setup);
#endif
