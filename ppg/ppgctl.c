/* ppgctl.c - the command line of operators and initiators: finds the verb, reads its options. */
#include "ppg/ppgctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <config.h>	/* the build's, not the one beside this file */

#include "base/text.h"

const struct ctl_verb ctl_verbs[] = {
	{ "decode", "", "print messages that come as hexadecimal lines", ctl_decode },
	{ "encode", "FILE", "print the PDU or the SMS parts that a content file becomes", ctl_encode },
	{ "mac", "", "make or verify the MAC of a provisioning document", ctl_mac },
	{ "dm-digest", "", "make or verify the digest of a DM credential", ctl_dm_digest },
	{ "dm-hmac", "", "make or verify the MAC of a DM message's x-syncml-hmac", ctl_dm_hmac },
	{ "dm-bootstrap-mac", "", "make or verify the MAC of a DM bootstrap message", ctl_dm_bootstrap_mac },
	{ "dm-notification", "", "make or verify package 0, which asks a device for a DM session", ctl_dm_notification },
	{ "gba-kdf", "", "derive keys of the generic bootstrapping architecture", ctl_gba_kdf },
	{ "passwd", "", "read a password, print the hash for ppg-password", ctl_passwd },
	{ "policy", "explain|profiles", "tell what a device would do with a message, and why", ctl_policy },
	{ "submit", "", "submit a push to a gateway, print its answer", ctl_submit },
	{ "replace", "OLD-ID", "submit a push that takes the place of an older one", ctl_replace },
	{ "cancel", "PUSH-ID [ADDRESS]...", "cancel a push, for all recipients or some", ctl_cancel },
	{ "status", "PUSH-ID [ADDRESS]...", "ask a gateway what became of a push", ctl_status },
	{ "ccq", "ADDRESS", "ask a gateway what a device can do", ctl_ccq },
	{ "show", "PUSH-ID", "print what became of a push, from the admin port", ctl_show },
	{ "pushes", "", "list the newest pushes", ctl_pushes },
	{ "audit", "PUSH-ID", "print what happened to a push, step by step", ctl_audit },
	{ "quarantine", "", "list the pushes that a control holds until somebody decides", ctl_quarantine },
	{ "release", "PUSH-ID", "let a held push go, or one recipient of it", ctl_decide },
	{ "reject", "PUSH-ID", "end a held push, or one recipient of it, undelivered", ctl_decide },
	{ "links", "", "print the links to SMSCs and their states", ctl_links },
	{ "route", "NUMBER", "tell which link a push to a number would take, and why", ctl_route },
	{ "subscribers", "ACTION ARGUMENT", "import FILE, show ADDRESS or remove ADDRESS", ctl_subscribers },
	{ "profiles", "ACTION [NAME [FILE]]", "put NAME FILE, get NAME, remove NAME or list", ctl_profiles },
	{ "metrics", "", "print the gateway's counters", ctl_metrics },
	{ "reload", "", "have the gateway read its configuration again", ctl_reload },
	{ 0 },
};

/* ---- messages --------------------------------------------------------------------------- */

static void
complain(const struct ctl_verb *verb, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "ppgctl %s: ", verb->name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

enum ctl_exit
ctl_no(const struct ctl_verb *verb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(verb, fmt, ap);
	va_end(ap);
	return CTL_NO;
}

enum ctl_exit
ctl_wrong_use(const struct ctl_verb *verb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(verb, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\"ppgctl %s --help\" shows the options.\n", verb->name);
	return CTL_WRONG_USE;
}

static void
print_verb_help(const struct ctl_verb *verb, const struct ctl_option *options)
{
	const struct ctl_option *o;

	printf("usage: ppgctl %s [OPTION]...%s%s\n\n%s\n\n", verb->name, verb->args[0] != '\0' ? " " : "",
	    verb->args, verb->help);
	for (o = options; o->name != NULL; o++) {
		char left[64];

		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value != NULL ? " " : "",
		    o->value != NULL ? o->value : "");
		printf("  %-26s %s\n", left, o->help);
	}
	printf("  %-26s %s\n", "--help", "show this");
}

static void
print_help(FILE *to)
{
	const struct ctl_verb *v;

	fputs("usage: ppgctl VERB [OPTION]... [ARGUMENT]...\n\n", to);
	for (v = ctl_verbs; v->name != NULL; v++)
		fprintf(to, "  %-16s %s\n", v->name, v->help);
	fputs("\n\"ppgctl VERB --help\" shows the options of a verb.\n"
	    "Exit status: 0 done, 1 the answer is no, 2 wrong use.\n", to);
}

/* ---- options ------------------------------------------------------------------------------ */

void
ctl_list_add(struct ctl_list *list, const char *item)
{
	const char **items = realloc(list->items, (list->n + 1) * sizeof *items);

	if (items == NULL)
		abort();
	list->items = items;
	list->items[list->n++] = item;
}

void
ctl_list_done(struct ctl_list *list)
{
	free(list->items);
	*list = (struct ctl_list){ 0 };
}

static const struct ctl_option *
find_option(const struct ctl_option *options, struct span name)
{
	for (; options->name != NULL; options++)
		if (span_eq_str(name, options->name))
			return options;
	return NULL;
}

/* argv[i] starts with "--"; returns how many words were used, 0 after a complaint. */
static int
take_option(const struct ctl_verb *verb, const struct ctl_option *options, int argc, char **argv, int i)
{
	const char *word = argv[i] + 2, *equals = strchr(word, '='), *value = NULL;
	const struct ctl_option *o = find_option(options, equals != NULL ?
	    span_of(word, (size_t)(equals - word)) : span_str(word));
	int used = 1;

	if (o == NULL) {
		ctl_wrong_use(verb, "unknown option --%.*s", equals != NULL ? (int)(equals - word) : 64, word);
		return 0;
	}
	if (o->value == NULL && equals != NULL) {
		ctl_wrong_use(verb, "--%s takes no value", o->name);
		return 0;
	}
	if (o->value != NULL && equals != NULL) {
		value = equals + 1;
	} else if (o->value != NULL) {
		if (i + 1 >= argc) {
			ctl_wrong_use(verb, "--%s needs a value: %s", o->name, o->value);
			return 0;
		}
		value = argv[i + 1];
		used = 2;
	}
	if (o->flag != NULL)
		*o->flag = true;
	else if (o->list != NULL)
		ctl_list_add(o->list, value);
	else if (*o->text != NULL) {
		ctl_wrong_use(verb, "--%s is given twice", o->name);
		return 0;
	} else
		*o->text = value;
	return used;
}

bool
ctl_parse(const struct ctl_verb *verb, const struct ctl_option *options, int argc, char **argv,
    struct ctl_list *args, size_t least, size_t most, enum ctl_exit *exit_status)
{
	bool options_ended = false;
	int i, used;

	*exit_status = CTL_WRONG_USE;
	for (i = 1; i < argc; i += used) {
		used = 1;
		if (options_ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (args != NULL)
				ctl_list_add(args, argv[i]);
			if (args == NULL || args->n > most) {
				ctl_wrong_use(verb, "\"%.64s\" is one argument too many", argv[i]);
				return false;
			}
		} else if (strcmp(argv[i], "--") == 0) {
			options_ended = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_verb_help(verb, options);
			*exit_status = CTL_DONE;
			return false;
		} else if (argv[i][1] != '-') {
			ctl_wrong_use(verb, "unknown option %.64s", argv[i]);
			return false;
		} else if ((used = take_option(verb, options, argc, argv, i)) == 0) {
			return false;
		}
	}
	if (args != NULL && args->n < least) {
		ctl_wrong_use(verb, "%s is missing", verb->args);
		return false;
	}
	*exit_status = CTL_DONE;
	return true;
}

/* ---- input and output ------------------------------------------------------------------------ */

int
ctl_read_file(const char *path, size_t most, struct sbuf *out, struct why *why)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	int err = OK;
	size_t n;

	sbuf_clear(out);
	sbuf_put(out, "", 0);
	if (f == NULL)
		return why_set(why, ERR_IO, "%.100s: %s", path, strerror(errno));
	do {
		sbuf_reserve(out, 65536);
		n = fread(out->s + out->n, 1, 65536, f);
		out->n += n;
		out->s[out->n] = '\0';
	} while (n > 0 && out->n <= most);
	if (ferror(f))
		err = why_set(why, ERR_IO, "%.100s: %s", path, strerror(errno));
	else if (out->n > most)
		err = why_set(why, ERR_LIMIT, "%.100s: more than %zu octets", path, most);
	if (!is_stdin)
		fclose(f);
	return err;
}

int
ctl_unhex(struct sbuf *text, struct why *why)
{
	size_t i, n;
	int err;

	for (i = 0; i < text->n; i++)
		if (text->s[i] == '\n' || text->s[i] == '\r')
			text->s[i] = ' ';
	/* Two digits make one octet, so the result fits where the text is. */
	err = text_hex(sbuf_as_span(text), (uint8_t *)text->s, &n, why);
	text->n = err == OK ? n : 0;
	text->s[text->n] = '\0';
	return err;
}

char *
ctl_secret(const char *file, const char *variable, struct why *why)
{
	struct sbuf text = { 0 };
	char *secret = NULL;
	const char *env;

	*why = (struct why){ 0 };
	if (file != NULL) {
		if (ctl_read_file(file, 4096, &text, why) == OK)
			secret = span_dup(span_of(text.s, strcspn(text.s, "\r\n")));
		if (text.s != NULL)
			explicit_bzero(text.s, text.cap);
		sbuf_done(&text);
	} else if ((env = getenv(variable)) != NULL) {
		secret = span_dup(span_str(env));
	}
	return secret;
}

void
ctl_forget(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void
ctl_print_json(json_t *value)
{
	struct sbuf b = { 0 };

	json_print(value, &b);
	sbuf_char(&b, '\n');
	fwrite(b.s, 1, b.n, stdout);
	fflush(stdout);
	sbuf_done(&b);
	json_decref(value);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

int
main(int argc, char **argv)
{
	const struct ctl_verb *v;
	enum ctl_exit result;

	if (argc < 2) {
		print_help(stderr);
		return CTL_WRONG_USE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return CTL_DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("ppgctl (" PACKAGE_NAME ") " PACKAGE_VERSION);
		return CTL_DONE;
	}
	for (v = ctl_verbs; v->name != NULL && strcmp(v->name, argv[1]) != 0; v++)
		;
	if (v->name == NULL) {
		fprintf(stderr, "ppgctl: unknown %s \"%.64s\"; \"ppgctl --help\" shows the verbs\n",
		    argv[1][0] == '-' ? "option" : "verb", argv[1]);
		return CTL_WRONG_USE;
	}
	result = v->run(v, argc - 1, argv + 1);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("ppgctl: standard output");
		return CTL_NO;
	}
	return (int)result;
}
