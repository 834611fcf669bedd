/* SPDX-License-Identifier: MIT
 * "Did you mean": typos find their word, other words find nothing. */
#include "base/suggest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const words[] = {"width",   "height", "smoothness", "escape_radius", "iters",
                                    "palette", "x",      "threads",    "shm",           "grpc"};

static const char *nearest(const char *word)
{
    struct fr_suggest s = fr_suggest_new(word);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        fr_suggest_try(&s, words[i]);
    return s.best ? s.best : "";
}

Test(suggest, typos)
{
    static const char *const pairs[][2] = {{"widht", "width"},
                                           {"wdith", "width"},
                                           {"with", "width"},
                                           {"WIDTH", "width"},
                                           {"widthh", "width"},
                                           {"Hieght", "height"},
                                           {"smothness", "smoothness"},
                                           {"escape-radius", "escape_radius"},
                                           {"esape_raduis", "escape_radius"},
                                           {"pallete", "palette"},
                                           {"thread", "threads"},
                                           {"smh", "shm"},
                                           {"shn", "shm"},
                                           {"gprc", "grpc"},
                                           {"width", "width"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        cr_assert_str_eq(nearest(pairs[i][0]), pairs[i][1], "%s: %s", pairs[i][0],
                         nearest(pairs[i][0]));
}

Test(suggest, nothing_near)
{
    static const char *const strangers[] = {
        "", "zzz", "carrier-pigeon", "colour", "wxyzh", "sXX", "wxyth12", "height_of_the_image"};
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        cr_assert_str_empty(nearest(strangers[i]), "%s", strangers[i]);
    char huge[5000];
    memset(huge, 'w', sizeof(huge));
    huge[sizeof(huge) - 1] = '\0';
    cr_assert_str_empty(nearest(huge));
    struct fr_suggest s = fr_suggest_new("width");
    fr_suggest_try(&s, huge);
    fr_suggest_try(&s, "");
    cr_assert_null(s.best);
}

/* The longest words it looks at, on both sides. */
Test(suggest, borders)
{
    char a[66], b[66];
    memset(a, 'a', sizeof(a));
    a[64] = '\0';
    memcpy(b, a, sizeof(b));
    b[10] = 'b';
    struct fr_suggest s = fr_suggest_new(a);
    fr_suggest_try(&s, b);
    cr_assert(s.best == b && s.distance == 1);
    a[64] = 'a', a[65] = '\0';
    s = fr_suggest_new(a);
    fr_suggest_try(&s, b);
    cr_assert_null(s.best);
}

Test(suggest, the_nearest_stays)
{
    struct fr_suggest s = fr_suggest_new("scalar");
    fr_suggest_try(&s, "scaler");
    fr_suggest_try(&s, "scalare");
    cr_assert_str_eq(s.best, "scaler", "the first of equals");
    fr_suggest_try(&s, "scalar");
    fr_suggest_try(&s, "scaler");
    cr_assert(strcmp(s.best, "scalar") == 0 && s.distance == 0);
}

Test(suggest, text)
{
    char buf[64], small[8];
    struct fr_suggest s = fr_suggest_new("widht");
    cr_assert_str_empty(fr_suggest_text(&s, buf, sizeof(buf)));
    fr_suggest_try(&s, "width");
    cr_assert_str_eq(fr_suggest_text(&s, buf, sizeof(buf)), " (did you mean \"width\"?)");
    cr_assert_str_eq(fr_suggest_text(&s, small, sizeof(small)), " (did y");
}
