/* SPDX-License-Identifier: MIT
 * output.h - takes finished rows. One output is called from one thread at a time. */
#ifndef FRACTAL_OUTPUT_H
#define FRACTAL_OUTPUT_H
#include "plugin.h"

typedef struct fr_output fr_output; /* defined by the plugin */

#define FR_IMAGE_OPAQUE (1u << 0) /* the job cannot produce a clear pixel: alpha is always 255 */

struct fr_image {
    uint32_t size;
    uint32_t width, height; /* pixels                                                   */
    uint32_t flags;         /* FR_IMAGE_*                                               */
    const char *path;       /* the file to make, relative to the working folder; never NULL, ""
                             * where the ops name no extension                          */
    const char *title;      /* one line about the picture, never NULL                   */
};

struct fr_output_ops {
    uint32_t size;
    /* Usual file-name ending without its dot, "png"; NULL: makes no file. With several outputs the
     * core derives each one's path from it.                                            */
    const char *extension;
    /* Blocking. Fails here, before any work, where the target cannot be written. `cfg` is the
     * filled config struct or NULL and outlives the output; `img` and its strings are borrowed for
     * the call. Sets *out_p only on FR_OK. Errors: FR_EIO, FR_EINVAL, FR_ETOOBIG, FR_ENOMEM. */
    fr_status (*open)(const struct fr_host *host, const void *cfg, const struct fr_image *img,
                      fr_output **out_p);
    /* Optional: a fact about the job to keep with the picture (ASCII key, UTF-8 value, both
     * borrowed). Only between open and the first rows.                                 */
    fr_status (*meta)(fr_output *out, const char *key, const char *value);
    /* Blocking. n rows from y on, RGBA8 sRGB, top down and without gaps; row i begins at
     * rgba + i * stride_bytes. Borrowed for the call only. Errors: FR_EIO (disk full, ...). After
     * an error only close follows.                                                     */
    fr_status (*rows)(fr_output *out, uint32_t y, uint32_t n, const uint8_t *rgba,
                      size_t stride_bytes);
    /* Blocking. Flush, move into place, report late errors. Until it returns FR_OK nothing is
     * visible under img->path; afterwards all of it is.                                */
    fr_status (*finish)(fr_output *out);
    /* Frees; without a successful finish: discards, and leaves no file.                */
    void (*close)(fr_output *out);
    /* Optional, since minor 1. Would open refuse this config, this size, this file name? Only by
     * looking: makes and changes no file. What a disk says (no such folder, no right to write) is
     * open's. `img` as for open, but title "" and flags 0: not known yet; `cfg` or NULL; all
     * borrowed for the call. Any thread, several at once, also while outputs of this plugin are
     * open. Errors, all recorded with FR_FAIL: FR_EINVAL, FR_ETOOBIG, FR_ENOMEM. The text begins
     * with the key and its value, "[output.<name>] <key> = <value>: ..." or "[output] outfile =
     * ...", to which the core adds the file and line of that key, and tells what would be valid. */
    fr_status (*check)(const struct fr_host *host, const void *cfg, const struct fr_image *img);
};
#endif
