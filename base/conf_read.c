/*
 * conf_read.c - walks configuration files line by line; see conf.h.
 *
 * An included file is walked in place, and the group that was open goes on after it. Octets that no
 * text file holds end the walk of that file.
 */
#include "base/conf_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum {
	FILE_MAX_OCTETS = 4 * 1024 * 1024,
	LINE_MAX_OCTETS = 64 * 1024,
	DEPTH_MAX = 16,			/* files including one another */
	FILES_MAX = 256			/* of one configuration */
};

static void read_path(struct conf_reader *rd, const char *path, const struct conf_level *up,
    bool folder_allowed);

/* The place of an error inside a line; columns count octets from 1. */
static void
tell_column(struct conf_reader *rd, const struct conf_level *at, size_t column, const char *sentence)
{
	conf_tell(rd, 2, "%s:%u: column %zu: %s", at->file, at->line, column, sentence);
}

/* ---- lines ---------------------------------------------------------------------------------- */

/*
 * The value behind '=': bare to the end of the line, or in quotes with \" and \\ inside. A comment
 * may follow the closing quote. *column counts from `line`.
 */
static int
read_value(struct span line, size_t from, struct sbuf *out, size_t *column, const char **sentence)
{
	struct span rest = span_trim(span_of(line.p + from, line.n - from));
	size_t i;

	sbuf_put(out, "", 0);
	if (rest.n == 0 || rest.p[0] != '"') {
		sbuf_span(out, rest);
		return OK;
	}
	for (i = 1; i < rest.n && rest.p[i] != '"'; i++) {
		if (rest.p[i] == '\\' && i + 1 < rest.n && (rest.p[i + 1] == '"' || rest.p[i + 1] == '\\'))
			i++;
		sbuf_char(out, (char)rest.p[i]);
	}
	*column = (size_t)(rest.p - line.p) + 1;
	*sentence = "the quote that starts here is not closed";
	if (i >= rest.n)
		return ERR_SYNTAX;
	*column += i + 1;
	*sentence = "there is text behind the closing quote";
	rest = span_trim(span_of(rest.p + i + 1, rest.n - i - 1));
	return rest.n == 0 || rest.p[0] == '#' ? OK : ERR_SYNTAX;
}

static bool
is_name(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			continue;
		if (!(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return s.n > 0;
}

static void
include(struct conf_reader *rd, struct conf_level *at, const char *name)
{
	struct conf_group *group = rd->group;
	bool skipping = rd->skipping;
	char *path;

	if (name[0] == '\0') {
		conf_tell(rd, 2, "%s:%u: include: names no file", at->file, at->line);
		return;
	}
	if (rd->no_files) {
		conf_tell(rd, 2, "%s:%u: include: this is not a file, so it includes none", at->file,
		    at->line);
		return;
	}
	path = conf_join(at->file, name);
	read_path(rd, path, at, true);
	free(path);
	rd->group = group;
	rd->skipping = skipping;
}

static void
read_line(struct conf_reader *rd, struct conf_level *at, struct span line)
{
	const uint8_t *equals = memchr(line.p, '=', line.n);
	struct span name = span_trim(span_of(line.p, equals != NULL ? (size_t)(equals - line.p) : line.n));
	struct conf_place here = { at->file, at->line };
	const char *sentence = "";
	struct sbuf value = { 0 };
	size_t column = 0;

	if (rd->skipping && !span_eq_str(name, "group") && !span_eq_str(name, "include")) {
		/* a group of which nothing is used */
	} else if (equals == NULL) {
		tell_column(rd, at, (size_t)(name.p - line.p) + 1,
		    "this is not of the form \"key = value\"");
	} else if (!is_name(name)) {
		tell_column(rd, at, (size_t)(name.p - line.p) + 1,
		    "a key has letters, digits and '-' and stands before the '='");
	} else if (read_value(line, (size_t)(equals - line.p) + 1, &value, &column, &sentence) != OK) {
		tell_column(rd, at, column, sentence);
	} else if (span_eq_str(name, "include")) {
		include(rd, at, value.s);
	} else if (span_eq_str(name, "group")) {
		conf_start_group(rd, here, sbuf_as_span(&value));
	} else if (rd->group != NULL) {
		conf_set_key(rd, here, name, sbuf_as_span(&value));
	} else {
		struct sbuf shown = { 0 };

		sbuf_quote(&shown, name);
		conf_tell(rd, 2, "%s:%u: %s: stands before the first \"group = ...\"", at->file, at->line,
		    shown.s);
		sbuf_done(&shown);
	}
	if (value.s != NULL)
		explicit_bzero(value.s, value.n);	/* it may be a secret */
	sbuf_done(&value);
}

/* Octets that text does not hold; false when the rest of the file is not worth reading. */
static bool
check_line(struct conf_reader *rd, const struct conf_level *at, struct span line)
{
	struct span trimmed = span_trim(line);
	char sentence[80];
	size_t i;

	if (line.n > LINE_MAX_OCTETS) {
		snprintf(sentence, sizeof sentence, "the line is longer than %d octets", LINE_MAX_OCTETS);
		tell_column(rd, at, LINE_MAX_OCTETS + 1, sentence);
		return false;
	}
	for (i = 0; i < line.n; i++) {
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7F) {
			snprintf(sentence, sizeof sentence, "octet \\x%02X does not belong in a text file",
			    line.p[i]);
			tell_column(rd, at, i + 1, sentence);
			return false;
		}
	}
	/* Comments may be in an older character set; they are not looked at. */
	if (trimmed.n > 0 && trimmed.p[0] != '#' && !rd->skipping && !text_is_utf8(line, &i)) {
		snprintf(sentence, sizeof sentence, "octet \\x%02X is not UTF-8", line.p[i]);
		tell_column(rd, at, i + 1, sentence);
		return false;
	}
	return true;
}

static struct span
cut_line(struct span *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	size_t n = end != NULL ? (size_t)(end - text->p) : text->n;
	struct span line = { text->p, n };

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	n += end != NULL;
	text->p += n, text->n -= n;
	return line;
}

/*
 * A backslash at the end of a line joins the next one to it; two are one that does not. *line is cut
 * behind what is meant.
 */
static bool
goes_on(struct span *line)
{
	struct span s = span_trim(*line);

	if (s.n == 0 || s.p[s.n - 1] != '\\')
		return false;
	line->n = (size_t)(s.p + s.n - 1 - line->p);
	return s.n == 1 || s.p[s.n - 2] != '\\';
}

static bool
says_something(struct span line)
{
	struct span s = span_trim(line);

	return s.n > 0 && s.p[0] != '#';
}

/* `line` and those that it is joined with; false when the rest of the file is not worth reading. */
static bool
read_joined(struct conf_reader *rd, struct conf_level *at, struct span line, struct span *text,
    unsigned *number)
{
	struct sbuf whole = { 0 };
	bool good = true, more;

	do {
		more = goes_on(&line) && text->n > 0;
		sbuf_span(&whole, line);
		if (more) {
			struct conf_level here = *at;

			line = span_trim(cut_line(text));
			here.line = ++*number;
			good = check_line(rd, &here, line);
		}
	} while (more && good);
	good = good && check_line(rd, at, sbuf_as_span(&whole));
	if (good)
		read_line(rd, at, sbuf_as_span(&whole));
	explicit_bzero(whole.s, whole.n);
	sbuf_done(&whole);
	return good;
}

static void
read_text(struct conf_reader *rd, struct conf_level *at, struct span text)
{
	unsigned number = 0;

	if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
		text.p += 3, text.n -= 3;
	while (text.n > 0) {
		struct span line = cut_line(&text);

		at->line = ++number;
		if (!check_line(rd, at, line))
			return;
		if (says_something(line) && !read_joined(rd, at, line, &text, &number))
			return;
	}
}

/* ---- files ----------------------------------------------------------------------------------- */

/* "a.conf:3: include: " for a file that was included, "" for the first one. */
static void
tell_file(struct conf_reader *rd, const struct conf_level *up, const char *path, const char *sentence)
{
	if (up != NULL)
		conf_tell(rd, 2, "%s:%u: include: %s: %s", up->file, up->line, path, sentence);
	else
		conf_tell(rd, 2, "%s: %s", path, sentence);
	rd->io_error |= up == NULL;
}

static void
tell_loop(struct conf_reader *rd, const struct conf_level *up, const struct stat *st, const char *path)
{
	const struct conf_level *l;
	struct sbuf way = { 0 };

	/* From the file that comes round again down to the one that includes it. */
	for (l = up; l != NULL; l = l->up) {
		struct sbuf step = { 0 };

		sbuf_fmt(&step, "%s:%u -> ", l->file, l->line);
		if (way.n > 0)
			sbuf_str(&step, way.s);
		sbuf_done(&way);
		way = step;
		if (l->dev == st->st_dev && l->ino == st->st_ino)
			break;
	}
	conf_tell(rd, 2, "%s:%u: include: a loop: %s%s", up->file, up->line, way.s, path);
	sbuf_done(&way);
}

static bool
in_loop(const struct conf_level *up, const struct stat *st)
{
	for (; up != NULL; up = up->up)
		if (up->dev == st->st_dev && up->ino == st->st_ino)
			return true;
	return false;
}

/* Everything in the file; more than FILE_MAX_OCTETS is ERR_LIMIT, errors leave errno. */
static int
slurp(int fd, struct sbuf *out)
{
	ssize_t n;

	sbuf_put(out, "", 0);
	for (;;) {
		sbuf_reserve(out, 65536);
		n = read(fd, out->s + out->n, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return OK;
		out->n += (size_t)n;
		if (out->n > FILE_MAX_OCTETS)
			return ERR_LIMIT;
	}
}

static const char *
keep_name(struct conf *conf, const char *path)
{
	struct conf_file *f = malloc(sizeof *f + strlen(path) + 1);

	if (f == NULL)
		abort();
	strcpy(f->name, path);
	f->next = conf->files;
	conf->files = f;
	return f->name;
}

static int
wanted(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && e->d_name[n - 1] != '~';
}

/* Every file of a folder, in the order of their names; folders inside are left alone. */
static void
read_folder(struct conf_reader *rd, const char *path, const struct conf_level *up)
{
	struct dirent **names;
	int n = scandir(path, &names, wanted, alphasort), i;

	if (n < 0) {
		tell_file(rd, up, path, strerror(errno));
		return;
	}
	for (i = 0; i < n; i++) {
		struct sbuf name = { 0 };
		struct stat st;

		sbuf_fmt(&name, "%s/%s", path, names[i]->d_name);
		if (stat(name.s, &st) != 0 || !S_ISDIR(st.st_mode))
			read_path(rd, name.s, up, false);
		sbuf_done(&name);
		free(names[i]);
	}
	free(names);
}

static void
read_open_file(struct conf_reader *rd, const char *path, int fd, const struct stat *st,
    const struct conf_level *up)
{
	struct conf_level at = { up, NULL, 0, st->st_dev, st->st_ino, up != NULL ? up->depth + 1 : 1 };
	struct sbuf text = { 0 };
	int err = slurp(fd, &text);

	if (err == ERR_LIMIT) {
		tell_file(rd, up, path, "the file is larger than 4 MiB");
	} else if (err != OK) {
		tell_file(rd, up, path, strerror(errno));
	} else {
		at.file = keep_name(rd->conf, path);
		read_text(rd, &at, sbuf_as_span(&text));
	}
	explicit_bzero(text.s, text.n);
	sbuf_done(&text);
}

static void
read_path(struct conf_reader *rd, const char *path, const struct conf_level *up, bool folder_allowed)
{
	struct stat st;
	int fd;

	if (up != NULL && up->depth >= DEPTH_MAX) {
		char sentence[64];

		snprintf(sentence, sizeof sentence, "more than %d files include one another", DEPTH_MAX);
		tell_file(rd, up, path, sentence);
		return;
	}
	if (rd->files++ >= FILES_MAX) {
		if (rd->files == FILES_MAX + 1)
			tell_file(rd, up, path, "more than 256 files are included");
		return;
	}
	/* A FIFO that nobody writes to must not hold the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		tell_file(rd, up, path, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		if (folder_allowed)
			read_folder(rd, path, up);
		else
			tell_file(rd, up, path, "is a folder");
	} else if (in_loop(up, &st)) {
		tell_loop(rd, up, &st, path);
	} else {
		read_open_file(rd, path, fd, &st, up);
	}
	if (fd >= 0)
		close(fd);
}

void
conf_read_file(struct conf_reader *rd, const char *path, const struct conf_level *up)
{
	read_path(rd, path, up, false);
}

void
conf_read_text(struct conf_reader *rd, const char *name, struct span text)
{
	struct conf_level at = { .file = keep_name(rd->conf, name), .depth = 1 };

	read_text(rd, &at, text);
}
