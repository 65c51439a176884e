/* conf_diff.c - what two configurations of the same tables say differently; see conf.h. */
#include "base/conf_int.h"

#include <stdlib.h>
#include <string.h>

struct comparing {
	const struct conf *old, *fresh;
	conf_change_fn tell;
	void *arg;
};

static const char *
id_of(const struct conf_group *g)
{
	return g->def->id_key != NULL ? conf_text(g, g->def->id_key) : NULL;
}

/* How many groups of its kind without an id stand before this one. */
static unsigned
rank_of(const struct conf *conf, const struct conf_group *g)
{
	const struct conf_group *other;
	unsigned n = 0;

	for (other = conf->groups; other != g; other = other->next)
		if (other->def == g->def && id_of(other) == NULL)
			n++;
	return n;
}

/* The group of `in` that is what g of `from` is there: the same id, or the same place among those without. */
static const struct conf_group *
partner(const struct conf *from, const struct conf_group *g, const struct conf *in)
{
	const char *id = id_of(g), *other_id;
	const struct conf_group *other;

	for (other = in->groups; other != NULL; other = other->next) {
		if (other->def != g->def)
			continue;
		if (!g->def->many)
			return other;
		other_id = id_of(other);
		if (id != NULL && other_id != NULL ? strcmp(id, other_id) == 0 :
		    id == NULL && other_id == NULL && rank_of(in, other) == rank_of(from, g))
			return other;
	}
	return NULL;
}

static bool
values_agree(const struct conf_key *key, const struct conf_value *a, const struct conf_value *b)
{
	if (a->text == NULL || b->text == NULL)
		return a->text == b->text;
	if (key->type == CONF_TEXT || key->type == CONF_WORD)
		return strcmp(a->text, b->text) == 0;
	return a->number == b->number;
}

/* In a group that is not there a key has its default. */
static bool
is_same(const struct conf_group *a, const struct conf_group *b, const struct conf_group_def *def, size_t i)
{
	const struct conf_key *key = &def->keys[i];
	struct conf_value by_default = { 0 };
	bool same;

	if (key->type == CONF_IGNORED)
		return true;
	if (key->def != NULL && (a == NULL || b == NULL))
		conf_value_parse(key, span_str(key->def), &by_default, NULL);
	same = values_agree(key, a != NULL ? &a->values[i] : &by_default, b != NULL ? &b->values[i] : &by_default);
	free(by_default.text);
	return same;
}

static void
compare_keys(const struct comparing *c, const struct conf_group_def *def, const struct conf_group *old,
    const struct conf_group *fresh)
{
	size_t i;

	for (i = 0; def->keys[i].name != NULL; i++)
		if (!is_same(old, fresh, def, i))
			c->tell(c->arg, &def->keys[i], old, fresh);
}

/* Each group of the old one with its partner, and then those that only the new one has. */
static void
compare_groups(const struct comparing *c, const struct conf_group_def *def)
{
	const struct conf_group *g, *other;

	for (g = c->old->groups; g != NULL; g = g->next) {
		if (g->def != def)
			continue;
		other = partner(c->old, g, c->fresh);
		if (other == NULL && def->many)
			c->tell(c->arg, NULL, g, NULL);
		else
			compare_keys(c, def, g, other);
	}
	for (g = c->fresh->groups; g != NULL; g = g->next) {
		if (g->def != def || partner(c->fresh, g, c->old) != NULL)
			continue;
		if (def->many)
			c->tell(c->arg, NULL, NULL, g);
		else
			compare_keys(c, def, NULL, g);
	}
}

void
conf_compare(const struct conf *old, const struct conf *fresh, conf_change_fn tell, void *arg)
{
	const struct comparing c = { old, fresh, tell, arg };
	const struct conf_group_def *def;

	for (def = fresh->defs; def->name != NULL; def++)
		if (def->keys != NULL)
			compare_groups(&c, def);
}
