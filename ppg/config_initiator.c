/* config_initiator.c - the groups wap-push-user: makes a struct initiator of each; see config.h. */
#include "ppg/config_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/password.h"
#include "ppg/certificate.h"
#include "ppg/network.h"
#include "wap/wsp.h"

static void
copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

/* What an error shows of a word. */
static int
shown(struct span s)
{
	return s.n < 64 ? (int)s.n : 64;
}

/* ---- lists of words ------------------------------------------------------------------------ */

/* Appends the word in its final form; ERR_SYNTAX and *why. */
typedef int (*word_reader)(const struct initiator *who, struct span word, struct sbuf *out, struct why *why);

static struct span
next_word(const char **p)
{
	size_t n = strcspn(*p, ";");
	struct span word = span_trim(span_of(*p, n));

	*p += n + ((*p)[n] == ';');
	return word;
}

/* A list separated by ';' as struct initiator has it; NULL when the key is not written. */
static char *
words_of(struct loading *ld, const struct conf_group *g, const char *key, const struct initiator *who,
    word_reader read_word)
{
	const char *p = conf_text(g, key);
	struct sbuf out = { 0 };
	size_t n = 0;
	struct why why;

	if (p == NULL)
		return NULL;
	sbuf_str(&out, "");
	while (*p != '\0') {
		struct span word = next_word(&p);

		if (word.n == 0)
			continue;
		if (n++ > 0)
			sbuf_char(&out, ';');
		if (read_word(who, word, &out, &why) != OK)
			config_tell(ld, 2, g, key, "%s", why.text);
	}
	if (n == 0)
		config_tell(ld, 2, g, key, "names nothing; leave the key out if there is no such rule");
	return sbuf_take(&out);
}

/* "+35840", "0035840", "35840", or with a country-prefix "40": into "+35840". */
static int
read_prefix(const struct initiator *who, struct span word, struct sbuf *out, struct why *why)
{
	struct span digits = word;
	size_t i;

	if (word.p[0] == '+')
		digits = span_of(word.p + 1, word.n - 1);
	else if (word.n > 2 && word.p[0] == '0' && word.p[1] == '0')
		digits = span_of(word.p + 2, word.n - 2);
	for (i = 0; i < digits.n && digits.p[i] >= '0' && digits.p[i] <= '9'; i++)
		;
	if (digits.n == 0 || i < digits.n || digits.n > 18)
		return why_set(why, ERR_SYNTAX, "%.*s is not the beginning of a number", shown(word), (const char *)word.p);
	if (digits.p[0] == '0')
		return why_set(why, ERR_SYNTAX, "%.*s begins with 0: write it with its country code, such as +1202",
		    shown(word), (const char *)word.p);
	sbuf_char(out, '+');
	if (digits.p == word.p)
		sbuf_str(out, who->country);
	sbuf_span(out, digits);
	return OK;
}

/* "type/subtype" with an asterisk only at the end. */
static int
read_content_type(const struct initiator *who, struct span word, struct sbuf *out, struct why *why)
{
	static const char also[] = "!#$&-^_.+/";
	size_t i, slashes = 0;
	bool good = true;

	for (i = 0; i < word.n; i++) {
		uint8_t c = word.p[i];
		bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');

		slashes += c == '/';
		good = good && (letter || (c == '*' && i + 1 == word.n) || (c != '\0' && strchr(also, c) != NULL));
	}
	if (!good || (slashes != 1 && !span_eq_str(word, "*")))
		return why_set(why, ERR_SYNTAX, "%.*s is not a media type such as text/vnd.wap.si or application/*",
		    shown(word), (const char *)word.p);
	sbuf_span(out, word);
	return OK;
}

static int
read_app_id(const struct initiator *who, struct span word, struct sbuf *out, struct why *why)
{
	uint8_t octets[512];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	if (wsp_header_encode(&w, span_str("X-Wap-Application-Id"), word, why) != OK) {
		why_prefix(why, "%.*s", shown(word), (const char *)word.p);
		return ERR_SYNTAX;
	}
	sbuf_span(out, word);
	return OK;
}

static int
read_bearer(const struct initiator *who, struct span word, struct sbuf *out, struct why *why)
{
	char name[40];

	if (span_to_cstr(word, name, sizeof name) != OK || !bearer_known("any", name))
		return why_set(why, ERR_SYNTAX, "%.*s is not a bearer such as SMS", shown(word), (const char *)word.p);
	sbuf_span(out, word);
	return OK;
}

/* Links are looked for when they are known. */
static int
read_link(const struct initiator *who, struct span word, struct sbuf *out, struct why *why)
{
	sbuf_span(out, word);
	return OK;
}

/* ---- what it may claim ----------------------------------------------------------------------- */

/* "scheme:something" of RFC 3986 without blanks. */
static bool
is_uri(struct span s)
{
	size_t i, scheme;

	for (scheme = 0; scheme < s.n && s.p[scheme] != ':'; scheme++) {
		uint8_t c = s.p[scheme];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';

		if (!letter && (scheme == 0 || !other))
			return false;
	}
	for (i = scheme; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7F)
			return false;
	return scheme > 0 && scheme + 1 < s.n;
}

static void
take_uris(struct loading *ld, const struct conf_group *g, struct initiator *who)
{
	const char *p = conf_text(g, "initiator-uri");
	size_t n = 0;

	while (p != NULL && *p != '\0') {
		struct span uri = next_word(&p);

		if (uri.n == 0)
			continue;
		if (uri.n >= sizeof who->uris[0]) {
			config_tell(ld, 2, g, "initiator-uri", "a URI has more than %zu octets", sizeof who->uris[0] - 1);
			continue;
		}
		if (!is_uri(uri)) {
			config_tell(ld, 2, g, "initiator-uri", "%.*s is not a URI with a scheme", shown(uri),
			    (const char *)uri.p);
			continue;
		}
		if (n++ < INITIATOR_URIS_MAX)
			span_to_cstr(uri, who->uris[who->n_uris++], sizeof who->uris[0]);
	}
	if (n > INITIATOR_URIS_MAX)
		config_tell(ld, 2, g, "initiator-uri", "%zu URIs, at most %d are possible", n, INITIATOR_URIS_MAX);
}

static enum push_role
role_of(const struct conf_group *g)
{
	const char *role = conf_text(g, "push-role");

	if (role == NULL || strcmp(role, "none") == 0)
		return ROLE_NONE_PI;
	return strcmp(role, "ppg-trusted") == 0 ? ROLE_TRUSTED_PI : ROLE_AUTH_PI;
}

static enum on_refusal
on_refusal_of(const struct conf_group *g)
{
	const char *word = conf_text(g, "on-predicted-refusal");

	if (word == NULL)
		return ON_REFUSAL_DEFAULT;
	return strcmp(word, "refuse") == 0 ? ON_REFUSAL_REFUSE :
	    strcmp(word, "send") == 0 ? ON_REFUSAL_SEND : ON_REFUSAL_WARN;
}

static enum may_sign
may_sign_of(const struct conf_group *g)
{
	const char *word = conf_text(g, "may-sign");

	if (word == NULL || strcmp(word, "all") == 0)
		return MAY_SIGN_ALL;
	return strcmp(word, "pin") == 0 ? MAY_SIGN_PIN : MAY_SIGN_NONE;
}

static unsigned
rights_of(struct loading *ld, const struct conf_group *g)
{
	static const struct { const char *word; unsigned right; } words[] = {
		{ "privileged", RIGHT_PRIVILEGED }, { "secrets", RIGHT_SECRETS }, { "open-device", RIGHT_OPEN_DEVICE },
	};
	const char *p = conf_text(g, "rights");
	unsigned rights = 0;
	size_t i;

	while (p != NULL && *p != '\0') {
		struct span word = next_word(&p);

		for (i = 0; i < 3 && !span_eq_str(word, words[i].word); i++)
			;
		if (i < 3)
			rights |= words[i].right;
		else if (word.n > 0)
			config_tell(ld, 2, g, "rights", "%.*s is none of privileged, secrets, open-device", shown(word),
			    (const char *)word.p);
	}
	return rights;
}

/* ---- how it logs in ---------------------------------------------------------------------------- */

static void
check_name(struct loading *ld, const struct conf_group *g, const struct initiator *who)
{
	if (strcmp(who->name, PPG_TRUSTED_PI) == 0)
		config_tell(ld, 2, g, "wap-push-user",
		    "\"%s\" is the name of those who push without a login", PPG_TRUSTED_PI);
	if (strchr(who->username, ':') != NULL)
		config_tell(ld, 2, g, "ppg-username", "a user name has no ':'");
}

static void
check_password(struct loading *ld, const struct conf_group *g, const struct initiator *who)
{
	bool user = conf_has(g, "ppg-username"), password = conf_has(g, "ppg-password");
	struct why why;

	if (!user && !password && !conf_has(g, "certificate"))
		config_tell(ld, 2, g, "ppg-username",
		    "this initiator could not log in: write ppg-username and ppg-password, or certificate");
	else if (user && !password)
		config_tell(ld, 2, g, "ppg-password", "is missing beside ppg-username");
	else if (password && !user)
		config_tell(ld, 2, g, "ppg-username", "is missing beside ppg-password");
	if (password_is_hash(who->password) && password_check_hash(who->password, &why) != OK)
		config_tell(ld, 2, g, "ppg-password", "%s", why.text);
}

static void
take_certificates(struct loading *ld, const struct conf_group *g, struct initiator *who)
{
	const char *text = conf_text(g, "certificate");
	struct why why;

	if (text != NULL && certificate_words(text, &who->certificates, &why) != OK)
		config_tell(ld, 2, g, "certificate", "%s", why.text);
}

/* A login that two have would be the first one's. */
static void
check_unique(struct loading *ld, const struct conf_group *g, const struct ppg_initiator *pi)
{
	const struct ppg_initiator *other;

	for (other = ld->config->initiators; other < pi; other++) {
		struct span word;

		if (pi->who.username[0] != '\0' && strcmp(other->who.username, pi->who.username) == 0)
			config_tell(ld, 2, g, "ppg-username", "\"%s\" is used at %s already",
			    pi->who.username, other->where);
		if (pi->who.certificates == NULL || other->who.certificates == NULL)
			continue;
		word = certificate_common(pi->who.certificates, other->who.certificates);
		if (word.n > 0)
			config_tell(ld, 2, g, "certificate", "%.*s is that of \"%s\" already",
			    shown(word), (const char *)word.p, other->who.name);
	}
}

/* ---- whom it may reach --------------------------------------------------------------------------- */

static void
take_country(struct loading *ld, const struct conf_group *g, struct initiator *who)
{
	const char *text = conf_text(g, "country-prefix");
	struct why why;

	if (text != NULL && number_country(text, who->country, &why) != OK)
		config_tell(ld, 2, g, "country-prefix", "%s", why.text);
}

static struct number_list *
numbers_of(struct loading *ld, const struct conf_group *g, const char *key)
{
	const char *text = conf_text(g, key);
	struct number_list *list = NULL;
	struct why why;
	char *path;

	if (text == NULL)
		return NULL;
	if (strstr(text, "://") != NULL) {
		config_tell(ld, 2, g, key, "%.64s is a URL; fetch the list into a file and name that", text);
		return NULL;
	}
	path = conf_beside(g, key, text);
	if (number_list_read(path, &list, &why) != OK)
		config_tell(ld, 2, g, key, "%.100s: %s", path, why.text);
	free(path);
	return list;
}

static regex_t *
pattern_of(struct loading *ld, const struct conf_group *g, const char *key)
{
	const char *text = conf_text(g, key);
	regex_t *re;
	char reason[128];
	int err;

	if (text == NULL)
		return NULL;
	re = config_zeroed(1, sizeof *re);
	err = regcomp(re, text, REG_EXTENDED | REG_NOSUB);
	if (err == 0)
		return re;
	regerror(err, re, reason, sizeof reason);
	config_tell(ld, 2, g, key, "%s", reason);
	free(re);
	return NULL;
}

static void
take_rules(struct loading *ld, const struct conf_group *g, struct initiator *who)
{
	take_country(ld, g, who);
	who->allowed_prefix = words_of(ld, g, "allowed-prefix", who, read_prefix);
	who->denied_prefix = words_of(ld, g, "denied-prefix", who, read_prefix);
	who->white_list = numbers_of(ld, g, "white-list");
	who->black_list = numbers_of(ld, g, "black-list");
	who->allowed_regex = pattern_of(ld, g, "allowed-prefix-regex");
	who->denied_regex = pattern_of(ld, g, "denied-prefix-regex");
	who->white_regex = pattern_of(ld, g, "white-list-regex");
	who->black_regex = pattern_of(ld, g, "black-list-regex");
	who->content_types = words_of(ld, g, "content-type", who, read_content_type);
	who->application_ids = words_of(ld, g, "application-id", who, read_app_id);
	who->links = words_of(ld, g, "allowed-links", who, read_link);
	who->bearers = words_of(ld, g, "allowed-bearers", who, read_bearer);
	copy_text(who->default_smsc, sizeof who->default_smsc, conf_text(g, "default-smsc"));
	copy_text(who->forced_smsc, sizeof who->forced_smsc, conf_text(g, "forced-smsc"));
	who->pushes_per_s = (unsigned)conf_number(g, "pushes-per-second");
	who->recipients_per_day = (unsigned)conf_number(g, "recipients-per-day");
	config_addresses(ld, g, "allow-ip", "deny-ip", &who->allow_ip, &who->deny_ip);
}

/* ---- all of them ----------------------------------------------------------------------------------- */

static void
take_initiator(struct loading *ld, const struct conf_group *g, struct ppg_initiator *pi)
{
	struct initiator *who = &pi->who;

	copy_text(who->name, sizeof who->name, conf_text(g, "wap-push-user"));
	copy_text(who->username, sizeof who->username, conf_text(g, "ppg-username"));
	copy_text(who->password, sizeof who->password, conf_text(g, "ppg-password"));
	conf_where(g, "ppg-username", pi->where, sizeof pi->where);
	who->role = role_of(g);
	who->on_refusal = on_refusal_of(g);
	who->rights = rights_of(ld, g);
	who->may_sign = may_sign_of(g);
	who->grant_roles = (uint32_t)conf_number(g, "grant-roles");
	if (conf_text(g, "dm-servers") != NULL)
		who->dm_servers = span_dup(span_str(conf_text(g, "dm-servers")));
	who->notify_allow = config_networks(ld, g, "notify-allow");
	take_uris(ld, g, who);
	take_certificates(ld, g, who);
	take_rules(ld, g, who);
	check_name(ld, g, who);
	check_password(ld, g, who);
	check_unique(ld, g, pi);
}

/* Lists of numbers that hold for all of them. */
static void
take_everyone(struct loading *ld)
{
	const struct conf_group *g = conf_first(ld->config->conf, "core");
	struct initiator *everyone = &ld->config->everyone;

	if (g == NULL)
		return;
	everyone->white_list = numbers_of(ld, g, "white-list-receiver");
	everyone->white_regex = pattern_of(ld, g, "white-list-receiver-regex");
	everyone->black_list = numbers_of(ld, g, "black-list-receiver");
	everyone->black_regex = pattern_of(ld, g, "black-list-receiver-regex");
}

void
config_take_initiators(struct loading *ld)
{
	struct ppg_config *config = ld->config;
	const struct conf_group *g = conf_first(config->conf, "wap-push-user"), *plain = NULL;
	unsigned n_plain = 0;

	take_everyone(ld);
	config->initiators = config_zeroed(config_count_groups(config->conf, "wap-push-user"),
	    sizeof *config->initiators);
	for (; g != NULL; g = conf_next(config->conf, g)) {
		struct ppg_initiator *pi = &config->initiators[config->n_initiators++];

		take_initiator(ld, g, pi);
		if (pi->who.password[0] != '\0' && !password_is_hash(pi->who.password) && n_plain++ == 0)
			plain = g;
	}
	if (n_plain == 1)
		config_tell(ld, 1, plain, "ppg-password",
		    "is plain text; \"ppgctl passwd\" makes a hash to put here");
	else if (n_plain > 1)
		config_tell(ld, 1, plain, "ppg-password",
		    "is plain text, as are %u others; \"ppgctl passwd\" makes a hash to put here", n_plain - 1);
	g = conf_first(config->conf, "ppg");
	if (g != NULL && !config->trusted_pi && config->n_initiators == 0)
		config_tell(ld, 2, g, "trusted-pi",
		    "nobody could push: write a group wap-push-user, or set it to true");
}

void
config_check_links_of_initiators(struct loading *ld)
{
	static const char *const keys[] = { "default-smsc", "forced-smsc" };
	const struct ppg_config *config = ld->config;
	const struct conf_group *g;
	size_t i;

	for (g = conf_first(config->conf, "wap-push-user"); g != NULL; g = conf_next(config->conf, g)) {
		const char *p = conf_text(g, "allowed-links");

		while (p != NULL && *p != '\0') {
			struct span word = next_word(&p);

			if (word.n > 0 && !config_is_link(config, word))
				config_tell(ld, 2, g, "allowed-links", "%.*s is not the smsc-id of a group smsc",
				    shown(word), (const char *)word.p);
		}
		for (i = 0; i < 2; i++) {
			const char *name = conf_text(g, keys[i]);

			if (name != NULL && !config_is_served(config, span_str(name)))
				config_tell(ld, 2, g, keys[i], "%.64s is not the smsc-id of a group smsc", name);
		}
	}
}

/* ---- taking them along -------------------------------------------------------------------------------- */

struct initiators *
ppg_config_take_initiators(struct ppg_config *config)
{
	struct initiator *list = config_zeroed(config->n_initiators, sizeof *list);
	struct initiators *set;
	size_t i;

	for (i = 0; i < config->n_initiators; i++)
		list[i] = config->initiators[i].who;
	set = initiators_create(list, config->n_initiators, config->trusted_pi);
	initiators_set_addresses(set, config->allow_ip, config->deny_ip);
	initiators_set_numbers(set, &config->everyone);
	config->everyone = (struct initiator){ 0 };
	config->allow_ip = config->deny_ip = NULL;
	explicit_bzero(list, config->n_initiators * sizeof *list);
	explicit_bzero(config->initiators, config->n_initiators * sizeof *config->initiators);
	config->n_initiators = 0;
	free(list);
	return set;
}

const struct ppg_initiator *
ppg_config_initiator(const struct ppg_config *config, const char *username)
{
	size_t i;

	for (i = 0; i < config->n_initiators; i++)
		if (username[0] != '\0' && strcmp(config->initiators[i].who.username, username) == 0)
			return &config->initiators[i];
	return NULL;
}
