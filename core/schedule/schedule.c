/* SPDX-License-Identifier: MIT */
#include "schedule/schedule.h"

#include "schedule/bands.h"

#include <stdlib.h>

struct lease {
    uint64_t id, band, issued_ns;
    bool expired;
};

struct fr_schedule_worker {
    struct fr_schedule_worker *prev, *next; /* a ring, in order of joining */
    uint32_t credits, threads;
    uint32_t held;         /* entries of leases, oldest first */
    uint32_t expired;      /* of them: it is stalled, until it answers for all of these */
    struct lease leases[]; /* credits of them                 */
};

struct fr_schedule {
    struct fr_schedule_args args;
    struct fr_bands bands;
    struct fr_schedule_worker *workers; /* any of the ring; NULL: none                          */
    struct fr_schedule_worker *turn;    /* static: whose the next band is                       */
    uint32_t worker_count, thread_count;
    uint32_t next_row; /* the first that is in no band                         */
    uint32_t base_row; /* the oldest unwritten                                 */
    uint32_t accepted_rows;
    uint32_t waiting; /* bands neither done nor under a living lease          */
    uint64_t lease_seq;
    uint64_t oldest_ns; /* no living lease is older; UINT64_MAX: there is none  */
    struct fr_schedule_counts counts;
};

fr_status fr_schedule_new(const struct fr_schedule_args *args, struct fr_schedule **schedule_p)
{
    if (args->rows == 0 || args->rows_per_task == 0 || args->lease_ns == 0 ||
        args->window_rows < args->rows_per_task || args->max_rows_per_task < args->rows_per_task)
        return FR_EINVAL;
    struct fr_schedule *s = calloc(1, sizeof(*s));
    if (!s)
        return FR_ENOMEM;
    s->args = *args;
    s->oldest_ns = UINT64_MAX;
    *schedule_p = s;
    return FR_OK;
}

void fr_schedule_free(struct fr_schedule *s)
{
    if (!s)
        return;
    while (s->workers)
        fr_schedule_leave(s, s->workers);
    fr_bands_clear(&s->bands);
    free(s);
}

struct fr_schedule_worker *fr_schedule_join(struct fr_schedule *s, uint32_t credits,
                                            uint32_t threads)
{
    if (credits == 0)
        credits = 1;
    if (credits > FR_SCHEDULE_MAX_CREDITS)
        credits = FR_SCHEDULE_MAX_CREDITS;
    struct fr_schedule_worker *w = calloc(1, sizeof(*w) + credits * sizeof(w->leases[0]));
    if (!w)
        return NULL;
    w->credits = credits;
    w->threads = threads ? threads : 1;
    if (s->workers) {
        w->next = s->workers;
        w->prev = s->workers->prev;
        w->prev->next = w->next->prev = w;
    } else {
        s->workers = s->turn = w->prev = w->next = w;
    }
    s->worker_count++;
    s->thread_count += w->threads;
    return w;
}

/* The band lost a living lease, by time-out or departure. */
static void release(struct fr_schedule *s, uint64_t seq)
{
    struct fr_band *band = fr_bands_at(&s->bands, seq);
    if (!band || band->done)
        return;
    if (--band->leases == 0) {
        band->owner = NULL; /* its owner had its chance */
        s->waiting++;
    }
}

void fr_schedule_leave(struct fr_schedule *s, struct fr_schedule_worker *w)
{
    for (uint32_t i = 0; i < w->held; i++) {
        if (!w->leases[i].expired) {
            s->counts.returned++;
            release(s, w->leases[i].band);
        }
    }
    if (s->args.policy == FR_POLICY_STATIC) {
        for (uint64_t seq = s->bands.front; seq < s->bands.back; seq++) {
            struct fr_band *band = fr_bands_at(&s->bands, seq);
            if (band->owner == w)
                band->owner = NULL;
        }
    }
    s->worker_count--;
    s->thread_count -= w->threads;
    struct fr_schedule_worker *next = w->next == w ? NULL : w->next;
    if (s->workers == w)
        s->workers = next;
    if (s->turn == w)
        s->turn = next;
    w->prev->next = w->next;
    w->next->prev = w->prev;
    free(w);
}

/* ------------------------------------------------------------------ policies */

/* Rows of the next band to be cut, before the window's limit. */
static uint32_t fixed_rows(const struct fr_schedule *s)
{
    return s->args.rows_per_task;
}

static uint32_t guided_rows(const struct fr_schedule *s)
{
    uint32_t rest = s->args.rows - s->next_row;
    uint32_t rows = rest / (2 * s->thread_count) + 1;
    if (rows < s->args.rows_per_task)
        return s->args.rows_per_task;
    return rows < s->args.max_rows_per_task ? rows : s->args.max_rows_per_task;
}

/* Whose the band is that was just cut; NULL: anyone's. */
static struct fr_schedule_worker *to_anyone(struct fr_schedule *s)
{
    (void)s;
    return NULL;
}

static struct fr_schedule_worker *to_next_in_turn(struct fr_schedule *s)
{
    for (uint32_t n = 0; n < s->worker_count; n++) {
        struct fr_schedule_worker *w = s->turn;
        s->turn = w->next;
        if (w->expired == 0)
            return w;
    }
    return NULL;
}

static const struct policy {
    uint32_t (*rows)(const struct fr_schedule *s);
    struct fr_schedule_worker *(*deal)(struct fr_schedule *s);
    bool taper; /* near the end, hold back credits so that nobody sits on a queue */
} policies[] = {
    [FR_POLICY_DYNAMIC] = {fixed_rows, to_anyone, true},
    [FR_POLICY_STATIC] = {fixed_rows, to_next_in_turn, false},
    [FR_POLICY_GUIDED] = {guided_rows, to_anyone, true},
};

/* Cuts the next band off the image; false: the image or the window is at its end. */
static bool cut(struct fr_schedule *s)
{
    const struct policy *policy = &policies[s->args.policy];
    uint32_t rest = s->args.rows - s->next_row;
    if (rest == 0)
        return false;
    uint32_t rows = policy->rows(s);
    if (rows > rest)
        rows = rest;
    uint32_t ahead = s->next_row - s->base_row;
    uint32_t room = ahead < s->args.window_rows ? s->args.window_rows - ahead : 0;
    if (rows > room) {
        /* A full-size band waits for the window; one that was to be larger than asked shrinks. */
        if (room < s->args.rows_per_task || rows == s->args.rows_per_task)
            return false;
        rows = room;
    }
    struct fr_band band = {.first_row = s->next_row, .rows = rows, .owner = policy->deal(s)};
    if (!fr_bands_push(&s->bands, band))
        return false; /* out of memory: like a full window, it gets better as bands are done */
    s->next_row += rows;
    s->waiting++;
    return true;
}

/* How many leases the worker may hold now. */
static uint32_t allowance(const struct fr_schedule *s, const struct fr_schedule_worker *w)
{
    if (!policies[s->args.policy].taper)
        return w->credits;
    uint64_t bands = (s->args.rows - s->next_row) / s->args.rows_per_task + s->waiting;
    uint64_t share = bands / (2 * (uint64_t)s->worker_count) + 1;
    uint64_t least = (uint64_t)w->threads + 1;
    if (share < least)
        share = least;
    return share < w->credits ? (uint32_t)share : w->credits;
}

/* ------------------------------------------------------------------- leasing */

static void grant(struct fr_schedule *s, struct fr_schedule_worker *w, uint64_t seq,
                  uint64_t now_ns, struct fr_task *task_p)
{
    struct fr_band *band = fr_bands_at(&s->bands, seq);
    band->leases++;
    uint64_t id = ++s->lease_seq;
    w->leases[w->held++] = (struct lease){.id = id, .band = seq, .issued_ns = now_ns};
    if (now_ns < s->oldest_ns)
        s->oldest_ns = now_ns;
    s->counts.leases++;
    *task_p = (struct fr_task){.lease = id, .first_row = band->first_row, .rows = band->rows};
}

static bool holds(const struct fr_schedule_worker *w, uint64_t seq)
{
    for (uint32_t i = 0; i < w->held; i++)
        if (w->leases[i].band == seq)
            return true;
    return false;
}

/* A stalled owner's bands are anyone's, or the window would wait for it. */
static bool may_take(const struct fr_band *band, const struct fr_schedule_worker *w)
{
    return !band->owner || band->owner == w || band->owner->expired > 0;
}

/* The oldest band that waits and is this worker's to take. */
static bool find_waiting(const struct fr_schedule *s, const struct fr_schedule_worker *w,
                         uint64_t *seq_p)
{
    uint32_t left = s->waiting;
    for (uint64_t seq = s->bands.front; left > 0 && seq < s->bands.back; seq++) {
        const struct fr_band *band = fr_bands_at(&s->bands, seq);
        if (band->done || band->leases > 0)
            continue;
        left--;
        /* Not one that timed out here: this worker still owes it. */
        if (!may_take(band, w) || holds(w, seq))
            continue;
        *seq_p = seq;
        return true;
    }
    return false;
}

static bool find_to_copy(const struct fr_schedule *s, const struct fr_schedule_worker *w,
                         uint64_t *seq_p)
{
    for (uint64_t seq = s->bands.front; seq < s->bands.back; seq++) {
        const struct fr_band *band = fr_bands_at(&s->bands, seq);
        if (band->done || band->leases == 0 || band->leases > s->args.tail_copies || holds(w, seq))
            continue;
        *seq_p = seq;
        return true;
    }
    return false;
}

bool fr_schedule_next(struct fr_schedule *s, struct fr_schedule_worker *w, uint64_t now_ns,
                      struct fr_task *task_p)
{
    if (w->held >= w->credits || w->held >= allowance(s, w))
        return false;
    uint64_t seq;
    bool found = find_waiting(s, w, &seq);
    while (!found && cut(s)) {
        seq = s->bands.back - 1;
        found = may_take(fr_bands_at(&s->bands, seq), w);
    }
    if (found) {
        s->waiting--;
        grant(s, w, seq, now_ns, task_p);
        return true;
    }
    if (w->held == 0 && find_to_copy(s, w, &seq)) {
        s->counts.copies++;
        grant(s, w, seq, now_ns, task_p);
        return true;
    }
    return false;
}

/* Its place among the worker's leases; held: there is none. */
static uint32_t find_lease(const struct fr_schedule_worker *w, uint64_t id)
{
    uint32_t i = 0;
    while (i < w->held && w->leases[i].id != id)
        i++;
    return i;
}

enum fr_verdict fr_schedule_judge(const struct fr_schedule *s, const struct fr_schedule_worker *w,
                                  const struct fr_task *task)
{
    uint32_t i = find_lease(w, task->lease);
    if (i == w->held)
        return FR_VERDICT_NONSENSE;
    const struct fr_band *band = fr_bands_at(&s->bands, w->leases[i].band);
    if (band && (band->first_row != task->first_row || band->rows != task->rows))
        return FR_VERDICT_NONSENSE;
    return band && !band->done ? FR_VERDICT_ACCEPTED : FR_VERDICT_LATE;
}

enum fr_verdict fr_schedule_accept(struct fr_schedule *s, struct fr_schedule_worker *w,
                                   const struct fr_task *task, uint64_t *issued_ns_p)
{
    enum fr_verdict verdict = fr_schedule_judge(s, w, task);
    if (verdict == FR_VERDICT_NONSENSE)
        return verdict;
    uint32_t i = find_lease(w, task->lease);
    struct lease lease = w->leases[i];
    for (w->held--; i < w->held; i++)
        w->leases[i] = w->leases[i + 1];
    if (lease.expired)
        w->expired--;
    *issued_ns_p = lease.issued_ns;
    if (verdict == FR_VERDICT_LATE) {
        s->counts.late++;
        return verdict;
    }
    struct fr_band *band = fr_bands_at(&s->bands, lease.band);
    if (band->leases == 0) /* all timed out, and this one came after all */
        s->waiting--;
    band->done = true;
    s->accepted_rows += band->rows;
    s->counts.accepted++;
    fr_bands_trim(&s->bands);
    return verdict;
}

void fr_schedule_written(struct fr_schedule *s, uint32_t base_row)
{
    if (base_row > s->base_row)
        s->base_row = base_row;
}

uint32_t fr_schedule_expire(struct fr_schedule *s, uint64_t now_ns)
{
    if (now_ns < fr_schedule_deadline_ns(s))
        return 0;
    uint32_t expired = 0;
    uint64_t oldest_ns = UINT64_MAX;
    struct fr_schedule_worker *w = s->workers;
    for (uint32_t n = 0; n < s->worker_count; n++, w = w->next) {
        for (uint32_t i = 0; i < w->held; i++) {
            struct lease *lease = &w->leases[i];
            if (lease->expired)
                continue;
            if (now_ns - lease->issued_ns >= s->args.lease_ns) {
                lease->expired = true;
                w->expired++;
                expired++;
                release(s, lease->band);
            } else if (lease->issued_ns < oldest_ns) {
                oldest_ns = lease->issued_ns;
            }
        }
    }
    s->oldest_ns = oldest_ns;
    s->counts.expired += expired;
    return expired;
}

uint64_t fr_schedule_deadline_ns(const struct fr_schedule *s)
{
    if (s->oldest_ns > UINT64_MAX - s->args.lease_ns)
        return UINT64_MAX;
    return s->oldest_ns + s->args.lease_ns;
}

bool fr_schedule_done(const struct fr_schedule *s)
{
    return s->accepted_rows == s->args.rows;
}

uint32_t fr_schedule_accepted_rows(const struct fr_schedule *s)
{
    return s->accepted_rows;
}

uint32_t fr_schedule_outstanding(const struct fr_schedule_worker *w)
{
    return w->held;
}

struct fr_schedule_counts fr_schedule_counts(const struct fr_schedule *s)
{
    return s->counts;
}
