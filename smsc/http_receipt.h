/*
 * http_receipt.h - the HTTP server that an aggregator sends its receipts to.
 *
 * Requests are read on a thread of the server; their receipts are handed on, and done, on the thread of the loop.
 */
#ifndef SMSC_HTTP_RECEIPT_H
#define SMSC_HTTP_RECEIPT_H

#include "base/loop.h"
#include "smsc/link.h"

enum {
	HTTP_RECEIPT_BODY_MAX = 64 * 1024,
	HTTP_RECEIPTS_MAX = 100		/* in one request */
};

struct http_receipts;
struct http_call;			/* a request with receipts in it */

struct http_receipt_events {
	/* Around calls of the other two; http_receipts_close may be called in leave(), not between. */
	void (*enter)(void *arg);
	void (*leave)(void *arg);
	/*
	 * One receipt; http_receipts_done follows, from inside or later, for each of which this returned true. False:
	 * too many wait.
	 */
	bool (*receipt)(void *arg, const struct smsc_receipt *r, struct http_call *call);
	void (*bad)(void *arg, const char *why);	/* a receipt that cannot be read */
};

/* ERR_IO and *why when the port cannot be had. cf is copied. */
int http_receipts_open(struct loop *loop, const struct smsc_config *cf, const struct http_receipt_events *ev, void *arg,
    struct http_receipts **out, struct why *why);
/* The request is answered with the last of its receipts: 200 when all of them were stored, else 503. */
void http_receipts_done(struct http_receipts *rs, struct http_call *call, bool ok);
/* Everything that is handed on and not done is answered with 503 and forgotten. */
void http_receipts_abandon(struct http_receipts *rs);
void http_receipts_close(struct http_receipts **rs);

/*
 * The receipts in a request, for the server and for tests: query and body as they came. Up to HTTP_RECEIPTS_MAX
 * into r, *n of them; *bad counts what has no id or state. ERR_SYNTAX and *why: nothing can be read;
 * ERR_LIMIT: too many.
 */
int http_receipts_read(const struct smsc_config *cf, struct span query, struct span body,
    struct smsc_receipt r[HTTP_RECEIPTS_MAX], unsigned *n, unsigned *bad, struct why *why);

#endif
