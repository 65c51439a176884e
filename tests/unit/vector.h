/*
 * vector.h - vectors of tests/vectors/<codec>: a case is NAME.hex (octets, or one part of a
 * message a line where the codec says so) and NAME.txt (what it means, "#" starts a comment).
 */
#ifndef TESTS_UNIT_VECTOR_H
#define TESTS_UNIT_VECTOR_H

#include <dirent.h>

#include "base/text.h"
#include "tests/unit/test.h"

enum { VECTOR_TEXT_MAX = 64 * 1024 };

/* A file of the sources as a string on the heap, comments and blank lines left out. */
static inline char *
vector_read(const char *folder, const char *name, const char *suffix)
{
	char path[4096], line[8192];
	char *text = calloc(1, VECTOR_TEXT_MAX);
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/%s/%s%s", folder, name, suffix);
	f = fopen(path, "r");
	if (f == NULL || text == NULL)
		fail_msg("%s cannot be read", path);
	while (fgets(line, sizeof line, f) != NULL) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		assert_true(n + strlen(line) < VECTOR_TEXT_MAX);
		memcpy(text + n, line, strlen(line) + 1);
		n += strlen(line);
	}
	fclose(f);
	return text;
}

/* Hexadecimal digits over several lines as octets in a heap block of exactly their size. */
static inline struct span
vector_octets(const char *hex)
{
	struct sbuf digits = { 0 };
	uint8_t *octets;
	struct why why;
	size_t n;

	for (; *hex != '\0'; hex++)
		if (*hex != '\n')
			sbuf_char(&digits, *hex);
	octets = malloc(digits.n / 2 + 1);
	assert_non_null(octets);
	if (text_hex(sbuf_as_span(&digits), octets, &n, &why))
		fail_msg("hexadecimal: %s", why.text);
	sbuf_done(&digits);
	octets = realloc(octets, n > 0 ? n : 1);
	return span_of(octets, n);
}

/* The first n octets in a heap block of exactly that size: ASan sees the first one too far. */
static inline uint8_t *
vector_exact(struct span s, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, s.p, n);
	return copy;
}

/* Call `one` with the name of every case of a folder; returns how many there are. */
static inline unsigned
vector_each(const char *folder, void (*one)(const char *name))
{
	char path[4096];
	struct dirent **names;
	unsigned count = 0;
	int i, n;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/%s", folder);
	n = scandir(path, &names, NULL, alphasort);
	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		char *dot = strrchr(names[i]->d_name, '.');

		if (dot != NULL && strcmp(dot, ".hex") == 0) {
			*dot = '\0';
			one(names[i]->d_name);
			count++;
		}
		free(names[i]);
	}
	free(names);
	return count;
}

#endif
