/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET            __attribute__((target("avx512f")))
#define VEC               __m512d
#define LANES             8
#define GROUP             6
#define v_set1(a)         _mm512_set1_pd(a)
#define v_load(p)         _mm512_loadu_pd(p)
#define v_store(p, a)     _mm512_storeu_pd(p, a)
#define v_add(a, b)       _mm512_add_pd(a, b)
#define v_sub(a, b)       _mm512_sub_pd(a, b)
#define v_mul(a, b)       _mm512_mul_pd(a, b)
#define MASK              __mmask8
#define m_bits(m)         ((unsigned)(m))
#define v_gt(a, b)        _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ)
#define v_not_le(a, b)    _mm512_cmp_pd_mask(a, b, _CMP_NLE_UQ)
#define m_and_not(a, b)   ((__mmask8)((a) & ~(b)))
#define v_select(m, a, b) _mm512_mask_blend_pd(m, b, a)
#define m_from_bits(bits) ((__mmask8)(bits))

#include "kernel/lanes.h"

static bool available(void)
{
    return __builtin_cpu_supports("avx512f");
}

const struct fr_kernel fr_kernel_avx512 = {.name = "avx512", .available = available, .row = row};
#else
typedef int fr_kernel_avx512_is_for_x86;
#endif
