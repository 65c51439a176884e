/*
 * fuzz_conf.c - configuration texts against the tables of ppgd.
 * One that is accepted is accepted again in its printed form, and printed the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ppg/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
count(void *arg, int level, const char *line)
{
	if (strlen(line) > 1023)
		abort();
	if (level == 2)
		++*(unsigned *)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sbuf once = { 0 }, twice = { 0 };
	struct conf *conf;
	unsigned errors = 0;
	int err = conf_load_text("fuzz", span_of(data, n), ppg_config_groups, count, &errors, &conf);

	if ((err == OK) != (errors == 0) || (err == OK) != (conf != NULL))
		abort();
	if (err != OK)
		return 0;
	conf_print(conf, &once);
	conf_free(&conf);
	/* Hidden passwords may have made a URL too long to be read again. */
	if (conf_load_text("again", sbuf_as_span(&once), ppg_config_groups, count, &errors, &conf) == OK) {
		conf_print(conf, &twice);
		if (!span_eq(sbuf_as_span(&once), sbuf_as_span(&twice)))
			abort();
		conf_free(&conf);
	} else if (strstr(once.s, "***") == NULL) {
		abort();
	}
	sbuf_done(&once);
	sbuf_done(&twice);
	return 0;
}
