/* predict.c - see predict.h. */
#include "ppg/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what only the device knows ---------------------------------------------------------------- */

struct asked {
	struct push_facts *f;
	const char *imsi;
};

static enum policy_try
verify(void *arg, enum prov_sec sec, unsigned attempt)
{
	const struct asked *a = arg;

	if (sec != PROV_SEC_NETWPIN || a->imsi == NULL || a->f->mac == NULL)
		return POLICY_TRY_RIGHT;
	return push_facts_netwpin_fits(a->f, a->imsi) ? POLICY_TRY_RIGHT : POLICY_TRY_WRONG;
}

static bool
open_body(void *arg, struct policy_body *body)
{
	struct asked *a = arg;

	if (!push_facts_open(a->f))
		return false;
	body->href = a->f->content.href;
	body->settings = a->f->settings;
	body->n_settings = a->f->n_settings;
	return true;
}

/* ---- what would have to be different (the check list of section 7) ------------------------------ */

/* The first that failed, with operands: a role mask of the device. */
static const struct policy_stage *
failed_mask(const struct policy_decision *d)
{
	const struct policy_stage *last = d->n_stages > 0 ? &d->stages[d->n_stages - 1] : NULL;

	return last != NULL && !last->pass && last->has_result ? last : NULL;
}

static void
need(struct sbuf *out, bool when, const char *before, const char *what, const char *after)
{
	if (!when)
		return;
	sbuf_str(out, out->n == 0 ? "needs " : ", ");
	sbuf_str(out, before);
	sbuf_str(out, what);
	sbuf_str(out, after);
}

/* No addresses: who pushes need not learn what is set on a subscriber's device. */
static void
print_changes(const struct policy_advice *a, struct sbuf *out)
{
	static const char *const flags[] = { "", "1", "2", "3" };

	need(out, a->user, "a MAC that fits the subscriber", "", "");
	need(out, a->proxy != NULL, "a ", a->proxy != NULL && a->proxy->trust ? "trusted" : "known", " proxy as sender");
	need(out, a->push_flag > 0 && a->push_flag <= 3, "Push-Flag ", flags[a->push_flag & 3], "");
	need(out, a->provurl, "the device's PROVURL as initiator URI", "", "");
	need(out, a->resign, a->sec == PROV_SEC_NONE ? "no SEC" : prov_sec_name(a->sec), "", "");
	need(out, a->https, "an https address", "", "");
}

/* Would it do if the device knew a push proxy that the message comes from, or trusted one? */
static bool
print_with_proxy(const struct policy_device *dev, const struct policy_message *msg, struct sbuf *out)
{
	static const char address[] = "+12025550100";
	struct policy_device *d = malloc(sizeof *d);
	struct policy_message m = *msg;
	struct policy_advice a = { .possible = false };
	int trust;

	if (d == NULL)
		abort();
	*d = *dev;
	m.from = address;
	for (trust = 0; trust <= 1 && !a.possible; trust++) {
		d->n_proxies = 1;
		d->proxies[0] = (struct policy_proxy){ .push = true, .trust = trust != 0 };
		memcpy(d->proxies[0].address, address, sizeof address);
		policy_advise(d, &m, &a);
	}
	a.user = false;
	if (a.possible) {
		need(out, true, "a ", d->proxies[0].trust ? "trusted" : "known", " proxy as sender (the device knows ");
		sbuf_str(out, dev->n_proxies == 0 ? "none)" : "no such)");
		print_changes(&a, out);
	}
	free(d);
	return a.possible;
}

/* Nothing that is said or sent otherwise is enough. */
static void
print_device(const struct policy_device *dev, const struct policy_message *msg, const struct policy_decision *d,
    struct sbuf *out)
{
	const struct policy_stage *st = failed_mask(d);

	if ((dev->family != FAMILY_OTHER && print_with_proxy(dev, msg, out)) || st == NULL)
		return;
	sbuf_str(out, "needs one of ");
	policy_roles_print(st->mask, out);
	sbuf_fmt(out, " in policy %s of the device", st->test);
}

enum { ADVISED_MAX = 100 };		/* devices of one push: there are hundreds of decisions in one advice */

/* Also when nobody looked into it: what is in the body may be what is wrong. */
static void
advise(const struct policy_device *dev, const struct policy_message *msg, struct push_facts *f,
    const struct policy_decision *d, struct prediction *out)
{
	struct policy_message m = *msg;
	struct policy_advice a;
	struct sbuf text = { 0 };

	if (f->malformed || f->advised == ADVISED_MAX || !push_facts_open(f))
		return;
	f->advised++;
	m.open = NULL;
	m.href = f->content.href;
	m.settings = f->settings;
	m.n_settings = f->n_settings;
	policy_advise(dev, &m, &a);
	if (a.possible)
		print_changes(&a, &text);
	else
		print_device(dev, &m, d, &text);
	if (text.n > 0)
		snprintf(out->advice, sizeof out->advice, "%s", text.s);
	sbuf_done(&text);
}

/* ---- the decision ------------------------------------------------------------------------------ */

static const char *
text_or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

/* printf is slow, and this is done for each push. */
static void
copy_text(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size)
		n = size - 1;
	memcpy(out, text, n);
	out[n] = '\0';
}

void
predict(const struct policy_device *dev, struct push_facts *f, const char *from, const char *imsi,
    struct prediction *out)
{
	struct asked asked = { f, imsi };
	struct policy_user user = { .verify = verify, .arg = &asked };
	struct policy_message msg = {
		.from = from,
		.push_flag = f->info.push_flag,
		.initiator_uri = text_or_null(f->info.initiator_uri),
		.content_type = f->info.type.media,
		.app_id = text_or_null(f->info.app_id),
		.sec = f->sec,
		.mac = f->kind == CONTENT_PROV && f->mac != NULL ? MAC_PRESENT : MAC_ABSENT,
		.malformed = f->malformed,
		.open = open_body,
		.open_arg = &asked,
	};
	struct policy_decision d;

	policy_decide(dev, &msg, &user, &d);
	out->device_known = true;
	out->outcome = d.outcome;
	out->code = d.code;
	out->risks = policy_risks(dev);
	out->advice[0] = '\0';
	copy_text(out->profile, sizeof out->profile, dev->profile);
	copy_text(out->path, sizeof out->path, d.path);
	if (prediction_refuses(out))
		advise(dev, &msg, f, &d, out);
}

bool
prediction_refuses(const struct prediction *p)
{
	switch (p->outcome) {
	case OUTCOME_DISCARD:
	case OUTCOME_REJECT_DOC:
	case OUTCOME_BLOCKED:
		return true;
	case OUTCOME_DELIVER:
	case OUTCOME_APPLY:
	case OUTCOME_APPLY_AFTER_PROMPT:
	case OUTCOME_APPLY_AFTER_PIN:
		break;
	}
	return false;
}

void
prediction_print(const struct prediction *p, struct sbuf *out)
{
	static const char *const words[] = {
		[OUTCOME_DISCARD] = "discard", [OUTCOME_REJECT_DOC] = "reject", [OUTCOME_DELIVER] = "deliver",
		[OUTCOME_APPLY] = "apply", [OUTCOME_APPLY_AFTER_PROMPT] = "apply after a question",
		[OUTCOME_APPLY_AFTER_PIN] = "apply after a PIN", [OUTCOME_BLOCKED] = "blocked",
	};

	sbuf_fmt(out, "predicted %s", words[p->outcome]);
	if (p->code != 0)
		sbuf_fmt(out, " P%02d: %s", p->code, policy_reason_text(p->code));
	if (p->path[0] != '\0')
		sbuf_fmt(out, " at %s", p->path);
	if (p->advice[0] != '\0')
		sbuf_fmt(out, "; %s", p->advice);
	if (prediction_refuses(p))
		sbuf_fmt(out, " (profile %.40s)", p->profile);
}

static json_t *
risks_json(unsigned risks)
{
	json_t *list = json_array();
	unsigned bit;

	for (bit = 1; bit <= POLICY_RISK_BOOTSTRAP_OPEN; bit <<= 1)
		if ((risks & bit) != 0)
			json_array_append_new(list, json_string(policy_risk_name(bit)));
	return list;
}

json_t *
prediction_json(const struct prediction *p)
{
	json_t *o = json_object();
	char code[8];

	snprintf(code, sizeof code, "P%02d", p->code);
	json_object_set_new(o, "outcome", json_string(policy_outcome_name(p->outcome)));
	json_object_set_new(o, "code", p->code != 0 ? json_string(code) : json_null());
	json_object_set_new(o, "reason", p->code != 0 ? json_string(policy_reason_text(p->code)) : json_null());
	json_object_set_new(o, "path", p->path[0] != '\0' ? json_string(p->path) : json_null());
	json_object_set_new(o, "advice", p->advice[0] != '\0' ? json_string(p->advice) : json_null());
	json_object_set_new(o, "profile", json_string(p->profile));
	json_object_set_new(o, "risks", risks_json(p->risks));
	json_object_set_new(o, "device_known", json_boolean(p->device_known));
	return o;
}

/* ---- as it is stored: ["unknown","DELIVER",code,risks,known,"path","advice"], cut after what is not 0 ---------- */

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

static void
put_text(struct sbuf *out, const char *text)
{
	json_t *value;

	if (is_plain(text)) {
		sbuf_char(out, '"');
		sbuf_str(out, text);
		sbuf_char(out, '"');
		return;
	}
	value = json_span(span_str(text));
	json_print(value, out);
	json_decref(value);
}

void
prediction_write(const struct prediction *p, struct sbuf *out)
{
	bool advice = p->advice[0] != '\0', path = advice || p->path[0] != '\0';

	sbuf_char(out, '[');
	put_text(out, p->profile);
	sbuf_str(out, ",\"");
	sbuf_str(out, policy_outcome_name(p->outcome));
	sbuf_char(out, '"');
	if (path || p->code != 0 || p->risks != 0 || p->device_known)
		sbuf_fmt(out, ",%d,%u,%d", p->code, p->risks, p->device_known);
	if (path) {
		sbuf_char(out, ',');
		put_text(out, p->path);
	}
	if (advice) {
		sbuf_char(out, ',');
		put_text(out, p->advice);
	}
	sbuf_char(out, ']');
}

static const char *
text_at(const json_t *list, size_t i)
{
	const char *text = json_string_value(json_array_get(list, i));

	return text != NULL ? text : "";
}

static bool
find_outcome(const char *name, enum policy_outcome *out)
{
	for (*out = OUTCOME_DISCARD; *out <= OUTCOME_BLOCKED; (*out)++)
		if (strcmp(policy_outcome_name(*out), name) == 0)
			return true;
	return false;
}

bool
prediction_read(const json_t *list, struct prediction *out)
{
	*out = (struct prediction){ 0 };
	if (!find_outcome(text_at(list, 1), &out->outcome))
		return false;
	copy_text(out->profile, sizeof out->profile, text_at(list, 0));
	out->code = (int)json_integer_value(json_array_get(list, 2));
	out->risks = (unsigned)json_integer_value(json_array_get(list, 3));
	out->device_known = json_integer_value(json_array_get(list, 4)) != 0;
	copy_text(out->path, sizeof out->path, text_at(list, 5));
	copy_text(out->advice, sizeof out->advice, text_at(list, 6));
	return true;
}
