/*
 * metrics.c - see metrics.h. A family of metrics is put as a whole: its help, its kind, then its samples. doc/api.md
 * lists the names. Facts: the text format 0.0.4 of Prometheus.
 */
#include "ppg/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ppg/life.h"
#include "ppg/pap.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

static void
family(struct sbuf *out, enum kind kind, const char *name, const char *help)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	sbuf_fmt(out, "# HELP openppg_%s %s\n# TYPE openppg_%s %s\n", name, help, name, kinds[kind]);
}

/* "name{" or ",", then label="value". */
static void
put_label(struct sbuf *out, bool first, const char *label, const char *value)
{
	sbuf_fmt(out, "%s%s=\"", first ? "{" : ",", label);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			sbuf_char(out, '\\');
		if (*value == '\n')
			sbuf_str(out, "\\n");
		else
			sbuf_char(out, *value);
	}
	sbuf_char(out, '"');
}

/* One sample; labels may be NULL. */
static void
sample(struct sbuf *out, const char *name, const char *label, const char *value, const char *label2,
    const char *value2, double number)
{
	sbuf_fmt(out, "openppg_%s", name);
	if (label != NULL)
		put_label(out, true, label, value);
	if (label2 != NULL)
		put_label(out, false, label2, value2);
	sbuf_fmt(out, "%s %.15g\n", label != NULL ? "}" : "", number);
}

static void
put(struct sbuf *out, enum kind kind, const char *name, const char *help, double value)
{
	family(out, kind, name, help);
	sample(out, name, NULL, NULL, NULL, NULL, value);
}

/* counts[i] lie in (bounds[i - 1], bounds[i]], counts[n] above them all; `unit` is what one of a bound is worth. */
static void
put_histogram(struct sbuf *out, const char *name, const char *help, const uint32_t *bounds, size_t n, double unit,
    const uint64_t *counts, double sum)
{
	uint64_t so_far = 0;
	size_t i;

	family(out, HISTOGRAM, name, help);
	for (i = 0; i < n; i++) {
		so_far += counts[i];
		sbuf_fmt(out, "openppg_%s_bucket{le=\"%.15g\"} %llu\n", name, bounds[i] * unit, (unsigned long long)so_far);
	}
	so_far += counts[n];
	sbuf_fmt(out, "openppg_%s_bucket{le=\"+Inf\"} %llu\nopenppg_%s_sum %.15g\nopenppg_%s_count %llu\n", name,
	    (unsigned long long)so_far, name, sum, name, (unsigned long long)so_far);
}

/* ---- requests ------------------------------------------------------------------------------------ */

static void
put_codes(struct sbuf *out, struct tally *tally)
{
	char text[8];
	int class, rest;

	family(out, COUNTER, "pap_results_total", "pushes and refused operations, by the PAP code of the answer");
	for (class = 1000; class < 6000; class += 1000)
		for (rest = 0; rest < 32; rest++)
			if (pap_status_name(class + rest) != NULL) {
				snprintf(text, sizeof text, "%d", class + rest);
				sample(out, "pap_results_total", "code", text, NULL, NULL,
				    (double)tally_code_get(tally, class + rest));
			}
}

static void
put_front(struct sbuf *out, const struct metrics_sources *from)
{
	struct front_stats st;
	struct tally_counts all;
	size_t i;

	front_stats(from->front, &st);
	tally_get(front_tally(from->front), NULL, &all);
	put(out, COUNTER, "pushes_accepted_total", "submissions answered 1001", (double)st.accepted);
	put(out, COUNTER, "recipients_accepted_total", "recipients of them", (double)st.recipients);
	put(out, COUNTER, "operations_total", "cancels, status and capabilities queries answered", (double)st.operations);
	family(out, COUNTER, "rejected_total", "requests refused");
	for (i = 0; i < REFUSALS; i++)
		sample(out, "rejected_total", "area", "front", "reason", front_refusal_name((enum front_refusal)i),
		    (double)st.refused[i]);
	sample(out, "rejected_total", "area", "admin", "reason", "http", (double)from->admin_refused_http);
	sample(out, "rejected_total", "area", "admin", "reason", "auth", (double)from->admin_refused_auth);
	family(out, COUNTER, "refused_reason_total", "the same of the front, by rule of the account or class of the PAP code");
	for (i = ACCESS_OK + 1; i < TALLY_REASONS; i++)
		sample(out, "refused_reason_total", "reason", tally_reason_name((unsigned)i), NULL, NULL,
		    (double)all.refused[i]);
	put_codes(out, front_tally(from->front));
	put(out, COUNTER, "answer_seconds_total", "time from a whole request to its PAP answer",
	    (double)st.answers_us_total / 1e6);
	put(out, COUNTER, "answers_total", "PAP answers given", (double)st.answers);
	put_histogram(out, "answer_duration_seconds", "time from a whole request to its PAP answer", front_times_us,
	    FRONT_TIMES, 1e-6, st.answer_times, (double)st.answers_us_total / 1e6);
	put(out, GAUGE, "pool_waiting", "requests that wait for a thread of the pool", (double)pool_waiting(from->pool));
}

/* ---- initiators: those of the configuration, whether or not they ever came ------------------------ */

static void
put_initiators(struct sbuf *out, const struct metrics_sources *from)
{
	struct initiators *set = authenticator_initiators(from->auth);
	struct tally *tally = front_tally(from->front);
	static const struct {
		const char *name, *help;
		size_t at;
	} counts[] = {
		{ "initiator_pushes_total", "submissions answered 1001", offsetof(struct tally_counts, pushes) },
		{ "initiator_recipients_total", "recipients of them", offsetof(struct tally_counts, recipients) },
		{ "initiator_operations_total", "cancels, status and capabilities queries answered",
		  offsetof(struct tally_counts, operations) },
	};
	struct tally_counts c;
	size_t i, k;

	for (k = 0; k < sizeof counts / sizeof counts[0]; k++) {
		family(out, COUNTER, counts[k].name, counts[k].help);
		for (i = 0; i < initiators_count(set); i++) {
			tally_get(tally, initiators_at(set, i)->name, &c);
			sample(out, counts[k].name, "initiator", initiators_at(set, i)->name, NULL, NULL,
			    (double)*(uint64_t *)((char *)&c + counts[k].at));
		}
	}
	family(out, COUNTER, "initiator_refused_total", "requests of known initiators that were refused, by reason");
	for (i = 0; i < initiators_count(set); i++) {
		tally_get(tally, initiators_at(set, i)->name, &c);
		for (k = ACCESS_OK + 1; k < TALLY_REASONS; k++)
			if (c.refused[k] > 0)
				sample(out, "initiator_refused_total", "initiator", initiators_at(set, i)->name, "reason",
				    tally_reason_name((unsigned)k), (double)c.refused[k]);
	}
	family(out, GAUGE, "initiator_recipients_today", "recipients accepted since midnight UTC, over restarts");
	for (i = 0; i < initiators_count(set); i++)
		sample(out, "initiator_recipients_today", "initiator", initiators_at(set, i)->name, NULL, NULL,
		    (double)store_usage(from->store, initiators_at(set, i)->name, (int64_t)clock_utc() / 86400));
	initiators_unref(set);
}

/* ---- store, states ----------------------------------------------------------------------------------- */

static void
put_store(struct sbuf *out, struct store *store)
{
	struct store_stats st;
	int64_t now = (int64_t)clock_utc();
	int step;

	store_stats(store, &st);
	put(out, COUNTER, "store_commits_total", "group commits", (double)st.commits);
	put(out, COUNTER, "store_operations_total", "operations in them", (double)st.operations);
	put(out, COUNTER, "store_commit_seconds_total", "time spent in commits", (double)st.commit_us_total / 1e6);
	put(out, GAUGE, "store_commit_seconds_max", "slowest commit", (double)st.commit_us_max / 1e6);
	put_histogram(out, "store_commit_operations", "operations of a commit", store_commit_sizes, STORE_SIZES, 1,
	    st.commit_sizes, (double)st.operations);
	put_histogram(out, "store_commit_duration_seconds", "time that a commit took", store_commit_times_us, STORE_TIMES,
	    1e-6, st.commit_times, (double)st.commit_us_total / 1e6);
	put(out, GAUGE, "store_pushes", "pushes stored", (double)st.pushes);
	put(out, GAUGE, "store_recipients", "recipients stored", (double)st.recipients);
	put(out, GAUGE, "recipients_pending", "recipients without a final state", (double)st.live);
	put(out, GAUGE, "recipients_quarantined", "recipients that controls hold until an operator releases or rejects them",
	    (double)st.held);
	family(out, COUNTER, "entered_total", "recipients that came into a state");
	for (step = STEP_QUEUED; step <= STEP_QUARANTINED; step++)
		sample(out, "entered_total", "state", life_step_name(step), NULL, NULL, (double)st.entered[step]);
	put(out, GAUGE, "queue_age_seconds", "how long the oldest recipient that is due waits for dispatch",
	    st.oldest_due > 0 && now > st.oldest_due ? (double)(now - st.oldest_due) : 0);
	put(out, COUNTER, "recovered_total", "recipients that a crash may have sent twice", (double)st.recovered);
	put(out, COUNTER, "receipts_orphaned_total", "receipts that matched nothing in time",
	    (double)st.orphans_dropped);
}

/* ---- links --------------------------------------------------------------------------------------------- */

static void
put_dispatch(struct sbuf *out, struct dispatch *dispatch)
{
	struct dispatch_stats st;

	dispatch_stats(dispatch, &st);
	put(out, COUNTER, "submitted_total", "recipients accepted by an SMSC", (double)st.submitted);
	put(out, COUNTER, "refused_total", "recipients refused by an SMSC for good", (double)st.refused);
	put(out, COUNTER, "retried_total", "temporary refusals", (double)st.retried);
	put(out, COUNTER, "maybe_sent_total", "submissions without an answer, sent again", (double)st.maybe_sent);
	put(out, COUNTER, "delivered_total", "recipients delivered by receipt", (double)st.delivered);
	put(out, COUNTER, "failed_total", "recipients failed by receipt", (double)st.failed);
	put(out, COUNTER, "asked_total", "recipients without a receipt whose SMSC was asked for their state",
	    (double)st.asked);
	put(out, COUNTER, "cancelled_total", "recipients cancelled in dispatch or at an SMSC", (double)st.cancelled);
	put(out, COUNTER, "receipts_total", "delivery receipts received", (double)st.receipts);
	put(out, COUNTER, "receipts_unknown_total", "receipts that matched nothing at first",
	    (double)st.receipts_unknown);
	put(out, GAUGE, "in_hand", "recipients held in memory", st.in_hand);
	put(out, GAUGE, "links_up", "SMSC links that are bound", st.links_up);
}

static void
put_link_states(struct sbuf *out, json_t *links)
{
	static const enum smsc_state states[] = { SMSC_DOWN, SMSC_CONNECTING, SMSC_BINDING, SMSC_UP, SMSC_UNBINDING };
	const char *id;
	json_t *l;
	size_t i, k;

	family(out, GAUGE, "link_state", "1 for the state that a link is in");
	json_array_foreach(links, i, l) {
		const char *now = json_text(l, "state");

		id = json_text(l, "smsc_id");
		for (k = 0; k < sizeof states / sizeof states[0]; k++)
			sample(out, "link_state", "smsc_id", id, "state", smsc_state_name(states[k]),
			    strcmp(now, smsc_state_name(states[k])) == 0);
	}
}

static void
put_links(struct sbuf *out, struct dispatch *dispatch)
{
	static const struct {
		enum kind kind;
		const char *name, *member, *help;
	} rows[] = {
		{ GAUGE,   "link_queued", "queued", "messages held by a link, not all parts sent" },
		{ GAUGE,   "link_window", "window", "PDUs that may wait for their answer" },
		{ GAUGE,   "link_window_used", "window_used", "PDUs that wait for their answer" },
		{ COUNTER, "link_submitted_total", "submitted", "submit_sm PDUs sent" },
		{ COUNTER, "link_accepted_total", "accepted", "submit_sm PDUs that the SMSC took" },
		{ COUNTER, "link_refused_total", "refused", "submit_sm PDUs that it refused" },
		{ COUNTER, "link_retried_total", "retried", "submit_sm PDUs that it put off, sent again" },
		{ COUNTER, "link_receipts_total", "receipts", "delivery receipts" },
		{ COUNTER, "link_bad_receipts_total", "bad_receipts", "delivery receipts that could not be read" },
		{ COUNTER, "link_messages_total", "messages", "deliver_sm PDUs that are no receipts" },
		{ COUNTER, "link_cancels_total", "cancels", "cancel_sm PDUs sent" },
		{ COUNTER, "link_cancelled_total", "cancelled", "cancel_sm PDUs that the SMSC obeyed" },
		{ COUNTER, "link_queries_total", "queries", "query_sm PDUs sent" },
		{ COUNTER, "link_queried_total", "queried", "query_sm PDUs that the SMSC answered with a state" },
		{ COUNTER, "link_reconnects_total", "reconnects", "connections given up" },
		{ COUNTER, "link_nacks_total", "nacks", "generic_nack PDUs that came" },
		{ COUNTER, "link_bad_pdus_total", "bad_pdus", "broken PDUs that came" },
		{ COUNTER, "link_ignored_responses_total", "ignored_responses", "responses to nothing that was asked" },
	};
	json_t *links = dispatch_links_json(dispatch), *l;
	size_t i, k;

	put_link_states(out, links);
	for (k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		family(out, rows[k].kind, rows[k].name, rows[k].help);
		json_array_foreach(links, i, l)
			sample(out, rows[k].name, "smsc_id", json_text(l, "smsc_id"), NULL, NULL,
			    (double)json_integer_value(json_object_get(l, rows[k].member)));
	}
	json_decref(links);
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static void
put_notifier(struct sbuf *out, struct notifier *notifier)
{
	struct notify_stats st;

	notifier_stats(notifier, &st);
	put(out, COUNTER, "notifications_acknowledged_total", "result notifications acknowledged",
	    (double)st.acknowledged);
	put(out, COUNTER, "notifications_failed_total", "tries that failed and are repeated",
	    (double)st.failed_tries);
	put(out, COUNTER, "notifications_given_up_total", "result notifications given up", (double)st.given_up);
	put(out, GAUGE, "notifications_under_way", "result notifications being posted", st.under_way);
}

void
metrics_print(const struct metrics_sources *from, struct sbuf *out)
{
	put_front(out, from);
	put_initiators(out, from);
	put_store(out, from->store);
	put_dispatch(out, from->dispatch);
	put_links(out, from->dispatch);
	put_notifier(out, from->notifier);
}
