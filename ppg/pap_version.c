/*
 * pap_version.c - versions of PAP: what a request declares, which one the answer has.
 * Spec: WAP-247-PAP 9 (negotiation), 11 (document types).
 */
#include "ppg/pap_int.h"

#include <stdio.h>
#include <string.h>

/* What is served, newest first; the list that wap-pap-ver tells initiators is this one. */
static const struct pap_version served[] = { { 2, PAP_MINOR_ANY }, { 1, PAP_MINOR_ANY } };

/* Document types that have a text, newest of a major version first. */
static const struct {
	struct pap_version version;
	const char *system_id;
} document_types[] = {
	{ { 2, 1 }, "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd" },
	{ { 2, 0 }, "http://www.wapforum.org/DTD/pap_2.0.dtd" },
	{ { 1, 0 }, "http://www.wapforum.org/DTD/pap_1.0.dtd" },
};

enum { N_TYPES = sizeof document_types / sizeof document_types[0], MAJOR_MAX = 254, MINOR_MAX = 254 };

bool
pap_version_served(struct pap_version v)
{
	size_t i;

	for (i = 0; i < sizeof served / sizeof served[0]; i++)
		if (served[i].major == v.major)
			return true;
	return false;
}

void
pap_versions_served(struct sbuf *out)
{
	size_t i;

	for (i = 0; i < sizeof served / sizeof served[0]; i++)
		sbuf_fmt(out, "%s%u.*", i > 0 ? "," : "", served[i].major);
}

struct pap_version
pap_version_newest(void)
{
	return document_types[0].version;
}

bool
pap_version_extended(struct pap_version v)
{
	return v.minor > 0;
}

void
pap_version_print(struct pap_version v, char out[PAP_VERSION_SIZE])
{
	snprintf(out, PAP_VERSION_SIZE, "%u.%u", v.major, v.minor);
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *s; what is more than max counts as max. */
static bool
read_part(const char **s, unsigned max, uint8_t *out)
{
	unsigned n = 0;

	if (!is_digit(**s))
		return false;
	for (; is_digit(**s); (*s)++)
		if (n <= max)
			n = n * 10 + (unsigned)(**s - '0');
	*out = (uint8_t)(n < max ? n : max);
	return true;
}

/* "2.0" or "2.*" at *s, which moves behind it; false when there is none. */
static bool
read_version(const char **s, struct pap_version *out)
{
	struct pap_version v;
	const char *p = *s;

	if (!read_part(&p, MAJOR_MAX, &v.major) || *p++ != '.')
		return false;
	if (*p == '*') {
		v.minor = PAP_MINOR_ANY;
		p++;
	} else if (!read_part(&p, MINOR_MAX, &v.minor)) {
		return false;
	}
	*out = v;
	*s = p;
	return true;
}

struct pap_version
pap_version_parse(const char *text)
{
	struct pap_version v;

	if (!read_version(&text, &v) || v.minor == PAP_MINOR_ANY)
		return (struct pap_version){ 1, 0 };
	return v;
}

/* "1.*" says nothing of more than 1.0. */
static bool
is_above_10(struct pap_version v)
{
	return v.major > 1 || (v.major == 1 && v.minor > 0 && v.minor != PAP_MINOR_ANY);
}

/* ---- the document type -------------------------------------------------------------------------- */

/* "-//WAPFORUM//DTD PAP 2.0//EN", as the specifications write it. */
static bool
is_exact(const char *public_id)
{
	static const char *const starts[] = { "-//WAPFORUM//DTD PAP ", "-//OMA//DTD PAP " };
	struct pap_version v;
	size_t i;

	for (i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		const char *at = public_id + strlen(starts[i]);

		if (strncmp(public_id, starts[i], strlen(starts[i])) == 0 && read_version(&at, &v) &&
		    v.minor != PAP_MINOR_ANY && strcmp(at, "//EN") == 0)
			return true;
	}
	return false;
}

static int
check_system_id(const struct pap_control *c, const char *system_id, struct why *why)
{
	size_t i;

	for (i = 0; i < N_TYPES; i++)
		if (document_types[i].version.major == c->version.major &&
		    document_types[i].version.minor == c->version.minor &&
		    (system_id == NULL || strcmp(system_id, document_types[i].system_id) != 0))
			return why_set(why, ERR_SYNTAX, "system identifier is not %s", document_types[i].system_id);
	return OK;
}

int
pap_read_doctype(struct pap_control *c, const struct pap_leniency *l, const char *name,
    const char *public_id, const char *system_id, struct why *why)
{
	const char *at;

	if (strcmp(name, "pap") != 0)
		return why_set(why, ERR_SYNTAX, "document type is %.40s, not pap", name);
	if (public_id == NULL)
		return OK;		/* like none at all */
	at = strcasestr(public_id, "DTD PAP");
	if (at == NULL)
		return why_set(why, ERR_SYNTAX, "public identifier names no PAP document type");
	at += strlen("DTD PAP");
	at += strspn(at, " ");
	if (!read_version(&at, &c->version) || c->version.minor == PAP_MINOR_ANY) {
		if (!l->no_version)
			return why_set(why, ERR_SYNTAX, "public identifier names no version of PAP");
		c->version = (struct pap_version){ 1, 0 };
	} else if (!l->public_id && !is_exact(public_id)) {
		return why_set(why, ERR_SYNTAX, "public identifier is not -//WAPFORUM//DTD PAP %u.%u//EN",
		    c->version.major, c->version.minor);
	}
	c->above_10 = is_above_10(c->version);
	return l->system_id ? OK : check_system_id(c, system_id, why);
}

/* ---- wap-pap-ver ------------------------------------------------------------------------------------ */

/* Where the value of supported-versions="..." begins, and its quote; NULL without one. */
static const char *
find_list(const char *data, char *quote)
{
	const char *s = strstr(data, "supported-versions");

	if (s == NULL)
		return NULL;
	s += strlen("supported-versions");
	s += strspn(s, " \t\r\n");
	if (*s++ != '=')
		return NULL;
	s += strspn(s, " \t\r\n");
	*quote = *s;
	return *s == '"' || *s == '\'' ? s + 1 : NULL;
}

void
pap_read_instruction(struct pap_control *c, const struct pap_leniency *l, const char *target,
    const char *data, bool in_doctype)
{
	struct pap_version v;
	const char *s;
	char quote;

	if (strcmp(target, "wap-pap-ver") != 0 || (!in_doctype && !l->version_place))
		return;
	s = find_list(data, &quote);
	while (s != NULL && *s != '\0' && *s != quote && c->n_known < PAP_VERSIONS_MAX) {
		s += strspn(s, ", \t\r\n");
		if (!read_version(&s, &v))
			break;
		c->known[c->n_known++] = v;
		if (is_above_10(v))
			c->above_10 = true;
	}
}

/* ---- the answer's ------------------------------------------------------------------------------------- */

/* "2.*" stands for the newest that there is a text of. */
static struct pap_version
definite(struct pap_version v)
{
	size_t i;

	for (i = 0; v.minor == PAP_MINOR_ANY && i < N_TYPES; i++)
		if (document_types[i].version.major == v.major)
			return document_types[i].version;
	return v;
}

struct pap_version
pap_reply_version(const struct pap_control *c)
{
	size_t i;

	if (pap_version_served(c->version))
		return c->version;
	for (i = 0; i < c->n_known; i++)
		if (pap_version_served(c->known[i]))
			return definite(c->known[i]);
	return (struct pap_version){ 1, 0 };
}
