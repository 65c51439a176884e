/* test_conf_values.c - values that stand in the environment, in files of secrets, and on several lines. */
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"

static const struct conf_key keys[] = {
	{ "text", CONF_TEXT, 0, 70000, NULL, NULL, 0, "any text" },
	{ "path", CONF_TEXT, 1, 512, NULL, "spool", CONF_PATH, "a file" },
	{ "port", CONF_NUMBER, 1, 65535, NULL, "8080", 0, "port" },
	{ "password", CONF_TEXT, 3, 8, NULL, NULL, CONF_SECRET, "password" },
	{ "long-secret", CONF_TEXT, 0, 4096, NULL, NULL, CONF_SECRET, "a long one" },
	{ "pin", CONF_NUMBER, 1000, 9999, NULL, NULL, CONF_SECRET, "number nobody may see" },
	{ "url", CONF_TEXT, 1, 512, NULL, "sqlite:x", CONF_SECRET | CONF_URL, "a database" },
	{ "old-key", CONF_IGNORED, 0, 0, NULL, NULL, 0, "was needed once" },
	{ 0 },
};
static const struct conf_group_def defs[] = {
	{ "core", keys, false, true, NULL, NULL },
	{ "smsbox", NULL, true, false, NULL, NULL },
	{ 0 },
};

static char folder[] = "/tmp/test_conf_values.XXXXXX";
static struct sbuf errors, notices;

static int
prepare(void **state)
{
	char *big = malloc(40001);

	memset(big, 'v', 40000);
	big[40000] = '\0';
	setenv("TC_PORT", "7001", 1);
	setenv("TC_EMPTY", "", 1);
	setenv("TC_NAME", "smsc", 1);
	setenv("TC_TWICE", "${TC_PORT}", 1);
	setenv("TC_FILE", "file:pw", 1);
	setenv("TC_QUOTE", "a\"b\\c # d", 1);
	setenv("TC_LINES", "a\nport = 1", 1);
	setenv("TC_LATIN1", "\xE9", 1);
	setenv("TC_SECRET", "geheimnisvoll", 1);
	setenv("TC_BIG", big, 1);
	unsetenv("TC_NONE");
	free(big);
	return mkdtemp(folder) == NULL;
}

static int
clean(void **state)
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
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
put_file(const char *name, const void *octets, size_t n, mode_t mode)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, n, f), n);
	fclose(f);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void
collect(void *arg, int level, const char *line)
{
	struct sbuf *to = level == 2 ? &errors : &notices;
	const char *at;

	while ((at = strstr(line, folder)) != NULL) {
		sbuf_put(to, line, (size_t)(at - line));
		line = at + strlen(folder) + 1;
	}
	sbuf_fmt(to, "%s\n", line);
}

static int
load(const char *text, struct conf **out)
{
	put_file("x.conf", text, strlen(text), 0600);
	sbuf_clear(&errors);
	sbuf_clear(&notices);
	sbuf_str(&errors, "");
	sbuf_str(&notices, "");
	return conf_load(path_of("x.conf"), defs, collect, NULL, out);
}

static struct conf *
good(const char *text)
{
	struct conf *conf;

	if (load(text, &conf) != OK)
		fail_msg("refused: %s", errors.s);
	return conf;
}

/* ---- rows ----------------------------------------------------------------------------------- */

#define CORE "group = core\n"

/* What stands behind "text =", and what is meant. */
static const struct { const char *written, *meant; } text_rows[] = {
	{ "${TC_PORT}", "7001" },
	{ "\"${TC_PORT}\"", "7001" },
	{ "a${TC_PORT}b${TC_PORT}", "a7001b7001" },
	{ "${TC_EMPTY}", "" },
	{ "x${TC_EMPTY}y", "xy" },
	/* what comes out is not looked at again */
	{ "${TC_TWICE}", "${TC_PORT}" },
	{ "${TC_QUOTE}", "a\"b\\c # d" },
	{ "$${TC_PORT}", "${TC_PORT}" },
	{ "$$${TC_PORT}", "$${TC_PORT}" },
	{ "$$$${TC_PORT}", "$$${TC_PORT}" },
	/* no variables */
	{ "$TC_PORT", "$TC_PORT" },
	{ "$", "$" },
	{ "a$", "a$" },
	{ "$$", "$$" },
	{ "$(TC_PORT)", "$(TC_PORT)" },
	{ "$scrypt$ln=15", "$scrypt$ln=15" },
	{ "{TC_PORT}", "{TC_PORT}" },
	{ "file:pw", "file:pw" },	/* not a secret */
	/* lines that go on */
	{ "a;\\\n   b;\\\n\tc", "a;b;c" },
	{ "a;  \\\n#b", "a;  #b" },
	{ "a\\  \nb", "ab" },
	{ "a\\\r\nb", "ab" },
	{ "\"a\\\n  b\"", "ab" },
	{ "a\\\n\n", "a" },
	{ "a\\", "a" },
	{ "a\\\\\npath = b", "a\\" },
	{ "\"a\\\\\"", "a\\" },
	{ "\\\nb", "b" },
	{ "${TC_\\\nPORT}", "7001" },
};

static void
values_as_they_are_meant(void **state)
{
	size_t i;

	for (i = 0; i < sizeof text_rows / sizeof text_rows[0]; i++) {
		struct sbuf b = { 0 };
		struct conf *conf;

		sbuf_fmt(&b, CORE "text = %s", text_rows[i].written);
		conf = good(b.s);
		if (strcmp(conf_text(conf_first(conf, "core"), "text"), text_rows[i].meant) != 0)
			fail_msg("row %zu: %s", i, conf_text(conf_first(conf, "core"), "text"));
		assert_string_equal(notices.s, "");
		conf_free(&conf);
		sbuf_done(&b);
	}
}

#define WHERE "x.conf:2: group core, "
#define NAME_RULE "\"${\" takes the name of a variable and \"}\" behind it; \"$${\" means the characters themselves\n"

static const struct { const char *text, *errors; } bad_rows[] = {
	{ CORE "text = ${TC_NONE}\n", WHERE "text: the environment has no variable TC_NONE\n" },
	{ CORE "port = ${TC_NONE}\n", WHERE "port: the environment has no variable TC_NONE\n" },
	{ CORE "text = ${TC_PORT\n", WHERE "text: " NAME_RULE },
	{ CORE "text = ${}\n", WHERE "text: " NAME_RULE },
	{ CORE "text = ${\n", WHERE "text: " NAME_RULE },
	{ CORE "text = ${1X}\n", WHERE "text: " NAME_RULE },
	{ CORE "text = ${A-B}\n", WHERE "text: " NAME_RULE },
	{ CORE "text = ${A B}\n", WHERE "text: " NAME_RULE },
	{ CORE "text = ${TC_LINES}\n", WHERE "text: the variable TC_LINES is not UTF-8 text of one line\n" },
	{ CORE "text = ${TC_LATIN1}\n", WHERE "text: the variable TC_LATIN1 is not UTF-8 text of one line\n" },
	{ CORE "text = ${TC_BIG}${TC_BIG}\n", WHERE "text: the value is longer than 65536 octets\n" },
	{ CORE "port = 8${TC_PORT}0\n", WHERE "port: 870010 is not in 1..65535\n" },
	{ CORE "port = ${TC_EMPTY}\n", WHERE "port: an empty value is not a number in 1..65535\n" },
	/* names are not values */
	{ CORE "group = ${TC_NAME}\n", "x.conf:2: group ${TC_NAME}: unknown group\n" },
	{ CORE "include = ${TC_NAME}\n", "x.conf:2: include: ${TC_NAME}: No such file or directory\n" },
	/* secrets are not shown */
	{ CORE "pin = ${TC_SECRET}\n", WHERE "pin: the value (not shown) is not a number in 1000..9999\n" },
	{ CORE "password = ${TC_SECRET}\n", WHERE "password: the value has 13 octets, allowed are 3..8\n" },
	{ CORE "pin = file:pw\n", WHERE "pin: the value (not shown) is not a number in 1000..9999\n" },
	{ CORE "password = file:\n", WHERE "password: file : is not a regular file\n" },
	{ CORE "password = file:none\n", WHERE "password: file none: No such file or directory\n" },
	{ CORE "password = file:${TC_NONE}\n", WHERE "password: the environment has no variable TC_NONE\n" },
	{ CORE "password = file:.\n", WHERE "password: file .: is not a regular file\n" },
	{ CORE "password = file:fifo\n", WHERE "password: file fifo: is not a regular file\n" },
	{ CORE "password = file:empty\n", WHERE "password: file empty: its first line is empty\n" },
	{ CORE "password = file:later\n", WHERE "password: file later: its first line is empty\n" },
	{ CORE "password = file:nul\n", WHERE "password: file nul: its first line is not UTF-8 text\n" },
	{ CORE "password = file:latin1\n", WHERE "password: file latin1: its first line is not UTF-8 text\n" },
	{ CORE "password = file:large\n", WHERE "password: file large: more than 4096 octets\n" },
	{ CORE "password = file:13\n", WHERE "password: the value has 13 octets, allowed are 3..8\n" },
	/* lines that are joined are one line, at the place of the first */
	{ CORE "port = 7\\\n  x\ntext = \"\n", WHERE "port: 7x is not a number in 1..65535\n"
	  "x.conf:4: column 8: the quote that starts here is not closed\n" },
	{ CORE "text = a\\\n\xE9\n", "x.conf:3: column 1: octet \\xE9 is not UTF-8\n" },
	{ CORE "text = a\\\n#\xE9\n", "x.conf:2: column 10: octet \\xE9 is not UTF-8\n" },
	{ CORE "text = a\\\nb\x01\n", "x.conf:3: column 2: octet \\x01 does not belong in a text file\n" },
	{ "group = smsbox\nx = \\\ngroup = core\n", "x.conf: group core: this group is required and missing\n" },
};

static void
make_secrets(void)
{
	char large[4097];

	memset(large, 'p', sizeof large);
	put_file("pw", "geheim\nnot this\n", 16, 0640);
	put_file("13", "geheimnisvoll\n", 14, 0600);
	put_file("empty", "", 0, 0600);
	put_file("later", "\nsecret\n", 8, 0600);
	put_file("nul", "ge\0heim\n", 8, 0600);
	put_file("latin1", "ge\xE9\n", 4, 0600);
	put_file("large", large, sizeof large, 0600);
	put_file("full", large, 4096, 0600);
	put_file("crlf", "geheim\r\n", 8, 0604);
	put_file("bare", "${PIN}", 6, 0602);
	mkfifo(path_of("fifo"), 0600);
}

static void
every_mistake_has_its_sentence(void **state)
{
	size_t i;

	make_secrets();
	for (i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
		struct conf *conf;

		assert_int_equal(load(bad_rows[i].text, &conf), ERR_SYNTAX);
		assert_null(conf);
		if (strcmp(errors.s, bad_rows[i].errors) != 0)
			fail_msg("row %zu: %s", i, errors.s);
		assert_null(strstr(errors.s, "geheim"));
		assert_null(strstr(notices.s, "geheim"));
	}
}

/* ---- files of secrets ------------------------------------------------------------------------- */

static const char *
secret_of(const char *written)
{
	static char got[8192];
	struct sbuf b = { 0 };
	struct conf *conf;

	sbuf_fmt(&b, CORE "long-secret = %s\n", written);
	conf = good(b.s);
	snprintf(got, sizeof got, "%s", conf_text(conf_first(conf, "core"), "long-secret"));
	conf_free(&conf);
	sbuf_done(&b);
	return got;
}

static void
secrets_from_files(void **state)
{
	struct conf *conf;
	struct sbuf b = { 0 };

	make_secrets();
	assert_string_equal(secret_of("file:pw"), "geheim");
	assert_string_equal(notices.s, "");
	assert_int_equal(strlen(secret_of("\"file:full\"")), 4096);
	assert_string_equal(secret_of("file:crlf"), "geheim");
	assert_string_equal(notices.s,
	    "x.conf:2: group core, long-secret: everybody may read or change file crlf\n");
	/* neither the content of a file nor that of a variable is looked at again */
	assert_string_equal(secret_of("file:bare"), "${PIN}");
	assert_string_equal(notices.s,
	    "x.conf:2: group core, long-secret: everybody may read or change file bare\n");
	assert_string_equal(secret_of("${TC_FILE}"), "file:pw");
	assert_string_equal(secret_of("File:pw"), "File:pw");
	setenv("TC_FOLDER", folder, 1);
	assert_string_equal(secret_of("file:${TC_FOLDER}/pw"), "geheim");

	/* relative to the file that names it */
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	put_file("sub/own", "innen\n", 6, 0600);
	put_file("sub/more.conf", "password = file:own\n", 20, 0600);
	conf = good(CORE "include = sub/more.conf\n");
	assert_string_equal(conf_text(conf_first(conf, "core"), "password"), "innen");
	conf_print(conf, &b);
	assert_null(strstr(b.s, "innen"));
	assert_non_null(strstr(b.s, "\npassword = \"***\"\n"));
	conf_free(&conf);
	sbuf_done(&b);
}

static void
a_text_in_memory_names_no_file(void **state)
{
	struct conf *conf;

	sbuf_clear(&errors);
	assert_int_equal(conf_load_text("memory", span_str(CORE "password = file:/etc/hostname\n"), defs, collect,
	    NULL, &conf), ERR_SYNTAX);
	assert_string_equal(errors.s,
	    "memory:2: group core, password: this is not a file, so it names none\n");
}

/* ---- printed ------------------------------------------------------------------------------------ */

static void
printed_with_defaults_marked(void **state)
{
	struct conf *conf = good(CORE "text = \"$${x}$$${TC_PORT}\"\nport = 8080\nold-key = ${TC_NONE}\n");
	struct sbuf once = { 0 }, twice = { 0 }, expected = { 0 };

	conf_print(conf, &once);
	conf_free(&conf);
	sbuf_fmt(&expected, "# A line that begins with # shows a key that is not written, and its default.\n"
	    "\ngroup = core\ntext = \"$${x}$$${TC_PORT}\"\n#path = \"%s/spool\"\nport = 8080\n#password =\n"
	    "#long-secret =\n#pin =\n#url = \"sqlite:x\"\n", folder);
	assert_string_equal(once.s, expected.s);
	conf = good(once.s);
	assert_string_equal(conf_text(conf_first(conf, "core"), "text"), "${x}$${TC_PORT}");
	conf_print(conf, &twice);
	conf_free(&conf);
	assert_string_equal(twice.s, once.s);
	sbuf_done(&once);
	sbuf_done(&twice);
	sbuf_done(&expected);
}

static void
passwords_in_urls_are_hidden(void **state)
{
	static const struct { const char *url, *shown; } rows[] = {
		{ "sqlite:/var/lib/x.db", "sqlite:/var/lib/x.db" },
		{ "postgresql://host/name", "postgresql://host/name" },
		{ "postgresql://host:5432/name", "postgresql://host:5432/name" },
		{ "postgresql://user@host:5432/name", "postgresql://user@host:5432/name" },
		{ "postgresql://user:geheim@host/name", "postgresql://user:***@host/name" },
		{ "postgresql://user:geheim@host:5432/name?a=b", "postgresql://user:***@host:5432/name?a=b" },
		{ "postgresql://user:ge@heim@host/name", "postgresql://user:***@host/name" },
		{ "postgresql://user:ge/heim@host/name", "postgresql://user:***@host/name" },
		{ "postgresql://user:ge?heim#@host/name", "postgresql://user:***@host/name" },
		{ "postgresql://user:ge:heim@host/name", "postgresql://user:***@host/name" },
		{ "postgresql://host/name?password=geheim&x=1", "postgresql://host/name?password=***&x=1" },
		{ "postgresql://u:geheim@h/n?sslpassword=geheim", "postgresql://u:***@h/n?sslpassword=***" },
		{ "postgresql:host=a password=geheim dbname=b", "postgresql:host=a password=*** dbname=b" },
		{ "postgresql:PassWord = 'ge\\' heim' dbname=b", "postgresql:PassWord = *** dbname=b" },
		{ "postgresql:password='geheim", "postgresql:password=***" },
		{ "postgresql:password=", "postgresql:password=***" },
		{ "postgresql:passwords", "postgresql:passwords" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf b = { 0 }, shown = { 0 };
		struct conf *conf;
		const char *p;

		sbuf_str(&b, CORE "url = \"");
		for (p = rows[i].url; *p != '\0'; p++)
			sbuf_fmt(&b, *p == '\\' ? "\\%c" : "%c", *p);
		sbuf_str(&b, "\"\n");
		conf = good(b.s);
		assert_string_equal(conf_text(conf_first(conf, "core"), "url"), rows[i].url);
		sbuf_clear(&b);
		conf_print(conf, &b);
		sbuf_fmt(&shown, "\nurl = \"%s\"\n", rows[i].shown);
		if (strstr(b.s, shown.s) == NULL || strstr(b.s, "heim") != NULL)
			fail_msg("row %zu: %s", i, b.s);
		conf_free(&conf);
		sbuf_done(&b);
		sbuf_done(&shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_as_they_are_meant),
		cmocka_unit_test(every_mistake_has_its_sentence),
		cmocka_unit_test(secrets_from_files),
		cmocka_unit_test(a_text_in_memory_names_no_file),
		cmocka_unit_test(printed_with_defaults_marked),
		cmocka_unit_test(passwords_in_urls_are_hidden),
	};

	return cmocka_run_group_tests_name("conf_values", tests, prepare, clean);
}
