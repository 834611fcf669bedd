/* SPDX-License-Identifier: MIT */
#include "base/version.h"

const char fr_version[] = FRACTAL_VERSION;
