/*
 * http_answer.h - what an aggregator's answer to one message means. Pure.
 */
#ifndef SMSC_HTTP_ANSWER_H
#define SMSC_HTTP_ANSWER_H

#include "smsc/http_fields.h"
#include "smsc/link.h"

struct http_outcome {
	enum smsc_verdict verdict;
	uint32_t status;		/* of HTTP; SMPP_RSYSERR without one */
	bool throttled;			/* go slower; not a failure of the message */
	bool us;			/* it will not have us or our way of asking, whatever the message */
	unsigned retry_after_s;		/* what it asks for; 0: nothing */
	bool no_id;			/* accepted, but the id that should be there is not */
	char message_id[66];
};

/*
 * The body is text when it is there at all; no more of it than its limit was read.
 *
 *	2xx			accepted, when the body contains http.success; else refused
 *	3xx, 401, 407		nothing goes anywhere before the configuration is right: again later
 *	408, 425		again later
 *	429, 503		throttled
 *	other 4xx		refused
 *	502, 504		somebody in between gave up: perhaps it was sent
 *	other 5xx		again later
 *
 * error-map (cf->errors) says otherwise for a status; for a 2xx that lacks http.success as well.
 */
void http_judge(const struct smsc_config *cf, const struct http_source *id_from, const struct http_result *res,
    const char *reference, struct http_outcome *out);

#endif
