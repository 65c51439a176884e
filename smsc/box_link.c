/*
 * box_link.c - a link to a running Kannel bearerbox, as one of its boxes: every part is an sms message with
 * its user data header, acknowledged when the bearerbox has it; reports come back as sms messages whose dlr_url
 * is the id that the part had. See box_msg.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/box_msg.h"
#include "smsc/part_link.h"
#include "smsc/resolve.h"
#include "wap/udh.h"

enum {
	CONNECT_MS = 10000,
	LEAVE_MS = 2000,		/* for the last answers when the bearerbox shuts down */
	QUEUE_FULL_MS = 1000,		/* pause after "temporarily failed" */
	ADDRESSES_MAX = 8,
	IN_CAP = BOX_FRAME_MAX + 4,
	OUT_HIGH = 262144,		/* unsent octets above which no part is added */
	OUT_CAP = OUT_HIGH + 65536,	/* with answers to receipts */
	ADDRESS_MAX = 20,
	CODING_8BIT = 1,
	CLASS_ME = 1
};

struct box_link {
	struct smsc_link link;		/* first */
	struct resolve *resolve;
	struct sockaddr_storage addresses[ADDRESSES_MAX];
	socklen_t lengths[ADDRESSES_MAX];
	unsigned n_addresses, at_address;
	int fd;
	struct loop_fd watch;
	struct loop_timer phase, heartbeat;
	bool connected, leaving;
	uint8_t *in, *out;
	size_t in_n, out_at, out_n;
};

static void on_ready(void *arg, int events);

/* ---- octets out ------------------------------------------------------------------------------- */

static void
watch(struct box_link *b)
{
	int events = b->connected ? LOOP_READ : LOOP_WRITE;

	if (b->out_at < b->out_n)
		events |= LOOP_WRITE;
	if (events != b->watch.events && loop_watch(b->link.loop, &b->watch, b->fd, events, on_ready, b) != OK)
		part_link_lost(&b->link, "cannot watch the connection");
}

static void
flush(struct smsc_link *link)
{
	struct box_link *b = (struct box_link *)link;

	while (b->fd >= 0 && b->out_at < b->out_n) {
		ssize_t n = send(b->fd, b->out + b->out_at, b->out_n - b->out_at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			part_link_lost(link, strerror(errno));
			return;
		}
		b->out_at += (size_t)n;
	}
	if (b->out_at == b->out_n)
		b->out_at = b->out_n = 0;
	if (b->fd >= 0)
		watch(b);
}

/* Whether it is on its way; the connection is given up when a bearerbox does not read. */
static void
put(struct box_link *b, const struct box_msg *m)
{
	struct wbuf w;

	if (b->fd < 0)
		return;
	if (b->out_at > 0) {
		memmove(b->out, b->out + b->out_at, b->out_n - b->out_at);
		b->out_n -= b->out_at;
		b->out_at = 0;
	}
	w = wbuf_into(b->out + b->out_n, OUT_CAP - b->out_n);
	box_msg_encode(&w, m);
	if (w.err)
		part_link_lost(&b->link, "the bearerbox does not read");
	else
		b->out_n += wbuf_span(&w).n;
}

static void
put_ack(struct box_link *b, const uint8_t id[16], enum box_ack status)
{
	struct box_msg m = box_msg_new(BOX_ACK);

	m.nack = status;
	m.time = (int32_t)clock_utc();
	memcpy(m.id, id, sizeof m.id);
	put(b, &m);
	flush(&b->link);
}

/* ---- parts ---------------------------------------------------------------------------------------- */

static unsigned
parts(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	return sms_segments(dg->pdu.n);
}

static uint32_t
refusal(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	size_t n = strnlen(dg->to, sizeof dg->to);

	return n == 0 || n - (dg->to[0] == '+') > ADDRESS_MAX ? SMPP_RINVDSTADR : SMPP_OK;
}

static bool
ready(const struct smsc_link *link)
{
	const struct box_link *b = (const struct box_link *)link;

	return !b->leaving && b->out_n - b->out_at < OUT_HIGH;
}

/* A random one that also tells which slot it is of. */
static void
make_id(uint8_t id[16], unsigned slot)
{
	if (getrandom(id, 16, 0) != 16)
		abort();
	id[6] = (uint8_t)(0x40 | (id[6] & 0x0F));
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
	id[14] = (uint8_t)(slot >> 8);
	id[15] = (uint8_t)slot;
}

static void
send_sms(struct smsc_link *link, unsigned slot)
{
	struct box_link *b = (struct box_link *)link;
	struct part_slot *s = &link->slots[slot];
	const struct smsc_datagram *dg = s->dg;
	struct box_msg m = box_msg_new(BOX_SMS);
	uint8_t ud[SMS_UD_MAX];
	char id[BOX_UUID_TEXT];
	size_t n = sms_segment(dg->pdu, s->part, dg->src_port, dg->dst_port, dg->ref, ud);

	make_id(s->id, slot);
	box_uuid_print(s->id, id);
	memcpy(m.id, s->id, sizeof m.id);
	m.sender = span_str(part_link_source(link, dg));
	m.receiver = span_str(dg->to);
	m.udhdata = span_of(ud, ud[0] + 1u);
	m.msgdata = span_of(ud + ud[0] + 1u, n - (ud[0] + 1u));
	m.time = (int32_t)clock_utc();
	m.sms_type = BOX_MT_PUSH;
	m.coding = CODING_8BIT;
	if (link->cf.data_coding == 0xF5)
		m.mclass = CLASS_ME;
	if (dg->wanted_smsc[0] != '\0')
		m.smsc_id = span_str(dg->wanted_smsc);
	m.validity = (int32_t)(dg->validity_at != 0 ? dg->validity_at : clock_utc() + link->cf.validity_s);
	m.priority = dg->priority;
	m.service = span_str("ppg");
	m.boxc_id = span_str(link->cf.system_id);
	if (dg->want_receipt) {
		m.dlr_mask = BOX_DLR_SUCCESS | BOX_DLR_FAIL | BOX_DLR_SMSC_FAIL;
		m.dlr_url = span_str(id);
	}
	put(b, &m);
}

/* ---- what comes in -------------------------------------------------------------------------------- */

static void
on_ack(struct box_link *b, const struct box_msg *m)
{
	static const struct { enum smsc_verdict verdict; uint32_t status; } meanings[] = {
		[BOX_ACK_SUCCESS] = { SMSC_ACCEPTED, SMPP_OK },
		[BOX_ACK_FAILED] = { SMSC_REFUSED, SMPP_RSUBMITFAIL },
		[BOX_ACK_FAILED_TMP] = { SMSC_RETRY, SMPP_RMSGQFUL },
		[BOX_ACK_BUFFERED] = { SMSC_ACCEPTED, SMPP_OK },
	};
	struct smsc_link *link = &b->link;
	unsigned slot = (unsigned)m->id[14] << 8 | m->id[15];
	char id[BOX_UUID_TEXT];

	if (slot >= link->cf.window || link->slots[slot].dg == NULL || memcmp(link->slots[slot].id, m->id, 16) != 0 ||
	    m->nack < 0 || (size_t)m->nack >= sizeof meanings / sizeof meanings[0]) {
		link->stats.ignored_responses++;
		return;
	}
	if (m->nack == BOX_ACK_FAILED_TMP)
		part_link_pause(link, QUEUE_FULL_MS);
	box_uuid_print(m->id, id);
	part_link_answer(link, slot, meanings[m->nack].verdict, meanings[m->nack].status, id);
}

static bool
receipt_state(int32_t mask, struct smsc_receipt *r)
{
	static const struct { int32_t bit; enum receipt_state state; } states[] = {
		{ BOX_DLR_SUCCESS, RECEIPT_DELIVERED }, { BOX_DLR_EXPIRED, RECEIPT_EXPIRED },
		{ BOX_DLR_UNKNOWN, RECEIPT_UNKNOWN }, { BOX_DLR_FAIL, RECEIPT_UNDELIVERABLE },
		{ BOX_DLR_SMSC_FAIL, RECEIPT_REJECTED },
		{ BOX_DLR_SMSC_SUCCESS, RECEIPT_ACCEPTED }, { BOX_DLR_BUFFERED, RECEIPT_ENROUTE },
	};
	size_t i;

	for (i = 0; i < sizeof states / sizeof states[0]; i++)
		if (mask > 0 && (mask & states[i].bit) != 0) {
			r->state = states[i].state;
			r->final = states[i].state != RECEIPT_ACCEPTED && states[i].state != RECEIPT_ENROUTE;
			return true;
		}
	return false;
}

static void
on_report(struct box_link *b, const struct box_msg *m)
{
	struct smsc_receipt r = { .smsc_id = b->link.cf.smsc_id };
	struct part_token t = { 0 };
	uint8_t id[16];

	memcpy(t.id, m->id, sizeof t.id);
	if (box_uuid_parse(m->dlr_url, id) != OK || !receipt_state(m->dlr_mask, &r)) {
		b->link.stats.bad_receipts++;
		put_ack(b, m->id, BOX_ACK_SUCCESS);	/* it would not get better */
		return;
	}
	box_uuid_print(id, r.message_id);
	if (!part_link_receipt(&b->link, &r, &t))
		put_ack(b, m->id, BOX_ACK_FAILED_TMP);
}

static void
receipt_done(struct smsc_link *link, const struct part_token *t, bool ok)
{
	put_ack((struct box_link *)link, t->id, ok ? BOX_ACK_SUCCESS : BOX_ACK_FAILED_TMP);
}

static void
on_left(void *arg)
{
	struct box_link *b = arg;

	part_link_enter(&b->link);
	part_link_lost(&b->link, "the bearerbox shuts down");
	part_link_leave(&b->link);
}

static void
on_admin(struct box_link *b, int32_t command)
{
	switch (command) {
	case BOX_SHUTDOWN:
	case BOX_RESTART:
		if (!b->leaving)
			loop_timer_start(b->link.loop, &b->phase,
			    part_link_window_used(&b->link) > 0 ? LEAVE_MS : 0, on_left, b);
		b->leaving = true;
		break;
	case BOX_SUSPEND:
	case BOX_RESUME:
		log_info("smsc", "%s: the bearerbox %s", b->link.cf.smsc_id,
		    command == BOX_SUSPEND ? "suspends" : "resumes");
		part_link_hold(&b->link, command == BOX_SUSPEND);
		break;
	}
}

static void
on_frame(struct box_link *b, struct span frame)
{
	struct box_msg m;

	if (box_msg_decode(frame, &m) != OK) {
		b->link.stats.bad_pdus++;
		return;
	}
	switch (m.type) {
	case BOX_HEARTBEAT:
		break;
	case BOX_ADMIN:
		on_admin(b, m.command);
		break;
	case BOX_ACK:
		on_ack(b, &m);
		break;
	case BOX_SMS:
		if (m.sms_type == BOX_REPORT_MO || m.sms_type == BOX_REPORT_MT) {
			on_report(b, &m);
			break;
		}
		b->link.stats.messages++;
		log_warning("smsc", "%s: a message that is no report was not taken", b->link.cf.smsc_id);
		put_ack(b, m.id, BOX_ACK_FAILED);
		break;
	}
}

static void
take_frames(struct box_link *b)
{
	size_t at = 0;

	while (b->fd >= 0 && b->in_n - at >= 4) {
		struct rbuf r = rbuf_from(span_of(b->in + at, 4));
		uint32_t n = rbuf_u32(&r);

		if (n > BOX_FRAME_MAX) {
			b->link.stats.bad_pdus++;
			part_link_lost(&b->link, "a message without end");
			return;
		}
		if (b->in_n - at - 4 < n)
			break;
		on_frame(b, span_of(b->in + at + 4, n));
		at += 4 + n;
	}
	if (b->fd < 0)
		return;
	memmove(b->in, b->in + at, b->in_n - at);
	b->in_n -= at;
}

static void
read_some(struct box_link *b)
{
	ssize_t n = recv(b->fd, b->in + b->in_n, IN_CAP - b->in_n, 0);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		part_link_lost(&b->link, n == 0 ? "the bearerbox closed the connection" : strerror(errno));
		return;
	}
	b->in_n += (size_t)n;
	take_frames(b);
}

/* ---- the connection ----------------------------------------------------------------------------------- */

static void
close_socket(struct box_link *b)
{
	if (b->fd >= 0) {
		loop_unwatch(b->link.loop, &b->watch);
		close(b->fd);
	}
	b->fd = -1;
	b->watch = (struct loop_fd){ 0 };
	b->in_n = b->out_at = b->out_n = 0;
	b->connected = b->leaving = false;
}

static void
box_close(struct smsc_link *link)
{
	struct box_link *b = (struct box_link *)link;

	resolve_abandon(&b->resolve);
	loop_timer_stop(link->loop, &b->phase);
	loop_timer_stop(link->loop, &b->heartbeat);
	close_socket(b);
}

/* OK when a connection is made or on its way, else an errno. */
static int
try_address(struct box_link *b, unsigned i)
{
	const struct sockaddr *address = (const struct sockaddr *)&b->addresses[i];
	int one = 1, err;

	b->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (b->fd < 0)
		return errno;
	setsockopt(b->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(b->fd, address, b->lengths[i]) == 0 || errno == EINPROGRESS)
		return OK;
	err = errno;
	close_socket(b);
	return err;
}

static void
next_address(struct box_link *b)
{
	int err = EHOSTUNREACH;
	char why[160];

	close_socket(b);
	while (b->at_address < b->n_addresses) {
		err = try_address(b, b->at_address++);
		if (err == OK) {
			watch(b);
			return;
		}
	}
	snprintf(why, sizeof why, "cannot connect: %s", strerror(err));
	part_link_lost(&b->link, why);
}

static void
on_heartbeat(void *arg)
{
	struct box_link *b = arg;
	struct box_msg m = box_msg_new(BOX_HEARTBEAT);

	part_link_enter(&b->link);
	loop_timer_start(b->link.loop, &b->heartbeat, b->link.cf.enquire_link_s * 1000, on_heartbeat, b);
	m.load = (int32_t)b->link.n_queued;
	put(b, &m);
	flush(&b->link);
	part_link_leave(&b->link);
}

static void
on_connected(struct box_link *b)
{
	struct box_msg m = box_msg_new(BOX_ADMIN);
	socklen_t n = sizeof(int);
	int err = 0;

	if (getsockopt(b->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0 || err != 0) {
		if (b->at_address < b->n_addresses) {
			next_address(b);
		} else {
			part_link_lost(&b->link, strerror(err));
		}
		return;
	}
	b->connected = true;
	loop_timer_stop(b->link.loop, &b->phase);
	m.command = BOX_IDENTIFY;
	m.boxc_id = span_str(b->link.cf.system_id);
	put(b, &m);
	flush(&b->link);
	if (b->fd < 0)
		return;
	loop_timer_start(b->link.loop, &b->heartbeat, b->link.cf.enquire_link_s * 1000, on_heartbeat, b);
	part_link_up(&b->link);
}

static void
on_ready(void *arg, int events)
{
	struct box_link *b = arg;

	part_link_enter(&b->link);
	if (!b->connected) {
		on_connected(b);
	} else {
		if (events & (LOOP_READ | LOOP_HANGUP))
			read_some(b);
		if (b->fd >= 0 && (events & LOOP_WRITE))
			flush(&b->link);
		part_link_kick(&b->link);
	}
	part_link_leave(&b->link);
}

static void
on_resolved(void *arg, const char *error, const struct addrinfo *found)
{
	struct box_link *b = arg;

	part_link_enter(&b->link);
	b->resolve = NULL;
	b->n_addresses = b->at_address = 0;
	for (; found != NULL && b->n_addresses < ADDRESSES_MAX; found = found->ai_next) {
		memcpy(&b->addresses[b->n_addresses], found->ai_addr, found->ai_addrlen);
		b->lengths[b->n_addresses++] = found->ai_addrlen;
	}
	if (error != NULL)
		part_link_lost(&b->link, error);
	else
		next_address(b);
	part_link_leave(&b->link);
}

static void
on_connect_time(void *arg)
{
	struct box_link *b = arg;

	part_link_enter(&b->link);
	part_link_lost(&b->link, "cannot connect: it takes too long");
	part_link_leave(&b->link);
}

static void
box_open(struct smsc_link *link)
{
	struct box_link *b = (struct box_link *)link;

	b->resolve = resolve_start(link->loop, link->cf.host, link->cf.port, on_resolved, b);
	if (b->resolve == NULL)
		part_link_lost(link, "cannot look the host up");
	else
		loop_timer_start(link->loop, &b->phase, CONNECT_MS, on_connect_time, b);
}

/* ---- the kind ----------------------------------------------------------------------------------------------- */

static void
box_free(struct smsc_link *link)
{
	struct box_link *b = (struct box_link *)link;

	free(b->in);
	free(b->out);
}

static const struct part_transport transport = {
	.open = box_open, .close = box_close, .parts = parts, .refusal = refusal, .ready = ready,
	.send = send_sms, .flush = flush, .receipt_done = receipt_done, .free = box_free,
};

static struct smsc_link *
box_create(struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev, void *app)
{
	struct smsc_link *link = part_link_create(sizeof(struct box_link), &box_link_kind, &transport, loop, cf, ev, app);
	struct box_link *b = (struct box_link *)link;

	if (link->cf.enquire_link_s == 0)
		link->cf.enquire_link_s = 30;
	b->fd = -1;
	b->in = malloc(IN_CAP);
	b->out = malloc(OUT_CAP);
	if (b->in == NULL || b->out == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return link;
}

const struct smsc_link_kind box_link_kind = PART_LINK_KIND(box_create);
