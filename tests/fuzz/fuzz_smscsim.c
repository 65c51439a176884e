/*
 * fuzz_smscsim.c - the simulator and a peer that sends the input. The first octet says what it suffers from; after it
 * each piece begins with an octet that says how many octets come in one write, 0 lets time pass.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "smsc/smscsim.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_json.h"
#include "smsc/smscsim_listen.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MESSAGES = 8, INPUT_MAX = 4096 };

static const char *const faults[] = {
	NULL,
	"{\"kind\":\"duplicate_receipt\",\"value\":3}",
	"{\"kind\":\"receipt_first\",\"value\":5,\"every\":2}",
	"{\"kind\":\"unknown_id\"}",
	"{\"kind\":\"delay\",\"value\":1,\"jitter_ms\":50}",
	"{\"kind\":\"slow_reader\",\"value\":1000000,\"every\":3}",
	"{\"kind\":\"wrong_sequence\",\"every\":2}",
	"{\"kind\":\"garbage\",\"every\":2}",
};
static const char *const settings[] = {
	"{\"mode\":\"auto\"}",
	"{\"mode\":\"hold\"}",
	"{\"mode\":\"none\",\"delay_ms\":100}",
	"{\"delay_ms\":100,\"jitter_ms\":500,\"states\":{\"DELIVRD\":1,\"ENROUTE\":1},\"submit_id_format\":\"hex\"}",
};

static json_t *
json(const char *text)
{
	json_t *value = json_read(span_str(text), NULL);

	if (value == NULL)
		abort();
	return value;
}

static struct sim *
create(uint8_t how)
{
	static const struct sim_config cf = { .seed = 1, .max_messages = MESSAGES };
	struct sim *sim = sim_create(&cf);
	json_t *value;
	unsigned id;

	value = json(settings[how / 8 % 4]);
	if (sim_receipts_set(sim->receipts, value, NULL) != OK)
		abort();
	json_decref(value);
	if (faults[how % 8] != NULL) {
		value = json(faults[how % 8]);
		if (sim_faults_add(sim->faults, value, &id, NULL) != OK)
			abort();
		json_decref(value);
	}
	return sim;
}

/* The peer's end of a new session; the PDUs that it asks for come with the input. */
static int
connect_to(struct sim *sim)
{
	static const struct sockaddr_storage nobody = { .ss_family = AF_UNIX };
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
	sim_enter(sim);
	if (sim_session_create(sim->sessions, fd[0], &nobody, false) == NULL)
		abort();
	sim_leave(sim);
	return fd[1];
}

static void
one_turn(struct sim *sim, int fd)
{
	uint8_t out[65536];

	loop_turn(sim->loop, 0);
	while (recv(fd, out, sizeof out, MSG_DONTWAIT) > 0)
		;
}

/* Everything that was taken can be shown. */
static void
show(struct sim *sim)
{
	struct sim_message *taken[MESSAGES];
	size_t i, n;

	sim_enter(sim);
	n = sim_store_take(sim->store, 0, NULL, false, taken, MESSAGES);
	for (i = 0; i < n; i++) {
		json_decref(sim_message_json(taken[i], sim_message_state(taken[i])));
		sim_message_unref(&taken[i]);
	}
	sim_leave(sim);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rbuf r = rbuf_from(span_of(data, n));
	struct sim *sim;
	int fd;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	log_open(LOG_LEVEL_NONE, NULL);
	clock_fake(INT64_C(1767366300000));
	sim = create(rbuf_u8(&r));
	fd = connect_to(sim);
	while (rbuf_left(&r) > 0) {
		size_t piece = rbuf_u8(&r);
		struct span s = rbuf_span(&r, piece < rbuf_left(&r) ? piece : rbuf_left(&r));

		if (s.n > 0 && send(fd, s.p, s.n, MSG_NOSIGNAL) < 0)
			break;
		if (piece == 0)
			clock_fake_advance(700);
		one_turn(sim, fd);
	}
	show(sim);
	if (n % 2 == 0) {
		close(fd);
		loop_turn(sim->loop, 0);
		sim_destroy(&sim);
	} else {
		sim_destroy(&sim);
		close(fd);
	}
	return 0;
}
