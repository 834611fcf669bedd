/* SPDX-License-Identifier: MIT */
#include "experiment/escape.h"

#include <string.h>

void fr_escape_html(const char *text, FILE *to)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        default:
            if ((unsigned char)*c < ' ' && *c != '\n' && *c != '\t')
                fputs("\xef\xbf\xbd", to);
            else
                fputc(*c, to);
        }
    }
}

void fr_escape_csv(const char *text, FILE *to)
{
    if (!strpbrk(text, ",\"\r\n") && *text != ' ' && (!*text || text[strlen(text) - 1] != ' ')) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            fputc('"', to);
        fputc(*c, to);
    }
    fputc('"', to);
}

static void gnuplot(const char *text, const char *doubled, FILE *to)
{
    fputc('\'', to);
    for (const char *c = text; *c; c++) {
        if (strchr(doubled, *c))
            fputc(*c, to);
        fputc((unsigned char)*c < ' ' ? ' ' : *c, to);
    }
    fputc('\'', to);
}

void fr_escape_gnuplot(const char *text, FILE *to)
{
    gnuplot(text, "'", to);
}

void fr_escape_gnuplot_tic(const char *text, FILE *to)
{
    gnuplot(text, "'%", to);
}
