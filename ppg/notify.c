/* notify.c - see notify.h. */
#include "ppg/notify.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "ppg/life.h"
#include "ppg/receivers.h"
#include "ppg/report.h"

enum {
	UNDER_WAY_MAX = 64,		/* at receivers that answer quickly */
	IN_HAND_MAX = 2048,		/* at all of them together */
	RETRY_MIN_S = 5,
	RETRY_MAX_S = 3600,
	GIVE_UP_S = 3 * 86400,
	LEASE_S = 120,			/* at least; longer than waiting here and the request can take */
	LOOK_MS = 1000,			/* how often the store is asked without being told */
	BUSY_LOOK_MS = 200		/* the same while somebody is waited for */
};

struct notifier {
	struct notify_config cf;
	struct loop *loop;
	struct http_client *client;
	struct receivers *receivers;
	int64_t lease_s;
	pthread_t thread;
	struct store_notes look;
	struct loop_work look_work, wake_work, stop_work;
	struct loop_timer look_timer;
	bool looking, stopping;
	atomic_bool wake_posted;
	atomic_uint under_way;
	atomic_ullong acknowledged, failed_tries, given_up;
};

/* One notification on its way. */
struct delivery {
	struct store_note_result result;	/* first: the store hands it back */
	struct receiver_item item;
	int64_t posted_ms;
	struct notifier *n;
	struct store_note *note;
	struct initiators *set;
	struct admit_config *rules;
	const struct netlist *allow;
	json_t *meta;
};

static void look(void *arg);
static void post(struct delivery *d);

static struct delivery *
delivery_of(struct receiver_item *item)
{
	return (struct delivery *)((char *)item - offsetof(struct delivery, item));
}

/* ---- the outcome of one try ------------------------------------------------------------------ */

static void
delivery_stored(struct store_op *op)
{
	struct delivery *d = (struct delivery *)op;
	struct notifier *n = d->n;

	store_note_free(d->note);
	initiators_unref(d->set);
	admit_config_unref(d->rules);
	json_decref(d->meta);
	free(d);
	notifier_wake(n);
	atomic_fetch_sub(&n->under_way, 1);	/* n may be gone now */
}

static int64_t
retry_delay(const struct notifier *n, unsigned attempts)
{
	int64_t s = n->cf.retry_min_s;

	while (attempts-- > 0 && s < n->cf.retry_max_s)
		s *= 2;
	return s < n->cf.retry_max_s ? s : n->cf.retry_max_s;
}

enum verdict { ACKNOWLEDGED, TRY_AGAIN, GIVE_UP };

/*
 * 2xx with an empty body or a PAP code 1xxx acknowledges; 2xxx says that it will never be taken;
 * 5xx, 408, 429 and 3xxx/4xxx codes are worth another try, as is no answer at all.
 */
static enum verdict
judge(const struct http_result *res)
{
	struct pap_control answer;
	enum verdict v = ACKNOWLEDGED;
	struct why why;

	if (!res->transport_ok)
		return TRY_AGAIN;
	if (res->status < 200 || res->status > 299)
		return res->status >= 500 || res->status == 408 || res->status == 429 ||
		    (res->status >= 300 && res->status < 400) ? TRY_AGAIN : GIVE_UP;
	if (res->body.n == 0)
		return ACKNOWLEDGED;
	pap_parse(res->body, NULL, 16, &pap_leniency_usual, &answer, &why);
	/* also of a badmessage-response, which is no request and so an error to the parser */
	if (answer.response_code >= 2000)
		v = answer.response_code < 3000 ? GIVE_UP : TRY_AGAIN;
	pap_control_done(&answer);
	return v;
}

static void
submit_result(struct delivery *d)
{
	d->result.op = (struct store_op){ .kind = STORE_NOTE, .done = delivery_stored };
	d->result.id = d->note->id;
	if (store_submit(d->n->cf.store, &d->result.op) != OK)
		delivery_stored(&d->result.op);		/* the lease runs out, then it is tried again */
}

/* Back to the store, untried: its receiver has enough to do. */
static void
postpone(struct delivery *d, int64_t delay_s)
{
	d->result = (struct store_note_result){
		.untried = true,
		.due_at = (int64_t)clock_utc() + delay_s,
	};
	submit_result(d);
}

static void
postpone_all(struct receiver_item *item, bool at_once)
{
	while (item != NULL) {
		struct receiver_item *next = item->next;
		struct delivery *d = delivery_of(item);

		postpone(d, at_once ? 0 : receivers_delay_s(d->n->receivers, item));
		item = next;
	}
}

static void
store_result(struct delivery *d, enum verdict v)
{
	struct notifier *n = d->n;
	int64_t now = (int64_t)clock_utc();

	if (v == TRY_AGAIN && now - d->note->event_time > n->cf.give_up_s)
		v = GIVE_UP;
	atomic_fetch_add(v == ACKNOWLEDGED ? &n->acknowledged : v == GIVE_UP ? &n->given_up :
	    &n->failed_tries, 1);
	if (v == GIVE_UP)
		log_warning("notify", "push-id %s of %s: notification given up", d->note->push_id,
		    d->note->pi);
	d->result = (struct store_note_result){
		.finished = v != TRY_AGAIN,
		.due_at = now + retry_delay(n, d->note->attempts),
	};
	submit_result(d);
}

static void
on_result(void *arg, const struct http_result *res)
{
	struct delivery *d = arg;
	int64_t now_ms = clock_mono_ms();
	struct receiver_item *next = receivers_answered(d->n->receivers, &d->item, now_ms - d->posted_ms, now_ms);
	char origin[256];

	receivers_origin(d->note->url, origin, sizeof origin);
	if (!res->transport_ok)
		log_peer("notify", origin, res->error);
	else if (res->status < 200 || res->status > 299)
		log_peer("notify", origin, "HTTP status is not 2xx");
	store_result(d, judge(res));
	if (next != NULL)
		post(delivery_of(next));
}

/* ---- sending ------------------------------------------------------------------------------------ */

/* The host the initiator submitted from may always be told (interfaces). */
static bool
is_peer(const struct delivery *d, const struct sockaddr *addr)
{
	const char *peer = json_text(d->meta, "peer");
	char text[INET6_ADDRSTRLEN];
	const void *octets = addr->sa_family == AF_INET ?
	    (const void *)&((const struct sockaddr_in *)addr)->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)addr)->sin6_addr;

	return peer != NULL && inet_ntop(addr->sa_family, octets, text, sizeof text) != NULL &&
	    (strcmp(text, peer) == 0 ||
	    (strncmp(peer, "::ffff:", 7) == 0 && strcmp(text, peer + 7) == 0));
}

static bool
may_connect(void *arg, const struct sockaddr *addr)
{
	const struct delivery *d = arg;

	return !address_is_inner(addr) || netlist_has(d->allow, addr) || is_peer(d, addr);
}

static void
write_document(const struct delivery *d, struct sbuf *out)
{
	const struct store_note *note = d->note;
	struct routes *routes = route_table_get(d->n->cf.routes);
	struct pap_qos_used used;
	struct pap_result r = {
		.push_id = note->push_id,
		.address = note->address,
		.state = life_message_state(note->state),
		.desc = note->desc,
		.code = report_code(note->state, note->code),
		.received = (time_t)note->received,
		.event_time = (time_t)note->event_time,
		.qos = report_qos(d->meta, note->link, routes, &used),
	};

	pap_resultnotification(out, &d->n->cf.writer, pap_version_parse(note->version),
	    json_is_true(json_object_get(d->meta, "above_10")), &r);
	routes_unref(routes);
}

static void
post(struct delivery *d)
{
	static const char *const headers[] = { "Content-Type", "application/xml", NULL };
	struct sbuf doc = { 0 };

	write_document(d, &doc);
	d->posted_ms = clock_mono_ms();
	http_client_send(d->n->client, "POST", d->note->url, headers, sbuf_as_span(&doc), may_connect, on_result, d);
	sbuf_done(&doc);
}

static void
send_note(struct notifier *n, struct store_note *note)
{
	struct delivery *d = calloc(1, sizeof *d);
	const struct initiator *who;

	if (d == NULL)
		abort();
	note->next = NULL;
	d->n = n;
	d->note = note;
	d->meta = note->meta != NULL ? json_read(span_str(note->meta), NULL) : NULL;
	d->set = authenticator_initiators(n->cf.auth);
	d->rules = admit_table_get(n->cf.admit);
	who = initiators_find(d->set, note->pi);
	d->allow = who != NULL && who->notify_allow != NULL ? who->notify_allow : d->rules->notify_allow;
	atomic_fetch_add(&n->under_way, 1);
	switch (receivers_offer(n->receivers, note->url, &d->item, clock_mono_ms())) {
	case RECEIVER_SEND:
		post(d);
		break;
	case RECEIVER_WAIT:
		break;
	case RECEIVER_POSTPONE:
		postpone(d, receivers_delay_s(n->receivers, &d->item));
		break;
	}
}

/* ---- looking for due ones ---------------------------------------------------------------------------- */

static void
look_in(struct notifier *n, unsigned ms)
{
	loop_timer_start(n->loop, &n->look_timer, ms, look, n);
}

/* How soon to look without being told: nobody tells when a receiver has been silent for too long. */
static unsigned
look_ms(const struct notifier *n)
{
	return receivers_waiting(n->receivers) ? BUSY_LOOK_MS : LOOK_MS;
}

static void
look_back(struct loop_work *work)
{
	struct notifier *n = (struct notifier *)((char *)work - offsetof(struct notifier, look_work));
	struct store_note *note = n->look.op.result == OK ? n->look.notes : NULL;
	bool any = note != NULL;

	n->looking = false;
	while (note != NULL) {
		struct store_note *next = note->next;

		if (n->stopping)
			store_note_free(note);
		else
			send_note(n, note);
		note = next;
	}
	if (!n->stopping)
		look_in(n, any ? 0 : look_ms(n));
}

static void
looked(struct store_op *op)
{
	struct notifier *n = (struct notifier *)((char *)op - offsetof(struct notifier, look.op));

	loop_post(n->loop, &n->look_work);
}

static void
look(void *arg)
{
	struct notifier *n = arg;
	unsigned busy;

	if (n->looking || n->stopping)
		return;
	postpone_all(receivers_sweep(n->receivers, clock_mono_ms()), false);
	busy = receivers_quick(n->receivers);
	if (busy >= n->cf.max_under_way || atomic_load(&n->under_way) >= IN_HAND_MAX) {
		look_in(n, BUSY_LOOK_MS);
		return;
	}
	n->look = (struct store_notes){
		.op = { .kind = STORE_NOTES, .done = looked },
		.now = (int64_t)clock_utc(),
		.lease_s = n->lease_s,
		.max = n->cf.max_under_way - busy,
	};
	n->looking = true;
	n->look_work.run = look_back;
	if (store_submit(n->cf.store, &n->look.op) != OK) {
		n->looking = false;
		look_in(n, LOOK_MS);
	}
}

static void
run_wake(struct loop_work *work)
{
	struct notifier *n = (struct notifier *)((char *)work - offsetof(struct notifier, wake_work));

	atomic_store(&n->wake_posted, false);
	look(n);
}

void
notifier_wake(struct notifier *n)
{
	if (!atomic_exchange(&n->wake_posted, true))
		loop_post(n->loop, &n->wake_work);
}

/* ---- thread ---------------------------------------------------------------------------------------------- */

static void *
run_thread(void *arg)
{
	struct notifier *n = arg;

	look(n);
	loop_run(n->loop);
	return NULL;
}

/* What waits for a slow receiver, and then its own request. */
static int64_t
longest_stay_s(const struct http_client_config *http)
{
	unsigned connections = http->max_per_host > 0 ? http->max_per_host : 4;
	unsigned timeout_s = http->timeout_ms > 0 ? (http->timeout_ms + 999) / 1000 : 10;
	int64_t s = (RECEIVER_SLOW_WAITING / connections + 2) * (int64_t)timeout_s;

	return s > LEASE_S ? s : LEASE_S;
}

struct notifier *
notifier_start(const struct notify_config *cf)
{
	struct notifier *n = calloc(1, sizeof *n);

	if (n == NULL)
		abort();
	n->cf = *cf;
	if (n->cf.max_under_way == 0)
		n->cf.max_under_way = UNDER_WAY_MAX;
	if (n->cf.retry_min_s == 0)
		n->cf.retry_min_s = RETRY_MIN_S;
	if (n->cf.retry_max_s == 0)
		n->cf.retry_max_s = RETRY_MAX_S;
	if (n->cf.give_up_s == 0)
		n->cf.give_up_s = GIVE_UP_S;
	n->wake_work.run = run_wake;
	n->loop = loop_create();
	n->cf.http.user_agent = n->cf.writer.product;
	n->client = http_client_create(n->loop, &n->cf.http);
	n->receivers = receivers_create(n->cf.http.max_per_host);
	n->lease_s = longest_stay_s(&n->cf.http);
	if (pthread_create(&n->thread, NULL, run_thread, n) != 0)
		abort();
	pthread_setname_np(n->thread, "notifier");
	return n;
}

static void
run_stop(struct loop_work *work)
{
	struct notifier *n = (struct notifier *)((char *)work - offsetof(struct notifier, stop_work));

	n->stopping = true;
	loop_timer_stop(n->loop, &n->look_timer);
	postpone_all(receivers_drain(n->receivers), true);
	http_client_destroy(&n->client);	/* ends what is under way; each is stored as a failed try */
	loop_stop(n->loop);
}

void
notifier_stop(struct notifier **p)
{
	struct notifier *n = *p;

	if (n == NULL)
		return;
	n->stop_work.run = run_stop;
	loop_post(n->loop, &n->stop_work);
	pthread_join(n->thread, NULL);
	/* the store still runs: let it finish what names this object */
	while (atomic_load(&n->under_way) > 0 || n->looking)
		loop_turn(n->loop, 50);
	receivers_destroy(&n->receivers);
	loop_destroy(&n->loop);
	free(n);
	*p = NULL;
}

void
notifier_stats(struct notifier *n, struct notify_stats *out)
{
	*out = (struct notify_stats){ n->acknowledged, n->failed_tries, n->given_up, n->under_way };
}
