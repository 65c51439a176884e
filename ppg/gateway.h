/* gateway.h - the whole gateway: every station made, joined, started and stopped in order. */
#ifndef PPG_GATEWAY_H
#define PPG_GATEWAY_H

#include "ppg/config.h"

struct gateway;

/* config (read from `path`) stays the caller's and lives longer. *why: what could not be started. */
int gateway_start(const char *path, struct ppg_config *config, struct gateway **out, struct why *why);
/*
 * Read the file again: initiators, links and routes, and the limits whose keys say so. When it has an error all stays
 * as it was. Any thread.
 */
int gateway_reload(struct gateway *gw, struct why *why);
/* Orderly: no new requests, links drained for at most wait_ms, store closed. */
void gateway_stop(struct gateway **gw, unsigned wait_ms);
/* How long the configuration gives links for it; when no reload can come any more. */
unsigned gateway_stop_wait_ms(const struct gateway *gw);
/* "PAP on port N, admin on port M" for the log. */
void gateway_describe(const struct gateway *gw, struct sbuf *out);

#endif
