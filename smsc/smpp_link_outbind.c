/*
 * smpp_link_outbind.c - an SMSC that comes to us: it connects, says who it is (outbind), and we bind on that connection.
 * Spec: SMPP v3.4 issue 1.2, 2.2.1 (outbind), 4.1.7; v5.0, 4.1.1.7 (also to a transceiver).
 *
 * Nothing but the outbind is read here, and not an octet more: what follows belongs to the session.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/http_client.h"
#include "base/log.h"
#include "base/secret.h"
#include "smsc/smpp_link.h"

enum {
	GUESTS_MAX = 8,			/* connections that have not said who they are */
	GUEST_MS = 10000,		/* and how long they may take */
	OUTBIND_MAX = 64,		/* octets; 41 of them are meant */
	BACKLOG = 8,
	AGAIN_MS = 1000			/* the port may still be with a link that leaves */
};

struct guest {
	struct link_outbind *outbind;
	int fd;				/* -1: free */
	struct loop_fd watch;
	struct loop_timer late;
	char from[INET6_ADDRSTRLEN];
	uint8_t in[OUTBIND_MAX];
	size_t n;
};

struct link_outbind {
	struct smsc_link *link;
	struct loop *loop;
	int fd;				/* -1: not listening yet */
	struct loop_fd watch;
	struct loop_timer again;
	struct netlist *allow;
	bool said;			/* that the port cannot be had */
	struct guest guests[GUESTS_MAX];
};

/* ---- guests ------------------------------------------------------------------------------------ */

static void
tell(const struct guest *g, const char *what)
{
	char why[256];

	snprintf(why, sizeof why, "%.120s from %s", what, g->from);
	log_peer("smsc", g->outbind->link->cf.smsc_id, why);
}

/* Its descriptor, which is the caller's now. */
static int
let_go(struct guest *g)
{
	int fd = g->fd;

	loop_timer_stop(g->outbind->loop, &g->late);
	loop_unwatch(g->outbind->loop, &g->watch);
	g->watch = (struct loop_fd){ 0 };
	secret_cleanse(g->in, sizeof g->in);
	g->n = 0;
	g->fd = -1;
	return fd;
}

static void
dismiss(struct guest *g, const char *why)
{
	if (why != NULL)
		tell(g, why);
	close(let_go(g));
}

/* In the same time, wherever they differ. */
static bool
is_same(const char *expected, const char *said)
{
	char a[32] = { 0 }, b[32] = { 0 };
	bool same;

	snprintf(a, sizeof a, "%s", expected);
	snprintf(b, sizeof b, "%s", said);
	same = secret_equal(a, b, sizeof a);
	secret_cleanse(a, sizeof a);
	secret_cleanse(b, sizeof b);
	return same;
}

static struct smpp_link *
free_session(const struct smsc_link *link)
{
	unsigned i;

	for (i = 0; i < link->n; i++)
		if (link->sessions[i]->by_outbind && link->sessions[i]->state == SMSC_DOWN)
			return link->sessions[i];
	return NULL;
}

static void
take_outbind(struct guest *g)
{
	const struct smsc_config *cf = &g->outbind->link->cf;
	struct smpp_link *session;
	struct smpp_pdu pdu;
	uint32_t status;
	bool known;

	if (smpp_decode(span_of(g->in, g->n), &pdu, &status, NULL) != OK) {
		dismiss(g, "an outbind that cannot be read");
		return;
	}
	known = is_same(cf->outbind_password, pdu.password);
	known &= cf->outbind_id[0] == '\0' || is_same(cf->outbind_id, pdu.system_id);
	secret_cleanse(pdu.password, sizeof pdu.password);
	if (!known) {
		dismiss(g, "an outbind with a wrong name or password");
		return;
	}
	session = free_session(g->outbind->link);
	if (session == NULL) {
		dismiss(g, "an outbind while every session is in use");
		return;
	}
	log_info("smsc", "%s: outbind from %s", cf->smsc_id, g->from);
	smpp_link_adopt(session, let_go(g));
}

/* Octets of the PDU, as far as it is known. */
static size_t
length_of(const struct guest *g)
{
	if (g->n < SMPP_HEADER)
		return SMPP_HEADER;
	return (size_t)g->in[0] << 24 | (size_t)g->in[1] << 16 | (size_t)g->in[2] << 8 | g->in[3];
}

static bool
is_outbind(const struct guest *g)
{
	static const uint8_t id[4] = { 0, 0, 0, SMPP_OUTBIND };
	size_t n = length_of(g);

	return n >= SMPP_HEADER && n <= sizeof g->in && memcmp(g->in + 4, id, sizeof id) == 0;
}

static void
on_octets(void *arg, int events)
{
	struct guest *g = arg;

	for (;;) {
		ssize_t k = recv(g->fd, g->in + g->n, length_of(g) - g->n, 0);

		if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return;
		if (k <= 0) {
			dismiss(g, NULL);
			return;
		}
		g->n += (size_t)k;
		if (g->n >= SMPP_HEADER && !is_outbind(g)) {
			dismiss(g, "something else than an outbind");
			return;
		}
		if (g->n >= SMPP_HEADER && g->n == length_of(g)) {
			take_outbind(g);
			return;
		}
	}
}

static void
on_late(void *arg)
{
	dismiss(arg, "no outbind in time");
}

static void
take_guest(struct link_outbind *o, int fd, const struct sockaddr_storage *from)
{
	struct guest nobody = { .outbind = o }, *g = NULL;
	size_t i;

	for (i = 0; i < GUESTS_MAX && g == NULL; i++)
		if (o->guests[i].fd < 0)
			g = &o->guests[i];
	if (g == NULL)
		g = &nobody;
	inet_ntop(from->ss_family, from->ss_family == AF_INET6 ?
	    (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr :
	    (const void *)&((const struct sockaddr_in *)from)->sin_addr, g->from, sizeof g->from);
	if (!netlist_has(o->allow, (const struct sockaddr *)from)) {
		tell(g, "a connection that outbind-allow does not name");
	} else if (g == &nobody) {
		tell(g, "too many connections without an outbind, now one more");
	} else {
		g->fd = fd;
		if (loop_watch(o->loop, &g->watch, fd, LOOP_READ, on_octets, g) == OK) {
			loop_timer_start(o->loop, &g->late, GUEST_MS, on_late, g);
			return;
		}
		g->fd = -1;
	}
	close(fd);
}

/* ---- the port ------------------------------------------------------------------------------------- */

static void
on_connection(void *arg, int events)
{
	struct link_outbind *o = arg;
	int i;

	for (i = 0; i < GUESTS_MAX; i++) {	/* the rest with the next turn */
		struct sockaddr_storage from = { 0 };
		socklen_t size = sizeof from;
		int fd = accept4(o->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		take_guest(o, fd, &from);
	}
}

static int
listen_on(const struct smsc_config *cf)
{
	struct sockaddr_storage at;
	int fd, one = 1, err;

	if (smsc_udp_address(cf->outbind_host, cf->outbind_port, &at) != OK) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&at, at.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static void
try_to_listen(void *arg)
{
	struct link_outbind *o = arg;
	const struct smsc_config *cf = &o->link->cf;

	o->fd = listen_on(cf);
	if (o->fd >= 0 && loop_watch(o->loop, &o->watch, o->fd, LOOP_READ, on_connection, o) != OK) {
		close(o->fd);
		o->fd = -1;
	}
	if (o->fd >= 0) {
		log_info("smsc", "%s: waits for outbind on %s port %u", cf->smsc_id, cf->outbind_host, cf->outbind_port);
		return;
	}
	if (!o->said)
		log_error("smsc", "%s: cannot listen on %s port %u for outbind: %s; it is tried again", cf->smsc_id,
		    cf->outbind_host, cf->outbind_port, strerror(errno));
	o->said = true;
	loop_timer_start(o->loop, &o->again, AGAIN_MS, try_to_listen, o);
}

struct link_outbind *
link_outbind_open(struct smsc_link *link, struct loop *loop)
{
	struct link_outbind *o = calloc(1, sizeof *o);
	struct why why = { 0 };
	size_t i;

	if (o == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	o->link = link;
	o->loop = loop;
	o->fd = -1;
	for (i = 0; i < GUESTS_MAX; i++) {
		o->guests[i].outbind = o;
		o->guests[i].fd = -1;
	}
	if (netlist_parse(link->cf.outbind_allow, &o->allow, &why) != OK)
		log_error("smsc", "%s: outbind-allow: %s", link->cf.smsc_id, why.text);
	loop_timer_start(loop, &o->again, 0, try_to_listen, o);
	return o;
}

void
link_outbind_close(struct link_outbind **at)
{
	struct link_outbind *o = *at;
	size_t i;

	*at = NULL;
	if (o == NULL)
		return;
	for (i = 0; i < GUESTS_MAX; i++)
		if (o->guests[i].fd >= 0)
			dismiss(&o->guests[i], NULL);
	loop_timer_stop(o->loop, &o->again);
	if (o->fd >= 0) {
		loop_unwatch(o->loop, &o->watch);
		close(o->fd);
	}
	netlist_destroy(&o->allow);
	free(o);
}
