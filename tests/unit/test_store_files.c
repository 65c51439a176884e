/* test_store_files.c - files that are not ours to open, and places where no store can be (C-07). SQLite. */
#include "tests/unit/test_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fault_vfs.h"

static int
setup(void **state)
{
	struct fixture *f = fixture_create("sqlite:%s/ppg.db");

	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

/* ---- C-07: files that are not ours ----------------------------------------------------- */

static void
write_file(const char *path, const void *octets, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, n, f), n);
	fclose(f);
}

static char *
read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct sbuf all = { 0 };
	char buf[4096];
	size_t k;

	assert_non_null(f);
	while ((k = fread(buf, 1, sizeof buf, f)) > 0)
		sbuf_put(&all, buf, k);
	fclose(f);
	*n = all.n;
	return sbuf_take(&all);
}

static void
must_refuse(struct fixture *f, int err, const char *reason)
{
	struct why why = { 0 };
	int got = store_open(&f->cf, &f->store, &why);

	if (got != err || strstr(why.text, reason) == NULL || strstr(why.text, f->path) == NULL ||
	    strchr(why.text, '\n') != NULL)
		fail_msg("%s instead of %s: \"%s\"", err_name(got), err_name(err), why.text);
	assert_null(f->store);
}

/* Refused, and octet for octet as it was. */
static void
must_leave_alone(struct fixture *f, int err, const char *reason)
{
	size_t before_n, after_n;
	char *before = read_file(f->path, &before_n), *after;
	char wal[500];

	must_refuse(f, err, reason);
	after = read_file(f->path, &after_n);
	assert_int_equal(before_n, after_n);
	assert_memory_equal(before, after, before_n);
	snprintf(wal, sizeof wal, "%s-wal", f->path);
	assert_int_equal(access(wal, F_OK), -1);
	free(before);
	free(after);
}

static void
exec_on(const char *path, const char *text)
{
	sqlite3 *sql;

	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sql);
}

static void
other_files_are_left_alone(void **state)
{
	struct fixture *f = *state;
	char junk[5000];
	size_t n;

	memset(junk, 'j', sizeof junk);
	write_file(f->path, junk, sizeof junk);
	must_leave_alone(f, ERR_SYNTAX, "not a database of this program");
	for (n = 1; n < 100; n += 33) {
		write_file(f->path, "SQLite format 3", n < 16 ? n : 16);
		must_leave_alone(f, ERR_SYNTAX, "not a database of this program");
	}
	unlink(f->path);
	exec_on(f->path, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
	must_leave_alone(f, ERR_SYNTAX, "not a database of this program");

	/* Ours, but younger than this program. */
	unlink(f->path);
	fixture_open(f);
	fixture_close(f);
	exec_on(f->path, "PRAGMA user_version=4");
	must_leave_alone(f, ERR_UNSUPPORTED, "schema version 4");
	exec_on(f->path, "PRAGMA user_version=3");
	fixture_open(f);
	fixture_close(f);

	/* An empty file is a start that was cut short. */
	write_file(f->path, "", 0);
	fixture_open(f);
}

static void
places_where_no_store_can_be(void **state)
{
	struct fixture *f = *state;
	char target[200];
	struct why why;

	snprintf(target, sizeof target, "%s/elsewhere.db", f->folder);
	write_file(target, "", 0);
	assert_int_equal(symlink("elsewhere.db", f->path), 0);
	must_refuse(f, ERR_IO, strerror(ELOOP));
	unlink(f->path);
	assert_int_equal(mkdir(f->path, 0700), 0);
	must_refuse(f, ERR_IO, "");
	rmdir(f->path);

	snprintf(f->path, sizeof f->path, "%s/missing/ppg.db", f->folder);
	snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
	must_refuse(f, ERR_IO, strerror(ENOENT));

	f->cf.url = "sqlite:";
	assert_int_equal(store_open(&f->cf, &f->store, &why), ERR_SYNTAX);
	f->cf.url = "oracle://user:secret@example.net";
	assert_int_equal(store_open(&f->cf, &f->store, &why), ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "oracle"));
	assert_null(strstr(why.text, "secret"));
}

/* Without the rights of root, which may write anywhere. */
static void
a_folder_that_cannot_be_written(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	pid_t pid;

	fixture_open(f);
	fixture_close(f);
	assert_int_equal(chmod(f->folder, 0555), 0);
	assert_int_equal(chmod(f->path, 0444), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		struct why why = { 0 };
		int err;

		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(9);
		err = store_open(&f->cf, &f->store, &why);
		_exit(err == ERR_IO && strstr(why.text, strerror(EACCES)) != NULL ? 7 : 8);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0600), 0);
}

static void
one_process_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct store *first;
	struct stat st;

	fixture_open(f);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	first = f->store;
	f->store = NULL;
	must_refuse(f, ERR_BUSY, "in use by another process");
	f->store = first;
	/* The refused one has not taken the locks of the first away. */
	struct store_accept a = accept_one("pi1", "id");
	assert_int_equal(run_accept(f, &a), OK);
}

/* A new file that cannot be filled is taken away again. */
static void
a_start_that_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	unsigned k;

	fault_on();
	for (k = 1; k <= 12; k++) {
		fault_arm(FAULT_WRITE, k, SQLITE_FULL);
		if (k == 1)
			must_refuse(f, ERR_FULL, "full");
		else if (store_open(&f->cf, &f->store, NULL) == OK)
			store_close(&f->store);
		else
			assert_int_equal(access(f->path, F_OK), -1);
		fault_arm(0, 0, 0);
		unlink(f->path);
	}
	fault_off();
}

/* Some pages are overwritten. */
static void
damage(const char *path)
{
	char junk[4096];
	unsigned i;
	int fd;

	memset(junk, 0x5A, sizeof junk);
	assert_true((fd = open(path, O_WRONLY)) >= 0);
	for (i = 4; i < 40; i += 4)
		assert_int_equal(pwrite(fd, junk, sizeof junk, (off_t)i * 4096), sizeof junk);
	close(fd);
}

/*
 * Damage is found after an unclean stop, before anything is written: when the machine was started meanwhile, and
 * in a file that is not the one that was open.
 */
static void
a_damaged_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store_accept a;
	char *octets;
	char id[24];
	unsigned i;
	size_t n;

	fixture_open(f);
	for (i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "push-%u", i);
		a = accept_one("pi1", id);
		assert_int_equal(run_accept(f, &a), OK);
	}
	fixture_close(f);
	exec_on(f->path, "UPDATE state SET clean = 0");
	octets = read_file(f->path, &n);
	exec_on(f->path, "UPDATE state SET opened = 'another boot'");
	damage(f->path);
	must_refuse(f, ERR_IO, "");

	snprintf(f->path, sizeof f->path, "%s/copy.db", f->folder);
	snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
	write_file(f->path, octets, n);
	damage(f->path);
	must_refuse(f, ERR_IO, "");
	free(octets);
}

#define STORE_TEST(f) { #f, f, setup, teardown, NULL }

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(other_files_are_left_alone),
		STORE_TEST(places_where_no_store_can_be),
		STORE_TEST(a_folder_that_cannot_be_written),
		STORE_TEST(one_process_at_a_time),
		STORE_TEST(a_start_that_fails_leaves_nothing),
		STORE_TEST(a_damaged_file_is_refused),
	};

	return cmocka_run_group_tests_name("store, files", tests, NULL, NULL);
}
