/* SPDX-License-Identifier: MIT */
#include "base/status.h"

const char *fr_status_name(fr_status st)
{
    switch (st) {
#define X(name, val, text)                                                                         \
    case FR_##name:                                                                                \
        return "FR_" #name;
        FR_STATUS_LIST(X)
#undef X
    }
    return "FR_UNKNOWN";
}

const char *fr_status_text(fr_status st)
{
    switch (st) {
#define X(name, val, text)                                                                         \
    case FR_##name:                                                                                \
        return text;
        FR_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}
