/* http_transfer.c - see http_transfer.h. */
#include "base/http_transfer.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEAD_MAX = 64 * 1024,
	CONNECT_TIMEOUT_MS = 3000,
	TIMEOUT_MS = 10000,
	ANSWER_MAX = 64 * 1024,
	ANSWER_MAX_FETCH = 64 * 1024 * 1024
};

/* ---- callbacks -------------------------------------------------------------------------- */

static void
deny(struct http_transfer *t, const struct sockaddr *addr)
{
	const void *octets = addr->sa_family == AF_INET6 ?
	    (const void *)&((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr :
	    (const void *)&((const struct sockaddr_in *)(const void *)addr)->sin_addr;

	if (inet_ntop(addr->sa_family, octets, t->denied, sizeof t->denied) == NULL)
		memcpy(t->denied, "?", 2);
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct http_transfer *t = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (addr->family != AF_INET && addr->family != AF_INET6))
		return CURL_SOCKET_BAD;
	if (t->check != NULL && !t->check(t->check_arg, &addr->addr)) {
		deny(t, &addr->addr);
		return CURL_SOCKET_BAD;
	}
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

/* A connection that is used again was opened under the rules of another request. */
static int
before_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct http_transfer *t = arg;
	struct sockaddr_storage addr = { 0 };
	struct sockaddr_in *four = (void *)&addr;
	struct sockaddr_in6 *six = (void *)&addr;

	if (t->check == NULL)
		return CURL_PREREQFUNC_OK;
	if (inet_pton(AF_INET, peer, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)peer_port);
	} else if (inet_pton(AF_INET6, peer, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)peer_port);
	} else {
		return CURL_PREREQFUNC_ABORT;
	}
	if (t->check(t->check_arg, (struct sockaddr *)&addr))
		return CURL_PREREQFUNC_OK;
	deny(t, (struct sockaddr *)&addr);
	return CURL_PREREQFUNC_ABORT;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	long status = 0;

	if (n > HEAD_MAX - t->head_n) {
		t->head_too_long = true;
		return 0;
	}
	t->head_n += n;
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0)
		sbuf_clear(&t->head);
	if (!t->head_complete)		/* no trailers */
		sbuf_put(&t->head, p, n);
	if (n <= 2 && (p[0] == '\r' || p[0] == '\n')) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		t->head_complete = status >= 200;
	}
	return n;
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	size_t room = t->max_answer - t->answer.n;

	sbuf_put(&t->answer, p, n < room ? n : room);
	if (n <= room)
		return n;
	t->cut = true;
	return 0;
}

/* ---- options ------------------------------------------------------------------------------ */

static void
set_options(struct http_transfer *t, const struct http_client_config *cf)
{
	CURL *e = t->easy;
	long timeout = cf->timeout_ms > 0 ? cf->timeout_ms : TIMEOUT_MS;
	long connect = cf->connect_timeout_ms > 0 ? cf->connect_timeout_ms : CONNECT_TIMEOUT_MS;

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (cf->ca_file != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, cf->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);	/* else those of the system come back in */
	}
	if (cf->cert_file != NULL)
		curl_easy_setopt(e, CURLOPT_SSLCERT, cf->cert_file);
	if (cf->key_file != NULL)
		curl_easy_setopt(e, CURLOPT_SSLKEY, cf->key_file);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect < timeout ? connect : timeout);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout);
	/* A name server that does not answer must not hold the loop when the time is over. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, cf->user_agent != NULL ? cf->user_agent : "openppg");
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_error);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

static bool
is_name(struct span s)
{
	static const char octets[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return s.n > 0 && strspn((const char *)s.p, octets) == s.n;
}

/* A line end in a value would be a header of its own. */
static bool
is_value(const char *s)
{
	for (; *s != '\0'; s++)
		if (((uint8_t)*s < 0x20 && *s != '\t') || *s == 0x7F)
			return false;
	return true;
}

static void
add_header(struct http_transfer *t, const char *line)
{
	struct curl_slist *more = curl_slist_append(t->headers, line);

	if (more == NULL)
		abort();
	t->headers = more;
}

static int
set_headers(struct http_transfer *t, const char *const *headers, bool has_body, struct why *why)
{
	bool has_type = false;
	size_t i;

	for (i = 0; headers != NULL && headers[i] != NULL; i += 2) {
		struct sbuf line = { 0 };

		if (!is_name(span_str(headers[i])) || !is_value(headers[i + 1]))
			return why_set(why, ERR_SYNTAX, "request header %zu is not of the form name: value", i / 2 + 1);
		/* libcurl's own form of a header without a value ends in a semicolon. */
		sbuf_fmt(&line, headers[i + 1][0] != '\0' ? "%s: %s" : "%s;%s", headers[i], headers[i + 1]);
		add_header(t, line.s);
		sbuf_done(&line);
		has_type = has_type || span_eq_nocase(span_str(headers[i]), "Content-Type");
	}
	if (has_body && !has_type)
		add_header(t, "Content-Type:");		/* none, instead of a form's */
	add_header(t, "Expect:");
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	return OK;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

void
http_transfer_library(void)
{
	pthread_once(&curl_once, start_curl);
}

int
http_transfer_init(struct http_transfer *t, const struct http_client_config *cf, const char *method,
    const char *url, const char *const *headers, struct span body, http_address_check check,
    void *check_arg, struct why *why)
{
	struct sockaddr_storage addr;
	bool is_get = strcmp(method, "GET") == 0, is_post = strcmp(method, "POST") == 0;
	int err;

	*t = (struct http_transfer){ .check = check, .check_arg = check_arg };
	http_transfer_library();
	t->max_answer = cf->max_answer > 0 ? cf->max_answer : ANSWER_MAX;
	t->keep_header = cf->keep_header;
	t->easy = curl_easy_init();
	if (t->easy == NULL)
		abort();
	err = url_host_address(url, &addr, why);
	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	if (!is_name(span_str(method)))
		return why_set(why, ERR_SYNTAX, "the request method is not a token");
	set_options(t, cf);
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	if (body.n > 0)
		t->body = (uint8_t *)span_dup(body);
	if (is_get && body.n == 0) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
	} else {
		if (is_post || body.n > 0) {
			curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
			curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, body.n > 0 ? (const char *)t->body : "");
			curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		}
		if (!is_post)
			curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
	}
	return set_headers(t, headers, is_post || body.n > 0, why);
}

void
http_transfer_done(struct http_transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t->body);
	sbuf_done(&t->answer);
	sbuf_done(&t->head);
	*t = (struct http_transfer){ 0 };
}

/* ---- results -------------------------------------------------------------------------------- */

static void
explain(struct http_transfer *t, CURLcode code)
{
	struct why why = { 0 };

	if (t->denied[0] != '\0')
		why_set(&why, ERR_IO, "address %s may not be connected to", t->denied);
	else if (t->head_too_long)
		why_set(&why, ERR_LIMIT, "the head of the answer is longer than %d octets", HEAD_MAX);
	else if (code == CURLE_OK)
		why_set(&why, ERR_IO, "no HTTP status was received");
	else
		why_set(&why, ERR_IO, "%s", t->curl_error[0] != '\0' ? t->curl_error : curl_easy_strerror(code));
	memcpy(t->error, why.text, sizeof t->error);
}

/* The last one of that name, of the final head. */
static const char *
kept_header(struct http_transfer *t)
{
	struct curl_header *h;

	if (t->keep_header == NULL || curl_easy_header(t->easy, t->keep_header, 0, CURLH_HEADER, -1, &h) != CURLHE_OK ||
	    (h->amount > 1 &&
	    curl_easy_header(t->easy, t->keep_header, h->amount - 1, CURLH_HEADER, -1, &h) != CURLHE_OK))
		return NULL;
	return h->value;
}

/* With the status complete it counts, whatever became of the rest of the answer. */
void
http_transfer_result(struct http_transfer *t, CURLcode code, struct http_result *out)
{
	long status = 0, sent = 0;
	char *type = NULL;

	*out = (struct http_result){ .body = sbuf_as_span(&t->answer), .type = "" };
	if (!t->head_complete) {
		explain(t, code);
		out->error = t->error;
		curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
		out->unsent = sent == 0;
		return;
	}
	out->head = sbuf_as_span(&t->head);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
	out->transport_ok = true;
	out->status = (unsigned)status;
	out->whole = code == CURLE_OK;
	out->type = type != NULL ? type : "";
	out->kept = kept_header(t);
}

int
http_result_header(const struct http_result *res, const char *name, struct span *out)
{
	struct span left = res->head;

	while (left.n > 0) {
		const uint8_t *end = memchr(left.p, '\n', left.n), *colon;
		size_t n = end != NULL ? (size_t)(end - left.p) : left.n;
		struct span line = span_of(left.p, n > 0 && left.p[n - 1] == '\r' ? n - 1 : n);

		left = span_of(left.p + n + (end != NULL), left.n - n - (end != NULL));
		colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
		if (colon != NULL && span_eq_nocase(span_of(line.p, (size_t)(colon - line.p)), name)) {
			*out = span_trim(span_of(colon + 1, line.n - (size_t)(colon - line.p) - 1));
			return OK;
		}
	}
	*out = span_of(NULL, 0);
	return ERR_NOT_FOUND;
}

int
http_fetch_kept(const struct http_client_config *settings, const char *method, const char *url,
    const char *const *headers, struct span body, unsigned *status, struct sbuf *answer, char **type, char **kept,
    struct why *why)
{
	struct http_client_config cf = *settings;
	struct http_transfer t;
	struct http_result result;
	char *media = NULL;
	CURLcode code;
	int err;

	*status = 0;
	if (type != NULL)
		*type = NULL;
	if (kept != NULL)
		*kept = NULL;
	if (cf.max_answer == 0)
		cf.max_answer = ANSWER_MAX_FETCH;
	err = http_transfer_init(&t, &cf, method, url, headers, body, NULL, NULL, why);
	if (err != OK) {
		http_transfer_done(&t);
		return ERR_IO;		/* *why is set */
	}
	code = curl_easy_perform(t.easy);
	http_transfer_result(&t, code, &result);
	if (!result.transport_ok) {
		err = why_set(why, ERR_IO, "%s", result.error);
	} else if (code != CURLE_OK) {		/* a program must not take a part for the whole */
		err = why_set(why, ERR_IO, "the answer broke off: %s", t.cut ? "it is too large" :
		    curl_easy_strerror(code));
	} else {
		*status = result.status;
		if (answer != NULL)
			sbuf_span(answer, result.body);
		curl_easy_getinfo(t.easy, CURLINFO_CONTENT_TYPE, &media);
		if (type != NULL)
			*type = span_dup(span_str(media != NULL ? media : ""));
		if (kept != NULL && result.kept != NULL)
			*kept = span_dup(span_str(result.kept));
	}
	http_transfer_done(&t);
	return err;
}

int
http_fetch_with(const struct http_client_config *cf, const char *method, const char *url, const char *const *headers,
    struct span body, unsigned *status, struct sbuf *answer, char **type, struct why *why)
{
	return http_fetch_kept(cf, method, url, headers, body, status, answer, type, NULL, why);
}

int
http_fetch(const char *method, const char *url, const char *const *headers, struct span body,
    unsigned timeout_ms, unsigned *status, struct sbuf *answer, struct why *why)
{
	const char *ca_file = getenv("SSL_CERT_FILE");		/* as with curl and openssl */
	const struct http_client_config cf = { .timeout_ms = timeout_ms,
		.ca_file = ca_file != NULL && ca_file[0] != '\0' ? ca_file : NULL };

	return http_fetch_with(&cf, method, url, headers, body, status, answer, NULL, why);
}
