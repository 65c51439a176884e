/*
 * admin_int.h - what the files of the admin port share.
 *
 *	admin.c		server, token, the table of routes; health, metrics, links, reload
 *	admin_push.c	what is read of pushes: one, the newest, audit rows
 *	admin_case.c	a push as a policy case
 *	admin_quarantine.c	what controls hold, and its release
 *	admin_facts.c	what is known of devices: subscribers and profiles, read and written
 *	admin_csv.c	the table of subscribers as text
 */
#ifndef PPG_ADMIN_INT_H
#define PPG_ADMIN_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/json.h"
#include "ppg/address.h"
#include "ppg/admin.h"

struct admin {
	struct admin_config cf;
	struct http_server *server;
	struct store_reader *reader;	/* the server's thread */
	atomic_ullong refused_http, refused_auth;
	pthread_mutex_t lock;		/* guards what follows */
	uint8_t token[32];		/* its digest, compared in constant time */
	bool has_token;
	pthread_cond_t idle;
	unsigned writes;		/* that the store has */
	bool stopping;
};

/* ---- answers: *value is taken ------------------------------------------------------------------ */

void admin_json(struct http_request *rq, unsigned status, json_t *value);
void admin_error(struct http_request *rq, unsigned status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same from any thread, to a request that waits for the store. */
void admin_json_later(struct http_request *rq, unsigned status, json_t *value);

/* After a look-up of a push that failed; `missing` is what 404 says. */
void admin_read_failed(struct http_request *rq, int err, const char *missing);

/* A time of the store as PAP writes it; 0 is null. */
json_t *admin_time(int64_t t);
json_t *admin_text(const char *text);		/* NULL is null */
/*
 * A number in the query: *out is `def` when it is absent. When it is none in [min, max] the request is answered
 * 400, and false.
 */
bool admin_number(struct http_request *rq, const char *name, int64_t min, int64_t max, int64_t def, int64_t *out);

/* ---- writing: from begin to end the store has something of ours; false: the gateway is stopping --- */

bool admin_begin(struct admin *admin);
void admin_end(struct admin *admin);
/* What a write has kept with its request (http_request_data); NULL allowed. */
void admin_write_free(void *data);

/* ---- routes; `rest` is what follows the path of a route that ends in '/', still escaped ----------- */

void admin_pushes(struct admin *admin, struct http_request *rq, const char *rest);
void admin_route(struct admin *admin, struct http_request *rq, const char *rest);
void admin_case(struct admin *admin, struct http_request *rq, const char *rest);
void admin_quarantine(struct admin *admin, struct http_request *rq, const char *rest);
void admin_release(struct admin *admin, struct http_request *rq, const char *rest);
void admin_reject(struct admin *admin, struct http_request *rq, const char *rest);
void admin_audit(struct admin *admin, struct http_request *rq, const char *rest);
void admin_get_subscriber(struct admin *admin, struct http_request *rq, const char *rest);
void admin_put_subscribers(struct admin *admin, struct http_request *rq, const char *rest);
void admin_delete_subscriber(struct admin *admin, struct http_request *rq, const char *rest);
void admin_list_profiles(struct admin *admin, struct http_request *rq, const char *rest);
void admin_get_profile(struct admin *admin, struct http_request *rq, const char *rest);
void admin_put_profile(struct admin *admin, struct http_request *rq, const char *rest);
void admin_delete_profile(struct admin *admin, struct http_request *rq, const char *rest);

#endif
