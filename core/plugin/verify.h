/* SPDX-License-Identifier: MIT
 * verify.h - is this a plugin we can use? For load.c and scan.c. */
#ifndef FR_PLUGIN_VERIFY_H
#define FR_PLUGIN_VERIFY_H
#include "plugin/plugin.h"

/* Opens `file` and checks all that can be checked without running its code. kind FR_KIND_INVALID:
 * any. FR_EINVAL, with a message that names the file. */
fr_status fr_plugin_open(const char *file, enum fr_kind kind, struct fr_loaded *loaded_p,
                         struct fr_error *err);
#endif
