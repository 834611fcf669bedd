/* SPDX-License-Identifier: MIT */
#include "control/tally.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
const uint64_t fr_board_bounds_ns[FR_BOARD_BOUNDS] = {
    50 * US,   100 * US,  200 * US,   500 * US,   1 * MS,     2 * MS,    5 * MS,
    10 * MS,   20 * MS,   50 * MS,    100 * MS,   200 * MS,   500 * MS,  1000 * MS,
    2000 * MS, 5000 * MS, 10000 * MS, 20000 * MS, 30000 * MS, 60000 * MS};

struct fr_mark {
    uint32_t number;
    uint64_t pixels, ns;
    double rate;
};

enum { RATE_MS = 1000 };

static void count_span(struct fr_board_span *span, uint64_t ns)
{
    unsigned i = 0;
    while (i < FR_BOARD_BOUNDS && ns > fr_board_bounds_ns[i])
        i++;
    span->counts[i]++;
    span->count++;
    span->sum_ns += ns;
}

void fr_tally_result(struct fr_tally *t, const struct fr_desk_result *result, uint32_t width)
{
    t->live.rows += result->rows;
    t->live.pixels += (uint64_t)result->rows * width;
    t->live.tasks++;
    count_span(&t->live.round_trip, result->round_trip_ns);
    count_span(&t->live.network, result->network_ns);
    count_span(&t->live.compute, result->compute_ns);
}

void fr_tally_schedule(struct fr_tally *t, const struct fr_schedule_counts *now)
{
    t->live.late += now->late - t->counted.late;
    t->live.expired += now->expired - t->counted.expired;
    t->live.copies += now->copies - t->counted.copies;
    t->live.returned += now->returned - t->counted.returned;
    t->counted = *now;
}

/* Workers keep their order, and new ones stand at the end: so do their marks. */
double fr_tally_rate(struct fr_tally *t, size_t *at, uint32_t number, uint64_t pixels,
                     uint64_t now_ns)
{
    while (*at < t->mark_count && t->marks[*at].number != number) {
        memmove(&t->marks[*at], &t->marks[*at + 1],
                (t->mark_count - *at - 1) * sizeof(*t->marks)); /* it has gone */
        t->mark_count--;
    }
    if (*at == t->mark_count) {
        if (t->mark_count == t->mark_cap) {
            size_t cap = t->mark_cap ? 2 * t->mark_cap : 16;
            struct fr_mark *marks = realloc(t->marks, cap * sizeof(*marks));
            if (!marks)
                return 0;
            t->marks = marks;
            t->mark_cap = cap;
        }
        t->marks[t->mark_count++] = (struct fr_mark){number, pixels, now_ns, 0};
    }
    struct fr_mark *m = &t->marks[(*at)++];
    uint64_t gone_ns = now_ns - m->ns;
    if (gone_ns >= RATE_MS * FR_NS_PER_MS) {
        m->rate = (double)(pixels - m->pixels) * 1e9 / (double)gone_ns;
        m->pixels = pixels;
        m->ns = now_ns;
    }
    return m->rate;
}

void fr_tally_clear(struct fr_tally *t)
{
    free(t->marks);
}
