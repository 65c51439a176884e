/*
 * resolve.h - a host's addresses, looked up without holding up the loop: a thread of its own for each
 * look-up of a name, because getaddrinfo may block for long.
 */
#ifndef SMSC_RESOLVE_H
#define SMSC_RESOLVE_H

#include <netdb.h>

#include "base/loop.h"

struct resolve;

/*
 * done(arg, error, found) is called on the loop's thread, not from inside, unless it is abandoned before; error
 * NULL, or what went wrong in words; found is the callee's to look at only. NULL: no thread could be had.
 */
struct resolve *resolve_start(struct loop *loop, const char *host, unsigned port,
    void (*done)(void *arg, const char *error, const struct addrinfo *found), void *arg);
/* Nothing is called any more. *r may be NULL. */
void resolve_abandon(struct resolve **r);

#endif
