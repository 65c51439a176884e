/* test_smpp_pdu.c - SMPP PDUs: vectors both ways, every truncation, quirks, broken bodies. */
#include "tests/unit/test.h"

#include <dirent.h>

#include "base/text.h"
#include "smsc/smpp_tables.h"

enum { VECTOR_MAX = 2048 };

static const char vectors[] = TOP_SRCDIR "/tests/vectors/smpp";

/* ---- helpers ---------------------------------------------------------------------------- */

static size_t
read_text(const char *name, const char *ending, char *out, size_t size)
{
	char path[1024];
	size_t n, i;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s%s", vectors, name, ending);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	n = fread(out, 1, size - 1, f);
	fclose(f);
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
	for (i = 0; i < n; i++)
		if (out[i] == '\n')
			out[i] = ' ';
	return n;
}

static size_t
read_vector(const char *name, uint8_t *out)
{
	char text[VECTOR_MAX * 3];
	size_t n = read_text(name, ".hex", text, sizeof text);
	struct why why;

	assert_int_equal(text_hex(span_of(text, n), out, &n, &why), OK);
	return n;
}

static size_t
from_hex(const char *hex, uint8_t *out)
{
	struct why why;
	size_t n;

	assert_int_equal(text_hex(span_str(hex), out, &n, &why), OK);
	return n;
}

/* Runs fn for each vector; fails when there are none. */
static void
each_vector(void (*fn)(const char *name, const uint8_t *pdu, size_t n))
{
	DIR *dir = opendir(vectors);
	struct dirent *entry;
	unsigned seen = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name);
		uint8_t pdu[VECTOR_MAX];

		if (n < 5 || strcmp(entry->d_name + n - 4, ".hex") != 0)
			continue;
		entry->d_name[n - 4] = '\0';
		n = read_vector(entry->d_name, pdu);
		fn(entry->d_name, pdu, n);
		seen++;
	}
	closedir(dir);
	assert_true(seen >= 20);
}

static int
decode(const void *p, size_t n, struct smpp_pdu *pdu, uint32_t *status)
{
	struct why why = { 0 };
	int err = smpp_decode(span_of(p, n), pdu, status, &why);

	if (err && why.text[0] == '\0')
		fail_msg("no reason given for %s", err_name(err));
	return err;
}

static void
put_length(uint8_t *pdu, size_t n)
{
	struct wbuf w = wbuf_into(pdu, 4);

	wbuf_u32(&w, (uint32_t)n);
}

/* ---- vectors ---------------------------------------------------------------------------- */

static void
check_both_ways(const char *name, const uint8_t *in, size_t n)
{
	uint8_t out[VECTOR_MAX];
	struct wbuf w = wbuf_into(out, sizeof out);
	char expected[VECTOR_MAX];
	struct sbuf text = { 0 };
	struct smpp_pdu pdu;
	uint32_t status;
	bool printable;

	assert_int_equal(smpp_frame(span_of(in, n), SMPP_PDU_MAX, &printable), n);
	if (decode(in, n, &pdu, &status) != OK)
		fail_msg("%s does not decode", name);
	assert_int_equal(status, SMPP_OK);
	smpp_encode(&w, &pdu);
	assert_int_equal(w.err, OK);
	assert_int_equal(w.n, n);
	assert_memory_equal(out, in, n);

	read_text(name, ".txt", expected, sizeof expected);
	smpp_print(&pdu, &text);
	assert_string_equal(text.s, expected);
	sbuf_done(&text);
}

static void
vectors_decode_and_encode(void **state)
{
	each_vector(check_both_ways);
}

/* Every shorter PDU, its length corrected, in a block of exactly its size. */
static void
check_truncations(const char *name, const uint8_t *in, size_t n)
{
	size_t cut;

	for (cut = 0; cut < n; cut++) {
		uint8_t *p = malloc(cut > 0 ? cut : 1);
		struct smpp_pdu pdu;
		struct sbuf text = { 0 };
		uint32_t status;
		bool printable;
		int err;

		memcpy(p, in, cut);
		assert_int_equal(smpp_frame(span_of(p, cut), SMPP_PDU_MAX, &printable), 0);
		assert_int_equal(decode(p, cut, &pdu, &status), ERR_SHORT);
		if (cut < SMPP_HEADER) {
			free(p);
			continue;
		}
		put_length(p, cut);
		err = decode(p, cut, &pdu, &status);
		assert_true((err == OK) == (status == SMPP_OK));
		smpp_print(&pdu, &text);
		assert_true(text.n > 0);
		sbuf_done(&text);
		assert_memory_equal(&pdu.seq, &(uint32_t){ (uint32_t)in[12] << 24 | in[13] << 16 |
		    in[14] << 8 | in[15] }, 4);
		if (err) {
			assert_int_equal(pdu.n_tlvs, 0);
			assert_int_equal(pdu.short_message.n, 0);
			assert_string_equal(pdu.source, "");
		}
		free(p);
	}
}

static void
truncations_stay_inside(void **state)
{
	each_vector(check_truncations);
}

/* The octets of fixed fields may not be missing in a request. */
static void
requests_are_whole(void **state)
{
	static const struct { const char *name; size_t whole_at; } rows[] = {
		{ "bind_transceiver", 0 }, { "submit_sm_udh", 0 }, { "query_sm", 0 }, { "cancel_sm", 0 },
		{ "outbind", 0 }, { "replace_sm", 0 }, { "submit_multi", 0 }, { "data_sm", 0x66 - 6 - 6 - 6 - 41 },
		{ "alert_notification", 16 + 14 + 6 }, { "submit_multi_resp", 0 }, { "query_sm_resp", 0 },
	};
	size_t i, cut;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t in[VECTOR_MAX];
		size_t n = read_vector(rows[i].name, in), whole = rows[i].whole_at ? rows[i].whole_at : n;
		struct smpp_pdu pdu;
		uint32_t status;

		for (cut = SMPP_HEADER; cut < whole; cut++) {
			put_length(in, cut);
			if (decode(in, cut, &pdu, &status) == OK)
				fail_msg("%s of %zu octets was taken", rows[i].name, cut);
		}
		put_length(in, whole);
		assert_int_equal(decode(in, whole, &pdu, &status), OK);
	}
}

static void
fields_of_a_submit_sm(void **state)
{
	uint8_t in[VECTOR_MAX];
	size_t n = read_vector("submit_sm_udh", in);
	struct smpp_pdu pdu;
	uint32_t status;

	assert_int_equal(decode(in, n, &pdu, &status), OK);
	assert_int_equal(pdu.id, SMPP_SUBMIT_SM);
	assert_int_equal(pdu.seq, 2);
	assert_string_equal(pdu.service_type, "WAP");
	assert_int_equal(pdu.source_ton, 5);
	assert_string_equal(pdu.source, "PPG");
	assert_int_equal(pdu.dest_ton, 1);
	assert_string_equal(pdu.dest, "15550100001");
	assert_int_equal(pdu.esm_class, SMPP_ESM_UDHI);
	assert_int_equal(pdu.registered_delivery, 1);
	assert_int_equal(pdu.data_coding, 0xF5);
	assert_int_equal(pdu.short_message.n, 0x2C);
	assert_ptr_equal(pdu.short_message.p, in + n - 0x2C);
}

static void
destinations_of_a_submit_multi(void **state)
{
	uint8_t in[VECTOR_MAX];
	size_t pos = 0, n = read_vector("submit_multi", in);
	struct smpp_dest dest;
	struct smpp_pdu pdu;
	uint32_t status;

	assert_int_equal(decode(in, n, &pdu, &status), OK);
	assert_int_equal(pdu.n_list, 2);
	assert_true(smpp_dest_next(&pdu, &pos, &dest));
	assert_string_equal(dest.addr, "15550100001");
	assert_true(smpp_dest_next(&pdu, &pos, &dest));
	assert_string_equal(dest.addr, "15550100002");
	assert_int_equal(dest.ton, 1);
	assert_false(smpp_dest_next(&pdu, &pos, &dest));

	n = read_vector("submit_multi_resp", in);
	pos = 0;
	assert_int_equal(decode(in, n, &pdu, &status), OK);
	assert_string_equal(pdu.message_id, "M1");
	assert_true(smpp_dest_next(&pdu, &pos, &dest));
	assert_string_equal(dest.addr, "15550100002");
	assert_int_equal(dest.status, SMPP_RINVDSTADR);
	assert_false(smpp_dest_next(&pdu, &pos, &dest));
}

/* ---- what peers get wrong ------------------------------------------------------------------ */

#define H(length, id, status) length id status "00000009"
#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define SIXTIES "363636363636363636363636363636363636363636363636363636363636363636" \
	"363636363636363636363636363636363636363636363636363636363636363636"	/* 66 digits 6 */

static void
broken_bodies(void **state)
{
	static const struct { const char *what, *hex; int err; uint32_t status; } rows[] = {
		{ "deliver_sm, sm_length past the end",
		    H("00000022", "00000005", "00000000") "000000000000000000000000000000000541", ERR_SHORT, SMPP_RINVMSGLEN },
		{ "submit_sm, no sm_length",
		    H("00000020", "00000004", "00000000") "00000000000000000000000000000000", ERR_SHORT, SMPP_RINVCMDLEN },
		{ "deliver_sm, TLV past the end",
		    H("00000026", "00000005", "00000000") "0000000000000000000000000000000000" "0427000541", ERR_SHORT, SMPP_RINVOPTPARSTREAM },
		{ "deliver_sm, half a TLV header",
		    H("00000024", "00000005", "00000000") "0000000000000000000000000000000000" "042700", ERR_SHORT, SMPP_RINVOPTPARSTREAM },
		{ "deliver_sm, one octet of a tag",
		    H("00000022", "00000005", "00000000") "0000000000000000000000000000000000" "04", ERR_SHORT, SMPP_RINVOPTPARSTREAM },
		{ "deliver_sm, service_type of 6 characters",
		    H("00000027", "00000005", "00000000") "414243444546" "0000000000000000000000000000000000", ERR_SYNTAX, SMPP_RINVCMDLEN },
		{ "deliver_sm, no body", H("00000010", "00000005", "00000000"), ERR_SHORT, SMPP_RINVCMDLEN },
		{ "bind_transceiver without any NUL",
		    H("00000015", "00000009", "00000000") "4141414141", ERR_SHORT, SMPP_RINVCMDLEN },
		{ "enquire_link with half a TLV", H("00000011", "00000015", "00000000") "41", ERR_SHORT, SMPP_RINVOPTPARSTREAM },
		{ "submit_multi to nobody",
		    H("00000020", "00000021", "00000000") "00000000" "00" "0000000000000000000000", ERR_SYNTAX, SMPP_RINVCMDLEN },
		{ "submit_multi, dest_flag 3",
		    H("00000024", "00000021", "00000000") "00000000" "01" "03010100" "0000000000000000000000", ERR_SYNTAX, SMPP_RINVCMDLEN },
		{ "submit_multi, 2 promised, 1 there",
		    H("00000019", "00000021", "00000000") "00000000" "02" "01010100", ERR_SHORT, SMPP_RINVCMDLEN },
		{ "unknown command", H("00000010", "00000999", "00000000"), ERR_UNSUPPORTED, SMPP_RINVCMDID },
		{ "command_length too small for what is there", H("00000010", "00000015", "00000000") "00", ERR_SYNTAX, SMPP_RINVCMDLEN },
		{ "command_length too large", H("00000011", "00000015", "00000000"), ERR_SHORT, SMPP_RINVCMDLEN },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t in[VECTOR_MAX];
		size_t n = from_hex(rows[i].hex, in);
		uint8_t *exact = malloc(n);
		struct smpp_pdu pdu;
		uint32_t status;
		int err;

		memcpy(exact, in, n);
		err = decode(exact, n, &pdu, &status);
		if (err != rows[i].err || status != rows[i].status)
			fail_msg("%s: %s, status %X", rows[i].what, err_name(err), (unsigned)status);
		assert_int_equal(pdu.seq, 9);
		free(exact);
	}
}

static void
lenient_responses(void **state)
{
	static const struct { const char *what, *hex; uint32_t status; const char *message_id, *system_id; size_t n_tlvs; } rows[] = {
		{ "error without body", H("00000010", "80000004", "00000014"), 0x14, "", "", 0 },
		{ "error with an empty message_id", H("00000011", "80000004", "00000014") "00", 0x14, "", "", 0 },
		{ "error with text", H("00000014", "80000004", "00000014") "46756C6C", 0x14, "Full", "", 0 },
		{ "accepted, no body", H("00000010", "80000004", "00000000"), 0, "", "", 0 },
		{ "accepted, empty message_id", H("00000011", "80000004", "00000000") "00", 0, "", "", 0 },
		{ "message_id without NUL", H("00000012", "80000004", "00000000") "4142", 0, "AB", "", 0 },
		{ "trailing garbage", H("00000016", "80000004", "00000000") "414200FFFFFF", 0, "AB", "", 0 },
		{ "TLV behind the message_id", H("00000018", "80000004", "00000000") "4142000428000150", 0, "AB", "", 1 },
		{ "deliver_sm_resp with a long id", H("00000013", "80000005", "00000000") "414200", 0, "AB", "", 0 },
		{ "deliver_sm_resp without body", H("00000010", "80000005", "00000000"), 0, "", "", 0 },
		{ "bind refused, no body", H("00000010", "80000009", "0000000E"), 0xE, "", "", 0 },
		{ "bind refused, garbage", H("00000013", "80000009", "0000000E") "00FFFF", 0xE, "", "", 0 },
		{ "bind taken, no body", H("00000010", "80000009", "00000000"), 0, "", "", 0 },
		{ "query failed, no body", H("00000010", "80000003", "00000067"), 0x67, "", "", 0 },
		{ "submit_multi failed, no body", H("00000010", "80000021", "00000033"), 0x33, "", "", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t in[VECTOR_MAX];
		size_t n = from_hex(rows[i].hex, in);
		uint8_t *exact = malloc(n);
		struct smpp_pdu pdu;
		uint32_t status;

		memcpy(exact, in, n);
		if (decode(exact, n, &pdu, &status) != OK)
			fail_msg("%s: refused", rows[i].what);
		assert_int_equal(pdu.status, rows[i].status);
		assert_string_equal(pdu.message_id, rows[i].message_id);
		assert_string_equal(pdu.system_id, rows[i].system_id);
		if (pdu.n_tlvs != rows[i].n_tlvs)
			fail_msg("%s: %zu TLVs", rows[i].what, pdu.n_tlvs);
		free(exact);
	}
}

static void
long_message_ids_are_cut(void **state)
{
	uint8_t in[VECTOR_MAX], out[VECTOR_MAX];
	struct wbuf w = wbuf_into(out, sizeof out);
	struct smpp_pdu pdu;
	uint32_t status;
	size_t n;

	n = from_hex(H("00000053", "80000004", "00000000") SIXTIES "00", in);
	assert_int_equal(decode(in, n, &pdu, &status), OK);
	assert_int_equal(strlen(pdu.message_id), 65);
	smpp_encode(&w, &pdu);
	assert_int_equal(w.n, SMPP_HEADER + 66);

	/* a request is not cut: another id could be meant */
	n = from_hex(H("00000056", "00000003", "00000000") SIXTIES "00000000", in);
	assert_int_equal(decode(in, n, &pdu, &status), ERR_SYNTAX);
	assert_int_equal(status, SMPP_RINVCMDLEN);
}

static void
framing(void **state)
{
	static const struct { const char *octets; size_t n; long result; bool text; } rows[] = {
		{ "", 0, 0, false },
		{ "\0\0\0", 3, 0, false },
		{ "\0\0\0\x10", 4, 0, false },
		{ "\0\0\0\x02", 4, ERR_SYNTAX, false },
		{ "\0\0\0\x0F" "abcdefghijklmnop", 20, ERR_SYNTAX, false },
		{ "\x7F\xFF\xFF\xFF", 4, ERR_LIMIT, false },
		{ "HTTP", 4, ERR_LIMIT, true },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n\xFF", 29, ERR_LIMIT, true },
		{ "\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x01\0\0\0\x10", 20, 16, false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool text;
		long result = smpp_frame(span_of(rows[i].octets, rows[i].n), SMPP_PDU_MAX, &text);

		if (result != rows[i].result || text != rows[i].text)
			fail_msg("row %zu: %ld", i, result);
	}
}

static void
many_tlvs(void **state)
{
	uint8_t in[1024];
	struct wbuf w = wbuf_into(in, sizeof in);
	struct smpp_pdu pdu = { .id = SMPP_DATA_SM, .seq = 1 };
	uint32_t status;
	size_t i;

	smpp_encode(&w, &pdu);
	for (i = 0; i < SMPP_TLVS_MAX + 3; i++) {
		wbuf_u16(&w, (uint16_t)(0x1400 + i));
		wbuf_u16(&w, 1);
		wbuf_u8(&w, (uint8_t)i);
	}
	put_length(in, w.n);
	assert_int_equal(decode(in, w.n, &pdu, &status), OK);
	assert_int_equal(pdu.n_tlvs, SMPP_TLVS_MAX);
	assert_non_null(smpp_tlv_find(&pdu, 0x1400 + SMPP_TLVS_MAX - 1));
	assert_null(smpp_tlv_find(&pdu, 0x1400 + SMPP_TLVS_MAX));
}

/* ---- encoding ------------------------------------------------------------------------------ */

static void
encoding_has_limits(void **state)
{
	struct smpp_pdu pdu = { .id = SMPP_SUBMIT_SM, .dest = "123456789012345678901" };
	uint8_t out[64], long_text[256] = { 0 };
	struct wbuf w = wbuf_into(out, sizeof out);
	size_t room;

	smpp_encode(&w, &pdu);			/* 21 digits and a NUL do not fit c21 */
	assert_int_equal(w.err, ERR_LIMIT);
	assert_int_equal(w.n, 0);

	pdu.dest[20] = '\0';
	w = wbuf_into(out, sizeof out);
	smpp_encode(&w, &pdu);
	assert_int_equal(w.err, OK);
	assert_int_equal(w.n, 16 + 17 + 20);
	for (room = 0; room < 16 + 17 + 20; room++) {
		uint8_t *exact = malloc(room ? room : 1);

		w = wbuf_into(exact, room);
		smpp_encode(&w, &pdu);
		assert_int_equal(w.err, ERR_FULL);
		assert_int_equal(w.n, 0);
		free(exact);
	}

	pdu.short_message = span_of(long_text, sizeof long_text);
	w = wbuf_into(out, sizeof out);
	smpp_encode(&w, &pdu);
	assert_int_equal(w.err, ERR_LIMIT);

	pdu = (struct smpp_pdu){ .id = 0x999 };
	w = wbuf_into(out, sizeof out);
	smpp_encode(&w, &pdu);
	assert_int_equal(w.err, ERR_UNSUPPORTED);
}

/* Every kind of PDU with something in each field comes back the same. */
static void
every_kind_both_ways(void **state)
{
	static const uint8_t dests[] = { 1, 1, 1, '1', '2', 0, 2, 'l', 'x', 0 }, failed[] = { 1, 1, '1', '2', 0, 0, 0, 0, 11 };
	size_t i, k;

	for (i = 0; i < smpp_n_kinds; i++) {
		const struct smpp_kind *kind = &smpp_kinds[i];
		struct smpp_pdu pdu = { .id = kind->id, .seq = 0x7FFFFFFF }, back;
		uint8_t first[1024], second[1024];
		struct wbuf w = wbuf_into(first, sizeof first), again = wbuf_into(second, sizeof second);
		uint32_t status;

		for (k = 0; k < kind->n_fields; k++) {
			const struct smpp_field *f = &kind->fields[k];
			char *p = (char *)&pdu + f->offset;

			if (f->kind == SMPP_U8)
				*p = (char)(k + 1);
			else if (f->kind == SMPP_CSTR || f->kind == SMPP_LOOSE)
				memset(p, 'a' + (int)k, f->max - 1);
			else if (f->kind == SMPP_OCTETS)
				*(struct span *)(void *)p = span_of("\0\1\2", 3);
			else if (f->kind == SMPP_DESTS)
				pdu.list = span_of(dests, sizeof dests), pdu.n_list = 2;
			else
				pdu.list = span_of(failed, sizeof failed), pdu.n_list = 1;
		}
		pdu.tlvs[0] = (struct smpp_tlv){ 0x1400, span_of("v", 1) };
		pdu.n_tlvs = 1;
		smpp_encode(&w, &pdu);
		assert_int_equal(w.err, OK);
		if (decode(first, w.n, &back, &status) != OK)
			fail_msg("%s does not come back", kind->name);
		assert_int_equal(back.n_tlvs, 1);
		for (k = 0; k < kind->n_fields; k++)
			if (kind->fields[k].kind != SMPP_OCTETS && kind->fields[k].kind != SMPP_DESTS &&
			    kind->fields[k].kind != SMPP_FAILED)
				assert_memory_equal((char *)&back + kind->fields[k].offset,
				    (char *)&pdu + kind->fields[k].offset, kind->fields[k].max ? kind->fields[k].max : 1);
		smpp_encode(&again, &back);
		assert_int_equal(again.n, w.n);
		assert_memory_equal(first, second, w.n);
		assert_ptr_equal(smpp_kind_find(kind->id), kind);
		assert_string_equal(smpp_id_name(kind->id), kind->name);
	}
	assert_null(smpp_id_name(0x999));
}

/* ---- helpers of the interface --------------------------------------------------------------- */

static void
print_keeps_secrets(void **state)
{
	struct smpp_pdu pdu = { .id = SMPP_BIND_TRANSCEIVER, .seq = 1, .system_id = "ppg\n1", .password = "hidden12" };
	struct sbuf b = { 0 };

	smpp_print(&pdu, &b);
	assert_null(strstr(b.s, "hidden12"));
	assert_non_null(strstr(b.s, "system_id=ppg\\x0A1"));
	sbuf_clear(&b);

	pdu = (struct smpp_pdu){ .id = SMPP_SUBMIT_SM, .seq = 2, .dest = "12025550147",
	    .short_message = span_of("BODY", 4) };
	pdu.tlvs[pdu.n_tlvs++] = (struct smpp_tlv){ SMPP_TAG_MESSAGE_PAYLOAD, span_of("BODY", 4) };
	pdu.tlvs[pdu.n_tlvs++] = (struct smpp_tlv){ 0x1401, span_of("BODY", 4) };
	smpp_print(&pdu, &b);
	assert_null(strstr(b.s, "12025550147"));
	assert_null(strstr(b.s, "BODY"));
	assert_non_null(strstr(b.s, "submit_sm seq=2"));
	assert_non_null(strstr(b.s, "message_payload[4] tlv_1401[4]"));
	sbuf_clear(&b);

	pdu = (struct smpp_pdu){ .id = 0x999, .status = 0x444, .seq = 3 };
	smpp_print(&pdu, &b);
	assert_string_equal(b.s, "command_00000999 seq=3 status=0x444");
	sbuf_done(&b);
}

static void
user_data_is_found(void **state)
{
	struct smpp_pdu pdu = { 0 };

	assert_int_equal(smpp_user_data(&pdu).n, 0);
	pdu.tlvs[pdu.n_tlvs++] = (struct smpp_tlv){ SMPP_TAG_MESSAGE_PAYLOAD, span_of("long", 4) };
	assert_true(span_eq_str(smpp_user_data(&pdu), "long"));
	pdu.short_message = span_of("short", 5);
	assert_true(span_eq_str(smpp_user_data(&pdu), "short"));
}

static void
addresses(void **state)
{
	static const struct { const char *number, *digits; uint8_t ton, npi; } rows[] = {
		{ "+12025550147", "12025550147", 1, 1 },
		{ "12025550147", "12025550147", 0, 1 },
		{ "112", "112", 3, 0 }, { "123456", "123456", 3, 0 },
		{ "1234567", "1234567", 0, 1 }, { "12", "12", 0, 1 },
		{ "+123", "123", 1, 1 },
		{ "PPG", "PPG", 5, 0 }, { "Info2025", "Info2025", 5, 0 }, { "+12x", "+12x", 5, 0 },
		{ "", "", 0, 0 },
		{ "1234567890123456789012345", "12345678901234567890", 0, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t ton = 99, npi = 99;
		char digits[21];

		smpp_address(rows[i].number, &ton, &npi, digits);
		assert_string_equal(digits, rows[i].digits);
		assert_int_equal(ton, rows[i].ton);
		assert_int_equal(npi, rows[i].npi);
	}
}

static void
times_are_absolute(void **state)
{
	char out[17];

	smpp_time(1767366300, out);
	assert_string_equal(out, "260102150500000+");
	smpp_time(0, out);
	assert_string_equal(out, "700101000000000+");
	smpp_time(INT64_MAX, out);
	assert_string_equal(out, "");
}

static void
names_of_statuses(void **state)
{
	assert_string_equal(smpp_status_name(SMPP_RTHROTTLED), "RTHROTTLED");
	assert_string_equal(smpp_status_name(0), "ROK");
	assert_string_equal(smpp_status_name(SMPP_RINVOPTPARSTREAM), "RINVOPTPARSTREAM");
	assert_null(smpp_status_name(0x400));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_decode_and_encode),
		cmocka_unit_test(truncations_stay_inside),
		cmocka_unit_test(requests_are_whole),
		cmocka_unit_test(fields_of_a_submit_sm),
		cmocka_unit_test(destinations_of_a_submit_multi),
		cmocka_unit_test(broken_bodies),
		cmocka_unit_test(lenient_responses),
		cmocka_unit_test(long_message_ids_are_cut),
		cmocka_unit_test(framing),
		cmocka_unit_test(many_tlvs),
		cmocka_unit_test(encoding_has_limits),
		cmocka_unit_test(every_kind_both_ways),
		cmocka_unit_test(print_keeps_secrets),
		cmocka_unit_test(user_data_is_found),
		cmocka_unit_test(addresses),
		cmocka_unit_test(times_are_absolute),
		cmocka_unit_test(names_of_statuses),
	};

	return cmocka_run_group_tests_name("smpp_pdu", tests, NULL, NULL);
}
