/* SPDX-License-Identifier: MIT */
#include "victim.h"

#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ------------------------------------------------------------- of the parent */

bool victim_start(const struct rig *rig, enum stage stage, const char *address,
                  struct victim *victim_p)
{
    char number[8], self[] = "/proc/self/exe", option[] = "--victim";
    char *argv[64] = {self, option, number, (char *)(uintptr_t)address,
                      (char *)(uintptr_t)rig->name};
    int fds[2], count = 5;
    snprintf(number, sizeof(number), "%d", (int)stage);
    for (int i = 0; i < rig->pair_count && count < 63; i++)
        argv[count++] = rig->pairs[i];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        FAIL("pipe: %s", strerror(errno));
        return false;
    }
    *victim_p = (struct victim){.fd = fds[0]};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    int rc = posix_spawn(&victim_p->pid, self, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    if (rc != 0) {
        close(fds[0]);
        FAIL("cannot start this program again: %s", strerror(rc));
        return false;
    }
    fcntl(victim_p->fd, F_SETFL, O_NONBLOCK);
    return true;
}

bool victim_has_reached(void *victim)
{
    struct victim *v = victim;
    char c;
    ssize_t n;
    while (!v->reached && !v->ended && (n = read(v->fd, &c, 1)) >= 0) {
        size_t len = strlen(v->address);
        if (n == 0)
            v->ended = true;
        else if (c == '!')
            v->reached = true;
        else if (len + 1 < sizeof(v->address))
            v->address[len] = c;
    }
    if (v->ended)
        FAIL("the victim ended by itself");
    return v->reached || v->ended;
}

void victim_kill(struct victim *v)
{
    kill(v->pid, SIGKILL);
    waitpid(v->pid, NULL, 0);
    close(v->fd);
}

/* ------------------------------------------------------------- of the victim */

static void say(const char *text)
{
    size_t len = strlen(text);
    if (write(STDOUT_FILENO, text, len) != (ssize_t)len)
        _exit(3);
}

static bool has_received(void *end)
{
    const struct end *e = end;
    return e->count > 0 && e->peers[0]->recvs > 0;
}

static bool worker_to(enum stage stage, struct end *w)
{
    if (stage == STAGE_OPEN)
        return true;
    if (!pump2(w, w, is_up, w))
        return false;
    struct peer *p = end_peer(w);
    if (stage == STAGE_ALLOC)
        return end_alloc(w, p, VICTIM_LEN) != NULL;
    if (stage == STAGE_STUFFED)
        return fill_up(w, p, MAX_RECV - 1);
    if (stage == STAGE_RECEIVING)
        return pump2(w, w, has_received, w);
    if (stage == STAGE_SENDING || stage == STAGE_SHUTDOWN)
        for (int i = 0; i < (stage == STAGE_SENDING ? VICTIM_SENDS / 2 : VICTIM_SENDS); i++)
            if (!send_pumped(w, p, VICTIM_LEN, w))
                return false;
    if (stage != STAGE_SHUTDOWN)
        return true;
    w->rig->ops->shutdown(w->ep);
    return pump2(w, w, is_down, p);
}

static bool leader_to(enum stage stage, struct end *l)
{
    say(l->attr.address);
    say("\n");
    if (!pump2(l, l, is_up, l))
        return false;
    if (stage == STAGE_LEADER_TX)
        while (end_send(l, end_peer(l), VICTIM_LEN) == FR_OK && end_peer(l)->sends < VICTIM_SENDS)
            ;
    pump_for((struct end *const[]){l}, 1, 50);
    return !failed();
}

int victim_main(int argc, char **argv)
{
    struct rig rig;
    struct end e;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever becomes of the test */
    fail_begin("victim");
    if (argc < 3 || !rig_load(&rig, argv[2], argv + 3, argc - 3))
        return 2;
    enum stage stage = (enum stage)atoi(argv[0]);
    bool leader = stage >= STAGE_LEADER;
    fr_status st =
        leader ? leader_open(&rig, MAX_RECV, &e) : worker_open(&rig, argv[1], MAX_RECV, &e);
    if (st != FR_OK || !(leader ? leader_to(stage, &e) : worker_to(stage, &e)))
        return 3;
    say("!");
    for (;;)
        pause();
}
