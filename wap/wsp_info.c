/*
 * wsp_info.c - what every receiver of a push wants to know of its headers.
 * Spec: WAP-235-PushOTA 6.4.1 (application id, Push-Flag, URIs).
 */
#include "wap/wsp_int.h"

#include <stdio.h>
#include <string.h>

struct seen {
	bool initiator_uri, content_uri, content_location, ms_desc;
};

/* The first header of a name counts. */
static int
take_first(bool *seen, const struct wsp_header *h, struct span value, char *out, size_t size,
    struct why *why)
{
	int err;

	if (*seen)
		return OK;
	*seen = true;
	err = span_to_cstr(value, out, size);
	if (err) {
		struct sbuf name = { 0 };

		wsp_header_name(h, &name);
		why_at(why, err, h->offset, "%.64s: longer than %zu octets", name.s, size - 1);
		sbuf_done(&name);
	}
	return err;
}

/* The description is only shown: what is too long is cut, between two characters. */
static void
take_description(struct seen *seen, struct span value, struct wsp_push_info *out)
{
	if (seen->ms_desc)
		return;
	seen->ms_desc = true;
	if (value.n >= sizeof out->ms_desc) {
		value.n = sizeof out->ms_desc - 1;
		while (value.n > 0 && (value.p[value.n] & 0xC0) == 0x80)
			value.n--;
	}
	span_to_cstr(value, out->ms_desc, sizeof out->ms_desc);
}

static int
take_header(const struct wsp_header *h, struct span value, struct seen *seen,
    struct wsp_push_info *out, struct why *why)
{
	int code = h->code < 0 ? wsp_header_code(h->raw_name) : h->code;
	bool is_second = out->n_app_ids > 0;
	int flag;

	switch (code) {
	case WSP_HDR_APP_ID:
		out->n_app_ids++;
		return take_first(&is_second, h, value, out->app_id, sizeof out->app_id, why);
	case WSP_HDR_PUSH_FLAG:
		flag = wsp_flag_value(h->raw);
		out->push_flag = out->push_flag < 0 ? flag : out->push_flag & flag;
		return OK;
	case WSP_HDR_INITIATOR_URI:
		return take_first(&seen->initiator_uri, h, value, out->initiator_uri,
		    sizeof out->initiator_uri, why);
	case WSP_HDR_CONTENT_URI:
		return take_first(&seen->content_uri, h, value, out->content_uri,
		    sizeof out->content_uri, why);
	case WSP_HDR_CONTENT_LOCATION:
		return take_first(&seen->content_location, h, value, out->content_location,
		    sizeof out->content_location, why);
	}
	if (h->code < 0 && span_eq_nocase(h->raw_name, "X-MS-Desc"))
		take_description(seen, value, out);
	return OK;
}

int
wsp_push_info(struct span headers, struct wsp_push_info *out, struct why *why)
{
	struct sbuf value = { 0 };
	struct seen seen = { 0 };
	struct wsp_walk walk;
	struct wsp_header h;
	int err;

	*out = (struct wsp_push_info){ .push_flag = -1, .type = { .code = -1 } };
	wsp_walk_start(&walk, headers);
	err = walk.err ? OK : wsp_content_type_decode(walk.content_type, &out->type, why);
	while (err == OK && wsp_walk_next(&walk, &h)) {
		sbuf_clear(&value);
		err = wsp_header_value(&h, &value, why);
		if (err == OK)
			err = take_header(&h, sbuf_as_span(&value), &seen, out, why);
	}
	if (err == OK && walk.err) {
		err = walk.err;
		if (why != NULL)
			*why = walk.why;
	}
	sbuf_done(&value);
	if (err)
		*out = (struct wsp_push_info){ .push_flag = -1, .type = { .code = -1 } };
	return err;
}
