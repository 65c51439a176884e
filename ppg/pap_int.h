/* pap_int.h - what the files of the PAP parser share; for ppg/pap_*.c only. */
#ifndef PPG_PAP_INT_H
#define PPG_PAP_INT_H

#include "ppg/pap.h"

/*
 * The version that a document type declares, into c->version; identifiers are NULL when absent. ERR_SYNTAX when it is
 * not PAP's, or not written as leniency allows.
 */
int pap_read_doctype(struct pap_control *c, const struct pap_leniency *l, const char *name,
    const char *public_id, const char *system_id, struct why *why);
/* The versions that a wap-pap-ver instruction lists; others are passed over. */
void pap_read_instruction(struct pap_control *c, const struct pap_leniency *l, const char *target,
    const char *data, bool in_doctype);

#endif
