/* smscsim_session.c - see smscsim_session.h. */
#include "config.h"

#include "smsc/smscsim_session.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tls.h"
#include "smsc/smpp_pdu.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_smpp.h"

enum {
	READ_OCTETS = 65536,
	IN_MAX = SMPP_PDU_MAX + READ_OCTETS,
	OUT_CLOGGED = 1 << 20,		/* unsent octets; reading stops until the peer takes them */
	LINGER_MS = 2000,		/* between our last octet and the close */
	SLOW_SHARES = 10,		/* reads a second of a slow reader, when it is not slower than that */
	SLOW_BUFFER = 4096		/* what waits in the socket: the peer is to notice */
};

struct sim_sessions {
	struct sim *sim;
	struct tls_context *tls;	/* NULL: sessions speak without */
	struct sim_session *first, *touched;
	unsigned n, next_number, n_delayed;
	bool wake;			/* sim_sessions_wake was called */
};

/* An answer that waits for its time. */
struct sim_delayed {
	struct loop_timer timer;
	struct sim_session *session;
	struct sim_delayed *next, **link;
	size_t n;
	uint8_t octets[];
};

static void ready(void *arg, int events);

struct sim_sessions *
sim_sessions_create(struct sim *sim)
{
	struct sim_sessions *all = sim_alloc(sizeof *all);

	all->sim = sim;
	return all;
}

unsigned
sim_sessions_count(const struct sim_sessions *all, bool bound_only)
{
	const struct sim_session *s;
	unsigned n = 0;

	for (s = all->first; s != NULL; s = s->next)
		n += !bound_only || s->bound != SIM_OPEN;
	return n;
}

/* ---- the end of a session ---------------------------------------------------------- */

static void
touch(struct sim_session *s)
{
	struct sim_sessions *all = s->sim->sessions;

	if (s->touched)
		return;
	s->touched = true;
	s->next_touched = all->touched;
	all->touched = s;
}

static void
give_up(struct sim_session *s)
{
	s->dead = true;
	touch(s);
}

void
sim_session_end(struct sim_session *s)
{
	s->ending = true;
	sim_account_leave(s);
	touch(s);
}

static void lingered(void *arg);

unsigned
sim_sessions_cut(struct sim_sessions *all, const char *system_id)
{
	struct sim_session *s;
	unsigned n = 0;

	for (s = all->first; s != NULL; s = s->next) {
		if (s->ending || (system_id != NULL &&
		    (s->account == NULL || strcmp(s->account->system_id, system_id) != 0)))
			continue;
		sim_session_end(s);
		/* who does not read what is left has no more time for it than to close */
		loop_timer_start(all->sim->loop, &s->linger, LINGER_MS, lingered, s);
		n++;
	}
	return n;
}

static void
delayed_free(struct sim_delayed *d)
{
	struct sim *sim = d->session->sim;

	loop_timer_stop(sim->loop, &d->timer);
	*d->link = d->next;
	if (d->next != NULL)
		d->next->link = d->link;
	sim->sessions->n_delayed--;
	free(d);
}

static void
session_free(struct sim_session *s)
{
	struct sim_sessions *all = s->sim->sessions;

	log_info("smscsim", "session %u: closed", s->number);
	while (s->delayed != NULL)
		delayed_free(s->delayed);
	sim_account_leave(s);
	sim_receipts_unbind(s->sim->receipts, s);
	loop_timer_stop(s->sim->loop, &s->linger);
	loop_timer_stop(s->sim->loop, &s->pause);
	tls_close(&s->tls);
	loop_unwatch(s->sim->loop, &s->watch);
	close(s->fd);
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	all->n--;
	sbuf_done(&s->out);
	free(s->in);
	free(s);
}

static void
lingered(void *arg)
{
	struct sim_session *s = arg;
	struct sim *sim = s->sim;

	sim_enter(sim);
	give_up(s);
	sim_leave(sim);
}

/* ---- out --------------------------------------------------------------------------- */

static size_t
unsent(const struct sim_session *s)
{
	return s->out.n - s->out_at;
}

void
sim_session_write(struct sim_session *s, struct span octets)
{
	if (s->ending || s->dead || s->asleep)
		return;
	sbuf_span(&s->out, octets);
	touch(s);
}

bool
sim_session_takes(const struct sim_session *s)
{
	return !s->ending && !s->dead && !s->asleep && unsent(s) < OUT_CLOGGED;
}

static void
delay_over(void *arg)
{
	struct sim_delayed *d = arg;
	struct sim *sim = d->session->sim;

	pthread_mutex_lock(&sim->lock);
	sim_session_write(d->session, span_of(d->octets, d->n));
	delayed_free(d);
	sim_kick(sim);		/* one write for all that are due now */
	pthread_mutex_unlock(&sim->lock);
}

void
sim_session_write_late(struct sim_session *s, struct span octets, uint32_t delay_ms)
{
	struct sim_sessions *all = s->sim->sessions;
	struct sim_delayed *d;

	if (delay_ms == 0 || all->n_delayed == SIM_DELAYED_MAX) {
		sim_session_write(s, octets);
		return;
	}
	d = sim_alloc(sizeof *d + octets.n);
	d->session = s;
	d->n = octets.n;
	memcpy(d->octets, octets.p, octets.n);
	d->next = s->delayed;
	d->link = &s->delayed;
	if (d->next != NULL)
		d->next->link = &d->next;
	s->delayed = d;
	all->n_delayed++;
	loop_timer_start(s->sim->loop, &d->timer, delay_ms, delay_over, d);
}

static void
watch(struct sim_session *s)
{
	int events = 0;

	if (!s->asleep) {
		if (s->tls != NULL ? tls_wants_write(s->tls) : unsent(s) > 0 || s->connecting)
			events |= LOOP_WRITE;
		if (!s->eof && !s->connecting && (s->ending || (!s->paused && unsent(s) < OUT_CLOGGED)))
			events |= LOOP_READ;
	}
	if (loop_watch(s->sim->loop, &s->watch, s->fd, events, ready, s) != OK)
		s->dead = true;
}

/* Octets moved; 0: the end; ERR_BUSY; ERR_IO. */
static long
send_some(struct sim_session *s)
{
	ssize_t n;

	if (s->tls != NULL)
		return tls_write(s->tls, s->out.s + s->out_at, unsent(s), NULL);
	do
		n = send(s->fd, s->out.s + s->out_at, unsent(s), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO;
	return n;
}

static long
receive_some(struct sim_session *s, size_t max)
{
	ssize_t n;

	if (s->tls != NULL)
		return tls_read(s->tls, s->in + s->in_n, max, NULL);
	n = recv(s->fd, s->in + s->in_n, max, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ERR_BUSY : ERR_IO;
	return n;
}

static void
flush(struct sim_session *s)
{
	long n;

	while (unsent(s) > 0 && !s->shaking && !s->connecting) {
		n = send_some(s);
		if (n == ERR_BUSY)
			break;
		if (n <= 0) {
			s->dead = true;
			return;
		}
		s->out_at += (size_t)n;
	}
	if (unsent(s) == 0) {
		sbuf_clear(&s->out);
		s->out_at = 0;
		if (s->ending && (s->eof || s->connecting)) {
			s->dead = true;
			return;
		}
		if (s->ending && !s->shut) {
			/* closing at once could take from the peer what was just sent */
			s->shut = true;
			shutdown(s->fd, SHUT_WR);
			loop_timer_start(s->sim->loop, &s->linger, LINGER_MS, lingered, s);
		}
	}
	watch(s);
}

/* ---- in ---------------------------------------------------------------------------- */

static void
process(struct sim_session *s)
{
	size_t at = 0;
	bool text;
	long n;

	while (!s->ending && !s->dead && !s->asleep) {
		struct span left = span_of(s->in + at, s->in_n - at);

		n = smpp_frame(left, SMPP_PDU_MAX, &text);
		if (n == 0)
			break;
		if (n < 0) {
			sim_smpp_lost(s, text);
			break;
		}
		sim_smpp_take(s, span_of(left.p, (size_t)n));
		at += (size_t)n;
	}
	if (s->ending || s->dead)
		at = s->in_n;
	s->in_n -= at;
	if (at > 0 && s->in_n > 0)
		memmove(s->in, s->in + at, s->in_n);
}

static void
shake_hands(struct sim_session *s)
{
	struct why why = { 0 };
	int err = tls_handshake(s->tls, &why);

	if (err == OK) {
		s->shaking = false;
		log_info("smscsim", "session %u: %s", s->number, tls_version(s->tls));
	} else if (err != ERR_BUSY) {
		log_peer("smscsim", s->peer, why.text);
		s->sim->count.errors++;
		give_up(s);
	}
	touch(s);
}

static bool
is_slow(const struct sim_session *s)
{
	return s->read_rate > 0 && !s->ending;
}

/* How much is read at once, and after n octets: not before they would have come. */
static size_t
share(const struct sim_session *s, size_t room)
{
	size_t max = s->read_rate / SLOW_SHARES + 1;

	return is_slow(s) && room > max ? max : room;
}

static void pause_over(void *arg);

static void
pause_reading(struct sim_session *s, long n)
{
	s->paused = true;
	loop_timer_start(s->sim->loop, &s->pause, n * 1000 / s->read_rate + 1, pause_over, s);
	touch(s);
}

static void
fill(struct sim_session *s)
{
	bool slow = is_slow(s);		/* what this read brings may make it so */
	long n;

	if (s->in_cap - s->in_n < READ_OCTETS / 2 && s->in_cap < IN_MAX) {
		s->in_cap = s->in_cap == 0 ? READ_OCTETS : IN_MAX;
		s->in = realloc(s->in, s->in_cap);
		if (s->in == NULL)
			abort();
	}
	if (s->in_n == s->in_cap)
		return;
	n = receive_some(s, share(s, s->in_cap - s->in_n));
	if (n == ERR_BUSY) {
		touch(s);
		return;
	}
	if (n < 0 || (n == 0 && s->shut)) {
		give_up(s);
		return;
	}
	s->in_n += (size_t)n;
	process(s);
	if (n > 0 && slow && is_slow(s))
		pause_reading(s, n);
	if (n == 0) {
		s->eof = true;
		sim_session_end(s);
	}
}

static void
pause_over(void *arg)
{
	struct sim_session *s = arg;
	struct sim *sim = s->sim;

	sim_enter(sim);
	s->paused = false;
	if (s->tls != NULL && tls_pending(s->tls) && !s->asleep)
		fill(s);		/* the socket has nothing to tell of them */
	touch(s);
	sim_leave(sim);
}

/* The connection is there, or will never be. */
static void
connected(struct sim_session *s)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0) {
		s->connecting = false;
		log_info("smscsim", "session %u: connected, outbind sent", s->number);
		touch(s);
		return;
	}
	log_warning("smscsim", "session %u: %s: %s", s->number, s->peer, strerror(error));
	s->sim->count.errors++;
	give_up(s);
}

static void
ready(void *arg, int events)
{
	struct sim_session *s = arg;
	struct sim *sim = s->sim;

	sim_enter(sim);
	if (s->connecting)
		connected(s);
	else if (events & LOOP_HANGUP && !(events & LOOP_READ))
		give_up(s);
	else if (s->shaking)
		shake_hands(s);
	else if (events & LOOP_READ)
		do
			fill(s);
		while (s->tls != NULL && tls_pending(s->tls) && !s->dead && !s->paused && s->in_n < s->in_cap);
	if (events & LOOP_WRITE)
		touch(s);
	sim_leave(sim);
}

void
sim_session_sleep(struct sim_session *s)
{
	s->asleep = true;
	touch(s);
}

void
sim_session_slow(struct sim_session *s, uint32_t octets_per_s)
{
	int buffer = SLOW_BUFFER;

	s->read_rate = octets_per_s;
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	touch(s);
}

void
sim_sessions_wake(struct sim_sessions *all)
{
	all->wake = true;
}

void
sim_sessions_revive(struct sim_sessions *all)
{
	struct sim_session *s;

	if (!all->wake)
		return;
	all->wake = false;
	for (s = all->first; s != NULL; s = s->next) {
		s->read_rate = 0;	/* a pause that has begun ends by itself */
		if (s->asleep) {
			s->asleep = false;
			process(s);
			touch(s);
		}
	}
}

void
sim_sessions_settle(struct sim_sessions *all)
{
	struct sim_session *s;

	while ((s = all->touched) != NULL) {
		bool clogged = unsent(s) >= OUT_CLOGGED;

		all->touched = s->next_touched;
		s->touched = false;
		if (!s->dead)
			flush(s);
		if (s->dead) {
			if (s->touched)
				continue;	/* comes again */
			session_free(s);
		} else if (clogged && unsent(s) < OUT_CLOGGED) {
			sim_receipts_pump(all->sim->receipts);
		}
	}
}

/* ---- the beginning of a session ------------------------------------------------------ */

struct sim_session *
sim_session_create(struct sim_sessions *all, int fd, const struct sockaddr_storage *peer, bool ours)
{
	struct sim_session *s;
	int one = 1;

	if (all->n == SIM_SESSIONS_MAX)
		return NULL;
	s = sim_alloc(sizeof *s);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (all->tls != NULL && !ours) {
		s->tls = tls_open(all->tls, fd);
		s->shaking = s->tls != NULL;
	}
	s->sim = all->sim;
	s->fd = fd;
	s->connecting = ours;
	s->from = *peer;
	s->number = ++all->next_number;
	s->next = all->first;
	s->link = &all->first;
	if (s->next != NULL)
		s->next->link = &s->next;
	all->first = s;
	all->n++;
	if (getnameinfo((const struct sockaddr *)peer, sizeof *peer, s->peer, sizeof s->peer, NULL, 0,
	    NI_NUMERICHOST) != 0)
		snprintf(s->peer, sizeof s->peer, "unknown");
	log_info("smscsim", "session %u: %s %s", s->number, ours ? "connecting to" : "connected from",
	    s->peer);
	touch(s);
	return s;
}

int
sim_sessions_use_tls(struct sim_sessions *all, const char *cert, const char *key, const char *client_ca,
    struct why *why)
{
	struct tls_config cf = { .server = true, .certkey_file = cert, .key_file = key, .ca_file = client_ca };

	return tls_context_create(&cf, &all->tls, why);
}

void
sim_sessions_destroy(struct sim_sessions **p)
{
	struct sim_sessions *all = *p;

	if (all == NULL)
		return;
	while (all->first != NULL)
		session_free(all->first);
	tls_context_destroy(&all->tls);
	free(all);
	*p = NULL;
}
