/*
 * report.h - what is told of a recipient, in notifications and status queries alike.
 * Spec: WAP-247-PAP 8.6, 8.11.
 */
#ifndef PPG_REPORT_H
#define PPG_REPORT_H

#include "base/json.h"
#include "ppg/pap.h"
#include "ppg/route.h"

/* PAP status of a recipient in this state; `code` is the stored one, 0 for none. */
int report_code(int state, int code);

/*
 * Quality of service as it was: NULL when the submission had no such element. `link` is the smsc-id that
 * carried it, or NULL; texts point into *routes and static memory.
 */
const struct pap_qos_used *report_qos(json_t *meta, const char *link, const struct routes *routes,
    struct pap_qos_used *out);

#endif
