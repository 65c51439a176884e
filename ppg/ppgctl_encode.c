/*
 * ppgctl_encode.c - ppgctl encode: the PDU or the SMS parts that a content file becomes, without
 * sending them. What it prints is what ppgctl decode reads.
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/content.h"
#include "wap/udh.h"
#include "wap/wsp.h"

struct encode_options {
	const char *type, *tid, *ref, *src_port, *dst_port;
	struct ctl_list headers, args;
	bool segments, body, no_transform, json;
};

struct encode_numbers {
	int64_t tid, ref, src_port, dst_port;
};

/* "Name: value" into the header block. */
static int
add_header(struct wbuf *w, const char *line, struct why *why)
{
	const char *colon = strchr(line, ':');
	int err;

	if (colon == NULL || colon == line)
		return why_set(why, ERR_SYNTAX, "--header \"%.64s\" is not of the form \"Name: value\"", line);
	err = wsp_header_encode(w, span_of(line, (size_t)(colon - line)), span_trim(span_str(colon + 1)), why);
	if (err == OK && w->err != OK)
		err = why_set(why, ERR_LIMIT, "the headers have more than %d octets", WSP_HEADERS_MAX);
	if (err != OK)
		why_prefix(why, "%.*s", colon - line < 64 ? (int)(colon - line) : 64, line);
	return err;
}

/* Content and headers as one PDU in *out; with --body, the content alone. */
static int
encode(const struct encode_options *o, uint8_t tid, struct span body, struct sbuf *out, struct why *why)
{
	uint8_t octets[WSP_HEADERS_MAX];
	struct wbuf headers = wbuf_into(octets, sizeof octets), w;
	struct content content = { 0 };
	struct wsp_push push;
	size_t i, room;
	int err = content_prepare(span_str(o->type), body, o->no_transform, &content, why);

	if (err == OK && o->body) {
		sbuf_span(out, sbuf_as_span(&content.body));
		content_done(&content);
		return OK;
	}
	if (err == OK)
		err = wsp_content_type_encode(&headers, span_str(content.type), why);
	for (i = 0; err == OK && i < o->headers.n; i++)
		err = add_header(&headers, o->headers.items[i], why);
	if (err == OK) {
		push = (struct wsp_push){ tid, WSP_PDU_PUSH, wbuf_span(&headers), sbuf_as_span(&content.body) };
		room = headers.n + content.body.n + 16;
		sbuf_reserve(out, room);
		w = wbuf_into(out->s, room);
		wsp_push_encode(&w, &push);
		out->n = w.n;
		err = w.err;
	}
	content_done(&content);
	return err;
}

static void
print_hex(const char *name, struct span octets, bool json)
{
	struct sbuf hex = { 0 };

	sbuf_hex(&hex, octets);
	if (json)
		ctl_print_json(json_pack("{s:s}", name, hex.s));
	else
		puts(hex.s);
	sbuf_done(&hex);
}

static void
print_segments(const struct encode_numbers *n, struct span pdu, bool json)
{
	unsigned i, total = sms_segments(pdu.n);
	json_t *list = json_array();
	uint8_t part[SMS_UD_MAX];

	for (i = 0; i < total; i++) {
		struct sbuf hex = { 0 };

		sbuf_hex(&hex, span_of(part, sms_segment(pdu, i, (uint16_t)n->src_port, (uint16_t)n->dst_port,
		    (uint16_t)n->ref, part)));
		if (json)
			json_array_append_new(list, json_string(hex.s));
		else
			puts(hex.s);
		sbuf_done(&hex);
	}
	if (json)
		ctl_print_json(json_pack("{s:O}", "segments", list));
	json_decref(list);
}

static bool
number(const char *text, int64_t most, int64_t otherwise, int64_t *out)
{
	*out = otherwise;
	return text == NULL || text_number(text, 0, most, out) == OK;
}

enum ctl_exit
ctl_encode(const struct ctl_verb *verb, int argc, char **argv)
{
	struct encode_options o = { 0 };
	struct encode_numbers n;
	const struct ctl_option options[] = {
		{ "type", "TYPE", "content type of FILE, with parameters", &o.type, NULL, NULL },
		{ "header", "HEADER", "\"Name: value\" of the push; may be repeated", NULL, NULL, &o.headers },
		{ "no-transform", NULL, "leave textual SI, SL and provisioning documents as text", NULL,
		  &o.no_transform, NULL },
		{ "segments", NULL, "print the user data of each SMS, a line each", NULL, &o.segments, NULL },
		{ "body", NULL, "print the body alone: what a MAC is made over", NULL, &o.body, NULL },
		{ "tid", "N", "transaction id, 0..255; default 1", &o.tid, NULL, NULL },
		{ "ref", "N", "reference of the segments, 0..65535; default 1", &o.ref, NULL, NULL },
		{ "dst-port", "N", "port on the device; default 2948", &o.dst_port, NULL, NULL },
		{ "src-port", "N", "port it comes from; default 9200", &o.src_port, NULL, NULL },
		{ "json", NULL, "print JSON", NULL, &o.json, NULL },
		{ 0 },
	};
	struct sbuf body = { 0 }, pdu = { 0 };
	enum ctl_exit result = CTL_DONE;
	struct why why = { 0 };

	if (!ctl_parse(verb, options, argc, argv, &o.args, 1, 1, &result))
		goto out;
	if (o.type == NULL)
		result = ctl_wrong_use(verb, "--type says what FILE holds");
	else if (!number(o.tid, 255, 1, &n.tid) || !number(o.ref, 65535, 1, &n.ref) ||
	    !number(o.dst_port, 65535, WDP_PORT_PUSH, &n.dst_port) ||
	    !number(o.src_port, 65535, WDP_PORT_WSP, &n.src_port))
		result = ctl_wrong_use(verb, "--tid is in 0..255; --ref, --dst-port and --src-port are in 0..65535");
	else if (ctl_read_file(o.args.items[0], CONTENT_MAX, &body, &why) != OK)
		result = ctl_wrong_use(verb, "%s", why.text);
	else if (encode(&o, (uint8_t)n.tid, sbuf_as_span(&body), &pdu, &why) != OK)
		result = ctl_no(verb, "%s", why.text);
	else if (o.body || !o.segments)
		print_hex(o.body ? "body" : "pdu", sbuf_as_span(&pdu), o.json);
	else if (sms_segments(pdu.n) == 0)
		result = ctl_no(verb, "%zu octets take more than %d messages", pdu.n, SMS_SEGMENTS_MAX);
	else
		print_segments(&n, sbuf_as_span(&pdu), o.json);
out:
	sbuf_done(&body);
	sbuf_done(&pdu);
	ctl_list_done(&o.headers);
	ctl_list_done(&o.args);
	return result;
}
