/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET            __attribute__((target("avx2")))
#define VEC               __m256d
#define LANES             4
#define GROUP             4
#define v_set1(a)         _mm256_set1_pd(a)
#define v_load(p)         _mm256_loadu_pd(p)
#define v_store(p, a)     _mm256_storeu_pd(p, a)
#define v_add(a, b)       _mm256_add_pd(a, b)
#define v_sub(a, b)       _mm256_sub_pd(a, b)
#define v_mul(a, b)       _mm256_mul_pd(a, b)
#define MASK              __m256d
#define m_bits(m)         ((unsigned)_mm256_movemask_pd(m))
#define v_gt(a, b)        _mm256_cmp_pd(a, b, _CMP_GT_OQ)
#define v_not_le(a, b)    _mm256_cmp_pd(a, b, _CMP_NLE_UQ)
#define m_and_not(a, b)   _mm256_andnot_pd(b, a)
#define v_select(m, a, b) _mm256_blendv_pd(b, a, m)
#define m_from_bits(bits)                                                                          \
    _mm256_castsi256_pd(_mm256_cmpgt_epi64(                                                        \
        _mm256_and_si256(_mm256_set1_epi64x((long long)(bits)), _mm256_setr_epi64x(1, 2, 4, 8)),   \
        _mm256_setzero_si256()))

#include "kernel/lanes.h"

static bool available(void)
{
    return __builtin_cpu_supports("avx2");
}

const struct fr_kernel fr_kernel_avx2 = {.name = "avx2", .available = available, .row = row};
#else
typedef int fr_kernel_avx2_is_for_x86;
#endif
