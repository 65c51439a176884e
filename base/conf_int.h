/* conf_int.h - what the reader (conf.c), the values (conf_value.c) and the printer (conf_print.c) share. */
#ifndef BASE_CONF_INT_H
#define BASE_CONF_INT_H

#include <stdarg.h>
#include <sys/types.h>

#include "base/conf.h"

struct conf_place {
	const char *file;		/* belongs to the struct conf */
	unsigned line;
};

struct conf_value {
	char *text;			/* NULL: neither written nor defaulted */
	int64_t number;			/* numbers, seconds, octets, booleans */
	struct conf_place place;	/* line 0: not written */
};

struct conf_group {
	const struct conf_group_def *def;
	struct conf_place place;
	struct conf_group *next;
	struct conf_value *values;	/* one for each key of the table */
};

struct conf_file {
	struct conf_file *next;
	char name[];
};

struct conf {
	const struct conf_group_def *defs;
	struct conf_group *groups, **tail;
	struct conf_file *files;
};

size_t conf_count_keys(const struct conf_group_def *def);
/* The row of a name, or NULL. */
const struct conf_key *conf_find_key(const struct conf_group_def *def, struct span name);

/* Check `text` against the row and fill out->text and out->number. *why is one sentence on failure. */
int conf_value_parse(const struct conf_key *key, struct span text, struct conf_value *out, struct why *why);
/* "1..65535", "true or false" ...: what a value must be. */
void conf_value_range(const struct conf_key *key, struct sbuf *out);

/* conf_expand.c: "${NAME}" replaced by the environment's, "$${" by "${". *why is one sentence on failure. */
int conf_expand(struct span in, struct sbuf *out, struct why *why);
/* Does this value of a secret name the file that holds it? */
bool conf_names_file(const struct conf_key *key, struct span text);
/* The first line of a small file; *open_to_all: everybody may read or write it. The content is never in *why. */
int conf_read_secret(const char *path, struct sbuf *out, bool *open_to_all, struct why *why);

/* How many edits (insert, delete, replace, swap) lead from a to b; at most `limit` + 1. */
unsigned conf_distance(struct span a, const char *b, unsigned limit);

/* ---- reading -------------------------------------------------------------------------- */

/* One file on the way from the first to the one being read. */
struct conf_level {
	const struct conf_level *up;
	const char *file;
	unsigned line;
	dev_t dev;
	ino_t ino;
	unsigned depth;
};

struct conf_reader {
	struct conf *conf;
	conf_report report;
	void *arg;
	unsigned errors, files;
	bool io_error, no_files;	/* no_files: includes are refused */
	/* the group that lines belong to */
	struct conf_group *group;	/* NULL before the first, and in one that is skipped */
	bool skipping;			/* in a group that is unknown or not used */
};

/* Report one line; level 2 counts as an error. */
void conf_tell(struct conf_reader *rd, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* `file`'s folder and `path`, unless that is absolute; heap. */
char *conf_join(const char *file, const char *path);

/* conf_read.c: walk a file (up NULL: the first one), and through conf.c: what its lines say. */
void conf_read_file(struct conf_reader *rd, const char *path, const struct conf_level *up);
void conf_read_text(struct conf_reader *rd, const char *name, struct span text);
void conf_start_group(struct conf_reader *rd, struct conf_place at, struct span name);
void conf_set_key(struct conf_reader *rd, struct conf_place at, struct span name, struct span text);

#endif
