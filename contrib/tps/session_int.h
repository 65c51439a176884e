/* session_int.h - what the files of the DM server share; see session.h. */
#ifndef CONTRIB_TPS_SESSION_INT_H
#define CONTRIB_TPS_SESSION_INT_H

#include "base/secret.h"
#include "contrib/tps/certificate.h"
#include "contrib/tps/session.h"
#include "wap/syncml.h"

enum { BATCH = 64, GETS_MAX = 64, SESSION_ID_MAX = 16, TOKEN_HEX = 32, MESSAGE_LEAST = 512 };

/* A command of ours that is on its way to the device. */
struct sent {
	unsigned msg_id, cmd_id;
	int64_t command;		/* in the database; 0: one of dm-get */
	bool answered;
};

struct session {
	struct session *next;
	int64_t used_ms;		/* clock_mono_ms */
	char device_id[256], id[SESSION_ID_MAX + 1];
	char token[TOKEN_HEX + 1];	/* in our RespURI */
	bool by_token;			/* its device has come by that, and nobody comes without it any more */
	struct tps_device d;		/* id 0: nobody we know; it is asked like others, and fails */
	struct dm_verifier v;
	struct dm_prover p;
	bool proven;			/* the device is who it says: in this message, or for the session */
	bool shown_password;		/* at the application layer */
	bool server_ok;			/* the device has accepted us */
	bool over;			/* nothing more to say, an event was kept */
	unsigned last_in, last_out, messages, commands, started_by;

	/* the last message and our answer to it, for a repetition */
	char last_digest[SECRET_DIGEST_SIZE];
	struct tps_dm_answer last;

	size_t max_size;		/* that the device takes in one message; 0: not said */
	struct sent sent[BATCH];
	size_t n_sent;
	/* how far commands and gets were sent; and how far before the last message, in case it did not count */
	int64_t after, after_before;
	unsigned gets, gets_before;

	struct {			/* a result that comes in pieces */
		bool on, too_large;
		char uri[256], format[32];
		struct sbuf data;
	} object;
};

struct tps_dm {
	const struct tps_config *cf;
	struct tps_db *db;
	struct session *sessions;	/* the newest first */
	unsigned n;
	char *gets_text, *gets[GETS_MAX];
	unsigned n_gets;
};

/* What becomes of one message. */
struct exchange {
	struct tps_dm *dm;
	struct session *s;
	const struct tps_dm_request *rq;
	const struct syncml_message *in;
	bool wbxml;
	unsigned header_code;		/* Status of SyncHdr */
	bool challenge;			/* with a Chal */
	bool stop;			/* the session ends with this answer */
	bool ask_more, lost_object;	/* alerts 1222 and 1223 */
	bool goes_on;			/* not Final: our commands did not fit beside the statuses */
	struct verdict {
		const struct syncml_command *of;
		unsigned code;
	} *verdicts;			/* heap */
	size_t n_verdicts;
};

/* ---- session_auth.c ---- */
/* Starts asking and showing, for a session whose device is known (d.id) or not. */
void session_start_auth(struct tps_dm *dm, struct session *s, const struct tps_dm_request *rq);
/* Who sent this message? Fills header_code, challenge, stop, and s->proven. */
void session_authenticate(struct exchange *x);
/* What the device says to our header. Where it refuses us, its statuses of our commands do not count. */
void session_server_answered(struct exchange *x);
/* Nonces as they will be needed in the next session. */
void session_keep_nonces(struct exchange *x, bool last);

/* ---- session_in.c ---- */
void session_take_commands(struct exchange *x);
void session_refuse_commands(struct exchange *x);	/* all get the header's code */

/* ---- session_out.c ---- */
void session_answer(struct exchange *x, struct tps_dm_answer *a);

/* ---- session.c ---- */
void session_event(struct exchange *x, const char *kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void session_db_failed(const struct why *why);

#endif
