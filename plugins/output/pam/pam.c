/* SPDX-License-Identifier: MIT
 * Output "pam": Netpbm's PAM, uncompressed RGBA. The fastest file, and the easiest to read back. */
#include "../common/atomic_file.h"
#include "../common/row_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fr_output {
    const struct fr_host *host;
    struct fr_file *file;
    struct fr_row_order order;
};

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
    if (st != FR_OK) {
        pam_close(out);
        return st;
    }
    *out_p = out;
    return FR_OK;
}

/* Without comments, which not every reader takes. */
static fr_status write_header(fr_output *out)
{
    char text[160];
    snprintf(text, sizeof(text),
             "P7\nWIDTH %u\nHEIGHT %u\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
             out->order.width, out->order.height);
    return fr_file_write(out->file, text, strlen(text));
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

static fr_status pam_check(const struct fr_host *host, const void *cfg, const struct fr_image *img)
{
    (void)cfg;
    return fr_file_check(host, FR_HAS(img, path) ? img->path : "");
}

static const struct fr_output_ops pam_ops = {
    .size = sizeof(pam_ops),
    .extension = "pam",
    .open = pam_open,
    .rows = pam_rows,
    .finish = pam_finish,
    .close = pam_close,
    .check = pam_check,
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
