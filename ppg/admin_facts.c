/*
 * admin_facts.c - see admin_int.h: subscribers and profiles. Writes are operations of the store: the request
 * waits for them, the server does not. Whoever waits is answered on the store's writer thread.
 */
#include "ppg/admin_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "ppg/admin_csv.h"
#include "ppg/mime.h"
#include "ppg/subscriber.h"
#include "ppg/uaprof.h"

enum { SLICE = 1000, BAD_SHOWN = 1000, ROWS_MAX = 1000, ROWS_USUAL = 100, TYPE_MAX = 200 };

/* A write that the store has, or will have. Freed when its request is gone. */
struct write {
	union {
		struct store_op op;
		struct store_subscribers subscribers;
		struct store_profile profile;
	} u;
	struct admin *admin;
	struct http_request *rq;
	struct subscriber_table table;
	size_t written, changed;
	struct store_subscriber one;
	char key[ADDRESS_KEY_SIZE];
	char *name, *type;		/* heap */
};

static struct write *
begin_write(struct admin *admin, struct http_request *rq)
{
	struct write *w = calloc(1, sizeof *w);

	if (w == NULL)
		abort();
	w->admin = admin;
	w->rq = rq;
	http_request_set_data(rq, w);
	return w;
}

void
admin_write_free(void *data)
{
	struct write *w = data;

	if (w == NULL)
		return;
	subscriber_table_done(&w->table);
	free(w->name);
	free(w->type);
	free(w);
}

/* From here on the answer comes later, unless this one is given at once. */
static void
submit(struct write *w)
{
	struct admin *admin = w->admin;

	if (!admin_begin(admin)) {
		admin_error(w->rq, 503, "the gateway is stopping");
	} else if (store_submit(admin->cf.store, &w->u.op) != OK) {
		admin_error(w->rq, 503, "too much waits for the store");
		admin_end(admin);
	}
}

static json_t *
failure(int result)
{
	return json_pack("{s:s}", "error", result == ERR_FULL ? "the store's disk is full" :
	    "the store takes nothing more now");
}

/* ---- subscribers, read ----------------------------------------------------------------------------- */

/* The key in `address`, in a form that subscriber_key understands as well; answers 400 when it is none. */
static bool
read_key(struct http_request *rq, char key[ADDRESS_KEY_SIZE])
{
	char *address = http_request_param(rq, "address");
	struct why why;
	int err = ERR_SYNTAX;

	if (address == NULL) {
		admin_error(rq, 400, "address is needed: ?address=TYPE:VALUE or ?address=%%2BDIGITS");
		return false;
	}
	if (address[0] == ' ')		/* "+" of a query that was not escaped */
		address[0] = '+';
	err = subscriber_key(address, key, &why);
	free(address);
	if (err)
		admin_error(rq, 400, "address: %s", why.text);
	return err == OK;
}

/* What is secret of them stays here. */
static json_t *
shown_facts(const char *text)
{
	json_t *facts = text != NULL ? json_read(span_str(text), NULL) : NULL, *shown = NULL;

	if (facts != NULL)
		shown = subscriber_facts_shown(facts);
	json_decref(facts);
	return shown;
}

void
admin_get_subscriber(struct admin *admin, struct http_request *rq, const char *rest)
{
	char key[ADDRESS_KEY_SIZE];
	struct store_subscriber_view sub;
	struct sbuf address = { 0 };
	json_t *facts;
	int err;

	if (!read_key(rq, key))
		return;
	err = store_read_subscriber(admin->reader, key, &sub);
	if (err == ERR_NOT_FOUND) {
		admin_error(rq, 404, "no such subscriber");
		return;
	}
	if (err) {
		admin_error(rq, 500, "the store could not be read");
		return;
	}
	subscriber_print(key, &address);
	facts = shown_facts(sub.facts);
	admin_json(rq, 200, json_pack("{s:s, s:o, s:o, s:o}", "address", address.s, "number", admin_text(sub.number),
	    "profile", admin_text(sub.profile), "facts", facts != NULL ? facts : json_null()));
	sbuf_done(&address);
	store_subscriber_done(&sub);
}

/* ---- subscribers, written ---------------------------------------------------------------------------- */

/* Takes the next slice; false when there is none left. */
static bool
next_slice(struct write *w)
{
	size_t left = w->table.n - w->written;

	w->u.subscribers.rows = w->table.rows + w->written;
	w->u.subscribers.n = (uint32_t)(left < SLICE ? left : SLICE);
	return left > 0;
}

static void
slice_written(struct store_op *op)
{
	struct write *w = (struct write *)op;
	struct admin *admin = w->admin;
	int result = op->result;
	json_t *answer;

	if (result == OK) {
		if (admin->cf.subscribers != NULL)
			subscribers_imported(admin->cf.subscribers);
		w->written += w->u.subscribers.n;
		if (next_slice(w)) {
			result = store_submit(admin->cf.store, op);
			if (result == OK)
				return;
		}
	}
	answer = result == OK ? json_object() : failure(result);
	json_object_set_new(answer, "written", json_integer((json_int_t)w->written));
	admin_json_later(w->rq, result == OK ? 200 : 503, answer);
	admin_end(admin);		/* the answer may have freed w already */
}

static void
note_bad(void *arg, size_t line, const char *why)
{
	json_t *list = arg;

	if (json_array_size(list) < BAD_SHOWN)
		json_array_append_new(list, json_pack("{s:I, s:o}", "line", (json_int_t)line, "error",
		    json_span(span_str(why))));
}

static void
refuse_table(struct http_request *rq, const struct subscriber_table *t, json_t *bad)
{
	struct sbuf text = { 0 };

	sbuf_fmt(&text, "%zu line%s cannot be read; nothing was changed", t->n_bad, t->n_bad == 1 ? "" : "s");
	admin_json(rq, 400, json_pack("{s:s, s:I, s:I, s:o}", "error", text.s, "lines", (json_int_t)t->lines,
	    "n_bad", (json_int_t)t->n_bad, "bad", bad));
	sbuf_done(&text);
}

void
admin_put_subscribers(struct admin *admin, struct http_request *rq, const char *rest)
{
	struct write *w = begin_write(admin, rq);
	json_t *bad = json_array();

	if (subscriber_table_read(http_request_body(rq), &w->table, note_bad, bad) != OK) {
		refuse_table(rq, &w->table, bad);
		return;
	}
	json_decref(bad);
	w->u.subscribers = (struct store_subscribers){
		.op = { .kind = STORE_SUBSCRIBERS, .done = slice_written },
	};
	if (next_slice(w))
		submit(w);
	else
		admin_json(rq, 200, json_pack("{s:i}", "written", 0));
}

static void
subscriber_removed(struct store_op *op)
{
	struct write *w = (struct write *)op;
	struct admin *admin = w->admin;

	if (op->result != OK)
		admin_json_later(w->rq, 503, failure(op->result));
	else if (w->u.subscribers.changed == 0)
		admin_json_later(w->rq, 404, json_pack("{s:s}", "error", "no such subscriber"));
	else
		admin_json_later(w->rq, 200, json_pack("{s:i}", "removed", 1));
	admin_end(admin);
}

void
admin_delete_subscriber(struct admin *admin, struct http_request *rq, const char *rest)
{
	char key[ADDRESS_KEY_SIZE];
	struct write *w;

	if (!read_key(rq, key))
		return;
	w = begin_write(admin, rq);
	memcpy(w->key, key, sizeof key);
	w->one.key = w->key;
	w->u.subscribers = (struct store_subscribers){
		.op = { .kind = STORE_SUBSCRIBERS, .done = subscriber_removed },
		.remove = true, .rows = &w->one, .n = 1,
	};
	submit(w);
}

/* ---- profiles ------------------------------------------------------------------------------------------ */

/* The name at the end of the path, heap; NULL and an answer when it is none. */
static char *
read_name(struct http_request *rq, const char *rest)
{
	struct span in = span_str(rest);
	uint8_t *octets = malloc(in.n + 1);
	char *name = NULL;
	size_t n;

	if (octets == NULL)
		abort();
	if (text_percent(in, false, octets, &n) == OK && profile_name_ok(span_of(octets, n)))
		name = span_dup(span_of(octets, n));
	else
		admin_error(rq, 400, "a profile's name has letters, digits and . _ - +, at most %d", SUBSCRIBER_NAME_MAX);
	free(octets);
	return name;
}

static json_t *
profiles_json(const struct store_profile_row *rows, uint32_t n, bool more)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:I}", "name", rows[i].name, "content_type",
		    admin_text(rows[i].content_type), "octets", (json_int_t)rows[i].octets));
	return json_pack("{s:o, s:o}", "profiles", list, "next_after", more ? json_string(rows[n - 1].name) : json_null());
}

void
admin_list_profiles(struct admin *admin, struct http_request *rq, const char *rest)
{
	char *after = http_request_param(rq, "after");
	struct store_profile_row *rows;
	int64_t limit;
	uint32_t n;

	if (!admin_number(rq, "limit", 1, ROWS_MAX, ROWS_USUAL, &limit))
		;
	else if (after != NULL && !profile_name_ok(span_str(after)))
		admin_error(rq, 400, "after: a profile's name has letters, digits and . _ - +, at most %d",
		    SUBSCRIBER_NAME_MAX);
	else if (store_read_profiles(admin->reader, after, (uint32_t)limit, &rows, &n) != OK)
		admin_error(rq, 500, "the store could not be read");
	else {
		admin_json(rq, 200, profiles_json(rows, n, n == (uint32_t)limit));
		store_profile_rows_free(rows, n);
	}
	free(after);
}

void
admin_get_profile(struct admin *admin, struct http_request *rq, const char *rest)
{
	struct sbuf document = { 0 };
	char *name = read_name(rq, rest), *type = NULL;
	int err;

	if (name == NULL)
		return;
	err = store_read_profile(admin->reader, name, &document, &type);
	if (err == OK)
		http_answer(rq, &(struct http_answer){ .status = 200, .content_type = type,
			.body = sbuf_as_span(&document) });
	else if (err == ERR_NOT_FOUND)
		admin_error(rq, 404, "no such profile");
	else
		admin_error(rq, 500, "the store could not be read");
	sbuf_done(&document);
	free(type);
	free(name);
}

static void
profile_written(struct store_op *op)
{
	struct write *w = (struct write *)op;
	struct admin *admin = w->admin;
	bool removed = w->u.profile.document.n == 0;

	if (op->result == OK && admin->cf.subscribers != NULL)
		subscribers_profile_changed(admin->cf.subscribers);
	if (op->result == ERR_NOT_FOUND)
		admin_json_later(w->rq, 404, json_pack("{s:s}", "error", "no such profile"));
	else if (op->result != OK)
		admin_json_later(w->rq, 503, failure(op->result));
	else
		admin_json_later(w->rq, 200, json_pack("{s:i}", removed ? "removed" : "written", 1));
	admin_end(admin);
}

static void
write_profile(struct write *w, char *name, char *type, struct span document)
{
	w->name = name;
	w->type = type;
	w->u.profile = (struct store_profile){
		.op = { .kind = STORE_PROFILE, .done = profile_written },
		.name = name, .content_type = type, .document = document,
	};
	submit(w);
}

/* It goes into a header of PAP answers as it is. */
static bool
type_ok(struct span type)
{
	struct span media = mime_media(type);
	const uint8_t *slash = media.n > 0 ? memchr(media.p, '/', media.n) : NULL;

	return slash != NULL && slash != media.p && slash != media.p + media.n - 1 && type.n <= TYPE_MAX &&
	    !text_has_control(type) && text_is_utf8(type, NULL);
}

/* What says to be XML has to be it, a profile has to be one: else the first push finds out. */
static int
check_document(struct span type, struct span document, struct why *why)
{
	static const struct xml_events none;
	static const struct { const char *type; bool rdf; } kinds[] = {
		{ "application/vnd.wap.uaprof", true }, { "application/rdf+xml", true },
		{ "text/xml", false }, { "application/xml", false },
	};
	struct uaprof profile;
	size_t i;
	int err;

	if (document.n == 0)
		return why_set(why, ERR_SYNTAX, "the document is empty");
	for (i = 0; i < sizeof kinds / sizeof kinds[0] && !span_eq_nocase(mime_media(type), kinds[i].type); i++)
		;
	if (i == sizeof kinds / sizeof kinds[0])
		return OK;
	if (!kinds[i].rdf)
		return xml_parse(document, NULL, NULL, &none, NULL, why);
	err = uaprof_read(document, NULL, &profile, why);
	uaprof_done(&profile);
	return err;
}

void
admin_put_profile(struct admin *admin, struct http_request *rq, const char *rest)
{
	const char *type = http_request_header(rq, "Content-Type");
	struct span document = http_request_body(rq), media;
	struct why why;
	char *name;

	media = span_trim(span_str(type != NULL ? type : ""));
	if (!type_ok(media)) {
		admin_error(rq, 415, "Content-Type names the kind of the document, such as application/vnd.wap.uaprof");
		return;
	}
	if (check_document(media, document, &why) != OK) {
		admin_error(rq, 400, "%s", why.text);
		return;
	}
	name = read_name(rq, rest);
	if (name != NULL)
		write_profile(begin_write(admin, rq), name, span_dup(media), document);
}

void
admin_delete_profile(struct admin *admin, struct http_request *rq, const char *rest)
{
	char *name = read_name(rq, rest);

	if (name != NULL)
		write_profile(begin_write(admin, rq), name, NULL, span_of(NULL, 0));
}
