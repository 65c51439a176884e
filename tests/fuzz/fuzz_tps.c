/*
 * fuzz_tps.c - what tps reads from outside. The first octet says what the rest is: 't' a template, 'n' a result
 * notification, 'x' and 'w' a DM message in XML and WBXML of a device that its certificate has proven.
 * Our answers can be read, keep their size, and a repeated message has the same one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "contrib/tps/pap.h"
#include "contrib/tps/session.h"
#include "contrib/tps/template.h"
#include "wap/syncml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
template(struct span in)
{
	struct tps_value values[TPS_VARS_MAX];
	struct tps_template t;
	struct sbuf out = { 0 };
	struct why why = { 0 };
	size_t i;

	if (tps_template_parse("fuzz", in, &t, &why) != OK) {
		if (why.text[0] == '\0' || t.body != NULL)
			abort();
		return;
	}
	for (i = 0; i < t.n_vars; i++)
		values[i] = (struct tps_value){ t.vars[i].name, "a<b>", true };
	if (tps_template_fill(&t, values, t.n_vars, &out, &why) != OK)
		abort();
	sbuf_done(&out);
	tps_template_done(&t);
}

static void
notification(struct span in)
{
	struct tps_push p;
	struct why why = { 0 };

	if (tps_pap_notification(in, &p, &why) != OK) {
		if (why.text[0] == '\0' || p.push_id[0] != '\0')
			abort();
	} else if (p.code < 1000 || p.code > 5999 || p.state[0] == '\0') {
		abort();
	}
}

/* ---- DM messages ----------------------------------------------------------------------------------- */

static const struct tps_config config = { .server_id = "dm.example", .dm_url = "https://tps.example.net/dm",
	.dm_get = "./DevInfo/Man", .sessions = 3, .session_timeout_s = 300, .messages = 10, .commands = 10, .results = 20,
	.message_size = 4096, .object_size = 8192 };

static struct tps_db *
database(void)
{
	static struct tps_db *db;
	struct tps_device d = { .device_id = "IMEI:1", .user = "1", .password = "device-password-1",
		.server_password = "server-password-1", .auth = DM_AUTH_MD5, .require = TPS_REQUIRE_CERTIFICATE,
		.certificate = "sha256:00" };
	struct tps_command c = { .verb = "replace", .uri = "./Vendor/A", .has_data = true };
	struct why why;

	if (db != NULL)
		return db;
	log_open(LOG_LEVEL_NONE, NULL);
	if (tps_db_open(":memory:", &db, &why) != OK || tps_device_add(db, &d, &why) != OK)
		abort();
	c.device = d.id;
	sbuf_str(&c.data, "value");
	tps_command_add(db, &c, 10, &why);
	tps_command_done(&c);
	return db;
}

static void
check_answer(const struct tps_dm_answer *a)
{
	struct syncml_message m;
	struct why why;

	if (a->status != 200) {
		if (a->refusal == NULL || a->body.n > 0)
			abort();
		return;
	}
	/* what a device sent as its names comes back in statuses; apart from that the size holds */
	if (syncml_parse(a->type, sbuf_as_span(&a->body), &m, &why) != OK)
		abort();
	syncml_done(&m);
}

static void
message(bool wbxml, struct span in)
{
	struct http_client_cert cert = { .fingerprint = "00" };
	const struct tps_dm_request rq = { .type = wbxml ? SYNCML_WBXML : SYNCML_XML, .body = in, .peer = "192.0.2.1", .tls = true,
		.cert = &cert };
	struct tps_dm *dm = tps_dm_create(&config, database());
	struct tps_dm_answer first, again;

	tps_dm_take(dm, &rq, &first);
	check_answer(&first);
	tps_dm_take(dm, &rq, &again);
	check_answer(&again);
	if (tps_dm_sessions(dm) == 1 && first.status == 200 &&
	    !span_eq(sbuf_as_span(&first.body), sbuf_as_span(&again.body)))
		abort();
	tps_dm_answer_done(&first);
	tps_dm_answer_done(&again);
	tps_dm_destroy(&dm);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest;

	if (size == 0)
		return 0;
	rest = span_of(data + 1, size - 1);
	switch (data[0]) {
	case 't':
		template(rest);
		break;
	case 'n':
		notification(rest);
		break;
	case 'x':
	case 'w':
		message(data[0] == 'w', rest);
		break;
	}
	return 0;
}
