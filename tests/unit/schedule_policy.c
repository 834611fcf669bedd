/* SPDX-License-Identifier: MIT
 * What each policy promises, on small examples. */
#include "schedule/schedule.h"

#include <criterion/criterion.h>

static struct fr_schedule *make(enum fr_policy policy, uint32_t rows, uint32_t window)
{
    struct fr_schedule_args args = {.rows = rows,
                                    .rows_per_task = 2,
                                    .max_rows_per_task = 64,
                                    .window_rows = window,
                                    .lease_ns = 100,
                                    .tail_copies = 1,
                                    .policy = policy};
    struct fr_schedule *schedule = NULL;
    cr_assert_eq(fr_schedule_new(&args, &schedule), FR_OK);
    return schedule;
}

static struct fr_task next(struct fr_schedule *s, struct fr_schedule_worker *w, uint64_t now_ns)
{
    struct fr_task task = {0};
    fr_schedule_next(s, w, now_ns, &task);
    return task;
}

static enum fr_verdict accept(struct fr_schedule *s, struct fr_schedule_worker *w,
                              struct fr_task task)
{
    uint64_t issued_ns;
    return fr_schedule_accept(s, w, &task, &issued_ns);
}

Test(schedule, refuses_impossible_arguments)
{
    struct fr_schedule *schedule = NULL;
    const struct fr_schedule_args good = {
        .rows = 4, .rows_per_task = 2, .max_rows_per_task = 2, .window_rows = 2, .lease_ns = 1};
    struct fr_schedule_args bad = good;
    bad.rows = 0;
    cr_assert_eq(fr_schedule_new(&bad, &schedule), FR_EINVAL);
    bad = good;
    bad.window_rows = 1;
    cr_assert_eq(fr_schedule_new(&bad, &schedule), FR_EINVAL);
    bad = good;
    bad.lease_ns = 0;
    cr_assert_eq(fr_schedule_new(&bad, &schedule), FR_EINVAL);
    cr_assert_null(schedule);
}

Test(schedule, dynamic_serves_whoever_asks_in_image_order)
{
    struct fr_schedule *s = make(FR_POLICY_DYNAMIC, 100, 100);
    struct fr_schedule_worker *a = fr_schedule_join(s, 8, 1), *b = fr_schedule_join(s, 8, 1);
    cr_assert_eq(next(s, a, 0).first_row, 0);
    cr_assert_eq(next(s, a, 0).first_row, 2);
    cr_assert_eq(next(s, b, 0).first_row, 4);
    cr_assert_eq(next(s, a, 0).first_row, 6);
    fr_schedule_free(s);
}

Test(schedule, static_deals_in_turn_whoever_asks)
{
    struct fr_schedule *s = make(FR_POLICY_STATIC, 100, 100);
    struct fr_schedule_worker *a = fr_schedule_join(s, 8, 1), *b = fr_schedule_join(s, 8, 1);
    cr_assert_eq(next(s, a, 0).first_row, 0);
    cr_assert_eq(next(s, a, 0).first_row, 4);
    cr_assert_eq(next(s, a, 0).first_row, 8);
    cr_assert_eq(next(s, b, 0).first_row, 2);
    fr_schedule_leave(s, b); /* its dealt bands are everybody's now */
    cr_assert_eq(next(s, a, 0).first_row, 2);
    cr_assert_eq(next(s, a, 0).first_row, 6);
    fr_schedule_free(s);
}

Test(schedule, guided_bands_shrink)
{
    struct fr_schedule *s = make(FR_POLICY_GUIDED, 128, 128);
    struct fr_schedule_worker *a = fr_schedule_join(s, 64, 1);
    uint32_t last = UINT32_MAX, sum = 0;
    struct fr_task task;
    while (sum < 128 && (task = next(s, a, 0)).rows > 0) {
        cr_assert_leq(task.rows, last);
        last = task.rows;
        sum += task.rows;
        cr_assert_eq(accept(s, a, task), FR_VERDICT_ACCEPTED);
    }
    cr_assert_eq(sum, 128);
    cr_assert_leq(last, 2);
    fr_schedule_free(s);
}

Test(schedule, window_bounds_the_look_ahead)
{
    struct fr_schedule *s = make(FR_POLICY_DYNAMIC, 100, 4);
    struct fr_schedule_worker *a = fr_schedule_join(s, 8, 4);
    struct fr_task first = next(s, a, 0);
    cr_assert_eq(next(s, a, 0).rows, 2);
    cr_assert_eq(next(s, a, 0).rows, 0);
    cr_assert_eq(accept(s, a, first), FR_VERDICT_ACCEPTED);
    cr_assert_eq(next(s, a, 0).rows, 0, "accepted is not written");
    fr_schedule_written(s, 2);
    cr_assert_eq(next(s, a, 0).first_row, 4);
    fr_schedule_free(s);
}

Test(schedule, a_late_twin_is_dropped_and_a_late_first_is_used)
{
    struct fr_schedule *s = make(FR_POLICY_DYNAMIC, 4, 4);
    struct fr_schedule_worker *a = fr_schedule_join(s, 8, 1), *b = fr_schedule_join(s, 8, 1);
    struct fr_task one = next(s, a, 0), two = next(s, a, 0);
    cr_assert_eq(fr_schedule_expire(s, 99), 0);
    cr_assert_eq(fr_schedule_expire(s, 100), 2);
    struct fr_task again = next(s, b, 100);
    cr_assert_eq(again.first_row, one.first_row);
    cr_assert_neq(again.lease, one.lease);
    cr_assert_eq(accept(s, b, again), FR_VERDICT_ACCEPTED);
    cr_assert_eq(accept(s, a, one), FR_VERDICT_LATE);
    cr_assert_eq(accept(s, a, two), FR_VERDICT_ACCEPTED, "expired, but nobody was faster");
    cr_assert(fr_schedule_done(s));
    struct fr_schedule_counts counts = fr_schedule_counts(s);
    cr_assert_eq(counts.late, 1);
    cr_assert_eq(counts.expired, 2);
    fr_schedule_free(s);
}

Test(schedule, an_idle_worker_doubles_the_oldest_lease)
{
    struct fr_schedule *s = make(FR_POLICY_DYNAMIC, 2, 2);
    struct fr_schedule_worker *a = fr_schedule_join(s, 8, 1), *b = fr_schedule_join(s, 8, 1),
                              *c = fr_schedule_join(s, 8, 1);
    struct fr_task original = next(s, a, 0), copy = next(s, b, 0);
    cr_assert_eq(copy.rows, 2);
    cr_assert_eq(next(s, c, 0).rows, 0, "one copy is enough");
    cr_assert_eq(accept(s, b, copy), FR_VERDICT_ACCEPTED);
    cr_assert_eq(accept(s, a, original), FR_VERDICT_LATE);
    fr_schedule_free(s);
}

Test(schedule, near_the_end_nobody_sits_on_a_queue)
{
    struct fr_schedule *s = make(FR_POLICY_DYNAMIC, 16, 16);
    struct fr_schedule_worker *a = fr_schedule_join(s, 64, 1);
    fr_schedule_join(s, 64, 1);
    unsigned held = 0;
    while (next(s, a, 0).rows > 0)
        held++;
    cr_assert_lt(held, 5);
    fr_schedule_free(s);
}
