/* SPDX-License-Identifier: MIT
 * settings.c - the one table of the core's options. */
#include "config/settings.h"

static const char *const views[] = {"classic", "exact", NULL};
static const char *const colorings[] = {"classic", "smooth", NULL};
static const char *const payloads[] = {"auto", "index16", "index32", "smooth", "raw", NULL};
static const char *const policies[] = {"dynamic", "static", "guided", NULL};

static const char *const starts[] = {"now", "http", NULL};

#define LEADS (FR_FOR_LEADER | FR_FOR_RUN)
#define WORKS (FR_FOR_WORKER | FR_FOR_RUN)

/* section, key, type, the default as it would stand in the INI; then what else the option has. */
#define OPT(sec, name, kind, standard, ...)                                                        \
    .section = #sec, .opt = {.key = #name,                                                         \
                             .type = FR_OPT_##kind,                                                \
                             .offset = offsetof(struct fr_settings, sec.name),                     \
                             .def = (standard),                                                    \
                             __VA_ARGS__}

const struct fr_setting fr_setting_table[] = {
    {OPT(job, width, INT, "1024", .min = 1, .max = 1048576,
         .help = "Width in pixels, before smoothness."),
     .flag = "width", .roles = LEADS},
    {OPT(job, height, INT, "768", .min = 1, .max = 1048576,
         .help = "Height in pixels, before smoothness."),
     .flag = "height", .roles = LEADS},
    {OPT(job, smoothness, INT, "8", .min = 1, .max = 1024,
         .help = "Multiplies width and height: the image has that many pixels."),
     .flag = "smoothness", .roles = LEADS},
    {OPT(job, xpos, DOUBLE, "-0.00275", .help = "Centre of the view, real part."), .flag = "xpos",
     .letter = 'x', .roles = LEADS},
    {OPT(job, ypos, DOUBLE, "0.78912", .help = "Centre of the view, imaginary part."),
     .flag = "ypos", .letter = 'y', .roles = LEADS},
    {OPT(job, escape_radius, DOUBLE, "0.125689", .min = 1e-300, .max = 1e300,
         .help = "Width of the view in the complex plane (the name is the Go program's)."),
     .flag = "escape-radius", .roles = LEADS},
    {OPT(job, iters, INT, "800", .min = 1, .max = 2000000000,
         .help = "Iterations after which a point counts as inside the set."),
     .flag = "iters", .roles = LEADS},
    {OPT(job, step, INT, "6000", .min = 1, .max = 16777216,
         .help = "Colours of the palette's table, classic colouring; at least iters are made."),
     .flag = "step", .roles = LEADS},
    {OPT(job, palette, STRING, "Hippi", .help = "Palette plugin: a name, or a path with a '/'."),
     .flag = "palette", .roles = LEADS},
    {OPT(job, view, ENUM, "classic", .choices = views,
         .help = "classic: the Go program's geometry, quirks included; exact: neither mirrored nor "
                 "stretched."),
     .flag = "view", .roles = LEADS},
    {OPT(job, coloring, ENUM, "classic", .choices = colorings,
         .help = "classic: the Go program's colours, bit for bit; smooth: continuous, in linear "
                 "light."),
     .flag = "coloring", .roles = LEADS},
    {OPT(job, payload, ENUM, "auto", .choices = payloads,
         .help = "What travels for a pixel: auto takes the smallest that the colouring needs; raw "
                 "is the Go program's 12 bytes."),
     .flag = "payload", .roles = LEADS},

    {OPT(transport, plugin, STRING, "shm",
         .help = "Transport plugin: a name, or a path with a '/'."),
     .flag = "transport", .roles = FR_FOR_ALL},
    {OPT(transport, hooks, STRING, "",
         .help = "Hook transports around it, joined by commas, outermost first: shape, trace."),
     .flag = "hooks", .roles = FR_FOR_ALL},
    {OPT(transport, address, STRING, "",
         .help = "Where the leader listens and its workers connect; empty: the plugin's default."),
     .flag = "host", .roles = FR_FOR_ALL},

    {OPT(transport, token, STRING, "",
         .help = "Secret that workers must know, up to 255 characters; empty: none is asked for."),
     .flag = "token", .roles = FR_FOR_ALL},

    {OPT(output, plugins, STRING, "png", .help = "Output plugins, joined by commas."),
     .flag = "output", .roles = LEADS},
    {OPT(output, outfile, STRING, "mandelbrot.png",
         .help = "The file to write. With several outputs each takes its own ending."),
     .flag = "outfile", .roles = LEADS},

    {OPT(plugins, path, STRING, "",
         .help = "Folders with plugins, joined by ':', searched before all others."),
     .flag = "plugin-path", .roles = FR_FOR_ALL},

    {OPT(schedule, policy, ENUM, "dynamic", .choices = policies,
         .help = "dynamic: to whoever is free; static: dealt in turn; guided: large tasks first."),
     .flag = "policy", .roles = LEADS},
    {OPT(schedule, rows_per_task, INT, "0", .max = 1048576,
         .help = "Rows a task; 0: chosen from the size of a row."),
     .flag = "rows-per-task", .roles = LEADS},
    {OPT(schedule, window_rows, INT, "0", .max = 1048576,
         .help = "Rows a task may be ahead of the oldest unwritten one; 0: 64 MiB of them."),
     .flag = "window-rows", .roles = LEADS},
    {OPT(schedule, lease_ms, MSEC, "30s", .min = 1, .max = 86400000,
         .help = "How long a worker may hold a task before others get it too."),
     .flag = "lease-ms", .roles = LEADS},
    {OPT(schedule, tail_copies, INT, "1", .max = 64,
         .help = "Idle workers that may double an unfinished task near the end."),
     .flag = "tail-copies", .roles = LEADS},

    {OPT(leader, wait_workers, INT, "1", .min = 1, .max = 65536,
         .help = "Workers that must be there before the first task goes out."),
     .flag = "wait-workers", .roles = LEADS},
    {OPT(leader, drain_ms, MSEC, "5s", .max = 3600000,
         .help = "How long workers may take to say their statistics at the end."),
     .flag = "drain-ms", .roles = LEADS},
    {OPT(leader, force_exit, BOOL, "no",
         .help = "End after the first job, as the Go program's flag does. A leader without an HTTP "
                 "service always does."),
     .flag = "force-exit", .roles = LEADS},

    {OPT(control, listen, STRING, "",
         .help = "HOST:PORT of the HTTP service that starts, shows and cancels jobs; empty: none."),
     .flag = "control", .roles = LEADS},
    {OPT(control, start, ENUM, "now", .choices = starts,
         .help = "now: the configured job comes first; http: only what POST /start asks for."),
     .flag = "start", .roles = LEADS},
    {OPT(control, folder, STRING, ".",
         .help = "Where the files of jobs from HTTP go; a request names no other folder."),
     .flag = "control-folder", .roles = LEADS},
    {OPT(control, token, STRING, "",
         .help = "Secret for the HTTP service (Authorization: Bearer); needed unless it listens on "
                 "loopback."),
     .flag = "control-token", .roles = LEADS},
    {OPT(control, connections, INT, "64", .min = 1, .max = 16384,
         .help = "HTTP connections at once; more wait."),
     .flag = "control-connections", .roles = LEADS},

    {OPT(worker, threads, INT, "1", .max = 1024,
         .help = "Computing threads a worker; 0: one per processor."),
     .flag = "threads", .roles = WORKS},
    {OPT(worker, credits, INT, "0", .max = 1024,
         .help = "Tasks a worker holds at once; 0: two a thread, 8 at least."),
     .flag = "credits", .roles = WORKS},
    {OPT(worker, retries, INT, "30", .min = -1, .max = 1000000,
         .help = "Further attempts to reach the leader, with growing pauses; -1: for ever."),
     .flag = "retries", .roles = WORKS},
    {OPT(worker, nice, INT, "10", .max = 19,
         .help = "Nice level of the computing threads, so that the network comes first."),
     .flag = "nice", .roles = WORKS},
    {OPT(worker, kernel, STRING, "auto",
         .help = "Instructions to compute with: auto, scalar, avx2, avx512, neon. All give the "
                 "same bits."),
     .flag = "kernel", .roles = WORKS},

    {OPT(run, workers, INT, "0", .max = 1024,
         .help = "Worker processes that `run` starts; 0: one per processor."),
     .flag = "workers", .roles = FR_FOR_RUN},

    {OPT(log, quiet, BOOL, "no", .help = "Only errors on stderr, and no progress."),
     .flag = "quiet", .letter = 'q', .roles = FR_FOR_ALL},
    {OPT(log, verbose, BOOL, "no", .help = "Also what helps to find out why."), .flag = "verbose",
     .letter = 'v', .roles = FR_FOR_ALL},
    {OPT(metrics, print, BOOL, "no", .help = "Print METRICS lines on stdout at the end."),
     .flag = "metrics", .letter = 'm', .roles = FR_FOR_ALL},
    {OPT(metrics, json, STRING, "",
         .help = "File for all of that and the effective configuration as JSON; empty: none."),
     .flag = "metrics-json", .roles = LEADS},
    {.section = NULL},
};
