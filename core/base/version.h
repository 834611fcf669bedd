/* SPDX-License-Identifier: MIT */
#ifndef FR_BASE_VERSION_H
#define FR_BASE_VERSION_H
extern const char fr_version[]; /* "0.1.0" */
#endif
