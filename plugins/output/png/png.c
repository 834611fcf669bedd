/* SPDX-License-Identifier: MIT
 * Output "png": compresses row by row, and never holds more than two of them. */
#include "../common/atomic_file.h"
#include "../common/row_order.h"
#include "text.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define IDAT_BYTES    ((size_t)64 << 10) /* libpng's own 8 KiB cost a call and a checksum each */
#define KEYWORD_BYTES 79                 /* PNG's limit */

struct png_config {
    int64_t compression;
    int filter;
};

static const char *const filter_names[] = {"none", "sub", "up", "avg", "paeth", "all", NULL};
static const int filters[] = {PNG_FILTER_NONE, PNG_FILTER_SUB,   PNG_FILTER_UP,
                              PNG_FILTER_AVG,  PNG_FILTER_PAETH, PNG_ALL_FILTERS};

/* The defaults: colours of a fractal repeat exactly but do not run evenly, so every filter makes
 * the file larger. Only up with Z_RLE was faster, by a tenth, for files larger by 14 to 28 %. */
static const struct fr_option png_options[] = {
    {.key = "compression",
     .type = FR_OPT_INT,
     .offset = offsetof(struct png_config, compression),
     .def = "1",
     .min = 0,
     .max = 9,
     .help = "Effort of the compression, from 0 (none) over 1 (fast) to 9 (small)."},
    {.key = "filter",
     .type = FR_OPT_ENUM,
     .offset = offsetof(struct png_config, filter),
     .def = "none",
     .choices = filter_names,
     .help = "How a row is predicted before it is compressed; all chooses for each row, slowly."},
    {0},
};

struct fr_output {
    const struct fr_host *host;
    struct fr_file *file;
    struct fr_row_order order;
    png_structp png;
    png_infop info;
    fr_status status; /* why libpng jumped */
    bool opaque;
    bool begun; /* the header is written */
};

/* ------------------------------------------------------------------ what libpng calls */

static void on_error(png_structp png, png_const_charp text)
{
    fr_output *out = png_get_error_ptr(png);
    if (out->status == FR_OK)
        out->status = FR_FAIL(out->host, FR_EIO, "libpng cannot write \"%s\": %s",
                              fr_file_path(out->file), text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    const fr_output *out = png_get_error_ptr(png);
    out->host->log(out->host->ctx, FR_LOG_WARN, "libpng, \"%s\": %s", fr_file_path(out->file),
                   text);
}

static void on_write(png_structp png, png_bytep bytes, size_t len)
{
    fr_output *out = png_get_io_ptr(png);
    out->status = fr_file_write(out->file, bytes, len);
    if (out->status != FR_OK)
        png_error(png, "write error");
}

static void on_flush(png_structp png)
{
    (void)png; /* the file is flushed once, at its end */
}

/* ------------------------------------------------------------------ the ops */

static fr_status add_text(fr_output *out, const char *key, const char *value)
{
    size_t key_len = strlen(key), len = strlen(value);
    if (key_len == 0 || key_len > KEYWORD_BYTES)
        return FR_FAIL(out->host, FR_EINVAL, "PNG cannot keep the key \"%s\"", key);
    char *const copy = malloc(len + 1);
    char *const name = strdup(key); /* libpng's struct has no const */
    if (!copy || !name) {
        free(copy);
        free(name);
        return FR_FAIL(out->host, FR_ENOMEM, "out of memory");
    }
    png_text text = {.key = name, .text = copy, .compression = PNG_TEXT_COMPRESSION_NONE};
    if (!fr_text_to_latin1(value, copy)) {
        memcpy(copy, value, len + 1);
        text.compression = PNG_ITXT_COMPRESSION_NONE;
    }
    if (!setjmp(png_jmpbuf(out->png)))
        png_set_text(out->png, out->info, &text, 1); /* copies */
    free(copy);
    free(name);
    return out->status;
}

static fr_status set_up(fr_output *out, const struct png_config *cfg)
{
    out->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, out, on_error, on_warning);
    if (out->png)
        out->info = png_create_info_struct(out->png);
    if (!out->info)
        return out->status != FR_OK ? out->status : FR_FAIL(out->host, FR_ENOMEM, "out of memory");
    if (setjmp(png_jmpbuf(out->png)))
        return out->status;
    png_set_write_fn(out->png, out, on_write, on_flush);
    png_set_user_limits(out->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* beyond its million */
    png_set_IHDR(out->png, out->info, out->order.width, out->order.height, 8,
                 out->opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(out->png, out->info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_set_compression_buffer_size(out->png, IDAT_BYTES);
    png_set_compression_level(out->png, (int)cfg->compression);
    png_set_compression_strategy(out->png, Z_DEFAULT_STRATEGY); /* libpng's is Z_FILTERED */
    png_set_filter(out->png, PNG_FILTER_TYPE_BASE, filters[cfg->filter]);
    return FR_OK;
}

static void png_close(fr_output *out)
{
    png_destroy_write_struct(&out->png, &out->info);
    fr_file_close(out->file);
    free(out);
}

static fr_status png_check(const struct fr_host *host, const void *cfg, const struct fr_image *img)
{
    (void)cfg;
    if (img->width > PNG_UINT_31_MAX || img->height > PNG_UINT_31_MAX)
        return FR_FAIL(host, FR_ETOOBIG,
                       "[output] plugins: png has no room for %u x %u pixels; valid: up to %u each",
                       img->width, img->height, PNG_UINT_31_MAX);
    return fr_file_check(host, FR_HAS(img, path) ? img->path : "");
}

static fr_status png_open(const struct fr_host *host, const void *cfg, const struct fr_image *img,
                          fr_output **out_p)
{
    fr_output *out = calloc(1, sizeof(*out));
    if (!out)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    out->host = host;
    out->opaque = FR_HAS(img, flags) && (img->flags & FR_IMAGE_OPAQUE);
    fr_status st = fr_row_order_init(&out->order, host, img);
    if (st == FR_OK)
        st = png_check(host, cfg, img);
    if (st == FR_OK)
        st = fr_file_open(host, FR_HAS(img, path) ? img->path : "", &out->file);
    if (st == FR_OK)
        st = set_up(out, cfg);
    if (st == FR_OK && FR_HAS(img, title) && *img->title)
        st = add_text(out, "Title", img->title);
    if (st != FR_OK) {
        png_close(out);
        return st;
    }
    *out_p = out;
    return FR_OK;
}

static fr_status png_meta(fr_output *out, const char *key, const char *value)
{
    if (out->begun)
        return FR_FAIL(out->host, FR_EINVAL, "\"%s\" came after the first rows", key);
    return add_text(out, key, value);
}

static void begin(fr_output *out)
{
    png_write_info(out->png, out->info);
    if (out->opaque)
        png_set_filler(out->png, 0, PNG_FILLER_AFTER); /* libpng leaves alpha out, row by row */
    out->begun = true;
}

static fr_status png_rows(fr_output *out, uint32_t y, uint32_t n, const uint8_t *rgba,
                          size_t stride_bytes)
{
    fr_status st = fr_row_order_advance(&out->order, out->host, y, n, stride_bytes);
    if (st != FR_OK)
        return st;
    if (setjmp(png_jmpbuf(out->png)))
        return out->status;
    if (!out->begun)
        begin(out);
    for (uint32_t i = 0; i < n; i++)
        png_write_row(out->png, rgba + i * stride_bytes);
    return FR_OK;
}

static fr_status png_finish(fr_output *out)
{
    fr_status st = fr_row_order_complete(&out->order, out->host);
    if (st != FR_OK)
        return st;
    if (setjmp(png_jmpbuf(out->png)))
        return out->status;
    png_write_end(out->png, NULL); /* the texts went out before the rows */
    return fr_file_finish(out->file);
}

static const struct fr_output_ops png_ops = {
    .size = sizeof(png_ops),
    .extension = "png",
    .open = png_open,
    .meta = png_meta,
    .rows = png_rows,
    .finish = png_finish,
    .close = png_close,
    .check = png_check,
};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_OUTPUT,
    .name = "png",
    .version = "1.0",
    .summary = "PNG files: RGB, or RGBA where a pixel may be clear",
    .license = "MIT",
    .backend = "libpng " PNG_LIBPNG_VER_STRING,
    .options = png_options,
    .config_size = sizeof(struct png_config),
    .ops = &png_ops,
};
