/* SPDX-License-Identifier: MIT */
#include "kernel/kernel.h"

#include "kernel/kernels.h"

#include <stdio.h>
#include <string.h>

static const struct fr_kernel *const kernels[] = {
#if defined(__x86_64__)
    &fr_kernel_avx512, &fr_kernel_avx2,
#elif defined(__aarch64__)
    &fr_kernel_neon,
#endif
    &fr_kernel_scalar, NULL};

const struct fr_kernel *const *fr_kernels(void)
{
    return kernels;
}

fr_status fr_kernel_find(const char *name, const struct fr_kernel **kernel_p, struct fr_error *err)
{
    bool any = strcmp(name, "auto") == 0;
    char valid[128] = "auto";
    for (const struct fr_kernel *const *k = kernels; *k; k++) {
        bool named = strcmp(name, (*k)->name) == 0;
        if (named && !(*k)->available())
            return fr_fail(err, FR_ENOTSUP,
                           "[worker] kernel: this processor cannot run %s (auto takes the best it "
                           "can)",
                           name);
        if (named || (any && (*k)->available())) {
            *kernel_p = *k;
            return FR_OK;
        }
        size_t len = strlen(valid);
        snprintf(valid + len, sizeof(valid) - len, ", %s", (*k)->name);
    }
    return fr_fail(err, FR_EINVAL, "[worker] kernel: there is no \"%s\" (valid: %s)", name, valid);
}
