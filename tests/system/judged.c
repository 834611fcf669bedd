/* SPDX-License-Identifier: MIT
 * What only a plugin can judge is refused before any work begins, too: with exit code 2 and a
 * message that has the key, the value, what would be valid, and where it was said. */
#include "system/system.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

SYSTEM_SUITE(system_judged);

static void check_says(struct proc *p, const char *const *words)
{
    PROC_ENDS(p, 2);
    cr_assert_str_empty(proc_out(p));
    for (; *words; words++)
        PROC_SAYS(p, *words);
    cr_assert_eq(test_count(proc_err(p), "\n"), 1, "more than one line: %s", p->err);
}

/* By each of these commands, and nothing was made. */
static void refused(const char *const *commands, const char *flags, const char *const *words)
{
    int before = test_folder_entries(".");
    for (; *commands; commands++) {
        struct proc *p;
        fractal_run(&p, "%s %s", *commands, flags);
        check_says(p, words);
    }
    cr_assert_eq(test_folder_entries("."), before);
    cr_assert_eq(test_folder_entries("../run"), 0);
}
#define COMMANDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define REFUSED(flags, ...)                                                                        \
    refused(COMMANDS("check", "run", "leader", "worker"), (flags),                                 \
            (const char *const[]){__VA_ARGS__, NULL})
#define LEADER_REFUSED(flags, ...)                                                                 \
    refused(COMMANDS("check", "run", "leader"), (flags), (const char *const[]){__VA_ARGS__, NULL})
#define WORKER_REFUSED(flags, ...)                                                                 \
    refused(COMMANDS("worker"), (flags), (const char *const[]){__VA_ARGS__, NULL})

static bool is_built(const char *transport)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%.3000s/plugins/transport/%s.so", scene_build, transport);
    return access(path, F_OK) == 0;
}

#define PARSECS "--hooks shape --set transport.shape.delay=20parsec"

Test(system_judged, shape)
{
    REFUSED(PARSECS, "--set: [transport.shape] delay = 20parsec", "ns, us, ms or s");
    REFUSED("--hooks shape --set transport.shape.delay_up=2h", "delay_up = 2h", "ns, us, ms or s");
    REFUSED("--hooks shape --set transport.shape.jitter=5", "jitter = 5", "ns, us, ms or s");
    REFUSED("--hooks shape --set transport.shape.rate=1Gibit", "rate = 1Gibit", "Mbit, Gbit");
    REFUSED("--hooks trace,shape --set transport.shape.rate_down=fast", "rate_down = fast");
    test_file_write("a.ini", "[transport]\nhooks = shape\n[transport.shape]\ndelay = 20parsec\n");
    REFUSED("-c a.ini", "a.ini:4: [transport.shape] delay = 20parsec", "ns, us, ms or s");
    /* Who opens no transport has nothing against it. */
    cr_assert_eq(fractal_run(NULL, "direct -q -c a.ini --output null " SMALL), 0);
    cr_assert_eq(fractal_run(NULL, "check --set transport.shape.delay=20parsec"), 0);
}

Test(system_judged, compare)
{
    struct proc *p;
    test_file_write("one.ini", "[transport]\nhooks = shape\n");
    fractal_run(&p, "compare one.ini --sweep transport.shape.delay=0,20parsec --report r");
    PROC_ENDS(p, 2);
    PROC_SAYS(p, "one.ini: ");
    PROC_SAYS(p, "[transport.shape] delay = 20parsec");
    PROC_SAYS(p, "ns, us, ms or s");
    cr_assert_neq(access("r", F_OK), 0);
}

Test(system_judged, trace)
{
    REFUSED("--hooks trace --set transport.trace.file=no/such.json", "file = no/such.json",
            "No such file or directory", "valid: ");
    REFUSED("--hooks trace --set transport.trace.file=..", "file = ..", "Is a directory");
    REFUSED("--hooks trace --set transport.trace.file=", "file = :", "empty");
    cr_assert_eq(fractal_run(NULL, "check --hooks trace"), 0);
    cr_assert_eq(test_folder_entries("."), 0);
}

Test(system_judged, shm)
{
    char flags[200] = "--host ";
    memset(flags + strlen(flags), 'x', 120);
    REFUSED(flags, "[transport] address = xxx", "too long", "107 bytes");
}

Test(system_judged, grpc)
{
    if (!is_built("grpc"))
        return;
#define GRPC "--transport grpc "
#define SET  " --set transport.grpc."
    REFUSED(GRPC "--host here", "--host: [transport] address = here: ", "host:port");
    REFUSED(GRPC "--host here:99999", "address = here:99999: ", "0 to 65535");
    REFUSED(GRPC "--host unix:", "address = unix:: ", "a path of");
    WORKER_REFUSED(GRPC "--host here:0", "address = here:0: ", "1 to 65535");
    cr_assert_eq(fractal_run(NULL, "check " GRPC "--host here:0"), 0);
    REFUSED(GRPC SET "tls_cert=a.pem", "tls_cert = a.pem: tls_key is missing");
    REFUSED(GRPC SET "tls_key=a.key", "tls_key = a.key: tls_cert is missing");
    REFUSED(GRPC SET "tls_cert=a.pem" SET "tls_key=a.key",
            "--set: [transport.grpc] tls_cert = a.pem", "No such file or directory");
    LEADER_REFUSED(GRPC SET "tls_ca=a.pem", "tls_ca = a.pem", "tls_cert and tls_key");
    test_file_write("a.pem", "-----BEGIN CERTIFICATE-----\n");
    test_file_write("b.pem", "a text\n");
    LEADER_REFUSED(GRPC SET "tls_cert=a.pem" SET "tls_key=a.pem" SET "tls_client_auth=yes",
                   "tls_client_auth = yes", "needs tls_ca");
    REFUSED(GRPC SET "tls_cert=a.pem" SET "tls_key=b.pem", "tls_key = b.pem", "not a PEM file");
#undef SET
}

Test(system_judged, nng)
{
    if (!is_built("nng"))
        return;
#define NNG "--transport nng "
#define TLS NNG "--host tls+tcp://here:5 "
#define SET " --set transport.nng."
    REFUSED(NNG "--host pigeon://here:5", "address = pigeon://here:5: ", "tls+tcp, ws");
    REFUSED(NNG "--host tcp://here", "address = tcp://here: ", "tcp://host:port");
    REFUSED(NNG "--host ipc://", "address = ipc://: ", "a path of");
    WORKER_REFUSED(NNG "--host tcp://here:0", "address = tcp://here:0: ", "1 to 65535");
    cr_assert_eq(fractal_run(NULL, "check " NNG "--host tcp://here:0"), 0);
    cr_assert_eq(fractal_run(NULL, "check " NNG "--host ipc://./"), 0);
    LEADER_REFUSED(TLS, "--host: [transport] address = tls+tcp://here:5: ", "leader", "tls_cert");
    WORKER_REFUSED(TLS, "address = tls+tcp://here:5: ", "worker", "tls_ca");
    LEADER_REFUSED(TLS SET "tls_cert=a.pem", "tls_key must be given");
    LEADER_REFUSED(TLS SET "tls_cert=a.pem" SET "tls_key=a.pem",
                   "--set: [transport.nng] tls_cert = a.pem", "No such file or directory");
    WORKER_REFUSED(TLS SET "tls_ca=..", "tls_ca = ..", "Is a directory");
    test_file_write("b.pem", "a text\n");
    REFUSED(TLS SET "tls_ca=b.pem" SET "tls_cert=b.pem" SET "tls_key=b.pem", "tls_ca = b.pem",
            "not a PEM file");
#undef SET
}

Test(system_judged, outputs)
{
    LEADER_REFUSED("--outfile folder/", "--outfile: [output] outfile = folder/: ", "valid: a path");
    LEADER_REFUSED("--output pam --outfile folder/", "outfile = folder/: ");
    char name[PATH_MAX + 200];
    snprintf(name, sizeof(name),
             "--set output.picky.luck=7 --output %.3000s/tests/strangers/picky.so", scene_build);
    LEADER_REFUSED(name, "--set: [output.picky] luck = 7: too much; valid: 1");
    *strchr(name, '7') = '2'; /* whatever it answers, and without a word */
    LEADER_REFUSED(name, "picky", "I/O error");
    *strchr(name, '2') = '1';
    cr_assert_eq(fractal_run(NULL, "run -q " SMALL " %s", name), 0);
}

/* What it was compiled without is never called. */
Test(system_judged, a_plugin_of_an_older_minor)
{
    struct proc *p;
    fractal_run(&p, "run " SMALL " --output %s/tests/strangers/old_minor.so", scene_build);
    PROC_ENDS(p, 0);
    fractal_run(&p, "plugins %s/tests/strangers/old_minor.so", scene_build);
    PROC_ENDS(p, 0);
    cr_assert(strstr(proc_out(p), "1.0"), "%s", p->out);
}
