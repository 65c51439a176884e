/* config_fixture.h - a configuration file of ppgd that a test writes and reads, and what is said of it. */
#ifndef TESTS_UNIT_CONFIG_FIXTURE_H
#define TESTS_UNIT_CONFIG_FIXTURE_H

#include "tests/unit/test.h"

#include <unistd.h>

#include "ppg/config.h"

static char path[] = "/tmp/test_config.XXXXXX";
static struct sbuf errors, notices;

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
	sbuf_done(&errors);
	sbuf_done(&notices);
	return unlink(path);
}

/* The file is called X in what tests compare. */
static void
collect(void *arg, int level, const char *line)
{
	struct sbuf *to = level == 2 ? &errors : &notices;
	const char *at;

	while ((at = strstr(line, path)) != NULL) {
		sbuf_put(to, line, (size_t)(at - line));
		sbuf_char(to, 'X');
		line = at + strlen(path);
	}
	sbuf_fmt(to, "%s\n", line);
}

static int
load(const char *text, struct ppg_config **out)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	sbuf_clear(&errors);
	sbuf_clear(&notices);
	sbuf_str(&errors, "");
	sbuf_str(&notices, "");
	return ppg_config_load(path, collect, NULL, out);
}

static struct ppg_config *
good(const char *text)
{
	struct ppg_config *config;

	if (load(text, &config) != OK)
		fail_msg("refused: %s", errors.s);
	return config;
}

#define HASH "$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define PPG "group = ppg\n"
#define PI "group = wap-push-user\nwap-push-user = a\nppg-username = b\nppg-password = \"" HASH "\"\n"
#define SMSC "group = smsc\nsmsc = smpp\nhost = h\nport = 1\nsmsc-username = u\n"
#define PI2 "group = wap-push-user\nwap-push-user = a2\nppg-username = b2\nppg-password = \"" HASH "\"\n"
#define MINIMAL PPG PI SMSC	/* lines 1, 2-5, 6-10 */

#endif
