/* push_facts.c - see push_facts.h. */
#include "ppg/push_facts.h"

#include <stdlib.h>
#include <strings.h>

#include "base/secret.h"

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/* SEC and MAC mean something with provisioning documents only (R-SIGNED). */
static bool
read_signature(struct push_facts *f)
{
	const char *sec = wsp_content_type_param(&f->info.type, "SEC");

	f->sec = f->dm_sec = PROV_SEC_NONE;
	if (f->kind == CONTENT_DM && sec != NULL && prov_sec_parse(sec, &f->dm_sec) == OK)
		f->mac = wsp_content_type_param(&f->info.type, "MAC");
	if (f->kind != CONTENT_PROV)
		return true;
	f->mac = wsp_content_type_param(&f->info.type, "MAC");
	if (sec != NULL && prov_sec_parse(sec, &f->sec) != OK) {
		why_set(&f->problem, ERR_SYNTAX, "SEC: %.32s is none of 0 to 3", sec);
		return false;
	}
	return f->mac == NULL || prov_check_mac(f->mac, &f->problem) == OK;
}

struct push_facts *
push_facts_read(struct span headers, struct span body)
{
	struct push_facts *f = must(calloc(1, sizeof *f));

	f->headers = headers;
	f->body = body;
	f->sec = f->dm_sec = PROV_SEC_NONE;
	if (wsp_push_info(headers, &f->info, &f->problem) != OK) {
		f->malformed = true;
		return f;
	}
	f->kind = content_kind_of(span_str(f->info.type.media));
	f->malformed = !read_signature(f);
	return f;
}

void
push_facts_free(struct push_facts **p)
{
	struct push_facts *f = *p;
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n_settings; i++)
		free((void *)(uintptr_t)f->settings[i].parms);
	free(f->settings);
	prov_doc_done(&f->doc);
	free(f);
	*p = NULL;
}

static struct policy_parm *
copy_parms(const struct prov_setting *from)
{
	struct policy_parm *parms = must(calloc(from->n_parms + 1, sizeof *parms));
	size_t i;

	for (i = 0; i < from->n_parms; i++)
		parms[i] = (struct policy_parm){ from->parms[i].name, from->parms[i].value, false };
	return parms;
}

static bool
open_document(struct push_facts *f)
{
	size_t i;

	if (prov_doc_parse(f->info.type.media, f->body, &f->doc, &f->problem) != OK)
		return false;
	if (f->doc.n > POLICY_SETTINGS_MAX) {
		why_set(&f->problem, ERR_LIMIT, "document: %zu characteristics, at most %d are looked at",
		    f->doc.n, POLICY_SETTINGS_MAX);
		return false;
	}
	f->settings = must(calloc(f->doc.n + 1, sizeof *f->settings));
	f->n_settings = f->doc.n;
	for (i = 0; i < f->doc.n; i++)
		f->settings[i] = (struct policy_setting){ f->doc.settings[i].path, copy_parms(&f->doc.settings[i]),
			f->doc.settings[i].n_parms, false };
	return true;
}

bool
push_facts_open(struct push_facts *f)
{
	if (f->opened)
		return f->readable;
	f->opened = true;
	f->readable = true;
	if (f->kind == CONTENT_PROV)
		f->readable = open_document(f);
	else if (f->kind == CONTENT_SI || f->kind == CONTENT_SL)
		f->readable = content_facts(f->info.type.media, f->body, &f->content, &f->problem) == OK;
	return f->readable;
}

const char *
push_facts_parm(const struct policy_setting *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++)
		if (strcasecmp(s->parms[i].name, name) == 0)
			return s->parms[i].value != NULL ? s->parms[i].value : "";
	return NULL;
}

bool
push_facts_netwpin_fits(const struct push_facts *f, const char *imsi)
{
	uint8_t network[PROV_KEY_MAX], key[PROV_KEY_MAX];
	char expected[PROV_MAC_HEX + 1];
	size_t n_network, n;
	bool fits = true;		/* what cannot be checked is taken to be right */

	if (prov_network_key(imsi, network, &n_network, NULL) != OK)
		return true;
	if (prov_key(PROV_SEC_NETWPIN, span_of(network, n_network), NULL, key, &n, NULL) == OK) {
		prov_mac(span_of(key, n), f->body, expected);
		fits = prov_mac_equal(f->mac, expected);
	}
	secret_cleanse(network, sizeof network);
	secret_cleanse(key, sizeof key);
	secret_cleanse(expected, sizeof expected);
	return fits;
}
