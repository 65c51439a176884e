/* test_http_client.c - the HTTP client against a server that answers well, badly, slowly or not. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http_client.h"

enum {
	DEADLINE_MS = 60000,
	SHORT_MS = 300,			/* a client's time-out where one is wanted, and ... */
	SHORT_MAX_MS = 40000,		/* ... what it may grow to on a machine that stands still at times */
	CONNECTIONS = 64
};

/* What does not have to time out has time. */
static const struct http_client_config patient = {
	.timeout_ms = DEADLINE_MS, .connect_timeout_ms = DEADLINE_MS
};

/* ---- a server whose behaviour is in the path -------------------------------------------------- */

static struct server {
	int fd;
	uint16_t port;
	pthread_t thread, peers[CONNECTIONS];
	unsigned n_peers;
	atomic_uint accepted, requests, open, most_open;
} servers[2];

struct peer {
	struct server *server;
	int fd;
};

static bool
say_n(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n > 0) {
		ssize_t sent = send(fd, s, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		s += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool
say(int fd, const char *s)
{
	return say_n(fd, s, strlen(s));
}

/* A wait with a time-out is interrupted when the process is stopped and goes on. */
static ssize_t
hear(int fd, char *out, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, out, size, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Until the client closes. */
static void
wait_for_end(int fd)
{
	char c[512];

	while (hear(fd, c, sizeof c) > 0)
		;
}

/* One request with its body; false at the end of the connection. */
static bool
hear_request(int fd, char *out, size_t size)
{
	size_t n = 0, want = 0;
	char *end = NULL, *length;

	while (end == NULL || n < want) {
		ssize_t got = n + 1 < size ? hear(fd, out + n, size - 1 - n) : 0;

		if (got <= 0)
			return false;
		n += (size_t)got;
		out[n] = '\0';
		if (end == NULL && (end = strstr(out, "\r\n\r\n")) != NULL) {
			length = strstr(out, "Content-Length: ");
			want = (size_t)(end - out) + 4 + (length != NULL && length < end ? (size_t)atoi(length + 16) : 0);
		}
	}
	return true;
}

/* True when the connection stays. */
static bool
behave(int fd, const char *path, const char *request)
{
	static char block[8192];
	char head[128];

	if (strncmp(path, "/echo", 5) == 0) {
		snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(request));
		return say(fd, head) && say(fd, request);
	}
	if (strncmp(path, "/302", 4) == 0)
		return say(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inner\r\nContent-Length: 0\r\n\r\n");
	if (strncmp(path, "/kept", 5) == 0)
		return say(fd, "HTTP/1.1 100 Continue\r\nX-Kept: early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/x; a=b\r\n"
		    "X-Kept: one\r\nx-kept: two, too\r\nContent-Length: 2\r\n\r\nhi");
	if (strncmp(path, "/100", 4) == 0)
		return say(fd, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
	if (strncmp(path, "/endless", 8) == 0) {
		if (say(fd, "HTTP/1.1 202 Accepted\r\n\r\n"))
			while (say_n(fd, block, sizeof block))
				;
	} else if (strncmp(path, "/longhead", 9) == 0) {
		if (say(fd, "HTTP/1.1 200 OK\r\n"))
			while (say(fd, "X-Y: 0123456789012345678901234567890123456789\r\n"))
				;
	} else if (strncmp(path, "/stuck", 6) == 0) {
		if (say(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\nx"))
			wait_for_end(fd);
	} else if (strncmp(path, "/headless", 9) == 0) {
		if (say(fd, "HTTP/1.1 200 OK\r\nContent-Le"))
			wait_for_end(fd);
	} else if (strncmp(path, "/never", 6) == 0) {
		wait_for_end(fd);
	} else if (strncmp(path, "/short", 6) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort");
	} else if (strncmp(path, "/http09", 7) == 0) {
		say(fd, "hello\n");
	} else if (strncmp(path, "/half", 5) == 0) {
		say(fd, "HTTP/1.1 20");
	}
	return false;
}

static void *
serve_peer(void *arg)
{
	struct peer *p = arg;
	struct server *sv = p->server;
	unsigned open = ++sv->open, most = sv->most_open;
	char request[16384];
	bool stays = true;

	while (open > most && !atomic_compare_exchange_weak(&sv->most_open, &most, open))
		;
	while (stays && hear_request(p->fd, request, sizeof request)) {
		const char *path = strchr(request, ' ');

		sv->requests++;
		stays = path != NULL && behave(p->fd, path + 1, request);
	}
	sv->open--;
	close(p->fd);
	free(p);
	return NULL;
}

static void *
accept_peers(void *arg)
{
	static const struct timeval patience = { 90, 0 };	/* a test that failed leaves its client open */
	struct server *sv = arg;
	int fd;

	while ((fd = accept(sv->fd, NULL, NULL)) >= 0 && sv->n_peers < CONNECTIONS) {
		struct peer *p = malloc(sizeof *p);

		*p = (struct peer){ sv, fd };
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		sv->accepted++;
		pthread_create(&sv->peers[sv->n_peers++], NULL, serve_peer, p);
	}
	return NULL;
}

static struct loop *loop;

static int
set_up(void **state)
{
	unsigned i;

	loop = loop_create();
	for (i = 0; i < 2; i++) {
		struct server *sv = &servers[i];
		struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t n = sizeof addr;

		*sv = (struct server){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
		assert_int_equal(bind(sv->fd, (struct sockaddr *)&addr, n), 0);
		assert_int_equal(listen(sv->fd, 50), 0);
		getsockname(sv->fd, (struct sockaddr *)&addr, &n);
		sv->port = ntohs(addr.sin_port);
		pthread_create(&sv->thread, NULL, accept_peers, sv);
	}
	return 0;
}

/* The clients are gone by now, so every connection has ended. */
static int
tear_down(void **state)
{
	unsigned i, k;

	for (i = 0; i < 2; i++) {
		shutdown(servers[i].fd, SHUT_RDWR);
		pthread_join(servers[i].thread, NULL);
		close(servers[i].fd);
		for (k = 0; k < servers[i].n_peers; k++)
			pthread_join(servers[i].peers[k], NULL);
	}
	loop_destroy(&loop);
	return 0;
}

static const char *
url(unsigned server, const char *path)
{
	static char text[4][256];
	static unsigned at;

	at = (at + 1) % 4;
	snprintf(text[at], sizeof text[at], "http://127.0.0.1:%u%s", servers[server].port, path);
	return text[at];
}

/* ---- one request and what came of it --------------------------------------------------------------- */

struct outcome {
	unsigned calls;
	bool inside_send;
	bool deny;			/* for the check */
	unsigned checks;
	bool transport_ok;
	unsigned status;
	char error[WHY_MAX + 1];
	struct sbuf body;
	bool whole, has_kept, unsent;
	char type[64], kept[64], header[64];	/* header: X-Kept, found in the head */
};

static void
on_done(void *arg, const struct http_result *res)
{
	struct outcome *o = arg;
	struct span header;
	int err;

	assert_false(o->inside_send);
	o->calls++;
	o->transport_ok = res->transport_ok;
	o->status = res->status;
	assert_true(res->transport_ok == (res->error == NULL));
	snprintf(o->error, sizeof o->error, "%s", res->error != NULL ? res->error : "");
	sbuf_clear(&o->body);
	sbuf_str(&o->body, "");
	sbuf_span(&o->body, res->body);
	o->whole = res->whole;
	o->has_kept = res->kept != NULL;
	o->unsent = res->unsent;
	err = http_result_header(res, "X-KEPT", &header);
	assert_int_equal(err, header.n > 0 ? OK : ERR_NOT_FOUND);
	snprintf(o->header, sizeof o->header, "%.*s", (int)header.n, (const char *)header.p);
	assert_int_equal(http_result_header(res, "X-Kep", &header), ERR_NOT_FOUND);
	assert_int_equal(http_result_header(res, "HTTP/1.1 200 OK", &header), ERR_NOT_FOUND);
	snprintf(o->type, sizeof o->type, "%s", res->type);
	snprintf(o->kept, sizeof o->kept, "%s", res->kept != NULL ? res->kept : "");
}

static bool
check(void *arg, const struct sockaddr *addr)
{
	struct outcome *o = arg;

	o->checks++;
	assert_true(address_is_inner(addr));
	return !o->deny;
}

static void
send_one(struct http_client *client, const char *method, const char *to, const char *const *headers,
    const char *body, http_address_check may, struct outcome *o)
{
	o->inside_send = true;
	http_client_send(client, method, to, headers, span_str(body), may, on_done, o);
	o->inside_send = false;
}

static void
await(const struct outcome *o)
{
	int64_t until = clock_mono_ms() + DEADLINE_MS;

	while (o->calls == 0) {
		if (clock_mono_ms() > until)
			fail_msg("no outcome");
		loop_turn(loop, 100);
	}
}

static void
await_requests(unsigned server, unsigned n)
{
	int64_t until = clock_mono_ms() + DEADLINE_MS;

	while (servers[server].requests < n) {
		if (clock_mono_ms() > until)
			fail_msg("%u requests instead of %u", servers[server].requests, n);
		loop_turn(loop, 10);
	}
}

static void
requests_and_answers(void **state)
{
	static const char *const headers[] = { "Content-Type", "application/xml", "X-Empty", "", "X-Two", "a: b", NULL };
	static const struct {
		const char *method;
		const char *path;
		bool with_headers;
		const char *body;
		unsigned status;
		const char *begins, *has;
	} rows[] = {
		{ "POST", "/echo", true, "<a/>", 200, "POST /echo HTTP/1.1\r\nHost: 127.0.0.1:", "\r\nContent-Type: application/xml\r\n" },
		{ "POST", "/echo", true, "<a/>", 200, "POST", "\r\nX-Empty:\r\nX-Two: a: b\r\n" },
		{ "POST", "/echo", false, "<a/>", 200, "POST", "\r\nContent-Length: 4\r\n\r\n<a/>" },
		{ "POST", "/echo", false, "", 200, "POST", "\r\nContent-Length: 0\r\n\r\n" },
		{ "GET", "/echo?a=%20#f", true, "", 200, "GET /echo?a=%20 HTTP/1.1\r\n", "\r\nUser-Agent: openppg\r\n" },
		{ "DELETE", "/echo", false, "", 200, "DELETE /echo HTTP/1.1\r\n", "\r\nHost: 127.0.0.1:" },
		{ "PUT", "/echo", false, "abc", 200, "PUT /echo HTTP/1.1\r\n", "\r\nContent-Length: 3\r\n\r\nabc" },
		{ "GET", "/302", false, "", 302, "", "" },
		{ "POST", "/100", false, "x", 204, "", "" },
	};
	struct http_client *client = http_client_create(loop, &patient);
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct outcome o = { 0 };

		send_one(client, rows[i].method, url(0, rows[i].path), rows[i].with_headers ? headers : NULL,
		    rows[i].body, NULL, &o);
		await(&o);
		if (!o.transport_ok || o.status != rows[i].status)
			fail_msg("row %zu: %u %s", i, o.status, o.error);
		if (strncmp(o.body.s, rows[i].begins, strlen(rows[i].begins)) != 0 ||
		    strstr(o.body.s, rows[i].has) == NULL)
			fail_msg("row %zu: %s", i, o.body.s);
		assert_null(strstr(o.body.s, "Expect:"));
		assert_null(strstr(o.body.s, "form-urlencoded"));
		sbuf_done(&o.body);
	}
	assert_int_equal(servers[0].accepted, 1);	/* all on one connection */
	http_client_destroy(&client);
	assert_null(client);
}

static void
bad_receivers(void **state)
{
	static const struct {
		const char *path;
		bool by_time;			/* only the time-out ends it */
		bool transport_ok;
		unsigned status;
		size_t body_n;
		const char *error;
	} rows[] = {
		{ "/endless", false, true, 202, 65536, "" },	/* N-01: counts by its status */
		{ "/stuck", true, true, 202, 1, "" },		/* N-01 */
		{ "/short", false, true, 200, 5, "" },
		{ "/headless", true, false, 0, 0, "timed out" },
		{ "/never", true, false, 0, 0, "timed out" },
		{ "/longhead", false, false, 0, 0, "head of the answer is longer" },
		{ "/http09", false, false, 0, 0, "HTTP/0.9" },
		{ "/half", false, false, 0, 0, "" },
		{ "/close", false, false, 0, 0, "Empty reply" },
	};
	struct http_client *steady = http_client_create(loop, &patient);
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_client_config cf = { .timeout_ms = SHORT_MS };
		struct outcome o;
		bool again;

		do {
			struct http_client *client = rows[i].by_time ? http_client_create(loop, &cf) : steady;

			o = (struct outcome){ 0 };
			send_one(client, "POST", url(0, rows[i].path), NULL, "x", NULL, &o);
			await(&o);
			if (rows[i].by_time)
				http_client_destroy(&client);
			assert_int_equal(o.calls, 1);
			/* When the machine stood still, the time may be over before the status was read. */
			again = rows[i].by_time && rows[i].transport_ok && !o.transport_ok &&
			    strstr(o.error, "timed out") != NULL && cf.timeout_ms < SHORT_MAX_MS;
			if (again) {
				cf.timeout_ms *= 2;
				sbuf_done(&o.body);
			}
		} while (again);
		if (o.transport_ok != rows[i].transport_ok || o.status != rows[i].status ||
		    o.body.n != rows[i].body_n || strstr(o.error, rows[i].error) == NULL ||
		    (!rows[i].transport_ok && o.error[0] == '\0'))
			fail_msg("%s: %u, %zu octets, %s", rows[i].path, o.status, o.body.n, o.error);
		sbuf_done(&o.body);
	}
	http_client_destroy(&steady);
}

static void
wrong_requests(void **state)
{
	static const char *const injected[] = { "X-A", "b\r\nX-C: d", NULL };
	static const char *const no_name[] = { "X A", "b", NULL };
	static const struct {
		const char *method, *url;
		const char *const *headers;
		const char *error;
	} rows[] = {
		{ "GET", "file:///etc/passwd", NULL, "http:// or https://" },
		{ "GET", "http://user:secret@127.0.0.1/", NULL, "user information" },
		{ "GET", "http://127.0.0.1:0/", NULL, "port" },
		{ "GET", "", NULL, "http://" },
		{ "GET\r\n", "http://127.0.0.1/", NULL, "method" },
		{ "", "http://127.0.0.1/", NULL, "method" },
		{ "POST", "http://127.0.0.1/", injected, "request header 1" },
		{ "POST", "http://127.0.0.1/", no_name, "request header 1" },
	};
	struct http_client *client = http_client_create(loop, &patient);
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct outcome o = { 0 };

		send_one(client, rows[i].method, rows[i].url, rows[i].headers, "", NULL, &o);
		await(&o);
		if (o.transport_ok || strstr(o.error, rows[i].error) == NULL || strstr(o.error, "secret") != NULL)
			fail_msg("row %zu: %s", i, o.error);
		sbuf_done(&o.body);
	}
	http_client_destroy(&client);
}

static void
addresses_are_checked(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "2130706433", "0x7f.1" };
	struct http_client *client = http_client_create(loop, &patient);
	struct outcome o = { .deny = true };
	char text[64];
	size_t i;

	for (i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		snprintf(text, sizeof text, "http://%s:%u/echo", hosts[i], servers[0].port);
		o = (struct outcome){ .deny = true };
		send_one(client, "GET", text, NULL, "", check, &o);
		await(&o);
		if (o.transport_ok || strstr(o.error, "may not be connected to") == NULL || o.checks == 0)
			fail_msg("%s: %u %s", hosts[i], o.status, o.error);
		sbuf_done(&o.body);
	}

	/* Allowed for one request, which leaves a connection behind, and not for the next. */
	o = (struct outcome){ 0 };
	send_one(client, "GET", url(0, "/echo"), NULL, "", check, &o);
	await(&o);
	assert_int_equal(o.status, 200);
	assert_true(o.checks > 0);
	sbuf_done(&o.body);
	o = (struct outcome){ .deny = true };
	send_one(client, "GET", url(0, "/echo"), NULL, "", check, &o);
	await(&o);
	assert_false(o.transport_ok);
	assert_string_equal(o.error, "address 127.0.0.1 may not be connected to");
	sbuf_done(&o.body);
	assert_int_equal(servers[0].requests, 1);
	assert_int_equal(servers[0].accepted, 1);	/* in order: none came before that one */
	http_client_destroy(&client);
}

/* N-02: many wait for one that never answers; others are not held up, and it sees four at a time. */
static void
a_silent_host_harms_nobody(void **state)
{
	enum { SILENT = 8, OTHERS = 20, AT_A_TIME = 4 };
	struct http_client *client = http_client_create(loop, &patient);
	struct outcome silent[SILENT] = { { 0 } }, others[OTHERS] = { { 0 } };
	size_t i;

	for (i = 0; i < SILENT; i++)
		send_one(client, "POST", url(0, "/never"), NULL, "x", NULL, &silent[i]);
	for (i = 0; i < OTHERS; i++)
		send_one(client, "POST", url(1, "/echo"), NULL, "x", NULL, &others[i]);
	for (i = 0; i < OTHERS; i++) {
		await(&others[i]);
		assert_int_equal(others[i].status, 200);
		sbuf_done(&others[i].body);
	}
	await_requests(0, AT_A_TIME);
	for (i = 0; i < SILENT; i++)
		assert_int_equal(silent[i].calls, 0);	/* none of those has even ended */
	assert_int_equal(servers[0].accepted, AT_A_TIME);
	assert_true(servers[1].most_open <= AT_A_TIME);
	http_client_destroy(&client);
	for (i = 0; i < SILENT; i++) {
		assert_int_equal(silent[i].calls, 1);
		assert_false(silent[i].transport_ok);
		sbuf_done(&silent[i].body);
	}
	assert_int_equal(servers[0].requests, AT_A_TIME);
}

/* N-02: the time of one that waits for its turn starts with its turn. */
static void
each_has_its_own_whole_time(void **state)
{
	enum { SILENT = 3 };
	struct http_client_config cf = { .timeout_ms = SHORT_MS, .max_per_host = 1 };
	unsigned before;

	do {
		struct http_client *client;
		struct outcome o[SILENT] = { { 0 } };
		int64_t start = clock_mono_ms();
		unsigned i;

		cf.connect_timeout_ms = cf.timeout_ms;
		client = http_client_create(loop, &cf);
		before = servers[0].requests;
		for (i = 0; i < SILENT; i++)
			send_one(client, "POST", url(0, "/never"), NULL, "x", NULL, &o[i]);
		for (i = 0; i < SILENT; i++) {
			int64_t took;

			await(&o[i]);
			took = clock_mono_ms() - start;
			assert_false(o[i].transport_ok);
			assert_non_null(strstr(o[i].error, "timed out"));
			/* One after the other; a tenth for what is rounded away. */
			if (took < (int64_t)(i + 1) * cf.timeout_ms * 9 / 10)
				fail_msg("%u ended after %d ms", i, (int)took);
			sbuf_done(&o[i].body);
		}
		http_client_destroy(&client);
		/* Each was tried, unless the machine stood still all its time long: then it gets more. */
		cf.timeout_ms *= 2;
	} while (servers[0].requests < before + SILENT && cf.timeout_ms < SHORT_MAX_MS);
	assert_in_range(servers[0].requests, before + SILENT, CONNECTIONS);
}

static void
nobody_listens(void **state)
{
	const struct http_client_config cf = { .user_agent = "x", .ca_file = "/nonexistent",
		.timeout_ms = DEADLINE_MS, .connect_timeout_ms = DEADLINE_MS };
	struct http_client *client = http_client_create(loop, &cf);
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof addr;
	struct outcome o = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[64];

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, n), 0);	/* a port without a listener */
	getsockname(fd, (struct sockaddr *)&addr, &n);
	snprintf(text, sizeof text, "http://127.0.0.1:%u/", ntohs(addr.sin_port));
	send_one(client, "GET", text, NULL, "", NULL, &o);
	await(&o);
	assert_false(o.transport_ok);
	assert_non_null(strstr(o.error, "Failed to connect"));
	sbuf_done(&o.body);
	http_client_destroy(&client);
	close(fd);
}

static void
destroy_ends_what_is_outstanding(void **state)
{
	const struct http_client_config cf = { .max_per_host = 2,
		.timeout_ms = DEADLINE_MS, .connect_timeout_ms = DEADLINE_MS };
	struct http_client *client = http_client_create(loop, &cf);
	struct outcome o[6] = { { 0 } };
	size_t i;

	for (i = 0; i < 5; i++)		/* two run, three wait */
		send_one(client, "POST", url(0, "/never"), NULL, "x", NULL, &o[i]);
	await_requests(0, 2);
	assert_int_equal(servers[0].requests, 2);
	send_one(client, "POST", "ftp://127.0.0.1/", NULL, "x", NULL, &o[5]);
	http_client_destroy(&client);
	for (i = 0; i < 6; i++) {
		assert_int_equal(o[i].calls, 1);
		assert_false(o[i].transport_ok);
		assert_non_null(strstr(o[i].error, i < 5 ? "shut down" : "http://"));
		sbuf_done(&o[i].body);
	}
	loop_turn(loop, 0);		/* nothing of it is left in the loop */
}

static void
fetching(void **state)
{
	static const char *const headers[] = { "Content-Type", "text/x", NULL };
	struct sbuf answer = { 0 };
	struct why why;
	unsigned status;

	setenv("http_proxy", "http://127.0.0.1:1/", 1);		/* not used */
	assert_int_equal(http_fetch("POST", url(0, "/echo"), headers, span_str("abc"), DEADLINE_MS, &status, &answer, &why), OK);
	assert_int_equal(status, 200);
	assert_non_null(strstr(answer.s, "\r\nContent-Type: text/x\r\n"));
	assert_non_null(strstr(answer.s, "\r\n\r\nabc"));
	sbuf_clear(&answer);
	assert_int_equal(http_fetch("GET", url(0, "/302"), NULL, span_of(NULL, 0), DEADLINE_MS, &status, NULL, NULL), OK);
	assert_int_equal(status, 302);
	assert_int_equal(http_fetch("GET", url(0, "/short"), NULL, span_of(NULL, 0), DEADLINE_MS, &status, &answer, &why), ERR_IO);
	assert_non_null(strstr(why.text, "broke off"));
	assert_int_equal(status, 0);
	assert_int_equal(answer.n, 0);
	assert_int_equal(http_fetch("GET", url(0, "/never"), NULL, span_of(NULL, 0), 200, &status, &answer, &why), ERR_IO);
	assert_non_null(strstr(why.text, "timed out"));
	assert_int_equal(http_fetch("GET", "ftp://h/", NULL, span_of(NULL, 0), DEADLINE_MS, &status, &answer, &why), ERR_IO);
	assert_non_null(strstr(why.text, "http://"));
	unsetenv("http_proxy");
	sbuf_done(&answer);
}

/* What comes beside the body: its type, one header that was asked for, and whether it is all there. */
static void
beside_the_body(void **state)
{
	static const struct { const char *path, *keep; bool whole; const char *type, *kept; } rows[] = {
		{ "/kept",  "x-KEPT",  true,  "text/x; a=b", "two, too" },
		{ "/kept",  "X-Other", true,  "text/x; a=b", NULL },
		{ "/kept",  NULL,      true,  "text/x; a=b", NULL },
		{ "/echo",  "X-Kept",  true,  "",            NULL },
		{ "/short", "X-Kept",  false, "",            NULL },
		{ "/never", "X-Kept",  false, "",            NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct http_client_config cf = { .timeout_ms = strcmp(rows[i].path, "/never") == 0 ? 100 : DEADLINE_MS,
			.keep_header = rows[i].keep };
		struct http_client *client = http_client_create(loop, &cf);
		struct outcome o = { 0 };

		send_one(client, "GET", url(0, rows[i].path), NULL, "", NULL, &o);
		await(&o);
		assert_true(o.whole == rows[i].whole);
		assert_true(o.has_kept == (rows[i].kept != NULL));
		assert_string_equal(o.kept, rows[i].kept != NULL ? rows[i].kept : "");
		assert_string_equal(o.type, rows[i].type);
		sbuf_done(&o.body);
		http_client_destroy(&client);
	}
}

/* The head that counts is the last one, the first header of a name counts; and who knows whether something has left. */
static void
heads_and_what_has_left(void **state)
{
	static const struct { const char *path, *header; bool unsent; } rows[] = {
		{ "/kept", "one", false }, { "/echo", "", false }, { "/100", "", false }, { "/half", "", false }, { "/headless", "", false },
		{ "http://127.0.0.1:1/", "", true }, { "http://name.invalid/", "", true }, { "ftp://127.0.0.1/", "", true },
	};
	const struct http_client_config quick = { .timeout_ms = 2000 };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_client *client = http_client_create(loop, strcmp(rows[i].path, "/headless") == 0 ? &quick : &patient);
		struct outcome o = { 0 };

		send_one(client, "POST", rows[i].path[0] == '/' ? url(0, rows[i].path) : rows[i].path, NULL, "x", NULL, &o);
		await(&o);
		assert_string_equal(o.header, rows[i].header);
		assert_true(o.unsent == rows[i].unsent);
		sbuf_done(&o.body);
		http_client_destroy(&client);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(beside_the_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(requests_and_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(heads_and_what_has_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_receivers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_silent_host_harms_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_has_its_own_whole_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_listens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(destroy_ends_what_is_outstanding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fetching, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
