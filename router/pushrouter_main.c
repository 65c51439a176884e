/*
 * pushrouter_main.c - pushrouter: what a device does with the pushes it gets, and why.
 * Exit status: 0 all were accepted, 1 one was not, 2 wrong use.
 */
#include <stdio.h>
#include <string.h>

#include "router/options.h"

/* Other users of the machine need not see keys in the list of processes. */
static void
hide_secrets(int argc, char **argv)
{
	static const char *const secret[] = { "--imsi", "--pin" };
	int i;
	size_t k;

	for (i = 1; i < argc; i++) {
		for (k = 0; k < sizeof secret / sizeof secret[0]; k++) {
			size_t n = strlen(secret[k]);

			if (strncmp(argv[i], secret[k], n) != 0)
				continue;
			if (argv[i][n] == '=')
				memset(argv[i] + n + 1, '*', strlen(argv[i] + n + 1));
			else if (argv[i][n] == '\0' && i + 1 < argc)
				memset(argv[i + 1], '*', strlen(argv[i + 1]));
		}
	}
}

static int
run(struct options *o)
{
	switch (o->mode) {
	case MODE_DECODE:
		return decode_run(o);
	case MODE_UDP:
		return udp_run(o);
	case MODE_SMSCSIM:
		return smscsim_run(o);
	case MODE_STATE:
		return state_run(o);
	case MODE_DM_SESSION:
		return dm_session_run(o);
	case MODE_NONE:
		break;
	}
	return 2;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct why why = { 0 };
	int status, err = options_read(argc, argv, &o, &why);

	hide_secrets(argc, argv);
	if (err == ERR_CLOSED)
		return 0;
	if (err != OK) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
		return 2;
	}
	status = run(&o);
	options_done(&o);
	return status;
}
