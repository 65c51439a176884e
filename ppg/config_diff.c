/* config_diff.c - what a reload finds changed, and whether it can take it; see config.h. */
#include "ppg/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct comparing {
	conf_report report;
	void *arg;
	struct ppg_changes *out;
};

/* Which part of the gateway a group belongs to; a key of its own row belongs there as well. */
static const struct { const char *group, *key; size_t area; } areas[] = {
	{ "core", NULL, offsetof(struct ppg_changes, core) },
	{ "ppg", NULL, offsetof(struct ppg_changes, ppg) },
	{ "ppg", "global-sender", offsetof(struct ppg_changes, links) },
	{ "ppg", "trusted-pi", offsetof(struct ppg_changes, initiators) },
	{ "ppg", "notify-allow", offsetof(struct ppg_changes, initiators) },
	{ "ppg", "ppg-allow-ip", offsetof(struct ppg_changes, initiators) },
	{ "ppg", "ppg-deny-ip", offsetof(struct ppg_changes, initiators) },
	{ "wap-push-user", NULL, offsetof(struct ppg_changes, initiators) },
	{ "smsc", NULL, offsetof(struct ppg_changes, links) },
	{ "route", NULL, offsetof(struct ppg_changes, links) },
	{ "store", NULL, offsetof(struct ppg_changes, store) },
	{ "subscriber-source", NULL, offsetof(struct ppg_changes, subscribers) },
	{ "device-profile", NULL, offsetof(struct ppg_changes, subscribers) },
	{ "control", NULL, offsetof(struct ppg_changes, controls) },
	{ "admin", NULL, offsetof(struct ppg_changes, admin) },
};

static void
mark_areas(struct ppg_changes *out, const char *group, const char *key)
{
	size_t i;

	for (i = 0; i < sizeof areas / sizeof areas[0]; i++)
		if (strcmp(areas[i].group, group) == 0 &&
		    (areas[i].key == NULL || (key != NULL && strcmp(areas[i].key, key) == 0)))
			*(bool *)((char *)out + areas[i].area) = true;
}

static void
put_value(struct sbuf *out, const struct conf_key *key, const struct conf_group *g)
{
	const char *text = g != NULL ? conf_text(g, key->name) : key->def;

	if (text == NULL)
		sbuf_str(out, "no value");
	else if (text[0] == '\0')
		sbuf_str(out, "an empty value");
	else
		sbuf_quote(out, span_of(text, strnlen(text, 64)));
}

/* "FILE:12: group smsc, throughput: 20 instead of 10" */
static void
tell_key(const struct comparing *c, bool taken, const struct conf_key *key, const struct conf_group *old,
    const struct conf_group *fresh)
{
	const struct conf_group *g = fresh != NULL ? fresh : old;
	char where[PPG_PLACE_MAX], line[1024];
	struct sbuf b = { 0 };

	sbuf_str(&b, "");
	if (key->flags & CONF_SECRET) {
		sbuf_str(&b, "another value");
	} else {
		put_value(&b, key, fresh);
		sbuf_str(&b, " instead of ");
		put_value(&b, key, old);
	}
	snprintf(line, sizeof line, "%s: group %s, %s: %s%s", conf_where(g, key->name, where, sizeof where),
	    conf_group_name(g), key->name, b.s, taken ? "" : " needs a restart");
	sbuf_done(&b);
	c->report(c->arg, taken ? 0 : 1, line);
}

static void
tell_group(const struct comparing *c, const struct conf_group *old, const struct conf_group *fresh)
{
	const struct conf_group *g = fresh != NULL ? fresh : old;
	char where[PPG_PLACE_MAX], line[1024];

	snprintf(line, sizeof line, "%s: group %s: %s", conf_where(g, NULL, where, sizeof where),
	    conf_group_name(g), fresh != NULL ? "is new" : "is no more");
	c->report(c->arg, 0, line);
}

static void
take_change(void *arg, const struct conf_key *key, const struct conf_group *old, const struct conf_group *fresh)
{
	const struct comparing *c = arg;
	bool taken = key == NULL || (key->flags & CONF_RELOAD);

	if (taken)
		mark_areas(c->out, conf_group_name(fresh != NULL ? fresh : old), key != NULL ? key->name : NULL);
	else
		c->out->restart++;
	if (c->report == NULL)
		return;
	if (key != NULL)
		tell_key(c, taken, key, old, fresh);
	else
		tell_group(c, old, fresh);
}

void
ppg_config_changes(const struct ppg_config *old, const struct ppg_config *fresh, conf_report report, void *arg,
    struct ppg_changes *out)
{
	struct comparing c = { report, arg, out };

	*out = (struct ppg_changes){ 0 };
	conf_compare(old->conf, fresh->conf, take_change, &c);
}
