/* gateway.c - see gateway.h. */
#include "ppg/gateway.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ppg/access.h"
#include "ppg/admin.h"
#include "ppg/authenticator.h"
#include "ppg/dispatch.h"
#include "ppg/front.h"
#include "ppg/life.h"
#include "ppg/notify.h"
#include "ppg/pool.h"
#include "ppg/route.h"
#include "ppg/screen.h"
#include "store/store.h"
#include "wap/udh.h"

#include <config.h>

enum {
	ADMIN_CONNECTIONS = 64,
	ADMIN_HEAD = 128 << 10,		/* a token of 64 KiB is a wrong token, not too large a head */
	MEMORY_ROWS = 5			/* that one recipient leaves, at most */
};

struct gateway {
	struct ppg_config *config;	/* that it was started with */
	pthread_mutex_t reloading;	/* guards taken, and one reload against another */
	struct ppg_config *taken;	/* the one that a reload took last; NULL: config */
	struct store *store;
	struct dispatch *dispatch;
	struct pool *pool;
	struct route_table *routes;
	struct admit_table *admit;
	struct subscribers *subscribers;
	struct control_memory *memory;
	struct screen *screen;
	struct authenticator *auth;
	struct access_meters *meters;
	pthread_mutex_t lock;		/* guards notifier against the writer's thread at the end */
	struct notifier *notifier;
	struct front *front;
	struct admin *admin;
	atomic_bool ready;
	char sender_address[256];
	char *path;
};

/* ---- what the store calls ---------------------------------------------------------------------- */

static void
on_notes_due(void *arg)
{
	struct gateway *gw = arg;

	pthread_mutex_lock(&gw->lock);
	if (gw->notifier != NULL)
		notifier_wake(gw->notifier);
	pthread_mutex_unlock(&gw->lock);
}

/* Nothing can be promised without the disk: end at once, the start after this recovers. */
static void
on_fatal(void *arg, const char *why)
{
	log_error("store", "%s: stopping", why);
	_exit(3);
}

/* ---- stations ------------------------------------------------------------------------------------------ */

static int
start_store(struct gateway *gw, struct why *why)
{
	const struct ppg_config *cf = gw->config;
	struct store_config sc = {
		.url = cf->store_url,
		.retention_s = cf->retention_s,
		.audit_retention_s = cf->audit_retention_s,
		.receipt_margin_s = cf->receipt_margin_s,
		.cache_kib = cf->store_cache_kib,
		.memory_max = cf->controls->memory * MEMORY_ROWS,
		.notes_due = on_notes_due,
		.fatal = on_fatal,
		.arg = gw,
	};

	life_rules(&sc.rules);
	return store_open(&sc, &gw->store, why);
}

/* What was sent before. */
static int
start_memory(struct gateway *gw, struct why *why)
{
	const struct control_rules *controls = gw->config->controls;

	gw->memory = control_memory_create(controls->memory);
	if (controls->modes[8] != CONTROL_OFF)
		log_info("policy", "E-08 remembers nothing from before this start: digits of texts are not stored");
	return control_memory_open(gw->memory, gw->store, why);
}

static struct dispatch_link *
make_links(const struct ppg_config *cf)
{
	struct dispatch_link *links = calloc(cf->n_links + 1, sizeof *links);
	size_t i;

	if (links == NULL)
		abort();
	for (i = 0; i < cf->n_links; i++) {
		links[i].smsc = cf->links[i].smsc;
		links[i].delivered_on_submit = cf->links[i].delivered_on_submit;
	}
	return links;
}

static struct routes *
make_routes(const struct ppg_config *cf)
{
	const struct smsc_config **links = calloc(cf->n_links + 1, sizeof *links);
	struct routes *routes;
	size_t i;

	if (links == NULL)
		abort();
	for (i = 0; i < cf->n_links; i++)
		links[i] = &cf->links[i].smsc;
	routes = routes_create_ruled(links, cf->n_links, cf->routes);
	free(links);
	return routes;
}

static void
look_up(void *arg, const char *number)
{
	const struct gateway *gw = arg;

	screen_look_up(gw->screen, number);
}

/* The rules of admission: what a reload may change is from `fresh`. */
static struct admit_config *
make_admit(struct gateway *gw, struct ppg_config *fresh)
{
	const struct ppg_config *cf = gw->config;
	struct admit_config values = {
		.max_control = cf->limits.max_control_entity,
		.max_content = cf->limits.max_content,
		.max_addresses = fresh->limits.max_addresses,
		.max_segments = SMS_SEGMENTS_MAX,
		.max_age_s = fresh->max_age_s,
		.notify_allow = fresh->notify_allow,
		.numbers = cf->numbers,
		.lenient = cf->lenient,
		.routes = gw->routes,
		.subscribers = gw->subscribers,
		.controls = control_rules_ref(fresh->controls),
		.memory = gw->memory,
		.look_up = cf->subscribers.http ? look_up : NULL,
		.look_up_arg = gw,
		.pin_over_http = fresh->pin_over_http,
		.dm_ef_imsi = fresh->dm_ef_imsi,
		.default_app_id = fresh->default_app_id,
	};

	snprintf(values.default_smsc, sizeof values.default_smsc, "%s",
	    fresh->default_smsc != NULL ? fresh->default_smsc : "");
	fresh->notify_allow = NULL;
	return admit_config_create(&values);
}

static void
start_dispatch(struct gateway *gw)
{
	const struct ppg_config *cf = gw->config;
	struct dispatch_link *links = make_links(cf);

	gw->routes = route_table_create(make_routes(cf));
	gw->subscribers = subscribers_create(&cf->subscribers);
	subscribers_set_profiles(gw->subscribers, cf->profiles, cf->n_profiles);
	gw->admit = admit_table_create(make_admit(gw, gw->config));
	/* also without anybody to ask: pushes may be left of a configuration that had one */
	gw->screen = screen_create(&(struct screen_config){
		.subscribers = gw->subscribers,
		.admit = gw->admit,
		.store = gw->store,
		.ca_file = cf->trusted_ca_file,
	});
	gw->dispatch = dispatch_start(gw->store, &(struct dispatch_config){
		.screen = screen_take,
		.screen_arg = gw->screen,
		.on_failed = control_failed,
		.failed_arg = gw->memory,
		.links = links,
		.n_links = cf->n_links,
		.rules = cf->routes,
		.in_hand_max = cf->inflight_max,
	});
	free(links);
}

static struct pap_writer
make_writer(struct gateway *gw)
{
	bool plain = gw->config->port != 0;

	snprintf(gw->sender_address, sizeof gw->sender_address, "http%s://%s:%u%s", plain ? "" : "s",
	    gw->config->interface != NULL ? gw->config->interface : "localhost",
	    plain ? gw->config->port : gw->config->ssl_port, gw->config->url);
	return (struct pap_writer){ "OpenPPG/" PACKAGE_VERSION, gw->sender_address, "OpenPPG" };
}

static void
start_notifier(struct gateway *gw)
{
	const struct ppg_limits *limits = &gw->config->limits;
	struct notifier *n = notifier_start(&(struct notify_config){
		.store = gw->store,
		.auth = gw->auth,
		.routes = gw->routes,
		.writer = make_writer(gw),
		.admit = gw->admit,
		.http = {
			.timeout_ms = limits->notify_timeout_s * 1000,
			.max_answer = limits->notify_max_answer,
			.max_per_host = limits->notify_connections,
			.ca_file = gw->config->trusted_ca_file,
		},
	});

	pthread_mutex_lock(&gw->lock);
	gw->notifier = n;
	pthread_mutex_unlock(&gw->lock);
}

/* "ppg-port 8080 (FILE:12): address already in use": the server names the port itself, once is enough. */
static void
name_port(struct why *why, const char *key, uint16_t port, const char *where)
{
	struct why reason = *why;
	char own[32];
	int n = snprintf(own, sizeof own, "port %u: ", port);

	why_set(why, ERR_IO, "%s %u (%s): %s", key, port, where,
	    reason.text + (strncmp(reason.text, own, (size_t)n) == 0 ? n : 0));
}

static bool
is_about_port(const struct why *why, uint16_t port)
{
	char own[32];
	int n = snprintf(own, sizeof own, "port %u: ", port);

	return strncmp(why->text, own, (size_t)n) == 0;
}

static void
name_front_port(struct why *why, const struct ppg_config *cf)
{
	if (cf->port != 0 && !is_about_port(why, cf->ssl_port))
		name_port(why, "ppg-port", cf->port, cf->port_where);
	else
		name_port(why, "ppg-ssl-port", cf->ssl_port, cf->ssl_port_where);
}

static void
set_tls(struct http_server_config *http, const struct ppg_tls *tls)
{
	http->tls_cert_file = tls->cert_file;
	http->tls_key_file = tls->key_file;
	http->tls_client_certs = tls->ask_client;
	http->tls_client_ca_file = tls->client_ca_file;
}

static int
start_front(struct gateway *gw, struct why *why)
{
	const struct ppg_config *cf = gw->config;
	struct front_config fc = {
		.http = {
			.name = "pap",
			.host = cf->interface,
			.port = cf->port,
			.loops = cf->http_threads,
			.max_body = cf->limits.max_body,
			.max_held = cf->limits.max_held,
			.max_connections = cf->limits.max_connections,
			.max_per_address = cf->limits.max_connections_per_address,
			.head_timeout_s = cf->limits.head_timeout_s,
			.request_timeout_s = cf->limits.request_timeout_s,
			.idle_timeout_s = cf->limits.idle_timeout_s,
		},
		.path = cf->url,
		.query_login = cf->query_login,
		.admit = gw->admit,
		.writer = make_writer(gw),
		.store = gw->store,
		.dispatch = gw->dispatch,
		.auth = gw->auth,
		.meters = gw->meters,
		.pool = gw->pool,
		.no_http = cf->port == 0,
	};
	int err;

	fc.https = fc.http;
	fc.https.port = cf->ssl_port;
	set_tls(&fc.https, &cf->tls);
	err = front_start(&fc, &gw->front, why);
	if (err)
		name_front_port(why, cf);
	return err;
}

static bool
is_ready(void *arg)
{
	struct gateway *gw = arg;

	return atomic_load(&gw->ready);
}

static int
reload_again(void *arg, struct why *why)
{
	struct gateway *gw = arg;

	return gateway_reload(gw, why);
}

static int
start_admin(struct gateway *gw, struct why *why)
{
	const struct ppg_config *cf = gw->config;
	struct admin_config ac = {
		.http = {
			.name = "admin",
			.host = cf->admin_interface,
			.port = cf->admin_port,
			.max_connections = ADMIN_CONNECTIONS,
			.max_head = ADMIN_HEAD,
		},
		.token = cf->admin_token,
		.store = gw->store,
		.dispatch = gw->dispatch,
		.front = gw->front,
		.notifier = gw->notifier,
		.auth = gw->auth,
		.admit = gw->admit,
		.pool = gw->pool,
		.subscribers = gw->subscribers,
		.reload = reload_again,
		.ready = is_ready,
		.arg = gw,
	};
	int err;

	if (cf->admin_port == 0)
		return OK;
	set_tls(&ac.http, &cf->admin_tls);
	err = admin_start(&ac, &gw->admin, why);
	if (err)
		name_port(why, "admin port", cf->admin_port, cf->admin_where);
	return err;
}

/* All ports are free: else the store is not created and no SMSC sees us (C-06). */
static int
probe_ports(const struct ppg_config *cf, struct why *why)
{
	struct http_server_config front = { .host = cf->interface, .port = cf->port };
	struct http_server_config ssl = { .host = cf->interface, .port = cf->ssl_port };
	struct http_server_config admin = { .host = cf->admin_interface, .port = cf->admin_port };

	if ((cf->port != 0 && http_server_probe(&front, why) != OK) ||
	    (cf->ssl_port != 0 && http_server_probe(&ssl, why) != OK)) {
		name_front_port(why, cf);
		return ERR_IO;
	}
	if (cf->admin_port != 0 && http_server_probe(&admin, why) != OK) {
		name_port(why, "admin port", cf->admin_port, cf->admin_where);
		return ERR_IO;
	}
	return OK;
}

int
gateway_start(const char *path, struct ppg_config *config, struct gateway **out, struct why *why)
{
	struct gateway *gw = calloc(1, sizeof *gw);
	int err;

	if (gw == NULL)
		abort();
	*out = NULL;
	gw->config = config;
	gw->path = span_dup(span_str(path));
	pthread_mutex_init(&gw->lock, NULL);
	pthread_mutex_init(&gw->reloading, NULL);
	err = probe_ports(config, why);
	if (err == OK)
		err = start_store(gw, why);
	if (err == OK)
		err = start_memory(gw, why);
	if (err == OK) {
		gw->auth = authenticator_start(ppg_config_take_initiators(config));
		gw->meters = access_meters_create(gw->store);
		start_dispatch(gw);
		start_notifier(gw);
		err = pool_start(gw->store, 0, 0, &gw->pool, why);
	}
	if (err == OK && gw->screen != NULL)
		err = screen_start(gw->screen, gw->dispatch, why);
	if (err == OK)
		err = start_front(gw, why);
	if (err == OK)
		err = start_admin(gw, why);
	if (err) {
		gateway_stop(&gw, 0);
		return err;
	}
	atomic_store(&gw->ready, true);
	*out = gw;
	return OK;
}

struct reload_report {
	struct why *why;
	bool first;
};

static void
report_reload(void *arg, int level, const char *line)
{
	struct reload_report *r = arg;

	if (level < 2) {
		log_info("config", "%s", line);
		return;
	}
	log_error("config", "%s", line);
	if (r->first)
		why_set(r->why, ERR_SYNTAX, "%s", line);
	r->first = false;
}

/* What was written but is not taken, compared with the start. */
static void
report_restart(void *arg, int level, const char *line)
{
	if (level == 1)
		log_warning("config", "%s", line);
}

/* What is taken, compared with the reload before. */
static void
report_taken(void *arg, int level, const char *line)
{
	if (level == 0)
		log_info("config", "%s", line);
}

/* Renewed certificates, from the files that the gateway was started with. */
static int
reload_tls(struct gateway *gw, struct why *why)
{
	int err = front_reload_tls(gw->front, why);

	if (err == OK && gw->admin != NULL)
		err = admin_reload_tls(gw->admin, why);
	if (err)
		log_error("config", "%s", why->text);
	return err;
}

static void
take_links(struct gateway *gw, const struct ppg_config *fresh)
{
	struct dispatch_link *links = make_links(fresh);

	route_table_replace(gw->routes, make_routes(fresh));
	dispatch_reload(gw->dispatch, links, fresh->n_links, fresh->routes, fresh->stop_wait_ms);
	free(links);
}

/* The files that initiators name may have changed although no key did: they are always taken. */
static void
take_config(struct gateway *gw, struct ppg_config *fresh)
{
	struct ppg_changes changes;

	ppg_config_changes(gw->config, fresh, report_restart, NULL, &changes);
	ppg_config_changes(gw->taken != NULL ? gw->taken : gw->config, fresh, report_taken, NULL, &changes);
	log_set_level(fresh->log_level);
	if (changes.subscribers)
		subscribers_set(gw->subscribers, &fresh->subscribers);
	subscribers_set_profiles(gw->subscribers, fresh->profiles, fresh->n_profiles);
	admit_table_replace(gw->admit, make_admit(gw, fresh));
	authenticator_replace(gw->auth, ppg_config_take_initiators(fresh));
	if (changes.links)
		take_links(gw, fresh);
	if (changes.admin && gw->admin != NULL && fresh->admin_token != NULL)
		admin_set_token(gw->admin, fresh->admin_token);
	ppg_config_free(&gw->taken);
	gw->taken = fresh;
	log_info("config", "reloaded: initiators, limits%s", changes.links ? ", links" : "");
}

int
gateway_reload(struct gateway *gw, struct why *why)
{
	struct reload_report report = { why, true };
	struct ppg_config *fresh;
	int err;

	pthread_mutex_lock(&gw->reloading);
	err = ppg_config_load(gw->path, report_reload, &report, &fresh);
	if (err == OK && (err = reload_tls(gw, why)) != OK)
		ppg_config_free(&fresh);
	if (err)
		log_error("config", "the configuration in force stays");
	else
		take_config(gw, fresh);
	pthread_mutex_unlock(&gw->reloading);
	return err;
}

unsigned
gateway_stop_wait_ms(const struct gateway *gw)
{
	return (gw->taken != NULL ? gw->taken : gw->config)->stop_wait_ms;
}

void
gateway_stop(struct gateway **p, unsigned wait_ms)
{
	struct gateway *gw = *p;
	struct notifier *notifier;

	if (gw == NULL)
		return;
	atomic_store(&gw->ready, false);
	admin_stop(&gw->admin);
	front_stop(&gw->front);
	pool_stop(&gw->pool);
	screen_stop(gw->screen);
	dispatch_stop(&gw->dispatch, wait_ms);
	screen_destroy(&gw->screen);
	pthread_mutex_lock(&gw->lock);
	notifier = gw->notifier;
	gw->notifier = NULL;
	pthread_mutex_unlock(&gw->lock);
	notifier_stop(&notifier);
	store_close(&gw->store);
	access_meters_destroy(&gw->meters);
	authenticator_stop(&gw->auth);
	admit_table_destroy(&gw->admit);
	subscribers_destroy(&gw->subscribers);
	control_memory_destroy(&gw->memory);
	route_table_destroy(&gw->routes);
	ppg_config_free(&gw->taken);
	pthread_mutex_destroy(&gw->reloading);
	pthread_mutex_destroy(&gw->lock);
	free(gw->path);
	free(gw);
	*p = NULL;
}

void
gateway_describe(const struct gateway *gw, struct sbuf *out)
{
	sbuf_str(out, "PAP on");
	if (front_port(gw->front) != 0)
		sbuf_fmt(out, " port %u", front_port(gw->front));
	if (front_ssl_port(gw->front) != 0)
		sbuf_fmt(out, "%s port %u (HTTPS)", front_port(gw->front) != 0 ? " and" : "", front_ssl_port(gw->front));
	sbuf_str(out, gw->config->url);
	if (gw->admin != NULL)
		sbuf_fmt(out, ", admin on port %u%s", admin_port(gw->admin),
		    gw->config->admin_tls.cert_file != NULL ? " (HTTPS)" : "");
}
