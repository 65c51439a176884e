/* part_link.c - see part_link.h. */
#include "smsc/part_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	STEADY_MS = 10000,		/* a connection this old has worked: back to the first step of the back-off */
	CANCELS_STATUS = SMPP_RCANCELFAIL
};

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
link_free(struct smsc_link *link)
{
	loop_timer_stop(link->loop, &link->turn);
	loop_timer_stop(link->loop, &link->phase);
	loop_timer_stop(link->loop, &link->answer);
	loop_timer_stop(link->loop, &link->resume);
	if (link->transport->free != NULL)
		link->transport->free(link);
	free(link->slots);
	free(link->free_slots);
	free(link->tokens);
	free(link->free_tokens);
	free(link);
}

void
part_link_enter(struct smsc_link *link)
{
	link->depth++;
}

void
part_link_leave(struct smsc_link *link)
{
	if (--link->depth == 0 && link->doomed)
		link_free(link);
}

static void
set_state(struct smsc_link *link, enum smsc_state state)
{
	if (link->state == state)
		return;
	link->state = state;
	if (state == SMSC_UP || state == SMSC_DOWN)
		log_info("smsc", "%s: %s", link->cf.smsc_id, smsc_state_name(state));
	else
		log_debug("smsc", "%s: %s", link->cf.smsc_id, smsc_state_name(state));
	if (link->ev.state != NULL)
		link->ev.state(link->app, link, state);
}

/* ---- giving back ------------------------------------------------------------------------------- */

static void
append(struct smsc_link *link, struct smsc_datagram *dg)
{
	dg->next = NULL;
	dg->prev = link->last;
	if (link->last != NULL)
		link->last->next = dg;
	else
		link->first = dg;
	link->last = dg;
	if (link->next == NULL)
		link->next = dg;
	link->n_queued++;
}

/* Back to the application, which may free dg or destroy the link. */
static void
give_back(struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v)
{
	char (*ids)[66] = dg->message_ids;

	if (link->ev.answered != NULL)
		link->ev.answered(link->app, link, dg, v);
	free(ids);
}

static void
take_out(struct smsc_link *link, struct smsc_datagram *dg)
{
	if (link->next == dg)
		link->next = dg->next;
	if (dg->prev != NULL)
		dg->prev->next = dg->next;
	else
		link->first = dg->next;
	if (dg->next != NULL)
		dg->next->prev = dg->prev;
	else
		link->last = dg->prev;
	dg->next = dg->prev = NULL;
	link->n_queued--;
}

static void
free_slot(struct smsc_link *link, unsigned slot)
{
	link->slots[slot].dg = NULL;
	link->free_slots[link->n_free++] = slot;
}

static void
free_all_slots(struct smsc_link *link)
{
	unsigned i;

	link->n_free = 0;
	for (i = link->cf.window; i-- > 0; )
		free_slot(link, i);
}

static void
give_back_all(struct smsc_link *link)
{
	struct smsc_datagram *dg;

	free_all_slots(link);
	while ((dg = link->first) != NULL) {
		take_out(link, dg);
		if (dg->verdict == SMSC_REFUSED)
			give_back(link, dg, SMSC_REFUSED);
		else
			give_back(link, dg, dg->sent > 0 ? SMSC_MAYBE_SENT : SMSC_UNSENT);
	}
}

/* Of two parts' verdicts the one that counts. */
static enum smsc_verdict
worse(enum smsc_verdict a, enum smsc_verdict b)
{
	static const uint8_t rank[] = {
		[SMSC_ACCEPTED] = 0, [SMSC_UNSENT] = 1, [SMSC_RETRY] = 2, [SMSC_MAYBE_SENT] = 3, [SMSC_REFUSED] = 4,
	};

	return rank[a] >= rank[b] ? a : b;
}

void
part_link_answer(struct smsc_link *link, unsigned slot, enum smsc_verdict v, uint32_t status,
    const char *message_id)
{
	struct part_slot *s = &link->slots[slot];
	struct smsc_datagram *dg = s->dg;
	unsigned part = s->part;

	free_slot(link, slot);
	dg->answered++;
	if (v == SMSC_ACCEPTED) {
		link->stats.accepted++;
		link->failures = 0;
		if (message_id != NULL)
			snprintf(dg->message_ids[part], sizeof dg->message_ids[part], "%s", message_id);
	} else {
		dg->failed++;
		if (v == SMSC_REFUSED)
			link->stats.refused++;
		else
			link->stats.retried++;
		if (v == worse(v, dg->verdict))
			dg->status = status;
		if (link->next == dg)
			link->next = dg->next;	/* the rest of it is of no use */
	}
	/* once another part has left, "nothing has left" is no longer true */
	if (v == SMSC_UNSENT && dg->answered > 1 && dg->verdict != SMSC_UNSENT)
		v = SMSC_MAYBE_SENT;
	if (dg->verdict == SMSC_UNSENT && v == SMSC_ACCEPTED)
		dg->verdict = SMSC_MAYBE_SENT;
	dg->verdict = dg->answered == 1 ? v : worse(dg->verdict, v);
	part_link_kick(link);
	if (dg->answered < dg->sent || (dg->sent < dg->n_segments && dg->failed == 0))
		return;
	take_out(link, dg);
	give_back(link, dg, dg->verdict);
}

static void
answer_refused(struct smsc_link *link)
{
	struct smsc_datagram *dg;
	struct smsc_cancel *c;

	while ((dg = link->refused) != NULL) {
		link->refused = dg->next;
		dg->next = NULL;
		link->stats.refused++;
		give_back(link, dg, SMSC_REFUSED);
	}
	while ((c = link->cancels) != NULL) {
		link->cancels = (struct smsc_cancel *)c->ask.next;
		c->ask.next = NULL;
		if (link->ev.cancelled != NULL)
			link->ev.cancelled(link->app, link, c, SMSC_REFUSED, CANCELS_STATUS);
	}
}

/* ---- down, and again ------------------------------------------------------------------------------ */

static void
on_reconnect(void *arg)
{
	struct smsc_link *link = arg;

	part_link_enter(link);
	link->failures++;
	set_state(link, SMSC_CONNECTING);
	if (link->state == SMSC_CONNECTING)
		link->transport->open(link);
	part_link_leave(link);
}

static void
drop_tokens(struct smsc_link *link)
{
	unsigned i;

	link->n_free_tokens = 0;
	for (i = PART_TOKENS_MAX; i-- > 0; ) {
		link->tokens[i].token = 0;
		link->free_tokens[link->n_free_tokens++] = i;
	}
}

static void
go_down(struct smsc_link *link, int64_t again_ms)
{
	link->transport->close(link);
	drop_tokens(link);
	loop_timer_stop(link->loop, &link->phase);
	loop_timer_stop(link->loop, &link->answer);
	set_state(link, SMSC_DOWN);
	give_back_all(link);
	link->had_no_room = true;
	if (!link->stopping && !link->doomed && link->phase.slot == 0)
		loop_timer_start(link->loop, &link->phase, again_ms, on_reconnect, link);
}

void
part_link_lost(struct smsc_link *link, const char *why)
{
	int64_t again_ms;

	if (link->state == SMSC_UP && clock_mono_ms() - link->up_at >= STEADY_MS)
		link->failures = 0;
	again_ms = smsc_back_off(&link->cf, link->failures > 0 ? link->failures - 1 : 0);	/* this try is counted */
	if (link->state == SMSC_UP)
		link->stats.reconnects++;
	log_warning("smsc", "%s: %s; again in %d ms", link->cf.smsc_id, why, (int)again_ms);
	go_down(link, again_ms);
}

void
part_link_up(struct smsc_link *link)
{
	loop_timer_stop(link->loop, &link->phase);
	link->up_at = clock_mono_ms();
	link->paused_until = 0;
	link->held = false;
	set_state(link, SMSC_UP);
	part_link_kick(link);
}

/* ---- how fast --------------------------------------------------------------------------------------- */

static void
on_resume(void *arg)
{
	struct smsc_link *link = arg;

	part_link_enter(link);
	part_link_kick(link);
	part_link_leave(link);
}

static void
resume_at(struct smsc_link *link, int64_t at_ms)
{
	if (link->resume.slot == 0 || link->resume.at_ms > at_ms)
		loop_timer_start(link->loop, &link->resume, at_ms - clock_mono_ms(), on_resume, link);
}

void
part_link_pause(struct smsc_link *link, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	if (until > link->paused_until)
		link->paused_until = until;
	resume_at(link, link->paused_until);
}

static bool
has_token(struct smsc_link *link, int64_t now)
{
	int64_t rate = link->cf.throughput, most = rate * 100 > 1000 ? rate * 100 : 1000;

	if (rate == 0)
		return true;
	if (now > link->rate_at) {
		int64_t since = now - link->rate_at;

		link->rate_tokens += since > 1000 ? most : since * rate;
		link->rate_at = now;
		if (link->rate_tokens > most)
			link->rate_tokens = most;
	}
	if (link->rate_tokens >= 1000)
		return true;
	resume_at(link, now + (1000 - link->rate_tokens + rate - 1) / rate);
	return false;
}

/* ---- sending ------------------------------------------------------------------------------------------ */

static bool
is_late(const struct smsc_datagram *dg)
{
	return dg->validity_at != 0 && dg->validity_at <= (int64_t)clock_utc();
}

static void
end_late(struct smsc_link *link, struct smsc_datagram *dg)
{
	dg->status = SMPP_RINVEXPIRY;
	dg->verdict = SMSC_RETRY;
	dg->failed++;
	link->next = dg->next;
	if (dg->answered < dg->sent)
		return;			/* with the last answer */
	take_out(link, dg);
	give_back(link, dg, SMSC_RETRY);
}

static void
send_part(struct smsc_link *link, int64_t now)
{
	struct smsc_datagram *dg = link->next;
	unsigned slot = link->free_slots[--link->n_free];

	link->slots[slot] = (struct part_slot){ .dg = dg, .part = dg->sent++, .sent_ms = now, .link = link };
	if (dg->sent == dg->n_segments)
		link->next = dg->next;
	link->stats.submitted++;
	if (link->cf.throughput > 0)
		link->rate_tokens -= 1000;
	link->transport->send(link, slot);
}

static void on_answer_time(void *arg);

static void
watch_answers(struct smsc_link *link)
{
	if (link->answer.slot == 0 && link->n_free < link->cf.window)
		loop_timer_start(link->loop, &link->answer, 1000, on_answer_time, link);
}

static void
on_answer_time(void *arg)
{
	struct smsc_link *link = arg;
	int64_t since = clock_mono_ms() - (int64_t)link->cf.response_timeout_s * 1000;
	unsigned i;

	part_link_enter(link);
	for (i = 0; i < link->cf.window; i++)
		if (link->slots[i].dg != NULL && link->slots[i].sent_ms <= since)
			break;
	if (i < link->cf.window)
		part_link_lost(link, "no answer to a message");
	else
		watch_answers(link);
	part_link_leave(link);
}

static void
pump(struct smsc_link *link)
{
	int64_t now = clock_mono_ms();
	bool sent = false;

	while (link->state == SMSC_UP && link->next != NULL && link->n_free > 0 && now >= link->paused_until &&
	    (link->transport->ready == NULL || link->transport->ready(link))) {
		if (is_late(link->next)) {
			end_late(link, link->next);
			continue;
		}
		if (!has_token(link, now))
			break;
		send_part(link, now);
		sent = true;
	}
	if (sent && link->state == SMSC_UP && link->transport->flush != NULL)
		link->transport->flush(link);
	if (link->state == SMSC_UP)
		watch_answers(link);
}

static void
tell_room(struct smsc_link *link)
{
	if (part_link_room(link) == 0) {
		link->had_no_room = true;
	} else if (link->had_no_room) {
		link->had_no_room = false;
		if (link->ev.room != NULL)
			link->ev.room(link->app, link);
	}
}

static void
on_stop_time(void *arg)
{
	struct smsc_link *link = arg;

	part_link_enter(link);
	go_down(link, 0);
	part_link_leave(link);
}

static void
give_back_unbegun(struct smsc_link *link)
{
	struct smsc_datagram *dg, *following;

	for (dg = link->first; dg != NULL; dg = following) {
		following = dg->next;
		if (dg->sent > 0)
			continue;
		take_out(link, dg);
		give_back(link, dg, SMSC_UNSENT);
		following = link->first;	/* the application may have done anything */
		while (following != NULL && following->sent > 0)
			following = following->next;
	}
}

void
part_link_hold(struct smsc_link *link, bool held)
{
	link->held = held;
	if (held)
		give_back_unbegun(link);
	part_link_kick(link);
}

/* For what has begun there is time. */
static void
begin_stop(struct smsc_link *link)
{
	link->stopped = true;
	give_back_unbegun(link);
	if (link->state == SMSC_UP)
		loop_timer_start(link->loop, &link->phase, link->stop_wait_ms, on_stop_time, link);
	else
		go_down(link, 0);
}

static void
on_turn(void *arg)
{
	struct smsc_link *link = arg;

	part_link_enter(link);
	answer_refused(link);
	if (link->stopping && !link->stopped)
		begin_stop(link);
	pump(link);
	if (link->stopping && link->state == SMSC_UP && link->first == NULL)
		go_down(link, 0);
	tell_room(link);
	part_link_leave(link);
}

void
part_link_kick(struct smsc_link *link)
{
	if (link->turn.slot == 0)
		loop_timer_start(link->loop, &link->turn, 0, on_turn, link);
}

const char *
part_link_source(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	return dg->from[0] != '\0' ? dg->from : link->cf.source_addr;
}

/* ---- receipts ------------------------------------------------------------------------------------------ */

bool
part_link_receipt(struct smsc_link *link, const struct smsc_receipt *r, const struct part_token *t)
{
	unsigned i;

	if (link->ev.receipt == NULL || link->n_free_tokens == 0)
		return false;
	i = link->free_tokens[--link->n_free_tokens];
	link->tokens[i] = *t;
	link->tokens[i].token = ++link->serial * PART_TOKENS_MAX + i;
	link->stats.receipts++;
	link->ev.receipt(link->app, link, r, link->tokens[i].token);
	return true;
}

void
part_link_receipt_done(struct smsc_link *link, uint64_t token, bool ok)
{
	unsigned i = (unsigned)(token % PART_TOKENS_MAX);
	struct part_token t = link->tokens[i];

	if (token == 0 || t.token != token)
		return;
	link->tokens[i].token = 0;
	link->free_tokens[link->n_free_tokens++] = i;
	part_link_enter(link);
	link->transport->receipt_done(link, &t, ok);
	part_link_leave(link);
}

/* ---- the interface of link.h ------------------------------------------------------------------------------ */

struct smsc_link *
part_link_create(size_t size, const struct smsc_link_kind *kind, const struct part_transport *transport,
    struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev, void *app)
{
	struct smsc_link *link = must(calloc(1, size));

	link->kind = kind;
	link->transport = transport;
	link->loop = loop;
	link->cf = *cf;
	link->ev = *ev;
	link->app = app;
	if (link->cf.window == 0)
		link->cf.window = 1;
	if (link->cf.window > PART_WINDOW_MAX)
		link->cf.window = PART_WINDOW_MAX;
	if (link->cf.response_timeout_s == 0)
		link->cf.response_timeout_s = 60;
	if (link->cf.reconnect_min_ms == 0)
		link->cf.reconnect_min_ms = 1;
	link->slots = must(calloc(link->cf.window, sizeof link->slots[0]));
	link->free_slots = must(calloc(link->cf.window, sizeof link->free_slots[0]));
	link->tokens = must(calloc(PART_TOKENS_MAX, sizeof link->tokens[0]));
	link->free_tokens = must(calloc(PART_TOKENS_MAX, sizeof link->free_tokens[0]));
	link->had_no_room = true;
	free_all_slots(link);
	drop_tokens(link);
	loop_timer_start(loop, &link->phase, 0, on_reconnect, link);
	return link;
}

void
part_link_stop(struct smsc_link *link, unsigned wait_ms)
{
	if (link->stopping)
		return;
	link->stopping = true;
	link->stop_wait_ms = wait_ms;
	part_link_kick(link);
}

void
part_link_destroy(struct smsc_link *link)
{
	if (link->doomed)
		return;
	part_link_enter(link);
	link->doomed = link->stopping = link->stopped = true;
	link->ev.state = NULL;
	link->ev.room = NULL;
	link->ev.receipt = NULL;
	go_down(link, 0);
	answer_refused(link);
	part_link_leave(link);
}

enum smsc_state
part_link_state(const struct smsc_link *link)
{
	return link->state;
}

const char *
part_link_id(const struct smsc_link *link)
{
	return link->cf.smsc_id;
}

const struct smsc_stats *
part_link_stats(const struct smsc_link *link)
{
	return &link->stats;
}

unsigned
part_link_window_used(const struct smsc_link *link)
{
	return link->cf.window - link->n_free;
}

size_t
part_link_queued(const struct smsc_link *link)
{
	return link->n_queued;
}

unsigned
part_link_room(const struct smsc_link *link)
{
	size_t most = 2 * (size_t)link->cf.window;

	if (link->state != SMSC_UP || link->stopping || link->held || clock_mono_ms() < link->paused_until ||
	    link->n_queued >= most)
		return 0;
	return (unsigned)(most - link->n_queued);
}

int
part_link_submit(struct smsc_link *link, struct smsc_datagram *dg)
{
	if (link->state != SMSC_UP || link->stopping)
		return ERR_CLOSED;
	if (part_link_room(link) == 0)
		return ERR_FULL;
	dg->n_segments = link->transport->parts(link, dg);
	dg->sent = dg->answered = dg->failed = dg->waiting = dg->queue_full = 0;
	dg->verdict = SMSC_ACCEPTED;
	dg->message_ids = NULL;
	dg->status = dg->n_segments == 0 ? SMPP_RINVMSGLEN : link->transport->refusal(link, dg);
	if (dg->status != SMPP_OK) {
		dg->next = link->refused;
		link->refused = dg;
	} else {
		dg->message_ids = must(calloc(dg->n_segments, sizeof dg->message_ids[0]));
		append(link, dg);
	}
	part_link_kick(link);
	if (part_link_room(link) == 0)
		link->had_no_room = true;
	return OK;
}

int
part_link_cancel(struct smsc_link *link, struct smsc_cancel *c)
{
	if (link->state != SMSC_UP || link->stopping)
		return ERR_CLOSED;
	c->ask.next = (struct smsc_ask *)link->cancels;
	link->cancels = c;
	part_link_kick(link);
	return OK;
}
