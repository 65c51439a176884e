/* test_dm_session.c - x-syncml-hmac, and the rules of challenges and nonces of a DM session. */
#include "tests/unit/dm_vector.h"

#include "policy/dm.h"

static const struct span none = { NULL, 0 };

static struct span
octets(const struct dm_octets *o)
{
	return span_of(o->p, o->n);
}

/* ---- the header -------------------------------------------------------------------------------------- */

static void
check_header(const struct dm_vector *v)
{
	const char *header = dm_get(v, "header");
	struct dm_hmac h, cut;
	struct sbuf out = { 0 };
	struct why why;
	size_t i;

	assert_int_equal(dm_hmac_parse(span_str(header), &h, &why), OK);
	dm_hmac_print(&h, &out);
	assert_string_equal(out.s, header);
	assert_string_equal(h.mac, dm_get(v, "mac"));
	sbuf_done(&out);
	for (i = 0; header[i] != '\0'; i++) {		/* cut off: refused, or its mac is another one */
		char *part = malloc(i + 1);

		memcpy(part, header, i);
		if (dm_hmac_parse(span_of(part, i), &cut, &why) == OK)
			assert_false(dm_mac_equal(cut.mac, h.mac));
		else
			assert_int_equal(cut.auth, DM_AUTH_NONE);
		free(part);
	}
}

static void
check_hmac_md5(const struct dm_vector *v)
{
	char user_hash[DM_B64_MAX], mac[DM_B64_MAX];
	uint8_t nonce[512];

	dm_user_hash(DM_AUTH_HMAC_MD5, dm_get(v, "user"), dm_get(v, "password"), user_hash);
	assert_string_equal(user_hash, dm_get(v, "userhash"));
	dm_hmac_md5(user_hash, dm_get_hex(v, "nonce", nonce), span_of(v->hex, v->hex_n), mac);
	assert_string_equal(mac, dm_get(v, "mac"));
	check_header(v);
}

static void
check_hmac_sha256(const struct dm_vector *v)
{
	char mac[DM_B64_MAX];
	uint8_t key[512];

	dm_hmac_sha256(dm_get_hex(v, "key", key), dm_get(v, "timestamp"), span_of(v->hex, v->hex_n), mac);
	assert_string_equal(mac, dm_get(v, "mac"));
	check_header(v);
}

static void
vectors_agree(void **state)
{
	assert_int_equal(dm_each("hmac-md5", check_hmac_md5), 3);
	assert_int_equal(dm_each("hmac-sha256", check_hmac_sha256), 3);
}

#define M16 "9AbUAU6P8DCnkI8crjY26g=="
#define M32 "WxBO2V1FTEWW9gjo2oAdaIkw49szAP4MPE3FnpokCIw="

static void
header_forms(void **state)
{
	static const struct { const char *header; int err; enum dm_auth auth; const char *who, *mac; } rows[] = {
		{ "algorithm=MD5, username=\"Robert Jordan\", mac=" M16, OK, DM_AUTH_HMAC_MD5, "Robert Jordan", M16 },
		{ "username=\"a\", mac=" M16, OK, DM_AUTH_HMAC_MD5, "a", M16 },
		{ "mac=" M16 ",username=a", OK, DM_AUTH_HMAC_MD5, "a", M16 },
		{ " MAC = \"" M16 "\" ; USERNAME = \"a;b,c=d\" ;", OK, DM_AUTH_HMAC_MD5, "a;b,c=d", M16 },
		{ "username=\"q\\\"\\\\\", mac=" M16, OK, DM_AUTH_HMAC_MD5, "q\"\\", M16 },
		{ ",, username=a,,mac=" M16 ",", OK, DM_AUTH_HMAC_MD5, "a", M16 },
		{ "username=a, realm=\"x, y\", mac=" M16, OK, DM_AUTH_HMAC_MD5, "a", M16 },
		{ "algorithm=\"hmac-sha256\"; ServerId=\"s\"; Timestamp=\"2012-01-01T13:04:20Z\"; mac=\"" M32 "\"", OK, DM_AUTH_HMAC_SHA256, "s", M32 },
		{ "mac=WxBO2V1FTEWW9gjo2oAd\r\n aIkw49szAP4MPE3FnpokCIw=, timestamp=t, serverid=s, algorithm=HMAC-SHA256", OK, DM_AUTH_HMAC_SHA256, "s", M32 },
		{ "", ERR_SYNTAX, 0, "", "" },
		{ "mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=a", ERR_SYNTAX, 0, "", "" },
		{ "username=a, mac=", ERR_SYNTAX, 0, "", "" },
		{ "username=\"\", mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=a, mac=abc", ERR_SYNTAX, 0, "", "" },
		{ "username=a, mac=ab-_", ERR_SYNTAX, 0, "", "" },
		{ "username=a, username=a, mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=a, mac=" M16 ", mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=\"a, mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=\"a\" x, mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=\"a\\", ERR_SYNTAX, 0, "", "" },
		{ "username, mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "=a, mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "username=\"a\x01\", mac=" M16, ERR_SYNTAX, 0, "", "" },
		{ "algorithm=SHA1, username=a, mac=" M16, ERR_UNSUPPORTED, 0, "", "" },
		{ "algorithm=HMAC-SHA256, Timestamp=\"t\", mac=" M32, ERR_SYNTAX, 0, "", "" },
		{ "algorithm=HMAC-SHA256, ServerId=\"s\", mac=" M32, ERR_SYNTAX, 0, "", "" },
		{ "algorithm=HMAC-SHA256, ServerId=\"s\", Timestamp=\"t\"", ERR_SYNTAX, 0, "", "" },
		{ "algorithm=HMAC-SHA256, username=\"s\", Timestamp=\"t\", mac=" M32, ERR_SYNTAX, 0, "", "" },
		{ "ServerId=\"s\", Timestamp=\"t\", mac=" M32, ERR_SYNTAX, 0, "", "" },
		{ "username=a, mac=" M32 M32, ERR_LIMIT, 0, "", "" },
		{ "algorithm=0123456789012345678901234567890123456789, username=a, mac=" M16, ERR_LIMIT, 0, "", "" },
	};
	struct sbuf big = { 0 };
	struct dm_hmac h;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (dm_hmac_parse(span_str(rows[i].header), &h, &why) != rows[i].err || h.auth != rows[i].auth ||
		    strcmp(h.who, rows[i].who) != 0 || strcmp(h.mac, rows[i].mac) != 0)
			fail_msg("%s", rows[i].header);
	}
	for (i = 250; i < 262; i++) {
		size_t k;

		sbuf_clear(&big);
		sbuf_str(&big, "mac=" M16 ", username=\"");
		for (k = 0; k < i; k++)
			sbuf_char(&big, 'u');
		sbuf_char(&big, '"');
		assert_int_equal(dm_hmac_parse(sbuf_as_span(&big), &h, &why), i < 256 ? OK : ERR_LIMIT);
	}
	for (i = 0; i < 2048; i++)
		sbuf_char(&big, ' ');
	assert_int_equal(dm_hmac_parse(sbuf_as_span(&big), &h, &why), ERR_LIMIT);
	sbuf_done(&big);
	assert_false(dm_mac_equal("", ""));
	assert_false(dm_mac_equal("AAAA", "AAAB"));
	assert_false(dm_mac_equal("AAAA", "AAAAA"));
	assert_true(dm_mac_equal("AAAA", "AAAA"));
}

/* ---- one side asks, the other answers ------------------------------------------------------------------- */

enum { MD5 = 1 << DM_AUTH_MD5, ALL = ~1 };

struct pair {
	struct dm_verifier v;
	struct dm_prover p;
	enum dm_answer answer;
	int went;		/* what dm_prover_answered said */
	struct why why;
};

static const int statuses[] = {
	[DM_OK] = 200, [DM_OK_SESSION] = 212, [DM_MISSING] = 407, [DM_WRONG] = 401, [DM_STOP] = 401
};

static void
start(struct pair *pair, enum dm_auth auth, const char *right, const char *given, const char *nonce_v,
    const char *nonce_p)
{
	dm_verifier_start(&pair->v, auth, "dev-0001", right, span_str(nonce_v));
	dm_prover_start(&pair->p, auth, "dev-0001", given, span_str(nonce_p));
}

/* One message of the prover and its answer; the challenge is told where there is one. */
static void
message(struct pair *pair, unsigned allowed, const char *timestamp)
{
	struct span body = span_str("<SyncML/>");
	struct sbuf data = { 0 };
	struct dm_hmac h;
	bool cred = dm_prove(&pair->p, &data), hmac = dm_prove_hmac(&pair->p, timestamp, body, &h);
	bool chal;

	pair->answer = dm_verify(&pair->v, cred ? pair->p.auth : DM_AUTH_NONE, sbuf_as_span(&data), hmac ? &h : NULL, body);
	chal = pair->answer == DM_MISSING || pair->answer == DM_WRONG ||
	    (pair->answer == DM_OK && pair->v.auth == DM_AUTH_HMAC_MD5);
	pair->went = dm_prover_answered(&pair->p, statuses[pair->answer], chal ? pair->v.auth : DM_AUTH_NONE,
	    octets(&pair->v.next), allowed, &pair->why);
	sbuf_done(&data);
}

static void
end(struct pair *pair)
{
	static const struct dm_verifier v;
	static const struct dm_prover p;

	dm_verifier_done(&pair->v);
	dm_prover_done(&pair->p);
	assert_memory_equal(&pair->v, &v, sizeof v);
	assert_memory_equal(&pair->p, &p, sizeof p);
}

static void
each_scheme_is_taken(void **state)
{
	static const enum dm_auth schemes[] = { DM_AUTH_BASIC, DM_AUTH_MD5, DM_AUTH_SHA256, DM_AUTH_HMAC_MD5, DM_AUTH_HMAC_SHA256 };
	struct pair pair;
	size_t i;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		bool hmac = schemes[i] >= DM_AUTH_HMAC_MD5;

		start(&pair, schemes[i], "pw", "pw", "n", "n");
		message(&pair, ALL, "2030-01-01T00:00:00Z");
		assert_int_equal(pair.answer, hmac ? DM_OK : DM_OK_SESSION);
		assert_int_equal(pair.went, OK);
		assert_int_equal(pair.p.accepted, !hmac);
		message(&pair, ALL, "2030-01-01T00:00:01Z");	/* nothing more is sent, or the next MAC fits as well */
		assert_int_equal(pair.answer, hmac ? DM_OK : DM_OK_SESSION);
		assert_int_equal(pair.went, OK);
		message(&pair, ALL, "2030-01-01T00:00:02Z");
		assert_int_equal(pair.answer, hmac ? DM_OK : DM_OK_SESSION);
		end(&pair);
	}
}

/* A stale nonce costs one challenge, a wrong password the session; also with a scheme that has no nonce. */
static void
one_more_challenge_then_stop(void **state)
{
	static const struct { enum dm_auth auth; const char *given, *nonce; enum dm_answer first, second; int went; } rows[] = {
		{ DM_AUTH_MD5, "pw", "old", DM_WRONG, DM_OK_SESSION, OK },
		{ DM_AUTH_SHA256, "pw", "old", DM_WRONG, DM_OK_SESSION, OK },
		{ DM_AUTH_HMAC_MD5, "pw", "old", DM_WRONG, DM_OK, OK },
		{ DM_AUTH_BASIC, "no", "n", DM_WRONG, DM_STOP, ERR_AUTH },
		{ DM_AUTH_MD5, "no", "n", DM_WRONG, DM_STOP, ERR_AUTH },
		{ DM_AUTH_MD5, "", "n", DM_WRONG, DM_STOP, ERR_AUTH },
		{ DM_AUTH_SHA256, "no", "n", DM_WRONG, DM_STOP, ERR_AUTH },
		{ DM_AUTH_HMAC_MD5, "no", "n", DM_WRONG, DM_STOP, ERR_AUTH },
		{ DM_AUTH_HMAC_SHA256, "no", "n", DM_WRONG, DM_STOP, ERR_AUTH },
	};
	struct pair pair;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		start(&pair, rows[i].auth, "pw", rows[i].given, "n", rows[i].nonce);
		message(&pair, ALL, "2030-01-01T00:00:00Z");
		assert_int_equal(pair.answer, rows[i].first);
		assert_int_equal(pair.went, ERR_BUSY);
		assert_int_equal(pair.v.next.n, 16);
		message(&pair, ALL, "2030-01-01T00:00:01Z");
		if (pair.answer != rows[i].second || pair.went != rows[i].went)
			fail_msg("row %zu: %d, %d", i, pair.answer, pair.went);
		if (pair.answer == DM_STOP) {
			struct sbuf data = { 0 };

			assert_int_equal(pair.v.next.n, 0);	/* no challenge any more, not even for the right one */
			dm_prover_start(&pair.p, rows[i].auth, "dev-0001", "pw", octets(&pair.v.nonce));
			message(&pair, ALL, "2030-01-01T00:00:02Z");
			assert_int_equal(pair.answer, DM_STOP);
			sbuf_done(&data);
		}
		end(&pair);
	}
}

static void
missing_credentials(void **state)
{
	struct pair pair;
	struct dm_octets first;

	/* Nothing, challenged, right. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	pair.p.auth = DM_AUTH_NONE;
	message(&pair, MD5, "");
	assert_int_equal(pair.answer, DM_MISSING);
	assert_int_equal(pair.went, ERR_BUSY);
	first = pair.v.next;
	message(&pair, MD5, "");
	assert_int_equal(pair.answer, DM_OK_SESSION);
	assert_true(span_eq(octets(&pair.v.nonce), octets(&first)));
	end(&pair);

	/* Nothing, then wrong: one more, with another nonce; then the end. */
	start(&pair, DM_AUTH_MD5, "pw", "no", "n", "n");
	pair.p.auth = DM_AUTH_NONE;
	message(&pair, MD5, "");
	first = pair.v.next;
	message(&pair, MD5, "");
	assert_int_equal(pair.answer, DM_WRONG);
	assert_int_equal(pair.went, ERR_BUSY);
	assert_false(span_eq(octets(&pair.v.next), octets(&first)));
	message(&pair, MD5, "");
	assert_int_equal(pair.answer, DM_STOP);
	assert_int_equal(pair.went, ERR_AUTH);
	end(&pair);

	/* Nothing, and nothing again. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, NULL, none), DM_MISSING);
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, NULL, none), DM_STOP);
	end(&pair);
	/* A header that is expected and does not come is a failure to authenticate (Cred is no help). */
	start(&pair, DM_AUTH_HMAC_MD5, "pw", "pw", "n", "n");
	message(&pair, ALL, "");
	assert_int_equal(pair.answer, DM_OK);
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_MD5, span_str("x"), NULL, none), DM_MISSING);
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, NULL, none), DM_STOP);
	end(&pair);
	/* 401 twice stops the answering side, though it came with another challenge. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_prover_answered(&pair.p, 401, DM_AUTH_MD5, span_str("a"), MD5, &pair.why), ERR_BUSY);
	assert_int_equal(dm_prover_answered(&pair.p, 401, DM_AUTH_MD5, span_str("b"), MD5, &pair.why), ERR_AUTH);
	assert_true(span_eq_str(octets(&pair.p.keep), "a"));
	end(&pair);
	/* So does 407. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_prover_answered(&pair.p, 407, DM_AUTH_MD5, span_str("a"), MD5, &pair.why), ERR_BUSY);
	assert_int_equal(dm_prover_answered(&pair.p, 407, DM_AUTH_MD5, span_str("b"), MD5, &pair.why), ERR_AUTH);
	end(&pair);
}

static void
another_scheme_is_wrong(void **state)
{
	struct span body = span_str("b");
	struct sbuf data = { 0 };
	struct pair pair;
	struct dm_hmac h;

	/* Basic where MD5 is asked for, though the password is right. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	pair.p.auth = DM_AUTH_BASIC;
	assert_true(dm_prove(&pair.p, &data));
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_BASIC, sbuf_as_span(&data), NULL, body), DM_WRONG);
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_BASIC, sbuf_as_span(&data), NULL, body), DM_STOP);
	end(&pair);
	/* A right MD5 digest called by another name, and the MAC of the other generation. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	sbuf_clear(&data);
	assert_true(dm_prove(&pair.p, &data));
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_SHA256, sbuf_as_span(&data), NULL, body), DM_WRONG);
	end(&pair);
	start(&pair, DM_AUTH_HMAC_SHA256, "pw", "pw", "n", "n");
	pair.p.auth = DM_AUTH_HMAC_MD5;
	assert_true(dm_prove_hmac(&pair.p, "", body, &h));
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body), DM_WRONG);
	end(&pair);
	/* Of somebody else. */
	start(&pair, DM_AUTH_HMAC_MD5, "pw", "pw", "n", "n");
	assert_true(dm_prove_hmac(&pair.p, "", body, &h));
	snprintf(h.who, sizeof h.who, "dev-0002");
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body), DM_WRONG);
	end(&pair);
	sbuf_done(&data);

	/* The prover answers no challenge with what is not allowed, and none without one. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_prover_answered(&pair.p, 401, DM_AUTH_BASIC, none, MD5, &pair.why), ERR_AUTH);
	assert_int_equal(pair.p.auth, DM_AUTH_MD5);
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_prover_answered(&pair.p, 401, DM_AUTH_NONE, none, ALL, &pair.why), ERR_AUTH);
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_prover_answered(&pair.p, 500, DM_AUTH_MD5, none, ALL, &pair.why), ERR_AUTH);
	end(&pair);
}

/* Rules 4 and 5: kept only of schemes with a nonce, and told apart from what is used for this attempt. */
static void
nonces_are_kept_by_rule(void **state)
{
	static const struct { enum dm_auth challenge; bool kept; } rows[] = {
		{ DM_AUTH_BASIC, false }, { DM_AUTH_MD5, true }, { DM_AUTH_SHA256, true }, { DM_AUTH_HMAC_MD5, true },
	};
	uint8_t long_nonce[DM_NONCE_MAX + 1] = { 1 };
	struct pair pair;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
		assert_int_equal(dm_prover_answered(&pair.p, 401, rows[i].challenge, span_str("fresh"), ALL, &pair.why), ERR_BUSY);
		assert_int_equal(pair.p.auth, rows[i].challenge);
		assert_true(span_eq_str(octets(&pair.p.nonce), rows[i].kept ? "fresh" : "n"));
		assert_int_equal(pair.p.keep.n, rows[i].kept ? 5 : 0);
		end(&pair);
	}
	/* Nothing to keep before a challenge; one that comes with the acceptance is for the next session. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(pair.p.keep.n, 0);
	assert_int_equal(dm_prover_answered(&pair.p, 212, DM_AUTH_NONE, none, MD5, &pair.why), OK);
	assert_int_equal(pair.p.keep.n, 0);
	assert_int_equal(dm_prover_answered(&pair.p, 212, DM_AUTH_MD5, span_str("later"), MD5, &pair.why), OK);
	assert_true(pair.p.accepted);
	assert_true(span_eq_str(octets(&pair.p.keep), "later"));
	end(&pair);
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	assert_int_equal(dm_prover_answered(&pair.p, 401, DM_AUTH_MD5, span_of(long_nonce, sizeof long_nonce), MD5, &pair.why), ERR_AUTH);
	assert_int_equal(pair.p.keep.n, 0);
	end(&pair);
}

static void
nonces_are_used_once(void **state)
{
	struct span body = span_str("b");
	struct pair pair;
	struct dm_hmac h;
	struct sbuf data = { 0 };
	struct dm_octets seen[6];
	size_t i, k;

	/* 1.2: each message has its own, so a message that was recorded does not fit again. */
	start(&pair, DM_AUTH_HMAC_MD5, "pw", "pw", "n", "n");
	assert_true(dm_prove_hmac(&pair.p, "", body, &h));
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body), DM_OK);
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body), DM_WRONG);
	end(&pair);
	start(&pair, DM_AUTH_HMAC_MD5, "pw", "pw", "n", "n");
	for (i = 0; i < 6; i++) {
		message(&pair, ALL, "");
		assert_int_equal(pair.answer, DM_OK);
		seen[i] = pair.v.next;
		for (k = 0; k < i; k++)
			assert_false(span_eq(octets(&seen[k]), octets(&seen[i])));
	}
	end(&pair);

	/* 200 instead of 212: asked in every message, each time with a nonce of its own. */
	start(&pair, DM_AUTH_MD5, "pw", "pw", "n", "n");
	pair.v.each_message = true;
	for (i = 0; i < 3; i++) {
		sbuf_clear(&data);
		assert_true(dm_prove(&pair.p, &data));
		assert_int_equal(dm_verify(&pair.v, DM_AUTH_MD5, sbuf_as_span(&data), NULL, none), DM_OK);
		assert_int_equal(dm_prover_answered(&pair.p, 200, DM_AUTH_MD5, octets(&pair.v.next), MD5, &pair.why), OK);
		assert_false(pair.p.accepted);
	}
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_MD5, sbuf_as_span(&data), NULL, none), DM_WRONG);
	sbuf_done(&data);
	end(&pair);
}

static void
timestamps(void **state)
{
	static const struct { const char *at; enum dm_answer want; } rows[] = {
		/* now is 2012-01-01T13:00:00Z, the window 300 s; the last one taken 12:59:00 */
		{ "2012-01-01T13:00:00Z", DM_OK }, { "2012-01-01T13:05:00Z", DM_OK }, { "2012-01-01T12:59:01Z", DM_OK },
		{ "2012-01-01T13:05:01Z", DM_WRONG }, { "2012-01-01T12:59:00Z", DM_WRONG },
		{ "2012-01-01T12:58:59Z", DM_WRONG }, { "2012-01-01T12:54:59Z", DM_WRONG },
		{ "2011-01-01T13:00:00Z", DM_WRONG }, { "2012-01-01 13:00:00Z", DM_WRONG }, { "2012-01-01T13:00:00", DM_WRONG },
		{ "2012-13-01T13:00:00Z", DM_WRONG }, { "now", DM_WRONG },
	};
	struct span body = span_str("b");
	struct pair pair;
	struct dm_hmac h;
	int64_t at;
	char text[40];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		start(&pair, DM_AUTH_HMAC_SHA256, "pw", "pw", "", "");
		assert_int_equal(dm_timestamp_parse("2012-01-01T13:00:00Z", &pair.v.now), OK);
		pair.v.window_s = 300;
		assert_true(dm_prove_hmac(&pair.p, "2012-01-01T12:59:00Z", body, &h));
		assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body), DM_OK);
		assert_true(dm_prove_hmac(&pair.p, rows[i].at, body, &h));
		if (dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body) != rows[i].want)
			fail_msg("%s", rows[i].at);
		end(&pair);
	}
	/* A MAC that does not fit leaves no trace: who guesses cannot move the clock of the right one. */
	start(&pair, DM_AUTH_HMAC_SHA256, "pw", "no", "", "");
	assert_true(dm_prove_hmac(&pair.p, "2030-01-01T00:00:00Z", body, &h));
	assert_int_equal(dm_verify(&pair.v, DM_AUTH_NONE, none, &h, body), DM_WRONG);
	assert_string_equal(pair.v.seen, "");
	end(&pair);
	assert_int_equal(dm_timestamp_parse("2012-01-01T13:04:20Z", &at), OK);
	dm_timestamp(at, text);
	assert_string_equal(text, "2012-01-01T13:04:20Z");
	assert_int_equal(dm_timestamp_parse("2012-02-30T13:04:20Z", &at), ERR_SYNTAX);
}

/* Names, passwords and nonces that are too long, and stored hashes. */
static void
what_does_not_fit_is_refused(void **state)
{
	char long_name[DM_NAME_MAX + 1], long_password[DM_PASSWORD_MAX + 1];
	uint8_t long_nonce[DM_NONCE_MAX + 1] = { 0 };
	struct sbuf data = { 0 };
	struct dm_verifier v;
	struct dm_prover p;
	struct dm_hmac h;
	size_t i;

	memset(long_name, 'n', sizeof long_name);
	memset(long_password, 'p', sizeof long_password);
	long_name[DM_NAME_MAX] = long_password[DM_PASSWORD_MAX] = '\0';
	for (i = DM_AUTH_BASIC; i <= DM_AUTH_HMAC_SHA256; i++) {
		enum dm_auth auth = (enum dm_auth)i;

		dm_prover_start(&p, auth, long_name, "pw", none);
		assert_false(dm_prove(&p, &data) || dm_prove_hmac(&p, "t", none, &h));
		dm_prover_start(&p, auth, "n", long_password, none);
		assert_false(dm_prove(&p, &data) || dm_prove_hmac(&p, "t", none, &h));
		dm_prover_start(&p, auth, "a\nb", "pw", none);
		assert_false(dm_prove_hmac(&p, "t", none, &h));
		dm_verifier_start(&v, auth, long_name, "pw", none);
		assert_int_equal(dm_verify(&v, auth, span_str(""), NULL, none), i >= DM_AUTH_HMAC_MD5 ? DM_MISSING : DM_WRONG);
		dm_verifier_start(&v, auth, "n", "pw", span_of(long_nonce, sizeof long_nonce));
		assert_int_equal(v.name[0], '\0');
		/* The longest that fit. */
		dm_prover_start(&p, auth, long_name + 1, long_password + 1, span_of(long_nonce, DM_NONCE_MAX));
		dm_verifier_start(&v, auth, long_name + 1, long_password + 1, span_of(long_nonce, DM_NONCE_MAX));
		sbuf_clear(&data);
		if (i >= DM_AUTH_HMAC_MD5) {
			assert_true(dm_prove_hmac(&p, "2030-01-01T00:00:00Z", none, &h));
			assert_int_equal(dm_verify(&v, DM_AUTH_NONE, none, &h, none), DM_OK);
		} else {
			assert_true(dm_prove(&p, &data));
			assert_int_equal(dm_verify(&v, auth, sbuf_as_span(&data), NULL, none), DM_OK_SESSION);
		}
	}
	/* Only H(name:password) is stored. */
	dm_prover_start(&p, DM_AUTH_MD5, "n", "pw", none);
	dm_verifier_start(&v, DM_AUTH_MD5, "n", "", none);
	dm_user_hash(DM_AUTH_MD5, "n", "pw", v.user_hash);
	sbuf_clear(&data);
	assert_true(dm_prove(&p, &data));
	assert_int_equal(dm_verify(&v, DM_AUTH_MD5, sbuf_as_span(&data), NULL, none), DM_OK_SESSION);
	sbuf_done(&data);
	/* Authenticated by the transport: nobody is asked. */
	dm_verifier_start(&v, DM_AUTH_NONE, "n", "", none);
	assert_int_equal(dm_verify(&v, DM_AUTH_NONE, none, NULL, none), DM_OK_SESSION);
}

/* Basic and digests are taken as octets and as base64 text of them. */
static void
data_in_base64(void **state)
{
	struct sbuf digest = { 0 }, text = { 0 };
	struct dm_prover p;
	struct dm_verifier v;

	dm_prover_start(&p, DM_AUTH_SHA256, "n", "pw", span_str("x"));
	assert_true(dm_prove(&p, &digest));
	assert_int_equal(digest.n, 32);
	text_base64_encode(sbuf_as_span(&digest), &text);
	dm_verifier_start(&v, DM_AUTH_SHA256, "n", "pw", span_str("x"));
	assert_int_equal(dm_verify(&v, DM_AUTH_SHA256, sbuf_as_span(&text), NULL, none), DM_OK_SESSION);
	dm_verifier_start(&v, DM_AUTH_BASIC, "n", "pw", none);
	assert_int_equal(dm_verify(&v, DM_AUTH_BASIC, span_str("n:pw"), NULL, none), DM_OK_SESSION);
	dm_verifier_start(&v, DM_AUTH_BASIC, "n", "pw", none);
	assert_int_equal(dm_verify(&v, DM_AUTH_BASIC, span_str("bjpwdw=="), NULL, none), DM_OK_SESSION);
	dm_verifier_start(&v, DM_AUTH_BASIC, "n", "pw", none);
	assert_int_equal(dm_verify(&v, DM_AUTH_BASIC, span_str("n:pW"), NULL, none), DM_WRONG);
	sbuf_done(&digest);
	sbuf_done(&text);
}

/* ---- random messages: taken as they are, refused with any bit flipped --------------------------------------- */

static uint32_t seed = 20120101;

static uint32_t
number(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void
fill(char *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (char)(0x21 + number(0x5E));
	out[n] = '\0';
}

static void
any_bit_counts(void **state)
{
	static const enum dm_auth schemes[] = { DM_AUTH_BASIC, DM_AUTH_MD5, DM_AUTH_SHA256, DM_AUTH_HMAC_MD5, DM_AUTH_HMAC_SHA256 };
	unsigned round, bit;

	for (round = 0; round < 200; round++) {
		enum dm_auth auth = schemes[round % 5];
		char name[40], password[40];
		uint8_t nonce[40];
		struct sbuf data = { 0 };
		struct dm_verifier fresh, v;
		struct dm_prover p;
		struct dm_hmac h;
		size_t i, n = 1 + number(60), n_nonce = number(sizeof nonce);
		uint8_t *body = malloc(n);
		bool hmac;

		fill(name, 1 + number(30));
		fill(password, 1 + number(30));
		for (i = 0; i < n_nonce; i++)
			nonce[i] = (uint8_t)number(256);
		for (i = 0; i < n; i++)
			body[i] = (uint8_t)number(256);
		dm_verifier_start(&fresh, auth, name, password, span_of(nonce, n_nonce));
		dm_prover_start(&p, auth, name, password, span_of(nonce, n_nonce));
		dm_prove(&p, &data);
		hmac = dm_prove_hmac(&p, "2030-01-01T00:00:00Z", span_of(body, n), &h);
		v = fresh;
		assert_true(dm_verify(&v, hmac ? DM_AUTH_NONE : auth, sbuf_as_span(&data), hmac ? &h : NULL, span_of(body, n)) <= DM_OK_SESSION);
		for (bit = 0; bit < 8 * (hmac ? n : data.n); bit++) {
			uint8_t *octet = hmac ? body + bit / 8 : (uint8_t *)data.s + bit / 8;

			*octet ^= (uint8_t)(1 << bit % 8);
			v = fresh;
			if (dm_verify(&v, hmac ? DM_AUTH_NONE : auth, sbuf_as_span(&data), hmac ? &h : NULL,
			    span_of(body, n)) != DM_WRONG)
				fail_msg("round %u: bit %u does not count", round, bit);
			*octet ^= (uint8_t)(1 << bit % 8);
		}
		for (bit = 0; hmac && bit < 8 * strlen(h.mac); bit++) {
			h.mac[bit / 8] = (char)(h.mac[bit / 8] ^ 1 << bit % 8);
			v = fresh;
			if (dm_verify(&v, DM_AUTH_NONE, none, &h, span_of(body, n)) != DM_WRONG)
				fail_msg("round %u: bit %u of the mac does not count", round, bit);
			h.mac[bit / 8] = (char)(h.mac[bit / 8] ^ 1 << bit % 8);
		}
		/* The timestamp is under the MAC, the nonce in it. */
		if (auth == DM_AUTH_HMAC_SHA256) {
			h.timestamp[18] ^= 1;
			v = fresh;
			assert_int_equal(dm_verify(&v, DM_AUTH_NONE, none, &h, span_of(body, n)), DM_WRONG);
		} else if (auth != DM_AUTH_BASIC && n_nonce > 0) {
			fresh.nonce.p[number((uint32_t)n_nonce)] ^= (uint8_t)(1 << number(8));
			assert_int_equal(dm_verify(&fresh, hmac ? DM_AUTH_NONE : auth, sbuf_as_span(&data), hmac ? &h : NULL, span_of(body, n)), DM_WRONG);
		}
		free(body);
		sbuf_done(&data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_agree),
		cmocka_unit_test(header_forms),
		cmocka_unit_test(each_scheme_is_taken),
		cmocka_unit_test(one_more_challenge_then_stop),
		cmocka_unit_test(missing_credentials),
		cmocka_unit_test(another_scheme_is_wrong),
		cmocka_unit_test(nonces_are_kept_by_rule),
		cmocka_unit_test(nonces_are_used_once),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(data_in_base64),
		cmocka_unit_test(any_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
