/* smscsim_settings.c - see smscsim_settings.h. */
#include "smsc/smscsim_settings.h"

#include <stdio.h>
#include <string.h>

#include "smsc/smscsim_member.h"

enum { DELAY_MAX_MS = 86400000, WEIGHT_MAX = 1000000 };

static const char *const mode_names[SIM_MODES] = { "auto", "hold", "none" };

static const char *const id_format_names[SIM_ID_FORMATS] = {
	[SIM_ID_DEC] = "dec",
	[SIM_ID_HEX] = "hex",
	[SIM_ID_HEX_LOWER] = "hex_lower",
	[SIM_ID_PADDED] = "padded",
};

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

static const struct outcome *
find_outcome(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < OUTCOMES; i++)
		if (strcmp(name, outcomes[i].name) == 0)
			return &outcomes[i];
	return NULL;
}

static int
not_a_state(const char *key, struct why *why)
{
	return why_set(why, ERR_SYNTAX, "%s: not one of DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, "
	    "UNKNOWN, REJECTD, ENROUTE", key);
}

static int
read_state(json_t *value, struct sim_settings *set, struct why *why)
{
	const struct outcome *found = find_outcome(json_string_value(value));

	if (found == NULL)
		return not_a_state("state", why);
	set->state = found->state;
	memset(set->weights, 0, sizeof set->weights);
	return OK;
}

static int
read_states(json_t *value, struct sim_settings *set, struct why *why)
{
	const struct outcome *found;
	json_t *weight;
	json_int_t n;
	const char *key;
	uint64_t sum = 0;

	memset(set->weights, 0, sizeof set->weights);
	if (json_is_null(value))
		return OK;
	if (!json_is_object(value))
		return why_set(why, ERR_SYNTAX, "states: not null or an object of states and weights");
	json_object_foreach(value, key, weight) {
		found = find_outcome(key);
		if (found == NULL)
			return not_a_state("states", why);
		n = json_is_integer(weight) ? json_integer_value(weight) : -1;
		if (n < 0 || n > WEIGHT_MAX)
			return why_set(why, ERR_RANGE, "states.%s: not a whole number in 0..%d", key,
			    WEIGHT_MAX);
		set->weights[found->state] = (uint32_t)n;
		sum += (uint64_t)n;
	}
	if (sum == 0)
		return why_set(why, ERR_RANGE, "states: no weight is above 0");
	return OK;
}

static int
read_ms(json_t *value, const char *key, uint32_t *out, struct why *why)
{
	int64_t ms = 0;
	int err = sim_member_number(value, key, 0, DELAY_MAX_MS, &ms, why);

	if (err == OK)
		*out = (uint32_t)ms;
	return err;
}

static int
read_delay(json_t *value, struct sim_settings *set, struct why *why)
{
	return read_ms(value, "delay_ms", &set->delay_ms, why);
}

static int
read_jitter(json_t *value, struct sim_settings *set, struct why *why)
{
	return read_ms(value, "jitter_ms", &set->jitter_ms, why);
}

static int
read_format(json_t *value, const char *key, enum sim_id_format *out, struct why *why)
{
	const char *text = json_string_value(value);
	int i;

	for (i = 0; text != NULL && i < SIM_ID_FORMATS; i++)
		if (strcmp(text, id_format_names[i]) == 0) {
			*out = (enum sim_id_format)i;
			return OK;
		}
	return why_set(why, ERR_SYNTAX, "%s: not one of dec, hex, hex_lower, padded", key);
}

static int
read_id_format(json_t *value, struct sim_settings *set, struct why *why)
{
	return read_format(value, "id_format", &set->id_format, why);
}

static int
read_submit_id_format(json_t *value, struct sim_settings *set, struct why *why)
{
	return read_format(value, "submit_id_format", &set->submit_id_format, why);
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
	{ "mode", read_mode }, { "state", read_state }, { "states", read_states },
	{ "delay_ms", read_delay }, { "jitter_ms", read_jitter }, { "id_format", read_id_format },
	{ "submit_id_format", read_submit_id_format }, { "tlvs", read_tlvs }, { "text", read_text },
};

static int
read_member(const char *key, json_t *value, struct sim_settings *set, struct why *why)
{
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (strcmp(key, members[i].key) == 0)
			return members[i].read(value, set, why);
	return why_set(why, ERR_SYNTAX, "the members are mode, state, states, delay_ms, jitter_ms, "
	    "id_format, submit_id_format, tlvs, text");
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

enum receipt_state
sim_settings_state(const struct sim_settings *set, uint64_t chance)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < OUTCOMES; i++)
		sum += set->weights[outcomes[i].state];
	if (sum == 0)
		return set->state;
	chance %= sum;
	for (i = 0; chance >= set->weights[outcomes[i].state]; i++)
		chance -= set->weights[outcomes[i].state];
	return outcomes[i].state;
}

void
sim_id_print(enum sim_id_format format, uint64_t number, char out[SIM_ID_SIZE])
{
	unsigned long long n = number;

	switch (format) {
	case SIM_ID_DEC:
		snprintf(out, SIM_ID_SIZE, "%llu", n);
		break;
	case SIM_ID_HEX:
		snprintf(out, SIM_ID_SIZE, "%llX", n);
		break;
	case SIM_ID_HEX_LOWER:
		snprintf(out, SIM_ID_SIZE, "%llx", n);
		break;
	case SIM_ID_PADDED:
	case SIM_ID_FORMATS:
		snprintf(out, SIM_ID_SIZE, "%016llu", n);
		break;
	}
}

static json_t *
states_json(const struct sim_settings *set)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < OUTCOMES; i++)
		if (set->weights[outcomes[i].state] > 0)
			json_object_set_new(o, outcomes[i].name,
			    json_integer(set->weights[outcomes[i].state]));
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return json_null();
}

json_t *
sim_settings_json(const struct sim_settings *set)
{
	json_t *o = json_object();

	json_object_set_new(o, "mode", json_string(mode_names[set->mode]));
	json_object_set_new(o, "state", json_string(sim_state_name(set->state)));
	json_object_set_new(o, "states", states_json(set));
	json_object_set_new(o, "delay_ms", json_integer(set->delay_ms));
	json_object_set_new(o, "jitter_ms", json_integer(set->jitter_ms));
	json_object_set_new(o, "id_format", json_string(id_format_names[set->id_format]));
	json_object_set_new(o, "submit_id_format", json_string(id_format_names[set->submit_id_format]));
	json_object_set_new(o, "tlvs", json_boolean(set->tlvs));
	json_object_set_new(o, "text", set->text[0] != '\0' ? json_string(set->text) : json_null());
	return o;
}
