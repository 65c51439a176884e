/* decode_run.c - `pushrouter --decode`: hexadecimal lines in, decisions out. */
#include "router/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "router/shown.h"

enum {
	LINE_MAX_OCTETS = 256 * 1024,	/* characters of one line */
	PARTS_MAX = SMS_SEGMENTS_MAX + 1
};

struct decode {
	const struct options *o;
	struct service s;
	unsigned long line;
	bool refused;			/* a message was not accepted, or a line no message */
	uint8_t *octets;		/* of the line at hand */
	/* Parts of the message that lines built last: the network repeats them, late ones too. */
	struct sbuf last, next;		/* length (2 octets) and octets of each */
	char input[16384];		/* standard input; at..have is still to be read */
	size_t at, have;
	bool readable;
};

/* ---- output --------------------------------------------------------------------------------- */

static void
put_line(struct sbuf *b)
{
	sbuf_char(b, '\n');
	service_print(b);
}

/* A line that is no message. `column` 0: it is about the line, or the message it ends. */
static void
report(struct decode *d, const struct why *why)
{
	struct sbuf b = { 0 };

	d->refused = true;
	if (d->o->json) {
		struct sbuf text = { 0 };
		json_t *obj = json_object();

		sbuf_fmt(&text, "line %lu: %s", d->line, why->text);
		json_object_set_new(obj, "error", json_span(sbuf_as_span(&text)));
		json_object_set_new(obj, "offset", json_integer((json_int_t)why->offset));
		json_print(obj, &b);
		json_decref(obj);
		sbuf_done(&text);
	} else {
		sbuf_fmt(&b, "error    line %lu: %s", d->line, why->text);
	}
	put_line(&b);
	sbuf_done(&b);
}

static void
print_shown(const struct router_result *res, struct sbuf *out)
{
	json_t *shown = shown_json(res);

	if (shown != NULL) {
		sbuf_str(out, "  shows    ");
		shown_print(shown, out);
		sbuf_char(out, '\n');
	}
	json_decref(shown);
}

static void
print_result(struct decode *d, const struct router_result *res)
{
	struct sbuf b = { 0 };

	if (!res->is_push || !policy_accepted(&res->decision))
		d->refused = true;
	if (d->o->json) {
		json_t *obj = router_result_json(res);

		shown_add(obj, res);
		json_print(obj, &b);
		json_decref(obj);
	} else {
		router_result_print(res, &d->o->path, &b);
		print_shown(res, &b);
	}
	put_line(&b);
	sbuf_done(&b);
}

/* ---- input ------------------------------------------------------------------------------------ */

/*
 * User data or a PDU? A header that gives ports or a place among parts is user data, a cut one that
 * starts like that too; a push type in the second octet, or a length that holds no element, is not.
 */
static bool
is_user_data(const struct decode *d, struct span octets)
{
	struct udh head;

	if (d->o->form != INPUT_AUTO)
		return d->o->form == INPUT_SMS;
	if (octets.n < 2 || octets.p[0] < 4 || octets.p[1] == WSP_PDU_PUSH ||
	    octets.p[1] == WSP_PDU_CONFIRMED_PUSH)
		return false;
	if (udh_decode(octets, &head, NULL) == OK)
		return head.has_ports || head.has_concat;
	return octets.p[1] == 0x00 || octets.p[1] == 0x04 || octets.p[1] == 0x05 || octets.p[1] == 0x08;
}

/* Hexadecimal parts of a line, separated by '|', into d->octets. */
static int
read_parts(struct decode *d, struct span text, struct span parts[PARTS_MAX], size_t *n,
    struct why *why)
{
	size_t at = 0, from = 0;

	for (*n = 0; ; (*n)++) {
		const uint8_t *bar = text.n > from ? memchr(text.p + from, '|', text.n - from) : NULL;
		size_t len = bar ? (size_t)(bar - text.p) - from : text.n - from, octets;
		struct why inner;

		if (*n == PARTS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d parts", PARTS_MAX);
		if (text_hex(span_of(text.p + from, len), d->octets + at, &octets, &inner) != OK)
			return why_at(why, ERR_SYNTAX, from + inner.offset,
			    "column %zu: hexadecimal octets are expected", from + inner.offset + 1);
		if (octets == 0)
			return why_at(why, ERR_SYNTAX, from, "column %zu: no octets", from + 1);
		parts[*n] = span_of(d->octets + at, octets);
		at += octets;
		if (bar == NULL) {
			(*n)++;
			return OK;
		}
		from += len + 1;
	}
}

static void
remember(struct sbuf *list, struct span part)
{
	uint8_t length[2] = { (uint8_t)(part.n >> 8), (uint8_t)part.n };

	sbuf_put(list, length, sizeof length);
	sbuf_put(list, part.p, part.n);
}

static bool
remembers(const struct sbuf *list, struct span part)
{
	struct rbuf r = rbuf_from(sbuf_as_span(list));

	while (rbuf_left(&r) > 0) {
		struct span p = rbuf_span(&r, rbuf_u16(&r));

		if (span_eq(p, part))
			return true;
	}
	return false;
}

/* One short message of a line of its own: later lines may hold the other parts. */
static void
take_user_data(struct decode *d, struct span part)
{
	struct router_result res;
	struct why why = { 0 };
	int err;

	if (part.n > UINT16_MAX || remembers(&d->last, part)) {
		if (part.n > UINT16_MAX) {
			why_set(&why, ERR_LIMIT, "a short message of %zu octets", part.n);
			report(d, &why);
		}
		return;
	}
	err = router_sms(d->s.router, &d->o->path, part, &res, &why);
	if (err != OK && err != ERR_BUSY) {
		report(d, &why);
		return;
	}
	remember(&d->next, part);
	if (err == ERR_BUSY)
		return;
	print_result(d, &res);
	sbuf_clear(&d->last);
	if (res.segments > 1)
		sbuf_span(&d->last, sbuf_as_span(&d->next));
	sbuf_clear(&d->next);
}

static void
take_line(struct decode *d, struct span text)
{
	struct span parts[PARTS_MAX];
	struct router_result res;
	struct why why = { 0 };
	size_t n;

	if (read_parts(d, text, parts, &n, &why) != OK) {
		report(d, &why);
	} else if (n > 1) {
		if (router_parts(d->s.router, &d->o->path, parts, n, &res, &why) == OK)
			print_result(d, &res);
		else
			report(d, &why);
	} else if (is_user_data(d, parts[0])) {
		take_user_data(d, parts[0]);
	} else {
		router_datagram(d->s.router, &d->o->path, parts[0], &res);
		print_result(d, &res);
	}
}

/* ---- standard input ------------------------------------------------------------------------------ */

static void
input_ready(void *arg, int events)
{
	struct decode *d = arg;

	d->readable = true;
}

/* Clients and signals are served while nothing comes. Files are always ready, epoll does not take them. */
static void
wait_for_input(struct decode *d)
{
	enum { TURN_MS = 1000 };
	struct loop_fd watch = { 0 };

	d->readable = false;
	if (loop_watch(d->s.loop, &watch, STDIN_FILENO, LOOP_READ, input_ready, d) != OK) {
		loop_turn(d->s.loop, 0);
		return;
	}
	while (!d->readable)
		loop_turn(d->s.loop, TURN_MS);
	loop_unwatch(d->s.loop, &watch);
}

static int
next_char(struct decode *d)
{
	ssize_t n;

	if (d->at == d->have) {
		do {
			wait_for_input(d);
			n = read(STDIN_FILENO, d->input, sizeof d->input);
		} while (n < 0 && (errno == EINTR || errno == EAGAIN));
		d->at = 0;
		d->have = n > 0 ? (size_t)n : 0;
		if (n <= 0)
			return EOF;
	}
	return (unsigned char)d->input[d->at++];
}

/* Reads a line without its end; false at the end of the input. *too_long: it was cut. */
static bool
read_line(struct decode *d, char *line, size_t *n, bool *too_long)
{
	int c;

	*n = 0;
	*too_long = false;
	while ((c = next_char(d)) != EOF && c != '\n') {
		if (*n < LINE_MAX_OCTETS)
			line[(*n)++] = (char)c;
		else
			*too_long = true;
	}
	if (*n > 0 && line[*n - 1] == '\r')
		(*n)--;
	return c != EOF || *n > 0;
}

int
decode_run(struct options *o)
{
	enum { GRACE_MS = 60 * 1000 };	/* for what clients have not got yet */
	struct decode d = { .o = o };
	char *line;
	struct why why = { 0 };
	bool too_long;
	size_t n;

	if (service_init(&d.s, o, o->keep, false, &why) != OK) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
		return 2;
	}
	line = malloc(LINE_MAX_OCTETS);
	d.octets = malloc(LINE_MAX_OCTETS);
	if (line == NULL || d.octets == NULL)
		abort();
	while (read_line(&d, line, &n, &too_long)) {
		d.line++;
		if (too_long) {
			why_at(&why, ERR_LIMIT, LINE_MAX_OCTETS, "column %d: the line is too long",
			    LINE_MAX_OCTETS + 1);
			report(&d, &why);
		} else {
			take_line(&d, span_of(line, n));
		}
		service_settle(&d.s);
	}
	if (router_waiting(d.s.router) > 0) {
		why_set(&why, ERR_SHORT, "end of input, %zu message(s) incomplete",
		    router_waiting(d.s.router));
		why.offset = 0;
		report(&d, &why);
	}
	free(line);
	free(d.octets);
	sbuf_done(&d.last);
	sbuf_done(&d.next);
	service_done(&d.s, GRACE_MS);
	return d.refused ? 1 : 0;
}
