/* SPDX-License-Identifier: MIT */
#include "control/preview.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { GREY = 0x80 };

bool fr_preview_init(struct fr_preview *p)
{
    memset(p, 0, sizeof(*p));
    p->rgb = malloc((size_t)FR_PREVIEW_COLUMNS * FR_PREVIEW_LINES * 3);
    return p->rgb && pthread_mutex_init(&p->lock, NULL) == 0;
}

void fr_preview_clear(struct fr_preview *p)
{
    pthread_mutex_destroy(&p->lock);
    free(p->rgb);
}

static uint32_t steps(uint32_t side, uint32_t most)
{
    return (side + most - 1) / most;
}

void fr_preview_begin(struct fr_preview *p, uint32_t id, const struct fr_job *job)
{
    uint32_t across = steps(job->width, FR_PREVIEW_COLUMNS);
    uint32_t down = steps(job->height, FR_PREVIEW_LINES);
    uint32_t step = across > down ? across : down;
    pthread_mutex_lock(&p->lock);
    p->head = (struct fr_preview_head){.job = id,
                                       .width = job->width,
                                       .height = job->height,
                                       .step = step,
                                       .columns = steps(job->width, step),
                                       .lines = steps(job->height, step)};
    memset(p->owner, 0, sizeof(p->owner));
    memset(p->rgb, GREY, (size_t)p->head.columns * p->head.lines * 3);
    pthread_mutex_unlock(&p->lock);
}

/* The pixel, or row, of the image that stands for one of ours: the middle one. */
static uint32_t sample(uint32_t i, uint32_t step, uint32_t side)
{
    uint64_t at = (uint64_t)i * step + step / 2;
    return at < side ? (uint32_t)at : side - 1;
}

static void take_line(struct fr_preview *p, uint32_t line, uint32_t worker, const uint8_t *rgba)
{
    const struct fr_preview_head *head = &p->head;
    uint8_t *to = p->rgb + (size_t)line * head->columns * 3;
    for (uint32_t i = 0; i < head->columns; i++, to += 3) {
        const uint8_t *from = rgba + (size_t)sample(i, head->step, head->width) * 4;
        for (int c = 0; c < 3; c++) /* clear pixels come out black */
            to[c] = (uint8_t)(from[c] * from[3] / 255);
    }
    if (p->owner[line] == 0)
        p->order[p->head.count++] = (uint16_t)line;
    p->owner[line] = worker;
}

void fr_preview_take(struct fr_preview *p, const struct fr_desk_result *result)
{
    /* Only this thread changes the head. */
    const struct fr_preview_head *head = &p->head;
    uint32_t end = result->first_row + result->rows;
    for (uint32_t line = result->first_row / head->step; line < head->lines; line++) {
        uint32_t y = sample(line, head->step, head->height);
        if (y >= end)
            break;
        if (y < result->first_row)
            continue;
        pthread_mutex_lock(&p->lock);
        take_line(p, line, result->worker, fr_raster_row(result->raster, y));
        pthread_mutex_unlock(&p->lock);
    }
}

struct fr_preview_head fr_preview_look(struct fr_preview *p)
{
    pthread_mutex_lock(&p->lock);
    struct fr_preview_head head = p->head;
    pthread_mutex_unlock(&p->lock);
    return head;
}

bool fr_preview_line(struct fr_preview *p, uint32_t job, uint32_t nth,
                     struct fr_preview_line *line_p)
{
    pthread_mutex_lock(&p->lock);
    bool there = p->head.job == job && nth < p->head.count;
    if (there) {
        line_p->line = p->order[nth];
        line_p->worker = p->owner[line_p->line];
        memcpy(line_p->rgb, p->rgb + (size_t)line_p->line * p->head.columns * 3,
               (size_t)p->head.columns * 3);
    }
    pthread_mutex_unlock(&p->lock);
    return there;
}

uint8_t *fr_preview_png(struct fr_preview *p, size_t *len_p)
{
    struct fr_preview_head head = fr_preview_look(p);
    size_t line_bytes = (size_t)head.columns * 3, bytes = line_bytes * head.lines;
    uint8_t *rgb = head.job ? malloc(bytes) : NULL, *png = NULL;
    if (!rgb)
        return NULL;
    memset(rgb, GREY, bytes);
    for (uint32_t i = 0; i < head.lines; i++) {
        pthread_mutex_lock(&p->lock);
        bool same = p->head.job == head.job;
        if (same)
            memcpy(rgb + i * line_bytes, p->rgb + i * line_bytes, line_bytes);
        pthread_mutex_unlock(&p->lock);
        if (!same)
            break;
    }
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = head.columns,
                       .height = head.lines,
                       .format = PNG_FORMAT_RGB,
                       .flags = PNG_IMAGE_FLAG_FAST};
    png_alloc_size_t len = PNG_IMAGE_PNG_SIZE_MAX(image);
    png = malloc(len);
    if (png && !png_image_write_to_memory(&image, png, &len, 0, rgb, 0, NULL)) {
        free(png);
        png = NULL;
    }
    png_image_free(&image);
    free(rgb);
    *len_p = len;
    return png;
}
