/*
 * bench_smpp_link.c - how many submit_sm links pass in a second: links against sinks in threads of this
 * process that accept everything, or against an SMSC (smscsim) that listens on a port of this machine.
 *
 *	bench_smpp_link [SECONDS [WINDOW [PORT [LINKS [RATE]]]]]	default: 3 1000 0 1 0
 *
 * PORT 0: the sinks. RATE: no more than so many a second in all, to see the latency under a part of the load; 0: as
 * many as go. Prints the rate, the processor time of the links' thread alone for one submit_sm, and how long the
 * answer took, from smsc_link_submit to answered().
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/link.h"

enum { DATAGRAMS_MAX = 65536, OCTETS = 1 << 18, LINKS_MAX = 16, TICK_MS = 1, SLOTS = 100000, SLOT_US = 10 };

static struct {
	struct loop *loop;
	struct smsc_datagram *free;	/* by next */
	uint64_t answered, not_accepted;
	struct smsc_link *links[LINKS_MAX];
	struct smsc_datagram *dgs;
	int64_t *since;			/* of each datagram, us */
	uint32_t latency[SLOTS];	/* how many took that long */
	uint64_t allowed, given;	/* with a rate */
	int n_links, rate, down;
	struct loop_timer tick;
	int64_t from_us;
	double from_cpu;
} b;

static uint8_t body[100];

/* ---- the sink ----------------------------------------------------------------------------- */

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

static size_t
answer_all(uint8_t *in, size_t *n, uint8_t *out)
{
	struct wbuf w = wbuf_into(out, 2 * OCTETS);
	size_t at = 0;
	bool text;
	long k;

	while ((k = smpp_frame(span_of(in + at, *n - at), SMPP_PDU_MAX, &text)) > 0) {
		struct rbuf r = rbuf_from(span_of(in + at + 4, 12));
		uint32_t id = rbuf_u32(&r);

		wbuf_u32(&w, id == SMPP_SUBMIT_SM ? 25 : 16);
		wbuf_u32(&w, SMPP_RESP | id);
		wbuf_u32(&w, 0);
		rbuf_u32(&r);
		wbuf_u32(&w, rbuf_u32(&r));
		if (id == SMPP_SUBMIT_SM)
			wbuf_cstr(&w, "7A3F0C19");
		at += (size_t)k;
	}
	memmove(in, in + at, *n - at);
	*n -= at;
	return w.n;
}

static void *
sink(void *arg)
{
	static _Thread_local uint8_t in[OCTETS], out[2 * OCTETS];
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
	size_t n = 0;
	ssize_t k;

	while ((k = read(fd, in + n, sizeof in - n)) > 0) {
		n += (size_t)k;
		write_all(fd, out, answer_all(in, &n, out));
	}
	close(fd);
	return NULL;
}

/* ---- the link ------------------------------------------------------------------------------ */

static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
room(void *app, struct smsc_link *link)
{
	unsigned n = smsc_link_room(link);

	while (n-- > 0 && b.free != NULL && (b.rate == 0 || b.given < b.allowed)) {
		struct smsc_datagram *dg = b.free;

		b.given++;
		b.since[dg - b.dgs] = clock_mono_us();
		b.free = dg->next;
		if (smsc_link_submit(link, dg) != OK)
			abort();
	}
}

static void
answered(void *app, struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v)
{
	int64_t slot;

	if (v != SMSC_ACCEPTED)
		b.not_accepted++;
	b.answered++;
	slot = (clock_mono_us() - b.since[dg - b.dgs]) / SLOT_US;
	b.latency[slot < SLOTS ? slot : SLOTS - 1]++;
	dg->next = b.free;
	b.free = dg;
}

static void
state(void *app, struct smsc_link *link, enum smsc_state s)
{
	if (s == SMSC_UP && b.from_us == 0) {
		b.from_us = clock_mono_us();
		b.from_cpu = cpu_s();
	} else if (s == SMSC_DOWN && ++b.down == b.n_links) {
		loop_stop(b.loop);
	}
}

/* The rate so far, over the links in turn. */
static void
on_tick(void *arg)
{
	int i;

	loop_timer_start(b.loop, &b.tick, TICK_MS, on_tick, NULL);
	if (b.from_us == 0)
		return;
	for (i = 0; i < b.n_links; i++) {
		b.allowed = (uint64_t)((clock_mono_us() - b.from_us) * b.rate / 1000000);
		if (i + 1 < b.n_links && b.allowed > b.given)
			b.allowed = b.given + (b.allowed - b.given) / (uint64_t)(b.n_links - i);
		room(NULL, b.links[i]);
	}
}

static double
percentile_ms(double part)
{
	uint64_t seen = 0, wanted = (uint64_t)((double)b.answered * part);
	int i;

	for (i = 0; i < SLOTS - 1 && seen + b.latency[i] < wanted; i++)
		seen += b.latency[i];
	return (i + 1) * SLOT_US / 1000.0;
}

static void
on_end(void *arg)
{
	double s = (double)(clock_mono_us() - b.from_us) / 1e6, cpu = cpu_s() - b.from_cpu;
	int i;

	printf("%.0f submit_sm/s over %.1f s; %.2f us of the link's thread each, so %.0f/s on one core\n",
	    (double)b.answered / s, s, cpu * 1e6 / (double)b.answered, (double)b.answered / cpu);
	printf("answered after %.2f ms (half), %.2f ms (99 of 100), %.2f ms (999 of 1000)\n", percentile_ms(0.5),
	    percentile_ms(0.99), percentile_ms(0.999));
	if (b.not_accepted > 0)
		printf("%llu of them were not accepted\n", (unsigned long long)b.not_accepted);
	loop_timer_stop(b.loop, &b.tick);
	for (i = 0; i < b.n_links; i++)
		smsc_link_stop(b.links[i], 1000);
}

int
main(int argc, char **argv)
{
	static const struct smsc_events ev = { .state = state, .room = room, .answered = answered };
	int seconds = argc > 1 ? atoi(argv[1]) : 3, listener = socket(AF_INET, SOCK_STREAM, 0), i;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct smsc_datagram *dgs = calloc(DATAGRAMS_MAX, sizeof *dgs);
	struct loop_timer end = { 0 };
	socklen_t size = sizeof a;
	struct smsc_config cf;
	pthread_t threads[LINKS_MAX];
	int port = argc > 3 ? atoi(argv[3]) : 0;

	b.n_links = argc > 4 ? atoi(argv[4]) : 1;
	b.rate = argc > 5 ? atoi(argv[5]) : 0;
	b.dgs = dgs;
	b.since = calloc(DATAGRAMS_MAX, sizeof *b.since);
	if (b.n_links < 1 || b.n_links > LINKS_MAX || b.since == NULL)
		return 1;
	if (port != 0)
		a.sin_port = htons((uint16_t)port);
	else if (bind(listener, (struct sockaddr *)&a, size) != 0 || listen(listener, LINKS_MAX) != 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &size) != 0) {
		perror("bench_smpp_link");
		return 1;
	}
	for (i = 0; i < b.n_links && port == 0; i++)
		if (pthread_create(&threads[i], NULL, sink, &listener) != 0)
			return 1;
	if (dgs == NULL)
		return 1;
	log_open(LOG_LEVEL_WARNING, NULL);
	for (i = 0; i < DATAGRAMS_MAX; i++) {
		dgs[i] = (struct smsc_datagram){ .pdu = span_of(body, sizeof body), .src_port = 9200,
		    .dst_port = 2948, .next = b.free, .want_receipt = true };
		snprintf(dgs[i].to, sizeof dgs[i].to, "+1202555%04d", i % 10000);
		b.free = &dgs[i];
	}
	smsc_config_defaults(&cf);
	strcpy(cf.smsc_id, "bench");
	strcpy(cf.host, "127.0.0.1");
	strcpy(cf.source_addr, "PPG");
	cf.port = ntohs(a.sin_port);
	cf.window = argc > 2 ? (unsigned)atoi(argv[2]) : 1000;
	b.loop = loop_create();
	for (i = 0; i < b.n_links; i++)
		b.links[i] = smsc_link_create(b.loop, &cf, &ev, NULL);
	if (b.rate != 0)
		loop_timer_start(b.loop, &b.tick, TICK_MS, on_tick, NULL);
	loop_timer_start(b.loop, &end, seconds * 1000, on_end, NULL);
	loop_run(b.loop);
	for (i = 0; i < b.n_links; i++)
		smsc_link_destroy(&b.links[i]);
	for (i = 0; i < b.n_links && port == 0; i++)
		pthread_join(threads[i], NULL);
	loop_destroy(&b.loop);
	close(listener);
	free(b.since);
	free(dgs);
	return 0;
}
