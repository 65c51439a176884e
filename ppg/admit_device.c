/*
 * admit_device.c - see admit_int.h. What the recipients' devices will do with the message, each by its profile: one
 * decision for all recipients with the same device. Facts: device policies sheet, 8.4.
 */
#include "ppg/admit_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"

enum {
	LATELY = 32,			/* predictions that are compared with a new one */
	FIRST_FEW = 4			/* and that the audit row tells of */
};

static void
forget_decided(struct decisions *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		secret_cleanse(all->list[i].text, strlen(all->list[i].text));
		free(all->list[i].text);
		free(all->list[i].own);
	}
	all->n = 0;
}

void
admit_decisions_done(struct decisions *all)
{
	forget_decided(all);
	sbuf_done(&all->first);
}

/* Only a MAC made with the network PIN depends on the IMSI. */
static char *
device_text(const struct decisions *all, const struct subscriber *sub)
{
	struct sbuf text = { 0 };

	sbuf_str(&text, "");
	if (sub != NULL)
		sbuf_fmt(&text, "%s\n%s\n%s", sub->profile, sub->device != NULL ? sub->device : "",
		    all->facts->sec == PROV_SEC_NETWPIN && all->a->mac_at == 0 ? sub->imsi : "");
	return sbuf_take(&text);
}

uint32_t
admit_keep_prediction(struct admission *a, const struct prediction *p)
{
	struct sbuf text = { 0 };
	size_t i, n = a->n_predictions;

	prediction_write(p, &text);
	for (i = n; i > 0 && i + LATELY > n; i--)
		if (strcmp(a->predictions[i - 1], text.s) == 0) {
			sbuf_done(&text);
			return (uint32_t)i - 1;
		}
	if ((n & (n - 1)) == 0)		/* full at 0, 1, 2, 4, 8 */
		a->predictions = realloc(a->predictions, (n == 0 ? 1 : n * 2) * sizeof *a->predictions);
	if (a->predictions == NULL)
		abort();
	a->predictions[n] = sbuf_take(&text);
	return (uint32_t)a->n_predictions++;
}

static void
keep_first(struct decisions *all, const struct prediction *p)
{
	if (all->a->n_predictions > FIRST_FEW)
		return;
	if (all->first.n > 0)
		sbuf_str(&all->first, "; ");
	else
		all->outcome = p->outcome;
	prediction_print(p, &all->first);
}

/* Of a subscriber, on the heap; NULL: no profile can be read at all. */
static struct policy_device *
read_device(struct decisions *all, const struct subscriber *sub, bool *known)
{
	struct policy_device *dev = calloc(1, sizeof *dev);
	struct why why;

	if (dev == NULL)
		abort();
	if (subscribers_device(all->subscribers, all->reader, sub, dev, known, &why) == OK)
		return dev;
	log_warning("policy", "nothing is predicted: %s", why.text);
	free(dev);
	return NULL;
}

static bool
find_device(struct decisions *all, const struct subscriber *sub, struct decided *d)
{
	bool known = false;

	d->own = NULL;
	if (sub != NULL)
		d->own = read_device(all, sub, &known);
	d->dev = d->own;
	if (sub == NULL)
		d->dev = all->unknown;
	if (d->dev == NULL)
		return false;
	predict(d->dev, all->facts, all->from, sub != NULL && sub->imsi[0] != '\0' && sub->n_network_key == 0 ? sub->imsi : NULL,
	    &d->p);
	d->p.device_known = known;
	return true;
}

const struct decided *
admit_decide(struct decisions *all, const struct subscriber *sub)
{
	struct decided *d;
	char *text = device_text(all, sub);
	size_t i, before = all->a->n_predictions;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->list[i].text, text) == 0) {
			secret_cleanse(text, strlen(text));
			free(text);
			return &all->list[i];
		}
	if (all->n == DEVICES_MAX)
		forget_decided(all);
	d = &all->list[all->n];
	if (!find_device(all, sub, d)) {
		secret_cleanse(text, strlen(text));
		free(text);
		return NULL;
	}
	d->text = text;
	d->index = admit_keep_prediction(all->a, &d->p);
	all->n++;
	if (all->a->n_predictions > before)
		keep_first(all, &d->p);
	return d;
}
