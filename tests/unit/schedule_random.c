/* SPDX-License-Identifier: MIT
 * The schedule under random event sequences, against a model that knows only rows. */
#include "schedule/schedule.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 48, MAX_WORKERS = 6, MAX_HELD = 12, SEQUENCES = 250000 };

struct held {
    struct fr_task task;
    uint64_t issued_ns;
    bool expired;
};

struct model_worker {
    struct fr_schedule_worker *handle; /* NULL: not there */
    uint32_t credits;
    bool stopped; /* holds on to what it has, answers nothing */
    struct held held[MAX_HELD];
    uint32_t held_count;
};

struct model {
    struct fr_schedule_args args;
    struct fr_schedule *schedule;
    struct model_worker workers[MAX_WORKERS];
    uint8_t accepted[MAX_ROWS];
    bool cut[MAX_ROWS]; /* was ever assigned */
    uint32_t base;
    uint64_t now_ns;
    uint64_t random;
    uint64_t last_lease;
};

static uint32_t draw(struct model *m, uint32_t below)
{
    m->random ^= m->random << 13; /* xorshift64, Marsaglia 2003 */
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (uint32_t)((m->random >> 32) % below);
}

/* How many hold row r under a lease that is still good. */
static uint32_t living(const struct model *m, uint32_t row)
{
    uint32_t n = 0;
    for (int i = 0; i < MAX_WORKERS; i++)
        for (uint32_t k = 0; k < m->workers[i].held_count; k++) {
            const struct held *h = &m->workers[i].held[k];
            n += !h->expired && row >= h->task.first_row && row - h->task.first_row < h->task.rows;
        }
    return n;
}

/* A worker that holds nothing was sent away: every row must be done, in enough hands, or beyond the
 * window. */
static void check_not_starved(const struct model *m)
{
    for (uint32_t row = 0; row < m->args.rows; row++) {
        if (m->accepted[row])
            continue;
        if (m->cut[row]) {
            cr_assert_geq(living(m, row), 1 + m->args.tail_copies, "row %u waits for nobody", row);
            continue;
        }
        uint32_t rest = m->args.rows - row;
        uint32_t band = rest < m->args.rows_per_task ? rest : m->args.rows_per_task;
        cr_assert_gt(row + band, m->base + m->args.window_rows, "row %u could be cut", row);
        break;
    }
}

static bool ask(struct model *m, struct model_worker *w)
{
    struct fr_task task;
    if (!fr_schedule_next(m->schedule, w->handle, m->now_ns, &task)) {
        if (w->held_count == 0 && m->args.policy != FR_POLICY_STATIC)
            check_not_starved(m);
        return false;
    }
    cr_assert_gt(task.lease, m->last_lease);
    m->last_lease = task.lease;
    cr_assert_gt(task.rows, 0);
    cr_assert_leq(task.first_row + task.rows, m->args.rows);
    cr_assert_leq(task.first_row + task.rows, m->base + m->args.window_rows, "beyond the window");
    cr_assert_lt(w->held_count, w->credits, "more than its credits");
    for (uint32_t row = task.first_row; row < task.first_row + task.rows; row++) {
        cr_assert_eq(m->accepted[row], 0, "row %u is done", row);
        m->cut[row] = true;
    }
    w->held[w->held_count++] = (struct held){.task = task, .issued_ns = m->now_ns};
    return true;
}

static void answer(struct model *m, struct model_worker *w, uint32_t k)
{
    struct held h = w->held[k];
    uint64_t issued_ns = 0;
    enum fr_verdict judged = fr_schedule_judge(m->schedule, w->handle, &h.task);
    enum fr_verdict verdict = fr_schedule_accept(m->schedule, w->handle, &h.task, &issued_ns);
    cr_assert_neq(verdict, FR_VERDICT_NONSENSE);
    cr_assert_eq(judged, verdict);
    cr_assert_eq(issued_ns, h.issued_ns);
    for (uint32_t row = h.task.first_row; row < h.task.first_row + h.task.rows; row++) {
        cr_assert_eq(m->accepted[row], verdict == FR_VERDICT_LATE, "row %u", row);
        m->accepted[row] = 1;
    }
    w->held[k] = w->held[--w->held_count];
    /* A twin of it is an answer that nobody asked for. */
    cr_assert_eq(fr_schedule_accept(m->schedule, w->handle, &h.task, &issued_ns),
                 FR_VERDICT_NONSENSE);
}

static void nonsense(struct model *m, struct model_worker *w)
{
    uint64_t issued_ns;
    struct fr_task task = {.lease = m->last_lease + 1 + draw(m, 3), .rows = 1};
    cr_assert_eq(fr_schedule_accept(m->schedule, w->handle, &task, &issued_ns),
                 FR_VERDICT_NONSENSE);
    /* Somebody else's lease. */
    for (int i = 0; i < MAX_WORKERS; i++)
        if (&m->workers[i] != w && m->workers[i].held_count > 0) {
            task = m->workers[i].held[0].task;
            cr_assert_eq(fr_schedule_accept(m->schedule, w->handle, &task, &issued_ns),
                         FR_VERDICT_NONSENSE);
        }
    /* Its own, of other rows; once somebody finished the band this may count as late. */
    if (w->held_count > 0 && !m->accepted[w->held[0].task.first_row]) {
        task = w->held[0].task;
        task.rows += 1;
        cr_assert_eq(fr_schedule_accept(m->schedule, w->handle, &task, &issued_ns),
                     FR_VERDICT_NONSENSE);
    }
}

static void join(struct model *m, struct model_worker *w)
{
    w->credits = 1 + draw(m, MAX_HELD);
    w->held_count = 0;
    w->stopped = false;
    w->handle = fr_schedule_join(m->schedule, w->credits, 1 + draw(m, 4));
    cr_assert_not_null(w->handle);
}

static void leave(struct model *m, struct model_worker *w)
{
    fr_schedule_leave(m->schedule, w->handle);
    w->handle = NULL;
    w->held_count = 0;
}

static void pass_time(struct model *m, uint64_t ns)
{
    m->now_ns += ns;
    uint32_t expected = 0;
    for (int i = 0; i < MAX_WORKERS; i++)
        for (uint32_t k = 0; k < m->workers[i].held_count; k++) {
            struct held *h = &m->workers[i].held[k];
            if (!h->expired && m->now_ns - h->issued_ns >= m->args.lease_ns) {
                h->expired = true;
                expected++;
            }
        }
    cr_assert_eq(fr_schedule_expire(m->schedule, m->now_ns), expected);
    cr_assert_gt(fr_schedule_deadline_ns(m->schedule), m->now_ns);
}

static void write_rows(struct model *m, bool all)
{
    while (m->base < m->args.rows && m->accepted[m->base] && (all || draw(m, 4)))
        m->base++;
    fr_schedule_written(m->schedule, m->base);
}

static void step(struct model *m)
{
    struct model_worker *w = &m->workers[draw(m, MAX_WORKERS)];
    if (!w->handle) {
        if (draw(m, 3) == 0)
            join(m, w);
        return;
    }
    switch (draw(m, 16)) {
    case 0:
        leave(m, w);
        break;
    case 1:
        w->stopped = !w->stopped;
        break;
    case 2:
        nonsense(m, w);
        break;
    case 3:
        pass_time(m, draw(m, 150));
        break;
    case 4:
    case 5:
        write_rows(m, false);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
        if (w->held_count > 0 && !w->stopped)
            answer(m, w, draw(m, w->held_count));
        break;
    default:
        ask(m, w);
        break;
    }
}

/* One worker lives and answers, the others hold what they hold: it must come to an end. */
static void finish(struct model *m)
{
    for (int i = 1; i < MAX_WORKERS; i++)
        m->workers[i].stopped = true;
    struct model_worker *w = &m->workers[0];
    if (!w->handle)
        join(m, w);
    for (uint32_t round = 0; !fr_schedule_done(m->schedule); round++) {
        cr_assert_lt(round, 20 * MAX_ROWS, "does not end");
        while (w->held_count > 0)
            answer(m, w, 0);
        write_rows(m, true);
        pass_time(m, 30);
        /* The leader pushes: a stopped worker is given work like any other. */
        for (int i = 0; i < MAX_WORKERS; i++)
            while (m->workers[i].handle && ask(m, &m->workers[i]))
                ;
    }
    for (uint32_t row = 0; row < m->args.rows; row++)
        cr_assert_eq(m->accepted[row], 1);
    cr_assert_eq(fr_schedule_accepted_rows(m->schedule), m->args.rows);
}

static void sequence(uint64_t seed)
{
    struct model m = {.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1, .now_ns = 1000};
    for (int i = 0; i < 4; i++)
        draw(&m, 2);
    m.args.rows = 1 + draw(&m, MAX_ROWS);
    m.args.rows_per_task = 1 + draw(&m, 6);
    m.args.max_rows_per_task = m.args.rows_per_task + draw(&m, 10);
    m.args.window_rows = m.args.rows_per_task + draw(&m, MAX_ROWS);
    m.args.lease_ns = 50 + draw(&m, 200);
    m.args.tail_copies = draw(&m, 3);
    m.args.policy = (enum fr_policy)draw(&m, 3);
    cr_assert_eq(fr_schedule_new(&m.args, &m.schedule), FR_OK);
    uint32_t steps = draw(&m, 160);
    for (uint32_t i = 0; i < steps; i++)
        step(&m);
    finish(&m);
    fr_schedule_free(m.schedule);
}

Test(schedule, random_sequences)
{
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++)
        sequence(seed);
}
