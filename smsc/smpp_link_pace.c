/*
 * smpp_link_pace.c - how fast a link sends: its throughput, and pauses when the SMSC asks to go slower.
 * Spec: SMPP v3.4 issue 1.2, 5.1.3 (RTHROTTLED, RMSGQFUL); SMPP v5.0, 4.8.4.18 (congestion_state).
 */
#include "base/clock.h"
#include "base/log.h"
#include "smsc/smpp_link.h"

enum {
	BACKOFF_MIN_MS = 1000,
	BACKOFF_MAX_MS = 60000,
	LOAD_OPTIMUM = 80,		/* congestion_state: as busy as it should be */
	LOAD_HIGH = 90,
	LOAD_FULL = 100
};

static void
on_resume(void *arg)
{
	struct smpp_link *link = arg;

	smpp_link_enter(link);
	smpp_link_kick(link);
	smpp_link_leave(link);
}

void
link_pace_resume_at(struct smpp_link *link, int64_t at_ms)
{
	if (link->resume.slot == 0 || link->resume.at_ms > at_ms)
		loop_timer_start(link->loop, &link->resume, at_ms - clock_mono_ms(), on_resume, link);
}

bool
link_pace_has_token(struct smpp_link *link, int64_t now)
{
	struct link_bucket *b = link->bucket;
	int64_t rate = link->cf.throughput, most = rate * 100 > 1000 ? rate * 100 : 1000;

	if (rate == 0)
		return true;
	if (now > b->tokens_at) {
		int64_t since = now - b->tokens_at;

		b->tokens += since > 1000 ? most : since * rate;
		b->tokens_at = now;
		if (b->tokens > most)
			b->tokens = most;
	}
	if (b->tokens >= 1000)
		return true;
	link_pace_resume_at(link, now + (1000 - b->tokens + rate - 1) / rate);
	return false;
}

/*
 * Pause, then begin again with one PDU. The pause doubles while nothing gets through between two of
 * them and halves otherwise. What was on its way when the pause began may be refused, too, and changes nothing.
 */
void
link_pace_slow_down(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	int64_t now = clock_mono_ms();

	if (now < s->paused_until || s->outstanding >= s->allowed)
		return;
	if (s->good > 0)
		s->backoff_ms /= 2;
	else
		s->backoff_ms *= 2;
	if (s->backoff_ms < BACKOFF_MIN_MS)
		s->backoff_ms = BACKOFF_MIN_MS;
	if (s->backoff_ms > BACKOFF_MAX_MS)
		s->backoff_ms = BACKOFF_MAX_MS;
	s->good = 0;
	s->full_in_a_row = 0;
	s->allowed = 1;
	s->paused_until = now + smsc_jitter(s->backoff_ms);
	link_pace_resume_at(link, s->paused_until);
	log_debug("smsc", "%s: throttled, pause of %d ms", link->cf.smsc_id, (int)(s->paused_until - now));
}

void
link_pace_congestion(struct smpp_link *link, const struct smpp_pdu *resp)
{
	const struct smpp_tlv *tlv = smpp_tlv_find(resp, SMPP_TAG_CONGESTION_STATE);
	struct link_send *s = &link->send;

	if (tlv == NULL || tlv->value.n != 1)
		return;
	s->congestion = tlv->value.p[0];
	if (s->congestion >= LOAD_FULL)
		link_pace_slow_down(link);
	else if (s->congestion >= LOAD_HIGH && s->allowed > 1)
		s->allowed--;
}

void
link_pace_went_well(struct smpp_link *link)
{
	struct link_send *s = &link->send;

	link->failures = 0;
	s->good++;
	s->full_in_a_row = 0;
	if (s->allowed < link->cf.window && s->congestion < LOAD_OPTIMUM)
		s->allowed++;
}
