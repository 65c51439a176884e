/*
 * certificate.h - words that name a TLS client certificate, and whether a certificate is the one they name.
 *
 *	subject:CN=tps,O=Example     its distinguished name (RFC 4514); dns:, uri:, email:, ip: a subject alternative
 *	sha256:AB:CD:...             name; or the fingerprint of the whole certificate
 */
#ifndef PPG_CERTIFICATE_H
#define PPG_CERTIFICATE_H

#include "base/buf.h"
#include "base/http_server.h"

/* Ascending: what counts more. */
enum certificate_match { CERTIFICATE_NO, CERTIFICATE_NAME, CERTIFICATE_SUBJECT, CERTIFICATE_FINGERPRINT };

/*
 * A list of words separated by ';' into canonical words, a line each, in *out (heap). A backslash takes the
 * octet behind it with it, so that "\;" does not end a word; in a subject the pair stays, as RFC 4514 has it, in the
 * other words the octet alone. ERR_SYNTAX, ERR_LIMIT.
 */
int certificate_words(const char *text, char **out, struct why *why);

/* What names a certificate, canonical, what counts more first. Of one that is not verified only the fingerprint does. */
struct certificate_names {
	struct {
		char *word;		/* heap */
		enum certificate_match match;
	} names[HTTP_CERT_NAMES_MAX + 2];
	size_t n;
};
void certificate_names(const struct http_client_cert *cert, struct certificate_names *out);
void certificate_names_done(struct certificate_names *names);

/* words: of certificate_words; NULL names none. */
enum certificate_match certificate_match(const char *words, const struct certificate_names *names);

/* The first word that both have, as a span of a; n 0: none. */
struct span certificate_common(const char *a, const char *b);

#endif
