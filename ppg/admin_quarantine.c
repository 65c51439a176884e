/*
 * admin_quarantine.c - see admin_int.h: what controls hold, and an operator's decision on it. A decision is an event for
 * the recipients that wait, in slices of the store; who asked is answered on its writer thread. Facts: device policies
 * sheet, 8.4, E-08 and E-20.
 */
#include "ppg/admin_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ppg/control.h"
#include "ppg/life.h"
#include "ppg/pap.h"

enum { SLICE = 1000, LOOKED_AT = 1000, ADDRESSES_SHOWN = 1000 };

/* ---- the decision ------------------------------------------------------------------------------ */

struct decision {
	union {				/* first: the store hands it back */
		struct store_op op;
		struct store_cancel slice;
		struct store_profile note;
	} u;
	struct store_cancelled results[SLICE];
	struct admin *admin;
	struct http_request *rq;
	bool release, privileged;
	int64_t due_at;
	uint32_t changed;
	char *pi, *push_id;		/* heap */
	char key[ADDRESS_KEY_SIZE];	/* of the only recipient it is about; "": all */
	const char *keys[1];
	char note_name[CONTROL_NOTE_SIZE];
};

static void
decision_free(struct decision *d)
{
	free(d->pi);
	free(d->push_id);
	free(d);
}

static void
finish(struct decision *d, unsigned status, json_t *value)
{
	struct admin *admin = d->admin;

	admin_json_later(d->rq, status, value);
	decision_free(d);
	admin_end(admin);
}

static void
decided(struct decision *d)
{
	struct sbuf id = { 0 };

	sbuf_quote(&id, span_str(d->push_id));
	log_info("policy", "push %s of %s %s: %u recipient%s", id.s, d->pi, d->release ? "released" : "rejected", d->changed,
	    d->changed == 1 ? "" : "s");
	sbuf_done(&id);
	if (d->release)
		dispatch_wake(d->admin->cf.dispatch);
	finish(d, 200, json_pack("{s:i}", d->release ? "released" : "rejected", (int)d->changed));
}

/* What was released stays so without its note: the account's next one waits again. */
static void
noted(struct store_op *op)
{
	struct decision *d = (struct decision *)op;

	if (op->result != OK)
		log_warning("policy", "E-20: that %s had settings released could not be written down", d->pi);
	decided(d);
}

static void
all_slices_done(struct decision *d)
{
	if (d->changed == 0) {
		finish(d, 409, json_pack("{s:s}", "error", "nothing of it waits for release"));
		return;
	}
	if (!d->release || !d->privileged) {
		decided(d);
		return;
	}
	control_released_note(d->pi, d->note_name);
	d->u.note = (struct store_profile){
		.op = { .kind = STORE_PROFILE, .done = noted },
		.name = d->note_name,
		.content_type = "text/plain",
		.document = span_str(d->push_id),
	};
	if (store_submit(d->admin->cf.store, &d->u.op) != OK) {
		d->u.op.result = ERR_FULL;
		noted(&d->u.op);
	}
}

static void slice_done(struct store_op *op);

static int
submit_slice(struct decision *d, uint32_t first_n)
{
	d->keys[0] = d->key;
	d->u.slice = (struct store_cancel){
		.op = { .kind = STORE_CANCEL, .done = slice_done },
		.pi = d->pi,
		.push_id = d->push_id,
		.keys = d->key[0] != '\0' ? d->keys : NULL,
		.n_keys = d->key[0] != '\0',
		.first_n = first_n,
		.max = SLICE,
		.event = d->release ? EV_RELEASE : EV_REJECT,
		.at = (int64_t)clock_utc(),
		.code = d->release ? 0 : PAP_FORBIDDEN,
		.desc = d->release ? "released by an operator" : "rejected by an operator",
		.due_at = d->due_at,
		.results = d->results,
	};
	return store_submit(d->admin->cf.store, &d->u.op);
}

/* Writer thread: a slice is on disk. */
static void
slice_done(struct store_op *op)
{
	struct decision *d = (struct decision *)op;
	uint32_t next = d->u.slice.next_n, i;
	int result = op->result;

	if (result == ERR_NOT_FOUND) {
		finish(d, 404, json_pack("{s:s}", "error", "no such push"));
		return;
	}
	for (i = 0; result == OK && i < d->u.slice.n_results; i++)
		d->changed += d->results[i].found && !d->results[i].ignored;
	if (result == OK && next != 0)
		result = submit_slice(d, next);
	else if (result == OK)
		all_slices_done(d);
	if (result != OK)
		finish(d, 503, json_pack("{s:s}", "error", "the store takes nothing more now; ask again"));
}

/* The member `held` of what admit.c wrote beside the push; NULL: nothing of it was held. A reference. */
static json_t *
held_of(const struct store_view *v)
{
	json_t *meta = v->meta != NULL ? json_read(span_str(v->meta), NULL) : NULL;
	json_t *held = json_incref(json_object_get(meta, "held"));

	json_decref(meta);
	return held;
}

static void
begin(struct admin *admin, struct http_request *rq, const struct store_view *v, const char *key, bool release)
{
	struct decision *d = calloc(1, sizeof *d);
	int64_t now = (int64_t)clock_utc();
	json_t *held = held_of(v);

	if (d == NULL)
		abort();
	d->admin = admin;
	d->rq = rq;
	d->release = release;
	d->privileged = json_is_true(json_object_get(held, "privileged"));
	d->due_at = v->deliver_after > now ? v->deliver_after : now;
	d->pi = span_dup(span_str(v->pi));
	d->push_id = span_dup(span_str(v->push_id));
	memcpy(d->key, key, sizeof d->key);
	json_decref(held);
	if (!admin_begin(admin)) {
		admin_error(rq, 503, "the gateway is stopping");
		decision_free(d);
	} else if (submit_slice(d, 0) != OK) {
		admin_error(rq, 503, "too much waits for the store");
		decision_free(d);
		admin_end(admin);
	}
}

static bool
read_key(struct http_request *rq, const char *address, char key[ADDRESS_KEY_SIZE])
{
	struct wappush a;
	struct why why;
	int err;

	key[0] = '\0';
	if (address == NULL)
		return true;
	err = address_parse(address, &a, &why);
	if (err != OK && err != ERR_UNSUPPORTED) {
		admin_error(rq, 400, "address: %s", why.text);
		return false;
	}
	address_key(&a, true, key);
	return true;
}

static void
decide(struct admin *admin, struct http_request *rq, bool release)
{
	char *push_id = http_request_param(rq, "push-id"), *pi = http_request_param(rq, "initiator");
	char *address = http_request_param(rq, "address"), key[ADDRESS_KEY_SIZE] = "";
	struct store_view view;
	int err;

	if (push_id == NULL || push_id[0] == '\0') {
		admin_error(rq, 400, "push-id is needed: ?push-id=ID");
	} else if (read_key(rq, address, key)) {
		err = store_read_push(admin->reader, pi, push_id, 0, 1, &view);
		if (err == OK) {
			begin(admin, rq, &view, key, release);
			store_view_done(&view);
		} else {
			admin_read_failed(rq, err, "no such push");
		}
	}
	free(push_id);
	free(pi);
	free(address);
}

void
admin_release(struct admin *admin, struct http_request *rq, const char *rest)
{
	decide(admin, rq, true);
}

void
admin_reject(struct admin *admin, struct http_request *rq, const char *rest)
{
	decide(admin, rq, false);
}

/* ---- what waits ---------------------------------------------------------------------------------- */

static json_t *
waiting_json(const struct store_view *v)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->recipients[i].state == STEP_QUARANTINED)
			json_array_append_new(list, json_pack("{s:o, s:i, s:o}", "address",
			    json_span(span_str(v->recipients[i].address)), "n", (int)v->recipients[i].n,
			    "why", admin_text(v->recipients[i].desc)));
	return list;
}

static json_t *
held_push_json(const struct store_view *v, json_t *waiting)
{
	json_t *o = json_object();

	json_object_set_new(o, "push_id", json_span(span_str(v->push_id)));
	json_object_set_new(o, "initiator", json_string(v->pi));
	json_object_set_new(o, "received", admin_time(v->received));
	json_object_set_new(o, "deadline", admin_time(v->deadline_at));
	json_object_set_new(o, "content_type", admin_text(v->content_type));
	json_object_set_new(o, "n_recipients", json_integer(v->n_recipients));
	json_object_set_new(o, "waiting", waiting);
	return o;
}

/* Appends the push when some of its first recipients wait. One that is gone by now does not. */
static int
add_held(struct admin *admin, const struct store_push_row *row, json_t *list)
{
	struct store_view view;
	json_t *held, *waiting;
	int err = store_read_push(admin->reader, row->pi, row->push_id, 0, 1, &view);

	if (err != OK)
		return err == ERR_NOT_FOUND ? OK : err;
	held = held_of(&view);
	if (held != NULL && view.n_recipients > 1) {
		store_view_done(&view);
		err = store_read_push(admin->reader, row->pi, row->push_id, 0, ADDRESSES_SHOWN, &view);
	}
	if (err == OK && held != NULL) {
		waiting = waiting_json(&view);
		if (json_array_size(waiting) > 0)
			json_array_append_new(list, held_push_json(&view, waiting));
		else
			json_decref(waiting);
	}
	if (err == OK)
		store_view_done(&view);
	json_decref(held);
	return err == ERR_NOT_FOUND ? OK : err;
}

void
admin_quarantine(struct admin *admin, struct http_request *rq, const char *rest)
{
	char *pi = http_request_param(rq, "initiator");
	struct store_push_row *rows = NULL;
	json_t *list = json_array();
	uint32_t n = 0, i;
	int64_t before;
	int err;

	if (!admin_number(rq, "before", 0, INT64_MAX, 0, &before)) {
		json_decref(list);
		free(pi);
		return;
	}
	err = store_read_pushes(admin->reader, pi, before, LOOKED_AT, &rows, &n);
	for (i = 0; err == OK && i < n; i++)
		if (rows[i].n_final < rows[i].n_recipients)
			err = add_held(admin, &rows[i], list);
	if (err == OK)
		admin_json(rq, 200, json_pack("{s:o, s:o}", "pushes", json_incref(list), "next_before",
		    n == LOOKED_AT ? json_integer(rows[n - 1].push) : json_null()));
	else
		admin_read_failed(rq, err, "no such initiator");
	store_push_rows_free(rows, n);
	json_decref(list);
	free(pi);
}
