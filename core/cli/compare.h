/* SPDX-License-Identifier: MIT
 * compare.h - what `compare` needs before its first run: from its flags to a design, checked by the
 * code that a run would take. */
#ifndef FR_CLI_COMPARE_H
#define FR_CLI_COMPARE_H
#include "cli/cli.h"
#include "experiment/experiment.h"

/* Its own flags. */
struct fr_compare_flags {
    const char *workers, *report, *from, *sweep;
    int64_t repeat, seed;
    uint64_t run_limit_ms;
    bool metg, resume;
};

struct fr_compare {
    struct fr_compare_flags flags;
    struct fr_design design; /* its arrays are ours */
    struct fr_axis *axes;
    struct fr_design_file *files;
    char **args; /* of every run: "--set", "section.key=value", ... */
    size_t arg_count;
    char **texts; /* what belongs to none of the above */
    size_t text_count;
};

/* FR_EINVAL where a person has to change something. Runs `program check` for each file and point:
 * a file that fails it alone becomes a line of the report, a value that does is an error. */
fr_status fr_compare_prepare(struct fr_config *config, const struct fr_cmdline *line,
                             const char *program, struct fr_compare *c_p, struct fr_error *err);
void fr_compare_clear(struct fr_compare *c);

/* compare_check.c: fills file->refused and file->threads. */
fr_status fr_compare_check(struct fr_compare *c, const char *program, struct fr_error *err);
/* A copy of text that lives as long as c; NULL: out of memory. */
const char *fr_compare_keep(struct fr_compare *c, const char *text);
#endif
