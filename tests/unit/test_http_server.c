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

enum { DEADLINE_MS = 10000 };

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
	char last_reason[32];
	char path[64], query[64], body[64];	/* of the last request that had a body() */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct http_request *held;	/* "/hold": kept until the test answers */
} app;

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
	}
	return n;
}

static enum http_next
app_head(void *arg, struct http_request *rq)
{
	const char *path = http_request_path(rq);
	struct note *n = note_of(rq);
	char text[8];

	assert_ptr_equal(arg, &app);
	app.heads++;
	if (strcmp(path, "/deny") == 0) {
		const struct http_answer a = { .status = 401, .body = span_str("who are you"),
			.extra = { { "WWW-Authenticate", "Basic realm=\"t\"" } } };

		http_answer(rq, &a);
		return HTTP_ANSWERED;
	}
	if ((strcmp(path, "/wait") == 0 || strcmp(path, "/wait-deny") == 0) && !n->waited) {
		n->waited = n->proceed = true;
		assert_int_equal(http_request_body(rq).n, 0);
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

	assert_ptr_equal(arg, &app);
	app.bodies++;
	snprintf(app.path, sizeof app.path, "%s", path);
	snprintf(app.query, sizeof app.query, "%s", http_request_query(rq));
	snprintf(app.body, sizeof app.body, "%.*s", (int)body.n, (const char *)body.p);
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
	assert_ptr_equal(arg, &app);
	assert_non_null(http_request_data(rq));
	free(http_request_data(rq));
	app.gones++;
	changed();
}

static void
app_refused(void *arg, const char *peer, const char *reason)
{
	assert_ptr_equal(arg, &app);
	assert_true(strcmp(peer, "127.0.0.1") == 0 || strcmp(peer, "::1") == 0);
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
	queue_close(&app.queue);
	pthread_join(app.thread, NULL);
	queue_done(&app.queue);
	pthread_cond_destroy(&app.changed);
	pthread_mutex_destroy(&app.lock);
}

static const struct http_server_config plain = { .name = "test", .host = "127.0.0.1",
	.methods = "GET, POST", .max_body = 1000, .max_held = 4000, .max_per_address = 500 };

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
	await(&app.gones, 4);
	assert_int_equal(app.bodies, 1);
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
		cmocka_unit_test(stop_answers_who_waits),
	};

	log_open(LOG_LEVEL_NONE, NULL);
	return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
