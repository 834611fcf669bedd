/* SPDX-License-Identifier: MIT
 * output - how fast the outputs take rows, and how large their files become.
 *
 *   output [--width N] [--height N] [--repeats N] [--full] [--image FILE.pam [--stack N]]
 *
 * The picture is a detail of the Mandelbrot set in smooth colours, or FILE, N times one below the
 * other. Without --full only the default settings of png are run. Files go to $TMPDIR. */
#include <fractal/output.h>

#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ITERATIONS  512
#define MAX_REPEATS 101
#define CHUNK_ROWS  16

struct picture {
    uint32_t width, height;
    uint8_t *rgba;
};

struct settings {
    const char *compression, *filter; /* NULL: the plugin's default */
};

static _Noreturn void die(const char *what, const char *detail)
{
    fprintf(stderr, "output: %s: %s\n", what, detail);
    exit(1);
}

static void host_log(void *ctx, enum fr_log_level level, const char *fmt, ...)
{
    (void)ctx, (void)level, (void)fmt;
}

static fr_status host_fail(void *ctx, fr_status st, const char *file, int line, const char *fmt,
                           ...)
{
    (void)ctx;
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return st;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static const struct fr_host host = {
    .size = sizeof(host), .log = host_log, .fail = host_fail, .now_ns = now_ns};

/* ------------------------------------------------------------------ pictures */

static void colour(double t, uint8_t *px)
{
    for (int c = 0; c < 3; c++)
        px[c] = (uint8_t)(127.5 + 127.5 * sin(0.15 * t + 0.9 * c));
    px[3] = 255;
}

static struct picture render(uint32_t width, uint32_t height)
{
    struct picture pic = {width, height, malloc((size_t)width * height * 4)};
    if (!pic.rgba)
        die("picture", "out of memory");
    double step = 0.02 / width;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            double cr = -0.7453 + (x - width / 2.0) * step, ci = 0.1127 + (y - height / 2.0) * step;
            double zr = 0, zi = 0;
            int n = 0;
            for (; n < ITERATIONS && zr * zr + zi * zi < 256; n++) {
                double t = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = t;
            }
            uint8_t *px = pic.rgba + ((size_t)y * width + x) * 4;
            if (n == ITERATIONS)
                memcpy(px, (uint8_t[4]){0, 0, 0, 255}, 4);
            else
                colour(n - log2(log(zr * zr + zi * zi)), px);
        }
    }
    return pic;
}

static struct picture load_pam(const char *path, uint32_t stack)
{
    struct picture pic = {0};
    char line[1024];
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f) && strcmp(line, "ENDHDR\n") != 0) {
        sscanf(line, "WIDTH %u", &pic.width);
        sscanf(line, "HEIGHT %u", &pic.height);
    }
    size_t len = (size_t)pic.width * pic.height * 4;
    pic.rgba = malloc(len * stack + 1);
    if (!f || len == 0 || !pic.rgba || fread(pic.rgba, 1, len, f) != len)
        die(path, "no PAM of RGB_ALPHA");
    fclose(f);
    for (uint32_t i = 1; i < stack; i++)
        memcpy(pic.rgba + i * len, pic.rgba, len);
    pic.height *= stack;
    return pic;
}

/* ------------------------------------------------------------------ plugins */

/* $FRACTAL_BUILD/plugins/output, else beside the folder of this program. */
static const struct fr_plugin *load(const char *name)
{
    char path[PATH_MAX + 64], self[PATH_MAX];
    const char *build = getenv("FRACTAL_BUILD");
    if (!build) {
        ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
        self[len > 0 ? len : 0] = '\0';
        char *slash = strrchr(self, '/');
        if (!slash)
            die("FRACTAL_BUILD", "not set");
        strcpy(slash, "/..");
        build = self;
    }
    snprintf(path, sizeof(path), "%s/plugins/output/%s.so", build, name);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        die(path, dlerror());
    return dlsym(lib, "fractal_plugin");
}

static void *configure(const struct fr_plugin *plugin, const struct settings *set)
{
    char *cfg = calloc(1, plugin->config_size + 1);
    for (const struct fr_option *o = plugin->options; cfg && o && o->key; o++) {
        const char *text = strcmp(o->key, "compression") == 0 ? set->compression : set->filter;
        text = text ? text : o->def;
        int choice = 0;
        while (o->type == FR_OPT_ENUM && o->choices[choice] && strcmp(o->choices[choice], text))
            choice++;
        if (o->type == FR_OPT_INT)
            memcpy(cfg + o->offset, &(int64_t){atoll(text)}, sizeof(int64_t));
        else
            memcpy(cfg + o->offset, &choice, sizeof(choice));
    }
    return cfg;
}

/* ------------------------------------------------------------------ measuring */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds for the rows alone: fsync measures the disk. */
static double once(const struct fr_plugin *plugin, const void *cfg, const struct picture *pic,
                   const char *path, bool opaque)
{
    const struct fr_output_ops *ops = plugin->ops;
    const struct fr_image img = {.size = sizeof(img),
                                 .width = pic->width,
                                 .height = pic->height,
                                 .flags = opaque ? FR_IMAGE_OPAQUE : 0,
                                 .path = path,
                                 .title = "bench"};
    size_t stride = (size_t)pic->width * 4;
    fr_output *out;
    if (ops->open(&host, cfg, &img, &out) != FR_OK)
        exit(1);
    uint64_t start_ns = now_ns();
    for (uint32_t y = 0; y < pic->height; y += CHUNK_ROWS) {
        uint32_t n = pic->height - y < CHUNK_ROWS ? pic->height - y : CHUNK_ROWS;
        if (ops->rows(out, y, n, pic->rgba + y * stride, stride) != FR_OK)
            exit(1);
    }
    uint64_t end_ns = now_ns();
    if (ops->finish(out) != FR_OK)
        exit(1);
    ops->close(out);
    return (double)(end_ns - start_ns) / 1e9;
}

static void measure(const struct fr_plugin *plugin, const struct settings *set,
                    const struct picture *pic, const char *path, bool opaque, int repeats)
{
    void *cfg = configure(plugin, set);
    double pixels = (double)pic->width * pic->height, mpx[MAX_REPEATS];
    for (int i = 0; i < repeats; i++)
        mpx[i] = pixels / once(plugin, cfg, pic, path, opaque) / 1e6;
    qsort(mpx, (size_t)repeats, sizeof(*mpx), by_value);
    struct stat st = {0};
    if (stat(path, &st) == 0)
        unlink(path);
    double median = mpx[repeats / 2];
    printf("%-5s %-5s %-11s %-6s %9.1f %9.1f %8.1f..%-8.1f %7.2f\n", plugin->name,
           opaque ? "rgb" : "rgba", set->compression ? set->compression : "-",
           set->filter ? set->filter : "-", median, median * 4, mpx[0], mpx[repeats - 1],
           (double)st.st_size * 8 / pixels);
    fflush(stdout);
    free(cfg);
}

static void measure_all_png(const struct fr_plugin *png, const struct picture *pic,
                            const char *path, int repeats)
{
    static const char *const levels[] = {"1", "2", "3", "4", "6"};
    static const char *const filters[] = {"none", "sub", "up", "avg", "paeth", "all"};
    for (size_t f = 0; f < sizeof(filters) / sizeof(*filters); f++) {
        for (size_t l = 0; l < sizeof(levels) / sizeof(*levels); l++)
            measure(png, &(struct settings){levels[l], filters[f]}, pic, path, true, repeats);
    }
}

int main(int argc, char **argv)
{
    uint32_t width = 2048, height = 1536, stack = 1;
    int repeats = 5;
    bool full = false;
    const char *image = NULL;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--full") == 0) {
            full = true;
            continue;
        }
        if (strcmp(argv[i], "--width") == 0)
            width = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--height") == 0)
            height = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--stack") == 0)
            stack = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--repeats") == 0)
            repeats = atoi(value);
        else if (strcmp(argv[i], "--image") == 0)
            image = value;
        else
            die(argv[i], "unknown option");
        i++;
    }
    if (!width || !height || !stack || repeats < 1 || repeats > MAX_REPEATS)
        die("options", "out of range");

    char folder[PATH_MAX], path[PATH_MAX + 16];
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/fractal-bench-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        die(folder, "cannot make it");
    snprintf(path, sizeof(path), "%s/picture", folder);

    struct picture pic = image ? load_pam(image, stack) : render(width, height);
    printf("picture %s, %u x %u, %d rows a call, %d repeats, files in %s\n",
           image ? image : "rendered", pic.width, pic.height, CHUNK_ROWS, repeats, folder);
    printf("name  kind  compression filter  Mpixel/s      MB/s       min..max  bit/pixel\n");
    const struct settings defaults = {0};
    const struct fr_plugin *png = load("png");
    measure(load("null"), &defaults, &pic, "", true, repeats);
    measure(load("pam"), &defaults, &pic, path, true, repeats);
    measure(png, &defaults, &pic, path, true, repeats);
    measure(png, &defaults, &pic, path, false, repeats);
    if (full)
        measure_all_png(png, &pic, path, repeats);
    free(pic.rgba);
    rmdir(folder);
    return 0;
}
