/* SPDX-License-Identifier: MIT */
#include "creds.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PEM_MAX_BYTES = 1 << 20 };

struct pems {
    char *cert, *key, *ca; /* NULL: not given */
};

static void free_pem(char *pem)
{
    if (pem)
        explicit_bzero(pem, strlen(pem));
    free(pem);
}

static void free_pems(struct pems *pems)
{
    free_pem(pems->cert);
    free_pem(pems->key);
    free_pem(pems->ca);
}

static fr_status read_pem(const struct fr_host *host, const char *option, const char *path,
                          char **pem_p)
{
    if (!*path)
        return FR_OK;
    char *pem = malloc(PEM_MAX_BYTES);
    if (!pem)
        return FR_FAIL(host, FR_ENOMEM, "out of memory");
    FILE *file = fopen(path, "re");
    size_t len = 0;
    bool failed = !file;
    if (file) {
        len = fread(pem, 1, PEM_MAX_BYTES - 1, file);
        failed = ferror(file);
    }
    int why = errno;
    if (file)
        fclose(file);
    pem[len] = '\0';
    if (!failed && strstr(pem, "-----BEGIN ")) {
        *pem_p = pem;
        return FR_OK;
    }
    free_pem(pem);
    return FR_FAIL(host, FR_EINVAL, "[transport.grpc] %s = %s: %s; valid: a PEM file", option, path,
                   failed ? strerror(why) : "not a PEM file");
}

/* What the options say about each other. */
static fr_status check_options(const struct fr_host *host, const struct grpc_cfg *cfg, bool leader)
{
    if (*cfg->tls_cert && !*cfg->tls_key)
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.grpc] tls_cert = %s: tls_key is missing; valid: both or none",
                       cfg->tls_cert);
    if (*cfg->tls_key && !*cfg->tls_cert)
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.grpc] tls_key = %s: tls_cert is missing; valid: both or none",
                       cfg->tls_key);
    if (!leader)
        return FR_OK;
    if (!*cfg->tls_cert) {
        const char *key = *cfg->tls_ca            ? "tls_ca"
                          : *cfg->tls_server_name ? "tls_server_name"
                                                  : "tls_client_auth";
        const char *value = *cfg->tls_ca            ? cfg->tls_ca
                            : *cfg->tls_server_name ? cfg->tls_server_name
                                                    : "yes";
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.grpc] %s = %s: this switches TLS on, and a leader with TLS "
                       "needs tls_cert and tls_key",
                       key, value);
    }
    if (cfg->tls_client_auth && !*cfg->tls_ca)
        return FR_FAIL(host, FR_EINVAL,
                       "[transport.grpc] tls_client_auth = yes: needs tls_ca, who signs the "
                       "workers' certificates");
    return FR_OK;
}

static fr_status read_pems(const struct fr_host *host, const struct grpc_cfg *cfg,
                           struct pems *pems_p)
{
    struct pems pems = {0};
    fr_status st = FR_OK;
    if ((st = read_pem(host, "tls_cert", cfg->tls_cert, &pems.cert)) == FR_OK &&
        (st = read_pem(host, "tls_key", cfg->tls_key, &pems.key)) == FR_OK &&
        (st = read_pem(host, "tls_ca", cfg->tls_ca, &pems.ca)) == FR_OK)
        *pems_p = pems;
    else
        free_pems(&pems);
    return st;
}

bool creds_tls(const struct grpc_cfg *cfg)
{
    return *cfg->tls_cert || *cfg->tls_key || *cfg->tls_ca || *cfg->tls_server_name ||
           cfg->tls_client_auth;
}

/* Reads it, unless it is a pipe, which only open may empty. */
static fr_status try_pem(const struct fr_host *host, const char *option, const char *path)
{
    struct stat info;
    char *pem = NULL;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return FR_OK;
    fr_status st = read_pem(host, option, path, &pem);
    free_pem(pem);
    return st;
}

fr_status creds_check(const struct fr_host *host, const struct grpc_cfg *cfg, bool leader)
{
    if (!creds_tls(cfg))
        return FR_OK;
    fr_status st = check_options(host, cfg, leader);
    if (st == FR_OK)
        st = try_pem(host, "tls_cert", cfg->tls_cert);
    if (st == FR_OK)
        st = try_pem(host, "tls_key", cfg->tls_key);
    return st == FR_OK ? try_pem(host, "tls_ca", cfg->tls_ca) : st;
}

fr_status creds_server(const struct fr_host *host, const struct grpc_cfg *cfg,
                       grpc_server_credentials **creds_p)
{
    if (!creds_tls(cfg)) {
        *creds_p = grpc_insecure_server_credentials_create();
        return FR_OK;
    }
    struct pems pems = {0};
    fr_status st = check_options(host, cfg, true);
    if (st == FR_OK)
        st = read_pems(host, cfg, &pems);
    if (st != FR_OK)
        return st;
    grpc_ssl_pem_key_cert_pair pair = {.private_key = pems.key, .cert_chain = pems.cert};
    grpc_server_credentials *creds = grpc_ssl_server_credentials_create_ex(
        pems.ca, &pair, 1,
        cfg->tls_client_auth ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                             : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
        NULL);
    free_pems(&pems);
    if (!creds)
        return FR_FAIL(host, FR_EINVAL, "gRPC takes no TLS credentials of %s and %s", cfg->tls_cert,
                       cfg->tls_key);
    *creds_p = creds;
    return FR_OK;
}

fr_status creds_channel(const struct fr_host *host, const struct grpc_cfg *cfg,
                        grpc_channel_credentials **creds_p)
{
    if (!creds_tls(cfg)) {
        *creds_p = grpc_insecure_credentials_create();
        return FR_OK;
    }
    struct pems pems = {0};
    fr_status st = check_options(host, cfg, false);
    if (st == FR_OK)
        st = read_pems(host, cfg, &pems);
    if (st != FR_OK)
        return st;
    grpc_ssl_pem_key_cert_pair pair = {.private_key = pems.key, .cert_chain = pems.cert};
    grpc_channel_credentials *creds =
        grpc_ssl_credentials_create_ex(pems.ca, pems.cert ? &pair : NULL, NULL, NULL);
    free_pems(&pems);
    if (!creds)
        return FR_FAIL(host, FR_EINVAL, "gRPC takes no TLS credentials of tls_ca = %s",
                       cfg->tls_ca);
    *creds_p = creds;
    return FR_OK;
}
