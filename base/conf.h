/*
 * conf.h - configuration in Kannel's file format, checked against tables.
 *
 *	group = smsc		a group starts; blank lines end nothing
 *	host = "smsc.example"	quotes are optional; \" and \\ inside them; # starts a comment line
 *	include = more.conf	relative to the including file; a folder means every file in it, by name
 *	port = ${PORT}		of the environment, anywhere in a value; "$${" stands for "${" itself
 *	password = file:pw	a CONF_SECRET key only: the first line of that file, relative to this one
 *	list = a;\		a backslash at the end: the next line goes on, without the blanks in front of it
 *
 * One table per group (name, type, range, default, unit, reloadable) drives parsing, checking,
 * the printed configuration and the manual check. Every error of all files is reported, each
 * as "file:line: group G, key: sentence".
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum conf_type {
	CONF_TEXT,		/* min..max: length in octets (max 0 = 1024) */
	CONF_NUMBER,		/* decimal, min..max */
	CONF_BOOL,		/* true/false, yes/no, on/off, 1/0 */
	CONF_WORD,		/* one of `words`, separated by '|' */
	CONF_SECONDS,		/* number with optional s, m, h, d; min..max in seconds */
	CONF_OCTETS,		/* number with optional K, M, G (1024); min..max */
	CONF_IGNORED		/* means nothing here: one notice, with help: what to use instead */
};

struct conf_key {
	const char *name;
	enum conf_type type;
	int64_t min, max;
	const char *words;	/* CONF_WORD: "a|b|c" */
	const char *def;	/* default as it would be written, or NULL */
	unsigned flags;
	const char *help;	/* one line for --print-config and the manual */
};

enum {
	CONF_REQUIRED = 1,
	CONF_SECRET = 2,	/* never printed, never quoted in an error */
	CONF_RELOAD = 4,	/* SIGHUP takes a new value */
	CONF_PATH = 8,		/* relative to the folder of the file it stands in */
	CONF_URL = 16		/* with CONF_SECRET: printed with only its passwords hidden */
};

struct conf_group_def {
	const char *name;
	const struct conf_key *keys;	/* ended by a NULL name; NULL: not used here, see refusal */
	bool many;			/* may occur more than once */
	bool required;
	const char *id_key;		/* with many: unique over the groups (e.g. "smsc-id"); or NULL */
	const char *refusal;		/* without keys: the error; NULL: one notice, it is skipped */
};

struct conf;			/* a whole configuration that was read and checked */
struct conf_group;		/* one group in it */

/* Called once for each error (level 2) or notice (level 1), without the line end. */
typedef void (*conf_report)(void *arg, int level, const char *line);

/*
 * Read and check `path`. defs is ended by a NULL name. OK, or ERR_SYNTAX/ERR_IO after all errors
 * were reported; *out is NULL then.
 */
int conf_load(const char *path, const struct conf_group_def *defs, conf_report report, void *arg,
    struct conf **out);
/* The same with a text in memory, called `name` in what is reported; it cannot include files. */
int conf_load_text(const char *name, struct span text, const struct conf_group_def *defs,
    conf_report report, void *arg, struct conf **out);
/*
 * As conf_load, but *out holds what was right even when something was wrong, so that a caller can
 * check what keys say together and report all of it. A wrong value is like one without default.
 */
int conf_load_partly(const char *path, const struct conf_group_def *defs, conf_report report, void *arg,
    struct conf **out);
void conf_free(struct conf **conf);

/* First or next group of a kind; NULL when there is none (more). */
const struct conf_group *conf_first(const struct conf *conf, const char *group);
const struct conf_group *conf_next(const struct conf *conf, const struct conf_group *g);

const char *conf_group_name(const struct conf_group *g);

/* Values, defaults applied. Asking for a key that the table does not have aborts. */
const char *conf_text(const struct conf_group *g, const char *key);	/* NULL without value */
int64_t conf_number(const struct conf_group *g, const char *key);	/* also seconds, octets; 0 without */
bool conf_bool(const struct conf_group *g, const char *key);
bool conf_has(const struct conf_group *g, const char *key);		/* written in the file */
/* "file:line" of a key (of the group when the key is not written), for errors found later. */
const char *conf_where(const struct conf_group *g, const char *key, char *out, size_t size);

/* A path as written behind that key -> relative to the folder of the file it stands in; free() it. */
char *conf_beside(const struct conf_group *g, const char *key, const char *path);

/*
 * Every key, secrets as "***", in the form conf_load reads. What is not written but has its default stands
 * behind a '#'.
 */
void conf_print(const struct conf *conf, struct sbuf *out);
/*
 * Called for each key whose value is another one; old or fresh NULL: that configuration has no such group,
 * and the key its default. With key NULL a group of those that may occur more than once came or went.
 */
typedef void (*conf_change_fn)(void *arg, const struct conf_key *key, const struct conf_group *old,
    const struct conf_group *fresh);
/*
 * Compare two configurations of the same tables. Groups that may occur more than once are matched by their
 * id; those without one by their order.
 */
void conf_compare(const struct conf *old, const struct conf *fresh, conf_change_fn tell, void *arg);

/*
 * The table of keys for the manual and its check: group, key, type, range, default ("required"), help,
 * "reload" or "restart" (what it takes to change it); a line each, separated by tabs.
 */
void conf_print_keys(const struct conf_group_def *defs, struct sbuf *out);

#endif
