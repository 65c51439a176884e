/* smscsim_main.c - the SMSC simulator: options, start, and stop on a signal. See smscsim(1). */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "smsc/smscsim.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_http.h"
#include "smsc/smscsim_listen.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_scenario.h"
#include "smsc/smscsim_session.h"

enum { PORT_DEFAULT = 2775, HTTP_PORT_DEFAULT = 8080, EXIT_USE = 2, DESCRIPTORS = 4096 };

static struct loop *running;

static const char usage[] =
    "usage: smscsim [options]\n"
    "An SMSC to test against: SMPP 3.4 on one port, what it got as JSON over HTTP on another.\n"
    "  --port P           SMPP port (2775); 0: any\n"
    "  --http-port H      HTTP port (8080); 0: any\n"
    "  --host ADDR        address to take SMPP on (127.0.0.1)\n"
    "  --http-host ADDR   address to take HTTP on (127.0.0.1)\n"
    "  --tls-cert FILE    SMPP over TLS: certificate, and those above it\n"
    "  --tls-key FILE     its private key, when it is not in the same file\n"
    "  --tls-client-ca FILE  take only clients with a certificate of one of these\n"
    "  --seed N           makes message ids and random octets repeat\n"
    "  --max-messages N   complete messages kept, the oldest go first (100000)\n"
    "  --accounts FILE    who may bind, and what they may; read again on SIGHUP\n"
    "  --scenario FILE    steps that change how it behaves, after messages, binds or time\n"
    "  --quiet            log errors only\n"
    "  --help, --version\n"
    "GET /messages /stats /faults /receipts /accounts /scenario, DELETE /faults,\n"
    "POST /faults /receipts /deliver /outbind:\n"
    "see smscsim(1).\n";

static void
stop(int sig)
{
	(void)sig;
	loop_stop(running);
}

static void
catch_signals(struct loop *loop)
{
	struct sigaction stopping = { .sa_handler = stop }, ignored = { .sa_handler = SIG_IGN };

	running = loop;
	sigaction(SIGTERM, &stopping, NULL);
	sigaction(SIGINT, &stopping, NULL);
	sigaction(SIGPIPE, &ignored, NULL);
}

/* ---- SIGHUP: the accounts are read again ----------------------------------------------- */

static struct loop_fd hangup;

static void
hung_up(void *arg, int events)
{
	struct sim *sim = arg;
	struct signalfd_siginfo info;
	struct why why = { 0 };
	int err;

	if (read(hangup.fd, &info, sizeof info) != sizeof info)
		return;
	sim_enter(sim);
	err = sim_accounts_load(sim->accounts, sim->cf.accounts, &why);
	sim_receipts_pump(sim->receipts);	/* some may not be held any more */
	sim_leave(sim);
	if (err)
		log_error("smscsim", "%s; the accounts stay as they were", why.text);
}

/* Before there are other threads: none of them is to get the signal. */
static int
watch_hangup(struct sim *sim, struct why *why)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0 || loop_watch(sim->loop, &hangup, fd, LOOP_READ, hung_up, sim) != OK)
		return why_set(why, ERR_IO, "SIGHUP: %s", strerror(errno));
	return OK;
}

/* Sessions and HTTP connections together may be more than a shell allows by default. */
static void
allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A number of an option, or the end. */
static int64_t
number(const char *option, int64_t min, int64_t max)
{
	int64_t n;

	if (text_number(optarg, min, max, &n) != OK) {
		fprintf(stderr, "smscsim: --%s: %s is not in %lld..%lld\n", option, optarg,
		    (long long)min, (long long)max);
		exit(EXIT_USE);
	}
	return n;
}

enum option_id { OPT_PORT = 1, OPT_HTTP_PORT, OPT_HOST, OPT_HTTP_HOST, OPT_SEED, OPT_MAX_MESSAGES,
	OPT_TLS_CERT, OPT_TLS_KEY, OPT_TLS_CLIENT_CA, OPT_ACCOUNTS, OPT_SCENARIO,
	OPT_QUIET, OPT_HELP, OPT_VERSION };

static const struct option options[] = {
	{ "port",         required_argument, NULL, OPT_PORT },
	{ "http-port",    required_argument, NULL, OPT_HTTP_PORT },
	{ "host",         required_argument, NULL, OPT_HOST },
	{ "http-host",    required_argument, NULL, OPT_HTTP_HOST },
	{ "seed",         required_argument, NULL, OPT_SEED },
	{ "max-messages", required_argument, NULL, OPT_MAX_MESSAGES },
	{ "tls-cert",     required_argument, NULL, OPT_TLS_CERT },
	{ "tls-key",      required_argument, NULL, OPT_TLS_KEY },
	{ "tls-client-ca", required_argument, NULL, OPT_TLS_CLIENT_CA },
	{ "accounts",     required_argument, NULL, OPT_ACCOUNTS },
	{ "scenario",     required_argument, NULL, OPT_SCENARIO },
	{ "quiet",        no_argument,       NULL, OPT_QUIET },
	{ "help",         no_argument,       NULL, OPT_HELP },
	{ "version",      no_argument,       NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

static void
read_option(int c, const char *name, struct sim_config *cf, enum log_level *level)
{
	switch (c) {
	case OPT_PORT:
		cf->port = (uint16_t)number(name, 0, 65535);
		break;
	case OPT_HTTP_PORT:
		cf->http_port = (uint16_t)number(name, 0, 65535);
		break;
	case OPT_HOST:
		cf->host = optarg;
		break;
	case OPT_HTTP_HOST:
		cf->http_host = optarg;
		break;
	case OPT_SEED:
		cf->seed = (uint64_t)number(name, 0, INT64_MAX);
		break;
	case OPT_MAX_MESSAGES:
		cf->max_messages = (unsigned)number(name, 1, 10000000);
		break;
	case OPT_TLS_CERT:
		cf->tls_cert = optarg;
		break;
	case OPT_TLS_KEY:
		cf->tls_key = optarg;
		break;
	case OPT_TLS_CLIENT_CA:
		cf->tls_client_ca = optarg;
		break;
	case OPT_ACCOUNTS:
		cf->accounts = optarg;
		break;
	case OPT_SCENARIO:
		cf->scenario = optarg;
		break;
	case OPT_QUIET:
		*level = LOG_LEVEL_ERROR;
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	case OPT_VERSION:
		puts("smscsim " PACKAGE_VERSION);
		exit(EXIT_SUCCESS);
	}
}

static void
read_options(int argc, char **argv, struct sim_config *cf, enum log_level *level)
{
	int c, at = 0;

	while ((c = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (c == '?') {
			fputs("smscsim --help shows the options\n", stderr);
			exit(EXIT_USE);
		}
		read_option(c, options[at].name, cf, level);
	}
	if (cf->tls_cert == NULL && (cf->tls_key != NULL || cf->tls_client_ca != NULL)) {
		fputs("smscsim: --tls-key and --tls-client-ca need --tls-cert\n", stderr);
		exit(EXIT_USE);
	}
	if (optind < argc) {
		fprintf(stderr, "smscsim: %s: there is nothing but options\n", argv[optind]);
		exit(EXIT_USE);
	}
}

/* The one line that tells who started us that both ports are open. */
static void
say_ready(const struct sim_config *cf, uint16_t port, uint16_t http_port)
{
	bool six = strchr(cf->host, ':') != NULL, http_six = strchr(cf->http_host, ':') != NULL;

	printf("smscsim: SMPP on %s%s%s:%u, HTTP on http://%s%s%s:%u/\n", six ? "[" : "", cf->host,
	    six ? "]" : "", port, http_six ? "[" : "", cf->http_host, http_six ? "]" : "", http_port);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct sim_config cf = { .host = "127.0.0.1", .http_host = "127.0.0.1", .port = PORT_DEFAULT,
		.http_port = HTTP_PORT_DEFAULT, .max_messages = SIM_MESSAGES_DEFAULT };
	enum log_level level = LOG_LEVEL_INFO;
	uint16_t port, http_port;
	struct why why = { 0 };
	struct sim *sim;
	int err;

	if (getrandom(&cf.seed, sizeof cf.seed, 0) != sizeof cf.seed)
		cf.seed = 1;
	read_options(argc, argv, &cf, &level);
	log_open(level, NULL);
	allow_descriptors();
	sim = sim_create(&cf);
	catch_signals(sim->loop);
	err = OK;
	if (cf.accounts != NULL)
		err = sim_accounts_load(sim->accounts, cf.accounts, &why);
	if (err == OK && cf.accounts != NULL)
		err = watch_hangup(sim, &why);
	if (err == OK && cf.scenario != NULL)
		err = sim_scenario_load(sim->scenario, cf.scenario, &why);
	if (err == OK && cf.tls_cert != NULL)
		err = sim_sessions_use_tls(sim->sessions, cf.tls_cert, cf.tls_key, cf.tls_client_ca, &why);
	if (err == OK)
		err = sim_listener_start(sim->listener, cf.host, cf.port, &port, &why);
	if (err == OK)
		err = sim_http_start(sim->http, cf.http_host, cf.http_port, &http_port, &why);
	if (err == OK) {
		sim_enter(sim);
		sim_scenario_start(sim->scenario);
		sim_leave(sim);
		say_ready(&cf, port, http_port);
		loop_run(sim->loop);
	} else {
		fprintf(stderr, "smscsim: %s\n", why.text);
	}
	sim_destroy(&sim);
	return err == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
