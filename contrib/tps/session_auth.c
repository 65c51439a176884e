/*
 * session_auth.c - who sent a message, and showing who we are; see session.h.
 * Spec: OMA-TS-DM_Security 1.2 and 1.3, 5.3 (credentials, challenges, nonces), 5.4 (HMAC); DM-SEC-S-002 to S-013.
 */
#include "contrib/tps/session_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { STAMP_WINDOW_S = 300 };

/* ---- the beginning ------------------------------------------------------------------------------------ */

/* Somebody we do not know: he is asked as a device would be, with a secret that nobody has. */
static void
start_stranger(struct tps_dm *dm, struct session *s)
{
	struct dm_octets nonce;
	char secret[2 * sizeof nonce.p + 1];
	struct sbuf hex = { 0 };

	dm_nonce_make(&nonce);
	sbuf_hex(&hex, dm_octets_span(&nonce));
	snprintf(secret, sizeof secret, "%s", hex.s);
	sbuf_done(&hex);
	dm_nonce_make(&nonce);
	dm_verifier_start(&s->v, DM_AUTH_MD5, s->device_id, secret, dm_octets_span(&nonce));
	dm_nonce_make(&nonce);
	dm_prover_start(&s->p, DM_AUTH_MD5, dm->cf->server_id, secret, dm_octets_span(&nonce));
}

void
session_start_auth(struct tps_dm *dm, struct session *s, const struct tps_dm_request *rq)
{
	struct tps_device *d = &s->d;

	if (d->id == 0) {
		start_stranger(dm, s);
		return;
	}
	dm_verifier_start(&s->v, d->auth, d->user, d->password, dm_octets_span(&d->client_nonce));
	if (d->auth == DM_AUTH_MD5 || d->auth == DM_AUTH_HMAC_MD5)
		snprintf(s->v.user_hash, sizeof s->v.user_hash, "%s", d->hash_md5);
	else if (d->auth == DM_AUTH_SHA256)
		snprintf(s->v.user_hash, sizeof s->v.user_hash, "%s", d->hash_sha256);
	s->v.window_s = STAMP_WINDOW_S;
	/* 212 is for a session that the transport protects, and whose next message we know by its token */
	s->v.each_message = !rq->tls || dm->cf->dm_url == NULL;
	dm_prover_start(&s->p, d->auth, dm->cf->server_id, d->server_password, dm_octets_span(&d->server_nonce));
}

/* ---- the device -------------------------------------------------------------------------------------------- */

/* The scheme, data and header that came with a message. */
struct shown {
	enum dm_auth auth;
	struct span data;
	struct dm_hmac hmac;
	bool has_hmac;
};

static void
look(const struct exchange *x, struct shown *out)
{
	const struct syncml_cred *cred = x->in->cred;
	struct why why;

	*out = (struct shown){ .auth = DM_AUTH_NONE };
	if (cred != NULL && (cred->type == NULL || dm_auth_parse(span_str(cred->type), &out->auth) != OK))
		out->auth = DM_AUTH_BASIC;		/* something else than what is asked */
	if (cred != NULL)
		out->data = sbuf_as_span(&cred->data.octets);
	if (x->rq->hmac == NULL)
		return;
	out->has_hmac = true;
	if (dm_hmac_parse(span_str(x->rq->hmac), &out->hmac, &why) != OK)
		out->hmac = (struct dm_hmac){ .auth = DM_AUTH_NONE };	/* wrong, not missing */
}

static enum dm_answer
ask(struct exchange *x, const struct shown *shown)
{
	struct session *s = x->s;
	bool challenged = s->v.challenged;
	enum dm_answer answer;

	/* Who does not come by our RespURI has to show himself in every message. */
	if (s->v.done && (x->rq->token == NULL || !x->rq->tls)) {
		s->v.done = false;
		s->v.each_message = true;
	}
	s->v.now = clock_utc();
	/* ServerId is the server's in the examples, the sender's in some clients */
	if (shown->has_hmac && s->v.auth == DM_AUTH_HMAC_SHA256 && strcmp(shown->hmac.who, x->dm->cf->server_id) == 0)
		snprintf(s->v.name, sizeof s->v.name, "%s", shown->hmac.who);
	answer = dm_verify(&s->v, shown->auth, shown->data, shown->has_hmac ? &shown->hmac : NULL, x->rq->body);
	/* Together with TLS authentication another scheme than the one of the challenge ends the session (S-007). */
	if (answer == DM_WRONG && challenged && s->d.require == TPS_REQUIRE_BOTH && !dm_auth_is_hmac(s->v.auth) &&
	    shown->auth != s->v.auth)
		answer = DM_STOP;
	return answer;
}

/* Was it removed, or registered anew, since its session began? */
static bool
still_there(struct exchange *x)
{
	struct tps_device now;
	struct why why;
	int err = tps_device_by_id(x->dm->db, x->s->device_id, &now, &why);
	bool same = err == OK && now.id == x->s->d.id;

	if (err != OK && err != ERR_NOT_FOUND)
		session_db_failed(&why);
	tps_device_done(&now);
	return same;
}

/*
 * Within a session timestamps count up. A message that was recorded may begin another one as long as its time is near
 * enough; so every MAC is remembered for that long.
 */
static bool
repeated(struct exchange *x, const struct shown *shown)
{
	struct why why;
	int err;

	if (x->s->v.auth != DM_AUTH_HMAC_SHA256)
		return false;
	err = tps_device_add_mac(x->dm->db, x->s->d.id, shown->hmac.mac, 2 * STAMP_WINDOW_S + 60, &why);
	if (err == ERR_EXISTS)
		log_peer("dm", x->rq->peer, "a message that came before");
	else if (err != OK)
		session_db_failed(&why);
	return err != OK;
}

static enum dm_answer
decide(struct exchange *x)
{
	struct session *s = x->s;
	bool certified = tps_certificate_is(s->d.certificate, x->rq->cert);
	struct shown shown;
	enum dm_answer answer;

	if (s->d.id != 0) {
		if (!still_there(x))
			return DM_STOP;
		if (certified && (s->d.require == TPS_REQUIRE_CERTIFICATE || s->d.require == TPS_REQUIRE_EITHER))
			return DM_OK_SESSION;
		if (!certified && (s->d.require == TPS_REQUIRE_CERTIFICATE || s->d.require == TPS_REQUIRE_BOTH))
			return DM_STOP;
		if (s->d.auth == DM_AUTH_BASIC && !x->dm->cf->allow_basic)
			return DM_STOP;
	}
	look(x, &shown);
	answer = ask(x, &shown);
	if ((answer == DM_OK || answer == DM_OK_SESSION) && (s->d.id == 0 || repeated(x, &shown)))
		return DM_STOP;
	if (answer == DM_OK || answer == DM_OK_SESSION)
		s->shown_password = true;
	return answer;
}

/* The password was shown: hashes may be enough now. */
static void
proven(struct exchange *x)
{
	struct session *s = x->s;
	struct why why;

	if (!s->proven && tps_device_set_seen(x->dm->db, s->d.id, clock_utc(), &why) != OK)
		session_db_failed(&why);
	if (s->shown_password && tps_device_seal(x->dm->db, &s->d, &why) != OK)
		session_db_failed(&why);
	s->proven = true;
}

void
session_authenticate(struct exchange *x)
{
	static const struct { unsigned code; bool challenge, stop; } outcomes[] = {
		[DM_OK] = { 200, true, false }, [DM_OK_SESSION] = { 212, true, false }, [DM_MISSING] = { 407, true, false },
		[DM_WRONG] = { 401, true, false }, [DM_STOP] = { 401, false, true },
	};
	enum dm_answer answer = decide(x);

	x->header_code = outcomes[answer].code;
	x->stop = outcomes[answer].stop;
	/* with success only where there is a nonce to give */
	x->challenge = outcomes[answer].challenge && x->s->v.next.n > 0 &&
	    (x->header_code >= 300 || (dm_auth_keeps_nonce(x->s->v.auth) && !(x->header_code == 212 && x->s->messages > 1 &&
	    x->s->proven)));
	if (x->header_code < 300) {
		proven(x);
		return;
	}
	x->s->proven = false;
	if (answer == DM_STOP || answer == DM_WRONG)
		log_peer("dm", x->rq->peer, x->s->d.id == 0 ? "a device that is not known" : "wrong credentials");
}

/* ---- us ------------------------------------------------------------------------------------------------------ */

static const struct syncml_command *
header_status(const struct exchange *x)
{
	const struct syncml_command *c;

	for (c = x->in->commands; c != NULL; c = c->next)
		if (c->kind == SYNCML_STATUS && c->cmd_ref == 0 && c->msg_ref == x->s->last_out)
			return c;
	return NULL;
}

void
session_server_answered(struct exchange *x)
{
	unsigned allowed = 1u << DM_AUTH_MD5 | 1u << DM_AUTH_SHA256 | 1u << DM_AUTH_HMAC_MD5 | 1u << DM_AUTH_HMAC_SHA256;
	const struct syncml_command *c = header_status(x);
	enum dm_auth challenge = DM_AUTH_NONE;
	struct dm_octets nonce = { .n = 0 };
	struct session *s = x->s;
	struct why why;
	int err;

	if (c == NULL)
		return;
	if (x->dm->cf->allow_basic)
		allowed |= 1u << DM_AUTH_BASIC;
	if (c->chal != NULL && c->chal->type != NULL && dm_auth_parse(span_str(c->chal->type), &challenge) != OK)
		challenge = DM_AUTH_NONE;
	if (c->chal != NULL && c->chal->next_nonce != NULL && dm_b64_decode(span_str(c->chal->next_nonce), &nonce) != OK)
		nonce.n = 0;
	err = dm_prover_answered(&s->p, (int)c->data, challenge, dm_octets_span(&nonce), allowed, &why);
	if (err == OK) {
		s->server_ok = true;
		return;
	}
	/* what was in that message did not count */
	s->after = s->after_before;
	s->gets = s->gets_before;
	s->n_sent = 0;
	if (err == ERR_BUSY)
		return;
	log_warning("dm", "device %s does not accept this server: %s", s->device_id, why.text);
	session_event(x, "session", "%s: the device does not accept this server: %s", s->id, why.text);
	s->over = true;
	x->stop = true;
}

void
session_keep_nonces(struct exchange *x, bool last)
{
	struct session *s = x->s;
	const struct dm_octets *client = last || (s->v.done && s->server_ok) ? &s->v.next : &s->v.nonce;
	bool changed = false;
	struct why why;

	if (s->shown_password && dm_auth_keeps_nonce(s->v.auth) && client->n > 0 &&
	    (client->n != s->d.client_nonce.n || memcmp(client->p, s->d.client_nonce.p, client->n) != 0)) {
		s->d.client_nonce = *client;
		changed = true;
	}
	if (s->p.keep.n > 0) {
		s->d.server_nonce = s->p.keep;
		s->p.keep.n = 0;
		changed = true;
	}
	if (changed && tps_device_set_nonces(x->dm->db, &s->d, &why) != OK)
		session_db_failed(&why);
}
