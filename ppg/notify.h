/*
 * notify.h - result notifications: posted to the initiator, retried and kept until acknowledged.
 * Spec: WAP-247-PAP 5.2, 8.6, 9.5. One thread; the store leases due ones to it.
 */
#ifndef PPG_NOTIFY_H
#define PPG_NOTIFY_H

#include "ppg/admit.h"
#include "ppg/authenticator.h"
#include "ppg/pap.h"
#include "store/store.h"

struct notifier;

struct notify_config {
	struct store *store;
	struct route_table *routes;	/* networks and bearers of links, for what a notification says */
	struct authenticator *auth;	/* for the initiators' own notify-allow */
	struct pap_writer writer;
	struct admit_table *admit;	/* for the inner addresses that may be posted to */
	unsigned max_under_way;		/* 0 = 64 */
	struct http_client_config http;	/* limits of one post; the rest is set here */
	unsigned retry_min_s, retry_max_s;	/* 0 = 5, 3600 */
	int64_t give_up_s;		/* after the push was final; 0 = 3 days */
};

struct notify_stats {
	uint64_t acknowledged, failed_tries, given_up;
	unsigned under_way;
};

struct notifier *notifier_start(const struct notify_config *cf);
void notifier_stop(struct notifier **n);	/* what is under way is tried again after a restart */
void notifier_wake(struct notifier *n);		/* any thread: one was added */
void notifier_stats(struct notifier *n, struct notify_stats *out);

#endif
