/* dm_state.c - see dm_state.h. */
#include "router/dm_state.h"

#include <stdio.h>
#include <string.h>

enum { SESSIONS = 16, SERVERS = DM_ACCOUNTS * 2, ID_SIZE = 8 };

/* ---- reading and writing ----------------------------------------------------------------- */

static int
check_sessions(json_t *sessions, struct why *why)
{
	const char *server;
	json_t *list, *v;
	size_t i;

	if (sessions != NULL && (!json_is_object(sessions) || json_object_size(sessions) > SERVERS))
		return why_set(why, ERR_SYNTAX,
		    "sessions: an object of at most %d servers is expected", SERVERS);
	json_object_foreach(sessions, server, list) {
		if (!json_is_array(list) || json_array_size(list) > SESSIONS)
			return why_set(why, ERR_SYNTAX,
			    "sessions: \"%.32s\" needs a list of at most %d", server, SESSIONS);
		json_array_foreach(list, i, v) {
			if (!json_is_string(v))
				return why_set(why, ERR_SYNTAX, "sessions: \"%.32s\" needs strings", server);
		}
	}
	return OK;
}

/* A URI of its own for each handset. */
static int
set_dev_id(struct dm_tree *t, json_t *info, const char *number, struct why *why)
{
	json_t *own;
	char id[48];
	int err;

	if (number[0] == '\0')
		snprintf(id, sizeof id, "urn:openppg:handset");
	else
		snprintf(id, sizeof id, "tel:%s%s", *number == '+' ? "" : "+", number);
	own = json_pack("{s:s}", "DevId", id);
	err = dm_tree_set_info(t, own, why);
	json_decref(own);
	return err == OK ? dm_tree_set_info(t, info, why) : err;
}

int
dm_state_read(json_t *dm, json_t *info, const char *number, struct dm_state *out, struct why *why)
{
	json_t *sessions = json_object_get(dm, "sessions"), *stamp = json_object_get(dm, "stamp");
	const char *name;
	json_t *v;
	int err;

	*out = (struct dm_state){ .tree = dm_tree_create() };
	err = set_dev_id(out->tree, info, number, why);
	if (err == OK && dm != NULL && !json_is_object(dm))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	json_object_foreach(dm, name, v) {
		if (err == OK && strcmp(name, "nodes") != 0 && strcmp(name, "sessions") != 0 &&
		    strcmp(name, "stamp") != 0)
			err = why_set(why, ERR_SYNTAX, "\"%.32s\" is no member of it", name);
	}
	if (err == OK)
		err = dm_tree_read(out->tree, json_object_get(dm, "nodes"), why);
	if (err == OK)
		err = check_sessions(sessions, why);
	if (err == OK && stamp != NULL && !json_is_integer(stamp))
		err = why_set(why, ERR_SYNTAX, "stamp: a number is expected");
	out->stamp = json_integer_value(stamp);
	out->sessions = err == OK && sessions ? json_deep_copy(sessions) : json_object();
	if (err != OK) {
		why_prefix(why, "dm");
		dm_state_done(out);
	}
	return err;
}

json_t *
dm_state_json(const struct dm_state *s)
{
	json_t *nodes = dm_tree_json(s->tree);
	json_t *out = NULL;

	if (json_object_size(nodes) > 0 || json_object_size(s->sessions) > 0)
		out = json_pack("{s:O,s:O}", "nodes", nodes, "sessions", s->sessions);
	if (out != NULL && s->stamp > 0)
		json_object_set_new(out, "stamp", json_integer(s->stamp));
	json_decref(nodes);
	return out;
}

void
dm_state_done(struct dm_state *s)
{
	dm_tree_destroy(&s->tree);
	json_decref(s->sessions);
	s->sessions = NULL;
}

/* ---- sessions ---------------------------------------------------------------------------- */

static void
print_id(uint16_t session_id, char out[ID_SIZE])
{
	snprintf(out, ID_SIZE, "%X", (unsigned)session_id);
}

bool
dm_state_held(struct dm_state *s, const char *server_id, uint16_t session_id)
{
	json_t *list = json_object_get(s->sessions, server_id), *v;
	char id[ID_SIZE];
	size_t i;

	print_id(session_id, id);
	json_array_foreach(list, i, v) {
		if (strcmp(json_string_value(v), id) == 0)
			return true;
	}
	return false;
}

/* Servers without an account are forgotten when there are too many. */
static void
drop_strangers(struct dm_state *s)
{
	const char *server;
	json_t *v;
	void *next;

	json_object_foreach_safe(s->sessions, next, server, v) {
		struct dm_account a;

		if (dm_account_find(s->tree, server, &a, NULL) == ERR_NOT_FOUND)
			json_object_del(s->sessions, server);
		dm_account_done(&a);
	}
}

void
dm_state_hold(struct dm_state *s, const char *server_id, uint16_t session_id)
{
	json_t *list = json_object_get(s->sessions, server_id);
	char id[ID_SIZE];

	if (list == NULL) {
		if (json_object_size(s->sessions) == SERVERS)
			drop_strangers(s);
		json_object_set_new(s->sessions, server_id, json_array());
		list = json_object_get(s->sessions, server_id);
	}
	if (json_array_size(list) == SESSIONS)
		json_array_remove(list, 0);
	print_id(session_id, id);
	json_array_append_new(list, json_string(id));
}

/* ---- showing ----------------------------------------------------------------------------- */

void
dm_state_hide(json_t *dm)
{
	json_t *nodes = json_object_get(dm, "nodes"), *node;
	const char *uri;

	json_object_foreach(nodes, uri, node) {
		if (!dm_tree_is_secret(uri))
			continue;
		json_object_del(node, "base64");
		json_object_set_new(node, "value", json_true());
	}
}
