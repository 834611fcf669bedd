/* SPDX-License-Identifier: MIT
 * creds.h - clear text, or TLS from PEM files. */
#ifndef GRPC_CREDS_H
#define GRPC_CREDS_H
#include "ep.h"

bool creds_tls(const struct grpc_cfg *cfg); /* does any option ask for it? */
/* Do the options fit together, and are the files there? FR_EINVAL. */
fr_status creds_check(const struct fr_host *host, const struct grpc_cfg *cfg, bool leader);
fr_status creds_server(const struct fr_host *host, const struct grpc_cfg *cfg,
                       grpc_server_credentials **creds_p);
fr_status creds_channel(const struct fr_host *host, const struct grpc_cfg *cfg,
                        grpc_channel_credentials **creds_p);
#endif
