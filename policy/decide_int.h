/* decide_int.h - a decision under way, for the two kinds of devices; inside policy/ only. */
#ifndef POLICY_DECIDE_INT_H
#define POLICY_DECIDE_INT_H

#include "policy/kinds.h"
#include "policy/policy.h"

struct run {
	const struct policy_device *dev;
	const struct policy_message *msg;
	const struct policy_user *user;
	struct policy_decision *out;
	const char *stage;		/* the one that runs */
	enum policy_kind kind;
	bool is_signed;
	uint32_t origin, claimed, roles;
	struct policy_body body;
	bool asked_pin, asked_consent;
};

/* A stage: false ends the message, the reason is noted. */
struct decide_stage { const char *name; bool (*run)(struct run *run); };

/* Stages of devices with modes instead of role masks (decide_modes.c). */
extern const struct decide_stage decide_modes[];
extern const size_t decide_n_modes;

/* Note a test; a failed one ends the message with reason `code`. */
bool decide_note(struct run *run, const char *test, bool pass, int code);

bool decide_parse(struct run *run);		/* stage 2 */
bool decide_origin(struct run *run);		/* stage 3 */
bool decide_mac(struct run *run);		/* stage 5: the network's key */
bool decide_pin(struct run *run);		/* stage 5: the user */
bool decide_consent(struct run *run, const char *test);
bool decide_roles(struct run *run);		/* stage 7 */
bool decide_route(struct run *run);		/* stage 8 */
bool decide_body(struct run *run);		/* the second half of stage 9 */
bool decide_commit(struct run *run);		/* stage 13 */

#endif
