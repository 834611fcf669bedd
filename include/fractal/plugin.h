/* SPDX-License-Identifier: MIT
 * plugin.h - what every plugin exports, and what the core offers it. Depends on libc only.
 *
 * A plugin is a shared object with one exported symbol, `fractal_plugin`, which is constant data:
 * reading it runs no code of the plugin. It links neither the core nor another plugin.
 *
 * Minors so far, each of which appended only: 1: check, in struct fr_transport_ops and struct
 * fr_output_ops, and FR_OPEN_UNBOUND. */
#ifndef FRACTAL_PLUGIN_H
#define FRACTAL_PLUGIN_H
#include <stddef.h>
#include <stdint.h>

#define FR_ABI_MAJOR    1u          /* another major is refused                        */
#define FR_ABI_MINOR    1u          /* a newer minor than the core's is refused        */
#define FR_PLUGIN_MAGIC 0x4c415246u /* "FRAL": some other symbol is never a plugin     */

/* True where the struct that the other side compiled has the field, and it is set. */
#define FR_HAS(p, f) ((p)->size >= offsetof(__typeof__(*(p)), f) + sizeof((p)->f) && (p)->f)

/* What can become of a call. One list, so that codes and texts cannot drift apart. */
#define FR_STATUS_LIST(X)                                                                          \
    X(OK, 0, "success")                                                                            \
    X(EAGAIN, -1, "would block, retry")                                                            \
    X(ENOMEM, -2, "out of memory")                                                                 \
    X(EINVAL, -3, "invalid argument")                                                              \
    X(ENOTSUP, -4, "not supported")                                                                \
    X(ETOOBIG, -5, "message too large")                                                            \
    X(EADDR, -6, "bad or busy address")                                                            \
    X(ECONN, -7, "connection failed")                                                              \
    X(ECLOSED, -8, "endpoint closed")                                                              \
    X(EIO, -9, "I/O error")                                                                        \
    X(EAUTH, -10, "not authorised")                                                                \
    X(EPROTO, -11, "protocol violation")
#define X(name, val, text) FR_##name = (val),
typedef enum { FR_STATUS_LIST(X) } fr_status;
#undef X

enum fr_log_level { FR_LOG_ERROR, FR_LOG_WARN, FR_LOG_INFO, FR_LOG_DEBUG };

/* Core services, the only way from a plugin to the core. Every call is safe from any thread, and
 * the struct outlives whatever was opened with it. */
struct fr_host {
    uint32_t size;
    void *ctx; /* first argument of log and fail */
    /* One line for people, without a newline at its end. */
    void (*log)(void *ctx, enum fr_log_level level, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
    /* Record why an operation failed (the first record wins) and return `st`. Use FR_FAIL, whose
     * value is `st` in a way that compilers and analysers can see. */
    fr_status (*fail)(void *ctx, fr_status st, const char *file, int line, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));
    uint64_t (*now_ns)(void); /* CLOCK_MONOTONIC */
};
#define FR_FAIL(h, st, ...)                                                                        \
    __extension__({                                                                                \
        const fr_status fr_failed_ = (st);                                                         \
        (h)->fail((h)->ctx, fr_failed_, __FILE__, __LINE__, __VA_ARGS__);                          \
        fr_failed_;                                                                                \
    })

/* How the text of an INI value is read, and the C type at `offset` of the plugin's config. */
enum fr_opt_type {
    FR_OPT_INVALID,
    FR_OPT_BOOL,   /* bool: yes no true false on off 1 0                                */
    FR_OPT_INT,    /* int64_t                                                           */
    FR_OPT_SIZE,   /* uint64_t bytes: 4096, 64K, 1M, 2G (powers of 1024)                */
    FR_OPT_MSEC,   /* uint64_t milliseconds: 250, 250ms, 2s, 1m                         */
    FR_OPT_DOUBLE, /* double, finite                                                    */
    FR_OPT_STRING, /* const char *, never NULL, owned by the core, outlives the plugin's use */
    FR_OPT_ENUM,   /* int: the index into choices                                       */
};

/* One INI key of the section [<kind>.<name>]. The core parses it, checks the range, refuses
 * unknown keys, and prints the help. */
struct fr_option {
    const char *key; /* lower case, words joined by _; NULL ends the table    */
    enum fr_opt_type type;
    size_t offset;              /* into the plugin's config struct                       */
    const char *def;            /* as it would stand in the INI; NULL: must be given     */
    double min, max;            /* of numbers, both inclusive; both 0: any               */
    const char *const *choices; /* FR_OPT_ENUM: NULL-terminated                         */
    const char *help;           /* mandatory: one sentence, units included               */
};

enum fr_kind { FR_KIND_INVALID, FR_KIND_TRANSPORT, FR_KIND_PALETTE, FR_KIND_OUTPUT };

#define FR_PLUGIN_NO_UNLOAD (1u << 0) /* its library leaves threads behind: never dlclose */

/* The single exported symbol. Strings are UTF-8, never NULL but where said. */
struct fr_plugin {
    uint32_t magic, size;
    uint16_t abi_major, abi_minor;
    uint32_t flags; /* FR_PLUGIN_*                                      */
    enum fr_kind kind;
    const char *name; /* as in the INI and the file's name: <name>.so     */
    const char *version, *summary, *license;
    const char *backend;             /* library beneath, "nng 1.5.2"; NULL: none         */
    const struct fr_option *options; /* NULL: takes none                                 */
    size_t config_size;              /* of the struct that `options` fills; 0: none      */
    const void *ops;                 /* struct fr_transport_ops, fr_palette_ops, ...     */
};
#define FR_PLUGIN_HEADER                                                                           \
    .magic = FR_PLUGIN_MAGIC, .size = sizeof(struct fr_plugin), .abi_major = FR_ABI_MAJOR,         \
    .abi_minor = FR_ABI_MINOR

#define FR_EXPORT __attribute__((visibility("default")))
extern FR_EXPORT const struct fr_plugin fractal_plugin;
#endif
