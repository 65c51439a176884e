/*
 * ppgd_main.c - the gateway's program: command line, signals, start and stop.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "ppg/config.h"
#include "ppg/gateway.h"

#include <config.h>

enum { EXIT_USAGE = 2 };

static const char help[] =
"Usage: ppgd [-c] FILE\n"
"       ppgd --check-config FILE | --print-config FILE | --print-keys\n"
"\n"
"The push proxy gateway: takes PAP over HTTP, sends pushes over SMPP, follows each to its final state.\n"
"Runs in the foreground until SIGTERM or SIGINT; SIGHUP reads FILE again.\n"
"\n"
"  -c, --config FILE    the configuration (ppgd.conf(5)); also as the only argument\n"
"      --check-config   read and check it, say everything that is wrong, start nothing\n"
"      --print-config   print every key, defaults behind #, secrets hidden\n"
"      --print-keys     print the table of groups and keys\n"
"  -h, --help\n"
"  -V, --version\n";

enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT };

static void
report(void *arg, int level, const char *line)
{
	fprintf(stderr, "%s: %s\n", level >= 2 ? "error" : "notice", line);
}

static void
print_and_free(struct sbuf *text)
{
	fwrite(text->s, 1, text->n, stdout);
	sbuf_done(text);
}

/* Wait for signals until one of them ends the process. */
static void
serve(struct gateway *gw, const sigset_t *signals)
{
	for (;;) {
		struct why why = { 0 };
		int sig;

		if (sigwait(signals, &sig) != 0)
			continue;
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGUSR1)
			log_reopen();
		else if (gateway_reload(gw, &why) != OK)
			log_error("config", "reload refused: %s", why.text);
	}
}

static int
run(const char *path, struct ppg_config *config)
{
	struct gateway *gw;
	struct sbuf text = { 0 };
	struct why why = { 0 };
	sigset_t signals;

	/* every thread inherits the mask: signals are taken in serve() only */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(0077);
	if (log_open(config->log_level, config->log_file) != OK) {
		fprintf(stderr, "ppgd: log file %s: %s\n", config->log_file, strerror(errno));
		return EXIT_FAILURE;
	}
	if (gateway_start(path, config, &gw, &why) != OK) {
		fprintf(stderr, "ppgd: %s\n", why.text);
		return EXIT_FAILURE;
	}
	gateway_describe(gw, &text);
	log_info("ppgd", "ready: %s", text.s);
	printf("ppgd: ready: %s\n", text.s);
	fflush(stdout);
	sbuf_done(&text);
	serve(gw, &signals);
	log_info("ppgd", "stopping");
	gateway_stop(&gw, gateway_stop_wait_ms(gw));
	log_info("ppgd", "stopped");
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "print-config", no_argument, NULL, 'p' },
		{ "print-keys", no_argument, NULL, 'K' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	const char *path = NULL;
	struct ppg_config *config;
	struct sbuf text = { 0 };
	enum mode mode = MODE_RUN;
	int c, status = EXIT_SUCCESS;

	while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c': path = optarg; break;
		case 'k': mode = MODE_CHECK; break;
		case 'p': mode = MODE_PRINT; break;
		case 'K':
			ppg_config_print_keys(&text);
			print_and_free(&text);
			return EXIT_SUCCESS;
		case 'h': fputs(help, stdout); return EXIT_SUCCESS;
		case 'V': puts("ppgd (OpenPPG) " PACKAGE_VERSION); return EXIT_SUCCESS;
		default: fputs("ppgd --help shows the options\n", stderr); return EXIT_USAGE;
		}
	}
	if (path == NULL && optind == argc - 1)
		path = argv[optind++];
	if (path == NULL || optind != argc) {
		fputs(path == NULL ? "ppgd: a configuration file is needed; ppgd --help shows the options\n" :
		    "ppgd: one configuration file is enough; ppgd --help shows the options\n", stderr);
		return EXIT_USAGE;
	}
	if (ppg_config_load(path, report, NULL, &config) != OK)
		return EXIT_FAILURE;
	if (mode == MODE_PRINT) {
		ppg_config_print(config, &text);
		print_and_free(&text);
	} else if (mode == MODE_CHECK) {
		printf("%s: no errors\n", path);
	} else {
		status = run(path, config);
	}
	ppg_config_free(&config);
	return status;
}
