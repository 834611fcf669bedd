/* SPDX-License-Identifier: MIT
 * content.c - what messages carry, and small things that look at the process. */
#include "rig.h"

#include <dirent.h>
#include <string.h>
#include <time.h>

uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t seed_of(size_t len, uint32_t stream, uint64_t number)
{
    return mix(mix(number) ^ mix(((uint64_t)stream << 32) ^ len));
}

void content_fill(void *data, size_t len, uint32_t stream, uint64_t number)
{
    uint64_t word = seed_of(len, stream, number);
    char *at = data;
    for (; len > 0; word = word * 6364136223846793005u + 1442695040888963407u) {
        size_t n = len < sizeof(word) ? len : sizeof(word);
        memcpy(at, &word, n);
        at += n;
        len -= n;
    }
}

bool content_ok(const void *data, size_t len, uint32_t stream, uint64_t number)
{
    uint64_t word = seed_of(len, stream, number);
    const char *at = data;
    for (; len > 0; word = word * 6364136223846793005u + 1442695040888963407u) {
        size_t n = len < sizeof(word) ? len : sizeof(word);
        if (memcmp(at, &word, n) != 0)
            return false;
        at += n;
        len -= n;
    }
    return true;
}

uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

unsigned count_entries(const char *folder)
{
    unsigned n = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    for (const struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}
