/* smscsim_fault.c - see smscsim_fault.h. */
#include "smsc/smscsim_fault.h"

#include <stdlib.h>
#include <string.h>

#include "smsc/smscsim.h"
#include "smsc/smscsim_part.h"

/* What `value` of a kind may be. */
static const struct fault_rule {
	const char *name;
	bool needs_value;
	json_int_t min, max, standard;
} rules[SIM_FAULT_KINDS] = {
	[SIM_FAULT_DELAY]         = { "delay",         true,  0, 3600000,    0 },
	[SIM_FAULT_THROTTLE]      = { "throttle",      false, 0, UINT32_MAX, 0 },
	[SIM_FAULT_QUEUE_FULL]    = { "queue_full",    false, 0, UINT32_MAX, 0 },
	[SIM_FAULT_DROP_RESPONSE] = { "drop_response", false, 0, UINT32_MAX, 0 },
	[SIM_FAULT_DISCONNECT]    = { "disconnect",    false, 0, 65536,      0 },
	[SIM_FAULT_GARBAGE]       = { "garbage",       false, 0, 65536,      32 },
	[SIM_FAULT_HALF_OPEN]     = { "half_open",     false, 0, UINT32_MAX, 0 },
	[SIM_FAULT_REJECT]        = { "reject",        true,  1, UINT32_MAX, 0 },
	[SIM_FAULT_SLOW_READER]       = { "slow_reader",       false, 1, 1000000,    100 },
	[SIM_FAULT_WRONG_SEQUENCE]    = { "wrong_sequence",    false, 1, 0x7FFFFFFF, 0x10000000 },
	[SIM_FAULT_DUPLICATE_RECEIPT] = { "duplicate_receipt", false, 1, 100,        1 },
	[SIM_FAULT_RECEIPT_FIRST]     = { "receipt_first",     false, 0, 3600000,    0 },
	[SIM_FAULT_UNKNOWN_ID]        = { "unknown_id",        false, 0, UINT32_MAX, 0 },
};

static const char *const on_names[SIM_ON_REQUESTS] = {
	[SIM_ON_SUBMIT] = "submit_sm",
	[SIM_ON_BIND] = "bind",
	[SIM_ON_ENQUIRE_LINK] = "enquire_link",
	[SIM_ON_CANCEL] = "cancel_sm",
};

struct fault {
	struct fault *next;
	unsigned id;
	enum sim_fault_kind kind;
	enum sim_fault_on on;
	uint32_t value, jitter_ms;
	uint64_t count, left;		/* 0: without end */
	uint64_t every, seen;		/* falls on every n-th request that matches */
	char dest[SIM_ADDRESS_SIZE];	/* digits; "" any */
	char system_id[17];		/* "" any */
};

struct sim_faults {
	struct fault *first, **last;
	unsigned n, next_id;
	uint64_t seed;
};

struct sim_faults *
sim_faults_create(uint64_t seed)
{
	struct sim_faults *faults = sim_alloc(sizeof *faults);

	faults->last = &faults->first;
	faults->next_id = 1;
	faults->seed = seed;
	return faults;
}

void
sim_faults_destroy(struct sim_faults **p)
{
	if (*p != NULL)
		sim_faults_clear(*p, NULL);
	free(*p);
	*p = NULL;
}

/* ---- from JSON --------------------------------------------------------------------- */

static int
find_name(const char *text, const char *const *names, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return -1;
}

static int
read_kind(json_t *value, struct fault *f, struct why *why)
{
	const char *text = json_string_value(value);
	int i;

	for (i = 0; text != NULL && i < SIM_FAULT_KINDS; i++)
		if (strcmp(text, rules[i].name) == 0) {
			f->kind = (enum sim_fault_kind)i;
			return OK;
		}
	return why_set(why, ERR_SYNTAX, "kind: not one of delay, throttle, queue_full, drop_response, "
	    "disconnect, garbage, half_open, reject, slow_reader, wrong_sequence, duplicate_receipt, "
	    "receipt_first, unknown_id");
}

static int
read_on(json_t *value, struct fault *f, struct why *why)
{
	const char *text = json_string_value(value);
	int i = text != NULL ? find_name(text, on_names, SIM_ON_REQUESTS) : -1;

	if (i < 0)
		return why_set(why, ERR_SYNTAX, "on: not one of submit_sm, bind, enquire_link, cancel_sm");
	f->on = (enum sim_fault_on)i;
	return OK;
}

static int
read_match(json_t *value, struct fault *f, struct why *why)
{
	const char *key, *text;
	json_t *member;
	size_t size;
	bool dest;

	if (!json_is_object(value))
		return why_set(why, ERR_SYNTAX, "match: not an object");
	json_object_foreach(value, key, member) {
		dest = strcmp(key, "dest") == 0;
		if (!dest && strcmp(key, "system_id") != 0)
			return why_set(why, ERR_SYNTAX, "match: the members are dest and system_id");
		size = dest ? sizeof f->dest : sizeof f->system_id;
		text = json_string_value(member);
		if (text == NULL || *text == '\0' || strlen(text) >= size)
			return why_set(why, ERR_SYNTAX, "match.%s: not a string of 1 to %zu "
			    "characters", key, size - 1);
		if (dest)
			sim_digits(text, f->dest);
		else
			strcpy(f->system_id, text);
	}
	return OK;
}

static int
read_number(json_t *value, const char *key, json_int_t min, json_int_t max, uint64_t *out,
    struct why *why)
{
	if (!json_is_integer(value))
		return why_set(why, ERR_SYNTAX, "%s: not a whole number", key);
	if (json_integer_value(value) < min || json_integer_value(value) > max)
		return why_set(why, ERR_RANGE, "%s: not in %lld..%lld", key, (long long)min,
		    (long long)max);
	*out = (uint64_t)json_integer_value(value);
	return OK;
}

static int
read_value(json_t *value, struct fault *f, struct why *why)
{
	const struct fault_rule *rule = &rules[f->kind];
	uint64_t n = (uint64_t)rule->standard;
	int err = OK;

	if (value == NULL && rule->needs_value)
		return why_set(why, ERR_SYNTAX, "value: %s needs one", rule->name);
	if (value != NULL)
		err = read_number(value, "value", rule->min, rule->max, &n, why);
	f->value = (uint32_t)n;
	return err;
}

static int
read_member(const char *key, json_t *value, struct fault *f, struct why *why)
{
	uint64_t n = 0;
	int err;

	if (strcmp(key, "kind") == 0)
		return read_kind(value, f, why);
	if (strcmp(key, "on") == 0)
		return read_on(value, f, why);
	if (strcmp(key, "match") == 0)
		return read_match(value, f, why);
	if (strcmp(key, "count") == 0)
		return read_number(value, key, 0, UINT32_MAX, &f->count, why);
	if (strcmp(key, "every") == 0)
		return read_number(value, key, 1, UINT32_MAX, &f->every, why);
	if (strcmp(key, "jitter_ms") == 0) {
		err = read_number(value, key, 0, rules[SIM_FAULT_DELAY].max, &n, why);
		f->jitter_ms = (uint32_t)n;
		return err;
	}
	if (strcmp(key, "value") == 0)
		return OK;		/* once the kind is known */
	return why_set(why, ERR_SYNTAX, "the members are kind, value, jitter_ms, count, every, on, match");
}

static int
read_fault(json_t *spec, struct fault *f, struct why *why)
{
	const char *key;
	json_t *value;
	int err;

	*f = (struct fault){ .kind = SIM_FAULT_NONE, .every = 1 };
	if (!json_is_object(spec))
		return why_set(why, ERR_SYNTAX, "a fault is a JSON object");
	json_object_foreach(spec, key, value)
		if ((err = read_member(key, value, f, why)) != OK)
			return err;
	if (f->kind == SIM_FAULT_NONE)
		return read_kind(NULL, f, why);
	if (f->on != SIM_ON_SUBMIT && f->on != SIM_ON_CANCEL && f->dest[0] != '\0')
		return why_set(why, ERR_SYNTAX, "match: only submit_sm and cancel_sm have a destination");
	if (f->on != SIM_ON_SUBMIT && f->kind >= SIM_FAULT_DUPLICATE_RECEIPT)
		return why_set(why, ERR_SYNTAX, "on: only submit_sm has a receipt");
	if (f->jitter_ms > 0 && f->kind != SIM_FAULT_DELAY)
		return why_set(why, ERR_SYNTAX, "jitter_ms: only delay has one");
	f->left = f->count;
	return read_value(json_object_get(spec, "value"), f, why);
}

int
sim_faults_check(json_t *spec, struct why *why)
{
	struct fault f;

	return read_fault(spec, &f, why);
}

bool
sim_fault_is_kind(const char *name)
{
	int i;

	for (i = 0; i < SIM_FAULT_KINDS; i++)
		if (strcmp(rules[i].name, name) == 0)
			return true;
	return false;
}

int
sim_faults_add(struct sim_faults *faults, json_t *spec, unsigned *id, struct why *why)
{
	struct fault read, *f;
	int err = read_fault(spec, &read, why);

	*id = 0;
	if (err)
		return err;
	if (faults->n == SIM_FAULTS_MAX)
		return why_set(why, ERR_LIMIT, "there are %d faults already", SIM_FAULTS_MAX);
	f = sim_alloc(sizeof *f);
	*f = read;
	*id = f->id = faults->next_id++;
	*faults->last = f;
	faults->last = &f->next;
	faults->n++;
	return OK;
}

static json_t *
fault_json(const struct fault *f)
{
	json_t *o = json_object(), *match = json_object();

	json_object_set_new(o, "id", json_integer(f->id));
	json_object_set_new(o, "kind", json_string(rules[f->kind].name));
	json_object_set_new(o, "value", json_integer(f->value));
	json_object_set_new(o, "count", json_integer((json_int_t)f->count));
	json_object_set_new(o, "left", json_integer((json_int_t)f->left));
	json_object_set_new(o, "every", json_integer((json_int_t)f->every));
	json_object_set_new(o, "on", json_string(on_names[f->on]));
	if (f->kind == SIM_FAULT_DELAY)
		json_object_set_new(o, "jitter_ms", json_integer(f->jitter_ms));
	if (f->dest[0] != '\0')
		json_object_set_new(match, "dest", json_span(span_str(f->dest)));
	if (f->system_id[0] != '\0')
		json_object_set_new(match, "system_id", json_span(span_str(f->system_id)));
	if (json_object_size(match) > 0)
		json_object_set(o, "match", match);
	json_decref(match);
	return o;
}

json_t *
sim_faults_list(const struct sim_faults *faults)
{
	json_t *list = json_array();
	const struct fault *f;

	for (f = faults->first; f != NULL; f = f->next)
		json_array_append_new(list, fault_json(f));
	return list;
}

static void
drop(struct sim_faults *faults, struct fault **p)
{
	struct fault *f = *p;

	*p = f->next;
	if (faults->last == &f->next)
		faults->last = p;
	faults->n--;
	free(f);
}

unsigned
sim_faults_clear(struct sim_faults *faults, const char *kind)
{
	struct fault **p = &faults->first;
	unsigned n = faults->n;

	while (*p != NULL)
		if (kind == NULL || strcmp(rules[(*p)->kind].name, kind) == 0)
			drop(faults, p);
		else
			p = &(*p)->next;
	return n - faults->n;
}

/* ---- applied ----------------------------------------------------------------------- */

/* Answers: of several that fit the first one decides. */
static bool
decides(enum sim_fault_kind kind)
{
	return kind != SIM_FAULT_DELAY && kind < SIM_FAULT_SLOW_READER;
}

static void
apply(const struct sim_faults *faults, const struct fault *f, struct sim_misdeed *done)
{
	done->any = true;
	switch (f->kind) {
	case SIM_FAULT_DELAY:
		done->delay_ms += f->value;
		if (f->jitter_ms > 0)
			done->delay_ms += (uint32_t)(sim_hash(faults->seed, f->id, f->seen) %
			    (f->jitter_ms + 1u));
		break;
	case SIM_FAULT_SLOW_READER:
		done->read_rate = f->value;
		break;
	case SIM_FAULT_WRONG_SEQUENCE:
		done->seq_off = f->value;
		break;
	case SIM_FAULT_DUPLICATE_RECEIPT:
		done->receipts_more = f->value;
		break;
	case SIM_FAULT_RECEIPT_FIRST:
		done->receipt_first = true;
		done->delay_ms += f->value;
		break;
	case SIM_FAULT_UNKNOWN_ID:
		done->unknown_id = true;
		break;
	case SIM_FAULT_THROTTLE:
	case SIM_FAULT_QUEUE_FULL:
	case SIM_FAULT_DROP_RESPONSE:
	case SIM_FAULT_DISCONNECT:
	case SIM_FAULT_GARBAGE:
	case SIM_FAULT_HALF_OPEN:
	case SIM_FAULT_REJECT:
	case SIM_FAULT_KINDS:
		done->kind = f->kind;
		done->value = f->value;
	}
}

struct sim_misdeed
sim_faults_apply(struct sim_faults *faults, enum sim_fault_on on, const char *system_id, const char *dest)
{
	struct sim_misdeed done = { .kind = SIM_FAULT_NONE };
	char digits[SIM_ADDRESS_SIZE] = "";
	struct fault **p, *f;

	if (faults->first == NULL)
		return done;
	if (dest != NULL)
		sim_digits(dest, digits);
	for (p = &faults->first; (f = *p) != NULL;) {
		bool fits = f->on == on && (f->dest[0] == '\0' || strcmp(f->dest, digits) == 0) &&
		    (f->system_id[0] == '\0' || strcmp(f->system_id, system_id) == 0);

		if (decides(f->kind) && done.kind != SIM_FAULT_NONE)
			fits = false;
		if (!fits || ++f->seen % f->every != 0) {
			p = &f->next;
			continue;
		}
		apply(faults, f, &done);
		if (f->count != 0 && --f->left == 0)
			drop(faults, p);
		else
			p = &f->next;
	}
	return done;
}
