/*
 * fuzz_smscsim_json.c - what the simulator reads as JSON: a file of accounts or of steps, and each of its elements as
 * everything that HTTP takes. What is refused has a sentence; what is shown can be read again.
 */
#include <stdlib.h>
#include <string.h>

#include "smsc/smscsim.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_file.h"
#include "smsc/smscsim_step.h"
#include "smsc/smscsim_terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 8192 };

static int
explained(int err, const struct why *why)
{
	if (err != OK && why->text[0] == '\0')
		abort();
	return err;
}

static void
try_settings(json_t *item)
{
	struct sim_settings set = sim_settings_default(), back = sim_settings_default();
	struct why why = { 0 };
	json_t *shown;

	if (explained(sim_settings_read(&set, item, &why), &why) != OK)
		return;
	shown = sim_settings_json(&set);
	if (json_is_null(json_object_get(shown, "states")))
		json_object_del(shown, "states");
	else
		json_object_del(shown, "state");
	if (sim_settings_read(&back, shown, NULL) != OK ||
	    sim_settings_state(&set, 12345) != sim_settings_state(&back, 12345))
		abort();
	json_decref(shown);
}

static void
try_fault(json_t *item)
{
	struct sim_faults *faults = sim_faults_create(1);
	struct why why = { 0 };
	json_t *shown, *again;
	unsigned id, other;

	if (explained(sim_faults_add(faults, item, &id, &why), &why) == OK) {
		sim_faults_apply(faults, SIM_ON_SUBMIT, "tester", "12025550123");
		shown = sim_faults_list(faults);
		if (json_array_size(shown) > 0) {
			again = json_array_get(shown, 0);
			json_object_del(again, "id");
			json_object_del(again, "left");
			if (sim_faults_add(faults, again, &other, NULL) != OK || other == id)
				abort();
		}
		json_decref(shown);
	}
	sim_faults_destroy(&faults);
}

static int
try(void *arg, json_t *item, struct why *why)
{
	uint8_t octets[SIM_DELIVER_MAX];
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct sim_outbind outbind;
	struct sim_terms terms;
	struct sim_step step;
	struct sim_mo mo;
	struct why own = { 0 };

	if (explained(sim_terms_read(item, &terms, &own), &own) == OK)
		sim_terms_done(&terms);
	if (explained(sim_step_read(item, &step, &own), &own) == OK)
		sim_step_done(&step);
	if (explained(sim_mo_read(item, &mo, &own), &own) == OK) {
		sim_mo_encode(&w, &mo, 1);
		if (w.err)
			abort();
	}
	explained(sim_outbind_read(item, &outbind, &own), &own);
	try_settings(item);
	try_fault(item);
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct why why = { 0 };

	if (n <= INPUT_MAX)
		explained(sim_text_each(span_of(data, n), "fuzz", try, NULL, &why), &why);
	return 0;
}
