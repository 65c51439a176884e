/* uaprof_match.c - a message against profiles; the rule stands in uaprof.h. */
#include "ppg/uaprof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ppg/pap.h"
#include "wap/wsp.h"

#define APP_PREFIX "x-wap-application:"
#define WML_USER_AGENT APP_PREFIX "wml.ua"

enum verdict { NOT_STATED, ALLOWS, REFUSES };

/* ---- single values -------------------------------------------------------------------------- */

/* Media type of a list without its parameters against one of a message: "*", "text/...", or the type itself. */
static bool
type_matches(const char *listed, const char *type)
{
	size_t n = strcspn(listed, "; \t");

	if (n == 0 || type == NULL)
		return false;
	if ((n == 1 && listed[0] == '*') || (n == 3 && strncmp(listed, "*/*", 3) == 0))
		return true;
	if (n > 2 && listed[n - 1] == '*' && listed[n - 2] == '/')
		return strncasecmp(listed, type, n - 1) == 0;
	return strlen(type) == n && strncasecmp(listed, type, n) == 0;
}

static const char *
without_prefix(const char *app_id)
{
	size_t n = strlen(APP_PREFIX);

	return strncasecmp(app_id, APP_PREFIX, n) == 0 ? app_id + n : app_id;
}

/* By the registered code where both have one, so that old spellings of an id match; else as text. */
static bool
app_matches(const char *listed, const char *app_id)
{
	int64_t code;

	if (strcmp(without_prefix(listed), "*") == 0 ||
	    strcasecmp(without_prefix(listed), without_prefix(app_id)) == 0)
		return true;
	code = wsp_app_id_code(span_str(app_id));
	return code >= 0 && code == wsp_app_id_code(span_str(listed));
}

/* ---- attributes -------------------------------------------------------------------------------- */

static enum verdict
judge_app_id(const struct uaprof *u, const struct uaprof_facts *facts)
{
	const struct uaprof_list *list = &u->lists[UAPROF_ACCEPT_APP_ID];
	size_t i;

	for (i = 0; i < list->n; i++)
		if (app_matches(list->items[i], facts->app_id != NULL ? facts->app_id : WML_USER_AGENT))
			return ALLOWS;
	return list->n > 0 ? REFUSES : NOT_STATED;
}

static enum verdict
judge_type(const struct uaprof *u, const struct uaprof_facts *facts)
{
	const struct uaprof_list *list = &u->lists[UAPROF_ACCEPT];
	size_t i;

	for (i = 0; i < list->n; i++)
		if (type_matches(list->items[i], facts->content_type) || type_matches(list->items[i], facts->text_type))
			return ALLOWS;
	return list->n > 0 ? REFUSES : NOT_STATED;
}

static enum verdict
judge_charset(const struct uaprof *u, const struct uaprof_facts *facts)
{
	const struct uaprof_list *list = &u->lists[UAPROF_ACCEPT_CHARSET];
	size_t i;

	if (facts->charset == NULL)
		return NOT_STATED;
	for (i = 0; i < list->n; i++) {
		size_t n = strcspn(list->items[i], "; \t");

		if ((n == 1 && list->items[i][0] == '*') ||
		    (n == strlen(facts->charset) && strncasecmp(list->items[i], facts->charset, n) == 0))
			return ALLOWS;
	}
	return list->n > 0 ? REFUSES : NOT_STATED;
}

static enum verdict
judge_size(const struct uaprof *u, const struct uaprof_facts *facts)
{
	if (!u->has_msg_size)
		return NOT_STATED;
	return facts->octets <= u->msg_size ? ALLOWS : REFUSES;
}

static void
say_app_id(const struct uaprof *u, const struct uaprof_facts *facts, char *out, size_t size)
{
	snprintf(out, size, "Push-Accept-AppID: not %.80s", facts->app_id != NULL ? facts->app_id : WML_USER_AGENT);
}

static void
say_type(const struct uaprof *u, const struct uaprof_facts *facts, char *out, size_t size)
{
	snprintf(out, size, "Push-Accept: not %.80s", facts->content_type != NULL ? facts->content_type : "");
}

static void
say_charset(const struct uaprof *u, const struct uaprof_facts *facts, char *out, size_t size)
{
	snprintf(out, size, "Push-Accept-Charset: not %.40s", facts->charset);
}

static void
say_size(const struct uaprof *u, const struct uaprof_facts *facts, char *out, size_t size)
{
	snprintf(out, size, "Push-MsgSize: at most %u octets, not %zu", u->msg_size, facts->octets);
}

static const struct {
	enum verdict (*judge)(const struct uaprof *u, const struct uaprof_facts *facts);
	void (*say)(const struct uaprof *u, const struct uaprof_facts *facts, char *out, size_t size);
} checks[] = {
	{ judge_app_id,  say_app_id },
	{ judge_type,    say_type },
	{ judge_charset, say_charset },
	{ judge_size,    say_size },
};

int
uaprof_match(const struct uaprof *assumed, const struct uaprof *actual, const struct uaprof_facts *facts,
    struct why *why)
{
	char text[160];
	size_t i;

	for (i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		if (checks[i].judge(actual, facts) != REFUSES)
			continue;
		checks[i].say(actual, facts, text, sizeof text);
		if (assumed != NULL && checks[i].judge(assumed, facts) == ALLOWS) {
			why_set(why, ERR_UNSUPPORTED, "%s; the submission assumed otherwise", text);
			return PAP_CAPABILITIES_MISMATCH;
		}
		why_set(why, ERR_UNSUPPORTED, "%s", text);
		return PAP_CAPABILITIES_UNSUPPORTED;
	}
	return 0;
}

bool
uaprof_filter(struct uaprof *u, const char *app_id)
{
	const struct uaprof_facts facts = { .app_id = app_id };
	struct uaprof_list *list = &u->lists[UAPROF_ACCEPT_APP_ID];
	size_t i;

	switch (judge_app_id(u, &facts)) {
	case REFUSES:
		return false;
	case NOT_STATED:
		return true;
	case ALLOWS:
		break;
	}
	for (i = 0; i < list->n; i++)
		free(list->items[i]);
	list->items[0] = span_dup(span_str(app_id));
	list->n = 1;
	return true;
}
