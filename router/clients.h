/*
 * clients.h - programs, sockets and folders that get what the push router hands over.
 * Each has a bounded queue of its own, so that a slow one holds up neither the router nor the others.
 * All of it belongs to the loop's thread.
 */
#ifndef ROUTER_CLIENTS_H
#define ROUTER_CLIENTS_H

#include "base/loop.h"
#include "router/pushrouter.h"

struct clients;
/* Blocks SIGCHLD and ignores SIGPIPE in the process. */
struct clients *clients_create(struct loop *loop);
/* What waits is lost, programs that run are killed. */
void clients_destroy(struct clients **c);

/*
 * "TYPE[;app=ID][;form=json|raw][;time=S][;jobs=N][;queue=N][;output=N]=KIND:TARGET", KIND one of exec,
 * shell, unix, file; TYPE may be empty or "*". ERR_SYNTAX, ERR_RANGE, ERR_LIMIT, ERR_EXISTS.
 */
int clients_add(struct clients *c, const char *spec, struct why *why);
/* The object {"clients":[{"content_type","app_id","exec"|"shell"|"unix"|"file",...},...]}. */
int clients_add_json(struct clients *c, json_t *obj, struct why *why);
/* Register all of them; the router must go before they do. */
int clients_register(struct clients *c, struct router *r, struct why *why);
size_t clients_number(const struct clients *c);

bool clients_busy(const struct clients *c);	/* something waits, runs or is half written */
bool clients_full(const struct clients *c);	/* a queue has no room: a source that can wait should */
/* A list: "content_type", "app_id", "kind", "queued", "running", "done", "failed", "lost". */
json_t *clients_json(const struct clients *c);

#endif
