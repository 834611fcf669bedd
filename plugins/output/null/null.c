/* SPDX-License-Identifier: MIT
 * Output "null": counts the rows and keeps nothing, so that a run measures everything else. */
#include "../common/row_order.h"

#include <stdlib.h>

struct fr_output {
    const struct fr_host *host;
    struct fr_row_order order;
};

static fr_status null_open(const struct fr_host *host, const void *cfg, const struct fr_image *img,
                           fr_output **out_p)
{
    (void)cfg;
    struct fr_output *out = calloc(1, sizeof(*out));
    if (!out)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    out->host = host;
    fr_status st = fr_row_order_init(&out->order, host, img);
    if (st != FR_OK) {
        free(out);
        return st;
    }
    *out_p = out;
    return FR_OK;
}

static fr_status null_rows(fr_output *out, uint32_t y, uint32_t n, const uint8_t *rgba,
                           size_t stride_bytes)
{
    (void)rgba;
    return fr_row_order_advance(&out->order, out->host, y, n, stride_bytes);
}

static fr_status null_finish(fr_output *out)
{
    return fr_row_order_complete(&out->order, out->host);
}

static void null_close(fr_output *out)
{
    free(out);
}

static const struct fr_output_ops null_ops = {
    .size = sizeof(null_ops),
    .open = null_open,
    .rows = null_rows,
    .finish = null_finish,
    .close = null_close,
};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    FR_PLUGIN_HEADER,
    .kind = FR_KIND_OUTPUT,
    .name = "null",
    .version = "1.0",
    .summary = "Takes all rows and keeps nothing",
    .license = "MIT",
    .ops = &null_ops,
};
