/*
 * http_template.h - texts with places in them that are filled for each message of a link over HTTP: URL, header
 * values, body. Pure: nothing is read, sent or logged here.
 *
 *	%{name}		the value, escaped as the text around it needs
 *	%%{		"%{" itself; any other '%' is as written
 */
#ifndef SMSC_HTTP_TEMPLATE_H
#define SMSC_HTTP_TEMPLATE_H

#include <stdbool.h>

#include "base/buf.h"

/* How a value is written. HTTP_PLAIN: as it is, without control characters. */
enum http_escape { HTTP_PLAIN, HTTP_URL, HTTP_JSON, HTTP_XML };

/*
 * By the media type of the body: "application/json" and "...+json", "application/xml", "text/xml" and "...+xml",
 * "application/x-www-form-urlencoded", "text/plain". Parameters are not looked at. ERR_UNSUPPORTED and *why.
 */
int http_escape_of(const char *content_type, enum http_escape *out, struct why *why);

struct http_values {
	const char *to, *from;		/* as they are dialled: "+12025550123" */
	const char *reference;		/* a name of our own for this part, letters and digits */
	const char *receipt_url;	/* "" = none is wanted */
	struct span udh, data;		/* the header with its length octet, and the octets behind it */
	unsigned part, parts;		/* 1-based */
	unsigned ref;			/* concatenation reference, as in the header */
	unsigned src_port, dst_port, data_coding, priority;
	int64_t validity_minutes;
	bool want_receipt;
};

/* Are all places known, ended, and of use where the text stands? ERR_SYNTAX and *why. */
int http_template_check(const char *text, enum http_escape how, struct why *why);
/* Of a text that was checked; adds to *out. */
void http_template_fill(const char *text, enum http_escape how, const struct http_values *v, struct sbuf *out);

#endif
