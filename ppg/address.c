/* address.c - see address.h. Facts: the grammar of WAP-249 6.1, its escapes; WAP-259 appendix C (address types). */
#include "ppg/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* How the value of a type is written. */
enum form { FORM_ESCAPED, FORM_PHONE, FORM_IPV4, FORM_IPV6, FORM_MOBITEX, FORM_ESCAPED_PHONE };

static const struct type_row {
	const char *name;
	enum address_type type;
	enum form form;
} types[] = {
	{ "USER",             ADDRESS_USER,  FORM_ESCAPED },
	{ "PLMN",             ADDRESS_PLMN,  FORM_PHONE },
	{ "IPv4",             ADDRESS_IPV4,  FORM_IPV4 },
	{ "IPv6",             ADDRESS_IPV6,  FORM_IPV6 },
	{ "MAN",              ADDRESS_MAN,   FORM_MOBITEX },
	{ "GSM_MSISDN",       ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "ANSI_136_MSISDN",  ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "IS_637_MSISDN",    ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "CDMA_MSISDN",      ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "iDEN_MSISDN",      ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "FLEX_MSISDN",      ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "PHS_MSISDN",       ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "ReFLEX_MSISDN",    ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "TETRA_MSISDN",     ADDRESS_OTHER, FORM_ESCAPED_PHONE },
	{ "TETRA_ITSI",       ADDRESS_OTHER, FORM_ESCAPED },
	{ "GSM_Service_Code", ADDRESS_OTHER, FORM_ESCAPED },
};

static const struct type_row *
find_type(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcasecmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter_or_digit(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- values ------------------------------------------------------------------------------- */

/* "+" and digits; separators carry no meaning. */
static int
read_phone(struct span value, bool need_plus, struct wappush *a, struct why *why)
{
	size_t i, n = 0;

	a->number = true;
	a->plus = value.n > 0 && value.p[0] == '+';
	if (need_plus && !a->plus)
		return why_set(why, ERR_SYNTAX, "a telephone number begins with \"+\"");
	a->value[n++] = '+';
	for (i = a->plus; i < value.n; i++) {
		if (value.p[i] == '-' || value.p[i] == '.')
			continue;
		if (!is_digit(value.p[i]))
			return why_at(why, ERR_SYNTAX, i, "a telephone number holds digits only");
		if (n > ADDRESS_DIGITS_MAX)
			return why_set(why, ERR_LIMIT, "a telephone number has at most %d digits", ADDRESS_DIGITS_MAX);
		a->value[n++] = (char)value.p[i];
	}
	a->value[n] = '\0';
	if (n == 1)
		return why_set(why, ERR_SYNTAX, "a telephone number without a digit");
	return OK;
}

/*
 * The safe characters and %XX. The underscore is named on both sides of the specification's list;
 * it is taken as it is.
 */
static int
read_escaped(struct span value, struct wappush *a, struct why *why)
{
	uint8_t octets[ADDRESS_TEXT_MAX];
	size_t i, n;

	for (i = 0; i < value.n; i++)
		if (!is_letter_or_digit(value.p[i]) && (value.p[i] == 0 || strchr("+-.%_", value.p[i]) == NULL))
			return why_at(why, ERR_SYNTAX, i, "character %zu of the identifier must be escaped", i + 1);
	if (value.n > sizeof octets || text_percent(value, false, octets, &n) != OK)
		return why_set(why, ERR_SYNTAX, "\"%%\" without two hexadecimal digits");
	if (n == 0)
		return why_set(why, ERR_SYNTAX, "the identifier is empty");
	if (memchr(octets, 0, n) != NULL)
		return why_set(why, ERR_SYNTAX, "the identifier holds NUL");
	if (n >= sizeof a->value)
		return why_set(why, ERR_LIMIT, "the identifier has more than %zu octets", sizeof a->value - 1);
	return span_to_cstr(span_of(octets, n), a->value, sizeof a->value);
}

/* Leading zeros may fill a part up to three digits; it stays decimal. */
static int
read_ipv4(struct span value, struct wappush *a, struct why *why)
{
	unsigned part[4] = { 0 }, digits = 0, n = 0;
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '.' && digits > 0 && n < 3) {
			n++;
			digits = 0;
		} else if (is_digit(value.p[i]) && digits < 3) {
			part[n] = part[n] * 10 + (unsigned)(value.p[i] - '0');
			digits++;
			if (part[n] > 255)
				return why_at(why, ERR_SYNTAX, i, "a part of an IPv4 address is 0 to 255");
		} else {
			return why_at(why, ERR_SYNTAX, i, "not an IPv4 address");
		}
	}
	if (n != 3 || digits == 0)
		return why_set(why, ERR_SYNTAX, "an IPv4 address has four parts");
	snprintf(a->value, sizeof a->value, "%u.%u.%u.%u", part[0], part[1], part[2], part[3]);
	return OK;
}

/* The grammar wants all eight groups with all four digits. */
static bool
is_full_ipv6(struct span value)
{
	size_t i;

	if (value.n != 39)
		return false;
	for (i = 0; i < value.n; i++)
		if ((value.p[i] == ':') != (i % 5 == 4))
			return false;
	return true;
}

static int
read_ipv6(struct span value, const struct address_leniency *l, struct wappush *a, struct why *why)
{
	struct in6_addr addr;
	char text[64];

	if (!l->short_ipv6 && !is_full_ipv6(value))
		return why_set(why, ERR_SYNTAX, "an IPv6 address is written as 8 groups of 4 hexadecimal digits");
	if (span_to_cstr(value, text, sizeof text) != OK || inet_pton(AF_INET6, text, &addr) != 1)
		return why_set(why, ERR_SYNTAX, "not an IPv6 address");
	inet_ntop(AF_INET6, &addr, a->value, sizeof a->value);
	return OK;
}

static int
read_mobitex(struct span value, struct wappush *a, struct why *why)
{
	size_t i = 0;

	while (i < value.n && is_digit(value.p[i]))
		i++;
	if (i != 8 || value.n != 8)
		return why_set(why, ERR_SYNTAX, "a Mobitex number has 8 digits");
	return span_to_cstr(value, a->value, sizeof a->value);
}

/* What is a number once its escapes are resolved. The grammar asks for no "+" here. */
static int
read_escaped_phone(struct span value, struct wappush *a, struct why *why)
{
	struct wappush plain = { 0 };
	int err = read_escaped(value, &plain, why);

	return err ? err : read_phone(span_str(plain.value), false, a, why);
}

static int
read_value(enum form form, struct span value, const struct address_leniency *l, struct wappush *a,
    struct why *why)
{
	switch (form) {
	case FORM_PHONE:
		return read_phone(value, !l->no_plus, a, why);
	case FORM_ESCAPED_PHONE:
		return read_escaped_phone(value, a, why);
	case FORM_IPV4:
		return read_ipv4(value, a, why);
	case FORM_IPV6:
		return read_ipv6(value, l, a, why);
	case FORM_MOBITEX:
		return read_mobitex(value, a, why);
	case FORM_ESCAPED:
		break;
	}
	return read_escaped(value, a, why);
}

/* ---- the frame -------------------------------------------------------------------------------- */

/* label { "." label }; a label begins with a letter or digit. */
static int
read_labels(struct span name, size_t offset, struct wappush *a, struct why *why)
{
	size_t i;

	if (name.n == 0)
		return why_at(why, ERR_SYNTAX, offset, "no host name behind @");
	for (i = 0; i < name.n; i++) {
		bool first = i == 0 || name.p[i - 1] == '.', last = i + 1 == name.n || name.p[i + 1] == '.';

		if (!is_letter_or_digit(name.p[i]) && (first || (name.p[i] != '-' && (name.p[i] != '.' || last))))
			return why_at(why, ERR_SYNTAX, offset + i, "not a host name behind @");
	}
	if (name.p[name.n - 1] == '.')
		return why_at(why, ERR_SYNTAX, offset + name.n, "not a host name behind @");
	if (span_to_cstr(name, a->ppg, sizeof a->ppg) != OK)
		return why_at(why, ERR_LIMIT, offset, "host name behind @ is too long");
	return OK;
}

/* "@labels" is cut off *rest: the last @, since the value of a qualifier may hold one, too. */
static int
read_ppg(struct span *rest, const struct address_leniency *l, struct wappush *a, struct why *why)
{
	size_t at = rest->n;
	struct span name;
	int err;

	while (at > 0 && rest->p[at - 1] != '@')
		at--;
	name = span_of(rest->p + at, rest->n - at);
	if (at == 0 || (l->no_ppg && memchr(name.p, '/', name.n) != NULL))
		return l->no_ppg ? OK : why_at(why, ERR_SYNTAX, rest->n, "no \"@\" and gateway in address-value");
	err = read_labels(name, at, a, why);
	if (err)
		return err;
	rest->n = at - 1;
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

/* key "=" val */
static bool
is_qualifier(struct span piece)
{
	size_t i = 0, start;

	while (i < piece.n && (is_letter_or_digit(piece.p[i]) || piece.p[i] == '-'))
		i++;
	if (i == 0 || i == piece.n || piece.p[i] != '=')
		return false;
	for (start = ++i; i < piece.n; i++)
		if (piece.p[i] < 0x20 || piece.p[i] > 0x7E || piece.p[i] == '=')
			return false;
	return i > start;
}

static int
read_type(struct span name, struct wappush *a, struct why *why)
{
	size_t i;

	if (name.n == 0)
		return why_set(why, ERR_SYNTAX, "no address type behind TYPE=");
	for (i = 0; i < name.n; i++)
		if (!is_letter_or_digit(name.p[i]) && name.p[i] != '_')
			return why_set(why, ERR_SYNTAX, "TYPE= is followed by no name of letters, digits and \"_\"");
	if (span_to_cstr(name, a->type_name, sizeof a->type_name) != OK)
		return why_set(why, ERR_LIMIT, "an address type has at most %zu characters", sizeof a->type_name - 1);
	return OK;
}

/* Extension qualifiers mean nothing here; TYPE ends them. */
static int
read_qualifiers(struct span *rest, struct wappush *a, struct why *why)
{
	unsigned n;

	for (n = 0; rest->n > 0; n++) {
		struct span piece = take_piece(rest);

		if (span_starts_nocase(piece, "TYPE=")) {
			if (rest->n > 0)
				return why_set(why, ERR_SYNTAX, "TYPE is not the last qualifier of address-value");
			return read_type(span_of(piece.p + 5, piece.n - 5), a, why);
		}
		if (!is_qualifier(piece))
			return why_set(why, ERR_SYNTAX, "malformed qualifier in address-value");
		if (n == ADDRESS_QUALIFIERS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d qualifiers in address-value", ADDRESS_QUALIFIERS_MAX);
	}
	return why_set(why, ERR_SYNTAX, "no TYPE in address-value");
}

static int
read_address(struct span rest, const struct address_leniency *l, struct wappush *a, struct why *why)
{
	const struct type_row *row;
	struct span value;
	int err;

	if (rest.n > ADDRESS_TEXT_MAX)
		return why_set(why, ERR_LIMIT, "address-value of %zu octets, at most %d are taken", rest.n,
		    ADDRESS_TEXT_MAX);
	if (rest.n > 0 && rest.p[0] == '/')
		rest.p++, rest.n--;
	if (!span_starts_nocase(rest, "WAPPUSH="))
		return why_set(why, ERR_SYNTAX, "address-value does not begin with WAPPUSH=");
	rest.p += strlen("WAPPUSH=");
	rest.n -= strlen("WAPPUSH=");
	err = read_ppg(&rest, l, a, why);
	if (err)
		return err;
	value = take_piece(&rest);
	err = read_qualifiers(&rest, a, why);
	if (err)
		return err;
	row = find_type(a->type_name);
	a->type = row != NULL ? row->type : ADDRESS_OTHER;
	err = read_value(row != NULL ? row->form : FORM_ESCAPED, value, l, a, why);
	if (err == OK && row == NULL)
		err = why_set(why, ERR_UNSUPPORTED, "TYPE=%s is not served", a->type_name);
	return err;
}

int
address_parse_lenient(const char *text, const struct address_leniency *l, struct wappush *out, struct why *why)
{
	static const struct address_leniency none;
	int err;

	*out = (struct wappush){ 0 };
	err = read_address(span_str(text), l != NULL ? l : &none, out, why);
	if (err != OK && err != ERR_UNSUPPORTED)
		*out = (struct wappush){ 0 };
	return err;
}

int
address_parse(const char *text, struct wappush *out, struct why *why)
{
	static const struct address_leniency usual = { .no_ppg = true, .no_plus = true };

	return address_parse_lenient(text, &usual, out, why);
}

/* ---- what is made of them -------------------------------------------------------------------------- */

const char *
address_number(const struct wappush *a)
{
	if (!a->number)
		return NULL;
	return a->plus ? a->value : a->value + 1;
}

static char *
put_lower(char *out, const char *s)
{
	for (; *s != '\0'; s++)
		*out++ = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
	return out;
}

/* 31 + 1 + 255 + 1 + 127 octets at most. */
void
address_key(const struct wappush *a, bool with_ppg, char out[ADDRESS_KEY_SIZE])
{
	size_t n = strlen(a->value);

	out = put_lower(out, a->type_name);
	*out++ = ':';
	memcpy(out, a->value, n);
	out += n;
	if (with_ppg && a->ppg[0] != '\0') {
		*out++ = '@';
		out = put_lower(out, a->ppg);
	}
	*out = '\0';
}
