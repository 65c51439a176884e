/*
 * server.h - what tps serves: the DM endpoint, and result notifications of the gateway.
 *
 * Each has one thread and a database handle of its own.
 */
#ifndef CONTRIB_TPS_SERVER_H
#define CONTRIB_TPS_SERVER_H

#include "contrib/tps/config.h"

struct tps_server;
int tps_server_start(const struct tps_config *cf, struct tps_server **out, struct why *why);
/* Reads certificate, key and authorities again. */
int tps_server_reload_tls(struct tps_server *s, struct why *why);
void tps_server_describe(const struct tps_server *s, struct sbuf *out);	/* "DM on ..., notifications on ..." */
void tps_server_stop(struct tps_server **s);

#endif
