/*
 * admit_capabilities.c - see admit_int.h. The capabilities entity of a push says what its initiator assumes of the
 * devices (WAP-247 10.3). The message is held against what is known of each recipient's device; where nothing
 * is known it goes. One of many that does not fit ends undeliverable, a push of which nobody fits is refused.
 */
#include "ppg/admit_int.h"

#include <stdlib.h>
#include <string.h>

#include "ppg/subscriber.h"
#include "ppg/uaprof.h"

enum { PROFILES_MAX = 16, NAME_MAX_SIZE = 128 };	/* different devices of one push that are held at once */

struct known {
	struct {
		char name[NAME_MAX_SIZE];
		bool good;
		struct uaprof profile;
	} rows[PROFILES_MAX];
	size_t n;
};

static void
known_done(struct known *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		uaprof_done(&k->rows[i].profile);
	k->n = 0;
}

/* A profile by its name, read once; NULL when there is none that can be read. */
static const struct uaprof *
profile_of(const struct admit_request *rq, struct known *k, const char *name)
{
	struct sbuf document = { 0 };
	char *type = NULL;
	size_t i;

	for (i = 0; i < k->n; i++)
		if (strcmp(k->rows[i].name, name) == 0)
			return k->rows[i].good ? &k->rows[i].profile : NULL;
	if (strlen(name) >= NAME_MAX_SIZE)
		return NULL;
	if (k->n == PROFILES_MAX)
		known_done(k);
	i = k->n++;
	strcpy(k->rows[i].name, name);
	k->rows[i].profile = (struct uaprof){ 0 };
	k->rows[i].good = store_read_profile(rq->reader, name, &document, &type) == OK &&
	    uaprof_read(sbuf_as_span(&document), NULL, &k->rows[i].profile, NULL) == OK;
	free(type);
	sbuf_done(&document);
	return k->rows[i].good ? &k->rows[i].profile : NULL;
}

static int
match(const struct admit_request *rq, struct known *k, const struct uaprof *assumed, const struct uaprof_facts *facts,
    const struct store_recipient *r, struct why *why)
{
	const struct uaprof *actual;
	struct store_subscriber_view sub;
	int code = 0;

	if (subscribers_read_row(rq->reader, r->key, r->to, &sub) != OK)
		return 0;
	actual = sub.profile != NULL ? profile_of(rq, k, sub.profile) : NULL;
	if (actual != NULL)
		code = uaprof_match(assumed, actual, facts, why);
	store_subscriber_done(&sub);
	return code;
}

/* Marks those that do not fit; 0, or the code of the first when nobody fits. */
static int
match_all(const struct admit_request *rq, struct admission *a, const struct uaprof *assumed)
{
	const struct uaprof_facts facts = {
		.content_type = a->content_type,
		.text_type = a->text_type,
		.app_id = a->own_app_id ? NULL : a->app_id,
		.octets = a->pdu_octets,
	};
	struct known *k = calloc(1, sizeof *k);
	struct why why, first = { 0 };
	int first_code = 0;
	uint32_t i;

	if (k == NULL)
		abort();
	for (i = 0; i < a->n_recipients; i++) {
		struct store_recipient *r = &a->recipients[i];
		int code = match(rq, k, assumed, &facts, r, &why);

		if (code == 0)
			continue;
		if (first_code == 0) {
			first_code = code;
			first = why;
		}
		admit_hold(a, i, code, why.text);
	}
	known_done(k);
	free(k);
	if (a->n_held < a->n_recipients)
		return 0;
	return admit_refuse(a, first_code, "capabilities: %s", first.text);
}

int
admit_capabilities(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct entities *e)
{
	struct uaprof assumed = { 0 };
	struct span body;
	char *decoded = NULL;
	int code = 0;

	if (e->n_parts < 3)
		return 0;
	if (entities_capabilities(e, &cf->lenient, &body, &decoded, &a->why) != OK) {
		code = PAP_BAD_REQUEST;
	} else if (uaprof_read(body, NULL, &assumed, &a->why) != OK) {
		why_prefix(&a->why, "part 3");
		code = PAP_BAD_REQUEST;
	}
	if (code == 0)
		code = match_all(rq, a, &assumed);
	uaprof_done(&assumed);
	free(decoded);
	return code;
}
