/*
 * load.c - load generator for the benchmark and the kill test: PAP submissions over N keep-alive
 * connections to the loopback, one request at a time on each.
 *
 *	load --port P [--path /wappush] [--user U:P] [--connections N] [--count M] [--seconds S]
 *	     [--recipients R] [--prefix TEXT] [--log FILE]
 *
 * Prints one JSON line. --log writes the push-id of every push answered 1001, a line each, as soon as
 * the answer is here: what the gateway has promised.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

enum { CONNECTIONS_MAX = 1000, ANSWER_MAX = 8192, LATENCIES_MAX = 4000000 };

struct connection {
	int fd;
	struct sbuf request;
	size_t sent;
	char answer[ANSWER_MAX + 1];
	size_t got;
	int64_t began_us;
	long number;			/* of the push under way */
};

static struct {
	int port, connections;
	const char *path, *user, *prefix, *log;
	long count, recipients;
	double seconds;
} opt = { 0, 64, "/wappush", NULL, "load", NULL, 1000, 1, 60 };

static struct connection conns[CONNECTIONS_MAX];
static struct sbuf credentials, addresses;
static uint32_t *latencies;
static size_t n_latencies;
static long next_number, accepted, refused, busy, lost;
static int epoll_fd, log_fd = -1;
static const char boundary[] = "b7Tq";

static void
make_request(struct connection *c)
{
	static struct sbuf body;

	sbuf_clear(&body);
	sbuf_fmt(&body, "--%s\r\nContent-Type: application/xml\r\n\r\n<?xml version=\"1.0\"?>\r\n"
	    "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\" \"http://www.wapforum.org/DTD/pap_2.0.dtd\" "
	    "[<?wap-pap-ver supported-versions=\"2.0\"?>]>\r\n<pap><push-message push-id=\"%s-%ld@pi.example.net\">",
	    boundary, opt.prefix, c->number);
	if (opt.recipients == 1)
		sbuf_fmt(&body, "<address address-value=\"WAPPUSH=+1202%07ld/TYPE=PLMN@ppg.example.net\"/>",
		    c->number % 10000000);
	else
		sbuf_span(&body, sbuf_as_span(&addresses));
	sbuf_fmt(&body, "</push-message></pap>\r\n--%s\r\nContent-Type: text/vnd.wap.si\r\n\r\n"
	    "<?xml version=\"1.0\"?>\r\n<!DOCTYPE si PUBLIC \"-//WAPFORUM//DTD SI 1.0//EN\" "
	    "\"http://www.wapforum.org/DTD/si.dtd\">\r\n<si><indication href=\"http://www.example.net/mail/%ld\" "
	    "si-id=\"%ld@example.net\" action=\"signal-high\" created=\"2026-01-02T15:04:05Z\">"
	    "You have new mail</indication></si>\r\n--%s--\r\n", boundary, c->number, c->number, boundary);
	sbuf_clear(&c->request);
	sbuf_fmt(&c->request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s"
	    "Content-Type: multipart/related; boundary=%s; type=\"application/xml\"\r\nContent-Length: %zu\r\n\r\n",
	    opt.path, credentials.s != NULL ? credentials.s : "", boundary, body.n);
	sbuf_span(&c->request, sbuf_as_span(&body));
}

static void
push_out(struct connection *c)
{
	while (c->sent < c->request.n) {
		ssize_t n = write(c->fd, c->request.s + c->sent, c->request.n - c->sent);

		if (n < 0)
			return;
		c->sent += (size_t)n;
	}
}

static void
watch(struct connection *c, int op)
{
	struct epoll_event ev = { .events = EPOLLIN | (c->sent < c->request.n ? EPOLLOUT : 0u), .data.ptr = c };

	epoll_ctl(epoll_fd, op, c->fd, &ev);
}

static bool
next_request(struct connection *c)
{
	if (next_number >= opt.count)
		return false;
	c->number = next_number++;
	c->sent = c->got = 0;
	make_request(c);
	c->began_us = clock_mono_us();
	push_out(c);
	return true;
}

static void
hang_up(struct connection *c)
{
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	c->fd = -1;
}

/* Status of a whole answer, 0 while it is not whole, -1 when it cannot be read; *ok: it says 1001. */
static int
read_answer(struct connection *c, bool *ok)
{
	char *end, *length;
	size_t body;

	c->answer[c->got] = '\0';
	end = strstr(c->answer, "\r\n\r\n");
	if (end == NULL)
		return 0;
	length = strcasestr(c->answer, "content-length:");
	if (length == NULL || length > end)
		return -1;
	body = (size_t)atol(length + strlen("content-length:"));
	if ((size_t)(end + 4 - c->answer) + body > c->got)
		return 0;
	*ok = strstr(end, "\"1001\"") != NULL;
	return atoi(c->answer + strlen("HTTP/1.1 "));
}

static void
count_answer(struct connection *c, int status, bool ok)
{
	if (n_latencies < LATENCIES_MAX)
		latencies[n_latencies++] = (uint32_t)(clock_mono_us() - c->began_us);
	if (status == 202 && ok) {
		accepted++;
		if (log_fd >= 0)
			dprintf(log_fd, "%s-%ld@pi.example.net\n", opt.prefix, c->number);
	} else if (status == 503) {
		busy++;
	} else if (refused++ == 0) {
		fprintf(stderr, "load: first refusal: %.600s\n", c->answer);
	}
}

static void
on_ready(struct connection *c, uint32_t events)
{
	bool ok = false;
	ssize_t n;
	int status;

	if (c->fd < 0)
		return;
	if (c->sent < c->request.n && (events & EPOLLOUT)) {
		push_out(c);
		if (c->sent == c->request.n)
			watch(c, EPOLL_CTL_MOD);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = read(c->fd, c->answer + c->got, ANSWER_MAX - c->got);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		lost++;
		hang_up(c);
		return;
	}
	c->got += (size_t)n;
	status = read_answer(c, &ok);
	if (status == 0)
		return;
	count_answer(c, status, ok);
	if (status < 0 || !next_request(c))
		hang_up(c);
	else if (c->sent < c->request.n)
		watch(c, EPOLL_CTL_MOD);
}

static void
dial(struct connection *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0) {
		perror("load: connect");
		exit(1);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	if (next_request(c))
		watch(c, EPOLL_CTL_ADD);
	else
		hang_up(c);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double
percentile_ms(double share)
{
	return n_latencies ? latencies[(size_t)((double)(n_latencies - 1) * share)] / 1000.0 : 0;
}

static bool
any_open(void)
{
	int i;

	for (i = 0; i < opt.connections; i++)
		if (conns[i].fd >= 0)
			return true;
	return false;
}

static void
run(void)
{
	int64_t until = clock_mono_us() + (int64_t)(opt.seconds * 1e6);
	struct epoll_event ready[256];
	int i, n;

	while (clock_mono_us() < until && any_open()) {
		n = epoll_wait(epoll_fd, ready, 256, 200);
		for (i = 0; i < n; i++)
			on_ready(ready[i].data.ptr, ready[i].events);
		if (accepted + refused + busy + lost >= opt.count)
			break;
	}
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", 1, NULL, 'p' }, { "path", 1, NULL, 'P' }, { "user", 1, NULL, 'u' },
		{ "connections", 1, NULL, 'c' }, { "count", 1, NULL, 'n' }, { "seconds", 1, NULL, 's' },
		{ "recipients", 1, NULL, 'r' }, { "prefix", 1, NULL, 'x' }, { "log", 1, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p': opt.port = atoi(optarg); break;
		case 'P': opt.path = optarg; break;
		case 'u': opt.user = optarg; break;
		case 'c': opt.connections = atoi(optarg); break;
		case 'n': opt.count = atol(optarg); break;
		case 's': opt.seconds = atof(optarg); break;
		case 'r': opt.recipients = atol(optarg); break;
		case 'x': opt.prefix = optarg; break;
		case 'l': opt.log = optarg; break;
		default: exit(2);
		}
	}
	if (opt.port <= 0 || opt.connections < 1 || opt.connections > CONNECTIONS_MAX || optind != argc) {
		fputs("usage: see the head of tests/bench/load.c\n", stderr);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	int64_t began;
	double took;
	long i;

	read_options(argc, argv);
	latencies = malloc(LATENCIES_MAX * sizeof *latencies);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (latencies == NULL || epoll_fd < 0)
		return 1;
	if (opt.log != NULL && (log_fd = open(opt.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0) {
		perror(opt.log);
		return 1;
	}
	if (opt.user != NULL) {
		sbuf_str(&credentials, "Authorization: Basic ");
		text_base64_encode(span_str(opt.user), &credentials);
		sbuf_str(&credentials, "\r\n");
	}
	for (i = 0; opt.recipients > 1 && i < opt.recipients; i++)
		sbuf_fmt(&addresses, "<address address-value=\"WAPPUSH=+1203%07ld/TYPE=PLMN@ppg.example.net\"/>\n", i);
	began = clock_mono_us();
	for (i = 0; i < opt.connections; i++)
		dial(&conns[i]);
	run();
	took = (double)(clock_mono_us() - began) / 1e6;
	qsort(latencies, n_latencies, sizeof *latencies, by_value);
	printf("{\"accepted\":%ld,\"refused\":%ld,\"busy\":%ld,\"lost\":%ld,\"seconds\":%.3f,\"accepted_per_s\":%.0f,"
	    "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", accepted, refused, busy, lost, took,
	    (double)accepted / took, percentile_ms(0.5), percentile_ms(0.99), percentile_ms(1));
	return accepted > 0 ? 0 : 1;
}
