/* admin_csv.c - see admin_csv.h. Spec: RFC 4180, with line ends of either kind. */
#include "ppg/admin_csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "ppg/subscriber.h"

enum { FIELDS_MAX = 7, NUMBER_DIGITS_MAX = 20 };
enum field { ADDRESS, NUMBER, PROFILE, FACTS, IMSI, TIER, DM_SERVERS };

static const char *const field_names[FIELDS_MAX] = { "address", "number", "profile", "facts", "imsi", "tier", "dm_servers" };

/* ---- fields ----------------------------------------------------------------------------------- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* VALUE with everything escaped that a client address cannot hold as it is; only IPv6 has colons. */
static void
put_value(struct sbuf *out, struct span type, const char *value)
{
	const char *plain = span_eq_nocase(type, "IPv6") ? ":" : "+-.%_";

	for (; *value != '\0'; value++)
		if (is_word(*value) || strchr(plain, *value) != NULL)
			sbuf_char(out, *value);
		else
			sbuf_fmt(out, "%%%02X", (uint8_t)*value);
}

int
subscriber_key(const char *text, char key[ADDRESS_KEY_SIZE], struct why *why)
{
	static const struct address_leniency forms = { .no_ppg = true, .no_plus = true, .short_ipv6 = true };
	const char *colon = strchr(text, ':'), *p;
	struct sbuf client = { 0 };
	struct wappush address;
	int err;

	if (text[0] == '+') {
		sbuf_fmt(&client, "WAPPUSH=%s/TYPE=PLMN", text);
	} else {
		for (p = text; p != colon && colon != NULL && (is_word(*p) || *p == '_'); p++)
			;
		if (colon == NULL || colon == text || p != colon)
			return why_set(why, ERR_SYNTAX, "an address is +DIGITS or TYPE:VALUE, such as user:jane@example.net");
		sbuf_str(&client, "WAPPUSH=");
		put_value(&client, span_of(text, (size_t)(colon - text)), colon + 1);
		sbuf_str(&client, "/TYPE=");
		sbuf_put(&client, text, (size_t)(colon - text));
	}
	err = address_parse_lenient(client.s, &forms, &address, why);
	sbuf_done(&client);
	if (err == OK)
		address_key(&address, false, key);
	return err;
}

void
subscriber_print(const char *key, struct sbuf *out)
{
	size_t n = strcspn(key, ":");

	sbuf_put(out, key, n);
	for (key += n; *key != '\0'; key++)
		if (is_word(*key) || strchr("+-._:", *key) != NULL)
			sbuf_char(out, *key);
		else
			sbuf_fmt(out, "%%%02X", (uint8_t)*key);
}

bool
profile_name_ok(struct span name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!is_word((char)name.p[i]) && (name.p[i] == '\0' || strchr("._-+", name.p[i]) == NULL))
			return false;
	return name.n > 0 && name.n <= SUBSCRIBER_NAME_MAX;
}

static int
check_number(const char *number, struct why *why)
{
	size_t n = strspn(number + (number[0] == '+'), "0123456789");

	if (number[0] != '+' || n < 3 || n > NUMBER_DIGITS_MAX || number[1 + n] != '\0')
		return why_set(why, ERR_SYNTAX, "number: \"+\" and 3 to %d digits", NUMBER_DIGITS_MAX);
	return OK;
}

static int
check_facts(const char *facts, struct why *why)
{
	struct subscriber sub;
	json_t *json;
	int err;

	if (strlen(facts) > SUBSCRIBER_FACTS_MAX)
		return why_set(why, ERR_LIMIT, "facts: at most %d octets", SUBSCRIBER_FACTS_MAX);
	json = json_read(span_str(facts), NULL);
	err = subscriber_read_facts(json, &sub, why);
	if (err == OK)
		subscriber_done(&sub);
	json_decref(json);
	return err;
}

/* ---- lines -------------------------------------------------------------------------------------- */

struct reader {
	char *p, *end, *out;		/* fields are written over what was read */
	size_t line;			/* of p */
	char *fields[FIELDS_MAX];
	size_t n_fields;
};

/* A quoted field: p is behind the first quote. Returns false when it never ends. */
static bool
read_quoted(struct reader *r)
{
	while (r->p < r->end) {
		char c = *r->p++;

		if (c == '"' && r->p < r->end && *r->p == '"')
			r->p++;
		else if (c == '"')
			return true;
		r->line += c == '\n';
		*r->out++ = c;
	}
	return false;
}

static bool
at_line_end(const struct reader *r)
{
	return r->p == r->end || *r->p == '\n' || (*r->p == '\r' && (r->p + 1 == r->end || r->p[1] == '\n'));
}

static void
skip_line(struct reader *r)
{
	while (r->p < r->end && *r->p != '\n')
		r->p++;
	if (r->p < r->end) {
		r->p++;
		r->line++;
	}
}

/*
 * The fields of one line, each ended by NUL. A field is never longer than it was with its comma or line end, and
 * `end` is followed by one more octet of ours.
 */
static int
read_line(struct reader *r, struct why *why)
{
	bool more;

	r->n_fields = 0;
	do {
		char *start = r->out;

		if (r->p < r->end && *r->p == '"') {
			r->p++;
			if (!read_quoted(r))
				return why_set(why, ERR_SYNTAX, "a quoted field has no end");
			if (!at_line_end(r) && *r->p != ',') {
				skip_line(r);
				return why_set(why, ERR_SYNTAX, "text behind a quoted field");
			}
		} else {
			while (!at_line_end(r) && *r->p != ',' && *r->p != '"')
				*r->out++ = *r->p++;
			if (r->p < r->end && *r->p == '"') {
				skip_line(r);
				return why_set(why, ERR_SYNTAX, "a quote inside a field that is not quoted");
			}
		}
		more = r->p < r->end && *r->p == ',';
		if (more)
			r->p++;
		else
			skip_line(r);
		if (memchr(start, '\0', (size_t)(r->out - start)) != NULL) {
			if (more)
				skip_line(r);
			return why_set(why, ERR_SYNTAX, "NUL in a field");
		}
		*r->out++ = '\0';
		if (r->n_fields == FIELDS_MAX) {
			if (more)
				skip_line(r);
			return why_set(why, ERR_SYNTAX, "more than %d fields", FIELDS_MAX);
		}
		r->fields[r->n_fields++] = start;
	} while (more);
	return OK;
}

static int
read_header(struct reader *r, struct why *why)
{
	size_t i;
	int err = read_line(r, why);

	if (err == OK && r->n_fields < FACTS)
		err = ERR_SYNTAX;
	for (i = 0; err == OK && i < r->n_fields; i++)
		if (strcmp(r->fields[i], field_names[i]) != 0)
			err = ERR_SYNTAX;
	return err == OK ? OK : why_set(why, ERR_SYNTAX, "the first line is address,number,profile, "
	    "then facts, imsi, tier, dm_servers as far as they are there");
}

/* A field, NULL when it is empty or absent. */
static const char *
field(const struct reader *r, enum field f)
{
	return r->n_fields > f && r->fields[f][0] != '\0' ? r->fields[f] : NULL;
}

/* "srv-1;srv-2" as a list. */
static json_t *
words_json(const char *text)
{
	json_t *list = json_array();

	while (*text != '\0') {
		size_t n = strcspn(text, ";");
		struct span word = span_trim(span_of(text, n));

		if (word.n > 0)
			json_array_append_new(list, json_span(word));
		text += n + (text[n] == ';');
	}
	return list;
}

/* Facts with columns of their own go in among the others. */
static int
merge_facts(struct reader *r, struct subscriber_table *t, struct store_subscriber *row, struct why *why)
{
	json_t *facts;
	struct sbuf text = { 0 };

	if (field(r, IMSI) == NULL && field(r, TIER) == NULL && field(r, DM_SERVERS) == NULL)
		return OK;
	facts = row->facts != NULL ? json_read(span_str(row->facts), NULL) : json_object();
	if (!json_is_object(facts)) {
		json_decref(facts);
		return why_set(why, ERR_SYNTAX, "facts: a JSON object");
	}
	if (field(r, IMSI) != NULL)
		json_object_set_new(facts, "imsi", json_span(span_str(field(r, IMSI))));
	if (field(r, TIER) != NULL)
		json_object_set_new(facts, "tier", json_span(span_str(field(r, TIER))));
	if (field(r, DM_SERVERS) != NULL)
		json_object_set_new(facts, "dm_servers", words_json(field(r, DM_SERVERS)));
	json_print(facts, &text);
	json_decref(facts);
	t->made = realloc(t->made, (t->n_made + 1) * sizeof t->made[0]);
	if (t->made == NULL)
		abort();
	row->facts = t->made[t->n_made++] = sbuf_take(&text);
	return OK;
}

static int
read_row(struct reader *r, struct subscriber_table *t, size_t n_columns, char key[ADDRESS_KEY_SIZE],
    struct store_subscriber *row, struct why *why)
{
	int err = read_line(r, why);

	if (err)
		return err;
	if (r->n_fields > n_columns)
		return why_set(why, ERR_SYNTAX, "more than %zu fields", n_columns);
	if (r->n_fields < n_columns)
		return why_set(why, ERR_SYNTAX, "%zu field%s, the first line names %zu", r->n_fields,
		    r->n_fields == 1 ? "" : "s", n_columns);
	*row = (struct store_subscriber){ .number = field(r, NUMBER), .profile = field(r, PROFILE),
		.facts = field(r, FACTS) };
	err = subscriber_key(r->fields[ADDRESS], key, why);
	if (err == OK && row->number != NULL)
		err = check_number(row->number, why);
	if (err == OK && row->profile != NULL && !profile_name_ok(span_str(row->profile)))
		err = why_set(why, ERR_SYNTAX, "profile: letters, digits and . _ - +, at most %d", SUBSCRIBER_NAME_MAX);
	if (err == OK)
		err = merge_facts(r, t, row, why);
	if (err == OK && row->facts != NULL)
		err = check_facts(row->facts, why);
	if (err == OK && row->number == NULL && row->profile == NULL && row->facts == NULL)
		err = why_set(why, ERR_SYNTAX, "neither a number nor a profile nor facts");
	return err;
}

static void
add_row(struct subscriber_table *t, size_t *room, const struct store_subscriber *row, const char *key)
{
	if (t->n == *room) {
		*room = *room > 0 ? *room * 2 : 64;
		t->rows = realloc(t->rows, *room * sizeof t->rows[0]);
		if (t->rows == NULL)
			abort();
	}
	t->rows[t->n] = *row;
	t->rows[t->n++].key = span_dup(span_str(key));
}

int
subscriber_table_read(struct span body, struct subscriber_table *out,
    void (*bad)(void *arg, size_t line, const char *why), void *arg)
{
	char key[ADDRESS_KEY_SIZE];
	struct store_subscriber row;
	size_t room = 0, n_columns, line;
	struct reader r = { .line = 1 };
	struct why why;

	/* A line end less, a field end more: one octet is enough for the last line. */
	*out = (struct subscriber_table){ .text = malloc(body.n + 2) };
	if (out->text == NULL)
		abort();
	if (body.n > 0)
		memcpy(out->text + 1, body.p, body.n);
	r.out = out->text;
	r.p = out->text + 1;
	r.end = r.p + body.n;
	if (body.n >= 3 && memcmp(r.p, "\xEF\xBB\xBF", 3) == 0)		/* as spreadsheets begin it */
		r.p += 3;
	if (read_header(&r, &why) != OK) {
		out->n_bad = 1;
		bad(arg, 1, why.text);
		return ERR_SYNTAX;
	}
	n_columns = r.n_fields;
	while (r.p < r.end) {
		line = r.line;
		if (at_line_end(&r)) {		/* an empty line says nothing */
			skip_line(&r);
			continue;
		}
		out->lines++;
		if (read_row(&r, out, n_columns, key, &row, &why) == OK) {
			add_row(out, &room, &row, key);
		} else {
			out->n_bad++;
			bad(arg, line, why.text);
		}
	}
	return out->n_bad == 0 ? OK : ERR_SYNTAX;
}

void
subscriber_table_done(struct subscriber_table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free((char *)(uintptr_t)t->rows[i].key);
	for (i = 0; i < t->n_made; i++) {
		secret_cleanse(t->made[i], strlen(t->made[i]));
		free(t->made[i]);
	}
	free(t->made);
	free(t->rows);
	free(t->text);
	*t = (struct subscriber_table){ 0 };
}
