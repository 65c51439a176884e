/* test_authenticator.c - who asks: passwords, certificates, addresses, and what wrong passwords slow down. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <semaphore.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "ppg/authenticator.h"
#include "ppg/certificate.h"

/* Cheap ones: N = 1024. */
#define HASH_RIGHT "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$hZSrGIJenHjonndvVw/W3wboiOhcoDp1dXGYR2dSt/k"
#define HASH_OTHER "$scrypt$ln=10,r=8,p=1$ZmVkY2JhOTg3NjU0MzIxMA$tT6MNiqKTTaQwlmqQBDLX0AuKZk9gVfrGRMbeZ3nJ4E"
#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

enum { ANSWER_S = 60, USERS = 8 };

static sem_t verified;

static void
on_verified(void *arg)
{
	sem_post(&verified);
}

static int
start_clock(void **state)
{
	clock_fake(1700000000000);
	return sem_init(&verified, 0, 0);
}

static int
stop_clock(void **state)
{
	clock_real();
	return sem_destroy(&verified);
}

/* ---- sets ------------------------------------------------------------------------------------- */

static struct netlist *
nets(const char *text)
{
	struct netlist *list = NULL;

	if (text != NULL)
		assert_int_equal(netlist_parse(text, &list, NULL), OK);
	return list;
}

/* u0 .. u7 with the password "right", and what a test adds to the first. */
static struct initiators *
make_set(const char *password, const char *allow, const char *deny, const char *certificate)
{
	struct initiator list[USERS] = { 0 };
	unsigned i;

	for (i = 0; i < USERS; i++) {
		snprintf(list[i].name, sizeof list[i].name, "name%u", i);
		snprintf(list[i].username, sizeof list[i].username, "u%u", i);
		snprintf(list[i].password, sizeof list[i].password, "%s", password);
	}
	list[0].allow_ip = nets(allow);
	list[0].deny_ip = nets(deny);
	if (certificate != NULL)
		assert_int_equal(certificate_words(certificate, &list[0].certificates, NULL), OK);
	return initiators_create(list, USERS, false);
}

/* ---- asking -------------------------------------------------------------------------------------- */

struct asking {
	const char *user, *password;	/* user NULL: no Authorization */
	const char *header;		/* instead of them */
	const char *query_user, *query_password;
	const struct http_client_cert *cert;
	const char *from;		/* NULL: 192.0.2.1 */
	bool at_once;			/* it must not wait for the verifier */
	const char *who;		/* out: its name, "" without */
	bool authenticated;		/* out */
};

static void
make_address(const char *text, struct sockaddr_storage *a)
{
	struct sockaddr_in *four = (void *)a;
	struct sockaddr_in6 *six = (void *)a;

	memset(a, 0, sizeof *a);
	a->ss_family = AF_INET;
	if (inet_pton(AF_INET, text, &four->sin_addr) != 1) {
		a->ss_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
	}
}

static enum auth_result
ask(struct authenticator *auth, struct asking *q)
{
	static char name[64];
	struct sbuf header = { 0 }, pair = { 0 };
	struct sockaddr_storage addr;
	struct auth_request rq = { .query_user = q->query_user, .query_password = q->query_password, .cert = q->cert,
		.peer = q->from != NULL ? q->from : "192.0.2.1", .peer_addr = (struct sockaddr *)&addr };
	struct initiators *set;
	const struct initiator *who;
	enum auth_result res;
	bool waited = false;

	make_address(rq.peer, &addr);
	if (q->user != NULL) {
		sbuf_fmt(&pair, "%s:%s", q->user, q->password);
		sbuf_str(&header, "Basic ");
		text_base64_encode(sbuf_as_span(&pair), &header);
	}
	rq.authorization = q->header != NULL ? q->header : header.s;
	while ((res = authenticator_check(auth, &rq, &set, &who, &q->authenticated, on_verified, NULL)) == AUTH_WAIT) {
		struct timespec until;

		assert_false(q->at_once);
		assert_false(waited);
		waited = true;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += ANSWER_S;
		assert_int_equal(sem_timedwait(&verified, &until), 0);
	}
	name[0] = '\0';
	if (res == AUTH_OK) {
		snprintf(name, sizeof name, "%s", who->name);
		initiators_unref(set);
	} else {
		assert_null(set);
		assert_null(who);
		assert_false(q->authenticated);
	}
	q->who = name;
	sbuf_done(&header);
	sbuf_done(&pair);
	return res;
}

static enum auth_result
login(struct authenticator *auth, const char *from, const char *user, const char *password)
{
	return ask(auth, &(struct asking){ .user = user, .password = password, .from = from });
}

static enum auth_result
known_login(struct authenticator *auth, const char *from, const char *user, const char *password)
{
	return ask(auth, &(struct asking){ .user = user, .password = password, .from = from, .at_once = true });
}

/* ---- logins ---------------------------------------------------------------------------------------- */

static void
logins(void **state)
{
	static struct { struct asking q; enum auth_result res; } rows[] = {
		{ { .user = "u0", .password = "right" }, AUTH_OK },
		{ { .user = "u0", .password = "right", .at_once = true }, AUTH_OK },
		{ { .user = "u0", .password = "wrong" }, AUTH_REFUSED },
		{ { .user = "u0", .password = "" }, AUTH_REFUSED },
		{ { .user = "u9", .password = "right" }, AUTH_REFUSED },
		{ { .user = "", .password = "right", .at_once = true }, AUTH_REFUSED },
		{ { .at_once = true }, AUTH_REFUSED },
		{ { .header = "Bearer right", .at_once = true }, AUTH_REFUSED },
		{ { .header = "Basic", .at_once = true }, AUTH_REFUSED },
		{ { .header = "Basic ????", .at_once = true }, AUTH_REFUSED },
		{ { .header = "Basic dTA=", .at_once = true }, AUTH_REFUSED },		/* no colon */
		{ { .header = "basic dTA6cmlnaHQ=", .at_once = true }, AUTH_OK },	/* u0:right */
		{ { .header = "Basic dTAAOnJpZ2h0", .at_once = true }, AUTH_REFUSED },	/* a NUL in it */
		/* in the query, which a header goes before */
		{ { .query_user = "u0", .query_password = "right", .at_once = true }, AUTH_OK },
		{ { .query_user = "u1", .query_password = "right" }, AUTH_OK },
		{ { .query_user = "u1", .query_password = "wrong" }, AUTH_REFUSED },
		{ { .query_user = "u1", .at_once = true }, AUTH_REFUSED },
		{ { .query_user = "", .query_password = "right", .at_once = true }, AUTH_REFUSED },
		{ { .header = "Bearer x", .query_user = "u1", .query_password = "right", .at_once = true }, AUTH_REFUSED },
		{ { .user = "u0", .password = "right", .query_user = "u1", .query_password = "wrong" }, AUTH_OK },
	};
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (ask(auth, &rows[i].q) != rows[i].res)
			fail_msg("row %zu", i);
		assert_int_equal(rows[i].q.authenticated, rows[i].res == AUTH_OK);
	}
	authenticator_stop(&auth);
	assert_null(auth);
}

/* A trusted set asks nobody, and says that nobody was asked. */
static void
trusted_set(void **state)
{
	struct initiators *set = initiators_create(NULL, 0, true);
	struct authenticator *auth;
	struct asking q = { .at_once = true };

	initiators_set_addresses(set, nets("192.0.2.0/24"), nets("192.0.2.9"));
	auth = authenticator_start(set);
	assert_int_equal(ask(auth, &q), AUTH_OK);
	assert_string_equal(q.who, "trusted");
	assert_false(q.authenticated);
	assert_int_equal(ask(auth, &(struct asking){ .from = "192.0.2.9" }), AUTH_FORBIDDEN);
	assert_int_equal(ask(auth, &(struct asking){ .from = "2001:db8::1" }), AUTH_FORBIDDEN);
	authenticator_stop(&auth);
}

static void
certificates(void **state)
{
	static const struct http_client_cert
	    of_u0 = { .verified = true, .subject = "CN=u0", .fingerprint = PRINT },
	    pinned = { .subject = "CN=somebody", .fingerprint = PRINT },
	    unverified = { .subject = "CN=u0" },
	    unknown = { .verified = true, .subject = "CN=u1" };
	static struct { struct asking q; enum auth_result res; } rows[] = {
		{ { .cert = &of_u0, .at_once = true }, AUTH_OK },
		{ { .cert = &pinned, .at_once = true }, AUTH_OK },
		{ { .cert = &unverified, .at_once = true }, AUTH_REFUSED },
		{ { .cert = &unknown, .at_once = true }, AUTH_REFUSED },
		{ { .cert = &of_u0, .user = "u0", .password = "right" }, AUTH_OK },
		{ { .cert = &of_u0, .user = "u0", .password = "wrong" }, AUTH_REFUSED },
		{ { .cert = &of_u0, .user = "u1", .password = "right" }, AUTH_REFUSED },
		{ { .cert = &of_u0, .header = "Bearer x", .at_once = true }, AUTH_REFUSED },
		{ { .cert = &of_u0, .query_user = "u1", .query_password = "right" }, AUTH_REFUSED },
		{ { .cert = &of_u0, .query_user = "u0", .at_once = true }, AUTH_REFUSED },
		{ { .cert = &unknown, .user = "u1", .password = "right" }, AUTH_OK },
		{ { .cert = &of_u0, .from = "192.0.2.9", .at_once = true }, AUTH_FORBIDDEN },
	};
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, "*.*.*.*", "192.0.2.9",
	    "subject:CN=u0;sha256:" PRINT));
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (ask(auth, &rows[i].q) != rows[i].res)
			fail_msg("row %zu", i);
		assert_int_equal(rows[i].q.authenticated, rows[i].res == AUTH_OK);
	}
	authenticator_stop(&auth);
}

/* An initiator without a password: its certificate, and no user name, not even an empty one. */
static void
certificate_only(void **state)
{
	static const struct http_client_cert cert = { .fingerprint = PRINT };
	struct initiator who = { .name = "machine" };
	struct authenticator *auth;
	struct asking q = { .cert = &cert, .at_once = true };

	assert_int_equal(certificate_words("sha256:" PRINT, &who.certificates, NULL), OK);
	auth = authenticator_start(initiators_create(&who, 1, false));
	assert_int_equal(ask(auth, &q), AUTH_OK);
	assert_string_equal(q.who, "machine");
	assert_int_equal(login(auth, NULL, "machine", ""), AUTH_REFUSED);
	assert_int_equal(ask(auth, &(struct asking){ .header = "Basic Og==", .at_once = true }), AUTH_REFUSED);	/* ":" */
	authenticator_stop(&auth);
}

static void
addresses(void **state)
{
	struct initiators *set = make_set(HASH_RIGHT, "192.0.2.*;2001:db8::/32", "192.0.2.7", NULL);
	struct authenticator *auth;

	initiators_set_addresses(set, nets("192.0.*.*;2001:db8::/32"), nets("192.0.2.8"));
	auth = authenticator_start(set);
	assert_int_equal(login(auth, "192.0.2.1", "u0", "right"), AUTH_OK);
	assert_int_equal(known_login(auth, "2001:db8::1", "u0", "right"), AUTH_OK);
	assert_int_equal(known_login(auth, "::ffff:192.0.2.1", "u0", "right"), AUTH_OK);
	/* its own lists: once it is known who asks */
	assert_int_equal(known_login(auth, "192.0.2.7", "u0", "right"), AUTH_FORBIDDEN);
	assert_int_equal(known_login(auth, "192.0.3.1", "u0", "right"), AUTH_FORBIDDEN);
	assert_int_equal(login(auth, "192.0.3.1", "u0", "wrong"), AUTH_REFUSED);
	assert_int_equal(login(auth, "192.0.3.1", "u1", "right"), AUTH_OK);
	/* those of all: nobody is asked */
	assert_int_equal(known_login(auth, "192.0.2.8", "u1", "right"), AUTH_FORBIDDEN);
	assert_int_equal(known_login(auth, "192.0.2.8", "u1", "wrong"), AUTH_FORBIDDEN);
	assert_int_equal(known_login(auth, "198.51.100.1", "u1", "right"), AUTH_FORBIDDEN);
	authenticator_stop(&auth);
}

/* ---- wrong passwords ---------------------------------------------------------------------------------- */

static void
guess(struct authenticator *auth, const char *from, const char *user, unsigned times)
{
	char password[16];
	static unsigned n;

	while (times-- > 0) {
		snprintf(password, sizeof password, "wrong%u", n++);
		assert_int_equal(login(auth, from, user, password), AUTH_REFUSED);
	}
}

static void
wrong_passwords_slow_one_pair(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));

	guess(auth, "192.0.2.66", "u0", AUTH_FAILURES_MAX - 1);
	assert_int_equal(login(auth, "192.0.2.66", "u0", "last"), AUTH_SLOW_DOWN);
	assert_int_equal(known_login(auth, "192.0.2.66", "u0", "right"), AUTH_SLOW_DOWN);	/* even the right one */
	/* other accounts from there, and that account from elsewhere */
	assert_int_equal(login(auth, "192.0.2.66", "u1", "right"), AUTH_OK);
	assert_int_equal(login(auth, "192.0.2.1", "u0", "right"), AUTH_OK);
	/* a login that is known by now waits for nothing, and does not open the door for guesses */
	assert_int_equal(known_login(auth, "192.0.2.66", "u0", "right"), AUTH_OK);
	assert_int_equal(known_login(auth, "192.0.2.66", "u0", "guess"), AUTH_SLOW_DOWN);
	clock_fake_advance(61000);
	guess(auth, "192.0.2.66", "u0", 1);
	authenticator_stop(&auth);
}

/* Each time it is sent, it is looked at and counts. */
static void
one_wrong_password_many_times(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	unsigned i;

	for (i = 0; i + 1 < AUTH_FAILURES_MAX; i++)
		assert_int_equal(login(auth, NULL, "u0", "wrong"), AUTH_REFUSED);
	assert_int_equal(login(auth, NULL, "u0", "wrong"), AUTH_SLOW_DOWN);
	authenticator_stop(&auth);
}

static void
wrong_passwords_slow_one_source(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	unsigned i;

	assert_int_equal(login(auth, "192.0.2.66", "u7", "right"), AUTH_OK);
	for (i = 0; i < 5; i++) {
		char user[8];

		snprintf(user, sizeof user, "u%u", i);
		guess(auth, "192.0.2.66", user, 19);
		assert_int_equal(known_login(auth, "192.0.2.66", "u7", "right"), AUTH_OK);
	}
	guess(auth, "::ffff:192.0.2.66", "u5", 4);	/* the same source */
	assert_int_equal(login(auth, "192.0.2.66", "u5", "last"), AUTH_SLOW_DOWN);
	assert_int_equal(known_login(auth, "192.0.2.66", "u6", "guess"), AUTH_SLOW_DOWN);
	assert_int_equal(known_login(auth, "192.0.2.66", "u7", "right"), AUTH_OK);
	assert_int_equal(login(auth, "192.0.2.67", "u6", "right"), AUTH_OK);
	guess(auth, "192.0.2.67", "u0", 1);
	clock_fake_advance(61000);
	assert_int_equal(login(auth, "192.0.2.66", "u5", "right"), AUTH_OK);
	authenticator_stop(&auth);
}

/* Whoever has IPv6 has a /64 of addresses. */
static void
one_network_is_one_source(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	char from[32];
	unsigned i;

	for (i = 0; i + 1 < AUTH_FAILURES_MAX; i++) {
		snprintf(from, sizeof from, "2001:db8:1:2::%x", i);
		guess(auth, from, "u0", 1);
	}
	assert_int_equal(login(auth, "2001:db8:1:2:ffff::", "u0", "last"), AUTH_SLOW_DOWN);
	guess(auth, "2001:db8:1:3::", "u0", 1);
	authenticator_stop(&auth);
}

/* So many wrong ones that every place of a common table would have been taken. */
static void
wrong_passwords_take_nobodys_place(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	unsigned i;

	for (i = 0; i < USERS; i++) {
		char user[8];

		snprintf(user, sizeof user, "u%u", i);
		assert_int_equal(login(auth, NULL, user, "right"), AUTH_OK);
	}
	for (i = 0; i < 60; i++) {
		char from[32];

		snprintf(from, sizeof from, "198.51.100.%u", i);
		guess(auth, from, "u0", 10);
	}
	for (i = 0; i < USERS; i++) {
		char user[8];

		snprintf(user, sizeof user, "u%u", i);
		assert_int_equal(known_login(auth, NULL, user, "right"), AUTH_OK);
	}
	authenticator_stop(&auth);
}

/* ---- the queue of the verifier ---------------------------------------------------------------------------- */

static sem_t go_on, in_verifier;

static void
hold_verifier(void *arg)
{
	sem_post(&in_verifier);
	sem_wait(&go_on);
	sem_post(&verified);
}

static enum auth_result
put(struct authenticator *auth, const char *from, unsigned n, void (*done)(void *))
{
	struct sockaddr_storage addr;
	struct initiators *set;
	const struct initiator *who;
	char password[16];
	bool authenticated;

	make_address(from, &addr);
	snprintf(password, sizeof password, "%u", n);
	return authenticator_check(auth, &(struct auth_request){ .query_user = "u0", .query_password = password,
		.peer = from, .peer_addr = (struct sockaddr *)&addr }, &set, &who, &authenticated, done, NULL);
}

static void
one_source_leaves_room(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	unsigned i, n;

	sem_init(&go_on, 0, 0);
	sem_init(&in_verifier, 0, 0);
	assert_int_equal(put(auth, "192.0.2.66", 0, hold_verifier), AUTH_WAIT);
	sem_wait(&in_verifier);		/* it is verified and counts no more, but holds up what comes behind it */
	for (n = 0; n < AUTH_SOURCE_WAITING_MAX; n++)
		assert_int_equal(put(auth, "192.0.2.66", n + 1, on_verified), AUTH_WAIT);
	for (i = 0; i < 10; i++)
		assert_int_equal(put(auth, "192.0.2.66", 1000 + i, on_verified), AUTH_BUSY);
	assert_int_equal(put(auth, "192.0.2.1", 2000, on_verified), AUTH_WAIT);
	sem_post(&go_on);
	for (i = 0; i < n + 2; i++)
		sem_wait(&verified);
	/* more of them than are allowed: 429 now, not "busy" */
	assert_int_equal(put(auth, "192.0.2.66", 3000, on_verified), AUTH_SLOW_DOWN);
	assert_int_equal(login(auth, "192.0.2.1", "u0", "right"), AUTH_OK);
	authenticator_stop(&auth);
	sem_destroy(&go_on);
	sem_destroy(&in_verifier);
}

/* ---- reload --------------------------------------------------------------------------------------------- */

static void
reload_keeps_what_did_not_change(void **state)
{
	struct authenticator *auth = authenticator_start(make_set(HASH_RIGHT, NULL, NULL, NULL));
	struct initiators *set;

	assert_int_equal(login(auth, NULL, "u0", "right"), AUTH_OK);
	assert_int_equal(login(auth, NULL, "u1", "right"), AUTH_OK);
	/* the same credentials, other rules */
	authenticator_replace(auth, make_set(HASH_RIGHT, "192.0.2.0/24", NULL, NULL));
	assert_int_equal(known_login(auth, NULL, "u0", "right"), AUTH_OK);
	assert_int_equal(known_login(auth, NULL, "u1", "right"), AUTH_OK);
	assert_int_equal(known_login(auth, "198.51.100.1", "u0", "right"), AUTH_FORBIDDEN);
	/* another password */
	authenticator_replace(auth, make_set(HASH_OTHER, NULL, NULL, NULL));
	assert_int_equal(login(auth, NULL, "u0", "right"), AUTH_REFUSED);
	assert_int_equal(login(auth, NULL, "u0", "other"), AUTH_OK);
	/* back again: what was verified before the change is forgotten */
	authenticator_replace(auth, make_set(HASH_RIGHT, NULL, NULL, NULL));
	assert_int_equal(login(auth, NULL, "u0", "other"), AUTH_REFUSED);
	assert_int_equal(login(auth, NULL, "u0", "right"), AUTH_OK);
	/* plain text is known from the start */
	authenticator_replace(auth, make_set("plain", NULL, NULL, NULL));
	assert_int_equal(known_login(auth, NULL, "u0", "plain"), AUTH_OK);
	set = authenticator_initiators(auth);
	assert_string_equal(initiators_find_username(set, "u3")->name, "name3");
	initiators_unref(set);
	/* nobody is left */
	authenticator_replace(auth, initiators_create(NULL, 0, false));
	assert_int_equal(login(auth, NULL, "u0", "plain"), AUTH_REFUSED);
	authenticator_stop(&auth);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins),
		cmocka_unit_test(trusted_set),
		cmocka_unit_test(certificates),
		cmocka_unit_test(certificate_only),
		cmocka_unit_test(addresses),
		cmocka_unit_test(wrong_passwords_slow_one_pair),
		cmocka_unit_test(one_wrong_password_many_times),
		cmocka_unit_test(wrong_passwords_slow_one_source),
		cmocka_unit_test(one_network_is_one_source),
		cmocka_unit_test(wrong_passwords_take_nobodys_place),
		cmocka_unit_test(one_source_leaves_room),
		cmocka_unit_test(reload_keeps_what_did_not_change),
	};

	return cmocka_run_group_tests_name("authenticator", tests, start_clock, stop_clock);
}
