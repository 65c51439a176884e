/* content.c - see content.h. The table of content types, and the way of one entity through it. */
#include "wap/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/content_int.h"
#include "wap/syncml.h"

enum { TYPE_MAX = 1024 };	/* octets of a Content-Type text */

enum form {
	AS_IT_IS,		/* nothing is looked at */
	TEXTUAL,		/* checked, and compiled to the binary form */
	JSON,			/* the same, of a message that is fields */
	BINARY,			/* must pass wbxml_check */
	BINARY_LAX,		/* the same, but tokens that we have no table for are let through */
	FIELDS,			/* must have the layout of its kind */
	PARTS			/* a binary multipart, all parts of which must be good */
};

#define APP(name) "x-wap-application:" name

/*
 * All that we know of a type. The application id is the one that a message gets whose initiator names none
 * (WAP-251 6.2.2.2 leaves a message without one to the WML user agent); NULL: none, it is that one's.
 */
static const struct content_type {
	const char *media;
	enum content_kind kind;
	enum form form;
	const char *app_id;
	const char *compiled;	/* of TEXTUAL and JSON: the type that it becomes */
} types[] = {
	{ "text/vnd.wap.si",				CONTENT_SI,	TEXTUAL,	NULL,	"application/vnd.wap.sic" },
	{ "application/vnd.wap.sic",			CONTENT_SI,	BINARY,		NULL,	NULL },
	{ "text/vnd.wap.sl",				CONTENT_SL,	TEXTUAL,	NULL,	"application/vnd.wap.slc" },
	{ "application/vnd.wap.slc",			CONTENT_SL,	BINARY,		NULL,	NULL },
	{ "text/vnd.wap.co",				CONTENT_CO,	TEXTUAL,	NULL,	"application/vnd.wap.coc" },
	{ "application/vnd.wap.coc",			CONTENT_CO,	BINARY,		NULL,	NULL },
	{ "text/vnd.wap.emn+xml",			CONTENT_EMN,	TEXTUAL,	APP("emn.ua"), "application/vnd.wap.emn+wbxml" },
	{ "application/vnd.wap.emn+wbxml",		CONTENT_EMN,	BINARY,		APP("emn.ua"), NULL },
	{ "text/vnd.wap.connectivity-xml",		CONTENT_PROV,	TEXTUAL,	NULL,	"application/vnd.wap.connectivity-wbxml" },
	{ "application/vnd.wap.connectivity-wbxml",	CONTENT_PROV,	BINARY,		NULL,	NULL },
	{ "application/vnd.syncml.dm+wbxml",		CONTENT_DM,	BINARY_LAX,	APP("syncml.dm"), NULL },
	{ "application/vnd.syncml.dm+xml",		CONTENT_DM,	TEXTUAL,	APP("syncml.dm"), "application/vnd.syncml.dm+wbxml" },
	{ "application/vnd.syncml.notification",	CONTENT_DM_NOTIFICATION, FIELDS, APP("syncml.dm"), NULL },
	{ "application/vnd.syncml.notification+json",	CONTENT_DM_NOTIFICATION, JSON,	APP("syncml.dm"),
	  "application/vnd.syncml.notification" },
	/* that of DM 1.3: its layout is not published */
	{ "application/vnd.syncml.dm.notification",	CONTENT_DM_NOTIFICATION, AS_IT_IS, APP("syncml.dm"), NULL },
	{ "application/vnd.syncml.ds.notification",	CONTENT_OTHER,	AS_IT_IS,	APP("push.syncml"), NULL },
	{ "application/vnd.wap.mms-message",		CONTENT_MMS,	FIELDS,		APP("mms.ua"), NULL },
	{ "application/vnd.wap.mms-message+json",	CONTENT_MMS,	JSON,		APP("mms.ua"), "application/vnd.wap.mms-message" },
	{ "application/vnd.oma.drm.rights+wbxml",	CONTENT_DRM,	BINARY_LAX,	APP("drm.ua"), NULL },
	{ "application/vnd.oma.drm.rights+xml",		CONTENT_DRM,	TEXTUAL,	APP("drm.ua"), "application/vnd.oma.drm.rights+wbxml" },
	{ "application/vnd.oma.drm.roap-trigger+wbxml",	CONTENT_DRM,	AS_IT_IS,	APP("drm.ua"), NULL },
	{ "application/vnd.oma.drm.roap-trigger+xml",	CONTENT_DRM,	AS_IT_IS,	APP("drm.ua"), NULL },
	{ "application/vnd.omaloc-supl-init",		CONTENT_SUPL,	FIELDS,		"x-oma-application:ulp.ua", NULL },
	{ "text/vnd.wap.wml",				CONTENT_OTHER,	TEXTUAL,	NULL,	"application/vnd.wap.wmlc" },
	{ "application/vnd.wap.wmlc",			CONTENT_OTHER,	BINARY_LAX,	NULL,	NULL },
	{ "application/vnd.wap.multipart.*",		CONTENT_MULTIPART, PARTS,	NULL,	NULL },
	{ "application/vnd.wap.multipart.mixed",	CONTENT_MULTIPART, PARTS,	NULL,	NULL },
	{ "application/vnd.wap.multipart.form-data",	CONTENT_MULTIPART, PARTS,	NULL,	NULL },
	{ "application/vnd.wap.multipart.byteranges",	CONTENT_MULTIPART, PARTS,	NULL,	NULL },
	{ "application/vnd.wap.multipart.alternative",	CONTENT_MULTIPART, PARTS,	NULL,	NULL },
	{ "application/vnd.wap.multipart.related",	CONTENT_MULTIPART, PARTS,	NULL,	NULL },
	{ "application/vnd.wap.sia",			CONTENT_SIA,	AS_IT_IS,	APP("push.sia"), NULL },
	{ "application/vnd.wv.csp.cir",			CONTENT_OTHER,	AS_IT_IS,	APP("wv.ua"), NULL },
	{ "application/vnd.wap.loc+xml",		CONTENT_OTHER,	AS_IT_IS,	APP("loc.ua"), NULL },
	{ "application/vnd.wap.locc+wbxml",		CONTENT_OTHER,	AS_IT_IS,	APP("loc.ua"), NULL },
	{ "application/vnd.oma.dd+xml",			CONTENT_OTHER,	AS_IT_IS,	"x-oma-application:dlota.ua", NULL },
	{ "application/vnd.oma.dd2+xml",		CONTENT_OTHER,	AS_IT_IS,	"x-oma-application:dlota.ua", NULL },
	{ "application/vnd.oma.bcast.provisioningtrigger", CONTENT_OTHER, AS_IT_IS,	"x-oma-application:bcast.ua", NULL },
};

static const char *const kind_names[] = {
	[CONTENT_OTHER] = "other", [CONTENT_SI] = "SI", [CONTENT_SL] = "SL", [CONTENT_CO] = "CO",
	[CONTENT_EMN] = "EMN", [CONTENT_PROV] = "provisioning", [CONTENT_DM] = "DM",
	[CONTENT_DM_NOTIFICATION] = "DM notification", [CONTENT_MMS] = "MMS", [CONTENT_DRM] = "DRM",
	[CONTENT_SUPL] = "SUPL", [CONTENT_SIA] = "SIA",
	[CONTENT_MULTIPART] = "multipart",
};

static const struct content_type *
type_find(struct span media)
{
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_eq_nocase(media, types[i].media))
			return &types[i];
	/* Whatever kind of multipart: devices look inside. */
	if (span_starts_nocase(media, "application/vnd.wap.multipart.") || span_eq_nocase(media, "application/vnd.wap.multipart"))
		return type_find(span_str("application/vnd.wap.multipart.*"));
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

const char *
content_default_app_id(struct span media)
{
	const struct content_type *t = type_find(span_trim(media));

	return t != NULL ? t->app_id : NULL;
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

size_t
content_param_length(struct span s)
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

	s.n = content_param_length(s);
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
	n = content_param_length(type);
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

/* A bootstrap goes on air as WBXML alone (OMA-TS-DM-Bootstrap 1.2, 5.2). */
static int
dm_encode(struct span body, struct sbuf *out, struct why *why)
{
	struct syncml_message message;
	int err = syncml_parse(SYNCML_XML, body, &message, why);

	if (err != OK)
		return err;
	err = syncml_print(&message, true, out, why);
	syncml_done(&message);
	return err;
}

/* Checked in any case; the binary form is dropped where nobody may transform. */
static int
prepare_text(const struct content_type *t, struct span body, const char *charset, bool compile,
    struct sbuf *out, struct why *why)
{
	int err;

	if (t->form == JSON)
		err = content_fields_encode(t->kind, body, out, why);
	else if (t->kind == CONTENT_PROV)
		err = content_prov_encode(body, charset, out, why);
	else if (t->kind == CONTENT_DM)
		err = dm_encode(body, out, why);
	else if (t->kind == CONTENT_DRM)
		err = content_tree_encode(t->compiled, body, charset, out, why);
	else if (t->kind == CONTENT_OTHER)	/* the one there is: WML */
		err = content_wml_encode(body, charset, out, why);
	else
		err = content_service_encode(t->kind, body, charset, out, why);
	if (!compile)
		sbuf_clear(out);
	return err;
}

static int
check_binary(const struct content_type *t, struct span body, struct why *why)
{
	int err;

	switch (t->form) {
	case AS_IT_IS:
	case TEXTUAL:
	case JSON:
		return OK;
	case FIELDS:
		return content_fields_check(t->kind, body, why);
	case PARTS:
		return content_parts_check(body, 0, why);
	case BINARY:
	case BINARY_LAX:
		break;
	}
	err = wbxml_check(body, t->media, why);
	return err == ERR_UNSUPPORTED && t->form == BINARY_LAX ? OK : err;
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
	if (t != NULL && t->compiled != NULL) {
		out->compiled = !no_transform;
		err = prepare_text(t, body, text.charset[0] != '\0' ? text.charset : NULL,
		    out->compiled, &out->body, why);
	} else if (t != NULL) {
		err = check_binary(t, body, why);
	}
	if (err != OK) {
		content_done(out);
		return err;
	}
	out->kind = t != NULL ? t->kind : CONTENT_OTHER;
	if (out->compiled) {
		out->type = compiled_type(t->compiled, text.rest);
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

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span
content_trim(struct span text)
{
	while (text.n > 0 && is_blank(text.p[0]))
		text.p++, text.n--;
	while (text.n > 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

bool
content_is_blank(struct span text)
{
	return content_trim(text).n == 0;
}
