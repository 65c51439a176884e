/*
 * case_json.c - cases and answers as JSON, see case_json.h. Strings of the policy structs point into
 * the JSON that was read.
 */
#include "policy/case_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/member.h"

/* ---- settings ------------------------------------------------------------------------------------- */

enum { PARMS_MAX = 256 };		/* of one characteristic */

struct settings {
	struct policy_setting *list;	/* heap, as each one's parms */
	size_t n;
};

static void
settings_done(struct settings *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free((void *)(uintptr_t)s->list[i].parms);
	free(s->list);
	*s = (struct settings){ NULL, 0 };
}

static int
read_parms(json_t *obj, struct policy_setting *out, struct why *why)
{
	struct policy_parm *parms;
	const char *name;
	json_t *v;

	if (obj == NULL)
		return OK;
	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "parms: an object is expected");
	if (json_object_size(obj) > PARMS_MAX)
		return why_set(why, ERR_LIMIT, "parms: at most %d", PARMS_MAX);
	parms = calloc(json_object_size(obj) + 1, sizeof *parms);
	if (parms == NULL)
		abort();
	out->parms = parms;
	json_object_foreach(obj, name, v) {
		struct policy_parm *p = &parms[out->n_parms++];

		if (!json_is_string(v) && !json_is_null(v))
			return why_set(why, ERR_SYNTAX, "parms: \"%.32s\" needs a string or null", name);
		p->name = name;
		p->noparm = json_is_null(v);
		p->value = json_string_length(v) > 0 ? json_string_value(v) : NULL;
	}
	return OK;
}

static int
read_setting(json_t *obj, struct policy_setting *out, struct why *why)
{
	int err = json_is_object(obj) ? member_need(obj, "path", why) :
	    why_set(why, ERR_SYNTAX, "an object is expected");

	if (err == OK)
		err = member_text(obj, "path", &out->path, why);
	if (err == OK)
		err = member_bool(obj, "delete", &out->remove, why);
	if (err == OK)
		err = read_parms(member_get(obj, "parms"), out, why);
	return err;
}

static int
read_settings(json_t *list, struct settings *out, struct why *why)
{
	json_t *v;
	size_t i;

	*out = (struct settings){ NULL, 0 };
	if (list == NULL)
		return OK;
	if (!json_is_array(list))
		return why_set(why, ERR_SYNTAX, "settings: a list is expected");
	if (json_array_size(list) > POLICY_SETTINGS_MAX)
		return why_set(why, ERR_LIMIT, "settings: at most %d", POLICY_SETTINGS_MAX);
	out->list = calloc(json_array_size(list) + 1, sizeof *out->list);
	if (out->list == NULL)
		abort();
	json_array_foreach(list, i, v) {
		int err = read_setting(v, &out->list[out->n++], why);

		if (err != OK) {
			why_prefix(why, "settings[%zu]", i);
			settings_done(out);
			return err;
		}
	}
	return OK;
}

/* ---- message ---------------------------------------------------------------------------------------- */

/* A flag as somebody wrote it: what is no number up to 127 is 0 (R-FLAG). */
static int
flag_from_text(const char *s)
{
	int64_t v;

	return text_number(s, 0, 127, &v) == OK ? (int)v : 0;
}

static int
flag_from_value(json_t *v, int *out, struct why *why)
{
	if (json_is_string(v)) {
		*out = flag_from_text(json_string_value(v));
		return OK;
	}
	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 127)
		return why_set(why, ERR_RANGE, "push_flag: a number in 0..127 is expected");
	*out = (int)json_integer_value(v);
	return OK;
}

static int
read_push_flag(json_t *v, int *out, struct why *why)
{
	json_t *one;
	size_t i;

	*out = -1;
	if (v == NULL)
		return OK;
	if (!json_is_array(v))
		return flag_from_value(v, out, why);
	json_array_foreach(v, i, one) {
		int flag, err = flag_from_value(one, &flag, why);

		if (err != OK)
			return err;
		*out = i == 0 ? flag : *out & flag;
	}
	return OK;
}

/* What the user of a case does, and whether any PIN can be right. */
struct script {
	bool mac_wrong;
	json_t *pins;			/* NULL: right at once */
	bool consents;
};

static enum policy_try
script_verify(void *arg, enum prov_sec sec, unsigned attempt)
{
	const struct script *script = arg;
	const char *pin;

	if (sec != PROV_SEC_NETWPIN && script->pins != NULL) {
		pin = json_string_value(json_array_get(script->pins, attempt - 1));
		if (pin == NULL || strcmp(pin, "cancel") == 0)
			return POLICY_TRY_CANCEL;
		if (strcmp(pin, "wrong") == 0)
			return POLICY_TRY_WRONG;
	} else if (sec != PROV_SEC_NETWPIN && attempt > 1) {
		return POLICY_TRY_CANCEL;	/* the one PIN was typed */
	}
	return script->mac_wrong ? POLICY_TRY_WRONG : POLICY_TRY_RIGHT;
}

static bool
script_consent(void *arg)
{
	const struct script *script = arg;

	return script->consents;
}

static int
read_user(json_t *obj, struct script *out, struct why *why)
{
	static const struct member_word words[] = { { "yes", 1 }, { "no", 0 }, { NULL, 0 } };
	int consents = 1, err;
	json_t *v;
	size_t i;

	if (obj != NULL && !json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "user: an object is expected");
	out->pins = member_get(obj, "pins");
	if (out->pins != NULL && !json_is_array(out->pins))
		return why_set(why, ERR_SYNTAX, "pins: a list is expected");
	json_array_foreach(out->pins, i, v) {
		const char *s = json_string_value(v);

		if (s == NULL ||
		    (strcmp(s, "right") != 0 && strcmp(s, "wrong") != 0 && strcmp(s, "cancel") != 0))
			return why_set(why, ERR_SYNTAX, "pins[%zu]: right, wrong or cancel is expected", i);
	}
	err = member_word(obj, "consent", words, &consents, why);
	out->consents = consents;
	return err;
}

static const struct member_word bearers[] = { { "sms", 0 }, { "ip", 1 }, { NULL, 0 } };
static const struct member_word tons[] = { { "international", TON_INTERNATIONAL },
	{ "national", TON_NATIONAL }, { "alphanumeric", TON_ALPHANUMERIC }, { "unknown", TON_UNKNOWN },
	{ NULL, 0 } };
static const struct member_word secs[] = { { "netwpin", PROV_SEC_NETWPIN }, { "userpin", PROV_SEC_USERPIN },
	{ "usernetwpin", PROV_SEC_USERNETWPIN }, { "userpinmac", PROV_SEC_USERPINMAC }, { NULL, 0 } };
static const struct member_word macs[] = { { "ok", 0 }, { "wrong", 1 }, { NULL, 0 } };

static int
read_message(json_t *obj, struct policy_message *msg, bool *mac_wrong, struct why *why)
{
	static const char *const needed[] = { "bearer", "from", "content_type" };
	int ip = 0, ton = TON_UNKNOWN, sec = PROV_SEC_NONE, wrong = 0, err = OK;
	size_t i;

	*msg = (struct policy_message){ 0 };
	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "an object is expected");
	for (i = 0; err == OK && i < sizeof needed / sizeof needed[0]; i++)
		err = member_need(obj, needed[i], why);
	if (err == OK)
		err = member_word(obj, "bearer", bearers, &ip, why);
	if (err == OK)
		err = member_word(obj, "from_ton", tons, &ton, why);
	if (err == OK)
		err = member_word(obj, "sec", secs, &sec, why);
	if (err == OK)
		err = member_word(obj, "mac", macs, &wrong, why);
	if (err == OK)
		err = member_text(obj, "from", &msg->from, why);
	if (err == OK)
		err = member_text(obj, "initiator_uri", &msg->initiator_uri, why);
	if (err == OK)
		err = member_text(obj, "content_type", &msg->content_type, why);
	if (err == OK)
		err = member_text(obj, "app_id", &msg->app_id, why);
	if (err == OK)
		err = member_text(obj, "href", &msg->href, why);
	if (err == OK)
		err = read_push_flag(member_get(obj, "push_flag"), &msg->push_flag, why);
	msg->ip_bearer = ip;
	msg->from_ton = (enum policy_ton)ton;
	msg->sec = (enum prov_sec)sec;
	msg->mac = member_get(obj, "mac") ? MAC_PRESENT : MAC_ABSENT;
	*mac_wrong = wrong;
	return err;
}

static int
message_decide(json_t *step, const struct policy_device *dev, struct settings *settings,
    struct policy_decision *out, struct sbuf *text, struct why *why)
{
	json_t *obj = member_get(step, "message");
	struct script script = { 0 };
	struct policy_user user = { script_verify, script_consent, &script };
	struct policy_message msg;
	int err = read_message(obj, &msg, &script.mac_wrong, why);

	if (err == OK)
		err = read_settings(member_get(obj, "settings"), settings, why);
	if (err != OK) {
		why_prefix(why, "message");
		return err;
	}
	err = read_user(member_get(step, "user"), &script, why);
	if (err != OK)
		return err;
	msg.settings = settings->list;
	msg.n_settings = settings->n;
	policy_decide(dev, &msg, &user, out);
	if (text != NULL)
		policy_explain(dev, &msg, out, text);
	return OK;
}

/* ---- local source --------------------------------------------------------------------------------------- */

static const struct member_word source_kinds[] = { { "rapi", SOURCE_RAPI },
	{ "dmprocessconfigxml", SOURCE_DMPROCESSCONFIGXML }, { "cab", SOURCE_CAB }, { "cpf", SOURCE_CPF },
	{ "provxml", SOURCE_PROVXML }, { "dm", SOURCE_DM }, { "exchange", SOURCE_EXCHANGE },
	{ "ui", SOURCE_UI }, { NULL, 0 } };
static const struct member_word tiers[] = { { "one", TIER_ONE }, { "two", TIER_TWO }, { NULL, 0 } };
static const struct member_word callers[] = { { "privileged", CALLER_PRIVILEGED },
	{ "normal", CALLER_NORMAL }, { "user_unauth", CALLER_USER_UNAUTH }, { NULL, 0 } };

/*
 * A cabinet that is told as octets says itself who signed it; what is signed by nobody whom the
 * device knows counts as unsigned.
 */
static int
read_cab(json_t *obj, const struct policy_device *dev, struct policy_source *src, struct why *why)
{
	const char *text = NULL;
	uint8_t *octets;
	size_t n;
	int err = member_text(obj, "cab", &text, why);

	if (err != OK || text == NULL)
		return err;
	octets = malloc(strlen(text) / 4 * 3 + 8);
	if (octets == NULL)
		abort();
	err = text_base64(span_str(text), octets, &n, NULL);
	if (err == OK)
		err = policy_cab_mask(dev, span_of(octets, n), &src->spc_mask, why);
	else
		why_set(why, err, "cab: base64 is expected");
	free(octets);
	src->is_signed = err == OK;
	return err == ERR_NOT_FOUND || err == ERR_AUTH ? OK : err;
}

/* Which masks a source needs told depends on its kind. */
static int
need_masks(json_t *obj, const struct policy_source *src, struct why *why)
{
	if ((src->kind == SOURCE_CAB || src->kind == SOURCE_CPF) && src->is_signed &&
	    member_get(obj, "cab") == NULL)
		return member_need(obj, "spc_mask", why);
	return src->kind == SOURCE_DM && member_get(obj, "account") == NULL ?
	    member_need(obj, "account_mask", why) : OK;
}

static int
read_source(json_t *obj, const struct policy_device *dev, struct policy_source *src, struct why *why)
{
	const char *account = NULL;
	int kind = 0, tier = TIER_BY_POLICY, caller = CALLER_NORMAL, err;

	*src = (struct policy_source){ 0 };
	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "an object is expected");
	err = member_need(obj, "kind", why);
	if (err == OK)
		err = member_word(obj, "kind", source_kinds, &kind, why);
	if (err == OK)
		err = member_word(obj, "tier", tiers, &tier, why);
	if (err == OK)
		err = member_word(obj, "caller", callers, &caller, why);
	if (err == OK)
		err = member_bool(obj, "signed", &src->is_signed, why);
	if (err == OK)
		err = member_mask(obj, "spc_mask", &src->spc_mask, why);
	if (err == OK)
		err = member_mask(obj, "account_mask", &src->account_mask, why);
	if (err == OK)
		err = member_text(obj, "account", &account, why);
	if (err == OK && account != NULL)
		src->account_mask = policy_account_roles(dev, account);
	if (err == OK)
		err = read_cab(obj, dev, src, why);
	src->kind = (enum policy_source_kind)kind;
	src->tier = (enum policy_tier)tier;
	src->caller = (enum policy_caller)caller;
	return err == OK ? need_masks(obj, src, why) : err;
}

static int
source_decide(json_t *step, const struct policy_device *dev, struct settings *settings,
    struct policy_decision *out, struct sbuf *text, struct why *why)
{
	struct policy_source src;
	int err = read_source(member_get(step, "source"), dev, &src, why);

	if (err != OK) {
		why_prefix(why, "source");
		return err;
	}
	err = read_settings(member_get(step, "settings"), settings, why);
	if (err != OK)
		return err;
	src.settings = settings->list;
	src.n_settings = settings->n;
	policy_decide_source(dev, &src, out);
	if (text != NULL)
		policy_explain(dev, NULL, out, text);
	return OK;
}

/* ---- answer ---------------------------------------------------------------------------------------------- */

static json_t *
text_or_null(const char *s)
{
	return s[0] != '\0' ? json_span(span_str(s)) : json_null();
}

/* Role-mask tests have "test" and "result", every other stage says what it looked at in "check". */
static json_t *
stage_json(const struct policy_stage *st)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "stage", json_string(st->stage));
	json_object_set_new(obj, st->has_result ? "test" : "check", json_string(st->test));
	json_object_set_new(obj, "mask", json_integer(st->mask));
	if (st->has_result) {
		json_object_set_new(obj, "policy", json_integer(st->policy));
		json_object_set_new(obj, "result", json_integer(st->result));
	}
	json_object_set_new(obj, "pass", json_boolean(st->pass));
	return obj;
}

json_t *
policy_decision_json(enum policy_family family, const struct policy_decision *d)
{
	json_t *obj = json_object(), *stages = json_array();
	char code[8];
	size_t i;

	snprintf(code, sizeof code, "P%02d", d->code % 100);
	json_object_set_new(obj, "family", json_string(policy_family_name(family)));
	json_object_set_new(obj, "outcome", json_string(policy_outcome_name(d->outcome)));
	json_object_set_new(obj, "code", d->code ? json_string(code) : json_null());
	json_object_set_new(obj, "path", text_or_null(d->path));
	json_object_set_new(obj, "mask", d->no_mask ? json_null() : json_integer(d->mask));
	json_object_set_new(obj, "effective",
	    d->has_effective ? json_integer(d->effective) : json_null());
	json_object_set_new(obj, "client", text_or_null(d->client));
	for (i = 0; i < d->n_stages; i++)
		json_array_append_new(stages, stage_json(&d->stages[i]));
	json_object_set_new(obj, "stages", stages);
	return obj;
}

/*
 * Decide one event and let the device become what it makes of it. NULL and *why when it is none.
 * text, if any, gets the explanation.
 */
static json_t *
step_decide(json_t *step, struct policy_device *dev, struct sbuf *text, struct why *why)
{
	struct settings settings = { NULL, 0 };
	struct policy_decision d;
	struct why problem = { 0 };
	json_t *answer = NULL;
	int err, applied = OK;

	if (member_get(step, "message"))
		err = message_decide(step, dev, &settings, &d, text, why);
	else if (member_get(step, "source"))
		err = source_decide(step, dev, &settings, &d, text, why);
	else
		err = why_set(why, ERR_SYNTAX, "message: this fact (or source, or steps) is needed");
	if (err == OK) {
		if (policy_accepted(&d) && d.outcome != OUTCOME_DELIVER)
			applied = policy_apply(dev, d.has_effective ? d.effective : ROLE_MANAGER, settings.list,
			    settings.n, &problem);
	}
	if (err == OK)
		answer = policy_decision_json(dev->family, &d);
	if (applied != OK)		/* no room: the device stays as it is */
		json_object_set_new(answer, "problem", json_span(span_str(problem.text)));
	settings_done(&settings);
	return answer;
}

static json_t *
steps_decide(json_t *steps, struct policy_device *dev, struct sbuf *text, struct why *why)
{
	json_t *answers = json_array(), *v;
	size_t i;

	if (!json_is_array(steps))
		why_set(why, ERR_SYNTAX, "a list is expected");
	json_array_foreach(steps, i, v) {
		json_t *answer = step_decide(v, dev, text, why);

		if (answer == NULL) {
			why_prefix(why, "steps[%zu]", i);
			json_decref(answers);
			return NULL;
		}
		json_array_append_new(answers, answer);
	}
	if (!json_is_array(steps)) {
		json_decref(answers);
		return NULL;
	}
	return answers;
}

static json_t *
case_decide(json_t *input, const struct policy_files *files, struct sbuf *text, struct why *why)
{
	struct policy_device dev;
	int err = OK;

	if (!json_is_object(input))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	if (err == OK)
		err = member_need(input, "device", why);
	if (err != OK)
		return NULL;
	if (policy_device_from_json(member_get(input, "device"), files, &dev, why) != OK) {
		why_prefix(why, "device");
		return NULL;
	}
	return member_get(input, "steps") ? steps_decide(member_get(input, "steps"), &dev, text, why) :
	    step_decide(input, &dev, text, why);
}

json_t *
policy_case_decide(json_t *input, const struct policy_files *files)
{
	struct why why = { 0 };
	json_t *answer = case_decide(input, files, NULL, &why);

	return answer ? answer : json_pack("{s:o}", "error", json_span(span_str(why.text)));
}

int
policy_case_explain(json_t *input, const struct policy_files *files, struct sbuf *out, struct why *why)
{
	json_t *answer = case_decide(input, files, out, why);

	json_decref(answer);
	return answer ? OK : ERR_SYNTAX;
}
