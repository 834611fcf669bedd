/* SPDX-License-Identifier: MIT */
#include "leader/progress.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BAR_MS = 100,      /* between two looks of the bar           */
    LINE_MS = 1000,    /* between two lines, elsewhere           */
    LINE_PERCENT = 10, /* that a line must have gained           */
    MAX_COLUMNS = 200,
};

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < MAX_COLUMNS ? size.ws_col : MAX_COLUMNS;
}

static void format_eta(char *to, size_t cap, double seconds)
{
    if (seconds < 0 || seconds > 359999)
        snprintf(to, cap, "--:--");
    else if (seconds >= 3600)
        snprintf(to, cap, "%d:%02d:%02d", (int)seconds / 3600, (int)seconds / 60 % 60,
                 (int)seconds % 60);
    else
        snprintf(to, cap, "%02d:%02d", (int)seconds / 60, (int)seconds % 60);
}

void fr_progress_show(struct fr_progress *p, const struct fr_progress_now *now)
{
    bool terminal = isatty(STDERR_FILENO);
    uint64_t pause_ms = terminal ? BAR_MS : LINE_MS;
    if (!fr_log_enabled(FR_LOG_INFO) || now->now_ns - p->shown_ns < pause_ms * FR_NS_PER_MS)
        return;
    /* The image is done when it is written: both halves of the way count. */
    double done = ((double)now->accepted_rows + now->written_rows) / (2.0 * p->height);
    uint32_t percent = (uint32_t)(100 * done);
    if (!terminal && percent < p->shown_percent + LINE_PERCENT)
        return;
    p->shown_ns = now->now_ns;
    p->shown_percent = percent;

    double seconds = (double)(now->now_ns - p->start_ns) / 1e9;
    double rate = seconds > 0 ? (double)now->accepted_rows * p->width / seconds / 1e6 : 0;
    char eta[32], tail[128];
    format_eta(eta, sizeof(eta), done > 0 ? seconds * (1 - done) / done : -1);
    int tail_len = snprintf(tail, sizeof(tail), " %3u%% %u/%u rows, %.1f Mpixel/s, %u worker%s, %s",
                            percent, now->accepted_rows, p->height, rate, now->workers,
                            now->workers == 1 ? "" : "s", eta);
    if (!terminal) {
        fr_log(FR_LOG_INFO, "%s left", tail + 1);
        return;
    }
    char line[MAX_COLUMNS + 160];
    int width = columns() - tail_len - 3;
    if (width < 8) {
        fr_log_status(tail + 1);
        return;
    }
    int filled = (int)(done * width);
    line[0] = '[';
    memset(line + 1, '#', (size_t)filled);
    memset(line + 1 + filled, '-', (size_t)(width - filled));
    snprintf(line + 1 + width, sizeof(line) - 1 - (size_t)width, "]%s", tail);
    fr_log_status(line);
}

void fr_progress_end(void)
{
    fr_log_status("");
}
