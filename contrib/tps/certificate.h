/*
 * certificate.h - the client certificate that a device is registered with:
 *	sha256:HEX	its fingerprint, whoever issued it
 *	subject:DN	its distinguished name (RFC 4514), when our authorities vouch for it
 *	dns:, uri:, email:, ip:NAME	one of its alternative names, likewise
 */
#ifndef CONTRIB_TPS_CERTIFICATE_H
#define CONTRIB_TPS_CERTIFICATE_H

#include "base/http_server.h"

/* As it is stored: a fingerprint in small letters without colons. ERR_SYNTAX, ERR_LIMIT. */
int tps_certificate_parse(const char *text, char *out, size_t size, struct why *why);
/* Is it this one? cert NULL: there is none. */
bool tps_certificate_is(const char *registered, const struct http_client_cert *cert);

#endif
