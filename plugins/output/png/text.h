/* SPDX-License-Identifier: MIT
 * text.h - UTF-8 into the Latin-1 of PNG's plain text chunks. */
#ifndef FRACTAL_OUTPUT_PNG_TEXT_H
#define FRACTAL_OUTPUT_PNG_TEXT_H
#include <stdbool.h>

/* Writes at most strlen(utf8) + 1 bytes; false where the text has a character beyond Latin-1. */
static inline bool fr_text_to_latin1(const char *utf8, char *latin1)
{
    for (const unsigned char *c = (const unsigned char *)utf8; *c; c++) {
        if (*c < 0x80) {
            *latin1++ = (char)*c;
        } else if ((*c == 0xc2 || *c == 0xc3) && (c[1] & 0xc0) == 0x80) {
            *latin1++ = (char)((*c & 3) << 6 | (c[1] & 0x3f));
            c++;
        } else {
            return false;
        }
    }
    *latin1 = '\0';
    return true;
}
#endif
