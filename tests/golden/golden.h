/* SPDX-License-Identifier: MIT
 * golden.h - jobs whose image is known, over the transport that GOLDEN_TRANSPORT names. */
#ifndef FRACTAL_TESTS_GOLDEN_GOLDEN_H
#define FRACTAL_TESTS_GOLDEN_GOLDEN_H
#include "support/proc.h"

/* The flags of the transport, for every command. */
extern char golden_transport[1024];
/* Where a leader binds; NULL: it has no separate leader and worker. */
const char *golden_address(void);

/* A line of data/parameters.txt: "full", "default", ... Returns its flags; lives for ever. */
const char *golden_flags(const char *name);
/* Every name of it in turn; NULL past the last. */
const char *golden_name(int i);

/* The file holds the golden image of that name. Removes it. */
void golden_check(const char *name, const char *file);
/* `fractal run` with the job's flags and these; then golden_check. */
void golden_run(const char *name, const char *flags);

void golden_begin(void);
#define GOLDEN_SUITE(name) TestSuite(name, .init = golden_begin, .fini = scene_end)
#endif
