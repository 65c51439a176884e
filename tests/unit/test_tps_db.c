/* The device database of tps: what is unique, what is forgotten, what is kept together; the file and who may open it. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "contrib/tps/db.h"

struct fixture {
	char folder[64], path[96];
	struct tps_db *db;
};

static struct tps_device
device(const char *id, const char *msisdn, const char *password)
{
	struct tps_device d = { .auth = DM_AUTH_MD5, .require = TPS_REQUIRE_BOTH, .certificate = "sha256:00", .imsi = "001010123456789",
		.profile = "wm5", .server_password = "server-password-1", .server_stamp = 0 };

	snprintf(d.device_id, sizeof d.device_id, "%s", id);
	snprintf(d.msisdn, sizeof d.msisdn, "%s", msisdn);
	snprintf(d.password, sizeof d.password, "%s", password);
	snprintf(d.user, sizeof d.user, "u-%s", id);
	dm_nonce_make(&d.client_nonce);
	dm_nonce_make(&d.server_nonce);
	return d;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct why why;

	snprintf(f->folder, sizeof f->folder, "/tmp/openppg-tps-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/tps.db", f->folder);
	assert_int_equal(tps_db_open(f->path, &f->db, &why), OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char more[128];

	tps_db_close(&f->db);
	unlink(f->path);
	snprintf(more, sizeof more, "%s-wal", f->path);
	unlink(more);
	snprintf(more, sizeof more, "%s-shm", f->path);
	unlink(more);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void
devices(void **state)
{
	struct fixture *f = *state;
	struct tps_device a = device("IMEI:1", "+12025550101", "password-1"), found;
	static const struct {
		const char *id, *msisdn, *password, *why;
	} rows[] = {
		{ "IMEI:1", "+12025550102", "password-2", "is there already" },
		{ "IMEI:2", "+12025550101", "password-2", "that number already" },
		{ "IMEI:2", "+12025550102", "password-1", "that password already" },
	};
	static const char *const names[] = { "IMEI:1", "+12025550101", "12025550101", "u-IMEI:1" };
	struct why why;
	size_t i;

	assert_int_equal(tps_device_add(f->db, &a, &why), OK);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tps_device b = device(rows[i].id, rows[i].msisdn, rows[i].password);

		assert_int_equal(tps_device_add(f->db, &b, &why), ERR_EXISTS);
		assert_non_null(strstr(why.text, rows[i].why));
		assert_null(strstr(why.text, "password-1"));
	}
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(tps_device_find(f->db, names[i], &found, &why), OK);
		/* all of it comes back; the session id is random at first */
		assert_in_range(found.session_id, 1, 65535);
		found.session_id = a.session_id;
		assert_string_equal(found.device_id, a.device_id);
		assert_string_equal(found.imsi, a.imsi);
		assert_string_equal(found.profile, a.profile);
		assert_string_equal(found.password, "password-1");
		assert_string_equal(found.server_password, a.server_password);
		assert_string_equal(found.certificate, a.certificate);
		assert_string_equal(found.hash_md5, a.hash_md5);
		assert_string_equal(found.hash_sha256, a.hash_sha256);
		assert_int_equal(found.require, TPS_REQUIRE_BOTH);
		assert_memory_equal(&found.client_nonce, &a.client_nonce, sizeof a.client_nonce);
		assert_memory_equal(&found.server_nonce, &a.server_nonce, sizeof a.server_nonce);
	}
	assert_int_equal(tps_device_find(f->db, "IMEI:3", &found, &why), ERR_NOT_FOUND);
	/* devices without a number do not stand in each other's way */
	for (i = 0; i < 2; i++) {
		struct tps_device c = device(i ? "IMEI:5" : "IMEI:4", "", i ? "password-5" : "password-4");

		assert_int_equal(tps_device_add(f->db, &c, &why), OK);
	}
}

/* The password goes where hashes are enough, and stays where it is the key; it is still known to be taken. */
static void
sealing(void **state)
{
	static const struct { enum dm_auth auth; bool stays; } rows[] = {
		{ DM_AUTH_MD5, false }, { DM_AUTH_SHA256, false }, { DM_AUTH_HMAC_MD5, false },
		{ DM_AUTH_HMAC_SHA256, true }, { DM_AUTH_BASIC, true },
	};
	struct fixture *f = *state;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char id[16], password[16];
		struct tps_device d, found, other;

		snprintf(id, sizeof id, "IMEI:%zu", i);
		snprintf(password, sizeof password, "password-%zu", i);
		d = device(id, "", password);
		d.auth = rows[i].auth;
		assert_int_equal(tps_device_add(f->db, &d, &why), OK);
		assert_int_equal(tps_device_seal(f->db, &d, &why), OK);
		assert_int_equal(tps_device_by_id(f->db, id, &found, &why), OK);
		assert_string_equal(found.password, rows[i].stays ? password : "");
		assert_string_equal(found.hash_md5, d.hash_md5);
		other = device("IMEI:other", "", password);
		assert_int_equal(tps_device_add(f->db, &other, &why), ERR_EXISTS);
		assert_int_equal(tps_device_set_password(f->db, &found, "a-new-password", &why), OK);
		assert_int_equal(tps_device_by_id(f->db, id, &other, &why), OK);
		assert_string_equal(other.password, "a-new-password");
		assert_string_not_equal(other.hash_md5, d.hash_md5);
		assert_int_equal(tps_device_remove(f->db, other.id, &why), OK);
	}
}

static void
session_ids(void **state)
{
	struct fixture *f = *state;
	struct tps_device d = device("IMEI:1", "", "password-1");
	unsigned i, last;
	struct why why;

	assert_int_equal(tps_device_add(f->db, &d, &why), OK);
	assert_int_equal(tps_db_begin(f->db, &why), OK);
	assert_int_equal(tps_device_next_session(f->db, &d, &why), OK);
	for (i = 0; i < 65535; i++) {
		last = d.session_id;
		assert_int_equal(tps_device_next_session(f->db, &d, &why), OK);
		assert_int_equal(d.session_id, last == 65535 ? 1 : last + 1);
	}
	assert_int_equal(tps_db_end(f->db, &why), OK);
}

static void
macs(void **state)
{
	struct fixture *f = *state;
	struct why why;

	clock_fake(1700000000000);
	assert_int_equal(tps_device_add_mac(f->db, 1, "mac", 600, &why), OK);
	assert_int_equal(tps_device_add_mac(f->db, 1, "mac", 600, &why), ERR_EXISTS);
	assert_int_equal(tps_device_add_mac(f->db, 2, "mac", 600, &why), OK);
	clock_fake_advance(599 * 1000);
	assert_int_equal(tps_device_add_mac(f->db, 1, "mac", 600, &why), ERR_EXISTS);
	clock_fake_advance(2 * 1000);
	assert_int_equal(tps_device_add_mac(f->db, 1, "mac", 600, &why), OK);
	clock_real();
}

static void
count_push(void *arg, const struct tps_push *p)
{
	++*(unsigned *)arg;
}

static void
count_command(void *arg, const struct tps_command *c)
{
	++*(unsigned *)arg;
}

static void
count_event(void *arg, int64_t at, const char *kind, const char *text)
{
	++*(unsigned *)arg;
}

/* What only grows is cut: the oldest go. */
static void
forgotten(void **state)
{
	struct fixture *f = *state;
	unsigned i, n = 0;
	struct why why;

	assert_int_equal(tps_db_begin(f->db, &why), OK);
	for (i = 0; i < 1010; i++) {
		struct tps_push p = { .device = 1, .what = "apn", .address = "a" };
		struct tps_command c = { .device = 1, .verb = "get", .uri = "./a" };

		snprintf(p.push_id, sizeof p.push_id, "%u", i);
		assert_int_equal(tps_push_add(f->db, &p, &why), OK);
		assert_int_equal(tps_command_add(f->db, &c, 10, &why), OK);
		if (i >= 3)		/* the first ones wait */
			assert_int_equal(tps_command_finish(f->db, c.id, 200, &why), OK);
		assert_int_equal(tps_event_add(f->db, 1, "alert", "x", &why), OK);
	}
	assert_int_equal(tps_db_end(f->db, &why), OK);
	assert_int_equal(tps_push_each(f->db, 1, 5000, count_push, &n, &why), OK);
	assert_int_equal(n, 1000);
	n = 0;
	assert_int_equal(tps_command_each(f->db, 1, 5000, count_command, &n, &why), OK);
	assert_int_equal(n, 1003);
	n = 0;
	assert_int_equal(tps_event_each(f->db, 1, 5000, count_event, &n, &why), OK);
	assert_int_equal(n, 100);
}

static void
full(void **state)
{
	struct fixture *f = *state;
	struct tps_command c = { .device = 1, .verb = "get", .uri = "./a" };
	uint8_t *large = calloc(1, 3 << 20);
	struct why why;
	unsigned i;

	for (i = 0; i < 3; i++)
		assert_int_equal(tps_command_add(f->db, &c, 3, &why), OK);
	assert_int_equal(tps_command_add(f->db, &c, 3, &why), ERR_FULL);
	assert_int_equal(tps_result_set(f->db, 1, "./a", "chr", span_str("x"), 2, &why), OK);
	assert_int_equal(tps_result_set(f->db, 1, "./b", NULL, span_of(NULL, 0), 2, &why), OK);
	assert_int_equal(tps_result_set(f->db, 1, "./c", NULL, span_str("x"), 2, &why), ERR_FULL);
	assert_int_equal(tps_result_set(f->db, 1, "./a", NULL, span_of(large, 3 << 20), 2, &why), OK);
	assert_int_equal(tps_result_set(f->db, 1, "./b", NULL, span_of(large, 3 << 20), 2, &why), ERR_FULL);
	free(large);
}

/* A part that fails takes back what it did, and nothing else; all of it is there with the end, or nothing is. */
static void
whole(void **state)
{
	struct fixture *f = *state;
	struct tps_device a = device("IMEI:1", "", "password-1"), b = device("IMEI:1", "", "password-2"), found;
	struct tps_db *other;
	struct why why;

	assert_int_equal(tps_db_open(f->path, &other, &why), OK);
	assert_int_equal(tps_db_begin(f->db, &why), OK);
	assert_int_equal(tps_device_add(f->db, &a, &why), OK);
	assert_int_equal(tps_device_add(f->db, &b, &why), ERR_EXISTS);
	assert_int_equal(tps_event_add(f->db, a.id, "alert", "x", &why), OK);
	assert_int_equal(tps_device_by_id(other, "IMEI:1", &found, &why), ERR_NOT_FOUND);
	assert_int_equal(tps_db_end(f->db, &why), OK);
	assert_int_equal(tps_device_by_id(other, "IMEI:1", &found, &why), OK);
	assert_string_equal(found.password, "password-1");
	tps_db_close(&other);
}

/* Waits for its turn, adds a device, and is gone; without knowing what SQLite in the parent knows. */
static pid_t
command_line(const char *path, const char *id, const char *password, int turn)
{
	struct tps_device d = device(id, "", password);
	struct tps_db *db;
	struct why why;
	pid_t child = fork();
	char c;

	assert_true(child >= 0);
	if (child > 0)
		return child;
	if (read(turn, &c, 1) != 1 || tps_db_open(path, &db, &why) != OK || tps_device_add(db, &d, &why) != OK)
		_exit(1);
	tps_db_close(&db);
	_exit(0);
}

/* Command lines come and go beside a server with two handles: both handles see what each of them wrote. */
static void
handles(void **state)
{
	static const char *const ids[] = { "IMEI:1", "IMEI:2" };
	struct fixture *f = *state;
	struct tps_device found;
	struct tps_db *second;
	struct why why;
	int turn[2][2], status, i;
	pid_t child[2];

	tps_db_close(&f->db);
	for (i = 0; i < 2; i++) {
		assert_int_equal(pipe(turn[i]), 0);
		child[i] = command_line(f->path, ids[i], i ? "password-2" : "password-1", turn[i][0]);
	}
	assert_int_equal(tps_db_open(f->path, &f->db, &why), OK);
	assert_int_equal(tps_db_open(f->path, &second, &why), OK);
	for (i = 0; i < 2; i++) {
		assert_int_equal(write(turn[i][1], "", 1), 1);
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
		assert_int_equal(tps_device_by_id(f->db, ids[i], &found, &why), OK);
		assert_int_equal(tps_device_by_id(second, ids[i], &found, &why), OK);
		close(turn[i][0]);
		close(turn[i][1]);
	}
	tps_db_close(&second);
}

static void
the_file(void **state)
{
	struct fixture *f = *state;
	struct tps_db *db = NULL;
	struct stat st;
	sqlite3 *raw;
	struct why why;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	tps_db_close(&f->db);
	assert_int_equal(chmod(f->path, 0644), 0);
	assert_int_equal(tps_db_open(f->path, &f->db, &why), OK);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	tps_db_close(&f->db);
	/* one of a later program is left alone */
	assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	assert_int_equal(tps_db_open(f->path, &db, &why), ERR_UNSUPPORTED);
	assert_null(db);
	assert_non_null(strstr(why.text, "version 2"));
	assert_int_equal(tps_db_open("/nonexistent/tps.db", &db, &why), ERR_IO);
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(truncate(f->path, 4096), 0);
	assert_int_not_equal(tps_db_open(f->path, &db, &why), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(devices, setup, teardown), cmocka_unit_test_setup_teardown(sealing, setup, teardown),
		cmocka_unit_test_setup_teardown(session_ids, setup, teardown), cmocka_unit_test_setup_teardown(macs, setup, teardown),
		cmocka_unit_test_setup_teardown(forgotten, setup, teardown), cmocka_unit_test_setup_teardown(full, setup, teardown),
		cmocka_unit_test_setup_teardown(whole, setup, teardown), cmocka_unit_test_setup_teardown(handles, setup, teardown),
		cmocka_unit_test_setup_teardown(the_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
