/* test_xml.c - xml.h: what is read, what is refused and where it says so. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <time.h>

#include "base/xml.h"

/* ---- a trace of the call-backs ------------------------------------------------------------- */

struct trace {
	struct sbuf out;
	const char *stop_at;	/* fail in the start of this element */
	unsigned starts;
};

static int
on_doctype(void *ctx, const char *name, const char *pub, const char *sys, struct why *why)
{
	struct trace *t = ctx;

	sbuf_fmt(&t->out, "D(%s,%s,%s)", name, pub ? pub : "-", sys ? sys : "-");
	return OK;
}

static int
on_instruction(void *ctx, const char *target, const char *data, bool in_doctype, struct why *why)
{
	struct trace *t = ctx;

	sbuf_fmt(&t->out, "P%s(%s,%s)", in_doctype ? "d" : "", target, data);
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct trace *t = ctx;
	size_t i;

	t->starts++;
	if (t->stop_at != NULL && strcmp(name, t->stop_at) == 0)
		return why_set(why, ERR_UNSUPPORTED, "no %s here", name);
	sbuf_fmt(&t->out, "<%s", name);
	for (i = 0; i < n; i++)
		sbuf_fmt(&t->out, " %s=[%s]", attrs[i].name, attrs[i].value);
	sbuf_str(&t->out, ">");
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	sbuf_span(&((struct trace *)ctx)->out, text);
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	sbuf_fmt(&((struct trace *)ctx)->out, "</%s>", name);
	return OK;
}

static const struct xml_events events = { on_doctype, on_instruction, on_start, on_text, on_end };

/* Parse a copy that ends where its heap block ends. */
static int
run(struct span doc, const char *charset, struct trace *t, struct why *why)
{
	uint8_t *copy = malloc(doc.n);
	int err;

	assert_true(copy != NULL || doc.n == 0);
	if (doc.n > 0)
		memcpy(copy, doc.p, doc.n);
	*why = (struct why){ 0 };
	err = xml_parse(span_of(copy, doc.n), charset, NULL, &events, t, why);
	free(copy);
	return err;
}

/* ---- accepted ------------------------------------------------------------------------------ */

#define LIT(s) { (const uint8_t *)(s), sizeof(s) - 1 }

static const struct {
	struct span doc;
	const char *charset, *trace;
} good[] = {
	{ LIT("<a/>"), NULL, "<a></a>" },
	{ LIT("<?xml version='1.0'?><a b='1' c=\"&lt;&#65;&quot;\">x&amp;y</a>\n"), NULL,
	  "<a b=[1] c=[<A\"]>x&y</a>" },
	{ LIT("<a><![CDATA[<b> &x; ]]></a>"), NULL, "<a><b> &x; </a>" },
	{ LIT("<!-- <b ' --><a><!-- & \" --><?p 'd<?></a>"), NULL, "<a>P(p,'d<)</a>" },
	{ LIT("<!DOCTYPE a><a/>"), NULL, "D(a,-,-)<a></a>" },
	{ LIT("<!DOCTYPE pap PUBLIC \"-//X//DTD PAP 2.0//EN\" \"http://x.example/d'.dtd\" [\n"
	      "<?wap-pap-ver supported-versions=\"2.0,1.*\"?> <!-- it's > here --> ]><pap/>"), NULL,
	  "D(pap,-//X//DTD PAP 2.0//EN,http://x.example/d'.dtd)"
	  "Pd(wap-pap-ver,supported-versions=\"2.0,1.*\")<pap></pap>" },
	{ LIT("\xEF\xBB\xBF<a>\xC3\xA9</a>"), NULL, "<a>\xC3\xA9</a>" },
	{ LIT("\xEF\xBB\xBF<a>\xC3\xA9</a>"), "UTF-8", "<a>\xC3\xA9</a>" },
	{ LIT("<?xml version='1.0' encoding='iso-8859-1'?><a b='\xE9'>\xE9</a>"), NULL,
	  "<a b=[\xC3\xA9]>\xC3\xA9</a>" },
	/* the transport's charset beats the declaration */
	{ LIT("<?xml version='1.0' encoding='utf-8'?><a>\xE9</a>"), "ISO-8859-1", "<a>\xC3\xA9</a>" },
	{ LIT("<?xml version='1.0' encoding=\"koi8-r\"?><a>\xC3\xA9</a>"), "utf-8", "<a>\xC3\xA9</a>" },
	{ LIT("<a>plain</a>"), "us-ascii", "<a>plain</a>" },
	{ LIT("\xFF\xFE<\0a\0>\0\xE9\0\x3D\xD8\x00\xDE<\0/\0a\0>\0"), NULL,
	  "<a>\xC3\xA9\xF0\x9F\x98\x80</a>" },
	{ LIT("\0<\0a\0/\0>"), NULL, "<a></a>" },
	{ LIT("<\0a\0/\0>\0"), "utf-16le", "<a></a>" },
	{ LIT("\xFE\xFF\0<\0a\0/\0>"), "utf-16", "<a></a>" },
	{ LIT("<a b='x>y'>1</a>"), NULL, "<a b=[x>y]>1</a>" },
	{ LIT("<a>\r\n&#13;</a>"), NULL, "<a>\n\r</a>" },
	{ LIT("<a:b xmlns:a='u' a:c='1'/>"), NULL, "<a:b xmlns:a=[u] a:c=[1]></a:b>" },
};

static void
accepts(void **state)
{
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct trace t = { 0 };
		struct why why;

		if (run(good[i].doc, good[i].charset, &t, &why) != OK)
			fail_msg("row %zu: %s", i, why.text);
		assert_string_equal(t.out.s, good[i].trace);
		sbuf_done(&t.out);
	}
}

/* Every document cut short is an error, but for white space or comments behind the root. */
static void
refuses_truncations(void **state)
{
	size_t i, n;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct span doc = good[i].doc;

		for (n = 0; n < doc.n; n++) {
			struct trace t = { 0 };
			struct why why;
			int err = run(span_of(doc.p, n), good[i].charset, &t, &why);

			sbuf_done(&t.out);
			if (doc.p[n] == '\n' && n + 1 == doc.n)
				continue;
			assert_int_not_equal(err, OK);
			assert_non_null(strstr(why.text, "line "));
			assert_true(why.offset <= n);
		}
	}
}

/* ---- refused ------------------------------------------------------------------------------- */

static const struct {
	struct span doc;
	const char *charset;
	int err;
	size_t offset;
	const char *text;		/* start of the sentence */
} bad[] = {
	/* */
	{ LIT("<a>\n  <b>\n</a>"), NULL, ERR_SYNTAX, 12, "line 3, column 3: mismatched tag" },
	{ LIT("<a/><b/>"), NULL, ERR_SYNTAX, 4, "line 1, column 5: junk" },
	{ LIT("<a/>x"), NULL, ERR_SYNTAX, 4, "line 1, column 5: " },
	{ LIT("<a><b></b>"), NULL, ERR_SYNTAX, 10, "line 1, column 11: no element found" },
	{ LIT(""), NULL, ERR_SYNTAX, 0, "line 1, column 1: the document is empty" },
	{ LIT("hello"), NULL, ERR_SYNTAX, 0, "line 1, column 1: " },
	{ LIT("<a b='1' b='2'/>"), NULL, ERR_SYNTAX, 9, "line 1, column 10: duplicate attribute" },
	/* */
	{ LIT("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), NULL, ERR_SYNTAX, 13,
	  "line 1, column 14: entity declarations are not accepted" },
	{ LIT("<!DOCTYPE a [\n<!ENTITY x SYSTEM \"file:///etc/hostname\">]><a b='&x;'/>"), NULL,
	  ERR_SYNTAX, 14, "line 2, column 1: entity declarations are not accepted" },
	{ LIT("<!DOCTYPE a [<!ENTITY % x 'y'>]><a/>"), NULL, ERR_SYNTAX, 13,
	  "line 1, column 14: entity declarations" },
	{ LIT("<!DOCTYPE a [ %x; ]><a/>"), NULL, ERR_SYNTAX, 14,
	  "line 1, column 15: parameter entities" },
	{ LIT("<!DOCTYPE a [<!-- > --> <!ELEMENT a ANY>]><a/>"), NULL, ERR_SYNTAX, 24,
	  "line 1, column 25: element declarations" },
	{ LIT("<!DOCTYPE a [<!ATTLIST a b CDATA 'x'>]><a/>"), NULL, ERR_SYNTAX, 13,
	  "line 1, column 14: attribute list" },
	{ LIT("<!DOCTYPE a [<!NOTATION n SYSTEM 'x'>]><a/>"), NULL, ERR_SYNTAX, 13,
	  "line 1, column 14: notation" },
	/* With an external subset expat passes over unknown entities; we do not. */
	{ LIT("<!DOCTYPE a SYSTEM 'http://x.example/'><a>&nbsp;</a>"), NULL, ERR_SYNTAX, 42,
	  "line 1, column 43: reference to an entity" },
	{ LIT("<!DOCTYPE a SYSTEM 'http://x.example/'><a b='&nbsp;'/>"), NULL, ERR_SYNTAX, 45,
	  "line 1, column 46: reference to an entity" },
	/* */
	{ LIT("<a>\xC3\xA9\xFF</a>"), NULL, ERR_SYNTAX, 5, "line 1, column 5: octet that is not UTF-8" },
	{ LIT("<a b='\xC0\x80'/>"), NULL, ERR_SYNTAX, 6, "line 1, column 7: octet that is not UTF-8" },
	{ LIT("<a>\xED\xA0\x80</a>"), NULL, ERR_SYNTAX, 3, "line 1, column 4: octet that is not UTF-8" },
	{ LIT("<a>\0</a>"), NULL, ERR_SYNTAX, 3, "line 1, column 4: NUL" },
	{ LIT("<abcdefghijk l='\x1F'/>"), NULL, ERR_SYNTAX, 16, "line 1, column 17: control character" },
	{ LIT("<a>&#1;</a>"), NULL, ERR_SYNTAX, 3, "line 1, column 4: reference to invalid character" },
	{ LIT("<a>&#0;</a>"), NULL, ERR_SYNTAX, 3, "line 1, column 4: reference to invalid character" },
	{ LIT("<a>\xC3\xA9</a>"), "us-ascii", ERR_SYNTAX, 3, "line 1, column 4: octet outside us-ascii" },
	{ LIT("<?xml version='1.0' encoding='us-ascii'?><a>\xE9</a>"), NULL, ERR_SYNTAX, 44,
	  "line 1, column 45: octet outside us-ascii" },
	/* character sets */
	{ LIT("<a/>"), "koi8-r", ERR_SYNTAX, 0, "line 1, column 1: charset koi8-r is not" },
	{ LIT("<?xml version='1.0' encoding='x\ny'?><a/>"), NULL, ERR_SYNTAX, 0,
	  "line 1, column 1: charset x\\x0Ay is not" },
	{ LIT("<?xml version='1.0' encoding='utf-16'?><a/>"), NULL, ERR_SYNTAX, 0, "line 1, column 1: " },
	{ LIT("<\0a\0/\0>\0!"), "utf-16le", ERR_SYNTAX, 8, "line 1, column 5: half a UTF-16" },
	{ LIT("\xFE\xFF\0<\0a\0>\xD8\0\0x\0<\0/\0a\0>"), NULL, ERR_SYNTAX, 8,
	  "line 1, column 4: half a UTF-16" },
	/* offsets of converted documents are those of the octets that came */
	{ LIT("<a>\xE9\xE9</b>"), "iso-8859-1", ERR_SYNTAX, 7, "line 1, column 8: mismatched" },
	{ LIT("\xFF\xFE<\0a\0>\0\x3D\xD8\x00\xDE<\0/\0b\0>\0"), NULL, ERR_SYNTAX, 16,
	  "line 1, column 7: mismatched" },
	/* nothing included, namespaces not followed */
	{ LIT("<a>\n<stop/></a>"), NULL, ERR_UNSUPPORTED, 4, "line 2, column 1: no stop here" },
};

static void
refuses(void **state)
{
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct trace t = { .stop_at = "stop" };
		struct why why;
		int err = run(bad[i].doc, bad[i].charset, &t, &why);

		if (err != bad[i].err || why.offset != bad[i].offset ||
		    strncmp(why.text, bad[i].text, strlen(bad[i].text)) != 0)
			fail_msg("row %zu: %d, offset %zu, %s", i, err, why.offset, why.text);
		sbuf_done(&t.out);
	}
}

static void
nested_entities_are_quick(void **state)
{
	struct sbuf doc = { 0 };
	struct trace t = { 0 };
	struct why why;
	int i;

	sbuf_str(&doc, "<!DOCTYPE a [<!ENTITY e0 \"ha\">");
	for (i = 1; i < 10; i++)
		sbuf_fmt(&doc, "<!ENTITY e%d \"&e%d;&e%d;&e%d;&e%d;&e%d;\">", i, i - 1, i - 1, i - 1,
		    i - 1, i - 1);
	sbuf_str(&doc, "]><a>&e9;</a>");
	assert_int_equal(run(sbuf_as_span(&doc), NULL, &t, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.text, "entity declarations are not accepted"));
	assert_int_equal(t.out.n, 0);
	sbuf_done(&doc);
}

/* ---- limits -------------------------------------------------------------------------------- */

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
many_attributes(void **state)
{
	static const int counts[] = { 20000, 40000 };
	size_t i;
	int k;

	for (i = 0; i < 2; i++) {
		struct sbuf doc = { 0 };
		struct trace t = { 0 };
		struct why why;
		double from;

		sbuf_str(&doc, "<x><a");
		for (k = 0; k < counts[i]; k++)
			sbuf_fmt(&doc, " a%d='>'", k);
		sbuf_str(&doc, "/></x>");
		from = cpu_ms();
		assert_int_equal(run(sbuf_as_span(&doc), NULL, &t, &why), ERR_LIMIT);
		assert_true(cpu_ms() - from < 100);
		assert_string_equal(why.text, "line 1, column 4: start tag longer than 8192 octets");
		assert_int_equal(t.starts, 0);
		sbuf_done(&doc);
		sbuf_done(&t.out);
	}
}

static void
limits(void **state)
{
	struct xml_limits lim = { 3, 2, 40 };
	struct trace t = { 0 };
	struct why why;
	size_t i;
	static const struct { const char *doc; int err; const char *text; } rows[] = {
		{ "<a><b><c/></b></a>", OK, NULL },
		{ "<a><b><c><d/></c></b></a>", ERR_LIMIT, "line 1, column 10: elements nested deeper than 3" },
		{ "<a b='' c=''/>", OK, NULL },
		{ "<a b='' c='' d=''/>", ERR_LIMIT, "line 1, column 1: more than 2 attributes" },
		{ "<a b='45678901234567890123456789012345'>x</a>", OK, NULL },	/* 40 octets */
		{ "<a b='456789012345678901234567890123456'>x</a>", ERR_LIMIT, "line 1, column 1: start tag" },
		{ "<a><!-- <b c='4567890123456789012345678901234567890'> --></a>", OK, NULL },
		{ "<a><![CDATA[<b c='4567890123456789012345678901234567890'>]]></a>", OK, NULL },
		{ "<a><?x <b c='4567890123456789012345678901234567890'>?></a>", OK, NULL },
		{ "<!DOCTYPE a SYSTEM '<b c=4567890123456789012345678901234567890>'><a/>", OK, NULL },
		{ "<!DOCTYPE a [<!-- ' -->]><a b=\"'4567890123456789012345678901234567890\">'</a>", ERR_LIMIT,
		  "line 1, column 26: start tag" },
	};

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err = xml_parse(span_str(rows[i].doc), NULL, &lim, &events, &t, &why);

		if (err != rows[i].err || (err && strncmp(why.text, rows[i].text, strlen(rows[i].text)) != 0))
			fail_msg("row %zu: %d %s", i, err, why.text);
	}
	sbuf_done(&t.out);
}

static void
default_depth(void **state)
{
	struct sbuf doc = { 0 };
	struct trace t = { 0 };
	struct why why;
	int i;

	for (i = 0; i < 16; i++)
		sbuf_str(&doc, "<a>");
	for (i = 0; i < 16; i++)
		sbuf_str(&doc, "</a>");
	assert_int_equal(run(sbuf_as_span(&doc), NULL, &t, &why), OK);
	sbuf_clear(&doc);
	for (i = 0; i < 100000; i++)
		sbuf_str(&doc, "<a>");
	assert_int_equal(run(sbuf_as_span(&doc), NULL, &t, &why), ERR_LIMIT);
	sbuf_done(&doc);
	sbuf_done(&t.out);
}

/* ---- one parser per thread ------------------------------------------------------------------ */

static int
start_nested(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct trace *t = ctx;
	struct trace inner = { 0 };
	int err = run(span_str("<in x='1'>y</in>"), NULL, &inner, why);

	sbuf_fmt(&t->out, "%s{%s}", name, inner.out.s);
	sbuf_done(&inner.out);
	return err;
}

static void
a_callback_may_parse(void **state)
{
	static const struct xml_events nested = { .start = start_nested };
	struct trace t = { 0 };
	struct why why;

	assert_int_equal(xml_parse(span_str("<a><b/></a>"), NULL, NULL, &nested, &t, &why), OK);
	assert_string_equal(t.out.s, "a{<in x=[1]>y</in>}b{<in x=[1]>y</in>}");
	sbuf_done(&t.out);
}

static void *
parse_often(void *arg)
{
	int i, *bad_runs = arg;

	for (i = 0; i < 200; i++) {
		struct trace t = { 0 };
		struct why why;

		if (i % 2 == 0) {
			*bad_runs += run(good[1].doc, NULL, &t, &why) != OK ||
			    strcmp(t.out.s, good[1].trace) != 0;
		} else {
			*bad_runs += run(bad[i % 16].doc, NULL, &t, &why) == OK;
		}
		sbuf_done(&t.out);
	}
	return NULL;
}

static void
threads_do_not_meet(void **state)
{
	pthread_t threads[4];
	int bad_runs[4] = { 0 };
	size_t i;

	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, parse_often, &bad_runs[i]), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(bad_runs[i], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts),
		cmocka_unit_test(refuses_truncations),
		cmocka_unit_test(refuses),
		cmocka_unit_test(nested_entities_are_quick),
		cmocka_unit_test(many_attributes),
		cmocka_unit_test(limits),
		cmocka_unit_test(default_depth),
		cmocka_unit_test(a_callback_may_parse),
		cmocka_unit_test(threads_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
