/*
 * control.h - the gateway's own controls, E-01 to E-20: what does not go on air, whoever asks for it.
 * Facts: device policies sheet, 8.4. Each has a switch, a default, a check and a PAP code, in one table.
 *
 *	control.c		the table, the rules of group control, running the checks
 *	control_content.c	E-03 to E-06, E-12, E-13, E-17, E-18: what the message holds
 *	control_recipient.c	E-06, E-09, E-10, E-12, E-17, E-20: message and subscriber together
 *	control_entries.c	what was sent before, in memory
 *	control_marks.c		what of it a push leaves, when it is stored
 *	control_memory.c	the same in the store, and what did not arrive
 *	control_rate.c		E-07, E-16, E-20: how often, to how many, and what was there already
 *	control_lure.c		E-08: a document and a text with its PIN
 *	control_pin.c		E-08: the PIN of a document
 *
 * E-01, E-02 and E-15 change or refuse headers where these are made (admit_content.c); E-14 and E-19 are the prediction
 * (admit_policy.c).
 */
#ifndef PPG_CONTROL_H
#define PPG_CONTROL_H

#include <stdatomic.h>

#include "ppg/initiator.h"
#include "ppg/predict.h"
#include "ppg/subscriber.h"
#include "store/store.h"

enum { CONTROLS = 20 };			/* E-01 is number 1 */
enum control_mode { CONTROL_OFF, CONTROL_WARN, CONTROL_ENFORCE };

/* Words of a list separated by ';' that an operator wrote; NULL: none. Heap, of the rules. */
struct control_rules {
	atomic_int refs;
	bool configured;		/* there is a group control */
	enum control_mode modes[CONTROLS + 1];
	bool overwrite_uri;		/* E-02: instead of refusing */
	char *trusted_types;		/* E-01: media types that bit 1 may be set for; NULL: all */
	char *plain;			/* E-05: characteristics that anybody may send */
	unsigned pin_per_initiator, pin_per_day, netwpin_per_hour, subscribers_per_hour;	/* E-07 */
	unsigned lure_s;		/* E-08 */
	char *tiers;			/* E-09: "TYPE=TIER,TIER;..." */
	char *senders;			/* E-11: addresses that are trusted proxies of devices */
	char *sl_hosts;			/* E-12 */
	unsigned notification_max;	/* E-13 */
	unsigned replay_s;		/* E-16 */
	char *dm_hosts, *tps_urls;	/* E-17 */
	unsigned from_minute, to_minute;	/* E-20: office hours, UTC; equal: all day */
	unsigned privileged_per_hour;	/* E-20: subscribers; 0: no limit */
	size_t memory;			/* entries of control_memory */
};
/* What holds without a group control; 1 reference. */
struct control_rules *control_rules_create(void);
struct control_rules *control_rules_ref(struct control_rules *r);
void control_rules_unref(struct control_rules *r);
/* "e-05" of a key; its mode as soon as there is a group control. */
const char *control_key(unsigned control);
enum control_mode control_default(unsigned control);
const char *control_mode_name(enum control_mode mode);

/* ---- a message before the controls -------------------------------------------------------------- */

enum control_class { CLASS_NONE /* no provisioning document */, CLASS_PLAIN, CLASS_REDIRECTING, CLASS_PRIVILEGED };

struct control_memory;
struct control_marks;

/* Whether digits hold the PIN of a document takes up to 256 MACs: what was asked of recipients before is not worked out again. */
enum { CONTROL_ANSWERS = 16 };
struct control_answer {
	uint8_t question[STORE_MEMORY_KEY];
	bool known, holds;
};

struct control_case {
	const struct control_rules *rules;
	const struct initiator *who;
	bool authenticated;
	struct push_facts *facts;
	const char *text_type;		/* media type as submitted */
	bool own_app_id;		/* the gateway chose the application, by the type */
	const char *from;		/* source address on air */
	struct store_body *shared;	/* the message, for those that must remember it */
	/* of one recipient */
	uint32_t n;			/* its number in the push */
	const char *number;		/* "+digits" */
	const struct subscriber *sub;	/* NULL: nobody knows the number */
	const struct prediction *prediction;	/* NULL: none was made */
	const struct policy_device *dev;	/* known device; NULL */
	bool weak_pin, pin_inside;	/* see struct admission */
	bool dm_ef_imsi;		/* see struct admit_config */
	bool released_before;		/* an operator let privileged settings of this account go */
	/* what the checks found out, and share */
	enum control_class class;
	char worst[128];		/* the characteristic that has it */
	struct control_memory *memory;	/* NULL: nothing is remembered */
	struct control_marks **marks;
	struct control_answer answers[CONTROL_ANSWERS];
};

/* A control that a message ran into. */
struct control_finding {
	unsigned control;
	bool refused, held;		/* held: until an operator releases it; neither: a warning */
	int code;			/* PAP */
	char text[WHY_MAX + 1];		/* "control E-05: ..." */
};
enum { FINDINGS_MAX = 8 };
struct control_findings {
	struct control_finding list[FINDINGS_MAX];
	size_t n;
};

/* Is there anything to check in such content, whoever pushes it? Cheap. */
bool control_concerns(const struct control_rules *rules, const struct control_memory *memory, enum content_kind kind);
/*
 * Checks of the message; the first that refuses ends it and is the answer, else the first that holds it. NULL: it
 * passes, perhaps with warnings in *out.
 */
const struct control_finding *control_check_push(struct control_case *c, struct control_findings *out);
/* The same for one recipient. */
const struct control_finding *control_check_recipient(struct control_case *c, struct control_findings *out);
/* A finding that was made elsewhere. */
const struct control_finding *control_found(const struct control_rules *rules, unsigned control, int code,
    const struct why *why, struct control_findings *out);

/* ---- checks: true passes, else *why says what is wrong --------------------------------------------- */

typedef bool (*control_check)(struct control_case *c, struct why *why);
enum { CONTROL_TELLS = 1 };		/* offset of *why: told, whatever the mode; else a PAP code, or 0 */
bool control_repeated(struct control_case *c, struct why *why);		/* E-15 of the content type */
bool control_types(struct control_case *c, struct why *why);		/* E-03 */
bool control_applications(struct control_case *c, struct why *why);	/* E-04 */
bool control_document(struct control_case *c, struct why *why);		/* E-05; also sets class */
bool control_signature(struct control_case *c, struct why *why);	/* E-06 */
bool control_link(struct control_case *c, struct why *why);		/* E-12 */
bool control_notification(struct control_case *c, struct why *why);	/* E-13 */
bool control_servers(struct control_case *c, struct why *why);		/* E-17 */
bool control_secrets(struct control_case *c, struct why *why);		/* E-18 */
bool control_sender(struct control_case *c, struct why *why);		/* E-11 */
bool control_unsigned(struct control_case *c, struct why *why);		/* E-06 of a recipient */
bool control_tier(struct control_case *c, struct why *why);		/* E-09 */
bool control_network_mac(struct control_case *c, struct why *why);	/* E-10 */
bool control_silent_link(struct control_case *c, struct why *why);	/* E-12 of a recipient */
bool control_tightening(struct control_case *c, struct why *why);	/* E-17 of a recipient */
bool control_hours(struct control_case *c, struct why *why);		/* E-20 */
bool control_first_use(struct control_case *c, struct why *why);	/* E-20 */
bool control_rate(struct control_case *c, struct why *why);		/* E-07 */
bool control_weak_pin(struct control_case *c, struct why *why);		/* E-08 of the message */
bool control_lure(struct control_case *c, struct why *why);		/* E-08 of a recipient */
bool control_replay(struct control_case *c, struct why *why);		/* E-16 */
bool control_crowd(struct control_case *c, struct why *why);		/* E-20 of a recipient */

/*
 * The profile whose presence in the store says that an operator released privileged settings of this account; who removes
 * it has the next ones wait again.
 */
enum { CONTROL_NOTE_SIZE = 96 };
void control_released_note(const char *pi, char name[CONTROL_NOTE_SIZE]);
/* E-20 only warns, and this account's first privileged settings were stored: writes that note. Any thread. */
void control_note_first_use(struct store *store, const char *pi, const char *push_id);

/* Is `word` in a list separated by ';', in any case? A word that ends in '*' stands for all that begin so. */
bool control_list_has(const char *list, struct span word);

/* ---- what was sent before ----------------------------------------------------------------------------- */

/*
 * Bounded. What E-07, E-16 and E-20 look at is in the store as well, by keyed hashes; E-08's is in memory only: a restart
 * forgets it. Any thread.
 */
struct control_memory *control_memory_create(size_t max);
/* Before it is used: takes up what was there before, and writes to that store from now on. */
int control_memory_open(struct control_memory *m, struct store *store, struct why *why);
void control_memory_destroy(struct control_memory **m);
bool control_memory_has_documents(const struct control_memory *m);
/* A document that the user's PIN signs? */
bool control_pin_signed(const struct control_case *c);
/* Recipient n of push row `push` gets one; control_failed (of a memory): the gateway was told that it did not. */
void control_memory_sent(struct control_memory *m, int64_t push, uint32_t n, const char *number);
void control_failed(void *memory, int64_t push, uint32_t n);
/* The recipient gets a document that the user's PIN signs: its failure will count. */
void control_sent_mark(struct control_case *c);
/* What the store shall write with recipients first_n to first_n + n - 1: heap, in their order. */
size_t control_marks_rows(const struct control_marks *marks, uint32_t first_n, uint32_t n, struct store_memory **rows);
/* The recipients before `end` are stored. */
void control_marks_stored(struct control_marks *marks, int64_t push, uint32_t end);
/* What a push that was stored leaves there; one that was not takes its marks back. Frees them. */
void control_marks_keep(struct control_marks **marks, int64_t push);
void control_marks_undo(struct control_marks **marks);
/* Takes those back that came after there were `from` (control_marks_count). */
size_t control_marks_count(const struct control_marks *marks);
void control_marks_undo_from(struct control_marks *marks, size_t from);

#endif
