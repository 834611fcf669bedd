/* SPDX-License-Identifier: MIT */
#include "experiment/format.h"

#include <math.h>
#include <stdio.h>

static const char *put(struct fr_text *text, double value, int decimals, const char *unit)
{
    if (isfinite(value))
        snprintf(text->buf, sizeof(text->buf), "%.*f%s", decimals, value, unit);
    else
        snprintf(text->buf, sizeof(text->buf), "-");
    return text->buf;
}

/* After the point, so that there are as many significant digits. */
static int decimals_for(double value, int digits)
{
    int before = value == 0 ? 1 : (int)floor(log10(fabs(value))) + 1;
    return digits > before ? digits - before : 0;
}

const char *fr_format_number(double value, int digits, struct fr_text *text)
{
    return put(text, value, isfinite(value) ? decimals_for(value, digits) : 0, "");
}

const char *fr_format_seconds(double s, struct fr_text *text)
{
    double value = s;
    const char *unit = " s";
    if (fabs(s) < 1e-3) {
        value = s * 1e6;
        unit = " us";
    } else if (fabs(s) < 1) {
        value = s * 1e3;
        unit = " ms";
    }
    return put(text, value, isfinite(value) ? decimals_for(value, 3) : 0, unit);
}

const char *fr_format_bytes(double bytes, struct fr_text *text)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    size_t i = 0;
    while (bytes >= 1024 && i + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1024;
        i++;
    }
    return put(text, bytes, i && isfinite(bytes) ? decimals_for(bytes, 3) : 0, units[i]);
}

const char *fr_format_percent(double share, struct fr_text *text)
{
    return put(text, share * 100, 1, " %");
}

const char *fr_format_count(double count, struct fr_text *text)
{
    return put(text, count, 0, "");
}
