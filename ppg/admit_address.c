/* admit_address.c - see admit_int.h. Addresses of a push-message become recipients. */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ppg/address.h"

static int
compare_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* Identical address strings are one recipient. */
static void
drop_repeated(struct pap_control *c)
{
	size_t i, j;

	if (c->n_addresses <= 16) {
		for (i = 1; i < c->n_addresses; i++) {
			for (j = 0; j < i && strcmp(c->addresses[i], c->addresses[j]) != 0; j++)
				;
			if (j < i) {
				free(c->addresses[i]);
				memmove(&c->addresses[i], &c->addresses[i + 1],
				    (c->n_addresses - i - 1) * sizeof(char *));
				c->n_addresses--;
				i--;
			}
		}
		return;
	}
	qsort(c->addresses, c->n_addresses, sizeof(char *), compare_text);
	for (i = 1, j = 1; i < c->n_addresses; i++) {
		if (strcmp(c->addresses[i], c->addresses[j - 1]) == 0)
			free(c->addresses[i]);
		else
			c->addresses[j++] = c->addresses[i];
	}
	c->n_addresses = j;
}

/* The subscriber table says which number an address of another type belongs to. */
static int
look_up(const struct admit_request *rq, struct admission *a, size_t i, const struct wappush *address)
{
	char key[ADDRESS_KEY_SIZE];
	struct store_subscriber_view sub;
	int err;

	if (rq->reader == NULL)
		return ADMIT_READER;
	address_key(address, false, key);
	err = store_read_subscriber(rq->reader, key, &sub);
	if (err != OK && err != ERR_NOT_FOUND)
		return admit_refuse(a, PAP_INTERNAL_ERROR, "the subscriber table could not be read");
	if (err == OK && sub.number != NULL)
		snprintf(a->dials[i], sizeof a->dials[i], "%.31s", sub.number);
	else
		err = ERR_NOT_FOUND;
	store_subscriber_done(&sub);
	if (err == OK)
		return 0;
	return admit_refuse(a, PAP_ADDRESS_ERROR, address->type == ADDRESS_USER ?
	    "push-message/address[%zu]: no subscriber has this TYPE=%s address" :
	    "push-message/address[%zu]: no link serves TYPE=%s, and no subscriber has this address",
	    i + 1, address->type_name);
}

static int
check_address(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, size_t i)
{
	struct store_recipient *r = &a->recipients[i];
	const char *text = a->control.addresses[i];
	char key[ADDRESS_KEY_SIZE];
	struct wappush address;
	struct why why;
	int code;

	if (admit_read_address(cf, text, &address, &why) != OK)
		return admit_refuse(a, PAP_ADDRESS_ERROR, "push-message/address[%zu]: %s", i + 1, why.text);
	if (address.number) {
		if (number_normalise(cf->numbers, rq->who->country, address_number(&address), a->dials[i], &why) != OK)
			return admit_refuse(a, PAP_ADDRESS_ERROR, "push-message/address[%zu]: %s", i + 1, why.text);
	} else {
		code = look_up(rq, a, i, &address);
		if (code != 0)
			return code;
	}
	a->reason = access_number(rq->who, a->dials[i], &why);
	if (a->reason != ACCESS_OK)
		return admit_refuse(a, PAP_FORBIDDEN, "push-message/address[%zu]: %s", i + 1, why.text);
	address_key(&address, true, key);
	a->keys[i] = span_dup(span_str(key));
	*r = (struct store_recipient){ .address = text, .key = a->keys[i], .to = a->dials[i] };
	return 0;
}

int
admit_read_address(const struct admit_config *cf, const char *text, struct wappush *out, struct why *why)
{
	return address_parse_lenient(text, &cf->lenient.address, out, why);
}

int
admit_addresses(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct pap_control *c = &a->control;
	int code = 0;
	size_t i;

	drop_repeated(c);
	a->recipients = calloc(c->n_addresses, sizeof *a->recipients);
	a->dials = calloc(c->n_addresses, sizeof *a->dials);
	a->keys = calloc(c->n_addresses, sizeof *a->keys);
	if (a->recipients == NULL || a->dials == NULL || a->keys == NULL)
		abort();
	a->n_recipients = (uint32_t)c->n_addresses;
	for (i = 0; i < c->n_addresses && code == 0; i++)
		code = check_address(cf, rq, a, i);
	return code;
}
