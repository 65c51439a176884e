/* subscriber.c - see subscriber.h: the table, the cache of look-ups, and the device that they describe. */
#include "ppg/subscriber.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "policy/case_json.h"
#include "ppg/address.h"

#include <config.h>

enum { LOOK_AGAIN_S = 10, BUCKETS = 1024 };

/* ---- the source ---------------------------------------------------------------------------------- */

/* An answer of the look-up that is still good. */
struct cached {
	struct cached *next;		/* of its bucket */
	struct cached *newer, *older;	/* in the order they came */
	int64_t until_us;
	char number[32];
	bool known;
	struct subscriber sub;
};

struct subscribers {
	pthread_mutex_t lock;		/* guards what follows, up to the empty line */
	struct subscriber_config cf;
	char *url, *default_profile;	/* heap copies behind cf */
	struct cached *buckets[BUCKETS], *newest, *oldest;
	size_t n_cached;
	struct known_device *unknown;	/* of devices nobody knows; NULL: not read, or there is none */
	unsigned version;		/* of what it is made from */
	struct subscriber_profile *named;	/* heap, with their names */
	size_t n_named;

	bool http;
	struct profile_dir dir;
	atomic_bool any;		/* there are rows, or there may be */
	atomic_llong looked_us;		/* when the store was asked for any */
	atomic_bool unknown_read;	/* there is nothing to be read for it */
};

struct subscribers *
subscribers_create(const struct subscriber_config *cf)
{
	struct subscribers *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	s->http = cf->http;
	profile_dir_find(&s->dir, cf->profiles);
	atomic_init(&s->any, false);
	atomic_init(&s->looked_us, INT64_MIN / 2);
	atomic_init(&s->unknown_read, false);
	subscribers_set(s, cf);
	return s;
}

static void
forget(struct subscribers *s, struct cached *c)
{
	struct cached **at = &s->buckets[text_hash64(span_str(c->number)) % BUCKETS];

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	*(c->newer != NULL ? &c->newer->older : &s->newest) = c->older;
	*(c->older != NULL ? &c->older->newer : &s->oldest) = c->newer;
	s->n_cached--;
	subscriber_done(&c->sub);
	free(c);
}

bool
subscriber_profile_find(const struct subscriber_profile *list, size_t n, const char *name, struct sbuf *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].text != NULL && strcmp(list[i].name, name) == 0) {
			sbuf_str(out, list[i].text);
			return true;
		}
	return false;
}

static void
forget_named(struct subscribers *s)
{
	size_t i;

	for (i = 0; i < s->n_named; i++) {
		free((void *)(uintptr_t)s->named[i].name);
		free(s->named[i].text);
	}
	free(s->named);
	s->named = NULL;
	s->n_named = 0;
}

void
subscribers_destroy(struct subscribers **p)
{
	struct subscribers *s = *p;

	if (s == NULL)
		return;
	while (s->oldest != NULL)
		forget(s, s->oldest);
	known_device_unref(s->unknown);
	forget_named(s);
	free(s->url);
	free(s->default_profile);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*p = NULL;
}

void
known_device_unref(struct known_device *d)
{
	if (d != NULL && atomic_fetch_sub(&d->refs, 1) == 1)
		free(d);
}

/* Under the lock. */
static void
forget_unknown(struct subscribers *s)
{
	known_device_unref(s->unknown);
	s->unknown = NULL;
	s->version++;
	atomic_store(&s->unknown_read, false);
}

void
subscribers_set(struct subscribers *s, const struct subscriber_config *cf)
{
	pthread_mutex_lock(&s->lock);
	while (s->oldest != NULL)
		forget(s, s->oldest);
	free(s->url);
	free(s->default_profile);
	s->cf = *cf;
	s->cf.url = s->url = span_dup(span_str(cf->url != NULL ? cf->url : ""));
	s->cf.default_profile = s->default_profile =
	    span_dup(span_str(cf->default_profile != NULL ? cf->default_profile : ""));
	forget_unknown(s);
	pthread_mutex_unlock(&s->lock);
}

void
subscribers_set_profiles(struct subscribers *s, const struct subscriber_profile *list, size_t n)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	forget_named(s);
	s->named = calloc(n + 1, sizeof *s->named);
	if (s->named == NULL)
		abort();
	for (i = 0; i < n; i++)
		if (list[i].text != NULL)
			s->named[s->n_named++] = (struct subscriber_profile){ span_dup(span_str(list[i].name)),
				span_dup(span_str(list[i].text)) };
	forget_unknown(s);
	pthread_mutex_unlock(&s->lock);
}

void
subscribers_profile_changed(struct subscribers *s)
{
	pthread_mutex_lock(&s->lock);
	forget_unknown(s);
	pthread_mutex_unlock(&s->lock);
}

static bool
is_fresh(struct subscribers *s)
{
	return clock_mono_us() - atomic_load(&s->looked_us) < LOOK_AGAIN_S * 1000000LL;
}

bool
subscribers_maybe(struct subscribers *s)
{
	return s->http || atomic_load(&s->any) || !is_fresh(s);
}

void
subscribers_imported(struct subscribers *s)
{
	atomic_store(&s->any, true);
}

bool
subscribers_any(struct subscribers *s, struct store_reader *reader)
{
	bool any;

	if (atomic_load(&s->any) || is_fresh(s))
		return s->http || atomic_load(&s->any);
	/* what is imported from now on is seen: by the query, or by subscribers_imported() */
	atomic_store(&s->looked_us, clock_mono_us());
	if (store_read_any_subscriber(reader, &any) != OK || any)
		atomic_store(&s->any, true);
	return s->http || atomic_load(&s->any);
}

/* ---- the cache; under the lock --------------------------------------------------------------------- */

static struct cached *
look(struct subscribers *s, const char *number)
{
	struct cached *c = s->buckets[text_hash64(span_str(number)) % BUCKETS];

	while (c != NULL && strcmp(c->number, number) != 0)
		c = c->next;
	if (c != NULL && c->until_us <= clock_mono_us()) {
		forget(s, c);
		return NULL;
	}
	return c;
}

static void
copy_subscriber(const struct subscriber *from, struct subscriber *out)
{
	*out = *from;
	out->dm_servers = from->dm_servers != NULL ? span_dup(span_str(from->dm_servers)) : NULL;
	out->device = from->device != NULL ? span_dup(span_str(from->device)) : NULL;
}

static void
remember(struct subscribers *s, const char *number, bool known, struct subscriber *sub)
{
	struct cached *c = look(s, number);
	struct cached **bucket = &s->buckets[text_hash64(span_str(number)) % BUCKETS];

	if (c != NULL)
		forget(s, c);
	while (s->n_cached > 0 && s->n_cached >= s->cf.cache_size)
		forget(s, s->oldest);
	c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	snprintf(c->number, sizeof c->number, "%s", number);
	c->until_us = clock_mono_us() + (known ? s->cf.cache_s : s->cf.negative_s) * 1000000LL;
	c->known = known;
	c->sub = *sub;
	c->next = *bucket;
	*bucket = c;
	c->older = s->newest;
	*(s->newest != NULL ? &s->newest->newer : &s->oldest) = c;
	s->newest = c;
	s->n_cached++;
}

bool
subscribers_learn(struct subscribers *s, const char *number, const struct span *body)
{
	struct subscriber sub = { 0 };
	json_t *facts = body != NULL ? json_read(*body, NULL) : NULL;
	bool good = body == NULL || subscriber_read_facts(facts, &sub, NULL) == OK;

	json_decref(facts);
	if (!good)
		return false;
	pthread_mutex_lock(&s->lock);
	remember(s, number, body != NULL, &sub);
	pthread_mutex_unlock(&s->lock);
	return true;
}

int
subscribers_url(struct subscribers *s, const char *number, struct sbuf *out)
{
	static const char mark[] = "{number}";
	const char *at;
	int err = ERR_NOT_FOUND;

	pthread_mutex_lock(&s->lock);
	at = s->http ? strstr(s->url, mark) : NULL;
	if (at != NULL) {
		sbuf_put(out, s->url, (size_t)(at - s->url));
		sbuf_fmt(out, "%s%s", number[0] == '+' ? "%2B" : "", number + (number[0] == '+'));
		sbuf_str(out, at + sizeof mark - 1);
		err = OK;
	}
	pthread_mutex_unlock(&s->lock);
	return err;
}

unsigned
subscribers_timeout_ms(struct subscribers *s)
{
	unsigned ms;

	pthread_mutex_lock(&s->lock);
	ms = s->cf.timeout_ms;
	pthread_mutex_unlock(&s->lock);
	return ms;
}

/* ---- who is it? ------------------------------------------------------------------------------------- */

int
subscribers_read_row(struct store_reader *reader, const char *key, const char *number,
    struct store_subscriber_view *out)
{
	const char *at = strrchr(key, '@');
	char own[ADDRESS_KEY_SIZE];
	int err;

	snprintf(own, sizeof own, "%.*s", at != NULL ? (int)(at - key) : (int)strlen(key), key);
	err = store_read_subscriber(reader, own, out);
	if (err != ERR_NOT_FOUND)
		return err;
	snprintf(own, sizeof own, "plmn:%s", number);
	return store_read_subscriber(reader, own, out);
}

static void
of_row(const struct store_subscriber_view *row, struct subscriber *out)
{
	json_t *facts = row->facts != NULL ? json_read(span_str(row->facts), NULL) : NULL;

	if (facts == NULL || subscriber_read_facts(facts, out, NULL) != OK)
		*out = (struct subscriber){ 0 };
	json_decref(facts);
	if (row->profile != NULL)
		snprintf(out->profile, sizeof out->profile, "%s", row->profile);
}

enum subscriber_answer
subscribers_find(struct subscribers *s, struct store_reader *reader, const char *key, const char *number,
    struct subscriber *out)
{
	enum subscriber_answer answer = SUBSCRIBER_UNKNOWN;
	struct store_subscriber_view row;
	struct cached *c;

	*out = (struct subscriber){ 0 };
	if (reader != NULL && atomic_load(&s->any) && subscribers_read_row(reader, key, number, &row) == OK) {
		of_row(&row, out);
		store_subscriber_done(&row);
		return SUBSCRIBER_FOUND;
	}
	pthread_mutex_lock(&s->lock);
	if (s->http) {
		c = look(s, number);
		if (c == NULL)
			answer = SUBSCRIBER_MISSED;
		else if (c->known)
			answer = SUBSCRIBER_FOUND;
		if (answer == SUBSCRIBER_FOUND)
			copy_subscriber(&c->sub, out);
	}
	pthread_mutex_unlock(&s->lock);
	return answer;
}

/* ---- its device --------------------------------------------------------------------------------------- */

struct texts {
	struct subscribers *s;
	struct store_reader *reader;
};

/* A text in the store goes before that of the configuration, which goes before the file; capability profiles are something else. */
static int
read_profile(void *arg, const char *name, struct sbuf *out, struct why *why)
{
	const struct texts *t = arg;
	struct sbuf document = { 0 };
	char *type = NULL;
	int err = ERR_NOT_FOUND;

	if (t->reader != NULL && store_read_profile(t->reader, name, &document, &type) == OK &&
	    span_starts_nocase(span_str(type), "text/plain")) {
		sbuf_span(out, sbuf_as_span(&document));
		err = OK;
	}
	free(type);
	sbuf_done(&document);
	pthread_mutex_lock(&t->s->lock);
	if (err != OK && subscriber_profile_find(t->s->named, t->s->n_named, name, out))
		err = OK;
	pthread_mutex_unlock(&t->s->lock);
	/* a name from the table never opens a file elsewhere */
	if (err != OK && (strchr(name, '/') != NULL || name[0] == '.'))
		return why_set(why, ERR_NOT_FOUND, "no such profile");
	return err == OK ? OK : profile_dir_read(&t->s->dir, name, out, why);
}

static int
of_device_text(const struct subscriber *sub, const struct policy_files *files, struct policy_device *dev,
    struct why *why)
{
	json_t *device = json_read(span_str(sub->device), why);
	int err = ERR_SYNTAX;

	if (device != NULL) {
		if (json_object_get(device, "profile") == NULL && sub->profile[0] != '\0')
			json_object_set_new(device, "profile", json_string(sub->profile));
		err = policy_device_from_json(device, files, dev, why);
		json_decref(device);
	}
	return err;
}

/* What was read while something changed is not kept. */
static struct known_device *
read_unknown(struct subscribers *s, struct store_reader *reader)
{
	struct texts texts = { s, reader };
	const struct policy_files files = { read_profile, &texts };
	struct known_device *d = calloc(1, sizeof *d);
	char name[SUBSCRIBER_PROFILE_SIZE];
	unsigned version;
	struct why why;

	if (d == NULL)
		abort();
	atomic_init(&d->refs, 1);
	pthread_mutex_lock(&s->lock);
	snprintf(name, sizeof name, "%s", s->default_profile[0] != '\0' ? s->default_profile : "unknown");
	version = s->version;
	pthread_mutex_unlock(&s->lock);
	if (policy_device_init(&d->dev, name, &files, &why) != OK) {
		log_warning("policy", "nothing is predicted for devices that nobody knows: %s", why.text);
		known_device_unref(d);
		d = NULL;
	}
	pthread_mutex_lock(&s->lock);
	if (version == s->version && s->unknown == NULL) {
		s->unknown = d;
		if (d != NULL)
			atomic_fetch_add(&d->refs, 1);
		atomic_store(&s->unknown_read, true);
	}
	pthread_mutex_unlock(&s->lock);
	return d;
}

bool
subscribers_unknown_read(struct subscribers *s)
{
	return atomic_load(&s->unknown_read);
}

struct known_device *
subscribers_unknown(struct subscribers *s, struct store_reader *reader)
{
	struct known_device *d;

	pthread_mutex_lock(&s->lock);
	d = s->unknown;
	if (d != NULL)
		atomic_fetch_add(&d->refs, 1);
	pthread_mutex_unlock(&s->lock);
	return d != NULL || reader == NULL || subscribers_unknown_read(s) ? d : read_unknown(s, reader);
}

int
subscribers_device(struct subscribers *s, struct store_reader *reader, const struct subscriber *sub,
    struct policy_device *dev, bool *known, struct why *why)
{
	struct texts texts = { s, reader };
	const struct policy_files files = { read_profile, &texts };
	char name[SUBSCRIBER_PROFILE_SIZE];
	int err = ERR_NOT_FOUND;

	*known = true;
	if (sub != NULL && sub->device != NULL)
		err = of_device_text(sub, &files, dev, why);
	else if (sub != NULL && sub->profile[0] != '\0')
		err = policy_device_init(dev, sub->profile, &files, why);
	if (err == OK)
		return OK;
	*known = false;
	pthread_mutex_lock(&s->lock);
	snprintf(name, sizeof name, "%s", s->default_profile[0] != '\0' ? s->default_profile : "unknown");
	pthread_mutex_unlock(&s->lock);
	return policy_device_init(dev, name, &files, why);
}
