/*
 * subscriber.h - what the gateway knows of a subscriber: device, service tier, IMSI, DM servers. From the table in the
 * store, or from a look-up over HTTP whose answers are cached.
 *
 * At admission only table and cache are asked. Who is in neither is looked up when the push is due (screen.h).
 */
#ifndef PPG_SUBSCRIBER_H
#define PPG_SUBSCRIBER_H

#include <stdatomic.h>

#include "base/json.h"
#include "base/profile_dir.h"
#include "policy/policy.h"
#include "store/store.h"

enum { SUBSCRIBER_TIER_SIZE = 64, SUBSCRIBER_IMSI_SIZE = 16, SUBSCRIBER_PROFILE_SIZE = 129, SUBSCRIBER_KEY_MAX = 31 };

struct subscriber {
	char profile[SUBSCRIBER_PROFILE_SIZE];	/* of its device; "": unknown */
	char tier[SUBSCRIBER_TIER_SIZE];	/* "": none */
	char imsi[SUBSCRIBER_IMSI_SIZE];	/* never shown to anybody; "": unknown */
	uint8_t network_key[SUBSCRIBER_KEY_MAX];	/* stands for the IMSI in keys; never shown either */
	size_t n_network_key;		/* 0: there is none */
	char *dm_servers;		/* heap: words with ';' between them; NULL: nothing is known of them */
	char *device;			/* heap: a JSON object with what differs from the profile; NULL */
};
void subscriber_done(struct subscriber *s);	/* also cleanses the IMSI */

/*
 * Facts as they are written, {"imsi","network_key","tier","dm_servers","device","profile"}; unknown members mean nothing here.
 * ERR_SYNTAX and *why, which never quotes a value.
 */
int subscriber_read_facts(const json_t *facts, struct subscriber *out, struct why *why);
/* A copy to show: of IMSI, PINs and keys, at any depth, only whether they are known. A new reference. */
json_t *subscriber_facts_shown(json_t *facts);

/* ---- the source ------------------------------------------------------------------------------- */

struct subscriber_config {
	bool http;			/* beside the table */
	const char *url;		/* with {number} */
	size_t cache_size;
	unsigned cache_s, negative_s, timeout_ms;
	const char *default_profile;	/* of devices that nobody knows; "" */
	const char *profiles;		/* folder; NULL: where they are installed */
};

/* A description of a device that the configuration names. */
struct subscriber_profile {
	const char *name;		/* of the configuration */
	char *text;			/* heap */
};
/* Adds the text of that name to *out; false: there is none. */
bool subscriber_profile_find(const struct subscriber_profile *list, size_t n, const char *name, struct sbuf *out);

struct subscribers;
struct subscribers *subscribers_create(const struct subscriber_config *cf);	/* strings live longer */
void subscribers_destroy(struct subscribers **s);
/* With every start and reload, since files may have changed; copied. */
void subscribers_set_profiles(struct subscribers *s, const struct subscriber_profile *list, size_t n);
/* What a reload may change. */
void subscribers_set(struct subscribers *s, const struct subscriber_config *cf);

/* Any thread, cheap. Is there anything to ask the store for? True as well when that must be found out. */
bool subscribers_maybe(struct subscribers *s);
/* After an import. */
void subscribers_imported(struct subscribers *s);
/* Asks the store whether there is any row, when that is due; subscribers_maybe answers by it for a while. */
bool subscribers_any(struct subscribers *s, struct store_reader *reader);

enum subscriber_answer { SUBSCRIBER_FOUND, SUBSCRIBER_UNKNOWN, SUBSCRIBER_MISSED /* look it up when it is due */ };
/* key: of a recipient (with or without its gateway); number: "+digits" it is dialled by. reader NULL: cache only. */
enum subscriber_answer subscribers_find(struct subscribers *s, struct store_reader *reader, const char *key,
    const char *number, struct subscriber *out);
/* The row itself. */
int subscribers_read_row(struct store_reader *reader, const char *key, const char *number,
    struct store_subscriber_view *out);

/* The answer of a look-up into the cache; body NULL: unknown there (404). False: not to be understood. */
bool subscribers_learn(struct subscribers *s, const char *number, const struct span *body);
/* The URL to ask for a number; ERR_NOT_FOUND without one. */
int subscribers_url(struct subscribers *s, const char *number, struct sbuf *out);
unsigned subscribers_timeout_ms(struct subscribers *s);

/*
 * The device of a subscriber (NULL: nobody knows it). Profiles are texts in the store (reader may be NULL) and files.
 * *known is false when the default profile stands in. ERR_NOT_FOUND and *why when there is not even that.
 */
int subscribers_device(struct subscribers *s, struct store_reader *reader, const struct subscriber *sub,
    struct policy_device *dev, bool *known, struct why *why);

/* The device that stands for those nobody knows. Shared, never changed; counted references. */
struct known_device {
	atomic_int refs;
	struct policy_device dev;
};
void known_device_unref(struct known_device *d);	/* NULL allowed */
/*
 * It is read once, and again after a reload or when a profile in the store changes. A new reference; NULL: there is no such
 * profile, which the log said, or it was not read yet and reader is NULL.
 */
struct known_device *subscribers_unknown(struct subscribers *s, struct store_reader *reader);
bool subscribers_unknown_read(struct subscribers *s);	/* cheap: need nobody read it? */
void subscribers_profile_changed(struct subscribers *s);

#endif
