/* admit.c - see admit.h. One function a check, in the order they are made. */
#include "ppg/admit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "ppg/address.h"
#include "ppg/mime.h"
#include "wap/content.h"
#include "wap/udh.h"
#include "wap/wsp.h"

/* A check's answer: 0 = go on, else the PAP code, with the sentence in a->why. */
static int __attribute__((format(printf, 3, 4)))
refuse(struct admission *a, int code, const char *fmt, ...)
{
	char text[WHY_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why_set(&a->why, ERR_SYNTAX, "%s", text);
	return code;
}

static int
bad_message(struct admission *a, int code, struct span fragment)
{
	a->badmessage = true;
	a->fragment = fragment;
	return code;
}

/* ---- MIME --------------------------------------------------------------------------------------- */

struct entities {
	struct mime_part parts[MIME_PARTS_MAX];
	size_t n_parts;			/* 0: the body is the control entity alone */
	struct span control;
	char charset[40];
};

static int
control_part(struct admission *a, struct entities *e)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	struct span type;
	size_t n;

	if (mime_headers(e->parts[0].head, headers, &n, &a->why) != OK) {
		why_prefix(&a->why, "part 1");
		return bad_message(a, PAP_BAD_REQUEST, e->parts[0].head);
	}
	type = mime_header(headers, n, "Content-Type");
	if (!span_eq_nocase(mime_media(type), "application/xml") &&
	    !span_eq_nocase(mime_media(type), "text/xml")) {
		refuse(a, 0, "first part must be application/xml");
		return bad_message(a, PAP_BAD_REQUEST, type);
	}
	mime_param(type, "charset", e->charset, sizeof e->charset);
	e->control = e->parts[0].body;
	return 0;
}

static int
split_entities(const struct admit_request *rq, struct admission *a, struct entities *e)
{
	struct span type = span_str(rq->content_type);
	char boundary[256];

	if (!span_starts_nocase(mime_media(type), "multipart/")) {
		e->control = rq->body;
		mime_param(type, "charset", e->charset, sizeof e->charset);
		return 0;
	}
	if (mime_param(type, "boundary", boundary, sizeof boundary) != OK || boundary[0] == '\0') {
		refuse(a, 0, "multipart/related without a boundary of 1 to 70 characters");
		return bad_message(a, PAP_BAD_REQUEST, type);
	}
	if (mime_split(rq->body, span_str(boundary), e->parts, &e->n_parts, &a->why) != OK)
		return bad_message(a, PAP_BAD_REQUEST, span_of(rq->body.p, 0));
	if (e->n_parts == 0) {
		refuse(a, 0, "multipart/related without a part");
		return bad_message(a, PAP_BAD_REQUEST, span_of(rq->body.p, 0));
	}
	return control_part(a, e);
}

/* ---- PAP ------------------------------------------------------------------------------------------ */

static int
read_control(const struct admit_config *cf, struct admission *a, const struct entities *e)
{
	int err;

	if (e->control.n > cf->max_control) {
		refuse(a, 0, "control entity of %zu octets, at most %zu are taken", e->control.n,
		    cf->max_control);
		return bad_message(a, PAP_BAD_REQUEST, span_of(e->control.p, 0));
	}
	err = pap_parse(e->control, e->charset[0] != '\0' ? e->charset : NULL, cf->max_addresses,
	    &a->control, &a->why);
	if (err)
		return bad_message(a, err == ERR_UNSUPPORTED ? PAP_VERSION_UNSUPPORTED : PAP_BAD_REQUEST,
		    span_of(e->control.p, e->control.n < 64 ? e->control.n : 64));
	if (a->control.invalid)
		a->why = a->control.invalid_why;
	/* without a push-id there is nothing a push-response could name */
	if (a->control.message != PAP_CCQ && a->control.push_id[0] == '\0') {
		if (!a->control.invalid)
			refuse(a, 0, "%s: push-id is empty", a->control.name);
		return bad_message(a, PAP_BAD_REQUEST, span_of(e->control.p, 0));
	}
	return a->control.invalid ? PAP_BAD_REQUEST : 0;
}

static int
check_operation(struct admission *a, const struct entities *e)
{
	if (a->control.message != PAP_PUSH)
		return refuse(a, PAP_NOT_IMPLEMENTED, "%s is not served yet", a->control.name);
	if (a->control.replace_push_id != NULL)
		return refuse(a, PAP_REPLACEMENT_UNSUPPORTED, "replacement is not served yet");
	if (e->n_parts < 2)
		return refuse(a, PAP_BAD_REQUEST, "push-message without a content entity");
	return 0;
}

/* ---- addresses ------------------------------------------------------------------------------------- */

static int
compare_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* Identical address strings are one recipient. */
static void
drop_repeated(struct pap_control *c)
{
	size_t i, j;

	if (c->n_addresses <= 16) {
		for (i = 1; i < c->n_addresses; i++) {
			for (j = 0; j < i && strcmp(c->addresses[i], c->addresses[j]) != 0; j++)
				;
			if (j < i) {
				free(c->addresses[i]);
				memmove(&c->addresses[i], &c->addresses[i + 1],
				    (c->n_addresses - i - 1) * sizeof(char *));
				c->n_addresses--;
				i--;
			}
		}
		return;
	}
	qsort(c->addresses, c->n_addresses, sizeof(char *), compare_text);
	for (i = 1, j = 1; i < c->n_addresses; i++) {
		if (strcmp(c->addresses[i], c->addresses[j - 1]) == 0)
			free(c->addresses[i]);
		else
			c->addresses[j++] = c->addresses[i];
	}
	c->n_addresses = j;
}

static int
check_addresses(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct pap_control *c = &a->control;
	size_t i;

	drop_repeated(c);
	a->recipients = calloc(c->n_addresses, sizeof *a->recipients);
	a->dials = calloc(c->n_addresses, sizeof *a->dials);
	if (a->recipients == NULL || a->dials == NULL)
		abort();
	for (i = 0; i < c->n_addresses; i++) {
		struct wappush address;
		struct why why;

		if (address_parse(c->addresses[i], &address, &why) != OK)
			return refuse(a, PAP_ADDRESS_ERROR, "push-message/address[%zu]: %s", i + 1, why.text);
		if (!address.number)
			return refuse(a, PAP_ADDRESS_ERROR,
			    "push-message/address[%zu]: no link serves TYPE=%s", i + 1, address.type_name);
		if (number_normalise(cf->numbers, rq->who->country, address_number(&address), a->dials[i], &why) != OK)
			return refuse(a, PAP_ADDRESS_ERROR, "push-message/address[%zu]: %s", i + 1, why.text);
		a->reason = access_number(rq->who, a->dials[i], &why);
		if (a->reason != ACCESS_OK)
			return refuse(a, PAP_FORBIDDEN, "push-message/address[%zu]: %s", i + 1, why.text);
		a->recipients[i] = (struct store_recipient){ .address = c->addresses[i], .to = a->dials[i] };
	}
	a->n_recipients = (uint32_t)c->n_addresses;
	return 0;
}

/* ---- quality of service, time, notification target ----------------------------------------------------- */

static int
check_qos(struct admission *a)
{
	const struct pap_qos *q = &a->control.qos;

	if (!q->present)
		return 0;
	if (strcmp(q->delivery_method, "confirmed") == 0)
		return refuse(a, PAP_DELIVERY_METHOD_IMPOSSIBLE,
		    "delivery-method confirmed: the SMS bearer carries unconfirmed pushes only");
	if (q->network_required && q->network[0] != '\0' && strcasecmp(q->network, "any") != 0 &&
	    strcasecmp(q->network, "GSM") != 0)
		return refuse(a, PAP_NETWORK_UNAVAILABLE, "network-required: no link serves network %s", q->network);
	if (q->bearer_required && q->bearer[0] != '\0' && strcasecmp(q->bearer, "any") != 0 &&
	    strcasecmp(q->bearer, "SMS") != 0)
		return refuse(a, PAP_BEARER_UNAVAILABLE, "bearer-required: no link serves bearer %s", q->bearer);
	return 0;
}

static int
check_times(const struct admit_config *cf, struct admission *a)
{
	const struct pap_control *c = &a->control;

	a->received = clock_utc();
	if (c->deliver_before != 0 && c->deliver_after != 0 && c->deliver_before <= c->deliver_after)
		return refuse(a, PAP_BAD_REQUEST,
		    "deliver-before-timestamp is not later than deliver-after-timestamp");
	if (c->deliver_before != 0 && c->deliver_before <= a->received)
		return refuse(a, PAP_FORBIDDEN, "deliver-before-timestamp has passed");
	a->deadline_at = (c->deliver_after > a->received ? c->deliver_after : a->received) + cf->max_age_s;
	if (c->deliver_before != 0 && c->deliver_before < a->deadline_at)
		a->deadline_at = c->deliver_before;
	return 0;
}

static bool
same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)a)->sin_addr,
		    &((const struct sockaddr_in *)b)->sin_addr, 4) == 0;
	return a->sa_family == AF_INET6 && memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
	    &((const struct sockaddr_in6 *)b)->sin6_addr, 16) == 0;
}

/* Names are looked at when they are connected to; a literal address is refused at once. */
static int
check_notify_url(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	const struct netlist *allow = rq->who->notify_allow ? rq->who->notify_allow : cf->notify_allow;
	struct sockaddr_storage addr;
	int err;

	if (a->control.notify_url == NULL)
		return 0;
	err = url_host_address(a->control.notify_url, &addr, &a->why);
	if (err == ERR_NOT_FOUND)
		return 0;
	if (err) {
		why_prefix(&a->why, "ppg-notify-requested-to");
		return PAP_BAD_REQUEST;
	}
	if (address_is_inner((struct sockaddr *)&addr) && !netlist_has(allow, (struct sockaddr *)&addr) &&
	    !(rq->authenticated && rq->peer != NULL && same_host(rq->peer, (struct sockaddr *)&addr)))
		return refuse(a, PAP_FORBIDDEN,
		    "ppg-notify-requested-to: an inner address that notify-allow does not name");
	return 0;
}

/* ---- headers of the content entity ------------------------------------------------------------------------ */

/*
 * What may pass from an initiator to a device. Everything else stays here, whatever it is called:
 * User-Agent, Authorization, X-Kannel-*, Push-Flag ...
 */
static const struct pass_header {
	const char *name;
	bool outer;		/* also taken from the HTTP request's own headers */
	bool untransformed;	/* only true of a body that was not compiled here */
} pass_headers[] = {
	{ "X-Wap-Application-Id", true,  false },
	{ "X-Wap-Content-URI",    true,  false },
	{ "Content-Location",     false, false },
	{ "Content-Language",     false, false },
	{ "Content-ID",           false, false },
	{ "Content-MD5",          false, true  },
	{ "Cache-Control",        false, false },
	{ "Date",                 false, false },
	{ "Etag",                 false, true  },
	{ "Expires",              false, false },
	{ "Last-Modified",        false, false },
	{ "X-MS-Desc",            false, false },
};

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

struct content_part {
	struct mime_header headers[MIME_HEADERS_MAX];
	size_t n_headers;
	struct span type, body;
	char *decoded;			/* heap behind body, or NULL */
};

static int
read_content_part(const struct admit_config *cf, struct admission *a, const struct entities *e,
    struct content_part *part)
{
	if (mime_headers(e->parts[1].head, part->headers, &part->n_headers, &a->why) != OK) {
		why_prefix(&a->why, "part 2 (E-15)");
		return PAP_BAD_REQUEST;
	}
	part->type = mime_header(part->headers, part->n_headers, "Content-Type");
	if (part->type.n == 0)
		return refuse(a, PAP_BAD_REQUEST, "part 2: no Content-Type");
	if (mime_decode(mime_header(part->headers, part->n_headers, "Content-Transfer-Encoding"),
	    e->parts[1].body, &part->body, &part->decoded, &a->why) != OK) {
		why_prefix(&a->why, "part 2");
		return PAP_BAD_REQUEST;
	}
	if (part->body.n > cf->max_content)
		return refuse(a, PAP_BAD_REQUEST, "content entity of %zu octets, at most %zu are taken",
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

/* May this initiator push such content, to that application? */
static int
check_content_access(const struct admit_request *rq, struct admission *a, const struct content_part *part)
{
	struct span app = find_header(rq, part, "X-Wap-Application-Id", true);
	struct sbuf type = { 0 }, id = { 0 };
	struct why why;

	unfold(mime_media(part->type), &type);
	unfold(app, &id);
	a->reason = access_content(rq->who, type.n > 0 ? type.s : "", id.n > 0 ? id.s : NULL, &why);
	sbuf_done(&type);
	sbuf_done(&id);
	return a->reason != ACCESS_OK ? refuse(a, PAP_FORBIDDEN, "part 2: %s", why.text) : 0;
}

static int
pass_on_headers(const struct admit_request *rq, struct admission *a, const struct content_part *part,
    bool compiled, struct wbuf *w)
{
	struct sbuf value = { 0 };
	int code = 0;
	size_t i;

	for (i = 0; i < sizeof pass_headers / sizeof pass_headers[0] && code == 0; i++) {
		const struct pass_header *h = &pass_headers[i];
		struct span v = find_header(rq, part, h->name, h->outer);

		if (v.n == 0 || (h->untransformed && compiled))
			continue;
		if (count_header(part, h->name) > 1) {
			code = refuse(a, PAP_BAD_REQUEST, "part 2: more than one %s", h->name);
			break;
		}
		unfold(v, &value);
		if (wsp_header_encode(w, span_str(h->name), sbuf_as_span(&value), &a->why) != OK) {
			why_prefix(&a->why, "part 2");
			code = PAP_BAD_REQUEST;
		}
	}
	sbuf_done(&value);
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

/* Which X-Wap-Initiator-URI goes on air (E-02): one within the account's, or none. */
static int
choose_initiator_uri(const struct admit_request *rq, struct admission *a,
    const struct content_part *part, struct span *uri)
{
	struct span wanted = find_header(rq, part, "X-Wap-Initiator-URI", true);
	size_t i;

	*uri = span_of("", 0);
	if (!rq->authenticated || rq->who->n_uris == 0)
		return 0;
	if (count_header(part, "X-Wap-Initiator-URI") > 1)
		return refuse(a, PAP_BAD_REQUEST, "part 2: more than one X-Wap-Initiator-URI (E-15)");
	*uri = wanted.n > 0 ? wanted : span_str(rq->who->uris[0]);
	for (i = 0; i < rq->who->n_uris; i++)
		if (uri_within(*uri, rq->who->uris[i]))
			return 0;
	a->reason = ACCESS_INITIATOR_URI;
	return refuse(a, PAP_FORBIDDEN,
	    "X-Wap-Initiator-URI lies within none of this account's initiator-uri values (control E-02)");
}

/* What the gateway itself says of the initiator (E-01); never taken from the request. */
static int
add_trust_headers(const struct admit_request *rq, struct admission *a, const struct content_part *part,
    struct wbuf *w)
{
	static const char *const flags[] = {
		[ROLE_NONE_PI] = NULL, [ROLE_AUTH_PI] = "1", [ROLE_TRUSTED_PI] = "3"
	};
	const char *flag = rq->authenticated ? flags[rq->who->role] : NULL;
	struct span uri;
	int code = choose_initiator_uri(rq, a, part, &uri);

	if (code != 0)
		return code;
	if (uri.n > 0 && wsp_header_encode(w, span_str("X-Wap-Initiator-URI"), uri, &a->why) != OK) {
		why_prefix(&a->why, "part 2: X-Wap-Initiator-URI");
		return PAP_BAD_REQUEST;
	}
	if (flag != NULL && wsp_header_encode(w, span_str("Push-Flag"), span_str(flag), &a->why) != OK)
		return PAP_INTERNAL_ERROR;
	return 0;
}

/* ---- content ------------------------------------------------------------------------------------------------ */

static bool
no_transform(const struct content_part *part)
{
	struct span v = mime_header(part->headers, part->n_headers, "Cache-Control");

	return v.n > 0 && memmem(v.p, v.n, "no-transform", 12) != NULL;
}

/* Header block and body in their final octets; the size the bearer will see. */
static int
build_message(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part, const struct content *content)
{
	uint8_t block[WSP_HEADERS_MAX];
	struct wbuf w = wbuf_into(block, sizeof block);
	struct span headers, body = sbuf_as_span(&content->body);
	uint8_t length[5];
	struct wbuf l = wbuf_into(length, sizeof length);
	int code;

	if (wsp_content_type_encode(&w, span_str(content->type), &a->why) != OK) {
		why_prefix(&a->why, "part 2");
		return PAP_BAD_REQUEST;
	}
	code = pass_on_headers(rq, a, part, content->compiled, &w);
	if (code == 0)
		code = add_trust_headers(rq, a, part, &w);
	if (code != 0)
		return code;
	headers = wbuf_span(&w);
	if (w.err)
		return refuse(a, PAP_BAD_REQUEST, "part 2: headers need more than %d octets", WSP_HEADERS_MAX);
	wbuf_uintvar(&l, (uint32_t)headers.n);
	a->pdu_octets = 2 + l.n + headers.n + body.n;
	a->segments = sms_segments(a->pdu_octets);
	if (a->segments == 0 || a->segments > cf->max_segments) {
		unsigned need = (unsigned)((a->pdu_octets + SMS_SEGMENT_MAX - 1) / SMS_SEGMENT_MAX);

		return refuse(a, PAP_TRANSFORMATION_FAILURE,
		    "content entity: %zu octets on air need %u messages, the limit is %u", a->pdu_octets, need,
		    cf->max_segments);
	}
	a->body = store_body_create(headers, body, span_of(NULL, 0));
	return 0;
}

static int
prepare_content(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part)
{
	struct content content = { 0 };
	struct sbuf type = { 0 };
	int code = 0;

	unfold(part->type, &type);
	if (content_prepare(sbuf_as_span(&type), part->body, no_transform(part), &content, &a->why) != OK) {
		why_prefix(&a->why, "content entity");
		code = PAP_TRANSFORMATION_FAILURE;
	}
	sbuf_done(&type);
	if (code == 0)
		code = build_message(cf, rq, a, part, &content);
	if (code == 0) {
		a->secret = content.kind == CONTENT_PROV || content.kind == CONTENT_DM ||
		    content.kind == CONTENT_DRM;
		a->content_type = span_dup(mime_media(span_str(content.type)));
	}
	content_done(&content);
	return code;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

/* What later stations want to know and the store need not understand. */
static void
write_meta(const struct admit_request *rq, struct admission *a)
{
	const struct pap_control *c = &a->control;
	struct sbuf out = { 0 };
	json_t *meta = json_object();

	if (c->qos.present)
		json_object_set_new(meta, "qos", json_true());
	if (c->above_10)
		json_object_set_new(meta, "above_10", json_true());
	if (c->notify_url != NULL && rq->authenticated && rq->peer_name != NULL)
		json_object_set_new(meta, "peer", json_string(rq->peer_name));
	if (c->source_reference != NULL)
		json_object_set_new(meta, "source_reference", json_span(span_str(c->source_reference)));
	if (json_object_size(meta) > 0) {
		json_print(meta, &out);
		a->meta = sbuf_take(&out);
	}
	json_decref(meta);
}

static int
run_checks(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct entities e = { 0 };
	struct content_part part = { 0 };
	int code;

	if ((code = split_entities(rq, a, &e)) != 0 ||
	    (code = read_control(cf, a, &e)) != 0 ||
	    (code = check_operation(a, &e)) != 0 ||
	    (code = check_addresses(cf, rq, a)) != 0 ||
	    (code = check_qos(a)) != 0 ||
	    (code = check_times(cf, a)) != 0 ||
	    (code = check_notify_url(cf, rq, a)) != 0)
		return code;
	code = read_content_part(cf, a, &e, &part);
	if (code == 0)
		code = check_content_access(rq, a, &part);
	if (code == 0)
		code = prepare_content(cf, rq, a, &part);
	free(part.decoded);
	if (code == 0)
		write_meta(rq, a);
	return code != 0 ? code : PAP_ACCEPTED;
}

void
admit(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	*a = (struct admission){ 0 };
	a->code = run_checks(cf, rq, a);
}

void
admission_done(struct admission *a)
{
	pap_control_done(&a->control);
	free(a->recipients);
	free(a->dials);
	free(a->content_type);
	free(a->meta);
	store_body_unref(a->body);
	*a = (struct admission){ 0 };
}
