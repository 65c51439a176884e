/*
 * replay_main.c - runs the corpus of a fuzz target without a fuzzer, as a test.
 *
 *	fuzz_NAME [FILE or FOLDER]...	default: tests/fuzz/corpus/NAME of the sources
 *
 * Each file goes in whole and, when it is small, cut short at every length, always in a heap
 * block of exactly its size. TAP on stdout: one line a file. A target that finds a fault aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FILE_MAX = 1 << 20, CUT_MAX = 2048 };

static unsigned n_files, n_failed;

static void
run(const uint8_t *data, size_t n)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);

	if (exact == NULL)
		abort();
	memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

static void
replay_file(const char *path)
{
	static uint8_t data[FILE_MAX + 1];
	const char *name = strrchr(path, '/');
	FILE *f = fopen(path, "rb");
	size_t n, cut;

	n_files++;
	name = name != NULL ? name + 1 : path;
	if (f == NULL) {
		n_failed++;
		printf("not ok %u - %s: %s\n", n_files, name, strerror(errno));
		return;
	}
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	if (n > FILE_MAX) {
		n_failed++;
		printf("not ok %u - %s: larger than %d octets\n", n_files, name, FILE_MAX);
		return;
	}
	run(data, n);
	if (n <= CUT_MAX)
		for (cut = 0; cut < n; cut++)
			run(data, cut);
	printf("ok %u - %s\n", n_files, name);
	fflush(stdout);
}

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
replay(const char *path)
{
	struct dirent **names;
	struct stat st;
	int i, n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	n = scandir(path, &names, is_visible, alphasort);
	for (i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		replay_file(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc > 1) {
		for (i = 1; i < argc; i++)
			replay(argv[i]);
	} else {
		const char *name = strstr(argv[0], "fuzz_");
		char folder[4096];

		/* The last "fuzz_" in the path of the program: what follows it names the corpus. */
		while (name != NULL && strstr(name + 1, "fuzz_") != NULL)
			name = strstr(name + 1, "fuzz_");
		if (name == NULL) {
			puts("Bail out! the program is not called fuzz_NAME");
			return 1;
		}
		snprintf(folder, sizeof folder, TOP_SRCDIR "/tests/fuzz/corpus/%s", name + 5);
		replay(folder);
	}
	printf("1..%u\n", n_files);
	if (n_files == 0)
		puts("Bail out! no corpus");
	return n_files == 0 || n_failed > 0;
}
