/*
 * ppgctl_decode.c - ppgctl decode: hexadecimal lines into messages that a person or a program reads.
 *
 * A line is a whole message, or all parts of one with '|' between them, or one part of several: then
 * the lines that follow are collected until the message is complete. The output is that of decode.h.
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/decode.h"
#include "wap/udh.h"

enum {
	LINE_MAX_OCTETS = (1 << 20) - 1,
	PARTS_MAX = 4096		/* behind one another with '|': 255 and many repeats */
};

/* Parts of one message that came on lines of their own, by their number. */
struct collected {
	bool open;
	struct udh head;			/* of the first one; its payload is not used */
	unsigned line;				/* it stood in */
	char *octets[SMS_SEGMENTS_MAX + 1];	/* index 1..total; NULL: not there yet */
	size_t n[SMS_SEGMENTS_MAX + 1];
	unsigned filled;
};

struct decoding {
	const struct ctl_verb *verb;
	enum decode_as as;
	bool json, failed;
	unsigned line, printed;
	struct collected now, done;		/* done: the last complete one, to know repeats of its parts */
};

/* ---- output ----------------------------------------------------------------------------- */

/* column counts from 1, 0 = unknown; offset: octet of the message, where the column does not say more. */
static void
tell_error(struct decoding *d, unsigned line, size_t column, size_t offset, const char *sentence)
{
	struct sbuf b = { 0 };
	json_t *e;

	d->failed = true;
	sbuf_fmt(&b, "line %u", line);
	if (column > 0)
		sbuf_fmt(&b, ", column %zu", column);
	sbuf_fmt(&b, ": %s", sentence);
	if (d->json) {
		e = json_pack("{s:s, s:I, s:i}", "error", b.s, "offset", (json_int_t)offset, "line",
		    (int)line);
		if (column > 0)
			json_object_set_new(e, "column", json_integer((json_int_t)column));
		ctl_print_json(e);
	} else {
		ctl_no(d->verb, "%s", b.s);
	}
	sbuf_done(&b);
}

static void
print_scalar(const json_t *v)
{
	struct sbuf b = { 0 };
	const char *s = json_string_value(v);
	size_t i;

	if (s == NULL) {
		char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

		sbuf_str(&b, text != NULL ? text : "");
		free(text);
	}
	/* What a stranger wrote does not steer the terminal. */
	for (i = 0; s != NULL && i < json_string_length(v); i++) {
		if ((s[i] & 0xE0) == 0 && s[i] != '\n' && s[i] != '\t')
			sbuf_fmt(&b, "\\x%02X", (uint8_t)s[i]);
		else if ((uint8_t)s[i] == 0x7F)
			sbuf_str(&b, "\\x7F");
		else
			sbuf_char(&b, s[i]);
	}
	puts(b.s != NULL ? b.s : "");
	sbuf_done(&b);
}

static bool
says_nothing(const json_t *v)
{
	return json_is_null(v) || (json_is_array(v) && json_array_size(v) == 0) ||
	    (json_is_object(v) && json_object_size(v) == 0);
}

static void print_members(json_t *object, int indent);

/* Headers by their names; parts of a multipart below one another; anything else behind a dash. */
static void
print_array(json_t *array, int indent)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		const char *header = json_text(item, "name");

		if (header == NULL && json_is_object(item)) {
			printf("%*s%zu:\n", indent, "", i + 1);
			print_members(item, indent + 2);
			continue;
		}
		printf("%*s%s: ", indent, "", header != NULL ? header : "-");
		print_scalar(header != NULL ? json_object_get(item, "value") : item);
	}
}

static void
print_members(json_t *object, int indent)
{
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v) {
		if (says_nothing(v))
			continue;
		if (json_is_object(v)) {
			printf("%*s%s:\n", indent, "", name);
			print_members(v, indent + 2);
		} else if (json_is_array(v)) {
			printf("%*s%s:\n", indent, "", name);
			print_array(v, indent + 2);
		} else {
			printf("%*s%s: ", indent, "", name);
			print_scalar(v);
		}
	}
}

static void
print_message(struct decoding *d, json_t *message)
{
	if (d->json) {
		ctl_print_json(message);
		return;
	}
	if (d->printed++ > 0)
		putchar('\n');
	print_members(message, 0);
	fflush(stdout);
	json_decref(message);
}

static void
decode(struct decoding *d, unsigned line, const struct span *parts, size_t n)
{
	struct why why = { 0 };
	json_t *message = decode_parts(parts, n, d->as, &why);

	if (message != NULL)
		print_message(d, message);
	else
		tell_error(d, line, 0, why.offset, why.text);
}

/* ---- parts on lines of their own --------------------------------------------------------- */

static void
forget(struct collected *c)
{
	unsigned i;

	for (i = 1; i <= SMS_SEGMENTS_MAX; i++)
		free(c->octets[i]);
	*c = (struct collected){ 0 };
}

static bool
has_part(const struct collected *c, unsigned seq, struct span octets)
{
	return c->octets[seq] != NULL && span_eq(span_of(c->octets[seq], c->n[seq]), octets);
}

/* Nothing in it that the last complete message did not have. */
static bool
only_repeats(const struct decoding *d)
{
	unsigned i;

	for (i = 1; i <= SMS_SEGMENTS_MAX; i++)
		if (d->now.octets[i] != NULL &&
		    !has_part(&d->done, i, span_of(d->now.octets[i], d->now.n[i])))
			return false;
	return true;
}

static void
end_collected(struct decoding *d)
{
	struct span parts[SMS_SEGMENTS_MAX];
	size_t n = 0;
	unsigned i;

	if (!d->now.open)
		return;
	if (d->now.filled < d->now.head.total && only_repeats(d)) {
		forget(&d->now);
		return;
	}
	for (i = 1; i <= SMS_SEGMENTS_MAX; i++)
		if (d->now.octets[i] != NULL)
			parts[n++] = span_of(d->now.octets[i], d->now.n[i]);
	decode(d, d->now.line, parts, n);
	forget(&d->done);
	d->done = d->now;
	d->now = (struct collected){ 0 };
}

/* Only the first part has to carry the ports. */
static bool
same_message(const struct udh *a, const struct udh *b)
{
	return a->ref == b->ref && a->total == b->total && a->ref_16bit == b->ref_16bit &&
	    (!a->has_ports || !b->has_ports || (a->dst_port == b->dst_port && a->src_port == b->src_port));
}

/*
 * Is it one part of several? Nothing else looks like one: the second octet of a WSP push is its type,
 * and that of a header with a concatenation in it is not; a WBXML document starts with 0 to 3.
 */
static bool
is_part(const struct decoding *d, struct span octets, struct udh *head)
{
	struct why why;

	if (d->as != DECODE_SMS && d->as != DECODE_AUTO)
		return false;
	if (d->as == DECODE_AUTO && octets.n >= 2 && (octets.p[1] == 6 || octets.p[1] == 7))
		return false;
	return udh_decode(octets, head, &why) == OK && head->has_concat && head->total >= 2;
}

static void
add_part(struct decoding *d, struct span octets, const struct udh *head)
{
	if (d->now.open && (!same_message(&d->now.head, head) ||
	    (d->now.octets[head->seq] != NULL && !has_part(&d->now, head->seq, octets))))
		end_collected(d);
	if (d->now.octets[head->seq] != NULL)
		return;				/* a repeat */
	if (!d->now.open) {
		d->now.open = true;
		d->now.head = *head;
		d->now.line = d->line;
	}
	d->now.octets[head->seq] = span_dup(octets);
	d->now.n[head->seq] = octets.n;
	if (++d->now.filled == head->total)
		end_collected(d);
}

/* ---- lines ------------------------------------------------------------------------------------ */

/* What is wrong without "column N: ": here columns count over all parts of the line. */
static const char *
hex_sentence(const struct why *why)
{
	const char *colon = strncmp(why->text, "column ", 7) == 0 ? strstr(why->text, ": ") : NULL;

	return colon != NULL ? colon + 2 : why->text;
}

/* Octets of every '|'-separated part; all in one block that parts[0].p starts. */
static struct span *
unhex_parts(struct decoding *d, struct span line, uint8_t *octets, size_t *n_parts)
{
	size_t from, to, n, at = 0, bars = 0;
	struct span *parts;

	*n_parts = 0;
	for (from = 0; from < line.n; from++)
		bars += line.p[from] == '|';
	if (bars >= PARTS_MAX) {
		tell_error(d, d->line, 0, 0, "more than 4096 parts");
		return NULL;
	}
	parts = calloc(bars + 1, sizeof *parts);
	if (parts == NULL)
		abort();
	for (from = 0; from <= line.n; from = to + 1) {
		struct span text;
		struct why why = { 0 };

		for (to = from; to < line.n && line.p[to] != '|'; to++)
			;
		text = span_of(line.p + from, to - from);
		if (span_trim(text).n == 0)
			why_at(&why, ERR_SYNTAX, 0, line.n == 0 ? "the line is empty" : "there are no digits");
		if (span_trim(text).n == 0 || text_hex(text, octets + at, &n, &why) != OK) {
			tell_error(d, d->line, from + why.offset + 1, at, hex_sentence(&why));
			free(parts);
			return NULL;
		}
		parts[(*n_parts)++] = span_of(octets + at, n);
		at += n;
	}
	return parts;
}

static void
take_line(struct decoding *d, struct span line)
{
	uint8_t *octets = malloc(line.n / 2 + 1);
	struct span *parts;
	struct udh head;
	size_t n;

	if (octets == NULL)
		abort();
	parts = unhex_parts(d, line, octets, &n);
	if (parts != NULL && n == 1 && is_part(d, parts[0], &head)) {
		add_part(d, parts[0], &head);
	} else if (parts != NULL) {
		end_collected(d);
		decode(d, d->line, parts, n);
	}
	free(parts);
	free(octets);
}

/* The next line without its end; false when there is none. What is too long is cut, and said by *whole. */
static bool
read_line(struct sbuf *line, bool *whole)
{
	int c = getchar_unlocked();

	sbuf_clear(line);
	sbuf_put(line, "", 0);
	*whole = true;
	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getchar_unlocked()) {
		if (line->n < LINE_MAX_OCTETS)
			sbuf_char(line, (char)c);
		else
			*whole = false;
	}
	if (line->n > 0 && line->s[line->n - 1] == '\r')
		line->s[--line->n] = '\0';
	return true;
}

static bool
parse_as(const char *text, enum decode_as *out)
{
	static const char *const names[] = { "auto", "sms", "wsp", "wbxml" };
	static const enum decode_as values[] = { DECODE_AUTO, DECODE_SMS, DECODE_WSP, DECODE_WBXML };
	size_t i;

	*out = DECODE_AUTO;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (text != NULL && strcmp(text, names[i]) == 0) {
			*out = values[i];
			return true;
		}
	}
	return text == NULL;
}

enum ctl_exit
ctl_decode(const struct ctl_verb *verb, int argc, char **argv)
{
	struct decoding d = { .verb = verb };
	const char *as = NULL;
	const struct ctl_option options[] = {
		{ "as", "WHAT", "what lines are: auto, sms, wsp or wbxml", &as, NULL, NULL },
		{ "json", NULL, "print one JSON object a message", NULL, &d.json, NULL },
		{ 0 },
	};
	struct sbuf line = { 0 };
	enum ctl_exit result;
	bool whole;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	if (!parse_as(as, &d.as))
		return ctl_wrong_use(verb, "--as is auto, sms, wsp or wbxml");
	while (read_line(&line, &whole)) {
		d.line++;
		if (whole)
			take_line(&d, sbuf_as_span(&line));
		else
			tell_error(&d, d.line, LINE_MAX_OCTETS + 1, 0,
			    "the line is longer than 1048575 characters");
	}
	end_collected(&d);
	forget(&d.done);
	sbuf_done(&line);
	return d.failed ? CTL_NO : CTL_DONE;
}
