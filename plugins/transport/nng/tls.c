/* SPDX-License-Identifier: MIT
 * tls.c - certificates from files into a configuration of nng. */
#include "check.h"
#include "endpoint.h" /* first: tls.h does not include nng.h itself */

#include <errno.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PEM_MAX_BYTES = 1 << 20 };
#define FILE_IS "[transport.nng] %s = %s: " /* so that the core finds who said it */

/* The whole file as a string. */
static fr_status read_pem(const struct fr_host *host, const char *key, const char *path,
                          char **text_p)
{
    fr_status st = FR_EINVAL;
    char *text = NULL;
    FILE *f = fopen(path, "re");
    if (!f)
        return FR_FAIL(host, FR_EINVAL, FILE_IS "%s; valid: a PEM file", key, path,
                       strerror(errno));
    text = malloc(PEM_MAX_BYTES + 1);
    if (!text) {
        st = FR_FAIL(host, FR_ENOMEM, "out of memory");
        goto close_file;
    }
    size_t len = fread(text, 1, PEM_MAX_BYTES + 1, f);
    text[len <= PEM_MAX_BYTES ? len : 0] = '\0';
    if (ferror(f) || !strstr(text, "-----BEGIN ")) {
        st = FR_FAIL(host, FR_EINVAL, FILE_IS "%s; valid: a PEM file", key, path,
                     ferror(f) ? strerror(errno) : "not a PEM file of up to 1 MiB");
        goto free_text;
    }
    fclose(f);
    *text_p = text;
    return FR_OK;

free_text:
    free(text);
close_file:
    fclose(f);
    return st;
}

static fr_status set_ca(const struct fr_host *host, nng_tls_config *config, const char *path)
{
    char *ca;
    fr_status st = read_pem(host, "tls_ca", path, &ca);
    if (st != FR_OK)
        return st;
    int rv = nng_tls_config_ca_chain(config, ca, NULL);
    free(ca);
    return rv ? FR_FAIL(host, FR_EINVAL, FILE_IS "%s", "tls_ca", path, nng_strerror(rv)) : FR_OK;
}

static fr_status set_own(const struct fr_host *host, nng_tls_config *config,
                         const struct nng_cfg *cfg)
{
    char *cert, *key;
    fr_status st = read_pem(host, "tls_cert", cfg->tls_cert, &cert);
    if (st != FR_OK)
        return st;
    st = read_pem(host, "tls_key", cfg->tls_key, &key);
    if (st == FR_OK) {
        int rv = nng_tls_config_own_cert(config, cert, key, NULL);
        if (rv)
            st = FR_FAIL(host, FR_EINVAL, FILE_IS "with tls_key = %s: %s", "tls_cert",
                         cfg->tls_cert, cfg->tls_key, nng_strerror(rv));
        explicit_bzero(key, strlen(key));
        free(key);
    }
    free(cert);
    return st;
}

static fr_status check_options(const struct fr_host *host, const struct nng_cfg *cfg,
                               const struct address *at, bool leader)
{
    const char *missing = NULL;
    if (!*cfg->tls_cert && (leader || *cfg->tls_key))
        missing = "tls_cert";
    else if (!*cfg->tls_key && *cfg->tls_cert)
        missing = "tls_key";
    else if (!*cfg->tls_ca && (!leader || cfg->tls_client_auth))
        missing = "tls_ca";
    return missing ? FR_FAIL(host, FR_EINVAL,
                             "[transport] address = %s: for a %s there [transport.nng] %s must be "
                             "given",
                             at->url, leader ? "leader" : "worker", missing)
                   : FR_OK;
}

/* Reads it, unless it is a pipe, which only open may empty. */
static fr_status try_pem(const struct fr_host *host, const char *key, const char *path)
{
    struct stat info;
    char *text;
    if (!*path || (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
        return FR_OK;
    fr_status st = read_pem(host, key, path, &text);
    if (st == FR_OK) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
    return st;
}

fr_status tls_check(const struct fr_host *host, const struct nng_cfg *cfg, const struct address *at,
                    bool leader)
{
    if (!at->tls)
        return FR_OK;
    fr_status st = check_options(host, cfg, at, leader);
    if (st == FR_OK)
        st = try_pem(host, "tls_ca", cfg->tls_ca);
    if (st == FR_OK)
        st = try_pem(host, "tls_cert", cfg->tls_cert);
    return st == FR_OK ? try_pem(host, "tls_key", cfg->tls_key) : st;
}

fr_status tls_prepare(const struct fr_host *host, const struct nng_cfg *cfg,
                      const struct address *at, bool leader, struct nng_tls_config **config_p)
{
    if (!at->tls) {
        *config_p = NULL;
        return FR_OK;
    }
    fr_status st = check_options(host, cfg, at, leader);
    if (st != FR_OK)
        return st;
    library_keep();
    nng_tls_config *config;
    int rv = nng_tls_config_alloc(&config, leader ? NNG_TLS_MODE_SERVER : NNG_TLS_MODE_CLIENT);
    if (rv)
        return FR_FAIL(host, rv == NNG_ENOMEM ? FR_ENOMEM : FR_ENOTSUP, "TLS: %s",
                       nng_strerror(rv));
    bool verify = !leader || cfg->tls_client_auth;
    rv = nng_tls_config_auth_mode(config,
                                  verify ? NNG_TLS_AUTH_MODE_REQUIRED : NNG_TLS_AUTH_MODE_NONE);
    if (rv == 0 && !leader)
        rv = nng_tls_config_server_name(config,
                                        *cfg->tls_server_name ? cfg->tls_server_name : at->host);
    if (rv)
        st = FR_FAIL(host, FR_EINVAL, "TLS: %s", nng_strerror(rv));
    if (st == FR_OK && *cfg->tls_ca)
        st = set_ca(host, config, cfg->tls_ca);
    if (st == FR_OK && *cfg->tls_cert)
        st = set_own(host, config, cfg);
    if (st != FR_OK) {
        nng_tls_config_free(config);
        return st;
    }
    *config_p = config;
    return FR_OK;
}
