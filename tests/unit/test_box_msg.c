/* test_box_msg.c - the messages of Kannel's boxes, against frames that Debian's own boxes (kannel 1.4.5-12) sent. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "smsc/box_msg.h"

/* smsbox with smsbox-id box1: identify; then sendsms with these values. */
static const char identify_hex[] = "00000010000000010000000300000004626f7831";
static const char heartbeat_hex[] = "000000080000000000000000";
static const char sms_hex[] =
    "000000ea000000020000000b31323032353535303130300000000c2b3132303235353530313233000000070605040b8423f000000002"
    "01066b02bd690000000373696dffffffffffffffff00000006746573746572ffffffff0000002435313661613633372d313034642d346232"
    "622d383763632d3836373331636564316431380000000200000001ffffffff00000001ffffffff6b02cb796b02bfc100000013000000"
    "19687474703a2f2f6578616d706c652e6e65742f6f75722d696400000000ffffffffffffffffffffffff00000004626f7831ffffffff"
    "ffffffff00000001ffffffffffffffffffffffff";
/* bearerbox: taken; and what became of the message. */
static const char ack_hex[] =
    "000000340000000300000000ffffffff0000002463313737316338302d643266322d346630312d396131312d323663323361656538646462";

static struct span
octets(const char *hex, uint8_t *out)
{
	size_t i, n = strlen(hex) / 2;

	for (i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		out[i] = (uint8_t)v;
	}
	return span_of(out, n);
}

static void
assert_encodes(const struct box_msg *m, const char *hex)
{
	uint8_t expected[512], got[512];
	struct span want = octets(hex, expected);
	struct wbuf w = wbuf_into(got, sizeof got);

	box_msg_encode(&w, m);
	assert_int_equal(w.err, OK);
	assert_int_equal(wbuf_span(&w).n, want.n);
	assert_memory_equal(got, expected, want.n);
}

static struct box_msg
smsbox_sms(void)
{
	struct box_msg m = box_msg_new(BOX_SMS);

	m.sender = span_str("12025550100");
	m.receiver = span_str("+12025550123");
	m.udhdata = span_of("\x06\x05\x04\x0B\x84\x23\xF0", 7);
	m.msgdata = span_of("\x01\x06", 2);
	m.time = 0x6B02BD69;
	m.smsc_id = span_str("sim");
	m.service = span_str("tester");
	assert_int_equal(box_uuid_parse(span_str("516aa637-104d-4b2b-87cc-86731ced1d18"), m.id), OK);
	m.sms_type = BOX_MT_PUSH;
	m.mclass = 1;
	m.coding = 1;
	m.validity = 0x6B02CB79;		/* an hour later: the absolute time */
	m.deferred = 0x6B02BFC1;
	m.dlr_mask = BOX_DLR_SUCCESS | BOX_DLR_FAIL | BOX_DLR_SMSC_FAIL;
	m.dlr_url = span_str("http://example.net/our-id");
	m.pid = 0;
	m.boxc_id = span_str("box1");
	m.priority = 1;
	return m;
}

static void
test_as_kannels_smsbox(void **state)
{
	struct box_msg m = box_msg_new(BOX_ADMIN);

	m.command = BOX_IDENTIFY;
	m.boxc_id = span_str("box1");
	assert_encodes(&m, identify_hex);
	m = box_msg_new(BOX_HEARTBEAT);
	m.load = 0;
	assert_encodes(&m, heartbeat_hex);
	m = smsbox_sms();
	assert_true(m.account.p == NULL && m.msg_left == -1);
	/* -1 left of them */
	m.msg_left = -1;
	assert_encodes(&m, sms_hex);
}

static void
test_decode(void **state)
{
	uint8_t in[512];
	struct box_msg m, sent = smsbox_sms();
	struct span frame = octets(sms_hex, in);
	char id[BOX_UUID_TEXT];

	assert_int_equal(box_msg_decode(span_of(frame.p + 4, frame.n - 4), &m), OK);
	assert_int_equal(m.type, BOX_SMS);
	assert_true(span_eq(m.receiver, sent.receiver) && span_eq(m.udhdata, sent.udhdata));
	assert_true(span_eq(m.dlr_url, sent.dlr_url) && span_eq(m.boxc_id, sent.boxc_id));
	assert_null(m.meta_data.p);
	assert_int_equal(m.validity, sent.validity);
	assert_int_equal(m.priority, 1);
	frame = octets(ack_hex, in);
	assert_int_equal(box_msg_decode(span_of(frame.p + 4, frame.n - 4), &m), OK);
	assert_int_equal(m.type, BOX_ACK);
	assert_int_equal(m.nack, BOX_ACK_SUCCESS);
	assert_int_equal(m.time, BOX_UNSET);
	box_uuid_print(m.id, id);
	assert_string_equal(id, "c1771c80-d2f2-4f01-9a11-26c23aee8ddb");
}

static void
test_every_truncation(void **state)
{
	static const char *const vectors[] = { identify_hex, heartbeat_hex, sms_hex, ack_hex };
	size_t i, n;

	for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		uint8_t in[512];
		struct span frame = octets(vectors[i], in);
		struct box_msg m;

		for (n = 0; n < frame.n - 4; n++) {
			uint8_t *exact = malloc(n + 1);		/* one more, which must not make it whole */

			memcpy(exact, frame.p + 4, n);
			assert_int_not_equal(box_msg_decode(span_of(exact, n), &m), OK);
			assert_null(m.receiver.p);
			free(exact);
		}
		in[frame.n] = 0;
		assert_int_equal(box_msg_decode(span_of(frame.p + 4, frame.n - 4 + 1), &m), ERR_SYNTAX);
	}
}

static void
test_bad(void **state)
{
	static const struct { const char *hex; int err; } rows[] = {
		{ "", ERR_SHORT },
		{ "00000004ffffffff", ERR_UNSUPPORTED },	/* wdp_datagram */
		{ "ffffffff", ERR_UNSUPPORTED },
		{ "0000000100000003fffffffe", ERR_SHORT },	/* a text of -2 octets */
		{ "00000001000000037fffffff", ERR_SHORT },
		{ "000000030000000000000000ffffffff", ERR_SYNTAX },	/* no id */
		{ "00000003000000000000000000000002" "3132", ERR_SYNTAX },
	};
	struct box_msg m;
	uint8_t in[64];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(box_msg_decode(octets(rows[i].hex, in), &m), rows[i].err);
}

static void
test_uuid(void **state)
{
	static const char *const bad[] = {
		"", "516aa637-104d-4b2b-87cc-86731ced1d1", "516aa637-104d-4b2b-87cc-86731ced1d188",
		"516aa637 104d-4b2b-87cc-86731ced1d18", "516aa63g-104d-4b2b-87cc-86731ced1d18",
		"516aa6370104d-4b2b-87cc-86731ced1d18",
	};
	uint8_t id[16];
	char text[BOX_UUID_TEXT];
	size_t i;

	assert_int_equal(box_uuid_parse(span_str("516AA637-104D-4B2B-87CC-86731CED1D18"), id), OK);
	box_uuid_print(id, text);
	assert_string_equal(text, "516aa637-104d-4b2b-87cc-86731ced1d18");
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(box_uuid_parse(span_str(bad[i]), id), ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_kannels_smsbox),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
