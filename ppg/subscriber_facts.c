/* subscriber_facts.c - see subscriber.h: what is written of a subscriber, read, and shown without its secrets. */
#include "ppg/subscriber.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

enum { DM_SERVERS_MAX = 16, DM_SERVER_LONGEST = 128 };

void
subscriber_done(struct subscriber *s)
{
	free(s->dm_servers);
	free(s->device);
	secret_cleanse(s, sizeof *s);
	*s = (struct subscriber){ 0 };
}

static int
take_text(const json_t *facts, const char *name, char *out, size_t size, struct why *why)
{
	json_t *value = json_object_get(facts, name);

	if (value == NULL || json_is_null(value))
		return OK;
	if (!json_is_string(value) || json_string_length(value) >= size || json_string_length(value) == 0)
		return why_set(why, ERR_SYNTAX, "facts: %s is a text of 1 to %zu octets", name, size - 1);
	memcpy(out, json_string_value(value), json_string_length(value) + 1);
	return OK;
}

static int
take_imsi(const json_t *facts, char out[SUBSCRIBER_IMSI_SIZE], struct why *why)
{
	struct why hidden;
	int err = take_text(facts, "imsi", out, SUBSCRIBER_IMSI_SIZE, &hidden);
	size_t n = strlen(out);

	if (err == OK && n > 0 && (n < 6 || strspn(out, "0123456789") != n))
		err = ERR_SYNTAX;
	return err == OK ? OK : why_set(why, ERR_SYNTAX, "facts: imsi is a text of 6 to 15 digits");
}

/* Hexadecimal: of subscribers whose network key is no IMSI. */
static int
take_network_key(const json_t *facts, struct subscriber *out, struct why *why)
{
	char text[2 * SUBSCRIBER_KEY_MAX + 1] = "";
	struct why hidden;
	int err = take_text(facts, "network_key", text, sizeof text, &hidden);

	if (err == OK)
		err = text_hex(span_str(text), out->network_key, &out->n_network_key, &hidden);
	secret_cleanse(text, sizeof text);
	return err == OK ? OK : why_set(why, ERR_SYNTAX, "facts: network_key is a text of 1 to %d octets in hexadecimal",
	    SUBSCRIBER_KEY_MAX);
}

static int
take_dm_servers(const json_t *facts, char **out, struct why *why)
{
	json_t *list = json_object_get(facts, "dm_servers"), *value;
	struct sbuf words = { 0 };
	size_t i;

	if (list == NULL || json_is_null(list))
		return OK;
	sbuf_str(&words, "");
	json_array_foreach(list, i, value) {
		const char *text = json_string_value(value);

		if (text == NULL || text[0] == '\0' || strlen(text) > DM_SERVER_LONGEST || strchr(text, ';') != NULL)
			break;
		sbuf_fmt(&words, "%s%s", i > 0 ? ";" : "", text);
	}
	if (!json_is_array(list) || i < json_array_size(list) || i > DM_SERVERS_MAX) {
		sbuf_done(&words);
		return why_set(why, ERR_SYNTAX, "facts: dm_servers is a list of at most %d server ids without ';'",
		    DM_SERVERS_MAX);
	}
	*out = sbuf_take(&words);
	return OK;
}

static int
take_device(const json_t *facts, char **out, struct why *why)
{
	json_t *device = json_object_get(facts, "device");
	struct sbuf text = { 0 };

	if (device == NULL || json_is_null(device))
		return OK;
	if (!json_is_object(device))
		return why_set(why, ERR_SYNTAX, "facts: device is an object as of \"ppgctl policy explain\"");
	json_print(device, &text);
	*out = sbuf_take(&text);
	return OK;
}

int
subscriber_read_facts(const json_t *facts, struct subscriber *out, struct why *why)
{
	int err;

	*out = (struct subscriber){ 0 };
	if (!json_is_object(facts))
		return why_set(why, ERR_SYNTAX, "facts: a JSON object");
	if ((err = take_text(facts, "profile", out->profile, sizeof out->profile, why)) != OK ||
	    (err = take_text(facts, "tier", out->tier, sizeof out->tier, why)) != OK ||
	    (err = take_imsi(facts, out->imsi, why)) != OK ||
	    (err = take_network_key(facts, out, why)) != OK ||
	    (err = take_dm_servers(facts, &out->dm_servers, why)) != OK ||
	    (err = take_device(facts, &out->device, why)) != OK)
		subscriber_done(out);
	return err;
}

static bool
is_secret(const char *name)
{
	static const char *const names[] = { "imsi", "esn", "pin", "pins", "network_key", "key", "password" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_eq_nocase(span_str(name), names[i]))
			return true;
	return false;
}

static void
hide(json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach(value, name, member) {
		if (is_secret(name))
			json_object_set_new(value, name, json_boolean(!json_is_null(member)));
		else
			hide(member);
	}
	if (json_is_array(value))
		json_array_foreach(value, i, member)
			hide(member);
}

json_t *
subscriber_facts_shown(json_t *facts)
{
	json_t *copy = json_deep_copy(facts);

	hide(copy);
	return copy;
}
