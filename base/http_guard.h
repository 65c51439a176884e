/*
 * http_guard.h - what a request head must look like before anybody acts on it.
 *
 * libmicrohttpd accepts heads that two parsers can read in two ways (request smuggling) and
 * heads whose body never ends. Spec: RFC 9110, RFC 9112 section 6.
 */
#ifndef BASE_HTTP_GUARD_H
#define BASE_HTTP_GUARD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct http_guard {
	const char *methods;	/* as in Allow */
	size_t max_body;
	bool no_length_is_empty;	/* a POST or PUT without length has no body, as RFC 9112 6.3 says; else it is refused */
};

/* What the head announces; and, when status is not 0, why it is refused. */
struct http_head {
	bool has_length, chunked;
	uint64_t length;
	unsigned status;
	const char *reason;	/* one word for counters */
	struct why why;		/* the sentence for the peer */
};

/* Walk the head of the request once. uri is the raw request target. */
void http_guard_check(const struct http_guard *guard, struct MHD_Connection *connection,
    const char *method, const char *uri, const char *version, struct http_head *out);

/* Is method one of the comma separated list, octet for octet? */
bool http_guard_allows(const char *methods, const char *method);

#endif
