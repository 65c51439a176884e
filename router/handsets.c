/* handsets.c - simulated handsets in memory and in their file, see handsets.h. */
#include "router/handsets_int.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "router/handset_json.h"
#include "router/options.h"

enum {
	MADE_MAX = 1024,		/* of one make, that are remembered */
	HANDSETS_MAX = 1000000,
	FILE_LONGEST = 256 << 20
};

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

const char *
handset_digits(const char *number)
{
	return *number == '+' ? number + 1 : number;
}

void
handset_wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

size_t
handsets_number(const struct handsets *all)
{
	return all->n;
}

/* ---- of one make ------------------------------------------------------------------------------------ */

struct handsets *
handsets_of_make(const struct router_device *make)
{
	struct handsets *all = must(calloc(1, sizeof *all));

	all->make = make;
	all->lock = -1;
	return all;
}

static void
made_free(struct handset *h)
{
	router_device_done(h->dev);
	free(h->dev);
	json_decref(h->dm);
	free(h);
}

static void
forget_last(struct handsets *all)
{
	struct handset **p = &all->newest;

	while ((*p)->older != NULL)
		p = &(*p)->older;
	made_free(*p);
	*p = NULL;
	all->n--;
}

/* The handset of this number, made when it gets its first message; the newest now. */
struct handset *
handsets_made(struct handsets *all, const char *number)
{
	struct handset **p = &all->newest, *h;

	while (*p != NULL && strcmp((*p)->number, number) != 0)
		p = &(*p)->older;
	h = *p;
	if (h != NULL) {
		*p = h->older;
	} else {
		if (all->n == MADE_MAX)
			forget_last(all);
		h = must(calloc(1, sizeof *h));
		snprintf(h->number, sizeof h->number, "%s", number);
		h->dev = must(malloc(sizeof *h->dev));
		*h->dev = *all->make;
		all->n++;
	}
	h->older = all->newest;
	all->newest = h;
	return h;
}

/* ---- of a file: one handset ------------------------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	return strcmp(((const struct handset *)a)->number, ((const struct handset *)b)->number);
}

struct handset *
handsets_find(const struct handsets *all, const char *number)
{
	struct handset key;

	if (strlen(number) >= sizeof key.number)
		return NULL;
	snprintf(key.number, sizeof key.number, "%s", number);
	return all->n ? bsearch(&key, all->list, all->n, sizeof key, by_number) : NULL;
}

/* Members that it has not come from the defaults. */
int
handsets_device(const struct handsets *all, json_t *obj, struct router_device *dev, struct why *why)
{
	json_t *whole = json_copy(all->defaults ? all->defaults : obj);
	int err;

	if (all->defaults)
		json_object_update(whole, obj);
	err = router_device_from_json(whole, all->files, dev, why);
	json_decref(whole);
	return err;
}

json_t *
handset_object(const struct handset *h)
{
	return must(json_loads(h->text, 0, NULL));
}

/* The text of what handset_json_check accepted. */
char *
handset_text(json_t *obj)
{
	return must(json_dumps(obj, JSON_COMPACT));
}

/* ---- of a file: all of them --------------------------------------------------------------------------- */

static int
read_number(json_t *obj, struct handset *h, struct why *why)
{
	const char *number = json_text(obj, "number");

	if (number == NULL)
		return why_set(why, ERR_SYNTAX, "\"number\" is needed, a string");
	number = handset_digits(number);
	if (number[0] == '\0' || strlen(number) >= sizeof h->number ||
	    strspn(number, "0123456789") != strlen(number))
		return why_set(why, ERR_SYNTAX, "number: 1 to %zu digits are expected", sizeof h->number - 1);
	snprintf(h->number, sizeof h->number, "%s", number);
	return OK;
}

static int
add_handset(struct handsets *all, json_t *obj, size_t clients, struct why *why)
{
	struct handset *h = &all->list[all->n];
	struct router_device dev;
	int err;

	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "an object is expected");
	err = read_number(obj, h, why);
	if (err == OK)
		err = handset_json_check(obj, why);
	if (err == OK)
		err = handsets_check_dm(all, obj, h->number, why);
	if (err == OK)
		err = handsets_device(all, obj, &dev, why);
	if (err != OK)
		return err;
	if (dev.policy.n_clients + clients > POLICY_CLIENTS_MAX)
		err = why_set(why, ERR_LIMIT, "clients: with those registered at most %d", POLICY_CLIENTS_MAX);
	router_device_done(&dev);
	if (err != OK)
		return err;
	h->text = handset_text(obj);
	all->n++;
	return OK;
}

static int
read_list(struct handsets *all, json_t *list, size_t clients, struct why *why)
{
	json_t *v;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > HANDSETS_MAX)
		return why_set(why, ERR_SYNTAX, "handsets: a list of at most %d is expected", HANDSETS_MAX);
	all->list = must(calloc(json_array_size(list) + 1, sizeof all->list[0]));
	json_array_foreach(list, i, v) {
		int err = add_handset(all, v, clients, why);

		if (err != OK) {
			why_prefix(why, "handsets[%zu]", i);
			return err;
		}
	}
	qsort(all->list, all->n, sizeof all->list[0], by_number);
	for (i = 1; i < all->n; i++) {
		if (strcmp(all->list[i - 1].number, all->list[i].number) == 0)
			return why_set(why, ERR_EXISTS, "handsets: two have the number %s", all->list[i].number);
	}
	return OK;
}

static int
read_file(struct handsets *all, json_t *obj, size_t clients, struct why *why)
{
	json_t *seen = json_object_get(obj, "seen"), *since = json_object_get(seen, "since");
	const char *name;
	json_t *v;

	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "an object is expected");
	json_object_foreach(obj, name, v) {
		if (strcmp(name, "handsets") != 0 && strcmp(name, "defaults") != 0 && strcmp(name, "seen") != 0)
			return why_set(why, ERR_SYNTAX, "\"%.32s\" is no member of such a file", name);
	}
	all->defaults = json_incref(json_object_get(obj, "defaults"));
	if (all->defaults && !json_is_object(all->defaults))
		return why_set(why, ERR_SYNTAX, "defaults: an object is expected");
	if (seen && (json_text(seen, "url") == NULL || !json_is_integer(since) ||
	    json_integer_value(since) < 0))
		return why_set(why, ERR_SYNTAX, "seen: {\"url\",\"since\"} is expected");
	if (seen) {
		all->source = must(strdup(json_text(seen, "url")));
		all->since = json_integer_value(since);
	}
	return read_list(all, json_object_get(obj, "handsets"), clients, why);
}

/* One program at a time: two would undo each other's changes. */
static int
lock_file(struct handsets *all, struct why *why)
{
	struct sbuf name = { 0 };
	int err = OK;

	sbuf_fmt(&name, "%s.lock", all->path);
	all->lock = open(name.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (all->lock < 0)
		err = why_set(why, ERR_IO, "%.100s: %s", name.s, strerror(errno));
	else if (flock(all->lock, LOCK_EX | LOCK_NB) < 0)
		err = why_set(why, ERR_BUSY, "%.100s: another program has these handsets", all->path);
	sbuf_done(&name);
	return err;
}

int
handsets_open(const char *path, const struct policy_files *files, size_t clients, bool changes,
    struct handsets **out, struct why *why)
{
	struct handsets *all = must(calloc(1, sizeof *all));
	json_t *obj = NULL;
	int err = OK;

	all->path = path;
	all->files = files;
	all->lock = -1;
	if (changes)
		err = lock_file(all, why);
	if (err == OK)
		err = load_json(path, FILE_LONGEST, &obj, why);
	if (err == OK) {
		err = read_file(all, obj, clients, why);
		if (err != OK)
			why_prefix(why, "%.100s", path);
	}
	json_decref(obj);
	malloc_trim(0);			/* the tree of a large file is larger than what is kept of it */
	if (err != OK)
		handsets_destroy(&all);
	*out = all;
	return err;
}

void
handsets_destroy(struct handsets **p)
{
	struct handsets *all = *p;
	size_t i;

	if (all == NULL)
		return;
	while (all->newest != NULL)
		forget_last(all);
	for (i = 0; all->list && i < all->n; i++)
		handset_wipe(&all->list[i].text);
	free(all->list);
	free(all->source);
	json_decref(all->defaults);
	if (all->lock >= 0)
		close(all->lock);
	free(all);
	*p = NULL;
}

/* ---- messages --------------------------------------------------------------------------------------------- */

int
handsets_get(struct handsets *all, const char *number, struct router_device *dev, struct why *why)
{
	struct handset *h;
	json_t *obj;
	int err;

	if (all->path == NULL) {
		*dev = *handsets_made(all, handset_digits(number))->dev;
		return OK;
	}
	h = handsets_find(all, handset_digits(number));
	if (h == NULL)
		return why_set(why, ERR_NOT_FOUND, "no handset has this number");
	obj = handset_object(h);
	err = handsets_device(all, obj, dev, why);
	json_decref(obj);
	return err;
}

static const char *
counter_of(const struct router_result *res)
{
	if (res == NULL)
		return "errors";
	if (!res->is_push)
		return "not_push";
	return policy_accepted(&res->decision) ? "accepted" : "refused";
}

static void
put_into_text(struct handsets *all, struct handset *h, const struct router *r,
    const struct router_result *res)
{
	json_t *obj = handset_object(h);
	struct router_device before;
	char *old = h->text;

	handset_json_count(obj, "messages");
	handset_json_count(obj, counter_of(res));
	if (res && res->is_push && res->n_settings > 0 && policy_accepted(&res->decision)) {
		if (handsets_device(all, obj, &before, NULL) == OK)
			handset_json_device(obj, &before.policy, router_device_policy(r));
		router_device_done(&before);
		/* a problem here: the device could not hold them, and is as it was */
		if (res->problem.text[0] != '\0' || !handset_json_install(obj, res))
			handset_json_count(obj, "settings_lost");
	}
	h->text = handset_text(obj);
	handset_wipe(&old);
	json_decref(obj);
	all->changed = true;
}

void
handsets_put(struct handsets *all, const char *number, const struct router *r,
    const struct router_result *res)
{
	struct handset *h;

	if (all->path == NULL) {
		handsets_made(all, handset_digits(number))->dev->policy = *router_device_policy(r);
		return;
	}
	h = handsets_find(all, handset_digits(number));
	if (h != NULL)
		put_into_text(all, h, r, res);
}

json_t *
handsets_state(struct handsets *all, const char *number, struct why *why)
{
	struct handset *h = handsets_find(all, handset_digits(number));
	struct router_device dev;
	json_t *obj, *now;

	if (h == NULL) {
		why_set(why, ERR_NOT_FOUND, "no handset has this number");
		return NULL;
	}
	obj = handset_object(h);
	if (handsets_device(all, obj, &dev, why) != OK) {
		json_decref(obj);
		return NULL;
	}
	now = policy_device_json(&dev.policy);
	json_object_del(now, "complete");
	json_object_set(now, "profile", json_object_get(obj, "profile"));
	json_object_update(obj, now);
	if (all->defaults)
		json_object_update_missing(obj, all->defaults);
	json_decref(now);
	handset_json_hide(obj);
	router_device_done(&dev);
	return obj;
}

/* ---- the file ------------------------------------------------------------------------------------------------ */

int64_t
handsets_since(const struct handsets *all, const char *url)
{
	return all->source && strcmp(all->source, url) == 0 ? all->since : 0;
}

static bool
print_json(FILE *f, json_t *v)
{
	return json_dumpf(v, f, JSON_COMPACT) == 0;
}

static bool
write_file(const struct handsets *all, FILE *f)
{
	json_t *seen = json_pack("{s:s,s:I}", "url", all->source ? all->source : "", "since",
	    (json_int_t)all->since);
	bool good = true;
	size_t i;

	fputs("{\"seen\":", f);
	good = good && print_json(f, seen);
	json_decref(seen);
	if (all->defaults) {
		fputs(",\n\"defaults\":", f);
		good = good && print_json(f, all->defaults);
	}
	fputs(",\n\"handsets\":[\n", f);
	for (i = 0; i < all->n; i++)
		fprintf(f, "%s%s\n", i ? "," : "", all->list[i].text);
	fputs("]}\n", f);
	return fflush(f) == 0 && good && !ferror(f);
}

/* The rename is on disk when the folder is. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") : slash == path ? strdup("/") :
	    strndup(path, (size_t)(slash - path));
	int fd = open(must(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(folder);
	return good;
}

static bool
replace_file(const struct handsets *all, const char *temp)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good;

	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	good = write_file(all, f) && fsync(fd) == 0;
	good = fclose(f) == 0 && good;
	return good && rename(temp, all->path) == 0 && sync_folder(all->path);
}

int
handsets_save(struct handsets *all, const char *url, int64_t since, struct why *why)
{
	struct sbuf temp = { 0 };
	int err = OK;

	if (url == NULL) {		/* nothing was taken */
		url = all->source ? all->source : "";
		since = all->since;
	}
	if (all->path == NULL || (!all->changed && since == all->since))
		return OK;
	if (all->source == NULL || strcmp(all->source, url) != 0) {
		free(all->source);
		all->source = must(strdup(url));
	}
	all->since = since;
	sbuf_fmt(&temp, "%s.new", all->path);
	if (!replace_file(all, temp.s))
		err = why_set(why, ERR_IO, "%.100s: %s", all->path, strerror(errno));
	else
		all->changed = false;
	sbuf_done(&temp);
	return err;
}
