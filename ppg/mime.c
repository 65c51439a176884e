/* mime.c - see mime.h. */
#include "ppg/mime.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- boundary lines --------------------------------------------------------------------- */

static const struct mime_leniency none;

struct delimiter {
	size_t start;		/* first octet of the line end in front (or of the line) */
	size_t after;		/* first octet behind the whole line */
	bool last;
	bool bare_lf;		/* a line end without CR around it */
};

/*
 * Find the next line that is exactly "--boundary" or "--boundary--" (blanks may follow).
 * A line that merely begins like one belongs to the content (M-08).
 */
static bool
find_delimiter(struct span body, struct span boundary, size_t from, struct delimiter *d)
{
	size_t at = from;

	while (at < body.n) {
		const uint8_t *p = memmem(body.p + at, body.n - at, boundary.p, boundary.n);
		size_t line, end;
		bool last = false;

		if (p == NULL)
			return false;
		line = (size_t)(p - body.p);
		at = line + 1;
		if (line < 2 || body.p[line - 1] != '-' || body.p[line - 2] != '-')
			continue;
		line -= 2;
		if (line < from || (line > 0 && body.p[line - 1] != '\n'))
			continue;
		end = line + 2 + boundary.n;
		if (body.n - end >= 2 && body.p[end] == '-' && body.p[end + 1] == '-') {
			last = true;
			end += 2;
		}
		while (end < body.n && (body.p[end] == ' ' || body.p[end] == '\t'))
			end++;
		if (end < body.n && body.p[end] == '\r')
			end++;
		if (end < body.n && body.p[end] != '\n')
			continue;
		d->bare_lf = (end < body.n && body.p[end - 1] != '\r') || (line > 1 && body.p[line - 2] != '\r') ||
		    (line == 1);
		if (!last && end >= body.n)
			continue;
		d->after = end < body.n ? end + 1 : end;
		d->last = last;
		d->start = line;
		if (d->start > from && body.p[d->start - 1] == '\n')
			d->start--;
		if (d->start > from && body.p[d->start - 1] == '\r')
			d->start--;
		return true;
	}
	return false;
}

/* Split a part into header block and body at the first empty line. Was that line's end a whole one? */
static bool
split_part(struct span part, struct mime_part *out)
{
	size_t line = 0;

	while (line < part.n) {
		const uint8_t *nl = memchr(part.p + line, '\n', part.n - line);
		size_t end = nl != NULL ? (size_t)(nl - part.p) : part.n;
		size_t next = nl != NULL ? end + 1 : end;

		if (end > line && part.p[end - 1] == '\r')
			end--;
		if (end == line) {
			out->head = span_of(part.p, line);
			out->body = span_of(part.p + next, part.n - next);
			return nl == NULL || nl > part.p + line;
		}
		line = next;
	}
	out->head = part;			/* no empty line: headers only */
	out->body = span_of(part.p + part.n, 0);
	return true;
}

static int
check_delimiter(const struct delimiter *d, const struct mime_leniency *l, struct why *why)
{
	if (d->bare_lf && !l->line_ends)
		return why_at(why, ERR_SYNTAX, d->start, "offset %zu: a line feed without carriage return at a boundary",
		    d->start);
	return OK;
}

/* What stands behind the last delimiter line is a line end at most. */
static bool
has_epilogue(struct span body, size_t from)
{
	for (; from < body.n; from++)
		if (strchr("\r\n", body.p[from]) == NULL || body.p[from] == '\0')
			return true;
	return false;
}

/* Add the octets from here to there as a part. */
static int
add_part(struct span octets, const struct mime_leniency *l, struct mime_part *parts, size_t max, size_t *n_parts,
    size_t offset, struct why *why)
{
	if (*n_parts == max)
		return why_at(why, ERR_LIMIT, offset, "more than %zu parts", max);
	if (!split_part(octets, &parts[(*n_parts)++]) && !l->line_ends)
		return why_at(why, ERR_SYNTAX, offset, "a line feed without carriage return behind the headers of part %zu",
		    *n_parts);
	return OK;
}

int
mime_split(struct span body, struct span boundary, const struct mime_leniency *l,
    struct mime_part *parts, size_t max, size_t *n_parts, struct why *why)
{
	struct delimiter here, next;
	int err;

	*n_parts = 0;
	if (l == NULL)
		l = &none;
	if (boundary.n == 0 || boundary.n > MIME_BOUNDARY_MAX)
		return why_set(why, ERR_LIMIT, "boundary is not 1 to %d characters long", MIME_BOUNDARY_MAX);
	if (!find_delimiter(body, boundary, 0, &here))
		return why_set(why, ERR_SYNTAX, "the boundary does not occur in the body");
	if (here.start > 0 && !l->preamble)
		return why_set(why, ERR_SYNTAX, "text in front of the first boundary");
	err = check_delimiter(&here, l, why);
	while (err == OK && !here.last) {
		if (!find_delimiter(body, boundary, here.after, &next)) {
			if (!l->no_closing)
				return why_at(why, ERR_SYNTAX, body.n, "closing delimiter missing");
			return add_part(span_of(body.p + here.after, body.n - here.after), l, parts, max, n_parts,
			    here.after, why);
		}
		err = check_delimiter(&next, l, why);
		if (err == OK)
			err = add_part(span_of(body.p + here.after, next.start - here.after), l, parts, max, n_parts,
			    here.after, why);
		here = next;
	}
	if (err == OK && !l->preamble && has_epilogue(body, here.after))
		err = why_at(why, ERR_SYNTAX, here.after, "text behind the last boundary");
	return err;
}

/* ---- headers -------------------------------------------------------------------------------- */

static bool
is_token_char(uint8_t c)
{
	return c > 0x20 && c < 0x7F && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Length of the field that starts at the reader, its CR LF blank folds included, line end excluded. */
static int
field_end(struct span head, const struct mime_leniency *l, size_t from, size_t *end, size_t *next, struct why *why)
{
	size_t i;

	for (i = from; i < head.n; i++) {
		uint8_t c = head.p[i];

		if (c == '\r' && i + 1 < head.n && head.p[i + 1] == '\n') {
			if (i + 2 < head.n && is_blank(head.p[i + 2])) {
				i++;
				continue;	/* folded */
			}
			*end = i;
			*next = i + 2;
			return OK;
		}
		if (c == '\n') {
			if (i + 1 < head.n && is_blank(head.p[i + 1]))
				return why_at(why, ERR_SYNTAX, i, "offset %zu: line feed inside a header value", i);
			if (!l->line_ends)
				return why_at(why, ERR_SYNTAX, i, "offset %zu: line feed without carriage return", i);
			*end = i;
			*next = i + 1;
			return OK;
		}
		if (c == '\r')
			return why_at(why, ERR_SYNTAX, i, "offset %zu: carriage return inside a header value", i);
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return why_at(why, ERR_SYNTAX, i, "offset %zu: control character in a header", i);
	}
	*end = *next = head.n;
	return OK;
}

int
mime_headers(struct span head, const struct mime_leniency *l, struct mime_header out[MIME_HEADERS_MAX],
    size_t *n, struct why *why)
{
	size_t at = 0;

	*n = 0;
	if (head.n > MIME_HEADER_BLOCK_MAX)
		return why_set(why, ERR_LIMIT, "header block of %zu octets, at most %d are taken", head.n,
		    MIME_HEADER_BLOCK_MAX);
	while (at < head.n) {
		size_t end = at, next = at, colon = at;
		int err = field_end(head, l != NULL ? l : &none, at, &end, &next, why);

		if (err)
			return err;
		while (colon < end && is_token_char(head.p[colon]))
			colon++;
		if (colon == at || colon == end || head.p[colon] != ':')
			return why_at(why, ERR_SYNTAX, colon, "offset %zu: no header name", colon);
		if (*n == MIME_HEADERS_MAX)
			return why_at(why, ERR_LIMIT, at, "more than %d header lines", MIME_HEADERS_MAX);
		out[*n].name = span_of(head.p + at, colon - at);
		out[*n].value = span_trim(span_of(head.p + colon + 1, end - colon - 1));
		(*n)++;
		at = next;
	}
	return OK;
}

struct span
mime_header(const struct mime_header *headers, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq_nocase(headers[i].name, name))
			return headers[i].value;
	return span_of("", 0);
}

/* ---- transfer encodings ------------------------------------------------------------------------ */

static int
hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int
quoted_printable(struct span in, uint8_t *out, size_t *n, struct why *why)
{
	size_t i;

	*n = 0;
	for (i = 0; i < in.n; i++) {
		int high, low;

		if (in.p[i] != '=') {
			out[(*n)++] = in.p[i];
			continue;
		}
		if (i + 1 < in.n && in.p[i + 1] == '\n') {
			i++;
			continue;
		}
		if (i + 2 < in.n && in.p[i + 1] == '\r' && in.p[i + 2] == '\n') {
			i += 2;
			continue;
		}
		high = i + 2 < in.n ? hex(in.p[i + 1]) : -1;
		low = i + 2 < in.n ? hex(in.p[i + 2]) : -1;
		if (high < 0 || low < 0)
			return why_at(why, ERR_SYNTAX, i, "offset %zu: \"=\" without two hexadecimal digits", i);
		out[(*n)++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return OK;
}

int
mime_decode(struct span encoding, const struct mime_leniency *l, struct span body, struct span *out,
    char **heap, struct why *why)
{
	bool base64 = span_eq_nocase(encoding, "base64");
	size_t n;
	int err;

	*heap = NULL;
	*out = body;
	if (encoding.n == 0 || span_eq_nocase(encoding, "7bit") || span_eq_nocase(encoding, "8bit") ||
	    span_eq_nocase(encoding, "binary"))
		return OK;
	if (!base64 && !span_eq_nocase(encoding, "quoted-printable"))
		return why_set(why, ERR_UNSUPPORTED, "unknown Content-Transfer-Encoding");
	if (l == NULL || !l->transfer_encoding)
		return why_set(why, ERR_UNSUPPORTED, "Content-Transfer-Encoding %s is not taken over HTTP",
		    base64 ? "base64" : "quoted-printable");
	*heap = malloc(body.n + 4);
	if (*heap == NULL)
		abort();
	err = base64 ? text_base64(body, (uint8_t *)*heap, &n, why) :
	    quoted_printable(body, (uint8_t *)*heap, &n, why);
	*out = err ? span_of("", 0) : span_of(*heap, n);
	return err;
}

/* ---- Content-Type ----------------------------------------------------------------------------------- */

struct span
mime_media(struct span content_type)
{
	const uint8_t *semi = content_type.n > 0 ? memchr(content_type.p, ';', content_type.n) : NULL;

	return span_trim(span_of(content_type.p, semi ? (size_t)(semi - content_type.p) : content_type.n));
}

static bool
is_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.n && is_token_char(s.p[i]); i++)
		;
	return s.n > 0 && i == s.n;
}

bool
mime_media_ok(struct span media)
{
	const uint8_t *slash = media.n > 0 ? memchr(media.p, '/', media.n) : NULL;
	size_t n = slash != NULL ? (size_t)(slash - media.p) : 0;

	return slash != NULL && is_token(span_of(media.p, n)) && is_token(span_of(slash + 1, media.n - n - 1));
}

/* Take one quoted or bare value at *at; blanks around it are skipped. bare: it has characters that need quotes. */
static int
param_value(struct span ct, size_t *at, char *out, size_t size, bool *bare)
{
	size_t n = 0;

	*bare = false;
	while (*at < ct.n && is_blank(ct.p[*at]))
		(*at)++;
	if (*at < ct.n && ct.p[*at] == '"') {
		for ((*at)++; *at < ct.n && ct.p[*at] != '"'; (*at)++) {
			if (ct.p[*at] == '\\' && *at + 1 < ct.n)
				(*at)++;
			if (n + 1 >= size)
				return ERR_LIMIT;
			out[n++] = (char)ct.p[*at];
		}
		if (*at == ct.n)
			return ERR_SYNTAX;
		(*at)++;
	} else {
		for (; *at < ct.n && ct.p[*at] != ';' && !is_blank(ct.p[*at]); (*at)++) {
			if (n + 1 >= size)
				return ERR_LIMIT;
			if (!is_token_char(ct.p[*at]))
				*bare = true;
			out[n++] = (char)ct.p[*at];
		}
	}
	out[n] = '\0';
	return OK;
}

static int
find_param(struct span ct, const char *name, char *out, size_t size, bool *bare)
{
	size_t at = 0;

	out[0] = '\0';
	*bare = false;
	while (at < ct.n && ct.p[at] != ';')
		at++;
	while (at < ct.n) {
		size_t start;
		struct span found;
		char value[1024];
		int err;

		while (at < ct.n && (ct.p[at] == ';' || is_blank(ct.p[at])))
			at++;
		start = at;
		while (at < ct.n && ct.p[at] != '=' && ct.p[at] != ';')
			at++;
		found = span_trim(span_of(ct.p + start, at - start));
		if (at == ct.n || ct.p[at] == ';')
			continue;
		at++;
		err = param_value(ct, &at, value, sizeof value, bare);
		if (err)
			return err;
		if (span_eq_nocase(found, name))
			return span_to_cstr(span_str(value), out, size);
		while (at < ct.n && ct.p[at] != ';')
			at++;
	}
	return ERR_NOT_FOUND;
}

int
mime_param(struct span ct, const char *name, char *out, size_t size)
{
	bool bare;

	return find_param(ct, name, out, size, &bare);
}

int
mime_boundary(struct span ct, const struct mime_leniency *l, char out[MIME_BOUNDARY_MAX + 1], struct why *why)
{
	bool bare;
	int err = find_param(ct, "boundary", out, MIME_BOUNDARY_MAX + 1, &bare);

	if (err == ERR_NOT_FOUND)
		return why_set(why, err, "multipart/related without a boundary");
	if (err != OK || out[0] == '\0')
		return why_set(why, err ? err : ERR_SYNTAX, "boundary is not 1 to %d characters long", MIME_BOUNDARY_MAX);
	if (bare && (l == NULL || !l->boundary))
		return why_set(why, ERR_SYNTAX, "the boundary has characters that need quotes around it");
	return OK;
}
