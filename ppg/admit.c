/* admit.c - see admit.h. One function a check, in the order they are made. */
#include "ppg/admit_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "ppg/life.h"

int
admit_refuse(struct admission *a, int code, const char *fmt, ...)
{
	char text[WHY_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why_set(&a->why, ERR_SYNTAX, "%s", text);
	return code;
}

void
admission_note(struct admission *a, const char *stage, const char *fmt, ...)
{
	va_list ap;

	if (!a->control.progress_notes || a->n_notes == ADMIT_NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(a->note_texts[a->n_notes], sizeof a->note_texts[0], fmt, ap);
	va_end(ap);
	a->notes[a->n_notes] = (struct pap_note){ stage, a->note_texts[a->n_notes], clock_utc() };
	a->n_notes++;
}

static void
begin_in(struct admission *a, uint32_t i, enum push_step step, int code, const char *text)
{
	struct store_recipient *r = &a->recipients[i];

	if (r->state != 0)
		return;
	if (a->held_desc == NULL)
		a->held_desc = calloc(a->n_recipients, sizeof *a->held_desc);
	if (a->held_desc == NULL)
		abort();
	r->state = step;
	r->code = code;
	r->desc = a->held_desc[i] = span_dup(span_str(text));
	a->n_held++;
	a->n_quarantined += step == STEP_QUARANTINED;
}

void
admit_hold(struct admission *a, uint32_t i, int code, const char *text)
{
	begin_in(a, i, STEP_UNFIT, code, text);
}

void
admit_quarantine(struct admission *a, uint32_t i, const char *text)
{
	begin_in(a, i, STEP_QUARANTINED, 0, text);
}

static int
bad_message(struct admission *a, int code, struct span fragment)
{
	a->badmessage = true;
	a->fragment = fragment;
	return code;
}

/* ---- PAP ------------------------------------------------------------------------------------------ */

static int
read_control(const struct admit_config *cf, struct admission *a, const struct entities *e)
{
	int err;

	if (e->control.n > cf->max_control) {
		admit_refuse(a, 0, "control entity of %zu octets, at most %zu are taken", e->control.n,
		    cf->max_control);
		return bad_message(a, PAP_BAD_REQUEST, span_of(e->control.p, 0));
	}
	err = pap_parse(e->control, e->charset[0] != '\0' ? e->charset : NULL, cf->max_addresses,
	    &cf->lenient, &a->control, &a->why);
	if (err)
		return bad_message(a, err == ERR_UNSUPPORTED ? PAP_VERSION_UNSUPPORTED : PAP_BAD_REQUEST,
		    span_of(e->control.p, e->control.n < 64 ? e->control.n : 64));
	if (a->control.message == PAP_NOTIFICATION_RESPONSE) {
		admit_refuse(a, 0, "%s is not a request to a gateway", a->control.name);
		return bad_message(a, PAP_BAD_REQUEST, span_of(e->control.p, 0));
	}
	if (a->control.invalid)
		a->why = a->control.invalid_why;
	/* without a push-id there is nothing a push-response could name */
	if (a->control.message != PAP_CCQ && a->control.push_id[0] == '\0') {
		if (!a->control.invalid)
			admit_refuse(a, 0, "%s: push-id is empty", a->control.name);
		return bad_message(a, PAP_BAD_REQUEST, span_of(e->control.p, 0));
	}
	return a->control.invalid ? PAP_BAD_REQUEST : 0;
}

/* Nothing but pushes has a content entity; the others go to operations.c. */
static int
check_operation(struct admission *a, const struct entities *e)
{
	switch (a->control.message) {
	case PAP_PUSH:
		if (e->n_parts < 2)
			return admit_refuse(a, PAP_BAD_REQUEST, "push-message without a content entity");
		return 0;
	case PAP_CANCEL:
	case PAP_STATUSQUERY:
	case PAP_CCQ:
		return ADMIT_OPERATION;
	case PAP_NONE:
	case PAP_NOTIFICATION:
	case PAP_NOTIFICATION_RESPONSE:
	case PAP_OTHER:
		break;
	}
	return admit_refuse(a, PAP_NOT_IMPLEMENTED, "%s is nothing that a gateway takes", a->control.name);
}

/* ---- time, notification target  ----------------------------------------------------- */

static int
check_times(const struct admit_config *cf, struct admission *a)
{
	const struct pap_control *c = &a->control;

	a->received = clock_utc();
	if (c->deliver_before != 0 && c->deliver_after != 0 && c->deliver_before <= c->deliver_after)
		return admit_refuse(a, PAP_BAD_REQUEST,
		    "deliver-before-timestamp is not later than deliver-after-timestamp");
	if (c->deliver_before != 0 && c->deliver_before <= a->received)
		return admit_refuse(a, PAP_FORBIDDEN, "deliver-before-timestamp has passed");
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
		return admit_refuse(a, PAP_FORBIDDEN,
		    "ppg-notify-requested-to: an inner address that notify-allow does not name");
	return 0;
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
		json_object_set_new(meta, "qos", json_string(c->qos.priority));
	if (c->above_10)
		json_object_set_new(meta, "above_10", json_true());
	if (c->notify_url != NULL && rq->authenticated && rq->peer_name != NULL)
		json_object_set_new(meta, "peer", json_string(rq->peer_name));
	if (c->source_reference != NULL)
		json_object_set_new(meta, "source_reference", json_span(span_str(c->source_reference)));
	if (a->n_quarantined > 0)
		json_object_set_new(meta, "held", json_pack("{s:b}", "privileged", a->privileged));
	if (json_object_size(meta) > 0)
		json_print(meta, &out);
	json_decref(meta);
	admit_policy_meta(a, &out);
	if (out.n > 0)
		a->meta = sbuf_take(&out);
}

static void
note_received(const struct admit_request *rq, struct admission *a)
{
	admission_note(a, "received", "%zu octets from initiator %s%s", rq->body.n, rq->who->name,
	    rq->authenticated ? "" : ", which is not authenticated");
	if (a->n_notes > 0)
		a->notes[0].time = rq->began;
	admission_note(a, "checked", "%zu address%s", a->control.n_addresses,
	    a->control.n_addresses == 1 ? "" : "es");
}

static int
run_checks(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct entities e = { 0 };
	int code, err = entities_split(rq->content_type, rq->body, &cf->lenient, &e, &a->why);

	a->control_text = e.heap;
	if (err)
		return bad_message(a, PAP_BAD_REQUEST, e.fragment);
	if ((code = read_control(cf, a, &e)) != 0 ||
	    (code = check_operation(a, &e)) != 0)
		return code;
	if ((e.n_parts >= 3 || admit_policy_reads(cf)) && rq->reader == NULL)
		return ADMIT_READER;		/* devices must be looked up */
	note_received(rq, a);
	if ((code = admit_addresses(cf, rq, a)) != 0 ||
	    (code = admit_route(cf, rq, a)) != 0 ||
	    (code = check_times(cf, a)) != 0 ||
	    (code = check_notify_url(cf, rq, a)) != 0 ||
	    (code = admit_content(cf, rq, a, &e)) != 0 ||
	    (code = admit_carriers(cf, a)) != 0 ||
	    (code = admit_capabilities(cf, rq, a, &e)) != 0 ||
	    (code = admit_policy(cf, rq, a)) != 0)
		return code;
	write_meta(rq, a);
	return PAP_ACCEPTED;
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
	uint32_t i;

	for (i = 0; i < a->n_recipients; i++)
		free(a->keys[i]);
	for (i = 0; a->held_desc != NULL && i < a->n_recipients; i++)
		free(a->held_desc[i]);
	free(a->keys);
	free(a->held_desc);
	free(a->control_text);
	free(a->text_type);
	free(a->app_id);
	pap_control_done(&a->control);
	sbuf_done(&a->route);
	free(a->audit_detail);
	control_marks_undo(&a->marks);
	for (i = 0; i < a->n_predictions; i++)
		free(a->predictions[i]);
	free(a->predictions);
	free(a->memory);
	free(a->remark);
	free(a->predicted);
	free(a->recipients);
	free(a->dials);
	free(a->overlays);
	secret_cleanse(a->ota_pin, sizeof a->ota_pin);
	free(a->content_type);
	free(a->meta);
	store_body_unref(a->body);
	*a = (struct admission){ 0 };
}
