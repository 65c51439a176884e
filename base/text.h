/*
 * text.h - hexadecimal, base64, UTF-8 and numbers, read strictly and without the locale.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Hexadecimal digits in either case, blanks and tabs ignored, into `out` (room for in.n / 2).
 * *n is the number of octets. ERR_SYNTAX with the offset (column) in *why.
 */
int text_hex(struct span in, uint8_t *out, size_t *n, struct why *why);

/*
 * Base64 (RFC 4648 section 4) with padding; blanks and line ends are skipped. `out` needs room
 * for in.n / 4 * 3 + 3. ERR_SYNTAX with the offset of the first wrong octet in *why.
 */
int text_base64(struct span in, uint8_t *out, size_t *n, struct why *why);
void text_base64_encode(struct span in, struct sbuf *out);

/* Well-formed UTF-8 without surrogates or over-long forms; *bad (may be NULL) = first bad octet. */
bool text_is_utf8(struct span s, size_t *bad);
bool text_has_control(struct span s);		/* octets 00..1F or 7F */

/* A whole decimal number in [min, max]; ERR_SYNTAX or ERR_RANGE. */
int text_number(const char *s, int64_t min, int64_t max, int64_t *out);

/* "%XX" and, with `plus`, "+" resolved in place into out (room for in.n); ERR_SYNTAX. */
int text_percent(struct span in, bool plus, uint8_t *out, size_t *n);

/* First 4 and last 2 characters of a telephone number, the rest as dots; for logs. */
void text_mask_number(const char *number, char *out, size_t size);

uint64_t text_hash64(struct span s);		/* FNV-1a; stable for ever: it is stored */

#endif
