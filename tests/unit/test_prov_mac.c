/* test_prov_mac.c - MACs of provisioning documents, against tests/vectors/mac. */
#include "tests/unit/test.h"

#include "base/text.h"
#include "policy/prov_mac.h"

/* ---- vectors: NAME.hex is the document, NAME.txt has "word: value" lines --------------------- */

struct vector {
	uint8_t body[1024];
	size_t n_body;
	char sec[16], pin[40], imsi[20], key[80], mac[48], otapin[48];
};

static void
read_file(const char *name, const char *suffix, char *out, size_t size)
{
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/mac/%s%s", name, suffix);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: cannot be opened", path);
	n = fread(out, 1, size - 1, f);
	assert_in_range(n, 1, size - 2);
	out[n] = '\0';
	fclose(f);
}

static void
take_field(char *line, const char *word, char *out, size_t size)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) == 0 && line[n] == ':')
		snprintf(out, size, "%s", line + n + 2);
}

static void
load(const char *name, struct vector *v)
{
	char text[4096], hex[4096], *line, *save;

	memset(v, 0, sizeof *v);
	read_file(name, ".hex", text, sizeof text);
	hex[0] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		strcat(hex, line);
	assert_int_equal(text_hex(span_str(hex), v->body, &v->n_body, NULL), OK);
	read_file(name, ".txt", text, sizeof text);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		take_field(line, "sec", v->sec, sizeof v->sec);
		take_field(line, "pin", v->pin, sizeof v->pin);
		take_field(line, "imsi", v->imsi, sizeof v->imsi);
		take_field(line, "key", v->key, sizeof v->key);
		take_field(line, "mac", v->mac, sizeof v->mac);
		take_field(line, "otapin", v->otapin, sizeof v->otapin);
	}
	assert_int_equal(strlen(v->mac), PROV_MAC_HEX);
}

static const char *const vectors[] = { "empty-userpin", "empty-netwpin", "empty-netwpin-odd",
	"empty-usernetwpin", "empty-userpinmac", "empty-userpinmac-6", "napdef-w7", "operator-r1",
	"operator-r2" };
enum { N_VECTORS = sizeof vectors / sizeof vectors[0] };

/* Key octets of a vector, from its IMSI and PIN. */
static size_t
vector_key(const struct vector *v, uint8_t key[PROV_KEY_MAX])
{
	uint8_t network[PROV_KEY_MAX];
	size_t n_network = 0, n;
	enum prov_sec sec;
	struct why why;

	assert_int_equal(prov_sec_parse(v->sec, &sec), OK);
	if (v->imsi[0])
		assert_int_equal(prov_network_key(v->imsi, network, &n_network, &why), OK);
	assert_int_equal(prov_key(sec, span_of(network, n_network), v->pin[0] ? v->pin : NULL, key, &n,
	    &why), OK);
	return n;
}

static void
vectors_agree(void **state)
{
	size_t i;

	for (i = 0; i < N_VECTORS; i++) {
		struct vector v;
		uint8_t key[PROV_KEY_MAX], want[PROV_KEY_MAX];
		char mac[PROV_MAC_HEX + 1];
		size_t n, n_want;

		load(vectors[i], &v);
		n = vector_key(&v, key);
		if (v.key[0]) {
			assert_int_equal(text_hex(span_str(v.key), want, &n_want, NULL), OK);
			assert_int_equal(n, n_want);
			assert_memory_equal(key, want, n);
		}
		prov_mac(span_of(key, n), span_of(v.body, v.n_body), mac);
		assert_string_equal(mac, v.mac);
	}
}

static void
ota_pins_agree(void **state)
{
	size_t i, seen = 0;

	for (i = 0; i < N_VECTORS; i++) {
		struct vector v;
		char ota[2 * PROV_PIN_MAX + 1];
		struct span body;
		struct why why;
		size_t at;

		load(vectors[i], &v);
		if (v.otapin[0] == '\0')
			continue;
		seen++;
		body = span_of(v.body, v.n_body);
		assert_int_equal(prov_ota_pin(v.pin, body, ota, sizeof ota, &why), OK);
		assert_string_equal(ota, v.otapin);
		assert_true(prov_ota_pin_verify(ota, body));
		for (at = strlen(v.pin); ota[at]; at++) {
			char right = ota[at];

			ota[at] = right == '9' ? '0' : (char)(right + 1);
			assert_false(prov_ota_pin_verify(ota, body));
			ota[at] = right;
		}
		assert_int_equal(prov_ota_pin(v.pin, body, ota, strlen(v.otapin), &why), ERR_LIMIT);
	}
	assert_int_equal(seen, 2);
}

static void
ota_pin_has_a_form(void **state)
{
	static const char *const bad[] = { "", "12", "12345678", "123456789", "12345280801",
		"12345a8080", "+234528080", "123452808 ",
		"123456789012345678901234567890123456789012" };
	struct span body = span_of("\x03\x0B\x6A\x00\x45\x01", 6);
	char key[64], ota[64];
	struct why why;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (prov_ota_pin_verify(bad[i], body))
			fail_msg("\"%s\" was taken", bad[i]);
	}
	for (i = 0; i <= 24; i++) {
		memset(key, '7', i);
		key[i] = '\0';
		assert_int_equal(prov_ota_pin(key, body, ota, sizeof ota, &why),
		    i >= 5 && i <= 20 ? OK : ERR_SYNTAX);
		assert_int_equal(strlen(ota), i >= 5 && i <= 20 ? 2 * i : 0);
		assert_true(i < 5 || i > 20 || prov_ota_pin_verify(ota, body));
	}
}

/* Each octet of the document, and its length, matter. */
static void
a_changed_document_fails(void **state)
{
	struct vector v;
	uint8_t key[PROV_KEY_MAX];
	char mac[PROV_MAC_HEX + 1];
	size_t n, i;

	load("operator-r1", &v);
	n = vector_key(&v, key);
	for (i = 0; i < v.n_body; i++) {
		uint8_t *part = malloc(i + 1);		/* exact, so that ASan sees a step too far */

		memcpy(part, v.body, i);
		prov_mac(span_of(key, n), span_of(part, i), mac);
		assert_false(prov_mac_equal(mac, v.mac));
		free(part);
		v.body[i] ^= 1;
		prov_mac(span_of(key, n), span_of(v.body, v.n_body), mac);
		assert_false(prov_mac_equal(mac, v.mac));
		v.body[i] ^= 1;
	}
	prov_mac(span_of(key, n), span_of(v.body, v.n_body), mac);
	assert_true(prov_mac_equal(mac, v.mac));
}

static void
network_keys(void **state)
{
	static const struct { const char *imsi, *key; } rows[] = {
		{ "466923103145252", "4966291330412525" },
		{ "001010123456789", "0910101032547698" },
		{ "310150123456789", "3901511032547698" },
		{ "00101012345678", "01101010325476F8" },
		{ "310150", "310151F0" },		/* the shortest */
	};
	static const char *const bad[] = { "", "31015", "3101501234567890", "31015012345678a",
		"+31015012345678", "310150 12345678" };
	uint8_t key[PROV_KEY_MAX], want[PROV_KEY_MAX];
	struct why why;
	size_t i, n, n_want;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(prov_network_key(rows[i].imsi, key, &n, &why), OK);
		assert_int_equal(text_hex(span_str(rows[i].key), want, &n_want, NULL), OK);
		assert_int_equal(n, n_want);
		assert_memory_equal(key, want, n);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(prov_network_key(bad[i], key, &n, &why), ERR_SYNTAX);
		assert_int_equal(n, 0);
		assert_null(bad[i][0] ? strstr(why.text, bad[i]) : NULL);
	}
}

static void
pins_are_checked_and_not_repeated(void **state)
{
	static const struct { const char *pin; int err; } rows[] = {
		{ "1234", OK }, { "0000", OK }, { "12345678901234567890123456789012", OK },
		{ "777", ERR_SYNTAX }, { "", ERR_SYNTAX }, { "77a7", ERR_SYNTAX },
		{ "abcd", ERR_SYNTAX }, { "-777", ERR_SYNTAX }, { " 7777", ERR_SYNTAX },
		{ "7777777777777777777777777777777777777777", ERR_SYNTAX },
		{ "777777777777777777777777777777777", ERR_SYNTAX },
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (prov_check_pin(rows[i].pin, &why) != rows[i].err)
			fail_msg("row %zu", i);
		if (rows[i].err != OK)
			assert_null(strstr(why.text, "7"));
	}
}

static void
keys_need_their_parts(void **state)
{
	struct span network = span_of("\x09\x10\x10\x10\x32\x54\x76\x98", 8);
	struct span none = { NULL, 0 };
	uint8_t long_key[PROV_KEY_MAX] = { 0 }, out[PROV_KEY_MAX];
	const struct { enum prov_sec sec; struct span key; const char *pin; int err; size_t n; } rows[] = {
		{ PROV_SEC_NONE, network, "1234", ERR_SYNTAX, 0 },
		{ PROV_SEC_NETWPIN, network, NULL, OK, 8 },
		{ PROV_SEC_NETWPIN, none, "1234", ERR_SYNTAX, 0 },
		{ PROV_SEC_NETWPIN, { long_key, 33 }, NULL, ERR_LIMIT, 0 },
		{ PROV_SEC_USERPIN, none, "1234", OK, 4 },
		{ PROV_SEC_USERPIN, network, NULL, ERR_SYNTAX, 0 },
		{ PROV_SEC_USERPIN, network, "12x4", ERR_SYNTAX, 0 },
		{ PROV_SEC_USERNETWPIN, network, "1234", OK, 12 },
		{ PROV_SEC_USERNETWPIN, network, NULL, ERR_SYNTAX, 0 },
		{ PROV_SEC_USERNETWPIN, none, "1234", ERR_SYNTAX, 0 },
		{ PROV_SEC_USERNETWPIN, { long_key, 32 }, "12345678901234567890123456789012", OK, 64 },
		{ PROV_SEC_USERPINMAC, none, "12345", OK, 5 },
		{ PROV_SEC_USERPINMAC, none, "1234", ERR_SYNTAX, 0 },
		{ PROV_SEC_USERPINMAC, none, NULL, ERR_SYNTAX, 0 },
	};
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (prov_key(rows[i].sec, rows[i].key, rows[i].pin, out, &n, &why) != rows[i].err ||
		    n != rows[i].n)
			fail_msg("row %zu", i);
	}
	/* A key that could not be made leaves nothing behind. */
	memset(out, 0xAA, sizeof out);
	assert_int_equal(prov_key(PROV_SEC_USERNETWPIN, network, "1", out, &n, &why), ERR_SYNTAX);
	for (i = 0; i < sizeof out; i++)
		assert_int_equal(out[i], 0);
}

static void
macs_compare_by_digits(void **state)
{
	static const char mac[] = "6CD48BFD7FFC33183154734DF4434DA694E25E6A";
	static const struct { const char *mac; int err; bool equal; } rows[] = {
		{ "6CD48BFD7FFC33183154734DF4434DA694E25E6A", OK, true },
		{ "6cd48bfd7ffc33183154734df4434da694e25e6a", OK, true },
		{ "6CD48BFD7FFC33183154734DF4434DA694E25E6B", OK, false },
		{ "7CD48BFD7FFC33183154734DF4434DA694E25E6A", OK, false },
		{ "", ERR_SYNTAX, false },
		{ "6CD48BFD7FFC33183154734DF4434DA694E25E6", ERR_SYNTAX, false },
		{ "6CD48BFD7FFC33183154734DF4434DA694E25E6AA", ERR_SYNTAX, false },
		{ "6CD48BFD7FFC33183154734DF4434DA694E25E6 ", ERR_SYNTAX, false },
		{ " CD48BFD7FFC33183154734DF4434DA694E25E6A", ERR_SYNTAX, false },
		{ "6CD48BFD7FFC33183154734DF4434DA694E25E6G", ERR_SYNTAX, false },
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (prov_check_mac(rows[i].mac, &why) != rows[i].err ||
		    prov_mac_equal(rows[i].mac, mac) != rows[i].equal ||
		    prov_mac_equal(mac, rows[i].mac) != rows[i].equal)
			fail_msg("row %zu", i);
	}
	assert_int_equal(prov_check_mac("12345", &why), ERR_SYNTAX);
	assert_non_null(strstr(why.text, "40"));
	assert_non_null(strstr(why.text, "5 characters"));
}

static void
methods_by_name(void **state)
{
	static const char *const bad[] = { "", "4", "-1", "00", "USER", "USERPINS", "none" };
	enum prov_sec sec;
	size_t i;

	for (i = 0; i < 4; i++) {
		char number[2] = { (char)('0' + i), '\0' };

		assert_int_equal(prov_sec_parse(number, &sec), OK);
		assert_int_equal(sec, i);
		assert_int_equal(prov_sec_parse(prov_sec_name(sec), &sec), OK);
		assert_int_equal(sec, i);
	}
	assert_int_equal(prov_sec_parse("userNetwPin", &sec), OK);
	assert_int_equal(sec, PROV_SEC_USERNETWPIN);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(prov_sec_parse(bad[i], &sec), ERR_SYNTAX);
		assert_int_equal(sec, PROV_SEC_NONE);
	}
	assert_string_equal(prov_sec_name(PROV_SEC_NONE), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_agree),
		cmocka_unit_test(ota_pins_agree),
		cmocka_unit_test(ota_pin_has_a_form),
		cmocka_unit_test(a_changed_document_fails),
		cmocka_unit_test(network_keys),
		cmocka_unit_test(pins_are_checked_and_not_repeated),
		cmocka_unit_test(keys_need_their_parts),
		cmocka_unit_test(macs_compare_by_digits),
		cmocka_unit_test(methods_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
