/*
 * decode.c - see decode.h. What came is told from its first octets where the caller does not
 * know: a user data header, a WSP PDU or a WBXML document.
 */
#include "wap/decode.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "wap/content.h"
#include "wap/decode_int.h"
#include "wap/multipart.h"
#include "wap/udh.h"
#include "wap/wbxml.h"
#include "wap/wsp.h"

/* ---- bodies --------------------------------------------------------------------------------------- */

static json_t *
body_json(const char *format, json_t *value)
{
	return value != NULL ? json_pack("{s:s, s:o}", "format", format, "value", value) : NULL;
}

static json_t *
hex_body(struct span body)
{
	struct sbuf hex = { 0 };
	json_t *json;

	sbuf_hex(&hex, body);
	json = body_json("hex", json_span(sbuf_as_span(&hex)));
	sbuf_done(&hex);
	return json;
}

/* lax: tokens that we have no table for leave the octets as they are. */
static json_t *
xml_body(const char *media, struct span body, bool lax, struct why *why)
{
	struct sbuf xml = { 0 };
	json_t *json = NULL;
	int err = wbxml_to_xml(body, media, &xml, why);

	if (err == OK)
		json = body_json("xml", json_span(sbuf_as_span(&xml)));
	else if (err == ERR_UNSUPPORTED && lax)
		json = hex_body(body);
	sbuf_done(&xml);
	return json;
}

static json_t *
text_body(struct span body)
{
	if (text_is_utf8(body, NULL) && memchr(body.p, 0, body.n) == NULL)
		return body_json("text", json_span(body));
	return hex_body(body);
}

static json_t *
other_body(const char *media, struct span body)
{
	return span_starts_nocase(span_str(media), "text/") ? text_body(body) : hex_body(body);
}

static bool
ends_with(const char *media, const char *suffix)
{
	size_t n = strlen(media), k = strlen(suffix);

	return n > k && strcasecmp(media + n - k, suffix) == 0;
}

/* ---- multiparts: in the place of fields, { "parts": [ { content_type, params, headers, body } ] } ---------- */

static json_t *params_json(const struct wsp_content_type *type);
static json_t *headers_json(struct span headers);
static json_t *body_at(const char *media, struct span body, unsigned depth, struct why *why);

static json_t *
part_json(const struct multipart_part *part, unsigned depth, struct why *why)
{
	struct wsp_content_type type;
	struct wsp_walk walk;
	struct wsp_header h;
	json_t *body;

	wsp_walk_start(&walk, part->headers);
	while (wsp_walk_next(&walk, &h))
		;
	if (walk.err) {
		*why = walk.why;
		return NULL;
	}
	if (wsp_content_type_decode(walk.content_type, &type, why) != OK)
		return NULL;
	body = body_at(type.media, part->data, depth + 1, why);
	if (body == NULL)
		return NULL;
	return json_pack("{s:o, s:o, s:o, s:o}", "content_type", json_span(span_str(type.media)),
	    "params", params_json(&type), "headers", headers_json(part->headers), "body", body);
}

static json_t *
parts_json(struct span body, unsigned depth, struct why *why)
{
	struct multipart_walk walk;
	struct multipart_part part;
	json_t *parts, *json;

	if (depth == MULTIPART_DEPTH_MAX) {
		why_set(why, ERR_LIMIT, "multiparts more than %d deep", MULTIPART_DEPTH_MAX);
		return NULL;
	}
	parts = json_array();
	multipart_walk_start(&walk, body);
	while (multipart_walk_next(&walk, &part)) {
		json = part_json(&part, depth, why);
		if (json == NULL) {
			why_prefix(why, "part %zu", json_array_size(parts) + 1);
			json_decref(parts);
			return NULL;
		}
		json_array_append_new(parts, json);
	}
	if (walk.err) {
		*why = walk.why;
		json_decref(parts);
		return NULL;
	}
	return json_pack("{s:o}", "parts", parts);
}

json_t *
decode_body(const char *media, struct span body, struct why *why)
{
	struct why own;

	return body_at(media, body, 0, why != NULL ? why : &own);
}

static json_t *
body_at(const char *media, struct span body, unsigned depth, struct why *why)
{
	enum content_kind kind = content_kind_of(span_str(media));

	if (body.n == 0)
		return hex_body(body);
	if (ends_with(media, "+json"))		/* fields that nobody was allowed to compile */
		return text_body(body);
	switch (kind) {
	case CONTENT_SI:
	case CONTENT_SL:
	case CONTENT_CO:
	case CONTENT_EMN:
	case CONTENT_PROV:
		if (span_starts_nocase(span_str(media), "text/"))
			return other_body(media, body);
		return xml_body(media, body, false, why);
	case CONTENT_DM:
	case CONTENT_DRM:
		return ends_with(media, "+wbxml") ? xml_body(media, body, true, why) : other_body(media, body);
	case CONTENT_MMS:
		return body_json("fields", decode_mms(body, why));
	case CONTENT_DM_NOTIFICATION:
		/* vnd.syncml.dm.notification (DM 1.3) has a layout that is not published. */
		if (strcasecmp(media, "application/vnd.syncml.notification") == 0)
			return body_json("fields", decode_package0(body, why));
		return hex_body(body);
	case CONTENT_SUPL:
		return body_json("fields", decode_supl_init(body, why));
	case CONTENT_MULTIPART:
		return body_json("fields", parts_json(body, depth, why));
	case CONTENT_OTHER:
		if (strcasecmp(media, "application/vnd.wap.wmlc") == 0)
			return xml_body(media, body, true, why);
		break;
	case CONTENT_SIA:
		break;
	}
	return other_body(media, body);
}

/* ---- a WSP PDU ------------------------------------------------------------------------------------ */

static json_t *
params_json(const struct wsp_content_type *type)
{
	json_t *params = json_object();
	size_t i;

	for (i = 0; i < type->n_params; i++)
		if (json_object_get(params, type->params[i].name) == NULL)
			json_object_set_new(params, type->params[i].name,
			    json_span(span_str(type->params[i].value)));
	return params;
}

/* The block has been read by wsp_push_info: every field is good. */
static json_t *
headers_json(struct span headers)
{
	struct sbuf name = { 0 }, value = { 0 };
	json_t *list = json_array();
	struct wsp_walk walk;
	struct wsp_header h;

	wsp_walk_start(&walk, headers);
	while (wsp_walk_next(&walk, &h)) {
		sbuf_clear(&name);
		sbuf_clear(&value);
		wsp_header_name(&h, &name);
		if (wsp_header_value(&h, &value, NULL) == OK)
			json_array_append_new(list, json_pack("{s:o, s:o}", "name",
			    json_span(sbuf_as_span(&name)), "value", json_span(sbuf_as_span(&value))));
	}
	sbuf_done(&name);
	sbuf_done(&value);
	return list;
}

static json_t *
text_or_null(const char *text)
{
	return text[0] != '\0' ? json_span(span_str(text)) : json_null();
}

json_t *
decode_wsp(struct span pdu, struct why *why)
{
	struct why own = { 0 };
	struct wsp_push_info info;
	struct wsp_push push;
	json_t *out, *body;

	if (why == NULL)
		why = &own;
	if (wsp_push_decode(pdu, &push, why) != OK)
		return NULL;
	if (wsp_push_info(push.headers, &info, why) != OK) {
		why->offset += (size_t)(push.headers.p - pdu.p);
		return NULL;
	}
	body = decode_body(info.type.media, push.data, why);
	if (body == NULL) {
		why_prefix(why, "body");
		why->offset += (size_t)(push.data.p - pdu.p);
		return NULL;
	}
	out = json_object();
	json_object_set_new(out, "tid", json_integer(push.tid));
	json_object_set_new(out, "content_type", json_span(span_str(info.type.media)));
	json_object_set_new(out, "params", params_json(&info.type));
	json_object_set_new(out, "headers", headers_json(push.headers));
	json_object_set_new(out, "app_id", text_or_null(info.app_id));
	json_object_set_new(out, "push_flag", info.push_flag < 0 ? json_null() : json_integer(info.push_flag));
	json_object_set_new(out, "initiator_uri", text_or_null(info.initiator_uri));
	json_object_set_new(out, "body", body);
	return out;
}

json_t *
decode_wbxml(struct span doc, struct why *why)
{
	const char *media;
	json_t *out, *body;

	if (wbxml_identify(doc, &media, why) != OK)
		return NULL;
	body = xml_body(media, doc, false, why);
	if (body == NULL)
		return NULL;
	out = json_object();
	json_object_set_new(out, "content_type", media != NULL ? json_string(media) : json_null());
	json_object_set_new(out, "body", body);
	return out;
}

/* ---- parts of an SMS -------------------------------------------------------------------------------- */

enum { PORT_SUPL = 7275 };		/* ULP without WSP */

struct parts {
	struct udh head;			/* of the first part */
	struct span have[SMS_SEGMENTS_MAX];	/* payloads by place; p NULL: missing */
	unsigned total, seen;
};

static int
add_part(struct parts *parts, struct span part, size_t index, struct why *why)
{
	struct udh udh;
	int err = udh_decode(part, &udh, why);
	unsigned place;

	if (err != OK)
		return err;
	if (index == 0) {
		parts->head = udh;
		parts->total = udh.has_concat ? udh.total : 1;
	} else if (udh.has_concat != parts->head.has_concat || (udh.has_concat &&
	    (udh.ref != parts->head.ref || udh.total != parts->head.total))) {
		return why_set(why, ERR_SYNTAX, "part %zu belongs to another message", index + 1);
	}
	if (!parts->head.has_ports && udh.has_ports) {
		parts->head.has_ports = true;
		parts->head.src_port = udh.src_port;
		parts->head.dst_port = udh.dst_port;
	}
	place = udh.has_concat ? udh.seq - 1u : 0;
	if (parts->have[place].p == NULL) {	/* a repeated one is the same again */
		parts->have[place] = udh.payload;
		parts->seen++;
	}
	return OK;
}

static int
join(const struct parts *parts, struct sbuf *out, struct why *why)
{
	unsigned i;

	if (parts->seen < parts->total)
		return why_set(why, ERR_SHORT, "%u of %u parts are here", parts->seen, parts->total);
	for (i = 0; i < parts->total; i++)
		sbuf_span(out, parts->have[i]);
	return OK;
}

/* What a port other than that of push carries is not known to be a WSP PDU. */
static json_t *
datagram_json(const struct udh *head, struct span datagram, struct why *why)
{
	json_t *out;

	if (head->has_ports && head->dst_port == PORT_SUPL) {
		json_t *body = body_json("fields", decode_supl_init(datagram, why));

		return body != NULL ? json_pack("{s:o}", "body", body) : NULL;
	}
	out = decode_wsp(datagram, why);
	if (out == NULL && head->has_ports && head->dst_port != WDP_PORT_PUSH)
		return json_pack("{s:o}", "body", hex_body(datagram));
	return out;
}

static json_t *
decode_sms(const struct span *in, size_t n, struct why *why)
{
	struct parts parts = { .seen = 0 };
	struct sbuf datagram = { 0 };
	struct why own;
	json_t *out = NULL, *message = NULL;
	size_t i;
	int err = OK;

	if (why == NULL)
		why = &own;
	*why = (struct why){ 0 };
	for (i = 0; i < n && err == OK; i++)
		err = add_part(&parts, in[i], i, why);
	if (err == OK)
		err = join(&parts, &datagram, why);
	if (err == OK) {
		message = datagram_json(&parts.head, sbuf_as_span(&datagram), why);
		if (message == NULL && n == 1)
			why->offset += (size_t)(parts.head.payload.p - in[0].p);
	}
	if (message != NULL) {
		out = json_object();
		json_object_set_new(out, "kind", json_string("sms"));
		json_object_set_new(out, "ports", parts.head.has_ports ? json_pack("{s:i, s:i}",
		    "dst", parts.head.dst_port, "src", parts.head.src_port) : json_null());
		json_object_set_new(out, "segments", json_integer(parts.total));
		json_object_update(out, message);
		json_decref(message);
	}
	sbuf_done(&datagram);
	return out;
}

/* ---- what is it? --------------------------------------------------------------------------------------- */

static json_t *
with_kind(const char *kind, json_t *message)
{
	json_t *out;

	if (message == NULL)
		return NULL;
	out = json_pack("{s:s}", "kind", kind);
	json_object_update(out, message);
	json_decref(message);
	return out;
}

/* A header that says something, and no PDU type in its second octet. */
static bool
looks_like_sms(struct span s)
{
	struct udh udh;

	if (s.n < 2 || s.p[1] == WSP_PDU_PUSH || s.p[1] == WSP_PDU_CONFIRMED_PUSH || s.p[0] < 4)
		return false;
	if (udh_decode(s, &udh, NULL) == OK)
		return udh.has_ports || udh.has_concat;
	/* Cut off, but it starts with ports or concatenation. */
	return s.p[1] == 0x00 || s.p[1] == 0x04 || s.p[1] == 0x05 || s.p[1] == 0x08;
}

static json_t *
decode_auto(struct span s, struct why *why)
{
	bool push_type = s.n >= 2 && (s.p[1] == WSP_PDU_PUSH || s.p[1] == WSP_PDU_CONFIRMED_PUSH);
	const char *media;
	json_t *out;
	int err;

	if (looks_like_sms(s))
		return decode_sms(&s, 1, why);
	err = wbxml_identify(s, &media, why);
	if (err == OK) {
		out = with_kind("wbxml", decode_wbxml(s, why));
		/* The public ids of SL and CO are the numbers of the two PDU types. */
		if (out != NULL || !push_type)
			return out;
	} else if (s.n > 2 && !push_type && err != ERR_UNSUPPORTED) {
		return NULL;			/* WBXML, and broken */
	}
	return with_kind("wsp", decode_wsp(s, why));
}

json_t *
decode_parts(const struct span *parts, size_t n, enum decode_as as, struct why *why)
{
	if (n == 0) {
		why_set(why, ERR_SHORT, "no octets");
		return NULL;
	}
	if (n > 1 && (as == DECODE_WSP || as == DECODE_WBXML)) {
		why_set(why, ERR_SYNTAX, "%zu parts: only an SMS comes in parts", n);
		return NULL;
	}
	switch (as) {
	case DECODE_SMS:
		return decode_sms(parts, n, why);
	case DECODE_WSP:
		return with_kind("wsp", decode_wsp(parts[0], why));
	case DECODE_WBXML:
		return with_kind("wbxml", decode_wbxml(parts[0], why));
	case DECODE_AUTO:
		break;
	}
	return n > 1 ? decode_sms(parts, n, why) : decode_auto(parts[0], why);
}
