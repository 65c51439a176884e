/*
 * smscsim_session.h - SMPP connections of the simulator: octets in and out, framing, answers that
 * are late on purpose, the end. What a PDU means is smscsim_smpp's. Loop thread, under sim->lock.
 */
#ifndef SMSC_SMSCSIM_SESSION_H
#define SMSC_SMSCSIM_SESSION_H

#include <netinet/in.h>

#include "base/buf.h"
#include "smsc/smscsim.h"

enum sim_bound { SIM_OPEN, SIM_BOUND_TX, SIM_BOUND_RX, SIM_BOUND_TRX };

struct sim_delayed;
struct sim_receipt;

struct sim_session {
	struct sim *sim;
	struct sim_session *next, **link;
	struct sim_session *next_touched;
	struct loop_fd watch;
	struct loop_timer linger;
	struct loop_timer pause;
	uint32_t read_rate;		/* octets a second; 0: as they come */
	bool paused;			/* has read its share, waits for the pause to end */
	int fd;
	struct tls *tls;		/* or NULL */
	bool shaking;			/* TLS is not agreed on yet */
	bool connecting;		/* our connection is not there yet */
	unsigned number;		/* for the log */
	char peer[INET6_ADDRSTRLEN];
	struct sockaddr_storage from;
	enum sim_bound bound;
	struct sim_account *account;	/* once bound */
	bool counted;			/* among the account's bound ones */
	bool touched;			/* has something to send or is to be closed */
	bool asleep;			/* half_open: neither read nor written */
	bool eof;			/* the peer sends no more */
	bool ending;			/* sends what is left, then closes; reads no more PDUs */
	bool shut;			/* has sent it; waits a moment for the peer to close */
	bool dead;			/* is freed when the turn ends */
	uint8_t *in;
	size_t in_n, in_cap;
	struct sbuf out;
	size_t out_at;			/* sent of out */
	struct sim_delayed *delayed;

	/* smscsim_receipt's */
	struct sim_session *next_receiver;
	struct { uint32_t seq; struct sim_receipt *receipt; } window[SIM_DELIVER_WINDOW];
	unsigned n_window;
	uint32_t deliver_seq;
};

struct sim_sessions;

struct sim_sessions *sim_sessions_create(struct sim *sim);
void sim_sessions_destroy(struct sim_sessions **sessions);
/* Before listening: every session begins with a TLS handshake. Files as struct tls_config has them. */
int sim_sessions_use_tls(struct sim_sessions *sessions, const char *cert, const char *key,
    const char *client_ca, struct why *why);
/* End all, or those of one system_id, after what was written; how many. */
unsigned sim_sessions_cut(struct sim_sessions *sessions, const char *system_id);
unsigned sim_sessions_count(const struct sim_sessions *sessions, bool bound_only);

/* End of a turn: send what was written, free what is dead. */
void sim_sessions_settle(struct sim_sessions *sessions);
/* Wake the sessions that half_open stopped or slow_reader slowed, once sim_sessions_wake was called. */
void sim_sessions_revive(struct sim_sessions *sessions);
/* Any thread with the lock: sleeping and slow sessions go on at the next sim_kick. */
void sim_sessions_wake(struct sim_sessions *sessions);

/* The socket of a peer that has connected, or, of ours, that we are connecting; NULL: there are too many. */
struct sim_session *sim_session_create(struct sim_sessions *sessions, int fd,
    const struct sockaddr_storage *peer, bool ours);
void sim_session_write(struct sim_session *s, struct span octets);
/* The same, delay_ms from now, unless the session has ended by then. */
void sim_session_write_late(struct sim_session *s, struct span octets, uint32_t delay_ms);
void sim_session_sleep(struct sim_session *s);
void sim_session_slow(struct sim_session *s, uint32_t octets_per_s);
void sim_session_end(struct sim_session *s);		/* after what was written */
bool sim_session_takes(const struct sim_session *s);	/* a receiver that is awake and not clogged */

#endif
