/* load.c - files that pushrouter reads: JSON, and profiles, which it keeps. */
#include "router/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile_dir.h"

int
load_json(const char *path, size_t longest, json_t **out, struct why *why)
{
	struct sbuf text = { 0 };
	FILE *f = fopen(path, "re");
	char block[4096];
	size_t n;
	int err = OK;

	*out = NULL;
	if (f == NULL)
		return why_set(why, ERR_NOT_FOUND, "%.100s: %s", path, strerror(errno));
	while (text.n <= longest && (n = fread(block, 1, sizeof block, f)) > 0)
		sbuf_put(&text, block, n);
	if (text.n > longest)
		err = why_set(why, ERR_LIMIT, "longer than %zu octets", longest);
	else if (ferror(f))
		err = why_set(why, ERR_IO, "reading fails");
	else if ((*out = json_read(sbuf_as_span(&text), why)) == NULL)
		err = ERR_SYNTAX;
	fclose(f);
	explicit_bzero(block, sizeof block);
	if (text.s != NULL)
		explicit_bzero(text.s, text.n);
	sbuf_done(&text);
	if (err != OK)
		why_prefix(why, "%.100s", path);
	return err;
}

/* ---- profiles --------------------------------------------------------------------------------------- */

struct profile {
	struct profile *next;
	char *name;
	struct sbuf text;
};

struct profile_cache {
	struct profile_dir dir;
	struct profile *list;
};

struct profile_cache *
profile_cache_create(const struct options *o)
{
	struct profile_cache *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	profile_dir_find(&c->dir, o->profiles);
	return c;
}

void
profile_cache_destroy(struct profile_cache **p)
{
	struct profile_cache *c = *p;

	if (c == NULL)
		return;
	while (c->list != NULL) {
		struct profile *profile = c->list;

		c->list = profile->next;
		free(profile->name);
		sbuf_done(&profile->text);
		free(profile);
	}
	free(c);
	*p = NULL;
}

int
profile_cache_read(void *cache, const char *name, struct sbuf *out, struct why *why)
{
	struct profile_cache *c = cache;
	struct profile *profile;
	int err;

	for (profile = c->list; profile != NULL; profile = profile->next) {
		if (strcmp(profile->name, name) == 0) {
			sbuf_span(out, sbuf_as_span(&profile->text));
			return OK;
		}
	}
	profile = calloc(1, sizeof *profile);
	if (profile == NULL)
		abort();
	err = profile_dir_read(&c->dir, name, &profile->text, why);
	if (err != OK) {
		sbuf_done(&profile->text);
		free(profile);
		return err;
	}
	profile->name = span_dup(span_str(name));
	profile->next = c->list;
	c->list = profile;
	sbuf_span(out, sbuf_as_span(&profile->text));
	return OK;
}
