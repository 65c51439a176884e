/*
 * smscsim_http.h - the simulator's JSON interface: messages, stats, faults, receipts.
 * Requests are served on the HTTP server's thread; what was decoded is decoded there.
 */
#ifndef SMSC_SMSCSIM_HTTP_H
#define SMSC_SMSCSIM_HTTP_H

#include "smsc/smscsim.h"

struct why;
struct sim_http;

struct sim_http *sim_http_create(struct sim *sim);
void sim_http_destroy(struct sim_http **http);		/* stops the server */
/* Start the server; *got is its port. ERR_IO with a sentence in *why. */
int sim_http_start(struct sim_http *http, const char *host, uint16_t port, uint16_t *got,
    struct why *why);

/*
 * Loop thread, without sim->lock: requests that wait for messages go on, when there are some or
 * they waited long enough.
 */
void sim_http_wake(struct sim_http *http);

#endif
