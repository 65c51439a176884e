/*
 * udp_run.c - `pushrouter --udp`: a device on an IP bearer. Each datagram to the push port is a WSP PDU;
 * nothing is ever answered.
 * Spec: WAP-259-WDP 5 (UDP is the datagram protocol of IP bearers), port 2948.
 */
#include "router/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "router/actions.h"

enum {
	DATAGRAM_MAX = 65536,
	A_TURN = 64			/* datagrams before the loop looks at others */
};

struct udp {
	struct service *s;
	int fd;
	struct loop_fd watch;
	int64_t count;
	int64_t credit, credit_ms;	/* datagrams that may come, times 1000; as of then */
	uint64_t datagrams, over_rate;
	struct actions *actions;
	struct loop_timer end;
	json_t *dm;			/* what the device keeps for device management; NULL */
	uint8_t octets[DATAGRAM_MAX];
};

/* ---- rate --------------------------------------------------------------------------------------- */

/* A second's worth may come at once; what is above the rate is dropped unread. */
static bool
take_credit(struct udp *u)
{
	int64_t now = clock_mono_ms(), full = u->s->o->udp_rate * 1000;
	int64_t gap = now - u->credit_ms;

	u->credit += gap >= 1000 ? full : gap * u->s->o->udp_rate;
	if (u->credit > full)
		u->credit = full;
	u->credit_ms = now;
	if (u->credit < 1000)
		return false;
	u->credit -= 1000;
	return true;
}

/* ---- datagrams ------------------------------------------------------------------------------------ */

/* The address alone; IPv4 behind an IPv6 socket is IPv4 again. */
static void
print_address(const struct sockaddr_storage *from, char out[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;

	out[0] = '\0';
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, out, INET6_ADDRSTRLEN);
	else if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out, INET6_ADDRSTRLEN);
	else if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, out, INET6_ADDRSTRLEN);
}

/* The device as options and messages made it. */
static void
copy_device(const struct udp *u, struct router_device *dev)
{
	*dev = u->s->o->dev;
	dev->policy = *router_device_policy(u->s->router);
}

static void
leave_when_done(struct udp *u)
{
	if (u->s->o->once && u->count >= u->s->o->once && !actions_busy(u->actions))
		loop_stop(u->s->loop);
}

static void
take_datagram(struct udp *u, const struct sockaddr_storage *from, size_t n)
{
	char address[INET6_ADDRSTRLEN];
	struct router_path path = { address, "", TON_UNKNOWN, true };
	struct router_result res;
	struct router_device dev;
	struct sbuf line = { 0 };
	json_t *actions;

	print_address(from, address);
	router_datagram(u->s->router, &path, span_of(u->octets, n), &res);
	copy_device(u, &dev);
	actions = actions_take(u->actions, "", &dev, &res);
	router_device_done(&dev);
	service_answer(u->s->o, NULL, &path, &res, NULL, actions, &line);
	service_print(&line);
	sbuf_done(&line);
	json_decref(actions);
	u->count++;
	leave_when_done(u);
}

/* ---- for its actions: one device, kept as long as the program runs ---------------------------------------- */

static int
load_dm(void *arg, const char *number, json_t **dm, json_t **info, char cert[256], struct why *why)
{
	struct udp *u = arg;

	*dm = json_incref(u->dm);
	*info = json_incref(u->s->o->device_info);
	cert[0] = '\0';
	return OK;
}

static void
save_dm(void *arg, const char *number, json_t *dm)
{
	struct udp *u = arg;

	json_decref(u->dm);
	u->dm = json_incref(dm);
}

static void
apply_dm(void *arg, const char *number, const struct policy_setting *settings, size_t n)
{
	struct udp *u = arg;
	struct router_device dev;

	copy_device(u, &dev);
	if (policy_apply(&dev.policy, 0, settings, n, NULL) == OK)
		router_set_device(u->s->router, &dev, NULL);
	router_device_done(&dev);
}

/* It is kept in memory alone. */
static bool
sync_dm(void *arg)
{
	return true;
}

static int
get_device(void *arg, const char *number, struct router_device *dev, struct why *why)
{
	copy_device(arg, dev);
	return OK;
}

static void
check_end(void *arg)
{
	leave_when_done(arg);
}

static void
on_event(void *arg, json_t *event)
{
	struct udp *u = arg;
	struct sbuf line = { 0 };

	actions_event_print(u->s->o, event, &line);
	service_print(&line);
	sbuf_done(&line);
	json_decref(event);
	loop_timer_start(u->s->loop, &u->end, 1, check_end, u);
}

static void
readable(void *arg, int events)
{
	struct udp *u = arg;
	int i;

	for (i = 0; i < A_TURN && (u->s->o->once == 0 || u->count < u->s->o->once); i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t from_n = sizeof from;
		ssize_t n = recvfrom(u->fd, u->octets, sizeof u->octets, 0, (struct sockaddr *)&from,
		    &from_n);

		if (n < 0)
			return;		/* nothing more, or an error that a peer caused */
		u->datagrams++;
		if (take_credit(u))
			take_datagram(u, &from, (size_t)n);
		else
			u->over_rate++;
	}
}

static void
udp_stats(void *arg, json_t *stats)
{
	const struct udp *u = arg;

	json_object_set_new(stats, "udp", json_pack("{s:I,s:I}", "datagrams", (json_int_t)u->datagrams,
	    "over_rate", (json_int_t)u->over_rate));
	actions_stats(u->actions, stats);
}

/* ---- the socket --------------------------------------------------------------------------------------- */

/* "PORT", "ADDR:PORT", "[ADDR]:PORT"; host "" without an address. */
static int
split_address(const char *text, char *host, size_t size, const char **port, struct why *why)
{
	const char *colon = strrchr(text, ':');
	struct span h = colon ? span_of(text, (size_t)(colon - text)) : span_of(text, 0);
	int64_t number;

	*port = colon ? colon + 1 : text;
	if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = span_of(h.p + 1, h.n - 2);
	else if (h.n > 0 && memchr(h.p, ':', h.n))
		h.n = size;		/* an IPv6 address needs brackets */
	if (span_to_cstr(h, host, size) != OK || text_number(*port, 0, 65535, &number) != OK)
		return why_set(why, ERR_SYNTAX, "--udp: [ADDR:]PORT is expected, IPv6 addresses in brackets");
	return OK;
}

static int
bind_one(const struct addrinfo *ai)
{
	int off = 0, fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (ai->ai_family == AF_INET6)		/* "::" takes IPv4 as well */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	close(fd);
	return -1;
}

/* All addresses: the one of IPv6 that includes IPv4 where there is IPv6. */
static int
open_socket(const char *text, int *fd, struct why *why)
{
	static const int families[] = { AF_INET6, AF_INET };
	char host[64];
	const char *port;
	size_t i;
	int err = split_address(text, host, sizeof host, &port, why);

	*fd = -1;
	for (i = 0; err == OK && *fd < 0 && i < 2; i++) {
		struct addrinfo hints = { .ai_family = families[i], .ai_socktype = SOCK_DGRAM,
			.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
		struct addrinfo *list = NULL;

		if (getaddrinfo(host[0] ? host : NULL, port, &hints, &list) != 0)
			continue;
		*fd = bind_one(list);
		freeaddrinfo(list);
	}
	if (err == OK && *fd < 0)
		err = why_set(why, ERR_IO, "--udp: %.60s cannot be listened on: %s", text, strerror(errno));
	return err;
}

static void
say_where(int fd)
{
	struct sockaddr_storage own = { 0 };
	socklen_t n = sizeof own;
	char address[INET6_ADDRSTRLEN];
	unsigned port = 0;

	getsockname(fd, (struct sockaddr *)&own, &n);
	print_address(&own, address);
	if (own.ss_family == AF_INET6)
		port = ntohs(((struct sockaddr_in6 *)&own)->sin6_port);
	else
		port = ntohs(((struct sockaddr_in *)&own)->sin_port);
	fprintf(stderr, strchr(address, ':') ? "pushrouter: pushes are taken on [%s]:%u\n" :
	    "pushrouter: pushes are taken on %s:%u\n", address, port);
}

int
udp_run(struct options *o)
{
	enum { GRACE_MS = 5000 };
	struct service s;
	struct udp *u = calloc(1, sizeof *u);
	const struct dm_store store = { load_dm, save_dm, apply_dm, sync_dm, get_device, on_event, u };
	struct why why = { 0 };
	int err;

	if (u == NULL)
		abort();
	u->dm = json_incref(o->device_dm);
	err = open_socket(o->udp, &u->fd, &why);
	if (err == OK)
		err = service_init(&s, o, true, true, &why);
	u->s = &s;
	if (err == OK && (err = actions_create(&s, &store, &u->actions, &why)) != OK)
		service_done(&s, 0);
	if (err != OK) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
		if (u->fd >= 0)
			close(u->fd);
		json_decref(u->dm);
		free(u);
		return err == ERR_IO ? 1 : 2;
	}
	s.more_stats = udp_stats;
	s.arg = u;
	u->credit = o->udp_rate * 1000;
	u->credit_ms = clock_mono_ms();
	if (loop_watch(s.loop, &u->watch, u->fd, LOOP_READ, readable, u) != OK)
		abort();
	say_where(u->fd);
	loop_run(s.loop);
	loop_unwatch(s.loop, &u->watch);
	close(u->fd);
	loop_timer_stop(s.loop, &u->end);
	actions_stop(u->actions);
	service_done(&s, GRACE_MS);
	actions_destroy(&u->actions);
	json_decref(u->dm);
	free(u);
	return 0;
}
