/* admit_address.c - see admit_int.h. Addresses of a push-message become recipients. */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ppg/address.h"

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

/* A link over UDP sends to the address itself; without one it is a name of a subscriber, as others are. */
static int
take_ip(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, size_t i,
    const struct wappush *address)
{
	struct routes *routes = route_table_get(cf->routes);
	bool have = routes_have_ip(routes), serve = have && routes_serve_ip(routes, address->value);

	routes_unref(routes);
	if (!have)
		return look_up(rq, a, i, address);
	if (!serve)
		return admit_refuse(a, PAP_FORBIDDEN, "push-message/address[%zu]: no link serves this network", i + 1);
	snprintf(a->dials[i], sizeof a->dials[i], "%.47s", address->value);
	a->n_ip++;
	return 0;
}

static int
check_address(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, size_t i)
{
	struct store_recipient *r = &a->recipients[i];
	const char *text = a->control.addresses[i];
	char key[ADDRESS_KEY_SIZE], number[NUMBER_SIZE];
	struct wappush address;
	struct why why;
	int code;

	if (admit_read_address(cf, text, &address, &why) != OK)
		return admit_refuse(a, PAP_ADDRESS_ERROR, "push-message/address[%zu]: %s", i + 1, why.text);
	if (address.number) {
		if (number_normalise(cf->numbers, rq->who->country, address_number(&address), number, &why) != OK)
			return admit_refuse(a, PAP_ADDRESS_ERROR, "push-message/address[%zu]: %s", i + 1, why.text);
		memcpy(a->dials[i], number, sizeof number);
	} else if (address.type == ADDRESS_IPV4 || address.type == ADDRESS_IPV6) {
		code = take_ip(cf, rq, a, i, &address);
		if (code != 0)
			return code;
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

static int
compare_keys(const void *x, const void *y, void *arg)
{
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	char *const *keys = arg;
	int diff = strcmp(keys[i], keys[k]);

	return diff != 0 ? diff : i < k ? -1 : 1;
}

/*
 * Addresses that compare equal are one recipient, under the first of its spellings: it gets one message, and a
 * cancel or status query by any of them means it.
 */
static void
drop_repeated(struct admission *a)
{
	uint32_t n = a->n_recipients, *order = calloc(n + 1, sizeof *order), i, kept;
	bool *again = calloc(n + 1, sizeof *again);

	if (order == NULL || again == NULL)
		abort();
	for (i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof order[0], compare_keys, a->keys);
	for (i = 1; i < n; i++)
		again[order[i]] = strcmp(a->keys[order[i]], a->keys[order[i - 1]]) == 0;
	for (i = 0, kept = 0; i < n; i++) {
		if (again[i]) {
			free(a->keys[i]);
			continue;
		}
		a->keys[kept] = a->keys[i];
		a->recipients[kept++] = a->recipients[i];
	}
	a->n_recipients = kept;
	free(order);
	free(again);
}

int
admit_addresses(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct pap_control *c = &a->control;
	int code = 0;
	size_t i;

	a->recipients = calloc(c->n_addresses, sizeof *a->recipients);
	a->dials = calloc(c->n_addresses, sizeof *a->dials);
	a->keys = calloc(c->n_addresses, sizeof *a->keys);
	if (a->recipients == NULL || a->dials == NULL || a->keys == NULL)
		abort();
	a->n_recipients = (uint32_t)c->n_addresses;
	for (i = 0; i < c->n_addresses && code == 0; i++)
		code = check_address(cf, rq, a, i);
	if (code == 0 && a->n_ip > 0 && a->n_ip < a->n_recipients)
		return admit_refuse(a, PAP_ADDRESS_ERROR,
		    "push-message: numbers and IP addresses go on different links; send a push for each");
	if (code == 0 && a->n_recipients > 1)
		drop_repeated(a);
	return code;
}
