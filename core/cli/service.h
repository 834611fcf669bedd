/* SPDX-License-Identifier: MIT
 * service.h - a leader of many jobs, which an HTTP service asks for. */
#ifndef FR_CLI_SERVICE_H
#define FR_CLI_SERVICE_H
#include "cli/role.h"

/* As fr_role_lead, until a signal comes, or the first job has ended with leader.force_exit. */
int fr_service_run(const struct fr_setup *setup, const struct fr_leader_args *hooks);
#endif
