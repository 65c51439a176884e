/* smscsim_file.c - see smscsim_file.h. */
#include "smsc/smscsim_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
read_file(const char *path, struct sbuf *out, struct why *why)
{
	FILE *f = fopen(path, "rb");
	char part[4096];
	size_t n;
	int err = OK;

	if (f == NULL)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	while (err == OK && (n = fread(part, 1, sizeof part, f)) > 0) {
		sbuf_put(out, part, n);
		if (out->n > SIM_FILE_MAX)
			err = why_set(why, ERR_LIMIT, "%s: larger than %d octets", path, SIM_FILE_MAX);
	}
	if (err == OK && ferror(f))
		err = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	fclose(f);
	return err;
}

/* Where the text is read, and the number of its line. */
struct place {
	const char *path;
	struct span left;
	unsigned line;
};

static void
skip(struct place *at, size_t n)
{
	for (; n > 0; n--, at->left.p++, at->left.n--)
		at->line += *at->left.p == '\n';
}

/* The next character that is not a blank; 0 at the end. */
static char
next(struct place *at)
{
	while (at->left.n > 0 && strchr(" \t\r\n", *at->left.p) != NULL && *at->left.p != '\0')
		skip(at, 1);
	return at->left.n > 0 ? (char)*at->left.p : '\0';
}

static int
wrong(const struct place *at, int err, struct why *why, const char *text)
{
	return why_set(why, err, "%s:%u: %s", at->path, at->line, text);
}

static int
take_item(struct place *at, int (*each)(void *arg, json_t *item, struct why *why), void *arg, struct why *why)
{
	json_error_t e;
	json_t *item = json_loadb((const char *)at->left.p, at->left.n,
	    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &e);
	int err;

	if (item == NULL) {
		at->line += (unsigned)(e.line > 0 ? e.line - 1 : 0);
		return wrong(at, ERR_SYNTAX, why, e.text);
	}
	err = each(arg, item, why);
	json_decref(item);
	if (err)
		why_prefix(why, "%s:%u", at->path, at->line);
	else
		skip(at, (size_t)e.position);
	return err;
}

static int
take_items(struct place *at, int (*each)(void *arg, json_t *item, struct why *why), void *arg, struct why *why)
{
	char c;
	int err;

	if (next(at) != '[')
		return wrong(at, ERR_SYNTAX, why, "a JSON array of objects is expected");
	skip(at, 1);
	if (next(at) == ']') {
		skip(at, 1);
	} else {
		do {
			next(at);
			err = take_item(at, each, arg, why);
			if (err)
				return err;
			c = next(at);
			if (c != ',' && c != ']')
				return wrong(at, ERR_SYNTAX, why, "',' or ']' is expected");
			skip(at, 1);
		} while (c == ',');
	}
	if (next(at) != '\0' || at->left.n > 0)
		return wrong(at, ERR_SYNTAX, why, "something is behind the array");
	return OK;
}

int
sim_text_each(struct span text, const char *path, int (*each)(void *arg, json_t *item, struct why *why),
    void *arg, struct why *why)
{
	struct place at = { .path = path, .line = 1, .left = text };

	return take_items(&at, each, arg, why);
}

int
sim_file_each(const char *path, int (*each)(void *arg, json_t *item, struct why *why), void *arg, struct why *why)
{
	struct sbuf text = { 0 };
	int err = read_file(path, &text, why);

	if (err == OK)
		err = sim_text_each(sbuf_as_span(&text), path, each, arg, why);
	sbuf_done(&text);
	return err;
}
