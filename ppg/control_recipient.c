/* control_recipient.c - see control.h: controls that need to know who gets the message. */
#include "ppg/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "ppg/signature.h"

/* ---- E-06: unsigned documents ------------------------------------------------------------------------- */

bool
control_unsigned(struct control_case *c, struct why *why)
{
	if (c->class == CLASS_NONE || c->facts->sec != PROV_SEC_NONE)
		return true;
	if (c->prediction != NULL && c->prediction->device_known && c->prediction->outcome == OUTCOME_APPLY)
		return true;
	why_set(why, 0, "an unsigned document goes only to devices that are known to apply it without a question");
	return false;
}

/* ---- E-09: service tiers ---------------------------------------------------------------------------------- */

/* The tiers of "TYPE=TIER,TIER" for this media type; n 0: everybody may have it. */
static struct span
tiers_for(const char *list, const char *type)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ";");
		const char *equals = memchr(list, '=', n);

		if (equals != NULL && type != NULL) {
			struct span name = span_trim(span_of(list, (size_t)(equals - list)));

			if (span_eq_nocase(name, type))
				return span_of(equals + 1, n - (size_t)(equals + 1 - list));
		}
		list += n + (list[n] == ';');
	}
	return span_of("", 0);
}

static bool
tier_listed(struct span tiers, const char *tier)
{
	size_t i, n;

	for (i = 0; i < tiers.n; i += n + 1) {
		const uint8_t *comma = memchr(tiers.p + i, ',', tiers.n - i);

		n = comma != NULL ? (size_t)(comma - (tiers.p + i)) : tiers.n - i;
		if (tier[0] != '\0' && span_eq_nocase(span_trim(span_of(tiers.p + i, n)), tier))
			return true;
	}
	return false;
}

bool
control_tier(struct control_case *c, struct why *why)
{
	struct span tiers = tiers_for(c->rules->tiers, c->facts->info.type.media);

	if (tiers.n == 0)
		tiers = tiers_for(c->rules->tiers, c->text_type);
	if (tiers.n == 0 || (c->sub != NULL && tier_listed(tiers, c->sub->tier)))
		return true;
	why_set(why, 0, "the subscriber's tier does not include %.60s", c->facts->info.type.media);
	return false;
}

/* ---- E-10: a MAC that claims to come from the network -------------------------------------------------------- */

bool
control_network_mac(struct control_case *c, struct why *why)
{
	if (c->sub == NULL || signature_fits(c->facts, c->dm_ef_imsi, c->sub))
		return true;
	why_set(why, 0, "the MAC was not made with this subscriber's network %s",
	    c->facts->kind == CONTENT_DM ? "id" : "PIN");
	return false;
}

/* ---- E-12: service loading that nobody sees --------------------------------------------------------------------- */

bool
control_silent_link(struct control_case *c, struct why *why)
{
	if (c->facts->kind != CONTENT_SL || (c->authenticated && c->who->role == ROLE_TRUSTED_PI) ||
	    c->prediction == NULL || c->prediction->outcome != OUTCOME_DELIVER || c->dev == NULL ||
	    c->dev->family == FAMILY_OTHER)
		return true;
	why_set(why, 0, "this device would run the SL without a question, and the initiator is not ppg-trusted; send an SI");
	return false;
}

/* ---- E-17: what a document changes of its device's door --------------------------------------------------------- */

enum { AUTO_RUN = 2 };			/* the one enumeration whose tighter value is not 0 */

static bool
tightens(const struct policy_device *dev, uint32_t id, uint32_t value)
{
	uint32_t old = policy_get(dev, id, 0);

	if (policy_id_is_mask(id))
		return (value & ~old) == 0;
	return value == old || value == (id == AUTO_RUN ? 1 : 0);
}

static bool
check_policies(const struct control_case *c, const struct policy_setting *s, struct why *why)
{
	size_t i;

	if (c->dev == NULL) {
		why_set(why, 0, "SecurityPolicy for a device that is not known");
		return false;
	}
	for (i = 0; i < s->n_parms; i++) {
		const struct policy_parm *p = &s->parms[i];
		uint32_t id = 0, value;
		int64_t number;

		if (text_number(p->name, 0, UINT32_MAX, &number) == OK)
			id = (uint32_t)number;
		else if (!policy_id_find(p->name, &id))
			id = 0;
		if (id == 0 || p->value == NULL || policy_value_parse(id, p->value, &value, NULL) != OK ||
		    !tightens(c->dev, id, value)) {
			why_set(why, 0, "policy %.40s would be opened; the account needs the right \"open-device\"", p->name);
			return false;
		}
	}
	return true;
}

/* One managing server a subscriber: another one needs to be among those the operator wrote down. */
static bool
check_server(const struct control_case *c, const struct policy_setting *s, struct why *why)
{
	const char *id = push_facts_parm(s, "APPID"), *server = push_facts_parm(s, "PROVIDER-ID");

	if (id == NULL || strcasecmp(id, "w7") != 0 || c->sub == NULL || c->sub->dm_servers == NULL ||
	    (server != NULL && control_list_has(c->sub->dm_servers, span_str(server))))
		return true;
	why_set(why, 0, "the subscriber's dm_servers do not name this PROVIDER-ID");
	return false;
}

bool
control_tightening(struct control_case *c, struct why *why)
{
	const struct push_facts *f = c->facts;
	size_t i;

	for (i = 0; c->class != CLASS_NONE && i < f->n_settings; i++) {
		const struct policy_setting *s = &f->settings[i];

		if (strcasecmp(s->path, "SecurityPolicy") == 0 && (c->who->rights & RIGHT_OPEN_DEVICE) == 0 &&
		    !check_policies(c, s, why))
			return false;
		if (strcasecmp(s->path, "APPLICATION") == 0 && !check_server(c, s, why))
			return false;
	}
	return true;
}

/* ---- E-20: office hours, and the first use by an account ------------------------------------------------------------ */

bool
control_hours(struct control_case *c, struct why *why)
{
	unsigned from = c->rules->from_minute, to = c->rules->to_minute;
	unsigned now = (unsigned)(clock_utc() % 86400 / 60);
	bool inside = from <= to ? now >= from && now < to : now >= from || now < to;

	if (c->class < CLASS_PRIVILEGED || from == to || inside)
		return true;
	why_set(why, 0, "privileged settings (%.60s) are sent from %02u:%02u to %02u:%02u UTC only", c->worst, from / 60,
	    from % 60, to / 60, to % 60);
	return false;
}

void
control_released_note(const char *pi, char name[CONTROL_NOTE_SIZE])
{
	snprintf(name, CONTROL_NOTE_SIZE, "e-20-released.%s", pi);
}

struct note_op {
	struct store_profile op;
	char name[CONTROL_NOTE_SIZE];
	char push_id[];
};

static void
first_use_noted(struct store_op *op)
{
	if (op->result != OK)
		log_warning("policy", "E-20: the first use of an account could not be written down");
	free(op);
}

void
control_note_first_use(struct store *store, const char *pi, const char *push_id)
{
	size_t n = strlen(push_id);
	struct note_op *note = calloc(1, sizeof *note + n + 1);

	if (note == NULL)
		abort();
	memcpy(note->push_id, push_id, n);
	control_released_note(pi, note->name);
	note->op = (struct store_profile){
		.op = { .kind = STORE_PROFILE, .done = first_use_noted },
		.name = note->name,
		.content_type = "text/plain",
		.document = span_of(note->push_id, n),
	};
	if (store_submit(store, &note->op.op) != OK) {
		note->op.op.result = ERR_FULL;
		first_use_noted(&note->op.op);
	}
}

bool
control_first_use(struct control_case *c, struct why *why)
{
	if (c->class < CLASS_PRIVILEGED || c->released_before)
		return true;
	why_set(why, 0, "privileged settings (%.60s) of an account of which none was released before", c->worst);
	return false;
}
