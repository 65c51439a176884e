/* text.c - see text.h. */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_hex(struct span in, uint8_t *out, size_t *n, struct why *why)
{
	size_t i, digits = 0, at = 0;
	int high = 0;

	*n = 0;
	for (i = 0; i < in.n; i++) {
		int d = hex_digit(in.p[i]);

		if (in.p[i] == ' ' || in.p[i] == '\t')
			continue;
		if (d < 0)
			return why_at(why, ERR_SYNTAX, i, "column %zu: not a hexadecimal digit", i + 1);
		if (digits++ % 2 == 0)
			high = d;
		else
			out[at++] = (uint8_t)(high << 4 | d);
	}
	if (digits % 2 != 0)
		return why_at(why, ERR_SYNTAX, in.n, "column %zu: odd number of hexadecimal digits", in.n);
	*n = at;
	return OK;
}

static int
base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
text_base64(struct span in, uint8_t *out, size_t *n, struct why *why)
{
	uint32_t group = 0;
	size_t i, digits = 0, pads = 0, at = 0;

	*n = 0;
	for (i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];
		int d = base64_digit(c);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			if (++pads > 2 || digits % 4 < 2)
				return why_at(why, ERR_SYNTAX, i, "offset %zu: misplaced base64 padding", i);
			continue;
		}
		if (d < 0 || pads > 0)
			return why_at(why, ERR_SYNTAX, i, "offset %zu: not a base64 digit", i);
		group = group << 6 | (uint32_t)d;
		if (++digits % 4 == 0) {
			out[at++] = (uint8_t)(group >> 16);
			out[at++] = (uint8_t)(group >> 8);
			out[at++] = (uint8_t)group;
		}
	}
	if ((digits + pads) % 4 != 0 || digits % 4 == 1)
		return why_at(why, ERR_SYNTAX, in.n, "offset %zu: base64 text is cut off", in.n);
	if (digits % 4 == 2) {
		out[at++] = (uint8_t)(group >> 4);
	} else if (digits % 4 == 3) {
		out[at++] = (uint8_t)(group >> 10);
		out[at++] = (uint8_t)(group >> 2);
	}
	*n = at;
	return OK;
}

void
text_base64_encode(struct span in, struct sbuf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t group = (uint32_t)in.p[i] << 16;

		if (left > 1)
			group |= (uint32_t)in.p[i + 1] << 8;
		if (left > 2)
			group |= in.p[i + 2];
		sbuf_char(out, digits[group >> 18]);
		sbuf_char(out, digits[group >> 12 & 63]);
		sbuf_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
		sbuf_char(out, left > 2 ? digits[group & 63] : '=');
	}
}

bool
text_is_utf8(struct span s, size_t *bad)
{
	size_t i = 0;

	while (i < s.n) {
		uint8_t c = s.p[i];
		size_t more, k;
		uint32_t v, least;

		if (c < 0x80) {
			i++;
			continue;
		}
		if (c >= 0xC2 && c <= 0xDF)
			more = 1, v = c & 0x1F, least = 0x80;
		else if (c >= 0xE0 && c <= 0xEF)
			more = 2, v = c & 0x0F, least = 0x800;
		else if (c >= 0xF0 && c <= 0xF4)
			more = 3, v = c & 0x07, least = 0x10000;
		else
			break;
		if (more > s.n - i - 1)
			break;
		for (k = 1; k <= more && (s.p[i + k] & 0xC0) == 0x80; k++)
			v = v << 6 | (s.p[i + k] & 0x3F);
		if (k <= more || v < least || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
			break;
		i += more + 1;
	}
	if (bad != NULL)
		*bad = i;
	return i == s.n;
}

bool
text_has_control(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7F)
			return true;
	return false;
}

int
text_number(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long v;

	*out = 0;
	if (*s == '\0' || (*s != '-' && (*s < '0' || *s > '9')))
		return ERR_SYNTAX;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (*end != '\0')
		return ERR_SYNTAX;
	if (errno == ERANGE || v < min || v > max)
		return ERR_RANGE;
	*out = v;
	return OK;
}

int
text_percent(struct span in, bool plus, uint8_t *out, size_t *n)
{
	size_t i, at = 0;

	*n = 0;
	for (i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];

		if (c == '%') {
			int high, low;

			if (in.n - i < 3)
				return ERR_SYNTAX;
			high = hex_digit(in.p[i + 1]);
			low = hex_digit(in.p[i + 2]);
			if (high < 0 || low < 0)
				return ERR_SYNTAX;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[at++] = c;
	}
	*n = at;
	return OK;
}

void
text_mask_number(const char *number, char *out, size_t size)
{
	size_t n = strlen(number);

	if (n <= 6)
		snprintf(out, size, "%.*s..", n < 2 ? (int)n : 2, number);
	else
		snprintf(out, size, "%.4s..%s", number, number + n - 2);
}

uint64_t
text_hash64(struct span s)
{
	uint64_t h = 0xCBF29CE484222325u;
	size_t i;

	for (i = 0; i < s.n; i++) {
		h ^= s.p[i];
		h *= 0x100000001B3u;
	}
	return h;
}
