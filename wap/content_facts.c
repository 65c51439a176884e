/*
 * content_facts.c - what a device's policies ask of a document, from its textual or binary form.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xml.h"
#include "wap/content_int.h"

enum {
	ATTRS_MAX = 32,
	PATH_MAX_OCTETS = 255,		/* "PXLOGICAL/PXPHYSICAL" */
	SETTINGS_MAX = 1000, PARMS_MAX = 4000
};

/* ---- one set of call-backs for both forms -------------------------------------------------------- */

struct adapter {
	const struct wbxml_events *ev;
	void *ctx;
};

static int
xml_on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct wbxml_attr as_binary[ATTRS_MAX];
	struct adapter *a = ctx;
	size_t i;

	for (i = 0; i < n && i < ATTRS_MAX; i++)
		as_binary[i] = (struct wbxml_attr){ span_str(attrs[i].name), span_str(attrs[i].value), true };
	return a->ev->start != NULL ? a->ev->start(a->ctx, span_str(name), as_binary, i, why) : OK;
}

static int
xml_on_text(void *ctx, struct span text, struct why *why)
{
	struct adapter *a = ctx;

	return a->ev->text != NULL ? a->ev->text(a->ctx, text, why) : OK;
}

static int
xml_on_end(void *ctx, const char *name, struct why *why)
{
	struct adapter *a = ctx;

	return a->ev->end != NULL ? a->ev->end(a->ctx, span_str(name), why) : OK;
}

int
content_walk(const char *media, struct span body, const struct wbxml_events *ev, void *ctx,
    struct why *why)
{
	static const struct xml_events events = {
		.start = xml_on_start, .text = xml_on_text, .end = xml_on_end
	};
	static const struct xml_limits limits = { .attributes = ATTRS_MAX };
	struct adapter a = { ev, ctx };

	/* A binary document starts with its version, 00 to 03; a textual one never does. */
	if (body.n > 0 && body.p[0] > 0x03)
		return xml_parse(body, NULL, &limits, &events, &a, why);
	return wbxml_walk(body, media, ev, ctx, why);
}

static const struct wbxml_attr *
attr_find(const struct wbxml_attr *attrs, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq_str(attrs[i].name, name))
			return &attrs[i];
	return NULL;
}

/* ---- service documents ------------------------------------------------------------------------------ */

struct facts_reader {
	struct content_facts *out;
	bool in_indication, gap;
	size_t n;			/* octets of text */
};

static int
take_fact(const struct wbxml_attr *a, char *out, size_t size, const char *name, struct why *why)
{
	if (a != NULL && span_to_cstr(a->value, out, size) != OK)
		return why_set(why, ERR_LIMIT, "%s of more than %zu octets", name, size - 1);
	return OK;
}

static int
facts_start(void *ctx, struct span name, const struct wbxml_attr *attrs, size_t n, struct why *why)
{
	struct facts_reader *f = ctx;
	struct content_facts *out = f->out;
	int err;

	f->in_indication = span_eq_str(name, "indication");
	if (!f->in_indication && !span_eq_str(name, "sl"))
		return OK;
	err = take_fact(attr_find(attrs, n, "href"), out->href, sizeof out->href, "href", why);
	if (err == OK)
		err = take_fact(attr_find(attrs, n, "action"), out->action, sizeof out->action, "action", why);
	return err;
}

/* Keeps what fits, in whole characters; blanks as one. */
static int
facts_text(void *ctx, struct span text, struct why *why)
{
	struct facts_reader *f = ctx;
	char *out = f->out->text;
	size_t i, len;

	for (i = 0; f->in_indication && i < text.n; i += len) {
		uint8_t c = text.p[i];
		bool blank = content_is_blank(span_of(text.p + i, 1));
		bool space = f->gap && f->n > 0;

		len = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
		if (blank) {
			f->gap = true;
			continue;
		}
		if (len > text.n - i || len + space >= sizeof f->out->text - f->n) {
			f->in_indication = false;
			break;
		}
		if (space)
			out[f->n++] = ' ';
		f->gap = false;
		memcpy(out + f->n, text.p + i, len);
		f->n += len;
		out[f->n] = '\0';
	}
	return OK;
}

static int
facts_end(void *ctx, struct span name, struct why *why)
{
	struct facts_reader *f = ctx;

	f->in_indication = false;
	return OK;
}

int
content_facts(const char *media, struct span body, struct content_facts *out, struct why *why)
{
	static const struct wbxml_events events = { facts_start, facts_text, NULL, facts_end };
	struct facts_reader f = { .out = out };
	int err;

	memset(out, 0, sizeof *out);
	out->kind = content_kind_of(span_str(media));
	if (out->kind != CONTENT_SI && out->kind != CONTENT_SL)
		return OK;
	err = content_walk(media, body, &events, &f, why);
	if (err != OK)
		memset(out, 0, sizeof *out);
	else if (out->action[0] == '\0')
		strcpy(out->action, out->kind == CONTENT_SI ? "signal-medium" : "execute-low");
	return err;
}

/* ---- provisioning documents --------------------------------------------------------------------------- */

struct prov_reader {
	struct prov_doc *doc;
	size_t room, n_parms;
	char path[PATH_MAX_OCTETS + 1];
	size_t starts[WBXML_DEPTH_MAX + 1];	/* length of the path outside each open characteristic */
	size_t current[WBXML_DEPTH_MAX + 1];	/* index of its setting */
	unsigned depth;			/* open characteristics */
	bool has_root;
};

static void *
grow(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room > 0 ? 2 * *room : 8;
	p = realloc(p, *room * size);
	if (p == NULL)
		abort();
	return p;
}

static int
prov_characteristic(struct prov_reader *r, const struct wbxml_attr *type, bool remove, struct why *why)
{
	struct prov_doc *doc = r->doc;
	size_t len = strlen(r->path);

	if (type == NULL)
		return why_set(why, ERR_SYNTAX, "characteristic has no type");
	if (type->value.n > PATH_MAX_OCTETS - 1 - len)
		return why_set(why, ERR_LIMIT, "path of more than %d octets", PATH_MAX_OCTETS);
	if (doc->n == SETTINGS_MAX || r->depth == WBXML_DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "more than %d characteristics", SETTINGS_MAX);
	r->starts[r->depth] = len;
	r->current[r->depth++] = doc->n;
	if (len > 0)
		r->path[len++] = '/';
	memcpy(r->path + len, type->value.p, type->value.n);
	r->path[len + type->value.n] = '\0';
	doc->settings = grow(doc->settings, doc->n, &r->room, sizeof *doc->settings);
	doc->settings[doc->n++] = (struct prov_setting){ span_dup(span_str(r->path)), NULL, 0, remove };
	return OK;
}

static int
prov_parm(struct prov_reader *r, const struct wbxml_attr *name, const struct wbxml_attr *value,
    bool noparm, struct why *why)
{
	struct prov_setting *s;

	if (name == NULL)
		return why_set(why, ERR_SYNTAX, "parm has no name");
	if (r->depth == 0)
		return why_set(why, ERR_SYNTAX, "parm outside a characteristic");
	if (r->n_parms++ == PARMS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d parms", PARMS_MAX);
	s = &r->doc->settings[r->current[r->depth - 1]];
	if (s->n_parms % 8 == 0) {
		s->parms = realloc(s->parms, (s->n_parms + 8) * sizeof *s->parms);
		if (s->parms == NULL)
			abort();
	}
	s->parms[s->n_parms++] = (struct prov_parm){
		span_dup(name->value), value != NULL && !noparm ? span_dup(value->value) : NULL, noparm
	};
	return OK;
}

static int
prov_start(void *ctx, struct span name, const struct wbxml_attr *attrs, size_t n, struct why *why)
{
	struct prov_reader *r = ctx;

	bool no = span_starts_nocase(name, "no");

	if (!r->has_root) {
		r->has_root = true;
		return span_eq_str(name, "wap-provisioningdoc") ? OK :
		    why_set(why, ERR_SYNTAX, "the root is not wap-provisioningdoc");
	}
	if (span_eq_str(name, "characteristic") || span_eq_str(name, "nocharacteristic"))
		return prov_characteristic(r, attr_find(attrs, n, "type"), no, why);
	if (span_eq_str(name, "parm") || span_eq_str(name, "noparm"))
		return prov_parm(r, attr_find(attrs, n, "name"), attr_find(attrs, n, "value"), no, why);
	return OK;			/* what is unknown, a device passes over */
}

static int
prov_end(void *ctx, struct span name, struct why *why)
{
	struct prov_reader *r = ctx;

	if (span_eq_str(name, "characteristic") || span_eq_str(name, "nocharacteristic"))
		r->path[r->starts[--r->depth]] = '\0';
	return OK;
}

int
prov_doc_parse(const char *media, struct span body, struct prov_doc *out, struct why *why)
{
	static const struct wbxml_events events = { prov_start, NULL, NULL, prov_end };
	struct prov_reader r = { .doc = out };
	int err;

	*out = (struct prov_doc){ 0 };
	err = content_walk(media, body, &events, &r, why);
	if (err != OK)
		prov_doc_done(out);
	return err;
}

void
prov_doc_done(struct prov_doc *doc)
{
	size_t i, k;

	for (i = 0; i < doc->n; i++) {
		for (k = 0; k < doc->settings[i].n_parms; k++) {
			free(doc->settings[i].parms[k].name);
			free(doc->settings[i].parms[k].value);
		}
		free(doc->settings[i].parms);
		free(doc->settings[i].path);
	}
	free(doc->settings);
	*doc = (struct prov_doc){ 0 };
}
