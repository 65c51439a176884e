/* http_tls_int.h - what http_tls.c and http_handshake.c share. */
#ifndef BASE_HTTP_TLS_INT_H
#define BASE_HTTP_TLS_INT_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Certificate, key and authorities as they were read once. Each connection uses those it began with. */
struct http_tls {
	atomic_uint users;
	gnutls_certificate_credentials_t credentials;
	bool ask;			/* for a client certificate */
};

#endif
