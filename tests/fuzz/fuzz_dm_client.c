/*
 * fuzz_dm_client.c - messages of a DM server that a handset has asked, and serialised objects:
 * whatever they say, lists and limits of the tree hold, the answer can be written, no secret is
 * in it, and the tree comes back from what is kept of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "router/dm_client.h"
#include "router/dm_tnds.h"
#include "wap/syncml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "zq-secret-zq";

static int64_t
now(void *arg)
{
	return 1800000000;
}

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
set(struct dm_tree *t, const char *uri, const char *value)
{
	check(dm_tree_set(t, uri, "", span_str(value), NULL) == OK);
}

static struct dm_tree *
make_tree(bool server_has_secret)
{
	struct dm_tree *t = dm_tree_create();

	set(t, "./DMAcc/x/ServerID", "s");
	set(t, "./DMAcc/x/Name", "n");
	set(t, "./DMAcc/x/AppAddr/1/Addr", "https://h/");
	set(t, "./DMAcc/x/AppAuth/1/AAuthLevel", "CLCRED");
	set(t, "./DMAcc/x/AppAuth/1/AAuthSecret", secret);
	if (server_has_secret) {
		set(t, "./DMAcc/x/AppAuth/2/AAuthLevel", "SRVCRED");
		set(t, "./DMAcc/x/AppAuth/2/AAuthSecret", secret);
	}
	set(t, "./Fixed/x", "1");
	check(dm_tree_set_acl(t, "./Fixed", "Get=*", NULL) == OK);
	check(dm_tree_set_acl(t, ".", "Add=*&Get=*", NULL) == OK);
	check(dm_account_claim(t, NULL) == OK);
	return t;
}

/* What is kept makes the same tree again. */
static void
check_kept(const struct dm_tree *t)
{
	struct dm_tree *again = dm_tree_create();
	json_t *kept = dm_tree_json(t), *back;

	check(dm_tree_read(again, kept, NULL) == OK);
	back = dm_tree_json(again);
	check(json_equal(kept, back));
	json_decref(kept);
	json_decref(back);
	dm_tree_destroy(&again);
}

static bool
holds(struct span body, const char *word)
{
	return memmem(body.p, body.n, word, strlen(word)) != NULL;
}

static void
exchange(const uint8_t *data, size_t size, bool wbxml, bool server_has_secret)
{
	struct dm_tree *t = make_tree(server_has_secret);
	json_t *before = dm_tree_json(t), *after, *report;
	struct dm_account account;
	struct dm_client_setup setup = { .tree = &t, .account = &account, .session_id = 7,
	    .secure = true, .wbxml = wbxml,
		.now = now };
	struct sbuf body = { 0 }, hmac = { 0 };
	struct dm_client *c;
	struct why why = { 0 };
	struct span fixed;
	int err;

	check(dm_account_find(t, "s", &account, NULL) == OK);
	check(dm_client_create(&setup, &c, NULL) == OK);
	dm_account_done(&account);
	check(dm_client_next(c, &body, &hmac, NULL) == OK);
	err = dm_client_take(c, wbxml ? SYNCML_WBXML : SYNCML_XML, span_of(data, size), NULL, &why);
	check(err == OK || err == ERR_CLOSED || why.text[0] != '\0');
	sbuf_clear(&body);
	sbuf_clear(&hmac);
	if (err == OK) {
		err = dm_client_next(c, &body, &hmac, &why);
		check(err == OK || err == ERR_LIMIT);
		/* unless the server knows it, and is told what it said itself */
		check(!holds(sbuf_as_span(&body), secret) || holds(span_of(data, size), "zq"));
	}
	check(dm_tree_value(t, "./Fixed/x", &fixed) && span_eq_str(fixed, "1"));
	after = dm_tree_json(t);
	check(!server_has_secret || json_equal(before, after));
	check_kept(t);
	report = dm_client_report(c);
	json_decref(report);
	json_decref(before);
	json_decref(after);
	sbuf_done(&body);
	sbuf_done(&hmac);
	dm_client_destroy(&c);
	dm_tree_destroy(&t);
}

/* The octets as a serialised object of a bootstrap. */
static void
object(const uint8_t *data, size_t size)
{
	struct dm_tree *t = make_tree(false);
	struct why why = { 0 };
	int err = dm_tnds_apply(t, span_of(data, size), &why);

	check(err == OK || why.text[0] != '\0');
	check_kept(t);
	dm_tree_destroy(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int i;

	object(data, size);

	for (i = 0; i < 4; i++)
		exchange(data, size, i & 1, i & 2);
	return 0;
}
