/* conf_print.c - values of a configuration for those who use it, and for those who read it; see conf.h. */
#include "base/conf_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct conf_group *
conf_first(const struct conf *conf, const char *group)
{
	const struct conf_group *g;

	for (g = conf->groups; g != NULL; g = g->next)
		if (strcmp(g->def->name, group) == 0)
			return g;
	return NULL;
}

const struct conf_group *
conf_next(const struct conf *conf, const struct conf_group *g)
{
	const struct conf_group_def *def = g->def;

	for (g = g->next; g != NULL; g = g->next)
		if (g->def == def)
			return g;
	return NULL;
}

const char *
conf_group_name(const struct conf_group *g)
{
	return g->def->name;
}

static const struct conf_value *
value_of(const struct conf_group *g, const char *name)
{
	const struct conf_key *key = conf_find_key(g->def, span_str(name));

	if (key == NULL) {
		fprintf(stderr, "group %s has no key %s\n", g->def->name, name);
		abort();
	}
	return &g->values[key - g->def->keys];
}

const char *
conf_text(const struct conf_group *g, const char *key)
{
	return value_of(g, key)->text;
}

int64_t
conf_number(const struct conf_group *g, const char *key)
{
	return value_of(g, key)->number;
}

bool
conf_bool(const struct conf_group *g, const char *key)
{
	return value_of(g, key)->number != 0;
}

bool
conf_has(const struct conf_group *g, const char *key)
{
	return value_of(g, key)->place.line != 0;
}

static const struct conf_place *
place_of(const struct conf_group *g, const char *key)
{
	const struct conf_value *value = key != NULL ? value_of(g, key) : NULL;

	return value != NULL && value->place.line != 0 ? &value->place : &g->place;
}

const char *
conf_where(const struct conf_group *g, const char *key, char *out, size_t size)
{
	const struct conf_place *place = place_of(g, key);

	snprintf(out, size, "%s:%u", place->file, place->line);
	return out;
}

char *
conf_beside(const struct conf_group *g, const char *key, const char *path)
{
	return conf_join(place_of(g, key)->file, path);
}

static void
print_quoted(const char *text, struct sbuf *out)
{
	sbuf_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			sbuf_char(out, '\\');
		else if (text[0] == '$' && text[1] == '{')
			sbuf_char(out, '$');
		sbuf_char(out, *text);
	}
	sbuf_char(out, '"');
}

/* How much of `s` is the value of a "password=" that stands before it: 'quoted', or to a blank or '&'. */
static size_t
password_length(const char *s)
{
	size_t n = 1;

	if (*s != '\'')
		return strcspn(s, " \t&");
	while (s[n] != '\0' && s[n] != '\'')
		n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
	return n + (s[n] == '\'');
}

/* "scheme://user:***@host/name?password=***", "scheme:host=... password = ***" */
static void
hide_passwords(const char *url, struct sbuf *out)
{
	const char *login = strstr(url, "://"), *at = url;
	size_t n = login != NULL ? strlen(login + 3) : 0;

	/* A password may hold any character, though it should not: the last '@' ends it. */
	while (n > 0 && login[3 + n - 1] != '@')
		n--;
	if (n > 0 && memchr(login + 3, ':', n) != NULL) {
		at = strchr(login + 3, ':') + 1;
		sbuf_put(out, url, (size_t)(at - url));
		sbuf_str(out, "***");
		at = login + 3 + n - 1;
	}
	for (; *at != '\0'; at++) {
		size_t name = strncasecmp(at, "password", 8) == 0 ? 8 + strspn(at + 8, " \t") : 0;

		if (name == 0 || at[name] != '=') {
			sbuf_char(out, *at);
			continue;
		}
		name += 1 + strspn(at + name + 1, " \t");
		sbuf_put(out, at, name);
		sbuf_str(out, "***");
		at += name + password_length(at + name) - 1;
	}
}

static void
print_value(const struct conf_key *key, const char *text, struct sbuf *out)
{
	struct sbuf shown = { 0 };

	if (text == NULL)
		return;
	sbuf_char(out, ' ');
	if ((key->flags & CONF_URL) && text[0] != '\0') {
		hide_passwords(text, &shown);
		print_quoted(shown.s, out);
	} else if ((key->flags & CONF_SECRET) && text[0] != '\0') {
		sbuf_str(out, "\"***\"");
	} else if (key->type == CONF_TEXT) {
		print_quoted(text, out);
	} else {
		sbuf_str(out, text);
	}
	sbuf_done(&shown);
}

void
conf_print(const struct conf *conf, struct sbuf *out)
{
	const struct conf_group *g;

	sbuf_str(out, "# A line that begins with # shows a key that is not written, and its default.\n");
	for (g = conf->groups; g != NULL; g = g->next) {
		const struct conf_key *key;

		sbuf_fmt(out, "\ngroup = %s\n", g->def->name);
		for (key = g->def->keys; key->name != NULL; key++) {
			const struct conf_value *value = &g->values[key - g->def->keys];

			if (key->type == CONF_IGNORED)
				continue;
			sbuf_fmt(out, "%s%s =", value->place.line == 0 ? "#" : "", key->name);
			print_value(key, value->text, out);
			sbuf_char(out, '\n');
		}
	}
}

static const char *
type_name(const struct conf_key *key)
{
	switch (key->type) {
	case CONF_TEXT: return key->flags & CONF_SECRET ? "secret" : "text";
	case CONF_NUMBER: return "number";
	case CONF_BOOL: return "boolean";
	case CONF_WORD: return "word";
	case CONF_SECONDS: return "time";
	case CONF_OCTETS: return "size";
	case CONF_IGNORED: return "ignored";
	}
	return "";
}

void
conf_print_keys(const struct conf_group_def *defs, struct sbuf *out)
{
	for (; defs->name != NULL; defs++) {
		const struct conf_key *key;

		for (key = defs->keys; key != NULL && key->name != NULL; key++) {
			sbuf_fmt(out, "%s\t%s\t%s\t", defs->name, key->name, type_name(key));
			conf_value_range(key, out);
			sbuf_fmt(out, "\t%s\t%s\t%s\n", key->flags & CONF_REQUIRED ? "required" :
			    key->def != NULL ? key->def : "", key->help != NULL ? key->help : "",
			    key->type == CONF_IGNORED ? "" : key->flags & CONF_RELOAD ? "reload" : "restart");
		}
	}
}
