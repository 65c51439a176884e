/*
 * admit_policy.c - see admit_int.h. The gateway's controls, and what follows from what the recipients' devices will do
 * with the message (admit_device.c). Recipients that a look-up has to find are decided on when the push is due. Devices that nobody knows need no look into the store: where nobody is known and
 * no control has anything to say, there is one prediction and that is all. Facts: device policies sheet, 8.4; controls
 * E-14 and E-19 are here.
 */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "ppg/life.h"

struct run {
	const struct admit_config *cf;
	const struct admit_request *rq;
	struct admission *a;
	enum on_refusal on_refusal;
	bool predicts;
	struct known_device *unknown;	/* NULL: nothing is predicted for devices that nobody knows */
	struct push_facts *facts;
	struct control_case c;
	char from[64];
	struct decisions decisions;
	struct control_findings findings;	/* of all recipients, each once */
	uint32_t foreseen;		/* recipients whose device says no, and that get it nevertheless */
	struct why warning;		/* of the first of those */
	uint32_t refused, lost;		/* recipients that do not get it; that will be looked up */
	struct why hold, held;		/* why all are held, "" if not; why the first one is */
	struct why refusal;		/* of the first one */
	int code;
	char mac[PROV_MAC_HEX + 1];	/* of the recipient at hand, when each has its own */
	bool told;			/* the device's reason is in the log */
};

/* E-19 off: devices that nobody knows are not thought about. */
static bool
predicts_for_all(const struct admit_config *cf)
{
	return cf->subscribers != NULL && cf->controls->modes[19] != CONTROL_OFF;
}

bool
admit_policy_reads(const struct admit_config *cf)
{
	return cf->controls->modes[20] != CONTROL_OFF ||	/* the first use */
	    (cf->subscribers != NULL && subscribers_maybe(cf->subscribers)) ||
	    (predicts_for_all(cf) && !subscribers_unknown_read(cf->subscribers));
}

/* Asks the store, if there is anything to ask. */
static bool
can_predict(const struct run *r)
{
	struct subscribers *s = r->cf->subscribers;

	return s != NULL && ((r->rq->reader != NULL && subscribers_any(s, r->rq->reader)) || predicts_for_all(r->cf));
}

/* The initiator's own key goes before the gateway's. */
static enum on_refusal
choose_on_refusal(const struct run *r)
{
	static const enum on_refusal by_mode[] = { [CONTROL_OFF] = ON_REFUSAL_SEND, [CONTROL_WARN] = ON_REFUSAL_WARN,
		[CONTROL_ENFORCE] = ON_REFUSAL_REFUSE };

	return r->rq->who->on_refusal != ON_REFUSAL_DEFAULT ? r->rq->who->on_refusal :
	    by_mode[r->cf->controls->modes[14]];
}

/* ---- what follows from it ------------------------------------------------------------------------ */

/* Who, what and to whom, in front of what happened. */
static void
log_finding(struct run *r, unsigned control, const char *to, const char *text, const char *done)
{
	char number[32] = "all";
	struct sbuf id = { 0 };

	if (to != NULL)
		text_mask_number(to, number, sizeof number);
	sbuf_quote(&id, span_str(r->a->control.push_id));
	if (done != NULL)
		log_warning("policy", "E-%02u: push %s of %s to %s %s: %s", control, id.s, r->rq->who->name, number, done, text);
	else
		log_info("policy", "E-%02u: push %s of %s to %s: %s", control, id.s, r->rq->who->name, number, text);
	sbuf_done(&id);
}

static bool
is_new(struct control_findings *all, const struct control_finding *f)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->list[i].control == f->control && strcmp(all->list[i].text, f->text) == 0)
			return false;
	if (all->n == FINDINGS_MAX)	/* a push to many does not fill the log */
		return false;
	all->list[all->n++] = *f;
	return true;
}

int
admit_control_refuse(const struct admit_request *rq, struct admission *a, unsigned control, int code, const char *text)
{
	struct sbuf id = { 0 };

	sbuf_quote(&id, span_str(a->control.push_id));
	log_warning("policy", "E-%02u: push %s of %s to all refused: %s", control, id.s, rq->who->name, text);
	sbuf_done(&id);
	return admit_refuse(a, code, "control E-%02u: %s", control, text);
}

/* Each sentence is logged for the first recipient that it is about. */
static void
log_findings(struct run *r, const struct control_findings *found, const char *to)
{
	const char *profile = r->c.prediction != NULL ? r->c.prediction->profile : NULL;
	struct sbuf text = { 0 };
	size_t i;

	for (i = 0; i < found->n; i++) {
		if (!is_new(&r->findings, &found->list[i]))
			continue;
		sbuf_clear(&text);
		sbuf_str(&text, found->list[i].text);
		if (profile != NULL) {
			sbuf_fmt(&text, "; profile %s, ", profile);
			prediction_print(r->c.prediction, &text);
		}
		log_finding(r, found->list[i].control, to, text.s, found->list[i].refused ? "refused" :
		    found->list[i].held ? "held for release" : NULL);
	}
	sbuf_done(&text);
}

/* The first is what a push is answered with that nobody gets. */
static void
refuse_one(struct run *r, uint32_t i, int code, const char *text)
{
	if (r->refused++ == 0) {
		why_set(&r->refusal, ERR_AUTH, "%s", text);
		r->code = code;
	}
	admit_hold(r->a, i, code, r->refused == 1 ? r->refusal.text : text);
}

/* A device that nobody knows is only held against a message when E-19 says so. */
static void
device_refuses(struct run *r, uint32_t i, const struct prediction *p)
{
	bool refused = r->on_refusal == ON_REFUSAL_REFUSE &&
	    (p->device_known || r->cf->controls->modes[19] == CONTROL_ENFORCE);
	struct sbuf text = { 0 };

	prediction_print(p, &text);
	if (!r->told)
		log_finding(r, 14, r->a->recipients[i].to, text.s, refused ? "refused" : NULL);
	r->told = true;
	if (refused)
		refuse_one(r, i, PAP_FORBIDDEN, text.s);
	else if (r->foreseen++ == 0)
		why_set(&r->warning, OK, "%s", text.s);
	sbuf_done(&text);
}

static const struct decided *
predict_one(struct run *r, uint32_t i, enum subscriber_answer answer, const struct subscriber *sub)
{
	const struct decided *d;

	if (!r->predicts || (answer != SUBSCRIBER_FOUND && r->cf->controls->modes[19] == CONTROL_OFF))
		return NULL;
	d = admit_decide(&r->decisions, answer == SUBSCRIBER_FOUND ? sub : NULL);
	if (d != NULL)
		r->a->predicted[i] = d->index;
	return d;
}

static void
hold_text(struct why *out, const struct control_finding *f)
{
	why_set(out, OK, "held for release: %s", f->text);
}

/* false: it is refused. *hold: why it has to wait; "": it need not. */
static bool
check_controls(struct run *r, uint32_t i, const struct subscriber *sub, const struct decided *d, struct why *hold)
{
	struct control_findings found = { .n = 0 };
	size_t n_marks = control_marks_count(r->a->marks);
	const struct control_finding *refusal;

	r->c.n = i;
	r->c.number = r->a->recipients[i].to;
	r->c.sub = sub;
	r->c.prediction = d != NULL ? &d->p : NULL;
	r->c.dev = d != NULL && d->p.device_known ? d->dev : NULL;
	refusal = control_check_recipient(&r->c, &found);
	log_findings(r, &found, r->c.number);
	if (refusal != NULL && refusal->refused) {
		control_marks_undo_from(r->a->marks, n_marks);
		refuse_one(r, i, refusal->code, refusal->text);
		return false;
	}
	*hold = r->hold;
	if (refusal != NULL && hold->text[0] == '\0')
		hold_text(hold, refusal);
	return true;
}

static void
check_recipient(struct run *r, uint32_t i)
{
	const struct store_recipient *to = &r->a->recipients[i];
	enum subscriber_answer answer = SUBSCRIBER_UNKNOWN;
	const struct decided *d;
	struct subscriber sub = { 0 };
	struct why hold = { 0 };

	if (to->state != 0)
		return;
	admit_sign_facts(r->a, i, r->facts, r->mac);
	if (r->predicts)
		answer = subscribers_find(r->cf->subscribers, r->rq->reader, to->key, to->to, &sub);
	if (answer == SUBSCRIBER_MISSED) {
		r->a->predicted[i] = ADMIT_LOOK_UP;
		r->lost++;
	}
	d = answer != SUBSCRIBER_MISSED ? predict_one(r, i, answer, &sub) : NULL;
	if (check_controls(r, i, answer == SUBSCRIBER_FOUND ? &sub : NULL, d, &hold) && d != NULL &&
	    prediction_refuses(&d->p))
		device_refuses(r, i, &d->p);
	if (hold.text[0] != '\0' && to->state == 0) {
		if (r->held.text[0] == '\0')
			r->held = hold;
		admit_quarantine(r->a, i, hold.text);
	}
	if (to->state != STEP_UNFIT && control_pin_signed(&r->c))
		control_sent_mark(&r->c);
	subscriber_done(&sub);
}

/* What an accepted push is answered with: who does not get it, what devices will not take, what controls say. */
static void
describe(struct run *r)
{
	struct admission *a = r->a;
	const char *of = a->n_recipients > 1 ? "recipients" : "";

	a->why.text[0] = '\0';
	if (a->n_quarantined > 0 && r->refused > 0)
		why_set(&a->why, OK, "%.90s (%u of %u %s); %.90s (%u)", r->refusal.text, r->refused, a->n_recipients, of,
		    r->held.text, a->n_quarantined);
	else if (a->n_quarantined > 0 && a->n_recipients > 1)
		why_set(&a->why, OK, "%.150s (%u of %u %s)", r->held.text, a->n_quarantined, a->n_recipients, of);
	else if (a->n_quarantined > 0)
		why_set(&a->why, OK, "%s", r->held.text);
	else if (r->refused > 0)
		why_set(&a->why, OK, "%.150s (%u of %u %s)", r->refusal.text, r->refused, a->n_recipients, of);
	else if (r->foreseen > 0 && r->on_refusal != ON_REFUSAL_SEND && a->n_recipients > 1)
		why_set(&a->why, OK, "%.150s (%u of %u %s)", r->warning.text, r->foreseen, a->n_recipients, of);
	else if (r->foreseen > 0 && r->on_refusal != ON_REFUSAL_SEND)
		why_set(&a->why, OK, "%s", r->warning.text);
	else if (r->findings.n > 0)
		why_set(&a->why, OK, "warning: %.180s", r->findings.list[0].text);
}

/* The same, all of it, into the audit row of the acceptance. */
static void
describe_for_audit(struct run *r)
{
	struct admission *a = r->a;
	struct sbuf text = { 0 };
	size_t i;

	if (a->audit_detail != NULL)
		sbuf_str(&text, a->audit_detail);
	if (r->decisions.first.n > 0)
		sbuf_fmt(&text, "%s%s", text.n > 0 ? "; " : "", r->decisions.first.s);
	for (i = 0; i < r->findings.n; i++)
		sbuf_fmt(&text, "%s%s", text.n > 0 ? "; " : "", r->findings.list[i].text);
	if (text.n > 0) {
		free(a->audit_detail);
		a->audit_detail = sbuf_take(&text);
	}
	sbuf_done(&text);
}

static void
add_screen(struct run *r, const struct route_wish *wish)
{
	static const char *const words[] = { [ON_REFUSAL_DEFAULT] = "warn", [ON_REFUSAL_REFUSE] = "refuse",
		[ON_REFUSAL_WARN] = "warn", [ON_REFUSAL_SEND] = "send" };
	struct route_wish screened = *wish;
	struct store_body *body = r->a->body;

	snprintf(screened.screen, sizeof screened.screen, "%s", words[r->on_refusal]);
	sbuf_clear(&r->a->route);
	route_wish_write(&screened, &r->a->route);
	r->a->body = store_body_create(body->headers, body->body, sbuf_as_span(&r->a->route));
	store_body_unref(body);
}

/* With routes each recipient may have another sender: the one that E-11 asks about goes first, else that of the first. */
static void
find_trusted_sender(struct run *r, const struct routes *routes, const struct route_wish *wish)
{
	const struct admission *a = r->a;
	char from[sizeof r->from];
	uint32_t i;

	for (i = 0; i < a->n_recipients; i++) {
		struct route_facts f = route_facts_of(wish, (int)a->priority, a->recipients[i].to, a->received);
		bool trusted;

		routes_sender_to(routes, wish, &f, from, sizeof from);
		trusted = control_list_has(r->cf->controls->senders, span_str(from));
		if (i == 0 || trusted)
			memcpy(r->from, from, sizeof from);
		if (trusted)
			return;
	}
}

static void
find_sender(struct run *r, struct route_wish *wish)
{
	struct routes *routes = route_table_get(r->cf->routes);

	route_wish_read(sbuf_as_span(&r->a->route), wish);
	routes_sender(routes, wish, r->from, sizeof r->from);
	if (routes_by_number(routes) || routes_rules(routes)->n > 0)
		find_trusted_sender(r, routes, wish);
	routes_unref(routes);
}

static void
note(struct admission *a, enum policy_outcome outcome)
{
	if (a->n_predictions > 0 && a->control.progress_notes)
		admission_note(a, "predicted", "%s", policy_outcome_name(outcome));
}

/* 0, or the code of a push that nobody gets. */
static int
check_all(struct run *r)
{
	struct admission *a = r->a;
	const struct control_finding *refusal = control_check_push(&r->c, &a->findings);
	uint32_t i;

	log_findings(r, &a->findings, NULL);
	if (refusal != NULL && refusal->refused)
		return admit_refuse(a, refusal->code, "%s", refusal->text);
	if (refusal != NULL)
		hold_text(&r->hold, refusal);
	a->privileged = r->c.class == CLASS_PRIVILEGED;
	a->first_use = a->privileged && r->cf->controls->modes[20] == CONTROL_WARN && !r->c.released_before;
	for (i = 0; i < a->n_recipients; i++)
		check_recipient(r, i);
	if (a->n_held == a->n_recipients && a->n_quarantined == 0 && r->refused > 0)
		return admit_refuse(a, r->code, "%s", r->refusal.text);
	describe(r);
	describe_for_audit(r);
	note(a, r->decisions.outcome);
	return 0;
}

static bool
released_before(const struct admit_config *cf, const struct admit_request *rq)
{
	char name[CONTROL_NOTE_SIZE], *type = NULL;
	struct sbuf document = { 0 };
	bool found;

	if (cf->controls->modes[20] == CONTROL_OFF || rq->reader == NULL)
		return false;
	control_released_note(rq->who->name, name);
	found = store_read_profile(rq->reader, name, &document, &type) == OK;
	sbuf_done(&document);
	free(type);
	return found;
}

static void
prepare(struct run *r, struct route_wish *wish)
{
	struct admission *a = r->a;
	uint32_t i;

	find_sender(r, wish);
	r->on_refusal = choose_on_refusal(r);
	if (r->predicts) {
		if (predicts_for_all(r->cf))
			r->unknown = subscribers_unknown(r->cf->subscribers, r->rq->reader);
		a->predicted = malloc(a->n_recipients * sizeof *a->predicted);
		if (a->predicted == NULL)
			abort();
		for (i = 0; i < a->n_recipients; i++)
			a->predicted[i] = ADMIT_NOT_PREDICTED;
	}
	r->facts = push_facts_read(a->body->headers, a->body->body);
	r->decisions = (struct decisions){
		.subscribers = r->cf->subscribers,
		.reader = r->rq->reader,
		.a = a,
		.unknown = r->unknown != NULL ? &r->unknown->dev : NULL,
		.facts = r->facts,
		.from = r->from,
	};
	r->c = (struct control_case){
		.rules = r->cf->controls,
		.who = r->rq->who,
		.authenticated = r->rq->authenticated,
		.facts = r->facts,
		.text_type = a->text_type,
		.own_app_id = a->own_app_id,
		.from = r->from,
		.shared = a->body,
		.memory = r->cf->memory,
		.marks = &a->marks,
		.weak_pin = a->weak_pin,
		.pin_inside = a->pin_inside,
		.dm_ef_imsi = r->cf->dm_ef_imsi,
		.released_before = released_before(r->cf, r->rq),
	};
	if (a->n_unsigned > 0) {	/* those are told of with the rest */
		r->refused = a->n_unsigned;
		r->refusal = a->unsigned_why;
		r->code = PAP_FORBIDDEN;
	}
}

static int
check(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct run *r = calloc(1, sizeof *r);
	struct route_wish wish;
	int code;

	if (r == NULL)
		abort();
	r->cf = cf;
	r->rq = rq;
	r->a = a;
	r->predicts = can_predict(r);
	prepare(r, &wish);
	code = check_all(r);
	push_facts_free(&r->facts);
	if (code == 0 && (r->lost > 0 || a->n_unsigned_yet > 0))
		add_screen(r, &wish);
	admit_decisions_done(&r->decisions);
	known_device_unref(r->unknown);
	secret_cleanse(r, sizeof *r);
	free(r);
	return code;
}

/* ---- nobody is known, and no control has anything to say ------------------------------------------- */

/* Does it look at where a message comes from? */
static bool
looks_at_sender(const struct policy_device *dev)
{
	size_t i;

	for (i = 0; i < POLICY_KINDS; i++)
		if (dev->modes[i] == POLICY_MODE_LIST)
			return true;
	for (i = 0; i < POLICY_SIGNATURES; i++)
		if (dev->rules[i] == POLICY_RULE_LIST)
			return true;
	return dev->family != FAMILY_OTHER;
}

/* One prediction for all recipients; false: there is more to say about it. */
static bool
predict_for_all(const struct admit_config *cf, struct admission *a)
{
	struct known_device *unknown = predicts_for_all(cf) ? subscribers_unknown(cf->subscribers, NULL) : NULL;
	struct push_facts *facts;
	struct prediction p;
	bool simple;

	if (unknown == NULL)
		return true;
	simple = !looks_at_sender(&unknown->dev);
	if (simple) {
		facts = push_facts_read(a->body->headers, a->body->body);
		predict(&unknown->dev, facts, NULL, NULL, &p);
		push_facts_free(&facts);
		simple = !prediction_refuses(&p);
	}
	if (simple) {
		p.device_known = false;
		admit_keep_prediction(a, &p);
		note(a, p.outcome);
	}
	known_device_unref(unknown);
	return simple;
}

int
admit_policy(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	if (rq->reader == NULL &&
	    !control_concerns(cf->controls, cf->memory, content_kind_of(span_str(a->content_type))) &&
	    predict_for_all(cf, a))
		return 0;
	return check(cf, rq, a);
}
