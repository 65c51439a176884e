/* admit_config.c - see admit.h: the rules of admission that are in force, and their replacement. */
#include "ppg/admit.h"

#include <pthread.h>
#include <stdlib.h>

struct admit_config *
admit_config_create(const struct admit_config *values)
{
	struct admit_config *cf = malloc(sizeof *cf);

	if (cf == NULL)
		abort();
	*cf = *values;
	atomic_init(&cf->refs, 1);
	return cf;
}

void
admit_config_unref(struct admit_config *cf)
{
	if (cf == NULL || atomic_fetch_sub(&cf->refs, 1) > 1)
		return;
	netlist_destroy(&cf->notify_allow);
	control_rules_unref(cf->controls);
	free(cf);
}

struct admit_table {
	pthread_mutex_t lock;
	struct admit_config *cf;
};

struct admit_table *
admit_table_create(struct admit_config *cf)
{
	struct admit_table *t = malloc(sizeof *t);

	if (t == NULL)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	t->cf = cf;
	return t;
}

void
admit_table_destroy(struct admit_table **t)
{
	if (*t == NULL)
		return;
	admit_config_unref((*t)->cf);
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

void
admit_table_replace(struct admit_table *t, struct admit_config *cf)
{
	struct admit_config *old;

	pthread_mutex_lock(&t->lock);
	old = t->cf;
	t->cf = cf;
	pthread_mutex_unlock(&t->lock);
	admit_config_unref(old);
}

struct admit_config *
admit_table_get(struct admit_table *t)
{
	struct admit_config *cf;

	pthread_mutex_lock(&t->lock);
	cf = t->cf;
	atomic_fetch_add(&cf->refs, 1);
	pthread_mutex_unlock(&t->lock);
	return cf;
}
