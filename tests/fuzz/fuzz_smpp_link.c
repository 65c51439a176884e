/*
 * fuzz_smpp_link.c - a link that is bound and has datagrams outstanding, and an SMSC that sends the input.
 * The first octet of each piece says how many octets come in one write; 0 lets time pass. Every datagram
 * comes back exactly once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/smpp_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { DATAGRAMS = 6, CANCELS = 3, PARTS = 9, WINDOW = 4 };

static struct smsc_datagram dgs[DATAGRAMS];
static unsigned answers[DATAGRAMS];
static struct smsc_cancel cancels[CANCELS];
static unsigned cancel_answers[CANCELS];
static uint64_t tokens[4];
static size_t n_receipts;

static void
answered(void *app, struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v)
{
	if (answers[dg - dgs]++ > 0)
		abort();
}

static void
cancelled(void *app, struct smsc_link *link, struct smsc_cancel *c, enum smsc_verdict v, uint32_t status)
{
	if (cancel_answers[c - cancels]++ > 0 || v == SMSC_RETRY)
		abort();
}

static void
receipt(void *app, struct smsc_link *link, const struct smsc_receipt *r, uint64_t token)
{
	if (r->message_id[0] == '\0' || r->state == 0)
		abort();
	tokens[n_receipts++ % 4] = token;
	if (n_receipts % 3 == 0)	/* others are done later, or never */
		smsc_link_receipt_done(link, tokens[n_receipts % 4], n_receipts % 2);
}

static struct smsc_link *
bound_link(struct loop *loop, int fd)
{
	static const struct smsc_events ev = { .answered = answered, .receipt = receipt,
		.cancelled = cancelled };
	struct smpp_pdu resp = { .status = SMPP_OK };
	struct smsc_config cf;
	struct smsc_link *link;
	struct smpp_link *session;

	smsc_config_defaults(&cf);
	strcpy(cf.smsc_id, "fuzz");
	strcpy(cf.host, "127.0.0.1");
	cf.window = WINDOW;
	link = smsc_link_create(loop, &cf, &ev, NULL);
	session = link->sessions[0];
	loop_timer_stop(loop, &session->phase);	/* instead of connecting */
	session->state = SMSC_CONNECTING;
	session->conn.fd = fd;
	smpp_link_connected(session);
	resp.seq = session->bind_seq;
	smpp_link_bound(session, &resp);
	return link;
}

static void
one_turn(struct loop *loop, int fd)
{
	uint8_t out[65536];

	loop_turn(loop, 0);
	while (recv(fd, out, sizeof out, MSG_DONTWAIT) > 0)
		;
}

static void
check(const struct smsc_link *link)
{
	const struct link_send *s = &link->sessions[0]->send;

	if (s->outstanding > WINDOW || s->n_queued > DATAGRAMS || s->n_again > PARTS || s->n_asks > CANCELS ||
	    (s->outstanding == 0) != (s->oldest == NO_SLOT))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rbuf r = rbuf_from(span_of(data, n));
	static const uint8_t body[200];
	struct smsc_link *link;
	struct loop *loop;
	unsigned i;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
	log_open(LOG_LEVEL_ERROR, NULL);
	clock_fake(INT64_C(1767366300000));
	memset(answers, 0, sizeof answers);
	memset(cancel_answers, 0, sizeof cancel_answers);
	n_receipts = 0;
	loop = loop_create();
	link = bound_link(loop, fd[0]);
	for (i = 0; i < DATAGRAMS; i++) {
		dgs[i] = (struct smsc_datagram){ .pdu = span_of(body, i % 2 ? 200 : 20), .to = "+12025550101",
		    .from = "12025550100", .src_port = 9200, .dst_port = 2948, .want_receipt = true };
		if (smsc_link_submit(link, &dgs[i]) != OK)
			abort();
	}
	one_turn(loop, fd[1]);
	for (i = 0; i < CANCELS; i++) {		/* they get the next places in the window */
		cancels[i] = (struct smsc_cancel){ .message_id = "1", .to = "+12025550101" };
		if (smsc_link_cancel(link, &cancels[i]) != OK)
			abort();
	}
	while (rbuf_left(&r) > 0 && link->sessions[0]->conn.fd >= 0) {
		size_t piece = rbuf_u8(&r);
		struct span s = rbuf_span(&r, piece < rbuf_left(&r) ? piece : rbuf_left(&r));

		if (s.n > 0 && send(fd[1], s.p, s.n, MSG_NOSIGNAL) < 0)
			break;
		if (piece == 0)
			clock_fake_advance(700);	/* time passes: pauses end, enquiries go out */
		one_turn(loop, fd[1]);
		check(link);
	}
	if (n % 2 == 0) {
		smsc_link_stop(link, 10);
		one_turn(loop, fd[1]);
	}
	smsc_link_destroy(&link);
	for (i = 0; i < DATAGRAMS; i++)
		if (answers[i] != 1)
			abort();
	for (i = 0; i < CANCELS; i++)
		if (cancel_answers[i] != 1)
			abort();
	loop_destroy(&loop);
	close(fd[1]);
	return 0;
}
