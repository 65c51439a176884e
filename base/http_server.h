/*
 * http_server.h - an HTTP/1.1 server on libmicrohttpd, guarded against what that library lets
 * through (smuggled requests, slow senders); one event loop thread of its own, or several.
 *
 * A request goes: head -> (wait, e.g. for a password check) -> body -> answer, now or later.
 * Callbacks run on the server's loop threads. A request belongs to the server; the application
 * may use it from head() until gone() has been called for it, which happens exactly once.
 */
#ifndef BASE_HTTP_SERVER_H
#define BASE_HTTP_SERVER_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"

struct http_server;
struct http_request;

enum http_next {
	HTTP_READ_BODY,		/* go on: collect the body, then call body() */
	HTTP_ANSWERED,		/* http_answer was called: the body is not read, the connection closes
				 * when one was announced */
	HTTP_WAIT		/* hold the request; http_request_proceed calls head() again, or
				 * http_answer_later ends it */
};

struct http_app {
	void *app;
	/* Request line and headers have passed the guard. Nothing of the body was read yet. */
	enum http_next (*head)(void *app, struct http_request *rq);
	/* The whole body is here. Must lead to exactly one http_answer or http_answer_later. */
	void (*body)(void *app, struct http_request *rq);
	/* The exchange is over (answered or lost). rq is invalid afterwards. May be NULL. */
	void (*gone)(void *app, struct http_request *rq);
	/* Counts what the guard refused; reason is a word such as "smuggling". May be NULL. */
	void (*refused)(void *app, const char *peer, const char *reason);
};

struct http_server_config {
	const char *name;		/* log area */
	const char *host;		/* address to bind; NULL = all, IPv4 and IPv6 */
	uint16_t port;			/* 0: any; see http_server_port */
	unsigned loops;			/* threads, each a daemon on the shared port; 0 = 1 */
	const char *methods;		/* allowed ones, as in Allow: "POST" or "GET, POST, DELETE" */
	size_t max_head;		/* octets of request line and headers; 0 = 16 KiB; above: 414, 431 */
	size_t max_body;		/* octets; above: 413 */
	bool no_length_is_empty;	/* a POST or PUT without Content-Length has no body; else it is refused with 411 */
	/*
	 * Octets of request bodies, and of answers of more than HTTP_ANSWER_SMALL octets, held over all connections;
	 * above: 503.
	 */
	size_t max_held;
	atomic_size_t *held;		/* their count, for servers that share max_held; NULL: of this one alone */
	unsigned max_connections;	/* 0 = 1000 */
	unsigned max_per_address;	/* 0 = 64 */
	unsigned head_timeout_s;	/* 0 = 10 */
	unsigned request_timeout_s;	/* 0 = 60; and 1 KiB/s on average after 10 s */
	unsigned idle_timeout_s;	/* 0 = 30 */
	/* HTTPS: PEM files, both or neither. The server has TLS 1.2 and 1.3 only. */
	const char *tls_cert_file, *tls_key_file;
	/*
	 * Ask for a client certificate, which need not be given. One that the authorities of this PEM file
	 * vouch for is shown as verified; without a file, or issued by others, it is shown
	 * unverified (its holder has proved to have the key: enough for a fingerprint that is known).
	 */
	bool tls_client_certs;
	const char *tls_client_ca_file;
};

enum { HTTP_CERT_NAMES_MAX = 16 };

struct http_client_cert {
	bool verified;			/* chain, time and purpose (clientAuth) are right */
	char subject[512];		/* distinguished name, RFC 4514 */
	char names[HTTP_CERT_NAMES_MAX][256];	/* subject alternative names: "dns:...", "uri:...", "email:...", "ip:..." */
	size_t n_names;
	char fingerprint[65];		/* SHA-256 of the certificate, lower-case hexadecimal */
};

/*
 * Bind and start the threads. *why names the port and the reason on failure (ERR_IO).
 * http_server_stop answers suspended requests with 503, closes, joins. An http_answer_later or
 * http_request_proceed of another thread that comes in between is too late and does nothing;
 * after http_server_stop has returned there must be none.
 */
int http_server_start(const struct http_server_config *cf, const struct http_app *app,
    struct http_server **out, struct why *why);
/* Could it be started? Nothing stays open. For whoever must not begin what he could not finish. */
int http_server_probe(const struct http_server_config *cf, struct why *why);
/*
 * Would the TLS files of cf do? The sentence names the file; *which (may be NULL) is the setting
 * that is wrong.
 */
enum http_tls_file { HTTP_TLS_CERT, HTTP_TLS_KEY, HTTP_TLS_CLIENT_CA };
int http_server_check_tls(const struct http_server_config *cf, enum http_tls_file *which, struct why *why);
/* Are there certificates of authorities in this PEM file? */
int http_check_ca_file(const char *path, struct why *why);
void http_server_stop(struct http_server **server);
/* Refuse new connections, let those that run finish; for an orderly stop. */
void http_server_quiesce(struct http_server *server);
uint16_t http_server_port(const struct http_server *server);
/* Read certificate, key and authorities again; connections to come use them. On an error the old ones stay. */
int http_server_reload_tls(struct http_server *server, struct why *why);

/* ---- what a request says (any time until gone) --------------------------------------- */

const char *http_request_method(const struct http_request *rq);
const char *http_request_path(const struct http_request *rq);	/* raw, undecoded, without the query */
const char *http_request_query(const struct http_request *rq);	/* raw, without '?'; "" without one */
/*
 * Value of a header (name in any case), or NULL. Blanks at its end are as they were sent.
 * Repeated critical headers never get here.
 */
const char *http_request_header(const struct http_request *rq, const char *name);
/* Calls each(arg, name, value) for every header in order. */
void http_request_headers(const struct http_request *rq,
    void (*each)(void *arg, const char *name, const char *value), void *arg);
struct span http_request_body(const struct http_request *rq);	/* valid from body() to gone() */
const char *http_request_peer(const struct http_request *rq);	/* numeric address, no port */
const struct sockaddr *http_request_sockaddr(const struct http_request *rq);
/* Decoded value of one query parameter into a heap string, or NULL; free() it. */
char *http_request_param(const struct http_request *rq, const char *name);

/* Did it come over TLS? */
bool http_request_tls(const struct http_request *rq);
/* The client's certificate, or NULL when it gave none. Valid until gone(). */
const struct http_client_cert *http_request_client_cert(const struct http_request *rq);

/* A pointer of the application's, kept with the request; NULL at first. */
void http_request_set_data(struct http_request *rq, void *data);
void *http_request_data(const struct http_request *rq);

/* ---- answering ------------------------------------------------------------------------ */

enum { HTTP_ANSWER_SMALL = 16 * 1024 };

struct http_answer {
	unsigned status;
	const char *content_type;	/* NULL: text/plain; charset=utf-8 */
	const char *extra[4][2];	/* further headers: name, value; ends at a NULL name */
	struct span body;		/* copied */
	bool close;			/* close the connection afterwards */
	/*
	 * The peer may ask again and gets the same: 503 goes out instead when this one has no room beside what else is
	 * held. Others go out in any case.
	 */
	bool repeatable;
};

/* On the request's loop thread, from head() or body(). */
void http_answer(struct http_request *rq, const struct http_answer *a);
/* A text/plain answer of one sentence. */
void http_answer_text(struct http_request *rq, unsigned status, const char *text);
/*
 * Any thread, after body() returned without an answer or head() returned HTTP_WAIT; *a is
 * copied. It need not wait for that return: body() may hand rq to the thread that answers.
 */
void http_answer_later(struct http_request *rq, const struct http_answer *a);
/* Any thread, after head() returned HTTP_WAIT: head() is called again on the loop thread. */
void http_request_proceed(struct http_request *rq);

#endif
