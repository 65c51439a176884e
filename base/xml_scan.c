/* xml_scan.c - the linear scan of an XML document before the parser sees it. */
#define _GNU_SOURCE	/* memmem */
#include "base/xml_int.h"

#include <string.h>

#include "base/text.h"

/* Every octet: no control character, and UTF-8 (or ASCII where that was promised). */
static int
scan_octets(const struct xml_source *src)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	struct span s = src->utf8;
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
				return xml_source_fail(src, ERR_SYNTAX, i + k, c == 0 ? "NUL character" :
				    "control character");
		}
		i += n;
	}
	if (!ascii && src->cs == CS_ASCII) {
		for (i = 0; s.p[i] < 0x80; i++)
			;
		return xml_source_fail(src, ERR_SYNTAX, i, "octet outside us-ascii");
	}
	if (!ascii && src->heap == NULL && !text_is_utf8(s, &bad))
		return xml_source_fail(src, ERR_SYNTAX, bad, "octet that is not UTF-8");
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
	size_t n = strlen(word);

	return n <= s.n - at && memcmp(s.p + at, word, n) == 0;
}

/* s[*at] is '&'. */
static int
scan_reference(const struct xml_source *src, size_t at)
{
	static const char *const known[] = { "&#", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (looking_at(src->utf8, at, known[i]))
			return OK;
	return xml_source_fail(src, ERR_SYNTAX, at, "reference to an entity that is not predefined");
}

static int
too_long(const struct xml_source *src, size_t at, size_t tag_max)
{
	why_set(src->why, ERR_LIMIT, "start tag longer than %zu octets", tag_max);
	xml_source_place(src, at);
	return ERR_LIMIT;
}

static int
scan_start_tag(const struct xml_source *src, size_t tag_max, size_t *at)
{
	struct span s = src->utf8;
	size_t i, from = *at;
	uint8_t quote = 0;
	int err;

	for (i = from; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (i - from >= tag_max)
			return too_long(src, from, tag_max);
		if (c == '&' && (err = scan_reference(src, i)) != OK)
			return err;
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
scan_doctype(const struct xml_source *src, size_t *at)
{
	static const struct { const char *start, *text; } refused[] = {
		{ "<!ENTITY", "entity declarations are not accepted" },
		{ "<!ELEMENT", "element declarations are not accepted" },
		{ "<!ATTLIST", "attribute list declarations are not accepted" },
		{ "<!NOTATION", "notation declarations are not accepted" },
		{ "<![", "conditional sections are not accepted" },
	};
	struct span s = src->utf8;
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
					return xml_source_fail(src, ERR_SYNTAX, i, refused[k].text);
			return xml_source_fail(src, ERR_SYNTAX, i, "declarations are not accepted");
		} else if (subset && c == '%') {
			return xml_source_fail(src, ERR_SYNTAX, i, "parameter entities are not accepted");
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
scan_markup(const struct xml_source *src, size_t tag_max)
{
	struct span s = src->utf8;
	size_t i = 0;
	int err = OK;

	while (i < s.n && err == OK) {
		if (s.p[i] == '&')
			err = scan_reference(src, i++);
		else if (s.p[i] != '<')
			i++;
		else if (looking_at(s, i, "<!--"))
			i = behind(s, i + 4, "-->", 3);
		else if (looking_at(s, i, "<![CDATA["))
			i = behind(s, i + 9, "]]>", 3);
		else if (looking_at(s, i, "<?"))
			i = behind(s, i + 2, "?>", 2);
		else if (looking_at(s, i, "<!"))
			err = scan_doctype(src, &i);
		else if (looking_at(s, i, "</"))
			i = behind(s, i + 2, ">", 1);
		else
			err = scan_start_tag(src, tag_max, &i);
	}
	return err;
}

int
xml_scan(const struct xml_source *src, size_t tag_max)
{
	int err = scan_octets(src);

	return err != OK ? err : scan_markup(src, tag_max);
}
