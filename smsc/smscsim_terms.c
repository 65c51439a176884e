/* smscsim_terms.c - see smscsim_terms.h. */
#include "smsc/smscsim_terms.h"

#include <string.h>

#include "base/http_client.h"
#include "base/secret.h"
#include "smsc/smpp_pdu.h"
#include "smsc/smscsim_member.h"

enum { ALL_BINDS = 1 << SIM_BOUND_TX | 1 << SIM_BOUND_RX | 1 << SIM_BOUND_TRX, NUMBER_MAX = 1000000 };

static const struct { const char *name; enum sim_bound bound; } bind_names[] = {
	{ "transmitter", SIM_BOUND_TX }, { "receiver", SIM_BOUND_RX }, { "transceiver", SIM_BOUND_TRX },
};
enum { BIND_NAMES = sizeof bind_names / sizeof bind_names[0] };

/* ---- members ------------------------------------------------------------------------- */

static int
read_system_id(json_t *value, struct sim_terms *t, struct why *why)
{
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0' || strlen(text) >= sizeof t->system_id - 1)
		return why_set(why, ERR_SYNTAX, "system_id: not a string of 1 to %zu characters",
		    sizeof t->system_id - 2);
	strcpy(t->system_id, text);
	return OK;
}

static int
read_password(json_t *value, struct sim_terms *t, struct why *why)
{
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) >= sizeof t->password - 1)
		return why_set(why, ERR_SYNTAX, "password: not a string of at most %zu characters",
		    sizeof t->password - 2);
	strcpy(t->password, text);
	t->has_password = true;
	return OK;
}

static int
read_binds(json_t *value, struct sim_terms *t, struct why *why)
{
	const char *text;
	json_t *item;
	size_t i, k;

	t->binds = 0;
	json_array_foreach(value, i, item) {
		text = json_string_value(item);
		for (k = 0; k < BIND_NAMES; k++)
			if (text != NULL && strcmp(text, bind_names[k].name) == 0)
				break;
		if (k == BIND_NAMES) {
			t->binds = 0;
			break;
		}
		t->binds |= 1u << bind_names[k].bound;
	}
	if (t->binds == 0)
		return why_set(why, ERR_SYNTAX, "bind: not an array of transmitter, receiver, transceiver");
	return OK;
}

static int
read_number(json_t *value, const char *key, unsigned *out, struct why *why)
{
	int64_t n = 0;
	int err = sim_member_number(value, key, 1, NUMBER_MAX, &n, why);

	if (err == OK)
		*out = (unsigned)n;
	return err;
}

static int
read_max_binds(json_t *value, struct sim_terms *t, struct why *why)
{
	return read_number(value, "max_binds", &t->max_binds, why);
}

static int
read_rate(json_t *value, struct sim_terms *t, struct why *why)
{
	return read_number(value, "rate", &t->rate, why);
}

static int
read_from(json_t *value, struct sim_terms *t, struct why *why)
{
	const char *text = json_string_value(value);
	int err;

	if (text == NULL || *text == '\0')
		return why_set(why, ERR_SYNTAX, "from: not a string of networks with ';' between them");
	err = netlist_parse(text, &t->from, why);
	if (err)
		why_prefix(why, "from");
	return err;
}

static int
read_client_key(json_t *value, struct sim_terms *t, struct why *why)
{
	const char *text = json_string_value(value);

	if (text == NULL || tls_pin_parse(span_str(text), t->client_key) != OK)
		return why_set(why, ERR_SYNTAX, "client_key: not a SHA-256 digest in hexadecimal or base64");
	t->has_client_key = true;
	return OK;
}

static int
read_receipts(json_t *value, struct sim_terms *t, struct why *why)
{
	struct sim_settings set = sim_settings_default();
	int err = sim_settings_read(&set, value, why);

	if (err == OK)
		t->receipts = json_incref(value);
	else
		why_prefix(why, "receipts");
	return err;
}

static int
read_note(json_t *value, struct sim_terms *t, struct why *why)
{
	return json_is_string(value) ? OK : why_set(why, ERR_SYNTAX, "note: not a string");
}

static const struct {
	const char *key;
	int (*read)(json_t *value, struct sim_terms *t, struct why *why);
} members[] = {
	{ "system_id", read_system_id }, { "password", read_password }, { "bind", read_binds },
	{ "max_binds", read_max_binds }, { "rate", read_rate }, { "from", read_from },
	{ "client_key", read_client_key }, { "receipts", read_receipts }, { "note", read_note },
};

static int
read_member(const char *key, json_t *value, struct sim_terms *t, struct why *why)
{
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (strcmp(key, members[i].key) == 0)
			return members[i].read(value, t, why);
	return why_set(why, ERR_SYNTAX, "the members of an account are system_id, password, bind, max_binds, "
	    "rate, from, client_key, receipts, note");
}

int
sim_terms_read(json_t *spec, struct sim_terms *out, struct why *why)
{
	const char *key;
	json_t *value;
	int err = OK;

	*out = (struct sim_terms){ .binds = ALL_BINDS };
	if (!json_is_object(spec))
		return why_set(why, ERR_SYNTAX, "an account is a JSON object");
	json_object_foreach(spec, key, value)
		if ((err = read_member(key, value, out, why)) != OK)
			break;
	if (err == OK && out->system_id[0] == '\0')
		err = why_set(why, ERR_SYNTAX, "system_id: needed");
	if (err)
		sim_terms_done(out);
	return err;
}

void
sim_terms_done(struct sim_terms *t)
{
	netlist_destroy(&t->from);
	json_decref(t->receipts);
	secret_cleanse(t, sizeof *t);
}

/* ---- a bind -------------------------------------------------------------------------- */

static bool
has_client_key(const struct sim_terms *t, const struct sim_session *s)
{
	uint8_t pin[TLS_PIN_SIZE];

	return s->tls != NULL && tls_peer_pin(s->tls, pin) && memcmp(pin, t->client_key, sizeof pin) == 0;
}

uint32_t
sim_terms_check(const struct sim_terms *t, const struct sim_session *s, enum sim_bound bound,
    const char *password, const char **reason)
{
	size_t n = strlen(password);

	*reason = "";
	if (t->has_password && (n != strlen(t->password) || !secret_equal(password, t->password, n)))
		return SMPP_RINVPASWD;
	if (!(t->binds & 1u << bound))
		*reason = "not in this mode";
	else if (t->from != NULL && !netlist_has(t->from, (const struct sockaddr *)&s->from))
		*reason = "not from this address";
	else if (t->has_client_key && !has_client_key(t, s))
		*reason = "not without its TLS certificate";
	else
		return SMPP_OK;
	return SMPP_RBINDFAIL;
}
