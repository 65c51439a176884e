/*
 * http_client.h - posts and gets over HTTP(S) with libcurl's multi interface on a struct loop.
 *
 * Redirects are not followed, proxies and .netrc not used, TLS is verified, answers are cut at a
 * limit, and the resolved address is checked before anything is connected.
 */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/loop.h"

struct http_client;

struct http_client_config {
	unsigned connect_timeout_ms;	/* 0 = 3000 */
	unsigned timeout_ms;		/* 0 = 10000 */
	size_t max_answer;		/* 0 = 64 KiB */
	unsigned max_per_host;		/* connections; 0 = 4 */
	const char *user_agent;		/* NULL = "openppg" */
	const char *ca_file;		/* NULL = the system's */
	const char *cert_file, *key_file;	/* PEM: our certificate, where a server asks for one; NULL */
	const char *keep_header;	/* name of a header of answers that is wanted; NULL: none */
};

struct http_result {
	bool transport_ok;		/* an HTTP status was received completely */
	unsigned status;
	struct span body;		/* borrowed; cut at the limit */
	bool whole;			/* nothing of the body is missing */
	const char *type;		/* Content-Type of the answer, "" when it has none; borrowed */
	const char *kept;		/* the header that keep_header names, NULL when it is not there; borrowed */
	struct span head;		/* header lines of the answer that counts, with their line ends; borrowed */
	const char *error;		/* one sentence when !transport_ok */
	bool unsent;			/* !transport_ok, and nothing of the request has left */
};
/* The value of the first header of that name (any case), without blanks around it; ERR_NOT_FOUND. */
int http_result_header(const struct http_result *res, const char *name, struct span *out);

/*
 * May this address be connected to? Called with the address as resolved, before connecting;
 * arg is the request's.
 */
typedef bool (*http_address_check)(void *arg, const struct sockaddr *addr);

/* All of a client belongs to its loop's thread. */
struct http_client *http_client_create(struct loop *loop, const struct http_client_config *cf);
/* Outstanding requests end with an error. Not from inside a done(). */
void http_client_destroy(struct http_client **client);

/*
 * Start a request; done(arg, result) is called on the loop thread exactly once, never from
 * inside this call. method "GET", "POST", "DELETE"; body and headers are copied.
 * headers: pairs name, value, ended by NULL; may be NULL. check may be NULL (all allowed).
 * Beyond max_per_host a request waits for its host; its time-outs start when its turn comes.
 * An answer whose status came counts by it, even when the rest was cut or broke off.
 */
void http_client_send(struct http_client *client, const char *method, const char *url,
    const char *const *headers, struct span body, http_address_check check,
    void (*done)(void *arg, const struct http_result *res), void *arg);

/*
 * The same, waiting; for command-line programs. The result's body is a heap copy in *answer
 * (may be NULL). timeout_ms 0 = 10000. SSL_CERT_FILE of the environment names the authorities
 * instead of the system's. Returns OK with *status, or ERR_IO and *why.
 */
int http_fetch(const char *method, const char *url, const char *const *headers, struct span body,
    unsigned timeout_ms, unsigned *status, struct sbuf *answer, struct why *why);

/*
 * The same with other limits, certificates and authorities. *type (heap, the caller's) is the answer's Content-Type, ""
 * when it has none.
 */
int http_fetch_with(const struct http_client_config *cf, const char *method, const char *url, const char *const *headers,
    struct span body, unsigned *status, struct sbuf *answer, char **type, struct why *why);
/* The same; *kept (heap, NULL when it is not there) is the header that keep_header names. */
int http_fetch_kept(const struct http_client_config *cf, const char *method, const char *url, const char *const *headers,
    struct span body, unsigned *status, struct sbuf *answer, char **type, char **kept, struct why *why);

/* ---- addresses ------------------------------------------------------------------------ */

/* A list of networks: "127.0.0.0/8;10.0.0.0/8;fd00::/8" (also single addresses, and "10.*.0.*" as Kannel has them). */
struct netlist;
int netlist_parse(const char *text, struct netlist **out, struct why *why);
void netlist_destroy(struct netlist **list);
bool netlist_has(const struct netlist *list, const struct sockaddr *addr);	/* list may be NULL */

/* Loopback, private, link-local, multicast, unspecified, or a v4-mapped form of one. */
bool address_is_inner(const struct sockaddr *addr);
/* This machine: 127.0.0.0/8, ::1, or a v4-mapped form. NULL is not. */
bool address_is_loopback(const struct sockaddr *addr);
/*
 * The host of a URL read the way a connecting library would: ERR_NOT_FOUND for a name,
 * OK and *addr for any spelling of a literal address (2130706433, 0x7f.1, [::1] ...),
 * ERR_SYNTAX and *why for a URL that is no absolute http(s) URL with a host and without
 * user information.
 */
int url_host_address(const char *url, struct sockaddr_storage *addr, struct why *why);
/* Does it lead over TLS, or nowhere but to this machine? Of names "localhost" alone is. */
bool url_is_private(const char *url);

#endif
