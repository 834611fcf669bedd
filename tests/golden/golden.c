/* SPDX-License-Identifier: MIT */
#include "golden/golden.h"

#include "support/picture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_JOBS = 32 };

char golden_transport[1024];
static char jobs[MAX_JOBS][512]; /* "name\0flags" */

static void data_path(const char *name, char path[PATH_MAX])
{
    const char *source = getenv("FRACTAL_SOURCE");
    cr_assert_not_null(source, "FRACTAL_SOURCE is not set");
    snprintf(path, PATH_MAX, "%s/tests/golden/data/%s", source, name);
}

void golden_begin(void)
{
    const char *name = getenv("GOLDEN_TRANSPORT"), *flags = getenv("GOLDEN_FLAGS");
    snprintf(golden_transport, sizeof(golden_transport), "--transport %s %s", name ? name : "shm",
             flags ? flags : "");
    scene_begin();
    char path[PATH_MAX];
    data_path("parameters.txt", path);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    for (int i = 0; i < MAX_JOBS && fgets(jobs[i], sizeof(jobs[i]), f); i++) {
        jobs[i][strcspn(jobs[i], "\n")] = '\0';
        jobs[i][strcspn(jobs[i], " ")] = '\0';
    }
    fclose(f);
}

const char *golden_address(void)
{
    const char *address = getenv("GOLDEN_ADDRESS");
    return !address || strcmp(address, "-") == 0 ? NULL : address;
}

const char *golden_name(int i)
{
    return i < MAX_JOBS && jobs[i][0] ? jobs[i] : NULL;
}

const char *golden_flags(const char *name)
{
    for (int i = 0; golden_name(i); i++)
        if (strcmp(jobs[i], name) == 0)
            return jobs[i] + strlen(name) + 1;
    cr_assert_fail("there is no golden job %s", name);
    return NULL;
}

/* sha256.txt: hash of the RGBA bytes, name, size, what the PNG holds */
static void check_hash(const char *name, const struct picture *got)
{
    char path[PATH_MAX], line[256], want[65], of[64], hex[65];
    data_path("sha256.txt", path);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    bool found = false;
    while (!found && fgets(line, sizeof(line), f))
        found = sscanf(line, "%64s %63s", want, of) == 2 && strcmp(of, name) == 0;
    fclose(f);
    cr_assert(found, "there is no hash for %s", name);
    picture_sha256(got, hex);
    cr_assert_str_eq(hex, want, "%s %s", name, golden_transport);
}

void golden_check(const char *name, const char *file)
{
    char path[PATH_MAX], png[128];
    size_t len = strlen(file);
    struct picture got = len > 4 && strcmp(file + len - 4, ".pam") == 0 ? picture_read_pam(file)
                                                                        : picture_read_png(file);
    snprintf(png, sizeof(png), "%s.png", name);
    data_path(png, path);
    if (access(path, F_OK) == 0) {
        struct picture want = picture_read_png(path);
        cr_assert(picture_equal(&got, &want), "%s %s", name, golden_transport);
        picture_free(&want);
    }
    check_hash(name, &got);
    picture_free(&got);
    cr_assert_eq(unlink(file), 0);
}

void golden_run(const char *name, const char *flags)
{
    struct proc *p;
    const char *file = strstr(flags, "--output pam") ? "image.pam" : "image.png";
    fractal_run(&p, "run %s %s --outfile %s %s", golden_transport, golden_flags(name), file, flags);
    PROC_ENDS(p, 0);
    golden_check(name, file);
}
