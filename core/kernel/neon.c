/* SPDX-License-Identifier: MIT */
#if defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
#define VEC               float64x2_t
#define LANES             2
#define GROUP             6
#define v_set1(a)         vdupq_n_f64(a)
#define v_load(p)         vld1q_f64(p)
#define v_store(p, a)     vst1q_f64(p, a)
#define v_add(a, b)       vaddq_f64(a, b)
#define v_sub(a, b)       vsubq_f64(a, b)
#define v_mul(a, b)       vmulq_f64(a, b)
#define MASK              uint64x2_t
#define m_bits(m)         ((unsigned)((vgetq_lane_u64(m, 0) & 1) | (vgetq_lane_u64(m, 1) & 2)))
#define v_gt(a, b)        vcgtq_f64(a, b)
#define v_not_le(a, b)    vreinterpretq_u64_u32(vmvnq_u32(vreinterpretq_u32_u64(vcleq_f64(a, b))))
#define m_and_not(a, b)   vbicq_u64(a, b)
#define v_select(m, a, b) vbslq_f64(m, a, b)
#define m_from_bits(bits) vtstq_u64(vdupq_n_u64(bits), vcombine_u64(vcreate_u64(1), vcreate_u64(2)))

#include "kernel/lanes.h"

static bool available(void)
{
    return true; /* every AArch64 processor has it */
}

const struct fr_kernel fr_kernel_neon = {.name = "neon", .available = available, .row = row};
#else
typedef int fr_kernel_neon_is_for_aarch64;
#endif
