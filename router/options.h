/* options.h - what the command line of pushrouter asks for. */
#ifndef ROUTER_OPTIONS_H
#define ROUTER_OPTIONS_H

#include "router/pushrouter.h"

enum { OPTIONS_DESTS_MAX = 256, OPTIONS_REGISTERS_MAX = ROUTER_REGISTRATIONS_MAX };

enum router_mode { MODE_NONE, MODE_DECODE, MODE_UDP, MODE_SMSCSIM, MODE_STATE, MODE_DM_SESSION };
enum input_form { INPUT_AUTO, INPUT_SMS, INPUT_WSP };

struct options {
	enum router_mode mode;
	enum input_form form;
	bool json, keep;
	struct router_device dev;
	struct router_path path;	/* decode: every message's */
	struct router_limits limits;
	bool stats;			/* shown at the end */
	const char *registers[OPTIONS_REGISTERS_MAX];
	size_t n_registers;
	const char *clients_file;
	json_t *clients_json;		/* what is in it */
	const char *udp;		/* [ADDR:]PORT */
	int64_t udp_rate;		/* datagrams a second */
	const char *profiles;		/* folder, or NULL */
	const char *url;		/* smscsim */
	const char *handsets, *state;	/* file; number to show */
	const char *dests[OPTIONS_DESTS_MAX];
	size_t n_dests;
	int64_t once, since;		/* once 0: for ever; since -1: not said */
	bool dm, dm_http, dm_xml;	/* sessions of device management; see actions.h */
	const char *dm_ca_file, *dm_cert;
	const char *dm_session;		/* NUMBER[,SERVER] */
	bool fetch, commands;
	const char *fetch_allow;
	json_t *device_dm, *device_info;	/* of the device file */
};

/*
 * OK with everything checked; ERR_SYNTAX and so on with *why; ERR_CLOSED when only help or the
 * version was asked for and printed. Strings point into argv.
 */
int options_read(int argc, char **argv, struct options *o, struct why *why);
void options_done(struct options *o);	/* wipes the device */

/* A file of at most `longest` octets; its text is wiped from memory, it may hold keys. load.c */
int load_json(const char *path, size_t longest, json_t **out, struct why *why);

/* Profiles of o->profiles, each read once. */
struct profile_cache;
struct profile_cache *profile_cache_create(const struct options *o);
void profile_cache_destroy(struct profile_cache **c);
int profile_cache_read(void *cache, const char *name, struct sbuf *out, struct why *why);

/* Returns the exit status. */
int decode_run(struct options *o);
int smscsim_run(struct options *o);
int state_run(struct options *o);
int udp_run(struct options *o);
int dm_session_run(struct options *o);

#endif
