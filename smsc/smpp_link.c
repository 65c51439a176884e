/*
 * smpp_link.c - the life of a session with an SMSC over SMPP: connect, bind, up, unbind, again.
 * Spec: SMPP v3.4 issue 1.2, 2.2 (states), 2.7 (timers), 4.1 (bind), 4.2 (unbind), 4.11 (enquire_link).
 *
 * Whatever is to be sent gathers until the end of the loop's turn and leaves in one write.
 */
#include "smsc/smpp_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	CONNECT_MS = 10000,		/* for one address */
	UNBIND_MS = 5000,
	PEER_UNBIND_MS = 2000,		/* for the last responses when the SMSC unbinds */
	STEADY_MS = 10000		/* a session this old has worked: back to the first step of the back-off */
};

static void on_reconnect(void *arg);

/* ---- small things -------------------------------------------------------------------------- */

static void
link_free(struct smpp_link *link)
{
	struct smsc_link *owner = link->owner;

	loop_timer_stop(link->loop, &link->turn);
	loop_timer_stop(link->loop, &link->phase);
	loop_timer_stop(link->loop, &link->idle);
	loop_timer_stop(link->loop, &link->answer);
	loop_timer_stop(link->loop, &link->resume);
	link_send_done(link);
	link_recv_done(link);
	link_conn_done(link);
	free(link);
	smpp_links_freed(owner);
}

void
smpp_link_enter(struct smpp_link *link)
{
	link->depth++;
}

void
smpp_link_leave(struct smpp_link *link)
{
	if (--link->depth == 0 && link->doomed)
		link_free(link);
}

static void
set_state(struct smpp_link *link, enum smsc_state state)
{
	if (link->state == state)
		return;
	link->state = state;
	if (state == SMSC_UP || state == SMSC_DOWN)
		log_info("smsc", "%s: %s", link->cf.smsc_id, smsc_state_name(state));
	else
		log_debug("smsc", "%s: %s", link->cf.smsc_id, smsc_state_name(state));
	smpp_links_state(link, state);
}

uint32_t
smpp_link_seq(struct smpp_link *link)
{
	uint32_t seq = link->next_seq;

	link->next_seq = seq == LINK_SEQ_MAX ? 1 : seq + 1;
	return seq;
}

static void
start_phase(struct smpp_link *link, int64_t ms, void (*fire)(void *arg))
{
	loop_timer_start(link->loop, &link->phase, ms, fire, link);
}

/* ---- down, and again ------------------------------------------------------------------------ */

static void
go_down(struct smpp_link *link, int64_t again_ms)
{
	link_conn_close(link);
	loop_timer_stop(link->loop, &link->phase);
	loop_timer_stop(link->loop, &link->idle);
	loop_timer_stop(link->loop, &link->answer);
	loop_timer_stop(link->loop, &link->resume);
	link->enquire_at = 0;
	link->unbind_sent = link->peer_unbinds = false;
	link_recv_reset(link);
	set_state(link, SMSC_DOWN);
	link_send_give_back_all(link);
	if (!link->stopping && !link->doomed && !link->by_outbind && link->phase.slot == 0)
		start_phase(link, again_ms, on_reconnect);
}

void
smpp_link_lost(struct smpp_link *link, const char *why)
{
	int64_t again_ms;

	if (link->up_at != 0 && clock_mono_ms() - link->up_at >= STEADY_MS)
		link->failures = 0;
	link->up_at = 0;
	again_ms = smsc_back_off(&link->cf, link->failures);
	if (link->failures < 16)
		link->failures++;
	if (!link->stopping) {
		link->stats->reconnects++;
		log_peer("smsc", link->cf.smsc_id, why);
	}
	go_down(link, again_ms);
}

/* ---- connect and bind ------------------------------------------------------------------------ */

static void
on_connect_late(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	if (link->conn.at_address < link->conn.n_addresses) {
		start_phase(link, CONNECT_MS, on_connect_late);
		link_conn_next(link);
	} else {
		smpp_link_lost(link, "cannot connect: no answer");
	}
	smpp_link_leave(link);
}

static void
on_reconnect(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	set_state(link, SMSC_CONNECTING);
	if (!link->stopping && !link->doomed) {
		start_phase(link, CONNECT_MS, on_connect_late);
		link_conn_open(link);
	}
	smpp_link_leave(link);
}

static void
on_bind_late(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	smpp_link_lost(link, "no answer to the bind");
	smpp_link_leave(link);
}

void
smpp_link_connected(struct smpp_link *link)
{
	static const uint32_t ids[] = {
		[LINK_TRANSCEIVER] = SMPP_BIND_TRANSCEIVER,
		[LINK_TRANSMITTER] = SMPP_BIND_TRANSMITTER,
		[LINK_RECEIVER] = SMPP_BIND_RECEIVER,
	};
	struct smpp_pdu bind = {
		.id = ids[link->role],
		.interface_version = (uint8_t)link->cf.interface_version,
	};

	link->next_seq = 1;
	link->bind_seq = bind.seq = smpp_link_seq(link);
	snprintf(bind.system_id, sizeof bind.system_id, "%s", link->cf.system_id);
	snprintf(bind.password, sizeof bind.password, "%s", link->cf.password);
	snprintf(bind.system_type, sizeof bind.system_type, "%s", link->cf.system_type);
	snprintf(bind.address_range, sizeof bind.address_range, "%s", link->cf.address_range);
	link_send_reset(link);
	start_phase(link, link->cf.response_timeout_s * INT64_C(1000), on_bind_late);
	set_state(link, SMSC_BINDING);
	link_conn_put(link, &bind);
}

/* ---- up: is the SMSC still there? ------------------------------------------------------------ */

static void
on_idle(void *arg)
{
	struct smpp_link *link = arg;
	int64_t now = clock_mono_ms(), every = link->cf.enquire_link_s * INT64_C(1000);
	int64_t left = link->heard_at + every - now;

	smpp_link_enter(link);
	if (left <= 0 && link->enquire_at == 0 && !link->unbind_sent) {
		struct smpp_pdu enquire = { .id = SMPP_ENQUIRE_LINK, .seq = smpp_link_seq(link) };

		link->enquire_at = now;
		link_conn_put(link, &enquire);
		smpp_link_watch_answers(link);
	}
	loop_timer_start(link->loop, &link->idle, left > 0 ? left : every, on_idle, link);
	smpp_link_leave(link);
}

/* When the oldest request should have been answered; -1 when there is none. */
static int64_t
answer_due(const struct smpp_link *link)
{
	int64_t since = -1;

	if (link->send.oldest != NO_SLOT)
		since = link->send.slots[link->send.oldest].sent_ms;
	if (link->enquire_at != 0 && (since < 0 || link->enquire_at < since))
		since = link->enquire_at;
	return since < 0 ? -1 : since + link->cf.response_timeout_s * INT64_C(1000);
}

static void
on_answer_late(void *arg)
{
	struct smpp_link *link = arg;
	int64_t due;

	smpp_link_enter(link);
	link_ask_give_up_late(link, clock_mono_ms());
	due = answer_due(link);
	if (due >= 0 && due <= clock_mono_ms())
		smpp_link_lost(link, "requests stay without response");
	else
		smpp_link_watch_answers(link);
	smpp_link_leave(link);
}

/* The timer is not moved with every response: when it fires too early it is set anew. */
void
smpp_link_watch_answers(struct smpp_link *link)
{
	int64_t due;

	if (link->answer.slot != 0)
		return;
	due = answer_due(link);
	if (due >= 0)
		loop_timer_start(link->loop, &link->answer, due - clock_mono_ms(), on_answer_late, link);
}

static void
bind_refused(struct smpp_link *link, uint32_t status)
{
	const char *name = smpp_status_name(status);
	char why[80];

	snprintf(why, sizeof why, "bind refused: %s (0x%X)", name != NULL ? name : "unknown status",
	    (unsigned)status);
	if (status != SMPP_RINVPASWD && status != SMPP_RINVSYSID) {
		smpp_link_lost(link, why);
		return;
	}
	log_error("smsc", "%s: %s; check system-id and password of this link", link->cf.smsc_id, why);
	link->stats->reconnects++;
	go_down(link, link->cf.bind_refused_wait_s * INT64_C(1000));
}

void
smpp_link_bound(struct smpp_link *link, const struct smpp_pdu *resp)
{
	if (link->state != SMSC_BINDING || resp->seq != link->bind_seq) {
		link->stats->ignored_responses++;
		return;
	}
	if (resp->status != SMPP_OK) {
		bind_refused(link, resp->status);
		return;
	}
	loop_timer_stop(link->loop, &link->phase);
	link->up_at = link->heard_at = clock_mono_ms();
	if (link->cf.enquire_link_s > 0)
		loop_timer_start(link->loop, &link->idle, link->cf.enquire_link_s * INT64_C(1000),
		    on_idle, link);
	set_state(link, SMSC_UP);
	smpp_link_kick(link);
}

/* ---- unbind ------------------------------------------------------------------------------------ */

/* The session ends as it was agreed to: what is left is written, then the connection closed. */
static void
end_session(struct smpp_link *link, const char *why)
{
	link_conn_flush(link);
	if (link->conn.fd < 0)
		return;			/* lost already */
	if (link->stopping)
		go_down(link, 0);
	else
		smpp_link_lost(link, why);
}

static void
on_unbind_late(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	end_session(link, "no answer to the unbind");
	smpp_link_leave(link);
}

static void
unbind_now(struct smpp_link *link)
{
	struct smpp_pdu pdu = { .id = SMPP_UNBIND };

	if (link->peer_unbinds) {
		pdu.id = SMPP_RESP | SMPP_UNBIND;
		pdu.seq = link->unbind_seq;
		link_conn_put(link, &pdu);
		end_session(link, "the SMSC unbound");
		return;
	}
	pdu.seq = smpp_link_seq(link);
	link->unbind_sent = true;
	link_conn_put(link, &pdu);
	start_phase(link, UNBIND_MS, on_unbind_late);
}

static void
on_drain_late(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	unbind_now(link);
	smpp_link_leave(link);
}

/* No new datagrams; those begun are finished and answers awaited, up to `ms`. */
static void
drain(struct smpp_link *link, int64_t ms)
{
	start_phase(link, ms, on_drain_late);
	set_state(link, SMSC_UNBINDING);
	link_ask_give_back_unsent(link);
	link_send_give_back_unsent(link);
	smpp_link_kick(link);
}

void
smpp_link_peer_unbinds(struct smpp_link *link, uint32_t seq)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | SMPP_UNBIND, .seq = seq };

	if (link->unbind_sent || link->state == SMSC_BINDING) {
		link_conn_put(link, &resp);
		end_session(link, "the SMSC unbound");
		return;
	}
	link->peer_unbinds = true;
	link->unbind_seq = seq;
	if (link->state == SMSC_UP)
		drain(link, PEER_UNBIND_MS);
}

void
smpp_link_unbound(struct smpp_link *link)
{
	if (link->unbind_sent)
		end_session(link, "unbound");
	else
		link->stats->ignored_responses++;
}

/* smsc_link_stop, once it is no longer inside a call of the application. */
static void
serve_stop(struct smpp_link *link)
{
	link->stopped = true;
	if (link->state == SMSC_UP) {
		drain(link, link->stop_wait_ms);
	} else if (link->state != SMSC_UNBINDING) {
		bool was_down = link->state == SMSC_DOWN;

		go_down(link, 0);
		if (was_down)
			smpp_links_state(link, SMSC_DOWN);
	}
}

/* ---- one turn ------------------------------------------------------------------------------------ */

static void
on_turn(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	if (link->stopping && !link->stopped)
		serve_stop(link);
	link_send_answer_refused(link);
	link_ask_answer_refused(link);
	do
		link_send_tell_room(link);
	while (link_send_pump(link));
	if (link->state == SMSC_UNBINDING && !link->unbind_sent && link_send_is_empty(link))
		unbind_now(link);
	if (link->conn.fd >= 0 && link->state != SMSC_CONNECTING)
		link_conn_flush(link);
	smpp_link_leave(link);
}

void
smpp_link_kick(struct smpp_link *link)
{
	if (link->turn.slot == 0)
		loop_timer_start(link->loop, &link->turn, 0, on_turn, link);
}

/* ---- what its link asks of it ----------------------------------------------------------------------- */

static void
check_config(struct smsc_config *cf)
{
	if (cf->window == 0)
		cf->window = 1;
	if (cf->window > LINK_WINDOW_MAX)
		cf->window = LINK_WINDOW_MAX;
	if (cf->response_timeout_s == 0)
		cf->response_timeout_s = 60;
	if (cf->reconnect_min_ms == 0)
		cf->reconnect_min_ms = 1;
	if (cf->max_pdu < SMPP_HEADER || cf->max_pdu > 1 << 20)
		cf->max_pdu = SMPP_PDU_MAX;
}

struct smpp_link *
smpp_link_create(struct loop *loop, const struct smsc_config *cf, struct smsc_link *owner, unsigned index,
    enum link_role role, bool by_outbind)
{
	struct smpp_link *link = calloc(1, sizeof *link);

	if (link == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	link->loop = loop;
	link->cf = *cf;
	link->ev = owner->ev;
	link->app = owner->app;
	link->owner = owner;
	link->stats = &owner->stats;
	link->bucket = &owner->bucket;
	link->index = index;
	link->role = role;
	link->by_outbind = by_outbind;
	link->conn.fd = -1;
	link->next_seq = 1;
	check_config(&link->cf);
	link_send_init(link);
	link_recv_init(link);
	if (!by_outbind)
		start_phase(link, 0, on_reconnect);
	return link;
}

void
smpp_link_adopt(struct smpp_link *link, int fd)
{
	smpp_link_enter(link);
	link_conn_adopt(link, fd);
	smpp_link_leave(link);
}

void
smpp_link_stop(struct smpp_link *link, unsigned wait_ms)
{
	if (link->stopping)
		return;
	link->stopping = true;
	link->stop_wait_ms = wait_ms;
	smpp_link_kick(link);
}

void
smpp_link_destroy(struct smpp_link *l)
{
	if (l->doomed)
		return;
	smpp_link_enter(l);
	l->doomed = l->stopping = l->stopped = true;
	l->ev.room = NULL;
	l->ev.receipt = NULL;
	go_down(l, 0);
	link_send_answer_refused(l);
	link_ask_answer_refused(l);
	smpp_link_leave(l);
}
