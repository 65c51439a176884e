/* test_report.c - what is told of a recipient: codes of states, quality of service as it was. */
#include "tests/unit/test.h"

#include "ppg/life.h"
#include "ppg/report.h"

static void
codes_of_states(void **state)
{
	static const struct {
		int step, stored, told;
	} rows[] = {
		{ STEP_QUEUED, 0, 1000 }, { STEP_QUEUED, 4000, 1000 }, { STEP_TAKEN, 0, 1000 },
		{ STEP_SUBMITTED, 1000, 1000 }, { STEP_UNFIT, 2006, 1000 }, { STEP_QUARANTINED, 0, 1000 }, { STEP_CANCELLED, 4000, 1000 },
		{ STEP_DELIVERED, 0, 1000 }, { STEP_DELIVERED, 1000, 1000 },
		{ STEP_UNDELIVERABLE, 0, 4000 }, { STEP_UNDELIVERABLE, 2006, 2006 },
		{ STEP_EXPIRED, 0, 4000 }, { STEP_EXPIRED, 4000, 4000 }, { 99, 0, 4000 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(report_code(rows[i].step, rows[i].stored), rows[i].told);
}

static void
quality_of_service(void **state)
{
	struct smsc_config link;
	const struct smsc_config *links[] = { &link };
	struct routes *routes;
	struct pap_qos_used used;
	json_t *meta = json_pack("{s:s}", "qos", "high"), *bare = json_pack("{s:s}", "qos", "");

	smsc_config_defaults(&link);
	strcpy(link.smsc_id, "tetra");
	strcpy(link.network, "TETRA");
	strcpy(link.bearer, "SDS");
	routes = routes_create(links, 1);

	assert_null(report_qos(NULL, "tetra", routes, &used));		/* none was asked for: none is told */
	assert_ptr_equal(report_qos(meta, "tetra", routes, &used), &used);
	assert_string_equal(used.priority, "high");
	assert_string_equal(used.delivery_method, "unconfirmed");
	assert_string_equal(used.network, "TETRA");
	assert_string_equal(used.bearer, "SDS");
	assert_non_null(report_qos(bare, NULL, routes, &used));		/* it has not left yet */
	assert_null(used.priority);
	assert_null(used.network);
	assert_non_null(report_qos(meta, "gone", routes, &used));
	assert_null(used.bearer);
	routes_unref(routes);
	json_decref(meta);
	json_decref(bare);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_of_states),
		cmocka_unit_test(quality_of_service),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
