/*
 * content_prov.c - textual provisioning documents: checked, and encoded with the tables of the
 * decoder.
 * Spec: OMA-WAP-TS-ProvCont 1.1, sections 4 and 8.
 *
 * Encoded here and not by libwbxml, which switches the attribute page around every value (a tenth
 * more octets to carry over SMS), splits values wherever a token happens to match inside them, and
 * writes AAUTHTYPE with the tokens whose numbers two versions of the specification disagree on.
 */
#include <string.h>

#include "base/xml.h"
#include "wap/content_int.h"
#include "wap/wbxml_tables.h"

enum {
	TAG_DOC = 0x05, TAG_CHARACTERISTIC = 0x06, TAG_PARM = 0x07,
	START_NAME = 0x05, START_VALUE = 0x06, START_VERSION = 0x45, START_TYPE = 0x50,
	/* value tokens from here on, on page 1, are parts of AAUTHTYPE; E0 and E1 have no sure page */
	VALUE_PAGE1_MAX = 0x8E, VALUE_PAGE0_MAX = 0xDF
};

struct encoder {
	struct sbuf out;
	struct sbuf quoted;
	unsigned page;			/* attribute page in force */
	unsigned depth;
	bool in_parm;
	size_t tag;			/* place of the tag octet that may yet get content */
	bool open;
};

static void
put(struct encoder *e, uint8_t octet)
{
	sbuf_char(&e->out, (char)octet);
}

static void
put_string(struct encoder *e, const char *s)
{
	put(e, WBXML_STR_I);
	sbuf_put(&e->out, s, strlen(s) + 1);
}

/* Token of an attribute start on a page, or 0. prefix NULL: the one without a value. */
static uint8_t
find_start(unsigned page, const char *name, const char *prefix)
{
	const struct wbxml_start *starts = wbxml_prov.attrs[page].starts;
	uint8_t k;

	for (k = WBXML_TOKEN_MIN; k < 0x80; k++) {
		if (starts[k].name == NULL || starts[k].name[0] != name[0])
			continue;
		if ((prefix == NULL) != (starts[k].prefix == NULL))
			continue;
		if ((prefix == NULL || strcmp(prefix, starts[k].prefix) == 0) &&
		    strcmp(name, starts[k].name) == 0)
			return k;
	}
	return 0;
}

/* An attribute whose value may be part of its token: `name` of a parm, `type` of a characteristic. */
static void
put_named(struct encoder *e, const char *name, uint8_t plain, const char *value)
{
	uint8_t token = find_start(e->page, name, value);

	if (token == 0 && (token = find_start(!e->page, name, value)) != 0) {
		e->page = !e->page;
		put(e, WBXML_SWITCH_PAGE);
		put(e, (uint8_t)e->page);
	}
	put(e, token != 0 ? token : plain);
	if (token == 0)
		put_string(e, value);
}

static void
put_value(struct encoder *e, const char *value)
{
	const char *const *values = wbxml_prov.attrs[e->page].values;
	unsigned k, last = e->page == 0 ? VALUE_PAGE0_MAX : VALUE_PAGE1_MAX;

	put(e, START_VALUE);
	if (value[0] == '\0')
		return;			/* the attribute alone: there, and empty */
	for (k = WBXML_STR_T + 1; k <= last; k++) {
		const char *known = values[k - WBXML_VALUE_MIN];

		if (known != NULL && strcmp(known, value) == 0) {
			put(e, (uint8_t)k);
			return;
		}
	}
	put_string(e, value);
}

static void
put_tag(struct encoder *e, uint8_t tag, bool attrs)
{
	if (e->open)
		e->out.s[e->tag] |= WBXML_HAS_CONTENT;
	e->tag = e->out.n;
	put(e, (uint8_t)(tag | (attrs ? WBXML_HAS_ATTRS : 0)));
	e->open = true;
}

/* ---- the three elements ---------------------------------------------------------------------- */

/* At most two known attributes; values of absent ones are NULL. */
static int
take_attrs(struct encoder *e, const char *element, const struct xml_attr *attrs, size_t n,
    const char *const names[2], const char *values[2], struct why *why)
{
	size_t i;

	values[0] = values[1] = NULL;
	for (i = 0; i < n; i++) {
		if (strcmp(attrs[i].name, names[0]) == 0)
			values[0] = attrs[i].value;
		else if (names[1] != NULL && strcmp(attrs[i].name, names[1]) == 0)
			values[1] = attrs[i].value;
		else
			return why_set(why, ERR_SYNTAX, "unknown attribute %s of %s",
			    content_quote(&e->quoted, span_str(attrs[i].name)), element);
	}
	return OK;
}

static int
start_doc(struct encoder *e, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const names[2] = { "version", NULL };
	const char *v[2];
	int err = take_attrs(e, "wap-provisioningdoc", attrs, n, names, v, why);

	if (err != OK)
		return err;
	if (v[0] != NULL && strncmp(v[0], "1.", 2) != 0)
		return why_set(why, ERR_SYNTAX, "version is %s, not 1.0 or 1.1",
		    content_quote(&e->quoted, span_str(v[0])));
	put_tag(e, TAG_DOC, v[0] != NULL);
	if (v[0] != NULL) {
		put_named(e, "version", START_VERSION, v[0]);
		put(e, WBXML_END);
	}
	return OK;
}

static int
start_characteristic(struct encoder *e, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const names[2] = { "type", NULL };
	const char *v[2];
	int err = take_attrs(e, "characteristic", attrs, n, names, v, why);

	if (err != OK)
		return err;
	if (v[0] == NULL || v[0][0] == '\0')
		return why_set(why, ERR_SYNTAX, "characteristic has no type");
	put_tag(e, TAG_CHARACTERISTIC, true);
	put_named(e, "type", START_TYPE, v[0]);
	put(e, WBXML_END);
	return OK;
}

static int
start_parm(struct encoder *e, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const names[2] = { "name", "value" };
	const char *v[2];
	int err = take_attrs(e, "parm", attrs, n, names, v, why);

	if (err != OK)
		return err;
	if (v[0] == NULL || v[0][0] == '\0')
		return why_set(why, ERR_SYNTAX, "parm has no name");
	put_tag(e, TAG_PARM, true);
	put_named(e, "name", START_NAME, v[0]);
	if (v[1] != NULL)
		put_value(e, v[1]);
	put(e, WBXML_END);
	e->in_parm = true;
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct encoder *e = ctx;
	bool doc = strcmp(name, "wap-provisioningdoc") == 0, parm = strcmp(name, "parm") == 0;

	if (e->depth++ == 0) {
		if (!doc)
			return why_set(why, ERR_SYNTAX, "the root is %s, not wap-provisioningdoc",
			    content_quote(&e->quoted, span_str(name)));
		return start_doc(e, attrs, n, why);
	}
	if (e->in_parm)
		return why_set(why, ERR_SYNTAX, "element %s in parm",
		    content_quote(&e->quoted, span_str(name)));
	if (strcmp(name, "characteristic") == 0)
		return start_characteristic(e, attrs, n, why);
	if (!parm)
		return why_set(why, ERR_SYNTAX, "unknown element %s",
		    content_quote(&e->quoted, span_str(name)));
	if (e->depth == 2)
		return why_set(why, ERR_SYNTAX, "parm outside a characteristic");
	return start_parm(e, attrs, n, why);
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	return content_is_blank(text) ? OK : why_set(why, ERR_SYNTAX, "text in a provisioning document");
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct encoder *e = ctx;

	if (!e->open)
		put(e, WBXML_END);
	e->open = false;
	e->in_parm = false;
	e->depth--;
	return OK;
}

int
content_prov_encode(struct span body, const char *charset, struct sbuf *out, struct why *why)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	static const uint8_t prologue[] = { 0x03, 0x0B, WBXML_MIB_UTF8, 0x00 };
	struct encoder e = { 0 };
	int err;

	sbuf_put(&e.out, prologue, sizeof prologue);
	err = xml_parse(body, charset, NULL, &events, &e, why);
	if (err == OK)
		err = wbxml_check(sbuf_as_span(&e.out), wbxml_prov.media, why);
	sbuf_done(&e.quoted);
	if (err == OK && out != NULL) {
		sbuf_done(out);
		*out = e.out;
	} else {
		sbuf_done(&e.out);
	}
	return err;
}
