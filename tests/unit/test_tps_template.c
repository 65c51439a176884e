/* Templates of documents: what they may say, and how places are filled. */
#include "tests/unit/test.h"

#include "contrib/tps/template.h"
#include "wap/content.h"

static const char good[] =
    "# title: A test\n# type: text/xml\n# needs apn: the name\n# takes name = A & B: what is read\n# takes user: who\n# more\n"
    "<a v=\"${apn}\" n=\"${name}\"/>\n#if user\n<u>${user}</u>\n#end\n$${apn} $5 ${apn}${apn}\n";

static void
fill(const char *text, const struct tps_value *values, size_t n, int expected_err, const char *expected)
{
	struct tps_template t;
	struct sbuf out = { 0 };
	struct why why = { 0 };
	int err;

	assert_int_equal(tps_template_parse("test", span_str(text), &t, &why), OK);
	err = tps_template_fill(&t, values, n, &out, &why);
	assert_int_equal(err, expected_err);
	if (err == OK)
		assert_string_equal(out.s, expected);
	else
		assert_non_null(strstr(why.text, expected));
	sbuf_done(&out);
	tps_template_done(&t);
}

static void
filled(void **state)
{
	const struct tps_value all[] = { { "apn", "x\"<&>'", true }, { "name", "N", true }, { "user", "u", true } };
	const struct tps_value offered[] = { { "apn", "given", true }, { "apn", "offered", false }, { "other", "o", false } };
	const struct tps_value missing[] = { { "name", "N", true }, { "apn", NULL, false } };
	const struct tps_value unknown[] = { { "apn", "a", true }, { "apm", "b", true } };
	const struct tps_value twice[] = { { "apn", "a", true }, { "apn", "b", true } };
	const struct tps_value control[] = { { "apn", "a\nb", true } };
	const struct tps_value octets[] = { { "apn", "a\xff", true } };

	fill(good, all, 3, OK, "<a v=\"x&quot;&lt;&amp;&gt;&apos;\" n=\"N\"/>\n<u>u</u>\n${apn} $5 "
	    "x&quot;&lt;&amp;&gt;&apos;x&quot;&lt;&amp;&gt;&apos;\n");
	fill(good, offered, 3, OK, "<a v=\"given\" n=\"A &amp; B\"/>\n${apn} $5 givengiven\n");
	fill(good, missing, 2, ERR_NOT_FOUND, "template test needs apn: the name");
	fill(good, NULL, 0, ERR_NOT_FOUND, "needs apn");
	fill(good, unknown, 2, ERR_SYNTAX, "knows no apm");
	fill(good, twice, 2, ERR_SYNTAX, "apn is given twice");
	fill(good, control, 1, ERR_SYNTAX, "apn has control characters");
	fill(good, octets, 1, ERR_SYNTAX, "apn has control characters or is no UTF-8");
}

static void
long_value(void **state)
{
	char text[TPS_VALUE_MAX + 2];
	struct tps_value v = { "apn", text, true };

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	fill(good, &v, 1, ERR_LIMIT, "apn has more than 1024 octets");
}

static void
rejected(void **state)
{
	static const struct {
		const char *text, *why;
		int err;
	} rows[] = {
		{ "", "has no document", ERR_SYNTAX },
		{ "# title: only\n", "has no document", ERR_SYNTAX },
		{ "# needs a\n<a/>\n", "line 1: a value is declared as", ERR_SYNTAX },
		{ "# x\n# needs A: b\n<a/>\n", "line 2: names are", ERR_SYNTAX },
		{ "# needs a = b: c\n<a/>\n", "has no default", ERR_SYNTAX },
		{ "# needs a: b\n# takes a: b\n<a/>\n", "declared twice", ERR_SYNTAX },
		{ "# needs aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: b\n<a/>\n", "names are", ERR_SYNTAX },
		{ "# type:\n<a/>\n", "no content type", ERR_SYNTAX },
		{ "<a>\n${b}</a>\n", "line 2: \"b\" is not declared", ERR_SYNTAX },
		{ "# title: t\n<a>\n${b}</a>\n", "line 3: \"b\" is not declared", ERR_SYNTAX },
		{ "# needs b: c\n<a>${b</a>\n", "without \"}\"", ERR_SYNTAX },
		{ "<a>${}</a>\n", "\"\" is not declared", ERR_SYNTAX },
		{ "<a/>\n#if b\n#end\n", "\"b\" is not declared", ERR_SYNTAX },
		{ "# takes b: c\n<a/>\n#if b\n", "#if without #end", ERR_SYNTAX },
		{ "# takes b: c\n<a/>\n#if b\n#if b\n#end\n", "#if inside of #if", ERR_SYNTAX },
		{ "<a/>\n#end\n", "#end without #if", ERR_SYNTAX },
		{ "<a>\xc3</a>\n", "no UTF-8 text", ERR_SYNTAX },
	};
	struct tps_template t;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };

		assert_int_equal(tps_template_parse("bad", span_str(rows[i].text), &t, &why), rows[i].err);
		if (strstr(why.text, rows[i].why) == NULL)
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text, rows[i].why);
		assert_null(t.body);
	}
}

/* Every beginning of a template, in a block of its size: parsed or refused, and freed. */
static void
cut_short(void **state)
{
	size_t n;

	for (n = 0; n < sizeof good - 1; n++) {
		char *copy = malloc(n + 1);
		struct tps_template t;
		struct why why;

		memcpy(copy, good, n);
		if (tps_template_parse("cut", span_of(copy, n), &t, &why) == OK)
			tps_template_done(&t);
		free(copy);
	}
}

/* Those that are installed make documents that our compiler takes. */
static void
installed(void **state)
{
	static const char *const names[] = { "apn", "bootstrap", "dm-bootstrap", "email", "mms", "w7" };
	struct sbuf list = { 0 };
	size_t i, k, full;

	setenv("OPENPPG_TEMPLATES", TOP_SRCDIR "/contrib/tps/templates", 1);
	tps_template_list(NULL, &list);
	assert_string_equal(list.s, "apn\nbootstrap\ndm-bootstrap\nemail\nmms\nw7\n");
	sbuf_done(&list);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		for (full = 0; full < 2; full++) {
			struct tps_value values[TPS_VARS_MAX];
			struct tps_template t;
			struct content content;
			struct sbuf out = { 0 };
			struct why why = { 0 };
			size_t n = 0;

			assert_int_equal(tps_template_load(NULL, names[i], &t, &why), OK);
			for (k = 0; k < t.n_vars; k++)
				if (full || t.vars[k].def == NULL)
					values[n++] = (struct tps_value){ t.vars[k].name, "value & more", true };
			assert_int_equal(tps_template_fill(&t, values, n, &out, &why), OK);
			if (content_prepare(span_str(t.type), sbuf_as_span(&out), false, &content, &why) != OK)
				fail_msg("%s: %s", names[i], why.text);
			assert_string_equal(content.type, strcmp(names[i], "dm-bootstrap") == 0 ? "application/vnd.syncml.dm+wbxml" :
			    "application/vnd.wap.connectivity-wbxml");
			content_done(&content);
			sbuf_done(&out);
			tps_template_done(&t);
		}
	}
}

static void
not_found(void **state)
{
	static const char *const names[] = { "nothing", "", "../templates/apn", ".", "/etc/passwd" };
	struct tps_template t;
	size_t i;

	setenv("OPENPPG_TEMPLATES", TOP_SRCDIR "/contrib/tps/templates", 1);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct why why = { 0 };

		assert_int_equal(tps_template_load(NULL, names[i], &t, &why), ERR_NOT_FOUND);
		assert_non_null(strstr(why.text, "there is no template"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filled), cmocka_unit_test(long_value), cmocka_unit_test(rejected),
		cmocka_unit_test(cut_short), cmocka_unit_test(installed), cmocka_unit_test(not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
