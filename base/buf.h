/*
 * buf.h - octets: a borrowed span, a reader and a writer that never pass their end,
 * and a string that grows.
 *
 * Reader and writer remember their first error; later calls read zero or write nothing, and
 * the caller looks once at .err. Nothing here is protected against use from two threads.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Borrowed octets. p may be NULL only when n is 0. */
struct span {
	const uint8_t *p;
	size_t n;
};

struct span span_of(const void *p, size_t n);
struct span span_str(const char *s);			/* without the NUL */
bool span_eq(struct span a, struct span b);
bool span_eq_str(struct span a, const char *s);		/* octet for octet */
bool span_eq_nocase(struct span a, const char *s);	/* ASCII case folded */
bool span_starts_nocase(struct span a, const char *prefix);
struct span span_trim(struct span s);			/* blanks and tabs at both ends */
char *span_dup(struct span s);				/* NUL-terminated heap copy; free() it */
/* Copy to a C string; ERR_LIMIT when it does not fit, ERR_SYNTAX when it holds a NUL. */
int span_to_cstr(struct span s, char *out, size_t size);

/* ---- reader ------------------------------------------------------------------------- */

struct rbuf {
	const uint8_t *start, *p, *end;
	int err;		/* OK or the first error */
	size_t err_at;		/* offset of the first error */
};

struct rbuf rbuf_from(struct span in);
size_t rbuf_left(const struct rbuf *r);
size_t rbuf_pos(const struct rbuf *r);			/* octets read so far */
void rbuf_fail(struct rbuf *r, int err);		/* keeps an earlier error */
uint8_t rbuf_u8(struct rbuf *r);
uint8_t rbuf_peek(struct rbuf *r);			/* ERR_SHORT at the end */
uint16_t rbuf_u16(struct rbuf *r);			/* big endian, as all below */
uint32_t rbuf_u32(struct rbuf *r);
uint32_t rbuf_uint(struct rbuf *r, unsigned octets);	/* 1..4 octets */
/* WSP uintvar / WBXML mb_u_int32: at most 5 octets and 32 bits, else ERR_SYNTAX. */
uint32_t rbuf_uintvar(struct rbuf *r);
struct span rbuf_span(struct rbuf *r, size_t n);	/* exactly n octets, or ERR_SHORT */
struct span rbuf_rest(struct rbuf *r);			/* all that is left */
/* Octets up to a NUL, which is consumed and not part of the span; ERR_SHORT without one. */
struct span rbuf_cstr(struct rbuf *r);

/* ---- writer into memory of the caller ------------------------------------------------ */

struct wbuf {
	uint8_t *p;
	size_t n, cap;		/* octets written, room in all */
	int err;		/* OK or ERR_FULL */
};

struct wbuf wbuf_into(void *p, size_t cap);
struct span wbuf_span(const struct wbuf *w);
void wbuf_u8(struct wbuf *w, uint8_t v);
void wbuf_u16(struct wbuf *w, uint16_t v);
void wbuf_u32(struct wbuf *w, uint32_t v);
void wbuf_put(struct wbuf *w, const void *p, size_t n);
void wbuf_add(struct wbuf *w, struct span s);
void wbuf_cstr(struct wbuf *w, const char *s);		/* with its NUL */
void wbuf_uintvar(struct wbuf *w, uint32_t v);		/* shortest form */

/* ---- string on the heap that grows; always NUL-terminated once something was added ---- */

struct sbuf {
	char *s;
	size_t n, cap;
};

void sbuf_done(struct sbuf *b);				/* frees, leaves it empty */
void sbuf_clear(struct sbuf *b);			/* empties, keeps the memory */
void sbuf_reserve(struct sbuf *b, size_t more);
void sbuf_put(struct sbuf *b, const void *p, size_t n);
void sbuf_span(struct sbuf *b, struct span s);
void sbuf_str(struct sbuf *b, const char *s);
void sbuf_char(struct sbuf *b, char c);
void sbuf_fmt(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sbuf_xml(struct sbuf *b, struct span s);		/* & < > " ' escaped, for text and attributes */
void sbuf_hex(struct sbuf *b, struct span s);		/* upper case */
/* Input quoted for an answer or log: at most 64 octets, non-printing ones as \xNN. */
void sbuf_quote(struct sbuf *b, struct span s);
char *sbuf_take(struct sbuf *b);			/* ownership moves to the caller; "" if empty */
struct span sbuf_as_span(const struct sbuf *b);

#endif
