/* test_http_server.c - the HTTP server against raw octets: bad heads, waiting, late answers, limits. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/queue.h"

enum { DEADLINE_MS = 60000 };

/* ---- an application that does what the path says ---------------------------------------- */

struct note {
	struct qnode node;		/* in the queue of the other thread */
	struct http_request *rq;
	bool waited;
	bool proceed;			/* else: answer */
};

static struct app {
	struct http_server *server;
	struct queue queue;
	pthread_t thread;
	atomic_uint heads, bodies, gones, refusals;
	atomic_uint requests;		/* those that head() was called for */
	char last_reason[32];
	char path[64], query[64], body[64];	/* of the last request that had a body() */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct http_request *held;	/* "/hold": kept until the test answers */
} app;

/* On the server's threads, where cmocka cannot fail a test. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
changed(void)
{
	pthread_mutex_lock(&app.lock);
	pthread_cond_broadcast(&app.changed);
	pthread_mutex_unlock(&app.lock);
}

static struct note *
note_of(struct http_request *rq)
{
	struct note *n = http_request_data(rq);

	if (n == NULL) {
		n = calloc(1, sizeof *n);
		n->rq = rq;
		http_request_set_data(rq, n);
		app.requests++;
		changed();
	}
	return n;
}

static enum http_next
app_head(void *arg, struct http_request *rq)
{
	const char *path = http_request_path(rq);
	struct note *n = note_of(rq);
	char text[8];

	must(arg == &app);
	app.heads++;
	if (strcmp(path, "/deny") == 0) {
		const struct http_answer a = { .status = 401, .body = span_str("who are you"),
			.extra = { { "WWW-Authenticate", "Basic realm=\"t\"" } } };

		http_answer(rq, &a);
		return HTTP_ANSWERED;
	}
	if (strcmp(path, "/wait-later") == 0) {
		queue_put(&app.queue, &n->node);	/* n->proceed is not set: answered there */
		return HTTP_WAIT;
	}
	if ((strcmp(path, "/wait") == 0 || strcmp(path, "/wait-deny") == 0) && !n->waited) {
		n->waited = n->proceed = true;
		must(http_request_body(rq).n == 0);
		queue_put(&app.queue, &n->node);
		return HTTP_WAIT;
	}
	if (strcmp(path, "/wait-deny") == 0) {
		snprintf(text, sizeof text, "no");
		http_answer_text(rq, 403, text);
		return HTTP_ANSWERED;
	}
	return HTTP_READ_BODY;
}

static void
app_body(void *arg, struct http_request *rq)
{
	const char *path = http_request_path(rq);
	struct span body = http_request_body(rq);
	struct note *n = note_of(rq);
	char text[64];

	must(arg == &app);
	app.bodies++;
	pthread_mutex_lock(&app.lock);
	snprintf(app.path, sizeof app.path, "%s", path);
	snprintf(app.query, sizeof app.query, "%s", http_request_query(rq));
	snprintf(app.body, sizeof app.body, "%.*s", (int)body.n, (const char *)body.p);
	pthread_mutex_unlock(&app.lock);
	if (strcmp(path, "/later") == 0) {
		n->proceed = false;
		queue_put(&app.queue, &n->node);
	} else if (strcmp(path, "/hold") == 0) {
		pthread_mutex_lock(&app.lock);
		app.held = rq;
		pthread_cond_broadcast(&app.changed);
		pthread_mutex_unlock(&app.lock);
	} else {
		snprintf(text, sizeof text, "%s %zu", path, body.n);
		http_answer_text(rq, 200, text);
	}
}

static void
app_gone(void *arg, struct http_request *rq)
{
	must(arg == &app);
	must(http_request_data(rq) != NULL);
	free(http_request_data(rq));
	app.gones++;
	changed();
}

static void
app_refused(void *arg, const char *peer, const char *reason)
{
	must(arg == &app);
	must(strcmp(peer, "127.0.0.1") == 0 || strcmp(peer, "::1") == 0);
	pthread_mutex_lock(&app.lock);
	snprintf(app.last_reason, sizeof app.last_reason, "%s", reason);
	app.refusals++;
	pthread_cond_broadcast(&app.changed);
	pthread_mutex_unlock(&app.lock);
}

/* The other thread: answers or releases what is put before it. */
static void *
answer_others(void *arg)
{
	struct qnode *q, *next;

	while ((q = queue_take(&app.queue, -1)) != NULL) {
		for (; q != NULL; q = next) {
			struct note *n = (struct note *)q;
			const struct http_answer a = { .status = 202, .body = span_str("later") };

			next = q->next;
			if (n->proceed)
				http_request_proceed(n->rq);
			else
				http_answer_later(n->rq, &a);
		}
	}
	return NULL;
}

static const struct http_app app_calls = { &app, app_head, app_body, app_gone, app_refused };

static void
serve(const struct http_server_config *cf)
{
	struct why why;

	app = (struct app){ 0 };
	pthread_mutex_init(&app.lock, NULL);
	pthread_cond_init(&app.changed, NULL);
	queue_init(&app.queue, 0, NULL, NULL);
	assert_int_equal(pthread_create(&app.thread, NULL, answer_others, NULL), 0);
	if (http_server_start(cf, &app_calls, &app.server, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_not_equal(http_server_port(app.server), 0);
}

static void
unserve(void)
{
	http_server_stop(&app.server);
	assert_null(app.server);
	assert_int_equal(app.gones, app.requests);
	queue_close(&app.queue);
	pthread_join(app.thread, NULL);
	queue_done(&app.queue);
	pthread_cond_destroy(&app.changed);
	pthread_mutex_destroy(&app.lock);
}

static const struct http_server_config plain = { .name = "test", .host = "127.0.0.1",
	.methods = "GET, POST", .max_body = 1000, .max_held = 4000, .max_per_address = 500,
	.head_timeout_s = 60, .request_timeout_s = 60, .idle_timeout_s = 60 };

static int
set_up(void **state)
{
	serve(&plain);
	return 0;
}

static int
tear_down(void **state)
{
	unserve();
	return 0;
}

/* Wait until *counter is at least n. */
static void
await(atomic_uint *counter, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_MS / 1000;
	pthread_mutex_lock(&app.lock);
	while (*counter < n)
		if (pthread_cond_timedwait(&app.changed, &app.lock, &until) != 0)
			fail_msg("waited in vain: %u of %u", *counter, n);
	pthread_mutex_unlock(&app.lock);
}

static struct http_request *
await_held(void)
{
	struct http_request *rq;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_MS / 1000;
	pthread_mutex_lock(&app.lock);
	while (app.held == NULL)
		if (pthread_cond_timedwait(&app.changed, &app.lock, &until) != 0)
			fail_msg("nothing was held");
	rq = app.held;
	app.held = NULL;
	pthread_mutex_unlock(&app.lock);
	return rq;
}

/* ---- a peer that sends what it likes ------------------------------------------------------- */

static int
dial_to(uint16_t port, bool six)
{
	struct sockaddr_in four_addr = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 six_addr = { .sin6_family = AF_INET6, .sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, six ? (struct sockaddr *)&six_addr : (struct sockaddr *)&four_addr,
	    six ? sizeof six_addr : sizeof four_addr) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
dial(void)
{
	int fd = dial_to(http_server_port(app.server), false);

	assert_true(fd >= 0);
	return fd;
}

static void
say_n(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n > 0) {
		ssize_t sent = send(fd, s, n, MSG_NOSIGNAL);

		if (sent < 0)
			return;		/* refused already; the answer will tell */
		s += sent;
		n -= (size_t)sent;
	}
}

static void
say(int fd, const char *s)
{
	say_n(fd, s, strlen(s));
}

/* One recv with a deadline: octets, 0 at the end (or a reset). */
static size_t
hear_some(int fd, char *out, size_t size, int deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, deadline_ms) <= 0)
		fail_msg("the peer neither answered nor closed");
	n = recv(fd, out, size, 0);
	return n > 0 ? (size_t)n : 0;
}

/* All that comes until the connection is closed. */
static struct sbuf
hear_all(int fd)
{
	struct sbuf b = { 0 };
	char piece[4096];
	size_t n;

	sbuf_str(&b, "");
	while ((n = hear_some(fd, piece, sizeof piece, DEADLINE_MS)) > 0)
		sbuf_put(&b, piece, n);
	return b;
}

/* One answer with Content-Length, octet by octet; its status, and its body in out. */
static unsigned
hear_answer(int fd, char *out, size_t size)
{
	char head[2048];
	size_t n = 0, length;
	const char *p;

	do {
		assert_true(n + 1 < sizeof head);
		if (hear_some(fd, head + n, 1, DEADLINE_MS) == 0)
			return 0;
		head[++n] = '\0';
	} while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
	assert_memory_equal(head, "HTTP/1.1 ", 9);
	if (atoi(head + 9) == 100)
		return 100;
	p = strstr(head, "Content-Length: ");
	assert_non_null(p);
	length = (size_t)atoi(p + 16);
	assert_true(length < size);
	for (n = 0; n < length;) {
		size_t some = hear_some(fd, out + n, length - n, DEADLINE_MS);

		assert_true(some > 0);
		n += some;
	}
	out[n] = '\0';
	return (unsigned)atoi(head + 9);
}

static unsigned
count(const char *in, const char *what)
{
	unsigned n = 0;

	for (; (in = strstr(in, what)) != NULL; in++)
		n++;
	return n;
}

static void
expect_answer(int fd, unsigned status, const char *body)
{
	char text[1024];
	unsigned got = hear_answer(fd, text, sizeof text);

	if (got != status)
		fail_msg("status %u instead of %u: %s", got, status, text);
	if (body != NULL)
		assert_string_equal(text, body);
}

#define SECOND "GET /second HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- tests ------------------------------------------------------------------------------------ */

static void
bad_heads_are_refused(void **state)
{
	static const struct {
		const char *id;
		const char *octets;
		unsigned status;
		const char *says;	/* somewhere in the answer; NULL: anything */
	} rows[] = {
		{ "H-01", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND, 400, "Content-Length and Transfer" },
		{ "H-01b", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
		    "Content-Length: 4\r\n\r\n0\r\n\r\n" SECOND, 400, "Content-Length and Transfer" },
		{ "H-02", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
		    "Content-Length: 40\r\n\r\nabcd" SECOND, 400, "more than one Content-Length" },
		{ "H-02b", "POST /now HTTP/1.1\r\nHost: h\r\ncontent-length: 4\r\n"
		    "Content-Length: 4\r\n\r\nabcd" SECOND, 400, "more than one Content-Length" },
		{ "H-02c", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4, 4\r\n\r\nabcd" SECOND, 400, NULL },
		{ "H-02d", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\nabcd" SECOND, 400, NULL },
		{ "H-02e", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: -4\r\n\r\nabcd" SECOND, 400, NULL },
		{ "H-02f", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 0x4\r\n\r\nabcd" SECOND, 400, NULL },
		{ "H-02g", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nabcd" SECOND, 400, NULL },
		{ "H-03", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length : 4\r\n\r\nabcd" SECOND, 400, "not a token" },
		{ "H-03b", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nX(y): 1\r\n\r\nabcd" SECOND,
		    400, "not a token" },
		{ "H-03c", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nX\xC3\xA9: 1\r\n\r\nabcd" SECOND,
		    400, "not a token" },
		{ "H-03d", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nX-A: b\x01\r\n\r\nabcd" SECOND,
		    400, "control octet" },
		{ "H-04", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n"
		    "Expect: 100-continue\r\n\r\n", 413, "99999999 octets: at most 1000" },
		{ "H-04b", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413, NULL },
		{ "H-05", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SECOND,
		    501, "only chunked" },
		{ "H-05b", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n" SECOND, 501, NULL },
		{ "H-05c", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n" SECOND, 501, NULL },
		{ "H-05d", "POST /now HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND, 400, NULL },
		{ "H-05e", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND, 400, NULL },
		{ "H-08", "POST /now HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd" SECOND, 400, NULL },
		{ "H-08b", "POST /now HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 4\r\n\r\nabcd" SECOND, 400,
		    "more than one Host" },
		{ "H-09", "PUT /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd" SECOND, 405,
		    "Allow: GET, POST\r\n" },
		{ "H-09b", "post /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd" SECOND, 405,
		    "Allow: GET, POST\r\n" },
		{ "H-09c", "POS /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd" SECOND, 405, NULL },
		{ "H-09d", "DELETE /now HTTP/1.1\r\nHost: h\r\n\r\n" SECOND, 405, NULL },
		{ "H-12", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 200-maybe\r\n\r\n", 417,
		    "100-continue" },
		{ "length", "POST /now HTTP/1.1\r\nHost: h\r\n\r\n" SECOND, 411, NULL },
		{ "two types", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Type: a/b\r\n"
		    "Content-Type: a/b\r\n\r\nx" SECOND, 400, "more than one Content-Type" },
		{ "two users", "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nAuthorization: Basic YQ==\r\n"
		    "authorization: Basic Yg==\r\n\r\nx" SECOND, 400, "more than one Authorization" },
		{ "version", "POST /now HTTP/2.0\r\nHost: h\r\nContent-Length: 1\r\n\r\nx" SECOND, 505, NULL },
		{ "version b", "POST /now HTTP/1.2\r\nHost: h\r\nContent-Length: 1\r\n\r\nx" SECOND, 505, NULL },
		{ "target", "GET now HTTP/1.1\r\nHost: h\r\n\r\n" SECOND, 400, NULL },
		{ "target b", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n" SECOND, 400, NULL },
		{ "target c", "GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n" SECOND, 400, NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int fd = dial();
		unsigned answers;
		struct sbuf b;

		say(fd, rows[i].octets);
		b = hear_all(fd);
		if (strncmp(b.s, "HTTP/1.1 ", 9) != 0 || (unsigned)atoi(b.s + 9) != rows[i].status)
			fail_msg("%s: %s", rows[i].id, b.s);
		/* The library may repeat the head of its own answer in the body of it. */
		answers = count(b.s, "\r\nDate: ");
		if (answers < 1 || answers > (strstr(b.s, "<html>") != NULL ? 2 : 1) ||
		    strstr(b.s, "/second") != NULL)
			fail_msg("%s: more than one answer: %s", rows[i].id, b.s);
		if (rows[i].says != NULL && strstr(b.s, rows[i].says) == NULL)
			fail_msg("%s: says not \"%s\": %s", rows[i].id, rows[i].says, b.s);
		sbuf_done(&b);
		close(fd);
	}
	assert_int_equal(app.heads, 0);
}

static void
good_requests_are_served(void **state)
{
	static const struct {
		const char *octets;
		unsigned status;
		const char *body, *path, *query, *content;
	} rows[] = {
		{ "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd", 200, "/now 4", "/now", "", "abcd" },
		{ "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 200, "/now 0", "/now", "", "" },
		{ "GET /now?a=1&b=%41 HTTP/1.1\r\nHost: h\r\n\r\n", 200, "/now 0", "/now", "a=1&b=%41", "" },
		{ "GET /%2e%2e/now%00x?%00 HTTP/1.1\r\nHost: h\r\n\r\n", 200, "/%2e%2e/now%00x 0", "/%2e%2e/now%00x",
		    "%00", "" },
		{ "GET http://h.example.net/now?q HTTP/1.1\r\nHost: h\r\n\r\n", 200, "/now 0", "/now", "q", "" },
		{ "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		    200, "/now 5", "/now", "", "abcde" },
		{ "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n",
		    200, "/now 1", "/now", "", "a" },
		{ "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		    200, "/now 0", "/now", "", "" },
		{ "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd", 202, "later", "/later", "", "abcd" },
		{ "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", 202, "later", "/later", "", "" },
		{ "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd", 200, "/wait 4", "/wait", "", "abcd" },
		{ "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n", 200, "/wait 0", "/wait", "", "" },
		{ "POST /wait HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
		    200, "/wait 4", "/wait", "", "abcd" },
	};
	size_t i, octet;
	int fd, one;

	/* On one connection, each row at once. */
	fd = dial();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		say(fd, rows[i].octets);
		expect_answer(fd, rows[i].status, rows[i].body);
		assert_string_equal(app.path, rows[i].path);
		assert_string_equal(app.query, rows[i].query);
		assert_string_equal(app.body, rows[i].content);
	}
	/* Octet by octet. */
	one = 1;
	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof one);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (octet = 0; octet < strlen(rows[i].octets); octet++)
			say_n(fd, rows[i].octets + octet, 1);
		expect_answer(fd, rows[i].status, rows[i].body);
		assert_string_equal(app.body, rows[i].content);
	}
	/* All in one go: answers come in order. */
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		say(fd, rows[i].octets);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_answer(fd, rows[i].status, rows[i].body);
	close(fd);
	await(&app.gones, 3 * sizeof rows / sizeof rows[0]);
	assert_int_equal(app.bodies, 3 * sizeof rows / sizeof rows[0]);
	assert_int_equal(app.refusals, 0);
}

static void
a_wait_comes_before_100_continue(void **state)
{
	static const struct {
		const char *path;
		unsigned statuses[2];
	} rows[] = {
		{ "/now", { 100, 200 } },
		{ "/later", { 100, 202 } },
		{ "/wait", { 100, 200 } },
		{ "/wait-deny", { 403, 0 } },
		{ "/wait-later", { 202, 0 } },
		{ "/deny", { 401, 0 } },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char head[256];
		int fd = dial();

		snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
		    "Expect: 100-continue\r\n\r\n", rows[i].path);
		say(fd, head);
		expect_answer(fd, rows[i].statuses[0], NULL);
		if (rows[i].statuses[0] == 100) {
			say(fd, "abcd");
			expect_answer(fd, rows[i].statuses[1], NULL);
			say(fd, SECOND);
			expect_answer(fd, 200, "/second 0");
		} else {
			char c;

			assert_int_equal(hear_some(fd, &c, 1, DEADLINE_MS), 0);
		}
		close(fd);
	}
}

static void
answers_from_head(void **state)
{
	struct sbuf b;
	int fd = dial();

	/* Without a body the connection stays. */
	say(fd, "GET /deny HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 401, "who are you");
	say(fd, "GET /wait-deny HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 403, "no");
	say(fd, "GET /wait-later HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 202, "later");
	say(fd, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 200, "/now 0");
	/* With one it is closed, and what follows is not served. */
	say(fd, "POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd" SECOND);
	b = hear_all(fd);
	assert_int_equal(count(b.s, "\r\nDate: "), 1);
	assert_non_null(strstr(b.s, "HTTP/1.1 401 "));
	assert_non_null(strstr(b.s, "WWW-Authenticate: Basic realm=\"t\""));
	sbuf_done(&b);
	close(fd);
	await(&app.gones, 5);
	assert_int_equal(app.bodies, 1);
}

/* ---- bodies and limits -------------------------------------------------------------------------- */

static void
bad_bodies_are_refused(void **state)
{
	static char big_header[40100], many_headers[16100], big_target[20100], big_chunks[3000];
	const struct {
		const char *id;
		const char *octets;
		unsigned statuses[2];
	} rows[] = {
		{ "H-06", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" SECOND, { 400, 413 } },
		{ "H-06b", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n"
		    SECOND, { 400, 413 } },
		{ "H-06c", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n"
		    SECOND, { 400, 413 } },
		{ "H-06d", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdefg\r\n0\r\n\r\n"
		    SECOND, { 400, 413 } },
		{ "H-06e", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n"
		    SECOND, { 400, 413 } },
		{ "H-06f", "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"
		    SECOND, { 400, 413 } },
		{ "H-06g", big_chunks, { 413, 413 } },
		{ "H-07", big_header, { 431, 431 } },
		{ "H-07b", many_headers, { 431, 431 } },
		{ "H-07c", big_target, { 414, 414 } },
	};
	size_t i;

	i = (size_t)sprintf(big_header, "GET /now HTTP/1.1\r\nHost: h\r\nX: ");
	memset(big_header + i, 'a', 40000);
	memcpy(big_header + i + 40000, "\r\n\r\n", 5);
	i = (size_t)sprintf(many_headers, "GET /now HTTP/1.1\r\nHost: h\r\n");
	for (; i < 16000; i += 8)
		memcpy(many_headers + i, "X-Y: z\r\n", 9);
	memcpy(many_headers + i, "\r\n", 3);
	i = (size_t)sprintf(big_target, "GET /");
	memset(big_target + i, 'a', 20000);
	memcpy(big_target + i + 20000, " HTTP/1.1\r\nHost: h\r\n\r\n", 23);
	i = (size_t)sprintf(big_chunks, "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (; i < 1800;)	/* 1500 octets or so */
		i += (size_t)sprintf(big_chunks + i, "20\r\nabcdefghijklmnopqrstuvwxyz012345\r\n");
	sprintf(big_chunks + i, "0\r\n\r\n" SECOND);

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int fd = dial();
		struct sbuf b;
		unsigned status;

		say(fd, rows[i].octets);
		b = hear_all(fd);
		if (strncmp(b.s, "HTTP/1.1 ", 9) != 0)
			fail_msg("%s: \"%s\"", rows[i].id, b.s);
		status = (unsigned)atoi(b.s + 9);
		if ((status != rows[i].statuses[0] && status != rows[i].statuses[1]) || strstr(b.s, "/second"))
			fail_msg("%s: \"%s\"", rows[i].id, b.s);
		sbuf_done(&b);
		close(fd);
	}
	assert_int_equal(app.bodies, 0);
}

static void
held_bodies_have_a_limit(void **state)
{
	static const char post[] = "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
	static const char chunked[] = "POST /hold HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "4\r\nabcd\r\n";
	const struct http_answer done = { .status = 200, .body = span_str("done") };
	struct http_request *held[4];
	char body[1000];
	struct sbuf b;
	int fds[4], fd;
	size_t i;

	memset(body, 'x', sizeof body);
	for (i = 0; i < 4; i++) {
		fds[i] = dial();
		say(fds[i], post);
		say_n(fds[i], body, sizeof body);
		held[i] = await_held();
		assert_int_equal(http_request_body(held[i]).n, 1000);
	}
	/* 4000 octets are held: one more body is too much, a request without one is not. */
	fd = dial();
	say(fd, post);
	b = hear_all(fd);
	assert_non_null(strstr(b.s, "HTTP/1.1 503 "));
	assert_non_null(strstr(b.s, "Retry-After: 1\r\n"));
	sbuf_done(&b);
	close(fd);
	fd = dial();
	say(fd, chunked);
	b = hear_all(fd);
	assert_non_null(strstr(b.s, "HTTP/1.1 503 "));
	assert_non_null(strstr(b.s, "Retry-After: 1\r\n"));
	sbuf_done(&b);
	close(fd);
	fd = dial();
	say(fd, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 200, "/now 0");
	assert_string_equal(app.last_reason, "memory");
	/* One leaves, one may come. */
	http_answer_later(held[0], &done);
	expect_answer(fds[0], 200, "done");
	await(&app.gones, 4);		/* two refusals, one without a body, the one that leaves */
	say(fd, post);
	say_n(fd, body, sizeof body);
	held[0] = await_held();
	http_answer_later(held[0], &done);
	expect_answer(fd, 200, "done");
	close(fd);
	for (i = 0; i < 4; i++) {
		if (i > 0)
			http_answer_later(held[i], &done);
		if (i > 0)
			expect_answer(fds[i], 200, "done");
		close(fds[i]);
	}
}

/* A request whose answer is to come, on a connection of its own. */
static struct http_request *
ask_to_hold(int *fd)
{
	*fd = dial();
	say(*fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
	return await_held();
}

/* The body that comes is this long and no more. */
static void
take_large(int fd, size_t n)
{
	struct sbuf b = hear_all(fd);
	const char *body = strstr(b.s, "\r\n\r\n");

	assert_int_equal(strncmp(b.s, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(body);
	assert_int_equal(b.n - (size_t)(body + 4 - b.s), n);
	sbuf_done(&b);
	close(fd);
}

/* Large answers that their peers do not take are held, too; an answer that may be asked for again gives way. */
static void
held_answers_have_a_limit(void **state)
{
	enum { LARGE = 16 << 20 };	/* more than the kernel takes */
	struct http_server_config cf = plain;
	char *octets = calloc(1, LARGE);
	const struct http_answer
	    large = { .status = 200, .body = span_of((uint8_t *)octets, LARGE), .close = true },
	    again = { .status = 200, .body = span_of((uint8_t *)octets, LARGE), .close = true, .repeatable = true },
	    small = { .status = 200, .body = span_of((uint8_t *)octets, HTTP_ANSWER_SMALL), .close = true, .repeatable = true },
	    more = { .status = 200, .body = span_of((uint8_t *)octets, HTTP_ANSWER_SMALL + 1), .close = true,
		.repeatable = true };
	struct http_request *rq;
	struct sbuf b;
	int fds[3], fd;
	size_t i;

	cf.max_held = 1 << 20;
	serve(&cf);
	rq = ask_to_hold(&fds[0]);
	http_answer_later(rq, &again);		/* of any size, as it is alone */
	for (i = 0; i < 2; i++) {
		rq = ask_to_hold(&fd);
		http_answer_later(rq, i == 0 ? &again : &more);
		b = hear_all(fd);
		assert_non_null(strstr(b.s, "HTTP/1.1 503 "));
		assert_non_null(strstr(b.s, "Retry-After: 1\r\n"));
		assert_non_null(strstr(b.s, "try again"));
		sbuf_done(&b);
		close(fd);
		assert_string_equal(app.last_reason, "memory");
		assert_int_equal(app.refusals, i + 1);
	}
	rq = ask_to_hold(&fd);
	http_answer_later(rq, &small);
	take_large(fd, HTTP_ANSWER_SMALL);
	take_large(fds[0], LARGE);
	await(&app.gones, 4);			/* the first has left, and there is room for another */
	rq = ask_to_hold(&fds[0]);
	http_answer_later(rq, &again);
	take_large(fds[0], LARGE);
	unserve();

	cf.max_held = 2 * LARGE + 100;
	serve(&cf);
	for (i = 0; i < 3; i++) {
		rq = ask_to_hold(&fds[i]);
		http_answer_later(rq, i == 2 ? &large : &again);
	}
	fd = dial();				/* what is told once goes out, and others wait for it */
	say(fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
	b = hear_all(fd);
	assert_non_null(strstr(b.s, "HTTP/1.1 503 "));
	sbuf_done(&b);
	close(fd);
	for (i = 0; i < 3; i++)
		take_large(fds[i], LARGE);
	unserve();
	free(octets);
}

static void
early_answers_are_not_lost(void **state)
{
	enum { SIZE = 900000 };
	static const struct {
		const char *head;
		unsigned status;
	} rows[] = {
		{ "POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n", 401 },
		{ "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n", 413 },
		{ "PUT /now HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n", 405 },
	};
	struct http_server_config cf = plain;
	char *body = calloc(1, SIZE);
	size_t i, sent;
	ssize_t n;

	cf.max_body = cf.max_held = 1 << 20;
	serve(&cf);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int fd = dial();
		struct sbuf b;

		say(fd, rows[i].head);
		/* A peer that gives up at its first failed send would never see the answer. */
		for (sent = 0; sent < SIZE; sent += (size_t)n) {
			n = send(fd, body + sent, SIZE - sent, MSG_NOSIGNAL);
			if (n < 0)
				fail_msg("row %zu: %s after %zu octets", i, strerror(errno), sent);
		}
		b = hear_all(fd);
		if (strncmp(b.s, "HTTP/1.1 ", 9) != 0 || (unsigned)atoi(b.s + 9) != rows[i].status)
			fail_msg("row %zu: \"%s\"", i, b.s);
		sbuf_done(&b);
		close(fd);
	}
	free(body);
	unserve();
}

static void
one_connection_many_requests(void **state)
{
	static const char post[] = "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd";
	int fd = dial();
	unsigned i;

	for (i = 0; i < 2000; i++) {
		say(fd, post);
		if (i % 10 == 9) {	/* ten on the way at a time */
			unsigned n;

			for (n = 0; n < 10; n++)
				expect_answer(fd, 202, "later");
		}
	}
	close(fd);
	await(&app.gones, 2000);
}

/* ---- peers that are slow or vanish ----------------------------------------------------------------- */

/* In the two that follow the time is ours: it goes on only when the server has had a turn. */
enum { STEP_MS = 100, CUT_MS = 5000 };

static void
time_goes_on(int fd)
{
	clock_fake_advance(STEP_MS);
	say(fd, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 200, "/now 0");
}

static int
fake_set_up(void **state)
{
	clock_fake(INT64_C(1767366300000));		/* 2026-01-02T15:05:00Z */
	return 0;
}

static int
fake_tear_down(void **state)
{
	clock_real();
	return 0;
}

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void
slow_heads_are_cut(void **state)
{
	enum { SLOW = 40 };
	struct http_server_config cf = plain;
	int64_t start = clock_mono_ms();
	unsigned i, left = SLOW;
	int fd, slow[SLOW];

	cf.head_timeout_s = 1;
	serve(&cf);
	fd = dial();
	for (i = 0; i < SLOW; i++) {
		slow[i] = dial();
		if (i % 4 != 0)		/* the others stay silent, or in their first line */
			say(slow[i], i % 4 == 1 ? "GET /now" : "GET /now HTTP/1.1\r\nHost: h\r\n");
	}
	while (left > 0) {
		int64_t age;

		time_goes_on(fd);
		age = clock_mono_ms() - start;
		assert_true(age < CUT_MS);
		for (i = 0; i < SLOW; i++) {
			char c;

			if (slow[i] >= 0 && is_readable(slow[i])) {
				assert_int_equal(hear_some(slow[i], &c, 1, 0), 0);
				if (age <= 1000)
					fail_msg("%u was cut after %d ms already", i, (int)age);
				close(slow[i]);
				slow[i] = -1;
				left--;
			} else if (slow[i] >= 0 && i % 4 != 0) {
				say(slow[i], i % 4 == 1 ? "a" : "X: y\r\n");
			}
		}
	}
	assert_int_equal(app.refusals, SLOW / 2);	/* silent ones and half lines are not worth counting */
	assert_string_equal(app.last_reason, "slow head");
	close(fd);
	unserve();
}

static void
slow_bodies_are_cut_but_not_who_waits_for_us(void **state)
{
	const struct http_answer done = { .status = 200, .body = span_str("done") };
	struct http_server_config cf = plain;
	struct http_request *held;
	int64_t start = clock_mono_ms(), age;
	int fd, slow, waiting;
	char c;

	cf.head_timeout_s = cf.request_timeout_s = 1;
	serve(&cf);
	fd = dial();
	waiting = dial();
	say(waiting, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
	held = await_held();
	slow = dial();
	say(slow, "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
	do {
		say(slow, "x");
		time_goes_on(fd);
		age = clock_mono_ms() - start;
		assert_true(age < CUT_MS);
	} while (!is_readable(slow));
	assert_true(age > 1000);
	assert_int_equal(hear_some(slow, &c, 1, 0), 0);
	close(slow);
	await(&app.refusals, 1);
	assert_string_equal(app.last_reason, "slow body");
	/* The other one is older, but it waits for us. */
	http_answer_later(held, &done);
	expect_answer(waiting, 200, "done");
	close(waiting);
	close(fd);
	unserve();
}

/* The library's own clock is not ours: when the machine stands still before the request, once more. */
static void
idle_connections_are_closed(void **state)
{
	struct http_server_config cf = plain;
	unsigned status;

	cf.idle_timeout_s = 1;
	do {
		char text[64], c;
		int fd;

		serve(&cf);
		fd = dial();
		say(fd, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
		status = hear_answer(fd, text, sizeof text);
		if (status == 200)
			assert_int_equal(hear_some(fd, &c, 1, DEADLINE_MS), 0);
		close(fd);
		unserve();
		cf.idle_timeout_s *= 2;
	} while (status == 0 && cf.idle_timeout_s <= 32);
	assert_int_equal(status, 200);
}

static void
peers_that_vanish(void **state)
{
	static const char *const octets[] = {
		"POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 400\r\n\r\nabcd",
		"POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd",
		"POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd",
		"POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd",
		"POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n",
	};
	const struct http_answer done = { .status = 200, .body = span_str("done") };
	const struct linger reset = { .l_onoff = 1 };
	struct http_request *held;
	unsigned i, n = 0;
	int fd;

	for (i = 0; i < 2 * sizeof octets / sizeof octets[0]; i++) {
		fd = dial();
		say(fd, octets[i / 2]);
		await(&app.requests, ++n);
		if (i % 2 != 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
		await(&app.gones, n);
	}
	for (i = 0; i < 2; i++) {
		fd = dial();
		say(fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
		held = await_held();
		if (i % 2 != 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
		assert_int_equal(app.gones, n);		/* ours until we answer */
		http_answer_later(held, &done);
		await(&app.gones, ++n);
	}
	/* Half a head: nobody is told. */
	fd = dial();
	say(fd, "GET /now HTTP/1.1\r\nHost: ");
	close(fd);
	fd = dial();
	say(fd, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(fd, 200, "/now 0");
	close(fd);
	await(&app.gones, n + 1);
	assert_int_equal(app.refusals, 0);
}

/* ---- start and stop ------------------------------------------------------------------------------------ */

static void
ports_and_addresses(void **state)
{
	struct http_server_config cf = plain;
	struct http_server *second;
	struct why why;
	char text[64];
	uint16_t port;
	int fd;

	cf.host = NULL;
	serve(&cf);
	port = http_server_port(app.server);
	fd = dial_to(port, false);
	say(fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
	{
		struct http_request *rq = await_held();
		const struct http_answer a = { .status = 200 };

		assert_string_equal(http_request_peer(rq), "127.0.0.1");
		assert_int_equal(http_request_sockaddr(rq)->sa_family, AF_INET);
		http_answer_later(rq, &a);
		expect_answer(fd, 200, "");
	}
	close(fd);
	fd = dial_to(port, true);
	if (fd >= 0) {		/* a machine without IPv6 has nothing to check */
		struct http_request *rq;
		const struct http_answer a = { .status = 204 };

		say(fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
		rq = await_held();
		assert_string_equal(http_request_peer(rq), "::1");
		assert_int_equal(http_request_sockaddr(rq)->sa_family, AF_INET6);
		http_answer_later(rq, &a);
		await(&app.gones, 2);
		close(fd);
	}
	/* Nobody else gets the port, however many threads he has. */
	snprintf(text, sizeof text, "port %u: address already in use", port);
	cf.port = port;
	for (cf.loops = 1; cf.loops <= 2; cf.loops++) {
		assert_int_equal(http_server_start(&cf, &app_calls, &second, &why), ERR_IO);
		assert_null(second);
		assert_string_equal(why.text, text);
	}
	unserve();
	/* And it is free at once. */
	cf.host = "127.0.0.1";
	cf.loops = 2;
	serve(&cf);
	assert_int_equal(http_server_port(app.server), port);
	assert_int_equal(http_server_start(&cf, &app_calls, &second, &why), ERR_IO);
	assert_string_equal(why.text, text);
	unserve();
	cf.host = "localhost.";
	assert_int_equal(http_server_start(&cf, &app_calls, &second, &why), ERR_IO);
	assert_non_null(strstr(why.text, "not a numeric address"));
	cf.host = "192.0.2.1";
	assert_int_equal(http_server_start(&cf, &app_calls, &second, &why), ERR_IO);
	assert_non_null(strstr(why.text, "no such address"));
}

static void
several_loops(void **state)
{
	struct http_server_config cf = plain;
	int fds[32];
	unsigned i, round;

	cf.loops = 2;
	serve(&cf);
	for (i = 0; i < 32; i++)
		fds[i] = dial();
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 32; i++)
			say(fds[i], i % 2 ? "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd" :
			    "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
		for (i = 0; i < 32; i++)
			expect_answer(fds[i], i % 2 ? 202 : 200, i % 2 ? "later" : "/wait 4");
	}
	for (i = 0; i < 32; i++)
		close(fds[i]);
	unserve();
	assert_int_equal(app.gones, 20 * 32);
}

static void
connections_per_address_are_limited(void **state)
{
	struct http_server_config cf = plain;
	int fds[10];
	unsigned i, refused = 0;

	cf.max_per_address = 8;
	serve(&cf);
	for (i = 0; i < 10; i++) {
		char c;

		fds[i] = dial();
		say(fds[i], "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
		if (i < 8)
			expect_answer(fds[i], 200, "/now 0");
		else
			refused += hear_some(fds[i], &c, 1, DEADLINE_MS) == 0;
	}
	assert_int_equal(refused, 2);
	for (i = 0; i < 10; i++)
		close(fds[i]);
	unserve();
}

static void
quiesce_lets_the_running_finish(void **state)
{
	const struct http_answer done = { .status = 200, .body = span_str("done") };
	struct http_request *held;
	struct sbuf b;
	int idle = dial(), busy = dial(), half = dial();
	uint16_t port = http_server_port(app.server);
	char c;

	say(idle, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answer(idle, 200, "/now 0");
	say(busy, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
	held = await_held();
	say(half, "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
	await(&app.requests, 3);
	http_server_quiesce(app.server);
	http_server_quiesce(app.server);
	assert_int_equal(dial_to(port, false), -1);
	assert_int_equal(hear_some(idle, &c, 1, DEADLINE_MS), 0);
	http_answer_later(held, &done);
	b = hear_all(busy);
	assert_non_null(strstr(b.s, "HTTP/1.1 200 "));
	assert_non_null(strstr(b.s, "Connection: close\r\n"));
	sbuf_done(&b);
	say(half, "cd");
	expect_answer(half, 200, "/now 4");
	close(idle);
	close(busy);
	close(half);
}

/* ---- what a request says --------------------------------------------------------------------------------- */

static void
list_header(void *arg, const char *name, const char *value)
{
	sbuf_fmt(arg, "%s=%s;", name, value);
}

static void
parameters_and_headers(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "a", "1" }, { "b", "x y" }, { "c", "" }, { "d", "" }, { "e f", "g&=h" }, { "bad", NULL },
		{ "nul", NULL }, { "none", NULL }, { "u", "\xC3\xA9" }, { "last", "z" },
	};
	const struct http_answer done = { .status = 200 };
	struct sbuf headers = { 0 };
	struct http_request *rq;
	int fd = dial();
	size_t i;

	say(fd, "GET /hold?a=1&a=2&b=x+y&c=&d&e+f=g%26=h&bad=%zz&nul=a%00b&u=%C3%A9&&last=z HTTP/1.1\r\n"
	    "Host: h\r\nX-One: 1\r\nx-two:  2\r\nX-One: 3\r\nX-Empty:\r\n\r\n");
	rq = await_held();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *value = http_request_param(rq, rows[i].name);

		if (rows[i].value == NULL && value != NULL)
			fail_msg("%s has the value %s", rows[i].name, value);
		if (rows[i].value != NULL) {
			assert_non_null(value);
			assert_string_equal(value, rows[i].value);
		}
		free(value);
	}
	http_request_headers(rq, list_header, &headers);
	assert_string_equal(headers.s, "Host=h;X-One=1;x-two=2;X-One=3;X-Empty=;");
	sbuf_done(&headers);
	assert_string_equal(http_request_header(rq, "X-TWO"), "2");
	assert_null(http_request_header(rq, "X-Three"));
	http_answer_later(rq, &done);
	expect_answer(fd, 200, "");
	close(fd);
}

static void
stop_answers_who_waits(void **state)
{
	const struct http_answer late = { .status = 200, .body = span_str("too late") };
	struct http_request *rq;
	int fd, idle;

	serve(&plain);
	idle = dial();
	fd = dial();
	say(fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
	rq = await_held();
	assert_string_equal(http_request_peer(rq), "127.0.0.1");
	assert_string_equal(http_request_method(rq), "POST");
	assert_string_equal(http_request_header(rq, "HOST"), "h");
	unserve();
	expect_answer(fd, 503, "shutting down");
	assert_int_equal(app.gones, 1);
	close(fd);
	close(idle);

	serve(&plain);
	fd = dial();
	say(fd, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
	rq = await_held();
	http_answer_later(rq, &late);
	expect_answer(fd, 200, "too late");
	close(fd);
	unserve();
	assert_int_equal(app.gones, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bad_heads_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(good_requests_are_served, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wait_comes_before_100_continue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_from_head, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_bodies_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(held_bodies_have_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_connection_many_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(peers_that_vanish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(quiesce_lets_the_running_finish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parameters_and_headers, set_up, tear_down),
		cmocka_unit_test(held_answers_have_a_limit),
		cmocka_unit_test(early_answers_are_not_lost),
		cmocka_unit_test_setup_teardown(slow_heads_are_cut, fake_set_up, fake_tear_down),
		cmocka_unit_test_setup_teardown(slow_bodies_are_cut_but_not_who_waits_for_us, fake_set_up,
		    fake_tear_down),
		cmocka_unit_test(idle_connections_are_closed),
		cmocka_unit_test(ports_and_addresses),
		cmocka_unit_test(several_loops),
		cmocka_unit_test(connections_per_address_are_limited),
		cmocka_unit_test(stop_answers_who_waits),
	};

	log_open(LOG_LEVEL_NONE, NULL);
	return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
