/* service.h - what every mode of pushrouter runs on: loop, clients, one router, signals, counters. */
#ifndef ROUTER_SERVICE_H
#define ROUTER_SERVICE_H

#include "router/clients.h"
#include "router/options.h"

struct service {
	const struct options *o;
	struct loop *loop;
	struct clients *clients;
	struct router *router;
	int signals;
	struct loop_fd watch;
	struct loop_timer expire;
	void (*more_stats)(void *arg, json_t *stats);	/* of the mode; may be NULL */
	void *arg;
};

/*
 * A router for o->dev with the registrations of o. leaves: SIGTERM and SIGINT stop the loop; else they
 * end the process as usual. OK, or an error with everything undone.
 */
int service_init(struct service *s, const struct options *o, bool keeps, bool leaves, struct why *why);
/* Gives clients `wait_ms` to take what waits, shows the counters if asked for, ends everything. */
void service_done(struct service *s, int64_t wait_ms);
/* For a source that can wait: turns the loop while a client's queue is full. */
void service_settle(struct service *s);

/* A line of output, now. */
void service_print(const struct sbuf *line);
/*
 * {"seq" and so on of `head`, "source", "dest", then the answer or "error", then the members of `actions`}. head and actions may
 * be NULL.
 */
void service_answer(const struct options *o, json_t *head, const struct router_path *path,
    const struct router_result *res, const struct why *problem, json_t *actions, struct sbuf *out);

#endif
