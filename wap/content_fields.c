/*
 * content_fields.c - messages that are fields rather than documents: from JSON to octets, and what is checked of octets
 * that come ready-made. The members are those that decode.h gives.
 * Spec: OMA-TS-MMS-ENC-V1_3, OMA-TS-DM-Notification-V1_2 6.2, OMA-TS-ULP-V1_0 7.1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "wap/content_int.h"
#include "wap/decode_int.h"
#include "wap/mms.h"

enum { DIGEST_OCTETS = 16, UI_MAX = 3, SERVER_ID_MAX = 255 };

/* ---- DM notification ------------------------------------------------------------------------------ */

static const char *const dm_members[] = {
	"version", "ui_mode", "initiator", "session_id", "server_id", "digest", "vendor"
};

static int
known_members(const json_t *in, const char *const *names, size_t n, struct why *why)
{
	struct sbuf quoted = { 0 };
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)in, name, value) {
		for (i = 0; i < n && strcmp(name, names[i]) != 0; i++)
			;
		if (i == n) {
			sbuf_quote(&quoted, span_str(name));
			why_set(why, ERR_SYNTAX, "no field is called %s", quoted.s);
			sbuf_done(&quoted);
			return ERR_SYNTAX;
		}
	}
	return OK;
}

/* 10 bits of version in tenths, 2 of user interface, 1 of initiator, 27 to come. */
static int
dm_head(const json_t *in, uint32_t *bits, struct why *why)
{
	const char *version = json_text(in, "version"), *initiator = json_text(in, "initiator");
	const json_t *ui = json_object_get(in, "ui_mode");
	json_int_t mode = ui != NULL ? json_integer_value(ui) : 0;
	uint32_t tenths = 11;

	if (version != NULL && strcmp(version, "1.0") == 0)
		tenths = 10;
	else if (version != NULL && strcmp(version, "1.1") != 0)
		return why_set(why, ERR_UNSUPPORTED, "version: \"1.0\" or \"1.1\" expected");
	if ((ui != NULL && !json_is_integer(ui)) || mode < 0 || mode > UI_MAX)
		return why_set(why, ERR_RANGE, "ui_mode: 0 to %d expected", UI_MAX);
	if (initiator != NULL && strcmp(initiator, "server") != 0 && strcmp(initiator, "client") != 0)
		return why_set(why, ERR_SYNTAX, "initiator: \"server\" or \"client\" expected");
	*bits = tenths << 22 | (uint32_t)mode << 20 |
	    (uint32_t)(initiator == NULL || initiator[0] == 's') << 19;
	return OK;
}

static int
dm_session(const json_t *in, uint16_t *out, struct why *why)
{
	const char *text = json_text(in, "session_id");
	size_t n = text != NULL ? strspn(text, "0123456789ABCDEFabcdef") : 0;

	*out = n >= 1 && n <= 4 && text[n] == '\0' ? (uint16_t)strtoul(text, NULL, 16) : 0;
	return *out != 0 ? OK : why_set(why, ERR_RANGE, "session_id: 1 to FFFF expected, as hexadecimal digits");
}

static int
hex_member(const json_t *in, const char *name, uint8_t *out, size_t max, size_t *n, struct why *why)
{
	const char *text = json_text(in, name);
	int err;

	*n = 0;
	if (text == NULL)
		return json_object_get(in, name) == NULL ? OK : why_set(why, ERR_SYNTAX, "%s: not a string", name);
	if (strlen(text) > 2 * max)
		return why_set(why, ERR_LIMIT, "%s: more than %zu octets", name, max);
	err = text_hex(span_str(text), out, n, why);
	if (err != OK)
		why_prefix(why, "%s", name);
	return err;
}

static int
dm_encode(const json_t *in, struct sbuf *out, struct why *why)
{
	const char *server = json_text(in, "server_id");
	uint8_t octets[DIGEST_OCTETS + 8 + SERVER_ID_MAX], vendor[1024], *digest = octets;
	struct wbuf w = wbuf_into(octets, sizeof octets);
	size_t n = 0, vendor_n = 0;
	uint16_t session = 0;
	uint32_t bits = 0;
	int err;

	if ((err = known_members(in, dm_members, sizeof dm_members / sizeof dm_members[0], why)) != OK ||
	    (err = hex_member(in, "digest", digest, DIGEST_OCTETS, &n, why)) != OK ||
	    (err = hex_member(in, "vendor", vendor, sizeof vendor, &vendor_n, why)) != OK ||
	    (err = dm_head(in, &bits, why)) != OK || (err = dm_session(in, &session, why)) != OK)
		return err;
	if (n != DIGEST_OCTETS)
		return why_set(why, ERR_SYNTAX, "digest: %d octets expected", DIGEST_OCTETS);
	if (server == NULL || server[0] == '\0' || strlen(server) > SERVER_ID_MAX)
		return why_set(why, ERR_SYNTAX, "server_id: 1 to %d octets expected", SERVER_ID_MAX);
	w.n = DIGEST_OCTETS;
	wbuf_u32(&w, bits);
	wbuf_u8(&w, 0);
	wbuf_u16(&w, session);
	wbuf_u8(&w, (uint8_t)strlen(server));
	wbuf_put(&w, server, strlen(server));
	sbuf_span(out, wbuf_span(&w));
	sbuf_put(out, vendor, vendor_n);
	return OK;
}

static int
dm_check(const json_t *fields, struct why *why)
{
	if (strcmp(json_text(fields, "session_id"), "0") == 0)
		return why_at(why, ERR_RANGE, 21, "session id 0");
	if (json_text(fields, "server_id")[0] == '\0')
		return why_at(why, ERR_SYNTAX, 23, "no server identifier");
	return OK;
}

/* ---- all of them ------------------------------------------------------------------------------------- */

int
content_fields_encode(enum content_kind kind, struct span body, struct sbuf *out, struct why *why)
{
	json_t *in = json_read(body, why);
	int err;

	if (in == NULL)
		return ERR_SYNTAX;
	if (!json_is_object(in))
		err = why_set(why, ERR_SYNTAX, "line 1, column 1: not an object of fields");
	else
		err = kind == CONTENT_MMS ? mms_encode(in, out, why) : dm_encode(in, out, why);
	json_decref(in);
	if (err != OK)
		sbuf_clear(out);
	return err;
}

int
content_fields_check(enum content_kind kind, struct span body, struct why *why)
{
	json_t *fields;
	int err = OK;

	if (kind == CONTENT_SUPL) {
		fields = decode_supl_init(body, why);
	} else if (kind == CONTENT_MMS) {
		fields = decode_mms(body, why);
		err = fields != NULL ? mms_check(fields, false, why) : OK;
	} else {
		fields = decode_package0(body, why);
		err = fields != NULL ? dm_check(fields, why) : OK;
	}
	if (fields == NULL)
		return ERR_SYNTAX;
	json_decref(fields);
	return err;
}
