/* test_content_tokens.c - content.h: each token of SI, SL and CO, and what becomes of the XML around the markup. */
#include "tests/unit/test.h"

#include <strings.h>

#include "wap/content.h"

#define SI "text/vnd.wap.si"
#define SL "text/vnd.wap.sl"
#define CO "text/vnd.wap.co"
#define PROV "text/vnd.wap.connectivity-xml"

#define ONE(text) "<si><indication>" text "</indication></si>"

static void
becomes(const char *type, const char *doc, const char *expected)
{
	struct sbuf hex = { 0 };
	struct content c;
	struct why why;

	if (content_prepare(span_str(type), span_str(doc), false, &c, &why) != OK)
		fail_msg("%s: %s", doc, why.text);
	sbuf_hex(&hex, sbuf_as_span(&c.body));
	if (strcasecmp(hex.s, expected) != 0)
		fail_msg("%s: %s, not %s", doc, hex.s, expected);
	sbuf_done(&hex);
	content_done(&c);
}

/* WAP-192, tokeniser: markup that says nothing goes, instructions stay, references become characters. */
static void
what_is_dropped_kept_and_resolved(void **state)
{
	static const struct { const char *type, *doc, *hex; } rows[] = {
		{ SI, "<si><indication/></si>", "02056A00450601" },
		{ SI, "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE html PUBLIC 'x' 'http://y/' [<!-- c --><?z?>]>"
		  "<!-- c --><si><!-- c --><indication/><!-- --></si><!-- c -->\n", "02056A00450601" },
		{ SI, ONE("a<!-- c -->b"), "02056A004546" "03616200" "0101" },
		{ SI, ONE("&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#xE9;&#8364;"),
		  "02056A004546" "033C263E22274142C3A9E282AC00" "0101" },
		{ SI, ONE("<![CDATA[<b>&amp;]]>"), "02056A004546" "033C623E26616D703B00" "0101" },
		{ SL, "<sl href='x?a=1&amp;b=&#x32;'/>", "02066A0085" "0803783F613D3126623D3200" "01" },
		/* instructions */
		{ SI, "<?x?><si><indication/></si>", "02056A02" "7800" "43040001" "450601" },
		{ SI, "<?x a b?>\n<si><indication/></si>\n<?yy?>", "02056A05" "7800797900" "4304000361206200" "01" "450601" "43040201" },
		{ SI, ONE("<?x?>"), "02056A02" "7800" "4546" "43040001" "0101" },
		{ SI, ONE(" a  <?x?>\nb <?x?> "), "02056A04" "78007800" "4546" "036100" "43040001" "03206200" "43040201" "0101" },
		{ SI, ONE("a<?x?>b"), "02056A02" "7800" "4546" "036100" "43040001" "036200" "0101" },
		{ SI, "<si><indication>a</indication><?x?><info><item class='c'/></info></si>",
		  "02056A02" "7800" "4546" "036100" "01" "43040001" "4788" "12036300" "01" "0101" },
		{ PROV, "<?x?><wap-provisioningdoc><?y z?></wap-provisioningdoc>", "030B6A04" "78007900" "43040001" "45" "430402037A0001" "01" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		becomes(rows[i].type, rows[i].doc, rows[i].hex);
}

/* Each start of an attribute and each value that has a token, in a document of its own. */
static void
all_tokens(const char *type, const char *before, const char *attr, const char *after, const char *hex_before,
    const char *hex_after, unsigned plain, bool https)
{
	static const char *const starts[] = { "", "http://", "http://www.", "https://", "https://www." };
	static const char *const values[] = { ".com/", ".edu/", ".net/", ".org/" };
	struct sbuf doc = { 0 }, hex = { 0 };
	size_t i, k;

	for (i = 0; i < (https ? 5 : 1); i++)
		for (k = 0; k < 4; k++) {
			sbuf_clear(&doc);
			sbuf_clear(&hex);
			sbuf_fmt(&doc, "%s %s='%sx%sy'%s", before, attr, starts[i], values[k], after);
			sbuf_fmt(&hex, "%s%02X037800%02X037900%s", hex_before, (unsigned)(plain + i), (unsigned)(0x85 + k), hex_after);
			becomes(type, doc.s, hex.s);
		}
	sbuf_done(&doc);
	sbuf_done(&hex);
}

static void
tokens_of_si(void **state)
{
	all_tokens(SI, "<si><indication", "href", "/></si>", "02056A004586", "0101", 0x0B, true);
	all_tokens(SI, "<si><indication", "si-id", "/></si>", "02056A004586", "0101", 0x11, false);
	becomes(SI, "<si><indication action='signal-none'/></si>", "02056A004586" "05" "0101");
	becomes(SI, "<si><indication action='signal-low'/></si>", "02056A004586" "06" "0101");
	becomes(SI, "<si><indication action='signal-medium'/></si>", "02056A004586" "07" "0101");
	becomes(SI, "<si><indication action='signal-high'/></si>", "02056A004586" "08" "0101");
	becomes(SI, "<si><indication action='delete' si-id='a'/></si>", "02056A004586" "09" "11036100" "0101");
	becomes(SI, "<si><indication created='1999-04-30T06:40:00Z' si-expires='1999-06-30T00:00:00Z'/></si>",
	    "02056A004586" "0AC306199904300640" "10C30419990630" "0101");
	becomes(SI, "<si><indication/><info><item class='c'>d</item></info></si>", "02056A004506" "47C81203630001" "0364000101" "01");
	becomes(SI, "<si><indication href='http://www.oreilly.com/'>Check this website</indication></si>",
	    "02056A0045C60D036F7265696C6C7900850103436865636B2074686973207765627369746500" "0101");
}

static void
tokens_of_sl(void **state)
{
	all_tokens(SL, "<sl", "href", "/>", "02066A0085", "01", 0x08, true);
	becomes(SL, "<sl href='x' action='execute-low'/>", "02066A0085" "08037800" "05" "01");
	becomes(SL, "<sl href='x' action='execute-high'/>", "02066A0085" "08037800" "06" "01");
	becomes(SL, "<sl href='x' action='cache'/>", "02066A0085" "08037800" "07" "01");
	becomes(SL, "<sl href='http://www.xyz.com/ppaid/123/abc.wml'/>",
	    "02066A00850A0378797A00850370706169642F3132332F6162632E776D6C0001");
}

static void
tokens_of_co(void **state)
{
	all_tokens(CO, "<co><invalidate-object", "uri", "/></co>", "02076A004586", "0101", 0x05, true);
	all_tokens(CO, "<co><invalidate-service", "uri", "/></co>", "02076A004587", "0101", 0x05, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_dropped_kept_and_resolved),
		cmocka_unit_test(tokens_of_si),
		cmocka_unit_test(tokens_of_sl),
		cmocka_unit_test(tokens_of_co),
	};

	return cmocka_run_group_tests_name("content_tokens", tests, NULL, NULL);
}
