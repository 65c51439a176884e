/* test_conf.c - configuration files: what is accepted, and what every mistake is answered with. */
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"

static const struct conf_key core_keys[] = {
	{ "log-level", CONF_NUMBER, 0, 4, NULL, "1", CONF_RELOAD, "least level that is logged" },
	{ "log-file", CONF_TEXT, 1, 512, NULL, NULL, CONF_PATH, "file for the log" },
	{ "old-key", CONF_IGNORED, 0, 0, NULL, NULL, 0, "was needed once" },
	{ 0 },
};
static const struct conf_key link_keys[] = {
	{ "link-id", CONF_TEXT, 1, 16, NULL, NULL, 0, "name of the link" },
	{ "host", CONF_TEXT, 1, 255, NULL, NULL, CONF_REQUIRED, "where to connect" },
	{ "ppg-port", CONF_NUMBER, 1, 65535, NULL, "8080", 0, "port" },
	{ "password", CONF_TEXT, 3, 8, NULL, NULL, CONF_SECRET, "password" },
	{ "pin", CONF_NUMBER, 1000, 9999, NULL, NULL, CONF_SECRET, "number nobody may see" },
	{ "mode", CONF_WORD, 0, 0, "receipt|submit", "receipt", 0, "what counts" },
	{ "keep", CONF_BOOL, 0, 0, NULL, "no", 0, "keep it" },
	{ "wait", CONF_SECONDS, 1, 172800, NULL, "2d", 0, "time to wait" },
	{ "room", CONF_OCTETS, 1, 1 << 30, NULL, "64M", 0, "octets" },
	{ 0 },
};
static const struct conf_group_def defs[] = {
	{ "core", core_keys, false, true, NULL, NULL },
	{ "link", link_keys, true, false, "link-id", NULL },
	{ "smsbox", NULL, true, false, NULL, NULL },
	{ "route", NULL, true, false, NULL, "not supported yet" },
	{ 0 },
};

/* ---- files in a folder of the test's ------------------------------------------------------ */

static char folder[] = "/tmp/test_conf.XXXXXX";
static struct sbuf errors, notices;

static int
make_folder(void **state)
{
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	char command[64];

	sbuf_done(&errors);
	sbuf_done(&notices);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static const char *
path_of(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *out = path[turn++ % 4];

	snprintf(out, sizeof path[0], "%s/%s", folder, name);
	return out;
}

static void
put_file(const char *name, const void *octets, size_t n)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, n, f), n);
	fclose(f);
}

static void
put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

/* Lines come without the folder in front, so that tests can name them. */
static void
collect(void *arg, int level, const char *line)
{
	struct sbuf *to = level == 2 ? &errors : &notices;
	const char *at;
	size_t n = strlen(folder) + 1;

	while ((at = strstr(line, folder)) != NULL) {
		sbuf_put(to, line, (size_t)(at - line));
		line = at + n;
	}
	sbuf_fmt(to, "%s\n", line);
}

static int
load(const char *name, struct conf **out)
{
	sbuf_clear(&errors);
	sbuf_clear(&notices);
	sbuf_str(&errors, "");
	sbuf_str(&notices, "");
	return conf_load(path_of(name), defs, collect, NULL, out);
}

static struct conf *
good(const char *text)
{
	struct conf *conf;

	put_text("good.conf", text);
	if (load("good.conf", &conf) != OK)
		fail_msg("refused: %s", errors.s);
	return conf;
}

/* ---- what is accepted ---------------------------------------------------------------------- */

static void
values_and_defaults(void **state)
{
	struct conf *conf = good("# a comment\n\n  group = core\nlog-file = \"log/x.log\"\n\n"
	    "group=link\nhost=\t a b # c \nlink-id = \"q\\\"\\\\z\" # behind\n\n"
	    "ppg-port = 443\nkeep = YES\nmode = submit\nwait = 90\nroom = 1k\npassword = include\n"
	    "group = link\nhost = \"include = x\"\nwait = 3m\n");
	const struct conf_group *core = conf_first(conf, "core"), *g = conf_first(conf, "link");
	char where[256];

	assert_int_equal(conf_number(core, "log-level"), 1);
	assert_false(conf_has(core, "log-level"));
	assert_string_equal(conf_text(core, "log-file"), path_of("log/x.log"));
	assert_null(conf_next(conf, core));
	assert_string_equal(conf_text(g, "host"), "a b # c");
	assert_string_equal(conf_text(g, "link-id"), "q\"\\z");
	assert_int_equal(conf_number(g, "ppg-port"), 443);
	assert_true(conf_bool(g, "keep"));
	assert_int_equal(conf_number(g, "wait"), 90);
	assert_int_equal(conf_number(g, "room"), 1024);
	assert_string_equal(conf_text(g, "mode"), "submit");
	assert_string_equal(conf_text(g, "password"), "include");
	assert_string_equal(conf_where(g, "ppg-port", where, sizeof where) + strlen(folder) + 1,
	    "good.conf:10");
	assert_string_equal(conf_where(g, "pin", where, sizeof where) + strlen(folder) + 1, "good.conf:6");
	g = conf_next(conf, g);
	assert_string_equal(conf_text(g, "host"), "include = x");
	assert_int_equal(conf_number(g, "wait"), 180);
	assert_null(conf_text(g, "link-id"));
	assert_int_equal(conf_number(g, "ppg-port"), 8080);
	assert_int_equal(conf_number(g, "room"), 64 << 20);
	assert_null(conf_next(conf, g));
	conf_free(&conf);
	assert_null(conf);
}

static void
byte_order_mark_and_dos_lines(void **state)
{
	struct conf *conf = good("\xEF\xBB\xBFgroup = core\r\nlog-level = 3\r\n\r\n# r\xE9sum\xE9\r\nlog-file = \"x\"");

	assert_int_equal(conf_number(conf_first(conf, "core"), "log-level"), 3);
	conf_free(&conf);
}

static void
ignored_groups_and_keys(void **state)
{
	struct conf *conf = good("group = smsbox\nanything = 70000\nhost = x\ngroup = core\nold-key = 1\n");

	assert_string_equal(notices.s, "good.conf:1: group smsbox: is not used here\n"
	    "good.conf:5: group core, old-key: is not used here: was needed once\n");
	conf_free(&conf);
}

static void
includes(void **state)
{
	struct conf *conf;

	mkdir(path_of("sub"), 0700);
	mkdir(path_of("sub/more.d"), 0700);
	put_text("sub/links.conf", "group = link\nhost = one\ninclude = \"more.d\"\nlink-id = first\n");
	put_text("sub/more.d/20-b", "group = link\nhost = three\nlink-id = third\n");
	put_text("sub/more.d/10-a", "mode = submit\ngroup = link\nhost = two\nlink-id = second");
	put_text("sub/more.d/10-a~", "nonsense\n");
	put_text("sub/log.conf", "log-file = x.log\n");
	conf = good("group = core\ninclude = sub/links.conf\ninclude = \"sub/log.conf\"\nlog-level = 2\n");
	assert_int_equal(conf_number(conf_first(conf, "core"), "log-level"), 2);
	assert_string_equal(conf_text(conf_first(conf, "core"), "log-file"), path_of("sub/x.log"));
	assert_string_equal(conf_text(conf_first(conf, "link"), "link-id"), "first");
	assert_string_equal(conf_text(conf_first(conf, "link"), "mode"), "submit");
	assert_string_equal(conf_text(conf_next(conf, conf_first(conf, "link")), "link-id"), "second");
	conf_free(&conf);
}

static void
printed_form_is_read_again(void **state)
{
	struct conf *conf = good("group = core\nold-key = 1\ngroup = link\nhost = \"a\\\\b\\\"c\"\npassword = geheim\n"
	    "pin = 1234\nkeep = on\n");
	struct sbuf once = { 0 }, twice = { 0 };

	conf_print(conf, &once);
	conf_free(&conf);
	assert_null(strstr(once.s, "geheim"));
	assert_null(strstr(once.s, "1234"));
	assert_null(strstr(once.s, "old-key"));
	assert_non_null(strstr(once.s, "host = \"a\\\\b\\\"c\"\n"));
	assert_non_null(strstr(once.s, "ppg-port = 8080\n"));
	/* A hidden number does not read back; everything else does. */
	*strstr(once.s, "pin") = '#';
	conf = good(once.s);
	conf_print(conf, &twice);
	conf_free(&conf);
	assert_non_null(strstr(twice.s, "password = \"***\"\n"));
	*strstr(once.s, "#in") = '\0';
	twice.s[strlen(once.s)] = '\0';
	assert_string_equal(once.s, twice.s);
	sbuf_done(&once);
	sbuf_done(&twice);
}

static void
table_of_keys(void **state)
{
	struct sbuf b = { 0 };

	conf_print_keys(defs, &b);
	assert_non_null(strstr(b.s, "core\tlog-level\tnumber\t0..4\t1\tleast level that is logged\treload\n"));
	assert_non_null(strstr(b.s, "link\thost\ttext\t1..255 octets\trequired\twhere to connect\trestart\n"));
	assert_non_null(strstr(b.s, "link\tpassword\tsecret\t3..8 octets\t\tpassword\trestart\n"));
	assert_non_null(strstr(b.s, "link\tmode\tword\treceipt or submit\treceipt\twhat counts\trestart\n"));
	assert_non_null(strstr(b.s, "link\twait\ttime\t1s..2d\t2d\ttime to wait\trestart\n"));
	assert_non_null(strstr(b.s, "link\troom\tsize\t1..1G\t64M\toctets\trestart\n"));
	sbuf_done(&b);
}

/* ---- what is refused ------------------------------------------------------------------------ */

#define CORE "group = core\n"
#define LINK CORE "group = link\nhost = x\n"

static const struct { const char *text, *errors; } bad_rows[] = {
	/* C-01 */
	{ LINK "ppg-prot = 8080\n", "bad.conf:4: group link, ppg-prot: unknown key; did you mean \"ppg-port\"?\n" },
	{ LINK "quite-different = 1\n", "bad.conf:4: group link, quite-different: unknown key\n" },
	{ CORE "group = lnik\nx = 1\n", "bad.conf:2: group lnik: unknown group; did you mean \"link\"?\n" },
	{ CORE "group = nothing-like-it\nx\n", "bad.conf:2: group nothing-like-it: unknown group\n" },
	{ CORE "group =\nx = 1\n", "bad.conf:2: group \"\": unknown group\n" },
	{ CORE "group = route\nx = 1\n", "bad.conf:2: group route: not supported yet\n" },
	/* C-02 */
	{ LINK "ppg-port = 70000\n", "bad.conf:4: group link, ppg-port: 70000 is not in 1..65535\n" },
	{ LINK "ppg-port = -1\n", "bad.conf:4: group link, ppg-port: -1 is not in 1..65535\n" },
	{ LINK "ppg-port = 0\n", "bad.conf:4: group link, ppg-port: 0 is not in 1..65535\n" },
	{ LINK "ppg-port = 80a\n", "bad.conf:4: group link, ppg-port: 80a is not a number in 1..65535\n" },
	{ LINK "ppg-port = 8k\n", "bad.conf:4: group link, ppg-port: 8k is not a number in 1..65535\n" },
	{ LINK "ppg-port =\n", "bad.conf:4: group link, ppg-port: an empty value is not a number in 1..65535\n" },
	{ LINK "ppg-port = 99999999999999999999999\n",
	  "bad.conf:4: group link, ppg-port: 99999999999999999999999 is not in 1..65535\n" },
	{ LINK "ppg-port = 9999999999999999999\n",
	  "bad.conf:4: group link, ppg-port: 9999999999999999999 is not in 1..65535\n" },
	{ LINK "mode = maybe\n", "bad.conf:4: group link, mode: maybe is not receipt or submit\n" },
	{ LINK "mode = receipt|submit\n",
	  "bad.conf:4: group link, mode: receipt|submit is not receipt or submit\n" },
	{ LINK "keep = 2\n", "bad.conf:4: group link, keep: 2 is not true or false\n" },
	{ LINK "wait = 3d\n", "bad.conf:4: group link, wait: 3d is not in 1s..2d\n" },
	{ LINK "wait = 9223372036854775807d\n",
	  "bad.conf:4: group link, wait: 9223372036854775807d is not in 1s..2d\n" },
	{ LINK "wait = h\n", "bad.conf:4: group link, wait: h is not a time (a number with s, m, h or d "
	  "behind it) in 1s..2d\n" },
	{ LINK "room = 2G\n", "bad.conf:4: group link, room: 2G is not in 1..1G\n" },
	{ LINK "room = 1T\n", "bad.conf:4: group link, room: 1T is not a size (a number with K, M or G "
	  "behind it) in 1..1G\n" },
	{ LINK "link-id =\n", "bad.conf:4: group link, link-id: the value has 0 octets, allowed are 1..16\n" },
	/* Secrets are not repeated. */
	{ LINK "password = geheimnisvoll\n",
	  "bad.conf:4: group link, password: the value has 13 octets, allowed are 3..8\n" },
	{ LINK "pin = 99999\n", "bad.conf:4: group link, pin: the value (not shown) is not in 1000..9999\n" },
	{ LINK "pin = 12x4\n",
	  "bad.conf:4: group link, pin: the value (not shown) is not a number in 1000..9999\n" },
	/* C-03 */
	{ CORE "group = link\n", "bad.conf:2: group link, host: this key is required and missing\n" },
	{ "group = link\nhost = x\n", "bad.conf: group core: this group is required and missing\n" },
	{ "", "bad.conf: group core: this group is required and missing\n" },
	/* C-05 and other doubles */
	{ CORE "group = link\nhost = x\nlink-id = a\ngroup = link\nhost = y\n\nlink-id = a\n",
	  "bad.conf:8: group link, link-id: \"a\" is used at bad.conf:4 already\n" },
	{ CORE CORE, "bad.conf:2: group core: occurs a second time, the first is at bad.conf:1\n" },
	{ CORE "log-level = 1\nlog-level = 2\n",
	  "bad.conf:3: group core, log-level: is written a second time, the first is at bad.conf:2\n" },
	/* C-08 */
	{ CORE "  log-file = \"abc\n", "bad.conf:2: column 14: the quote that starts here is not closed\n" },
	{ CORE "log-file = \"abc\\\"\n", "bad.conf:2: column 12: the quote that starts here is not closed\n" },
	{ CORE "log-file = \"abc\" d\n", "bad.conf:2: column 17: there is text behind the closing quote\n" },
	{ CORE "  log-level\n", "bad.conf:2: column 3: this is not of the form \"key = value\"\n" },
	{ CORE "log level = 2\n",
	  "bad.conf:2: column 1: a key has letters, digits and '-' and stands before the '='\n" },
	{ CORE "= 2\n", "bad.conf:2: column 1: a key has letters, digits and '-' and stands before the '='\n" },
	{ CORE "log-file = \xE9t\xE9\n", "bad.conf:2: column 12: octet \\xE9 is not UTF-8\n" },
	{ CORE "log-file = a\x1B[1m\n", "bad.conf:2: column 13: octet \\x1B does not belong in a text file\n" },
	{ "\xFF\xD8\xFF\xE0\x10JFIF\x01\x01\nx\ny\n",
	  "bad.conf:1: column 5: octet \\x10 does not belong in a text file\n"
	  "bad.conf: group core: this group is required and missing\n" },
	{ "log-level = 2\n" CORE, "bad.conf:1: log-level: stands before the first \"group = ...\"\n" },
	{ CORE "include =\n", "bad.conf:2: include: names no file\n" },
	{ CORE "include = none.conf\n", "bad.conf:2: include: none.conf: No such file or directory\n" },
	/* All of them, not only the first. */
	{ CORE "log-level = 9\nlog-levle = 1\ngroup = link\nkeep = 7\n",
	  "bad.conf:2: group core, log-level: 9 is not in 0..4\n"
	  "bad.conf:3: group core, log-levle: unknown key; did you mean \"log-level\"?\n"
	  "bad.conf:5: group link, keep: 7 is not true or false\n"
	  "bad.conf:4: group link, host: this key is required and missing\n" },
};

static void
every_mistake_has_its_sentence(void **state)
{
	size_t i;

	for (i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
		struct conf *conf;

		put_text("bad.conf", bad_rows[i].text);
		assert_int_equal(load("bad.conf", &conf), ERR_SYNTAX);
		assert_null(conf);
		if (strcmp(errors.s, bad_rows[i].errors) != 0)
			fail_msg("row %zu: %s", i, errors.s);
	}
}

static void
nul_and_endless_lines(void **state)
{
	static const char nul[] = "group = core\nlog-file = a\0b\nlog-level = 9\n";
	size_t n = 1 << 20;
	char *big = malloc(n);
	struct conf *conf;

	put_file("nul.conf", nul, sizeof nul - 1);
	assert_int_equal(load("nul.conf", &conf), ERR_SYNTAX);
	assert_string_equal(errors.s, "nul.conf:2: column 13: octet \\x00 does not belong in a text file\n");

	memset(big, 'x', n);
	memcpy(big, "group = core\nlog-file = ", 24);
	put_file("big.conf", big, n);
	assert_int_equal(load("big.conf", &conf), ERR_SYNTAX);
	assert_string_equal(errors.s, "big.conf:2: column 65537: the line is longer than 65536 octets\n");
	free(big);
}

static void
too_large_a_file(void **state)
{
	FILE *f = fopen(path_of("huge.conf"), "w");
	struct conf *conf;
	unsigned i;

	assert_non_null(f);
	for (i = 0; i < 300000; i++)
		fputs("# a long comment\n", f);
	fclose(f);
	assert_int_equal(load("huge.conf", &conf), ERR_IO);
	assert_string_equal(errors.s, "huge.conf: the file is larger than 4 MiB\n");
}

static void
include_loops(void **state)
{
	struct conf *conf;

	put_text("self.conf", "group = core\ninclude = self.conf\n");
	assert_int_equal(load("self.conf", &conf), ERR_SYNTAX);
	assert_string_equal(errors.s, "self.conf:2: include: a loop: self.conf:2 -> self.conf\n");
	put_text("a.conf", "group = core\ninclude = b.conf\n");
	put_text("b.conf", "\n\ninclude = c.conf\n");
	put_text("c.conf", "include = ./b.conf\n");
	assert_int_equal(load("a.conf", &conf), ERR_SYNTAX);
	assert_string_equal(errors.s, "c.conf:1: include: a loop: b.conf:3 -> c.conf:1 -> ./b.conf\n");
}

static void
include_chain_of_a_hundred(void **state)
{
	char name[32], text[64];
	struct conf *conf;
	unsigned i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "chain%u.conf", i);
		snprintf(text, sizeof text, "include = chain%u.conf\n", i + 1);
		put_text(name, text);
	}
	assert_int_equal(load("chain0.conf", &conf), ERR_SYNTAX);
	assert_non_null(strstr(errors.s,
	    "chain15.conf:1: include: chain16.conf: more than 16 files include one another\n"));
}

/* Each file takes the next one twice: bounded in number, not only in depth. */
static void
include_tree(void **state)
{
	char name[32], text[96];
	struct conf *conf;
	unsigned i;

	for (i = 0; i < 14; i++) {
		snprintf(name, sizeof name, "tree%u.conf", i);
		snprintf(text, sizeof text, "include = tree%u.conf\ninclude = tree%u.conf\n", i + 1, i + 1);
		put_text(name, text);
	}
	put_text("tree14.conf", "");
	assert_int_equal(load("tree0.conf", &conf), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "more than 256 files are included\n"));
	assert_null(strstr(strstr(errors.s, "more than 256") + 1, "more than 256"));
}

static void
errors_are_counted_beyond_a_hundred(void **state)
{
	struct sbuf b = { 0 };
	struct conf *conf;
	unsigned i;

	sbuf_str(&b, CORE);
	for (i = 0; i < 1000; i++)
		sbuf_fmt(&b, "zzzzzzzzz%u = 1\n", i);
	put_text("many.conf", b.s);
	sbuf_done(&b);
	assert_int_equal(load("many.conf", &conf), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "many.conf:101: group core, zzzzzzzzz99: unknown key\n"));
	assert_null(strstr(errors.s, "zzzzzzzzz100"));
	assert_non_null(strstr(errors.s, "\n900 further errors are not shown\n"));
}

static void
files_that_are_none(void **state)
{
	struct conf *conf;

	assert_int_equal(load("missing.conf", &conf), ERR_IO);
	assert_string_equal(errors.s, "missing.conf: No such file or directory\n");
	mkdir(path_of("dir"), 0700);
	assert_int_equal(load("dir", &conf), ERR_IO);
	assert_string_equal(errors.s, "dir: is a folder\n");
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(load("fifo", &conf), ERR_SYNTAX);
}

/* A good file cut at any octet is read or refused, never anything else. */
static void
every_truncation(void **state)
{
	static const char text[] = "\xEF\xBB\xBF# c\r\ngroup = core\nlog-file = \"a\\\"\xC3\xA9\" # x\n"
		"group = link\nhost = h\nwait = 10m\n";
	struct conf *conf;
	size_t n;

	for (n = 0; n < sizeof text - 1; n++) {
		int err;

		put_file("cut.conf", text, n);
		err = load("cut.conf", &conf);
		assert_true(err == OK ? conf != NULL && errors.n == 0 : conf == NULL && errors.n > 0);
		conf_free(&conf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_defaults),
		cmocka_unit_test(byte_order_mark_and_dos_lines),
		cmocka_unit_test(ignored_groups_and_keys),
		cmocka_unit_test(includes),
		cmocka_unit_test(printed_form_is_read_again),
		cmocka_unit_test(table_of_keys),
		cmocka_unit_test(every_mistake_has_its_sentence),
		cmocka_unit_test(nul_and_endless_lines),
		cmocka_unit_test(too_large_a_file),
		cmocka_unit_test(include_loops),
		cmocka_unit_test(include_chain_of_a_hundred),
		cmocka_unit_test(include_tree),
		cmocka_unit_test(errors_are_counted_beyond_a_hundred),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(every_truncation),
	};

	return cmocka_run_group_tests_name("conf", tests, make_folder, remove_folder);
}
