/* SPDX-License-Identifier: MIT
 * Strangers at the port of a leader over nng: bytes of no protocol, and peers that speak nng's and
 * then say rubbish, and die at any moment. The image is right, and the leader ends well. */
#include "support/picture.h"
#include "support/proc.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(nng_foreign, .init = scene_begin, .fini = scene_end, .timeout = 100);

static const char job[] = "--width 160 --height 160";
static char url[300];
static bool ipc;

static struct proc *start_leader(const char *address)
{
    static const char before[] = "listening at ";
    struct proc *p =
        fractal("leader --transport nng --host %s %s --outfile image.png -v", address, job);
    proc_await(p, before, 1);
    const char *at = strstr(proc_err(p), before) + strlen(before);
    snprintf(url, sizeof(url), "%.*s", (int)strcspn(at, "\n"), at);
    ipc = strncmp(url, "ipc://", 6) == 0;
    return p;
}

/* To the leader; -1: it is not there, or is busy with the others. */
static int connect_raw(bool patient)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(ipc ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_usec = 300000},
               sizeof(struct timeval));
    if (ipc)
        snprintf(un.sun_path, sizeof(un.sun_path), "%.*s", (int)sizeof(un.sun_path) - 1,
                 url + strlen("ipc://"));
    if (connect(fd, ipc ? (struct sockaddr *)&un : (struct sockaddr *)&in,
                ipc ? sizeof(un) : sizeof(in)) == 0) {
        /* Who leaves before ipc of nng 1.5 has accepted it ends its listening, for up to a second.
         */
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (ipc && patient)
            poll(&p, 1, 1000);
        return fd;
    }
    close(fd);
    return -1;
}

/* The leader may have hung up meanwhile, as it should. */
static void say(int fd, const void *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes = (const char *)bytes + n;
        len -= (size_t)n;
    }
}

/* Until the leader hangs up or says nothing for a while. */
static void listen_a_little(int fd)
{
    char bytes[4096];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, 20) > 0 && recv(fd, bytes, sizeof(bytes), 0) > 0)
        ;
}

static void fill(unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)(rand() >> 7);
}

static void say_handshake(int fd)
{
    say(fd, (unsigned char[]){0, 'S', 'P', 0, 0, 0x30 /* req0 */, 0, 0}, 8);
}

/* nng's frame: on ipc a byte 1, then the length of what follows. */
static void say_frame(int fd, const unsigned char *body, size_t len, size_t claimed)
{
    unsigned char head[9] = {1};
    for (int i = 0; i < 8; i++)
        head[1 + i] = (unsigned char)(claimed >> (56 - 8 * i));
    say(fd, head + !ipc, sizeof(head) - !ipc);
    say(fd, body, len);
}

static void say_hello(int fd)
{
    say_frame(fd, (unsigned char[24]){0x80, 0, 0, 1, 0xf7, 1, 1, 0, [20] = 1}, 24, 24);
}

/* How far what a stranger says is what the leader expects. */
enum manner { RUBBISH, RUBBISH_BODY, OWN_HEAD, AFTER_HELLO, MANNERS };

static void annoy(enum manner manner, size_t len, bool whole)
{
    int fd = connect_raw(true);
    if (fd < 0)
        return;
    unsigned char *body = malloc(len + 32);
    fill(body, len + 32);
    if (manner != RUBBISH)
        memcpy(body, (unsigned char[]){0x80, 0, 0, 1}, 4);
    if (manner >= OWN_HEAD)
        memcpy(body + 4, (unsigned char[12]){0xf7, 1, (unsigned char)(len % 7)}, 12);
    if (manner == AFTER_HELLO)
        body[6] = 2; /* DATA, for the core to make sense of */
    say_handshake(fd);
    if (manner == AFTER_HELLO)
        say_hello(fd);
    say_frame(fd, body, whole ? len : len / 2, len);
    if (whole && len % 8 == 0)
        listen_a_little(fd);
    close(fd);
    free(body);
}

static void no_protocol(void)
{
    unsigned char bytes[4096];
    for (size_t len = 0; len <= sizeof(bytes); len += len < 32 ? 1 : len / 3) {
        int fd = connect_raw(true);
        if (fd < 0)
            continue;
        fill(bytes, len);
        say(fd, bytes, len);
        if (len % 2)
            listen_a_little(fd);
        close(fd);
    }
}

/* With the library, which connects and says it again until the test ends, and with it the process.
 */
static void library_peer(bool pair)
{
    nng_socket sock;
    nng_msg *msg;
    if ((pair ? nng_pair0_open(&sock) : nng_req0_open(&sock)) == 0 &&
        nng_socket_set_ms(sock, NNG_OPT_SENDTIMEO, 100) == 0 &&
        nng_dial(sock, url, NULL, NNG_FLAG_NONBLOCK) == 0 && nng_msg_alloc(&msg, 1000) == 0 &&
        nng_sendmsg(sock, msg, 0) != 0)
        nng_msg_free(msg);
}

static void large_ones(void)
{
    static const size_t sizes[] = {4095, 4096, 65536, 100000, 1 << 20, 8 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int manner = RUBBISH; manner < MANNERS; manner++)
            annoy((enum manner)manner, sizes[i], i % 2);
    int fd = connect_raw(true);
    if (fd < 0)
        return;
    say_handshake(fd);
    say_frame(fd, (unsigned char[]){1}, 1, SIZE_MAX);
    close(fd);
}

static void strangers_at(const char *address)
{
    struct proc *p;
    fractal_run(&p, "run --transport inproc --workers 1 %s --outfile want.png", job);
    PROC_ENDS(p, 0);
    struct proc *leader = start_leader(address);
    srand(1);
    no_protocol();
    for (size_t len = 0; len <= 300; len++)
        annoy((enum manner)(len % MANNERS), len, len % 3);
    large_ones();
    library_peer(true);
    library_peer(false);
    for (int i = 0; i < 100; i++)
        close(connect_raw(false));
    cr_assert(!proc_ended(leader), "%s", proc_err(leader));
    struct proc *worker = fractal("worker --transport nng --host %s --nice 0", url);
    for (size_t len = 0; len <= 300 && !proc_ended(leader); len++)
        annoy((enum manner)(len / 7 % MANNERS), len, true);
    PROC_ENDS(leader, 0);
    PROC_ENDS(worker, 0);
    struct picture want = picture_read_png("want.png"), got = picture_read_png("image.png");
    char want_hash[65], got_hash[65];
    picture_sha256(&want, want_hash);
    picture_sha256(&got, got_hash);
    cr_assert_str_eq(got_hash, want_hash);
    picture_free(&want);
    picture_free(&got);
}

Test(nng_foreign, tcp)
{
    strangers_at("tcp://127.0.0.1:0");
}

Test(nng_foreign, ipc)
{
    strangers_at("ipc://../run/l.sock");
}
