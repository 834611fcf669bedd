/* SPDX-License-Identifier: MIT
 * role.h - what the sub-commands run, leader and worker share. */
#ifndef FR_CLI_ROLE_H
#define FR_CLI_ROLE_H
#include "cli/cli.h"
#include "cli/setup.h"
#include "leader/leader.h"
#include "worker/worker.h"

/* The leader's part of a setup: opens the outputs, renders, prints what was asked for. `hooks`
 * gives on_open, on_tick, ctx and any_address; the rest is filled in. With [control] listen it is a
 * service, until a signal comes. Logs its errors. */
int fr_role_lead(const struct fr_setup *setup, const struct fr_leader_args *hooks);

/* True, with the reason, where the transport lives in one process: only `run` has both roles. */
bool fr_role_needs_run(const struct fr_setup *setup, struct fr_error *err);

/* What the leader's part would refuse before it opens anything. *most_bytes_p: the longest result
 * that the job needs. */
fr_status fr_role_rehearse(const struct fr_setup *setup, uint64_t *most_bytes_p,
                           struct fr_error *err);

/* For a leader of many jobs: what it opens with (but for max_recv_bytes and the title), and one
 * job of it. */
struct fr_leader_args fr_role_leader_args(const struct fr_setup *setup,
                                          const struct fr_leader_args *hooks);
fr_status fr_role_render(struct fr_leader *leader, const struct fr_setup *setup, uint32_t id,
                         const atomic_bool *cancel, struct fr_report *report_p,
                         struct fr_error *err);

/* The job without any transport, by worker.threads threads. Logs its errors. */
int fr_role_direct(const struct fr_setup *setup);

/* The worker's part of a setup, for fr_worker_run. Borrows from the setup. */
struct fr_worker_args fr_role_worker_args(const struct fr_setup *setup, const char *address);

/* 0 means: one per processor that this process may use. */
uint32_t fr_role_count(int64_t configured);

/* How a role that could not be set up, or failed, ends: FR_EXIT_USAGE or FR_EXIT_FAILED. Logs it.
 */
int fr_role_refuse(const struct fr_error *err);
int fr_role_fail(const struct fr_error *err);
#endif
