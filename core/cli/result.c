/* SPDX-License-Identifier: MIT */
#include "cli/result.h"

#include "base/version.h"
#include "cli/describe.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static json_t *host_json(void)
{
    char line[256], cpu[128] = "unknown", libc[64], kernel[256] = "unknown";
    struct utsname uts;
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && fgets(line, sizeof(line), f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon && colon[1]) {
            snprintf(cpu, sizeof(cpu), "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (f)
        fclose(f);
    bool named = uname(&uts) == 0;
    if (named)
        snprintf(kernel, sizeof(kernel), "%s %s %s", uts.sysname, uts.release, uts.machine);
    snprintf(libc, sizeof(libc), "glibc %s", gnu_get_libc_version());
    return json_pack("{s:s, s:s, s:i, s:s, s:s}", "name", named ? uts.nodename : "unknown", "cpu",
                     cpu, "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN), "kernel", kernel, "libc",
                     libc);
}

/* Secrets do not belong in a report. */
static void add_key(void *ctx, const char *section, const char *key, const char *value)
{
    json_t *config = ctx, *keys = json_object_get(config, section);
    bool secret = strcmp(key, "token") == 0 && *value;
    if (!keys) {
        keys = json_object();
        json_object_set_new(config, section, keys);
    }
    json_object_set_new(keys, key, json_string(secret ? "(secret)" : value));
}

static json_t *transport_json(const struct fr_setup *setup, const struct fr_report *report)
{
    const struct fr_plugin *p = setup->transports[setup->transport_count - 1].loaded.plugin;
    return json_pack("{s:s, s:s, s:s?, s:s, s:o}", "name", p->name, "version", p->version,
                     "backend", p->backend, "mechanism", report->mechanism, "caps",
                     fr_describe_caps(p));
}

fr_status fr_result_write(const struct fr_setup *setup, const char *command,
                          const struct fr_report *report, const char *file, struct fr_error *err)
{
    char started[32], part[4096];
    time_t then = time(NULL) - (time_t)(report->own.wall_ns / 1000000000u);
    struct tm tm;
    gmtime_r(&then, &tm);
    strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_t *config = json_object(), *json = fr_report_json(report);
    fr_config_each(setup->config, add_key, config);
    json_t *head = json_pack("{s:s, s:i, s:s, s:s, s:o, s:o}", "fractal", fr_version, "protocol",
                             (int)FR_WIRE_PROTOCOL, "command", command, "started", started, "host",
                             host_json(), "config", config);
    if (strcmp(command, "direct") != 0)
        json_object_set_new(head, "transport", transport_json(setup, report));
    json_object_update(head, json);
    json_decref(json);
    fr_status st = FR_OK;
    snprintf(part, sizeof(part), "%s.part", file);
    if (json_dump_file(head, part, JSON_INDENT(1)) != 0 || rename(part, file) != 0) {
        st = fr_fail(err, FR_EIO, "[metrics] json: cannot write %s: %s", file, strerror(errno));
        unlink(part);
    }
    json_decref(head);
    return st;
}
