/*
 * dm_session.c - who is at the other end: the side that asks, and the side that answers; see dm.h.
 * Spec: OMA-TS-DM_Security 1.3, 5.3.2 (nonces, one more challenge), 5.4; 1.2, 5.3 and 5.4.
 */
#include "policy/dm_int.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* Copies what fits whole; a part of a name or password is worse than none. */
static bool
copy_text(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size)
		return false;
	memcpy(out, text, n + 1);
	return true;
}

/* ---- the side that asks ---------------------------------------------------------------------------- */

void
dm_verifier_start(struct dm_verifier *v, enum dm_auth auth, const char *name, const char *password,
    struct span nonce)
{
	struct sbuf basic = { 0 };
	size_t n = strlen(password);

	*v = (struct dm_verifier){ .auth = auth };
	if (n >= DM_PASSWORD_MAX || !copy_text(v->name, sizeof v->name, name) || !dm_octets_set(&v->nonce, nonce)) {
		v->name[0] = '\0';		/* nothing to compare with: all is refused */
		return;
	}
	switch (auth) {
	case DM_AUTH_NONE:
		break;
	case DM_AUTH_BASIC:
		sbuf_reserve(&basic, sizeof v->basic);
		dm_basic(name, password, &basic);
		copy_text(v->basic, sizeof v->basic, basic.s);
		secret_cleanse(basic.s, basic.n);
		sbuf_done(&basic);
		break;
	case DM_AUTH_MD5:
	case DM_AUTH_SHA256:
	case DM_AUTH_HMAC_MD5:
		dm_user_hash(auth, name, password, v->user_hash);
		break;
	case DM_AUTH_HMAC_SHA256:
		memcpy(v->key, password, n);
		v->key_n = n;
		break;
	}
}

void
dm_verifier_done(struct dm_verifier *v)
{
	secret_cleanse(v, sizeof *v);
}

static bool
same(struct span a, struct span b)
{
	return a.n == b.n && a.n > 0 && secret_equal(a.p, b.p, a.n);
}

/* Base64 of the right octets is taken as well: some clients write it in WBXML, too. */
static bool
same_or_b64(struct span data, struct span octets)
{
	struct sbuf text = { 0 };
	bool equal;

	text_base64_encode(octets, &text);
	equal = same(data, octets) || same(data, sbuf_as_span(&text));
	if (text.n > 0)
		secret_cleanse(text.s, text.n);
	sbuf_done(&text);
	return equal;
}

static bool
basic_fits(const struct dm_verifier *v, struct span data)
{
	struct sbuf text = { 0 };
	bool equal;

	if (data.n > sizeof v->basic)
		return false;
	sbuf_reserve(&text, sizeof v->basic * 2);
	text_base64_encode(data, &text);
	equal = same(data, span_str(v->basic)) || same(sbuf_as_span(&text), span_str(v->basic));
	secret_cleanse(text.s, text.n);
	sbuf_done(&text);
	return equal;
}

static bool
digest_fits(const struct dm_verifier *v, struct span data)
{
	struct dm_octets expected;

	if (v->user_hash[0] == '\0')
		return false;
	dm_digest(v->auth, v->user_hash, span_of(v->nonce.p, v->nonce.n), &expected);
	return same_or_b64(data, span_of(expected.p, expected.n));
}

/* Not too far from now, and later than the one before: a message that was recorded is not taken again. */
static bool
time_fits(const struct dm_verifier *v, const char *timestamp)
{
	int64_t at, last;

	if (dm_timestamp_parse(timestamp, &at) != OK)
		return false;
	if (v->window_s > 0 && (at < v->now - v->window_s || at > v->now + v->window_s))
		return false;
	return v->seen[0] == '\0' || (dm_timestamp_parse(v->seen, &last) == OK && at > last);
}

static bool
hmac_fits(struct dm_verifier *v, const struct dm_hmac *h, struct span body)
{
	char mac[DM_B64_MAX];

	if (h->auth != v->auth || v->name[0] == '\0' || strcmp(h->who, v->name) != 0)
		return false;
	if (v->auth == DM_AUTH_HMAC_MD5) {
		if (v->user_hash[0] == '\0')
			return false;
		dm_hmac_md5(v->user_hash, span_of(v->nonce.p, v->nonce.n), body, mac);
		return dm_mac_equal(h->mac, mac);
	}
	if (v->key_n == 0)
		return false;
	dm_hmac_sha256(span_of(v->key, v->key_n), h->timestamp, body, mac);
	if (!dm_mac_equal(h->mac, mac) || !time_fits(v, h->timestamp))
		return false;
	copy_text(v->seen, sizeof v->seen, h->timestamp);
	return true;
}

static bool
fits(struct dm_verifier *v, enum dm_auth auth, struct span data, const struct dm_hmac *hmac, struct span body)
{
	switch (v->auth) {
	case DM_AUTH_NONE:
		return true;
	case DM_AUTH_BASIC:
		return auth == v->auth && v->basic[0] != '\0' && basic_fits(v, data);
	case DM_AUTH_MD5:
	case DM_AUTH_SHA256:
		return auth == v->auth && digest_fits(v, data);
	case DM_AUTH_HMAC_MD5:
	case DM_AUTH_HMAC_SHA256:
		return hmac != NULL && hmac_fits(v, hmac, body);
	}
	return false;
}

enum dm_answer
dm_verify(struct dm_verifier *v, enum dm_auth auth, struct span data, const struct dm_hmac *hmac,
    struct span body)
{
	bool nothing = dm_auth_is_hmac(v->auth) ? hmac == NULL : auth == DM_AUTH_NONE && hmac == NULL;
	bool again = v->challenged;

	if (v->done || v->auth == DM_AUTH_NONE)
		return DM_OK_SESSION;
	if (v->failures > 1)
		return DM_STOP;
	if (v->next.n > 0)
		v->nonce = v->next;
	dm_nonce_make(&v->next);
	if (fits(v, auth, data, hmac, body)) {
		v->challenged = false;
		v->done = !dm_auth_is_hmac(v->auth) && !v->each_message;
		return v->done ? DM_OK_SESSION : DM_OK;
	}
	v->challenged = true;
	if (nothing && !again)
		return DM_MISSING;
	if (!nothing && ++v->failures == 1)
		return DM_WRONG;
	v->next = (struct dm_octets){ 0 };
	v->failures = 2;
	return DM_STOP;
}

/* ---- the side that answers -------------------------------------------------------------------------- */

void
dm_prover_start(struct dm_prover *p, enum dm_auth auth, const char *name, const char *password,
    struct span nonce)
{
	*p = (struct dm_prover){ .auth = auth };
	if (!copy_text(p->name, sizeof p->name, name) || !copy_text(p->password, sizeof p->password, password) ||
	    !dm_octets_set(&p->nonce, nonce))
		p->name[0] = '\0';
}

void
dm_prover_done(struct dm_prover *p)
{
	secret_cleanse(p, sizeof *p);
}

bool
dm_prove(const struct dm_prover *p, struct sbuf *data)
{
	char user_hash[DM_B64_MAX];
	struct dm_octets digest;

	if (p->accepted || p->auth == DM_AUTH_NONE || dm_auth_is_hmac(p->auth) || p->name[0] == '\0')
		return false;
	if (p->auth == DM_AUTH_BASIC) {
		dm_basic(p->name, p->password, data);
		return true;
	}
	dm_user_hash(p->auth, p->name, p->password, user_hash);
	dm_digest(p->auth, user_hash, span_of(p->nonce.p, p->nonce.n), &digest);
	sbuf_put(data, digest.p, digest.n);
	secret_cleanse(user_hash, sizeof user_hash);
	return true;
}

bool
dm_prove_hmac(const struct dm_prover *p, const char *timestamp, struct span body, struct dm_hmac *out)
{
	char user_hash[DM_B64_MAX];

	*out = (struct dm_hmac){ .auth = p->auth };
	if (!dm_auth_is_hmac(p->auth) || p->name[0] == '\0' || text_has_control(span_str(p->name)))
		return false;
	copy_text(out->who, sizeof out->who, p->name);
	if (p->auth == DM_AUTH_HMAC_SHA256) {
		if (p->password[0] == '\0' || !copy_text(out->timestamp, sizeof out->timestamp, timestamp))
			return false;
		dm_hmac_sha256(span_str(p->password), timestamp, body, out->mac);
		return true;
	}
	dm_user_hash(p->auth, p->name, p->password, user_hash);
	dm_hmac_md5(user_hash, span_of(p->nonce.p, p->nonce.n), body, out->mac);
	secret_cleanse(user_hash, sizeof user_hash);
	return true;
}

/* What a challenge changes: the scheme, and the nonce where the scheme has one. */
static int
take_challenge(struct dm_prover *p, enum dm_auth challenge, struct span next_nonce, struct why *why)
{
	struct dm_octets nonce;

	if (!dm_auth_keeps_nonce(challenge) || next_nonce.n == 0) {
		p->auth = challenge;
		return OK;
	}
	if (!dm_octets_set(&nonce, next_nonce))
		return why_set(why, ERR_AUTH, "the challenge has a nonce of more than %d octets", DM_NONCE_MAX);
	p->auth = challenge;
	p->nonce = p->keep = nonce;
	return OK;
}

int
dm_prover_answered(struct dm_prover *p, int status, enum dm_auth challenge, struct span next_nonce,
    unsigned allowed, struct why *why)
{
	bool can = challenge != DM_AUTH_NONE && (allowed & 1u << challenge) != 0;
	int err;

	if (status >= 200 && status < 300) {
		if (can && (err = take_challenge(p, challenge, next_nonce, why)) != OK)
			return err;
		p->accepted = status == 212 && !dm_auth_is_hmac(p->auth);
		return OK;
	}
	if (status != 401 && status != 407)
		return why_set(why, ERR_AUTH, "the header was answered with status %d", status);
	if (status == 401 ? ++p->challenges > 1 : ++p->missing > 1)
		return why_set(why, ERR_AUTH, "status %d again: the second try failed", status);
	if (challenge == DM_AUTH_NONE)
		return why_set(why, ERR_AUTH, "status %d without a challenge", status);
	if (!can)
		return why_set(why, ERR_AUTH, "status %d asks for %s, which is not allowed here", status,
		    dm_auth_uri(challenge));
	p->accepted = false;
	err = take_challenge(p, challenge, next_nonce, why);
	return err != OK ? err : ERR_BUSY;
}
