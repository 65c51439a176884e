/*
 * smscsim_listen.h - how sessions begin: the port that peers connect to, and outbind, for which we connect to them.
 * Spec: SMPP v3.4 issue 1.2, 2.2.1, 4.1.7 (outbind). Loop thread, under sim->lock.
 */
#ifndef SMSC_SMSCSIM_LISTEN_H
#define SMSC_SMSCSIM_LISTEN_H

#include <netinet/in.h>

#include "base/json.h"
#include "smsc/smscsim.h"

struct sim_listener;

struct sim_listener *sim_listener_create(struct sim *sim);
void sim_listener_destroy(struct sim_listener **listener);
/* Bind and listen; *got is the port. ERR_IO with a sentence in *why. */
int sim_listener_start(struct sim_listener *listener, const char *host, uint16_t port, uint16_t *got,
    struct why *why);
/* For so long who connects is refused; the port stays ours. */
void sim_listener_pause(struct sim_listener *listener, uint32_t ms);

/* Whom to ask to bind. */
struct sim_outbind {
	struct sockaddr_storage to;
	socklen_t to_n;
	char system_id[17], password[10];	/* what we say we are */
};

/* From its JSON object; ERR_SYNTAX, ERR_RANGE with a sentence. */
int sim_outbind_read(json_t *spec, struct sim_outbind *out, struct why *why);
/*
 * Connect there, without TLS, send outbind, and take what comes as from any peer; *session is its number. OK does
 * not mean that anybody is there. ERR_IO, ERR_LIMIT with a sentence.
 */
int sim_outbind(struct sim *sim, const struct sim_outbind *outbind, unsigned *session, struct why *why);

#endif
