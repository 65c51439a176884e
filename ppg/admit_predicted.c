/*
 * admit_predicted.c - see admit_int.h. What was predicted, as the store keeps it: what all recipients have goes into the
 * push's meta, else each chunk of recipients has a remark of its own. ppg/admin_push.c reads both.
 */
#include "ppg/admit_int.h"

#include <stdlib.h>

/* "0*1,2*998": which of the listed predictions how many recipients have, in their order. */
static void
write_runs(const uint32_t *indexes, uint32_t n, struct sbuf *out)
{
	uint32_t i, same;

	for (i = 0; i < n; i += same) {
		for (same = 1; i + same < n && indexes[i + same] == indexes[i]; same++)
			;
		if (i > 0)
			sbuf_char(out, ',');
		if (indexes[i] == ADMIT_NOT_PREDICTED)
			sbuf_fmt(out, "-*%u", same);
		else if (indexes[i] == ADMIT_LOOK_UP)
			sbuf_fmt(out, "?*%u", same);
		else
			sbuf_fmt(out, "%u*%u", indexes[i], same);
	}
}

static bool
all_have(const struct admission *a, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < a->n_recipients && a->predicted[i] == index; i++)
		;
	return i == a->n_recipients;
}

static bool
is_prediction(uint32_t index)
{
	return index != ADMIT_NOT_PREDICTED && index != ADMIT_LOOK_UP;
}

/* The different predictions of a run of recipients, and which of them each has. */
static void
write_predictions(const struct admission *a, uint32_t first, uint32_t n, struct sbuf *out)
{
	uint32_t *listed = calloc(n, sizeof *listed), *indexes = calloc(n, sizeof *indexes), n_listed = 0, i, k;

	if (listed == NULL || indexes == NULL)
		abort();
	sbuf_str(out, "\"predictions\":[");
	for (i = 0; i < n; i++) {
		indexes[i] = a->predicted[first + i];
		if (!is_prediction(indexes[i]))
			continue;
		for (k = n_listed; k > 0 && listed[k - 1] != indexes[i]; k--)
			;
		if (k == 0) {
			if (n_listed > 0)
				sbuf_char(out, ',');
			sbuf_str(out, a->predictions[indexes[i]]);
			listed[n_listed++] = indexes[i];
			k = n_listed;
		}
		indexes[i] = k - 1;
	}
	sbuf_str(out, "],\"predicted\":\"");
	write_runs(indexes, n, out);
	sbuf_char(out, '"');
	free(listed);
	free(indexes);
}

/* One recipient, or the same for all: the push itself says it. */
static bool
fits_meta(const struct admission *a)
{
	return a->predicted == NULL || a->n_recipients == 1 || all_have(a, a->predicted[0]);
}

char *
admit_policy_remark(const struct admission *a, uint32_t first, uint32_t n)
{
	struct sbuf out = { 0 };

	if (fits_meta(a))
		return NULL;
	sbuf_char(&out, '{');
	write_predictions(a, first, n, &out);
	sbuf_char(&out, '}');
	return sbuf_take(&out);
}

void
admit_policy_meta(const struct admission *a, struct sbuf *meta)
{
	bool all = a->predicted == NULL;

	if (!fits_meta(a) || (all ? a->n_predictions == 0 : a->predicted[0] == ADMIT_NOT_PREDICTED))
		return;
	if (meta->n == 0)
		sbuf_char(meta, '{');
	else
		meta->s[meta->n - 1] = ',';	/* the brace at its end */
	if (all || is_prediction(a->predicted[0]))
		sbuf_fmt(meta, "\"predictions\":[%s]", a->predictions[all ? 0 : a->predicted[0]]);
	else
		sbuf_fmt(meta, "\"predicted\":\"?*%u\"", a->n_recipients);
	sbuf_char(meta, '}');
}
