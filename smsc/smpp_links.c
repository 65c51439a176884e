/*
 * smpp_links.c - a link over SMPP as link.h has it: one session or several with the same SMSC, which share
 * name, throughput and counters. Spec: SMPP v3.4 issue 1.2, 2.2 (transmitter, receiver, transceiver).
 */
#include <stdio.h>
#include <stdlib.h>

#include "smsc/smpp_link.h"

/* ---- its state ------------------------------------------------------------------------------- */

/* Nearer to working first. */
static const enum smsc_state order[] = { SMSC_UP, SMSC_UNBINDING, SMSC_BINDING, SMSC_CONNECTING };

/* Of the sessions that send; while the link stops, of all of them. */
static enum smsc_state
best_state(const struct smsc_link *link)
{
	size_t i, k;

	for (i = 0; i < sizeof order / sizeof order[0]; i++)
		for (k = 0; k < link->n; k++)
			if (link->sessions[k]->state == order[i] &&
			    (link->stopping || link->sessions[k]->role != LINK_RECEIVER))
				return order[i];
	return SMSC_DOWN;
}

void
smpp_links_state(struct smpp_link *session, enum smsc_state state)
{
	struct smsc_link *link = session->owner;
	bool over = false;

	if (link->doomed)
		return;
	if (link->stopping && state == SMSC_DOWN) {
		link->ended |= UINT64_C(1) << session->index;
		over = link->ended == (UINT64_C(1) << link->n) - 1;
	}
	state = best_state(link);
	if (link->stopping && state == SMSC_DOWN ? !over : state == link->state)
		return;
	link->state = state;
	if (link->ev.state != NULL)
		link->ev.state(link->app, link, state);
}

/* ---- its life ---------------------------------------------------------------------------------- */

void
smpp_links_freed(struct smsc_link *link)
{
	link->alive--;
	if (link->alive == 0)
		free(link);
}

static void
add(struct smsc_link *link, struct loop *loop, const struct smsc_config *cf, enum link_role role, bool by_outbind)
{
	link->sessions[link->n] = smpp_link_create(loop, cf, link, link->n, role, by_outbind);
	link->n++;
	link->alive++;
}

static struct smsc_link *
create(struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev, void *app)
{
	struct smsc_link *link = calloc(1, sizeof *link);
	struct smsc_config receiver = *cf;
	unsigned i, n = cf->instances;
	bool connects = cf->host[0] != '\0';

	if (link == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	if (n == 0)
		n = 1;
	if (n > SMSC_INSTANCES_MAX)
		n = SMSC_INSTANCES_MAX;
	link->kind = &smpp_link_kind;
	link->cf = *cf;
	link->ev = *ev;
	link->app = app;
	receiver.port = cf->receive_port;
	for (i = 0; i < n && connects; i++)
		add(link, loop, cf, cf->transmitter_only ? LINK_TRANSMITTER : LINK_TRANSCEIVER, false);
	for (i = 0; i < n && connects && cf->transmitter_only && cf->receive_port != 0; i++)
		add(link, loop, &receiver, LINK_RECEIVER, false);
	for (i = 0; i < n && cf->outbind_port != 0; i++)
		add(link, loop, cf, cf->outbind_transceiver ? LINK_TRANSCEIVER : LINK_RECEIVER, true);
	if (cf->outbind_port != 0)
		link->outbind = link_outbind_open(link, loop);
	return link;
}

static void
stop(struct smsc_link *link, unsigned wait_ms)
{
	unsigned i;

	if (link->stopping)
		return;
	link->stopping = true;
	link_outbind_close(&link->outbind);
	for (i = 0; i < link->n; i++)
		smpp_link_stop(link->sessions[i], wait_ms);
}

/* A session that is in the middle of something goes later, and the link with the last one. */
static void
destroy(struct smsc_link *link)
{
	if (link->doomed)
		return;
	link->doomed = link->stopping = true;
	link_outbind_close(&link->outbind);
	link->state = SMSC_DOWN;
	link->alive++;			/* while its own are being ended: each tells what it gives back */
	while (link->n > 0) {
		smpp_link_destroy(link->sessions[link->n - 1]);
		link->n--;
	}
	smpp_links_freed(link);
}

/* ---- what it tells ------------------------------------------------------------------------------- */

static enum smsc_state
state_of(const struct smsc_link *link)
{
	return link->state;
}

static const char *
id_of(const struct smsc_link *link)
{
	return link->cf.smsc_id;
}

static const struct smsc_stats *
stats_of(const struct smsc_link *link)
{
	return &link->stats;
}

static unsigned
window_used(const struct smsc_link *link)
{
	unsigned i, n = 0;

	for (i = 0; i < link->n; i++)
		n += smpp_link_window_used(link->sessions[i]);
	return n;
}

static size_t
queued(const struct smsc_link *link)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < link->n; i++)
		n += smpp_link_queued(link->sessions[i]);
	return n;
}

static unsigned
room(const struct smsc_link *link)
{
	unsigned i, n = 0;

	for (i = 0; i < link->n && !link->stopping; i++)
		if (link->sessions[i]->role != LINK_RECEIVER)
			n += smpp_link_room(link->sessions[i]);
	return n;
}

/* ---- what it is asked to do ------------------------------------------------------------------------ */

/* The session that is up and has the most room; NULL: none is up. */
static struct smpp_link *
roomiest(const struct smsc_link *link)
{
	struct smpp_link *best = NULL;
	unsigned i, most = 0;

	for (i = 0; i < link->n && !link->stopping; i++) {
		struct smpp_link *s = link->sessions[i];
		unsigned n = s->state == SMSC_UP && s->role != LINK_RECEIVER ? smpp_link_room(s) + 1 : 0;

		if (n > most) {
			best = s;
			most = n;
		}
	}
	return best;
}

static int
submit(struct smsc_link *link, struct smsc_datagram *dg)
{
	struct smpp_link *s = roomiest(link);

	return s != NULL ? smpp_link_submit(s, dg) : ERR_CLOSED;
}

static int
cancel(struct smsc_link *link, struct smsc_cancel *c)
{
	struct smpp_link *s = roomiest(link);

	return s != NULL ? smpp_link_cancel(s, c) : ERR_CLOSED;
}

static int
query(struct smsc_link *link, struct smsc_query *q)
{
	struct smpp_link *s = roomiest(link);

	if (!link->cf.query_receipts)
		return ERR_UNSUPPORTED;
	return s != NULL ? smpp_link_query(s, q) : ERR_CLOSED;
}

static void
receipt_done(struct smsc_link *link, uint64_t token, bool ok)
{
	unsigned i = token % LINK_SESSIONS_MAX;

	if (i < link->n)
		smpp_link_receipt_done(link->sessions[i], token / LINK_SESSIONS_MAX, ok);
}

const struct smsc_link_kind smpp_link_kind = {
	.create = create, .stop = stop, .destroy = destroy, .state = state_of, .id = id_of, .stats = stats_of,
	.window_used = window_used, .queued = queued, .room = room, .submit = submit, .cancel = cancel,
	.query = query, .receipt_done = receipt_done,
};
