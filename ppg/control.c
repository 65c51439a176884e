/* control.c - see control.h. */
#include "ppg/control.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ppg/pap.h"

enum { OF_PUSH = 1, OF_RECIPIENT };
enum { HOLDS = -1 };			/* in place of a PAP code */

/*
 * By default on (`group`) as soon as there is a group control; before, most of them only warn. A control that
 * looks at message and recipient has two rows. What HOLDS does not refuse: it waits for release.
 */
static const struct control {
	unsigned number;
	enum control_mode group, bare;
	int when;
	control_check check;
	int code;
} controls[] = {
	{ 1,  CONTROL_ENFORCE, CONTROL_ENFORCE, 0, NULL, 0 },
	{ 2,  CONTROL_ENFORCE, CONTROL_ENFORCE, 0, NULL, 0 },
	{ 15, CONTROL_ENFORCE, CONTROL_ENFORCE, 0, NULL, 0 },
	{ 14, CONTROL_WARN,    CONTROL_WARN,    0, NULL, 0 },
	{ 19, CONTROL_ENFORCE, CONTROL_WARN,    0, NULL, 0 },
	{ 15, CONTROL_ENFORCE, CONTROL_ENFORCE, OF_PUSH, control_repeated,  PAP_BAD_REQUEST },
	{ 3,  CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_types,        PAP_FORBIDDEN },
	{ 4,  CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_applications, PAP_FORBIDDEN },
	{ 5,  CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_document,     PAP_FORBIDDEN },
	{ 6,  CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_signature,    PAP_FORBIDDEN },
	{ 11, CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_sender,       PAP_FORBIDDEN },
	{ 12, CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_link,         PAP_FORBIDDEN },
	{ 13, CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_notification, PAP_FORBIDDEN },
	{ 17, CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_servers,      PAP_FORBIDDEN },
	{ 18, CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_secrets,      PAP_FORBIDDEN },
	{ 8,  CONTROL_ENFORCE, CONTROL_WARN, OF_PUSH, control_weak_pin,     PAP_FORBIDDEN },
	{ 20, CONTROL_OFF,     CONTROL_OFF,  OF_PUSH, control_hours,        HOLDS },
	{ 20, CONTROL_OFF,     CONTROL_OFF,  OF_PUSH, control_first_use,    HOLDS },
	{ 6,  CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_unsigned,    PAP_FORBIDDEN },
	{ 9,  CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_tier,        PAP_FORBIDDEN },
	{ 10, CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_network_mac, PAP_FORBIDDEN },
	{ 12, CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_silent_link, PAP_FORBIDDEN },
	{ 17, CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_tightening,  PAP_FORBIDDEN },
	{ 16, CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_replay,      PAP_FORBIDDEN },
	{ 8,  CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_lure,        HOLDS },
	{ 20, CONTROL_OFF,     CONTROL_OFF,  OF_RECIPIENT, control_crowd,       HOLDS },
	{ 7,  CONTROL_ENFORCE, CONTROL_WARN, OF_RECIPIENT, control_rate,        PAP_FORBIDDEN },
};
enum { N_ROWS = sizeof controls / sizeof controls[0] };

static const struct control *
row_of(unsigned number)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (controls[i].number == number)
			return &controls[i];
	abort();
}

const char *
control_key(unsigned control)
{
	static const char *const keys[CONTROLS + 1] = { NULL,
		"e-01", "e-02", "e-03", "e-04", "e-05", "e-06", "e-07", "e-08", "e-09", "e-10",
		"e-11", "e-12", "e-13", "e-14", "e-15", "e-16", "e-17", "e-18", "e-19", "e-20",
	};

	return keys[control];
}

enum control_mode
control_default(unsigned control)
{
	return row_of(control)->group;
}

const char *
control_mode_name(enum control_mode mode)
{
	static const char *const names[] = { "off", "warn", "enforce" };

	return names[mode];
}

/* ---- the rules ----------------------------------------------------------------------------------- */

struct control_rules *
control_rules_create(void)
{
	struct control_rules *r = calloc(1, sizeof *r);
	unsigned i;

	if (r == NULL)
		abort();
	atomic_init(&r->refs, 1);
	for (i = 1; i <= CONTROLS; i++)
		r->modes[i] = row_of(i)->bare;
	r->pin_per_initiator = 3;
	r->pin_per_day = 5;
	r->netwpin_per_hour = 1;
	r->lure_s = 3600;
	r->replay_s = 7 * 86400;
	return r;
}

struct control_rules *
control_rules_ref(struct control_rules *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void
control_rules_unref(struct control_rules *r)
{
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	free(r->trusted_types);
	free(r->plain);
	free(r->tiers);
	free(r->senders);
	free(r->sl_hosts);
	free(r->dm_hosts);
	free(r->tps_urls);
	free(r);
}

bool
control_list_has(const char *list, struct span word)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ";");
		struct span w = span_trim(span_of(list, n));

		if (w.n > 0 && w.p[w.n - 1] == '*') {
			if (word.n >= w.n - 1 && strncasecmp((const char *)w.p, (const char *)word.p, w.n - 1) == 0)
				return true;
		} else if (w.n > 0 && w.n == word.n && strncasecmp((const char *)w.p, (const char *)word.p, w.n) == 0) {
			return true;
		}
		list += n + (list[n] == ';');
	}
	return false;
}

/* ---- running them ---------------------------------------------------------------------------------- */

bool
control_concerns(const struct control_rules *rules, const struct control_memory *memory, enum content_kind kind)
{
	if (rules->configured || (memory != NULL && control_memory_has_documents(memory)))
		return true;
	switch (kind) {
	case CONTENT_SL:
	case CONTENT_PROV:
	case CONTENT_DM:
	case CONTENT_DM_NOTIFICATION:
	case CONTENT_DRM:
		return true;
	case CONTENT_OTHER:
	case CONTENT_SI:
	case CONTENT_CO:
	case CONTENT_EMN:
	case CONTENT_MMS:
	case CONTENT_SUPL:
	case CONTENT_SIA:
	case CONTENT_MULTIPART:
		break;
	}
	return false;
}

const struct control_finding *
control_found(const struct control_rules *rules, unsigned control, int code, const struct why *why,
    struct control_findings *out)
{
	struct control_finding *f;
	struct why text;

	if (out->n == FINDINGS_MAX) {
		if (rules->modes[control] != CONTROL_ENFORCE)
			return NULL;
		out->n--;
	}
	f = &out->list[out->n++];
	why_set(&text, code, "control E-%02u: %s", control, why->text);
	*f = (struct control_finding){ .control = control, .refused = rules->modes[control] == CONTROL_ENFORCE,
		.code = code };
	memcpy(f->text, text.text, sizeof f->text);
	return f->refused ? f : NULL;
}

static const struct control_finding *
run(struct control_case *c, int when, struct control_findings *out)
{
	const struct control_finding *refusal = NULL, *hold = NULL;
	size_t i;

	for (i = 0; i < N_ROWS && refusal == NULL; i++) {
		const struct control *row = &controls[i];
		struct why why = { 0 };

		if (row->when != when || row->check == NULL)
			continue;
		/* what others build on is found out in any case */
		if (c->rules->modes[row->number] == CONTROL_OFF && row->check != control_document)
			continue;
		if (row->check(c, &why) || c->rules->modes[row->number] == CONTROL_OFF)
			continue;
		refusal = control_found(c->rules, row->number, why.offset > CONTROL_TELLS ? (int)why.offset : row->code, &why,
		    out);
		if (refusal != NULL && why.offset == CONTROL_TELLS) {
			out->list[out->n - 1].refused = false;
			refusal = NULL;
		}
		if (refusal == NULL || row->code != HOLDS)
			continue;
		out->list[out->n - 1].refused = false;
		out->list[out->n - 1].held = true;
		out->list[out->n - 1].code = PAP_ACCEPTED;
		if (hold == NULL)
			hold = refusal;
		refusal = NULL;		/* another one may refuse it */
	}
	return refusal != NULL ? refusal : hold;
}

const struct control_finding *
control_check_push(struct control_case *c, struct control_findings *out)
{
	return run(c, OF_PUSH, out);
}

const struct control_finding *
control_check_recipient(struct control_case *c, struct control_findings *out)
{
	return run(c, OF_RECIPIENT, out);
}
