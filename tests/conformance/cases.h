/* SPDX-License-Identifier: MIT
 * cases.h - what must hold of every transport; each table ends with a NULL name. */
#ifndef CONFORMANCE_CASES_H
#define CONFORMANCE_CASES_H
#include "rig.h"

struct test_case {
    const char *name;
    void (*run)(const struct rig *rig);
};
extern const struct test_case cases_open[], cases_message[], cases_flow[], cases_poll[],
    cases_end[], cases_kill[];

/* This program started again by case_kill.c, as the process that will be killed. */
int victim_main(int argc, char **argv);
#endif
