/*
 * err.h - error numbers of the whole project, and the sentence that explains one.
 *
 * A function that can fail because of the environment or a peer returns 0 or one of these.
 * What the peer should be told travels in a struct why beside it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

enum err {
	OK = 0,
	ERR_SHORT = -1,		/* the input promises more octets than it has */
	ERR_SYNTAX = -2,	/* the input is not of the form it should have */
	ERR_RANGE = -3,		/* a value lies outside its range */
	ERR_LIMIT = -4,		/* a configured or named limit was passed */
	ERR_UNSUPPORTED = -5,	/* well formed, but nothing here can serve it */
	ERR_NOT_FOUND = -6,
	ERR_EXISTS = -7,
	ERR_FULL = -8,		/* a queue, window or buffer has no room now */
	ERR_IO = -9,
	ERR_CLOSED = -10,	/* the other side, or we, are shutting down */
	ERR_AUTH = -11,
	ERR_BUSY = -12
};

enum { WHY_MAX = 200 };		/* an answer explains itself in one sentence of at most this */

struct why {
	size_t offset;		/* octet of the input it happened at; 0 when it has none */
	char text[WHY_MAX + 1];
};

/* A short name such as "short" or "syntax"; never NULL. */
const char *err_name(int err);

/*
 * Fill *why (which may be NULL) and return `err`, so that a parser can write
 * `return why_set(why, ERR_SYNTAX, "line %u: no value", line);`.
 * The text is cut at WHY_MAX octets, never inside a UTF-8 sequence.
 */
int why_set(struct why *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with the offset of the octet that was wrong. */
int why_at(struct why *why, int err, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Put "prefix: " in front of the sentence that is there. */
void why_prefix(struct why *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
