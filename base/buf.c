/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { QUOTE_MAX = 64 };	/* octets of foreign input that an answer may repeat */

struct span
span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

struct span
span_str(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
span_eq_str(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

bool
span_eq_nocase(struct span a, const char *s)
{
	size_t n = strlen(s);

	return a.n == n && (n == 0 || strncasecmp((const char *)a.p, s, n) == 0);
}

bool
span_starts_nocase(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && span_eq_nocase(span_of(a.p, n), prefix);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct span
span_trim(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

char *
span_dup(struct span s)
{
	char *copy = must(malloc(s.n + 1));

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

int
span_to_cstr(struct span s, char *out, size_t size)
{
	out[0] = '\0';
	if (s.n >= size)
		return ERR_LIMIT;
	if (s.n > 0 && memchr(s.p, 0, s.n) != NULL)
		return ERR_SYNTAX;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return OK;
}

/* ---- reader ------------------------------------------------------------------------- */

struct rbuf
rbuf_from(struct span in)
{
	static const uint8_t none[1];
	const uint8_t *p = in.p != NULL ? in.p : none;

	return (struct rbuf){ p, p, p + in.n, OK, 0 };
}

size_t
rbuf_left(const struct rbuf *r)
{
	return r->err ? 0 : (size_t)(r->end - r->p);
}

size_t
rbuf_pos(const struct rbuf *r)
{
	return (size_t)(r->p - r->start);
}

void
rbuf_fail(struct rbuf *r, int err)
{
	if (r->err == OK) {
		r->err = err;
		r->err_at = rbuf_pos(r);
	}
}

uint8_t
rbuf_peek(struct rbuf *r)
{
	if (rbuf_left(r) == 0) {
		rbuf_fail(r, ERR_SHORT);
		return 0;
	}
	return *r->p;
}

uint8_t
rbuf_u8(struct rbuf *r)
{
	uint8_t v = rbuf_peek(r);

	if (r->err == OK)
		r->p++;
	return v;
}

uint32_t
rbuf_uint(struct rbuf *r, unsigned octets)
{
	uint32_t v = 0;

	if (octets > rbuf_left(r)) {
		rbuf_fail(r, ERR_SHORT);
		return 0;
	}
	while (octets-- > 0)
		v = v << 8 | *r->p++;
	return v;
}

uint16_t
rbuf_u16(struct rbuf *r)
{
	return (uint16_t)rbuf_uint(r, 2);
}

uint32_t
rbuf_u32(struct rbuf *r)
{
	return rbuf_uint(r, 4);
}

uint32_t
rbuf_uintvar(struct rbuf *r)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 5; i++) {
		uint8_t c = rbuf_u8(r);

		if (r->err)
			return 0;
		if (v > UINT32_MAX >> 7)
			break;
		v = v << 7 | (c & 0x7F);
		if (!(c & 0x80))
			return v;
	}
	rbuf_fail(r, ERR_SYNTAX);
	return 0;
}

struct span
rbuf_span(struct rbuf *r, size_t n)
{
	struct span s = { r->p, n };

	if (n > rbuf_left(r)) {
		rbuf_fail(r, ERR_SHORT);
		return (struct span){ r->p, 0 };
	}
	r->p += n;
	return s;
}

struct span
rbuf_rest(struct rbuf *r)
{
	return rbuf_span(r, rbuf_left(r));
}

struct span
rbuf_cstr(struct rbuf *r)
{
	size_t left = rbuf_left(r);
	const uint8_t *nul = left > 0 ? memchr(r->p, 0, left) : NULL;
	struct span s;

	if (nul == NULL) {
		rbuf_fail(r, ERR_SHORT);
		return (struct span){ r->p, 0 };
	}
	s = rbuf_span(r, (size_t)(nul - r->p));
	r->p++;
	return s;
}

/* ---- writer ------------------------------------------------------------------------- */

struct wbuf
wbuf_into(void *p, size_t cap)
{
	return (struct wbuf){ p, 0, cap, OK };
}

struct span
wbuf_span(const struct wbuf *w)
{
	return (struct span){ w->p, w->err ? 0 : w->n };
}

void
wbuf_put(struct wbuf *w, const void *p, size_t n)
{
	if (w->err)
		return;
	if (n > w->cap - w->n) {
		w->err = ERR_FULL;
		return;
	}
	if (n > 0)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

void
wbuf_add(struct wbuf *w, struct span s)
{
	wbuf_put(w, s.p, s.n);
}

void
wbuf_u8(struct wbuf *w, uint8_t v)
{
	wbuf_put(w, &v, 1);
}

void
wbuf_u16(struct wbuf *w, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	wbuf_put(w, b, 2);
}

void
wbuf_u32(struct wbuf *w, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	wbuf_put(w, b, 4);
}

void
wbuf_cstr(struct wbuf *w, const char *s)
{
	wbuf_put(w, s, strlen(s) + 1);
}

void
wbuf_uintvar(struct wbuf *w, uint32_t v)
{
	uint8_t b[5];
	size_t i = sizeof b;

	b[--i] = v & 0x7F;
	while (v >>= 7)
		b[--i] = 0x80 | (v & 0x7F);
	wbuf_put(w, b + i, sizeof b - i);
}

/* ---- growing string ------------------------------------------------------------------ */

void
sbuf_done(struct sbuf *b)
{
	free(b->s);
	*b = (struct sbuf){ 0 };
}

void
sbuf_clear(struct sbuf *b)
{
	b->n = 0;
	if (b->s != NULL)
		b->s[0] = '\0';
}

void
sbuf_reserve(struct sbuf *b, size_t more)
{
	size_t want = b->n + more + 1, cap = b->cap ? b->cap : 128;

	if (want <= b->cap)
		return;
	while (cap < want)
		cap *= 2;
	b->s = must(realloc(b->s, cap));
	b->cap = cap;
}

void
sbuf_put(struct sbuf *b, const void *p, size_t n)
{
	sbuf_reserve(b, n);
	if (n > 0)
		memcpy(b->s + b->n, p, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void
sbuf_span(struct sbuf *b, struct span s)
{
	sbuf_put(b, s.p, s.n);
}

void
sbuf_str(struct sbuf *b, const char *s)
{
	sbuf_put(b, s, strlen(s));
}

void
sbuf_char(struct sbuf *b, char c)
{
	sbuf_put(b, &c, 1);
}

void
sbuf_fmt(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	sbuf_reserve(b, 64);
	va_start(ap, fmt);
	n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= b->cap - b->n) {
		sbuf_reserve(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

void
sbuf_xml(struct sbuf *b, struct span s)
{
	size_t i, from = 0;

	for (i = 0; i < s.n; i++) {
		const char *rep;

		switch (s.p[i]) {
		case '&': rep = "&amp;"; break;
		case '<': rep = "&lt;"; break;
		case '>': rep = "&gt;"; break;
		case '"': rep = "&quot;"; break;
		case '\'': rep = "&apos;"; break;
		case '\t': rep = "&#9;"; break;
		case '\n': rep = "&#10;"; break;
		case '\r': rep = "&#13;"; break;
		default: continue;
		}
		sbuf_put(b, s.p + from, i - from);
		sbuf_str(b, rep);
		from = i + 1;
	}
	sbuf_put(b, s.p + from, s.n - from);
}

void
sbuf_hex(struct sbuf *b, struct span s)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;

	sbuf_reserve(b, 2 * s.n);
	for (i = 0; i < s.n; i++) {
		b->s[b->n++] = digits[s.p[i] >> 4];
		b->s[b->n++] = digits[s.p[i] & 15];
	}
	b->s[b->n] = '\0';
}

void
sbuf_quote(struct sbuf *b, struct span s)
{
	size_t i, n = s.n < QUOTE_MAX ? s.n : QUOTE_MAX;

	for (i = 0; i < n; i++) {
		if (s.p[i] >= 0x20 && s.p[i] < 0x7F && s.p[i] != '\\')
			sbuf_char(b, (char)s.p[i]);
		else
			sbuf_fmt(b, "\\x%02X", s.p[i]);
	}
	if (s.n > n)
		sbuf_str(b, "...");
}

char *
sbuf_take(struct sbuf *b)
{
	char *s;

	sbuf_put(b, "", 0);
	s = b->s;
	*b = (struct sbuf){ 0 };
	return s;
}

struct span
sbuf_as_span(const struct sbuf *b)
{
	return span_of(b->s, b->n);
}
