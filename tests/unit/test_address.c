/* test_address.c - WAPPUSH addresses; rows P-01, P-02 of doc/bad-input.md. */
#include "tests/unit/test.h"

#include "ppg/address.h"

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define X250 X50 X50 X50 X50 X50
#define Q(n) "/k" n "=v"

/* Which forms beyond the grammar a row is tried with. */
enum { BARE, USUAL, ALL };

static const struct address_leniency leniencies[] = {
	[BARE] = { false, false, false }, [USUAL] = { true, true, false }, [ALL] = { true, true, true },
};

static const struct { int with; const char *text, *key; } taken[] = {
	/* the specification's examples (WAP-249 6.2) */
	{ BARE, "WAPPUSH=john.doe%40wapforum.org/TYPE=USER@ppg.carrier.com", "user:john.doe@wapforum.org@ppg.carrier.com" },
	{ BARE, "wappush=47397547589/type=user@carrier.com", "user:47397547589@carrier.com" },
	{ BARE, "WAPPUSH=+155519990730/TYPE=USER@ppg.carrier.com", "user:+155519990730@ppg.carrier.com" },
	{ BARE, "WAPPUSH=+155519990730/TYPE=PLMN@ppg.carrier.com", "plmn:+155519990730@ppg.carrier.com" },
	{ BARE, "WAPPUSH=195.153.199.30/TYPE=IPv4@ppg.carrier.com", "ipv4:195.153.199.30@ppg.carrier.com" },
	{ BARE, "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654:3210/TYPE=IPv6@carrier.com",
	  "ipv6:fedc:ba98:7654:3210:fedc:ba98:7654:3210@carrier.com" },
	{ BARE, "WAPPUSH=12345678/TYPE=MAN@ppg.carrier.com", "man:12345678@ppg.carrier.com" },
	/* deployed forms */
	{ USUAL, "WAPPUSH=+12025550143/TYPE=PLMN", "plmn:+12025550143" },
	{ USUAL, "WAPPUSH=12025550143/TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ USUAL, "WAPPUSH=12025550143/TYPE=PLMN", "plmn:+12025550143" },
	{ USUAL, "WAPPUSH=+12025550143/TYPE=PLMN/", "plmn:+12025550143" },
	{ USUAL, "WAPPUSH=+12025550143/EXT=a@b/TYPE=PLMN", "plmn:+12025550143" },
	{ BARE, "WAPPUSH=DEADBEEF%3A100/TYPE=USER@rim.net", "user:DEADBEEF:100@rim.net" },
	{ BARE, "WAPPUSH=aisha.wahl%40x.com%3A7874/TYPE=USER@rim.net", "user:aisha.wahl@x.com:7874@rim.net" },
	{ BARE, "WAPPUSH=%24IT/TYPE=USER@rim.net", "user:$IT@rim.net" },
	{ BARE, "wappush=+12025550143/type=plmn@ppg.example.net", "plmn:+12025550143@ppg.example.net" },
	/* slashes at both ends */
	{ BARE, "/WAPPUSH=+12025550143/TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ BARE, "WAPPUSH=+12025550143/TYPE=PLMN/@p", "plmn:+12025550143@p" },
	{ BARE, "/WAPPUSH=+12025550143/TYPE=PLMN/@p", "plmn:+12025550143@p" },
	/* case */
	{ BARE, "WapPush=+12025550143/tYPE=plMn@PPG.Example.NET", "plmn:+12025550143@ppg.example.net" },
	{ BARE, "WAPPUSH=Jane/TYPE=user@P", "user:Jane@p" },
	{ BARE, "WAPPUSH=192.0.2.1/TYPE=ipv4@p", "ipv4:192.0.2.1@p" },
	{ BARE, "WAPPUSH=2001:0db8:0000:0000:0000:0000:0000:0001/TYPE=IPV6@p", "ipv6:2001:db8::1@p" },
	{ BARE, "WAPPUSH=2001:0DB8:0000:0000:0000:0000:0000:00Ab/TYPE=ipv6@p", "ipv6:2001:db8::ab@p" },
	/* gateways */
	{ BARE, "WAPPUSH=+1/TYPE=PLMN@a", "plmn:+1@a" },
	{ BARE, "WAPPUSH=+1/TYPE=PLMN@1", "plmn:+1@1" },
	{ BARE, "WAPPUSH=+1/TYPE=PLMN@a-b.c--d.4", "plmn:+1@a-b.c--d.4" },
	{ BARE, "WAPPUSH=+1/TYPE=PLMN@a-.b-", "plmn:+1@a-.b-" },
	{ BARE, "WAPPUSH=+1/TYPE=PLMN@192.0.2.1", "plmn:+1@192.0.2.1" },
	{ BARE, "WAPPUSH=+1/TYPE=PLMN@" X50 X50 X10 X10 "abcdefg", "plmn:+1@" X50 X50 X10 X10 "abcdefg" },
	/* numbers */
	{ BARE, "WAPPUSH=+1-202.555-0143/TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ BARE, "WAPPUSH=+-1-.2/TYPE=PLMN@p", "plmn:+12@p" },
	{ BARE, "WAPPUSH=+12345678901234567890/TYPE=PLMN@p", "plmn:+12345678901234567890@p" },
	{ BARE, "WAPPUSH=+0/TYPE=PLMN@p", "plmn:+0@p" },
	{ USUAL, "WAPPUSH=-1/TYPE=PLMN@p", "plmn:+1@p" },
	/* qualifiers */
	{ BARE, "WAPPUSH=+12025550143/EXT=a@b/TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ BARE, "WAPPUSH=+12025550143/a-1=~!#$%^&*()/TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ BARE, "WAPPUSH=+12025550143/X= /TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ BARE, "WAPPUSH=+12025550143/-=-/TYPE=PLMN@p", "plmn:+12025550143@p" },
	{ BARE, "WAPPUSH=+1" Q("1") Q("2") Q("3") Q("4") Q("5") Q("6") Q("7") Q("8") "/TYPE=PLMN@p", "plmn:+1@p" },
	{ BARE, "WAPPUSH=+1/X=TYPE/TYPE=PLMN@p", "plmn:+1@p" },
	{ BARE, "WAPPUSH=+1/XTYPE=USER/TYPE=PLMN@p", "plmn:+1@p" },
	/* identifiers */
	{ BARE, "WAPPUSH=a/TYPE=USER@p", "user:a@p" },
	{ BARE, "WAPPUSH=a_b-c.d+e/TYPE=USER@p", "user:a_b-c.d+e@p" },
	{ BARE, "WAPPUSH=%5F/TYPE=USER@p", "user:_@p" },
	{ BARE, "WAPPUSH=%25/TYPE=USER@p", "user:%@p" },
	{ BARE, "WAPPUSH=%2525/TYPE=USER@p", "user:%25@p" },
	{ BARE, "WAPPUSH=%2f%2F/TYPE=USER@p", "user://@p" },
	{ BARE, "WAPPUSH=%C3%a4/TYPE=USER@p", "user:\xC3\xA4@p" },
	{ BARE, "WAPPUSH=%FF%01/TYPE=USER@p", "user:\xFF\x01@p" },
	{ BARE, "WAPPUSH=" X250 "abcde/TYPE=USER@p", "user:" X250 "abcde@p" },
	{ BARE, "WAPPUSH=%3D/TYPE=USER@p", "user:=@p" },
	/* IP addresses and Mobitex */
	{ BARE, "WAPPUSH=0.0.0.0/TYPE=IPv4@p", "ipv4:0.0.0.0@p" },
	{ BARE, "WAPPUSH=255.255.255.255/TYPE=IPv4@p", "ipv4:255.255.255.255@p" },
	{ BARE, "WAPPUSH=001.010.100.000/TYPE=IPv4@p", "ipv4:1.10.100.0@p" },
	{ BARE, "WAPPUSH=0000:0000:0000:0000:0000:0000:0000:0000/TYPE=IPv6@p", "ipv6:::@p" },
	{ ALL, "WAPPUSH=::1/TYPE=IPv6@p", "ipv6:::1@p" },
	{ ALL, "WAPPUSH=2001:db8::a:b/TYPE=IPv6@p", "ipv6:2001:db8::a:b@p" },
	{ ALL, "WAPPUSH=::ffff:192.0.2.1/TYPE=IPv6@p", "ipv6:::ffff:192.0.2.1@p" },
	{ BARE, "WAPPUSH=00000000/TYPE=MAN@p", "man:00000000@p" },
	/* address types of the WDP assignments */
	{ BARE, "WAPPUSH=%2B12025550143/TYPE=GSM_MSISDN@p", "gsm_msisdn:+12025550143@p" },
	{ BARE, "WAPPUSH=+12025550143/TYPE=gsm_msisdn@p", "gsm_msisdn:+12025550143@p" },
	{ BARE, "WAPPUSH=12025550143/TYPE=ANSI_136_MSISDN@p", "ansi_136_msisdn:+12025550143@p" },
	{ BARE, "WAPPUSH=1-202/TYPE=IS_637_MSISDN@p", "is_637_msisdn:+1202@p" },
	{ BARE, "WAPPUSH=1/TYPE=CDMA_MSISDN@p", "cdma_msisdn:+1@p" },
	{ BARE, "WAPPUSH=1/TYPE=iDEN_MSISDN@p", "iden_msisdn:+1@p" },
	{ BARE, "WAPPUSH=1/TYPE=FLEX_MSISDN@p", "flex_msisdn:+1@p" },
	{ BARE, "WAPPUSH=1/TYPE=PHS_MSISDN@p", "phs_msisdn:+1@p" },
	{ BARE, "WAPPUSH=1/TYPE=ReFLEX_MSISDN@p", "reflex_msisdn:+1@p" },
	{ BARE, "WAPPUSH=1/TYPE=TETRA_MSISDN@p", "tetra_msisdn:+1@p" },
	{ BARE, "WAPPUSH=%2A100%23/TYPE=GSM_Service_Code@p", "gsm_service_code:*100#@p" },
	{ BARE, "WAPPUSH=0262.1.2/TYPE=TETRA_ITSI@p", "tetra_itsi:0262.1.2@p" },
};

static const struct { int with; const char *text, *says; } refused[] = {
	/* not the frame */
	{ ALL, "", "WAPPUSH=" }, { ALL, "push_all", "WAPPUSH=" }, { ALL, "2820ecc9", "WAPPUSH=" },
	{ ALL, "/", "WAPPUSH=" }, { ALL, "WAPPUSH", "WAPPUSH=" }, { ALL, "WAPPUSH +1/TYPE=PLMN@p", "WAPPUSH=" },
	{ ALL, "APPUSH=+12025550143/TYPE=PLMN@p", "WAPPUSH=" }, { ALL, "//WAPPUSH=+1/TYPE=PLMN@p", "WAPPUSH=" },
	{ ALL, " WAPPUSH=+1/TYPE=PLMN@p", "WAPPUSH=" }, { ALL, "+12025550143", "WAPPUSH=" },
	{ ALL, "WAPPUSH=", "no TYPE" }, { ALL, "WAPPUSH=+12025550143", "no TYPE" }, { ALL, "WAPPUSH=+12025550143@ppg", "no TYPE" },
	{ ALL, "WAPPUSH=+1/EXT=1@p", "no TYPE" }, { ALL, "WAPPUSH=@p", "no TYPE" }, { ALL, "WAPPUSH=+1/@p", "no TYPE" },
	{ ALL, "WAPPUSH=+1/TYPE@p", "qualifier" }, { ALL, "WAPPUSH=+1/TYPE=@p", "no address type" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN/X=1@p", "not the last" }, { ALL, "WAPPUSH=+1/TYPE=USER/TYPE=PLMN@p", "not the last" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN//@p", "not the last" },
	{ ALL, "WAPPUSH=+1/TYPE=PL-MN@p", "letters, digits" }, { ALL, "WAPPUSH=+1/TYPE=PLMN @p", "letters, digits" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN@a@b", "letters, digits" },
	{ ALL, "WAPPUSH=+1/TYPE=" X10 X10 X10 "xx@p", "at most 31" },
	/* qualifiers */
	{ ALL, "WAPPUSH=+1/X/TYPE=PLMN@p", "qualifier" }, { ALL, "WAPPUSH=+1/=v/TYPE=PLMN@p", "qualifier" },
	{ ALL, "WAPPUSH=+1/k=/TYPE=PLMN@p", "qualifier" }, { ALL, "WAPPUSH=+1/k=a=b/TYPE=PLMN@p", "qualifier" },
	{ ALL, "WAPPUSH=+1/k_=v/TYPE=PLMN@p", "qualifier" }, { ALL, "WAPPUSH=+1//TYPE=PLMN@p", "qualifier" },
	{ ALL, "WAPPUSH=+1/k=\xC3\xA4/TYPE=PLMN@p", "qualifier" }, { ALL, "WAPPUSH=+1/k=\t/TYPE=PLMN@p", "qualifier" },
	{ ALL, "WAPPUSH=+1/k=\x7F/TYPE=PLMN@p", "qualifier" },
	{ ALL, "WAPPUSH=+1" Q("1") Q("2") Q("3") Q("4") Q("5") Q("6") Q("7") Q("8") Q("9") "/TYPE=PLMN@p", "more than 8" },
	/* gateways */
	{ BARE, "WAPPUSH=+1/TYPE=PLMN", "no \"@\"" }, { ALL, "WAPPUSH=+1/TYPE=PLMN@", "host name" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN@a_b", "host name" }, { ALL, "WAPPUSH=+1/TYPE=PLMN@.a", "host name" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN@a.", "host name" }, { ALL, "WAPPUSH=+1/TYPE=PLMN@a..b", "host name" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN@-a", "host name" }, { ALL, "WAPPUSH=+1/TYPE=PLMN@a.-b", "host name" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN@a b", "host name" }, { ALL, "WAPPUSH=+1/TYPE=PLMN@a:80", "host name" },
	{ BARE, "WAPPUSH=+1/EXT=a@b/TYPE=PLMN", "host name" }, { ALL, "WAPPUSH=+1/TYPE=PLMN@\xC3\xA4", "host name" },
	{ ALL, "WAPPUSH=+1/TYPE=PLMN@" X50 X50 X10 X10 "abcdefgh", "too long" },
	/* numbers */
	{ ALL, "WAPPUSH=/TYPE=PLMN@p", "without a digit" }, { ALL, "WAPPUSH=+/TYPE=PLMN@p", "without a digit" },
	{ ALL, "WAPPUSH=-/TYPE=PLMN@p", "without a digit" }, { ALL, "WAPPUSH=+.-/TYPE=PLMN@p", "without a digit" },
	{ BARE, "WAPPUSH=12025550143/TYPE=PLMN@p", "begins with \"+\"" }, { BARE, "WAPPUSH=/TYPE=PLMN@p", "begins with \"+\"" },
	{ ALL, "WAPPUSH=+35840abc/TYPE=PLMN@p", "digits only" }, { ALL, "WAPPUSH=++1/TYPE=PLMN@p", "digits only" },
	{ ALL, "WAPPUSH=1+2/TYPE=PLMN@p", "digits only" }, { ALL, "WAPPUSH=%2B1/TYPE=PLMN@p", "digits only" },
	{ ALL, "WAPPUSH=+1 2/TYPE=PLMN@p", "digits only" }, { ALL, "WAPPUSH=+1(2)/TYPE=PLMN@p", "digits only" },
	{ ALL, "WAPPUSH=+1\xC2\xB2/TYPE=PLMN@p", "digits only" },
	{ ALL, "WAPPUSH=+123456789012345678901/TYPE=PLMN@p", "at most 20" },
	{ ALL, "WAPPUSH=a/TYPE=GSM_MSISDN@p", "digits only" }, { ALL, "WAPPUSH=%2B/TYPE=GSM_MSISDN@p", "without a digit" },
	{ ALL, "WAPPUSH=1%2/TYPE=GSM_MSISDN@p", "hexadecimal" },
	/* identifiers */
	{ ALL, "WAPPUSH=/TYPE=USER@p", "empty" }, { ALL, "WAPPUSH=a%4/TYPE=USER@p", "hexadecimal" },
	{ ALL, "WAPPUSH=a%/TYPE=USER@p", "hexadecimal" }, { ALL, "WAPPUSH=a%zz/TYPE=USER@p", "hexadecimal" },
	{ ALL, "WAPPUSH=%%32/TYPE=USER@p", "hexadecimal" }, { ALL, "WAPPUSH=%+1/TYPE=USER@p", "hexadecimal" },
	{ ALL, "WAPPUSH=a%00b/TYPE=USER@p", "NUL" }, { ALL, "WAPPUSH=%00/TYPE=USER@p", "NUL" },
	{ ALL, "WAPPUSH=a b/TYPE=USER@p", "character 2 of" }, { ALL, "WAPPUSH=a@b/TYPE=USER@p", "character 2 of" },
	{ ALL, "WAPPUSH=a,b/TYPE=USER@p", "character 2 of" }, { ALL, "WAPPUSH=$a/TYPE=USER@p", "character 1 of" },
	{ ALL, "WAPPUSH=a=b/TYPE=USER@p", "character 2 of" }, { ALL, "WAPPUSH=\xC3\xA4/TYPE=USER@p", "character 1 of" },
	{ ALL, "WAPPUSH=a%40b:1/TYPE=USER@p", "character 6 of" }, { ALL, "WAPPUSH=a\nb/TYPE=USER@p", "character 2 of" },
	{ ALL, "WAPPUSH=" X250 "abcdef/TYPE=USER@p", "more than 255" },
	{ ALL, "WAPPUSH=" X250 X250 X250 X250 X50 "/TYPE=USER@p", "at most 1024" },
	/* IP addresses and Mobitex */
	{ ALL, "WAPPUSH=1.2.3/TYPE=IPv4@p", "four parts" }, { ALL, "WAPPUSH=1.2.3./TYPE=IPv4@p", "four parts" },
	{ ALL, "WAPPUSH=/TYPE=IPv4@p", "four parts" }, { ALL, "WAPPUSH=1.2.3.4.5/TYPE=IPv4@p", "not an IPv4" },
	{ ALL, "WAPPUSH=1..2.3/TYPE=IPv4@p", "not an IPv4" }, { ALL, "WAPPUSH=.1.2.3/TYPE=IPv4@p", "not an IPv4" },
	{ ALL, "WAPPUSH=256.1.1.1/TYPE=IPv4@p", "0 to 255" }, { ALL, "WAPPUSH=1.1.1.999/TYPE=IPv4@p", "0 to 255" },
	{ ALL, "WAPPUSH=0001.1.1.1/TYPE=IPv4@p", "not an IPv4" }, { ALL, "WAPPUSH=1.2.3.a/TYPE=IPv4@p", "not an IPv4" },
	{ ALL, "WAPPUSH=+1.2.3.4/TYPE=IPv4@p", "not an IPv4" }, { ALL, "WAPPUSH=0x7f.0.0.1/TYPE=IPv4@p", "not an IPv4" },
	{ BARE, "WAPPUSH=::1/TYPE=IPv6@p", "8 groups" }, { USUAL, "WAPPUSH=2001:db8::1/TYPE=IPv6@p", "8 groups" },
	{ BARE, "WAPPUSH=1:2:3:4:5:6:7:8/TYPE=IPv6@p", "8 groups" }, { ALL, "WAPPUSH=::g/TYPE=IPv6@p", "not an IPv6" },
	{ BARE, "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654:321G/TYPE=IPv6@p", "not an IPv6" },
	{ BARE, "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654/TYPE=IPv6@p", "8 groups" },
	{ BARE, "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654:3210:FEDC/TYPE=IPv6@p", "8 groups" },
	{ ALL, "WAPPUSH=fe80::1%25eth0/TYPE=IPv6@p", "not an IPv6" }, { ALL, "WAPPUSH=/TYPE=IPv6@p", "not an IPv6" },
	{ ALL, "WAPPUSH=[::1]/TYPE=IPv6@p", "not an IPv6" },
	{ ALL, "WAPPUSH=1234567/TYPE=MAN@p", "8 digits" }, { ALL, "WAPPUSH=123456789/TYPE=MAN@p", "8 digits" },
	{ ALL, "WAPPUSH=1234567a/TYPE=MAN@p", "8 digits" }, { ALL, "WAPPUSH=/TYPE=MAN@p", "8 digits" },
};

static void
addresses_that_are_taken(void **state)
{
	size_t i;

	assert_true(sizeof taken / sizeof taken[0] + sizeof refused / sizeof refused[0] >= 120);
	for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		const struct address_leniency *l = &leniencies[taken[i].with];
		char key[ADDRESS_KEY_SIZE];
		struct why why = { 0 };
		struct wappush a;

		if (address_parse_lenient(taken[i].text, l, &a, &why) != OK)
			fail_msg("%s: %s", taken[i].text, why.text);
		address_key(&a, true, key);
		if (strcmp(key, taken[i].key) != 0)
			fail_msg("%s has the key %s", taken[i].text, key);
		address_key(&a, false, key);
		assert_true(strncmp(key, taken[i].key, strlen(key)) == 0);
		assert_int_equal(strlen(taken[i].key) - strlen(key), a.ppg[0] != '\0' ? strlen(a.ppg) + 1 : 0);
		/* forms beyond the grammar change nothing for one that is within */
		assert_int_equal(address_parse_lenient(taken[i].text, &leniencies[ALL], &a, &why), OK);
		address_key(&a, true, key);
		assert_string_equal(key, taken[i].key);
	}
}

static void
addresses_that_are_not(void **state)
{
	size_t i;

	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		const struct address_leniency *l = &leniencies[refused[i].with];
		static const struct wappush empty;
		struct wappush a;
		struct why why = { 0 };
		int err = address_parse_lenient(refused[i].text, l, &a, &why);

		if (err != ERR_SYNTAX && err != ERR_LIMIT)
			fail_msg("%s: %d", refused[i].text, err);
		if (strstr(why.text, refused[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", refused[i].text, why.text, refused[i].says);
		assert_memory_equal(&a, &empty, sizeof a);
	}
}

/* Well formed, but of a type that nobody here knows. */
static void
types_of_the_future(void **state)
{
	static const struct { const char *text, *key; } rows[] = {
		{ "WAPPUSH=sip%3Aa%40b/TYPE=SIP@p", "sip:sip:a@b@p" }, { "WAPPUSH=1/TYPE=GSM@p", "gsm:1@p" },
		{ "WAPPUSH=1/TYPE=PLMN_@p", "plmn_:1@p" }, { "WAPPUSH=x/TYPE=any@p", "any:x@p" },
	};
	struct wappush a;
	struct why why;
	char key[ADDRESS_KEY_SIZE];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(address_parse_lenient(rows[i].text, NULL, &a, &why), ERR_UNSUPPORTED);
		assert_non_null(strstr(why.text, "is not served"));
		assert_int_equal(a.type, ADDRESS_OTHER);
		assert_null(address_number(&a));
		address_key(&a, true, key);
		assert_string_equal(key, rows[i].key);
	}
	assert_int_equal(address_parse_lenient("WAPPUSH=a b/TYPE=SIP@p", NULL, &a, &why), ERR_SYNTAX);
}

/* What the number rules get: with "+" or as it was written. */
static void
numbers_for_the_rules(void **state)
{
	static const struct { const char *text, *number; } rows[] = {
		{ "WAPPUSH=+1-202.5550143/TYPE=PLMN@p", "+12025550143" }, { "WAPPUSH=0171.5550143/TYPE=PLMN@p", "01715550143" },
		{ "WAPPUSH=%2B1202/TYPE=GSM_MSISDN@p", "+1202" }, { "WAPPUSH=0171/TYPE=TETRA_MSISDN@p", "0171" },
		{ "WAPPUSH=+1202/TYPE=USER@p", NULL }, { "WAPPUSH=12345678/TYPE=MAN@p", NULL },
		{ "WAPPUSH=1202/TYPE=GSM_Service_Code@p", NULL },
	};
	struct wappush a;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(address_parse(rows[i].text, &a, &why), OK);
		if (rows[i].number == NULL)
			assert_null(address_number(&a));
		else
			assert_string_equal(address_number(&a), rows[i].number);
	}
}

/* Each cut of each good one, in a block of its own size: read to the NUL and no further. */
static void
every_truncation(void **state)
{
	size_t i, n, w;

	for (i = 0; i < sizeof taken / sizeof taken[0]; i++)
		for (n = 0; n <= strlen(taken[i].text); n++) {
			char *exact = span_dup(span_of(taken[i].text, n));
			char key[ADDRESS_KEY_SIZE];
			struct wappush a;
			struct why why;

			for (w = BARE; w <= ALL; w++)
				if (address_parse_lenient(exact, &leniencies[w], &a, &why) == OK) {
					address_key(&a, true, key);
					assert_true(strchr(key, ':') != NULL);
				}
			free(exact);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_are_taken),
		cmocka_unit_test(addresses_that_are_not),
		cmocka_unit_test(types_of_the_future),
		cmocka_unit_test(numbers_for_the_rules),
		cmocka_unit_test(every_truncation),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
