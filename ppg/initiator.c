/* initiator.c - see initiator.h. */
#include "ppg/initiator.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ppg/certificate.h"

struct initiators {
	atomic_int refs;
	bool trusted;
	struct netlist *allow_ip, *deny_ip;
	size_t n;
	struct initiator list[];
};

struct initiators *
initiators_create(const struct initiator *list, size_t n, bool trusted)
{
	struct initiators *set = calloc(1, sizeof *set + (n + trusted) * sizeof set->list[0]);

	if (set == NULL)
		abort();
	set->refs = 1;
	set->trusted = trusted;
	set->n = n;
	if (n > 0)
		memcpy(set->list, list, n * sizeof set->list[0]);
	if (trusted)
		strcpy(set->list[set->n++].name, "trusted");
	return set;
}

void
initiators_set_addresses(struct initiators *set, struct netlist *allow, struct netlist *deny)
{
	set->allow_ip = allow;
	set->deny_ip = deny;
}

struct initiators *
initiators_ref(struct initiators *set)
{
	atomic_fetch_add(&set->refs, 1);
	return set;
}

static void
free_regex(regex_t **re)
{
	if (*re != NULL)
		regfree(*re);
	free(*re);
	*re = NULL;
}

void
initiator_done(struct initiator *who)
{
	free_regex(&who->allowed_regex);
	free_regex(&who->denied_regex);
	free_regex(&who->white_regex);
	free_regex(&who->black_regex);
	netlist_destroy(&who->notify_allow);
	netlist_destroy(&who->allow_ip);
	netlist_destroy(&who->deny_ip);
	number_list_destroy(&who->white_list);
	number_list_destroy(&who->black_list);
	free(who->allowed_prefix);
	free(who->denied_prefix);
	free(who->content_types);
	free(who->application_ids);
	free(who->links);
	free(who->bearers);
	free(who->certificates);
	secret_cleanse(who->password, sizeof who->password);
}

void
initiators_unref(struct initiators *set)
{
	size_t i;

	if (set == NULL || atomic_fetch_sub(&set->refs, 1) > 1)
		return;
	for (i = 0; i < set->n; i++)
		initiator_done(&set->list[i]);
	netlist_destroy(&set->allow_ip);
	netlist_destroy(&set->deny_ip);
	free(set);
}

const struct initiator *
initiators_find(const struct initiators *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (strcmp(set->list[i].name, name) == 0)
			return &set->list[i];
	return NULL;
}

const struct initiator *
initiators_find_username(const struct initiators *set, const char *username)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->list[i].username[0] != '\0' && strcmp(set->list[i].username, username) == 0)
			return &set->list[i];
	return NULL;
}

const struct initiator *
initiators_find_certificate(const struct initiators *set, const struct http_client_cert *cert)
{
	const struct initiator *found = NULL;
	enum certificate_match best = CERTIFICATE_NO;
	size_t i;

	for (i = 0; i < set->n; i++) {
		enum certificate_match match = certificate_match(set->list[i].certificates, cert);

		if (match == CERTIFICATE_NO || match < best)
			continue;
		found = match > best ? &set->list[i] : NULL;
		best = match;
	}
	return found;
}

bool
address_admitted(const struct netlist *allow, const struct netlist *deny, const struct sockaddr *addr)
{
	if (allow == NULL && deny == NULL)
		return true;
	return addr != NULL && !netlist_has(deny, addr) && netlist_has(allow, addr);
}

bool
initiators_admit(const struct initiators *set, const struct sockaddr *addr)
{
	return address_admitted(set->allow_ip, set->deny_ip, addr);
}

bool
initiators_trusted(const struct initiators *set)
{
	return set->trusted;
}

size_t
initiators_count(const struct initiators *set)
{
	return set->n;
}

const struct initiator *
initiators_at(const struct initiators *set, size_t i)
{
	return &set->list[i];
}
