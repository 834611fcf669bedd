/* SPDX-License-Identifier: MIT
 * The order of runs: every cell once a round, drawn anew, and the same again from the same seed. */
#include "experiment/rng.h"
#include "experiment/trial.h"

#include <criterion/criterion.h>
#include <string.h>

enum { CELLS = 5, ROUNDS = 5000 };

Test(experiment_order, every_round_has_every_cell_once)
{
    for (uint32_t round = 0; round < 100; round++) {
        uint32_t order[CELLS], again[CELLS], seen = 0;
        fr_trial_order(3, round, order, CELLS);
        fr_trial_order(3, round, again, CELLS);
        cr_assert_eq(memcmp(order, again, sizeof(order)), 0);
        for (int i = 0; i < CELLS; i++)
            seen |= 1u << order[i];
        cr_assert_eq(seen, (1u << CELLS) - 1);
    }
}

/* Of so many rounds each cell stands at each place in about a fifth: within five deviations. */
Test(experiment_order, no_cell_is_favoured)
{
    int at[CELLS][CELLS] = {{0}};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t order[CELLS];
        fr_trial_order(99, round, order, CELLS);
        for (int i = 0; i < CELLS; i++)
            at[i][order[i]]++;
    }
    for (int i = 0; i < CELLS; i++)
        for (int c = 0; c < CELLS; c++)
            cr_assert(at[i][c] > 860 && at[i][c] < 1140, "place %d, cell %d: %d", i, c, at[i][c]);
}

Test(experiment_order, seeds_differ)
{
    uint32_t a[64], b[64];
    fr_trial_order(1, 0, a, 64);
    fr_trial_order(2, 0, b, 64);
    cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
    struct fr_rng rng = fr_rng_new(0); /* 0 is a seed like any other */
    cr_assert_neq(fr_rng_next(&rng), fr_rng_next(&rng));
}

Test(experiment_order, numbers_below_stay_below_and_reach_all)
{
    struct fr_rng rng = fr_rng_new(5);
    int seen[7] = {0};
    for (int i = 0; i < 7000; i++)
        seen[fr_rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)
        cr_assert(seen[i] > 850 && seen[i] < 1150, "%d: %d", i, seen[i]);
    cr_assert_eq(fr_rng_below(&rng, 1), 0);
}
