/*
 * test_config_table.c - every key of ppgd's table, written wrong: each mistake is reported in one run, with file,
 * line, group, key and what is allowed; each key without a use gets one notice.
 */
#include "tests/unit/test.h"

#include <unistd.h>

#include "ppg/config.h"

static char path[] = "/tmp/test_config_table.XXXXXX";
static struct sbuf errors, notices, table;

static int
prepare(void **state)
{
	int fd = mkstemp(path);

	close(fd);
	ppg_config_print_keys(&table);
	return fd < 0;
}

static int
clean(void **state)
{
	sbuf_done(&errors);
	sbuf_done(&notices);
	sbuf_done(&table);
	return unlink(path);
}

static void
collect(void *arg, int level, const char *line)
{
	sbuf_fmt(level == 2 ? &errors : &notices, "%s\n", line);
}

static void
load(const char *text)
{
	FILE *f = fopen(path, "w");
	struct ppg_config *config;

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	sbuf_clear(&errors);
	sbuf_clear(&notices);
	sbuf_str(&errors, "");
	sbuf_str(&notices, "");
	assert_int_not_equal(ppg_config_load(path, collect, NULL, &config), OK);
	assert_null(config);
}

/* What the table says is allowed, as the manual has it. */
static void
range_of(const char *group, const char *key, char *out, size_t size)
{
	struct sbuf start = { 0 };
	const char *row;
	unsigned tabs;

	sbuf_fmt(&start, "\n%s\t%s\t", group, key);
	row = strncmp(table.s, start.s + 1, start.n - 1) == 0 ? table.s : strstr(table.s, start.s) + 1;
	for (tabs = 0; tabs < 3; row++)
		tabs += *row == '\t';
	snprintf(out, size, "%.*s", (int)strcspn(row, "\t"), row);
	sbuf_done(&start);
}

/* A value that the row refuses; false when it takes any. */
static bool
put_wrong(const struct conf_key *key, bool too_large, struct sbuf *out)
{
	int64_t i, max = key->max > 0 ? key->max : 1024;

	switch (key->type) {
	case CONF_TEXT:
		for (i = 0; too_large && i <= max; i++)
			sbuf_char(out, 'Z');
		return too_large || key->min > 0;
	case CONF_NUMBER:
	case CONF_SECONDS:
	case CONF_OCTETS:
		if (too_large)
			sbuf_fmt(out, "%lld", (long long)key->max + 1);
		else
			sbuf_str(out, "geheim");
		return true;
	case CONF_BOOL:
	case CONF_WORD:
	case CONF_IGNORED:
		sbuf_str(out, "geheim");
		return true;
	}
	return false;
}

/* "allowed are 1..63 octets", "not in 1..65535", "not a number in 1..65535", "not true or false" */
static void
check_said(const char *group, const struct conf_key *key, unsigned line)
{
	struct sbuf start = { 0 };
	char range[256], *at, *end;

	sbuf_fmt(&start, "%s:%u: group %s, %s: ", path, line, group, key->name);
	at = strstr(key->type == CONF_IGNORED ? notices.s : errors.s, start.s);
	if (at == NULL)
		fail_msg("nothing says %s", start.s);
	at += start.n;
	end = strchr(at, '\n');
	if (key->type == CONF_IGNORED) {
		assert_int_equal(strncmp(at, "is not used here: ", 18), 0);
		assert_true(end - at > 18 + 5);		/* and what to use instead */
	} else {
		range_of(group, key->name, range, sizeof range);
		if (key->type == CONF_TEXT)
			*strchr(range, ' ') = '\0';
		if ((size_t)(end - at) < strlen(range) || strncmp(end - strlen(range), range, strlen(range)) != 0)
			fail_msg("%s%.*s does not end with %s", start.s, (int)(end - at), at, range);
	}
	sbuf_done(&start);
}

static void
check_group(const struct conf_group_def *def, bool too_large)
{
	struct sbuf text = { 0 };
	const struct conf_key *key;
	unsigned line = 1;

	sbuf_fmt(&text, "group = %s\n", def->name);
	for (key = def->keys; key->name != NULL; key++) {
		struct sbuf value = { 0 };

		sbuf_str(&value, "");
		if (put_wrong(key, too_large, &value))
			sbuf_fmt(&text, "%s = %s", key->name, value.s);
		sbuf_char(&text, '\n');
		sbuf_done(&value);
	}
	load(text.s);
	for (key = def->keys; key->name != NULL; key++) {
		struct sbuf value = { 0 };

		line++;
		if (put_wrong(key, too_large, &value))
			check_said(def->name, key, line);
		sbuf_done(&value);
		if (key->flags & CONF_SECRET)
			assert_null(strstr(errors.s, "ZZZZ"));
	}
	sbuf_done(&text);
}

static void
each_key_says_what_is_allowed(void **state)
{
	const struct conf_group_def *def;

	for (def = ppg_config_groups; def->name != NULL; def++) {
		if (def->keys == NULL)
			continue;
		check_group(def, false);
		check_group(def, true);
	}
}

/* A table that is written to be reloaded says so of every group's id. */
static void
ids_are_reloadable_where_their_groups_are(void **state)
{
	const struct conf_group_def *def;
	const struct conf_key *key;

	for (def = ppg_config_groups; def->name != NULL; def++)
		for (key = def->keys; key != NULL && key->name != NULL && def->id_key != NULL; key++)
			if (strcmp(key->name, def->id_key) == 0)
				assert_true(key->flags & CONF_RELOAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_says_what_is_allowed),
		cmocka_unit_test(ids_are_reloadable_where_their_groups_are),
	};

	return cmocka_run_group_tests_name("config_table", tests, prepare, clean);
}
