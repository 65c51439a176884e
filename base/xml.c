/*
 * xml.c - see xml.h.
 *
 * A document goes three ways: it becomes UTF-8 where it is not, one linear scan refuses what must
 * not reach the parser (declarations, entities, long start tags, control characters), and expat
 * reads what is left. Errors name the place in the octets as they came.
 */
#define _GNU_SOURCE	/* memmem */
#include "base/xml.h"

#include <expat.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

enum {
	DEPTH_DEFAULT = 16,
	ATTRS_DEFAULT = 32,
	ATTRS_MAX = 256,
	START_TAG_DEFAULT = 8 * 1024,
	DOC_MAX = 64 * 1024 * 1024,
	DECLARATION_MAX = 256,		/* octets of <?xml ... ?> looked at for its encoding */
	KEEP_MAX = 64 * 1024		/* larger documents do not leave their memory in a kept parser */
};

enum charset { CS_UNKNOWN, CS_UTF8, CS_ASCII, CS_LATIN1, CS_UTF16, CS_UTF16BE, CS_UTF16LE };

static const struct { const char *name; enum charset cs; } charsets[] = {
	{ "utf-8", CS_UTF8 },		{ "utf8", CS_UTF8 },
	{ "us-ascii", CS_ASCII },	{ "ascii", CS_ASCII },	{ "ansi_x3.4-1968", CS_ASCII },
	{ "iso-8859-1", CS_LATIN1 },	{ "iso_8859-1", CS_LATIN1 },	{ "latin1", CS_LATIN1 },
	{ "utf-16", CS_UTF16 },		{ "utf-16be", CS_UTF16BE },	{ "utf-16le", CS_UTF16LE },
};

/* One run: what came, what expat reads, what stopped it. */
struct run {
	const struct xml_events *ev;
	void *ctx;
	struct why *why;
	XML_Parser parser;
	struct span doc;		/* as it came */
	enum charset cs;
	size_t skip;			/* octets of a byte order mark */
	struct span utf8;		/* what is scanned and parsed */
	uint8_t *heap;			/* memory of utf8 when it was converted */
	unsigned depth, depth_max, attrs_max;
	size_t tag_max;
	bool in_doctype;
	int err;
};

/* ---- places --------------------------------------------------------------------------- */

/* Offset in the octets as they came, for one in the UTF-8 text. */
static size_t
offset_of(const struct run *run, size_t at)
{
	size_t i, units = 0;

	if (run->heap == NULL)
		return run->skip + at;
	for (i = 0; i < at && i < run->utf8.n; i++) {
		if ((run->utf8.p[i] & 0xC0) != 0x80)
			units++;
		if (run->cs != CS_LATIN1 && run->utf8.p[i] >= 0xF0)
			units++;		/* a surrogate pair */
	}
	return run->skip + (run->cs == CS_LATIN1 ? units : 2 * units);
}

/* Put the place in front of the sentence in run->why. */
static void
place(struct run *run, size_t at)
{
	size_t i, line = 1, column = 1;
	const uint8_t *p = run->utf8.p;

	for (i = 0; i < at && i < run->utf8.n; i++) {
		if (p[i] == '\n' || (p[i] == '\r' && !(i + 1 < run->utf8.n && p[i + 1] == '\n'))) {
			line++;
			column = 1;
		} else if ((p[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	why_prefix(run->why, "line %zu, column %zu", line, column);
	if (run->why != NULL)
		run->why->offset = offset_of(run, at);
}

static int
fail_at(struct run *run, int err, size_t at, const char *text)
{
	run->err = why_set(run->why, err, "%s", text);
	place(run, at);
	return err;
}

/* ---- character sets ------------------------------------------------------------------- */

static enum charset
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

/* Settle run->cs and run->skip. */
static int
charset_find(struct run *run, const char *charset)
{
	struct span doc = run->doc, name = { 0 };
	bool be = starts(doc, "\xFE\xFF", 2), le = starts(doc, "\xFF\xFE", 2);

	if (charset != NULL && charset[0] != '\0') {
		name = span_str(charset);
		run->cs = charset_named(name);
	} else if (be || le || starts(doc, "\0<", 2) || starts(doc, "<\0", 2)) {
		run->cs = CS_UTF16;
	} else {
		name = declared_encoding(starts(doc, "\xEF\xBB\xBF", 3) ? span_of(doc.p + 3, doc.n - 3) : doc);
		run->cs = name.n > 0 ? charset_named(name) : CS_UTF8;
		if (run->cs >= CS_UTF16)
			return why_at(run->why, ERR_SYNTAX, 0, "line 1, column 1: the declaration says utf-16, "
			    "the octets do not");
	}
	if (run->cs == CS_UNKNOWN) {
		struct sbuf quoted = { 0 };
		int err;

		sbuf_quote(&quoted, name);
		err = why_at(run->why, ERR_SYNTAX, 0, "line 1, column 1: charset %s is not one of utf-8, "
		    "us-ascii, iso-8859-1, utf-16", quoted.s);
		sbuf_done(&quoted);
		return err;
	}
	if (run->cs == CS_UTF16)
		run->cs = le || (!be && starts(doc, "<\0", 2)) ? CS_UTF16LE : CS_UTF16BE;
	if (run->cs == CS_UTF8 && starts(doc, "\xEF\xBB\xBF", 3))
		run->skip = 3;
	else if ((run->cs == CS_UTF16LE && le) || (run->cs == CS_UTF16BE && be))
		run->skip = 2;
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
heap_for(struct run *run, size_t n)
{
	run->heap = malloc(n + 1);
	if (run->heap == NULL)
		abort();
	run->utf8 = span_of(run->heap, 0);
	return run->heap;
}

static void
latin1_to_utf8(struct run *run, struct span in)
{
	uint8_t *q = heap_for(run, 2 * in.n);
	size_t i;

	for (i = 0; i < in.n; i++)
		q = put_utf8(q, in.p[i]);
	run->utf8.n = (size_t)(q - run->heap);
}

static int
utf16_to_utf8(struct run *run, struct span in)
{
	uint8_t *q = heap_for(run, in.n / 2 * 3 + 3);
	unsigned hi = run->cs == CS_UTF16LE ? 1 : 0;	/* place of the high octet in a unit */
	size_t i;

	for (i = 0; i + 1 < in.n; i += 2) {
		uint32_t c = (uint32_t)in.p[i + hi] << 8 | in.p[i + 1 - hi];

		run->utf8.n = (size_t)(q - run->heap);
		if (c >= 0xD800 && c < 0xE000) {
			uint32_t low = 0;

			if (in.n - i >= 4)
				low = (uint32_t)in.p[i + 2 + hi] << 8 | in.p[i + 3 - hi];
			if (c >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
				return fail_at(run, ERR_SYNTAX, run->utf8.n, "half a UTF-16 surrogate pair");
			c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
			i += 2;
		}
		q = put_utf8(q, c);
	}
	run->utf8.n = (size_t)(q - run->heap);
	if (i < in.n)
		return fail_at(run, ERR_SYNTAX, run->utf8.n, "half a UTF-16 character at the end");
	return OK;
}

/* ---- the scan before the parser -------------------------------------------------------- */

/* Every octet: no control character, and UTF-8 (or ASCII where that was promised). */
static int
scan_octets(struct run *run)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	struct span s = run->utf8;
	bool ascii = true;
	size_t i = 0, k, bad;

	while (i < s.n) {
		size_t n = s.n - i < 8 ? s.n - i : 8;

		if (n == 8) {
			uint64_t w;

			memcpy(&w, s.p + i, 8);
			if (w & high)
				ascii = false;
			else if (((w - 0x20 * ones) & high) == 0) {
				i += 8;
				continue;
			}
		}
		for (k = 0; k < n; k++) {
			uint8_t c = s.p[i + k];

			if (c >= 0x80)
				ascii = false;
			else if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
				return fail_at(run, ERR_SYNTAX, i + k, c == 0 ? "NUL character" :
				    "control character");
		}
		i += n;
	}
	if (!ascii && run->cs == CS_ASCII) {
		for (i = 0; s.p[i] < 0x80; i++)
			;
		return fail_at(run, ERR_SYNTAX, i, "octet outside us-ascii");
	}
	if (!ascii && run->heap == NULL && !text_is_utf8(s, &bad))
		return fail_at(run, ERR_SYNTAX, bad, "octet that is not UTF-8");
	return OK;
}

/* Just behind the next `word`, or the end: a part left open is for expat to report. */
static size_t
behind(struct span s, size_t at, const char *word, size_t n)
{
	const uint8_t *p = memmem(s.p + at, s.n - at, word, n);

	return p != NULL ? (size_t)(p - s.p) + n : s.n;
}

static bool
looking_at(struct span s, size_t at, const char *word)
{
	return starts(span_of(s.p + at, s.n - at), word, strlen(word));
}

/* s[*at] is '&'. */
static int
scan_reference(struct run *run, size_t at)
{
	static const char *const known[] = { "&#", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (looking_at(run->utf8, at, known[i]))
			return OK;
	return fail_at(run, ERR_SYNTAX, at, "reference to an entity that is not predefined");
}

static int
too_long(struct run *run, size_t at)
{
	run->err = why_set(run->why, ERR_LIMIT, "start tag longer than %zu octets", run->tag_max);
	place(run, at);
	return run->err;
}

static int
scan_start_tag(struct run *run, size_t *at)
{
	struct span s = run->utf8;
	size_t i, from = *at;
	uint8_t quote = 0;

	for (i = from; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (i - from >= run->tag_max)
			return too_long(run, from);
		if (c == '&' && scan_reference(run, i) != OK)
			return run->err;
		if (quote != 0) {
			if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			break;
		}
	}
	*at = i < s.n ? i + 1 : s.n;
	return OK;
}

static int
scan_doctype(struct run *run, size_t *at)
{
	static const struct { const char *start, *text; } refused[] = {
		{ "<!ENTITY", "entity declarations are not accepted" },
		{ "<!ELEMENT", "element declarations are not accepted" },
		{ "<!ATTLIST", "attribute list declarations are not accepted" },
		{ "<!NOTATION", "notation declarations are not accepted" },
		{ "<![", "conditional sections are not accepted" },
	};
	struct span s = run->utf8;
	bool subset = false;
	size_t i = *at + 2, k;

	while (i < s.n) {
		uint8_t c = s.p[i];

		if (c == '"' || c == '\'') {
			i = behind(s, i + 1, (const char *)&s.p[i], 1);
		} else if (looking_at(s, i, "<!--")) {
			i = behind(s, i + 4, "-->", 3);
		} else if (looking_at(s, i, "<?")) {
			i = behind(s, i + 2, "?>", 2);
		} else if (c == '<') {
			for (k = 0; k < sizeof refused / sizeof refused[0]; k++)
				if (looking_at(s, i, refused[k].start))
					return fail_at(run, ERR_SYNTAX, i, refused[k].text);
			return fail_at(run, ERR_SYNTAX, i, "declarations are not accepted");
		} else if (subset && c == '%') {
			return fail_at(run, ERR_SYNTAX, i, "parameter entities are not accepted");
		} else if (c == '>' && !subset) {
			i++;
			break;
		} else {
			if (c == '[' || c == ']')
				subset = c == '[';
			i++;
		}
	}
	*at = i;
	return OK;
}

/*
 * Walk the markup as the parser will. It need not find errors of form: expat stops at the first
 * one, so nothing behind it matters.
 */
static int
scan_markup(struct run *run)
{
	struct span s = run->utf8;
	size_t i = 0;

	while (i < s.n) {
		if (s.p[i] == '&') {
			if (scan_reference(run, i) != OK)
				return run->err;
			i++;
		} else if (s.p[i] != '<') {
			i++;
		} else if (looking_at(s, i, "<!--")) {
			i = behind(s, i + 4, "-->", 3);
		} else if (looking_at(s, i, "<![CDATA[")) {
			i = behind(s, i + 9, "]]>", 3);
		} else if (looking_at(s, i, "<?")) {
			i = behind(s, i + 2, "?>", 2);
		} else if (looking_at(s, i, "<!")) {
			if (scan_doctype(run, &i) != OK)
				return run->err;
		} else if (looking_at(s, i, "</")) {
			i = behind(s, i + 2, ">", 1);
		} else if (scan_start_tag(run, &i) != OK) {
			return run->err;
		}
	}
	return OK;
}

/* ---- expat and its call-backs ----------------------------------------------------------- */

/* The result of a call-back; an error stops the parser where it stands. */
static void
take(struct run *run, int err)
{
	if (err == OK)
		return;
	run->err = err;
	place(run, (size_t)XML_GetCurrentByteIndex(run->parser));
	XML_StopParser(run->parser, XML_FALSE);
}

static void
on_start(void *arg, const char *name, const char **atts)
{
	struct xml_attr attrs[ATTRS_MAX];
	struct run *run = arg;
	size_t n = 0;

	if (run->err)
		return;
	if (++run->depth > run->depth_max) {
		take(run, why_set(run->why, ERR_LIMIT, "elements nested deeper than %u", run->depth_max));
		return;
	}
	for (; atts[0] != NULL; atts += 2) {
		if (n == run->attrs_max) {
			take(run, why_set(run->why, ERR_LIMIT, "more than %u attributes", run->attrs_max));
			return;
		}
		attrs[n++] = (struct xml_attr){ atts[0], atts[1] };
	}
	if (run->ev->start != NULL)
		take(run, run->ev->start(run->ctx, name, attrs, n, run->why));
}

static void
on_end(void *arg, const char *name)
{
	struct run *run = arg;

	if (run->err)
		return;
	run->depth--;
	if (run->ev->end != NULL)
		take(run, run->ev->end(run->ctx, name, run->why));
}

static void
on_text(void *arg, const char *s, int n)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, run->ev->text(run->ctx, span_of(s, (size_t)n), run->why));
}

static void
on_instruction(void *arg, const char *target, const char *data)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, run->ev->instruction(run->ctx, target, data, run->in_doctype, run->why));
}

static void
on_doctype(void *arg, const char *name, const char *system_id, const char *public_id, int subset)
{
	struct run *run = arg;

	run->in_doctype = true;
	if (run->err == OK && run->ev->doctype != NULL)
		take(run, run->ev->doctype(run->ctx, name, public_id, system_id, run->why));
}

static void
on_doctype_end(void *arg)
{
	struct run *run = arg;

	run->in_doctype = false;
}

/* The scan has refused these already; here for the day that it overlooks one. */
static void
on_entity_decl(void *arg, const char *name, int parameter, const char *value, int n,
    const char *base, const char *system_id, const char *public_id, const char *notation)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, why_set(run->why, ERR_SYNTAX, "entity declarations are not accepted"));
}

static void
on_skipped_entity(void *arg, const char *name, int parameter)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, why_set(run->why, ERR_SYNTAX, "reference to an entity that is not predefined"));
}

/* ---- one parser kept per thread: a reset is cheaper than a new one ------------------------- */

struct kept {
	XML_Parser parser;
	unsigned long salt;
	bool busy;		/* a call-back may parse another document */
};

static pthread_key_t kept_key;
static pthread_once_t kept_once = PTHREAD_ONCE_INIT;

static void
kept_free(void *arg)
{
	struct kept *k = arg;

	XML_ParserFree(k->parser);
	free(k);
}

static void
kept_key_make(void)
{
	if (pthread_key_create(&kept_key, kept_free) != 0)
		abort();
}

static XML_Parser
parser_new(unsigned long *salt)
{
	XML_Parser p = XML_ParserCreate("UTF-8");

	/* Without randomness the salt stays 0, and expat looks for some itself. */
	if (getrandom(salt, sizeof *salt, 0) != (ssize_t)sizeof *salt)
		*salt = 0;
	if (p == NULL)
		abort();
	return p;
}

static struct kept *
kept_get(void)
{
	struct kept *k;

	pthread_once(&kept_once, kept_key_make);
	k = pthread_getspecific(kept_key);
	if (k == NULL) {
		k = calloc(1, sizeof *k);
		if (k == NULL)
			abort();
		k->parser = parser_new(&k->salt);
		pthread_setspecific(kept_key, k);
	} else if (!k->busy) {
		XML_ParserReset(k->parser, "UTF-8");
	}
	return k;
}

static void
parser_set_up(XML_Parser p, struct run *run, unsigned long salt)
{
	run->parser = p;
	XML_SetHashSalt(p, salt);
	XML_SetUserData(p, run);
	XML_SetElementHandler(p, on_start, on_end);
	XML_SetDoctypeDeclHandler(p, on_doctype, on_doctype_end);
	XML_SetEntityDeclHandler(p, on_entity_decl);
	XML_SetSkippedEntityHandler(p, on_skipped_entity);
	if (run->ev->text != NULL)
		XML_SetCharacterDataHandler(p, on_text);
	if (run->ev->instruction != NULL)
		XML_SetProcessingInstructionHandler(p, on_instruction);
}

static int
parse(struct run *run)
{
	struct kept *kept = run->utf8.n <= KEEP_MAX ? kept_get() : NULL;
	bool keep = kept != NULL && !kept->busy;
	unsigned long salt = 0;
	XML_Parser p = keep ? kept->parser : parser_new(&salt);

	if (keep)
		kept->busy = true;
	parser_set_up(p, run, keep ? kept->salt : salt);
	if (XML_Parse(p, (const char *)run->utf8.p, (int)run->utf8.n, XML_TRUE) != XML_STATUS_OK &&
	    run->err == OK) {
		XML_Index at = XML_GetCurrentByteIndex(p);

		fail_at(run, ERR_SYNTAX, at < 0 ? run->utf8.n : (size_t)at,
		    XML_ErrorString(XML_GetErrorCode(p)));
	}
	if (keep)
		kept->busy = false;
	else
		XML_ParserFree(p);
	return run->err;
}

int
xml_parse(struct span doc, const char *charset, const struct xml_limits *limits,
    const struct xml_events *events, void *ctx, struct why *why)
{
	static const struct xml_limits none;
	const struct xml_limits *lim = limits != NULL ? limits : &none;
	struct why unheard;
	struct run run = {
		.ev = events, .ctx = ctx, .why = why != NULL ? why : &unheard, .doc = doc,
		.depth_max = lim->depth ? lim->depth : DEPTH_DEFAULT,
		.attrs_max = lim->attributes ? lim->attributes : ATTRS_DEFAULT,
		.tag_max = lim->start_tag ? lim->start_tag : START_TAG_DEFAULT,
	};
	struct span in;
	int err;

	if (run.attrs_max > ATTRS_MAX)
		run.attrs_max = ATTRS_MAX;
	if (doc.n == 0)
		return why_at(why, ERR_SYNTAX, 0, "line 1, column 1: the document is empty");
	if (doc.n > DOC_MAX)
		return why_at(why, ERR_LIMIT, 0, "document longer than %d octets", DOC_MAX);
	if ((err = charset_find(&run, charset)) != OK)
		return err;
	in = span_of(doc.p + run.skip, doc.n - run.skip);
	run.utf8 = in;
	if (run.cs == CS_LATIN1)
		latin1_to_utf8(&run, in);
	else if (run.cs == CS_UTF16BE || run.cs == CS_UTF16LE)
		err = utf16_to_utf8(&run, in);
	if (err == OK && (err = scan_octets(&run)) == OK && (err = scan_markup(&run)) == OK)
		err = parse(&run);
	free(run.heap);
	return err;
}
