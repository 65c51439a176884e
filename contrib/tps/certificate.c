/* certificate.c - see certificate.h. */
#include "contrib/tps/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const prefixes[] = { "subject:", "dns:", "uri:", "email:", "ip:" };

static int
parse_fingerprint(const char *hex, char *out, size_t size, struct why *why)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		char c = *hex;

		if (c == ':')
			continue;
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || n == 64)
			return why_set(why, ERR_SYNTAX, "a fingerprint is 64 hexadecimal digits");
		if (7 + n + 1 < size)
			out[7 + n++] = c;
	}
	if (n != 64)
		return why_set(why, ERR_SYNTAX, "a fingerprint is 64 hexadecimal digits");
	memcpy(out, "sha256:", 7);
	out[7 + n] = '\0';
	return OK;
}

int
tps_certificate_parse(const char *text, char *out, size_t size, struct why *why)
{
	size_t i;
	int err;

	out[0] = '\0';
	if (text_has_control(span_str(text)) || strlen(text) >= size)
		return why_set(why, ERR_LIMIT, "the name of a certificate has at most %zu octets, none of them a control character",
		    size - 1);
	if (strncmp(text, "sha256:", 7) == 0) {
		err = parse_fingerprint(text + 7, out, size, why);
		if (err != OK)
			out[0] = '\0';
		return err;
	}
	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(text, prefixes[i], n) == 0 && text[n] != '\0') {
			snprintf(out, size, "%s", text);
			return OK;
		}
	}
	return why_set(why, ERR_SYNTAX, "a certificate is named by sha256:, subject:, dns:, uri:, email: or ip:");
}

bool
tps_certificate_is(const char *registered, const struct http_client_cert *cert)
{
	size_t i;

	if (cert == NULL || registered[0] == '\0')
		return false;
	if (strncmp(registered, "sha256:", 7) == 0)
		return strcmp(registered + 7, cert->fingerprint) == 0;
	if (!cert->verified)
		return false;
	if (strncmp(registered, "subject:", 8) == 0)
		return strcmp(registered + 8, cert->subject) == 0;
	for (i = 0; i < cert->n_names; i++)
		if (strcasecmp(registered, cert->names[i]) == 0)
			return true;
	return false;
}
