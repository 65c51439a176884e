/*
 * dm_hmac.c - the header x-syncml-hmac of both generations, and the MACs in it; see dm.h.
 * Spec: OMA-TS-DM_Security 1.3, 5.4 (HMAC-SHA256); 1.2, 5.4 (nested MD5, no HMAC of RFC 2104 despite its name).
 */
#include "policy/dm_int.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

enum { HEADER_MAX = 2048, ALGORITHM_MAX = 32 };

/* ---- MACs ---------------------------------------------------------------------------------------- */

void
dm_hmac_md5(const char *user_hash, struct span nonce, struct span body, char mac[DM_B64_MAX])
{
	char of_body[DM_B64_MAX];
	const struct span colon = span_str(":");
	uint8_t hash[DM_DIGEST_MAX];

	dm_hash(DM_AUTH_MD5, &body, 1, hash);
	dm_b64_encode(span_of(hash, 16), of_body);
	dm_hash(DM_AUTH_MD5, (const struct span[]){ span_str(user_hash), colon, nonce, colon, span_str(of_body) }, 5, hash);
	dm_b64_encode(span_of(hash, 16), mac);
}

void
dm_hmac_sha256_octets(struct span key, const struct span *parts, size_t n, uint8_t out[32])
{
	static const uint8_t nothing[1];
	struct sbuf whole = { 0 };
	size_t i;

	sbuf_str(&whole, "");
	for (i = 0; i < n; i++)
		sbuf_span(&whole, parts[i]);
	if (HMAC(EVP_sha256(), key.n > 0 ? key.p : nothing, (int)key.n, (const uint8_t *)whole.s, whole.n, out, NULL) == NULL)
		OPENSSL_die("HMAC-SHA256 is not available", __FILE__, __LINE__);
	sbuf_done(&whole);
}

void
dm_hmac_sha256(struct span key, const char *timestamp, struct span body, char mac[DM_B64_MAX])
{
	uint8_t octets[32];

	dm_hmac_sha256_octets(key, (const struct span[]){ span_str(timestamp), span_str(":"), body }, 3, octets);
	dm_b64_encode(span_of(octets, sizeof octets), mac);
}

/* Text is compared, so that no second spelling of the same octets fits. */
bool
dm_mac_equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n > 0 && n == strlen(b) && secret_equal(a, b, n);
}

/* ---- timestamps ---------------------------------------------------------------------------------- */

void
dm_timestamp(int64_t at, char out[40])
{
	clock_iso((time_t)at, out);
}

int
dm_timestamp_parse(const char *text, int64_t *at)
{
	time_t t;
	int err = clock_parse_iso(text, &t);

	*at = t;
	return err;
}

/* ---- the header ------------------------------------------------------------------------------------ */

struct header {
	char algorithm[ALGORITHM_MAX], username[DM_NAME_MAX], serverid[DM_NAME_MAX], timestamp[40], mac[DM_B64_MAX];
	unsigned seen;		/* bit of each row below */
};

static const struct field {
	const char *name;
	size_t offset, size;
} fields[] = {
	{ "algorithm",	offsetof(struct header, algorithm),	ALGORITHM_MAX },
	{ "username",	offsetof(struct header, username),	DM_NAME_MAX },
	{ "ServerId",	offsetof(struct header, serverid),	DM_NAME_MAX },
	{ "Timestamp",	offsetof(struct header, timestamp),	40 },
	{ "mac",	offsetof(struct header, mac),		DM_B64_MAX },
};
enum { N_FIELDS = sizeof fields / sizeof fields[0], ALGORITHM = 0, USERNAME, SERVERID, TIMESTAMP, MAC };

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct rbuf *r)
{
	while (rbuf_left(r) > 0 && blank(rbuf_peek(r)))
		rbuf_u8(r);
}

/* The octets up to one of `ends`, or all that is left, without blanks at both ends. */
static struct span
take_until(struct rbuf *r, const char *ends)
{
	const uint8_t *from = r->p;
	size_t n;

	while (rbuf_left(r) > 0 && strchr(ends, rbuf_peek(r)) == NULL)
		rbuf_u8(r);
	for (n = (size_t)(r->p - from); n > 0 && blank(from[n - 1]); n--)
		;
	return span_of(from, n);
}

/* A quoted string without its quotes and backslashes. */
static int
take_quoted(struct rbuf *r, struct sbuf *out, struct why *why)
{
	size_t at = rbuf_pos(r);

	rbuf_u8(r);
	for (;;) {
		uint8_t c = rbuf_u8(r);

		if (r->err == OK && c == '"')
			return OK;
		if (r->err == OK && c == '\\')
			c = rbuf_u8(r);
		if (r->err != OK)
			return why_at(why, ERR_SYNTAX, at, "x-syncml-hmac: quotes are not closed");
		sbuf_char(out, (char)c);
	}
}

/* A value goes to its field; what is not known is passed over. */
static int
store(struct header *h, struct span name, struct sbuf *value, size_t at, struct why *why)
{
	const struct field *f;
	size_t i, n;

	for (i = 0; i < N_FIELDS && !span_eq_nocase(name, fields[i].name); i++)
		;
	if (i == N_FIELDS)
		return OK;
	f = &fields[i];
	if (h->seen & 1u << i)
		return why_at(why, ERR_SYNTAX, at, "x-syncml-hmac: %s twice", f->name);
	h->seen |= 1u << i;
	if (i == MAC) {			/* a long line may have been folded inside */
		for (at = n = 0; at < value->n; at++)
			if (!blank((uint8_t)value->s[at]))
				value->s[n++] = value->s[at];
		value->n = n;
	}
	if (value->n >= f->size)
		return why_at(why, ERR_LIMIT, at, "x-syncml-hmac: %s of more than %zu octets", f->name, f->size - 1);
	if (value->n == 0 || text_has_control(sbuf_as_span(value)))
		return why_at(why, ERR_SYNTAX, at, "x-syncml-hmac: %s is empty or has control characters", f->name);
	memcpy((char *)h + f->offset, value->s, value->n);
	return OK;
}

static int
take_fields(struct span in, struct header *h, struct why *why)
{
	struct rbuf r = rbuf_from(in);
	struct sbuf value = { 0 };
	int err = OK;

	while (err == OK) {
		struct span name;
		size_t at;

		skip_blanks(&r);
		while (rbuf_left(&r) > 0 && (rbuf_peek(&r) == ',' || rbuf_peek(&r) == ';')) {
			rbuf_u8(&r);		/* a list may have empty elements */
			skip_blanks(&r);
		}
		if (rbuf_left(&r) == 0)
			break;
		at = rbuf_pos(&r);
		name = take_until(&r, "=,;");
		if (name.n == 0 || rbuf_left(&r) == 0 || rbuf_u8(&r) != '=') {
			err = why_at(why, ERR_SYNTAX, at, "x-syncml-hmac: a name without '='");
			break;
		}
		skip_blanks(&r);
		sbuf_clear(&value);
		if (rbuf_left(&r) > 0 && rbuf_peek(&r) == '"') {
			err = take_quoted(&r, &value, why);
			skip_blanks(&r);
			if (err == OK && rbuf_left(&r) > 0 && rbuf_peek(&r) != ',' && rbuf_peek(&r) != ';')
				err = why_at(why, ERR_SYNTAX, rbuf_pos(&r), "x-syncml-hmac: no separator");
		} else {
			sbuf_span(&value, take_until(&r, ",;"));
		}
		if (err == OK)
			err = store(h, name, &value, at, why);
	}
	sbuf_done(&value);
	return err;
}

static int
check_mac(const char *mac, struct why *why)
{
	uint8_t octets[DM_B64_MAX];
	size_t n;

	if (text_base64(span_str(mac), octets, &n, NULL) != OK || n == 0)
		return why_set(why, ERR_SYNTAX, "x-syncml-hmac: the mac is not base64");
	return OK;
}

int
dm_hmac_parse(struct span header, struct dm_hmac *out, struct why *why)
{
	struct header h = { 0 };
	int err, who = USERNAME;

	*out = (struct dm_hmac){ 0 };
	if (header.n > HEADER_MAX)
		return why_set(why, ERR_LIMIT, "x-syncml-hmac: more than %d octets", HEADER_MAX);
	err = take_fields(header, &h, why);
	if (err != OK)
		return err;
	if (h.algorithm[0] == '\0' || span_eq_nocase(span_str(h.algorithm), "MD5"))
		out->auth = DM_AUTH_HMAC_MD5;
	else if (span_eq_nocase(span_str(h.algorithm), "HMAC-SHA256"))
		out->auth = DM_AUTH_HMAC_SHA256;
	else
		return why_set(why, ERR_UNSUPPORTED, "x-syncml-hmac: the algorithm is neither MD5 nor HMAC-SHA256");
	if (out->auth == DM_AUTH_HMAC_SHA256)
		who = SERVERID;
	if (!(h.seen & 1u << who) || !(h.seen & 1u << MAC) ||
	    (who == SERVERID && !(h.seen & 1u << TIMESTAMP)))
		err = why_set(why, ERR_SYNTAX, "x-syncml-hmac: %s is missing", !(h.seen & 1u << who) ?
		    fields[who].name : !(h.seen & 1u << MAC) ? "mac" : "Timestamp");
	else
		err = check_mac(h.mac, why);
	if (err != OK) {
		*out = (struct dm_hmac){ 0 };
		return err;
	}
	memcpy(out->who, who == SERVERID ? h.serverid : h.username, sizeof out->who);
	memcpy(out->mac, h.mac, sizeof out->mac);
	if (who == SERVERID)
		memcpy(out->timestamp, h.timestamp, sizeof out->timestamp);
	return OK;
}

static void
put_quoted(struct sbuf *out, const char *text)
{
	sbuf_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			sbuf_char(out, '\\');
		sbuf_char(out, *text);
	}
	sbuf_char(out, '"');
}

void
dm_hmac_print(const struct dm_hmac *h, struct sbuf *out)
{
	if (h->auth == DM_AUTH_HMAC_SHA256) {
		sbuf_str(out, "algorithm=HMAC-SHA256, ServerId=");
		put_quoted(out, h->who);
		sbuf_str(out, ", Timestamp=");
		put_quoted(out, h->timestamp);
	} else {
		sbuf_str(out, "algorithm=MD5, username=");
		put_quoted(out, h->who);
	}
	sbuf_str(out, ", mac=");
	sbuf_str(out, h->mac);
}
