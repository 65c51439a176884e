/* access.c - see access.h: the rules that need nothing but the initiator. Facts: Kannel's keys of wap-push-user. */
#include "ppg/access.h"

#include <string.h>

#include "wap/wsp.h"

/* The application that a push without X-Wap-Application-Id is for (PPG service 5.1.2.1). */
#define APP_ID_DEFAULT "x-wap-application:wml.ua"

enum { APP_ID_ROOM = 512 };

const char *
access_reason_name(enum access_reason reason)
{
	static const char *const names[] = {
		[ACCESS_OK] = "ok", [ACCESS_AUTH] = "auth", [ACCESS_ADDRESS_LIST] = "address-list",
		[ACCESS_PREFIX] = "prefix", [ACCESS_NUMBER_LIST] = "number-list",
		[ACCESS_CONTENT_TYPE] = "content-type", [ACCESS_APPLICATION_ID] = "application-id",
		[ACCESS_INITIATOR_URI] = "initiator-uri", [ACCESS_RATE] = "rate", [ACCESS_DAY_LIMIT] = "day-limit",
	};

	return (unsigned)reason < ACCESS_REASONS ? names[reason] : "unknown";
}

enum access_reason
access_reason_of_auth(enum auth_result res)
{
	switch (res) {
	case AUTH_OK:
	case AUTH_WAIT:
	case AUTH_BUSY:
		return ACCESS_OK;
	case AUTH_REFUSED:
	case AUTH_SLOW_DOWN:
		return ACCESS_AUTH;
	case AUTH_FORBIDDEN:
		return ACCESS_ADDRESS_LIST;
	}
	return ACCESS_AUTH;
}

/* Does one of the words of a list, separated by ';', match? */
static bool
any_word(const char *list, bool (*match)(struct span word, struct span value), struct span value)
{
	for (;;) {
		size_t n = strcspn(list, ";");

		if (n > 0 && match(span_of(list, n), value))
			return true;
		if (list[n] == '\0')
			return false;
		list += n + 1;
	}
}

/* ---- numbers ------------------------------------------------------------------------------------ */

static bool
is_prefix(struct span prefix, struct span number)
{
	return prefix.n <= number.n && memcmp(prefix.p, number.p, prefix.n) == 0;
}

static bool
fits(const regex_t *re, const char *to)
{
	return re != NULL && regexec(re, to, 0, NULL, 0) == 0;
}

static bool
has_prefix(const char *list, const regex_t *re, const char *to)
{
	return (list != NULL && any_word(list, is_prefix, span_str(to))) || fits(re, to);
}

static bool
is_listed(const struct number_list *list, const regex_t *re, const char *to)
{
	return (list != NULL && number_list_has(list, to)) || fits(re, to);
}

/* Which list of numbers forbids it; NULL: none. */
static const char *
forbidding_list(const struct initiator *who, const char *to)
{
	if (is_listed(who->black_list, who->black_regex, to))
		return "on the black-list";
	if ((who->white_list != NULL || who->white_regex != NULL) && !is_listed(who->white_list, who->white_regex, to))
		return "not on the white-list";
	return NULL;
}

/* In Kannel's order: prefixes, the black list, the white list; before them the lists that hold for all. */
enum access_reason
access_number(const struct initiator *who, const char *to, struct why *why)
{
	const char *rule = who->everyone != NULL ? forbidding_list(who->everyone, to) : NULL;
	const char *whose = "this account";
	enum access_reason reason = ACCESS_NUMBER_LIST;

	if (rule != NULL) {
		whose = "the gateway";
	} else if (has_prefix(who->denied_prefix, who->denied_regex, to)) {
		reason = ACCESS_PREFIX;
		rule = "denied-prefix";
	} else if ((who->allowed_prefix != NULL || who->allowed_regex != NULL) &&
	    !has_prefix(who->allowed_prefix, who->allowed_regex, to)) {
		reason = ACCESS_PREFIX;
		rule = "not in allowed-prefix";
	} else {
		rule = forbidding_list(who, to);
	}
	if (rule == NULL)
		return ACCESS_OK;
	why_set(why, ERR_AUTH, "%s of %s", rule, whose);
	return reason;
}

/* ---- content -------------------------------------------------------------------------------------- */

/* "application/vnd.wap.*" is everything that begins so. */
static bool
is_type(struct span word, struct span type)
{
	size_t i;

	if (word.p[word.n - 1] == '*') {
		word.n--;
		if (type.n < word.n)
			return false;
		type.n = word.n;
	}
	if (word.n != type.n)
		return false;
	for (i = 0; i < word.n; i++) {
		uint8_t a = word.p[i], b = type.p[i];

		if (a >= 'A' && a <= 'Z')
			a |= 0x20;
		if (b >= 'A' && b <= 'Z')
			b |= 0x20;
		if (a != b)
			return false;
	}
	return true;
}

/* As it goes on air: one application has many spellings. */
static bool
encode_app(struct span id, struct wbuf *w)
{
	return wsp_header_encode(w, span_str("X-Wap-Application-Id"), id, NULL) == OK && w->err == OK;
}

static bool
is_app(struct span word, struct span encoded)
{
	uint8_t octets[APP_ID_ROOM];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	return encode_app(word, &w) && span_eq(wbuf_span(&w), encoded);
}

static bool
may_push_for(const struct initiator *who, struct span app)
{
	uint8_t octets[APP_ID_ROOM];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	return encode_app(app, &w) && any_word(who->application_ids, is_app, wbuf_span(&w));
}

bool
access_names_app(const struct initiator *who, const char *app_id)
{
	return who->application_ids != NULL && may_push_for(who, span_str(app_id));
}

enum access_reason
access_content(const struct initiator *who, const char *content_type, const char *app_id, struct why *why)
{
	struct span type = span_trim(span_str(content_type));
	struct span app = span_trim(span_str(app_id != NULL ? app_id : APP_ID_DEFAULT));

	if (who->content_types != NULL && !any_word(who->content_types, is_type, type)) {
		why_set(why, ERR_AUTH, "content-type of this account does not name %.*s",
		    type.n < 64 ? (int)type.n : 64, (const char *)type.p);
		return ACCESS_CONTENT_TYPE;
	}
	if (who->application_ids != NULL && !may_push_for(who, app)) {
		why_set(why, ERR_AUTH, "application-id of this account does not name %.*s",
		    app.n < 64 ? (int)app.n : 64, (const char *)app.p);
		return ACCESS_APPLICATION_ID;
	}
	return ACCESS_OK;
}
