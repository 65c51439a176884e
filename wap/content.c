/* content.c - see content.h. The table of content types, and the way of one entity through it. */
#include "wap/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/content_int.h"
#include "wap/wbxml_tables.h"

enum { TYPE_MAX = 1024 };	/* octets of a Content-Type text */

enum form {
	AS_IT_IS,		/* nothing is looked at */
	TEXTUAL,		/* checked, and compiled to the binary form */
	BINARY,			/* must pass wbxml_check */
	BINARY_LAX		/* the same, but tokens that we have no table for are let through */
};

static const struct content_type {
	const char *media;
	enum content_kind kind;
	enum form form;
} types[] = {
	{ "text/vnd.wap.si",				CONTENT_SI,		TEXTUAL },
	{ "application/vnd.wap.sic",			CONTENT_SI,		BINARY },
	{ "text/vnd.wap.sl",				CONTENT_SL,		TEXTUAL },
	{ "application/vnd.wap.slc",			CONTENT_SL,		BINARY },
	{ "text/vnd.wap.co",				CONTENT_CO,		TEXTUAL },
	{ "application/vnd.wap.coc",			CONTENT_CO,		BINARY },
	{ "text/vnd.wap.emn+xml",			CONTENT_EMN,		TEXTUAL },
	{ "application/vnd.wap.emn+wbxml",		CONTENT_EMN,		BINARY },
	{ "text/vnd.wap.connectivity-xml",		CONTENT_PROV,		TEXTUAL },
	{ "application/vnd.wap.connectivity-wbxml",	CONTENT_PROV,		BINARY },
	{ "application/vnd.syncml.dm+wbxml",		CONTENT_DM,		BINARY_LAX },
	{ "application/vnd.syncml.dm+xml",		CONTENT_DM,		AS_IT_IS },
	{ "application/vnd.syncml.notification",	CONTENT_DM_NOTIFICATION, AS_IT_IS },
	{ "application/vnd.syncml.dm.notification",	CONTENT_DM_NOTIFICATION, AS_IT_IS },
	{ "application/vnd.wap.mms-message",		CONTENT_MMS,		AS_IT_IS },
	{ "application/vnd.oma.drm.rights+wbxml",	CONTENT_DRM,		BINARY_LAX },
	{ "application/vnd.oma.drm.rights+xml",		CONTENT_DRM,		AS_IT_IS },
	{ "application/vnd.oma.drm.roap-trigger+wbxml",	CONTENT_DRM,		AS_IT_IS },
	{ "application/vnd.oma.drm.roap-trigger+xml",	CONTENT_DRM,		AS_IT_IS },
	{ "application/vnd.omaloc-supl-init",		CONTENT_SUPL,		AS_IT_IS },
	{ "application/vnd.wap.sia",			CONTENT_SIA,		AS_IT_IS },
};

static const char *const kind_names[] = {
	[CONTENT_OTHER] = "other", [CONTENT_SI] = "SI", [CONTENT_SL] = "SL", [CONTENT_CO] = "CO",
	[CONTENT_EMN] = "EMN", [CONTENT_PROV] = "provisioning", [CONTENT_DM] = "DM",
	[CONTENT_DM_NOTIFICATION] = "DM notification", [CONTENT_MMS] = "MMS", [CONTENT_DRM] = "DRM",
	[CONTENT_SUPL] = "SUPL", [CONTENT_SIA] = "SIA",
};

static const struct content_type *
type_find(struct span media)
{
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_eq_nocase(media, types[i].media))
			return &types[i];
	return NULL;
}

enum content_kind
content_kind_of(struct span media)
{
	const struct content_type *t = type_find(span_trim(media));

	return t != NULL ? t->kind : CONTENT_OTHER;
}

const char *
content_kind_name(enum content_kind kind)
{
	return kind_names[kind];
}

void
content_done(struct content *c)
{
	free(c->type);
	sbuf_done(&c->body);
	*c = (struct content){ 0 };
}

/* ---- Content-Type as text ------------------------------------------------------------------- */

static bool
is_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7F || strchr("()<>@,;:\\\"[]?=", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

/* Octets up to the ';' that ends a parameter, one in quotes not counted. */
static size_t
param_length(struct span s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.n && (quoted || s.p[i] != ';'); i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\' && i + 1 < s.n)
			i++;
	}
	return i;
}

/* The next parameter of *rest, which starts at a ';'. */
static struct span
param_next(struct span *rest)
{
	struct span s = { rest->p + 1, rest->n - 1 };

	s.n = param_length(s);
	rest->p = s.p + s.n;
	rest->n -= s.n + 1;
	return span_trim(s);
}

static bool
param_is(struct span param, const char *name, struct span *value)
{
	const uint8_t *eq = param.n > 0 ? memchr(param.p, '=', param.n) : NULL;
	size_t n;

	if (eq == NULL || !span_eq_nocase(span_trim(span_of(param.p, (size_t)(eq - param.p))), name))
		return false;
	n = (size_t)(eq - param.p) + 1;
	*value = span_trim(span_of(eq + 1, param.n - n));
	if (value->n >= 2 && value->p[0] == '"' && value->p[value->n - 1] == '"')
		*value = span_of(value->p + 1, value->n - 2);
	return true;
}

int
content_type_parse(struct span type, struct type_text *out, struct why *why)
{
	const uint8_t *slash;
	struct span rest, value;
	size_t n;

	*out = (struct type_text){ 0 };
	if (type.n > TYPE_MAX)
		return why_set(why, ERR_LIMIT, "Content-Type of more than %d octets", TYPE_MAX);
	if (text_has_control(type))
		return why_set(why, ERR_SYNTAX, "control character in the Content-Type");
	n = param_length(type);
	out->media = span_trim(span_of(type.p, n));
	rest = out->rest = span_of(type.p + n, type.n - n);
	slash = out->media.n > 0 ? memchr(out->media.p, '/', out->media.n) : NULL;
	if (slash == NULL || !is_token(span_of(out->media.p, (size_t)(slash - out->media.p))) ||
	    !is_token(span_of(slash + 1, out->media.n - (size_t)(slash - out->media.p) - 1)))
		return why_set(why, ERR_SYNTAX, "Content-Type is not type/subtype");
	while (rest.n > 0)
		if (param_is(param_next(&rest), "charset", &value) &&
		    span_to_cstr(value, out->charset, sizeof out->charset) != OK)
			return why_set(why, ERR_LIMIT, "charset of more than %zu characters",
			    sizeof out->charset - 1);
	return OK;
}

/* The type of the compiled form: its own media type, and the parameters but for charset. */
static char *
compiled_type(const char *media, struct span rest)
{
	struct sbuf type = { 0 };
	struct span param, value;

	sbuf_str(&type, media);
	while (rest.n > 0) {
		param = param_next(&rest);
		if (param.n == 0 || param_is(param, "charset", &value))
			continue;
		sbuf_str(&type, "; ");
		sbuf_span(&type, param);
	}
	return sbuf_take(&type);
}

/* ---- one entity ------------------------------------------------------------------------------- */

/* Checked in any case; the binary form is dropped where nobody may transform. */
static int
prepare_text(enum content_kind kind, struct span body, const char *charset, bool compile,
    struct sbuf *out, struct why *why)
{
	int err;

	if (kind == CONTENT_PROV)
		err = content_prov_encode(body, charset, out, why);
	else
		err = content_service_encode(kind, body, charset, out, why);
	if (!compile)
		sbuf_clear(out);
	return err;
}

static int
prepare_binary(const struct content_type *t, struct span body, struct why *why)
{
	int err = wbxml_check(body, t->media, why);

	if (err == ERR_UNSUPPORTED && t->form == BINARY_LAX)
		err = OK;
	return err;
}

int
content_prepare(struct span type, struct span body, bool no_transform, struct content *out,
    struct why *why)
{
	const struct content_type *t;
	struct type_text text;
	int err;

	*out = (struct content){ 0 };
	if ((err = content_type_parse(type, &text, why)) != OK)
		return err;
	if (body.n > CONTENT_MAX)
		return why_set(why, ERR_LIMIT, "content of more than %d octets", CONTENT_MAX);
	t = type_find(text.media);
	if (t != NULL && t->form == TEXTUAL) {
		out->compiled = !no_transform;
		err = prepare_text(t->kind, body, text.charset[0] != '\0' ? text.charset : NULL,
		    out->compiled, &out->body, why);
	} else if (t != NULL && t->form != AS_IT_IS) {
		err = prepare_binary(t, body, why);
	}
	if (err != OK) {
		content_done(out);
		return err;
	}
	out->kind = t != NULL ? t->kind : CONTENT_OTHER;
	if (out->compiled) {
		out->type = compiled_type(wbxml_table_for_media(t->media)->media, text.rest);
	} else {
		out->type = span_dup(span_trim(type));
		sbuf_span(&out->body, body);
	}
	return OK;
}

/* ---- small things of the files beside this one -------------------------------------------------- */

const char *
content_quote(struct sbuf *buf, struct span name)
{
	sbuf_clear(buf);
	sbuf_quote(buf, name);
	return buf->s != NULL ? buf->s : "";
}

bool
content_is_blank(struct span text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\n' && text.p[i] != '\r')
			return false;
	return true;
}
