/*
 * wbxml_read.c - the strings, numbers and dates of a WBXML document, each checked as it is read.
 * Spec: WAP-192-WBXML-20010725-a, 5.8.4 (tokens), 5.7 (string table); WAP-167 8.2.2 (dates).
 */
#include "wap/wbxml_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { DATE_OCTETS = 7 };

int
wbxml_fail(struct wbxml_walker *w, int err, size_t at, const char *fmt, ...)
{
	char text[WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->err = why_at(w->why, err, at, "offset %zu: %s", at, text);
	return w->err;
}

int
wbxml_cut(struct wbxml_walker *w, const char *what)
{
	if (w->r.err == ERR_SHORT)
		return wbxml_fail(w, ERR_SHORT, w->r.err_at, "the message ends inside %s", what);
	return wbxml_fail(w, w->r.err, w->r.err_at, "%s is a number of more than 32 bits", what);
}

/* Octets that a document may still expand to shrink by those of s. */
int
wbxml_count(struct wbxml_walker *w, size_t n, size_t at)
{
	if (n > w->text_left)
		return wbxml_fail(w, ERR_LIMIT, at, "expands to more than %d octets", WBXML_TEXT_MAX);
	w->text_left -= n;
	return OK;
}

/* U+FFFE and U+FFFF are well-formed UTF-8, but XML has no such characters. */
bool
wbxml_has_noncharacter(struct span s, size_t *at)
{
	size_t i;

	for (i = 0; i + 2 < s.n; i++) {
		if (s.p[i] == 0xEF && s.p[i + 1] == 0xBF && s.p[i + 2] >= 0xBE) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* A string that came from outside: right characters only; latin-1 becomes UTF-8. */
static int
check_string(struct wbxml_walker *w, struct span *s, size_t at)
{
	size_t i, bad;
	bool ascii = true;

	if (wbxml_count(w, s->n, at) != OK)
		return w->err;
	for (i = 0; i < s->n; i++) {
		uint8_t c = s->p[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return wbxml_fail(w, ERR_SYNTAX, at + i, "control character %02X", c);
		if (c >= 0x80)
			ascii = false;
	}
	if (ascii)
		return OK;
	if (w->mib == MIB_ASCII)
		return wbxml_fail(w, ERR_SYNTAX, at, "string holds more than us-ascii");
	if (w->mib != MIB_LATIN1) {
		if (!text_is_utf8(*s, &bad))
			return wbxml_fail(w, ERR_SYNTAX, at + bad, "octet %02X is not UTF-8", s->p[bad]);
		if (wbxml_has_noncharacter(*s, &bad))
			return wbxml_fail(w, ERR_SYNTAX, at + bad, "U+FFFE or U+FFFF is no character");
		return OK;
	}
	sbuf_clear(&w->scratch);
	for (i = 0; i < s->n; i++) {
		if (s->p[i] >= 0x80)
			sbuf_char(&w->scratch, (char)(0xC0 | s->p[i] >> 6));
		sbuf_char(&w->scratch, (char)(s->p[i] < 0x80 ? s->p[i] : 0x80 | (s->p[i] & 0x3F)));
	}
	*s = sbuf_as_span(&w->scratch);
	return OK;
}

int
wbxml_inline_string(struct wbxml_walker *w, struct span *s)
{
	size_t at = rbuf_pos(&w->r);

	*s = rbuf_cstr(&w->r);
	if (w->r.err)
		return wbxml_fail(w, ERR_SHORT, at, "string without NUL");
	return check_string(w, s, at);
}

int
wbxml_table_string(struct wbxml_walker *w, struct span *s, const char *what)
{
	size_t at = rbuf_pos(&w->r);
	uint32_t index = rbuf_uintvar(&w->r);
	const uint8_t *p, *nul;

	if (w->r.err)
		return wbxml_cut(w, what);
	if (index >= w->strings.n)
		return wbxml_fail(w, ERR_SYNTAX, at, "string table has %zu octets, no index %u", w->strings.n, index);
	p = w->strings.p + index;
	nul = memchr(p, 0, w->strings.n - index);
	if (nul == NULL)
		return wbxml_fail(w, ERR_SYNTAX, at, "string %u of the string table has no NUL", index);
	*s = span_of(p, (size_t)(nul - p));
	return check_string(w, s, (size_t)(p - w->r.start));
}

/* WAP-191 14.3.2: escape, unesc, noesc; inline or out of the table. */
int
wbxml_variable(struct wbxml_walker *w, uint8_t token, struct sbuf *out)
{
	static const char *const how[] = { ":escape", ":unesc", "" };
	size_t i, at = rbuf_pos(&w->r);
	struct span name = { 0 };

	if (token >= WBXML_EXT_T)
		wbxml_table_string(w, &name, "a variable");
	else
		wbxml_inline_string(w, &name);
	if (w->err)
		return w->err;
	for (i = 0; i < name.n; i++)
		if (!isalnum(name.p[i]) && name.p[i] != '_')
			break;
	if (name.n == 0 || i < name.n || isdigit(name.p[0]))
		return wbxml_fail(w, ERR_SYNTAX, at, "variable name that is none");
	sbuf_str(out, "$(");
	sbuf_span(out, name);
	sbuf_str(out, how[token & 3]);
	sbuf_char(out, ')');
	return wbxml_count(w, 10, at);
}

/* A name that the tables do not have; it must be one in XML too. */
int
wbxml_literal_name(struct wbxml_walker *w, struct span *s)
{
	static const char others[] = "_:.-0123456789";
	size_t i, at = rbuf_pos(&w->r);

	if (wbxml_table_string(w, s, "a literal name") != OK)
		return w->err;
	for (i = 0; i < s->n; i++) {
		uint8_t c = s->p[i], letter = c | 0x20;

		if ((letter >= 'a' && letter <= 'z') || (strchr(others, c) != NULL && (i > 0 || c == '_')))
			continue;
		break;
	}
	if (s->n == 0 || i < s->n)
		return wbxml_fail(w, ERR_SYNTAX, at, "literal name is not a name");
	return OK;
}

size_t
wbxml_entity(struct wbxml_walker *w, uint8_t out[4])
{
	size_t at = rbuf_pos(&w->r), n = 0;
	uint32_t c = rbuf_uintvar(&w->r);

	if (w->r.err) {
		wbxml_cut(w, "a character entity");
		return 0;
	}
	if (c > 0x10FFFF) {
		wbxml_fail(w, ERR_SYNTAX, at, "character entity above 10FFFF");
		return 0;
	}
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0xD800 && c < 0xE000) ||
	    c == 0xFFFE || c == 0xFFFF) {
		wbxml_fail(w, ERR_SYNTAX, at, "character entity %X is no character", c);
		return 0;
	}
	if (c < 0x80) {
		out[n++] = (uint8_t)c;
	} else if (c < 0x800) {
		out[n++] = (uint8_t)(0xC0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (uint8_t)(0xE0 | c >> 12);
		out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	} else {
		out[n++] = (uint8_t)(0xF0 | c >> 18);
		out[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
		out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	}
	if (c >= 0x80)
		out[n++] = (uint8_t)(0x80 | (c & 0x3F));
	return wbxml_count(w, n, at) == OK ? n : 0;
}

int
wbxml_opaque_octets(struct wbxml_walker *w, struct span *s)
{
	size_t at = rbuf_pos(&w->r);
	uint32_t n = rbuf_uintvar(&w->r);

	if (w->r.err)
		return wbxml_cut(w, "the length of an OPAQUE");
	*s = rbuf_span(&w->r, n);
	if (w->r.err)
		return wbxml_fail(w, ERR_SHORT, at, "OPAQUE longer than the message");
	return wbxml_count(w, n, at);
}

int
wbxml_date(struct wbxml_walker *w, struct span s, size_t at)
{
	uint8_t d[DATE_OCTETS] = { 0 };
	char iso[CLOCK_ISO_SIZE];
	time_t t;
	size_t i;

	if (s.n == 0 || s.n > DATE_OCTETS)
		return wbxml_fail(w, ERR_SYNTAX, at, "date of %zu octets, not 1 to 7", s.n);
	for (i = 0; i < s.n; i++) {
		d[i] = s.p[i];
		if (d[i] >> 4 > 9 || (d[i] & 15) > 9)
			return wbxml_fail(w, ERR_SYNTAX, at + i, "date octet %02X is not two digits", d[i]);
	}
	snprintf(iso, sizeof iso, "%02X%02X-%02X-%02XT%02X:%02X:%02XZ", d[0], d[1], d[2], d[3], d[4],
	    d[5], d[6]);
	if (clock_parse_iso(iso, &t) != OK)
		return wbxml_fail(w, ERR_SYNTAX, at, "no such date: %s", iso);
	sbuf_str(&w->values, iso);
	return OK;
}
