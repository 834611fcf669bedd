/* SPDX-License-Identifier: MIT
 * The configuration on hostile files: mutations of a good INI, and noise. Whatever is in a file, it
 * is taken or refused with a reason. With -DFUZZ_LIBFUZZER it is a libFuzzer target. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long taken;

static void check(fr_status st, const struct fr_error *err)
{
    if ((st == FR_OK) != (err->status == FR_OK) || (st != FR_OK && !err->text[0]))
        abort(); /* a failure says why, and only a failure does */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("fuzz.ini", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct fr_config *config = fr_config_new();
    struct fr_error err = {0};
    const struct fr_settings *settings;
    fr_status st = fr_config_load(config, path, &err);
    check(st, &err);
    if (st == FR_OK) {
        st = fr_config_settings(config, &settings, &err);
        check(st, &err);
    }
    if (st == FR_OK) {
        taken++;
        const char *origin;
        for (size_t i = 0; fr_config_unbound(config, i, &origin); i++)
            if (!origin)
                abort();
        if (settings->job.width < 1 || settings->job.width > 1048576 || !settings->job.palette ||
            settings->job.xpos - settings->job.xpos != 0)
            abort();
    }
    fr_config_free(config);
    close(fd);
    return 0;
}

#ifndef FUZZ_LIBFUZZER
static const char good[] = "; a comment\n"
                           "[job]\n"
                           "width = 640\n"
                           "xpos = -0.5e-3 ; and another\n"
                           "palette = Hippi\n"
                           "coloring=smooth\n"
                           "\n"
                           "[transport]\n"
                           "plugin: shm\n"
                           "[transport.shm]\n"
                           "slots = 64\n"
                           "[output]\n"
                           "plugins = png,\n"
                           "  pam\n"
                           "[schedule]\n"
                           "lease_ms = 1m\n"
                           "[log]\n"
                           "quiet = yes\n";

static const char *const pieces[] = {"[",
                                     "]",
                                     "=",
                                     ";",
                                     "\n",
                                     " ",
                                     "\n\n",
                                     "[job]\n",
                                     "\r\n",
                                     ":",
                                     "#",
                                     "\xff",
                                     "999999999999999999999999",
                                     "-1",
                                     "nan",
                                     "1e999",
                                     "height = 5\n",
                                     "[transport.x]\n",
                                     "\n  more\n",
                                     "\xef\xbb\xbf",
                                     "[job.]\n",
                                     "[.]\n",
                                     "64K",
                                     "0x10"};

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) % below);
}

/* One change of a text of *len_p bytes, which has room for `cap`. */
static void mutate(char *text, size_t *len_p, size_t cap)
{
    size_t len = *len_p, at = draw((uint32_t)len + 1), n = draw(20) + 1;
    const char *piece = pieces[draw(sizeof(pieces) / sizeof(pieces[0]))];
    switch (draw(6)) {
    case 0: /* another byte */
        if (at < len)
            text[at] = (char)draw(256);
        break;
    case 1: /* some bytes less */
        n = n < len - at ? n : len - at;
        memmove(text + at, text + at + n, len - at - n);
        *len_p = len - n;
        break;
    case 2: /* the end less */
        *len_p = draw(4) ? len : at;
        break;
    case 3: /* a long run of one byte */
        n = draw(3) ? n : draw(600);
        piece = NULL;
        /* fall through */
    default: /* something more */
        if (piece)
            n = strlen(piece);
        if (len + n > cap)
            return;
        memmove(text + at + n, text + at, len - at);
        if (piece)
            memcpy(text + at, piece, n);
        else
            memset(text + at, 32 + (int)draw(96), n);
        *len_p = len + n;
        break;
    }
}

int main(int argc, char **argv)
{
    long cases = argc > 1 ? atol(argv[1]) : 60000;
    for (long i = 0; i < cases; i++) {
        char text[4096];
        size_t len = sizeof(good) - 1;
        memcpy(text, good, len);
        for (uint32_t n = draw(7); n > 0; n--)
            mutate(text, &len, sizeof(text));
        LLVMFuzzerTestOneInput((const uint8_t *)text, len);
    }
    printf("%ld cases, %lu taken\n", cases, taken);
    /* Neither all nor none, or this tests nothing. */
    return taken == 0 || taken == (unsigned long)cases;
}
#endif
