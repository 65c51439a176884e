/*
 * content_prov.c - textual provisioning documents: what they may hold, and their binary form.
 * Spec: OMA-WAP-TS-ProvCont 1.1, sections 4 and 8.
 *
 * The attribute page is switched only where it must be, which saves a tenth of the octets; value
 * tokens stand for whole values only; AAUTHTYPE is text, because two versions of the specification
 * disagree on the numbers of its tokens.
 */
#include <string.h>

#include "base/xml.h"
#include "wap/content_int.h"
#include "wap/wbxml_encode.h"

enum {
	TAG_DOC = 0x05, TAG_CHARACTERISTIC = 0x06, TAG_PARM = 0x07,
	START_NAME = 0x05, START_VALUE = 0x06, START_VERSION = 0x45, START_TYPE = 0x50,
	/* value tokens from here on, on page 1, are parts of AAUTHTYPE; E0 and E1 have no sure page */
	VALUE_PAGE1_MAX = 0x8E, VALUE_PAGE0_MAX = 0xDF
};

struct prov {
	struct wbxml_encoder enc;
	struct sbuf quoted;
	unsigned page;			/* attribute page in force */
	unsigned depth;
	bool in_parm;
};

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
put_named(struct prov *p, const char *name, uint8_t plain, const char *value)
{
	uint8_t token = find_start(p->page, name, value);

	if (token == 0 && (token = find_start(!p->page, name, value)) != 0) {
		p->page = !p->page;
		wbxml_encode_octet(&p->enc, WBXML_SWITCH_PAGE);
		wbxml_encode_octet(&p->enc, (uint8_t)p->page);
	}
	wbxml_encode_octet(&p->enc, token != 0 ? token : plain);
	if (token == 0)
		wbxml_encode_string(&p->enc, span_str(value));
}

static void
put_value(struct prov *p, const char *value)
{
	const char *const *values = wbxml_prov.attrs[p->page].values;
	unsigned k, last = p->page == 0 ? VALUE_PAGE0_MAX : VALUE_PAGE1_MAX;

	wbxml_encode_octet(&p->enc, START_VALUE);
	if (value[0] == '\0')
		return;			/* the attribute alone: there, and empty */
	for (k = WBXML_STR_T + 1; k <= last; k++) {
		const char *known = values[k - WBXML_VALUE_MIN];

		if (known != NULL && strcmp(known, value) == 0) {
			wbxml_encode_octet(&p->enc, (uint8_t)k);
			return;
		}
	}
	wbxml_encode_string(&p->enc, span_str(value));
}

/* ---- the three elements ---------------------------------------------------------------------- */

/* At most two known attributes; values of absent ones are NULL. */
static int
take_attrs(struct prov *p, const char *element, const struct xml_attr *attrs, size_t n,
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
			    content_quote(&p->quoted, span_str(attrs[i].name)), element);
	}
	return OK;
}

static int
start_doc(struct prov *p, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const names[2] = { "version", NULL };
	const char *v[2];
	int err = take_attrs(p, "wap-provisioningdoc", attrs, n, names, v, why);

	if (err != OK)
		return err;
	if (v[0] != NULL && strncmp(v[0], "1.", 2) != 0)
		return why_set(why, ERR_SYNTAX, "version is %s, not 1.0 or 1.1",
		    content_quote(&p->quoted, span_str(v[0])));
	wbxml_encode_tag(&p->enc, TAG_DOC, v[0] != NULL);
	if (v[0] != NULL) {
		put_named(p, "version", START_VERSION, v[0]);
		wbxml_encode_attrs_end(&p->enc);
	}
	return OK;
}

static int
start_characteristic(struct prov *p, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const names[2] = { "type", NULL };
	const char *v[2];
	int err = take_attrs(p, "characteristic", attrs, n, names, v, why);

	if (err != OK)
		return err;
	if (v[0] == NULL || v[0][0] == '\0')
		return why_set(why, ERR_SYNTAX, "characteristic has no type");
	wbxml_encode_tag(&p->enc, TAG_CHARACTERISTIC, true);
	put_named(p, "type", START_TYPE, v[0]);
	wbxml_encode_attrs_end(&p->enc);
	return OK;
}

static int
start_parm(struct prov *p, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const names[2] = { "name", "value" };
	const char *v[2];
	int err = take_attrs(p, "parm", attrs, n, names, v, why);

	if (err != OK)
		return err;
	if (v[0] == NULL || v[0][0] == '\0')
		return why_set(why, ERR_SYNTAX, "parm has no name");
	wbxml_encode_tag(&p->enc, TAG_PARM, true);
	put_named(p, "name", START_NAME, v[0]);
	if (v[1] != NULL)
		put_value(p, v[1]);
	wbxml_encode_attrs_end(&p->enc);
	p->in_parm = true;
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct prov *p = ctx;
	bool doc = strcmp(name, "wap-provisioningdoc") == 0, parm = strcmp(name, "parm") == 0;

	if (p->depth++ == 0) {
		if (!doc)
			return why_set(why, ERR_SYNTAX, "the root is %s, not wap-provisioningdoc",
			    content_quote(&p->quoted, span_str(name)));
		return start_doc(p, attrs, n, why);
	}
	if (p->in_parm)
		return why_set(why, ERR_SYNTAX, "element %s in parm",
		    content_quote(&p->quoted, span_str(name)));
	if (strcmp(name, "characteristic") == 0)
		return start_characteristic(p, attrs, n, why);
	if (!parm)
		return why_set(why, ERR_SYNTAX, "unknown element %s",
		    content_quote(&p->quoted, span_str(name)));
	if (p->depth == 2)
		return why_set(why, ERR_SYNTAX, "parm outside a characteristic");
	return start_parm(p, attrs, n, why);
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	return content_is_blank(text) ? OK : why_set(why, ERR_SYNTAX, "text in a provisioning document");
}

/* Instructions for others stay where they were; those of the document type go with it (WAP-192, S-012). */
static int
on_instruction(void *ctx, const char *target, const char *data, bool in_doctype, struct why *why)
{
	struct prov *p = ctx;

	if (!in_doctype)
		wbxml_encode_instruction(&p->enc, target, span_str(data));
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct prov *p = ctx;

	wbxml_encode_end(&p->enc);
	p->in_parm = false;
	p->depth--;
	return OK;
}

int
content_prov_encode(struct span body, const char *charset, struct sbuf *out, struct why *why)
{
	static const struct xml_events events = {
		.instruction = on_instruction, .start = on_start, .text = on_text, .end = on_end
	};
	struct prov p = { .page = 0 };
	int err;

	wbxml_encoder_start(&p.enc, &wbxml_prov, WBXML_13);
	err = xml_parse(body, charset, NULL, &events, &p, why);
	wbxml_encoder_finish(&p.enc);
	if (err == OK)
		err = wbxml_check(sbuf_as_span(&p.enc.out), wbxml_prov.media, why);
	if (err == OK)
		sbuf_span(out, sbuf_as_span(&p.enc.out));
	wbxml_encoder_done(&p.enc);
	sbuf_done(&p.quoted);
	return err;
}
