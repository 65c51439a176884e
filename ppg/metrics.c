/* metrics.c - see metrics.h. One table row a metric: doc/guide.md lists the same names. */
#include "ppg/metrics.h"

enum kind { COUNTER, GAUGE };

static void
put(struct sbuf *out, enum kind kind, const char *name, const char *help, double value)
{
	sbuf_fmt(out, "# HELP openppg_%s %s\n# TYPE openppg_%s %s\nopenppg_%s %.15g\n", name, help, name,
	    kind == COUNTER ? "counter" : "gauge", name, value);
}

static void
put_front(struct sbuf *out, const struct metrics_sources *from)
{
	struct front_stats st;
	size_t i;

	front_stats(from->front, &st);
	put(out, COUNTER, "pushes_accepted_total", "submissions answered 1001", (double)st.accepted);
	put(out, COUNTER, "recipients_accepted_total", "recipients of them", (double)st.recipients);
	sbuf_str(out, "# HELP openppg_rejected_total requests refused\n# TYPE openppg_rejected_total counter\n");
	for (i = 0; i < REFUSALS; i++)
		sbuf_fmt(out, "openppg_rejected_total{area=\"front\",reason=\"%s\"} %llu\n",
		    front_refusal_name((enum front_refusal)i), (unsigned long long)st.refused[i]);
	sbuf_fmt(out, "openppg_rejected_total{area=\"admin\",reason=\"http\"} %llu\n", from->admin_refused_http);
	sbuf_fmt(out, "openppg_rejected_total{area=\"admin\",reason=\"auth\"} %llu\n", from->admin_refused_auth);
	put(out, COUNTER, "answer_seconds_total", "time from a whole request to its PAP answer",
	    (double)st.answers_us_total / 1e6);
	put(out, COUNTER, "answers_total", "PAP answers given", (double)st.answers);
}

static void
put_store(struct sbuf *out, struct store *store)
{
	struct store_stats st;

	store_stats(store, &st);
	put(out, COUNTER, "store_commits_total", "group commits", (double)st.commits);
	put(out, COUNTER, "store_operations_total", "operations in them", (double)st.operations);
	put(out, COUNTER, "store_commit_seconds_total", "time spent in commits", (double)st.commit_us_total / 1e6);
	put(out, GAUGE, "store_commit_seconds_max", "slowest commit", (double)st.commit_us_max / 1e6);
	put(out, GAUGE, "store_pushes", "pushes stored", (double)st.pushes);
	put(out, GAUGE, "store_recipients", "recipients stored", (double)st.recipients);
	put(out, GAUGE, "recipients_pending", "recipients without a final state", (double)st.live);
	put(out, COUNTER, "recovered_total", "recipients that a crash may have sent twice", (double)st.recovered);
	put(out, COUNTER, "receipts_orphaned_total", "receipts that matched nothing in time",
	    (double)st.orphans_dropped);
}

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
	put(out, COUNTER, "receipts_total", "delivery receipts received", (double)st.receipts);
	put(out, COUNTER, "receipts_unknown_total", "receipts that matched nothing at first",
	    (double)st.receipts_unknown);
	put(out, GAUGE, "in_hand", "recipients held in memory", st.in_hand);
	put(out, GAUGE, "links_up", "SMSC links that are bound", st.links_up);
}

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
	put_store(out, from->store);
	put_dispatch(out, from->dispatch);
	put_notifier(out, from->notifier);
}
