/* test_dm.c - DM security against tests/vectors/dm: digests, MACs, package #0, bootstrap, GBA; access lists. */
#include "tests/unit/dm_vector.h"

#include "policy/dm.h"

static struct span
octets(const struct dm_octets *o)
{
	return span_of(o->p, o->n);
}

/* ---- schemes ------------------------------------------------------------------------------------- */

static void
check_digest(const struct dm_vector *v)
{
	enum dm_auth auth = strcmp(dm_get(v, "alg"), "md5") == 0 ? DM_AUTH_MD5 : DM_AUTH_SHA256;
	uint8_t nonce[512], want[512];
	char user_hash[DM_B64_MAX];
	struct sbuf text = { 0 };
	struct dm_octets digest, decoded;

	dm_user_hash(auth, dm_get(v, "user"), dm_get(v, "password"), user_hash);
	assert_string_equal(user_hash, dm_get(v, "userhash"));
	dm_digest(auth, user_hash, dm_get_hex(v, "nonce", nonce), &digest);
	assert_true(span_eq(octets(&digest), dm_get_hex(v, "digest", want)));
	text_base64_encode(octets(&digest), &text);
	assert_string_equal(text.s, dm_get(v, "base64"));
	assert_int_equal(dm_b64_decode(sbuf_as_span(&text), &decoded), OK);
	assert_true(span_eq(octets(&decoded), octets(&digest)));
	sbuf_done(&text);
}

static void
check_basic(const struct dm_vector *v)
{
	struct sbuf text = { 0 };

	dm_basic(dm_get(v, "user"), dm_get(v, "password"), &text);
	assert_string_equal(text.s, dm_get(v, "base64"));
	sbuf_done(&text);
}

static void
digests_agree(void **state)
{
	assert_int_equal(dm_each("digest", check_digest), 10);
	assert_int_equal(dm_each("basic", check_basic), 2);
}

static void
schemes_by_name(void **state)
{
	static const char *const bad[] = { "", "syncml:auth-", "syncml:auth-md", "syncml:auth-md55", "auth-md5", "MD5" };
	static const struct { enum dm_auth auth; const char *uri, *name; bool keeps; } rows[] = {
		{ DM_AUTH_BASIC, "syncml:auth-basic", "BASIC", false },
		{ DM_AUTH_MD5, "syncml:auth-md5", "DIGEST", true },
		{ DM_AUTH_SHA256, "syncml:auth-sha256", "DIGEST-SHA256", true },
		{ DM_AUTH_HMAC_MD5, "syncml:auth-MAC", "HMAC", true },
		{ DM_AUTH_HMAC_SHA256, "syncml:auth-hmac-sha256", "HMAC", true },
	};
	enum dm_auth auth;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_string_equal(dm_auth_uri(rows[i].auth), rows[i].uri);
		assert_string_equal(dm_auth_name(rows[i].auth), rows[i].name);
		assert_int_equal(dm_auth_keeps_nonce(rows[i].auth), rows[i].keeps);
		assert_int_equal(dm_auth_parse(span_str(rows[i].uri), &auth), OK);
		assert_int_equal(auth, rows[i].auth);
	}
	assert_int_equal(dm_auth_parse(span_str(" SyncML:auth-MD5 "), &auth), OK);
	assert_int_equal(auth, DM_AUTH_MD5);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(dm_auth_parse(span_str(bad[i]), &auth), ERR_NOT_FOUND);
		assert_int_equal(auth, DM_AUTH_NONE);
	}
	assert_string_equal(dm_auth_uri(DM_AUTH_NONE), "");
	assert_string_equal(dm_auth_name(DM_AUTH_NONE), "");
	assert_false(dm_auth_keeps_nonce(DM_AUTH_NONE));
}

static void
nonces_in_base64(void **state)
{
	static const struct { const char *text; int err; size_t n; } rows[] = {
		{ "", OK, 0 }, { "Tm9uY2U=", OK, 5 }, { " Tm9u\r\n Y2U= ", OK, 5 }, { "AAAAAA==", OK, 4 },
		{ "Tm9uY2U", ERR_SYNTAX, 0 }, { "Tm9uY2U==", ERR_SYNTAX, 0 }, { "Tm9u-2U=", ERR_SYNTAX, 0 },
		{ "=", ERR_SYNTAX, 0 }, { "A", ERR_SYNTAX, 0 }, { "Tm9uY2U=A", ERR_SYNTAX, 0 },
	};
	struct sbuf text = { 0 };
	uint8_t long_one[DM_NONCE_MAX + 1] = { 7 };
	struct dm_octets o, p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (dm_b64_decode(span_str(rows[i].text), &o) != rows[i].err || o.n != rows[i].n)
			fail_msg("row %zu", i);
	}
	text_base64_encode(span_of(long_one, DM_NONCE_MAX), &text);
	assert_int_equal(dm_b64_decode(sbuf_as_span(&text), &o), OK);
	assert_int_equal(o.n, DM_NONCE_MAX);
	sbuf_clear(&text);
	text_base64_encode(span_of(long_one, DM_NONCE_MAX + 1), &text);
	assert_int_equal(dm_b64_decode(sbuf_as_span(&text), &o), ERR_LIMIT);
	assert_int_equal(o.n, 0);
	sbuf_clear(&text);
	for (i = 0; i < 600; i++)
		sbuf_char(&text, ' ');
	assert_int_equal(dm_b64_decode(sbuf_as_span(&text), &o), ERR_LIMIT);
	sbuf_done(&text);

	dm_nonce_make(&o);
	dm_nonce_make(&p);
	assert_int_equal(o.n, 16);
	assert_int_equal(p.n, 16);
	assert_memory_not_equal(o.p, p.p, 16);
}

/* ---- bootstrap ------------------------------------------------------------------------------------- */

static void
check_bootstrap(const struct dm_vector *v)
{
	uint8_t network[512];
	char mac[41], pin[64];
	enum dm_keytype key;
	struct why why;

	assert_int_equal(dm_keytype_parse(span_str(dm_get(v, "keytype")), &key), OK);
	snprintf(pin, sizeof pin, "%s", dm_get(v, "pin"));
	assert_int_equal(dm_bootstrap_mac(key, dm_get_hex(v, "network", network), pin[0] ? pin : NULL,
	    span_of(v->hex, v->hex_n), mac, &why), OK);
	assert_string_equal(mac, dm_get(v, "mac"));
}

static void
bootstrap_macs(void **state)
{
	struct span network = span_str("001010123456789"), none = { NULL, 0 }, body = span_str("x");
	char pin_256[258], mac[41];
	const struct { enum dm_keytype key; struct span network; const char *pin; int err; } rows[] = {
		{ DM_KEY_NETWORKID, network, NULL, OK }, { DM_KEY_NETWORKID, none, "1234", ERR_SYNTAX },
		{ DM_KEY_NETWORKID, span_of(pin_256, 257), NULL, ERR_LIMIT },
		{ DM_KEY_USERPIN, none, "1", OK }, { DM_KEY_USERPIN, network, NULL, ERR_SYNTAX },
		{ DM_KEY_USERPIN, network, "", ERR_SYNTAX }, { DM_KEY_USERPIN, none, pin_256, ERR_LIMIT },
		{ DM_KEY_USERPIN, none, pin_256 + 1, OK },
		{ DM_KEY_USERPIN_NETWORKID, network, "1234", OK },
		{ DM_KEY_USERPIN_NETWORKID, network, NULL, ERR_SYNTAX },
		{ DM_KEY_USERPIN_NETWORKID, none, "1234", ERR_SYNTAX },
		{ DM_KEY_USERPIN_NETWORKID, span_of(pin_256, 256), pin_256 + 1, OK },
		{ DM_KEY_GBA, network, "1234", ERR_UNSUPPORTED }, { DM_KEY_NONE, network, "1234", ERR_UNSUPPORTED },
	};
	struct why why;
	size_t i;

	assert_int_equal(dm_each("bootstrap", check_bootstrap), 6);
	memset(pin_256, 'q', 257);
	pin_256[257] = '\0';
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memset(&why, 0, sizeof why);
		if (dm_bootstrap_mac(rows[i].key, rows[i].network, rows[i].pin, body, mac, &why) != rows[i].err)
			fail_msg("row %zu", i);
		assert_int_equal(strlen(mac), rows[i].err == OK ? 40 : 0);
		assert_null(strstr(why.text, "1234"));
		assert_null(strstr(why.text, "qq"));
	}
}

#define D40 "6CD48BFD7FFC33183154734DF4434DA694E25E6A"

static void
bootstrap_parameters(void **state)
{
	static const struct { const char *type; int err; enum dm_keytype key; const char *mac; } rows[] = {
		{ "application/vnd.syncml.dm+wbxml", OK, DM_KEY_NONE, "" },
		{ "application/vnd.syncml.dm+wbxml; SEC=USERPIN; MAC=" D40, OK, DM_KEY_USERPIN, D40 },
		{ "application/vnd.syncml.dm+wbxml;mac=6cd48bfd7ffc33183154734df4434da694e25e6a;sec=networkid", OK, DM_KEY_NETWORKID, D40 },
		{ "application/vnd.syncml.dm+wbxml; SEC=\"USERPIN_NETWORKID\"; charset=utf-8 ; MAC=\"" D40 "\"", OK, DM_KEY_USERPIN_NETWORKID, D40 },
		{ "application/vnd.syncml.dm+wbxml; SEC=2; MAC=" D40, OK, DM_KEY_USERPIN_NETWORKID, D40 },
		{ "application/vnd.syncml.dm+wbxml; SEC=NETWPIN; MAC=" D40, OK, DM_KEY_NETWORKID, D40 },
		{ "application/vnd.syncml.dm+wbxml; SEC=3GPP_GBA", OK, DM_KEY_GBA, "" },
		{ "application/vnd.syncml.dm+wbxml;USERPIN;" D40, OK, DM_KEY_USERPIN, D40 },
		{ "application/vnd.syncml.dm+wbxml; networkid ; " D40 ";", OK, DM_KEY_NETWORKID, D40 },
		{ "application/vnd.syncml.dm+wbxml; SEC=USERPIN", OK, DM_KEY_USERPIN, "" },
		{ "", OK, DM_KEY_NONE, "" },
		{ "a/b; MAC=" D40, ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=USERPIN; SEC=USERPIN; MAC=" D40, ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=USERPIN; MAC=" D40 "; MAC=" D40, ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; USERPIN; " D40 "; x", ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; USERPIN; SEC=USERPIN", ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=USERPIN; MAC=" D40 "0", ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=USERPIN; MAC=12", ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=USERPIN; MAC=", ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=USERPIN; MAC=GCD48BFD7FFC33183154734DF4434DA694E25E6A", ERR_SYNTAX, DM_KEY_NONE, "" },
		{ "a/b; SEC=4", ERR_UNSUPPORTED, DM_KEY_NONE, "" },
		{ "a/b; SEC=3", ERR_UNSUPPORTED, DM_KEY_NONE, "" },
		{ "a/b; SEC=", ERR_UNSUPPORTED, DM_KEY_NONE, "" },
		{ "a/b; PIN", ERR_UNSUPPORTED, DM_KEY_NONE, "" },
	};
	enum dm_keytype key;
	struct why why;
	char mac[41];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (dm_bootstrap_params(span_str(rows[i].type), &key, mac, &why) != rows[i].err || key != rows[i].key ||
		    strcmp(mac, rows[i].mac) != 0)
			fail_msg("\"%s\"", rows[i].type);
	}
	assert_string_equal(dm_keytype_name(DM_KEY_NONE), "none");
	assert_string_equal(dm_keytype_name(DM_KEY_USERPIN_NETWORKID), "USERPIN_NETWORKID");
}

/* ---- package #0 ---------------------------------------------------------------------------------------- */

static void
check_notification(const struct dm_vector *v)
{
	struct span in = span_of(v->hex, v->hex_n), vendor;
	uint8_t vendor_octets[512], nonce[512];
	struct dm_notification n, cut;
	struct sbuf out = { 0 };
	char user_hash[DM_B64_MAX];
	struct why why;
	bool special;
	size_t i;

	assert_int_equal(dm_notification_parse(in, &n, &why), OK);
	vendor = dm_get_hex(v, "vendor", vendor_octets);
	assert_int_equal(n.version, atoi(dm_get(v, "version")));
	assert_int_equal(n.ui, atoi(dm_get(v, "ui")));
	assert_int_equal(n.by_server, strcmp(dm_get(v, "initiator"), "server") == 0);
	assert_int_equal(n.session_id, strtol(dm_get(v, "session"), NULL, 16));
	assert_string_equal(n.server_id, dm_get(v, "server"));
	assert_true(span_eq(n.vendor, vendor));
	assert_memory_equal(n.digest, in.p, 16);
	for (i = 0; i < 24 + strlen(n.server_id); i++) {		/* cut off anywhere in the header */
		uint8_t *part = malloc(i + 1);

		memcpy(part, in.p, i);
		assert_int_equal(dm_notification_parse(span_of(part, i), &cut, &why), ERR_SHORT);
		assert_int_equal(cut.session_id, 0);
		assert_false(dm_notification_verify(span_of(part, i), "x", span_str("n"), &special));
		free(part);
	}
	if (strcmp(v->name, "notification-published") == 0)
		return;

	dm_user_hash(DM_AUTH_MD5, dm_get(v, "server"), dm_get(v, "password"), user_hash);
	assert_string_equal(user_hash, dm_get(v, "userhash"));
	sbuf_str(&out, "before");
	assert_int_equal(dm_notification_build(&n, user_hash, dm_get_hex(v, "nonce", nonce), &out, &why), OK);
	assert_true(span_eq(span_of(out.s + 6, out.n - 6), in));
	sbuf_done(&out);
	assert_true(dm_notification_verify(in, user_hash, dm_get_hex(v, "nonce", nonce), &special));
	assert_false(special);
	/* Not with another nonce or password; each bit counts. */
	if (strstr(v->name, "special") == NULL)
		assert_false(dm_notification_verify(in, user_hash, span_str("other"), &special));
	else
		assert_true(dm_notification_verify(in, user_hash, span_str("other"), &special) && special);
	assert_false(dm_notification_verify(in, "other", dm_get_hex(v, "nonce", nonce), &special));
	for (i = 0; i < 8 * in.n; i++) {
		v->hex[i / 8] ^= (uint8_t)(1 << i % 8);
		if (dm_notification_verify(in, user_hash, dm_get_hex(v, "nonce", nonce), &special))
			fail_msg("%s: bit %zu does not count", v->name, i);
		v->hex[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void
notifications(void **state)
{
	assert_int_equal(dm_each("notification", check_notification), 8);
}

static void
bad_notifications(void **state)
{
	static const struct { size_t at; uint8_t octet; int err; } parse[] = {
		{ 16, 0x00, ERR_UNSUPPORTED },		/* version 0.3 */
		{ 16, 0x03, ERR_UNSUPPORTED },		/* 1.5 */
		{ 22, 0x00, ERR_RANGE },		/* session 0 */
		{ 23, 0x00, ERR_SYNTAX },		/* no server id */
		{ 24, 0x00, ERR_SYNTAX }, { 33, '\n', ERR_SYNTAX },
		{ 23, 0x0B, ERR_SHORT },
		{ 20, 0xFF, OK },			/* future use */
	};
	const struct dm_notification good = { .version = 11, .ui = DM_UI_BACKGROUND, .by_server = true, .session_id = 1,
		.server_id = "dm.example" };
	struct dm_notification n;
	struct sbuf out = { 0 };
	struct dm_vector v;
	struct why why;
	size_t i;

	dm_load("notification", &v);
	for (i = 0; i < sizeof parse / sizeof parse[0]; i++) {
		uint8_t was = v.hex[parse[i].at];

		v.hex[parse[i].at] = parse[i].octet;
		if (dm_notification_parse(span_of(v.hex, v.hex_n), &n, &why) != parse[i].err)
			fail_msg("row %zu", i);
		v.hex[parse[i].at] = was;
	}
	free(v.hex);

	for (i = 0; i < 0x10000; i += 0xFF) {		/* fields do not touch one another */
		n = good;
		n.session_id = (uint16_t)(i > 0 ? i : 0xFFFF);
		n.version = i & 1 ? 10 : 11;
		n.ui = (enum dm_ui)(i >> 8 & 3);
		n.by_server = (i & 2) != 0;
		sbuf_clear(&out);
		assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), OK);
		struct dm_notification back;
		assert_int_equal(dm_notification_parse(sbuf_as_span(&out), &back, &why), OK);
		assert_int_equal(back.session_id, n.session_id);
		assert_int_equal(back.version, n.version);
		assert_int_equal(back.ui, n.ui);
		assert_int_equal(back.by_server, n.by_server);
	}
	sbuf_clear(&out);
	n = good, n.version = 12;
	assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), ERR_RANGE);
	n = good, n.ui = (enum dm_ui)4;
	assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), ERR_RANGE);
	n = good, n.session_id = 0;
	assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), ERR_RANGE);
	n = good, n.server_id[0] = '\0';
	assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), ERR_SYNTAX);
	n = good, n.server_id[3] = '\n';
	assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), ERR_SYNTAX);
	n = good, memset(n.server_id, 'x', sizeof n.server_id);
	assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), ERR_SYNTAX);
	assert_int_equal(out.n, 0);
	sbuf_done(&out);
}

/* The first octets of the header for the usual cases, as the specification's bits give them. */
static void
notification_header_octets(void **state)
{
	static const struct { unsigned version; enum dm_ui ui; bool by_server; uint8_t want[2]; } rows[] = {
		{ 11, DM_UI_BACKGROUND, true, { 0x02, 0xD8 } }, { 11, DM_UI_UNSPECIFIED, true, { 0x02, 0xC8 } },
		{ 11, DM_UI_INFORMATIVE, true, { 0x02, 0xE8 } }, { 11, DM_UI_INTERACTION, true, { 0x02, 0xF8 } },
		{ 11, DM_UI_BACKGROUND, false, { 0x02, 0xD0 } }, { 11, DM_UI_UNSPECIFIED, false, { 0x02, 0xC0 } },
		{ 11, DM_UI_INFORMATIVE, false, { 0x02, 0xE0 } }, { 11, DM_UI_INTERACTION, false, { 0x02, 0xF0 } },
		{ 10, DM_UI_BACKGROUND, true, { 0x02, 0x98 } },
	};
	struct sbuf out = { 0 };
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dm_notification n = { .version = rows[i].version, .ui = rows[i].ui, .by_server = rows[i].by_server,
			.session_id = 1, .server_id = "s" };

		sbuf_clear(&out);
		assert_int_equal(dm_notification_build(&n, "u", span_str("n"), &out, &why), OK);
		assert_memory_equal(out.s + 16, rows[i].want, 2);
		assert_memory_equal(out.s + 18, "\0\0\0", 3);
	}
	sbuf_done(&out);
}

/* ---- GBA ------------------------------------------------------------------------------------------------ */

static void
check_gba(const struct dm_vector *v)
{
	uint8_t ks[512], rand[512], naf[512], want[512], key[GBA_KEY], me[GBA_KEY];

	assert_int_equal(gba_ks_naf(dm_get_hex(v, "ks", ks), false, dm_get_hex(v, "rand", rand), dm_get(v, "impi"),
	    dm_get_hex(v, "naf", naf), me), OK);
	assert_true(span_eq(span_of(me, GBA_KEY), dm_get_hex(v, "ks_naf", want)));
	assert_int_equal(gba_ks_naf(dm_get_hex(v, "ks", ks), true, dm_get_hex(v, "rand", rand), dm_get(v, "impi"),
	    dm_get_hex(v, "naf", naf), key), OK);
	assert_true(span_eq(span_of(key, GBA_KEY), dm_get_hex(v, "ks_int_naf", want)));
	gba_dm_key(me, false, key);
	assert_true(span_eq(span_of(key, GBA_KEY), dm_get_hex(v, "dmbik", want)));
	gba_dm_key(me, true, key);
	assert_true(span_eq(span_of(key, GBA_KEY), dm_get_hex(v, "dmbek", want)));
}

static void
gba_keys(void **state)
{
	static uint8_t big[0x10001];
	struct span params[15] = { { big, 0xFFFF } };
	uint8_t key[GBA_KEY], other[GBA_KEY];

	assert_int_equal(dm_each("gba", check_gba), 2);
	assert_int_equal(gba_kdf(span_str("k"), 1, params, 1, key), OK);
	params[0].n++;
	assert_int_equal(gba_kdf(span_str("k"), 1, params, 1, key), ERR_LIMIT);
	params[0].n = 1;
	assert_int_equal(gba_kdf(span_str("k"), 1, params, 14, key), OK);
	assert_int_equal(gba_kdf(span_str("k"), 1, params, 13, other), OK);
	assert_memory_not_equal(key, other, GBA_KEY);
	assert_int_equal(gba_kdf(span_str("k"), 2, params, 14, other), OK);
	assert_memory_not_equal(key, other, GBA_KEY);
	assert_int_equal(gba_kdf(span_str("k"), 1, params, 15, key), ERR_LIMIT);
	assert_int_equal(gba_kdf(span_of(NULL, 0), 1, NULL, 0, key), OK);
}

/* ---- access control lists ---------------------------------------------------------------------------------- */

static void
access_lists(void **state)
{
	static const struct { const char *acl; int err; unsigned a, b; } rows[] = {
		/* rights of "www.example.net" and of "other" */
		{ "", OK, 0, 0 },
		{ "Get=*", OK, DM_GET, DM_GET },
		{ "Get=www.example.net", OK, DM_GET, 0 },
		{ "Add=www.example.net&Get=*", OK, DM_ADD | DM_GET, DM_GET },
		{ "Add=a+www.example.net+b&Delete=other&Exec=www.example.net&Replace=a+b", OK, DM_ADD | DM_EXEC, DM_DELETE },
		{ "Replace=other+*", OK, DM_REPLACE, DM_REPLACE },
		{ "Get=www.example.ne", OK, 0, 0 }, { "Get=www.example.nett", OK, 0, 0 },
		{ "Get=WWW.example.net", OK, 0, 0 },
		{ "Get", ERR_SYNTAX, 0, 0 }, { "Get=", ERR_SYNTAX, 0, 0 }, { "get=*", ERR_SYNTAX, 0, 0 },
		{ "Get=*&", ERR_SYNTAX, 0, 0 }, { "&Get=*", ERR_SYNTAX, 0, 0 }, { "Get=*+", ERR_SYNTAX, 0, 0 },
		{ "Get=**", ERR_SYNTAX, 0, 0 }, { "Get=a b", ERR_SYNTAX, 0, 0 }, { "Get=a=b", ERR_SYNTAX, 0, 0 },
		{ "Get=*&Get=*", ERR_SYNTAX, 0, 0 }, { "Move=*", ERR_SYNTAX, 0, 0 }, { "Get=*&&Add=*", ERR_SYNTAX, 0, 0 },
		{ "Get=*\n", ERR_SYNTAX, 0, 0 }, { "=*", ERR_SYNTAX, 0, 0 }, { "+", ERR_SYNTAX, 0, 0 },
	};
	struct why why;
	size_t i;
	unsigned right;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span acl = span_str(rows[i].acl);
		unsigned a = 0, b = 0;

		if (dm_acl_check(acl, &why) != rows[i].err)
			fail_msg("\"%s\"", rows[i].acl);
		for (right = DM_ADD; right <= DM_REPLACE; right <<= 1) {
			a |= dm_acl_allows(acl, (enum dm_right)right, "www.example.net") ? right : 0;
			b |= dm_acl_allows(acl, (enum dm_right)right, "other") ? right : 0;
		}
		if (a != rows[i].a || b != rows[i].b)
			fail_msg("\"%s\": rights %u and %u", rows[i].acl, a, b);
	}
	assert_int_equal(dm_acl_check(span_str("Get=*&Put=*"), &why), ERR_SYNTAX);
	assert_int_equal(why.offset, 6);
	assert_false(dm_acl_allows(span_str("Get=a+b"), DM_GET, "a+b"));
	assert_false(dm_acl_allows(span_str("Get=a"), DM_GET, "*"));
	assert_int_equal(dm_acl_check(span_of("Get=a\0b", 7), &why), ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_agree),
		cmocka_unit_test(schemes_by_name),
		cmocka_unit_test(nonces_in_base64),
		cmocka_unit_test(bootstrap_macs),
		cmocka_unit_test(bootstrap_parameters),
		cmocka_unit_test(notifications),
		cmocka_unit_test(bad_notifications),
		cmocka_unit_test(notification_header_octets),
		cmocka_unit_test(gba_keys),
		cmocka_unit_test(access_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
