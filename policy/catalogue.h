/* catalogue.h - what the value of a policy may be; inside policy/ only. */
#ifndef POLICY_CATALOGUE_H
#define POLICY_CATALOGUE_H

#include "policy/policy.h"

/* ERR_RANGE and *why for what this family does not take; unknown ids take anything. */
int catalogue_check(enum policy_family family, uint32_t id, uint32_t value, struct why *why);
/* The value without bits that mean nothing to this family; other values as they are. */
uint32_t catalogue_trim(enum policy_family family, uint32_t id, uint32_t value);
/* "1, 8192" of a mask. */
void catalogue_bits(uint32_t mask, char *out, size_t size);

#endif
