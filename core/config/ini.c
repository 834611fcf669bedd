/* SPDX-License-Identifier: MIT
 * ini.c - a file's entries, by inih. It gives no line numbers to its handler and cuts long lines,
 * so we read the lines for it. A line that begins with a blank continues the value before it. */
#include "config/store.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a value on one line: with a long key before it, or blanks, still a line that inih takes. */
enum { PIECE = 140 };

struct reading {
    struct fr_store *store;
    const char *file;
    FILE *stream;
    struct fr_error *err;
    int line;              /* of what the handler is called for */
    bool continues;        /* that line begins with a blank     */
    struct fr_entry *last; /* of this file                     */
};

/* fgets for inih: NULL ends the reading, also after an error. */
static char *read_line(char *to, int cap, void *ctx)
{
    struct reading *r = ctx;
    if (r->err->status != FR_OK)
        return NULL;
    memset(to, 0, (size_t)cap);
    if (!fgets(to, cap, r->stream))
        return NULL;
    r->line++;
    size_t len = strlen(to);
    r->continues = isspace((unsigned char)to[0]);
    if (to[0] == '[') /* what comes next continues nothing */
        r->last = NULL;
    if (len + 1 == (size_t)cap && to[len - 1] != '\n') {
        fr_fail(r->err, FR_EINVAL,
                "%s:%d: the line is longer than %d characters (begin the next one with a blank to "
                "continue a value)",
                r->file, r->line, cap - 2);
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)to[i]) && !isspace((unsigned char)to[i])) {
            fr_fail(r->err, FR_EINVAL, "%s:%d: not a text file", r->file, r->line);
            return NULL;
        }
    }
    if (len == 0 || (to[len - 1] != '\n' && !feof(r->stream))) {
        fr_fail(r->err, FR_EINVAL, "%s:%d: not a text file", r->file, r->line);
        return NULL;
    }
    return to;
}

/* An indented key = value is a mistake more often than the rest of the value before it. */
static bool looks_like_key(const char *text)
{
    size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    size_t blanks = strspn(text + word, " \t");
    return word > 0 && text[word + blanks] == '=';
}

/* A line that continues a value may neither begin nor, since blanks are cut off, end anywhere. */
static bool may_break(const char *at)
{
    return !strchr(" \t;#", at[0]) && !strchr(" \t", at[-1]) && !looks_like_key(at);
}

size_t fr_ini_piece(const char *value)
{
    size_t n = strnlen(value, PIECE + 1);
    if (n <= PIECE)
        return n;
    for (n = PIECE; n > 0 && !may_break(value + n); n--)
        ;
    return n;
}

static int take(void *ctx, const char *section, const char *key, const char *value)
{
    struct reading *r = ctx;
    if (r->err->status != FR_OK)
        return 0;
    char origin[512];
    snprintf(origin, sizeof(origin), "%s:%d", r->file, r->line);
    if (!*section) {
        fr_fail(r->err, FR_EINVAL, "%s: \"%s\" stands before the first [section]", origin, key);
        return 0;
    }
    if (r->continues && r->last && strcmp(r->last->key, key) == 0) {
        if (looks_like_key(value))
            fr_fail(r->err, FR_EINVAL,
                    "%s: a line that begins with a blank continues the value of %s: begin it with "
                    "the key",
                    origin, key);
        else if (!fr_store_append(r->last, value))
            fr_fail(r->err, FR_ENOMEM, "out of memory");
        return r->err->status == FR_OK;
    }
    const struct fr_entry *twin = fr_store_find(r->store, section, key);
    if (twin && !twin->from_flag) {
        fr_fail(r->err, FR_EINVAL, "%s: [%s] %s was given before, at %s", origin, section, key,
                twin->origin);
        return 0;
    }
    r->last = fr_store_add(r->store, section, key, value, origin, false);
    if (!r->last)
        fr_fail(r->err, FR_ENOMEM, "out of memory");
    return r->last != NULL;
}

fr_status fr_ini_load(struct fr_store *store, const char *file, struct fr_error *err)
{
    struct fr_error why = {0};
    struct reading r = {.store = store, .file = file, .err = &why};
    r.stream = fopen(file, "re");
    if (!r.stream)
        return fr_fail(err, FR_EINVAL, "cannot read %s: %s", file, strerror(errno));
    int bad_line = ini_parse_stream(read_line, &r, take, &r);
    if (ferror(r.stream))
        fr_fail(&why, FR_EINVAL, "cannot read %s: %s", file, strerror(errno));
    fclose(r.stream);
    if (bad_line > 0 && (why.status == FR_OK || bad_line < r.line)) {
        why = (struct fr_error){0}; /* what came after is a consequence */
        fr_fail(&why, FR_EINVAL, "%s:%d: neither [section] nor key = value", file, bad_line);
    }
    if (why.status == FR_OK && bad_line < 0)
        fr_fail(&why, FR_ENOMEM, "out of memory");
    return why.status == FR_OK ? FR_OK : fr_fail(err, why.status, "%s", why.text);
}

const char *fr_ini_unwritable(const char *value)
{
    size_t len = strlen(value);
    if (len > 0 && (isspace((unsigned char)value[0]) || isspace((unsigned char)value[len - 1])))
        return "begins or ends with a blank";
    for (size_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)value[i]))
            return "holds a control character";
        if (value[i] == ';' && (i == 0 || isspace((unsigned char)value[i - 1])))
            return "holds a blank and ';', which begin a comment";
    }
    for (size_t n; *value; value += n)
        if ((n = fr_ini_piece(value)) == 0)
            return "is too long for one line, and nowhere can a line begin";
    return NULL;
}
