/*
 * smpp_link_conn.c - the TCP connection of an SMPP link: connecting, framing what comes in, writing what gathered;
 * TLS below all that. Spec: SMPP v3.4 issue 1.2, 2.2 and 3.2.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/tls.h"
#include "smsc/resolve.h"
#include "smsc/smpp_link.h"

enum { PDU_ROOM = 1024 };	/* the largest PDU that a link sends is smaller, but for its payload */

/* ---- connecting --------------------------------------------------------------------------- */

static void ready(void *arg, int events);

static void
watch(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;
	int events = 0;

	if (link->state == SMSC_CONNECTING && !conn->shaking)
		events = LOOP_WRITE;
	else if (!conn->hold_input)
		events = LOOP_READ;
	if (conn->out_at < conn->out_n || (conn->tls != NULL && tls_wants_write(conn->tls)))
		events |= LOOP_WRITE;
	if (events != conn->watch.events &&
	    loop_watch(link->loop, &conn->watch, conn->fd, events, ready, link) != OK)
		smpp_link_lost(link, "cannot watch the connection");
}

static void
close_socket(struct smpp_link *link)
{
	if (link->conn.fd < 0)
		return;
	tls_close(&link->conn.tls);
	link->conn.shaking = false;
	loop_unwatch(link->loop, &link->conn.watch);
	close(link->conn.fd);
	link->conn.fd = -1;
	link->conn.watch = (struct loop_fd){ 0 };
}

/* OK when a connection is made or on its way, else an errno. */
static int
try_address(struct smpp_link *link, unsigned i)
{
	struct link_conn *conn = &link->conn;
	const struct sockaddr *address = (const struct sockaddr *)&conn->addresses[i];
	int one = 1;

	conn->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return errno;
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(conn->fd, address, conn->lengths[i]) != 0 && errno != EINPROGRESS) {
		int err = errno;

		close_socket(link);
		return err;
	}
	return OK;
}

static void
connect_failed(struct smpp_link *link, int err)
{
	char why[160];

	snprintf(why, sizeof why, "cannot connect: %s", strerror(err));
	smpp_link_lost(link, why);
}

void
link_conn_next(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;
	int err = EHOSTUNREACH;

	close_socket(link);
	while (conn->at_address < conn->n_addresses) {
		err = try_address(link, conn->at_address++);
		if (err == OK) {
			watch(link);
			return;
		}
	}
	connect_failed(link, err);
}

static void
take_addresses(struct link_conn *conn, const struct addrinfo *found)
{
	conn->n_addresses = 0;
	conn->at_address = 0;
	for (; found != NULL && conn->n_addresses < LINK_ADDRESSES_MAX; found = found->ai_next) {
		if (found->ai_addrlen > sizeof conn->addresses[0])
			continue;
		memcpy(&conn->addresses[conn->n_addresses], found->ai_addr, found->ai_addrlen);
		conn->lengths[conn->n_addresses++] = found->ai_addrlen;
	}
}

static void
on_resolved(void *arg, const char *error, const struct addrinfo *found)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	link->conn.resolve = NULL;
	if (error != NULL) {
		smpp_link_lost(link, error);
	} else {
		take_addresses(&link->conn, found);
		link_conn_next(link);
	}
	smpp_link_leave(link);
}

void
link_conn_open(struct smpp_link *link)
{
	link->conn.n_addresses = link->conn.at_address = 0;
	link->conn.resolve = resolve_start(link->loop, link->cf.host, link->cf.port, on_resolved, link);
	if (link->conn.resolve == NULL)
		smpp_link_lost(link, "cannot look the host up");
}

void
link_conn_adopt(struct smpp_link *link, int fd)
{
	int one = 1;

	link->conn.fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	smpp_link_connected(link);
	if (link->conn.fd >= 0)
		watch(link);
}

void
link_conn_close(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;

	resolve_abandon(&conn->resolve);
	close_socket(link);
	conn->in_n = conn->out_at = conn->out_n = 0;
	conn->hold_input = false;
}

void
link_conn_done(struct smpp_link *link)
{
	link_conn_close(link);
	tls_context_destroy(&link->conn.tls_context);
	free(link->conn.in);
	free(link->conn.out);
}

/* ---- TLS ----------------------------------------------------------------------------------- */

static const char *
name_of(const struct smsc_config *cf)
{
	return cf->tls_name[0] != '\0' ? cf->tls_name : cf->host;
}

int
smsc_tls_context(const struct smsc_config *cf, struct tls_context **out, struct why *why)
{
	struct tls_config tls = { .certkey_file = cf->tls_certkey_file, .ca_file = cf->tls_ca_file,
		.name = name_of(cf), .has_pin = cf->tls_pinned };

	memcpy(tls.pin, cf->tls_pin, sizeof tls.pin);
	return tls_context_create(&tls, out, why);
}

static void
shake_hands(struct smpp_link *link)
{
	struct why why = { 0 };
	int err = tls_handshake(link->conn.tls, &why);

	if (err == ERR_BUSY) {
		watch(link);
	} else if (err == OK) {
		log_debug("smsc", "%s: %s", link->cf.smsc_id, tls_version(link->conn.tls));
		link->conn.shaking = false;
		smpp_link_connected(link);
		if (link->conn.fd >= 0)
			watch(link);
	} else {
		smpp_link_lost(link, why.text);
	}
}

/* The files are read for the first connection, and again for the first after they changed. */
static void
start_tls(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;
	struct why why = { 0 };

	if (conn->tls_context == NULL || tls_context_is_stale(conn->tls_context)) {
		struct tls_context *fresh;

		if (smsc_tls_context(&link->cf, &fresh, &why) != OK) {
			log_error("smsc", "%s: %s", link->cf.smsc_id, why.text);
			if (conn->tls_context == NULL) {
				smpp_link_lost(link, "TLS cannot be started");
				return;
			}
		} else {
			tls_context_destroy(&conn->tls_context);
			conn->tls_context = fresh;
		}
	}
	conn->tls = tls_open(conn->tls_context, conn->fd);
	if (conn->tls == NULL) {
		smpp_link_lost(link, "TLS cannot be started: check the name of the SMSC");
		return;
	}
	conn->shaking = true;
	shake_hands(link);
}

/* Octets that were moved; 0: the other side closed; ERR_BUSY; ERR_IO with the reason. */
static long
conn_send(struct link_conn *conn, struct why *why)
{
	const uint8_t *p = conn->out + conn->out_at;
	size_t n = conn->out_n - conn->out_at;
	ssize_t k;

	if (conn->tls != NULL)
		return tls_write(conn->tls, p, n, why);
	do
		k = send(conn->fd, p, n, MSG_NOSIGNAL);
	while (k < 0 && errno == EINTR);
	if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return ERR_BUSY;
	return k < 0 ? why_set(why, ERR_IO, "%s", strerror(errno)) : k;
}

static long
conn_receive(struct link_conn *conn, struct why *why)
{
	uint8_t *p = conn->in + conn->in_n;
	size_t n = conn->in_cap - conn->in_n;
	ssize_t k;

	if (conn->tls != NULL)
		return tls_read(conn->tls, p, n, why);
	k = recv(conn->fd, p, n, 0);
	if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return ERR_BUSY;
	return k < 0 ? why_set(why, ERR_IO, "%s", strerror(errno)) : k;
}

/* ---- output -------------------------------------------------------------------------------- */

size_t
link_conn_unsent(const struct smpp_link *link)
{
	return link->conn.out_n - link->conn.out_at;
}

/* Room for one PDU more. What the peer may make us gather is bounded by LINK_OUT_HIGH: see flush. */
static void
reserve(struct link_conn *conn, size_t n)
{
	if (conn->out_cap - conn->out_n >= n)
		return;
	if (conn->out_at > conn->out_cap / 2) {
		memmove(conn->out, conn->out + conn->out_at, conn->out_n - conn->out_at);
		conn->out_n -= conn->out_at;
		conn->out_at = 0;
		if (conn->out_cap - conn->out_n >= n)
			return;
	}
	while (conn->out_cap - conn->out_n < n)
		conn->out_cap = conn->out_cap > 0 ? 2 * conn->out_cap : 16384;
	conn->out = realloc(conn->out, conn->out_cap);
	if (conn->out == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
}

static size_t
payload_of(const struct smpp_pdu *pdu)
{
	const struct smpp_tlv *payload = smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD);

	return payload != NULL ? payload->value.n : 0;
}

static void
log_pdu(const struct smpp_link *link, const char *arrow, const struct smpp_pdu *pdu)
{
	struct sbuf text = { 0 };

	smpp_print(pdu, &text);
	log_debug("smsc", "%s %s %s", link->cf.smsc_id, arrow, text.s);
	sbuf_done(&text);
}

void
link_conn_put(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	struct link_conn *conn = &link->conn;
	struct wbuf w;

	if (conn->fd < 0)
		return;
	reserve(conn, PDU_ROOM + payload_of(pdu));
	w = wbuf_into(conn->out + conn->out_n, conn->out_cap - conn->out_n);
	smpp_encode(&w, pdu);
	if (w.err) {			/* every field was checked before */
		log_error("smsc", "%s: cannot encode %s: %s", link->cf.smsc_id, smpp_id_name(pdu->id),
		    err_name(w.err));
		abort();
	}
	conn->out_n += w.n;
	if (log_wanted(LOG_LEVEL_DEBUG))
		log_pdu(link, "->", pdu);
	smpp_link_kick(link);
}

void
link_conn_flush(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;

	while (conn->fd >= 0 && conn->out_at < conn->out_n) {
		struct why why = { 0 };
		long n = conn_send(conn, &why);

		if (n == ERR_BUSY)
			break;
		if (n <= 0) {
			smpp_link_lost(link, n == 0 ? "closed by the SMSC" : why.text);
			return;
		}
		conn->out_at += (size_t)n;
	}
	if (conn->fd < 0)
		return;
	if (conn->out_at == conn->out_n)
		conn->out_at = conn->out_n = 0;
	/* A peer that sends and does not read may not make us gather answers without end. */
	if (link_conn_unsent(link) > LINK_OUT_HIGH)
		conn->hold_input = true;
	else if (link_conn_unsent(link) < LINK_OUT_HIGH / 2)
		conn->hold_input = false;
	watch(link);
}

/* ---- input --------------------------------------------------------------------------------- */

static void
parse_input(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;
	size_t at = 0;

	while (conn->fd >= 0) {
		struct span left = span_of(conn->in + at, conn->in_n - at);
		bool text;
		long n = smpp_frame(left, link->cf.max_pdu, &text);

		if (n < 0) {
			link_recv_framing_lost(link, left, text);
			return;
		}
		if (n == 0)
			break;
		link_recv_pdu(link, span_of(left.p, (size_t)n));
		at += (size_t)n;
	}
	if (conn->fd < 0 || at == 0)
		return;
	memmove(conn->in, conn->in + at, conn->in_n - at);
	conn->in_n -= at;
}

static void
read_some(struct smpp_link *link)
{
	struct link_conn *conn = &link->conn;
	struct why why = { 0 };
	long n;

	if (conn->in == NULL) {
		conn->in_cap = link->cf.max_pdu + LINK_IN_MORE;
		conn->in = malloc(conn->in_cap);
		if (conn->in == NULL) {
			smpp_link_lost(link, "out of memory");
			return;
		}
	}
	do {
		n = conn_receive(conn, &why);
		if (n > 0) {
			conn->in_n += (size_t)n;
			link->heard_at = clock_mono_ms();
			parse_input(link);
		} else if (n != ERR_BUSY) {
			smpp_link_lost(link, n == 0 ? "closed by the SMSC" : why.text);
		}
	} while (n > 0 && conn->fd >= 0 && conn->tls != NULL && tls_pending(conn->tls));
}

static void
connect_ready(struct smpp_link *link)
{
	socklen_t size = sizeof(int);
	int err = 0;

	if (getsockopt(link->conn.fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0)
		err = errno;
	if (err == 0 && link->cf.tls) {
		start_tls(link);
	} else if (err == 0) {
		smpp_link_connected(link);
		if (link->conn.fd >= 0)
			watch(link);
	} else if (link->conn.at_address < link->conn.n_addresses) {
		link_conn_next(link);
	} else {
		connect_failed(link, err);
	}
}

static void
ready(void *arg, int events)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	if (link->conn.shaking) {
		shake_hands(link);
	} else if (link->state == SMSC_CONNECTING) {
		connect_ready(link);
	} else {
		if (events & (LOOP_READ | LOOP_HANGUP) || (link->conn.tls != NULL && tls_wants_write(link->conn.tls)))
			read_some(link);
		if (link->conn.fd >= 0 && (events & LOOP_WRITE)) {
			link_conn_flush(link);
			smpp_link_kick(link);
		}
	}
	smpp_link_leave(link);
}
