/* smscsim_settings.c - see smscsim_settings.h. */
#include "smsc/smscsim_settings.h"

#include <string.h>

enum { DELAY_MAX_MS = 86400000 };

static const char *const mode_names[SIM_MODES] = { "auto", "hold", "none" };

static const struct outcome {
	enum receipt_state state;
	const char *name, *err;
} outcomes[] = {
	{ RECEIPT_DELIVERED,     "DELIVRD", "000" },
	{ RECEIPT_EXPIRED,       "EXPIRED", "027" },
	{ RECEIPT_DELETED,       "DELETED", "013" },
	{ RECEIPT_UNDELIVERABLE, "UNDELIV", "001" },
	{ RECEIPT_ACCEPTED,      "ACCEPTD", "000" },
	{ RECEIPT_UNKNOWN,       "UNKNOWN", "255" },
	{ RECEIPT_REJECTED,      "REJECTD", "069" },
	{ RECEIPT_ENROUTE,       "ENROUTE", "000" },
};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

static const struct outcome *
outcome_of(enum receipt_state state)
{
	size_t i;

	for (i = 0; i < OUTCOMES - 1; i++)
		if (outcomes[i].state == state)
			break;
	return &outcomes[i];
}

const char *
sim_state_name(enum receipt_state state)
{
	return outcome_of(state)->name;
}

const char *
sim_state_err(enum receipt_state state)
{
	return outcome_of(state)->err;
}

struct sim_settings
sim_settings_default(void)
{
	return (struct sim_settings){
		.mode = SIM_MODE_AUTO, .state = RECEIPT_DELIVERED, .tlvs = true
	};
}

/* ---- members ----------------------------------------------------------------------- */

static int
read_mode(json_t *value, struct sim_settings *set, struct why *why)
{
	const char *text = json_string_value(value);
	int i;

	for (i = 0; text != NULL && i < SIM_MODES; i++)
		if (strcmp(text, mode_names[i]) == 0) {
			set->mode = (enum sim_mode)i;
			return OK;
		}
	return why_set(why, ERR_SYNTAX, "mode: not one of auto, hold, none");
}

static int
read_state(json_t *value, struct sim_settings *set, struct why *why)
{
	const char *text = json_string_value(value);
	size_t i;

	for (i = 0; text != NULL && i < OUTCOMES; i++)
		if (strcmp(text, outcomes[i].name) == 0) {
			set->state = outcomes[i].state;
			return OK;
		}
	return why_set(why, ERR_SYNTAX, "state: not one of DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, "
	    "UNKNOWN, REJECTD, ENROUTE");
}

static int
read_delay(json_t *value, struct sim_settings *set, struct why *why)
{
	json_int_t ms = json_is_integer(value) ? json_integer_value(value) : -1;

	if (ms < 0 || ms > DELAY_MAX_MS)
		return why_set(why, ERR_RANGE, "delay_ms: not a whole number in 0..%d", DELAY_MAX_MS);
	set->delay_ms = (uint32_t)ms;
	return OK;
}

static int
read_id_format(json_t *value, struct sim_settings *set, struct why *why)
{
	const char *text = json_string_value(value);

	if (text == NULL || (strcmp(text, "dec") != 0 && strcmp(text, "hex") != 0))
		return why_set(why, ERR_SYNTAX, "id_format: not one of dec, hex");
	set->hex = text[0] == 'h';
	return OK;
}

static int
read_tlvs(json_t *value, struct sim_settings *set, struct why *why)
{
	if (!json_is_boolean(value))
		return why_set(why, ERR_SYNTAX, "tlvs: not true or false");
	set->tlvs = json_is_true(value);
	return OK;
}

static int
read_text(json_t *value, struct sim_settings *set, struct why *why)
{
	const char *text = json_is_null(value) ? "" : json_string_value(value);

	if (text == NULL || strlen(text) > SIM_RECEIPT_TEXT_MAX)
		return why_set(why, ERR_SYNTAX, "text: not null or a string of at most %d octets",
		    SIM_RECEIPT_TEXT_MAX);
	strcpy(set->text, text);
	return OK;
}

static const struct {
	const char *key;
	int (*read)(json_t *value, struct sim_settings *set, struct why *why);
} members[] = {
	{ "mode", read_mode }, { "state", read_state }, { "delay_ms", read_delay },
	{ "id_format", read_id_format }, { "tlvs", read_tlvs }, { "text", read_text },
};

static int
read_member(const char *key, json_t *value, struct sim_settings *set, struct why *why)
{
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (strcmp(key, members[i].key) == 0)
			return members[i].read(value, set, why);
	return why_set(why, ERR_SYNTAX, "the members are mode, state, delay_ms, id_format, tlvs, "
	    "text");
}

int
sim_settings_read(struct sim_settings *settings, json_t *spec, struct why *why)
{
	struct sim_settings set = *settings;
	const char *key;
	json_t *value;
	int err;

	if (!json_is_object(spec))
		return why_set(why, ERR_SYNTAX, "the settings are a JSON object");
	json_object_foreach(spec, key, value)
		if ((err = read_member(key, value, &set, why)) != OK)
			return err;
	*settings = set;
	return OK;
}

json_t *
sim_settings_json(const struct sim_settings *set)
{
	json_t *o = json_object();

	json_object_set_new(o, "mode", json_string(mode_names[set->mode]));
	json_object_set_new(o, "state", json_string(sim_state_name(set->state)));
	json_object_set_new(o, "delay_ms", json_integer(set->delay_ms));
	json_object_set_new(o, "id_format", json_string(set->hex ? "hex" : "dec"));
	json_object_set_new(o, "tlvs", json_boolean(set->tlvs));
	json_object_set_new(o, "text", set->text[0] != '\0' ? json_string(set->text) : json_null());
	return o;
}
