/*
 * decode_fields.c - bodies of fixed layout: the DM notification (package 0) and SUPL INIT.
 * Spec: OMA-TS-DM-Notification-V1_2, 6.2; OMA-TS-ULP-V1_0, 7.1.
 */
#include <stdio.h>

#include "wap/decode_int.h"

enum {
	DIGEST_OCTETS = 16,
	SUPL_MAJOR_MAX = 3
};

static json_t *
hex_json(struct span s)
{
	struct sbuf hex = { 0 };
	json_t *json;

	sbuf_hex(&hex, s);
	json = json_span(sbuf_as_span(&hex));
	sbuf_done(&hex);
	return json;
}

/* 10 bits of version (in tenths), 2 of user interface, 1 of initiator, 27 to come. */
static void
add_trigger(json_t *out, uint32_t bits)
{
	char version[16];

	snprintf(version, sizeof version, "%u.%u", (bits >> 22) / 10, (bits >> 22) % 10);
	json_object_set_new(out, "version", json_string(version));
	json_object_set_new(out, "ui_mode", json_integer(bits >> 20 & 3));
	json_object_set_new(out, "initiator", json_string(bits >> 19 & 1 ? "server" : "client"));
}

json_t *
decode_package0(struct span body, struct why *why)
{
	struct rbuf r = rbuf_from(body);
	struct span digest = rbuf_span(&r, DIGEST_OCTETS), server_id;
	uint32_t bits = rbuf_u32(&r);
	char session[8];
	json_t *out;

	rbuf_u8(&r);				/* the last of the bits to come */
	snprintf(session, sizeof session, "%X", rbuf_u16(&r));
	if (r.err) {
		why_at(why, r.err, r.err_at, "DM notification of %zu octets, its header has 24", body.n);
		return NULL;
	}
	server_id = rbuf_span(&r, rbuf_u8(&r));
	if (r.err) {
		why_at(why, r.err, r.err_at, "server identifier: longer than the message");
		return NULL;
	}
	out = json_object();
	add_trigger(out, bits);
	json_object_set_new(out, "session_id", json_string(session));
	json_object_set_new(out, "server_id", json_span(server_id));
	json_object_set_new(out, "digest", hex_json(digest));
	json_object_set_new(out, "vendor", hex_json(rbuf_rest(&r)));
	return out;
}

json_t *
decode_supl_init(struct span body, struct why *why)
{
	struct rbuf r = rbuf_from(body);
	unsigned length = rbuf_u16(&r), major = rbuf_u8(&r), minor = rbuf_u8(&r), service = rbuf_u8(&r);
	char version[16];

	if (r.err) {
		why_at(why, r.err, r.err_at, "SUPL INIT of %zu octets, its header has 5", body.n);
		return NULL;
	}
	if (length != body.n) {
		why_at(why, ERR_SYNTAX, 0, "SUPL INIT says %u octets, it has %zu", length, body.n);
		return NULL;
	}
	if (major < 1 || major > SUPL_MAJOR_MAX) {
		why_at(why, ERR_UNSUPPORTED, 2, "SUPL INIT version %u is not 1 to %d", major, SUPL_MAJOR_MAX);
		return NULL;
	}
	snprintf(version, sizeof version, "%u.%u.%u", major, minor, service);
	return json_pack("{s:i, s:s}", "length", (int)length, "version", version);
}
