/* test_smpp_receipt.c - delivery receipts by TLV and by text, in all the forms that are sent. */
#include "tests/unit/test.h"

#include "smsc/smpp_pdu.h"

static int
parse(uint8_t esm_class, const char *text, struct smpp_receipt *out)
{
	size_t n = strlen(text);
	uint8_t *exact = malloc(n + 1);		/* no NUL behind the text */
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .esm_class = esm_class };
	struct why why = { 0 };
	int err;

	exact = realloc(exact, n > 0 ? n : 1);
	memcpy(exact, text, n);
	pdu.short_message = span_of(exact, n);
	err = smpp_receipt_parse(&pdu, out, &why);
	free(exact);
	if (err && why.text[0] == '\0')
		fail_msg("no reason given");
	return err;
}

static void
texts_that_are_read(void **state)
{
	static const struct { const char *text, *id; enum receipt_state st; const char *err; bool final; } rows[] = {
		{ "id:7A3F0C19 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:",
		    "7A3F0C19", RECEIPT_DELIVERED, "000", true },
		{ "sub:001 id:0123456789 err:21b dlvrd:1 done date:260102150507 submit date:201506201641 stat:UNDELIV",
		    "0123456789", RECEIPT_UNDELIVERABLE, "21b", true },
		{ "id:0b5ed6c2-25c6-4b46-93c1-0123456789ab stat:expired", "0b5ed6c2-25c6-4b46-93c1-0123456789ab",
		    RECEIPT_EXPIRED, "", true },
		{ "id:00000000000000000000000000000000 stat:DELETED err:1", "00000000000000000000000000000000", RECEIPT_DELETED, "1", true },
		{ "id:1 stat:ACCEPTD err:0000", "1", RECEIPT_ACCEPTED, "0000", false },
		{ "id:1 stat:UNKNOWN", "1", RECEIPT_UNKNOWN, "", false },
		{ "id:1 stat:REJECTD", "1", RECEIPT_REJECTED, "", true },
		{ "id:1 stat:ENROUTE", "1", RECEIPT_ENROUTE, "", false },
		{ "id:1 stat:ACKED", "1", RECEIPT_ACCEPTED, "", false },
		{ "id:1 stat:BUFFRED", "1", RECEIPT_ENROUTE, "", false },
		{ "id:1 stat:BUFFERD", "1", RECEIPT_ENROUTE, "", false },
		{ "id:1 stat:FAILED", "1", RECEIPT_UNDELIVERABLE, "", true },
		{ "id:1 stat:SKIPPED", "1", RECEIPT_UNDELIVERABLE, "", true },
		{ "id:1 stat:DND_REJECTED", "1", RECEIPT_REJECTED, "", true },
		{ "id:1 stat:Undeliverable", "1", RECEIPT_UNDELIVERABLE, "", true },
		{ "ID:1 Sub:13 Submit Date:20150620164105 Done Date:0000000000 Stat:DELIVERED Err:004 Text:id:2 stat:EXPIRED",
		    "1", RECEIPT_DELIVERED, "004", true },
		{ "id: 12 stat: DELIVRD err: text:x", "12", RECEIPT_DELIVERED, "", true },
		{ "id:12 submit date: done date:NULL stat:DELIVRD", "12", RECEIPT_DELIVERED, "", true },
		{ "  id:12\r\nstat:DELIVRD\n", "12", RECEIPT_DELIVERED, "", true },
		{ "id:12 stat:DELIVRD err:12345678901234567890", "12", RECEIPT_DELIVERED, "123456789012345", true },
		{ "id:1234567890123456789012345678901234567890123456789012345678901234567890 stat:DELIVRD",
		    "12345678901234567890123456789012345678901234567890123456789012345", RECEIPT_DELIVERED, "", true },
		{ "notid:5 id:12 stat:DELIVRD", "12", RECEIPT_DELIVERED, "", true },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smpp_receipt r;

		if (parse(SMPP_ESM_RECEIPT, rows[i].text, &r) != OK)
			fail_msg("not read: %s", rows[i].text);
		assert_string_equal(r.message_id, rows[i].id);
		if (r.state != rows[i].st || r.final != rows[i].final)
			fail_msg("%s: state %d, final %d", rows[i].text, r.state, r.final);
		assert_string_equal(r.err, rows[i].err);
	}
}

static void
texts_that_are_not(void **state)
{
	static const char *const rows[] = {
		"", " ", "hello", "stat:DELIVRD", "id:12", "id: stat:DELIVRD", "id:12 stat:", "id:12 stat:BANANA",
		"id:12 stat:DELIVRDX", "id:12 stat:DELIV", "id:12 submit date:260 done date:2601021505 stat:DELIVRD",
		"id:12 done date:260 stat:DELIVRD", "id:12 done date:26010215051 stat:DELIVRD",
		"id:12 done date:26010215x5 stat:DELIVRD", "id:1\x01 stat:DELIVRD", "text:id:12 stat:DELIVRD",
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smpp_receipt r;

		if (parse(SMPP_ESM_RECEIPT, rows[i], &r) != ERR_SYNTAX)
			fail_msg("read: %s", rows[i]);
		assert_string_equal(r.message_id, "");
		assert_int_equal(r.state, 0);
		assert_false(r.final);
	}
}

static void
every_cut_of_a_text(void **state)
{
	static const char text[] = "id:7A3F0C19 submit date:2601021504 stat:DELIVRD err:000 text:x";
	char part[sizeof text];
	size_t n;

	for (n = 0; n < sizeof text; n++) {
		struct smpp_receipt r;
		int err;

		memcpy(part, text, n);
		part[n] = '\0';
		err = parse(SMPP_ESM_RECEIPT, part, &r);
		assert_int_equal(err, n >= strlen("id:7A3F0C19 submit date:2601021504 stat:DELIVRD") ? OK : ERR_SYNTAX);
	}
}

static void
kinds_of_messages(void **state)
{
	static const struct { uint8_t esm_class; int err; bool final; } rows[] = {
		{ 0x04, OK, true }, { 0x20, OK, false }, { 0x44, OK, true }, { 0x84, OK, true },
		{ 0x00, ERR_NOT_FOUND, false }, { 0x08, ERR_NOT_FOUND, false }, { 0x10, ERR_NOT_FOUND, false },
		{ 0x18, ERR_NOT_FOUND, false }, { 0x40, ERR_NOT_FOUND, false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smpp_receipt r;

		assert_int_equal(parse(rows[i].esm_class, "id:12 stat:DELIVRD", &r), rows[i].err);
		assert_int_equal(r.final, rows[i].final);
	}
}

static void
add(struct smpp_pdu *pdu, uint16_t tag, const char *octets, size_t n)
{
	pdu->tlvs[pdu->n_tlvs++] = (struct smpp_tlv){ tag, span_of(octets, n) };
}

static void
tlvs_go_first(void **state)
{
	struct smpp_pdu pdu = { .esm_class = SMPP_ESM_RECEIPT,
	    .short_message = span_str("id:text stat:DELIVRD err:007 done date:1") };
	struct smpp_receipt r;

	add(&pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID, "7A3F0C19", 9);
	add(&pdu, SMPP_TAG_MESSAGE_STATE, "\x05", 1);
	add(&pdu, SMPP_TAG_NETWORK_ERROR_CODE, "\x03\x00\x21", 3);
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
	assert_string_equal(r.message_id, "7A3F0C19");
	assert_int_equal(r.state, RECEIPT_UNDELIVERABLE);
	assert_string_equal(r.err, "3:33");
	assert_true(r.final);

	/* both say it without the type */
	pdu.esm_class = 0;
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
	pdu.esm_class = 0x08;
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), ERR_NOT_FOUND);
}

static void
tlvs_and_text_complete_each_other(void **state)
{
	struct smpp_pdu pdu = { .esm_class = SMPP_ESM_RECEIPT, .short_message = span_str("id:text stat:DELIVRD err:007") };
	struct smpp_receipt r;

	add(&pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID, "tlv", 3);	/* no NUL */
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
	assert_string_equal(r.message_id, "tlv");
	assert_int_equal(r.state, RECEIPT_DELIVERED);
	assert_string_equal(r.err, "007");

	pdu.n_tlvs = 0;
	add(&pdu, SMPP_TAG_MESSAGE_STATE, "\x03", 1);
	add(&pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID, "", 1);
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
	assert_string_equal(r.message_id, "text");
	assert_int_equal(r.state, RECEIPT_EXPIRED);

	/* TLVs that say nothing */
	pdu.n_tlvs = 0;
	add(&pdu, SMPP_TAG_MESSAGE_STATE, "\x77", 1);
	add(&pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID, "\n", 1);
	add(&pdu, SMPP_TAG_NETWORK_ERROR_CODE, "\x03", 1);
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
	assert_string_equal(r.message_id, "text");
	assert_int_equal(r.state, RECEIPT_DELIVERED);
	assert_string_equal(r.err, "007");
	pdu.esm_class = 0;
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), ERR_NOT_FOUND);
}

static void
text_in_the_payload(void **state)
{
	struct smpp_pdu pdu = { .esm_class = SMPP_ESM_RECEIPT };
	struct smpp_receipt r;

	add(&pdu, SMPP_TAG_MESSAGE_PAYLOAD, "id:12 stat:EXPIRED\0id:13 stat:DELIVRD", 37);
	assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
	assert_string_equal(r.message_id, "12");
	assert_int_equal(r.state, RECEIPT_EXPIRED);
}

static void
states_by_number(void **state)
{
	static const struct { enum receipt_state st; bool final; } rows[] = {
		{ RECEIPT_ENROUTE, false }, { RECEIPT_ENROUTE, false }, { RECEIPT_DELIVERED, true },
		{ RECEIPT_EXPIRED, true }, { RECEIPT_DELETED, true }, { RECEIPT_UNDELIVERABLE, true },
		{ RECEIPT_ACCEPTED, false }, { RECEIPT_UNKNOWN, false }, { RECEIPT_REJECTED, true },
		{ RECEIPT_UNDELIVERABLE, true },
	};
	uint8_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smpp_pdu pdu = { .esm_class = SMPP_ESM_RECEIPT };
		struct smpp_receipt r;

		add(&pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID, "x", 2);
		add(&pdu, SMPP_TAG_MESSAGE_STATE, (const char *)&i, 1);
		assert_int_equal(smpp_receipt_parse(&pdu, &r, NULL), OK);
		assert_int_equal(r.state, rows[i].st);
		assert_int_equal(r.final, rows[i].final);
	}
}

/* ---- any spelling of the same receipt -------------------------------------------------------------- */

enum { SPELLINGS = 20000, FIELDS = 7 };

static uint64_t chance = 20260102;

static unsigned
any(unsigned below)
{
	chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(chance >> 33) % below;
}

/* Each letter in either case. */
static void
any_case(char *s)
{
	for (; *s != '\0'; s++)
		if (any(2) == 0)
			*s = (char)(*s >= 'a' && *s <= 'z' ? *s - 32 : *s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
}

static void
digits(char *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (char)('0' + any(10));
	out[n] = '\0';
}

/* Fields in any order, some left out, names in any case, blanks between and behind them: it says the same. */
static void
spellings(void **state)
{
	static const struct { const char *name; enum receipt_state state; } stats[] = {
		{ "DELIVRD", RECEIPT_DELIVERED }, { "EXPIRED", RECEIPT_EXPIRED }, { "UNDELIV", RECEIPT_UNDELIVERABLE },
		{ "REJECTD", RECEIPT_REJECTED }, { "UNKNOWN", RECEIPT_UNKNOWN }, { "ENROUTE", RECEIPT_ENROUTE },
	};
	static const char *const gaps[] = { " ", "  ", "\t", "\r\n", " \n " };
	static const unsigned dates[] = { 10, 12, 14 };
	int round;

	for (round = 0; round < SPELLINGS; round++) {
		char id[66], fields[FIELDS][100], text[1024] = "", stat[16], number[16];
		unsigned order[FIELDS], i, st = any(sizeof stats / sizeof stats[0]);
		struct smpp_receipt r;

		for (i = 0; i + 1 < sizeof id && (i == 0 || any(12) != 0); i++)
			id[i] = "0123456789abcdefABCDEF-"[any(i == 0 ? 22 : 23)];
		id[i] = '\0';
		snprintf(stat, sizeof stat, "%s", stats[st].name);
		any_case(stat);
		snprintf(fields[0], sizeof fields[0], "id:%s%s", any(4) == 0 ? " " : "", id);
		snprintf(fields[1], sizeof fields[1], "stat:%s%s", any(4) == 0 ? " " : "", stat);
		digits(number, 1 + any(3));
		snprintf(fields[2], sizeof fields[2], "sub:%s", number);
		snprintf(fields[3], sizeof fields[3], "dlvrd:%s", number);
		digits(number, dates[any(3)]);
		snprintf(fields[4], sizeof fields[4], "submit date:%s", number);
		snprintf(fields[5], sizeof fields[5], "done date:%s", number);
		snprintf(fields[6], sizeof fields[6], "err:%s", any(2) == 0 ? "" : number);
		for (i = 0; i < FIELDS; i++) {
			unsigned k = any(i + 1);
			char *colon = strchr(fields[i], ':');

			*colon = '\0';
			any_case(fields[i]);
			*colon = ':';
			order[i] = order[k];
			order[k] = i;
		}
		for (i = 0; i < FIELDS; i++) {
			if (order[i] > 1 && any(3) == 0)
				continue;		/* nothing but id and stat is needed */
			strcat(text, fields[order[i]]);
			strcat(text, gaps[any(sizeof gaps / sizeof gaps[0])]);
		}
		if (any(2) == 0)
			strcat(text, "Text:id:1 stat:DELETED err:9");
		if (parse(SMPP_ESM_RECEIPT, text, &r) != OK || strcmp(r.message_id, id) != 0 || r.state != stats[st].state)
			fail_msg("round %d: \"%s\"", round, text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_read),
		cmocka_unit_test(texts_that_are_not),
		cmocka_unit_test(every_cut_of_a_text),
		cmocka_unit_test(kinds_of_messages),
		cmocka_unit_test(tlvs_go_first),
		cmocka_unit_test(tlvs_and_text_complete_each_other),
		cmocka_unit_test(text_in_the_payload),
		cmocka_unit_test(states_by_number),
		cmocka_unit_test(spellings),
	};

	return cmocka_run_group_tests_name("smpp_receipt", tests, NULL, NULL);
}
