/* entities.c - see entities.h. */
#include "ppg/entities.h"

#include <string.h>

/* application/xml, or what deployed initiators write instead. */
static bool
is_xml(struct span media, const struct pap_leniency *l)
{
	return span_eq_nocase(media, "application/xml") || (l->text_xml && span_eq_nocase(media, "text/xml"));
}

static int
read_charset(struct span type, const struct pap_leniency *l, struct entities *e, struct why *why)
{
	mime_param(type, "charset", e->charset, sizeof e->charset);
	if (e->charset[0] != '\0' && !l->charset && !span_eq_nocase(span_str(e->charset), "utf-8")) {
		e->fragment = type;
		return why_set(why, ERR_UNSUPPORTED, "charset of the control entity is not utf-8");
	}
	return OK;
}

/* "<id>" and "id" name the same part. */
static bool
same_content_id(struct span a, struct span b)
{
	if (a.n >= 2 && a.p[0] == '<' && a.p[a.n - 1] == '>')
		a = span_of(a.p + 1, a.n - 2);
	if (b.n >= 2 && b.p[0] == '<' && b.p[b.n - 1] == '>')
		b = span_of(b.p + 1, b.n - 2);
	return a.n > 0 && span_eq(a, b);
}

/* RFC 2387 lets start name another part as the root; the control entity is the first one, always. */
static int
check_start(struct span type, const struct pap_leniency *l, struct span content_id, struct why *why)
{
	char start[256];
	int err = mime_param(type, "start", start, sizeof start);

	if (err == ERR_NOT_FOUND)
		return OK;
	if (!l->start)
		return why_set(why, ERR_UNSUPPORTED, "multipart/related with a start parameter");
	if (err || !same_content_id(span_str(start), content_id))
		return why_set(why, ERR_SYNTAX, "start does not name the first part");
	return OK;
}

static int
check_type_parameter(struct span type, const struct pap_leniency *l, struct why *why)
{
	char media[80];

	if (l->no_type)
		return OK;
	if (mime_param(type, "type", media, sizeof media) != OK || !is_xml(span_str(media), l))
		return why_set(why, ERR_SYNTAX, "multipart/related without type=\"application/xml\"");
	return OK;
}

static int
read_control_part(struct span outer, const struct pap_leniency *l, struct entities *e, struct why *why)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	struct span type;
	size_t n;
	int err = mime_headers(e->parts[0].head, &l->mime, headers, &n, why);

	if (err) {
		why_prefix(why, "part 1");
		e->fragment = e->parts[0].head;
		return err;
	}
	type = mime_header(headers, n, "Content-Type");
	e->fragment = type;
	if (!is_xml(mime_media(type), l))
		return why_set(why, ERR_SYNTAX, "first part must be application/xml");
	err = read_charset(type, l, e, why);
	if (err == OK)
		err = check_start(outer, l, mime_header(headers, n, "Content-ID"), why);
	if (err == OK && (err = mime_decode(mime_header(headers, n, "Content-Transfer-Encoding"), &l->mime,
	    e->parts[0].body, &e->control, &e->heap, why)) != OK)
		why_prefix(why, "part 1");
	return err;
}

int
entities_split(const char *content_type, struct span body, const struct pap_leniency *l, struct entities *e,
    struct why *why)
{
	struct span type = span_str(content_type);
	char boundary[MIME_BOUNDARY_MAX + 1];
	int err;

	*e = (struct entities){ .fragment = type };
	if (!span_starts_nocase(mime_media(type), "multipart/")) {
		e->control = body;
		return read_charset(type, l, e, why);
	}
	if ((err = check_type_parameter(type, l, why)) != OK ||
	    (err = mime_boundary(type, &l->mime, boundary, why)) != OK)
		return err;
	e->fragment = span_of(body.p, 0);
	err = mime_split(body, span_str(boundary), &l->mime, e->parts, MIME_PARTS_MAX, &e->n_parts, why);
	if (err)
		return err;
	if (e->n_parts == 0)
		return why_set(why, ERR_SYNTAX, "multipart/related without a part");
	return read_control_part(type, l, e, why);
}

int
entities_capabilities(const struct entities *e, const struct pap_leniency *l, struct span *rdf, char **heap,
    struct why *why)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	struct span media;
	size_t n;
	int err;

	*rdf = span_of("", 0);
	*heap = NULL;
	if (e->n_parts < 3)
		return OK;
	err = mime_headers(e->parts[2].head, &l->mime, headers, &n, why);
	if (err == OK) {
		media = mime_media(mime_header(headers, n, "Content-Type"));
		if (!is_xml(media, l) && !(l->rdf_xml && span_eq_nocase(media, "application/rdf+xml")))
			err = why_set(why, ERR_SYNTAX, "a capabilities entity is application/xml");
	}
	if (err == OK)
		err = mime_decode(mime_header(headers, n, "Content-Transfer-Encoding"), &l->mime, e->parts[2].body,
		    rdf, heap, why);
	if (err)
		why_prefix(why, "part 3");
	return err;
}
