/*
 * udp_link.c - pushes to devices that have an IP address: each is one UDP datagram from port 9200 to port 2948,
 * unconfirmed. Spec: WAP-259-WDP 6.2 (UDP/IP), WAP-235-PushOTA 6 (connectionless push).
 *
 * Nothing leaves for an address outside of the networks that the configuration names.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http_client.h"
#include "base/log.h"
#include "smsc/part_link.h"

enum { FULL_MS = 50 };			/* pause when the system takes no more */

struct udp_link {
	struct smsc_link link;		/* first */
	struct netlist *allow;
	int fd4, fd6;			/* -1: none */
};

/* One datagram, whatever its size; refusal() looks at that. */
static unsigned
parts(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	return dg->pdu.n <= link->cf.max_datagram ? 1 : 0;
}

static uint32_t
refusal(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	const struct udp_link *u = (const struct udp_link *)link;
	struct sockaddr_storage to;

	if (smsc_udp_address(dg->to, link->cf.port, &to) != OK || !netlist_has(u->allow, (struct sockaddr *)&to))
		return SMPP_RINVDSTADR;
	return SMPP_OK;
}

static void
send_datagram(struct smsc_link *link, unsigned slot)
{
	struct udp_link *u = (struct udp_link *)link;
	const struct smsc_datagram *dg = link->slots[slot].dg;
	struct sockaddr_storage to;
	socklen_t size;
	ssize_t n;
	int fd;

	smsc_udp_address(dg->to, link->cf.port, &to);
	fd = to.ss_family == AF_INET ? u->fd4 : u->fd6;
	size = to.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	do
		n = fd < 0 ? -1 : sendto(fd, dg->pdu.p, dg->pdu.n, MSG_NOSIGNAL, (struct sockaddr *)&to, size);
	while (fd >= 0 && n < 0 && errno == EINTR);
	if (n >= 0) {
		part_link_answer(link, slot, SMSC_ACCEPTED, SMPP_OK, NULL);
	} else if (fd >= 0 && errno == EMSGSIZE) {
		part_link_answer(link, slot, SMSC_REFUSED, SMPP_RINVMSGLEN, NULL);
	} else {
		if (fd >= 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
			part_link_pause(link, FULL_MS);
		part_link_answer(link, slot, SMSC_RETRY, SMPP_RSYSERR, NULL);
	}
}

/* The socket, or -1 with errno. A datagram never leaves in fragments. */
static int
open_socket(int family, uint16_t port)
{
	struct sockaddr_storage any;
	int on = 1, discover = family == AF_INET ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	if (fd < 0)
		return -1;
	smsc_udp_address(family == AF_INET ? "0.0.0.0" : "::", port, &any);
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover, sizeof discover);
	if ((family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
	    bind(fd, (struct sockaddr *)&any, size) != 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static void
udp_close(struct smsc_link *link)
{
	struct udp_link *u = (struct udp_link *)link;

	if (u->fd4 >= 0)
		close(u->fd4);
	if (u->fd6 >= 0)
		close(u->fd6);
	u->fd4 = u->fd6 = -1;
}

static void
udp_open(struct smsc_link *link)
{
	struct udp_link *u = (struct udp_link *)link;
	char why[160];

	u->fd4 = open_socket(AF_INET, link->cf.source_port);
	if (u->fd4 < 0) {
		snprintf(why, sizeof why, "UDP port %u: %s", link->cf.source_port, strerror(errno));
		part_link_lost(link, why);
		return;
	}
	u->fd6 = open_socket(AF_INET6, link->cf.source_port);
	if (u->fd6 < 0)
		log_debug("smsc", "%s: no IPv6: %s", link->cf.smsc_id, strerror(errno));
	part_link_up(link);
}

static void
receipt_done(struct smsc_link *link, const struct part_token *t, bool ok)
{
}

static void
udp_free(struct smsc_link *link)
{
	netlist_destroy(&((struct udp_link *)link)->allow);
}

static const struct part_transport transport = {
	.open = udp_open, .close = udp_close, .parts = parts, .refusal = refusal, .send = send_datagram,
	.receipt_done = receipt_done, .free = udp_free,
};

static struct smsc_link *
udp_create(struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev, void *app)
{
	struct smsc_link *link = part_link_create(sizeof(struct udp_link), &udp_link_kind, &transport, loop, cf, ev, app);
	struct udp_link *u = (struct udp_link *)link;
	struct why why;

	u->fd4 = u->fd6 = -1;
	/* a list that cannot be read allows nobody; the configuration was checked for that */
	if (netlist_parse(link->cf.allow, &u->allow, &why) != OK)
		u->allow = NULL;
	return link;
}

const struct smsc_link_kind udp_link_kind = PART_LINK_KIND(udp_create);
