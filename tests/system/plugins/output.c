/* SPDX-License-Identifier: MIT
 * An output that keeps nothing, and is hard to please before. With OLD it is one from before there
 * was a check: what stands in its place is none. */
#include <fractal/output.h>

static fr_status check(const struct fr_host *host, const void *cfg, const struct fr_image *img)
{
    const int64_t *luck = cfg;
#ifdef OLD
    __builtin_trap();
#endif
    if (*luck == 1 && img->width > 0 && img->height > 0)
        return FR_OK;
    if (*luck == 2) /* no text, and a status that is none of those promised */
        return FR_EIO;
    return FR_FAIL(host, FR_EINVAL, "[output.picky] luck = %d: too much; valid: 1", (int)*luck);
}

static fr_status open_it(const struct fr_host *host, const void *cfg, const struct fr_image *img,
                         fr_output **out_p)
{
    static char one;
    (void)host;
    (void)cfg;
    (void)img;
    *out_p = (fr_output *)&one;
    return FR_OK;
}

static fr_status rows(fr_output *out, uint32_t y, uint32_t n, const uint8_t *rgba,
                      size_t stride_bytes)
{
    (void)out;
    (void)y;
    (void)n;
    (void)rgba;
    (void)stride_bytes;
    return FR_OK;
}

static fr_status finish(fr_output *out)
{
    (void)out;
    return FR_OK;
}

static void close_it(fr_output *out)
{
    (void)out;
}

static const struct fr_option options[] = {
    {.key = "luck", .type = FR_OPT_INT, .def = "1", .help = "1, as it understands only later."},
    {.key = NULL},
};

static const struct fr_output_ops ops = {
#ifdef OLD
    .size = offsetof(struct fr_output_ops, check),
#else
    .size = sizeof(ops),
#endif
    .open = open_it,
    .rows = rows,
    .finish = finish,
    .close = close_it,
    .check = check,
};

FR_EXPORT const struct fr_plugin fractal_plugin = {
    .magic = FR_PLUGIN_MAGIC,
    .size = sizeof(struct fr_plugin),
    .abi_major = FR_ABI_MAJOR,
#ifdef OLD
    .abi_minor = 0,
#else
    .abi_minor = FR_ABI_MINOR,
#endif
    .kind = FR_KIND_OUTPUT,
    .name = "picky",
    .version = "1.0",
    .summary = "keeps nothing",
    .license = "MIT",
    .options = options,
    .config_size = sizeof(int64_t),
    .ops = &ops,
};
