/*
 * profile.c - profiles of devices, as text: one fact a line, variants build on a base.
 * Facts: device policies 2.3 and 8.3; the form is told in doc/policies.md.
 *
 *	family = wm5
 *	base = windows-mobile
 *	policy SECPOLICY_SI_MESSAGE = PPG_AUTH|PPG_TRUSTED
 *	access BOOTSTRAP = 140
 *	mode si = prompt
 *	signature netwpin = mac+prompt
 */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/kinds.h"
#include "base/text.h"

enum { LINE_LONGEST = 500, LINES_MAX = 4000, DEPTH_MAX = 8 };

struct reader {
	const struct policy_files *files;
	struct policy_device *dev;
	unsigned depth;
	const char *name;
	unsigned line;
	bool based, started;		/* has a base; has anything but a base */
	bool has_family;
	uint32_t ids[POLICY_IDS_MAX];	/* set in this very text */
	size_t n_ids;
	char seen[POLICY_ACCESS_MAX + POLICY_KINDS + POLICY_SIGNATURES][140];	/* other keys so far */
	size_t n_seen;
};

static int
parse_text(struct reader *r, struct span text, struct why *why);

/* ---- values ------------------------------------------------------------------------------------ */

/* "what: none, auto, ... is expected" of a list of words. */
static int
word_of(const char *value, const char *(*name)(int i), int n, int *out, struct why *why)
{
	struct sbuf words = { 0 };
	int i;

	for (i = 0; i < n; i++) {
		if (strcmp(name(i), value) == 0) {
			*out = i;
			sbuf_done(&words);
			return OK;
		}
	}
	for (i = 0; i < n; i++)
		sbuf_fmt(&words, "%s%s", i > 0 ? ", " : "", name(i));
	why_set(why, ERR_SYNTAX, "\"%.40s\" is none of %s", value, words.s);
	sbuf_done(&words);
	return ERR_SYNTAX;
}

static const char *
family_word(int i)
{
	return policy_family_name((enum policy_family)i);
}

static const char *
mode_word(int i)
{
	return policy_mode_name((enum policy_mode)i);
}

static const char *
rule_word(int i)
{
	return policy_rule_name((enum policy_rule)i);
}

static const char *
kind_word(int i)
{
	return policy_kind_word((enum policy_kind)i);
}

static const char *
signature_word(int i)
{
	static const char *const words[] = { "unsigned", "netwpin", "userpin", "usernetwpin",
		"userpinmac" };

	return words[i];
}

/* The same key twice in one text is a slip; over the base it is what variants are for. */
static int
once(struct reader *r, const char *key, const char *of, struct why *why)
{
	char both[140];
	size_t i;

	snprintf(both, sizeof both, "%s %s", key, of);
	for (i = 0; i < r->n_seen; i++) {
		if (strcmp(r->seen[i], both) == 0)
			return why_set(why, ERR_EXISTS, "%s is set twice", both);
	}
	if (r->n_seen == sizeof r->seen / sizeof r->seen[0])
		return why_set(why, ERR_LIMIT, "more than %zu entries", r->n_seen);
	snprintf(r->seen[r->n_seen++], sizeof r->seen[0], "%s", both);
	return OK;
}

/* ---- one line ---------------------------------------------------------------------------------- */

static int
set_family(struct reader *r, const char *of, const char *value, struct why *why)
{
	int i = 0, err = word_of(value, family_word, FAMILY_OTHER + 1, &i, why);

	if (err == OK && r->based && r->has_family && i != (int)r->dev->family)
		err = why_set(why, ERR_SYNTAX, "the base is of family %s",
		    policy_family_name(r->dev->family));
	if (err == OK) {
		r->dev->family = (enum policy_family)i;
		if (r->dev->family == FAMILY_OTHER)
			r->dev->n_clients = 0;		/* its modes say who takes what */
		r->has_family = true;
	}
	return err;
}

static int
set_base(struct reader *r, const char *of, const char *value, struct why *why)
{
	struct reader base = { .files = r->files, .dev = r->dev, .depth = r->depth + 1, .name = value };
	struct sbuf text = { 0 };
	int err;

	if (r->started || r->based)
		return why_set(why, ERR_SYNTAX, "base comes first, and once");
	if (base.depth == DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "profiles build on each other more than %d times", DEPTH_MAX);
	if (r->files == NULL || r->files->read == NULL)
		return why_set(why, ERR_NOT_FOUND, "base \"%.40s\": there are no other profiles", value);
	err = r->files->read(r->files->arg, value, &text, why);
	if (err == OK)
		err = parse_text(&base, sbuf_as_span(&text), why);
	sbuf_done(&text);
	r->based = true;
	r->has_family = base.has_family;
	return err;
}

static void
policy_drop(struct policy_device *dev, uint32_t id)
{
	size_t i;

	for (i = 0; i < dev->n_policies && dev->policies[i].id != id; i++)
		;
	if (i < dev->n_policies)
		memmove(&dev->policies[i], &dev->policies[i + 1],
		    (--dev->n_policies - i) * sizeof dev->policies[0]);
}

static int
add_policy(struct reader *r, const char *of, const char *value, struct why *why)
{
	uint32_t id, v;
	int64_t number;
	size_t i;
	int err;

	if (text_number(of, 0, UINT32_MAX, &number) == OK)
		id = (uint32_t)number;
	else if (!policy_id_find(of, &id))
		return why_set(why, ERR_NOT_FOUND, "policy \"%.40s\" is not known", of);
	for (i = 0; i < r->n_ids; i++) {
		if (r->ids[i] == id)
			return why_set(why, ERR_EXISTS, "policy %u is set twice", id);
	}
	if (r->n_ids < POLICY_IDS_MAX)
		r->ids[r->n_ids++] = id;
	if (strcmp(value, "absent") == 0) {
		policy_drop(r->dev, id);
		return OK;
	}
	if (policy_id_is_mask(id))
		err = policy_roles_parse(value, &v, why);
	else
		err = policy_value_parse(id, value, &v, why);
	return err == OK ? policy_set(r->dev, id, v, why) : err;
}

static int
add_access(struct reader *r, const char *of, const char *value, struct why *why)
{
	uint32_t mask;
	int err = once(r, "access", of, why);

	if (err == OK)
		err = policy_roles_parse(value, &mask, why);
	return err == OK ? policy_set_access(r->dev, of, mask, why) : err;
}

static int
set_mode(struct reader *r, const char *of, const char *value, struct why *why)
{
	int kind = 0, mode = 0, err = word_of(of, kind_word, POLICY_KINDS, &kind, why);

	if (err == OK && kind == KIND_PROV)
		err = why_set(why, ERR_SYNTAX, "documents have rules by signature, no mode");
	if (err == OK)
		err = once(r, "mode", of, why);
	if (err == OK)
		err = word_of(value, mode_word, POLICY_MODE_APP + 1, &mode, why);
	if (err == OK)
		r->dev->modes[kind] = (enum policy_mode)mode;
	return err;
}

static int
set_rule(struct reader *r, const char *of, const char *value, struct why *why)
{
	int method = 0, rule = 0, err = word_of(of, signature_word, POLICY_SIGNATURES, &method, why);

	if (err == OK)
		err = once(r, "signature", of, why);
	if (err == OK)
		err = word_of(value, rule_word, POLICY_RULE_LIST + 1, &rule, why);
	if (err == OK && method == 0 && (rule == POLICY_RULE_PIN || rule == POLICY_RULE_MAC ||
	    rule == POLICY_RULE_MAC_PROMPT))
		err = why_set(why, ERR_SYNTAX, "what is unsigned has no PIN or MAC to check");
	if (err == OK)
		r->dev->rules[method] = (enum policy_rule)rule;
	return err;
}

static int
set_unknown_sender(struct reader *r, const char *of, const char *value, struct why *why)
{
	int mode = 0, err = once(r, "unknown-sender", "", why);

	if (err == OK)
		err = word_of(value, mode_word, POLICY_MODE_APP + 1, &mode, why);
	if (err == OK && mode != POLICY_MODE_AUTO && mode != POLICY_MODE_PROMPT && mode != POLICY_MODE_REFUSE)
		err = why_set(why, ERR_SYNTAX, "unknown-sender is auto, prompt or refuse");
	if (err == OK)
		r->dev->unknown_sender = (enum policy_mode)mode;
	return err;
}

/* The next word of *text; "" at the end. */
static int
next_word(const char **text, char *out, size_t size, struct why *why)
{
	size_t n;

	*text += strspn(*text, " \t");
	n = strcspn(*text, " \t");
	if (n >= size)
		return why_set(why, ERR_LIMIT, "a word has at most %zu characters here", size - 1);
	memcpy(out, *text, n);
	out[n] = '\0';
	*text += n;
	return OK;
}

/* "ADDRESS [APPLICATION-ID [CONTENT-TYPE]]", * is any. */
static int
add_sender(struct reader *r, const char *value, bool accept, struct why *why)
{
	struct policy_sender *s = &r->dev->senders[r->dev->n_senders];
	char more[2];
	int err;

	if (r->dev->n_senders == POLICY_SENDERS_MAX)
		return why_set(why, ERR_LIMIT, "at most %d senders", POLICY_SENDERS_MAX);
	*s = (struct policy_sender){ .accept = accept };
	err = next_word(&value, s->address, sizeof s->address, why);
	if (err == OK)
		err = next_word(&value, s->app_id, sizeof s->app_id, why);
	if (err == OK)
		err = next_word(&value, s->content_type, sizeof s->content_type, why);
	if (err == OK && (next_word(&value, more, sizeof more, NULL) != OK || more[0] != '\0'))
		err = why_set(why, ERR_SYNTAX, "address, application id and content type, no more");
	if (err != OK)
		return err;
	if (strcmp(s->address, "*") == 0)
		s->address[0] = '\0';
	if (strcmp(s->app_id, "*") == 0)
		s->app_id[0] = '\0';
	if (strcmp(s->content_type, "*") == 0)
		s->content_type[0] = '\0';
	s->ipv4 = strchr(s->address, '.') != NULL;
	r->dev->n_senders++;
	return OK;
}

static int
add_accept(struct reader *r, const char *of, const char *value, struct why *why)
{
	return add_sender(r, value, true, why);
}

static int
add_reject(struct reader *r, const char *of, const char *value, struct why *why)
{
	return add_sender(r, value, false, why);
}

/* "ADDRESS [trust] [push]". */
static int
add_proxy(struct reader *r, const char *of, const char *value, struct why *why)
{
	struct policy_proxy *p = &r->dev->proxies[r->dev->n_proxies];
	char word[16];
	int err = once(r, "proxy", of, why);

	if (err == OK && r->dev->n_proxies == POLICY_PROXIES_MAX)
		err = why_set(why, ERR_LIMIT, "at most %d proxies", POLICY_PROXIES_MAX);
	if (err != OK)
		return err;
	*p = (struct policy_proxy){ 0 };
	if (strlen(of) >= sizeof p->id)
		return why_set(why, ERR_LIMIT, "a proxy's name has at most %zu characters", sizeof p->id - 1);
	snprintf(p->id, sizeof p->id, "%s", of);
	err = next_word(&value, p->address, sizeof p->address, why);
	while (err == OK && (err = next_word(&value, word, sizeof word, why)) == OK && word[0] != '\0') {
		if (strcmp(word, "trust") == 0)
			p->trust = true;
		else if (strcmp(word, "push") == 0)
			p->push = p->logical_push = true;
		else
			err = why_set(why, ERR_SYNTAX, "only trust and push follow a proxy's address");
	}
	p->ipv4 = strchr(p->address, '.') != NULL;
	r->dev->n_proxies += err == OK;
	return err;
}

static int
set_provurl(struct reader *r, const char *of, const char *value, struct why *why)
{
	if (strlen(value) >= sizeof r->dev->provurl)
		return why_set(why, ERR_LIMIT, "provurl: at most %zu characters", sizeof r->dev->provurl - 1);
	snprintf(r->dev->provurl, sizeof r->dev->provurl, "%s", value);
	return once(r, "provurl", "", why);
}

static int
set_country_code(struct reader *r, const char *of, const char *value, struct why *why)
{
	size_t n = strlen(value);

	if (n >= sizeof r->dev->country_code || strspn(value, "0123456789") != n)
		return why_set(why, ERR_SYNTAX, "country-code: digits are expected");
	snprintf(r->dev->country_code, sizeof r->dev->country_code, "%s", value);
	return once(r, "country-code", "", why);
}

static int
set_tps(struct reader *r, const char *of, const char *value, struct why *why)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return why_set(why, ERR_SYNTAX, "yes or no is expected");
	r->dev->tps_needs_content_trust = value[0] == 'y';
	return once(r, "tps-needs-content-trust", "", why);
}

static int
set_clients(struct reader *r, const char *of, const char *value, struct why *why)
{
	if (strcmp(value, "all") != 0 && strcmp(value, "none") != 0)
		return why_set(why, ERR_SYNTAX, "all or none is expected");
	if (value[0] == 'a')
		policy_add_all_clients(r->dev);
	else
		r->dev->n_clients = 0;
	return once(r, "clients", "", why);
}

/* "CONTENT-TYPE [APPLICATION-ID]", * is any. */
static int
add_client(struct reader *r, const char *of, const char *value, struct why *why)
{
	char type[128], app_id[128], name[48];
	int err = next_word(&value, type, sizeof type, why);

	if (err == OK)
		err = next_word(&value, app_id, sizeof app_id, why);
	if (err != OK)
		return err;
	if (strcmp(type, "*") == 0)
		type[0] = '\0';
	if (strcmp(app_id, "*") == 0)
		app_id[0] = '\0';
	snprintf(name, sizeof name, "%s", of);
	return policy_add_client(r->dev, type, app_id, name, why);
}

static const struct {
	const char *key;
	bool has_name;			/* `key NAME = VALUE` */
	int (*set)(struct reader *r, const char *of, const char *value, struct why *why);
} keys[] = {
	{ "accept",                  false, add_accept },
	{ "access",                  true,  add_access },
	{ "base",                    false, set_base },
	{ "client",                  true,  add_client },
	{ "clients",                 false, set_clients },
	{ "country-code",            false, set_country_code },
	{ "family",                  false, set_family },
	{ "mode",                    true,  set_mode },
	{ "policy",                  true,  add_policy },
	{ "provurl",                 false, set_provurl },
	{ "proxy",                   true,  add_proxy },
	{ "reject",                  false, add_reject },
	{ "signature",               true,  set_rule },
	{ "tps-needs-content-trust", false, set_tps },
	{ "unknown-sender",          false, set_unknown_sender },
};

/* ---- the text ---------------------------------------------------------------------------------- */

/* Behind a `#` that stands first or behind a blank is a remark. */
static struct span
without_comment(struct span line)
{
	size_t i;

	for (i = 0; i < line.n; i++) {
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			line.n = i;
	}
	return span_trim(line);
}

/* "key name" and "value", each trimmed. */
static int
split(struct span line, char left[], char value[], struct why *why)
{
	const uint8_t *eq = memchr(line.p, '=', line.n);
	struct span l, v;

	if (eq == NULL)
		return why_set(why, ERR_SYNTAX, "KEY = VALUE is expected");
	l = span_trim(span_of(line.p, (size_t)(eq - line.p)));
	v = span_trim(span_of(eq + 1, line.n - (size_t)(eq + 1 - line.p)));
	if (l.n == 0 || v.n == 0)
		return why_set(why, ERR_SYNTAX, "KEY = VALUE is expected");
	if (text_has_control(l) || text_has_control(v))
		return why_set(why, ERR_SYNTAX, "control characters");
	if (span_to_cstr(l, left, LINE_LONGEST) != OK || span_to_cstr(v, value, LINE_LONGEST) != OK)
		return why_set(why, ERR_LIMIT, "a line has at most %d characters", LINE_LONGEST);
	return OK;
}

static int
parse_line(struct reader *r, struct span line, struct why *why)
{
	char left[LINE_LONGEST], value[LINE_LONGEST], *of;
	size_t i;
	int err;

	line = without_comment(line);
	if (line.n == 0)
		return OK;
	err = split(line, left, value, why);
	if (err != OK)
		return err;
	of = left + strcspn(left, " \t");
	if (*of != '\0')
		*of++ = '\0';
	of += strspn(of, " \t");
	for (i = 0; i < sizeof keys / sizeof keys[0] && strcmp(keys[i].key, left) != 0; i++)
		;
	if (i == sizeof keys / sizeof keys[0])
		return why_set(why, ERR_SYNTAX, "unknown key \"%.40s\"", left);
	if (keys[i].has_name != (of[0] != '\0'))
		return why_set(why, ERR_SYNTAX, keys[i].has_name ? "%s NAME = VALUE is expected" :
		    "%s = VALUE is expected", left);
	/* Which values fit depends on the family. */
	if (strcmp(left, "policy") == 0 && !r->has_family)
		return why_set(why, ERR_SYNTAX, "the family is not known yet: it comes before policy");
	err = keys[i].set(r, of, value, why);
	r->started = true;
	return err;
}

static int
parse_text(struct reader *r, struct span text, struct why *why)
{
	struct why inner = { 0 };
	size_t i;
	int err = OK;

	while (err == OK && text.n > 0) {
		for (i = 0; i < text.n && text.p[i] != '\n'; i++)
			;
		r->line++;
		inner = (struct why){ 0 };
		err = r->line > LINES_MAX ? why_set(&inner, ERR_LIMIT, "more than %d lines", LINES_MAX) :
		    parse_line(r, span_of(text.p, i > 0 && text.p[i - 1] == '\r' ? i - 1 : i), &inner);
		i += i < text.n;
		text = span_of(text.p + i, text.n - i);
	}
	if (err == OK && !r->has_family && r->depth == 0)
		err = why_set(&inner, ERR_SYNTAX, "family is missing");
	if (err != OK && why != NULL)
		why_set(why, err, "%.60s:%u: %s", r->name, r->line, inner.text);
	return err;
}

int
policy_profile_parse(const char *name, struct span text, const struct policy_files *files,
    struct policy_device *dev, struct why *why)
{
	struct reader r = { .files = files, .dev = dev, .name = name };
	const char *slash = strrchr(name, '/');
	int err;

	memset(dev, 0, sizeof *dev);
	dev->unknown_sender = POLICY_MODE_REFUSE;
	policy_add_all_clients(dev);
	err = parse_text(&r, text, why);
	if (err != OK)
		memset(dev, 0, sizeof *dev);
	else
		snprintf(dev->profile, sizeof dev->profile, "%.31s", slash ? slash + 1 : name);
	return err;
}

int
policy_device_init(struct policy_device *dev, const char *name, const struct policy_files *files,
    struct why *why)
{
	struct sbuf text = { 0 };
	int err;

	memset(dev, 0, sizeof *dev);
	if (files == NULL || files->read == NULL)
		return why_set(why, ERR_NOT_FOUND, "device profile \"%.40s\" does not exist", name);
	err = files->read(files->arg, name, &text, why);
	if (err == OK)
		err = policy_profile_parse(name, sbuf_as_span(&text), files, dev, why);
	sbuf_done(&text);
	return err;
}
