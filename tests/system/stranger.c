/* SPDX-License-Identifier: MIT
 * A palette that was built elsewhere, against the public headers alone. */
#include "support/picture.h"
#include "system/system.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SYSTEM_SUITE(system_stranger);

static char *folder_of_strangers(void)
{
    static char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/tests/strangers", scene_build);
    return path;
}

static void check_image(const struct picture *want, struct proc *p)
{
    PROC_ENDS(p, 0);
    struct picture got = picture_read_png("mandelbrot.png");
    cr_assert(picture_equal(&got, want));
    picture_free(&got);
    cr_assert_eq(unlink("mandelbrot.png"), 0);
}

Test(system_stranger, by_path_and_by_name)
{
    struct proc *p;
    char link[PATH_MAX + 64];
    snprintf(link, sizeof(link), "%s/mine.so", folder_of_strangers());
    cr_assert_eq(symlink(link, "mine.so"), 0);
    fractal_run(&p, "run " SMALL " --palette ./mine.so --outfile want.png");
    PROC_ENDS(p, 0);
    struct picture want = picture_read_png("want.png");
    fractal_run(&p, "run " SMALL " --palette mine --plugin-path %s", folder_of_strangers());
    check_image(&want, p);
    fractal_run(&p, "run " SMALL " --palette mine --plugin-path /nowhere:.");
    check_image(&want, p);
    fractal_run(&p, "run " SMALL " --palette mine");
    PROC_ENDS(p, 2);
    setenv("FRACTAL_PLUGIN_PATH", folder_of_strangers(), 1);
    fractal_run(&p, "run " SMALL " --palette mine");
    check_image(&want, p);
    picture_free(&want);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

Test(system_stranger, is_listed)
{
    struct proc *p;
    fractal_run(&p, "plugins --plugin-path %s", folder_of_strangers());
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "dusk, somebody else's"));
    cr_assert_not_null(strstr(p->out, "other_major"));
    fractal_run(&p, "plugins mine --plugin-path %s", folder_of_strangers());
    PROC_ENDS(p, 0);
    cr_assert_not_null(strstr(proc_out(p), "dusk, somebody else's"));
}

Test(system_stranger, is_listed_as_json_and_so_are_the_refused)
{
    struct proc *p;
    json_error_t error;
    fractal_run(&p, "plugins --json --plugin-path %s", folder_of_strangers());
    PROC_ENDS(p, 0);
    json_t *all = json_loads(proc_out(p), 0, &error), *one;
    cr_assert_not_null(all, "line %d: %s", error.line, error.text);
    cr_assert(json_is_array(all));
    size_t i;
    int mine = 0, shm = 0, refused = 0;
    json_array_foreach(all, i, one)
    {
        const char *file = text_of(one, "file");
        mine += strcmp(text_of(one, "name"), "mine") == 0 && strstr(file, "/mine.so") &&
                strcmp(text_of(one, "kind"), "palette") == 0;
        shm += strcmp(text_of(one, "name"), "shm") == 0;
        if (strstr(file, "/other_major.so") || strstr(file, "/no_symbol.so")) {
            cr_assert_not_null(strstr(text_of(one, "refused"), ".so"), "%s", p->out);
            refused++;
        }
    }
    cr_assert_eq(mine, 1);
    cr_assert_eq(shm, 1);
    cr_assert_eq(refused, 2);
    json_decref(all);
}
