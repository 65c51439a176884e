/* xml_source.c - an XML document becomes UTF-8; places in it are named in the octets as they came. */
#define _GNU_SOURCE	/* memmem */
#include "base/xml_int.h"

#include <stdlib.h>
#include <string.h>

enum { DECLARATION_MAX = 256 };		/* octets of <?xml ... ?> looked at for its encoding */

static const struct { const char *name; enum xml_charset cs; } charsets[] = {
	{ "utf-8", CS_UTF8 },		{ "utf8", CS_UTF8 },
	{ "us-ascii", CS_ASCII },	{ "ascii", CS_ASCII },	{ "ansi_x3.4-1968", CS_ASCII },
	{ "iso-8859-1", CS_LATIN1 },	{ "iso_8859-1", CS_LATIN1 },	{ "latin1", CS_LATIN1 },
	{ "utf-16", CS_UTF16 },		{ "utf-16be", CS_UTF16BE },	{ "utf-16le", CS_UTF16LE },
};

/* ---- places --------------------------------------------------------------------------- */

/* Offset in the octets as they came, for one in the UTF-8 text. */
static size_t
offset_of(const struct xml_source *src, size_t at)
{
	size_t i, units = 0;

	if (src->heap == NULL)
		return src->skip + at;
	for (i = 0; i < at && i < src->utf8.n; i++) {
		if ((src->utf8.p[i] & 0xC0) != 0x80)
			units++;
		if (src->cs != CS_LATIN1 && src->utf8.p[i] >= 0xF0)
			units++;		/* a surrogate pair */
	}
	return src->skip + (src->cs == CS_LATIN1 ? units : 2 * units);
}

void
xml_source_place(const struct xml_source *src, size_t at)
{
	size_t i, line = 1, column = 1;
	const uint8_t *p = src->utf8.p;

	for (i = 0; i < at && i < src->utf8.n; i++) {
		if (p[i] == '\n' || (p[i] == '\r' && !(i + 1 < src->utf8.n && p[i + 1] == '\n'))) {
			line++;
			column = 1;
		} else if ((p[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	why_prefix(src->why, "line %zu, column %zu", line, column);
	src->why->offset = offset_of(src, at);
}

int
xml_source_fail(const struct xml_source *src, int err, size_t at, const char *text)
{
	why_set(src->why, err, "%s", text);
	xml_source_place(src, at);
	return err;
}

/* ---- character sets ------------------------------------------------------------------- */

static enum xml_charset
charset_named(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
		if (span_eq_nocase(name, charsets[i].name))
			return charsets[i].cs;
	return CS_UNKNOWN;
}

/* The encoding that the XML declaration names; empty without one. */
static struct span
declared_encoding(struct span doc)
{
	static const char word[] = "encoding";
	struct span d = { doc.p, doc.n < DECLARATION_MAX ? doc.n : DECLARATION_MAX };
	const uint8_t *end, *p, *q;

	if (d.n < 6 || memcmp(d.p, "<?xml", 5) != 0)
		return (struct span){ 0 };
	end = memmem(d.p, d.n, "?>", 2);
	p = end != NULL ? memmem(d.p, (size_t)(end - d.p), word, sizeof word - 1) : NULL;
	if (p == NULL)
		return (struct span){ 0 };
	for (p += sizeof word - 1; p < end && *p != '"' && *p != '\''; p++)
		if (*p != '=' && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
			return (struct span){ 0 };
	q = p < end ? memchr(p + 1, *p, (size_t)(end - p - 1)) : NULL;
	return q != NULL ? span_of(p + 1, (size_t)(q - p - 1)) : (struct span){ 0 };
}

static bool
starts(struct span s, const char *octets, size_t n)
{
	return s.n >= n && memcmp(s.p, octets, n) == 0;
}

/* Settle src->cs and src->skip. */
static int
charset_find(struct xml_source *src, const char *charset)
{
	struct span doc = src->doc, name = { 0 };
	bool be = starts(doc, "\xFE\xFF", 2), le = starts(doc, "\xFF\xFE", 2);

	if (charset != NULL && charset[0] != '\0') {
		name = span_str(charset);
		src->cs = charset_named(name);
	} else if (be || le || starts(doc, "\0<", 2) || starts(doc, "<\0", 2)) {
		src->cs = CS_UTF16;
	} else {
		name = declared_encoding(starts(doc, "\xEF\xBB\xBF", 3) ? span_of(doc.p + 3, doc.n - 3) : doc);
		src->cs = name.n > 0 ? charset_named(name) : CS_UTF8;
		if (src->cs >= CS_UTF16)
			return why_at(src->why, ERR_SYNTAX, 0, "line 1, column 1: the declaration says utf-16, "
			    "the octets do not");
	}
	if (src->cs == CS_UNKNOWN) {
		struct sbuf quoted = { 0 };
		int err;

		sbuf_quote(&quoted, name);
		err = why_at(src->why, ERR_SYNTAX, 0, "line 1, column 1: charset %s is not one of utf-8, "
		    "us-ascii, iso-8859-1, utf-16", quoted.s);
		sbuf_done(&quoted);
		return err;
	}
	if (src->cs == CS_UTF16)
		src->cs = le || (!be && starts(doc, "<\0", 2)) ? CS_UTF16LE : CS_UTF16BE;
	if (src->cs == CS_UTF8 && starts(doc, "\xEF\xBB\xBF", 3))
		src->skip = 3;
	else if ((src->cs == CS_UTF16LE && le) || (src->cs == CS_UTF16BE && be))
		src->skip = 2;
	return OK;
}

static uint8_t *
put_utf8(uint8_t *q, uint32_t c)
{
	if (c < 0x80) {
		*q++ = (uint8_t)c;
	} else if (c < 0x800) {
		*q++ = (uint8_t)(0xC0 | c >> 6);
		*q++ = (uint8_t)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		*q++ = (uint8_t)(0xE0 | c >> 12);
		*q++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		*q++ = (uint8_t)(0x80 | (c & 0x3F));
	} else {
		*q++ = (uint8_t)(0xF0 | c >> 18);
		*q++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
		*q++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		*q++ = (uint8_t)(0x80 | (c & 0x3F));
	}
	return q;
}

static uint8_t *
heap_for(struct xml_source *src, size_t n)
{
	src->heap = malloc(n + 1);
	if (src->heap == NULL)
		abort();
	src->utf8 = span_of(src->heap, 0);
	return src->heap;
}

static void
latin1_to_utf8(struct xml_source *src, struct span in)
{
	uint8_t *q = heap_for(src, 2 * in.n);
	size_t i;

	for (i = 0; i < in.n; i++)
		q = put_utf8(q, in.p[i]);
	src->utf8.n = (size_t)(q - src->heap);
}

static int
utf16_to_utf8(struct xml_source *src, struct span in)
{
	uint8_t *q = heap_for(src, in.n / 2 * 3 + 3);
	unsigned hi = src->cs == CS_UTF16LE ? 1 : 0;	/* place of the high octet in a unit */
	size_t i;

	for (i = 0; i + 1 < in.n; i += 2) {
		uint32_t c = (uint32_t)in.p[i + hi] << 8 | in.p[i + 1 - hi];

		src->utf8.n = (size_t)(q - src->heap);
		if (c >= 0xD800 && c < 0xE000) {
			uint32_t low = 0;

			if (in.n - i >= 4)
				low = (uint32_t)in.p[i + 2 + hi] << 8 | in.p[i + 3 - hi];
			if (c >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
				return xml_source_fail(src, ERR_SYNTAX, src->utf8.n, "half a UTF-16 surrogate pair");
			c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
			i += 2;
		}
		q = put_utf8(q, c);
	}
	src->utf8.n = (size_t)(q - src->heap);
	if (i < in.n)
		return xml_source_fail(src, ERR_SYNTAX, src->utf8.n, "half a UTF-16 character at the end");
	return OK;
}

int
xml_source_open(struct xml_source *src, struct span doc, const char *charset)
{
	struct span in;
	int err;

	src->doc = doc;
	if ((err = charset_find(src, charset)) != OK)
		return err;
	in = span_of(doc.p + src->skip, doc.n - src->skip);
	src->utf8 = in;
	if (src->cs == CS_LATIN1)
		latin1_to_utf8(src, in);
	else if (src->cs == CS_UTF16BE || src->cs == CS_UTF16LE)
		err = utf16_to_utf8(src, in);
	return err;
}

void
xml_source_done(struct xml_source *src)
{
	free(src->heap);
	src->heap = NULL;
}
