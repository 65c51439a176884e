/*
 * admit_policy.c - see admit_int.h. What the recipients' devices will do with the message, each by its profile. One
 * decision is made for all recipients with the same device; those that a look-up has to find are decided on when
 * the push is due. Control E-14, E-19.
 */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

enum { DEVICES_MAX = 32 };		/* different devices of one push that are held at once */

/* What was decided for a device; `text` is what tells devices apart. */
struct decided {
	char *text;			/* heap; may hold an IMSI */
	uint8_t index;
	struct prediction p;
};

struct run {
	const struct admit_config *cf;
	const struct admit_request *rq;
	struct admission *a;
	enum on_refusal on_refusal;
	struct push_facts *facts;
	char from[64];
	struct policy_device *dev;
	struct decided decided[DEVICES_MAX];
	size_t n_decided;
	uint32_t refused, lost;		/* recipients whose device says no; that will be looked up */
	bool told;			/* the reason is in the log */
};

bool
admit_policy_reads(const struct admit_config *cf)
{
	return cf->subscribers != NULL && (cf->default_profile || subscribers_maybe(cf->subscribers));
}

static bool
predicts(const struct run *r)
{
	return r->cf->subscribers != NULL && r->rq->reader != NULL &&
	    (subscribers_any(r->cf->subscribers, r->rq->reader) || r->cf->default_profile);
}

/* ---- one decision for each device -------------------------------------------------------------- */

static void
forget_decided(struct run *r)
{
	size_t i;

	for (i = 0; i < r->n_decided; i++) {
		secret_cleanse(r->decided[i].text, strlen(r->decided[i].text));
		free(r->decided[i].text);
	}
	r->n_decided = 0;
}

/* Only a MAC made with the network PIN depends on the IMSI. */
static char *
device_text(const struct run *r, const struct subscriber *sub)
{
	struct sbuf text = { 0 };

	sbuf_str(&text, "");
	if (sub != NULL)
		sbuf_fmt(&text, "%s\n%s\n%s", sub->profile, sub->device != NULL ? sub->device : "",
		    r->facts->sec == PROV_SEC_NETWPIN ? sub->imsi : "");
	return sbuf_take(&text);
}

static bool
same(const struct prediction *a, const struct prediction *b)
{
	return a->device_known == b->device_known && a->outcome == b->outcome && a->code == b->code &&
	    strcmp(a->profile, b->profile) == 0 && strcmp(a->path, b->path) == 0;
}

/* Its place among the different ones of the push. */
static uint8_t
keep(struct admission *a, const struct prediction *p)
{
	size_t i;

	for (i = 0; i < a->n_predictions; i++)
		if (same(&a->predictions[i], p))
			return (uint8_t)i;
	if (a->n_predictions == ADMIT_PREDICTIONS_MAX)
		return ADMIT_NOT_PREDICTED;
	a->predictions = realloc(a->predictions, (a->n_predictions + 1) * sizeof *p);
	if (a->predictions == NULL)
		abort();
	a->predictions[a->n_predictions] = *p;
	return (uint8_t)a->n_predictions++;
}

/* NULL: no profile can be read at all. */
static const struct decided *
decide(struct run *r, const struct subscriber *sub)
{
	struct decided *d;
	char *text = device_text(r, sub);
	struct why why;
	bool known;
	size_t i;

	for (i = 0; i < r->n_decided; i++)
		if (strcmp(r->decided[i].text, text) == 0) {
			secret_cleanse(text, strlen(text));
			free(text);
			return &r->decided[i];
		}
	if (r->n_decided == DEVICES_MAX)
		forget_decided(r);
	d = &r->decided[r->n_decided];
	if (subscribers_device(r->cf->subscribers, r->rq->reader, sub, r->dev, &known, &why) != OK) {
		log_warning("policy", "nothing is predicted: %s", why.text);
		secret_cleanse(text, strlen(text));
		free(text);
		return NULL;
	}
	predict(r->dev, r->facts, r->from, sub != NULL && sub->imsi[0] != '\0' ? sub->imsi : NULL, &d->p);
	d->p.device_known = known;
	d->text = text;
	d->index = keep(r->a, &d->p);
	r->n_decided++;
	return d;
}

/* ---- what follows from it ------------------------------------------------------------------------ */

static void
log_refusal(struct run *r, uint32_t i, const char *text, bool refused)
{
	char number[32];
	struct sbuf id = { 0 };

	if (r->told)
		return;
	r->told = true;
	text_mask_number(r->a->recipients[i].to, number, sizeof number);
	sbuf_quote(&id, span_str(r->a->control.push_id));
	if (refused)
		log_warning("policy", "E-14: push %s of %s to %s: %s: refused", id.s, r->rq->who->name, number, text);
	else
		log_info("policy", "E-14: push %s of %s to %s: %s", id.s, r->rq->who->name, number, text);
	sbuf_done(&id);
}

/* The first is what a refused push is answered with. */
static void
refuse_one(struct run *r, uint32_t i, const struct prediction *p)
{
	bool refused = r->on_refusal == ON_REFUSAL_REFUSE;
	struct sbuf text = { 0 };

	prediction_print(p, &text);
	if (r->refused++ == 0)
		why_set(&r->a->why, ERR_AUTH, "%s", text.s);
	log_refusal(r, i, text.s, refused);
	if (refused)
		admit_hold(r->a, i, PAP_FORBIDDEN, r->a->why.text);
	sbuf_done(&text);
}

static void
check_recipient(struct run *r, uint32_t i)
{
	const struct store_recipient *to = &r->a->recipients[i];
	const struct decided *d;
	struct subscriber sub;
	enum subscriber_answer answer;

	if (to->state != 0)
		return;
	answer = subscribers_find(r->cf->subscribers, r->rq->reader, to->key, to->to, &sub);
	if (answer == SUBSCRIBER_MISSED) {
		r->a->predicted[i] = ADMIT_LOOK_UP;
		r->lost++;
		return;
	}
	d = decide(r, answer == SUBSCRIBER_FOUND ? &sub : NULL);
	subscriber_done(&sub);
	if (d == NULL)
		return;
	r->a->predicted[i] = d->index;
	if (prediction_refuses(&d->p))
		refuse_one(r, i, &d->p);
}

/* The sentence of an accepted push, and the detail of its audit row. */
static void
describe(struct run *r)
{
	struct admission *a = r->a;
	struct sbuf text = { 0 };
	size_t i;

	if (r->refused > 0 && a->n_recipients > 1) {
		char first[WHY_MAX + 1];

		memcpy(first, a->why.text, sizeof first);
		why_set(&a->why, OK, "%.150s (%u of %u recipients)", first, r->refused, a->n_recipients);
	}
	if (a->audit_detail != NULL)
		sbuf_str(&text, a->audit_detail);
	for (i = 0; i < a->n_predictions && i < 4; i++) {
		if (text.n > 0)
			sbuf_str(&text, "; ");
		prediction_print(&a->predictions[i], &text);
	}
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

static void
find_sender(struct run *r, struct route_wish *wish)
{
	struct routes *routes = route_table_get(r->cf->routes);

	route_wish_read(sbuf_as_span(&r->a->route), wish);
	routes_sender(routes, wish, r->from, sizeof r->from);
	routes_unref(routes);
}

static int
finish(struct run *r)
{
	struct admission *a = r->a;
	uint32_t i;

	if (a->n_held == a->n_recipients && r->refused > 0)
		return PAP_FORBIDDEN;
	if (r->on_refusal == ON_REFUSAL_SEND || r->refused == 0)
		a->why.text[0] = '\0';
	describe(r);
	for (i = 0; i < a->n_recipients && a->predicted[i] == ADMIT_NOT_PREDICTED; i++)
		;
	if (i < a->n_recipients && a->predicted[i] < ADMIT_LOOK_UP)
		admission_note(a, "predicted", "%s", policy_outcome_name(a->predictions[a->predicted[i]].outcome));
	return 0;
}

int
admit_policy(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct run *r;
	struct route_wish wish;
	uint32_t i;
	int code;

	if (cf->subscribers == NULL || rq->reader == NULL)
		return 0;
	r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	*r = (struct run){ .cf = cf, .rq = rq, .a = a, .on_refusal = rq->who->on_refusal };
	if (!predicts(r)) {
		free(r);
		return 0;
	}
	find_sender(r, &wish);
	r->dev = calloc(1, sizeof *r->dev);
	a->predicted = malloc(a->n_recipients);
	if (r->dev == NULL || a->predicted == NULL)
		abort();
	memset(a->predicted, ADMIT_NOT_PREDICTED, a->n_recipients);
	r->facts = push_facts_read(a->body->headers, a->body->body);
	for (i = 0; i < a->n_recipients; i++)
		check_recipient(r, i);
	code = finish(r);
	push_facts_free(&r->facts);
	if (r->lost > 0)
		add_screen(r, &wish);
	forget_decided(r);
	free(r->dev);
	free(r);
	return code;
}

/* ---- for the store --------------------------------------------------------------------------------- */

/* "0*1,2*998": which prediction how many recipients have, in their order; a long one is cut, so that meta is small. */
static json_t *
runs(const struct admission *a)
{
	enum { RUNS_OCTETS = 4000 };
	struct sbuf out = { 0 };
	uint32_t i, n;
	json_t *text;

	sbuf_str(&out, "");
	for (i = 0; i < a->n_recipients && out.n < RUNS_OCTETS; i += n) {
		for (n = 1; i + n < a->n_recipients && a->predicted[i + n] == a->predicted[i]; n++)
			;
		sbuf_fmt(&out, "%s%u*%u", i > 0 ? "," : "", a->predicted[i], n);
	}
	text = json_string(out.s);
	sbuf_done(&out);
	return text;
}

void
admit_policy_meta(const struct admission *a, json_t *meta)
{
	json_t *list;
	size_t i;

	if (a->predicted == NULL)
		return;
	list = json_array();
	for (i = 0; i < a->n_predictions; i++)
		json_array_append_new(list, prediction_json(&a->predictions[i]));
	json_object_set_new(meta, "predictions", list);
	json_object_set_new(meta, "predicted", runs(a));
}
