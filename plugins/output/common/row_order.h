/* SPDX-License-Identifier: MIT
 * row_order.h - holds the core to its promise: all rows, once, top down. */
#ifndef FRACTAL_OUTPUT_ROW_ORDER_H
#define FRACTAL_OUTPUT_ROW_ORDER_H
#include <fractal/output.h>

struct fr_row_order {
    uint32_t width, height, next;
};

/* Takes the picture's size from `img`, which an older core may have compiled shorter. */
static inline fr_status fr_row_order_init(struct fr_row_order *order, const struct fr_host *host,
                                          const struct fr_image *img)
{
    if (!FR_HAS(img, width) || !FR_HAS(img, height))
        return FR_FAIL(host, FR_EINVAL, "the image has no width or no height");
    *order = (struct fr_row_order){.width = img->width, .height = img->height};
    return FR_OK;
}

static inline fr_status fr_row_order_advance(struct fr_row_order *order, const struct fr_host *host,
                                             uint32_t y, uint32_t n, size_t stride_bytes)
{
    if (y != order->next || n > order->height - order->next)
        return FR_FAIL(host, FR_EINVAL, "rows %u+%u came where row %u of %u was due", y, n,
                       order->next, order->height);
    if (stride_bytes < (size_t)order->width * 4)
        return FR_FAIL(host, FR_EINVAL, "rows of %u pixels are only %zu bytes apart", order->width,
                       stride_bytes);
    order->next += n;
    return FR_OK;
}

static inline fr_status fr_row_order_complete(const struct fr_row_order *order,
                                              const struct fr_host *host)
{
    if (order->next != order->height)
        return FR_FAIL(host, FR_EINVAL, "only %u of %u rows came", order->next, order->height);
    return FR_OK;
}
#endif
