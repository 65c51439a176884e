/*
 * test_dm_client.c - sessions of a handset's DM client with a server that is right, wrong, or
 * worse.
 */
#include "tests/unit/test.h"

#include "router/dm_client.h"
#include "router/dm_command.h"
#include "tests/unit/dm_fake_server.h"

static const char ID[] = "dm.example", URL[] = "https://dm.example.net/dm";
static const int64_t NOW = 1800000000;

static int64_t
now(void *arg)
{
	return NOW;
}

/* ---- a handset, a server, a session ------------------------------------------------------ */

static struct dm_tree *
a_tree(const char *device_type, const char *server_type)
{
	static const struct { const char *uri, *value; } rows[] = {
		{ "./DMAcc/x/AppID", "w7" }, { "./DMAcc/x/ServerID", ID }, { "./DMAcc/x/Name", "DM" },
		{ "./DMAcc/x/AppAddr/1/Addr", URL },
		{ "./DMAcc/x/AppAuth/1/AAuthLevel", "CLCRED" }, { "./DMAcc/x/AppAuth/1/AAuthName", "dev1" },
		{ "./DMAcc/x/AppAuth/1/AAuthSecret", "devpw" },
		{ "./DMAcc/x/AppAuth/2/AAuthLevel", "SRVCRED" }, { "./DMAcc/x/AppAuth/2/AAuthSecret", "srvpw" },
		{ "./DevInfo/DevId", "IMEI:004999010640000" },
	};
	struct dm_tree *t = dm_tree_create();
	json_t *info = json_pack("{s:s}", "DevId", "IMEI:004999010640000");
	size_t i;

	assert_int_equal(dm_tree_set_info(t, info, NULL), OK);
	json_decref(info);
	for (i = 0; i + 1 < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(dm_tree_set(t, rows[i].uri, "", span_str(rows[i].value), NULL), OK);
	dm_tree_set(t, "./DMAcc/x/AppAuth/1/AAuthType", "", span_str(device_type), NULL);
	dm_tree_set(t, "./DMAcc/x/AppAuth/2/AAuthType", "", span_str(server_type), NULL);
	dm_tree_set(t, "./DMAcc/x/AppAuth/1/AAuthData", "bin", span_str("client-nonce"), NULL);
	dm_tree_set(t, "./DMAcc/x/AppAuth/2/AAuthData", "bin", span_str("server-nonce"), NULL);
	if (server_type[0] == '-')
		dm_tree_drop(t, "./DMAcc/x/AppAuth/2");
	if (device_type[0] == '-')
		dm_tree_drop(t, "./DMAcc/x/AppAuth/1");
	assert_int_equal(dm_account_claim(t, NULL), OK);
	dm_tree_set_acl(t, ".", "Add=*&Get=*", NULL);
	return t;
}

static void
a_server(struct fake_server *s, enum dm_auth device, enum dm_auth own)
{
	*s = (struct fake_server){ .now = NOW };
	dm_verifier_start(&s->device, device, "dev1", "devpw", span_str("client-nonce"));
	dm_prover_start(&s->own, own, ID, "srvpw", span_str("server-nonce"));
}

static int
session_as(struct dm_tree **t, struct fake_server *s, struct dm_client_setup *setup,
    json_t **report, struct why *why)
{
	struct dm_account account;
	struct dm_client *c = NULL;
	int err = dm_account_find(*t, ID, &account, why);

	assert_int_equal(err, OK);
	setup->tree = t;
	setup->account = &account;
	setup->now = now;
	if (setup->session_id == 0)
		setup->session_id = 0xBEEF;
	setup->wbxml = s->wbxml;
	err = dm_client_create(setup, &c, why);
	dm_account_done(&account);
	while (err == OK) {
		struct sbuf out = { 0 }, hmac = { 0 }, in = { 0 }, in_hmac = { 0 };

		err = dm_client_next(c, &out, &hmac, why);
		if (err == OK) {
			assert_true(fake_exchange(s, sbuf_as_span(&out), hmac.n ? hmac.s : "",
			    &in, &in_hmac));
			err = dm_client_take(c, dm_client_media(c), sbuf_as_span(&in),
			    in_hmac.n ? in_hmac.s : NULL, why);
		}
		sbuf_done(&out);
		sbuf_done(&hmac);
		sbuf_done(&in);
		sbuf_done(&in_hmac);
	}
	if (report != NULL)
		*report = c ? dm_client_report(c) : NULL;
	dm_client_destroy(&c);
	return err;
}

static int
session(struct dm_tree **t, struct fake_server *s, bool secure, struct why *why)
{
	struct dm_client_setup setup = { .secure = secure, .by_server = true };

	return session_as(t, s, &setup, NULL, why);
}

static void
log_is(const struct fake_server *s, const char *expected)
{
	if (!span_eq_str(sbuf_as_span(&s->log), expected))
		fail_msg("%s", s->log.n ? s->log.s : "");
}

/* ---- commands of servers ----------------------------------------------------------------- */

static void
add_one(struct syncml_message *m, struct syncml_command *outer, enum syncml_kind kind,
    const char *uri, const char *format, const char *data)
{
	struct syncml_command *c = outer ? syncml_add_inner(m, outer, kind) : syncml_add(m, kind);

	syncml_add_item(c, uri, NULL, format, data ? span_str(data) : (struct span){ 0 });
}

static bool
get_man(struct syncml_message *m, unsigned step, void *arg)
{
	if (step == 1)
		add_one(m, NULL, SYNCML_GET, "./DevInfo/Man", NULL, NULL);
	return step == 1;
}

static bool
some(struct syncml_message *m, unsigned step, void *arg)
{
	if (step != 1)
		return false;
	add_one(m, NULL, SYNCML_ADD, "./New", "node", NULL);
	add_one(m, NULL, SYNCML_ADD, "./New/a", "chr", "1");
	add_one(m, NULL, SYNCML_ADD, "./New/a", "chr", "1");
	add_one(m, NULL, SYNCML_REPLACE, "./DMAcc/x/Name", "chr", "Better");
	add_one(m, NULL, SYNCML_REPLACE, "./DevInfo/Man", "chr", "Evil");
	add_one(m, NULL, SYNCML_GET, "./New", NULL, NULL);
	add_one(m, NULL, SYNCML_GET, "./DMAcc/x/AppAuth/1/AAuthSecret", NULL, NULL);
	add_one(m, NULL, SYNCML_GET, "./Nothing", NULL, NULL);
	add_one(m, NULL, SYNCML_GET, "./New?list=Struct", NULL, NULL);
	add_one(m, NULL, SYNCML_DELETE, "./DevInfo", NULL, NULL);
	add_one(m, NULL, SYNCML_EXEC, "./New", NULL, NULL);
	add_one(m, NULL, SYNCML_COPY, "./New", NULL, NULL);
	syncml_add(m, SYNCML_ALERT)->data = 1101;
	syncml_add(m, SYNCML_ALERT)->data = 1103;
	return true;
}

/* ---- sessions that go well --------------------------------------------------------------- */

struct pair { const char *device_type, *server_type; enum dm_auth device, own; bool secure; };

static const struct pair pairs[] = {
	{ "DIGEST",        "DIGEST",        DM_AUTH_MD5,         DM_AUTH_MD5,         true },
	{ "DIGEST",        "DIGEST",        DM_AUTH_MD5,         DM_AUTH_MD5,         false },
	{ "DIGEST-SHA256", "DIGEST-SHA256", DM_AUTH_SHA256,      DM_AUTH_SHA256,      true },
	{ "DIGEST-SHA256", "DIGEST",        DM_AUTH_SHA256,      DM_AUTH_MD5,         false },
	{ "BASIC",         "BASIC",         DM_AUTH_BASIC,       DM_AUTH_BASIC,       true },
	{ "BASIC",         "BASIC",         DM_AUTH_BASIC,       DM_AUTH_BASIC,       false },
	{ "HMAC",          "HMAC",          DM_AUTH_HMAC_MD5,    DM_AUTH_HMAC_MD5,    false },
	{ "HMAC",          "HMAC",          DM_AUTH_HMAC_SHA256, DM_AUTH_HMAC_SHA256, false },
	{ "HMAC-SHA256",   "HMAC-SHA256",   DM_AUTH_HMAC_SHA256, DM_AUTH_HMAC_SHA256, false },
	{ "HMAC-SHA256",   "HMAC-SHA256",   DM_AUTH_HMAC_SHA256, DM_AUTH_HMAC_SHA256, true },
	{ "DIGEST",        "HMAC",          DM_AUTH_MD5,         DM_AUTH_HMAC_MD5,    false },
	{ "-",             "-",             DM_AUTH_NONE,        DM_AUTH_NONE,        true },
	{ "DIGEST",        "-",             DM_AUTH_MD5,         DM_AUTH_NONE,        true },
	/* the server asks for another scheme than the account has */
	{ "DIGEST",        "DIGEST",        DM_AUTH_SHA256,      DM_AUTH_MD5,         false },
	{ "DIGEST",        "DIGEST",        DM_AUTH_HMAC_SHA256, DM_AUTH_MD5,         false },
};

static void
test_schemes(void **state)
{
	size_t i;
	int wbxml;

	for (i = 0; i < sizeof pairs / sizeof pairs[0] * 2; i++) {
		const struct pair *p = &pairs[i / 2];
		struct dm_tree *t = a_tree(p->device_type, p->server_type);
		struct fake_server s;
		struct why why = { 0 };
		int err;

		wbxml = i % 2;
		a_server(&s, p->device, p->own);
		s.commands = get_man;
		s.wbxml = wbxml;
		s.device.each_message = !p->secure;
		err = session(&t, &s, p->secure, &why);
		if (err != ERR_CLOSED)
			fail_msg("row %zu: %d %s", i, err, why.text);
		if (s.log.n == 0)
			fail_msg("row %zu: nothing was done", i);
		log_is(&s, "Get ./DevInfo/Man 200;=OpenPPG;");
		assert_string_equal(s.session_id, "BEEF");
		assert_string_equal(s.source, "IMEI:004999010640000");
		assert_int_equal(s.last_alert, 1200);
		if (!p->secure && p->device != DM_AUTH_NONE)
			assert_true(s.had_cred != (p->device == DM_AUTH_HMAC_MD5 ||
			    p->device == DM_AUTH_HMAC_SHA256));
		fake_done(&s);
		dm_tree_destroy(&t);
	}
}

static void
test_commands(void **state)
{
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct dm_client_setup setup = { .secure = true, .session_id = 1, .consent = true };
	struct fake_server s;
	struct span value;
	json_t *report, *first;

	a_server(&s, DM_AUTH_MD5, DM_AUTH_MD5);
	s.commands = some;
	assert_int_equal(session_as(&t, &s, &setup, &report, NULL), ERR_CLOSED);
	log_is(&s, "Add ./New 200;Add ./New/a 200;Add ./New/a 418;Replace ./DMAcc/x/Name 200;Replace ./DevInfo/Man 425;"
	    "Get ./New 200;=a;Get ./DMAcc/x/AppAuth/1/AAuthSecret 405;Get ./Nothing 404;Get ./New?list=Struct 406;"
	    "Delete ./DevInfo 425;Exec ./New 425;Copy ./New 406;Alert 200;Alert 406;");
	assert_int_equal(s.last_alert, 1201);
	assert_string_equal(s.session_id, "1");
	assert_true(dm_tree_value(t, "./New/a", &value));
	assert_string_equal(json_text(report, "server"), ID);
	assert_string_equal(json_text(report, "session"), "1");
	assert_string_equal(json_text(report, "start"), "client");
	assert_string_equal(json_text(report, "server_auth"), "syncml:auth-md5");
	assert_int_equal(json_array_size(json_object_get(report, "commands")), 14);
	first = json_array_get(json_object_get(report, "commands"), 0);
	assert_string_equal(json_text(first, "command"), "Add");
	assert_string_equal(json_text(first, "target"), "./New");
	assert_int_equal(json_integer_value(json_object_get(first, "status")), 200);
	json_decref(report);
	fake_done(&s);
	dm_tree_destroy(&t);
}

static bool
lists(struct syncml_message *m, unsigned step, void *arg)
{
	struct syncml_command *c;

	if (step != 1)
		return false;
	c = syncml_add(m, SYNCML_ATOMIC);
	add_one(m, c, SYNCML_ADD, "./A", "node", NULL);
	add_one(m, c, SYNCML_ADD, "./A/x", "chr", "1");
	c = syncml_add(m, SYNCML_ATOMIC);
	add_one(m, c, SYNCML_REPLACE, "./A/x", "chr", "2");
	add_one(m, c, SYNCML_REPLACE, "./A/none", "chr", "2");
	add_one(m, c, SYNCML_DELETE, "./A", NULL, NULL);
	c = syncml_add(m, SYNCML_ATOMIC);
	add_one(m, c, SYNCML_GET, "./A/x", NULL, NULL);
	c = syncml_add(m, SYNCML_SEQUENCE);
	add_one(m, c, SYNCML_REPLACE, "./A/none", "chr", "3");
	add_one(m, c, SYNCML_GET, "./A/x", NULL, NULL);
	return true;
}

static void
test_atomic(void **state)
{
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct fake_server s;

	a_server(&s, DM_AUTH_MD5, DM_AUTH_MD5);
	s.commands = lists;
	assert_int_equal(session(&t, &s, true, NULL), ERR_CLOSED);
	log_is(&s, "Atomic 200;Add ./A 200;Add ./A/x 200;"
	    "Atomic 507;Replace ./A/x 216;Replace ./A/none 404;Delete ./A 215;"
	    "Atomic 507;Get ./A/x 406;Sequence 200;Replace ./A/none 404;Get ./A/x 200;=1;");
	fake_done(&s);
	dm_tree_destroy(&t);
}

/* ---- nonces ------------------------------------------------------------------------------ */

static bool
nonce_is(const struct dm_tree *t, int n, const struct dm_octets *expected)
{
	struct span value;

	assert_true(dm_tree_value(t,
	    n == 1 ? "./DMAcc/x/AppAuth/1/AAuthData" : "./DMAcc/x/AppAuth/2/AAuthData", &value));
	return span_eq(value, span_of(expected->p, expected->n));
}

/* Each session leaves new nonces at both ends, and the next one begins with them. */
static void
test_nonces(void **state)
{
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct dm_octets device, own;
	struct fake_server s;
	int i;

	a_server(&s, DM_AUTH_MD5, DM_AUTH_MD5);
	s.commands = get_man;
	assert_int_equal(session(&t, &s, true, NULL), ERR_CLOSED);
	for (i = 0; i < 3; i++) {
		device = s.device.next;
		own = s.own.nonce;
		fake_done(&s);
		assert_true(device.n == 16 && own.n == 16);
		assert_true(nonce_is(t, 1, &device));
		assert_true(nonce_is(t, 2, &own));
		s = (struct fake_server){ .now = NOW, .commands = get_man };
		dm_verifier_start(&s.device, DM_AUTH_MD5, "dev1", "devpw", span_of(device.p, device.n));
		dm_prover_start(&s.own, DM_AUTH_MD5, ID, "srvpw", span_of(own.p, own.n));
		assert_int_equal(session(&t, &s, true, NULL), ERR_CLOSED);
		assert_int_equal(s.device.failures, 0);
		assert_int_equal(s.own.challenges, 0);
		assert_int_equal(s.messages, 2);
	}
	fake_done(&s);
	dm_tree_destroy(&t);
}

/* Both ends have forgotten the nonce: one challenge in each direction, then all is well. */
static void
test_stale(void **state)
{
	struct dm_tree *t = a_tree("DIGEST", "DIGEST-SHA256");
	struct fake_server s;

	a_server(&s, DM_AUTH_MD5, DM_AUTH_SHA256);
	dm_tree_set(t, "./DMAcc/x/AppAuth/1/AAuthData", "bin", span_str("old"), NULL);
	dm_tree_set(t, "./DMAcc/x/AppAuth/2/AAuthData", "bin", span_str("older"), NULL);
	s.commands = get_man;
	assert_int_equal(session(&t, &s, true, NULL), ERR_CLOSED);
	log_is(&s, "Get ./DevInfo/Man 200;=OpenPPG;");
	assert_int_equal(s.device.failures, 1);
	assert_int_equal(s.own.challenges, 1);
	assert_true(nonce_is(t, 2, &s.own.nonce));
	fake_done(&s);
	dm_tree_destroy(&t);
}

static void
test_special(void **state)
{
	static const char special[] = "0x00000000";
	struct dm_client_setup setup = { .secure = true, .by_server = true, .special = span_str(special) };
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct fake_server s;

	s = (struct fake_server){ .now = NOW };		/* it has no commands */
	dm_verifier_start(&s.device, DM_AUTH_MD5, "dev1", "devpw", span_str(special));
	dm_prover_start(&s.own, DM_AUTH_MD5, ID, "srvpw", span_str(special));
	assert_int_equal(session_as(&t, &s, &setup, NULL, NULL), ERR_CLOSED);
	assert_int_equal(s.device.failures, 0);
	assert_int_equal(s.messages, 2);
	assert_true(nonce_is(t, 1, &s.device.next));
	assert_true(nonce_is(t, 2, &s.own.nonce));
	fake_done(&s);
	dm_tree_destroy(&t);
}

/* A server that is not who it says leaves no trace: no command, no nonce. */
static void
test_nonce_of_a_stranger(void **state)
{
	static const struct dm_octets client = { "client-nonce", 12 }, server = { "server-nonce", 12 };
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct fake_server s;
	struct why why;

	s = (struct fake_server){ .now = NOW, .commands = some };
	dm_verifier_start(&s.device, DM_AUTH_NONE, "", "", (struct span){ 0 });
	dm_prover_start(&s.own, DM_AUTH_MD5, ID, "guess", span_str("server-nonce"));
	assert_int_equal(session(&t, &s, true, &why), ERR_AUTH);
	log_is(&s, "Add ./New 401;Add ./New/a 401;Add ./New/a 401;Replace ./DMAcc/x/Name 401;Replace ./DevInfo/Man 401;"
	    "Get ./New 401;Get ./DMAcc/x/AppAuth/1/AAuthSecret 401;Get ./Nothing 401;Get ./New?list=Struct 401;"
	    "Delete ./DevInfo 401;Exec ./New 401;Copy ./New 401;Alert 401;Alert 401;");
	assert_int_equal(s.messages, 2);
	assert_int_equal(s.challenges, 1);
	assert_true(nonce_is(t, 1, &client));
	assert_true(nonce_is(t, 2, &server));
	assert_null(dm_tree_child(t, "./New", 0));
	fake_done(&s);
	dm_tree_destroy(&t);
}

/* Timestamps grow from message to message and from session to session, whatever the clock says. */
static void
test_stamps(void **state)
{
	struct dm_tree *t = a_tree("HMAC-SHA256", "HMAC-SHA256");
	struct dm_account account;
	struct dm_client_setup setup = { .tree = &t, .account = &account, .session_id = 1,
	    .secure = true, .now = now };
	int64_t stamp = 0, i;

	for (i = 0; i < 3; i++) {
		struct sbuf body = { 0 }, hmac = { 0 };
		struct dm_client *c;
		char expected[40];

		assert_int_equal(dm_account_find(t, ID, &account, NULL), OK);
		setup.stamp = stamp;
		assert_int_equal(dm_client_create(&setup, &c, NULL), OK);
		assert_int_equal(dm_client_next(c, &body, &hmac, NULL), OK);
		dm_timestamp(NOW + i, expected);
		assert_non_null(strstr(hmac.s, expected));
		stamp = dm_client_stamp(c);
		assert_int_equal(stamp, NOW + i);
		dm_client_destroy(&c);
		dm_account_done(&account);
		sbuf_done(&body);
		sbuf_done(&hmac);
	}
	dm_tree_destroy(&t);
}

/* ---- servers that are wrong -------------------------------------------------------------- */

static bool
endless(struct syncml_message *m, unsigned step, void *arg)
{
	return get_man(m, 1, arg);
}

static bool
abort_it(struct syncml_message *m, unsigned step, void *arg)
{
	syncml_add(m, SYNCML_ALERT)->data = 1223;
	return true;
}

static void
no_cred(struct fake_server *s)
{
	s->no_cred = true;
}

static void
cred_once(struct fake_server *s)
{
	s->cred_once = true;
	s->commands = endless;
}

static void
no_hmac(struct fake_server *s)
{
	s->no_hmac = true;
	s->commands = endless;
}

static void
bad_hmac(struct fake_server *s)
{
	s->bad_hmac = true;
	s->commands = endless;
}

static void
all_commands(struct fake_server *s)
{
	s->commands = endless;
}

static void
gives_up(struct fake_server *s)
{
	s->commands = abort_it;
}

static void
other_session(struct fake_server *s)
{
	s->session = "BEEE";
}

static void
says_nothing(struct fake_server *s)
{
	s->no_status = true;
}

static void
same_message(struct fake_server *s)
{
	s->repeat_msg_id = true;
	s->commands = endless;
}

static void
never_final(struct fake_server *s)
{
	s->not_final = true;
}

static void
refuses(struct fake_server *s)
{
	s->own_status = 401;
}

static void
is_broken(struct fake_server *s)
{
	s->own_status = 500;
}

static void
sends_away(struct fake_server *s)
{
	s->resp_uri = "https://dm.example.net.evil.example/dm";
	s->commands = endless;
}

static void
sends_to_http(struct fake_server *s)
{
	s->resp_uri = "http://dm.example.net/dm";
	s->commands = endless;
}

static void
old_timestamps(struct fake_server *s)
{
	s->now -= 3600;
	dm_verifier_start(&s->device, DM_AUTH_NONE, "", "", (struct span){ 0 });
}

static void
test_wrong_servers(void **state)
{
	static const struct {
		const char *type;
		enum dm_auth auth;
		void (*change)(struct fake_server *s);
		int err;
		unsigned messages;	/* that the server got */
		const char *word;	/* of the reason */
	} rows[] = {
		{ "DIGEST", DM_AUTH_MD5,         no_cred,        ERR_AUTH,   2,  "credentials" },
		/* without TLS a server that was known once is not known for ever */
		{ "DIGEST", DM_AUTH_MD5,         cred_once,      ERR_AUTH,   3,  "credentials" },
		{ "HMAC",   DM_AUTH_HMAC_MD5,    no_cred,        ERR_AUTH,   2,  "credentials" },
		{ "HMAC",   DM_AUTH_HMAC_MD5,    no_hmac,        ERR_AUTH,   3,  "credentials" },
		{ "HMAC",   DM_AUTH_HMAC_MD5,    bad_hmac,       ERR_AUTH,   3,  "credentials" },
		{ "HMAC-SHA256", DM_AUTH_HMAC_SHA256, no_hmac,   ERR_AUTH,   3,  "credentials" },
		{ "HMAC-SHA256", DM_AUTH_HMAC_SHA256, bad_hmac,  ERR_AUTH,   3,  "credentials" },
		{ "HMAC-SHA256", DM_AUTH_HMAC_SHA256, old_timestamps, ERR_AUTH, 2, "credentials" },
		{ "DIGEST", DM_AUTH_MD5,         all_commands,   ERR_LIMIT,  20, "come to an end" },
		{ "DIGEST", DM_AUTH_MD5,         never_final,    ERR_LIMIT,  20, "come to an end" },
		{ "DIGEST", DM_AUTH_MD5,         gives_up,       ERR_IO,     1,  "gave" },
		{ "DIGEST", DM_AUTH_MD5,         other_session,  ERR_SYNTAX, 1,  "another session" },
		{ "DIGEST", DM_AUTH_MD5,         says_nothing,   ERR_SYNTAX, 1,  "what became" },
		{ "DIGEST", DM_AUTH_MD5,         same_message,   ERR_SYNTAX, 2,  "came after" },
		{ "DIGEST", DM_AUTH_MD5,         refuses,        ERR_AUTH,   2,  "401" },
		{ "DIGEST", DM_AUTH_MD5,         is_broken,      ERR_AUTH,   1,  "500" },
		{ "DIGEST", DM_AUTH_MD5,         sends_away,     ERR_AUTH,   1,  "another host" },
		{ "DIGEST", DM_AUTH_MD5,         sends_to_http,  ERR_AUTH,   1,  "another host" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dm_tree *t = a_tree(rows[i].type, rows[i].type);
		struct fake_server s;
		struct why why = { 0 };
		int err;

		a_server(&s, rows[i].auth, rows[i].auth);
		rows[i].change(&s);
		err = session(&t, &s, false, &why);
		if (err != rows[i].err || s.messages != rows[i].messages ||
		    strstr(why.text, rows[i].word) == NULL)
			fail_msg("row %zu: %d after %u: %s", i, err, s.messages, why.text);
		fake_done(&s);
		dm_tree_destroy(&t);
	}
}

/* A password in the clear goes to no server that merely asks for it. */
static void
test_no_downgrade(void **state)
{
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct fake_server s;
	struct why why;

	a_server(&s, DM_AUTH_BASIC, DM_AUTH_MD5);
	assert_int_equal(session(&t, &s, true, &why), ERR_AUTH);
	assert_non_null(strstr(why.text, "syncml:auth-basic"));
	assert_int_equal(s.messages, 1);
	fake_done(&s);
	dm_tree_destroy(&t);
}

static void
test_nobody_vouches(void **state)
{
	struct dm_tree *t = a_tree("DIGEST", "-");
	struct fake_server s;
	struct why why;

	a_server(&s, DM_AUTH_MD5, DM_AUTH_NONE);
	assert_int_equal(session(&t, &s, false, &why), ERR_AUTH);
	assert_int_equal(s.messages, 0);
	fake_done(&s);
	dm_tree_destroy(&t);
}

/* ---- sizes ------------------------------------------------------------------------------- */

static bool
get_big(struct syncml_message *m, unsigned step, void *arg)
{
	if (step != 1)
		return false;
	m->max_msg_size = 8000;
	add_one(m, NULL, SYNCML_GET, "./Big", NULL, NULL);
	add_one(m, NULL, SYNCML_GET, "./DevInfo/Man", NULL, NULL);
	return true;
}

static void
test_sizes(void **state)
{
	static char octets[6000];
	struct dm_tree *t = a_tree("DIGEST", "DIGEST");
	struct fake_server s;

	memset(octets, '<', sizeof octets);
	assert_int_equal(dm_tree_set(t, "./Big", "", span_of(octets, sizeof octets), NULL), OK);
	a_server(&s, DM_AUTH_MD5, DM_AUTH_MD5);
	s.commands = get_big;
	assert_int_equal(session(&t, &s, true, NULL), ERR_CLOSED);
	log_is(&s, "Get ./Big 413;Get ./DevInfo/Man 200;=OpenPPG;");
	fake_done(&s);
	dm_tree_destroy(&t);
}

/* What is no message, or none of a server, ends the session. */
static void
test_nonsense(void **state)
{
	static const char *const rows[] = { "", "x", "<SyncML/>", "<SyncML><SyncHdr/></SyncML>",
	    "\x02\x9f\x53\x6a" };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dm_tree *t = a_tree("DIGEST", "DIGEST");
		struct dm_account a;
		struct dm_client_setup setup = { .tree = &t, .account = &a, .session_id = 7,
		    .secure = true, .now = now };
		struct sbuf out = { 0 }, hmac = { 0 };
		struct dm_client *c;
		struct why why = { 0 };
		int err;

		assert_int_equal(dm_account_find(t, ID, &a, NULL), OK);
		assert_int_equal(dm_client_create(&setup, &c, NULL), OK);
		assert_string_equal(dm_client_url(c), URL);
		assert_int_equal(dm_client_next(c, &out, &hmac, NULL), OK);
		err = dm_client_take(c, i % 2 ? SYNCML_XML : SYNCML_WBXML, span_str(rows[i]), NULL, &why);
		assert_true(err != OK && err != ERR_CLOSED && why.text[0] != '\0');
		err = dm_client_take(c, SYNCML_XML, span_str("<a/>"), "algorithm=what", &why);
		assert_true(err != OK && err != ERR_CLOSED);
		dm_client_destroy(&c);
		dm_account_done(&a);
		sbuf_done(&out);
		sbuf_done(&hmac);
		dm_tree_destroy(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_atomic),
		cmocka_unit_test(test_nonces),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_nonce_of_a_stranger),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_wrong_servers),
		cmocka_unit_test(test_no_downgrade),
		cmocka_unit_test(test_nobody_vouches),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
