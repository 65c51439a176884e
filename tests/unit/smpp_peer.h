/*
 * smpp_peer.h - for the tests of the SMPP link: a link, and the other end of its connection in the hands of
 * the test. Time stands still unless the test moves it.
 */
#ifndef TESTS_UNIT_SMPP_PEER_H
#define TESTS_UNIT_SMPP_PEER_H

#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/smpp_link.h"

enum {
	TURNS_MAX = 5000,		/* of 2 ms: the deadline of every wait */
	DATAGRAMS = 4096,
	NEWS_MAX = 8192
};

struct answer {
	struct smsc_datagram *dg;
	enum smsc_verdict verdict;
	uint32_t status;
	char ids[8][66];
};

struct cancel_answer {
	struct smsc_cancel *cancel;
	enum smsc_verdict verdict;
	uint32_t status;
};

struct query_answer {
	struct smsc_query *query;
	enum smsc_verdict verdict;
	uint32_t status;
	bool known;
	struct smsc_receipt state;	/* when it is known */
};

static struct {
	struct loop *loop;
	struct smsc_config cf;
	struct smsc_link *link;
	int listener, fd;
	uint8_t in[1 << 20], octets[80000];
	size_t in_at, in_n;
	struct smpp_pdu pdu;		/* the last one that was read */
	struct smsc_datagram dg[DATAGRAMS];
	/* events */
	enum smsc_state states[64];
	size_t n_states;
	struct answer answers[NEWS_MAX];
	size_t n_answers;
	struct { struct smsc_receipt r; uint64_t token; } receipts[NEWS_MAX];
	size_t n_receipts;
	struct cancel_answer cancels[NEWS_MAX];
	size_t n_cancels;
	struct query_answer queries[NEWS_MAX];
	size_t n_queries;
	unsigned rooms;
	/* what an event does beside being noted */
	void (*on_answer)(void);
	void (*on_cancelled)(void);
	void (*on_state)(enum smsc_state s);
	void (*on_room)(void);
} t;

/* ---- events ------------------------------------------------------------------------------ */

static void
ev_state(void *app, struct smsc_link *link, enum smsc_state s)
{
	assert_ptr_equal(app, &t);
	if (t.n_states < sizeof t.states / sizeof t.states[0])
		t.states[t.n_states++] = s;
	if (t.on_state != NULL)
		t.on_state(s);
}

static void
ev_room(void *app, struct smsc_link *link)
{
	t.rooms++;
	assert_true(smsc_link_room(link) > 0);
	if (t.on_room != NULL)
		t.on_room();
}

static void
ev_answered(void *app, struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v)
{
	struct answer *a = &t.answers[t.n_answers];
	unsigned i;

	assert_true(t.n_answers < NEWS_MAX);
	*a = (struct answer){ .dg = dg, .verdict = v, .status = dg->status };
	for (i = 0; i < dg->n_segments && i < 8 && dg->message_ids != NULL; i++)
		memcpy(a->ids[i], dg->message_ids[i], 66);
	t.n_answers++;
	memset(dg, 0xEE, sizeof *dg);		/* it is ours again: the link may not look at it */
	if (t.on_answer != NULL)
		t.on_answer();
}

static void
ev_receipt(void *app, struct smsc_link *link, const struct smsc_receipt *r, uint64_t token)
{
	assert_true(t.n_receipts < NEWS_MAX);
	t.receipts[t.n_receipts].r = *r;
	t.receipts[t.n_receipts++].token = token;
}

static void
ev_cancelled(void *app, struct smsc_link *link, struct smsc_cancel *c, enum smsc_verdict v, uint32_t status)
{
	assert_ptr_equal(app, &t);
	assert_true(t.n_cancels < NEWS_MAX);
	t.cancels[t.n_cancels++] = (struct cancel_answer){ c, v, status };
	memset(c, 0xEE, sizeof *c);		/* it is ours again: the link may not look at it */
	if (t.on_cancelled != NULL)
		t.on_cancelled();
}

static void
ev_queried(void *app, struct smsc_link *link, struct smsc_query *q, enum smsc_verdict v, uint32_t status,
    const struct smsc_receipt *state)
{
	struct query_answer *a = &t.queries[t.n_queries++];

	assert_ptr_equal(app, &t);
	assert_true(t.n_queries <= NEWS_MAX);
	*a = (struct query_answer){ .query = q, .verdict = v, .status = status, .known = state != NULL };
	if (state != NULL)
		a->state = *state;
	memset(q, 0xEE, sizeof *q);		/* it is ours again: the link may not look at it */
}

static const struct smsc_events events = {
	.state = ev_state, .room = ev_room, .answered = ev_answered, .receipt = ev_receipt,
	.cancelled = ev_cancelled, .queried = ev_queried,
};

/* ---- the peer ------------------------------------------------------------------------------ */

static void
turn(int wait_ms)
{
	ssize_t n;

	loop_turn(t.loop, wait_ms);
	if (t.fd < 0)
		return;
	memmove(t.in, t.in + t.in_at, t.in_n - t.in_at);
	t.in_n -= t.in_at;
	t.in_at = 0;
	n = recv(t.fd, t.in + t.in_n, sizeof t.in - t.in_n, MSG_DONTWAIT);
	if (n > 0)
		t.in_n += (size_t)n;
}

#define WAIT_FOR(cond) do {						\
		int turns_;						\
									\
		for (turns_ = 0; !(cond); turns_++) {			\
			if (turns_ == TURNS_MAX)			\
				fail_msg("never came: %s", #cond);	\
			turn(turns_ < 3 ? 0 : 2);			\
		}							\
	} while (0)

static void
some_turns(void)
{
	int i;

	for (i = 0; i < 10; i++)
		turn(0);
}

static inline void
advance(int64_t ms)
{
	clock_fake_advance(ms);
	some_turns();
}

static bool
try_accept(void)
{
	t.fd = accept(t.listener, NULL, NULL);
	return t.fd >= 0;
}

static void
peer_accept(void)
{
	int one = 1;

	if (t.fd >= 0)
		close(t.fd);
	t.fd = -1;
	t.in_at = t.in_n = 0;
	WAIT_FOR(try_accept());
	setsockopt(t.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline bool
is_listener_quiet(void)
{
	struct pollfd p = { t.listener, POLLIN, 0 };

	return poll(&p, 1, 0) == 0;
}

static bool
has_pdu(void)
{
	bool text;
	long n = smpp_frame(span_of(t.in + t.in_at, t.in_n - t.in_at), sizeof t.octets, &text);

	assert_true(n >= 0);
	return n > 0;
}

/* Take the first PDU out of what was read, into t.pdu. */
static void
take_pdu(void)
{
	struct why why = { 0 };
	uint32_t status;
	bool text;
	size_t n = (size_t)smpp_frame(span_of(t.in + t.in_at, t.in_n - t.in_at), sizeof t.octets, &text);

	memcpy(t.octets, t.in + t.in_at, n);
	t.in_at += n;
	if (smpp_decode(span_of(t.octets, n), &t.pdu, &status, &why) != OK)
		fail_msg("the link sent a bad PDU: %s", why.text);
}

static void
expect(uint32_t id)
{
	WAIT_FOR(has_pdu());
	take_pdu();
	if (t.pdu.id != id)
		fail_msg("%s instead of %s", smpp_id_name(t.pdu.id), smpp_id_name(id));
}

static inline void
expect_nothing(void)
{
	some_turns();
	if (has_pdu()) {
		take_pdu();
		fail_msg("%s that should not be", smpp_id_name(t.pdu.id));
	}
}

static void
peer_write(const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t k = send(t.fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			turn(1);
			continue;
		}
		if (k < 0)
			fail_msg("peer cannot write: %s", strerror(errno));
		at += k;
		n -= (size_t)k;
	}
}

static size_t
encode(const struct smpp_pdu *pdu, uint8_t *out, size_t size)
{
	struct wbuf w = wbuf_into(out, size);

	smpp_encode(&w, pdu);
	assert_int_equal(w.err, OK);
	return w.n;
}

static void
peer_put(const struct smpp_pdu *pdu)
{
	uint8_t out[2048];

	peer_write(out, encode(pdu, out, sizeof out));
}

/* Answer the PDU in t.pdu. */
static void
peer_respond(uint32_t status, const char *message_id)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | t.pdu.id, .status = status, .seq = t.pdu.seq };

	snprintf(resp.message_id, sizeof resp.message_id, "%s", message_id);
	peer_put(&resp);
}

/* The other side closed, everything it sent before was read. */
static inline bool
is_closed(void)
{
	uint8_t octet;
	ssize_t n = recv(t.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/* ---- fixture ---------------------------------------------------------------------------------- */

static int
setup(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;

	memset(&t, 0, sizeof t);
	clock_fake(INT64_C(1767366300000));		/* 2026-01-02T15:05:00Z */
	log_open(LOG_LEVEL_NONE, NULL);
	t.fd = -1;
	t.loop = loop_create();
	t.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(t.listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(t.listener, 8) != 0 ||
	    getsockname(t.listener, (struct sockaddr *)&a, &size) != 0)
		return -1;
	smsc_config_defaults(&t.cf);
	t.cf.port = ntohs(a.sin_port);
	strcpy(t.cf.smsc_id, "test");
	strcpy(t.cf.host, "127.0.0.1");
	strcpy(t.cf.system_id, "ppg01");
	strcpy(t.cf.password, "secret08");
	strcpy(t.cf.source_addr, "PPG");
	return 0;
}

static int
teardown(void **state)
{
	t.on_answer = NULL;
	t.on_cancelled = NULL;
	t.on_state = NULL;
	t.on_room = NULL;
	smsc_link_destroy(&t.link);
	if (t.fd >= 0)
		close(t.fd);
	close(t.listener);
	loop_destroy(&t.loop);
	clock_real();
	return 0;
}

static void
link_start(void)
{
	t.link = smsc_link_create(t.loop, &t.cf, &events, &t);
}

static inline void
bind_link(void)
{
	peer_accept();
	expect(t.cf.transmitter_only ? SMPP_BIND_TRANSMITTER : SMPP_BIND_TRANSCEIVER);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);
}

static inline void
link_up(void)
{
	link_start();
	bind_link();
}

/* Datagram i with n octets, to a number of its own. */
static struct smsc_datagram *
datagram(size_t i, size_t n)
{
	static uint8_t body[40000];
	struct smsc_datagram *dg = &t.dg[i];
	size_t k;

	for (k = 0; k < sizeof body; k++)
		body[k] = (uint8_t)k;
	assert_true(n <= sizeof body);
	*dg = (struct smsc_datagram){ .pdu = span_of(body, n), .src_port = 9200, .dst_port = 2948,
	    .ref = 0x1234, .want_receipt = true };
	snprintf(dg->to, sizeof dg->to, "+1202555%04zu", i);
	return dg;
}

static inline void
submit(size_t i, size_t n)
{
	assert_int_equal(smsc_link_submit(t.link, datagram(i, n)), OK);
}

static inline void
expect_answer(size_t i, enum smsc_verdict verdict)
{
	WAIT_FOR(t.n_answers > 0);
	assert_ptr_equal(t.answers[0].dg, &t.dg[i]);
	if (t.answers[0].verdict != verdict)
		fail_msg("datagram %zu: verdict %d", i, t.answers[0].verdict);
	memmove(&t.answers[0], &t.answers[1], --t.n_answers * sizeof t.answers[0]);
}

#endif
