/* SPDX-License-Identifier: MIT
 * Every kernel gives the very bits of the scalar one. */
#include "kernel/kernel.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { MOST = 333 };

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double unit(void)
{
    return (double)(draw() >> 11) / 9007199254740992.0;
}

struct result {
    double zx[MOST], zy[MOST];
    int32_t it[MOST];
};

static void compute(const struct fr_kernel *k, const double *cx, double cy, size_t n,
                    uint32_t iters, struct result *r)
{
    memset(r, 0x55, sizeof(*r));
    k->row(cx, cy, n, iters, r->zx, r->zy, r->it);
}

/* NaNs may differ in their bits: what made them is not ordered. */
static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

static void check(const double *cx, double cy, size_t n, uint32_t iters)
{
    const struct fr_kernel *scalar;
    cr_assert_eq(fr_kernel_find("scalar", &scalar, NULL), FR_OK);
    static struct result want, have;
    compute(scalar, cx, cy, n, iters, &want);
    for (const struct fr_kernel *const *k = fr_kernels(); *k; k++) {
        if (!(*k)->available())
            continue;
        compute(*k, cx, cy, n, iters, &have);
        for (size_t i = 0; i < n; i++)
            cr_assert(want.it[i] == have.it[i] && same(want.zx[i], have.zx[i]) &&
                          same(want.zy[i], have.zy[i]),
                      "%s: c = %a%+ai, %u iterations, point %zu of %zu: %d %a %a, not %d %a %a",
                      (*k)->name, cx[i], cy, iters, i, n, have.it[i], have.zx[i], have.zy[i],
                      want.it[i], want.zx[i], want.zy[i]);
        for (size_t i = n; i < MOST; i++)
            cr_assert_eq(have.it[i], 0x55555555, "%s wrote past the row", (*k)->name);
    }
}

Test(kernel, random_views)
{
    double cx[MOST];
    for (int round = 0; round < 3000; round++) {
        size_t n = 1 + draw() % MOST;
        double span = pow(10, -12 * unit()) * 4, x = 3 * unit() - 2, y = 2.6 * unit() - 1.3;
        for (size_t i = 0; i < n; i++)
            cx[i] = x + span * (unit() - 0.5);
        check(cx, y, n, 1 + (uint32_t)(draw() % 400));
    }
}

Test(kernel, grid_of_the_whole_set)
{
    double cx[MOST];
    for (int row = -20; row <= 20; row++) {
        for (size_t i = 0; i < MOST; i++)
            cx[i] = -2.2 + 3.2 * (double)i / (MOST - 1);
        check(cx, row / 16.0, MOST, 1000);
    }
}

Test(kernel, special_points)
{
    const double values[] = {0.0,
                             -0.0,
                             1,
                             -1,
                             2,
                             -2,
                             0.25,
                             -0.75,
                             -1.25,
                             -1.75,
                             NAN,
                             -NAN,
                             INFINITY,
                             -INFINITY,
                             1e308,
                             -1e308,
                             1e154,
                             1e-308,
                             4.9e-324,
                             2.0000000000000004,
                             -2.0000000000000004,
                             1.9999999999999998,
                             -1.9999999999999998,
                             1e16};
    enum { COUNT = sizeof(values) / sizeof(values[0]) };
    for (size_t y = 0; y < COUNT; y++)
        for (uint32_t iters = 1; iters < 40; iters++)
            check(values, values[y], COUNT, iters);
    for (size_t y = 0; y < COUNT; y++)
        check(values, values[y], COUNT, 5000);
}

Test(kernel, every_length_and_few_iterations)
{
    double cx[MOST];
    for (size_t n = 0; n < 100; n++) {
        for (size_t i = 0; i < n; i++)
            cx[i] = 3 * unit() - 2;
        for (uint32_t iters = 1; iters < 20; iters++)
            check(cx, unit(), n, iters);
    }
}

/* Orbits that graze the circle of radius 2, where rounding could decide. */
Test(kernel, near_the_limit)
{
    double cx[MOST];
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < MOST; i++) {
            cx[i] = -2;
            for (uint64_t ulps = draw() % 8; ulps > 0; ulps--)
                cx[i] = nextafter(cx[i], draw() % 2 ? 0 : -4);
        }
        check(cx, round % 2 ? 0 : pow(10, -20 * unit()), MOST, 200);
    }
}

Test(kernel, unknown_name_says_what_there_is)
{
    const struct fr_kernel *k;
    struct fr_error err = {0};
    cr_assert_eq(fr_kernel_find("sse9", &k, &err), FR_EINVAL);
    cr_assert(strstr(err.text, "scalar"), "%s", err.text);
    cr_assert_eq(fr_kernel_find("auto", &k, NULL), FR_OK);
    cr_assert(k->available());
}
