/* SPDX-License-Identifier: MIT */
#include "cli/service.h"

#include "base/log.h"
#include "base/signals.h"
#include "cli/request.h"
#include "control/control.h"

#include <stdlib.h>
#include <string.h>

#define ROW_BYTES (UINT64_C(12) * FR_JOB_MAX_SIDE + FR_WIRE_RESULT_BYTES) /* the widest, raw */

struct service {
    const struct fr_leader_args *hooks;
    struct fr_board *board;
    struct fr_leader *leader;
    struct fr_request_maker maker;
};

static fr_status on_tick(void *ctx, uint32_t workers, struct fr_error *err)
{
    struct service *s = ctx;
    if (s->leader)
        fr_board_update(s->board, s->leader);
    return s->hooks->on_tick ? s->hooks->on_tick(s->hooks->ctx, workers, err) : FR_OK;
}

static fr_status on_open(void *ctx, const struct fr_attr *attr, struct fr_error *err)
{
    struct service *s = ctx;
    return s->hooks->on_open ? s->hooks->on_open(s->hooks->ctx, attr, err) : FR_OK;
}

static void on_result(void *ctx, const struct fr_desk_result *result)
{
    struct service *s = ctx;
    fr_board_result(s->board, result);
}

static bool is_waiting(void *ctx)
{
    struct service *s = ctx;
    return fr_board_waiting(s->board);
}

/* One job; FR_EXIT_DONE or how it failed. */
static int render(struct service *s, struct fr_board_job *job)
{
    struct fr_error err = {0};
    struct fr_report report;
    struct fr_setup_kept *work = fr_board_work(job);
    fr_status st = fr_role_render(s->leader, &work->setup, fr_board_id(job),
                                  fr_board_cancelled(job), &report, &err);
    fr_board_update(s->board, s->leader);
    if (st == FR_OK) {
        fr_board_end(s->board, &report, NULL);
        fr_report_clear(&report);
        return FR_EXIT_DONE;
    }
    if (atomic_load(fr_board_cancelled(job)))
        fr_log(FR_LOG_INFO, "job %u: cancelled", fr_board_id(job));
    else
        fr_error_log(&err);
    fr_board_end(s->board, NULL, &err);
    return FR_EXIT_FAILED;
}

static int serve(struct service *s, bool once)
{
    struct fr_error err = {0};
    for (;;) {
        struct fr_board_job *job = fr_board_take(s->board);
        int code = FR_EXIT_DONE;
        if (job)
            code = render(s, job);
        else if (fr_leader_wait(s->leader, is_waiting, s, &err) != FR_OK && !fr_signals_stop())
            return fr_role_fail(&err);
        if (fr_leader_over(s->leader) || (job && once))
            return code;
    }
}

/* The configured job is the first, as if it had been asked for. */
static fr_status submit_first(struct service *s, struct fr_error *err)
{
    struct fr_job_facts facts = {0};
    void *work;
    fr_status st = fr_request_prepare(&s->maker, NULL, &facts, &work, err);
    if (st == FR_OK)
        fr_board_submit(s->board, &facts, work);
    return st;
}

static fr_status open_leader(struct service *s, const struct fr_setup *setup, struct fr_error *err)
{
    struct fr_leader_args args = fr_role_leader_args(setup, s->hooks);
    args.max_recv_bytes = s->maker.most_bytes;
    args.title = "service";
    args.on_open = on_open;
    args.on_tick = on_tick;
    args.on_result = on_result;
    args.ctx = s;
    return fr_leader_open(&args, &s->leader, err);
}

int fr_service_run(const struct fr_setup *setup, const struct fr_leader_args *hooks)
{
    const struct fr_settings *settings = setup->settings;
    struct fr_error err = {0};
    struct service s = {.hooks = hooks,
                        .maker = {.config = setup->config,
                                  .folder = settings->control.folder,
                                  .outfile = settings->output.outfile}};
    struct fr_control *control = NULL;
    uint64_t most_bytes;
    if (fr_role_rehearse(setup, &most_bytes, &err) != FR_OK)
        return fr_role_refuse(&err);
    s.maker.most_bytes = most_bytes > ROW_BYTES ? most_bytes : ROW_BYTES;
    s.board = fr_board_new(fr_request_discard);
    if (!s.board) {
        fr_fail(&err, FR_ENOMEM, "out of memory");
        return fr_role_fail(&err);
    }
    const struct fr_control_args control_args = {.listen = settings->control.listen,
                                                 .token = settings->control.token,
                                                 .connections =
                                                     (uint32_t)settings->control.connections,
                                                 .board = s.board,
                                                 .prepare = fr_request_prepare,
                                                 .discard = fr_request_discard,
                                                 .options = fr_request_options,
                                                 .ctx = &s.maker};
    int code = FR_EXIT_FAILED;
    fr_status st = FR_OK;
    if (settings->control.start == FR_START_NOW)
        st = submit_first(&s, &err);
    if (st == FR_OK)
        st = fr_control_open(&control_args, &control, &err);
    if (st == FR_OK)
        st = open_leader(&s, setup, &err);
    if (st == FR_OK) {
        fr_board_update(s.board, s.leader);
        fr_board_set_leader(s.board, s.leader);
        code = serve(&s, settings->leader.force_exit);
        fr_board_set_leader(s.board, NULL);
    } else {
        code = fr_role_refuse(&err);
    }
    fr_control_close(control);
    fr_leader_close(s.leader);
    fr_board_free(s.board);
    return code;
}
