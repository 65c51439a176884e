/* test_config_diff.c - what a reload finds changed: which groups, which keys, and what needs a restart. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "ppg/config.h"

static char path[] = "/tmp/test_config_diff.XXXXXX";
static struct sbuf said;

static int
make_file(void **state)
{
	int fd = mkstemp(path);

	close(fd);
	return fd < 0;
}

static int
remove_file(void **state)
{
	sbuf_done(&said);
	return unlink(path);
}

/* "0 X:3: ..." a line; the file is called X. */
static void
collect(void *arg, int level, const char *line)
{
	const char *at;

	sbuf_fmt(&said, "%d ", level);
	while ((at = strstr(line, path)) != NULL) {
		sbuf_put(&said, line, (size_t)(at - line));
		sbuf_char(&said, 'X');
		line = at + strlen(path);
	}
	sbuf_fmt(&said, "%s\n", line);
}

static void
fail_on_error(void *arg, int level, const char *line)
{
	if (level == 2)
		fail_msg("%s", line);
}

static struct ppg_config *
load(const char *text)
{
	FILE *f = fopen(path, "w");
	struct ppg_config *config;

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(ppg_config_load(path, fail_on_error, NULL, &config), OK);
	return config;
}

#define PPG "group = ppg\n"
#define PI "group = wap-push-user\nwap-push-user = a\nppg-username = b\nppg-password = geheim1\n"
#define PI2 "group = wap-push-user\nwap-push-user = a2\nppg-username = b2\nppg-password = geheim2\n"
#define SMSC "group = smsc\nsmsc = smpp\nhost = h\nport = 1\nsmsc-username = u\n"
#define NAMED "group = smsc\nsmsc = smpp\nhost = h\nport = 2\nsmsc-username = u\nsmsc-id = n\n"
#define ADMIN "group = admin\nport = 81\ntoken = geheim3\n"

enum { CORE = 1, GATE = 2, USERS = 4, LINKS = 8, STORE = 16, ADMIN_PORT = 32 };

static const struct {
	const char *old, *fresh;
	unsigned areas, restart;
	const char *says;
} rows[] = {
	{ PPG PI SMSC, PPG PI SMSC, 0, 0, "" },
	/* the order, the form and the place of things mean nothing */
	{ PPG PI SMSC NAMED ADMIN, ADMIN NAMED "\n\n" PPG SMSC PI, 0, 0, "" },
	{ PPG "max-age = 2d\nmax-body = 1M\n" PI SMSC, PPG "max-body = 1024K\nmax-age = 48h\n" PI SMSC, 0, 0, "" },
	{ PPG PI SMSC, PPG "ppg-port = 8080\n" PI SMSC "group = core\nlog-level = 1\n", 0, 0, "" },
	{ PPG PI SMSC, PPG "users = 7\n" PI SMSC "group = smsbox\n", 0, 0, "" },
	/* taken */
	{ PPG PI SMSC, PPG "max-age = 1h\n" PI SMSC, GATE, 0, "0 X:2: group ppg, max-age: 1h instead of 2d\n" },
	{ PPG "max-age = 1h\n" PI SMSC, PPG PI SMSC, GATE, 0, "0 X:1: group ppg, max-age: 2d instead of 1h\n" },
	{ PPG PI SMSC, PPG "notify-allow = \"\"\n" PI SMSC, GATE | USERS, 0,
	  "0 X:2: group ppg, notify-allow: an empty value instead of no value\n" },
	{ PPG "global-sender = 1\n" PI SMSC, PPG "global-sender = 2\n" PI SMSC, GATE | LINKS, 0,
	  "0 X:2: group ppg, global-sender: 2 instead of 1\n" },
	{ PPG PI SMSC, PPG "trusted-pi = yes\n" PI SMSC, GATE | USERS, 0,
	  "0 X:2: group ppg, trusted-pi: yes instead of false\n" },
	{ PPG PI SMSC, PPG PI SMSC "group = core\nlog-level = 0\n", CORE, 0,
	  "0 X:12: group core, log-level: 0 instead of 1\n" },
	{ PPG PI SMSC "group = core\nlog-level = 0\n", PPG PI SMSC, CORE, 0,
	  "0 X:12: group core, log-level: 1 instead of 0\n" },
	/* secrets */
	{ PPG PI SMSC ADMIN, PPG "group = wap-push-user\nwap-push-user = a\nppg-username = b\nppg-password = geheim4\n"
	  SMSC "smsc-password = geheim5\ngroup = admin\nport = 81\ntoken = geheim6\n", USERS | LINKS | ADMIN_PORT, 0,
	  "0 X:5: group wap-push-user, ppg-password: another value\n"
	  "0 X:11: group smsc, smsc-password: another value\n"
	  "0 X:14: group admin, token: another value\n" },
	/* groups that come, go and change */
	{ PPG PI SMSC, PPG PI PI2 SMSC, USERS, 0, "0 X:6: group wap-push-user: is new\n" },
	{ PPG PI PI2 SMSC, PPG PI2 SMSC, USERS, 0, "0 X:2: group wap-push-user: is no more\n" },
	{ PPG PI SMSC, PPG PI NAMED SMSC, LINKS, 0, "0 X:6: group smsc: is new\n" },
	{ PPG PI SMSC NAMED, PPG PI NAMED "throughput = 20\n", LINKS, 0,
	  "0 X:6: group smsc: is no more\n0 X:12: group smsc, throughput: 20 instead of 0\n" },
	{ PPG PI NAMED, PPG PI SMSC "smsc-id = m\n", LINKS, 0,
	  "0 X:6: group smsc: is no more\n0 X:6: group smsc: is new\n" },
	/* links without a name are matched by their order */
	{ PPG PI SMSC NAMED "group = smsc\nsmsc = smpp\nhost = h3\nport = 3\nsmsc-username = u\n",
	  PPG PI SMSC "group = smsc\nsmsc = smpp\nhost = h3\nport = 4\nsmsc-username = u\n" NAMED, LINKS, 0,
	  "0 X:14: group smsc, port: 4 instead of 3\n" },
	/* not taken */
	{ PPG PI SMSC, PPG "ppg-port = 8081\nmax-age = 1h\nppg-url = /push\n" PI SMSC, GATE, 2,
	  "1 X:2: group ppg, ppg-port: 8081 instead of 8080 needs a restart\n"
	  "1 X:4: group ppg, ppg-url: /push instead of /wappush needs a restart\n"
	  "0 X:3: group ppg, max-age: 1h instead of 2d\n" },
	{ PPG PI SMSC, PPG PI SMSC "group = store\nretention = 1h\n", 0, 1,
	  "1 X:12: group store, retention: 1h instead of 7d needs a restart\n" },
	{ PPG PI SMSC, PPG PI SMSC "group = store\nurl = sqlite:other.db\n", 0, 1,
	  "1 X:12: group store, url: another value needs a restart\n" },
	{ PPG PI SMSC ADMIN, PPG PI SMSC, ADMIN_PORT, 1,
	  "1 X:12: group admin, port: no value instead of 81 needs a restart\n"
	  "0 X:13: group admin, token: another value\n" },
};

static unsigned
areas_of(const struct ppg_changes *c)
{
	return (c->core ? CORE : 0) | (c->ppg ? GATE : 0) | (c->initiators ? USERS : 0) | (c->links ? LINKS : 0) |
	    (c->store ? STORE : 0) | (c->admin ? ADMIN_PORT : 0);
}

static void
each_change_is_found(void **state)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ppg_config *old = load(rows[i].old), *fresh = load(rows[i].fresh);
		struct ppg_changes changes, quiet;

		sbuf_clear(&said);
		sbuf_str(&said, "");
		ppg_config_changes(old, fresh, collect, NULL, &changes);
		/* Keys come in the order of the table. */
		if (strcmp(said.s, rows[i].says) != 0)
			fail_msg("row %zu: %s", i, said.s);
		if (areas_of(&changes) != rows[i].areas || changes.restart != rows[i].restart)
			fail_msg("row %zu: areas %u, %u to restart", i, areas_of(&changes), changes.restart);
		ppg_config_changes(old, fresh, NULL, NULL, &quiet);
		assert_int_equal(areas_of(&quiet), rows[i].areas);
		assert_null(strstr(said.s, "geheim"));
		ppg_config_free(&old);
		ppg_config_free(&fresh);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_found),
	};

	return cmocka_run_group_tests_name("config_diff", tests, make_file, remove_file);
}
