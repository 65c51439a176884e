/*
 * admin.h - the operator's port: health, metrics, and JSON under /api/v1/ behind a token.
 */
#ifndef PPG_ADMIN_H
#define PPG_ADMIN_H

#include "base/http_server.h"
#include "ppg/dispatch.h"
#include "ppg/front.h"
#include "ppg/notify.h"
#include "ppg/pool.h"
#include "store/store.h"

struct admin;

struct admin_config {
	struct http_server_config http;
	const char *token;			/* NULL: nobody has it */
	struct store *store;
	struct dispatch *dispatch;
	struct front *front;
	struct subscribers *subscribers;	/* is told of imports */
	struct notifier *notifier;
	struct authenticator *auth;
	struct admit_table *admit;
	struct pool *pool;
	int (*reload)(void *arg, struct why *why);	/* on the admin thread */
	bool (*ready)(void *arg);
	void *arg;
};

int admin_start(const struct admin_config *cf, struct admin **out, struct why *why);
void admin_stop(struct admin **admin);
uint16_t admin_port(const struct admin *admin);
/* Another token for requests to come. Any thread. */
void admin_set_token(struct admin *admin, const char *token);
/* Read the certificate again, if it has one; see http_server_reload_tls. Any thread. */
int admin_reload_tls(struct admin *admin, struct why *why);

#endif
