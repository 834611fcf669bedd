/* SPDX-License-Identifier: MIT
 * Quantiles against those of the sorted values themselves. */
#include "base/histogram.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t greatest = (UINT64_C(1) << FR_HISTOGRAM_BITS) - 1;
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* The least value that a share q of all is not above. */
static uint64_t plain_quantile(const uint64_t *sorted, size_t n, double q)
{
    size_t i = 0;
    while (i + 1 < n && (double)(i + 1) < q * (double)n)
        i++;
    return sorted[i];
}

static void check(uint64_t *values, size_t n)
{
    static const double shares[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    struct fr_histogram *h = fr_histogram_new();
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        fr_histogram_add(h, values[i]);
        sum += (double)values[i];
    }
    qsort(values, n, sizeof(*values), ascending);
    cr_assert(h->count == n && h->min == values[0] && h->max == values[n - 1]);
    cr_assert_lt(fabs(fr_histogram_mean(h) - sum / (double)n), 1e-9 * sum + 1e-9);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        uint64_t want = plain_quantile(values, n, shares[i]);
        uint64_t have = fr_histogram_quantile(h, shares[i]);
        cr_assert(fabs((double)have - (double)want) <= 0.001 * (double)want,
                  "%g of %zu: %llu, not %llu", shares[i], n, (unsigned long long)have,
                  (unsigned long long)want);
        cr_assert(have >= h->min && have <= h->max);
        cr_assert(want >= 2048 || have == want, "small values are exact");
    }
    free(h);
}

Test(histogram, quantiles_of_random_values)
{
    enum { MOST = 5000 };
    static uint64_t values[MOST];
    for (int round = 0; round < 300; round++) {
        size_t n = 1 + draw() % (round % 3 ? MOST : 20);
        unsigned bits = 1 + (unsigned)(draw() % FR_HISTOGRAM_BITS);
        for (size_t i = 0; i < n; i++) {
            uint64_t v = draw() >> (64 - bits);
            values[i] = round % 2 ? v : v >> (draw() % bits); /* all magnitudes alike */
        }
        check(values, n);
    }
}

/* Each border of a bucket, and what lies beside it. */
Test(histogram, one_value)
{
    for (unsigned bit = 0; bit < FR_HISTOGRAM_BITS; bit++)
        for (int beside = -2; beside <= 2; beside++) {
            uint64_t value = (UINT64_C(1) << bit) + (uint64_t)beside;
            if (value <= greatest)
                check(&value, 1);
        }
    uint64_t last = greatest;
    check(&last, 1);
}

Test(histogram, two_values_stay_apart)
{
    for (uint64_t a = 1000; a < greatest / 2; a = a * 3 / 2) {
        uint64_t pair[] = {a, a + a / 500};
        struct fr_histogram *h = fr_histogram_new();
        fr_histogram_add(h, pair[0]);
        fr_histogram_add(h, pair[1]);
        cr_assert_lt(fr_histogram_quantile(h, 0.5), pair[1]);
        cr_assert_eq(fr_histogram_quantile(h, 1), pair[1]);
        free(h);
    }
}

Test(histogram, extremes)
{
    struct fr_histogram *h = fr_histogram_new();
    cr_assert(fr_histogram_quantile(h, 0.5) == 0 && fr_histogram_quantile(h, 1) == 0);
    cr_assert(fr_histogram_mean(h) <= 0);
    fr_histogram_add(h, UINT64_MAX);
    cr_assert(h->max == greatest && fr_histogram_quantile(h, 0.5) == greatest);
    fr_histogram_add(h, 0);
    cr_assert(h->min == 0 && fr_histogram_quantile(h, 0.5) == 0);
    cr_assert_eq(fr_histogram_quantile(h, 0.51), greatest);
    free(h);
}
