/* SPDX-License-Identifier: MIT
 * Output "pam": Netpbm's PAM, uncompressed RGBA. The fastest file, and the easiest to read back. */
#include "../common/atomic_file.h"
#include "../common/row_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Netpbm before 10.80 reads the header in lines of at most 255 bytes. */
#define COMMENT_BYTES 200

struct fr_output {
    const struct fr_host *host;
    struct fr_file *file;
    struct fr_row_order order;
};

/* Long text goes on in further comment lines; what could end a line becomes a space. */
static fr_status write_comment(fr_output *out, const char *key, const char *value)
{
    char line[COMMENT_BYTES + 3] = "# ";
    size_t len = 2;
    const char *const parts[] = {key, ": ", value};
    fr_status st = FR_OK;
    for (size_t i = 0; i < 3 && st == FR_OK; i++) {
        for (const char *c = parts[i]; *c && st == FR_OK; c++) {
            if (len == sizeof(line) - 1) {
                line[len++] = '\n';
                st = fr_file_write(out->file, line, len);
                len = 2;
            }
            line[len++] = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
        }
    }
    if (st != FR_OK)
        return st;
    line[len++] = '\n';
    return fr_file_write(out->file, line, len);
}

static fr_status write_text(fr_output *out, const char *text)
{
    return fr_file_write(out->file, text, strlen(text));
}

static void pam_close(fr_output *out)
{
    fr_file_close(out->file);
    free(out);
}

static fr_status pam_open(const struct fr_host *host, const void *cfg, const struct fr_image *img,
                          fr_output **out_p)
{
    (void)cfg;
    struct fr_output *out = calloc(1, sizeof(*out));
    if (!out)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    out->host = host;
    fr_status st = fr_row_order_init(&out->order, host, img);
    if (st == FR_OK)
        st = fr_file_open(host, FR_HAS(img, path) ? img->path : "", &out->file);
    if (st == FR_OK)
        st = write_text(out, "P7\n");
    if (st == FR_OK && FR_HAS(img, title) && *img->title)
        st = write_comment(out, "Title", img->title);
    if (st != FR_OK) {
        pam_close(out);
        return st;
    }
    *out_p = out;
    return FR_OK;
}

static fr_status pam_meta(fr_output *out, const char *key, const char *value)
{
    if (out->order.next)
        return FR_FAIL(out->host, FR_EINVAL, "\"%s\" came after the first rows", key);
    return write_comment(out, key, value);
}

static fr_status write_header(fr_output *out)
{
    char text[160];
    snprintf(text, sizeof(text),
             "WIDTH %u\nHEIGHT %u\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
             out->order.width, out->order.height);
    return write_text(out, text);
}

static fr_status pam_rows(fr_output *out, uint32_t y, uint32_t n, const uint8_t *rgba,
                          size_t stride_bytes)
{
    fr_status st = fr_row_order_advance(&out->order, out->host, y, n, stride_bytes);
    if (st == FR_OK && y == 0 && n)
        st = write_header(out);
    const size_t row_bytes = (size_t)out->order.width * 4;
    if (st == FR_OK && stride_bytes == row_bytes)
        return fr_file_write(out->file, rgba, n * row_bytes);
    for (uint32_t i = 0; i < n && st == FR_OK; i++)
        st = fr_file_write(out->file, rgba + i * stride_bytes, row_bytes);
    return st;
}

static fr_status pam_finish(fr_output *out)
{
    fr_status st = fr_row_order_complete(&out->order, out->host);
    return st == FR_OK ? fr_file_finish(out->file) : st;
}

static const struct fr_output_ops pam_ops = {
    .size = sizeof(pam_ops),
    .extension = "pam",
    .open = pam_open,
    .meta = pam_meta,
    .rows = pam_rows,
    .finish = pam_finish,
    .close = pam_close,
};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_OUTPUT,
    .name = "pam",
    .version = "1.0",
    .summary = "PAM files: uncompressed RGBA",
    .license = "MIT",
    .ops = &pam_ops,
};
