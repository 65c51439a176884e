/*
 * case_json.h - decisions as JSON: a case in, the answer out; the forms of `ppgctl policy explain`.
 * A device object is what `pushrouter --device` reads, too.
 */
#ifndef POLICY_CASE_JSON_H
#define POLICY_CASE_JSON_H

#include "base/json.h"
#include "policy/policy.h"

/*
 * {"profile","policies",...} -> *dev. The profile is a text of `files`, or such an object again.
 * Unknown members are left to the caller. ERR_SYNTAX, ERR_RANGE, ERR_NOT_FOUND, ERR_LIMIT; *why
 * names the member.
 */
int policy_device_from_json(json_t *obj, const struct policy_files *files, struct policy_device *dev,
    struct why *why);

/*
 * The whole record, whatever the profile says now: policy_device_from_json makes the same of it. A
 * new reference. It is what the state file of a simulated handset holds.
 */
json_t *policy_device_json(const struct policy_device *dev);

/* {"family","outcome","code","path","mask","effective","client","stages"}: a new reference. */
json_t *policy_decision_json(enum policy_family family, const struct policy_decision *d);

/*
 * {"device","message","user"}, {"device","source","settings"} or {"device","steps"} -> the answer,
 * an array of answers for steps, or {"error"} for what is no case. A new reference, never NULL.
 */
json_t *policy_case_decide(json_t *input, const struct policy_files *files);
/* The same for people: the lines of policy_explain. ERR_SYNTAX and others for what is no case. */
int policy_case_explain(json_t *input, const struct policy_files *files, struct sbuf *out,
    struct why *why);

#endif
