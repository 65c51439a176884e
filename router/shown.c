/*
 * shown.c - see shown.h. Texts stay as they came: JSON and its quotes keep control characters
 * harmless.
 */
#include "router/shown.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/xml.h"
#include "wap/content.h"
#include "wap/decode.h"

enum { LIST_MAX = 100 };		/* URIs of one CO that are shown */

/* ---- documents: an attribute or the text of an element becomes a member ------------------ */

struct row {
	const char *element, *attribute;	/* attribute "": its text */
	const char *member;
	const char *absent;			/* when the document does not say; NULL: no member */
	bool list;
};

static const struct row si_rows[] = {
	{ "indication", "",           "text",    "",              false },
	{ "indication", "href",       "href",    NULL,            false },
	{ "indication", "action",     "action",  "signal-medium", false },
	{ "indication", "si-id",      "id",      NULL,            false },
	{ "indication", "created",    "created", NULL,            false },
	{ "indication", "si-expires", "expires", NULL,            false },
	{ NULL, NULL, NULL, NULL, false }
};
static const struct row sl_rows[] = {
	{ "sl", "href",   "href",   NULL,          false },
	{ "sl", "action", "action", "execute-low", false },
	{ NULL, NULL, NULL, NULL, false }
};
static const struct row co_rows[] = {
	{ "invalidate-object",  "uri", "objects",  NULL, true },
	{ "invalidate-service", "uri", "services", NULL, true },
	{ NULL, NULL, NULL, NULL, false }
};
static const struct row emn_rows[] = {
	{ "emn", "mailbox",   "mailbox",   NULL, false },
	{ "emn", "timestamp", "timestamp", NULL, false },
	{ NULL, NULL, NULL, NULL, false }
};

struct reading {
	const struct row *rows;
	json_t *out;
	const struct row *text_of;	/* the element that is open and whose text counts */
	struct sbuf text;
};

static void
put(struct reading *r, const struct row *row, struct span value)
{
	json_t *list;

	if (!row->list) {
		json_object_set_new(r->out, row->member, json_span(value));
		return;
	}
	list = json_object_get(r->out, row->member);
	if (list == NULL) {
		json_object_set_new(r->out, row->member, json_array());
		list = json_object_get(r->out, row->member);
	}
	if (json_array_size(list) < LIST_MAX)
		json_array_append_new(list, json_span(value));
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct reading *r = ctx;
	const struct row *row;
	size_t i;

	for (row = r->rows; row->element != NULL; row++) {
		if (strcmp(row->element, name) != 0)
			continue;
		if (row->attribute[0] == '\0')
			r->text_of = row;
		for (i = 0; i < n; i++) {
			if (strcmp(attrs[i].name, row->attribute) == 0)
				put(r, row, span_str(attrs[i].value));
		}
	}
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct reading *r = ctx;

	if (r->text_of != NULL)
		sbuf_span(&r->text, text);
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct reading *r = ctx;

	if (r->text_of != NULL && strcmp(r->text_of->element, name) == 0) {
		put(r, r->text_of, span_trim(sbuf_as_span(&r->text)));
		r->text_of = NULL;
	}
	return OK;
}

/* Members in the order of the rows, with what an absent attribute means. */
static void
put_in_order(const struct row *rows, json_t *found, json_t *out)
{
	const struct row *row;

	for (row = rows; row->element != NULL; row++) {
		json_t *v = json_object_get(found, row->member);

		if (v != NULL)
			json_object_set(out, row->member, v);
		else if (row->absent != NULL)
			json_object_set_new(out, row->member, json_string(row->absent));
	}
}

static void
show_document(const struct row *rows, const char *media, struct span body, json_t *out)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	struct reading r = { .rows = rows, .out = json_object() };
	json_t *decoded = decode_body(media, body, NULL);
	const char *xml = json_text(decoded, "value");
	struct why why;

	if (xml != NULL && xml_parse(span_str(xml), NULL, NULL, &events, &r, &why) == OK)
		put_in_order(rows, r.out, out);
	sbuf_done(&r.text);
	json_decref(r.out);
	json_decref(decoded);
}

/* ---- multimedia messages ----------------------------------------------------------------- */

static const struct { const char *field, *member; } mms_rows[] = {
	{ "X-Mms-Message-Type",     "type" },
	{ "From",                   "from" },
	{ "To",                     "to" },
	{ "Subject",                "subject" },
	{ "X-Mms-Message-Size",     "size" },
	{ "X-Mms-Message-Class",    "class" },
	{ "X-Mms-Priority",         "priority" },
	{ "X-Mms-Expiry",           "expires" },
	{ "Date",                   "date" },
	{ "X-Mms-Status",           "status" },
	{ "X-Mms-Read-Status",      "status" },
	{ "X-Mms-Content-Location", "location" },
	{ "X-Mms-Transaction-ID",   "transaction_id" },
	{ "Message-ID",             "message_id" },
};

static json_t *
date_json(json_int_t seconds)
{
	time_t t = (time_t)seconds;
	char text[40];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_integer(seconds);
	return json_string(text);
}

/* "in 86400 s", or the date. */
static json_t *
expiry_json(json_t *v)
{
	json_t *relative = json_object_get(v, "relative");
	char text[40];

	if (relative == NULL)
		return date_json(json_integer_value(json_object_get(v, "absolute")));
	snprintf(text, sizeof text, "in %lld s", (long long)json_integer_value(relative));
	return json_string(text);
}

static void
show_mms(struct span body, json_t *out)
{
	json_t *decoded = decode_body("application/vnd.wap.mms-message", body, NULL);
	json_t *fields = json_object_get(decoded, "value");
	size_t i;

	for (i = 0; i < sizeof mms_rows / sizeof mms_rows[0]; i++) {
		json_t *v = json_object_get(fields, mms_rows[i].field);

		if (v == NULL)
			continue;
		if (json_is_object(v))
			json_object_set_new(out, mms_rows[i].member, expiry_json(v));
		else if (json_is_integer(v) && strcmp(mms_rows[i].member, "date") == 0)
			json_object_set_new(out, mms_rows[i].member, date_json(json_integer_value(v)));
		else
			json_object_set(out, mms_rows[i].member, v);
	}
	json_decref(decoded);
}

/* ---- any --------------------------------------------------------------------------------- */

json_t *
shown_json(const struct router_result *res)
{
	static const struct row *const rows[] = { [CONTENT_SI] = si_rows, [CONTENT_SL] = sl_rows,
		[CONTENT_CO] = co_rows, [CONTENT_EMN] = emn_rows, [CONTENT_MMS] = NULL };
	enum content_kind kind;
	json_t *out;

	if (!res->is_push || res->info == NULL || !policy_accepted(&res->decision))
		return NULL;
	kind = content_kind_of(span_str(res->info->type.media));
	if (kind != CONTENT_MMS && (kind >= sizeof rows / sizeof rows[0] || rows[kind] == NULL))
		return NULL;
	out = json_pack("{s:s}", "kind", content_kind_name(kind));
	if (kind == CONTENT_MMS)
		show_mms(res->body, out);
	else
		show_document(rows[kind], res->info->type.media, res->body, out);
	return out;
}

void
shown_add(json_t *answer, const struct router_result *res)
{
	json_t *shown = res ? shown_json(res) : NULL;

	if (shown != NULL)
		json_object_set_new(answer, "shown", shown);
}

/* JSON leaves these as they are, and some terminals take them for commands. */
static void
print_harmless(json_t *v, struct sbuf *out)
{
	struct sbuf text = { 0 };
	size_t i;

	json_print(v, &text);
	for (i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.s[i], next = i + 1 < text.n ? (uint8_t)text.s[i + 1] : 0;

		if (c == 0xC2 && next >= 0x80 && next <= 0x9F) {
			sbuf_fmt(out, "\\u%04x", next);
			i++;
		} else {
			sbuf_char(out, text.s[i]);
		}
	}
	sbuf_done(&text);
}

void
shown_print(json_t *shown, struct sbuf *out)
{
	const char *name, *sep = ": ";
	json_t *v;

	sbuf_str(out, json_text(shown, "kind"));
	json_object_foreach(shown, name, v) {
		if (strcmp(name, "kind") == 0)
			continue;
		sbuf_fmt(out, "%s%s ", sep, name);
		print_harmless(v, out);
		sep = ", ";
	}
}
