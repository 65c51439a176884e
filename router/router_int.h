/* router_int.h - a router from inside; for router/ only. */
#ifndef ROUTER_ROUTER_INT_H
#define ROUTER_ROUTER_INT_H

#include "router/pushrouter.h"
#include "wap/content.h"

/* Who takes messages of a content type, an application id or a pair. */
struct registration {
	struct registration *next;
	struct policy_client key;
	void (*take)(void *arg, const struct router_path *path, const struct router_result *res);
	void *arg;
	struct router_push *first, **last;	/* that wait */
	size_t n;
	struct router_client *open;	/* NULL: nobody has a handle */
};

struct router {
	struct router_device dev;
	bool keeps;
	struct router_limits limits;	/* with defaults in */
	struct router_stats stats;
	struct registration *registrations;
	size_t n_registrations;
	size_t own_clients;		/* of the device, while the registered ones stand behind them */
	struct registration *taker;	/* of the message at hand */
	struct reasm *reasm;		/* parts that come one by one; made with the first */
	struct reasm *whole;		/* parts that came together; one message's */
	struct wsp_push push;		/* the message at hand */
	struct wsp_push_info info;
	struct content_facts facts;
	struct prov_doc doc;
	struct policy_setting *settings;	/* of doc */
	size_t n_settings;
	struct why problem;
};

/* registry.c: around policy_decide, the device has the registered clients as well as its own. */
void registry_lend(struct router *r);
/* Takes them back, and notes in r->taker whose the message is, when it was accepted. */
void registry_find_taker(struct router *r, const struct policy_message *msg,
    const struct policy_decision *d);
/* To r->taker, if any: call it, or let the message wait. */
void registry_hand_over(struct router *r, const struct router_path *path,
    const struct router_result *res);
void registry_done(struct router *r);

#endif
