/*
 * shown.h - what the user of a handset sees of a message that was accepted: the text and link
 * of a service indication, sender and subject of a multimedia message, and so on.
 * Spec: WAP-167 (SI), WAP-168 (SL), WAP-175 (CO), WAP-206 and OMA-MMS-ENC (notifications), EMN
 * 1.0.
 */
#ifndef ROUTER_SHOWN_H
#define ROUTER_SHOWN_H

#include "router/pushrouter.h"

/*
 * {"kind","text","href",...}: a new reference, or NULL for a message that was refused, that is
 * no push or that nothing is shown of. Members stand in the order in which they are shown; the
 * values are strings and numbers, but "objects" and "services" of a CO, which are lists of
 * strings.
 */
json_t *shown_json(const struct router_result *res);
/* Adds it to an answer as member "shown". res may be NULL. */
void shown_add(json_t *answer, const struct router_result *res);
/* The same as one line without an end: `SI: text "Hi", href "http://m.example"`. */
void shown_print(json_t *shown, struct sbuf *out);

#endif
