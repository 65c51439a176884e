/* test_box_link.c - the link to a bearerbox, with a bearerbox in the hands of the test: what it says, and how it ends. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "smsc/box_msg.h"
#include "smsc/link.h"

enum { TURNS_MAX = 10000 };		/* of 2 ms: the deadline of every wait */

static struct {
	struct loop *loop;
	struct smsc_link *link;
	int listener, fd;
	uint8_t in[65536];
	size_t in_n;
	struct box_msg msg;		/* the last that came; texts are in `kept` */
	uint8_t kept[4096];
	unsigned answers, receipts;
	enum smsc_verdict verdict;
	uint32_t status;
	char message_id[66];
	uint64_t token;
	struct smsc_receipt receipt;
	bool destroy;			/* in the next answer */
} t;

static void
ev_answered(void *app, struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v)
{
	t.answers++;
	t.verdict = v;
	t.status = dg->status;
	if (dg->message_ids != NULL)
		memcpy(t.message_id, dg->message_ids[0], sizeof t.message_id);
	memset(dg, 0xEE, sizeof *dg);
	if (t.destroy)
		smsc_link_destroy(&t.link);
}

static void
ev_receipt(void *app, struct smsc_link *link, const struct smsc_receipt *r, uint64_t token)
{
	t.receipts++;
	t.receipt = *r;
	t.token = token;
}

static const struct smsc_events events = { .answered = ev_answered, .receipt = ev_receipt };

/* One turn; whether a whole message has come. */
static bool
turn(void)
{
	ssize_t n;
	uint32_t size;

	loop_turn(t.loop, 2);
	if (t.fd < 0) {
		t.fd = accept4(t.listener, NULL, NULL, SOCK_NONBLOCK);
		return false;
	}
	n = recv(t.fd, t.in + t.in_n, sizeof t.in - t.in_n, 0);
	t.in_n += n > 0 ? (size_t)n : 0;
	if (t.in_n < 4)
		return false;
	size = (uint32_t)t.in[2] << 8 | t.in[3];
	if (t.in_n - 4 < size)
		return false;
	memcpy(t.kept, t.in + 4, size);
	assert_int_equal(box_msg_decode(span_of(t.kept, size), &t.msg), OK);
	t.in_n -= 4 + size;
	memmove(t.in, t.in + 4 + size, t.in_n);
	return true;
}

static void
wait_msg(enum box_msg_type type)
{
	unsigned i;

	for (i = 0; i < TURNS_MAX; i++)
		if (turn() && t.msg.type == type)
			return;
	fail_msg("no message of type %d came", (int)type);
}

#define WAIT(condition) do { \
	unsigned i_; \
	for (i_ = 0; i_ < TURNS_MAX && !(condition); i_++) \
		turn(); \
	assert_true(condition); \
} while (0)

static void
say(const struct box_msg *m)
{
	uint8_t out[1024];
	struct wbuf w = wbuf_into(out, sizeof out);

	box_msg_encode(&w, m);
	assert_int_equal(send(t.fd, out, wbuf_span(&w).n, 0), wbuf_span(&w).n);
}

static void
say_ack(const uint8_t id[16], int nack)
{
	struct box_msg m = box_msg_new(BOX_ACK);

	m.nack = nack;
	memcpy(m.id, id, 16);
	say(&m);
}

static void
say_admin(int command)
{
	struct box_msg m = box_msg_new(BOX_ADMIN);

	m.command = command;
	say(&m);
}

static int
start(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof addr;
	struct smsc_config cf;

	memset(&t, 0, sizeof t);
	t.fd = -1;
	t.loop = loop_create();
	t.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(t.listener, (struct sockaddr *)&addr, size), 0);
	assert_int_equal(listen(t.listener, 5), 0);
	assert_int_equal(getsockname(t.listener, (struct sockaddr *)&addr, &size), 0);
	smsc_config_defaults(&cf);
	cf.kind = SMSC_BEARERBOX;
	strcpy(cf.smsc_id, "box");
	strcpy(cf.host, "127.0.0.1");
	strcpy(cf.system_id, "openppg");
	strcpy(cf.source_addr, "12025550100");
	cf.port = ntohs(addr.sin_port);
	cf.reconnect_min_ms = cf.reconnect_max_ms = 1;
	t.link = smsc_link_create(t.loop, &cf, &events, NULL);
	wait_msg(BOX_ADMIN);
	assert_int_equal(t.msg.command, BOX_IDENTIFY);
	assert_true(span_eq_str(t.msg.boxc_id, "openppg"));
	WAIT(smsc_link_state(t.link) == SMSC_UP);
	return 0;
}

static int
stop(void **state)
{
	smsc_link_destroy(&t.link);
	if (t.fd >= 0)
		close(t.fd);
	close(t.listener);
	loop_destroy(&t.loop);
	return 0;
}

static struct smsc_datagram
datagram(size_t n)
{
	static const uint8_t octets[300] = { 1, 6 };

	return (struct smsc_datagram){ .pdu = span_of(octets, n), .src_port = 9200, .dst_port = 2948, .ref = 7,
		.to = "+12025550123", .want_receipt = true, .wanted_smsc = "premium" };
}

/* ---- tests ------------------------------------------------------------------------------------------- */

static void
answers(void **state)
{
	static const struct { int nack; enum smsc_verdict verdict; } rows[] = {
		{ BOX_ACK_SUCCESS, SMSC_ACCEPTED }, { BOX_ACK_BUFFERED, SMSC_ACCEPTED }, { BOX_ACK_FAILED, SMSC_REFUSED },
		{ BOX_ACK_FAILED_TMP, SMSC_RETRY },
	};
	char id[BOX_UUID_TEXT];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smsc_datagram dg = datagram(100);

		assert_int_equal(smsc_link_submit(t.link, &dg), OK);
		assert_int_equal(t.answers, i);
		wait_msg(BOX_SMS);
		assert_true(span_eq_str(t.msg.receiver, "+12025550123") && span_eq_str(t.msg.sender, "12025550100"));
		assert_true(span_eq_str(t.msg.smsc_id, "premium"));
		assert_int_equal(t.msg.udhdata.n, 7);
		assert_int_equal(t.msg.msgdata.n, 100);
		assert_int_equal(t.msg.coding, 1);
		assert_int_equal(t.msg.dlr_mask, 19);
		box_uuid_print(t.msg.id, id);
		assert_true(span_eq_str(t.msg.dlr_url, id));
		say_ack(t.msg.id, 4);			/* nothing that means anything */
		say_ack((const uint8_t *)"0123456789abcdef", 0);
		say_ack(t.msg.id, rows[i].nack);
		WAIT(t.answers == i + 1);
		assert_int_equal(t.verdict, rows[i].verdict);
		if (rows[i].verdict == SMSC_ACCEPTED)
			assert_string_equal(t.message_id, id);
	}
	assert_int_equal(smsc_link_room(t.link), 0);		/* after "temporarily" comes a pause */
	assert_int_equal(smsc_link_stats(t.link)->ignored_responses, 8);
}

static void
parts_and_the_worst_of_them(void **state)
{
	struct smsc_datagram dg = datagram(300);
	uint8_t ids[3][16];
	unsigned i;

	assert_int_equal(smsc_link_submit(t.link, &dg), OK);
	for (i = 0; i < 3; i++) {
		wait_msg(BOX_SMS);
		memcpy(ids[i], t.msg.id, 16);
		assert_int_equal(t.msg.udhdata.n, 13);
	}
	say_ack(ids[2], BOX_ACK_SUCCESS);
	say_ack(ids[0], BOX_ACK_FAILED);
	say_ack(ids[1], BOX_ACK_SUCCESS);
	WAIT(t.answers == 1);
	assert_int_equal(t.verdict, SMSC_REFUSED);
}

static void
a_lost_connection(void **state)
{
	struct smsc_datagram dg = datagram(10), unsent = datagram(10);

	assert_int_equal(smsc_link_submit(t.link, &dg), OK);
	wait_msg(BOX_SMS);
	close(t.fd);
	t.fd = -1;
	WAIT(t.answers == 1);
	assert_int_equal(t.verdict, SMSC_MAYBE_SENT);
	wait_msg(BOX_ADMIN);					/* it comes again by itself */
	WAIT(smsc_link_state(t.link) == SMSC_UP);
	assert_int_equal(smsc_link_submit(t.link, &unsent), OK);
	smsc_link_stop(t.link, 0);
	WAIT(t.answers == 2);
	assert_int_equal(t.verdict, SMSC_UNSENT);
	WAIT(smsc_link_state(t.link) == SMSC_DOWN);
}

static void
receipts(void **state)
{
	static const struct { int mask; enum receipt_state state; bool final; } rows[] = {
		{ 1, RECEIPT_DELIVERED, true }, { 2, RECEIPT_UNDELIVERABLE, true }, { 34, RECEIPT_EXPIRED, true },
		{ 66, RECEIPT_UNKNOWN, true }, { 16, RECEIPT_REJECTED, true }, { 8, RECEIPT_ACCEPTED, false },
		{ 4, RECEIPT_ENROUTE, false },
	};
	struct box_msg m = box_msg_new(BOX_SMS);
	size_t i;

	m.sms_type = BOX_REPORT_MO;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		m.id[0] = (uint8_t)i;
		m.dlr_mask = rows[i].mask;
		m.dlr_url = span_str("516aa637-104d-4b2b-87cc-86731ced1d18");
		say(&m);
		WAIT(t.receipts == i + 1);
		assert_int_equal(t.receipt.state, rows[i].state);
		assert_int_equal(t.receipt.final, rows[i].final);
		assert_string_equal(t.receipt.message_id, "516aa637-104d-4b2b-87cc-86731ced1d18");
		smsc_link_receipt_done(t.link, t.token, i % 2 == 0);
		smsc_link_receipt_done(t.link, t.token, true);	/* known no more */
		wait_msg(BOX_ACK);
		assert_int_equal(t.msg.id[0], i);
		assert_int_equal(t.msg.nack, i % 2 == 0 ? BOX_ACK_SUCCESS : BOX_ACK_FAILED_TMP);
	}
	m.dlr_url = span_str("http://example.net/");		/* of somebody else */
	say(&m);
	wait_msg(BOX_ACK);
	assert_int_equal(t.msg.nack, BOX_ACK_SUCCESS);
	m.sms_type = BOX_MO;
	say(&m);
	wait_msg(BOX_ACK);
	assert_int_equal(t.msg.nack, BOX_ACK_FAILED);
	assert_int_equal(t.receipts, i);
	assert_int_equal(smsc_link_stats(t.link)->bad_receipts, 1);
	assert_int_equal(smsc_link_stats(t.link)->messages, 1);
}

static void
broken_octets(void **state)
{
	static const uint8_t unknown[] = { 0, 0, 0, 4, 0, 0, 0, 9 }, endless[] = { 0x7F, 0xFF, 0xFF, 0xFF };
	struct smsc_datagram dg = datagram(10);

	assert_int_equal(send(t.fd, unknown, sizeof unknown, 0), sizeof unknown);
	WAIT(smsc_link_stats(t.link)->bad_pdus == 1);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	t.destroy = true;
	assert_int_equal(smsc_link_submit(t.link, &dg), OK);
	wait_msg(BOX_SMS);
	assert_int_equal(send(t.fd, endless, sizeof endless, 0), sizeof endless);
	WAIT(t.answers == 1);
	assert_int_equal(t.verdict, SMSC_MAYBE_SENT);
	assert_null(t.link);
}

static void
suspended_and_resumed(void **state)
{
	struct smsc_datagram dg = datagram(10);
	struct smsc_cancel c = { .message_id = "x", .to = "+12025550123" };
	struct smsc_query q = { .message_id = "x" };

	assert_int_equal(smsc_link_query(t.link, &q), ERR_UNSUPPORTED);	/* the box protocol has nothing like it */
	say_admin(BOX_SUSPEND);
	WAIT(smsc_link_room(t.link) == 0);
	assert_int_equal(smsc_link_submit(t.link, &dg), ERR_FULL);
	assert_int_equal(smsc_link_cancel(t.link, &c), OK);	/* events has no cancelled() */
	say_admin(BOX_RESUME);
	WAIT(smsc_link_room(t.link) > 0);
	assert_int_equal(smsc_link_submit(t.link, &dg), OK);
	wait_msg(BOX_SMS);
	say_ack(t.msg.id, BOX_ACK_SUCCESS);
	WAIT(t.answers == 1);
	say_admin(BOX_SHUTDOWN);
	WAIT(smsc_link_state(t.link) != SMSC_UP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers, start, stop),
		cmocka_unit_test_setup_teardown(parts_and_the_worst_of_them, start, stop),
		cmocka_unit_test_setup_teardown(a_lost_connection, start, stop),
		cmocka_unit_test_setup_teardown(receipts, start, stop),
		cmocka_unit_test_setup_teardown(broken_octets, start, stop),
		cmocka_unit_test_setup_teardown(suspended_and_resumed, start, stop),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
