/*
 * tls.h - TLS 1.2 and 1.3 over a connected socket that does not block. Spec: RFC 5246, RFC 8446, RFC 6125 (names).
 *
 * The owner watches the socket. Nothing here waits, and no signal comes from a peer that is gone.
 */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { TLS_PIN_SIZE = 32 };

struct tls_config {
	bool server;
	const char *certkey_file;	/* PEM: our certificate, those above it, its key; NULL or "": none (client only) */
	const char *key_file;		/* the key, when it has a file of its own; NULL or "": in certkey_file */
	/* Who may vouch for the peer: PEM; NULL or "": a client takes the system's, a server asks for no certificate. */
	const char *ca_file;
	const char *name;		/* client: host name or address that the server's certificate is for */
	bool has_pin;			/* client: the server's key has this digest, and nothing else is looked at */
	uint8_t pin[TLS_PIN_SIZE];	/* SHA-256 of its SubjectPublicKeyInfo */
};

/* What many connections share: files as they were read. */
struct tls_context;
/* OK; ERR_IO, ERR_SYNTAX with the file and the reason in *why. cf is copied, its files are read. */
int tls_context_create(const struct tls_config *cf, struct tls_context **out, struct why *why);
void tls_context_destroy(struct tls_context **ctx);	/* connections that use it go on */
bool tls_context_is_stale(const struct tls_context *ctx);	/* one of the files is another one now */

/* A digest as people write it: 64 hexadecimal digits (':' between octets or not), or base64. */
int tls_pin_parse(struct span text, uint8_t pin[TLS_PIN_SIZE]);

/* One connection; the socket stays the caller's. NULL without memory. */
struct tls;
struct tls *tls_open(const struct tls_context *ctx, int fd);
void tls_close(struct tls **tls);			/* says good-bye if that is possible at once */
/* OK: the peer is who it should be; ERR_BUSY: call again when the socket is ready; ERR_AUTH, ERR_IO with *why. */
int tls_handshake(struct tls *tls, struct why *why);
/* Octets moved, n > 0; 0: the peer said good-bye (or n was 0); ERR_BUSY; ERR_IO with *why. */
long tls_read(struct tls *tls, void *p, size_t n, struct why *why);
/* After ERR_BUSY the next call begins with the same octets, and offers no fewer. */
long tls_write(struct tls *tls, const void *p, size_t n, struct why *why);
bool tls_pending(const struct tls *tls);		/* octets that were read from the socket wait for tls_read */
bool tls_wants_write(const struct tls *tls);		/* ERR_BUSY was because the socket is full */
const char *tls_version(const struct tls *tls);		/* "TLSv1.3" */
/* After the handshake: the digest of the peer's key, as a pin has it; false: it showed no certificate. */
bool tls_peer_pin(const struct tls *tls, uint8_t pin[TLS_PIN_SIZE]);

#endif
