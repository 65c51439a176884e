/* smscsim_step.c - see smscsim_step.h. */
#include "smsc/smscsim_step.h"

#include <string.h>

#include "base/log.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_member.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_session.h"

enum { MS_MAX = 86400000, COUNT_MAX = 1000000000, TIMES_MAX = 1000 };

/* ---- members ------------------------------------------------------------------------- */

static int
read_note(json_t *value, struct sim_step *step, struct why *why)
{
	return sim_member_text(value, "note", step->note, sizeof step->note, why);
}

static int
read_at(json_t *value, struct sim_step *step, struct why *why)
{
	return sim_member_number(value, "at_ms", 0, MS_MAX, &step->at_ms, why);
}

static int
read_after(json_t *value, struct sim_step *step, struct why *why)
{
	return sim_member_number(value, "after_ms", 0, MS_MAX, &step->after_ms, why);
}

static int
read_messages(json_t *value, struct sim_step *step, struct why *why)
{
	int64_t n = 0;
	int err = sim_member_number(value, "after_messages", 1, COUNT_MAX, &n, why);

	step->messages = (uint64_t)n;
	return err;
}

static int
read_binds(json_t *value, struct sim_step *step, struct why *why)
{
	int64_t n = 0;
	int err = sim_member_number(value, "after_binds", 1, COUNT_MAX, &n, why);

	step->binds = (uint64_t)n;
	return err;
}

static int
read_dest(json_t *value, struct sim_step *step, struct why *why)
{
	char text[SIM_ADDRESS_SIZE];
	int err = sim_member_text(value, "dest", text, sizeof text, why);

	if (err == OK)
		sim_digits(text, step->dest);
	return err;
}

static int
read_system_id(json_t *value, struct sim_step *step, struct why *why)
{
	return sim_member_text(value, "system_id", step->system_id, sizeof step->system_id, why);
}

static int
read_times(json_t *value, struct sim_step *step, struct why *why)
{
	int64_t n = 1;
	int err = sim_member_number(value, "times", 1, TIMES_MAX, &n, why);

	step->times = (unsigned)n;
	return err;
}

static int
read_faults(json_t *value, struct sim_step *step, struct why *why)
{
	json_t *item;
	size_t i;
	int err;

	step->faults = json_is_array(value) ? json_deep_copy(value) : json_pack("[O]", value);
	json_array_foreach(step->faults, i, item)
		if ((err = sim_faults_check(item, why)) != OK) {
			why_prefix(why, "fault");
			return err;
		}
	return OK;
}

static int
read_clear(json_t *value, struct sim_step *step, struct why *why)
{
	const char *kind = json_string_value(value);

	step->clear_faults = true;
	if (json_is_true(value))
		return OK;
	if (kind == NULL || !sim_fault_is_kind(kind) || strlen(kind) >= sizeof step->clear_kind)
		return why_set(why, ERR_SYNTAX, "clear_faults: not true or a kind of fault");
	strcpy(step->clear_kind, kind);
	return OK;
}

static int
read_receipts(json_t *value, struct sim_step *step, struct why *why)
{
	struct sim_settings set = sim_settings_default();
	json_t *copy, *name = json_object_get(value, "system_id");
	char text[SIM_SYSTEM_ID_SIZE];
	int err = OK;

	step->receipts = json_incref(value);
	if (name != NULL)
		err = sim_member_text(name, "system_id", text, sizeof text, why);
	copy = json_copy(value);
	if (name != NULL)
		json_object_del(copy, "system_id");
	if (err == OK)
		err = sim_settings_read(&set, copy, why);
	json_decref(copy);
	if (err)
		why_prefix(why, "receipts");
	return err;
}

static int
read_disconnect(json_t *value, struct sim_step *step, struct why *why)
{
	step->disconnect = true;
	if (json_is_true(value))
		return OK;
	if (sim_member_text(value, "disconnect", step->disconnect_id, sizeof step->disconnect_id, NULL) != OK)
		return why_set(why, ERR_SYNTAX, "disconnect: not true or a system_id");
	return OK;
}

static int
read_stop(json_t *value, struct sim_step *step, struct why *why)
{
	int64_t n = 0;
	int err = sim_member_number(value, "stop_listening_ms", 1, MS_MAX, &n, why);

	step->stop_listening_ms = (uint32_t)n;
	return err;
}

static int
read_deliver(json_t *value, struct sim_step *step, struct why *why)
{
	int err = sim_mo_read(value, &step->mo, why);

	step->delivers = true;
	if (err)
		why_prefix(why, "deliver");
	return err;
}

static int
read_outbind(json_t *value, struct sim_step *step, struct why *why)
{
	int err = sim_outbind_read(value, &step->outbind, why);

	step->outbinds = true;
	if (err)
		why_prefix(why, "outbind");
	return err;
}

static const struct {
	const char *key;
	int (*read)(json_t *value, struct sim_step *step, struct why *why);
	bool is_action;
} members[] = {
	{ "note",              read_note,       false },
	{ "at_ms",             read_at,         false },
	{ "after_ms",          read_after,      false },
	{ "after_messages",    read_messages,   false },
	{ "after_binds",       read_binds,      false },
	{ "dest",              read_dest,       false },
	{ "system_id",         read_system_id,  false },
	{ "times",             read_times,      false },
	{ "clear_faults",      read_clear,      true },
	{ "fault",             read_faults,     true },
	{ "receipts",          read_receipts,   true },
	{ "disconnect",        read_disconnect, true },
	{ "stop_listening_ms", read_stop,       true },
	{ "deliver",           read_deliver,    true },
	{ "outbind",           read_outbind,    true },
};

static int
read_member(const char *key, json_t *value, struct sim_step *step, bool *acts, struct why *why)
{
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (strcmp(key, members[i].key) == 0) {
			*acts |= members[i].is_action;
			return members[i].read(value, step, why);
		}
	return why_set(why, ERR_SYNTAX, "the members of a step are note, at_ms, after_ms, after_messages, "
	    "after_binds, dest, system_id, times, and what it does: clear_faults, fault, receipts, "
	    "disconnect, stop_listening_ms, deliver, outbind");
}

int
sim_step_read(json_t *spec, struct sim_step *out, struct why *why)
{
	const char *key;
	json_t *value;
	bool acts = false;
	int err = OK;

	*out = (struct sim_step){ .times = 1 };
	if (!json_is_object(spec))
		return why_set(why, ERR_SYNTAX, "a step is a JSON object");
	json_object_foreach(spec, key, value)
		if ((err = read_member(key, value, out, &acts, why)) != OK)
			break;
	if (err == OK && !acts)
		err = why_set(why, ERR_SYNTAX, "the step does nothing: no clear_faults, fault, receipts, "
		    "disconnect, stop_listening_ms, deliver or outbind");
	if (err == OK && out->dest[0] != '\0' && out->messages == 0)
		err = why_set(why, ERR_SYNTAX, "dest: only after_messages looks at it");
	if (err == OK && out->system_id[0] != '\0' && out->messages == 0 && out->binds == 0)
		err = why_set(why, ERR_SYNTAX, "system_id: only after_messages and after_binds look at it");
	if (err)
		sim_step_done(out);
	return err;
}

void
sim_step_done(struct sim_step *step)
{
	json_decref(step->faults);
	json_decref(step->receipts);
	*step = (struct sim_step){ .times = 1 };
}

/* ---- doing --------------------------------------------------------------------------- */

static void
complain(int err, const struct why *why)
{
	if (err)
		log_error("smscsim", "scenario: %s", why->text);
}

static void
change_faults(struct sim *sim, const struct sim_step *step)
{
	struct why why = { 0 };
	json_t *item;
	unsigned id;
	size_t i;

	if (step->clear_faults) {
		sim_faults_clear(sim->faults, step->clear_kind[0] != '\0' ? step->clear_kind : NULL);
		sim_sessions_wake(sim->sessions);
		sim_kick(sim);
	}
	json_array_foreach(step->faults, i, item)
		complain(sim_faults_add(sim->faults, item, &id, &why), &why);
}

void
sim_step_run(struct sim *sim, const struct sim_step *step)
{
	struct why why = { 0 };
	unsigned session;

	change_faults(sim, step);
	if (step->receipts != NULL)
		complain(sim_receipts_set(sim->receipts, step->receipts, &why), &why);
	if (step->disconnect)
		sim_sessions_cut(sim->sessions, step->disconnect_id[0] != '\0' ? step->disconnect_id : NULL);
	if (step->stop_listening_ms > 0)
		sim_listener_pause(sim->listener, step->stop_listening_ms);
	if (step->delivers)
		complain(sim_receipts_deliver(sim->receipts, &step->mo, &why), &why);
	if (step->outbinds)
		complain(sim_outbind(sim, &step->outbind, &session, &why), &why);
	sim_receipts_pump(sim->receipts);
}
