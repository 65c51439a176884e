/*
 * content_tree.c - a textual document whose elements and attributes all have tokens, as WBXML: DRM rights.
 * Spec: OMA-DRM-REL-V1_0 (elements), OMA-WAP-192 5.
 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/xml.h"
#include "wap/content_int.h"
#include "wap/wbxml_encode.h"

struct tree {
	struct wbxml_encoder enc;
	const struct wbxml_table *t;
	unsigned depth;
	uint8_t tag;			/* of the innermost element, as long as it has no child */
	bool leaf;
	struct sbuf text;		/* of that element, in pieces */
};

static int
unknown(const char *what, const char *name, struct why *why)
{
	struct sbuf quoted = { 0 };

	why_set(why, ERR_SYNTAX, "unknown %s %s", what, content_quote(&quoted, span_str(name)));
	sbuf_done(&quoted);
	return ERR_SYNTAX;
}

/* Text beside elements is only the layout of the document. */
static int
only_blanks(struct tree *t, struct why *why)
{
	if (t->text.n > 0 && !content_is_blank(sbuf_as_span(&t->text)))
		return why_set(why, ERR_SYNTAX, "text beside elements");
	sbuf_clear(&t->text);
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct tree *t = ctx;
	uint8_t token = wbxml_tag_token(t->t, name);
	size_t i;
	int err;

	if (t->depth == 0 && strcmp(name, t->t->root) != 0) {
		struct sbuf quoted = { 0 };

		why_set(why, ERR_SYNTAX, "the root is %s, not %s", content_quote(&quoted, span_str(name)), t->t->root);
		sbuf_done(&quoted);
		return ERR_SYNTAX;
	}
	if (token == 0)
		return unknown("element", name, why);
	if ((err = only_blanks(t, why)) != OK)
		return err;
	wbxml_encode_tag(&t->enc, token, n > 0);
	for (i = 0; i < n; i++) {
		if (!wbxml_attr_known(t->t, attrs[i].name))
			return unknown("attribute", attrs[i].name, why);
		wbxml_encode_attr(&t->enc, attrs[i].name, span_str(attrs[i].value));
	}
	if (n > 0)
		wbxml_encode_attrs_end(&t->enc);
	t->depth++;
	t->tag = token;
	t->leaf = true;
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct tree *t = ctx;

	(void)why;
	sbuf_span(&t->text, text);
	return OK;
}

/* A key goes as the octets that its base64 text stands for. */
static int
put_key(struct tree *t, struct span text, struct why *why)
{
	struct sbuf key = { 0 };
	size_t n = 0;
	int err;

	sbuf_reserve(&key, text.n / 4 * 3 + 3);
	err = text_base64(text, (uint8_t *)key.s, &n, why);
	if (err == OK)
		wbxml_encode_opaque(&t->enc, span_of(key.s, n));
	else
		why_set(why, ERR_SYNTAX, "%s is not base64", t->t->tags[0].names[t->tag]);
	secret_cleanse(key.s, key.cap);
	sbuf_done(&key);
	return err;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct tree *t = ctx;
	struct span text = content_trim(sbuf_as_span(&t->text));
	int err = OK;

	(void)name;
	if (!t->leaf)
		err = only_blanks(t, why);
	else if (t->t->opaque == OPAQUE_BASE64 && strcmp(t->t->tags[0].names[t->tag], t->t->opaque_tag) == 0)
		err = put_key(t, text, why);
	else if (!content_is_blank(text))
		wbxml_encode_text(&t->enc, text);
	sbuf_clear(&t->text);
	wbxml_encode_end(&t->enc);
	t->depth--;
	t->leaf = false;
	return err;
}

int
content_tree_encode(const char *media, struct span body, const char *charset, struct sbuf *out, struct why *why)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	struct tree t = { .t = wbxml_table_for_media(media) };
	int err;

	wbxml_encoder_start(&t.enc, t.t, WBXML_13);
	err = xml_parse(body, charset, NULL, &events, &t, why);
	wbxml_encoder_finish(&t.enc);
	if (err == OK)
		err = wbxml_check(sbuf_as_span(&t.enc.out), t.t->media, why);
	if (err == OK)
		sbuf_span(out, sbuf_as_span(&t.enc.out));
	wbxml_encoder_done(&t.enc);
	sbuf_done(&t.text);
	return err;
}
