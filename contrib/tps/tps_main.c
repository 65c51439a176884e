/*
 * tps_main.c - a trusted provisioning server for rehearsals and small operators: the server, and its command line.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/http_server.h"
#include "base/log.h"
#include "contrib/tps/cli.h"
#include "contrib/tps/server.h"

#include <config.h>

enum { EXIT_USE = 2 };

static const char usage[] =
    "usage: tps [-c] FILE                         serve until SIGTERM\n"
    "       tps [-c FILE] VERB [ARGUMENT]...      without -c: $OPENPPG_TPS, /etc/openppg/tps.conf\n"
    "       tps --check-config FILE | --print-config FILE | --print-keys\n"
    "\n"
    "A trusted provisioning server: devices, documents, package 0 and OMA DM sessions. See tps(1).\n\n";

static void
report(void *arg, int level, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s: %s\n", level >= 2 ? "error" : "notice", line);
}

/* ---- the server ------------------------------------------------------------------------------------ */

static void
serve(struct tps_server *s, const sigset_t *signals)
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
		else if (tps_server_reload_tls(s, &why) != OK)
			log_error("tps", "certificates stay as they are: %s", why.text);
		else
			log_info("tps", "certificates read again");
	}
}

static int
run(const struct tps_config *cf)
{
	struct tps_server *s;
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
	if (log_open(cf->log_level > LOG_LEVEL_ERROR ? LOG_LEVEL_ERROR : (enum log_level)cf->log_level, cf->log_file) != OK) {
		fprintf(stderr, "tps: log file %s: %s\n", cf->log_file, strerror(errno));
		return EXIT_FAILURE;
	}
	if (tps_server_start(cf, &s, &why) != OK) {
		fprintf(stderr, "tps: %s\n", why.text);
		return EXIT_FAILURE;
	}
	tps_server_describe(s, &text);
	printf("tps: ready: %s\n", text.s);
	fflush(stdout);
	log_info("tps", "ready: %s", text.s);
	sbuf_done(&text);
	serve(s, &signals);
	log_info("tps", "stopping");
	tps_server_stop(&s);
	return EXIT_SUCCESS;
}

/* ---- the command line -------------------------------------------------------------------------------- */

/* Other users of the machine need not see them in the list of processes; path keeps what it was. */
static void
hide_imsi(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--imsi=", 7) == 0)
			memset(argv[i] + 7, '*', strlen(argv[i] + 7));
		else if (strcmp(argv[i], "--imsi") == 0 && i + 1 < argc)
			memset(argv[i + 1], '*', strlen(argv[i + 1]));
	}
}

/* Words that are the program's own, so that the caller's can be hidden. */
static char **
copy_words(int argc, char **argv)
{
	char **words = calloc((size_t)argc + 1, sizeof *words);
	int i;

	for (i = 0; words != NULL && i < argc; i++)
		words[i] = span_dup(span_str(argv[i]));
	if (words == NULL)
		abort();
	return words;
}

/* What only shows when the files are read. */
static int
check_files(const struct tps_config *cf)
{
	const struct http_server_config http = { .tls_cert_file = cf->cert, .tls_key_file = cf->key,
		.tls_client_certs = cf->cert != NULL, .tls_client_ca_file = cf->client_ca };
	struct why why = { 0 };

	if (cf->cert == NULL || http_server_check_tls(&http, NULL, &why) == OK)
		return OK;
	report(NULL, 2, why.text);
	return ERR_IO;
}

static int
with_config(const char *path, const char *mode)
{
	struct tps_config *cf;
	struct sbuf text = { 0 };
	int status = EXIT_SUCCESS;

	if (tps_config_load(path, report, NULL, &cf) != OK)
		return EXIT_FAILURE;
	if (strcmp(mode, "--print-config") == 0) {
		conf_print(cf->conf, &text);
		fwrite(text.s, 1, text.n, stdout);
		sbuf_done(&text);
	} else if (strcmp(mode, "--check-config") == 0) {
		if (check_files(cf) == OK)
			printf("%s: no errors\n", path);
		else
			status = EXIT_FAILURE;
	} else {
		status = run(cf);
	}
	tps_config_free(&cf);
	return status;
}

/* For whoever compares them with the manual. */
static int
print_keys(void)
{
	struct sbuf text = { 0 };

	conf_print_keys(tps_config_groups, &text);
	fwrite(text.s, 1, text.n, stdout);
	sbuf_done(&text);
	return EXIT_SUCCESS;
}

static int
main_words(int argc, char **argv)
{
	const char *path = getenv("OPENPPG_TPS"), *word = argc > 1 ? argv[1] : "";
	int at = 1, status;

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		fputs(usage, stdout);
		cli_print_verbs();
		return EXIT_SUCCESS;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		puts("tps (" PACKAGE_NAME ") " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (strcmp(word, "--print-keys") == 0 && argc == 2)
		return print_keys();
	if ((strcmp(word, "--check-config") == 0 || strcmp(word, "--print-config") == 0) && argc == 3)
		return with_config(argv[2], word);
	if ((strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0) && argc > 2) {
		path = argv[2];
		at = 3;
		if (argc == 3)
			return with_config(path, "");
	}
	if (argc > at && argv[at][0] != '-') {
		status = cli_run(path != NULL ? path : "/etc/openppg/tps.conf", argc - at, argv + at);
		if (status >= 0)
			return status;
		if (at == 1 && argc == 2 && access(argv[1], F_OK) == 0)
			return with_config(argv[1], "");
		fprintf(stderr, "tps: \"%.64s\" is neither a verb nor a file; \"tps --help\" shows the verbs\n", argv[at]);
		return EXIT_USE;
	}
	if (argc > at)
		fprintf(stderr, "tps: %.64s: no such option, or its value is missing; see \"tps --help\"\n", argv[at]);
	else
		fputs("tps: a configuration file or a verb is needed; see \"tps --help\"\n", stderr);
	return EXIT_USE;
}

int
main(int argc, char **argv)
{
	char **words = copy_words(argc, argv);
	int i, status;

	umask(0077);
	hide_imsi(argc, argv);
	status = main_words(argc, words);
	for (i = 0; i < argc; i++)
		free(words[i]);
	free(words);
	return status;
}
