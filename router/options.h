/* options.h - what the command line of pushrouter asks for. */
#ifndef ROUTER_OPTIONS_H
#define ROUTER_OPTIONS_H

#include "router/pushrouter.h"

enum { OPTIONS_DESTS_MAX = 256 };

enum router_mode { MODE_NONE, MODE_DECODE, MODE_SMSCSIM };
enum input_form { INPUT_AUTO, INPUT_SMS, INPUT_WSP };

struct options {
	enum router_mode mode;
	enum input_form form;
	bool json, keep;
	struct router_device dev;
	struct router_path path;	/* decode: every message's */
	const char *url;		/* smscsim */
	const char *dests[OPTIONS_DESTS_MAX];
	size_t n_dests;
	int64_t once, since;		/* once 0: for ever */
};

/*
 * OK with everything checked; ERR_SYNTAX and so on with *why; ERR_CLOSED when only help or the
 * version was asked for and printed. Strings point into argv. Wipe o->dev with router_device_done.
 */
int options_read(int argc, char **argv, struct options *o, struct why *why);

/* Returns the exit status. */
int decode_run(struct options *o);
int smscsim_run(struct options *o);

#endif
