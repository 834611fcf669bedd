/* SPDX-License-Identifier: MIT
 * Texts of others in HTML, CSV and gnuplot; plots inside a page; numbers for people. */
#include "experiment/escape.h"
#include "experiment/format.h"
#include "experiment/grid.h"
#include "experiment/plot.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check(void (*escape)(const char *text, FILE *to), const char *text,
                  const char *expected)
{
    char *out;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    escape(text, to);
    fclose(to);
    cr_assert_str_eq(out, expected);
    free(out);
}

Test(experiment_text, html)
{
    check(fr_escape_html, "<script>alert(\"1 & 2\")</script>",
          "&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;");
    check(fr_escape_html, "it's", "it&#39;s");
    check(fr_escape_html, "a\033[31m", "a\xef\xbf\xbd[31m");
    check(fr_escape_html, "Zürich", "Zürich");
}

Test(experiment_text, csv)
{
    check(fr_escape_csv, "plain text", "plain text");
    check(fr_escape_csv, "", "");
    check(fr_escape_csv, "a,b", "\"a,b\"");
    check(fr_escape_csv, "say \"no\"", "\"say \"\"no\"\"\"");
    check(fr_escape_csv, "two\nlines", "\"two\nlines\"");
    check(fr_escape_csv, " blank", "\" blank\"");
}

/* Nothing leaves the string: no quote, no newline, no command. */
Test(experiment_text, gnuplot)
{
    check(fr_escape_gnuplot, "it's", "'it''s'");
    check(fr_escape_gnuplot, "'; system('x')\nset output", "'''; system(''x'') set output'");
    check(fr_escape_gnuplot, "50 %", "'50 %'");
    check(fr_escape_gnuplot_tic, "50 %", "'50 %%'");
}

Test(experiment_text, a_table_is_escaped_and_aligned)
{
    char *out;
    size_t len;
    struct fr_grid *g = fr_grid_new("<name|value");
    fr_grid_add(g, "<b>");
    fr_grid_add(g, "%d", 12345678);
    fr_grid_add(g, "µ\033");
    fr_grid_end_row(g);
    cr_assert_eq(fr_grid_rows(g), 2);
    FILE *to = open_memstream(&out, &len);
    fr_grid_print(g, to);
    fclose(to);
    cr_assert_str_eq(out, "name     value\n----  --------\n<b>   12345678\nµ             \n");
    free(out);
    to = open_memstream(&out, &len);
    fr_grid_html(g, to);
    fclose(to);
    cr_assert(strstr(out, "&lt;b&gt;") && !strstr(out, "<b>") && !strchr(out, '\033'));
    free(out);
    fr_grid_free(g);
}

static char *inlined(const char *svg)
{
    char *out;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    fr_plot_inline(svg, 3, to);
    fclose(to);
    return out;
}

Test(experiment_text, a_plot_takes_its_colours_from_the_page)
{
    char *out = inlined("<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 1 1\"><title>Gnuplot</title>"
                        "<circle id='gpDot'/><use xlink:href='#gpDot' color='rgb(  1,   2,   7)'/>"
                        "<text fill=\"rgb(1,2,0)\">rgb</text><g color=\"black\"/>"
                        "<path stroke='rgb(255, 0, 0)'/></svg>");
    cr_assert(strncmp(out, "<svg class=\"plot\"", 17) == 0, "%s", out);
    cr_assert(strstr(out, "id='p3-gpDot'") && strstr(out, "href='#p3-gpDot'"), "%s", out);
    cr_assert(strstr(out, "color='var(--s7)'") && strstr(out, "fill=\"var(--ink)\""), "%s", out);
    cr_assert(strstr(out, "color=\"var(--ink)\"") && strstr(out, "rgb(255, 0, 0)"), "%s", out);
    cr_assert(!strstr(out, "<title>") && !strstr(out, "<?xml"), "%s", out);
    free(out);
    out = inlined("no picture");
    cr_assert_str_empty(out);
    free(out);
}

Test(experiment_text, numbers)
{
    cr_assert_str_eq(FR_SECONDS(1.2345), "1.23 s");
    cr_assert_str_eq(FR_SECONDS(0.0123), "12.3 ms");
    cr_assert_str_eq(FR_SECONDS(0.000456), "456 us");
    cr_assert_str_eq(FR_SECONDS(0), "0.00 us");
    cr_assert_str_eq(FR_SECONDS(123456), "123456 s");
    cr_assert_str_eq(FR_SECONDS(NAN), "-");
    cr_assert_str_eq(FR_BYTES(1536), "1.50 KiB");
    cr_assert_str_eq(FR_BYTES(12), "12 B");
    cr_assert_str_eq(FR_PERCENT(-0.0625), "-6.2 %");
    cr_assert_str_eq(FR_NUMBER(INFINITY, 3), "-");
}
