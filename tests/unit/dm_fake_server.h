/*
 * dm_fake_server.h - a DM server in the test program: it takes what a client sends and answers,
 * rightly or not.
 */
#ifndef TESTS_UNIT_DM_FAKE_SERVER_H
#define TESTS_UNIT_DM_FAKE_SERVER_H

#include "policy/dm.h"
#include "wap/syncml.h"

struct fake_server {
	struct dm_verifier device;	/* what it expects; start it with dm_verifier_start */
	struct dm_prover own;		/* how it says who it is */
	int64_t now;
	const char *session;		/* of its answers; NULL: the client's */
	bool no_cred;			/* says nothing of itself, whatever it is asked */
	bool cred_once;			/* Cred in its first message alone */
	bool no_hmac, bad_hmac;		/* leaves the header out, or wrong, from its second message on */
	bool no_status, not_final, wbxml, repeat_msg_id;
	const char *resp_uri;
	unsigned own_status;		/* of the client's header, instead of the right one */
	/* Commands for its message number `step`, from 1; false: there are no more. NULL: none. */
	bool (*commands)(struct syncml_message *m, unsigned step, void *arg);
	void *arg;

	unsigned messages, step;
	unsigned challenges;		/* of the client, that it got */
	unsigned last_alert;		/* 1200 or 1201 that opened the session */
	char session_id[16], source[64];
	bool had_cred, had_hmac;	/* the client's last message */
	struct sbuf log;		/* "Get ./DevInfo/Man 200;" of each status it got, "=value;" of each result */
	struct syncml_command *sent;	/* commands of its last message, to name them in the log */
	struct syncml_message last;	/* that message */
};

/* One exchange. hmac "" in: none; *hmac_out stays empty without one. False: no answer. */
bool fake_exchange(struct fake_server *s, struct span body, const char *hmac, struct sbuf *out,
    struct sbuf *hmac_out);
void fake_done(struct fake_server *s);

#endif
