/*
 * admit_content.c - see admit_int.h. The content entity: which of its headers may pass, what the gateway says of
 * its initiator (controls E-01, E-02, E-15), header block and body in their final octets.
 */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "wap/content.h"
#include "wap/multipart.h"
#include "wap/udh.h"
#include "wap/wsp.h"

/*
 * What passes from an initiator to a device: the general and entity headers of a response, and extensions
 * (WAP-251 6, the rules for proxies). Everything else stays here, whatever it is called: User-Agent,
 * Authorization, Push-Flag ... Content-Length says nothing new on air.
 */
static const struct pass_header {
	const char *name;
	bool outer;		/* also taken from the HTTP request's own headers */
	bool untransformed;	/* only true of a body that was not compiled here */
	bool list;		/* may be there several times */
} pass_headers[] = {
	{ "X-Wap-Application-Id", true,  false, false },
	{ "X-Wap-Content-URI",    true,  false, false },
	{ "Content-Location",     false, false, false },
	{ "Content-Language",     false, false, true  },
	{ "Content-ID",           false, false, false },
	{ "Content-Encoding",     false, true,  true  },
	{ "Content-MD5",          false, true,  false },
	{ "Content-Range",        false, true,  false },
	{ "Content-Disposition",  false, false, false },
	{ "Cache-Control",        false, false, true  },
	{ "Age",                  false, false, false },
	{ "Date",                 false, false, false },
	{ "Etag",                 false, true,  false },
	{ "Expires",              false, false, false },
	{ "Last-Modified",        false, false, false },
};

/* Extension headers are "X-..."; of these families are meant for gateways, or say who asks. */
static const char *const kept_extensions[] = { "X-Wap-", "X-OpenPPG-", "X-Kannel-", "X-Forwarded-",
	"X-Real-" };

/* Folded lines become one; control characters were refused when the headers were read. */
static void
unfold(struct span value, struct sbuf *out)
{
	size_t i;

	sbuf_clear(out);
	for (i = 0; i < value.n; i++)
		if (value.p[i] != '\r' && value.p[i] != '\n')
			sbuf_char(out, value.p[i] == '\t' ? ' ' : (char)value.p[i]);
}

/* All values of a header that is no list are one. */
static bool
values_agree(const struct content_part *part, const char *name)
{
	struct span first = mime_header(part->headers, part->n_headers, name);
	size_t i;

	for (i = 0; i < part->n_headers; i++)
		if (span_eq_nocase(part->headers[i].name, name) && !span_eq(part->headers[i].value, first))
			return false;
	return true;
}

/* What is wrong with the header alone is no fault of the content. */
static int
check_type(const struct admit_config *cf, struct admission *a, struct span raw)
{
	struct sbuf type = { 0 };
	char boundary[MIME_BOUNDARY_MAX + 1], charset[128];
	struct span media;
	int err = OK;

	unfold(raw, &type);
	media = mime_media(sbuf_as_span(&type));
	if (!mime_media_ok(media))
		err = why_set(&a->why, ERR_SYNTAX, "not of the form type/subtype");
	else if (mime_param(sbuf_as_span(&type), "charset", charset, sizeof charset) == ERR_SYNTAX)
		err = why_set(&a->why, ERR_SYNTAX, "a parameter whose closing quote is missing");
	else if (multipart_binary_type(media) != NULL)
		err = mime_boundary(sbuf_as_span(&type), &cf->lenient.mime, boundary, &a->why);
	sbuf_done(&type);
	if (err != OK)
		why_prefix(&a->why, "part 2: Content-Type");
	return err != OK ? PAP_BAD_REQUEST : 0;
}

static int
read_content_part(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct entities *e, struct content_part *part)
{
	struct why why;

	if (mime_headers(e->parts[1].head, &cf->lenient.mime, part->headers, &part->n_headers, &why) != OK) {
		why_prefix(&why, "part 2");
		return admit_control_refuse(rq, a, 15, PAP_BAD_REQUEST, why.text);
	}
	if (!values_agree(part, "Content-Type") || !values_agree(part, "Content-Transfer-Encoding"))
		return admit_refuse(a, PAP_BAD_REQUEST,
		    "part 2: more than one Content-Type or Content-Transfer-Encoding, of different values");
	part->type = mime_header(part->headers, part->n_headers, "Content-Type");
	if (part->type.n == 0)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: no Content-Type");
	if (check_type(cf, a, part->type) != 0)
		return PAP_BAD_REQUEST;
	if (mime_decode(mime_header(part->headers, part->n_headers, "Content-Transfer-Encoding"),
	    &cf->lenient.mime, e->parts[1].body, &part->body, &part->decoded, &a->why) != OK) {
		why_prefix(&a->why, "part 2");
		return PAP_BAD_REQUEST;
	}
	if (part->body.n > cf->max_content)
		return admit_refuse(a, PAP_BAD_REQUEST, "content entity of %zu octets, at most %zu are taken",
		    part->body.n, cf->max_content);
	return 0;
}

static unsigned
count_header(const struct content_part *part, const char *name)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < part->n_headers; i++)
		n += span_eq_nocase(part->headers[i].name, name);
	return n;
}

static struct span
find_header(const struct admit_request *rq, const struct content_part *part, const char *name, bool outer)
{
	struct span value = mime_header(part->headers, part->n_headers, name);

	if (value.n == 0 && outer && rq->outer_header != NULL) {
		const char *text = rq->outer_header(rq->arg, name);

		if (text != NULL)
			value = span_str(text);
	}
	return value;
}

/* Devices look for the application of a type by its id, and some find it by nothing else. */
static void
add_default_app_id(struct admission *a, struct sbuf *id)
{
	const char *name = content_default_app_id(span_str(a->text_type));

	if (name == NULL)
		return;
	sbuf_str(id, name);
	a->own_app_id = true;
}

/* May this initiator push such content, to that application? */
static int
check_access(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part)
{
	struct span app = find_header(rq, part, "X-Wap-Application-Id", true);
	struct sbuf type = { 0 }, id = { 0 };
	struct why why;

	unfold(mime_media(part->type), &type);
	unfold(app, &id);
	a->text_type = sbuf_take(&type);
	if (id.n == 0 && cf->default_app_id)
		add_default_app_id(a, &id);
	a->app_id = id.n > 0 ? sbuf_take(&id) : NULL;
	sbuf_done(&id);
	a->reason = access_content(rq->who, a->text_type, a->app_id, &why);
	return a->reason != ACCESS_OK ? admit_refuse(a, PAP_FORBIDDEN, "part 2: %s", why.text) : 0;
}

static int
put_header(struct admission *a, struct span name, struct span raw, struct wbuf *w)
{
	struct sbuf value = { 0 };
	int code = 0;

	unfold(raw, &value);
	if (wsp_header_encode(w, name, sbuf_as_span(&value), &a->why) != OK) {
		why_prefix(&a->why, "part 2");
		code = PAP_BAD_REQUEST;
	}
	sbuf_done(&value);
	return code;
}

static int
pass_on_header(const struct admit_request *rq, struct admission *a, const struct content_part *part,
    const struct pass_header *h, struct wbuf *w)
{
	struct span value = find_header(rq, part, h->name, h->outer);
	int code = 0;
	size_t i;

	if (value.n == 0)
		return 0;
	if (!h->list || count_header(part, h->name) < 2) {
		if (!values_agree(part, h->name))
			return admit_refuse(a, PAP_BAD_REQUEST, "part 2: more than one %s, of different values", h->name);
		return put_header(a, span_str(h->name), value, w);
	}
	for (i = 0; i < part->n_headers && code == 0; i++)
		if (span_eq_nocase(part->headers[i].name, h->name))
			code = put_header(a, span_str(h->name), part->headers[i].value, w);
	return code;
}

static bool
is_extension(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof kept_extensions / sizeof kept_extensions[0]; i++)
		if (span_starts_nocase(name, kept_extensions[i]))
			return false;
	return span_starts_nocase(name, "X-");
}

static int
pass_on_headers(const struct admit_request *rq, struct admission *a, const struct content_part *part,
    bool compiled, struct wbuf *w)
{
	int code = a->own_app_id ? put_header(a, span_str("X-Wap-Application-Id"), span_str(a->app_id), w) : 0;
	size_t i;

	for (i = 0; i < sizeof pass_headers / sizeof pass_headers[0] && code == 0; i++)
		if (!pass_headers[i].untransformed || !compiled)
			code = pass_on_header(rq, a, part, &pass_headers[i], w);
	for (i = 0; i < part->n_headers && code == 0; i++)
		if (is_extension(part->headers[i].name))
			code = put_header(a, part->headers[i].name, part->headers[i].value, w);
	return code;
}

/*
 * Does `uri` lie within a registered one: the same, or below it? "https://a/" holds "https://a/cp",
 * "https://a/c" does not hold "https://a/cp". Dot segments could lead out again.
 */
static bool
uri_within(struct span uri, const char *registered)
{
	size_t n = strlen(registered);

	if (uri.n < n || memcmp(uri.p, registered, n) != 0)
		return false;
	if (uri.n == n)
		return true;
	return (registered[n - 1] == '/' || strchr("/?#", uri.p[n]) != NULL) &&
	    memmem(uri.p + n - 1, uri.n - n + 1, "/.", 2) == NULL;
}

/* A foreign one: refused, replaced, or only noted. */
static int
foreign_uri(const struct control_rules *rules, const struct admit_request *rq, struct admission *a, struct span *uri)
{
	static const char foreign[] = "X-Wap-Initiator-URI lies within none of this account's initiator-uri values";
	struct why why;

	if (rules->modes[2] == CONTROL_OFF)
		return 0;
	if (rules->modes[2] == CONTROL_ENFORCE && rules->overwrite_uri) {
		*uri = span_str(rq->who->uris[0]);
		return 0;
	}
	if (rules->modes[2] == CONTROL_ENFORCE) {
		a->reason = ACCESS_INITIATOR_URI;
		return admit_control_refuse(rq, a, 2, PAP_FORBIDDEN, foreign);
	}
	why_set(&why, 0, "%s", foreign);
	control_found(rules, 2, PAP_FORBIDDEN, &why, &a->findings);
	return 0;
}

/* Which X-Wap-Initiator-URI goes on air (E-02): one within the account's, or none. */
static int
choose_initiator_uri(const struct control_rules *rules, const struct admit_request *rq, struct admission *a,
    const struct content_part *part, struct span *uri)
{
	struct span wanted = find_header(rq, part, "X-Wap-Initiator-URI", true);
	size_t i;

	*uri = span_of("", 0);
	if (!rq->authenticated || rq->who->n_uris == 0)
		return 0;
	*uri = wanted.n > 0 ? wanted : span_str(rq->who->uris[0]);
	for (i = 0; i < rq->who->n_uris; i++)
		if (uri_within(*uri, rq->who->uris[i]))
			return 0;
	return foreign_uri(rules, rq, a, uri);
}

/* Headers that devices combine, or take the first of: a second one is somebody's trick (E-15). */
static int
check_repeated(const struct control_rules *rules, const struct admit_request *rq, struct admission *a,
    const struct content_part *part)
{
	static const char *const names[] = { "Push-Flag", "X-Wap-Initiator-URI" };
	struct why why;
	size_t i;

	for (i = 0; i < 2 && rules->modes[15] != CONTROL_OFF; i++) {
		if (count_header(part, names[i]) < 2)
			continue;
		why_set(&why, 0, "part 2: more than one %s", names[i]);
		if (rules->modes[15] == CONTROL_ENFORCE)
			return admit_control_refuse(rq, a, 15, PAP_BAD_REQUEST, why.text);
		control_found(rules, 15, PAP_BAD_REQUEST, &why, &a->findings);
	}
	return 0;
}

/*
 * Push-Flag (E-01): what the gateway itself knows of the initiator. With the control off an initiator may also say
 * less than that, never more.
 */
static int
choose_flag(const struct control_rules *rules, const struct admit_request *rq, struct admission *a,
    const struct content_part *part)
{
	static const int flags[] = { [ROLE_NONE_PI] = 0, [ROLE_AUTH_PI] = 1, [ROLE_TRUSTED_PI] = 3 };
	struct span wanted = mime_header(part->headers, part->n_headers, "Push-Flag");
	int flag = rq->authenticated ? flags[rq->who->role] : 0;
	char text[8];
	int64_t value;
	struct why why;

	if (rules->trusted_types != NULL && !control_list_has(rules->trusted_types, span_str(a->text_type)))
		flag &= ~2;
	if (rules->modes[1] == CONTROL_ENFORCE || wanted.n == 0)
		return flag;
	if (span_to_cstr(span_trim(wanted), text, sizeof text) != OK || text_number(text, 0, 127, &value) != OK)
		value = 0;
	if (rules->modes[1] == CONTROL_WARN && (value & ~flag) != 0) {
		why_set(&why, 0, "Push-Flag %d says more than the gateway knows", (int)value);
		control_found(rules, 1, PAP_FORBIDDEN, &why, &a->findings);
	}
	return flag & (int)value;
}

/* What the gateway itself says of the initiator; an initiator's word only counts within that. */
static int
add_trust_headers(const struct control_rules *rules, const struct admit_request *rq, struct admission *a,
    const struct content_part *part, struct wbuf *w)
{
	char text[12];
	int flag = choose_flag(rules, rq, a, part);
	struct span uri;
	int code = check_repeated(rules, rq, a, part);

	if (code == 0)
		code = choose_initiator_uri(rules, rq, a, part, &uri);

	if (code != 0)
		return code;
	if (uri.n > 0 && wsp_header_encode(w, span_str("X-Wap-Initiator-URI"), uri, &a->why) != OK) {
		why_prefix(&a->why, "part 2: X-Wap-Initiator-URI");
		return PAP_BAD_REQUEST;
	}
	snprintf(text, sizeof text, "%d", flag);
	if (flag != 0 && wsp_header_encode(w, span_str("Push-Flag"), span_str(text), &a->why) != OK)
		return PAP_INTERNAL_ERROR;
	return 0;
}

/* ---- content ------------------------------------------------------------------------------------------------ */

/* Is `word` a member of the comma-separated list, in any case? */
static bool
list_has(struct span list, const char *word)
{
	size_t i, n;

	for (i = 0; i < list.n; i += n + 1) {
		struct span member = span_of(list.p + i, list.n - i);
		const uint8_t *comma = memchr(member.p, ',', member.n);

		n = comma != NULL ? (size_t)(comma - member.p) : member.n;
		if (span_eq_nocase(span_trim(span_of(member.p, n)), word))
			return true;
	}
	return false;
}

static bool
no_transform(const struct content_part *part)
{
	size_t i;

	for (i = 0; i < part->n_headers; i++)
		if (span_eq_nocase(part->headers[i].name, "Cache-Control") &&
		    list_has(part->headers[i].value, "no-transform"))
			return true;
	return false;
}

static size_t
largest_datagram(const struct admit_config *cf)
{
	struct routes *routes = route_table_get(cf->routes);
	size_t n = routes_largest_ip(routes);

	routes_unref(routes);
	return n;
}

/* Header block and body in their final octets; the size the bearer will see. */
static int
build_message(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part, const struct content *content, struct signing *sg)
{
	uint8_t block[WSP_HEADERS_MAX];
	struct wbuf w = wbuf_into(block, sizeof block);
	struct span headers, body = sbuf_as_span(&content->body);
	uint8_t length[5];
	struct wbuf l = wbuf_into(length, sizeof length);
	size_t air_n;
	int code;

	if (wsp_content_type_encode(&w, sbuf_as_span(&sg->type), &a->why) != OK) {
		why_prefix(&a->why, "part 2");
		return PAP_BAD_REQUEST;
	}
	code = pass_on_headers(rq, a, part, content->compiled, &w);
	if (code == 0)
		code = add_trust_headers(cf->controls, rq, a, part, &w);
	if (code != 0)
		return code;
	headers = wbuf_span(&w);
	if (w.err)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: headers need more than %d octets", WSP_HEADERS_MAX);
	code = admit_sign(cf, rq, a, sg, body, &headers, &air_n);
	if (code != 0)
		return code;
	wbuf_uintvar(&l, (uint32_t)air_n);
	a->pdu_octets = 2 + l.n + air_n + body.n;
	a->segments = sms_segments(a->pdu_octets);
	if (a->n_ip > 0) {
		size_t largest = largest_datagram(cf);

		a->segments = 1;
		if (a->pdu_octets > largest)
			return admit_refuse(a, PAP_TRANSFORMATION_FAILURE,
			    "content entity: %zu octets on air, a link over UDP carries %zu", a->pdu_octets, largest);
	} else if (a->segments == 0 || a->segments > cf->max_segments) {
		unsigned need = (unsigned)((a->pdu_octets + SMS_SEGMENT_MAX - 1) / SMS_SEGMENT_MAX);

		return admit_refuse(a, PAP_TRANSFORMATION_FAILURE,
		    "content entity: %zu octets on air need %u messages, the limit is %u", a->pdu_octets, need,
		    cf->max_segments);
	}
	admit_route_facts(cf, rq, a);
	a->body = store_body_create(headers, body, sbuf_as_span(&a->route));
	return 0;
}

static int
prepare(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part)
{
	struct content content = { 0 };
	struct signing sg = { 0 };
	struct sbuf type = { 0 };
	int code = 0;

	unfold(part->type, &type);
	if (admit_prepare(sbuf_as_span(&type), part->body, &cf->lenient.mime, no_transform(part), &content,
	    &a->why) != OK) {
		why_prefix(&a->why, "content entity");
		code = PAP_TRANSFORMATION_FAILURE;
	}
	sbuf_done(&type);
	if (code == 0)
		code = admit_sign_begin(cf, rq, a, part, &content, &sg);
	if (code == 0)
		code = build_message(cf, rq, a, part, &content, &sg);
	admit_sign_done(&sg);
	if (code == 0) {
		a->secret = content.kind == CONTENT_PROV || content.kind == CONTENT_DM ||
		    content.kind == CONTENT_DRM;
		a->content_type = span_dup(mime_media(span_str(content.type)));
	}
	content_done(&content);
	return code;
}

/* For the audit, which outlives a body that is erased: what it was. */
static void
describe_for_audit(struct admission *a, struct span body)
{
	char digest[SECRET_DIGEST_SIZE];
	struct sbuf out = { 0 };

	secret_digest(body, digest);
	sbuf_fmt(&out, "%s %zu octets sha256:%s", a->content_type, body.n, digest);
	if (a->signed_with != NULL)
		sbuf_fmt(&out, ", signed here: %s", a->signed_with);
	a->audit_detail = sbuf_take(&out);
}

int
admit_content(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct entities *e)
{
	struct admit_request request = *rq;
	struct content_part part = { 0 };
	int code = read_content_part(cf, rq, a, e, &part);

	if (!cf->lenient.outer_headers)
		request.outer_header = NULL;
	if (code == 0)
		code = check_access(cf, &request, a, &part);
	if (code == 0)
		code = prepare(cf, &request, a, &part);
	if (code != ADMIT_READER)	/* then it is asked for once more */
		admit_sign_forget(&part);
	free(part.decoded);
	if (code == 0) {
		if (a->secret)
			describe_for_audit(a, a->body->body);
		admission_note(a, "content", "%zu octets on air in %u message%s", a->pdu_octets, a->segments,
		    a->segments == 1 ? "" : "s");
	}
	return code;
}
