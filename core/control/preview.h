/* SPDX-License-Identifier: MIT
 * preview.h - a small picture of the job as it grows, for who watches. The leader's loop writes,
 * any thread reads; nobody holds the lock for longer than it takes to copy a line. */
#ifndef FR_CONTROL_PREVIEW_H
#define FR_CONTROL_PREVIEW_H
#include "leader/desk.h"

#include <pthread.h>

enum { FR_PREVIEW_COLUMNS = 1024, FR_PREVIEW_LINES = 768 };

struct fr_preview_head {
    uint32_t job;            /* 0: none yet                                    */
    uint32_t width, height;  /* of the image                                   */
    uint32_t step;           /* pixels of the image from one of ours to the next, both ways */
    uint32_t columns, lines; /* ours                                           */
    uint32_t count;          /* lines that are there                           */
};

struct fr_preview_line {
    uint32_t line, worker;
    uint8_t rgb[FR_PREVIEW_COLUMNS * 3];
};

struct fr_preview {
    pthread_mutex_t lock;
    struct fr_preview_head head;
    uint8_t *rgb;                     /* columns * 3 a line                  */
    uint32_t owner[FR_PREVIEW_LINES]; /* worker's number, 0: not there       */
    uint16_t order[FR_PREVIEW_LINES]; /* lines as they came                  */
};

bool fr_preview_init(struct fr_preview *preview); /* false: no memory */
void fr_preview_clear(struct fr_preview *preview);
void fr_preview_begin(struct fr_preview *preview, uint32_t id, const struct fr_job *job);
/* Copies the sampled pixels of the sampled rows, if there are any among these. */
void fr_preview_take(struct fr_preview *preview, const struct fr_desk_result *result);

struct fr_preview_head fr_preview_look(struct fr_preview *preview);
/* The nth line that came, of this job; false: not there (yet). */
bool fr_preview_line(struct fr_preview *preview, uint32_t job, uint32_t nth,
                     struct fr_preview_line *line_p);
/* All of it as a PNG, lines that are not there in grey. NULL: no memory, or no job. */
uint8_t *fr_preview_png(struct fr_preview *preview, size_t *len_p);
#endif
