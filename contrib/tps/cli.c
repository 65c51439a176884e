/* cli.c - see cli.h: finds the verb, reads its options. */
#include "contrib/tps/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

static const struct cli_verb verbs[] = {
	{ "device", "add", "DEVICE-ID", "add a device, with an account and passwords of its own", cli_device_add },
	{ "device", "list", "", "list the devices", cli_device_list },
	{ "device", "show", "DEVICE", "print what is known of a device", cli_device_show },
	{ "device", "remove", "DEVICE", "forget a device", cli_device_remove },
	{ "device", "password", "DEVICE", "give a device a new password, for its next w7 document", cli_device_password },
	{ "template", "list", "", "list the templates of documents", cli_template_list },
	{ "template", "show", "TEMPLATE", "print what a template needs, and its document", cli_template_show },
	{ "push", NULL, "DEVICE TEMPLATE [NAME=VALUE|NAME@FILE]...", "fill a template and push it to a device", cli_push },
	{ "notify", NULL, "DEVICE", "push package 0: the device shall start a DM session", cli_notify },
	{ "dm", "queue", "DEVICE get|replace|add|delete|exec URI [VALUE]", "have a command wait for the next DM session", cli_dm_queue },
	{ "dm", "list", "DEVICE", "print the commands of a device and their status", cli_dm_list },
	{ "dm", "clear", "DEVICE", "forget the commands that wait", cli_dm_clear },
	{ "status", NULL, "[DEVICE]", "print what became of the newest pushes", cli_status },
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

/* ---- messages ----------------------------------------------------------------------------------- */

static void
complain(const struct cli *c, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "tps %s%s%s: ", c->verb->group, c->verb->name != NULL ? " " : "",
	    c->verb->name != NULL ? c->verb->name : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int
cli_no(struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CLI_NO;
}

int
cli_wrong(struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CLI_WRONG_USE;
}

void
cli_print_verbs(void)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		printf("  %s%s%s%s%s\n      %s\n", verbs[i].group, verbs[i].name != NULL ? " " : "",
		    verbs[i].name != NULL ? verbs[i].name : "", verbs[i].args[0] != '\0' ? " " : "", verbs[i].args,
		    verbs[i].help);
}

static void
print_help(const struct cli *c, const struct cli_option *o)
{
	printf("usage: tps [-c FILE] %s%s%s%s%s [OPTION]...\n\n%s\n\n", c->verb->group, c->verb->name != NULL ? " " : "",
	    c->verb->name != NULL ? c->verb->name : "", c->verb->args[0] != '\0' ? " " : "", c->verb->args, c->verb->help);
	for (; o->name != NULL; o++) {
		char left[64];

		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
		printf("  %-26s %s\n", left, o->help);
	}
	printf("  %-26s %s\n  %-26s %s\n", "--json", "print JSON", "--help", "show this");
}

/* ---- options -------------------------------------------------------------------------------------- */

/* How many words of argv were an option; 0: none that is known. */
static int
take_option(struct cli *c, const struct cli_option *options, int argc, char **argv)
{
	const char *word = argv[0] + 2, *equals = strchr(word, '=');
	struct span name = equals != NULL ? span_of(word, (size_t)(equals - word)) : span_str(word);

	if (span_eq_str(name, "json") && equals == NULL) {
		c->json = true;
		return 1;
	}
	for (; options->name != NULL; options++) {
		if (!span_eq_str(name, options->name))
			continue;
		if (options->value == NULL) {
			*options->flag = true;
			return equals == NULL;
		}
		if (equals == NULL && argc < 2)
			return 0;
		*options->text = equals != NULL ? equals + 1 : argv[1];
		return equals != NULL ? 1 : 2;
	}
	return 0;
}

bool
cli_parse(struct cli *c, const struct cli_option *options, int argc, char **argv, const char **args, size_t least,
    size_t most, int *status)
{
	bool only_args = false;
	int i, used;

	c->args = args;
	for (i = 0; i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && strcmp(argv[i], "--help") == 0) {
			print_help(c, options);
			*status = CLI_DONE;
			return false;
		} else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
			used = take_option(c, options, argc - i, argv + i);
			if (used == 0) {
				*status = cli_wrong(c, "%.64s is no option, or has no value", argv[i]);
				return false;
			}
			i += used - 1;
		} else if (c->n_args == most) {
			*status = cli_wrong(c, "%.64s is one word too many", argv[i]);
			return false;
		} else {
			args[c->n_args++] = argv[i];
		}
	}
	if (c->n_args < least) {
		*status = cli_wrong(c, "usage: %s", c->verb->args);
		return false;
	}
	return true;
}

/* ---- shared by verbs ------------------------------------------------------------------------------- */

int
cli_read_secret(const char *path, char *out, size_t size, struct why *why)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char line[2048];
	int err = OK;
	size_t n;

	out[0] = '\0';
	if (file == NULL)
		return why_set(why, ERR_IO, "%.100s: %s", path, strerror(errno));
	if (fgets(line, sizeof line, file) == NULL)
		line[0] = '\0';
	n = strcspn(line, "\r\n");
	if (n == 0)
		err = why_set(why, ERR_SYNTAX, "%.100s has no first line", path);
	else if (n >= size)
		err = why_set(why, ERR_LIMIT, "the first line of %.100s has more than %zu octets", path, size - 1);
	else
		snprintf(out, size, "%.*s", (int)n, line);
	secret_cleanse(line, sizeof line);
	if (file != stdin)
		fclose(file);
	return err;
}

int
cli_read_file(const char *path, size_t most, struct sbuf *out, struct why *why)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char piece[4096];
	int err = OK;
	size_t n;

	if (file == NULL)
		return why_set(why, ERR_IO, "%.100s: %s", path, strerror(errno));
	while (out->n <= most && (n = fread(piece, 1, sizeof piece, file)) > 0)
		sbuf_put(out, piece, n);
	if (ferror(file))
		err = why_set(why, ERR_IO, "%.100s: %s", path, strerror(errno));
	else if (out->n > most)
		err = why_set(why, ERR_LIMIT, "%.100s has more than %zu octets", path, most);
	secret_cleanse(piece, sizeof piece);
	if (file != stdin)
		fclose(file);
	return err;
}

bool
cli_device(struct cli *c, struct tps_device *d, int *status)
{
	struct why why;

	if (tps_device_find(c->db, c->args[0], d, &why) == OK)
		return true;
	*status = cli_no(c, "%.100s: %s", c->args[0], why.text);
	return false;
}

json_t *
cli_text(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_span(span_str(text)) : json_null();
}

json_t *
cli_time(int64_t at)
{
	char text[CLOCK_ISO_SIZE];

	if (at == 0)
		return json_null();
	clock_iso((time_t)at, text);
	return json_string(text);
}

void
cli_show_data(struct span data, struct sbuf *out)
{
	if (text_is_utf8(data, NULL) && !text_has_control(data)) {
		sbuf_span(out, data);
	} else {
		sbuf_str(out, "hex:");
		sbuf_hex(out, data);
	}
}

void
cli_print_json(json_t *value)
{
	struct sbuf text = { 0 };

	json_print(value, &text);
	puts(text.s);
	sbuf_done(&text);
	json_decref(value);
}

void
cli_random_text(unsigned octets, char *out, size_t size)
{
	struct sbuf text = { 0 };
	uint8_t r[48];

	if (octets > sizeof r || getrandom(r, octets, 0) != (ssize_t)octets)
		abort();
	text_base64_encode(span_of(r, octets), &text);
	snprintf(out, size, "%s", text.s);
	secret_cleanse(r, sizeof r);
	secret_cleanse(text.s, text.n);
	sbuf_done(&text);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static void
report(void *arg, int level, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s: %s\n", level >= 2 ? "error" : "notice", line);
}

static const struct cli_verb *
find_verb(int argc, char **argv, bool *is_group)
{
	size_t i;

	*is_group = false;
	for (i = 0; i < VERBS; i++) {
		if (strcmp(verbs[i].group, argv[0]) != 0)
			continue;
		*is_group = true;
		if (verbs[i].name == NULL || (argc > 1 && strcmp(verbs[i].name, argv[1]) == 0))
			return &verbs[i];
	}
	return NULL;
}

int
cli_run(const char *path, int argc, char **argv)
{
	struct cli c = { .json = false };
	bool is_group;
	struct why why;
	int status = CLI_NO, used;

	c.verb = find_verb(argc, argv, &is_group);
	if (c.verb == NULL && is_group) {
		fprintf(stderr, "tps %s: %.64s is none of its verbs; see \"tps --help\"\n", argv[0], argc > 1 ? argv[1] : "nothing");
		return CLI_WRONG_USE;
	}
	if (c.verb == NULL)
		return -1;
	used = c.verb->name != NULL ? 2 : 1;
	if (argc > used && strcmp(argv[used], "--help") == 0)
		return c.verb->run(&c, argc - used, argv + used);
	if (tps_config_load(path, report, NULL, &c.cf) != OK)
		return CLI_NO;
	if (tps_db_open(c.cf->database, &c.db, &why) != OK)
		cli_no(&c, "%s", why.text);
	else
		status = c.verb->run(&c, argc - used, argv + used);
	tps_db_close(&c.db);
	tps_config_free(&c.cf);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("tps: standard output");
		return CLI_NO;
	}
	return status;
}
