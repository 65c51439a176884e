/* pap_leniency.c - the switches of pap.h as a table and as the values they have by default. */
#include "ppg/pap.h"

#define ROW(name, field, def, help) { name, offsetof(struct pap_leniency, field), def, help },
#define VALUE(name, field, def, help) .field = def,

const struct pap_leniency_key pap_leniency_keys[] = { PAP_LENIENCY(ROW) { 0 } };

const struct pap_leniency pap_leniency_usual = { PAP_LENIENCY(VALUE) };

bool *
pap_leniency_switch(struct pap_leniency *l, const struct pap_leniency_key *key)
{
	return (bool *)((char *)l + key->offset);
}
