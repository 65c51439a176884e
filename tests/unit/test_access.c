/* test_access.c - the rules of an initiator, a table each: certificates, addresses, numbers, content. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "ppg/access.h"
#include "ppg/certificate.h"

/* ---- client certificates --------------------------------------------------------------------- */

#define PRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PRINT_COLONS "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF"

static const struct http_client_cert shown = {
	.verified = true,
	.subject = "CN=tps,O=Example\\, Inc,C=US",
	.names = { "dns:TPS.example.net", "uri:https://tps.example.net/a;b", "email:Ops@Example.NET", "ip:2001:db8::1",
		"ip:192.0.2.7" },
	.n_names = 5,
	.fingerprint = PRINT,
};

static enum certificate_match
match(const char *words, const struct http_client_cert *cert)
{
	struct certificate_names names;
	enum certificate_match m;

	certificate_names(cert, &names);
	m = certificate_match(words, &names);
	certificate_names_done(&names);
	return m;
}

static void
certificates_match(void **state)
{
	static const struct { const char *words; enum certificate_match match; } rows[] = {
		{ "subject:CN=tps,O=Example\\, Inc,C=US", CERTIFICATE_SUBJECT },
		{ "SUBJECT: cn = tps , o=Example\\, Inc, c=US", CERTIFICATE_SUBJECT },
		{ "subject:CN=tps", CERTIFICATE_NO },
		{ "subject:CN=TPS,O=Example\\, Inc,C=US", CERTIFICATE_NO },
		{ "subject:C=US,O=Example\\, Inc,CN=tps", CERTIFICATE_NO },
		{ "subject:CN=tps,O=Example,O= Inc,C=US", CERTIFICATE_NO },
		{ "dns:tps.example.net", CERTIFICATE_NAME },
		{ "dns:example.net", CERTIFICATE_NO },
		{ "dns:tps.example.net.", CERTIFICATE_NO },
		{ "uri:https://tps.example.net/a\\;b", CERTIFICATE_NAME },
		{ "uri:https://tps.example.net/a", CERTIFICATE_NO },
		{ "uri:https://tps.example.net/A\\;b", CERTIFICATE_NO },
		{ "email:Ops@example.net", CERTIFICATE_NAME },
		{ "email:ops@example.net", CERTIFICATE_NO },
		{ "ip:2001:DB8:0:0::1", CERTIFICATE_NAME },
		{ "ip:192.0.2.7", CERTIFICATE_NAME },
		{ "ip:192.0.2.8", CERTIFICATE_NO },
		{ "dns:192.0.2.7", CERTIFICATE_NO },
		{ "sha256:" PRINT, CERTIFICATE_FINGERPRINT },
		{ "sha256:" PRINT_COLONS, CERTIFICATE_FINGERPRINT },
		{ "dns:other.example.net; ;sha256:" PRINT ";", CERTIFICATE_FINGERPRINT },
		{ "dns:tps.example.net;subject:CN=tps,O=Example\\, Inc,C=US", CERTIFICATE_SUBJECT },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_client_cert unverified = shown;
		char *words;
		struct why why = { 0 };

		if (certificate_words(rows[i].words, &words, &why) != OK)
			fail_msg("%s: %s", rows[i].words, why.text);
		if (match(words, &shown) != rows[i].match)
			fail_msg("%s: %d", rows[i].words, match(words, &shown));
		unverified.verified = false;
		assert_int_equal(match(words, &unverified),
		    rows[i].match == CERTIFICATE_FINGERPRINT ? CERTIFICATE_FINGERPRINT : CERTIFICATE_NO);
		free(words);
	}
	assert_int_equal(match(NULL, &shown), CERTIFICATE_NO);
}

/* A certificate of nothing is nobody's. */
static void
empty_certificates_match_nothing(void **state)
{
	static const struct http_client_cert empty = { .verified = true, .names = { "", "dns:", "uri:", "ip:", "x400:a" },
		.n_names = 5 };
	char *words;

	assert_int_equal(certificate_words("dns:a;uri:b:c;ip:::;email:a@b;subject:CN=;sha256:" PRINT, &words, NULL), OK);
	assert_int_equal(match(words, &empty), CERTIFICATE_NO);
	free(words);
}

static void
bad_certificate_words(void **state)
{
	static const struct { const char *words, *says; } rows[] = {
		{ "", "names no certificate" }, { " ; ", "names no certificate" },
		{ "tps.example.net", "tps.example.net is not subject:" }, { "dns", "is not subject:" },
		{ "dns:", "a host name" }, { "dns:*.example.net", "without wildcards" }, { "dns:a b", "a host name" },
		{ "subject:", "a distinguished name" }, { "subject:tps", "a distinguished name" },
		{ "subject:CN=a,", "a distinguished name" }, { "subject:=a", "a distinguished name" },
		{ "subject:CN=a;b=c", "b=c is not subject:" },
		{ "uri:nothing", "a URI" }, { "email:a", "a mail address" }, { "email:@b", "a mail address" },
		{ "email:a@", "a mail address" }, { "ip:1.2.3", "an IPv4" }, { "ip:::g", "an IPv4" }, { "ip:10.0.0.0/8", "an IPv4" },
		{ "sha256:0123", "64 hexadecimal" }, { "sha256:" PRINT "00", "64 hexadecimal" },
		{ "sha256:0:1" PRINT, "64 hexadecimal" }, { "sha256:" PRINT ":", "64 hexadecimal" },
		{ "dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;"
		  "dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a;dns:a", "more than 32" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };
		char *words;

		if (certificate_words(rows[i].words, &words, &why) == OK)
			fail_msg("%s was taken", rows[i].words);
		assert_null(words);
		if (strstr(why.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].words, why.text);
	}
}

/* Cut anywhere, in a block that ends with the text. */
static void
truncated_certificate_words(void **state)
{
	static const char text[] = "subject:CN=a\\,b+UID=c , O=d\\;e;sha256:" PRINT_COLONS ";uri:a:\\;;ip:::1;email:a@b";
	size_t n;

	for (n = 0; n <= strlen(text); n++) {
		char *cut = malloc(n + 1), *words;

		memcpy(cut, text, n);
		cut[n] = '\0';
		if (certificate_words(cut, &words, NULL) == OK)
			match(words, &shown);
		free(words);
		free(cut);
	}
}

static void
common_words(void **state)
{
	char *a, *b, *c;

	assert_int_equal(certificate_words("dns:A.example;ip:::1", &a, NULL), OK);
	assert_int_equal(certificate_words("uri:x:y;dns:a.EXAMPLE", &b, NULL), OK);
	assert_int_equal(certificate_words("dns:a.example.net;ip:0::2", &c, NULL), OK);
	assert_true(span_eq_str(certificate_common(a, b), "dns:a.example"));
	assert_int_equal(certificate_common(a, c).n, 0);
	assert_int_equal(certificate_common(c, b).n, 0);
	free(a);
	free(b);
	free(c);
}

static struct initiators *
set_of(const struct initiator *list, size_t n)
{
	struct initiator *copy = calloc(n, sizeof *copy);
	struct initiators *set;
	size_t i;

	memcpy(copy, list, n * sizeof *copy);
	for (i = 0; i < n; i++)
		if (copy[i].certificates != NULL)
			assert_int_equal(certificate_words(list[i].certificates, &copy[i].certificates, NULL), OK);
	set = initiators_create(copy, n, false);
	free(copy);
	return set;
}

static void
whose_certificate(void **state)
{
	static const struct initiator list[] = {
		{ .name = "password", .username = "p" },
		{ .name = "dns", .certificates = "dns:tps.example.net" },
		{ .name = "ip", .certificates = "ip:192.0.2.7" },
		{ .name = "subject", .certificates = "subject:CN=tps,O=Example\\, Inc,C=US" },
		{ .name = "print", .certificates = "sha256:" PRINT },
	};
	static const struct { size_t n; const char *owner; } rows[] = {
		{ 1, NULL }, { 2, "dns" }, { 3, NULL /* two of the same kind */ }, { 4, "subject" }, { 5, "print" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct initiators *set = set_of(list, rows[i].n);
		const struct initiator *who = initiators_find_certificate(set, &shown);

		if (rows[i].owner == NULL)
			assert_null(who);
		else
			assert_string_equal(who->name, rows[i].owner);
		initiators_unref(set);
	}
}

static void
many_initiators(void **state)
{
	enum { N = 3000 };
	struct initiator *list = calloc(N, sizeof *list);
	struct initiators *set;
	char text[16];
	unsigned i;

	for (i = 0; i < N; i++) {
		snprintf(list[i].name, sizeof list[i].name, "name%u", i);
		if (i % 2 == 0)
			snprintf(list[i].username, sizeof list[i].username, "user%u", i);
	}
	set = initiators_create(list, N, true);
	free(list);
	for (i = 0; i < N + 10; i++) {
		snprintf(text, sizeof text, "name%u", i);
		assert_true((initiators_find(set, text) == (i < N ? initiators_at(set, i) : NULL)));
		snprintf(text, sizeof text, "user%u", i);
		assert_true((initiators_find_username(set, text) == (i < N && i % 2 == 0 ? initiators_at(set, i) : NULL)));
	}
	assert_int_equal(initiators_count(set), N + 1);
	assert_ptr_equal(initiators_find(set, "trusted"), initiators_at(set, N));
	assert_null(initiators_find_username(set, ""));
	assert_null(initiators_find(set, ""));
	initiators_unref(set);
}

/* ---- IP addresses ------------------------------------------------------------------------------- */

static const struct sockaddr *
address(const char *text)
{
	static struct sockaddr_storage a;
	struct sockaddr_in *four = (void *)&a;
	struct sockaddr_in6 *six = (void *)&a;

	memset(&a, 0, sizeof a);
	a.ss_family = AF_INET;
	if (inet_pton(AF_INET, text, &four->sin_addr) != 1) {
		a.ss_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
	}
	return (struct sockaddr *)&a;
}

static void
address_lists(void **state)
{
	static const struct { const char *allow, *deny, *from; bool admitted; } rows[] = {
		{ NULL, NULL, "192.0.2.1", true },
		{ "192.0.2.0/24", NULL, "192.0.2.1", true },
		{ "192.0.2.0/24", NULL, "::ffff:192.0.2.1", true },
		{ "192.0.2.0/24", NULL, "192.0.3.1", false },
		{ "192.0.2.0/24", NULL, "2001:db8::1", false },
		{ "192.0.2.*;2001:db8::/32", NULL, "2001:db8::1", true },
		{ "192.0.2.0/24", "192.0.2.7", "192.0.2.7", false },
		{ "192.0.2.0/24", "192.0.2.7", "192.0.2.8", true },
		{ "192.0.2.0/24", "192.0.2.7", "192.0.4.8", false },
		{ "*.*.*.*", "10.*.*.*", "10.9.8.7", false },
		{ "*.*.*.*", "10.*.*.*", "11.9.8.7", true },
		{ NULL, "10.*.*.*", "10.9.8.7", false },
		{ NULL, "10.*.*.*", "11.9.8.7", false },
		{ "", NULL, "192.0.2.1", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct netlist *allow = NULL, *deny = NULL;

		if (rows[i].allow != NULL)
			assert_int_equal(netlist_parse(rows[i].allow, &allow, NULL), OK);
		if (rows[i].deny != NULL)
			assert_int_equal(netlist_parse(rows[i].deny, &deny, NULL), OK);
		if (address_admitted(allow, deny, address(rows[i].from)) != rows[i].admitted)
			fail_msg("row %zu: %s", i, rows[i].from);
		assert_int_equal(address_admitted(allow, deny, NULL), allow == NULL && deny == NULL);
		netlist_destroy(&allow);
		netlist_destroy(&deny);
	}
}

/* ---- numbers -------------------------------------------------------------------------------------- */

static void
prefixes(void **state)
{
	static const struct { char *allowed, *denied; const char *to; enum access_reason reason; const char *says; } rows[] = {
		{ NULL, NULL, "+12025550100", ACCESS_OK, "" },
		{ "+1202;+44", NULL, "+12025550100", ACCESS_OK, "" },
		{ "+44;+1202", NULL, "+442025550100", ACCESS_OK, "" },
		{ "+44;+1202", NULL, "+12035550100", ACCESS_PREFIX, "not in allowed-prefix" },
		{ "+12025550100", NULL, "+12025550100", ACCESS_OK, "" },
		{ "+120255501000", NULL, "+12025550100", ACCESS_PREFIX, "not in allowed-prefix" },
		{ "+1202", "+120255", "+12025550100", ACCESS_PREFIX, "denied-prefix" },
		{ "+120255", "+1202", "+12025550100", ACCESS_PREFIX, "denied-prefix" },
		{ NULL, "+1900;+1202", "+12025550100", ACCESS_PREFIX, "denied-prefix" },
		{ NULL, "+1900", "+12025550100", ACCESS_OK, "" },
		{ "+1", NULL, "911", ACCESS_PREFIX, "not in allowed-prefix" },
		{ "", NULL, "+12025550100", ACCESS_PREFIX, "not in allowed-prefix" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct initiator who = { .allowed_prefix = rows[i].allowed, .denied_prefix = rows[i].denied };
		struct why why = { 0 };

		if (access_number(&who, rows[i].to, &why) != rows[i].reason || strstr(why.text, rows[i].says) == NULL)
			fail_msg("row %zu, %s: %s", i, rows[i].to, why.text);
		assert_null(strstr(why.text, rows[i].to));
	}
}

static void
patterns(void **state)
{
	static const struct {
		const char *allowed, *denied, *white, *black;	/* patterns */
		char *allowed_prefix;
		const char *to;
		enum access_reason reason;
	} rows[] = {
		{ "^\\+1(202|303)", NULL, NULL, NULL, NULL, "+12025550100", ACCESS_OK },
		{ "^\\+1(202|303)", NULL, NULL, NULL, NULL, "+14045550100", ACCESS_PREFIX },
		{ "^\\+1(202|303)", NULL, NULL, NULL, "+44", "+442025550100", ACCESS_OK },
		{ "^\\+1(202|303)", NULL, NULL, NULL, "+44", "+492025550100", ACCESS_PREFIX },
		{ NULL, "9$", NULL, NULL, NULL, "+12025550109", ACCESS_PREFIX },
		{ NULL, "9$", NULL, NULL, NULL, "+12025550100", ACCESS_OK },
		{ "2", "5", NULL, NULL, "+1", "+12025550100", ACCESS_PREFIX },
		{ NULL, NULL, "0100$", NULL, NULL, "+12025550100", ACCESS_OK },
		{ NULL, NULL, "0100$", NULL, NULL, "+12025550101", ACCESS_NUMBER_LIST },
		{ NULL, NULL, NULL, "0100$", NULL, "+12025550100", ACCESS_NUMBER_LIST },
		{ NULL, NULL, NULL, "0100$", NULL, "+12025550101", ACCESS_OK },
		{ NULL, NULL, "5550", "0100$", NULL, "+12025550100", ACCESS_NUMBER_LIST },
	};
	size_t i, k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *texts[] = { rows[i].allowed, rows[i].denied, rows[i].white, rows[i].black };
		regex_t re[4];
		regex_t *used[4] = { NULL };
		struct initiator who;

		for (k = 0; k < 4; k++) {
			if (texts[k] == NULL)
				continue;
			assert_int_equal(regcomp(&re[k], texts[k], REG_EXTENDED | REG_NOSUB), 0);
			used[k] = &re[k];
		}
		who = (struct initiator){ .allowed_prefix = rows[i].allowed_prefix, .allowed_regex = used[0],
			.denied_regex = used[1], .white_regex = used[2], .black_regex = used[3] };
		if (access_number(&who, rows[i].to, NULL) != rows[i].reason)
			fail_msg("row %zu, %s", i, rows[i].to);
		for (k = 0; k < 4; k++)
			if (used[k] != NULL)
				regfree(used[k]);
	}
}

static char path[] = "/tmp/test_access.XXXXXX";

static int
read_list(const char *text, size_t n, struct number_list **out, struct why *why)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fwrite(text, 1, n, f);
	fclose(f);
	return number_list_read(path, out, why);
}

static void
number_lists(void **state)
{
	static const char text[] = "# customers\n+358 40 123-4567 : a comment with 12345\n\n0012025550100\r\n"
	    "12025550101\n  \t\n:nothing\n+12025550100\n+123456789012345678";
	struct number_list *list = NULL;
	struct initiator who = { 0 };
	struct why why = { 0 };

	if (read_list(text, strlen(text), &list, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(number_list_count(list), 5);
	assert_true(number_list_has(list, "+358401234567"));
	assert_true(number_list_has(list, "+12025550100"));
	assert_true(number_list_has(list, "+12025550101"));
	assert_true(number_list_has(list, "+123456789012345678"));
	assert_false(number_list_has(list, "+1234567890123456789"));
	assert_false(number_list_has(list, "+1202555010"));
	assert_false(number_list_has(list, "+"));
	assert_false(number_list_has(list, ""));
	assert_false(number_list_has(list, "+012025550100"));
	assert_false(number_list_has(list, "+12025550100x"));
	who.white_list = list;
	assert_int_equal(access_number(&who, "+12025550100", &why), ACCESS_OK);
	assert_int_equal(access_number(&who, "+12025550102", &why), ACCESS_NUMBER_LIST);
	assert_string_equal(why.text, "not on the white-list of this account");
	who.white_list = NULL;
	who.black_list = list;
	assert_int_equal(access_number(&who, "+12025550102", &why), ACCESS_OK);
	assert_int_equal(access_number(&who, "+12025550100", &why), ACCESS_NUMBER_LIST);
	assert_string_equal(why.text, "on the black-list of this account");
	who.white_list = list;		/* the black one goes first */
	assert_int_equal(access_number(&who, "+12025550100", &why), ACCESS_NUMBER_LIST);
	assert_string_equal(why.text, "on the black-list of this account");
	/* lists for everyone come first, and an own one does not open what they close */
	who.black_list = NULL;
	who.everyone = &(struct initiator){ .black_list = list };
	assert_int_equal(access_number(&who, "+12025550100", &why), ACCESS_NUMBER_LIST);
	assert_string_equal(why.text, "on the black-list of the gateway");
	assert_int_equal(access_number(&who, "+12025550102", &why), ACCESS_NUMBER_LIST);
	assert_string_equal(why.text, "not on the white-list of this account");
	who.white_list = NULL;
	assert_int_equal(access_number(&who, "+12025550102", &why), ACCESS_OK);
	who.everyone = &(struct initiator){ .white_list = list };
	assert_int_equal(access_number(&who, "+12025550100", &why), ACCESS_OK);
	assert_int_equal(access_number(&who, "+12025550102", &why), ACCESS_NUMBER_LIST);
	assert_string_equal(why.text, "not on the white-list of the gateway");
	who.everyone = NULL;
	number_list_destroy(&list);
	assert_null(list);
	assert_int_equal(read_list("", 0, &list, &why), OK);
	assert_false(number_list_has(list, "+12025550100"));
	number_list_destroy(&list);
}

static void
bad_number_lists(void **state)
{
	static char long_line[1002], nul[] = "+12025550100\n+1202\0" "5550101\n";
	const struct { const char *text; size_t n; const char *says; } rows[] = {
		{ "+12025550100\n040 1234\n", 0, "line 2 is not an international number" },
		{ "+1202555010x\n", 0, "line 1 is not" }, { "++12025550100", 0, "line 1 is not" },
		{ "+1234567890123456789", 0, "line 1 is not" }, { "1+2", 0, "line 1 is not" }, { "+", 0, "line 1 is not" },
		{ "00", 0, "line 1 is not" }, { "12345678901234567890123456789", 0, "line 1 is not" },
		{ "\n\n<html>secret</html>", 0, "line 3 is not" },
		{ long_line, 0, "line 1 has more than 1000 octets" },
		{ nul, sizeof nul - 1, "" },
	};
	struct number_list *list;
	struct why why = { 0 };
	size_t i;

	memset(long_line, ' ', sizeof long_line - 1);
	for (i = 0; i + 1 < sizeof rows / sizeof rows[0]; i++) {
		if (read_list(rows[i].text, strlen(rows[i].text), &list, &why) == OK)
			fail_msg("row %zu was taken", i);
		assert_null(list);
		if (strstr(why.text, rows[i].says) == NULL || strstr(why.text, "secret") != NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
	if (read_list(nul, sizeof nul - 1, &list, &why) == OK)	/* nothing behind the octet counts as another number */
		assert_false(number_list_has(list, "+12025550101"));
	number_list_destroy(&list);
	assert_int_equal(number_list_read("/nonexistent/list", &list, &why), ERR_IO);
	assert_string_equal(why.text, "No such file or directory");
	assert_int_equal(number_list_read("/tmp", &list, &why), ERR_IO);
	assert_string_equal(why.text, "is not a file");
}

/* ---- content ----------------------------------------------------------------------------------------- */

static void
content_rules(void **state)
{
	static const struct {
		char *types, *apps;
		const char *type, *app;
		enum access_reason reason;
	} rows[] = {
		{ NULL, NULL, "text/vnd.wap.si", NULL, ACCESS_OK },
		{ "text/vnd.wap.si", NULL, "text/vnd.wap.si", NULL, ACCESS_OK },
		{ "Text/VND.wap.SI", NULL, "tEXT/vnd.wap.si", NULL, ACCESS_OK },
		{ "text/vnd.wap.si", NULL, "text/vnd.wap.sl", NULL, ACCESS_CONTENT_TYPE },
		{ "text/vnd.wap.si", NULL, "text/vnd.wap.sib", NULL, ACCESS_CONTENT_TYPE },
		{ "text/vnd.wap.si", NULL, "text/vnd.wap.s", NULL, ACCESS_CONTENT_TYPE },
		{ "text/plain;application/vnd.wap.*", NULL, "application/vnd.wap.sic", NULL, ACCESS_OK },
		{ "application/vnd.wap.*", NULL, "application/vnd.wap.", NULL, ACCESS_OK },
		{ "application/vnd.wap.*", NULL, "application/vnd.oma", NULL, ACCESS_CONTENT_TYPE },
		{ "application/vnd.wap.*", NULL, "application/vnd.wap", NULL, ACCESS_CONTENT_TYPE },
		{ "*", NULL, "application/vnd.oma", NULL, ACCESS_OK },
		{ "*", NULL, "", NULL, ACCESS_OK },
		{ "a/b", NULL, "", NULL, ACCESS_CONTENT_TYPE },
		{ "", NULL, "a/b", NULL, ACCESS_CONTENT_TYPE },
		{ "a/[", NULL, "a/{", NULL, ACCESS_CONTENT_TYPE },	/* one bit apart, as letters of two cases are */
		/* one application, many spellings */
		{ NULL, "x-wap-application:mms.ua", "a/b", "x-wap-application:mms.ua", ACCESS_OK },
		{ NULL, "x-wap-application:mms.ua", "a/b", "mms.ua", ACCESS_OK },
		{ NULL, "x-wap-application:mms.ua", "a/b", "4", ACCESS_OK },
		{ NULL, "4", "a/b", " x-wap-application:mms.ua ", ACCESS_OK },
		{ NULL, "x-wap-application:mms.ua", "a/b", "00000004", ACCESS_OK },
		{ NULL, "x-wap-application:mms.ua", "a/b", "x-unknown:app;app-encoding=04", ACCESS_OK },
		{ NULL, "x-wap-application:mms.ua", "a/b", "x-unknown:app; APP-encoding=\"4\"", ACCESS_OK },
		{ NULL, "x-wap-application:wml.ua", "a/b", "x-wap-application:mms.ua", ACCESS_APPLICATION_ID },
		{ NULL, "x-wap-application:wml.ua", "a/b", "x-wap-application:wml.ua;app-encoding=4", ACCESS_OK },
		{ NULL, "x-wap-application:wml.ua", "a/b", "4", ACCESS_APPLICATION_ID },
		{ NULL, "x-wap-application:wml.ua", "a/b", NULL, ACCESS_OK },
		{ NULL, "x-wap-application:mms.ua", "a/b", NULL, ACCESS_APPLICATION_ID },
		{ NULL, "x-example:own.app", "a/b", "x-example:own.app", ACCESS_OK },
		{ NULL, "x-example:own.app", "a/b", "x-example:other.app", ACCESS_APPLICATION_ID },
		{ NULL, "x-example:own.app", "a/b", "x-example:own.app;app-encoding=4", ACCESS_APPLICATION_ID },
		{ NULL, "x-example:own.app", "a/b", "no such thing", ACCESS_APPLICATION_ID },
		{ NULL, "", "a/b", "4", ACCESS_APPLICATION_ID },
		{ "text/plain", "4", "text/html", "5", ACCESS_CONTENT_TYPE },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct initiator who = { .content_types = rows[i].types, .application_ids = rows[i].apps };
		struct why why = { 0 };

		if (access_content(&who, rows[i].type, rows[i].app, &why) != rows[i].reason)
			fail_msg("row %zu, %s, %s: %s", i, rows[i].type, rows[i].app, why.text);
		assert_int_equal(why.text[0] == '\0', rows[i].reason == ACCESS_OK);
	}
}

/* ---- words of metrics ------------------------------------------------------------------------------------ */

static void
reasons_have_words(void **state)
{
	static const char *const words[] = { "ok", "auth", "address-list", "prefix", "number-list", "content-type",
		"application-id", "initiator-uri", "rate", "day-limit" };
	size_t i;

	assert_int_equal(sizeof words / sizeof words[0], ACCESS_REASONS);
	for (i = 0; i < ACCESS_REASONS; i++)
		assert_string_equal(access_reason_name((enum access_reason)i), words[i]);
	assert_int_equal(access_reason_of_auth(AUTH_OK), ACCESS_OK);
	assert_int_equal(access_reason_of_auth(AUTH_REFUSED), ACCESS_AUTH);
	assert_int_equal(access_reason_of_auth(AUTH_SLOW_DOWN), ACCESS_AUTH);
	assert_int_equal(access_reason_of_auth(AUTH_FORBIDDEN), ACCESS_ADDRESS_LIST);
}

static int
make_file(void **state)
{
	int fd = mkstemp(path);

	close(fd);
	return fd < 0;
}

static int
remove_file(void **state)
{
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_match),
		cmocka_unit_test(empty_certificates_match_nothing),
		cmocka_unit_test(bad_certificate_words),
		cmocka_unit_test(truncated_certificate_words),
		cmocka_unit_test(common_words),
		cmocka_unit_test(whose_certificate),
		cmocka_unit_test(many_initiators),
		cmocka_unit_test(address_lists),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(patterns),
		cmocka_unit_test(number_lists),
		cmocka_unit_test(bad_number_lists),
		cmocka_unit_test(content_rules),
		cmocka_unit_test(reasons_have_words),
	};

	return cmocka_run_group_tests_name("access", tests, make_file, remove_file);
}
