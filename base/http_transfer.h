/*
 * http_transfer.h - one request of the HTTP client on a libcurl easy handle: its options, its
 * limits and what came of it. Private to base/http_client.c and base/http_transfer.c.
 */
#ifndef BASE_HTTP_TRANSFER_H
#define BASE_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "base/http_client.h"

struct http_transfer {
	CURL *easy;
	struct curl_slist *headers;
	uint8_t *body;
	http_address_check check;
	void *check_arg;
	size_t max_answer;
	const char *keep_header;	/* the config's */

	struct sbuf answer, head;	/* head: lines of the last one that came */
	size_t head_n;			/* octets of heads so far */
	bool head_complete;		/* the final head, status not 1xx */
	bool head_too_long, cut;	/* why our own callbacks stopped it */
	char denied[64];		/* an address that may not be connected to */
	char curl_error[CURL_ERROR_SIZE];
	char error[WHY_MAX + 1];	/* what the result points to */
};

void http_transfer_library(void);	/* made ready once in a process */

/*
 * Ready to be performed; the limits are cf's, whose zeros are replaced. ERR_SYNTAX and *why when
 * the request itself is wrong; http_transfer_done is due in any case.
 */
int http_transfer_init(struct http_transfer *t, const struct http_client_config *cf,
    const char *method, const char *url, const char *const *headers, struct span body,
    http_address_check check, void *check_arg, struct why *why);
void http_transfer_done(struct http_transfer *t);

/* What it came to; the result borrows from *t. */
void http_transfer_result(struct http_transfer *t, CURLcode code, struct http_result *out);

#endif
