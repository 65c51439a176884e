/*
 * secret.h - memory that held a secret, and comparing without telling how much was right.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

void secret_cleanse(void *p, size_t n);			/* never optimised away */
bool secret_equal(const void *a, const void *b, size_t n);	/* in constant time */

#endif
