/*
 * DM sessions of tps, in one process: a device made of wap/syncml.h and policy/dm.h on the other side, XML and WBXML, with
 * and without TLS. (tests/e2e/test_tps_dm.py has a device that shares no code with the server.)
 */
#include "tests/unit/test.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "contrib/tps/session.h"
#include "wap/syncml.h"

#define DEVICE "IMEI:490154203237518"
#define URL "https://tps.example.net/dm"
static const char password[] = "device-password-1", server_password[] = "server-password-1";

/* ---- a server and a device ----------------------------------------------------------------------- */

struct pair {
	struct tps_config *cf;
	struct tps_db *db;
	struct tps_dm *dm;
	struct tps_device d;
	/* the device's side */
	enum dm_auth auth;
	bool wbxml, tls, use_token;
	const struct http_client_cert *cert;
	struct dm_octets nonce, server_nonce;
	struct dm_prover p;
	struct dm_verifier v;
	char session[8], token[64], stamp[40];
	int64_t at;
	unsigned msg;
	bool server_shown;
	struct tps_dm_answer answer;
	struct syncml_message reply;	/* the last one */
};

static void
report(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	fail_msg("%s", line);
}

static void
setup_more(struct pair *t, enum dm_auth auth, bool wbxml, bool tls, const char *more)
{
	static const char head[] = "group = tps\nserver-id = dm.example\ndm-plain-http = true\ndm-url = \"" URL "\"\n"
	    "dm-get = ./DevInfo/Man;./DevDetail/SwV\n";
	char path[] = "/tmp/openppg-tps-XXXXXX";
	int fd = mkstemp(path);
	struct why why = { 0 };

	*t = (struct pair){ .auth = auth, .wbxml = wbxml, .tls = tls, .use_token = true };
	clock_fake(1700000000000);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, head, sizeof head - 1), sizeof head - 1);
	assert_int_equal(write(fd, more, strlen(more)), strlen(more));
	close(fd);
	assert_int_equal(tps_config_load(path, report, NULL, &t->cf), OK);
	unlink(path);
	assert_int_equal(tps_db_open(":memory:", &t->db, &why), OK);
	t->dm = tps_dm_create(t->cf, t->db);
	snprintf(t->d.device_id, sizeof t->d.device_id, "%s", DEVICE);
	snprintf(t->d.user, sizeof t->d.user, "user");
	snprintf(t->d.password, sizeof t->d.password, "%s", password);
	snprintf(t->d.server_password, sizeof t->d.server_password, "%s", server_password);
	t->d.auth = auth;
	dm_nonce_make(&t->d.client_nonce);
	dm_nonce_make(&t->d.server_nonce);
	assert_int_equal(tps_device_add(t->db, &t->d, &why), OK);
	t->nonce = t->d.client_nonce;
	t->server_nonce = t->d.server_nonce;
	t->at = clock_utc();
}

static void
setup(struct pair *t, enum dm_auth auth, bool wbxml, bool tls)
{
	setup_more(t, auth, wbxml, tls, "");
}

static void
teardown(struct pair *t)
{
	tps_dm_answer_done(&t->answer);
	syncml_done(&t->reply);
	dm_prover_done(&t->p);
	dm_verifier_done(&t->v);
	tps_device_done(&t->d);
	tps_dm_destroy(&t->dm);
	tps_db_close(&t->db);
	tps_config_free(&t->cf);
	clock_real();
}

static void
begin(struct pair *t, const char *session)
{
	snprintf(t->session, sizeof t->session, "%s", session);
	t->msg = 0;
	t->token[0] = '\0';
	t->server_shown = false;
	dm_prover_start(&t->p, t->auth, "user", password, span_of(t->nonce.p, t->nonce.n));
	dm_verifier_start(&t->v, t->auth, "dm.example", server_password, span_of(t->server_nonce.p, t->server_nonce.n));
}

/* The header of the next message; with our credential. */
static void
compose(struct pair *t, struct syncml_message *m)
{
	struct sbuf data = { 0 };

	*m = (struct syncml_message){ .msg_id = ++t->msg, .ver_dtd = span_dup(span_str("1.2")),
		.ver_proto = span_dup(span_str("DM/1.2")), .session_id = span_dup(span_str(t->session)),
		.target = span_dup(span_str(URL)), .source = span_dup(span_str(DEVICE)),
		.source_name = span_dup(span_str("user")), .final = true };
	if (dm_prove(&t->p, &data)) {
		m->cred = calloc(1, sizeof *m->cred);
		m->cred->type = span_dup(span_str(dm_auth_uri(t->p.auth)));
		m->cred->format = span_dup(span_str("b64"));
		m->cred->data = (struct syncml_data){ true, data };
	}
}

static void
take_token(struct pair *t)
{
	const char *at = t->reply.resp_uri != NULL ? strstr(t->reply.resp_uri, "?s=") : NULL;

	if (at != NULL)
		snprintf(t->token, sizeof t->token, "%s", at + 3);
}

static void
post(struct pair *t, struct span body, const char *hmac)
{
	const struct tps_dm_request rq = { .type = t->wbxml ? SYNCML_WBXML "; charset=utf-8" : SYNCML_XML, .body = body, .hmac = hmac,
		.token = t->use_token && t->token[0] != '\0' ? t->token : NULL, .peer = "192.0.2.1", .tls = t->tls, .cert = t->cert };
	struct why why = { 0 };

	tps_dm_answer_done(&t->answer);
	syncml_done(&t->reply);
	tps_dm_take(t->dm, &rq, &t->answer);
	if (t->answer.status != 200)
		return;
	if (syncml_parse(t->answer.type, sbuf_as_span(&t->answer.body), &t->reply, &why) != OK)
		fail_msg("our own message: %s", why.text);
	take_token(t);
}

/* The message as it travels, and its header. */
static void
print(struct pair *t, struct syncml_message *m, struct sbuf *body, struct sbuf *hmac)
{
	struct dm_hmac h;
	struct why why = { 0 };

	if (syncml_print(m, t->wbxml, body, &why) != OK)
		fail_msg("%s", why.text);
	dm_timestamp(++t->at, t->stamp);
	if (dm_prove_hmac(&t->p, t->stamp, sbuf_as_span(body), &h))
		dm_hmac_print(&h, hmac);
}

static unsigned
header_code(const struct pair *t)
{
	assert_int_equal(t->answer.status, 200);
	assert_int_equal(t->reply.commands->kind, SYNCML_STATUS);
	assert_string_equal(t->reply.commands->cmd, "SyncHdr");
	return t->reply.commands->data;
}

/* What its Status says to us, as a device would take it. */
static int
take_answer(struct pair *t)
{
	const struct syncml_cred *chal = t->reply.commands->chal;
	struct dm_octets nonce = { .n = 0 };
	enum dm_auth auth = DM_AUTH_NONE;
	struct why why;

	if (chal != NULL) {
		assert_int_equal(dm_auth_parse(span_str(chal->type), &auth), OK);
		if (chal->next_nonce != NULL)
			assert_int_equal(dm_b64_decode(span_str(chal->next_nonce), &nonce), OK);
	}
	return dm_prover_answered(&t->p, (int)header_code(t), auth, span_of(nonce.p, nonce.n), 1u << t->auth, &why);
}

/* Posts *m, which is freed; what the device makes of the answer. */
static int
send_message(struct pair *t, struct syncml_message *m)
{
	struct sbuf body = { 0 }, hmac = { 0 };

	print(t, m, &body, &hmac);
	post(t, sbuf_as_span(&body), hmac.n > 0 ? hmac.s : NULL);
	sbuf_done(&body);
	sbuf_done(&hmac);
	syncml_done(m);
	return t->answer.status == 200 ? take_answer(t) : ERR_IO;
}

static void
package_1(struct pair *t, struct syncml_message *m)
{
	struct syncml_command *c;

	compose(t, m);
	syncml_add(m, SYNCML_ALERT)->data = 1200;
	c = syncml_add(m, SYNCML_REPLACE);
	syncml_add_item(c, NULL, "./DevInfo/Lang", NULL, span_str("en"));
}

static int
first(struct pair *t)
{
	struct syncml_message m;

	package_1(t, &m);
	return send_message(t, &m);
}

/* Is it the server that wrote the last message? Adds what we say to its header. */
static enum dm_answer
judge(struct pair *t, struct syncml_message *m)
{
	const struct syncml_cred *cred = t->reply.cred;
	enum dm_auth auth = DM_AUTH_NONE;
	struct dm_hmac h;
	struct syncml_command *status;
	struct sbuf nonce = { 0 };
	enum dm_answer answer;
	struct why why;

	if (cred != NULL)
		dm_auth_parse(span_str(cred->type), &auth);
	if (t->answer.hmac.n > 0)
		assert_int_equal(dm_hmac_parse(sbuf_as_span(&t->answer.hmac), &h, &why), OK);
	t->v.now = clock_utc();
	answer = dm_verify(&t->v, auth, cred != NULL ? sbuf_as_span(&cred->data.octets) : span_str(""),
	    t->answer.hmac.n > 0 ? &h : NULL, sbuf_as_span(&t->answer.body));
	status = syncml_add_status(m, &t->reply, NULL, answer == DM_OK ? 200 : answer == DM_OK_SESSION ? 212 :
	    answer == DM_MISSING ? 407 : 401);
	if (t->v.next.n > 0 && answer != DM_STOP && !(answer == DM_OK_SESSION && t->server_shown)) {
		status->chal = calloc(1, sizeof *status->chal);
		status->chal->type = span_dup(span_str(dm_auth_uri(t->auth)));
		status->chal->format = span_dup(span_str("b64"));
		text_base64_encode(span_of(t->v.next.p, t->v.next.n), &nonce);
		status->chal->next_nonce = sbuf_take(&nonce);
	}
	t->server_shown = answer == DM_OK || answer == DM_OK_SESSION;
	return answer;
}

/* Statuses, and Results of each Get. */
static unsigned
obey(struct pair *t, struct syncml_message *m, unsigned code)
{
	const struct syncml_command *c;
	struct syncml_command *r;
	unsigned n = 0;

	for (c = t->reply.commands; c != NULL; c = c->next) {
		if (c->kind == SYNCML_STATUS || c->kind == SYNCML_ALERT)
			continue;
		n++;
		syncml_add_status(m, &t->reply, c, code);
		if (c->kind != SYNCML_GET || code != 200)
			continue;
		r = syncml_add(m, SYNCML_RESULTS);
		r->msg_ref = t->reply.msg_id;
		r->cmd_ref = c->cmd_id;
		syncml_add_item(r, NULL, c->items->target, NULL, span_str("value & \xc3\xa9"));
	}
	return n;
}

/* From package 3 to the end; nonces are kept as a device keeps them. */
static void
finish(struct pair *t, unsigned code)
{
	unsigned rounds = 0, n;

	do {
		struct syncml_message m;

		assert_true(++rounds < 10);
		compose(t, &m);
		if (judge(t, &m) > DM_OK_SESSION)
			fail_msg("the server does not show itself");
		n = obey(t, &m, code);
		assert_int_equal(send_message(t, &m), OK);
	} while (n > 0);
	if (dm_auth_keeps_nonce(t->auth)) {
		assert_true(t->p.keep.n > 0);
		t->nonce = t->p.keep;
		t->server_nonce = t->v.next;
	}
}

/* ---- what is remembered ------------------------------------------------------------------------------ */

struct found {
	const char *uri;
	struct sbuf value;
};

static void
match(void *arg, const char *uri, const char *format, struct span data, int64_t at)
{
	struct found *f = arg;

	if (strcmp(uri, f->uri) == 0) {
		sbuf_clear(&f->value);
		sbuf_span(&f->value, data);
	}
}

static void
expect_node(struct pair *t, const char *uri, const char *value)
{
	struct found f = { .uri = uri };
	struct why why;

	assert_int_equal(tps_result_each(t->db, t->d.id, match, &f, &why), OK);
	if (value == NULL)
		assert_int_equal(f.value.n, 0);
	else
		assert_string_equal(f.value.s, value);
	sbuf_done(&f.value);
}

static void
last_event(void *arg, int64_t at, const char *kind, const char *text)
{
	snprintf(arg, 200, "%s %s", kind, text);
}

static void
expect_event(struct pair *t, const char *part)
{
	char text[200] = "";
	struct why why;

	assert_int_equal(tps_event_each(t->db, t->d.id, 1, last_event, text, &why), OK);
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static int64_t
queue(struct pair *t, const char *verb, const char *uri, const char *value)
{
	struct tps_command c = { .device = t->d.id, .has_data = value != NULL };
	struct why why;

	snprintf(c.verb, sizeof c.verb, "%s", verb);
	snprintf(c.uri, sizeof c.uri, "%s", uri);
	if (value != NULL)
		sbuf_str(&c.data, value);
	assert_int_equal(tps_command_add(t->db, &c, 100, &why), OK);
	tps_command_done(&c);
	return c.id;
}

static void
last_status(void *arg, const struct tps_command *c)
{
	*(int *)arg = c->status;
}

static int
status_of_last(struct pair *t)
{
	struct why why;
	int status = -1;

	assert_int_equal(tps_command_each(t->db, t->d.id, 1, last_status, &status, &why), OK);
	return status;
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static const enum dm_auth schemes[] = { DM_AUTH_MD5, DM_AUTH_SHA256, DM_AUTH_HMAC_MD5, DM_AUTH_HMAC_SHA256 };

/* Every scheme, in both forms, over both transports: three sessions, each with the nonces that the one before left. */
static void
whole(void **state)
{
	size_t i, k, form, tls;

	for (i = 0; i < 4; i++) {
		for (form = 0; form < 2; form++) {
			for (tls = 0; tls < 2; tls++) {
				static const char *const ids[] = { "1", "BEEF", "2" };
				bool hmac = i > 1;
				struct pair t;

				setup(&t, schemes[i], form == 1, tls == 1);
				for (k = 0; k < 3; k++) {
					begin(&t, ids[k]);
					assert_int_equal(first(&t), OK);
					assert_int_equal(header_code(&t), hmac || !tls ? 200 : 212);
					assert_string_equal(t.answer.type, form ? SYNCML_WBXML : SYNCML_XML);
					finish(&t, 200);
					expect_event(&t, "2 messages, 2 commands");
				}
				expect_node(&t, "./DevInfo/Lang", "en");
				expect_node(&t, "./DevInfo/Man", "value & \xc3\xa9");
				expect_node(&t, "./DevDetail/SwV", "value & \xc3\xa9");
				assert_int_equal(tps_dm_sessions(t.dm), 1);
				teardown(&t);
			}
		}
	}
}

/* A stale nonce: 401 with a fresh one, then right. A wrong password: 401, 401, and nobody is left. */
static void
failures(void **state)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		struct dm_octets stale = { .p = "old", .n = 3 };
		struct pair t;

		setup(&t, schemes[i], false, true);
		if (dm_auth_keeps_nonce(schemes[i]) && schemes[i] != DM_AUTH_HMAC_SHA256) {
			t.nonce = stale;
			begin(&t, "1");
			assert_int_equal(first(&t), ERR_BUSY);
			assert_int_equal(header_code(&t), 401);
			assert_int_equal(first(&t), OK);
			finish(&t, 200);
		}
		begin(&t, "2");
		snprintf(t.p.password, sizeof t.p.password, "wrong");
		assert_int_equal(first(&t), ERR_BUSY);
		assert_null(t.reply.commands->next->next->next);	/* statuses alone */
		assert_int_equal(first(&t), ERR_AUTH);
		assert_int_equal(header_code(&t), 401);
		assert_null(t.reply.commands->chal);
		assert_int_equal(tps_dm_sessions(t.dm), schemes[i] != DM_AUTH_HMAC_SHA256);
		teardown(&t);
	}
}

/* HMAC over other octets, with another name, of another message, or none. */
static void
wrong_hmac(void **state)
{
	size_t i, k;

	for (i = 2; i < 4; i++) {
		for (k = 0; k < 4; k++) {
			struct sbuf body = { 0 }, hmac = { 0 };
			struct syncml_message m;
			struct pair t;

			setup(&t, schemes[i], true, true);
			begin(&t, "1");
			package_1(&t, &m);
			print(&t, &m, &body, &hmac);
			if (k == 0)
				body.s[body.n - 4] ^= 1;	/* data of the last item */
			else if (k == 1)
				memcpy(strstr(hmac.s, "mac=") + 4, "AAAA", 4);
			else if (k == 2)
				strstr(hmac.s, "mac=")[0] = 'M';	/* names are read in either case: still right */
			post(&t, sbuf_as_span(&body), k == 3 ? NULL : hmac.s);
			if (t.answer.status == 200)
				assert_int_equal(header_code(&t), k == 3 ? 407 : k == 2 ? 200 : 401);
			else
				assert_int_equal(k, 0);
			sbuf_done(&body);
			sbuf_done(&hmac);
			syncml_done(&m);
			teardown(&t);
		}
	}
}

/* The status that a device gives is the one that is kept; a refusal of its ACL is one. */
static void
statuses(void **state)
{
	static const unsigned codes[] = { 200, 202, 401, 404, 405, 413, 418, 425, 500, 516 };
	size_t i;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		struct pair t;

		setup(&t, DM_AUTH_MD5, i % 2 == 0, true);
		queue(&t, "replace", "./Vendor/A", "x");
		begin(&t, "1");
		assert_int_equal(first(&t), OK);
		assert_int_equal(status_of_last(&t), 0);
		finish(&t, codes[i]);
		assert_int_equal(status_of_last(&t), codes[i]);
		expect_node(&t, "./DevInfo/Man", codes[i] == 200 ? "value & \xc3\xa9" : NULL);
		teardown(&t);
	}
}

/* A status of another message, or of no command of ours, changes nothing. */
static void
foreign_statuses(void **state)
{
	struct syncml_command *c;
	struct syncml_message m;
	struct pair t;
	unsigned i;

	setup(&t, DM_AUTH_MD5, false, true);
	queue(&t, "replace", "./Vendor/A", "x");
	begin(&t, "1");
	assert_int_equal(first(&t), OK);
	compose(&t, &m);
	judge(&t, &m);
	for (i = 0; i < 40; i++) {
		c = syncml_add(&m, SYNCML_STATUS);
		c->msg_ref = t.reply.msg_id + 1 + i % 2 * 1000;
		c->cmd_ref = 1 + i / 2;
		c->cmd = span_dup(span_str("Replace"));
		c->data = 200;
	}
	assert_int_equal(send_message(&t, &m), OK);
	assert_int_equal(status_of_last(&t), 0);
	teardown(&t);
}

static struct http_client_cert certificate;

static void
certificates(void **state)
{
	static const struct {
		enum tps_require require;
		const char *registered;
		bool shown, verified;
		unsigned code;		/* with a right credential */
		unsigned bare;		/* without one */
	} rows[] = {
		{ TPS_REQUIRE_CERTIFICATE, "dns:a.example.net", true, true, 212, 212 },
		{ TPS_REQUIRE_CERTIFICATE, "dns:a.example.net", true, false, 401, 401 },
		{ TPS_REQUIRE_CERTIFICATE, "dns:b.example.net", true, true, 401, 401 },
		{ TPS_REQUIRE_CERTIFICATE, "dns:a.example.net", false, false, 401, 401 },
		{ TPS_REQUIRE_CERTIFICATE, "subject:CN=a", true, true, 212, 212 },
		{ TPS_REQUIRE_CERTIFICATE, "subject:CN=a", true, false, 401, 401 },
		{ TPS_REQUIRE_CERTIFICATE, "sha256:00ff", true, false, 212, 212 },
		{ TPS_REQUIRE_CERTIFICATE, "sha256:00fe", true, true, 401, 401 },
		{ TPS_REQUIRE_CERTIFICATE, "", true, true, 401, 401 },
		{ TPS_REQUIRE_EITHER, "sha256:00ff", true, false, 212, 212 },
		{ TPS_REQUIRE_EITHER, "sha256:00ff", false, false, 212, 407 },
		{ TPS_REQUIRE_BOTH, "sha256:00ff", true, false, 212, 407 },
		{ TPS_REQUIRE_BOTH, "sha256:00ff", false, false, 401, 401 },
		{ TPS_REQUIRE_APPLICATION, "sha256:00ff", true, true, 212, 407 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct syncml_message m;
		struct pair t;
		struct why why;

		setup(&t, DM_AUTH_MD5, false, true);
		assert_int_equal(tps_device_remove(t.db, t.d.id, &why), OK);
		t.d.require = rows[i].require;
		snprintf(t.d.certificate, sizeof t.d.certificate, "%s", rows[i].registered);
		assert_int_equal(tps_device_add(t.db, &t.d, &why), OK);
		certificate = (struct http_client_cert){ .verified = rows[i].verified, .subject = "CN=a",
			.names = { "email:x@example.net", "dns:a.example.net" }, .n_names = 2, .fingerprint = "00ff" };
		t.cert = rows[i].shown ? &certificate : NULL;
		begin(&t, "1");
		first(&t);
		assert_int_equal(header_code(&t), rows[i].code);
		begin(&t, "2");
		t.p.auth = DM_AUTH_NONE;
		compose(&t, &m);
		send_message(&t, &m);
		assert_int_equal(header_code(&t), rows[i].bare);
		teardown(&t);
	}
}

/* BASIC only where the configuration allows it. */
static void
basic(void **state)
{
	struct pair t;

	setup(&t, DM_AUTH_BASIC, false, true);
	begin(&t, "1");
	first(&t);
	assert_int_equal(header_code(&t), 401);
	assert_null(t.reply.commands->chal);
	teardown(&t);
	setup_more(&t, DM_AUTH_BASIC, false, true, "dm-allow-basic = true\n");
	begin(&t, "1");
	assert_int_equal(first(&t), OK);
	assert_int_equal(header_code(&t), 212);
	teardown(&t);
}

/* A device that fell silent: its session is gone after the time-out, with an event. */
static void
silence(void **state)
{
	struct pair t;

	setup(&t, DM_AUTH_MD5, false, true);
	begin(&t, "1");
	assert_int_equal(first(&t), OK);
	clock_fake_advance(299 * 1000);
	post(&t, span_str("x"), NULL);
	assert_int_equal(tps_dm_sessions(t.dm), 1);
	clock_fake_advance(2 * 1000);
	post(&t, span_str("x"), NULL);
	assert_int_equal(tps_dm_sessions(t.dm), 0);
	expect_event(&t, "session 1: the device fell silent");
	teardown(&t);
}

/* Strangers fill the table and push each other out, never a device that is proven. */
static void
crowd(void **state)
{
	struct syncml_message m;
	struct pair t;
	unsigned i;

	setup_more(&t, DM_AUTH_MD5, false, true, "sessions-max = 5\n");
	begin(&t, "1");
	assert_int_equal(first(&t), OK);
	for (i = 0; i < 50; i++) {
		struct pair stranger = { .dm = t.dm, .wbxml = i % 2, .tls = true, .auth = DM_AUTH_MD5 };

		snprintf(stranger.session, sizeof stranger.session, "%u", i);
		compose(&stranger, &m);
		free(m.source);
		m.source = span_dup(span_str(i % 3 ? "IMEI:1" : DEVICE));
		send_message(&stranger, &m);
		assert_int_equal(header_code(&stranger), 407);
		assert_true(tps_dm_sessions(t.dm) <= 5);
		tps_dm_answer_done(&stranger.answer);
		syncml_done(&stranger.reply);
	}
	/* the device's own session goes on; its answer was not lost */
	compose(&t, &m);
	judge(&t, &m);
	obey(&t, &m, 200);
	assert_int_equal(send_message(&t, &m), OK);
	assert_int_equal(header_code(&t), 212);
	teardown(&t);
}

/* A stranger who uses the ids of a session that is going on does not get into its way, even where the device has no token. */
static void
same_ids(void **state)
{
	struct pair t, stranger;
	struct syncml_message m;

	setup(&t, DM_AUTH_HMAC_MD5, false, true);
	t.use_token = false;
	begin(&t, "1");
	assert_int_equal(first(&t), OK);
	stranger = (struct pair){ .dm = t.dm, .tls = true, .auth = DM_AUTH_MD5, .session = "1" };
	compose(&stranger, &m);
	send_message(&stranger, &m);
	assert_int_equal(header_code(&stranger), 407);
	assert_int_equal(tps_dm_sessions(t.dm), 2);
	finish(&t, 200);
	expect_event(&t, "2 messages, 2 commands");
	tps_dm_answer_done(&stranger.answer);
	syncml_done(&stranger.reply);
	teardown(&t);
}

/* Once the device comes by our RespURI, nobody without its token reaches the session, whatever he says to be. */
static void
no_token(void **state)
{
	struct pair t, stranger;
	struct syncml_message m;
	unsigned i;

	setup(&t, DM_AUTH_MD5, false, true);
	begin(&t, "1");
	queue(&t, "replace", "./Vendor/x", "1");
	assert_int_equal(first(&t), OK);
	compose(&t, &m);
	judge(&t, &m);
	m.final = false;
	assert_int_equal(send_message(&t, &m), OK);
	for (i = 0; i < 3; i++) {
		stranger = (struct pair){ .dm = t.dm, .tls = true, .auth = DM_AUTH_MD5, .session = "1", .msg = 2 + i, .use_token = i > 0,
			.token = "00112233445566778899aabbccddeeff" };
		compose(&stranger, &m);
		m.cred = calloc(1, sizeof *m.cred);
		m.cred->type = span_dup(span_str(dm_auth_uri(DM_AUTH_MD5)));
		m.cred->data.has = true;
		sbuf_str(&m.cred->data.octets, "0123456789abcdef");
		send_message(&stranger, &m);
		assert_int_equal(header_code(&stranger), 401);
		tps_dm_answer_done(&stranger.answer);
		syncml_done(&stranger.reply);
	}
	compose(&t, &m);
	judge(&t, &m);
	obey(&t, &m, 200);
	assert_int_equal(send_message(&t, &m), OK);
	assert_int_equal(header_code(&t), 212);
	teardown(&t);
}

/* Every beginning of a good message, in a block of its own size: refused, and the session goes on. */
static void
truncated(void **state)
{
	size_t form, n;

	for (form = 0; form < 2; form++) {
		struct sbuf body = { 0 }, hmac = { 0 };
		struct syncml_message m;
		struct pair t;

		setup(&t, DM_AUTH_MD5, form == 1, true);
		begin(&t, "1");
		package_1(&t, &m);
		print(&t, &m, &body, &hmac);
		syncml_done(&m);
		for (n = 0; n < body.n; n++) {
			uint8_t *copy = malloc(n > 0 ? n : 1);

			memcpy(copy, body.s, n);
			post(&t, span_of(copy, n), NULL);
			assert_int_equal(t.answer.status, 400);
			free(copy);
		}
		assert_int_equal(tps_dm_sessions(t.dm), 0);
		post(&t, sbuf_as_span(&body), NULL);
		assert_int_equal(header_code(&t), 212);
		sbuf_done(&body);
		sbuf_done(&hmac);
		teardown(&t);
	}
}

/* Single octets changed: whatever comes of it, nothing is kept of what is not proven. */
static void
changed(void **state)
{
	struct sbuf body = { 0 }, hmac = { 0 };
	struct syncml_message m;
	struct pair t;
	size_t n;

	setup(&t, DM_AUTH_HMAC_MD5, true, true);
	begin(&t, "1");
	package_1(&t, &m);
	print(&t, &m, &body, &hmac);
	syncml_done(&m);
	for (n = 0; n < body.n; n++) {
		body.s[n] ^= 0x15;
		t.token[0] = '\0';
		post(&t, sbuf_as_span(&body), hmac.s);
		assert_true(t.answer.status == 400 || (t.answer.status == 200 && header_code(&t) != 200));
		body.s[n] ^= 0x15;
	}
	expect_node(&t, "./DevInfo/Lang", NULL);
	sbuf_done(&body);
	sbuf_done(&hmac);
	teardown(&t);
}

/* Values of a device have limits: how many nodes, and how many octets in all. */
static void
many_values(void **state)
{
	struct syncml_message m;
	struct pair t;
	unsigned i;

	setup_more(&t, DM_AUTH_MD5, true, true, "results-max = 3\n");
	begin(&t, "1");
	compose(&t, &m);
	for (i = 0; i < 5; i++) {
		char uri[32];

		snprintf(uri, sizeof uri, "./DevInfo/N%u", i);
		syncml_add_item(syncml_add(&m, SYNCML_REPLACE), NULL, uri, NULL, span_str("v"));
	}
	assert_int_equal(send_message(&t, &m), OK);
	expect_node(&t, "./DevInfo/N2", "v");
	expect_node(&t, "./DevInfo/N3", NULL);
	teardown(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(failures), cmocka_unit_test(wrong_hmac), cmocka_unit_test(statuses),
		cmocka_unit_test(foreign_statuses), cmocka_unit_test(certificates), cmocka_unit_test(basic),
		cmocka_unit_test(silence), cmocka_unit_test(crowd), cmocka_unit_test(same_ids),
		cmocka_unit_test(no_token), cmocka_unit_test(truncated), cmocka_unit_test(changed),
		cmocka_unit_test(many_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
