/*
 * decide.c - what the push router of a device does with a message: the stages, in order.
 * Facts: device policies 3.5 (order), 5.2 (routing), 7 (which mask a decision shows).
 *
 * Each stage is one function; it notes what it tested and says whether the message goes on. A
 * stage that does not concern this message or family notes nothing.
 */
#include "policy/decide_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/settings.h"

/* ---- noting ----------------------------------------------------------------------------------- */

/* A word that is known to be short; a decision is made often, and printf is slow. */
static void
copy_word(char *out, size_t size, const char *word)
{
	size_t n = strlen(word);

	if (n >= size)
		n = size - 1;
	memcpy(out, word, n);
	out[n] = '\0';
}

/* The digits of a policy's id. */
static void
copy_id(char out[16], uint32_t id)
{
	char digits[16];
	size_t n = 0, i;

	do
		digits[n++] = (char)('0' + id % 10);
	while ((id /= 10) != 0);
	for (i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	out[n] = '\0';
}

static struct policy_stage *
stage_add(struct run *run, const char *test, bool pass)
{
	struct policy_decision *out = run->out;
	struct policy_stage *st = &out->stages[out->n_stages++];

	copy_word(st->stage, sizeof st->stage, run->stage);
	copy_word(st->test, sizeof st->test, test);
	st->mask = out->mask;
	st->pass = pass;
	return st;
}

bool
decide_note(struct run *run, const char *test, bool pass, int code)
{
	stage_add(run, test, pass);
	if (!pass)
		run->out->code = code;
	return pass;
}

/* Test `mask` against the role mask that is policy `id`. */
static bool
note_mask(struct run *run, uint32_t id, uint32_t mask, int code)
{
	uint32_t policy = policy_get(run->dev, id, 0);
	char test[16];
	struct policy_stage *st;

	copy_id(test, id);
	st = stage_add(run, test, (mask & policy) != 0);
	st->has_result = true;
	st->mask = mask;
	st->policy = policy;
	st->result = mask & policy;
	if (!st->pass)
		run->out->code = code;
	return st->pass;
}

/* ---- stages 0 to 3: service, push source, headers, origin ---------------------------------------- */

static bool
bearer_service(struct run *run)
{
	if (run->dev->family != FAMILY_WM6X || run->msg->ip_bearer)
		return true;
	return decide_note(run, "4147", policy_get(run->dev, 4147, 1) != 0, 21);
}

static bool
push_source(struct run *run)
{
	return decide_note(run, "4113", policy_get(run->dev, 4113, 1) == 1, 1);
}

/* R-SIGNED: signed, unsigned, or neither. SEC on anything but a provisioning document is nothing. */
static bool
signature_form(struct run *run)
{
	const struct policy_message *msg = run->msg;
	bool has_mac = msg->mac == MAC_PRESENT;

	if (run->kind != KIND_PROV)
		return true;
	switch (msg->sec) {
	case PROV_SEC_NONE:
		return !has_mac;
	case PROV_SEC_NETWPIN:
	case PROV_SEC_USERPIN:
	case PROV_SEC_USERNETWPIN:
		run->is_signed = has_mac;
		return has_mac;
	case PROV_SEC_USERPINMAC:
		run->is_signed = !has_mac;
		return !has_mac;
	}
	return false;
}

bool
decide_parse(struct run *run)
{
	if (run->msg->malformed || run->msg->content_type == NULL)
		return decide_note(run, "parse", false, 2);
	run->kind = policy_kind_of(run->msg->content_type);
	return decide_note(run, "parse", signature_form(run), 2);
}

static uint32_t
claimed_roles(enum prov_sec sec)
{
	switch (sec) {
	case PROV_SEC_NONE:
		break;
	case PROV_SEC_NETWPIN:
		return ROLE_OPERATOR;
	case PROV_SEC_USERPIN:
	case PROV_SEC_USERPINMAC:
		return ROLE_USER_AUTH;
	case PROV_SEC_USERNETWPIN:
		return ROLE_OPERATOR | ROLE_USER_AUTH;
	}
	return 0;
}

bool
decide_origin(struct run *run)
{
	run->origin = policy_origin_roles(run->dev, run->msg);
	run->claimed = run->is_signed ? claimed_roles(run->msg->sec) : 0;
	run->out->mask = run->origin;
	return decide_note(run, "origin", true, 0);
}

/* ---- stage 4: is such a signature, or none, let in from there -------------------------------------- */

static bool
unsigned_gate(struct run *run)
{
	if (run->is_signed)
		return true;
	run->out->mask = run->origin | ROLE_USER_UNAUTH;
	if (run->dev->family != FAMILY_W10M)
		return note_mask(run, 4110, run->out->mask, 3);
	return run->kind != KIND_PROV ||
	    decide_note(run, "OPERATOR_TPS", (run->origin & ROLE_OPERATOR_TPS) != 0, 3);
}

static bool
method_support(struct run *run)
{
	if (!run->is_signed || run->dev->family != FAMILY_WM5)
		return true;
	return decide_note(run, "method", run->msg->sec != PROV_SEC_USERPINMAC, 22);
}

static bool
signed_gate(struct run *run)
{
	static const struct { uint32_t id; int code; } by_method[] = {
		[PROV_SEC_NETWPIN]     = { 4141, 5 },
		[PROV_SEC_USERPIN]     = { 4142, 6 },
		[PROV_SEC_USERNETWPIN] = { 4143, 7 },
		[PROV_SEC_USERPINMAC]  = { 4142, 6 },
	};

	if (!run->is_signed)
		return true;
	if (run->dev->family != FAMILY_WM5)
		return note_mask(run, by_method[run->msg->sec].id, run->origin,
		    by_method[run->msg->sec].code);
	if (note_mask(run, 4107, run->origin | run->claimed, 4))
		return true;
	run->out->mask = run->origin | run->claimed;
	return false;
}

/* ---- stages 5 to 7: keys and the user -------------------------------------------------------------- */

static enum policy_try
ask_pin(struct run *run, unsigned attempt)
{
	return run->user && run->user->verify ?
	    run->user->verify(run->user->arg, run->msg->sec, attempt) : POLICY_TRY_RIGHT;
}

bool
decide_consent(struct run *run, const char *test)
{
	run->asked_consent = true;
	return decide_note(run, test, !run->user || !run->user->consent ||
	    run->user->consent(run->user->arg), 9);
}

bool
decide_mac(struct run *run)
{
	return decide_note(run, "MAC", ask_pin(run, 1) == POLICY_TRY_RIGHT, 8);
}

bool
decide_pin(struct run *run)
{
	enum policy_try answer = POLICY_TRY_WRONG;
	uint32_t tries = policy_get(run->dev, 4105, 3);
	unsigned attempt;

	run->asked_pin = true;
	for (attempt = 1; attempt <= tries && answer == POLICY_TRY_WRONG; attempt++)
		answer = ask_pin(run, attempt);
	return decide_note(run, "PIN", answer == POLICY_TRY_RIGHT, answer == POLICY_TRY_CANCEL ? 9 : 10);
}

static bool
authenticate(struct run *run)
{
	if (!run->is_signed)
		return true;
	return run->msg->sec == PROV_SEC_NETWPIN ? decide_mac(run) : decide_pin(run);
}

static bool
network_pin_prompt(struct run *run)
{
	if (!run->is_signed || run->msg->sec != PROV_SEC_NETWPIN || run->dev->family == FAMILY_WM5 ||
	    policy_get(run->dev, 4132, 1) != 0)
		return true;
	return decide_consent(run, "4132");
}

bool
decide_roles(struct run *run)
{
	run->roles = run->origin | (run->is_signed ? run->claimed : ROLE_USER_UNAUTH);
	run->out->mask = run->roles;
	return decide_note(run, "roles", true, 0);
}

/* ---- stage 8: who takes it --------------------------------------------------------------------------- */

/* An entry that asks for exactly these; "" must be "". */
static const struct policy_client *
client_find(const struct policy_device *dev, const char *content_type, const char *app_id)
{
	size_t i;

	for (i = 0; i < dev->n_clients; i++) {
		const struct policy_client *c = &dev->clients[i];

		if (strcasecmp(c->content_type, content_type) == 0 && strcasecmp(c->app_id, app_id) == 0)
			return c;
	}
	return NULL;
}

bool
decide_route(struct run *run)
{
	const char *app_id = run->msg->app_id ? run->msg->app_id : "";
	const struct policy_client *c = client_find(run->dev, run->msg->content_type, app_id);

	if (c == NULL && app_id[0] != '\0')
		c = client_find(run->dev, "", app_id);
	if (c == NULL)
		c = client_find(run->dev, run->msg->content_type, "");
	if (c != NULL)
		copy_word(run->out->client, sizeof run->out->client, c->name);
	return decide_note(run, "client", c != NULL, 11);
}

/* ---- stage 9: the policy of its type, then the body is read --------------------------------------- */

static bool
type_policy(struct run *run)
{
	enum policy_family family = run->dev->family;

	switch (run->kind) {
	case KIND_SI:
		return note_mask(run, 4109, run->roles, 13);
	case KIND_SL:
		return note_mask(run, 4108, run->roles, 12);
	case KIND_PROV:
		return note_mask(run, 4111, run->roles, 14);
	case KIND_MMS:
		return family != FAMILY_W10M || note_mask(run, 4144, run->roles, 18);
	case KIND_DRM:
		return family == FAMILY_W10M || note_mask(run, 4129, run->roles, 19);
	case KIND_DM_NOTIFICATION:	/* its client checks the digest */
	case KIND_OTHER:
		break;
	}
	return true;
}

bool
decide_body(struct run *run)
{
	const struct policy_message *msg = run->msg;

	if (msg->open != NULL)
		return decide_note(run, "content", msg->open(msg->open_arg, &run->body), 2);
	run->body = (struct policy_body){ msg->href, msg->settings, msg->n_settings };
	return true;
}

static bool
url_scheme(struct run *run)
{
	static const char *const secure[] = { "https://", "wsps://" }, *const plain[] = { "http://",
		"wsp://" };
	struct span href = span_str(run->body.href ? run->body.href : "");
	bool fits = false;
	size_t i;

	if (run->kind != KIND_SL)
		return true;
	for (i = 0; i < 2; i++) {
		fits = fits || span_starts_nocase(href, secure[i]) ||
		    (policy_get(run->dev, 4124, 0) == 1 && span_starts_nocase(href, plain[i]));
	}
	return decide_note(run, "4124", fits, 17);
}

static bool
type_and_body(struct run *run)
{
	return type_policy(run) && decide_body(run) && url_scheme(run);
}

/* ---- stages 10 to 13: a provisioning document ------------------------------------------------------- */

static bool
unsigned_consent(struct run *run)
{
	if (run->kind != KIND_PROV || run->is_signed || (run->roles & ROLE_OPERATOR_TPS))
		return true;
	return decide_consent(run, "consent");
}

static bool
effective_roles(struct run *run)
{
	if (run->kind != KIND_PROV)
		return true;
	run->out->has_effective = true;
	run->out->effective = settings_roles(run->dev, run->roles);
	stage_add(run, "effective", true)->mask = run->out->effective;
	return true;
}

static bool
settings(struct run *run)
{
	const char *path;
	int code;

	if (run->kind != KIND_PROV)
		return true;
	code = settings_check(run->dev, run->out->effective, run->body.settings,
	    run->body.n_settings, &path);
	stage_add(run, settings_test(code), code == 0)->mask = run->out->effective;
	if (code == 0)
		return true;
	run->out->outcome = OUTCOME_REJECT_DOC;
	run->out->code = code;
	snprintf(run->out->path, sizeof run->out->path, "%s", path);
	return false;
}

bool
decide_commit(struct run *run)
{
	if (run->kind != KIND_PROV) {
		run->out->outcome = OUTCOME_DELIVER;
		return true;
	}
	run->out->outcome = run->asked_pin ? OUTCOME_APPLY_AFTER_PIN :
	    run->asked_consent ? OUTCOME_APPLY_AFTER_PROMPT : OUTCOME_APPLY;
	stage_add(run, "commit", true)->mask =
	    run->out->has_effective ? run->out->effective : run->out->mask;
	return true;
}

static const struct decide_stage by_roles[] = {
	{ "0",  bearer_service },
	{ "1",  push_source },
	{ "2",  decide_parse },
	{ "3",  decide_origin },
	{ "4a", unsigned_gate },
	{ "4c", method_support },	/* before 4b */
	{ "4b", signed_gate },
	{ "5",  authenticate },
	{ "6",  network_pin_prompt },
	{ "7",  decide_roles },
	{ "8",  decide_route },
	{ "9",  type_and_body },
	{ "10", unsigned_consent },
	{ "11", effective_roles },
	{ "12", settings },
	{ "13", decide_commit },
};

void
policy_decide(const struct policy_device *dev, const struct policy_message *msg,
    const struct policy_user *user, struct policy_decision *out)
{
	struct run run = { .dev = dev, .msg = msg, .user = user, .out = out };
	const struct decide_stage *stages = dev->family == FAMILY_OTHER ? decide_modes : by_roles;
	size_t i, n = dev->family == FAMILY_OTHER ? decide_n_modes : sizeof by_roles / sizeof by_roles[0];

	memset(out, 0, sizeof *out);
	out->outcome = OUTCOME_DISCARD;
	for (i = 0; i < n; i++) {
		run.stage = stages[i].name;
		if (!stages[i].run(&run))
			break;
	}
	if (out->outcome == OUTCOME_DISCARD)
		out->client[0] = '\0';		/* nobody gets it */
}
