/* profile_dir.c - see profile_dir.h. */
#include "base/profile_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".profile";

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* `below` the folder of the program that runs. */
static bool
beside_program(struct profile_dir *dir, const char *below)
{
	ssize_t n = readlink("/proc/self/exe", dir->path, sizeof dir->path - 1);
	char *slash;

	if (n <= 0)
		return false;
	dir->path[n] = '\0';
	slash = strrchr(dir->path, '/');
	if (slash == NULL || (size_t)(slash - dir->path) + strlen(below) >= sizeof dir->path)
		return false;
	strcpy(slash, below);
	return is_dir(dir->path);
}

void
profile_dir_find(struct profile_dir *dir, const char *given)
{
	const char *env = getenv("OPENPPG_PROFILES");

	if (given != NULL && given[0] != '\0')
		snprintf(dir->path, sizeof dir->path, "%s", given);
	else if (env != NULL && env[0] != '\0')
		snprintf(dir->path, sizeof dir->path, "%s", env);
	else if (!beside_program(dir, "/contrib/profiles") &&
	    !beside_program(dir, "/../share/openppg/profiles"))
		snprintf(dir->path, sizeof dir->path, "%s/profiles", PKGDATADIR);
}

static int
read_all(FILE *f, const char *path, struct sbuf *out, struct why *why)
{
	enum { FILE_LONGEST = 1 << 20 };
	size_t start = out->n, n;
	char block[4096];
	int err = OK;

	while (out->n - start <= FILE_LONGEST && (n = fread(block, 1, sizeof block, f)) > 0)
		sbuf_put(out, block, n);
	if (out->n - start > FILE_LONGEST)
		err = why_set(why, ERR_LIMIT, "%.100s: longer than %d octets", path, FILE_LONGEST);
	else if (ferror(f))
		err = why_set(why, ERR_IO, "%.100s: reading fails", path);
	explicit_bzero(block, sizeof block);	/* a device's file may hold keys */
	return err;
}

int
profile_dir_read(void *arg, const char *name, struct sbuf *out, struct why *why)
{
	const struct profile_dir *dir = arg;
	char path[sizeof dir->path + 256];
	struct sbuf quoted = { 0 };
	FILE *f = NULL;
	int err;

	if (name[0] != '\0' && strchr(name, '/') == NULL &&
	    snprintf(path, sizeof path, "%s/%.200s%s", dir->path, name, suffix) < (int)sizeof path)
		f = fopen(path, "re");
	if (f == NULL && strpbrk(name, "/.") != NULL && !is_dir(name))
		f = fopen(name, "re");
	if (f == NULL) {
		sbuf_quote(&quoted, span_str(name));
		err = why_set(why, ERR_NOT_FOUND, "device profile \"%s\" does not exist in %.80s, and no "
		    "such file", quoted.s ? quoted.s : "", dir->path);
		sbuf_done(&quoted);
		return err;
	}
	sbuf_put(out, "", 0);
	err = read_all(f, name, out, why);
	fclose(f);
	return err;
}

static int
is_profile(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > sizeof suffix - 1 &&
	    strcmp(e->d_name + n - (sizeof suffix - 1), suffix) == 0;
}

int
profile_dir_list(const struct profile_dir *dir, struct sbuf *out, struct why *why)
{
	struct dirent **list;
	int i, n = scandir(dir->path, &list, is_profile, alphasort);

	if (n < 0)
		return why_set(why, ERR_IO, "%.100s: %s", dir->path, strerror(errno));
	for (i = 0; i < n; i++) {
		sbuf_fmt(out, "%.*s\n", (int)(strlen(list[i]->d_name) - (sizeof suffix - 1)), list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return OK;
}
