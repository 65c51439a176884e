/* options.c - the command line of pushrouter, see doc/pushrouter.1. */
#include "router/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile_dir.h"
#include "base/text.h"
#include "config.h"

static const char usage[] =
    "usage: pushrouter --decode [options]          hexadecimal messages on standard input\n"
    "       pushrouter --udp [[ADDR:]PORT] [options]   datagrams of an IP bearer (port 2948)\n"
    "       pushrouter --smscsim URL [options]     messages that an SMSC simulator delivers\n"
    "       pushrouter --handsets FILE --state MSISDN  a simulated handset as JSON\n"
    "       pushrouter --handsets FILE --dm-session MSISDN[,SERVER]   a session with a DM server\n"
    "\n"
    "  --json                  one JSON object a message\n"
    "  --profile NAME          device profile: a name, or a file with a / in it (wm5)\n"
    "  --profiles FOLDER       where device profiles are\n"
    "  --device FILE           device as JSON: profile, policies, proxies, imsi, pins, ...\n"
    "  --policy ID=VALUE       one policy of the device, decimal or 0x hexadecimal\n"
    "  --proxy ADDR[,trust][,push]   a push proxy the device knows\n"
    "  --provurl URL           the device's provisioning server\n"
    "  --imsi N                network key of the device\n"
    "  --pin N                 a PIN that the user types; several are typed in turn\n"
    "  --consent yes|no        what the user answers when asked (yes)\n"
    "  --register 'TYPE[;app=ID]=exec:CMD|shell:CMD|unix:PATH|file:DIR'   who gets the content\n"
    "  --clients FILE          such clients as JSON\n"
    "  --own-clients yes|no    has the device clients that its profile names (yes)\n"
    "  --incomplete-max N      messages that wait for parts (1000)\n"
    "  --incomplete-time S     how long they wait (600)\n"
    "  --stats                 counters as JSON on standard error at the end; SIGUSR1: now\n"
    "decode:\n"
    "  --from ADDR             sender of the messages\n"
    "  --from-ton international|national|alphanumeric|unknown\n"
    "  --bearer sms|ip\n"
    "  --as auto|sms|wsp       what a line is: UDH and user data, or a WSP PDU (auto)\n"
    "  --keep                  what a message changes of the device holds for later ones\n"
    "udp:\n"
    "  --rate N                datagrams a second, what is above is dropped (1000)\n"
    "  --once N                leave after N datagrams\n"
    "udp and smscsim:\n"
    "  --dm                    hold sessions with DM servers\n"
    "  --dm-ca-file FILE       authorities of servers, PEM (those of the system)\n"
    "  --dm-cert FILE          certificate and key of the handsets, PEM\n"
    "  --dm-form wbxml|xml     form of their messages (wbxml)\n"
    "  --dm-http               without TLS to other machines, too\n"
    "  --fetch                 load what service loading messages name\n"
    "  --fetch-allow LIST      inner addresses that may be loaded from, \"127.0.0.0/8;10.0.0.1\"\n"
    "  --commands              read \"dm NUMBER [SERVER]\" lines from standard input: begin a session\n"
    "smscsim:\n"
    "  --handsets FILE         handsets as JSON; what messages change of them is written there\n"
    "  --dest MSISDN           only this handset; may be repeated\n"
    "  --since N               messages after this number\n"
    "  --once N                leave after N messages\n";

enum {
	OPT_AS = 256, OPT_BEARER, OPT_CLIENTS, OPT_COMMANDS, OPT_CONSENT, OPT_DECODE, OPT_DEST, OPT_DEVICE, OPT_DM,
	OPT_DM_CA_FILE, OPT_DM_CERT, OPT_DM_FORM, OPT_DM_HTTP, OPT_DM_SESSION, OPT_FETCH, OPT_FETCH_ALLOW, OPT_FROM,
	OPT_FROM_TON, OPT_HANDSETS, OPT_HELP, OPT_IMSI, OPT_INCOMPLETE_MAX, OPT_INCOMPLETE_TIME, OPT_JSON,
	OPT_KEEP, OPT_ONCE, OPT_OWN_CLIENTS, OPT_PIN, OPT_POLICY, OPT_PROFILE, OPT_PROFILES, OPT_PROVURL,
	OPT_PROXY, OPT_RATE, OPT_REGISTER, OPT_SINCE, OPT_SMSCSIM, OPT_STATE, OPT_STATS, OPT_UDP, OPT_VERSION
};

static const struct option long_options[] = {
	{ "as",              required_argument, NULL, OPT_AS },
	{ "bearer",          required_argument, NULL, OPT_BEARER },
	{ "clients",         required_argument, NULL, OPT_CLIENTS },
	{ "commands",        no_argument,       NULL, OPT_COMMANDS },
	{ "consent",         required_argument, NULL, OPT_CONSENT },
	{ "decode",          no_argument,       NULL, OPT_DECODE },
	{ "dest",            required_argument, NULL, OPT_DEST },
	{ "device",          required_argument, NULL, OPT_DEVICE },
	{ "dm",              no_argument,       NULL, OPT_DM },
	{ "dm-ca-file",      required_argument, NULL, OPT_DM_CA_FILE },
	{ "dm-cert",         required_argument, NULL, OPT_DM_CERT },
	{ "dm-form",         required_argument, NULL, OPT_DM_FORM },
	{ "dm-http",         no_argument,       NULL, OPT_DM_HTTP },
	{ "dm-session",      required_argument, NULL, OPT_DM_SESSION },
	{ "fetch",           no_argument,       NULL, OPT_FETCH },
	{ "fetch-allow",     required_argument, NULL, OPT_FETCH_ALLOW },
	{ "from",            required_argument, NULL, OPT_FROM },
	{ "from-ton",        required_argument, NULL, OPT_FROM_TON },
	{ "handsets",        required_argument, NULL, OPT_HANDSETS },
	{ "help",            no_argument,       NULL, OPT_HELP },
	{ "imsi",            required_argument, NULL, OPT_IMSI },
	{ "incomplete-max",  required_argument, NULL, OPT_INCOMPLETE_MAX },
	{ "incomplete-time", required_argument, NULL, OPT_INCOMPLETE_TIME },
	{ "json",            no_argument,       NULL, OPT_JSON },
	{ "keep",            no_argument,       NULL, OPT_KEEP },
	{ "once",            required_argument, NULL, OPT_ONCE },
	{ "own-clients",     required_argument, NULL, OPT_OWN_CLIENTS },
	{ "pin",             required_argument, NULL, OPT_PIN },
	{ "policy",          required_argument, NULL, OPT_POLICY },
	{ "profile",         required_argument, NULL, OPT_PROFILE },
	{ "profiles",        required_argument, NULL, OPT_PROFILES },
	{ "provurl",         required_argument, NULL, OPT_PROVURL },
	{ "proxy",           required_argument, NULL, OPT_PROXY },
	{ "rate",            required_argument, NULL, OPT_RATE },
	{ "register",        required_argument, NULL, OPT_REGISTER },
	{ "since",           required_argument, NULL, OPT_SINCE },
	{ "smscsim",         required_argument, NULL, OPT_SMSCSIM },
	{ "state",           required_argument, NULL, OPT_STATE },
	{ "stats",           no_argument,       NULL, OPT_STATS },
	{ "udp",             optional_argument, NULL, OPT_UDP },
	{ "version",         no_argument,       NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

/* ---- device files ------------------------------------------------------------------------------ */

static int
load_device(const char *path, const struct policy_files *files, struct options *o, struct why *why)
{
	struct sbuf text = { 0 };
	json_t *obj = NULL;
	int err = files->read(files->arg, path, &text, why);

	if (err == OK) {
		obj = json_read(sbuf_as_span(&text), why);
		err = obj ? router_device_from_json(obj, files, &o->dev, why) : ERR_SYNTAX;
		o->device_dm = json_incref(json_object_get(obj, "dm"));
		o->device_info = json_incref(json_object_get(obj, "dm_info"));
		if (err != OK)
			why_prefix(why, "%.100s", path);
	}
	json_decref(obj);
	if (text.s != NULL)
		explicit_bzero(text.s, text.n);
	sbuf_done(&text);
	return err;
}

/* ---- values --------------------------------------------------------------------------------------- */

/* Index of a word in "a|b|c". */
static int
word_index(const char *option, const char *words, const char *text, int *out, struct why *why)
{
	const char *p = words;
	int i;

	for (i = 0; ; i++) {
		size_t n = strcspn(p, "|");

		if (strlen(text) == n && strncmp(p, text, n) == 0) {
			*out = i;
			return OK;
		}
		if (p[n] == '\0')
			return why_set(why, ERR_SYNTAX, "--%s: one of %s is expected", option, words);
		p += n + 1;
	}
}

static int
number(const char *option, const char *text, int64_t min, int64_t *out, struct why *why)
{
	return text_number(text, min, INT64_MAX, out) == OK ? OK :
	    why_set(why, ERR_SYNTAX, "--%s: a number from %d on is expected", option, (int)min);
}

static int
set_policy(struct router_device *dev, const char *text, struct why *why)
{
	const char *eq = strchr(text, '=');
	char id_text[16];
	uint32_t value;
	int64_t id;
	int err;

	if (eq == NULL ||
	    span_to_cstr(span_of(text, (size_t)(eq - text)), id_text, sizeof id_text) != OK ||
	    text_number(id_text, 0, UINT32_MAX, &id) != OK)
		return why_set(why, ERR_SYNTAX, "--policy: ID=VALUE is expected");
	err = policy_value_parse((uint32_t)id, eq + 1, &value, why);
	return err == OK ? policy_set(&dev->policy, (uint32_t)id, value, why) : err;
}

static int
add_proxy(struct policy_device *dev, const char *text, struct why *why)
{
	struct policy_proxy *p = &dev->proxies[dev->n_proxies];
	size_t n = strcspn(text, ",");

	if (dev->n_proxies == POLICY_PROXIES_MAX)
		return why_set(why, ERR_LIMIT, "--proxy: at most %d", POLICY_PROXIES_MAX);
	*p = (struct policy_proxy){ 0 };
	if (n == 0 || span_to_cstr(span_of(text, n), p->address, sizeof p->address) != OK)
		return why_set(why, ERR_SYNTAX, "--proxy: an address of at most %zu characters is "
		    "expected", sizeof p->address - 1);
	for (text += n; *text == ','; text += n) {
		n = strcspn(++text, ",");
		if (n == 5 && strncmp(text, "trust", n) == 0)
			p->trust = true;
		else if (n == 4 && strncmp(text, "push", n) == 0)
			p->push = p->logical_push = true;
		else
			return why_set(why, ERR_SYNTAX, "--proxy: only trust and push may follow the address");
	}
	p->ipv4 = strchr(p->address, '.') != NULL;
	snprintf(p->id, sizeof p->id, "proxy%zu", ++dev->n_proxies);
	return OK;
}

static int
set_provurl(struct policy_device *dev, const char *text, struct why *why)
{
	return span_to_cstr(span_str(text), dev->provurl, sizeof dev->provurl) == OK ? OK :
	    why_set(why, ERR_LIMIT, "--provurl: at most %zu characters", sizeof dev->provurl - 1);
}

/* ---- the command line ------------------------------------------------------------------------------ */

/* Which device is meant decides what the other options change, so these come first. */
static int
choose_device(const char *profile, const char *file, const char *folder, struct options *o, struct why *why)
{
	struct profile_dir dir;
	const struct policy_files files = { profile_dir_read, &dir };

	profile_dir_find(&dir, folder);
	if (profile != NULL && file != NULL)
		return why_set(why, ERR_SYNTAX, "--profile and --device exclude each other");
	return file ? load_device(file, &files, o, why) :
	    router_device_init(&o->dev, profile ? profile : "wm5", &files, why);
}

static int
set_mode(struct options *o, enum router_mode mode, struct why *why)
{
	if (o->mode != MODE_NONE && o->mode != mode)
		return why_set(why, ERR_SYNTAX, "--decode, --udp and --smscsim exclude each other");
	o->mode = mode;
	return OK;
}

static int
add_dest(struct options *o, const char *dest, struct why *why)
{
	if (o->n_dests == OPTIONS_DESTS_MAX)
		return why_set(why, ERR_LIMIT, "--dest: at most %d", OPTIONS_DESTS_MAX);
	o->dests[o->n_dests++] = dest;
	return OK;
}

static int
add_register(struct options *o, const char *text, struct why *why)
{
	if (o->n_registers == OPTIONS_REGISTERS_MAX)
		return why_set(why, ERR_LIMIT, "--register: at most %d", OPTIONS_REGISTERS_MAX);
	o->registers[o->n_registers++] = text;
	return OK;
}

static int
load_clients(struct options *o, const char *path, struct why *why)
{
	json_decref(o->clients_json);
	o->clients_file = path;
	return load_json(path, 1 << 20, &o->clients_json, why);
}

static int
own_clients(struct options *o, const char *text, struct why *why)
{
	int i, err = word_index("own-clients", "yes|no", text, &i, why);

	if (err == OK && i == 1)
		o->dev.policy.n_clients = 0;
	return err;
}

static int
incomplete_max(struct options *o, const char *text, struct why *why)
{
	int64_t n;

	if (text_number(text, 1, 100000, &n) != OK)
		return why_set(why, ERR_SYNTAX, "--incomplete-max: a number in 1..100000 is expected");
	o->limits.incomplete = (size_t)n;
	return OK;
}

static int
incomplete_time(struct options *o, const char *text, struct why *why)
{
	int64_t n;

	if (text_number(text, 1, 604800, &n) != OK)
		return why_set(why, ERR_SYNTAX, "--incomplete-time: seconds in 1..604800 are expected");
	o->limits.incomplete_ms = n * 1000;
	return OK;
}

/* The value of --udp may stand in a word of its own. */
static const char *
udp_value(int argc, char **argv)
{
	if (optarg == NULL && optind < argc && argv[optind][0] != '-')
		optarg = argv[optind++];
	return optarg ? optarg : "2948";
}

static int
take_option(struct options *o, int opt, const char *arg, struct why *why)
{
	static const enum policy_ton tons[] = { TON_INTERNATIONAL, TON_NATIONAL, TON_ALPHANUMERIC,
		TON_UNKNOWN };
	int i = 0, err;

	switch (opt) {
	case OPT_AS:
		err = word_index("as", "auto|sms|wsp", arg, &i, why);
		o->form = (enum input_form)i;
		return err;
	case OPT_BEARER:
		err = word_index("bearer", "sms|ip", arg, &i, why);
		o->path.ip_bearer = i == 1;
		return err;
	case OPT_CLIENTS:
		return load_clients(o, arg, why);
	case OPT_CONSENT:
		err = word_index("consent", "yes|no", arg, &i, why);
		o->dev.refuses = i == 1;
		return err;
	case OPT_COMMANDS:
		o->commands = true;
		return OK;
	case OPT_DEST:
		return add_dest(o, arg, why);
	case OPT_DM:
		o->dm = true;
		return OK;
	case OPT_DM_CA_FILE:
		o->dm_ca_file = arg;
		return OK;
	case OPT_DM_CERT:
		o->dm_cert = arg;
		return OK;
	case OPT_DM_FORM:
		err = word_index("dm-form", "wbxml|xml", arg, &i, why);
		o->dm_xml = i == 1;
		return err;
	case OPT_DM_HTTP:
		o->dm_http = true;
		return OK;
	case OPT_DM_SESSION:
		o->dm_session = arg;
		o->dm = true;
		return set_mode(o, MODE_DM_SESSION, why);
	case OPT_FETCH:
		o->fetch = true;
		return OK;
	case OPT_FETCH_ALLOW:
		o->fetch_allow = arg;
		return OK;
	case OPT_FROM:
		o->path.from = arg;
		return OK;
	case OPT_FROM_TON:
		err = word_index("from-ton", "international|national|alphanumeric|unknown", arg, &i, why);
		o->path.from_ton = tons[i];
		return err;
	case OPT_HANDSETS:
		o->handsets = arg;
		return OK;
	case OPT_INCOMPLETE_MAX:
		return incomplete_max(o, arg, why);
	case OPT_INCOMPLETE_TIME:
		return incomplete_time(o, arg, why);
	case OPT_IMSI:
		return router_device_set_imsi(&o->dev, arg, why);
	case OPT_JSON:
		o->json = true;
		return OK;
	case OPT_KEEP:
		o->keep = true;
		return OK;
	case OPT_ONCE:
		return number("once", arg, 1, &o->once, why);
	case OPT_OWN_CLIENTS:
		return own_clients(o, arg, why);
	case OPT_PIN:
		return router_device_add_pin(&o->dev, arg, why);
	case OPT_POLICY:
		return set_policy(&o->dev, arg, why);
	case OPT_PROVURL:
		return set_provurl(&o->dev.policy, arg, why);
	case OPT_PROXY:
		return add_proxy(&o->dev.policy, arg, why);
	case OPT_RATE:
		return number("rate", arg, 1, &o->udp_rate, why);
	case OPT_REGISTER:
		return add_register(o, arg, why);
	case OPT_SINCE:
		return number("since", arg, 0, &o->since, why);
	case OPT_STATE:
		o->state = arg;
		return set_mode(o, MODE_STATE, why);
	case OPT_STATS:
		o->stats = true;
		return OK;
	case OPT_UDP:
		o->udp = arg;
		return set_mode(o, MODE_UDP, why);
	case OPT_DECODE:
		return set_mode(o, MODE_DECODE, why);
	case OPT_SMSCSIM:
		o->url = arg;
		return set_mode(o, MODE_SMSCSIM, why);
	default:
		return OK;		/* taken by the first pass */
	}
}

/* Help, version, wrong use, and the device; ERR_CLOSED: nothing is left to do. */
static int
first_pass(int argc, char **argv, struct options *o, struct why *why)
{
	const char *profile = NULL, *file = NULL;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_HELP:
			fputs(usage, stdout);
			return ERR_CLOSED;
		case OPT_VERSION:
			puts("pushrouter (" PACKAGE_STRING ")");
			return ERR_CLOSED;
		case OPT_PROFILE:
			profile = optarg;
			break;
		case OPT_PROFILES:
			o->profiles = optarg;
			break;
		case OPT_DEVICE:
			file = optarg;
			break;
		case OPT_UDP:
			udp_value(argc, argv);
			break;
		case '?':
			return why_set(why, ERR_SYNTAX, "%.60s: no such option, or its value is wrong or "
			    "missing; see --help", argv[optind - 1]);
		default:
			break;
		}
	}
	if (optind < argc)
		return why_set(why, ERR_SYNTAX, "%.60s: no arguments are taken; see --help", argv[optind]);
	return choose_device(profile, file, o->profiles, o, why);
}

static int
check_mode(const struct options *o, struct why *why)
{
	if (o->mode == MODE_NONE)
		return why_set(why, ERR_SYNTAX, "--decode, --udp or --smscsim URL is needed; see --help");
	if (o->mode == MODE_STATE && o->handsets == NULL)
		return why_set(why, ERR_SYNTAX, "--state: --handsets is needed");
	if (o->mode == MODE_DM_SESSION && o->handsets == NULL)
		return why_set(why, ERR_SYNTAX, "--dm-session: --handsets is needed");
	if (o->handsets && (o->mode == MODE_DECODE || o->mode == MODE_UDP))
		return why_set(why, ERR_SYNTAX, "--handsets: only with --smscsim, --state or --dm-session");
	if ((o->dm || o->fetch || o->commands) && (o->mode == MODE_DECODE || o->mode == MODE_STATE))
		return why_set(why, ERR_SYNTAX, "--dm, --fetch and --commands: only with --smscsim or --udp");
	if (o->fetch_allow && !o->fetch)
		return why_set(why, ERR_SYNTAX, "--fetch-allow: only with --fetch");
	return OK;
}

int
options_read(int argc, char **argv, struct options *o, struct why *why)
{
	int opt, err;

	memset(o, 0, sizeof *o);
	o->path.from = o->path.to = "";
	o->since = -1;
	o->udp_rate = 1000;
	err = first_pass(argc, argv, o, why);
	optind = 0;		/* start again */
	while (err == OK && (opt = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		err = take_option(o, opt, opt == OPT_UDP ? udp_value(argc, argv) : optarg, why);
	if (err == OK)
		err = check_mode(o, why);
	if (err != OK)
		options_done(o);
	return err;
}

void
options_done(struct options *o)
{
	router_device_done(&o->dev);
	json_decref(o->clients_json);
	o->clients_json = NULL;
	json_decref(o->device_dm);
	json_decref(o->device_info);
	o->device_dm = o->device_info = NULL;
}
