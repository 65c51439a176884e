/*
 * push_facts.h - what a finished message says: read from the octets that go on air, so that the gateway judges what
 * the device will see, at admission and when the push is due.
 */
#ifndef PPG_PUSH_FACTS_H
#define PPG_PUSH_FACTS_H

#include "policy/policy.h"
#include "wap/content.h"
#include "wap/wsp.h"

struct push_facts {
	struct span headers, body;	/* borrowed: as on air */
	struct wsp_push_info info;
	enum content_kind kind;
	bool malformed;			/* headers, or SEC and MAC */
	enum prov_sec sec;		/* of a provisioning document */
	enum prov_sec dm_sec;		/* of a DM bootstrap, whose key types have the same codes */
	const char *mac;		/* NULL absent; in info */
	bool opened, readable;		/* the body was looked at; and is what it says */
	struct content_facts content;	/* SI, SL */
	struct prov_doc doc;		/* provisioning */
	struct policy_setting *settings;
	size_t n_settings;
	struct why problem;
	unsigned advised;		/* devices that were told what is missing (predict.c) */
};

/* Never fails: what cannot be read is malformed. The spans live as long as the facts. */
struct push_facts *push_facts_read(struct span headers, struct span body);
void push_facts_free(struct push_facts **f);
/* The body is parsed when somebody wants to know; false: it is not what its type says. */
bool push_facts_open(struct push_facts *f);
/* Value of a parm, the characteristic's first of that name in any case; NULL: it has none. "" without a value. */
const char *push_facts_parm(const struct policy_setting *s, const char *name);
/* Was the MAC made with the network PIN of this IMSI? True when that cannot be told. */
bool push_facts_netwpin_fits(const struct push_facts *f, const char *imsi);

#endif
