/* SPDX-License-Identifier: MIT
 * trace.c - the files are JSON that a trace viewer takes, and every message is in them. */
#include "pair.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { N = 2000 }; /* more than a buffer full */

static char folder[] = "/tmp/fractal-trace-XXXXXX";

/* Reads folder/name, checks the fields of every event, and removes it. */
static json_t *load(const char *name)
{
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    json_t *all = json_load_file(path, 0, &error);
    if (!all)
        fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
    CHECK(all && json_is_array(all));
    size_t i;
    json_t *e;
    json_array_foreach(all, i, e)
    {
        CHECK(json_is_string(json_object_get(e, "name")));
        CHECK(json_is_number(json_object_get(e, "ts")));
        CHECK(json_is_integer(json_object_get(e, "tid")));
        CHECK(json_integer_value(json_object_get(e, "pid")) == getpid());
        const char *ph = json_string_value(json_object_get(e, "ph"));
        CHECK(ph && strlen(ph) == 1 && strchr("XiM", *ph));
        CHECK(*ph != 'X' || json_is_number(json_object_get(e, "dur")));
    }
    unlink(path);
    return all;
}

static unsigned count(const json_t *all, const char *name)
{
    unsigned n = 0;
    size_t i;
    const json_t *e;
    json_array_foreach(all, i, e) n +=
        strcmp(json_string_value(json_object_get(e, "name")), name) == 0;
    return n;
}

static void check_counts(const char *file, const struct side *s)
{
    json_t *all = load(file);
    CHECK(count(all, "open") == 1 && count(all, "close") == 1 && count(all, "up") == 1);
    CHECK(count(all, "send") == s->sends && count(all, "sent") == s->sents);
    CHECK(count(all, "recv") == s->recvs && s->recvs == N && s->sents == N);
    CHECK(count(all, "down") == s->downs && count(all, "poll") > 0);
    CHECK(count(all, "process_name") == 1 && count(all, "thread_name") == 2);
    json_decref(all);
}

static void open_traced(struct pair *p, const char *name, const char *limit)
{
    char file[4200];
    snprintf(file, sizeof(file), "transport.trace.file=%s/%s", folder, name);
    pair_open(p, (const char *const[]){"transport.plugin=inproc", "transport.hooks=trace", file,
                                       limit, NULL});
}

static void everything(void)
{
    struct pair p;
    open_traced(&p, "%r.json", "transport.trace.limit=1000000");
    while (p.leader.sends < N || p.worker.sends < N) {
        if (p.worker.sends < N)
            side_send(&p.worker, 500);
        if (p.leader.sends < N)
            side_send(&p.leader, 700);
        side_poll(&p.worker, 0);
        side_poll(&p.leader, 0);
    }
    pair_settle(&p);
    p.worker.endpoint.ops->shutdown(p.worker.endpoint.ep);
    while (!p.worker.downs || !p.leader.downs) {
        side_poll(&p.worker, 1);
        side_poll(&p.leader, 1);
    }
    struct pair counts = p;
    pair_close(&p);
    check_counts("leader.json", &counts.leader);
    check_counts("worker.json", &counts.worker);
}

/* Two endpoints of one process and one name; closed with messages on the way. */
static void one_name(void)
{
    struct pair p;
    char name[64], second[64];
    snprintf(name, sizeof(name), "t%d.json", (int)getpid());
    snprintf(second, sizeof(second), "t%d-2.json", (int)getpid());
    open_traced(&p, "t%p.json", "transport.trace.limit=1000000");
    CHECK(side_send(&p.worker, 100) && side_send(&p.leader, 100));
    pair_close(&p);
    json_t *l = load(name), *w = load(second);
    CHECK(count(l, "send") == 1 && count(w, "send") == 1 && count(l, "close") == 1);
    json_decref(l);
    json_decref(w);
}

static void limit(void)
{
    struct pair p;
    open_traced(&p, "%r.json", "transport.trace.limit=10");
    for (int i = 0; i < 20; i++)
        CHECK(side_send(&p.worker, 100));
    pair_settle(&p);
    pair_close(&p);
    json_t *w = load("worker.json"), *l = load("leader.json");
    CHECK(count(w, "the limit is reached") == 1 && count(w, "send") < 10);
    json_decref(l);
    json_decref(w);
}

static void no_file(void)
{
    struct pair p;
    struct fr_error err = {0};
    fr_status st =
        pair_try(&p,
                 (const char *const[]){"transport.plugin=inproc", "transport.hooks=trace",
                                       "transport.trace.file=/nonexistent-folder/t.json", NULL},
                 &err);
    CHECK(st == FR_EIO && strstr(err.text, "/nonexistent-folder/t.json"));
}

int main(void)
{
    CHECK(mkdtemp(folder));
    everything();
    one_name();
    limit();
    no_file();
    CHECK(rmdir(folder) == 0);
    return 0;
}
