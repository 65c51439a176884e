/* cli_device.c - tps device: the device database on the command line. No secret is ever printed. */
#include "contrib/tps/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/profile_dir.h"
#include "base/secret.h"
#include "base/text.h"
#include "contrib/tps/certificate.h"
#include "policy/prov_mac.h"

enum { PASSWORD_LEAST = 8, PASSWORD_OCTETS = 18, COMMANDS_SHOWN = 100 };

/* ---- add ------------------------------------------------------------------------------------------- */

struct add_options {
	const char *msisdn, *imsi, *profile, *auth, *require, *user, *certificate, *password_file, *server_password_file;
};

static bool
is_plain(const char *text)
{
	struct span s = span_str(text);

	return s.n > 0 && text_is_utf8(s, NULL) && !text_has_control(s) && strchr(text, ' ') == NULL;
}

static int
take_number(const char *text, struct tps_device *d, struct why *why)
{
	size_t n = strspn(text + (text[0] == '+'), "0123456789");

	if (text[0] != '+' || text[1 + n] != '\0' || n < 5 || n > 15)
		return why_set(why, ERR_SYNTAX, "a number is + and 5 to 15 digits");
	snprintf(d->msisdn, sizeof d->msisdn, "%s", text);
	return OK;
}

static int
take_imsi(const char *text, struct tps_device *d, struct why *why)
{
	uint8_t key[PROV_KEY_MAX];
	size_t n;
	int err = prov_network_key(text, key, &n, why);

	secret_cleanse(key, sizeof key);
	if (err == OK)
		snprintf(d->imsi, sizeof d->imsi, "%s", text);
	return err;
}

static int
take_profile(const char *name, struct tps_device *d, struct why *why)
{
	struct profile_dir dir;
	struct sbuf text = { 0 };
	int err;

	profile_dir_find(&dir, NULL);
	if (strlen(name) >= sizeof d->profile)
		return why_set(why, ERR_LIMIT, "the name of a profile is at most %zu octets", sizeof d->profile - 1);
	err = profile_dir_read(&dir, name, &text, why);
	sbuf_done(&text);
	snprintf(d->profile, sizeof d->profile, "%s", name);
	return err;
}

/* Its own, as DM-SEC-S-001 has it: made here unless somebody gives one. */
static int
take_password(const char *file, char *out, size_t size, struct why *why)
{
	int err;

	if (file == NULL) {
		cli_random_text(PASSWORD_OCTETS, out, size);
		return OK;
	}
	err = cli_read_secret(file, out, size, why);
	if (err == OK && strlen(out) < PASSWORD_LEAST)
		err = why_set(why, ERR_SYNTAX, "a password has at least %d octets", PASSWORD_LEAST);
	return err;
}

static int
take_names(const struct cli *c, const struct add_options *o, struct tps_device *d, struct why *why)
{
	const char *id = c->args[0], *colon = strrchr(id, ':');

	if (!is_plain(id) || strlen(id) > 200)
		return why_set(why, ERR_SYNTAX, "a device id is a word of at most 200 octets, such as IMEI:490154203237518");
	snprintf(d->device_id, sizeof d->device_id, "%s", id);
	snprintf(d->user, sizeof d->user, "%s", o->user != NULL ? o->user : colon != NULL && colon[1] != '\0' ? colon + 1 : id);
	if (!is_plain(d->user) || strchr(d->user, ':') != NULL || (o->user != NULL && strlen(o->user) > 200))
		return why_set(why, ERR_SYNTAX, "a user name is a word of at most 200 octets without a colon");
	return OK;
}

static int
take_methods(const struct cli *c, const struct add_options *o, struct tps_device *d, struct why *why)
{
	if (tps_auth_parse(o->auth != NULL ? o->auth : "md5", &d->auth) != OK)
		return why_set(why, ERR_SYNTAX, "--auth is md5, sha256, hmac-md5, hmac-sha256 or basic");
	if (d->auth == DM_AUTH_BASIC && !c->cf->allow_basic)
		return why_set(why, ERR_UNSUPPORTED, "--auth basic needs dm-allow-basic = true: the password travels as it is");
	if (tps_require_parse(o->require != NULL ? o->require : "application", &d->require) != OK)
		return why_set(why, ERR_SYNTAX, "--require is application, certificate, either or both");
	if (o->certificate != NULL && tps_certificate_parse(o->certificate, d->certificate, sizeof d->certificate, why) != OK)
		return ERR_SYNTAX;
	if (d->require != TPS_REQUIRE_APPLICATION && o->certificate == NULL)
		return why_set(why, ERR_SYNTAX, "--require %s needs --certificate", tps_require_name(d->require));
	return OK;
}

static int
fill_device(const struct cli *c, const struct add_options *o, struct tps_device *d, struct why *why)
{
	int err = take_names(c, o, d, why);

	if (err == OK)
		err = take_methods(c, o, d, why);
	if (err == OK && o->msisdn != NULL)
		err = take_number(o->msisdn, d, why);
	if (err == OK && o->imsi != NULL)
		err = take_imsi(o->imsi, d, why);
	if (err == OK && o->profile != NULL)
		err = take_profile(o->profile, d, why);
	if (err == OK)
		err = take_password(o->password_file, d->password, sizeof d->password, why);
	if (err == OK && o->server_password_file == NULL && c->cf->server_password != NULL)
		snprintf(d->server_password, sizeof d->server_password, "%s", c->cf->server_password);
	else if (err == OK)
		err = take_password(o->server_password_file, d->server_password, sizeof d->server_password, why);
	if (err == OK && strcmp(d->password, d->server_password) == 0)
		err = why_set(why, ERR_SYNTAX, "device and server have the same password; each has its own");
	dm_nonce_make(&d->client_nonce);
	dm_nonce_make(&d->server_nonce);
	return err;
}

/* Which device it was, for a program; a person knows, unless the device is new. */
static int
done_with(const struct cli *c, const struct tps_device *d, bool is_new)
{
	if (c->json)
		cli_print_json(json_pack("{s:s}", "device_id", d->device_id));
	else if (is_new)
		printf("%s\n", d->device_id);
	return CLI_DONE;
}

int
cli_device_add(struct cli *c, int argc, char **argv)
{
	struct add_options o = { NULL };
	const struct cli_option options[] = {
		{ "msisdn", "NUMBER", "its number, such as +12025550123", &o.msisdn, NULL },
		{ "imsi", "DIGITS", "its IMSI, for NETWPIN", &o.imsi, NULL },
		{ "profile", "NAME", "its kind, such as wm5: a profile of the gateway", &o.profile, NULL },
		{ "auth", "METHOD", "md5 (default), sha256, hmac-md5, hmac-sha256 or basic", &o.auth, NULL },
		{ "require", "WHAT", "application (default), certificate, either or both", &o.require, NULL },
		{ "certificate", "NAME", "sha256:FINGERPRINT, subject:DN, dns:, uri:, email: or ip:NAME", &o.certificate, NULL },
		{ "user", "NAME", "its DM user name; the device id behind its colon without it", &o.user, NULL },
		{ "password-file", "FILE", "its password is the first line; a random one without it", &o.password_file, NULL },
		{ "server-password-file", "FILE", "the server's password for it; as the configuration has it, or random, without it",
		  &o.server_password_file, NULL },
		{ NULL, NULL, NULL, NULL, NULL }
	};
	struct tps_device d = { .id = 0 };
	const char *args[1];
	struct why why;
	int status;

	if (!cli_parse(c, options, argc, argv, args, 1, 1, &status))
		return status;
	if (fill_device(c, &o, &d, &why) != OK)
		status = cli_wrong(c, "%s", why.text);
	else if (tps_device_add(c->db, &d, &why) != OK)
		status = cli_no(c, "%s", why.text);
	else
		status = done_with(c, &d, true);
	tps_device_done(&d);
	return status;
}

/* ---- list, show ---------------------------------------------------------------------------------------- */

static const struct cli_option no_options[] = { { NULL, NULL, NULL, NULL, NULL } };

static json_t *
device_json(const struct tps_device *d)
{
	char number[32];

	/* a list is read over shoulders: the IMSI is only said to be there */
	snprintf(number, sizeof number, "%s", d->msisdn);
	return json_pack("{s:s, s:o, s:b, s:o, s:s, s:s, s:s, s:o, s:b, s:o, s:o}", "device_id", d->device_id, "msisdn",
	    cli_text(number), "imsi", d->imsi[0] != '\0', "profile", cli_text(d->profile), "user", d->user, "auth",
	    tps_auth_word(d->auth), "require", tps_require_name(d->require), "certificate", cli_text(d->certificate),
	    "password_kept", d->password[0] != '\0', "created", cli_time(d->created), "seen", cli_time(d->seen));
}

static void
list_one(void *arg, const struct tps_device *d)
{
	const struct cli *c = arg;
	char seen[CLOCK_ISO_SIZE] = "never";

	if (c->json) {
		cli_print_json(device_json(d));
		return;
	}
	if (d->seen != 0)
		clock_iso((time_t)d->seen, seen);
	printf("%-28s %-16s %-12s %-12s %s\n", d->device_id, d->msisdn[0] != '\0' ? d->msisdn : "-",
	    tps_auth_word(d->auth), tps_require_name(d->require), seen);
}

int
cli_device_list(struct cli *c, int argc, char **argv)
{
	struct why why;
	int status;

	if (!cli_parse(c, no_options, argc, argv, NULL, 0, 0, &status))
		return status;
	if (tps_device_each(c->db, list_one, c, &why) != OK)
		return cli_no(c, "%s", why.text);
	return CLI_DONE;
}

static void
add_node(void *arg, const char *uri, const char *format, struct span data, int64_t at)
{
	struct sbuf text = { 0 };

	sbuf_put(&text, "", 0);
	cli_show_data(data, &text);
	json_object_set_new(arg, uri, json_pack("{s:o, s:o, s:o}", "value", json_span(sbuf_as_span(&text)), "format",
	    cli_text(format), "at", cli_time(at)));
	sbuf_done(&text);
}

static void
add_event(void *arg, int64_t at, const char *kind, const char *text)
{
	json_array_append_new(arg, json_pack("{s:o, s:s, s:o}", "at", cli_time(at), "kind", kind, "text",
	    json_span(span_str(text))));
}

static void
print_shown(json_t *device)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(device, key, value) {
		if (json_is_object(value) || json_is_array(value))
			continue;
		printf("%-14s %s\n", key, json_is_string(value) ? json_string_value(value) : json_is_true(value) ? "yes" :
		    json_is_false(value) ? "no" : "-");
	}
	json_object_foreach(json_object_get(device, "nodes"), key, value)
		printf("%-32s %s\n", key, json_string_value(json_object_get(value, "value")));
	json_array_foreach(json_object_get(device, "events"), i, value)
		printf("%s %s %s\n", json_string_value(json_object_get(value, "at")),
		    json_string_value(json_object_get(value, "kind")), json_string_value(json_object_get(value, "text")));
	json_decref(device);
}

int
cli_device_show(struct cli *c, int argc, char **argv)
{
	json_t *shown, *nodes = json_object(), *events = json_array();
	struct tps_device d;
	const char *args[1];
	struct why why;
	int status = CLI_DONE;

	if (cli_parse(c, no_options, argc, argv, args, 1, 1, &status) && cli_device(c, &d, &status)) {
		shown = device_json(&d);
		if (tps_result_each(c->db, d.id, add_node, nodes, &why) != OK ||
		    tps_event_each(c->db, d.id, COMMANDS_SHOWN, add_event, events, &why) != OK)
			status = cli_no(c, "%s", why.text);
		json_object_set(shown, "nodes", nodes);
		json_object_set(shown, "events", events);
		if (c->json)
			cli_print_json(shown);
		else
			print_shown(shown);
		tps_device_done(&d);
	}
	json_decref(nodes);
	json_decref(events);
	return status;
}

/* ---- remove, password ------------------------------------------------------------------------------------ */

int
cli_device_remove(struct cli *c, int argc, char **argv)
{
	struct tps_device d;
	const char *args[1];
	struct why why;
	int status;

	if (!cli_parse(c, no_options, argc, argv, args, 1, 1, &status) || !cli_device(c, &d, &status))
		return status;
	status = tps_device_remove(c->db, d.id, &why) == OK ? done_with(c, &d, false) : cli_no(c, "%s", why.text);
	tps_device_done(&d);
	return status;
}

int
cli_device_password(struct cli *c, int argc, char **argv)
{
	const char *file = NULL, *args[1];
	const struct cli_option options[] = {
		{ "password-file", "FILE", "it is the first line; a random one without it", &file, NULL },
		{ NULL, NULL, NULL, NULL, NULL }
	};
	char password[DM_PASSWORD_MAX];
	struct tps_device d;
	struct why why;
	int status;

	if (!cli_parse(c, options, argc, argv, args, 1, 1, &status) || !cli_device(c, &d, &status))
		return status;
	if (take_password(file, password, sizeof password, &why) != OK)
		status = cli_wrong(c, "%s", why.text);
	else if (tps_device_set_password(c->db, &d, password, &why) != OK)
		status = cli_no(c, "%s", why.text);
	else
		status = done_with(c, &d, false);
	secret_cleanse(password, sizeof password);
	tps_device_done(&d);
	return status;
}
