/*
 * handsets_dm.c - what handsets keep for device management: members "dm", "dm_info" and
 * "dm_cert"; see handsets.h and dm_state.h.
 */
#include "router/handsets_int.h"

#include <stdio.h>
#include <string.h>

#include "router/dm_state.h"

/* Its own, or that of the defaults. */
static json_t *
member_of(const struct handsets *all, json_t *obj, const char *name)
{
	json_t *v = json_object_get(obj, name);

	return v ? v : json_object_get(all->defaults, name);
}

/* Most have none of it, and no tree is made for them. */
int
handsets_check_dm(const struct handsets *all, json_t *obj, const char *number, struct why *why)
{
	json_t *dm = member_of(all, obj, "dm"), *info = member_of(all, obj, "dm_info");
	json_t *cert = member_of(all, obj, "dm_cert");
	struct dm_state state;
	int err = OK;

	if (cert != NULL && (!json_is_string(cert) || json_string_length(cert) > 255))
		return why_set(why, ERR_SYNTAX, "dm_cert: the path of a file is expected");
	if (dm == NULL && info == NULL)
		return OK;
	err = dm_state_read(dm, info, number, &state, why);
	if (err == OK)
		dm_state_done(&state);
	return err;
}

int
handsets_dm(struct handsets *all, const char *number, json_t **dm, json_t **info,
    char cert[256], struct why *why)
{
	struct handset *h;
	json_t *obj, *v;

	*dm = *info = NULL;
	cert[0] = '\0';
	if (all->path == NULL) {
		*dm = json_incref(handsets_made(all, handset_digits(number))->dm);
		return OK;
	}
	h = handsets_find(all, handset_digits(number));
	if (h == NULL)
		return why_set(why, ERR_NOT_FOUND, "no handset has this number");
	obj = handset_object(h);
	*dm = json_incref(member_of(all, obj, "dm"));
	*info = json_incref(member_of(all, obj, "dm_info"));
	v = member_of(all, obj, "dm_cert");
	if (v != NULL)
		snprintf(cert, 256, "%s", json_string_value(v));
	json_decref(obj);
	return OK;
}

void
handsets_put_dm(struct handsets *all, const char *number, json_t *dm)
{
	struct handset *h;
	json_t *obj;
	char *old;

	if (all->path == NULL) {
		h = handsets_made(all, handset_digits(number));
		json_decref(h->dm);
		h->dm = json_incref(dm);
		return;
	}
	h = handsets_find(all, handset_digits(number));
	if (h == NULL)
		return;
	obj = handset_object(h);
	old = h->text;
	if (dm != NULL)
		json_object_set(obj, "dm", dm);
	else
		json_object_del(obj, "dm");
	h->text = handset_text(obj);
	handset_wipe(&old);
	json_decref(obj);
	all->changed = true;
}

static void
apply_to_text(struct handsets *all, struct handset *h, const struct policy_setting *settings,
    size_t n)
{
	json_t *obj = handset_object(h);
	struct router_device before;
	struct policy_device after;
	char *old = h->text;

	if (handsets_device(all, obj, &before, NULL) == OK) {
		after = before.policy;
		if (policy_apply(&after, 0, settings, n, NULL) == OK)
			handset_json_device(obj, &before.policy, &after);
	}
	router_device_done(&before);
	h->text = handset_text(obj);
	handset_wipe(&old);
	json_decref(obj);
	all->changed = true;
}

void
handsets_apply(struct handsets *all, const char *number, const struct policy_setting *settings,
    size_t n)
{
	struct handset *h;

	if (all->path == NULL) {
		policy_apply(&handsets_made(all, handset_digits(number))->dev->policy, 0, settings, n, NULL);
		return;
	}
	h = handsets_find(all, handset_digits(number));
	if (h != NULL)
		apply_to_text(all, h, settings, n);
}
