/*
 * conf_expand.c - values that stand elsewhere: in the environment, and secrets in files; see conf.h.
 *
 * What comes from there is a value as it is: it is not looked at for variables or files again.
 */
#include "base/conf_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum {
	VALUE_MAX_OCTETS = 64 * 1024,	/* with its variables replaced */
	VARIABLE_MAX_OCTETS = 255,	/* of a name */
	SECRET_MAX_OCTETS = 4096	/* of a file */
};

/* Text that could stand in a configuration file. */
static bool
is_text(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7F)
			return false;
	return text_is_utf8(s, NULL);
}

/* ---- the environment ---------------------------------------------------------------------- */

/* The length of the name at the start of `s`, as shells take it. */
static size_t
name_length(struct span s)
{
	size_t n;

	for (n = 0; n < s.n; n++) {
		uint8_t c = s.p[n];

		if (((c | 0x20) < 'a' || (c | 0x20) > 'z') && c != '_' && (n == 0 || c < '0' || c > '9'))
			break;
	}
	return n;
}

/* `in` begins behind "${"; *used is how much of it the variable takes. */
static int
put_variable(struct span in, struct sbuf *out, size_t *used, struct why *why)
{
	size_t n = name_length(in);
	char name[VARIABLE_MAX_OCTETS + 1];
	const char *text;

	if (n == 0 || n > VARIABLE_MAX_OCTETS || n == in.n || in.p[n] != '}')
		return why_set(why, ERR_SYNTAX, "\"${\" takes the name of a variable and \"}\" behind it; "
		    "\"$${\" means the characters themselves");
	memcpy(name, in.p, n);
	name[n] = '\0';
	text = getenv(name);
	if (text == NULL)
		return why_set(why, ERR_SYNTAX, "the environment has no variable %.100s", name);
	if (!is_text(span_str(text)))
		return why_set(why, ERR_SYNTAX, "the variable %.100s is not UTF-8 text of one line", name);
	sbuf_str(out, text);
	*used = n + 1;
	return OK;
}

int
conf_expand(struct span in, struct sbuf *out, struct why *why)
{
	size_t i = 0, used;
	int err;

	sbuf_put(out, "", 0);
	while (i < in.n) {
		if (in.n - i >= 3 && memcmp(in.p + i, "$${", 3) == 0) {
			sbuf_str(out, "${");
			i += 3;
		} else if (in.n - i >= 2 && memcmp(in.p + i, "${", 2) == 0) {
			err = put_variable(span_of(in.p + i + 2, in.n - i - 2), out, &used, why);
			if (err != OK)
				return err;
			i += 2 + used;
		} else {
			sbuf_char(out, (char)in.p[i++]);
		}
		if (out->n > VALUE_MAX_OCTETS)
			return why_set(why, ERR_LIMIT, "the value is longer than %d octets", VALUE_MAX_OCTETS);
	}
	return OK;
}

/* ---- secrets ------------------------------------------------------------------------------ */

bool
conf_names_file(const struct conf_key *key, struct span text)
{
	return (key->flags & CONF_SECRET) && text.n >= 5 && memcmp(text.p, "file:", 5) == 0;
}

/* The whole file; it is small. */
static int
read_small(int fd, uint8_t *out, size_t max, size_t *n, struct why *why, const char *path)
{
	ssize_t got;

	*n = 0;
	while (*n <= max) {
		got = read(fd, out + *n, max + 1 - *n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return why_set(why, ERR_IO, "file %.100s: %s", path, strerror(errno));
		if (got == 0)
			return OK;
		*n += (size_t)got;
	}
	return why_set(why, ERR_LIMIT, "file %.100s: more than %zu octets", path, max);
}

static int
first_line(struct span text, struct sbuf *out, struct why *why, const char *path)
{
	const uint8_t *end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;

	if (end != NULL)
		text.n = (size_t)(end - text.p);
	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (text.n == 0)
		return why_set(why, ERR_SYNTAX, "file %.100s: its first line is empty", path);
	if (!is_text(text))
		return why_set(why, ERR_SYNTAX, "file %.100s: its first line is not UTF-8 text", path);
	sbuf_span(out, text);
	return OK;
}

int
conf_read_secret(const char *path, struct sbuf *out, bool *open_to_all, struct why *why)
{
	uint8_t text[SECRET_MAX_OCTETS + 1];
	struct stat st;
	size_t n = 0;
	/* A FIFO that nobody writes to must not hold the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;

	*open_to_all = false;
	sbuf_put(out, "", 0);
	if (fd < 0 || fstat(fd, &st) != 0) {
		err = why_set(why, ERR_IO, "file %.100s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		err = why_set(why, ERR_IO, "file %.100s: is not a regular file", path);
	} else {
		*open_to_all = (st.st_mode & (S_IROTH | S_IWOTH)) != 0;
		err = read_small(fd, text, SECRET_MAX_OCTETS, &n, why, path);
	}
	if (err == OK)
		err = first_line(span_of(text, n), out, why, path);
	explicit_bzero(text, sizeof text);
	if (fd >= 0)
		close(fd);
	return err;
}
