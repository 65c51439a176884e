/* certificate.c - see certificate.h. Facts: RFC 4514 (names as text), RFC 5280 4.2.1.6 (alternative names). */
#include "ppg/certificate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 32, FINGERPRINT_DIGITS = 64 };

static void
lower(struct sbuf *out, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		sbuf_char(out, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : (char)s.p[i]);
}

/* ---- canonical forms: value in, appended to out; false: it is not of that kind ----------------- */

/*
 * Attribute types in lower case, no blanks around '=', ',' and '+'. Values stay as they are: a comparison that
 * is too strict refuses, one that is too lax lets in.
 */
static bool
put_subject(struct span s, struct sbuf *out)
{
	size_t i = 0;

	if (s.n == 0)
		return false;
	for (;;) {
		size_t start = i, end;

		while (i < s.n && s.p[i] != '=' && s.p[i] != ',' && s.p[i] != '+')
			i++;
		if (i == s.n || s.p[i] != '=' || span_trim(span_of(s.p + start, i - start)).n == 0)
			return false;
		lower(out, span_trim(span_of(s.p + start, i - start)));
		sbuf_char(out, '=');
		for (start = ++i; i < s.n && s.p[i] != ',' && s.p[i] != '+'; i++)
			i += s.p[i] == '\\' && i + 1 < s.n;
		end = i;
		while (start < end && s.p[start] == ' ')
			start++;
		while (end > start && s.p[end - 1] == ' ' && (end - 1 == start || s.p[end - 2] != '\\'))
			end--;
		sbuf_put(out, s.p + start, end - start);
		if (i == s.n)
			return true;
		sbuf_char(out, (char)s.p[i++]);
	}
}

static bool
put_dns(struct span s, struct sbuf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7F || s.p[i] == '*')
			return false;
	lower(out, s);
	return s.n > 0;
}

static bool
put_uri(struct span s, struct sbuf *out)
{
	sbuf_span(out, s);
	return s.n > 0 && memchr(s.p, ':', s.n) != NULL;
}

static bool
put_email(struct span s, struct sbuf *out)
{
	const uint8_t *at = s.n > 0 ? memrchr(s.p, '@', s.n) : NULL;
	size_t local = at != NULL ? (size_t)(at - s.p) : 0;

	if (local == 0 || local + 1 == s.n)
		return false;
	sbuf_put(out, s.p, local);
	lower(out, span_of(at, s.n - local));
	return true;
}

static bool
put_ip(struct span s, struct sbuf *out)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	int family = s.n > 0 && memchr(s.p, ':', s.n) != NULL ? AF_INET6 : AF_INET;

	if (span_to_cstr(s, text, sizeof text) != OK || inet_pton(family, text, octets) != 1)
		return false;
	sbuf_str(out, inet_ntop(family, octets, text, sizeof text));
	return true;
}

static bool
put_fingerprint(struct span s, struct sbuf *out)
{
	size_t i, digits = 0;

	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');

		if (c == ':' && digits > 0 && digits % 2 == 0 && s.p[i - 1] != ':' && i + 1 < s.n)
			continue;
		if (!hex)
			return false;
		lower(out, span_of(&c, 1));
		digits++;
	}
	return digits == FINGERPRINT_DIGITS;
}

static const struct kind {
	const char *prefix;
	bool (*put)(struct span value, struct sbuf *out);
	enum certificate_match match;
	const char *expected;
} kinds[] = {
	{ "subject:", put_subject,     CERTIFICATE_SUBJECT,     "a distinguished name such as CN=tps,O=Example" },
	{ "dns:",     put_dns,         CERTIFICATE_NAME,        "a host name without wildcards" },
	{ "uri:",     put_uri,         CERTIFICATE_NAME,        "a URI" },
	{ "email:",   put_email,       CERTIFICATE_NAME,        "a mail address" },
	{ "ip:",      put_ip,          CERTIFICATE_NAME,        "an IPv4 or IPv6 address" },
	{ "sha256:",  put_fingerprint, CERTIFICATE_FINGERPRINT, "64 hexadecimal digits" },
};

static const struct kind *
kind_of(struct span word)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (span_starts_nocase(word, kinds[i].prefix))
			return &kinds[i];
	return NULL;
}

/* "prefix:canonical value" into an empty out. */
static bool
put_word(const struct kind *kind, struct span value, struct sbuf *out)
{
	sbuf_clear(out);
	sbuf_str(out, kind->prefix);
	return kind->put(span_trim(value), out) && memchr(out->s, '\n', out->n) == NULL;
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* Without the backslashes in front of octets, except in a subject. */
static void
unescape(struct span word, const struct kind *kind, struct sbuf *out)
{
	size_t i;

	sbuf_clear(out);
	sbuf_str(out, "");
	for (i = 0; i < word.n; i++) {
		if (word.p[i] == '\\' && i + 1 < word.n && kind->match != CERTIFICATE_SUBJECT)
			i++;
		sbuf_char(out, (char)word.p[i]);
	}
}

static struct span
next_word(const char **p)
{
	const char *start = *p, *end = start;

	while (*end != '\0' && *end != ';')
		end += *end == '\\' && end[1] != '\0' ? 2 : 1;
	*p = *end == ';' ? end + 1 : end;
	return span_trim(span_of(start, (size_t)(end - start)));
}

static int
add_word(struct span word, struct sbuf *list, struct why *why)
{
	const struct kind *kind = kind_of(word);
	struct sbuf plain = { 0 }, canonical = { 0 };
	size_t prefix;
	int err = OK;

	if (kind == NULL)
		return why_set(why, ERR_SYNTAX, "%.*s is not subject:, dns:, uri:, email:, ip: or sha256: and a value",
		    word.n < 64 ? (int)word.n : 64, (const char *)word.p);
	prefix = strlen(kind->prefix);
	unescape(span_of(word.p + prefix, word.n - prefix), kind, &plain);
	if (!put_word(kind, sbuf_as_span(&plain), &canonical))
		err = why_set(why, ERR_SYNTAX, "%s needs %s", kind->prefix, kind->expected);
	else if (list->n > 0)
		sbuf_char(list, '\n');
	if (err == OK)
		sbuf_span(list, sbuf_as_span(&canonical));
	sbuf_done(&plain);
	sbuf_done(&canonical);
	return err;
}

int
certificate_words(const char *text, char **out, struct why *why)
{
	struct sbuf list = { 0 };
	unsigned n = 0;
	int err = OK;

	*out = NULL;
	while (*text != '\0' && err == OK) {
		struct span word = next_word(&text);

		if (word.n == 0)
			continue;
		err = ++n > WORDS_MAX ? why_set(why, ERR_LIMIT, "more than %d words", WORDS_MAX) :
		    add_word(word, &list, why);
	}
	if (err == OK && n == 0)
		err = why_set(why, ERR_SYNTAX, "names no certificate");
	if (err == OK)
		*out = sbuf_take(&list);
	sbuf_done(&list);
	return err;
}

static struct span
next_line(const char **p)
{
	size_t n = strcspn(*p, "\n");
	struct span line = span_of(*p, n);

	*p += n + ((*p)[n] == '\n');
	return line;
}

static bool
has_line(const char *lines, struct span line)
{
	while (*lines != '\0')
		if (span_eq(next_line(&lines), line))
			return true;
	return false;
}

struct span
certificate_common(const char *a, const char *b)
{
	while (*a != '\0') {
		struct span line = next_line(&a);

		if (has_line(b, line))
			return line;
	}
	return span_of("", 0);
}

/* ---- a certificate -------------------------------------------------------------------------------- */

static void
add_name(struct certificate_names *out, const struct kind *kind, const char *value)
{
	struct sbuf word = { 0 };

	if (!put_word(kind, span_str(value), &word)) {
		sbuf_done(&word);
		return;
	}
	out->names[out->n].word = sbuf_take(&word);
	out->names[out->n++].match = kind->match;
}

void
certificate_names(const struct http_client_cert *cert, struct certificate_names *out)
{
	size_t i;

	*out = (struct certificate_names){ 0 };
	add_name(out, kind_of(span_str("sha256:")), cert->fingerprint);
	if (!cert->verified)
		return;
	add_name(out, kind_of(span_str("subject:")), cert->subject);
	for (i = 0; i < cert->n_names && i < HTTP_CERT_NAMES_MAX; i++) {
		const struct kind *kind = kind_of(span_str(cert->names[i]));

		if (kind != NULL && kind->match == CERTIFICATE_NAME)
			add_name(out, kind, cert->names[i] + strlen(kind->prefix));
	}
}

void
certificate_names_done(struct certificate_names *names)
{
	while (names->n > 0)
		free(names->names[--names->n].word);
}

enum certificate_match
certificate_match(const char *words, const struct certificate_names *names)
{
	size_t i;

	for (i = 0; words != NULL && i < names->n; i++)
		if (has_line(words, span_str(names->names[i].word)))
			return names->names[i].match;
	return CERTIFICATE_NO;
}
