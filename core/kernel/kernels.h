/* SPDX-License-Identifier: MIT
 * kernels.h - the kernels that this build has; for kernel.c. */
#ifndef FR_KERNEL_KERNELS_H
#define FR_KERNEL_KERNELS_H
#include "kernel/kernel.h"

extern const struct fr_kernel fr_kernel_scalar;
#if defined(__x86_64__)
extern const struct fr_kernel fr_kernel_avx2, fr_kernel_avx512;
#elif defined(__aarch64__)
extern const struct fr_kernel fr_kernel_neon;
#endif
#endif
