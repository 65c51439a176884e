/*
 * pap_print.c - PAP documents we write: responses, result notifications, submissions.
 * Spec: WAP-247-PAP 8 (elements), 9.2 (wap-pap-ver), 11 (document types).
 */
#include "ppg/pap.h"

#include "base/clock.h"

/* Declaration, DOCTYPE and <pap>. */
static void
open_document(struct sbuf *out, const char *product, struct pap_version v, bool above_10)
{
	bool oma = v.major == 2 && v.minor > 0;

	sbuf_reserve(out, 700);
	sbuf_fmt(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP %u.%u//EN\"\n\t\"%s%u.%u.dtd\"",
	    v.major, v.minor,
	    oma ? "http://www.openmobilealliance.org/tech/DTD/pap_" : "http://www.wapforum.org/DTD/pap_",
	    v.major, v.minor);
	if (above_10) {
		sbuf_str(out, "\n\t[<?wap-pap-ver supported-versions=\"");
		pap_versions_served(out);
		sbuf_str(out, "\"?>]");
	}
	sbuf_str(out, ">\n<pap");
	if (product != NULL) {
		sbuf_str(out, " product-name=\"");
		sbuf_xml(out, span_str(product));
		sbuf_char(out, '"');
	}
	sbuf_str(out, ">\n");
}

static void
put_attr(struct sbuf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	sbuf_char(out, ' ');
	sbuf_str(out, name);
	sbuf_str(out, "=\"");
	sbuf_xml(out, span_str(value));
	sbuf_char(out, '"');
}

static void
put_time(struct sbuf *out, const char *name, time_t t)
{
	char iso[CLOCK_ISO_SIZE];

	if (t == 0)
		return;
	clock_iso(t, iso);
	put_attr(out, name, iso);
}

static void
put_code(struct sbuf *out, struct pap_version v, enum pap_message answer_to, int code, const char *desc)
{
	code = pap_status_for(v, answer_to, code);
	sbuf_fmt(out, " code=\"%d\"", code);
	put_attr(out, "desc", desc != NULL ? desc : pap_status_name(pap_status_effective(code)));
}

static void
put_address(struct sbuf *out, const char *address)
{
	sbuf_str(out, "<address");
	put_attr(out, "address-value", address != NULL ? address : "");
	sbuf_str(out, "/>\n");
}

static void
put_qos(struct sbuf *out, const struct pap_qos_used *q)
{
	if (q == NULL)
		return;
	sbuf_str(out, "<quality-of-service");
	put_attr(out, "priority", q->priority);
	put_attr(out, "delivery-method", q->delivery_method);
	put_attr(out, "network", q->network);
	put_attr(out, "bearer", q->bearer);
	sbuf_str(out, "/>\n");
}

void
pap_push_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *push_id, int code, const char *desc, time_t reply_time, const struct pap_note *notes, size_t n_notes)
{
	size_t i;

	open_document(out, w->product, v, above_10);
	sbuf_str(out, "<push-response");
	put_attr(out, "push-id", push_id);
	put_attr(out, "sender-address", w->sender_address);
	put_attr(out, "sender-name", w->sender_name);
	put_time(out, "reply-time", reply_time);
	sbuf_str(out, ">\n");
	for (i = 0; i < n_notes; i++) {
		sbuf_str(out, "<progress-note");
		put_attr(out, "stage", notes[i].stage);
		put_attr(out, "note", notes[i].note);
		put_time(out, "time", notes[i].time);
		sbuf_str(out, "/>\n");
	}
	sbuf_str(out, "<response-result");
	put_code(out, v, PAP_PUSH, code, desc);
	sbuf_str(out, "/>\n</push-response>\n</pap>\n");
}

void
pap_badmessage_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v,
    bool above_10, int code, const char *desc, struct span fragment)
{
	open_document(out, w->product, v, above_10);
	sbuf_str(out, "<badmessage-response");
	put_code(out, v, PAP_NONE, code, desc);
	if (fragment.n > 0) {
		struct sbuf quoted = { 0 };

		sbuf_quote(&quoted, fragment);
		put_attr(out, "bad-message-fragment", quoted.s);
		sbuf_done(&quoted);
	}
	sbuf_str(out, "/>\n</pap>\n");
}

/* What comes before the addresses of a statusquery-result is the state; a cancel-result has none. */
static void
put_outcome(struct sbuf *out, struct pap_version v, enum pap_message answer_to, const struct pap_outcome *r)
{
	const char *name = answer_to == PAP_CANCEL ? "cancel-result" : "statusquery-result";
	size_t i;

	sbuf_fmt(out, "<%s", name);
	if (answer_to == PAP_STATUSQUERY) {
		put_time(out, "event-time", r->event_time);
		put_attr(out, "message-state", r->state != NULL ? r->state : "unknown");
	}
	put_code(out, v, answer_to, r->code, r->desc);
	sbuf_str(out, ">\n");
	for (i = 0; i < r->n_addresses; i++)
		put_address(out, r->addresses[i]);
	if (answer_to == PAP_STATUSQUERY)
		put_qos(out, r->qos);
	sbuf_fmt(out, "</%s>\n", name);
}

static void
outcomes_document(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    enum pap_message answer_to, const char *push_id, const struct pap_outcome *results, size_t n)
{
	const char *name = answer_to == PAP_CANCEL ? "cancel-response" : "statusquery-response";
	size_t i;

	open_document(out, w->product, v, above_10);
	sbuf_fmt(out, "<%s", name);
	put_attr(out, "push-id", push_id);
	sbuf_str(out, ">\n");
	for (i = 0; i < n; i++)
		put_outcome(out, v, answer_to, &results[i]);
	sbuf_fmt(out, "</%s>\n</pap>\n", name);
}

void
pap_cancel_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *push_id, const struct pap_outcome *results, size_t n)
{
	outcomes_document(out, w, v, above_10, PAP_CANCEL, push_id, results, n);
}

void
pap_statusquery_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *push_id, const struct pap_outcome *results, size_t n)
{
	outcomes_document(out, w, v, above_10, PAP_STATUSQUERY, push_id, results, n);
}

void
pap_ccq_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *query_id, const char *address, int code, const char *desc)
{
	open_document(out, w->product, v, above_10);
	sbuf_str(out, "<ccq-response");
	put_attr(out, "query-id", query_id);
	put_code(out, v, PAP_CCQ, code, desc);
	sbuf_str(out, ">\n");
	put_address(out, address);
	sbuf_str(out, "</ccq-response>\n</pap>\n");
}

void
pap_refuse_operation(struct sbuf *out, const struct pap_writer *w, struct pap_version v,
    const struct pap_control *c, int code, const char *desc)
{
	const struct pap_outcome all = { .code = code, .desc = desc, .state = "unknown" };

	if (c->message == PAP_CANCEL || c->message == PAP_STATUSQUERY)
		outcomes_document(out, w, v, c->above_10, c->message, c->push_id, &all, 1);
	else
		pap_ccq_response(out, w, v, c->above_10, c->query_id,
		    c->n_addresses > 0 ? c->addresses[0] : NULL, code, desc);
}

void
pap_resultnotification(struct sbuf *out, const struct pap_writer *w, struct pap_version v,
    bool above_10, const struct pap_result *r)
{
	open_document(out, w->product, v, above_10);
	sbuf_str(out, "<resultnotification-message");
	put_attr(out, "push-id", r->push_id);
	put_attr(out, "sender-address", w->sender_address);
	put_attr(out, "sender-name", w->sender_name);
	put_time(out, "received-time", r->received);
	put_time(out, "event-time", r->event_time);
	put_attr(out, "message-state", r->state);
	put_code(out, v, PAP_NONE, r->code, r->desc);
	sbuf_str(out, ">\n");
	put_address(out, r->address);
	put_qos(out, r->qos);
	sbuf_str(out, "</resultnotification-message>\n</pap>\n");
}

static void
put_flag(struct sbuf *out, const char *name, bool set)
{
	put_attr(out, name, set ? "true" : NULL);
}

static void
put_wishes(struct sbuf *out, const struct pap_submit *s)
{
	if (s->priority == NULL && s->delivery_method == NULL && s->network == NULL && s->bearer == NULL)
		return;
	sbuf_str(out, "<quality-of-service");
	put_attr(out, "priority", s->priority);
	put_attr(out, "delivery-method", s->delivery_method);
	put_attr(out, "network", s->network);
	put_flag(out, "network-required", s->network_required);
	put_attr(out, "bearer", s->bearer);
	put_flag(out, "bearer-required", s->bearer_required);
	sbuf_str(out, "/>\n");
}

static void
open_request(struct sbuf *out, const char *version)
{
	open_document(out, NULL, pap_version_parse(version != NULL ? version : "2.0"), true);
}

void
pap_push_message(struct sbuf *out, const struct pap_submit *s)
{
	size_t i;

	open_request(out, s->version);
	sbuf_str(out, "<push-message");
	put_attr(out, "push-id", s->push_id);
	put_attr(out, "replace-push-id", s->replace_push_id);
	put_attr(out, "replace-method", s->replace_pending_only ? "pending-only" : NULL);
	put_attr(out, "deliver-before-timestamp", s->deliver_before);
	put_attr(out, "deliver-after-timestamp", s->deliver_after);
	put_attr(out, "source-reference", s->source_reference);
	put_attr(out, "ppg-notify-requested-to", s->notify_url);
	put_flag(out, "progress-notes-requested", s->progress_notes);
	sbuf_str(out, ">\n");
	for (i = 0; i < s->n_addresses; i++)
		put_address(out, s->addresses[i]);
	put_wishes(out, s);
	sbuf_str(out, "</push-message>\n</pap>\n");
}

void
pap_operation_message(struct sbuf *out, const char *version, enum pap_message message, const char *push_id,
    const char *const *addresses, size_t n)
{
	const char *name = message == PAP_CANCEL ? "cancel-message" : "statusquery-message";
	size_t i;

	open_request(out, version);
	sbuf_fmt(out, "<%s", name);
	put_attr(out, "push-id", push_id);
	sbuf_str(out, ">\n");
	for (i = 0; i < n; i++)
		put_address(out, addresses[i]);
	sbuf_fmt(out, "</%s>\n</pap>\n", name);
}

void
pap_ccq_message(struct sbuf *out, const char *version, const char *query_id, const char *app_id,
    const char *address)
{
	open_request(out, version);
	sbuf_str(out, "<ccq-message");
	put_attr(out, "query-id", query_id);
	put_attr(out, "app-id", app_id);
	sbuf_str(out, ">\n");
	put_address(out, address);
	sbuf_str(out, "</ccq-message>\n</pap>\n");
}
