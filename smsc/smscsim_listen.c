/* smscsim_listen.c - see smscsim_listen.h. */
#include "config.h"

#include "smsc/smscsim_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "smsc/smpp_pdu.h"
#include "smsc/smscsim_member.h"
#include "smsc/smscsim_session.h"

enum {
	AGAIN_MS = 100,			/* until what did not work is tried again */
	BACKLOG = 512,
	OUTBIND_MAX = 64		/* octets of the PDU */
};

struct sim_listener {
	struct sim *sim;
	struct loop_fd watch;
	struct loop_timer timer;	/* runs while the socket is not watched */
	int fd;				/* -1: none */
	struct sockaddr_storage at;	/* with the port that we got */
	socklen_t at_n;
};

struct sim_listener *
sim_listener_create(struct sim *sim)
{
	struct sim_listener *l = sim_alloc(sizeof *l);

	l->sim = sim;
	l->fd = -1;
	return l;
}

static void
shut(struct sim_listener *l)
{
	loop_timer_stop(l->sim->loop, &l->timer);
	if (l->fd < 0)
		return;
	loop_unwatch(l->sim->loop, &l->watch);
	close(l->fd);
	l->fd = -1;
}

void
sim_listener_destroy(struct sim_listener **p)
{
	if (*p != NULL)
		shut(*p);
	free(*p);
	*p = NULL;
}

/* ---- peers that connect -------------------------------------------------------------- */

static void incoming(void *arg, int events);

static void
watch_again(void *arg)
{
	struct sim_listener *l = arg;

	if (loop_watch(l->sim->loop, &l->watch, l->fd, LOOP_READ, incoming, l) != OK)
		loop_timer_start(l->sim->loop, &l->timer, AGAIN_MS, watch_again, l);
}

static void
incoming(void *arg, int events)
{
	struct sim_listener *l = arg;
	struct sockaddr_storage from;
	socklen_t n;
	int fd;

	sim_enter(l->sim);
	for (;;) {
		n = sizeof from;
		memset(&from, 0, sizeof from);
		fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		if (sim_session_create(l->sim->sessions, fd, &from, false) == NULL) {
			log_peer("smscsim", "any", "too many sessions");
			l->sim->count.errors++;
			close(fd);
		}
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		/* the peer still knocks: without a pause we would do nothing else */
		log_peer("smscsim", "any", "no descriptors left for more sessions");
		loop_unwatch(l->sim->loop, &l->watch);
		loop_timer_start(l->sim->loop, &l->timer, AGAIN_MS, watch_again, l);
	}
	sim_leave(l->sim);
}

/* A socket with the port, which nobody is served at yet. */
static int
reserve(struct sim_listener *l)
{
	int one = 1;

	l->fd = socket(l->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(l->fd, (const struct sockaddr *)&l->at, l->at_n) == 0)
		return OK;
	return ERR_IO;
}

int
sim_listener_start(struct sim_listener *l, const char *host, uint16_t port, uint16_t *got, struct why *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *ai;
	char service[8];
	int err;

	snprintf(service, sizeof service, "%u", port);
	err = getaddrinfo(host, service, &hints, &ai);
	if (err)
		return why_set(why, ERR_IO, "host %s: %s", host, gai_strerror(err));
	memcpy(&l->at, ai->ai_addr, ai->ai_addrlen);
	l->at_n = ai->ai_addrlen;
	freeaddrinfo(ai);
	if (reserve(l) != OK || listen(l->fd, BACKLOG) < 0 ||
	    getsockname(l->fd, (struct sockaddr *)&l->at, &l->at_n) < 0)
		return why_set(why, ERR_IO, "port %u on %s: %s", port, host, strerror(errno));
	*got = ntohs(l->at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&l->at)->sin6_port :
	    ((struct sockaddr_in *)&l->at)->sin_port);
	return loop_watch(l->sim->loop, &l->watch, l->fd, LOOP_READ, incoming, l);
}

static void
listen_again(void *arg)
{
	struct sim_listener *l = arg;

	if ((l->fd < 0 && reserve(l) != OK) || listen(l->fd, BACKLOG) < 0) {
		log_peer("smscsim", "any", "the port cannot be opened again");
		shut(l);
		loop_timer_start(l->sim->loop, &l->timer, AGAIN_MS, listen_again, l);
		return;
	}
	log_info("smscsim", "listening again");
	watch_again(l);
}

void
sim_listener_pause(struct sim_listener *l, uint32_t ms)
{
	shut(l);
	if (reserve(l) != OK)
		shut(l);		/* tried again later */
	log_info("smscsim", "not listening for %u ms", (unsigned)ms);
	loop_timer_start(l->sim->loop, &l->timer, ms, listen_again, l);
}

/* ---- outbind ------------------------------------------------------------------------- */

static int
read_host(json_t *value, struct sim_outbind *out, struct why *why)
{
	const char *text = json_string_value(value);
	struct sockaddr_in *four = (struct sockaddr_in *)&out->to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out->to;

	if (text != NULL && inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		out->to_n = sizeof *four;
	} else if (text != NULL && inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		out->to_n = sizeof *six;
	} else {
		return why_set(why, ERR_SYNTAX, "host: not a numeric address");
	}
	return OK;
}

static int
read_port(json_t *value, struct sim_outbind *out, struct why *why)
{
	int64_t n = 0;
	int err = sim_member_number(value, "port", 1, 65535, &n, why);

	/* sin_port and sin6_port are at the same place */
	((struct sockaddr_in *)&out->to)->sin_port = htons((uint16_t)n);
	return err;
}

static int
read_text(json_t *value, const char *key, char *out, size_t size, struct why *why)
{
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) >= size - 1)
		return why_set(why, ERR_SYNTAX, "%s: not a string of at most %zu characters", key, size - 2);
	strcpy(out, text);
	return OK;
}

int
sim_outbind_read(json_t *spec, struct sim_outbind *out, struct why *why)
{
	struct sim_outbind o = { .system_id = "smscsim" };
	const char *key;
	json_t *value;
	int err = OK;

	*out = o;
	if (!json_is_object(spec))
		return why_set(why, ERR_SYNTAX, "an outbind is a JSON object");
	json_object_foreach(spec, key, value) {
		if (strcmp(key, "host") == 0)
			err = read_host(value, &o, why);
		else if (strcmp(key, "port") == 0)
			err = read_port(value, &o, why);
		else if (strcmp(key, "system_id") == 0)
			err = read_text(value, key, o.system_id, sizeof o.system_id, why);
		else if (strcmp(key, "password") == 0)
			err = read_text(value, key, o.password, sizeof o.password, why);
		else
			err = why_set(why, ERR_SYNTAX, "the members are host, port, system_id, password");
		if (err)
			return err;
	}
	if (json_object_get(spec, "host") == NULL || json_object_get(spec, "port") == NULL)
		return why_set(why, ERR_SYNTAX, "host and port: needed");
	*out = o;
	return OK;
}

int
sim_outbind(struct sim *sim, const struct sim_outbind *outbind, unsigned *session, struct why *why)
{
	struct smpp_pdu pdu = { .id = SMPP_OUTBIND, .seq = 1 };
	uint8_t octets[OUTBIND_MAX];
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct sim_session *s;
	int fd = socket(outbind->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*session = 0;
	if (fd < 0 || (connect(fd, (const struct sockaddr *)&outbind->to, outbind->to_n) < 0 &&
	    errno != EINPROGRESS)) {
		why_set(why, ERR_IO, "outbind: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	s = sim_session_create(sim->sessions, fd, &outbind->to, true);
	if (s == NULL) {
		close(fd);
		return why_set(why, ERR_LIMIT, "outbind: there are %d sessions already", SIM_SESSIONS_MAX);
	}
	memcpy(pdu.system_id, outbind->system_id, sizeof outbind->system_id);
	memcpy(pdu.password, outbind->password, sizeof outbind->password);
	smpp_encode(&w, &pdu);
	sim_session_write(s, wbuf_span(&w));
	*session = s->number;
	return OK;
}
