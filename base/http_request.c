/* http_request.c - what a request says, and answering it; see http_server.h. */
#include "base/http_server_int.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *
http_request_method(const struct http_request *rq)
{
	return rq->method;
}

const char *
http_request_path(const struct http_request *rq)
{
	return rq->target;
}

const char *
http_request_query(const struct http_request *rq)
{
	return rq->query;
}

const char *
http_request_header(const struct http_request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, name);
}

struct each_header {
	void (*each)(void *arg, const char *name, const char *value);
	void *arg;
};

static enum MHD_Result
pass_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct each_header *h = arg;

	(void)kind;
	h->each(h->arg, name, value != NULL ? value : "");
	return MHD_YES;
}

void
http_request_headers(const struct http_request *rq,
    void (*each)(void *arg, const char *name, const char *value), void *arg)
{
	struct each_header h = { each, arg };

	MHD_get_connection_values(rq->connection, MHD_HEADER_KIND, pass_header, &h);
}

struct span
http_request_body(const struct http_request *rq)
{
	return span_of(rq->body, rq->body_n);
}

const struct sockaddr *
http_request_sockaddr(const struct http_request *rq)
{
	return (const struct sockaddr *)&rq->peer;
}

const char *
http_request_peer(const struct http_request *rq)
{
	return rq->peer_text;
}

bool
http_request_tls(const struct http_request *rq)
{
	return rq->tls != NULL;
}

const struct http_client_cert *
http_request_client_cert(const struct http_request *rq)
{
	return rq->client;
}

char *
http_request_param(const struct http_request *rq, const char *name)
{
	const char *p = rq->query;
	size_t name_n = strlen(name);

	while (*p != '\0') {
		size_t n = strcspn(p, "&");
		size_t key_n = strcspn(p, "=&");
		uint8_t *text = malloc(n + 1);
		size_t text_n;
		bool found;

		if (text == NULL)
			abort();
		found = text_percent(span_of(p, key_n), true, text, &text_n) == OK &&
		    text_n == name_n && memcmp(text, name, name_n) == 0;
		if (found) {
			const char *value = key_n < n ? p + key_n + 1 : p + n;

			if (text_percent(span_of(value, (size_t)(p + n - value)), true, text, &text_n) == OK &&
			    memchr(text, '\0', text_n) == NULL) {
				text[text_n] = '\0';
				return (char *)text;
			}
			free(text);
			return NULL;
		}
		free(text);
		p += n;
		if (*p == '&')
			p++;
	}
	return NULL;
}

void
http_request_set_data(struct http_request *rq, void *data)
{
	rq->data = data;
}

void *
http_request_data(const struct http_request *rq)
{
	return rq->data;
}

/* ---- answering ------------------------------------------------------------------------ */

/* Is there room for the octets of this answer? */
static bool
has_room(struct http_request *rq, const struct http_answer *a)
{
	struct http_server *server = rq->loop->server;

	if (a->body.n <= HTTP_ANSWER_SMALL)
		return true;
	if (!a->repeatable)
		atomic_fetch_add(server->held, a->body.n);
	else if (!http_charge(server, a->body.n, rq->body_cap))
		return false;
	rq->answer_n = a->body.n;
	return true;
}

void
http_answer_set(struct http_request *rq, const struct http_answer *a)
{
	static char nothing[1];
	static const char busy[] = "too many answers at once; try again";
	const struct http_answer no_room = { .status = MHD_HTTP_SERVICE_UNAVAILABLE, .body = span_str(busy),
		.extra = { { MHD_HTTP_HEADER_RETRY_AFTER, "1" } }, .close = a->close };
	union { const uint8_t *p; void *v; } body;
	struct MHD_Response *r;
	size_t i;

	rq->no_room = !has_room(rq, a);
	if (rq->no_room)
		a = &no_room;
	body.p = a->body.p;
	if (a->body.n == 0)
		r = MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	else
		r = MHD_create_response_from_buffer(a->body.n, body.v, MHD_RESPMEM_MUST_COPY);
	if (r == NULL)
		abort();
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
	    a->content_type != NULL ? a->content_type : "text/plain; charset=utf-8");
	for (i = 0; i < sizeof a->extra / sizeof a->extra[0] && a->extra[i][0] != NULL; i++)
		MHD_add_response_header(r, a->extra[i][0], a->extra[i][1]);
	rq->answer = r;
	rq->answer_status = a->status;
	rq->answer_close = a->close;
}

void
http_answer(struct http_request *rq, const struct http_answer *a)
{
	bool first = atomic_exchange(&rq->open, false);

	assert(first);		/* one answer a request */
	(void)first;
	rq->step = RQ_DECIDED;
	http_answer_set(rq, a);
}

void
http_answer_text(struct http_request *rq, unsigned status, const char *text)
{
	const struct http_answer a = { .status = status, .body = span_str(text) };

	http_answer(rq, &a);
}

void
http_answer_later(struct http_request *rq, const struct http_answer *a)
{
	/* When the server is stopping, its own 503 may have come first: then this is too late. */
	if (!atomic_exchange(&rq->open, false))
		return;
	http_answer_set(rq, a);
	http_loop_hand_over(rq);
}

void
http_request_proceed(struct http_request *rq)
{
	if (atomic_exchange(&rq->open, false))
		http_loop_hand_over(rq);
}
