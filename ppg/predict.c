/* predict.c - see predict.h. */
#include "ppg/predict.h"

#include <stdio.h>
#include <stdlib.h>


/* ---- the check list of section 7: what a gateway does so that a message is accepted ------------ */

enum { WM = 1 << FAMILY_WM5 | 1 << FAMILY_WM6X, W10 = 1 << FAMILY_W10M, OTHER = 1 << FAMILY_OTHER };
enum { ANY_SEC = -2 };

static const struct {
	unsigned families;
	enum content_kind kind;
	int sec;
	const char *advice;
} check_list[] = {
	{ WM, CONTENT_SI, ANY_SEC, "needs a trusted proxy as sender and Push-Flag 1 or 3" },
	{ WM, CONTENT_SL, ANY_SEC, "needs a trusted proxy as sender, Push-Flag 2 or 3 and an https address" },
	{ WM, CONTENT_PROV, PROV_SEC_NONE,
	  "needs a trusted proxy as sender, Push-Flag 3 and the device's PROVURL as initiator URI" },
	{ WM, CONTENT_PROV, PROV_SEC_USERPIN,
	  "needs a trusted proxy as sender, Push-Flag 1 or 3 and settings that a user may change" },
	{ WM, CONTENT_PROV, PROV_SEC_USERPINMAC,
	  "needs a trusted proxy as sender, Push-Flag 1 or 3 and settings that a user may change" },
	{ WM, CONTENT_PROV, PROV_SEC_NETWPIN, "needs a device opened for it, or PROVURL and Push-Flag 3 without SEC" },
	{ WM, CONTENT_PROV, PROV_SEC_USERNETWPIN,
	  "needs a device opened for bootstrap, or PROVURL and Push-Flag 3 without SEC" },
	{ W10, CONTENT_SI, ANY_SEC, "needs a known proxy as sender" },
	{ W10, CONTENT_SL, ANY_SEC, "needs a known proxy as sender" },
	{ W10, CONTENT_MMS, ANY_SEC, "needs a known proxy as sender" },
	{ W10, CONTENT_PROV, PROV_SEC_NONE, "needs the device's PROVURL as initiator URI, or USERPIN or USERNETWPIN" },
	{ W10, CONTENT_PROV, ANY_SEC, "needs a known proxy as sender and USERPIN or USERNETWPIN" },
	{ OTHER, CONTENT_PROV, PROV_SEC_NONE, "needs a signature: SEC and MAC" },
	{ OTHER, CONTENT_PROV, ANY_SEC, "needs a signature method that the device takes" },
};

static const char *
find_advice(enum policy_family family, const struct push_facts *f)
{
	size_t i;

	for (i = 0; i < sizeof check_list / sizeof check_list[0]; i++)
		if ((check_list[i].families & 1u << family) != 0 && check_list[i].kind == f->kind &&
		    (check_list[i].sec == ANY_SEC || check_list[i].sec == (int)f->sec))
			return check_list[i].advice;
	return NULL;
}

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

/* ---- the decision ------------------------------------------------------------------------------ */

static const char *
text_or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
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
	struct policy_decision *d = calloc(1, sizeof *d);

	if (d == NULL)
		abort();
	policy_decide(dev, &msg, &user, d);
	*out = (struct prediction){ .device_known = true, .outcome = d->outcome, .code = d->code,
		.risks = policy_risks(dev) };
	snprintf(out->profile, sizeof out->profile, "%s", dev->profile);
	snprintf(out->path, sizeof out->path, "%s", d->path);
	if (prediction_refuses(out))
		out->advice = find_advice(dev->family, f);
	free(d);
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
	if (p->advice != NULL)
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
	json_object_set_new(o, "advice", p->advice != NULL ? json_string(p->advice) : json_null());
	json_object_set_new(o, "profile", json_string(p->profile));
	json_object_set_new(o, "risks", risks_json(p->risks));
	json_object_set_new(o, "device_known", json_boolean(p->device_known));
	return o;
}
