/* metrics.h - the gateway's counters as Prometheus text. */
#ifndef PPG_METRICS_H
#define PPG_METRICS_H

#include "ppg/dispatch.h"
#include "ppg/front.h"
#include "ppg/notify.h"
#include "ppg/pool.h"
#include "store/store.h"

struct metrics_sources {
	struct store *store;
	struct dispatch *dispatch;
	struct front *front;
	struct notifier *notifier;
	struct authenticator *auth;	/* whose initiators are named */
	struct pool *pool;
	unsigned long long admin_refused_http, admin_refused_auth;
};

void metrics_print(const struct metrics_sources *from, struct sbuf *out);

#endif
