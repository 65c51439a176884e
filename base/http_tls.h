/*
 * http_tls.h - TLS of the HTTP server on GnuTLS: certificate, key and authorities from files,
 * handshakes, and the client's certificate. Private to the HTTP server.
 *
 * libmicrohttpd makes the session and moves the octets. Ours are the credentials (so that they
 * can be replaced while connections run) and the waiting during a handshake (the library would
 * call a peer that stopped in the middle of one ready for ever, and never sleep).
 */
#ifndef BASE_HTTP_TLS_H
#define BASE_HTTP_TLS_H

#include "base/http_server_int.h"

/* ---- http_tls.c: the files ---- */

/* Read what cf names. On an error *which (may be NULL) is the file that is wrong. */
int http_tls_load(const struct http_server_config *cf, struct http_tls **out,
    enum http_tls_file *which, struct why *why);
void http_tls_put(struct http_tls *tls);		/* one user less; the last one frees it */
struct http_tls *http_tls_get(struct http_server *server);	/* those in force, one user more */

/* What the library is started with. */
const struct MHD_OptionItem *http_tls_options(void);

/* ---- http_handshake.c: connections; loop thread ---- */

/* A connection was accepted, its handshake begins. */
void http_tls_begin(struct http_request *rq);
/* The peer spoke on one that waits: let the library go on with the handshake. */
void http_tls_wake(struct http_loop *loop);
/* After each turn of the library: take those out of it whose handshake is not over. */
void http_tls_park(struct http_loop *loop);
/* Give all of them back, for the end. */
void http_tls_unpark_all(struct http_loop *loop);
/* The connection is gone; its session, too. */
void http_tls_end(struct http_request *rq);
/* A request line came: look at the client's certificate (again). */
void http_tls_look_at_client(struct http_request *rq);
/* Past the library: n octets at once or false; and the end of what we say. */
bool http_tls_send(struct http_request *rq, const void *p, size_t n);
void http_tls_bye(struct http_request *rq);

#endif
