/*
 * fetch.h - what a service loading message wants loaded: one GET of its address, and what came
 * is told, not run.
 * Spec: WAP-168 (SL) 5; device policies 2.2 (4124: https alone, or http as well).
 */
#ifndef ROUTER_FETCH_H
#define ROUTER_FETCH_H

#include "base/http_client.h"
#include "base/loop.h"
#include "router/pushrouter.h"

struct fetcher;
/*
 * allow: addresses of inner networks that may be connected to all the same, NULL none; it is
 * the fetcher's from then on. event gets
 * {"handset","fetch":{"url","action","status","type","size","whole"|"error"}}, a reference,
 * later than the call that began it.
 */
struct fetcher *fetcher_create(struct loop *loop, struct netlist *allow, const char *ca_file,
    void (*event)(void *arg, json_t *event), void *arg);
void fetcher_destroy(struct fetcher **f);	/* what is outstanding ends without an event */

/*
 * A message that a handset accepted: an SL that is not merely stored is fetched. The decision
 * has looked at the policies, 4124 too. True: it begins; *refused (a reference) is set when it
 * cannot.
 */
bool fetcher_take(struct fetcher *f, const char *number, const struct router_result *res,
    const char **refused);
/* {"running","done","failed"}: a new reference. */
json_t *fetcher_stats(const struct fetcher *f);
bool fetcher_busy(const struct fetcher *f);
/* Such an event as a line for people, without an end. */
void fetcher_print(json_t *event, struct sbuf *out);

#endif
