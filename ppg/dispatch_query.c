/*
 * dispatch_query.c - see dispatch_int.h. Station: the receipt has not come by the deadline, so the SMSC is asked what
 * became of each part (query_sm), before the wait for the receipt ends.
 *
 * TICK hands out no more than the links may be asked about in a second, and hands it out again while nobody was
 * asked, so nothing is kept here but the questions that wait for their answer.
 */
#include "ppg/dispatch_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ppg/life.h"

enum {
	OPEN_MAX = 32,			/* query_sm of a link that wait for an answer */
	A_SECOND = 50,			/* of a link without a throughput limit; else a tenth of that */
	HANDED_MAX = 200,		/* rows that a TICK looks at */
	SOURCES_MAX = 8,		/* addresses beside the link's that a message may have come from */
	BURST_MS = 60000		/* without a question, after which it is over and summed up in the log */
};

/* A recipient. */
struct question {
	struct question *next, **at;
	struct link *link;
	int64_t push;
	uint32_t n;
	unsigned open;			/* parts that wait for an answer */
	bool marked, ended;
};

/* One part of it. */
struct query {
	struct smsc_query smsc;		/* first: the link hands it back */
	struct question *question;
	struct source_try source;
};

bool
dispatch_next_source(const struct link *link, struct source_try *t, char from[32])
{
	const struct route_rules *rules = link->d->rules;

	while (rules != NULL && t->next_rule < rules->n && t->tries < SOURCES_MAX) {
		const struct route_rule *rule = &rules->rules[t->next_rule++];

		if (rule->source_addr[0] == '\0' || route_rule_place(rule, link->cf.smsc.smsc_id) == NULL ||
		    strcmp(rule->source_addr, from) == 0)
			continue;
		snprintf(from, 32, "%s", rule->source_addr);
		t->tries++;
		return true;
	}
	return false;
}

/* ---- how many ---------------------------------------------------------------------------------- */

static void
end_burst(struct link *link, int64_t now)
{
	if (link->ask.last_ms == 0 || link->ask.n > 0 || now - link->ask.last_ms < BURST_MS)
		return;
	log_info("dispatch", "%s: asked for %llu recipients without a receipt, %llu of them have come to their end",
	    link->cf.smsc.smsc_id, (unsigned long long)link->ask.asked, (unsigned long long)link->ask.ended);
	link->ask.last_ms = 0;
	link->ask.asked = link->ask.ended = 0;
}

static unsigned
room_of(const struct link *link)
{
	unsigned most = link->ask.n < OPEN_MAX ? OPEN_MAX - link->ask.n : 0;

	if (!link->cf.smsc.query_receipts || smsc_link_state(link->smsc) != SMSC_UP)
		return 0;
	return link->ask.budget < most ? link->ask.budget : most;
}

uint32_t
dispatch_query_room(struct dispatch *d)
{
	int64_t now = clock_mono_ms();
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < d->n_links && !d->stopping; i++) {
		struct link *link = d->links[i];
		unsigned rate = link->cf.smsc.throughput / 10;

		if (now - link->ask.budget_ms >= 1000) {
			link->ask.budget = link->cf.smsc.throughput == 0 ? A_SECOND : rate > 0 ? rate : 1;
			link->ask.budget_ms = now;
		}
		end_burst(link, now);
		sum += room_of(link);
	}
	return sum < HANDED_MAX ? sum : HANDED_MAX;
}

/* ---- asking ------------------------------------------------------------------------------------- */

static bool
is_open(const struct link *link, const struct store_overdue *o)
{
	const struct question *q;

	for (q = link->ask.first; q != NULL; q = q->next)
		if (q->push == o->push && q->n == o->n)
			return true;
	return false;
}

static void
end_question(struct question *q)
{
	*q->at = q->next;
	if (q->next != NULL)
		q->next->at = q->at;
	q->link->ask.ended += q->ended;
	free(q);
}

static bool
send_query(struct question *q, const char *message_id)
{
	struct query *query = calloc(1, sizeof *query);
	struct link *link = q->link;

	if (query == NULL)
		abort();
	query->question = q;
	snprintf(query->smsc.message_id, sizeof query->smsc.message_id, "%s", message_id);
	if (smsc_link_query(link->smsc, &query->smsc) != OK) {
		free(query);
		return false;
	}
	q->open++;
	link->ask.n++;
	link->users++;
	if (link->ask.budget > 0)
		link->ask.budget--;
	return true;
}

/* All its parts, also beyond the room that is left: a push has a few. */
static void
ask(struct link *link, const struct store_overdue *o)
{
	struct question *q = calloc(1, sizeof *q);
	unsigned i;

	if (q == NULL)
		abort();
	q->link = link;
	q->push = o->push;
	q->n = o->n;
	q->next = link->ask.first;
	if (q->next != NULL)
		q->next->at = &q->next;
	q->at = &link->ask.first;
	link->ask.first = q;
	for (i = 0; i < o->n_ids && send_query(q, o->message_ids[i]); i++)
		;
	if (q->open == 0)
		end_question(q);
}

void
dispatch_query_overdue(struct dispatch *d, struct store_overdue *list)
{
	struct store_overdue *o;

	while ((o = list) != NULL) {
		struct link *link = dispatch_link_find(d, o->link);

		list = o->next;
		if (!d->stopping && link != NULL && !link->leaving && room_of(link) > 0 && !is_open(link, o))
			ask(link, o);
		store_overdue_free(o);
	}
}

/* ---- the answer ---------------------------------------------------------------------------------- */

struct mark {
	struct store_event event;
	struct dispatch *d;
};

/* Writer thread. */
static void
marked(struct store_op *op)
{
	struct mark *m = (struct mark *)op;
	struct dispatch *d = m->d;

	free(m);
	atomic_fetch_sub(&d->ops, 1);
}

/* It is not handed out again, and its history says why. */
static void
mark(struct question *q)
{
	struct dispatch *d = q->link->d;
	struct mark *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	q->marked = true;
	atomic_fetch_add(&d->asked, 1);
	if (q->link->ask.last_ms == 0)
		log_info("dispatch", "%s: receipts do not come, it is asked what became of the messages",
		    q->link->cf.smsc.smsc_id);
	q->link->ask.last_ms = clock_mono_ms();
	q->link->ask.asked++;
	m->d = d;
	m->event = (struct store_event){
		.op = { .kind = STORE_EVENT, .done = marked }, .push = q->push, .n = q->n, .event = EV_ASK,
		.at = (int64_t)clock_utc(),
	};
	atomic_fetch_add(&d->ops, 1);
	if (store_submit(d->store, &m->event.op) != OK)
		marked(&m->event.op);
}

void
dispatch_queried(void *app, struct smsc_link *smsc, struct smsc_query *sq, enum smsc_verdict v, uint32_t status,
    const struct smsc_receipt *state)
{
	struct link *link = app;
	struct query *query = (struct query *)sq;
	struct question *q = query->question;

	/* One that got lost with the connection was not asked, as far as anybody knows. */
	if (!q->marked && v != SMSC_UNSENT && (v != SMSC_MAYBE_SENT || smsc_link_state(smsc) == SMSC_UP))
		mark(q);
	if (v == SMSC_REFUSED && !link->d->stopping && dispatch_next_source(link, &query->source, sq->from) &&
	    smsc_link_query(smsc, sq) == OK)
		return;
	if (state != NULL && dispatch_receipt_asked(link, state))
		q->ended = true;
	free(query);
	link->ask.n--;
	if (--q->open == 0)
		end_question(q);
	dispatch_link_release(link);
}
