/* SPDX-License-Identifier: MIT
 * record.h - a file of trace events, as chrome://tracing and Perfetto read them: one JSON array. */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H
#include <fractal/transport.h>
#include <stdbool.h>

enum { RECORD_BUFFER = 64 << 10, RECORD_MAX = 1024 }; /* bytes: of the buffer, of one event */

struct record {
    const struct fr_host *host;
    int fd; /* -1: does not record (any more) */
    int pid;
    uint64_t left; /* events until the limit */
    bool first;
    size_t used;
    char buffer[RECORD_BUFFER];
};

/* `file`: %p is the pid, %r the role. Where another endpoint is writing to that file, it becomes
 * name-2.json, and so on. */
fr_status record_open(struct record *record, const struct fr_host *host, const char *file,
                      enum fr_role role, uint64_t limit);
/* Would it open? Looks only. FR_EINVAL. */
fr_status record_check(const struct fr_host *host, const char *file, enum fr_role role);
/* Ends the array, so that the file is whole. */
void record_close(struct record *record);

/* `args` is the inside of a JSON object, printf-like; texts in it must be from record_text. */
void record_instant(struct record *record, const char *name, fr_peer peer, const char *args, ...)
    __attribute__((format(printf, 4, 5)));
/* From start_ns until now. */
void record_slice(struct record *record, const char *name, fr_peer peer, uint64_t start_ns,
                  const char *args, ...) __attribute__((format(printf, 5, 6)));
void record_process_name(struct record *record, const char *name);
void record_thread_name(struct record *record, fr_peer peer, const char *name);

/* Escaped for a JSON string, shortened to fit. */
const char *record_text(const char *text, char *out, size_t cap);
#endif
