/* cli_status.c - tps template, tps dm and tps status: what there is, what waits, what became of it. */
#include "contrib/tps/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "contrib/tps/template.h"

enum { SHOWN = 100, VALUE_MAX = 64 * 1024 };

static const struct cli_option no_options[] = { { NULL, NULL, NULL, NULL, NULL } };

/* ---- templates -------------------------------------------------------------------------------------- */

int
cli_template_list(struct cli *c, int argc, char **argv)
{
	struct sbuf names = { 0 };
	char *name, *rest;
	int status;

	if (!cli_parse(c, no_options, argc, argv, NULL, 0, 0, &status))
		return status;
	sbuf_put(&names, "", 0);
	tps_template_list(c->cf->templates, &names);
	for (name = strtok_r(names.s, "\n", &rest); name != NULL; name = strtok_r(NULL, "\n", &rest)) {
		struct tps_template t;
		struct why why;
		bool good = tps_template_load(c->cf->templates, name, &t, &why) == OK;

		if (!good)
			status = cli_no(c, "%s", why.text);
		else if (c->json)
			cli_print_json(json_pack("{s:s, s:s}", "name", name, "title", t.title));
		else
			printf("%-14s %s\n", name, t.title);
		if (good)
			tps_template_done(&t);
	}
	sbuf_done(&names);
	return CLI_DONE;
}

static json_t *
template_json(const char *name, const struct tps_template *t)
{
	json_t *vars = json_array();
	size_t i;

	for (i = 0; i < t->n_vars; i++)
		json_array_append_new(vars, json_pack("{s:s, s:o, s:b, s:o}", "name", t->vars[i].name, "help",
		    cli_text(t->vars[i].help), "needed", t->vars[i].def == NULL, "default", cli_text(t->vars[i].def)));
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", name, "title", cli_text(t->title), "type", cli_text(t->type),
	    "variables", vars, "body", cli_text(t->body));
}

static void
print_template(const struct tps_template *t)
{
	size_t i;

	printf("%s\n%s\n\n", t->title, t->type);
	for (i = 0; i < t->n_vars; i++)
		printf("  %-18s %s%s%s%s\n", t->vars[i].name, t->vars[i].help, t->vars[i].def == NULL ? " (needed)" :
		    t->vars[i].def[0] != '\0' ? " (" : "", t->vars[i].def != NULL ? t->vars[i].def : "",
		    t->vars[i].def != NULL && t->vars[i].def[0] != '\0' ? ")" : "");
	printf("\n%s", t->body);
}

int
cli_template_show(struct cli *c, int argc, char **argv)
{
	const char *args[1];
	struct tps_template t;
	struct why why;
	int status;

	if (!cli_parse(c, no_options, argc, argv, args, 1, 1, &status))
		return status;
	if (tps_template_load(c->cf->templates, args[0], &t, &why) != OK)
		return cli_no(c, "%s", why.text);
	if (c->json)
		cli_print_json(template_json(args[0], &t));
	else
		print_template(&t);
	tps_template_done(&t);
	return CLI_DONE;
}

/* ---- commands ------------------------------------------------------------------------------------------ */

/* What a command carries, from its word or a file; text unless its format says otherwise. */
static int
take_value(const struct cli *c, const char *file, struct tps_command *out, struct why *why)
{
	int err = OK;

	if (c->n_args > 3 && file != NULL)
		return why_set(why, ERR_SYNTAX, "there is a value, and --value-file too");
	if (file != NULL)
		err = cli_read_file(file, VALUE_MAX, &out->data, why);
	else if (c->n_args > 3)
		sbuf_str(&out->data, c->args[3]);
	out->has_data = file != NULL || c->n_args > 3;
	if (err == OK && strcmp(out->format, "bin") != 0 && !text_is_utf8(sbuf_as_span(&out->data), NULL))
		err = why_set(why, ERR_SYNTAX, "the value is no UTF-8; --format bin is for octets");
	return err;
}

static int
take_command(struct cli *c, const char *format, const char *type, const char *file, struct tps_command *out,
    struct why *why)
{
	static const char *const verbs[] = { "get", "replace", "add", "delete", "exec" };
	const char *verb = c->args[1], *uri = c->args[2];
	bool value = c->n_args > 3 || file != NULL;
	size_t i;

	for (i = 0; i < 5 && strcmp(verbs[i], verb) != 0; i++)
		;
	if (i == 5)
		return why_set(why, ERR_SYNTAX, "\"%.20s\" is none of get, replace, add, delete, exec", verb);
	if ((strncmp(uri, "./", 2) != 0 && strcmp(uri, ".") != 0) || text_has_control(span_str(uri)) ||
	    !text_is_utf8(span_str(uri), NULL) || strlen(uri) >= sizeof out->uri)
		return why_set(why, ERR_SYNTAX, "a node is such as ./DevDetail/SwV, at most %zu octets", sizeof out->uri - 1);
	if (value && (strcmp(verb, "get") == 0 || strcmp(verb, "delete") == 0))
		return why_set(why, ERR_SYNTAX, "%s has no value", verb);
	if (!value && strcmp(verb, "replace") == 0)
		return why_set(why, ERR_SYNTAX, "replace needs a value");
	if ((format != NULL && strlen(format) >= sizeof out->format) || (type != NULL && strlen(type) >= sizeof out->type))
		return why_set(why, ERR_LIMIT, "--format or --type is too long");
	snprintf(out->verb, sizeof out->verb, "%s", verb);
	snprintf(out->uri, sizeof out->uri, "%s", uri);
	snprintf(out->format, sizeof out->format, "%s", format != NULL ? format : value ? "chr" :
	    strcmp(verb, "add") == 0 ? "node" : "");
	snprintf(out->type, sizeof out->type, "%s", type != NULL ? type : "");
	return take_value(c, file, out, why);
}

static int
say_number(const struct cli *c, const char *name, int64_t n)
{
	if (c->json)
		cli_print_json(json_pack("{s:I}", name, (json_int_t)n));
	else if (printf("%lld\n", (long long)n) <= 0)
		return CLI_NO;
	return CLI_DONE;
}

int
cli_dm_queue(struct cli *c, int argc, char **argv)
{
	const char *format = NULL, *type = NULL, *file = NULL, *args[4];
	const struct cli_option options[] = {
		{ "format", "NAME", "of the value: chr (default), int, bool, b64, bin, node, null, xml", &format, NULL },
		{ "type", "MEDIA", "its media type", &type, NULL },
		{ "value-file", "FILE", "the value is what this file holds; - is standard input", &file, NULL },
		{ NULL, NULL, NULL, NULL, NULL }
	};
	struct tps_command command = { .id = 0 };
	struct tps_device d;
	struct why why;
	int status;

	if (!cli_parse(c, options, argc, argv, args, 3, 4, &status) || !cli_device(c, &d, &status))
		return status;
	command.device = d.id;
	if (take_command(c, format, type, file, &command, &why) != OK)
		status = cli_wrong(c, "%s", why.text);
	else if (tps_command_add(c->db, &command, c->cf->commands, &why) != OK)
		status = cli_no(c, "%s", why.text);
	else
		status = say_number(c, "id", command.id);
	tps_command_done(&command);
	tps_device_done(&d);
	return status;
}

/* What a command carries stays unsaid: it may be a password. */
static void
print_command(void *arg, const struct tps_command *command)
{
	const struct cli *c = arg;

	if (c->json)
		cli_print_json(json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)command->id, "verb", command->verb, "uri",
		    cli_text(command->uri), "status", command->status != 0 ? json_integer(command->status) : json_null(), "added",
		    cli_time(command->added), "done", cli_time(command->done)));
	else if (command->status != 0)
		printf("%lld %-8s %s %d\n", (long long)command->id, command->verb, command->uri, command->status);
	else
		printf("%lld %-8s %s waits\n", (long long)command->id, command->verb, command->uri);
}

int
cli_dm_list(struct cli *c, int argc, char **argv)
{
	struct tps_device d;
	const char *args[1];
	struct why why;
	int status = CLI_DONE;

	if (!cli_parse(c, no_options, argc, argv, args, 1, 1, &status) || !cli_device(c, &d, &status))
		return status;
	status = CLI_DONE;
	if (tps_command_each(c->db, d.id, SHOWN, print_command, c, &why) != OK)
		status = cli_no(c, "%s", why.text);
	tps_device_done(&d);
	return status;
}

int
cli_dm_clear(struct cli *c, int argc, char **argv)
{
	struct tps_device d;
	const char *args[1];
	struct why why;
	unsigned n;
	int status;

	if (!cli_parse(c, no_options, argc, argv, args, 1, 1, &status) || !cli_device(c, &d, &status))
		return status;
	if (tps_command_clear(c->db, d.id, &n, &why) != OK)
		status = cli_no(c, "%s", why.text);
	else
		status = say_number(c, "cleared", n);
	tps_device_done(&d);
	return status;
}

/* ---- status ----------------------------------------------------------------------------------------------- */

static void
print_push(void *arg, const struct tps_push *p)
{
	const struct cli *c = arg;
	char at[CLOCK_ISO_SIZE], number[40];

	clock_iso((time_t)p->submitted, at);
	if (c->json) {
		cli_print_json(json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "push_id", p->push_id, "what", p->what, "submitted",
		    cli_time(p->submitted), "address", p->address, "code", p->code != 0 ? json_integer(p->code) : json_null(),
		    "state", cli_text(p->state), "desc", cli_text(p->desc), "event_time", cli_time(p->event_time)));
		return;
	}
	snprintf(number, sizeof number, "%.*s", (int)strcspn(p->address + strcspn(p->address, "="), "/"),
	    p->address + strcspn(p->address, "="));
	printf("%s %-16s %-14s %4d %-13s %s\n", at, number[0] == '=' ? number + 1 : "-", p->what, p->code,
	    p->state[0] != '\0' ? p->state : "-", p->push_id);
}

int
cli_status(struct cli *c, int argc, char **argv)
{
	struct tps_device d = { .id = 0 };
	const char *args[1];
	struct why why;
	int status = CLI_DONE;

	if (!cli_parse(c, no_options, argc, argv, args, 0, 1, &status))
		return status;
	if (c->n_args == 1 && !cli_device(c, &d, &status))
		return status;
	status = CLI_DONE;
	if (tps_push_each(c->db, d.id, SHOWN, print_push, c, &why) != OK)
		status = cli_no(c, "%s", why.text);
	tps_device_done(&d);
	return status;
}
