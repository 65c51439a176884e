/* print_keys.c - the table of ppgd's configuration keys, for the test that compares it with the manual. */
#include <stdio.h>

#include "ppg/config.h"

int
main(void)
{
	struct sbuf keys = { 0 };

	conf_print_keys(ppg_config_groups, &keys);
	fputs(keys.s, stdout);
	sbuf_done(&keys);
	return 0;
}
