/*
 * conf.c - configuration files become groups that are checked against tables; see conf.h.
 *
 * What is wrong is reported and reading goes on, so that one run shows everything.
 */
#include "base/conf_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS_MAX = 100 };	/* reported; the rest is only counted */

void
conf_tell(struct conf_reader *rd, int level, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (level == 2 && rd->errors++ >= ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (rd->report != NULL)
		rd->report(rd->arg, level, line);
}

static void tell_of(struct conf_reader *rd, int level, struct conf_place at, const char *group, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* "file:line: group G, key: sentence"; key NULL: of the group itself. */
static void
tell_of(struct conf_reader *rd, int level, struct conf_place at, const char *group, const char *key,
    const char *fmt, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	conf_tell(rd, level, "%s:%u: group %s%s%s: %s", at.file, at.line, group, key != NULL ? ", " : "",
	    key != NULL ? key : "", sentence);
}

char *
conf_join(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	struct sbuf b = { 0 };

	if (path[0] != '/' && slash != NULL)
		sbuf_put(&b, file, (size_t)(slash - file) + 1);
	sbuf_str(&b, path);
	return sbuf_take(&b);
}

/* ---- groups ----------------------------------------------------------------------------- */

static const char *
nearest_group(const struct conf_group_def *defs, struct span name)
{
	unsigned limit = name.n > 6 ? 3 : 2, best = limit + 1;
	const char *found = NULL;

	for (; defs->name != NULL; defs++) {
		unsigned d = conf_distance(name, defs->name, limit);

		if (d < best) {
			best = d;
			found = defs->name;
		}
	}
	return found;
}

static const char *
nearest_key(const struct conf_group_def *def, struct span name)
{
	unsigned limit = name.n > 6 ? 3 : 2, best = limit + 1;
	const struct conf_key *key;
	const char *found = NULL;

	for (key = def->keys; key->name != NULL; key++) {
		unsigned d = conf_distance(name, key->name, limit);

		if (d < best) {
			best = d;
			found = key->name;
		}
	}
	return found;
}

static struct conf_group *
find_group(const struct conf *conf, const struct conf_group_def *def)
{
	struct conf_group *g;

	for (g = conf->groups; g != NULL; g = g->next)
		if (g->def == def)
			return g;
	return NULL;
}

static void
tell_unknown_group(struct conf_reader *rd, struct conf_place at, struct span name)
{
	const char *near = nearest_group(rd->conf->defs, name);
	struct sbuf shown = { 0 };

	sbuf_quote(&shown, name);
	if (name.n == 0)
		sbuf_str(&shown, "\"\"");
	if (near != NULL)
		tell_of(rd, 2, at, shown.s, NULL, "unknown group; did you mean \"%s\"?", near);
	else
		tell_of(rd, 2, at, shown.s, NULL, "unknown group");
	sbuf_done(&shown);
}

void
conf_start_group(struct conf_reader *rd, struct conf_place at, struct span name)
{
	const struct conf_group_def *def = rd->conf->defs;
	struct conf_group *g;

	while (def->name != NULL && !span_eq_str(name, def->name))
		def++;
	rd->group = NULL;
	rd->skipping = true;
	if (def->name == NULL) {
		tell_unknown_group(rd, at, name);
		return;
	}
	if (def->keys == NULL) {
		if (def->refusal != NULL)
			tell_of(rd, 2, at, def->name, NULL, "%s", def->refusal);
		else
			tell_of(rd, 1, at, def->name, NULL, "is not used here");
		return;
	}
	if (!def->many && (g = find_group(rd->conf, def)) != NULL) {
		tell_of(rd, 2, at, def->name, NULL, "occurs a second time, the first is at %s:%u",
		    g->place.file, g->place.line);
		return;
	}
	g = calloc(1, sizeof *g);
	if (g == NULL)
		abort();
	g->def = def;
	g->place = at;
	g->values = calloc(conf_count_keys(def), sizeof *g->values);
	if (g->values == NULL)
		abort();
	*rd->conf->tail = g;
	rd->conf->tail = &g->next;
	rd->group = g;
	rd->skipping = false;
}

/* ---- keys --------------------------------------------------------------------------------- */

static void
tell_unknown_key(struct conf_reader *rd, struct conf_place at, struct span name)
{
	const struct conf_group_def *def = rd->group->def;
	const char *near = nearest_key(def, name);
	struct sbuf shown = { 0 };

	sbuf_quote(&shown, name);
	if (near != NULL)
		tell_of(rd, 2, at, def->name, shown.s, "unknown key; did you mean \"%s\"?", near);
	else
		tell_of(rd, 2, at, def->name, shown.s, "unknown key");
	sbuf_done(&shown);
}

/* A path is relative to the folder of the file that it stands in. */
static void
join_path(const struct conf_key *key, const char *file, struct conf_value *value)
{
	char *path;

	if (!(key->flags & CONF_PATH) || value->text[0] == '\0')
		return;
	path = conf_join(file, value->text);
	free(value->text);
	value->text = path;
}

/* sbuf_done for what may be a secret */
static void
cleanse(struct sbuf *b)
{
	if (b->s != NULL)
		explicit_bzero(b->s, b->n);
	sbuf_done(b);
}

/* Of a secret that says "file:PATH". */
static int
take_secret(struct conf_reader *rd, struct conf_place at, const struct conf_key *key, struct sbuf *value,
    struct why *why)
{
	const char *group = rd->group->def->name;
	struct sbuf secret = { 0 };
	bool open_to_all;
	char *path;
	int err;

	if (rd->no_files)
		return why_set(why, ERR_IO, "this is not a file, so it names none");
	path = conf_join(at.file, value->s + strlen("file:"));
	err = conf_read_secret(path, &secret, &open_to_all, why);
	if (open_to_all)
		tell_of(rd, 1, at, group, key->name, "everybody may read or change file %.300s", path);
	free(path);
	cleanse(value);
	*value = secret;
	return err;
}

/* The value as it is meant: variables replaced, a secret read from its file. */
static int
find_value(struct conf_reader *rd, struct conf_place at, const struct conf_key *key, struct span text,
    struct sbuf *value, struct why *why)
{
	int err = conf_expand(text, value, why);

	/* Asked of what is written: a secret that comes from a variable is not the name of a file. */
	if (err == OK && conf_names_file(key, text))
		err = take_secret(rd, at, key, value, why);
	return err;
}

void
conf_set_key(struct conf_reader *rd, struct conf_place at, struct span name, struct span text)
{
	const struct conf_group_def *def = rd->group->def;
	const struct conf_key *key = conf_find_key(def, name);
	struct sbuf meant = { 0 };
	struct conf_value *value;
	struct why why;

	if (key == NULL) {
		tell_unknown_key(rd, at, name);
		return;
	}
	value = &rd->group->values[key - def->keys];
	if (value->place.line != 0) {
		tell_of(rd, 2, at, def->name, key->name, "is written a second time, the first is at %s:%u",
		    value->place.file, value->place.line);
		return;
	}
	value->place = at;
	if (key->type == CONF_IGNORED)
		tell_of(rd, 1, at, def->name, key->name, "is not used here%s%s", key->help != NULL ? ": " : "",
		    key->help != NULL ? key->help : "");
	else if (find_value(rd, at, key, text, &meant, &why) != OK ||
	    conf_value_parse(key, sbuf_as_span(&meant), value, &why) != OK)
		tell_of(rd, 2, at, def->name, key->name, "%s", why.text);
	else
		join_path(key, at.file, value);
	cleanse(&meant);
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void
check_keys(struct conf_reader *rd, struct conf_group *g)
{
	const struct conf_key *key;

	for (key = g->def->keys; key->name != NULL; key++) {
		struct conf_value *value = &g->values[key - g->def->keys];
		struct why why;

		if (value->place.line != 0 || key->type == CONF_IGNORED)
			continue;
		if (key->flags & CONF_REQUIRED)
			tell_of(rd, 2, g->place, g->def->name, key->name, "this key is required and missing");
		else if (key->def == NULL)
			continue;
		else if (conf_value_parse(key, span_str(key->def), value, &why) != OK)
			tell_of(rd, 2, g->place, g->def->name, key->name, "the built-in default is wrong: %s",
			    why.text);
		else
			join_path(key, g->place.file, value);
	}
}

static void
check_id(struct conf_reader *rd, const struct conf_group *g)
{
	const char *id = conf_text(g, g->def->id_key);
	const struct conf_group *other;

	for (other = rd->conf->groups; id != NULL && other != g; other = other->next) {
		const char *used = other->def == g->def ? conf_text(other, g->def->id_key) : NULL;
		char here[512], there[512];

		if (used == NULL || strcmp(used, id) != 0)
			continue;
		conf_where(g, g->def->id_key, here, sizeof here);
		conf_where(other, g->def->id_key, there, sizeof there);
		conf_tell(rd, 2, "%s: group %s, %s: \"%.64s\" is used at %s already", here, g->def->name,
		    g->def->id_key, id, there);
		return;
	}
}

/* What only the whole shows: missing keys and groups, names used twice. */
static int
finish(struct conf_reader *rd, const char *name)
{
	const struct conf_group_def *def;
	struct conf_group *g;

	for (g = rd->conf->groups; g != NULL; g = g->next) {
		check_keys(rd, g);
		if (g->def->id_key != NULL)
			check_id(rd, g);
	}
	for (def = rd->conf->defs; def->name != NULL && !rd->io_error; def++)
		if (def->required && find_group(rd->conf, def) == NULL)
			conf_tell(rd, 2, "%s: group %s: this group is required and missing", name,
			    def->name);
	if (rd->errors > ERRORS_MAX && rd->report != NULL) {
		char line[64];

		snprintf(line, sizeof line, "%u further errors are not shown", rd->errors - ERRORS_MAX);
		rd->report(rd->arg, 2, line);
	}
	return rd->io_error ? ERR_IO : rd->errors > 0 ? ERR_SYNTAX : OK;
}

static struct conf *
empty_conf(const struct conf_group_def *defs)
{
	struct conf *conf = calloc(1, sizeof *conf);

	if (conf == NULL)
		abort();
	conf->defs = defs;
	conf->tail = &conf->groups;
	return conf;
}

int
conf_load_partly(const char *path, const struct conf_group_def *defs, conf_report report, void *arg,
    struct conf **out)
{
	struct conf_reader rd = { .conf = empty_conf(defs), .report = report, .arg = arg };

	conf_read_file(&rd, path, NULL);
	*out = rd.conf;
	return finish(&rd, path);
}

int
conf_load_text(const char *name, struct span text, const struct conf_group_def *defs, conf_report report,
    void *arg, struct conf **out)
{
	struct conf_reader rd = { .conf = empty_conf(defs), .report = report, .arg = arg,
		.no_files = true };
	int err;

	conf_read_text(&rd, name, text);
	*out = rd.conf;
	err = finish(&rd, name);
	if (err != OK)
		conf_free(out);
	return err;
}

int
conf_load(const char *path, const struct conf_group_def *defs, conf_report report, void *arg,
    struct conf **out)
{
	int err = conf_load_partly(path, defs, report, arg, out);

	if (err != OK)
		conf_free(out);
	return err;
}

/* Secrets do not stay behind in freed memory. */
static void
free_value(const struct conf_key *key, struct conf_value *value)
{
	if (value->text != NULL && (key->flags & CONF_SECRET))
		explicit_bzero(value->text, strlen(value->text));
	free(value->text);
}

void
conf_free(struct conf **conf)
{
	struct conf_group *g;
	struct conf_file *f;
	size_t i;

	if (*conf == NULL)
		return;
	while ((g = (*conf)->groups) != NULL) {
		(*conf)->groups = g->next;
		for (i = 0; g->def->keys[i].name != NULL; i++)
			free_value(&g->def->keys[i], &g->values[i]);
		free(g->values);
		free(g);
	}
	while ((f = (*conf)->files) != NULL) {
		(*conf)->files = f->next;
		free(f);
	}
	free(*conf);
	*conf = NULL;
}
