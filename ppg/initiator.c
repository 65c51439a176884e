/* initiator.c - see initiator.h. */
#include "ppg/initiator.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "ppg/certificate.h"

struct initiators {
	atomic_int refs;
	bool trusted;
	struct netlist *allow_ip, *deny_ip;
	struct initiator everyone;
	/* hash tables of places in the list, as long; 0 = empty, else place + 1 */
	size_t n_slots;			/* a power of two, more than the places */
	uint32_t *by_name, *by_username;
	size_t n;
	struct initiator list[];
};

/* ---- finding by a text ------------------------------------------------------------------------ */

static size_t
slot_of(const struct initiators *set, const char *text)
{
	return text_hash64(span_str(text)) & (set->n_slots - 1);
}

static const char *
name_at(const struct initiators *set, size_t i)
{
	return set->list[i].name;
}

static const char *
username_at(const struct initiators *set, size_t i)
{
	return set->list[i].username;
}

static uint32_t *
make_index(const struct initiators *set, const char *(*text_at)(const struct initiators *set, size_t i))
{
	uint32_t *slots = calloc(set->n_slots, sizeof *slots);
	size_t i, k;

	if (slots == NULL)
		abort();
	for (i = 0; i < set->n; i++) {
		if (text_at(set, i)[0] == '\0')
			continue;
		for (k = slot_of(set, text_at(set, i)); slots[k] != 0; k = (k + 1) & (set->n_slots - 1))
			;
		slots[k] = (uint32_t)i + 1;
	}
	return slots;
}

/* The first one in the list when two have the same text. */
static const struct initiator *
look_up(const struct initiators *set, const uint32_t *slots,
    const char *(*text_at)(const struct initiators *set, size_t i), const char *text)
{
	size_t k;

	for (k = slot_of(set, text); slots[k] != 0; k = (k + 1) & (set->n_slots - 1))
		if (strcmp(text_at(set, slots[k] - 1), text) == 0)
			return &set->list[slots[k] - 1];
	return NULL;
}

/* ---- sets --------------------------------------------------------------------------------------- */

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
	for (set->n_slots = 4; set->n_slots < 2 * set->n; set->n_slots *= 2)
		;
	set->by_name = make_index(set, name_at);
	set->by_username = make_index(set, username_at);
	return set;
}

void
initiators_set_addresses(struct initiators *set, struct netlist *allow, struct netlist *deny)
{
	set->allow_ip = allow;
	set->deny_ip = deny;
}

void
initiators_set_numbers(struct initiators *set, const struct initiator *everyone)
{
	size_t i;

	set->everyone = *everyone;
	for (i = 0; i < set->n; i++)
		set->list[i].everyone = &set->everyone;
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
	free(who->dm_servers);
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
	initiator_done(&set->everyone);
	netlist_destroy(&set->allow_ip);
	netlist_destroy(&set->deny_ip);
	free(set->by_name);
	free(set->by_username);
	free(set);
}

const struct initiator *
initiators_find(const struct initiators *set, const char *name)
{
	return look_up(set, set->by_name, name_at, name);
}

const struct initiator *
initiators_find_username(const struct initiators *set, const char *username)
{
	return look_up(set, set->by_username, username_at, username);
}

const struct initiator *
initiators_find_certificate(const struct initiators *set, const struct http_client_cert *cert)
{
	const struct initiator *found = NULL;
	enum certificate_match best = CERTIFICATE_NO;
	struct certificate_names names;
	size_t i;

	certificate_names(cert, &names);
	for (i = 0; i < set->n; i++) {
		enum certificate_match match = certificate_match(set->list[i].certificates, &names);

		if (match == CERTIFICATE_NO || match < best)
			continue;
		found = match > best ? &set->list[i] : NULL;
		best = match;
	}
	certificate_names_done(&names);
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
