/* address.c - see address.h. Facts: the grammar of WAP-249 6.1; escapes 6.1.1. */
#include "ppg/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { QUALIFIERS_MAX = 8, PHONE_DIGITS_MIN = 3, PHONE_DIGITS_MAX = 20 };

static const struct { const char *name; enum address_type type; } types[] = {
	{ "USER", ADDRESS_USER }, { "PLMN", ADDRESS_PLMN }, { "IPv4", ADDRESS_IPV4 },
	{ "IPv6", ADDRESS_IPV6 }, { "MAN", ADDRESS_MAN },
};

/* "+" and digits; separators carry no meaning. */
static int
read_phone(struct span value, char *out, struct why *why)
{
	size_t i = value.n > 0 && value.p[0] == '+', n = 0;

	out[n++] = '+';
	for (; i < value.n; i++) {
		uint8_t c = value.p[i];

		if (c == '-' || c == '.')
			continue;
		if (c < '0' || c > '9')
			return why_set(why, ERR_SYNTAX, "a telephone number holds digits only");
		if (n > PHONE_DIGITS_MAX)
			return why_set(why, ERR_SYNTAX, "a telephone number has at most %d digits", PHONE_DIGITS_MAX);
		out[n++] = (char)c;
	}
	out[n] = '\0';
	if (n <= PHONE_DIGITS_MIN)
		return why_set(why, ERR_SYNTAX, "a telephone number has at least %d digits", PHONE_DIGITS_MIN);
	return OK;
}

static bool
is_escaped_char(uint8_t c)
{
	return isalnum(c) || strchr("+-.%_", c) != NULL;
}

/* A user-defined identifier: the safe characters and %XX. */
static int
read_escaped(struct span value, char *out, size_t size, struct why *why)
{
	uint8_t octets[512];
	size_t i, n;

	for (i = 0; i < value.n; i++)
		if (value.p[i] == 0 || !is_escaped_char(value.p[i]))
			return why_at(why, ERR_SYNTAX, i, "character %zu of the identifier must be escaped", i + 1);
	if (value.n > sizeof octets || text_percent(value, false, octets, &n) != OK)
		return why_set(why, ERR_SYNTAX, "\"%%\" without two hexadecimal digits");
	if (n == 0 || span_to_cstr(span_of(octets, n), out, size) != OK)
		return why_set(why, ERR_SYNTAX, "the identifier is empty, too long or holds NUL");
	return OK;
}

static int
read_ip(int family, struct span value, char *out, size_t size, struct why *why)
{
	struct in6_addr addr;

	if (span_to_cstr(value, out, size) != OK || inet_pton(family, out, &addr) != 1)
		return why_set(why, ERR_SYNTAX, "not an %s address", family == AF_INET ? "IPv4" : "IPv6");
	return OK;
}

static int
read_mobitex(struct span value, char *out, size_t size, struct why *why)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			break;
	if (i != 8 || value.n != 8)
		return why_set(why, ERR_SYNTAX, "a Mobitex number has 8 digits");
	return span_to_cstr(value, out, size);
}

static int
read_value(struct wappush *a, struct span value, struct why *why)
{
	switch (a->type) {
	case ADDRESS_PLMN:
		return read_phone(value, a->value, why);
	case ADDRESS_IPV4:
		return read_ip(AF_INET, value, a->value, sizeof a->value, why);
	case ADDRESS_IPV6:
		return read_ip(AF_INET6, value, a->value, sizeof a->value, why);
	case ADDRESS_MAN:
		return read_mobitex(value, a->value, sizeof a->value, why);
	case ADDRESS_USER:
	case ADDRESS_OTHER:
		break;
	}
	return read_escaped(value, a->value, sizeof a->value, why);
}

/* "@label.label": the last @, since qualifier values may hold one (but labels may not). */
static int
read_ppg(struct span *rest, struct wappush *a, struct why *why)
{
	size_t at = rest->n, i;

	while (at > 0 && rest->p[at - 1] != '@')
		at--;
	if (at == 0)
		return OK;
	for (i = at; i < rest->n; i++)
		if (!isalnum(rest->p[i]) && rest->p[i] != '-' && rest->p[i] != '.')
			return why_at(why, ERR_SYNTAX, i, "not a host name behind @");
	if (at == rest->n)
		return why_at(why, ERR_SYNTAX, at, "no host name behind @");
	if (span_to_cstr(span_of(rest->p + at, rest->n - at), a->ppg, sizeof a->ppg) != OK)
		return why_at(why, ERR_LIMIT, at, "host name behind @ is too long");
	rest->n = at - 1;
	if (rest->n > 0 && rest->p[rest->n - 1] == '/')
		rest->n--;
	return OK;
}

/* Next piece up to '/', which is consumed. */
static struct span
take_piece(struct span *rest)
{
	const uint8_t *slash = rest->n > 0 ? memchr(rest->p, '/', rest->n) : NULL;
	size_t n = slash != NULL ? (size_t)(slash - rest->p) : rest->n;
	struct span piece = span_of(rest->p, n);

	rest->p += n + (slash != NULL);
	rest->n -= n + (slash != NULL);
	return piece;
}

static int
read_type(struct span name, struct wappush *a, struct why *why)
{
	size_t i;

	if (name.n == 0 || span_to_cstr(name, a->type_name, sizeof a->type_name) != OK)
		return why_set(why, ERR_SYNTAX, "no address type behind TYPE=");
	a->type = ADDRESS_OTHER;
	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcasecmp(types[i].name, a->type_name) == 0)
			a->type = types[i].type;
	return OK;
}

int
address_parse(const char *text, struct wappush *out, struct why *why)
{
	struct span rest = span_str(text), value, piece;
	unsigned qualifiers = 0;
	bool typed = false;
	int err;

	*out = (struct wappush){ 0 };
	if (rest.n > 0 && rest.p[0] == '/')
		rest.p++, rest.n--;
	if (!span_starts_nocase(rest, "WAPPUSH="))
		return why_set(why, ERR_SYNTAX, "address-value does not begin with WAPPUSH=");
	rest.p += strlen("WAPPUSH=");
	rest.n -= strlen("WAPPUSH=");
	err = read_ppg(&rest, out, why);
	if (err)
		return err;
	value = take_piece(&rest);
	while (rest.n > 0 && !typed) {
		piece = take_piece(&rest);
		if (span_starts_nocase(piece, "TYPE=")) {
			err = read_type(span_of(piece.p + 5, piece.n - 5), out, why);
			if (err)
				return err;
			typed = true;
		} else if (piece.n == 0 || memchr(piece.p, '=', piece.n) == NULL ||
		    ++qualifiers > QUALIFIERS_MAX) {
			return why_set(why, ERR_SYNTAX, "malformed qualifier in address-value");
		}
	}
	if (!typed)
		return why_set(why, ERR_SYNTAX, "no TYPE in address-value");
	if (rest.n > 0)
		return why_set(why, ERR_SYNTAX, "TYPE is not the last qualifier of address-value");
	err = read_value(out, value, why);
	if (err)
		*out = (struct wappush){ 0 };
	return err;
}
