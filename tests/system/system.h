/* SPDX-License-Identifier: MIT
 * system.h - what the tests of the program as its user sees it share. */
#ifndef FRACTAL_TESTS_SYSTEM_SYSTEM_H
#define FRACTAL_TESTS_SYSTEM_SYSTEM_H
#include "support/proc.h"

#define SYSTEM_SUITE(name) TestSuite(name, .init = scene_begin, .fini = scene_end)

/* Milliseconds of computing. */
#define SMALL "--width 60 --height 40 --smoothness 1 --iters 200"
/* Seconds of computing, a row at a time: there is time to disturb it. */
#define SLOW        "--smoothness 1 --iters 3000 --step 3000"
#define SLOW_WORKER "--kernel scalar --nice 0"
#define SOCKET      "--host ../run/l.sock"

/* Nothing is in the current folder or in the one for sockets. */
void system_check_empty(void);
#endif
