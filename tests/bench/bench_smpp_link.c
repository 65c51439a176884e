/*
 * bench_smpp_link.c - how many submit_sm a link passes in a second: one link against a sink in a thread of
 * this process that accepts everything, or against an SMSC (smscsim) that listens on a port of this machine.
 *
 *	bench_smpp_link [SECONDS [WINDOW [PORT]]]	default: 3 1000
 *
 * Prints the rate, and the processor time of the link's thread alone for one submit_sm.
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

enum { DATAGRAMS_MAX = 65536, OCTETS = 1 << 18 };

static struct {
	struct loop *loop;
	struct smsc_datagram *free;	/* by next */
	uint64_t answered, not_accepted;
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
	static uint8_t in[OCTETS], out[2 * OCTETS];
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

	while (n-- > 0 && b.free != NULL) {
		struct smsc_datagram *dg = b.free;

		b.free = dg->next;
		if (smsc_link_submit(link, dg) != OK)
			abort();
	}
}

static void
answered(void *app, struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v)
{
	if (v != SMSC_ACCEPTED)
		b.not_accepted++;
	b.answered++;
	dg->next = b.free;
	b.free = dg;
}

static void
state(void *app, struct smsc_link *link, enum smsc_state s)
{
	if (s == SMSC_UP) {
		b.from_us = clock_mono_us();
		b.from_cpu = cpu_s();
	} else if (s == SMSC_DOWN) {
		loop_stop(b.loop);
	}
}

static void
on_end(void *arg)
{
	double s = (double)(clock_mono_us() - b.from_us) / 1e6, cpu = cpu_s() - b.from_cpu;

	printf("%.0f submit_sm/s over %.1f s; %.2f us of the link's thread each, so %.0f/s on one core\n",
	    (double)b.answered / s, s, cpu * 1e6 / (double)b.answered, (double)b.answered / cpu);
	if (b.not_accepted > 0)
		printf("%llu of them were not accepted\n", (unsigned long long)b.not_accepted);
	smsc_link_stop(arg, 1000);
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
	struct smsc_link *link;
	pthread_t thread = 0;

	if (argc > 3)
		a.sin_port = htons((uint16_t)atoi(argv[3]));
	else if (bind(listener, (struct sockaddr *)&a, size) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &size) != 0 ||
	    pthread_create(&thread, NULL, sink, &listener) != 0) {
		perror("bench_smpp_link");
		return 1;
	}
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
	link = smsc_link_create(b.loop, &cf, &ev, NULL);
	loop_timer_start(b.loop, &end, seconds * 1000, on_end, link);
	loop_run(b.loop);
	smsc_link_destroy(&link);
	if (argc <= 3)
		pthread_join(thread, NULL);
	loop_destroy(&b.loop);
	close(listener);
	free(dgs);
	return 0;
}
