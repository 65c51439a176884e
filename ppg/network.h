/*
 * network.h - the networks and bearers that a quality-of-service element may name.
 * Spec: WAP-259-WDP appendix C (address types and bearers); WAP-247-PAP 8.2.2.
 *
 * Names are compared without regard to case. "any" and an empty or missing name leave the choice open.
 */
#ifndef PPG_NETWORK_H
#define PPG_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct network_row {
	uint8_t number;			/* as in Bearer-Indication */
	const char *network, *bearer, *address_type;
};

/* All assignments, by number. */
const struct network_row *network_table(size_t *n);
const struct network_row *network_row(uint8_t number);	/* NULL: reserved */

/* Does the name leave the choice open? */
bool network_is_any(const char *name);
bool network_known(const char *name);
/* Has that network that bearer? With an open network: has any. */
bool bearer_known(const char *network, const char *bearer);

#endif
