/*
 * dm_notification.c - package #0, with which a server asks a device for a session; see dm.h.
 * Spec: OMA-TS-DM_Notification 1.2, 6.2 (layout), 6.3 (digest); OMA-TS-DM_Security 1.2, 5.5.
 */
#include "policy/dm_int.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"

enum {
	DIGEST = 16,
	VERSION_SHIFT = 30, UI_SHIFT = 28, BY_SERVER_SHIFT = 27,	/* in the 40 bits of the header */
	VERSION_10 = 10, VERSION_12 = 12,
	HEADER_MIN = 24
};

/* Of the digest: all that stands behind it. */
static void
trigger_digest(const char *user_hash, struct span nonce, struct span trigger, uint8_t out[DM_DIGEST_MAX])
{
	char of_trigger[DM_B64_MAX];
	const struct span colon = span_str(":");
	uint8_t hash[DM_DIGEST_MAX];

	dm_hash(DM_AUTH_MD5, &trigger, 1, hash);
	dm_b64_encode(span_of(hash, DIGEST), of_trigger);
	dm_hash(DM_AUTH_MD5, (const struct span[]){ span_str(user_hash), colon, nonce, colon, span_str(of_trigger) }, 5, out);
}

int
dm_notification_build(const struct dm_notification *n, const char *user_hash, struct span nonce, struct sbuf *out,
    struct why *why)
{
	size_t id_n = strnlen(n->server_id, sizeof n->server_id), from;
	uint8_t digest[DM_DIGEST_MAX], head[8];
	struct wbuf w = wbuf_into(head, sizeof head);
	uint64_t bits;

	if (n->version != 10 && n->version != 11)
		return why_set(why, ERR_RANGE, "version: 10 or 11, that is 1.0 or 1.1");
	if ((unsigned)n->ui > DM_UI_INTERACTION)
		return why_set(why, ERR_RANGE, "user interaction: 0 to 3");
	if (n->session_id == 0)
		return why_set(why, ERR_RANGE, "session id: 1 to FFFF");
	if (id_n == 0 || id_n == sizeof n->server_id || text_has_control(span_of(n->server_id, id_n)))
		return why_set(why, ERR_SYNTAX, "server id: 1 to 255 octets without control characters");
	bits = (uint64_t)n->version << VERSION_SHIFT | (uint64_t)n->ui << UI_SHIFT |
	    (uint64_t)n->by_server << BY_SERVER_SHIFT;
	wbuf_u8(&w, (uint8_t)(bits >> 32));
	wbuf_u32(&w, (uint32_t)bits);
	wbuf_u16(&w, n->session_id);
	wbuf_u8(&w, (uint8_t)id_n);

	from = out->n + DIGEST;
	sbuf_reserve(out, HEADER_MIN + id_n + n->vendor.n);
	sbuf_put(out, (uint8_t[DIGEST]){ 0 }, DIGEST);
	sbuf_span(out, wbuf_span(&w));
	sbuf_put(out, n->server_id, id_n);
	sbuf_span(out, n->vendor);
	trigger_digest(user_hash, nonce, span_of(out->s + from, out->n - from), digest);
	memcpy(out->s + from - DIGEST, digest, DIGEST);
	return OK;
}

int
dm_notification_parse(struct span in, struct dm_notification *out, struct why *why)
{
	struct rbuf r = rbuf_from(in);
	struct span digest = rbuf_span(&r, DIGEST), id;
	uint64_t bits = (uint64_t)rbuf_u8(&r) << 32;
	int err = OK;

	bits |= rbuf_u32(&r);
	*out = (struct dm_notification){
		.version = (unsigned)(bits >> VERSION_SHIFT),
		.ui = (enum dm_ui)(bits >> UI_SHIFT & 3),
		.by_server = (bits >> BY_SERVER_SHIFT & 1) != 0,
		.session_id = rbuf_u16(&r),
	};
	id = rbuf_span(&r, rbuf_u8(&r));
	out->vendor = rbuf_rest(&r);
	if (r.err)
		err = why_at(why, r.err, r.err_at, "package #0 ends after %zu octets", in.n);
	else if (out->version < VERSION_10 || out->version > VERSION_12)
		err = why_at(why, ERR_UNSUPPORTED, DIGEST, "package #0 of version %u.%u", out->version / 10,
		    out->version % 10);
	else if (out->session_id == 0)
		err = why_at(why, ERR_RANGE, 21, "package #0 with session id 0");
	else if (id.n == 0 || text_has_control(id) || span_to_cstr(id, out->server_id, sizeof out->server_id) != OK)
		err = why_at(why, ERR_SYNTAX, HEADER_MIN, "package #0: the server id is empty or has control characters");
	if (err != OK) {
		*out = (struct dm_notification){ 0 };
		return err;
	}
	memcpy(out->digest, digest.p, DIGEST);
	return OK;
}

bool
dm_notification_verify(struct span in, const char *user_hash, struct span nonce, bool *special)
{
	const struct span nonces[] = { nonce, span_str("0x00000000"), span_of("\0\0\0", 4) };
	uint8_t digest[DM_DIGEST_MAX];
	size_t i;

	*special = false;
	if (in.n <= HEADER_MIN)
		return false;
	for (i = 0; i < 3; i++) {
		trigger_digest(user_hash, nonces[i], span_of(in.p + DIGEST, in.n - DIGEST), digest);
		if (secret_equal(digest, in.p, DIGEST)) {
			*special = i > 0;
			return true;
		}
	}
	return false;
}
