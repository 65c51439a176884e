/* test_netlist.c - network lists, inner addresses, and the spellings of an address in a URL. */
#include "tests/unit/test.h"

#include <arpa/inet.h>

#include "base/http_client.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in *four = (void *)&a;
	struct sockaddr_in6 *six = (void *)&a;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		a.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		a.ss_family = AF_INET6;
	else
		fail_msg("%s", text);
	return a;
}

static void
lists_match(void **state)
{
	static const struct {
		const char *list, *in, *out;
	} rows[] = {
		{ "127.0.0.0/8;10.0.0.0/8;fd00::/8", "127.255.0.1 10.0.0.1 fd12::1 ::ffff:10.1.1.1",
		    "128.0.0.1 11.0.0.0 9.255.255.255 fe00::1 ::1" },
		{ "192.0.2.1", "192.0.2.1 ::ffff:192.0.2.1", "192.0.2.0 192.0.2.2" },
		{ " 192.0.2.1 ; ;2001:db8::1;", "192.0.2.1 2001:db8::1", "2001:db8::2" },
		{ "10.0.0.0/9,10.200.0.0/13", "10.127.255.255 10.207.1.1", "10.128.0.0 10.208.0.0" },
		{ "0.0.0.0/0", "1.2.3.4 255.255.255.255", "::1 2001:db8::1" },
		{ "::/0", "::1 2001:db8::1", "1.2.3.4 ::ffff:1.2.3.4" },
		{ "::ffff:10.0.0.0/104", "10.2.3.4", "11.0.0.0 ::a00:0" },
		{ "*.*.*.*", "0.0.0.0 255.255.255.255 ::ffff:10.1.1.1", "::1 2001:db8::1" },
		{ "10.*.0.7; *.0.2.1", "10.9.0.7 10.255.0.7 ::ffff:10.9.0.7 192.0.2.1", "10.9.1.7 10.9.0.8 11.9.0.7 192.1.2.1" },
		{ "192.168.*.*;172.16.5.*", "192.168.0.1 192.168.255.255 172.16.5.9", "192.169.0.0 172.16.6.1" },
		{ "*.*.*.*", "1.2.3.4", "::1" },
		{ "2001:db8:8000::/33", "2001:db8:8000::1 2001:db8:ffff::", "2001:db8:7fff::" },
		{ "", "", "127.0.0.1 ::1 0.0.0.0" },
	};
	size_t i;
	int side;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct netlist *list;
		struct why why;

		if (netlist_parse(rows[i].list, &list, &why) != OK)
			fail_msg("%s: %s", rows[i].list, why.text);
		for (side = 0; side < 2; side++) {
			char *text = strdup(side == 0 ? rows[i].in : rows[i].out), *save = NULL, *word;

			for (word = strtok_r(text, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
				struct sockaddr_storage a = address(word);

				if (netlist_has(list, (struct sockaddr *)&a) != (side == 0))
					fail_msg("%s in %s", word, rows[i].list);
			}
			free(text);
		}
		netlist_destroy(&list);
		assert_null(list);
	}
	{
		struct sockaddr_storage a = address("127.0.0.1");

		assert_false(netlist_has(NULL, (struct sockaddr *)&a));
		a.ss_family = AF_UNIX;
		assert_false(netlist_has(NULL, (struct sockaddr *)&a));
	}
}

static void
bad_lists(void **state)
{
	static const struct {
		const char *list, *says;
	} rows[] = {
		{ "localhost", "localhost is not an address" },
		{ "10.0.0.0/33", "10.0.0.0/33: the prefix length is not in 0..32" },
		{ "10.0.0.0/", "prefix length" },
		{ "10.0.0.0/-1", "prefix length" },
		{ "10.0.0.0/8/8", "prefix length" },
		{ "::/129", "not in 0..128" },
		{ "10.1.2.3/8", "10.1.2.3/8 has bits behind its prefix; 10.0.0.0/8 was expected" },
		{ "fd00::1/8", "fd00::/8 was expected" },
		{ "127.0.0.1;10.0.0", "10.0.0 is not an address" },
		{ "10.0.0.1*", "form" }, { "10.*.0.0.1", "form" }, { "10.0.0.0.*", "form" }, { "*.*.*.*.*.*", "form" },
		{ "10.*.300.0", "form" }, { "10.*.0.0/8", "form" }, { "fd00::*", "form" }, { "10.0.*", "form" }, { "*", "form" },
		{ "10.0.0.**", "form" }, { "10.*.*.*/8", "form" },
		{ "10.0.0.1 10.0.0.2", "is not an address" },
		{ "1111111111111111111111111111111111111111111111111111111111111111111111", "not an address" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct netlist *list;
		struct why why = { 0 };

		if (netlist_parse(rows[i].list, &list, &why) == OK)
			fail_msg("%s was taken", rows[i].list);
		assert_null(list);
		if (strstr(why.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].list, why.text);
	}
}

static void
inner_addresses(void **state)
{
	static const char *const inner[] = { "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255",
		"127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
		"192.168.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fc00::1", "fdff::1", "fe80::1", "febf::1",
		"fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
		"2002:c0a8:1::1" };
	static const char *const outer[] = { "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.0.1", "169.255.0.0", "172.15.255.255",
		"172.32.0.0", "192.0.1.0", "192.167.0.1", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"223.255.255.255", "::ffff:1.1.1.1", "2001:db8::1", "2606:4700::1111", "64:ff9b::101:101",
		"2002:101:101::1", "fbff::1", "fe00::1" };
	struct sockaddr_storage a;
	size_t i;

	for (i = 0; i < sizeof inner / sizeof inner[0]; i++) {
		a = address(inner[i]);
		if (!address_is_inner((struct sockaddr *)&a))
			fail_msg("%s is inner", inner[i]);
	}
	for (i = 0; i < sizeof outer / sizeof outer[0]; i++) {
		a = address(outer[i]);
		if (address_is_inner((struct sockaddr *)&a))
			fail_msg("%s is not inner", outer[i]);
	}
	a.ss_family = AF_UNIX;
	assert_true(address_is_inner((struct sockaddr *)&a));
}

static void
this_machine(void **state)
{
	static const struct { const char *text; bool is; } rows[] = {
		{ "127.0.0.1", true }, { "127.255.255.255", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
		{ "126.255.255.255", false }, { "128.0.0.1", false }, { "10.0.0.1", false }, { "0.0.0.0", false },
		{ "::", false }, { "::2", false }, { "::ffff:10.0.0.1", false }, { "64:ff9b::7f00:1", false },
	}, urls[] = {
		{ "https://ppg.example.net/", true }, { "HTTPS://192.0.2.1", true }, { "http://127.0.0.1:8080/wappush", true },
		{ "http://localhost", true }, { "http://LocalHost:80/", true }, { "http://[::1]:8080/", true }, { "http://0x7f.1/", true },
		{ "http://ppg.example.net/", false }, { "http://127.example.net/", false }, { "http://localhost.example.net/", false },
		{ "http://localhost:x@192.0.2.1/", false }, { "http://127.0.0.1@192.0.2.1/", false }, { "http://[::2]/", false },
		{ "ftp://localhost/", false }, { "localhost", false }, { "", false },
	};
	struct sockaddr_storage a;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		a = address(rows[i].text);
		if (address_is_loopback((struct sockaddr *)&a) != rows[i].is)
			fail_msg("%s", rows[i].text);
	}
	for (i = 0; i < sizeof urls / sizeof urls[0]; i++)
		if (url_is_private(urls[i].text) != urls[i].is)
			fail_msg("%s", urls[i].text);
	a.ss_family = AF_UNIX;
	assert_false(address_is_loopback((struct sockaddr *)&a));
	assert_false(address_is_loopback(NULL));
}

static void
literal_hosts(void **state)
{
	static const struct {
		const char *url, *address;
		unsigned port;
	} rows[] = {
		{ "http://127.0.0.1/", "127.0.0.1", 80 },
		{ "https://127.0.0.1", "127.0.0.1", 443 },
		{ "HTTP://127.0.0.1:8080/x", "127.0.0.1", 8080 },
		{ "http://2130706433/", "127.0.0.1", 80 },
		{ "http://0x7f.1/", "127.0.0.1", 80 },
		{ "http://0X7F000001?q", "127.0.0.1", 80 },
		{ "http://0177.0.0.1/", "127.0.0.1", 80 },
		{ "http://017700000001/", "127.0.0.1", 80 },
		{ "http://127.1#f", "127.0.0.1", 80 },
		{ "http://127.0.1/", "127.0.0.1", 80 },
		{ "http://127.65535/", "127.0.255.255", 80 },
		{ "http://1.2.65535/", "1.2.255.255", 80 },
		{ "http://127.0.0.1./", "127.0.0.1", 80 },
		{ "http://0/", "0.0.0.0", 80 },
		{ "http://00/", "0.0.0.0", 80 },
		{ "http://0xffffffff/", "255.255.255.255", 80 },
		{ "http://169.254.169.254/latest", "169.254.169.254", 80 },
		{ "http://[::1]/", "::1", 80 },
		{ "http://[::1]:65535/", "::1", 65535 },
		{ "http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", 80 },
		{ "http://[::ffff:7f00:1]/", "::ffff:127.0.0.1", 80 },
		{ "http://[0:0:0:0:0:0:0:1]/", "::1", 80 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sockaddr_storage got, want = address(rows[i].address);
		struct why why = { 0 };

		if (url_host_address(rows[i].url, &got, &why) != OK)
			fail_msg("%s: %s", rows[i].url, why.text);
		if (want.ss_family == AF_INET)
			((struct sockaddr_in *)&want)->sin_port = htons((uint16_t)rows[i].port);
		else
			((struct sockaddr_in6 *)&want)->sin6_port = htons((uint16_t)rows[i].port);
		if (memcmp(&got, &want, sizeof got) != 0)
			fail_msg("%s is not %s", rows[i].url, rows[i].address);
	}
}

static void
named_hosts(void **state)
{
	static const char *const urls[] = { "http://example.net/", "https://EXAMPLE.net:8443/x?y#z",
		"http://localhost", "http://1.2.3.4.example.net/", "http://3com.example/", "http://a_b.example/",
		"http://0x7f.1.example/", "http://example.net./", "http://xn--bcher-kva.example/", "http://0xg/",
		"http://beef/", "http://example.net/@", "http://example.net?u@h" };
	struct sockaddr_storage a, zero = { 0 };
	struct why why = { 0 };
	size_t i;

	for (i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		if (url_host_address(urls[i], &a, &why) != ERR_NOT_FOUND)
			fail_msg("%s: %s", urls[i], why.text);
		assert_memory_equal(&a, &zero, sizeof a);
	}
}

static void
bad_urls(void **state)
{
	static char long_url[3073], long_host[400];
	const struct {
		const char *url, *says;
	} rows[] = {
		{ "", "http:// or https://" },
		{ "file:///x", "http:// or https://" },
		{ "gopher://example.net/", "http:// or https://" },
		{ "ftp://example.net/", "http:// or https://" },
		{ "//example.net/", "http:// or https://" },
		{ "http:/example.net/", "http:// or https://" },
		{ "http://", "no host" },
		{ "http:///x", "no host" },
		{ "http://:80/", "no host" },
		{ "http://?x", "no host" },
		{ "http://user:password@example.net/", "user information" },
		{ "http://user@127.0.0.1/", "user information" },
		{ "http://example.net@127.0.0.1/", "user information" },
		{ "http://example.net\\@127.0.0.1/", "octet 5C at 18" },
		{ "http://exa mple.net/", "octet 20 at 10" },
		{ "http://example.net/\x01", "octet 01 at 19" },
		{ "http://\xEF\xBC\x91.1/", "octet EF" },
		{ "http://%31%32%37.0.0.1/", "neither a name nor an address" },
		{ "http://a..b/", "neither a name" }, { "http://.a/", "neither a name" }, { "http://-a/", "neither" },
		{ "http://a,b/", "neither a name" },
		{ "http://1.2.3.4.5/", "no IPv4 address" },
		{ "http://256.1.1.1/", "no IPv4 address" },
		{ "http://1.2.3.256/", "no IPv4 address" },
		{ "http://1.2.65536/", "no IPv4 address" },
		{ "http://4294967296/", "no IPv4 address" },
		{ "http://08/", "no IPv4 address" },
		{ "http://0x/", "no IPv4 address" },
		{ "http://a.1/", "no IPv4 address" },
		{ "http://example.0x7f/", "no IPv4 address" },
		{ "http://[::1/", "no IPv6 address" }, { "http://[]/", "no IPv6" }, { "http://[127.0.0.1]/", "no IPv6" },
		{ "http://[fe80::1%25eth0]/", "no IPv6" }, { "http://[::1]x/", "no IPv6" },
		{ "http://example.net:0/", "port" }, { "http://example.net:65536/", "port" },
		{ "http://example.net:/", "port" }, { "http://example.net:80a/", "port" },
		{ "http://127.0.0.1:-1/", "port" }, { "http://a:b:80/", "port" }, { "http://[::1]:x/", "port" },
		{ long_url, "at most 2048" }, { long_host, "neither a name" },
	};
	struct sockaddr_storage a, zero = { 0 };
	size_t i;

	memset(long_url, 'a', 3072);
	memcpy(long_url, "http://example.net/", 19);
	memset(long_host, 'a', 399);
	memcpy(long_host, "http://", 7);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };
		int err = url_host_address(rows[i].url, &a, &why);

		if (err != ERR_SYNTAX || strstr(why.text, rows[i].says) == NULL)
			fail_msg("%s: %s, \"%s\"", rows[i].url, err_name(err), why.text);
		assert_null(strstr(why.text, "password"));
		assert_memory_equal(&a, &zero, sizeof a);
	}
}

/* In a block that ends with the text, so that one octet too far is seen. */
static void
truncated_urls(void **state)
{
	static const char *const urls[] = { "https://[::ffff:127.0.0.1]:8443/x", "http://0x7f.0.0.0x1:80",
		"http://www.example.net.:8080" };
	struct sockaddr_storage a;
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		for (n = 0; n <= strlen(urls[i]); n++) {
			char *cut = malloc(n + 1);
			int err;

			memcpy(cut, urls[i], n);
			cut[n] = '\0';
			err = url_host_address(cut, &a, &why);
			assert_true(err == OK || err == ERR_NOT_FOUND || err == ERR_SYNTAX);
			free(cut);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_match),
		cmocka_unit_test(bad_lists),
		cmocka_unit_test(inner_addresses), cmocka_unit_test(this_machine),
		cmocka_unit_test(literal_hosts),
		cmocka_unit_test(named_hosts),
		cmocka_unit_test(bad_urls),
		cmocka_unit_test(truncated_urls),
	};

	return cmocka_run_group_tests_name("netlist", tests, NULL, NULL);
}
