/* template_dir.c - see template.h: the folders that templates are in. */
#include "contrib/tps/template.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS = 5, NAMES_MAX = 1000, NAME_LENGTH = 64 };

struct folders {
	char paths[FOLDERS][4096];
	size_t n;
};

static void
add_folder(struct folders *f, const char *path, const char *below)
{
	if (path != NULL && path[0] != '\0')
		snprintf(f->paths[f->n++], sizeof f->paths[0], "%s%s", path, below);
}

static void
find_folders(struct folders *f, const char *own)
{
	char program[2048];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	char *slash;

	f->n = 0;
	add_folder(f, own, "");
	add_folder(f, getenv("OPENPPG_TEMPLATES"), "");
	program[n > 0 ? n : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash != NULL) {
		*slash = '\0';
		add_folder(f, program, "/contrib/tps/templates");
		add_folder(f, program, "/../share/openppg/templates");
	}
	add_folder(f, PKGDATADIR, "/templates");
}

static bool
is_file_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) <= NAME_LENGTH;
}

static int
read_file(FILE *file, const char *name, struct sbuf *out, struct why *why)
{
	char piece[4096];
	size_t n;

	while ((n = fread(piece, 1, sizeof piece, file)) > 0 && out->n <= TPS_TEMPLATE_MAX)
		sbuf_put(out, piece, n);
	return ferror(file) ? why_set(why, ERR_IO, "template %.40s cannot be read: %s", name, strerror(errno)) : OK;
}

int
tps_template_load(const char *own, const char *name, struct tps_template *out, struct why *why)
{
	struct sbuf text = { 0 };
	struct folders folders;
	char path[4200];
	FILE *file = NULL;
	size_t i;
	int err;

	*out = (struct tps_template){ 0 };
	find_folders(&folders, own);
	for (i = 0; i < folders.n && file == NULL && is_file_name(name); i++) {
		snprintf(path, sizeof path, "%s/%s.tmpl", folders.paths[i], name);
		file = fopen(path, "re");
		if (file == NULL && errno != ENOENT && errno != ENOTDIR)
			return why_set(why, ERR_IO, "template %.40s cannot be read: %s", name, strerror(errno));
	}
	if (file == NULL)
		return why_set(why, ERR_NOT_FOUND, "there is no template \"%.64s\"", name);
	err = read_file(file, name, &text, why);
	fclose(file);
	if (err == OK)
		err = tps_template_parse(name, sbuf_as_span(&text), out, why);
	sbuf_done(&text);
	return err;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static size_t
add_names(const char *path, char (*names)[NAME_LENGTH + 1], size_t n)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir != NULL && n < NAMES_MAX && (e = readdir(dir)) != NULL) {
		char *dot = strrchr(e->d_name, '.');

		if (dot == NULL || strcmp(dot, ".tmpl") != 0)
			continue;
		*dot = '\0';
		if (is_file_name(e->d_name))
			strcpy(names[n++], e->d_name);		/* is_file_name looked at its length */
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

void
tps_template_list(const char *own, struct sbuf *out)
{
	char (*names)[NAME_LENGTH + 1] = calloc(NAMES_MAX, sizeof *names);
	struct folders folders;
	size_t i, n = 0;

	if (names == NULL)
		abort();
	find_folders(&folders, own);
	for (i = 0; i < folders.n; i++)
		n = add_names(folders.paths[i], names, n);
	qsort(names, n, sizeof *names, by_name);
	for (i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			sbuf_fmt(out, "%s\n", names[i]);
	free(names);
}
